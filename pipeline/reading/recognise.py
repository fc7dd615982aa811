"""What one file is: PDF or picture, which codes are on its pages, whose it claims to be, what in it could act.

The pages are looked at as they are seen: a code is read from the drawn page, also of a PDF, for text can lie.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pikepdf

from pipeline.reading import active, codes, pages
from pipeline.reading.findings import Recognised, Sort
from pipeline.reading.pages import Locked, Pages, PdfPages, Unreadable

FINGERPRINT = "/PipelineDocument"
LONGEST_FINGERPRINT = 40
# The running line at the foot of each page: the document's code and its version.
CLAIM = re.compile(r"\b([0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[1-9]) v([1-9][0-9]{0,3})\b")


def recognise(data: bytes, before_page: Callable[[], None]) -> Recognised:
    """Look at one file; `before_page` is called before each page, which has its own time."""
    sort = pages.sort(data)
    if sort is Sort.OTHER:
        return Recognised(sort)
    try:
        with pages.opened(data) as paper:
            fingerprint, active = _inside(data) if sort is Sort.PDF else ("", ())
            found, claims = _seen(paper, before_page)
            return Recognised(sort, len(paper), found, claims, fingerprint, active)
    except Locked:
        return Recognised(Sort.LOCKED)
    except Unreadable:
        return Recognised(Sort.BROKEN)


def _inside(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Give our name for a PDF and what in it could act; nothing when only pdfium makes something of it."""
    try:
        with pikepdf.Pdf.open(io.BytesIO(data)) as pdf:
            named = pdf.trailer.get("/Info", pikepdf.Dictionary()).get(FINGERPRINT, "")
            return str(named)[:LONGEST_FINGERPRINT], active.active(pdf)
    except (pikepdf.PdfError, AttributeError, TypeError, ValueError, RuntimeError):
        return "", ()


def _seen(
    paper: Pages, before_page: Callable[[], None]
) -> tuple[tuple[tuple[int, str], ...], tuple[tuple[int, str, int], ...]]:
    """Give the codes on its pages, and what the words of pages without one claim; raises when no page can be seen."""
    found: list[tuple[int, str]] = []
    claims: list[tuple[int, str, int]] = []
    count, failed = min(len(paper), pages.MOST_PAGES), 0
    for at in range(count):
        before_page()
        try:
            texts = codes.read(paper.picture(at))
            found += [(at, text) for text in texts]
            if not texts and isinstance(paper, PdfPages):
                claims += [(at, code, int(version)) for code, version in _claimed(paper.text(at))]
        except Unreadable:
            failed += 1
    if failed == count:
        raise Unreadable("no page of it can be seen")
    return tuple(found), tuple(claims)


def _claimed(text: str) -> list[tuple[str, str]]:
    """Give document and version from the running line, when the page names one only."""
    named = dict.fromkeys(CLAIM.findall(text))
    return list(named) if len(named) == 1 else []
