"""Whether a returned page draws what it drew when it was sent: the same content streams, and all they draw with.

Both PDF are read by qpdf; what a stranger wrote is walked along the document that was sent, or with a count, so that
loops and bombs end.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Page, Stream

MOST_STEPS, DEEPEST, MOST_STREAMS = 300_000, 40, 1_000
A_HAIR = Decimal("0.001")
DRAWN_WITH = ("/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Resources", "/Group")
INHERITED = {"/MediaBox", "/CropBox", "/Rotate", "/Resources"}
USUAL: dict[str, Any] = {"/Rotate": 0, "/UserUnit": 1}
STORAGE = {"/Length", "/Filter", "/DecodeParms", "/DL"}
NOT_DRAWN = {"/Parent", "/P", "/StructParent", "/StructParents", "/Metadata", "/LastModified", "/PieceInfo"}
UNPACKED = {"/FlateDecode", "/ASCII85Decode", "/ASCIIHexDecode"}


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


def inherited(node: Any, key: str) -> Any:
    """Give what a page or field has under `key`, or inherits from those above it."""
    for _ in range(DEEPEST):
        if not isinstance(node, Dictionary):
            return None
        if key in node:
            return node[key]
        node = node.get("/Parent")
    return None


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
    for stream in islice(contents, MOST_STREAMS) if isinstance(contents, Array) else [contents]:
        if isinstance(stream, Stream):
            yield stream


def _drawn_with(page: Page, key: str) -> Any:
    found = inherited(page.obj, key) if key in INHERITED else page.obj.get(key)
    if found is None and key == "/CropBox":
        return inherited(page.obj, "/MediaBox")
    return USUAL.get(key) if found is None else found
