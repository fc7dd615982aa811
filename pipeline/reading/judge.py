"""The pages of one document that came back, judged against the PDF that was sent.

Each file is opened once; its pages are looked at one by one (`page`), its certificate is judged over the whole of it.
A page that cannot be judged makes the document unsure; none is left out.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pikepdf

from pipeline.model import Reason
from pipeline.reading import active, certificates, drawing, evidence, page, pages
from pipeline.reading.findings import Certificate, Content, Findings, Ink, Tick, Way
from pipeline.reading.original import SIGNATURE, Drawn, Original
from pipeline.reading.page import Looked, Place, Returned
from pipeline.reading.pages import PdfPages, Unreadable


@dataclass(frozen=True)
class Asked:
    """One document to judge: what was sent, the files that came back, and which pages of it are where."""

    original: Original
    pages: int
    files: tuple[bytes, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True)
class FileSeen:
    """What was seen of one file; `whole` when it draws the document as sent, page by page, and nothing behind it."""

    looked: tuple[Looked, ...]
    certificate: Certificate | None = None
    whole: bool = False
    active: frozenset[str] = frozenset()


def asked(job: dict[str, Any], body: bytes) -> Asked:
    """Read a job: the sent PDF and the files lie behind each other in the body."""
    boxes = {name: (int(box[0]), (box[1], box[2], box[3], box[4])) for name, box in job["boxes"].items()}
    files: list[bytes] = []
    start = job["sent"]
    for length in job["files"]:
        files.append(body[start : start + length])
        start += length
    places = tuple((int(number), int(file), int(at)) for number, file, at in job["places"])
    return Asked(Original(body[: job["sent"]], boxes), job["pages"], tuple(files), places)


def judge(asked: Asked, drawn: Drawn, before_page: Callable[[], None]) -> tuple[Findings, bytes]:
    """Give what was seen of a document, and a picture of it; `before_page` is called before each page."""
    files: list[FileSeen] = []
    for number, data in enumerate(asked.files):
        places = [place for place in asked.places if place[1] == number]
        if places:
            files.append(_file(asked, data, places, drawn, before_page))
    kept = _without_blanks(files)
    pictures = [each.picture for file in kept for each in file.looked if each.picture is not None]
    return _together(asked, kept), evidence.stacked(pictures)


def _file(
    asked: Asked, data: bytes, places: Sequence[Place], drawn: Drawn, before_page: Callable[[], None]
) -> FileSeen:
    before_page()
    try:
        with pages.opened(data) as paper:
            pdf = _objects(data) if isinstance(paper, PdfPages) else None
            looked: list[Looked] = []
            for place in places:
                before_page()
                looked.append(page.look(asked.original, Returned(paper, pdf), place, drawn))
            before_page()
            if pdf is None:
                return FileSeen(tuple(looked))
            acting = frozenset(active.active(pdf)) - asked.original.active
            return FileSeen(tuple(looked), certificates.certificate(data), _whole(asked, paper, pdf, places), acting)
    except Unreadable:
        return FileSeen(tuple(page.unseen(place, "page_unreadable") for place in places))


def _objects(data: bytes) -> pikepdf.Pdf | None:
    try:
        return pikepdf.Pdf.open(io.BytesIO(data))
    except (pikepdf.PdfError, RuntimeError, ValueError):
        return None


def _whole(asked: Asked, paper: pages.Pages, pdf: pikepdf.Pdf, places: Sequence[Place]) -> bool:
    """Tell whether a file is all pages of the document, in their order, with nothing between or behind them."""
    in_order = [(number, at) for number, _, at in sorted(places)] == [(at + 1, at) for at in range(asked.pages)]
    ours = asked.original.pdf.pages
    if not in_order or not len(paper) == len(pdf.pages) == len(ours) == asked.pages:
        return False
    return all(drawing.same_page(one, other) for one, other in zip(ours, pdf.pages, strict=True))


def _without_blanks(files: list[FileSeen]) -> list[FileSeen]:
    """Leave out untouched pages that came along with the same pages filled in or signed."""
    touched = {each.finding.number for file in files for each in file.looked if not _untouched(file, each)}
    kept = []
    for file in files:
        looked = tuple(each for each in file.looked if each.finding.number not in touched or not _untouched(file, each))
        if looked:
            kept.append(FileSeen(looked, file.certificate, file.whole, file.active))
    return kept


def _untouched(file: FileSeen, each: Looked) -> bool:
    return each.untouched and file.certificate is None


def _together(asked: Asked, files: Sequence[FileSeen]) -> Findings:
    looked = [each for file in files for each in file.looked]
    certificate = next((file.certificate for file in sorted(files, key=_soundness) if file.certificate), None)
    certified = bool(certificate and certificate.intact) and any(_certifies(file) for file in files)
    signature, signature_sure = _signature(asked, looked, certificate)
    boxes = _boxes(asked, looked)
    unharmed = all(file.whole and not file.active for file in files if any(each.boxes for each in file.looked))
    complete = bool(boxes) and boxes.keys() == {name for each in looked for name in each.boxes}
    boxes_sure = complete and unharmed and all(each.boxes_sure for each in looked if each.boxes)
    way = Way.FIELDS if signature_sure else Way.PIXELS
    return Findings(
        tuple(each.finding for each in sorted(looked, key=lambda each: each.finding.number)),
        Ink.SIGNED if certified else signature, Way.CERTIFICATE if certified else way,
        certificate,
        boxes, Way.FIELDS if boxes_sure else Way.PIXELS,
        _as_sent(asked, files),
        tuple(_reasons(files, looked)),
    )  # fmt: skip


def _soundness(file: FileSeen) -> tuple[bool, bool]:
    """Sort files so that a broken certificate comes first, and one over other content last."""
    return bool(file.certificate and file.certificate.intact), not file.whole


def _certifies(file: FileSeen) -> bool:
    """Tell whether a sound certificate lies over the document as it was sent, with nothing changed or put on it."""
    unchanged = all(each.finding.content is Content.UNCHANGED and not each.written for each in file.looked)
    return bool(file.certificate and file.certificate.intact and file.whole and unchanged and not file.active)


def _signature(asked: Asked, looked: Sequence[Looked], certificate: Certificate | None) -> tuple[Ink, bool]:
    """Say what is in the signature box over all copies of its page; a certificate that proves nothing is a doubt."""
    seen = [each for each in looked if each.signature is not None]
    inks = {each.signature for each in seen}
    sure = bool(seen) and all(each.signature_sure for each in seen)
    if certificate is not None and (not certificate.intact or inks != {Ink.SIGNED}):
        return Ink.UNSURE, False
    if SIGNATURE not in asked.original.boxes:
        return Ink.UNSURE, False
    if not inks:
        return Ink.EMPTY, False
    only = inks.pop()
    return (Ink.UNSURE, False) if inks or only is None else (only, sure)


def _boxes(asked: Asked, looked: Sequence[Looked]) -> dict[str, Tick]:
    """Give each check box over all copies of its page: what they agree on, unclear where they do not or none came."""
    names = [name for at in range(len(asked.original.sizes)) for name in asked.original.places(at + 1)]
    found: dict[str, Tick] = {}
    for name in names:
        ticks = {each.boxes[name] for each in looked if name in each.boxes}
        if name != SIGNATURE:
            found[name] = ticks.pop() if len(ticks) == 1 else Tick.UNCLEAR
    return found


def _as_sent(asked: Asked, files: Sequence[FileSeen]) -> bool:
    """Tell whether the blank came back: all its pages, and nothing done to any."""
    numbers = {each.finding.number for file in files for each in file.looked}
    blank = all(_untouched(file, each) for file in files for each in file.looked)
    return blank and numbers >= set(range(1, asked.pages + 1))


def _reasons(files: Sequence[FileSeen], looked: Sequence[Looked]) -> Iterator[Reason]:
    active = sorted({name for file in files for name in file.active})
    if active:
        yield "active_content", {"what": ", ".join(active)}
    for file in files:
        if file.certificate and file.certificate.intact and not _certifies(file):
            written = [str(each.finding.number) for each in file.looked if file.whole and each.written]
            for page_number in written:
                yield "written_beside", {"page": page_number}
            if not written:
                yield "certificate_elsewhere", {"signer": file.certificate.signer}
    if any(each.fields_gone for each in looked):
        yield "fields_gone", {}
