"""What the coach gives finished: a PDF or a Word file, looked at before it goes on as it is.

Takes bytes from outside; leaves the PDF with our name inside, or the name in `pipeline.words` of what must be mended.
Nothing in it may act when somebody opens it, and none may be a paper of another dossier. A digital signature covers
every byte: such a PDF is left as it is, without our name.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import pikepdf
from lxml import etree
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from pipeline.press.report import MOST_PAGES
from pipeline.press.stamp import FINGERPRINT, stamp

NOT_READ = (pikepdf.PdfError, ValueError, RuntimeError, TypeError, AttributeError, LookupError)
NOT_UNPACKED = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, etree.XMLSyntaxError, EOFError, OSError)
DAMAGED = "file is damaged"
"""What the library says when it pieces a file together again, in which pages may be missing."""
ACTING = frozenset({
    "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/ResetForm", "/GoToE", "/GoToR", "/Rendition", "/Movie",
    "/Sound", "/RichMediaExecute",
})  # fmt: skip
CARRYING = frozenset({"/JS", "/EF", "/EmbeddedFiles", "/XFA"})
MEDIA = frozenset({"/RichMedia", "/Movie", "/Sound", "/Screen", "/3D", "/FileAttachment"})
MOST_STEPS, DEEPEST = 300_000, 40
MOST_PARTS, MOST_UNPACKED = 2_000, 100 << 20
REACHING = re.compile(r"\b(INCLUDETEXT|INCLUDEPICTURE|IMPORT|DDE|DDEAUTO|LINK|DATABASE|RD)\b")
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
TRACKED = frozenset(f"{WORD}{name}" for name in ("ins", "del", "moveFrom", "moveTo"))
FIELD, FIELD_TEXT, SIMPLE_FIELD = f"{WORD}fldChar", f"{WORD}instrText", f"{WORD}instr"
Answer = tuple[dict[str, Any], bytes]


def finished(data: bytes, document: str, version: int) -> Answer:
    """Give a PDF with our name inside and its number of pages, or what is wrong with it."""
    try:
        with Pdf.open(io.BytesIO(data)) as pdf:
            word, values = _wrong(pdf, document)
            if word:
                return _refused(word, **values)
            pages, signed = len(pdf.pages), any("/ByteRange" in part for part in _parts(pdf))
        marked = data if signed else stamp(data, document, version, "")[0]
    except pikepdf.PasswordError:
        return _refused("report_locked")
    except NOT_READ:
        return _refused("report_not_pdf")
    return {"pages": pages, "marked": not signed, "wrong": []}, marked


def _refused(word: str, **values: Any) -> Answer:
    return {"wrong": [(1, word, values)]}, b""


def _wrong(pdf: Pdf, document: str) -> tuple[str, dict[str, Any]]:
    named = str(pdf.docinfo.get(FINGERPRINT, ""))
    if pdf.is_encrypted:
        return "report_locked", {}
    if not len(pdf.pages) or any(str(said).endswith(DAMAGED) for said in pdf.get_warnings()):
        return "report_not_pdf", {}
    if len(pdf.pages) > MOST_PAGES:
        return "report_too_long", {"most": MOST_PAGES}
    if named and named.split(" ", 1)[0] != document:
        return "report_of_another", {"value": named[:20]}
    return ("report_acts", {}) if any(_acts(part) for part in _parts(pdf)) else ("", {})


def _acts(part: Any) -> bool:
    """Tell whether a part runs, sends or carries something when the file is opened or clicked."""
    action, kind = part.get("/S"), part.get("/Type")
    return (
        any(key in part for key in CARRYING)
        or (isinstance(action, Name) and str(action) in ACTING)
        or (isinstance(kind, Name) and str(kind) == "/EmbeddedFile")
        or (str(part.get("/Subtype", "")) in MEDIA and "/Rect" in part)
    )


def _parts(pdf: Pdf) -> Iterator[Any]:
    """Give every dictionary in a PDF, wherever it stands; raises `ValueError` when there is no end to them."""
    waiting: list[tuple[Any, int]] = [(pdf.trailer, 0), *((whole, 0) for whole in pdf.objects)]
    for _ in range(MOST_STEPS):
        if not waiting:
            return
        each, depth = waiting.pop()
        if isinstance(each, Dictionary | Stream):
            yield each
        if depth < DEEPEST:
            waiting += [(value, depth + 1) for value in _inside(each)]
    raise ValueError("there is no end to the parts of this file")


def _inside(each: Any) -> Iterator[Any]:
    """Give what stands in a part itself: what it refers to is a part of its own."""
    values: list[Any] = []
    if isinstance(each, Dictionary | Stream):
        values = [each.get(key) for key in each.keys()]  # noqa: SIM118 - a stream is iterated by other things
    elif isinstance(each, Array):
        values = list(each)
    return (v for v in values if isinstance(v, Dictionary | Array | Stream) and not v.is_indirect)


def word_wrong(data: bytes) -> str:
    """Give what is wrong with a Word file, which LibreOffice will open: an empty text when nothing is."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            return _word_wrong(parts)
    except (*NOT_UNPACKED, *NOT_READ):
        return "report_not_word"


def _word_wrong(parts: zipfile.ZipFile) -> str:
    names = {name.casefold(): name for name in parts.namelist()}
    large = len(parts.infolist()) > MOST_PARTS or sum(part.file_size for part in parts.infolist()) > MOST_UNPACKED
    if large or "word/document.xml" not in names:
        return "report_not_word"
    types = parts.read(names["[content_types].xml"]).lower()
    if b"macroenabled" in types or any("vbaproject" in name or "/activex/" in name for name in names):
        return "report_macros"
    for folded, name in names.items():
        if folded.endswith((".rels", ".xml")):
            word = _part_wrong(parts.read(name), relations=folded.endswith(".rels"))
            if word:
                return word
    return ""


def _part_wrong(data: bytes, *, relations: bool) -> str:
    tree = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    if relations:
        return "report_outside" if any(_is_outside(relation) for relation in tree.iter("{*}Relationship")) else ""
    if any(REACHING.search(field) for field in _fields(tree)):
        return "report_outside"
    return "report_tracked" if any(part.tag in TRACKED for part in tree.iter()) else ""


def _is_outside(relation: Any) -> bool:
    outside = str(relation.get("TargetMode", "")).strip().casefold() == "external"
    return outside and not str(relation.get("Type", "")).endswith("/hyperlink")


def _fields(tree: Any) -> Iterator[str]:
    """Give what each field of a Word text asks for; one may be cut into many pieces."""
    pieces: list[str] = []
    for part in tree.iter(FIELD, FIELD_TEXT, f"{WORD}fldSimple"):
        if part.tag == FIELD_TEXT:
            pieces.append(part.text or "")
        else:
            yield from ("".join(pieces), str(part.get(SIMPLE_FIELD, "")))
            pieces = []
    yield "".join(pieces)
