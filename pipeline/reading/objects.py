"""What a PDF says by its objects: its fields, what was put on its pages since, and whether their content is as sent.

A page is *the same* when its content streams and everything they draw with are those of the page that was sent: then
its text is too, and only fields and annotations can differ. Both PDF are read by qpdf; what a stranger wrote is walked
along the document that was sent, or with a count, so that loops and bombs end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Page, Pdf, Stream

from pipeline.reading.findings import Tick

POINT_MM = 25.4 / 72
MOST_OBJECTS, MOST_STEPS, DEEPEST, MOST_NOTES = 60_000, 300_000, 40, 1_000
A_HAIR, HALF_A_POINT = Decimal("0.001"), 0.5
HIDDEN = 1 | 2 | 32 | 256  # annotation flags: invisible, hidden, not viewed, now and then not viewed
LOCKED = 1 | 2 | 4  # field flags that a program may set without making another field of it
DRAWN_WITH = ("/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Resources", "/Group")
INHERITED = {"/MediaBox", "/CropBox", "/Rotate", "/Resources"}
USUAL: dict[str, Any] = {"/Rotate": 0, "/UserUnit": 1}
STORAGE = {"/Length", "/Filter", "/DecodeParms", "/DL"}
NOT_DRAWN = {"/Parent", "/P", "/StructParent", "/StructParents", "/Metadata", "/LastModified", "/PieceInfo"}
UNPACKED = {"/FlateDecode", "/ASCII85Decode", "/ASCIIHexDecode"}
ACTIONS = {
    "/JavaScript": "javascript", "/Launch": "launch", "/SubmitForm": "submit", "/ImportData": "submit",
    "/GoToE": "embedded file", "/Rendition": "media", "/Movie": "media", "/Sound": "media",
    "/RichMediaExecute": "media",
}  # fmt: skip
KEYS = {"/JS": "javascript", "/EF": "embedded file", "/EmbeddedFiles": "embedded file", "/XFA": "xfa"}
MEDIA = {"/RichMedia", "/Movie", "/Sound", "/Screen", "/3D"}
LINKS = ("http://", "https://", "mailto:")

Box = tuple[float, float, float, float]
"""Left, top, width and height in mm from the top left of the page."""


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
    ticks = {name: tick(note) for name, note in intact.items() if _inherited(note, "/FT") == Name.Btn}
    added = tuple(
        Added(str(note.get("/Subtype", "/"))[1:], _box(back, note), _signs(note))
        for note in _notes(back)
        if _seen(note) and not (note.get("/Subtype") == Name.Widget and _full_name(note) in intact)
    )
    return PageFacts(same_page(sent, back), added, ticks if len(intact) == len(before) else None)


def choices(page: Page) -> set[str]:
    """Give the names of the check boxes of a page."""
    return {name for name, notes in _fields(page).items() if _inherited(notes[0], "/FT") == Name.Btn}


def tick(note: Any) -> Tick:
    """Read a check box: ticked when its value and what it shows agree, empty when neither is on, else unclear.

    Some viewers set only the value, others only what is shown; then nobody knows what the person saw.
    """
    value, shown = (_state(_inherited(note, "/V")), _state(note.get("/AS")))
    if not value and not shown:
        return Tick.EMPTY
    normal = note.get("/AP", Dictionary()).get("/N", Dictionary())
    known = isinstance(normal, Dictionary) and f"/{shown}" in normal
    return Tick.TICKED if value == shown and known else Tick.UNCLEAR


def layered(pdf: Pdf) -> bool:
    """Tell whether a file has layers, which some readers show and others do not."""
    return "/OCProperties" in pdf.Root


def same_page(sent: Page, back: Page) -> bool:
    """Tell whether a page draws what it drew when it was sent, annotations and fields apart."""
    steps = _Steps()
    for key in DRAWN_WITH:
        ours, theirs = (_drawn_with(page, key) for page in (sent, back))
        if not steps.same(ours, theirs, 0):
            return False
    ours, theirs = (list(_contents(page)) for page in (sent, back))
    if len(ours) == len(theirs) and all(_same_bytes(a, b) for a, b in zip(ours, theirs, strict=True)):
        return True
    joined = [[_unpacked(stream) for stream in streams] for streams in (ours, theirs)]
    whole = [b"\n".join(part.strip() for part in parts if part is not None) for parts in joined]
    return None not in joined[0] + joined[1] and whole[0] == whole[1]


def active(pdf: Pdf) -> tuple[str, ...]:
    """Name what could act when somebody opens the file: `javascript`, `launch`, `submit`, `embedded file`, ..."""
    found: set[str] = set()
    steps = MOST_STEPS
    trailer = [pdf.trailer, *islice(pdf.objects, MOST_OBJECTS)]
    for whole in trailer:
        for part in _direct(whole):
            found |= _acts(part)
            steps -= 1
            if steps < 0:
                return tuple(sorted(found))
    return tuple(sorted(found))


def _acts(part: Any) -> set[str]:
    names = {kind for key, kind in KEYS.items() if key in part}
    action = part.get("/S")
    if isinstance(action, Name) and str(action) in ACTIONS:
        names.add(ACTIONS[str(action)])
    if str(part.get("/Type", "")) == "/EmbeddedFile":
        names.add("embedded file")
    if str(part.get("/Subtype", "")) in MEDIA and "/Rect" in part:
        names.add("media")
    return names


def _direct(whole: Any) -> Iterator[Any]:
    """Give the dictionaries inside one object, without following references."""
    waiting = [(whole, 0)]
    while waiting:
        each, depth = waiting.pop()
        if isinstance(each, Dictionary | Stream):
            yield each
            values = [each.get(key) for key in each.keys()]  # noqa: SIM118 - a stream is iterated by other things
        elif isinstance(each, Array):
            values = list(each)
        else:
            continue
        if depth < DEEPEST:
            inside = (v for v in values if isinstance(v, Dictionary | Array | Stream) and not v.is_indirect)
            waiting += [(value, depth + 1) for value in inside]


class _Steps:
    """Compares objects of two PDF, as far as the one that was sent goes."""

    def __init__(self) -> None:
        self.left = MOST_STEPS
        self.met: set[tuple[tuple[int, int], tuple[int, int]]] = set()

    def same(self, ours: Any, theirs: Any, depth: int) -> bool:
        self.left -= 1
        if self.left < 0 or depth > DEEPEST:
            return False
        if isinstance(ours, pikepdf.Object) and isinstance(theirs, pikepdf.Object):
            if ours.is_indirect and theirs.is_indirect:
                pair = ours.objgen, theirs.objgen
                if pair in self.met:
                    return True
                self.met.add(pair)
            return self._same_objects(ours, theirs, depth)
        if isinstance(ours, int | Decimal | float) and isinstance(theirs, int | Decimal | float):
            return abs(Decimal(ours) - Decimal(theirs)) <= A_HAIR
        return bool(ours == theirs)

    def _same_objects(self, ours: Any, theirs: Any, depth: int) -> bool:
        for kind in (Stream, Dictionary, Array):
            if isinstance(ours, kind) != isinstance(theirs, kind):
                return False
        if isinstance(ours, Array):
            return len(ours) == len(theirs) and all(
                self.same(a, b, depth + 1) for a, b in zip(ours, theirs, strict=True)
            )
        if isinstance(ours, Stream):
            return self._same_keys(ours, theirs, NOT_DRAWN | STORAGE, depth) and _same_bytes(ours, theirs)
        if isinstance(ours, Dictionary):
            return self._same_keys(ours, theirs, NOT_DRAWN, depth)
        return bool(ours == theirs)

    def _same_keys(self, ours: Any, theirs: Any, ignored: set[str], depth: int) -> bool:
        keys, others = set(ours.keys()) - ignored, set(theirs.keys()) - ignored
        return keys == others and all(self.same(ours.get(key), theirs.get(key), depth + 1) for key in keys)


def _same_bytes(ours: Stream, theirs: Stream) -> bool:
    how = [repr((stream.get("/Filter"), stream.get("/DecodeParms"))) for stream in (ours, theirs)]
    if how[0] == how[1] and ours.read_raw_bytes() == theirs.read_raw_bytes():
        return True
    plain = _unpacked(ours)
    return plain is not None and plain == _unpacked(theirs)


def _unpacked(stream: Stream) -> bytes | None:
    """Give a stream's content; None when it is packed in a way that is not undone here, or into too much."""
    filters = stream.get("/Filter")
    names = [filters] if isinstance(filters, Name) else list(filters or [])
    if any(str(name) not in UNPACKED for name in names):
        return None
    try:
        return bytes(stream.read_bytes())
    except (pikepdf.PdfError, RuntimeError, ValueError):
        return None


def _contents(page: Page) -> Iterator[Any]:
    contents = page.obj.get("/Contents")
    for stream in islice(contents, MOST_NOTES) if isinstance(contents, Array) else [contents]:
        if isinstance(stream, Stream):
            yield stream


def _drawn_with(page: Page, key: str) -> Any:
    found = _inherited(page.obj, key) if key in INHERITED else page.obj.get(key)
    if found is None and key == "/CropBox":
        return _inherited(page.obj, "/MediaBox")
    return USUAL.get(key) if found is None else found


def _inherited(node: Any, key: str) -> Any:
    for _ in range(DEEPEST):
        if not isinstance(node, Dictionary):
            return None
        if key in node:
            return node[key]
        node = node.get("/Parent")
    return None


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
    kinds = [(_inherited(note, "/FT"), int(_inherited(note, "/Ff") or 0) & ~LOCKED) for note in (was, now[0])]
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
        value = _inherited(note, "/V")
        return bool(_inherited(note, "/FT") == Name.Sig and isinstance(value, Dictionary) and "/ByteRange" in value)
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
