"""What could act or show itself differently when somebody opens a file: scripts, actions, media, layers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from pikepdf import Array, Dictionary, Name, Pdf, Stream

MOST_OBJECTS, MOST_STEPS, DEEPEST = 60_000, 300_000, 40
ACTIONS = {
    "/JavaScript": "javascript", "/Launch": "launch", "/SubmitForm": "submit", "/ImportData": "submit",
    "/GoToE": "embedded file", "/Rendition": "media", "/Movie": "media", "/Sound": "media",
    "/RichMediaExecute": "media",
}  # fmt: skip
KEYS = {"/JS": "javascript", "/EF": "embedded file", "/EmbeddedFiles": "embedded file", "/XFA": "xfa"}
MEDIA = {"/RichMedia", "/Movie", "/Sound", "/Screen", "/3D"}


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


def layered(pdf: Pdf) -> bool:
    """Tell whether a file has layers, which some readers show and others do not."""
    return "/OCProperties" in pdf.Root
