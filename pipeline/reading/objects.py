"""What a returned page says by its objects: its fields, and what was put on it since it was sent.

A page is *the same* when its content streams and everything they draw with are those of the page that was sent
(`drawing`): then its text is too, and only fields and annotations can differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Page, Stream

from pipeline.reading.drawing import DEEPEST, inherited, same_page
from pipeline.reading.findings import Tick
from pipeline.reading.grid import Box

POINT_MM = 25.4 / 72
MOST_NOTES = 1_000
HALF_A_POINT = 0.5
HIDDEN = 1 | 2 | 32 | 256  # annotation flags: invisible, hidden, not viewed, now and then not viewed
LOCKED = 1 | 2 | 4  # field flags that a program may set without making another field of it


@dataclass(frozen=True)
class Added:
    """An annotation, or a field, that was not on the page that was sent: what it is (`Ink`, `FreeText`), and where.

    `signs` is that it is what signing puts there and says nothing by itself: a pen's ink, or a digital signature.
    """

    kind: str
    box: Box
    signs: bool = False


@dataclass(frozen=True)
class PageFacts:
    """One returned page against the page that was sent; `ticks` is None when its fields are not those that were.

    `doubted` are the boxes that may not have shown what they say.
    """

    same: bool
    added: tuple[Added, ...]
    ticks: dict[str, Tick] | None
    doubted: frozenset[str] = frozenset()


def facts(sent: Page, back: Page) -> PageFacts:
    """Say what the objects of a returned page tell."""
    before = {name: notes[0] for name, notes in _fields(sent).items()}
    after = _fields(back)
    intact = {name: after[name][0] for name, was in before.items() if _stands(was, after.get(name, []))}
    ticks = {name: tick(note) for name, note in intact.items() if inherited(note, "/FT") == Name.Btn}
    added = tuple(
        Added(str(note.get("/Subtype", "/"))[1:], _box(back, note), _signs(note))
        for note in _notes(back)
        if _seen(note) and not (note.get("/Subtype") == Name.Widget and _full_name(note) in intact)
    )
    return PageFacts(same_page(sent, back), added, ticks if len(intact) == len(before) else None)


def choices(page: Page) -> set[str]:
    """Give the names of the check boxes of a page."""
    return {name for name, notes in _fields(page).items() if inherited(notes[0], "/FT") == Name.Btn}


def tick(note: Any) -> Tick:
    """Read a check box: ticked when its value and what it shows agree, empty when neither is on, else unclear.

    Some viewers set only the value, others only what is shown; then nobody knows what the person saw.
    """
    value, shown = (_state(inherited(note, "/V")), _state(note.get("/AS")))
    if not value and not shown:
        return Tick.EMPTY
    normal = note.get("/AP", Dictionary()).get("/N", Dictionary())
    known = isinstance(normal, Dictionary) and f"/{shown}" in normal
    return Tick.TICKED if value == shown and known else Tick.UNCLEAR


def _notes(page: Page) -> Iterator[Any]:
    notes = page.obj.get("/Annots")
    for note in islice(notes, MOST_NOTES) if isinstance(notes, Array) else ():
        if isinstance(note, Dictionary):
            yield note


def _fields(page: Page) -> dict[str, list[Any]]:
    """Give the fields of a page by their names; a name can stand there twice."""
    found: dict[str, list[Any]] = {}
    for note in _notes(page):
        if note.get("/Subtype") == Name.Widget:
            found.setdefault(_full_name(note), []).append(note)
    return found


def _full_name(note: Any) -> str:
    names: list[str] = []
    for _ in range(DEEPEST):
        if not isinstance(note, Dictionary):
            break
        if "/T" in note:
            names.append(str(note["/T"]))
        note = note.get("/Parent")
    return ".".join(reversed(names))


def _stands(was: Any, now: list[Any]) -> bool:
    """Tell whether a field is there once, of the same kind and where it was, for all to see."""
    if len(now) != 1 or int(now[0].get("/F", 0)) & HIDDEN or "/OC" in now[0]:
        return False
    kinds = [(inherited(note, "/FT"), int(inherited(note, "/Ff") or 0) & ~LOCKED) for note in (was, now[0])]
    if kinds[0] != kinds[1]:
        return False
    ours, theirs = (_corners(note) for note in (was, now[0]))
    return all(abs(a - b) <= HALF_A_POINT for a, b in zip(ours, theirs, strict=True))


def _seen(note: Any) -> bool:
    """Tell whether an annotation can be seen on the page."""
    kind = note.get("/Subtype")
    if kind == Name.Link and "/AP" not in note:
        return False
    if kind == Name.Text:  # its sign has a size of its own
        return True
    left, bottom, right, top = _corners(note)
    return bool(kind != Name.Popup and right - left > 0 and top - bottom > 0)


def _signs(note: Any) -> bool:
    """Tell whether an annotation is ink without letters, pictures or a remark, or the field of a digital signature."""
    if note.get("/Subtype") == Name.Widget:
        value = inherited(note, "/V")
        return bool(inherited(note, "/FT") == Name.Sig and isinstance(value, Dictionary) and "/ByteRange" in value)
    if note.get("/Subtype") != Name.Ink or str(note.get("/Contents", "")).strip():
        return False
    if "/AP" not in note:
        return True
    looks = note["/AP"]
    look = looks.get("/N") if isinstance(looks, Dictionary) else None
    if not isinstance(look, Stream):
        return False
    drawn_with = look.get("/Resources", Dictionary())
    return isinstance(drawn_with, Dictionary) and not any(drawn_with.get(key) for key in ("/Font", "/XObject"))


def _corners(note: Any) -> Box:
    try:
        x1, y1, x2, y2 = (float(value) for value in note["/Rect"])
    except (KeyError, TypeError, ValueError):
        return 0.0, 0.0, 0.0, 0.0
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _box(page: Page, note: Any) -> Box:
    left, bottom, right, top = _corners(note)
    corner_left, _, _, corner_top = (float(value) for value in page.mediabox)
    place = left - corner_left, corner_top - top, right - left, top - bottom
    return tuple(value * POINT_MM for value in place)  # type: ignore[return-value] # four of them


def _state(value: Any) -> str:
    """Give the name of a check box's state, or nothing when it is off."""
    text = str(value).lstrip("/") if isinstance(value, Name | pikepdf.String) else ""
    return "" if text == "Off" else text
