"""The files of a mail as papers: which pages of ours are in them, and each document judged against what was sent.

Takes the files and the reader; leaves documents with their verdicts, and what could not be recognised. Writes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from pipeline.edges.reader import Reader
from pipeline.incoming.mail import File, Page
from pipeline.incoming.match import FINGERPRINT, kind_numbered, page_of
from pipeline.incoming.verdict import Expected, Judgement, judge
from pipeline.model import Kind, Reason
from pipeline.reading.findings import Findings, Recognised, Sort

SMALL_PICTURE = 20_000
NO_PAPERS = ("text/calendar", "text/vcard", "text/x-vcard", "application/pgp-signature", "application/pkcs7-signature")
RETURNED = "returned"
Document = tuple[str, Kind, int]


@dataclass(frozen=True)
class Papers:
    """What the files of a mail turned out to be; `strange` are those that may be papers and carry no code of ours."""

    files: tuple[File, ...] = ()
    sorts: tuple[Recognised, ...] = ()
    pages: tuple[Page, ...] = ()
    strange: tuple[File, ...] = ()

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Our names for the PDFs among them."""
        return tuple(found.fingerprint for found in self.sorts if found.fingerprint)

    def documents(self) -> dict[Document, list[Page]]:
        """Give the pages of each document, in their order."""
        found: dict[Document, list[Page]] = {}
        for page in sorted(self.pages, key=lambda page: (page.page, page.file, page.at)):
            found.setdefault((page.dossier, Kind(page.kind), page.version), []).append(page)
        return found


@dataclass(frozen=True)
class SentDocument:
    """A document as it went out: its bytes, its pages, and its boxes (name → [page, left, top, width, height] mm)."""

    data: bytes
    pages: int
    boxes: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Returned:
    """One document that came back, judged; `files` are the numbers of the files it came in.

    `remarks` are for the coach to know when she looks; they do not change the verdict.
    """

    dossier: str
    kind: Kind
    version: int
    judgement: Judgement
    findings: Findings
    picture: bytes
    files: tuple[int, ...]
    remarks: tuple[Reason, ...] = ()


def sent_document(data: bytes, pages: int, boxes: str) -> SentDocument:
    """Give a sent document from its bytes and what its row says."""
    return SentDocument(data, pages, json.loads(boxes))


def recognise(files: Iterable[File], reader: Reader, key: bytes, passwords: Sequence[str] = ()) -> Papers:
    """Look at every file that could be a paper; what lies in a mail that was returned to us is never an answer.

    `passwords` open what we locked ourselves; what is opened goes on without its lock.
    """
    could_be = (file for file in files if RETURNED not in file.path and file.type not in NO_PAPERS)
    found = [_looked_at(file, reader, passwords) for file in could_be]
    looked, sorts = tuple(file for file, _ in found), tuple(sort for _, sort in found)
    pages = [page for at, found in enumerate(sorts) for page in _pages(at, found, key)]
    with_code = {page.file for page in pages}
    strange = tuple(file for at, file in enumerate(looked) if at not in with_code and _may_be_paper(file, sorts[at]))
    return Papers(looked, sorts, tuple(pages), strange)


def _looked_at(file: File, reader: Reader, passwords: Sequence[str]) -> tuple[File, Recognised]:
    seen = reader.recognise(file.data)
    opened = reader.unlock(file.data, passwords) if seen.sort is Sort.LOCKED and passwords else b""
    return (replace(file, data=opened), reader.recognise(opened)) if opened else (file, seen)


def _pages(at: int, found: Recognised, key: bytes) -> list[Page]:
    """Give the pages of a file that carry a code of ours, and those that a fingerprint places without one."""
    coded = [page for where, text in found.codes if (page := page_of(text, at, where, key))]
    name = FINGERPRINT.fullmatch(found.fingerprint)
    kind = kind_numbered(int(name[2])) if name else None
    if not name or kind is None or found.fingerprint.endswith("countersigned"):
        return coded
    there = {page.at for page in coded}
    return coded + [
        Page(at, where, name[1], kind, int(name[3]), where + 1, found.pages)
        for where in range(found.pages)
        if where not in there
    ]


def _may_be_paper(file: File, found: Recognised) -> bool:
    if found.sort is Sort.PICTURE:
        return len(file.data) >= SMALL_PICTURE
    return True


def judged(papers: Papers, document: Document, sent: SentDocument, expected: Expected, reader: Reader) -> Returned:
    """Judge one document of `papers`; a blank that came along with the signed one is put aside."""
    pages = _without_blanks(papers, papers.documents()[document], sent)
    used = sorted({page.file for page in pages})
    places = [(page.page, used.index(page.file), page.at) for page in pages]
    found, picture = reader.judge(sent.data, sent.boxes, sent.pages, [papers.files[at].data for at in used], places)
    found = replace(found, reasons=(*found.reasons, *_further(papers, pages)))
    dossier, kind, version = document
    return Returned(dossier, kind, version, judge(expected, found), found, picture, tuple(used))


def _further(papers: Papers, pages: list[Page]) -> Iterator[Reason]:
    """Give what only all files together show: a page that is there twice, something that could act when opened."""
    numbers = [page.page for page in pages]
    for number in sorted({number for number in numbers if numbers.count(number) > 1}):
        yield "page_twice", {"page": str(number)}
    active = sorted({name for page in pages for name in papers.sorts[page.file].active})
    if active:
        yield "active_content", {"what": ", ".join(active)}


def _without_blanks(papers: Papers, pages: list[Page], sent: SentDocument) -> list[Page]:
    """Leave out files that are the sent bytes, when the document came in another file too."""
    blank = hashlib.sha256(sent.data).digest()
    blanks = {page.file for page in pages if hashlib.sha256(papers.files[page.file].data).digest() == blank}
    return [page for page in pages if page.file not in blanks] or pages
