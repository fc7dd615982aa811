"""The last hand on every PDF: a code on each page, our name for it inside, no active content, the places of its boxes.

The code is a QR of 18 mm, 12 mm from the right and bottom edges: document, version, page, pages, and a keyed tag, in
the alphanumeric set. That size survives a phone photograph and a scan at 100 dpi. It is drawn as rectangles over the
finished page, so HTML and Word documents are stamped alike.
"""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import segno
from pikepdf import Array, Dictionary, Name, Pdf, String

POINT = 25.4 / 72
SIZE, EDGE = 18 / POINT, 12 / POINT
LINKS = ("http://", "https://", "mailto:")
SIGNATURE, SIGNATURE_SIZE = "signature", (85.0, 30.0)
FINGERPRINT = "/PipelineDocument"


def stamp(data: bytes, document: str, version: int, tag: str) -> tuple[bytes, int, dict[str, Any]]:
    """Give the stamped PDF (same input, same bytes), its number of pages, and its boxes.

    `document` is the document's code, `tag` what proves that the code is ours; without a tag no code is drawn, for what
    nobody sends back. Boxes are name → [page, left, top, width, height] in mm from the top left.
    """
    with Pdf.open(io.BytesIO(data)) as pdf:
        pages = len(pdf.pages)
        for number, page in enumerate(pdf.pages, 1):
            calm(page)
            if tag:
                text = f"P1*{document}*{version}*{number}*{pages}*{tag}"
                # A fixed mask: choosing the best of eight takes a twentieth of the time; this size does not need it.
                _draw(pdf, page, segno.make(text, error="q", micro=False, boost_error=False, mask=3))
        for active in ("/OpenAction", "/AA"):
            if active in pdf.Root:
                del pdf.Root[active]
        pdf.docinfo[FINGERPRINT] = String(f"{document} v{version}")
        boxes = _boxes(pdf)
        saved = io.BytesIO()
        pdf.save(saved, deterministic_id=True)
    return saved.getvalue(), pages, boxes


def fingerprint(data: bytes) -> str:
    """Give our name for a PDF (`K7Q4-MX2P-1 v1`), or an empty text when it is not ours; raises `pikepdf.PdfError`."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        return str(pdf.docinfo.get(FINGERPRINT, ""))


def calm(page: pikepdf.Page) -> None:
    """Keep only links that open a web page or a mail."""
    kept = [note for note in page.get("/Annots", []) if note.get("/Subtype") != Name.Link or _harmless(note)]
    if "/Annots" in page:
        page.obj["/Annots"] = Array(kept)


def _harmless(note: Any) -> bool:
    action = note.get("/A", Dictionary())
    if "/Dest" in note:
        return True
    if action.get("/S") == Name.URI:
        return str(action.get("/URI", "")).lower().startswith(LINKS)
    return bool(action.get("/S") == Name.GoTo)


def _draw(pdf: Pdf, page: pikepdf.Page, code: segno.QRCode) -> None:
    left = float(page.mediabox[2]) - EDGE - SIZE
    bottom = float(page.mediabox[1]) + EDGE
    rows = [bytes(row) for row in code.matrix]
    cell = SIZE / len(rows)
    strokes = ["Q q 0 g"]
    for y, row in enumerate(rows):
        for start, length in _runs(row):
            x, height = left + start * cell, bottom + (len(rows) - 1 - y) * cell
            strokes.append(f"{x:.3f} {height:.3f} {length * cell:.3f} {cell:.3f} re")
    page.contents_add(pdf.make_stream(b"q"), prepend=True)
    page.contents_add(pdf.make_stream("\n".join([*strokes, "f Q"]).encode()))


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Give the dark runs of a row as (start, length)."""
    runs: list[tuple[int, int]] = []
    for at, dark in enumerate(row):
        if dark and runs and runs[-1][0] + runs[-1][1] == at:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((at, 1))
    return runs


def _boxes(pdf: Pdf) -> dict[str, Any]:
    """Give the places of check boxes, and of the signature where a Word document has a bookmark of that name."""
    boxes: dict[str, Any] = {}
    mark = pdf.Root.get("/Dests", Dictionary()).get(f"/{SIGNATURE}")
    if mark is not None:
        page = pikepdf.Page(mark[0])
        corner = float(mark[2]) * POINT, (float(page.mediabox[3]) - float(mark[3])) * POINT
        boxes[SIGNATURE] = [pdf.pages.index(page) + 1, *(round(value, 2) for value in corner), *SIGNATURE_SIZE]
    for number, page in enumerate(pdf.pages, 1):
        top = float(page.mediabox[3])
        for note in page.get("/Annots", []):
            if note.get("/Subtype") == Name.Widget and "/T" in note:
                x1, y1, x2, y2 = (float(value) for value in note["/Rect"])
                place = (min(x1, x2), top - max(y1, y2), abs(x2 - x1), abs(y2 - y1))
                boxes[str(note["/T"])] = [number, *(round(value * POINT, 2) for value in place)]
    return boxes
