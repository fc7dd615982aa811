"""What can be read in a PDF that the coach drops: its text, page by page, and its maker's words about it.

Runs in the reading process, for `edges.reader`. Takes the bytes, leaves a `PdfText`; whose it is, is decided elsewhere.
The text is that of the letters on the page, not of what is drawn: a scan without letters is not readable.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf

from pipeline.policy.named import PdfText
from pipeline.reading import active, pages
from pipeline.reading.findings import Sort
from pipeline.reading.pages import Locked, PdfPages, Unreadable

MOST_PAGES, MOST_LETTERS, LONGEST_WORD_ABOUT = 120, 400_000, 300
FEWEST = 30
"""Fewer letters than this in all is a picture with a number at its foot."""


def text(data: bytes, before_page: Callable[[], None]) -> PdfText:
    """Give the text of a PDF; `before_page` is called before each page; raises `Unreadable` when it is no PDF."""
    if pages.sort(data) is not Sort.PDF:
        raise Unreadable("not a PDF")
    try:
        with pages.opened(data) as paper:
            assert isinstance(paper, PdfPages)
            written = _written(paper, before_page)
            title, author, subject = _about(paper)
            count = len(paper)
    except Locked:
        return PdfText(locked=True)
    before_page()
    readable = sum(letter.isalpha() for page in written for letter in page) >= FEWEST
    return PdfText(written, title, author, subject, count, readable=readable, active=_active(data))


def _written(paper: PdfPages, before_page: Callable[[], None]) -> tuple[str, ...]:
    """Give the text of each page, until there is more than any profile has; raises when no page can be opened."""
    found: list[str] = []
    length = failed = 0
    for at in range(min(len(paper), MOST_PAGES)):
        before_page()
        try:
            found.append(_whole(paper.text(at)))
        except Unreadable:
            found.append("")
            failed += 1
        length += len(found[-1])
        if length > MOST_LETTERS:
            break
    if failed == len(found):
        raise Unreadable("no page of it can be opened")
    return tuple(found)


def _about(paper: PdfPages) -> tuple[str, ...]:
    return tuple(_said(paper, key) for key in ("Title", "Author", "Subject"))


def _said(paper: PdfPages, key: str) -> str:
    try:
        return _whole(str(paper.document.get_metadata_value(key)))[:LONGEST_WORD_ABOUT]
    except ValueError:
        return ""  # half a character: nobody wrote that


def _whole(read: str) -> str:
    """Give a text without halves of characters, which could not be written down anywhere."""
    return read.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _active(data: bytes) -> tuple[str, ...]:
    """Name what could act when it is opened; that it cannot be told is itself a reason to look."""
    try:
        with pikepdf.Pdf.open(io.BytesIO(data)) as pdf:
            return active.active(pdf)
    except (pikepdf.PdfError, AttributeError, TypeError, ValueError, RuntimeError):
        return ("damaged",)
