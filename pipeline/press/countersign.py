"""The countersigned copy: the pages as they were sent, no longer to be filled in, and the confirmation after them.

Takes two PDFs of our own making; nothing of what came back is in it but the picture on the confirmation.
"""

from __future__ import annotations

import io

import pikepdf
from pikepdf import Array, Name, Pdf, String

from pipeline.press.stamp import FINGERPRINT, calm

COUNTERSIGNED = "countersigned"


def countersign(sent: bytes, confirmation: bytes, document: str, version: int) -> bytes:
    """Give the copy (same input, same bytes); inside it says `CODE vN countersigned`, so that none takes it for new."""
    with Pdf.open(io.BytesIO(sent)) as pdf, Pdf.open(io.BytesIO(confirmation)) as last:
        for page in pdf.pages:
            _flatten(page)
        if "/AcroForm" in pdf.Root:
            del pdf.Root["/AcroForm"]
        for page in last.pages:
            calm(page)
        pdf.pages.extend(last.pages)
        pdf.docinfo[FINGERPRINT] = String(f"{document} v{version} {COUNTERSIGNED}")
        saved = io.BytesIO()
        pdf.save(saved, deterministic_id=True)
    return saved.getvalue()


def _flatten(page: pikepdf.Page) -> None:
    """Take the fields away; the empty boxes are drawn on the page itself and stay."""
    if "/Annots" in page:
        page.obj["/Annots"] = Array([note for note in page.Annots if note.get("/Subtype") != Name.Widget])
