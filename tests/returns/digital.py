"""PDF programs: fields filled in several dialects, ink, stamps and text put on, burnt in, signed by a certificate."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.stamp import TextStampStyle

from tests.returns import scanner
from tests.returns.hands import Pen
from tests.returns.papers import draw, kept_folder
from tests.returns.sheet import Place, Stroke, spline

Rng = np.random.Generator
POINT = 72 / 25.4
PRODUCERS = {
    "acrobat": "Adobe Acrobat (64-bit) 26", "browser": "pdf.js", "chrome": "Skia/PDF m141",
    "preview": "macOS Quartz PDFContext", "phone": "iOS Quartz PDFContext", "foxit": "Foxit PDF Editor",
}  # fmt: skip
FILLERS = ("acrobat", "browser", "chrome", "preview", "foxit", "value only")


def fill(data: bytes, ticked: Iterable[str], dialect: str) -> bytes:
    """Fill the check boxes as a program does; `value only` leaves the picture of each box as it was."""
    if dialect == "browser":
        return _fill_incrementally(data, set(ticked))
    with Pdf.open(io.BytesIO(data)) as pdf:
        for page in pdf.pages:
            for note in page.get("/Annots", []):
                if note.get("/Subtype") == Name.Widget and str(note.get("/T", "")) in ticked:
                    note.V = Name("/on")
                    if dialect != "value only":
                        note.AS = Name("/on")
                    if dialect == "foxit":
                        note.AP = Dictionary(N=Dictionary(on=_cross(pdf, note), Off=_empty(pdf, note)))
        if dialect in {"acrobat", "preview", "foxit"} and "/AcroForm" in pdf.Root:
            del pdf.Root.AcroForm["/NeedAppearances"]
        return _saved(pdf, dialect)


def _fill_incrementally(data: bytes, ticked: set[str]) -> bytes:
    """Fill as a browser does: the old bytes stay, the changed fields are appended."""
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(data))
    for number in range(int(writer.root["/Pages"]["/Count"])):
        page = writer.find_page_for_modification(number)[0].get_object()
        for reference in page.get("/Annots", ()):
            note = reference.get_object()
            if note.get("/T") in ticked:
                note["/V"] = note["/AS"] = generic.NameObject("/on")
                writer.mark_update(reference)
    saved = io.BytesIO()
    writer.write(saved)
    return saved.getvalue()


def _size(note: pikepdf.Object) -> tuple[float, float]:
    x1, y1, x2, y2 = (float(value) for value in note["/Rect"])
    return abs(x2 - x1), abs(y2 - y1)


def _cross(pdf: Pdf, note: pikepdf.Object) -> Stream:
    """A box with a cross, in the program's own drawing."""
    w, h = _size(note)
    strokes = f"q 1 w 0 G {w * 0.15:.2f} {h * 0.15:.2f} m {w * 0.85:.2f} {h * 0.85:.2f} l S"
    strokes += f" {w * 0.15:.2f} {h * 0.85:.2f} m {w * 0.85:.2f} {h * 0.15:.2f} l S Q"
    return _form(pdf, strokes, (0, 0, w, h))


def _empty(pdf: Pdf, note: pikepdf.Object) -> Stream:
    return _form(pdf, "", (0, 0, *_size(note)))


def _form(pdf: Pdf, content: str, box: tuple[float, float, float, float], **resources: Any) -> Stream:
    form = pdf.make_stream(content.encode())
    form.Type, form.Subtype = Name.XObject, Name.Form
    form.BBox, form.Resources = Array([round(value, 3) for value in box]), Dictionary(**resources)
    return form


def _saved(pdf: Pdf, dialect: str) -> bytes:
    """Save as the program does; Apple's drop what they do not know about a document."""
    if dialect in PRODUCERS:
        pdf.docinfo["/Producer"] = String(PRODUCERS[dialect])
    if dialect in {"preview", "phone", "chrome"} and "/PipelineDocument" in pdf.docinfo:
        del pdf.docinfo["/PipelineDocument"]
    saved = io.BytesIO()
    streams = pikepdf.ObjectStreamMode.generate if dialect in {"acrobat", "foxit"} else pikepdf.ObjectStreamMode.disable
    pdf.save(saved, deterministic_id=True, object_stream_mode=streams)
    return saved.getvalue()


def ink(data: bytes, page: int, strokes: list[Stroke], pen: Pen, dialect: str) -> bytes:
    """Put ink on as an annotation with its appearance, as a finger or a mouse draws it."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        lines, box = _lines(pdf, page, strokes)
        note = Dictionary(
            Type=Name.Annot, Subtype=Name.Ink, Rect=Array([round(v, 3) for v in box]), F=4,
            C=Array([round(v / 255, 3) for v in pen.colour[::-1]]), NM=String(f"ink-{page}-{len(strokes)}"),
            InkList=Array([Array([round(float(v), 2) for v in line.ravel()]) for line in lines]),
            BS=Dictionary(W=round(pen.width * POINT, 2)), AP=Dictionary(N=_form(pdf, _paths(lines, pen), box)),
        )  # fmt: skip
        _add(pdf, page, note)
        return _saved(pdf, dialect)


def burn(data: bytes, page: int, strokes: list[Stroke], pen: Pen, dialect: str) -> bytes:
    """Put ink on as part of the page, as Fill & Sign and flattening leave it."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        lines, box = _lines(pdf, page, strokes)
        spot = pdf.pages[page - 1]
        name = spot.add_resource(_form(pdf, _paths(lines, pen), box), Name.XObject)
        spot.contents_add(pdf.make_stream(b"q"), prepend=True)
        spot.contents_add(pdf.make_stream(f"Q q {name} Do Q".encode()))
        return _saved(pdf, dialect)


def _lines(pdf: Pdf, page: int, strokes: list[Stroke]) -> tuple[list[Stroke], tuple[float, float, float, float]]:
    top = float(pdf.pages[page - 1].mediabox[3])
    lines = [spline(stroke, 0.5) * (POINT, -POINT) + (0, top) for stroke in strokes if len(stroke) > 1]
    every = np.vstack(lines)
    (x1, y1), (x2, y2) = every.min(0) - 2, every.max(0) + 2
    return lines, (float(x1), float(y1), float(x2), float(y2))


def _paths(lines: list[Stroke], pen: Pen) -> str:
    red, green, blue = (value / 255 for value in pen.colour[::-1])
    drawn = [f"q {red:.3f} {green:.3f} {blue:.3f} RG {pen.width * POINT:.2f} w 1 J 1 j"]
    for line in lines:
        first, *rest = [f"{x:.2f} {y:.2f}" for x, y in line]
        drawn.append(f"{first} m " + " ".join(f"{point} l" for point in rest) + " S")
    return "\n".join([*drawn, "Q"])


def _add(pdf: Pdf, page: int, note: Dictionary) -> None:
    spot = pdf.pages[page - 1]
    if "/Annots" not in spot:
        spot.Annots = Array()
    note.P = spot.obj
    spot.Annots.append(pdf.make_indirect(note))


def stamp(data: bytes, page: int, strokes: list[Stroke], pen: Pen, dialect: str) -> bytes:
    """Put on a picture of a signature, see-through where it is not written, as a stamp."""
    every = np.vstack([spline(stroke) for stroke in strokes])
    low, high = every.min(0) - 1, every.max(0) + 1
    fine = 14.0
    width, height = (int(v) for v in np.ceil((high - low) * fine))
    alpha = np.zeros((height, width), np.uint8)
    for stroke in strokes:
        points = np.round((spline(stroke) - low) * fine).astype(np.int32)
        cv2.polylines(alpha, [points], False, 255, max(2, round(pen.width * fine)), cv2.LINE_AA)
    with Pdf.open(io.BytesIO(data)) as pdf:
        top = float(pdf.pages[page - 1].mediabox[3])
        x1, y1 = float(low[0]) * POINT, top - float(high[1]) * POINT
        x2, y2 = float(high[0]) * POINT, top - float(low[1]) * POINT
        picture = _image(pdf, np.full((height, width, 3), pen.colour[::-1], np.uint8), Name.DeviceRGB)
        picture.SMask = _image(pdf, alpha, Name.DeviceGray)
        content = f"q {x2 - x1:.3f} 0 0 {y2 - y1:.3f} 0 0 cm /Im0 Do Q"
        form = _form(pdf, content, (0, 0, x2 - x1, y2 - y1), XObject=Dictionary(Im0=picture))
        note = Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=Array([round(v, 3) for v in (x1, y1, x2, y2)]), F=4,
                          Name=Name("/Signature"), AP=Dictionary(N=form))  # fmt: skip
        _add(pdf, page, note)
        return _saved(pdf, dialect)


def _image(pdf: Pdf, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], space: Name) -> Stream:
    image = pdf.make_stream(pixels.tobytes())
    image.Type, image.Subtype = Name.XObject, Name.Image
    image.Width, image.Height, image.ColorSpace, image.BitsPerComponent = pixels.shape[1], pixels.shape[0], space, 8
    return image


def text(data: bytes, page: int, said: str, place: Place, dialect: str, *, cover: bool = False) -> bytes:
    """Put typed text on as FreeText; `cover` on a white ground that hides what stands below it."""
    left, top, width, height = (value * POINT for value in place)
    with Pdf.open(io.BytesIO(data)) as pdf:
        upper = float(pdf.pages[page - 1].mediabox[3])
        box = left, upper - top - height, left + width, upper - top
        font = "/ZapfDingbats" if said in {"4", "8"} else "/Times-Italic" if not cover else "/Helvetica"
        size = height * (0.8 if cover else 0.6)
        escaped = said.replace("\\", "\\\\").replace("(", r"\(").replace(")", r"\)")
        ground = f"1 1 1 rg 0 0 {width:.2f} {height:.2f} re f" if cover else ""
        start = f"q {ground} BT 0.05 0.05 0.2 rg /F0 {size:.2f} Tf 1 {height * 0.25:.2f} Td"
        content = f"{start} ({escaped}) Tj ET Q"
        face = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name(font))
        if "Zapf" not in font:
            face.Encoding = Name.WinAnsiEncoding
        form = _form(pdf, "", (0, 0, width, height), Font=Dictionary(F0=face))
        form.write(content.encode("cp1252", "replace"))
        note = Dictionary(
            Type=Name.Annot, Subtype=Name.FreeText, Rect=Array([round(v, 3) for v in box]), F=4,
            Contents=String(said), DA=String(f"/F0 {size:.1f} Tf 0 g"), AP=Dictionary(N=form),
        )  # fmt: skip
        _add(pdf, page, note)
        return _saved(pdf, dialect)


def flatten(data: bytes) -> bytes:
    """Burn fields and annotations into the pages, as printing to PDF does; little else of the document stays."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        if "/AcroForm" in pdf.Root and "/NeedAppearances" in pdf.Root.AcroForm:
            del pdf.Root.AcroForm["/NeedAppearances"]  # with it, fields are left as they are
        pdf.flatten_annotations("all")
        if "/AcroForm" in pdf.Root:
            del pdf.Root["/AcroForm"]
        return _saved(pdf, "chrome")


def as_pictures(data: bytes, dpi: int, quality: int) -> bytes:
    """Print as image: each page a picture of itself."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        count = len(pdf.pages)
    return scanner.pdf([draw(data, page, dpi) for page in range(1, count + 1)], dpi, quality, "Microsoft: Print To PDF")


def merged(files: list[bytes], keep: list[list[int]]) -> bytes:
    """Put the kept pages (from 1) of several PDFs into one, as Preview's side bar does: fields do not come along."""
    with Pdf.new() as pdf, warnings.catch_warnings(action="ignore", category=pikepdf.PageCopyWarning):
        for data, pages in zip(files, keep, strict=True):
            with Pdf.open(io.BytesIO(data)) as source:
                pdf.pages.extend([source.pages[page - 1] for page in pages])
        return _saved(pdf, "preview")


def own_certificate(name: str) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """Give somebody's own key and certificate."""
    key, certificate, _ = serialization.pkcs12.load_key_and_certificates(_packed(name).read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey) and certificate is not None
    return key, certificate


@cache
def _signer(name: str) -> Any:
    simple: Any = signers.SimpleSigner
    return simple.load_pkcs12(str(_packed(name)))


@cache
def _packed(name: str) -> Path:
    """Give the file with somebody's own certificate, made once and kept on disk."""
    path = kept_folder() / f"{name.encode().hex()}.p12"
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=900))
            .not_valid_after(now + timedelta(days=1900))
            .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False), critical=True)
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        packed = serialization.pkcs12.serialize_key_and_certificates(
            b"own", key, certificate, None, serialization.NoEncryption()
        )
        half = path.with_suffix(f".{os.getpid()}")
        half.write_bytes(packed)
        half.rename(path)
    return path


def certify(data: bytes, page: int, box: Place, name: str, *, visible: bool) -> bytes:
    """Sign with a certificate of one's own (PAdES): visible in the box, or nowhere to be seen."""
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(data))
    place = None
    if visible:
        with Pdf.open(io.BytesIO(data)) as pdf:
            upper = float(pdf.pages[page - 1].mediabox[3])
        left, top, width, height = (value * POINT for value in box)
        place = (round(left + 4), round(upper - top - height + 4), round(left + width - 4), round(upper - top - 4))
    spec = fields.SigFieldSpec("Signature1", on_page=page - 1, box=place)
    meta = signers.PdfSignatureMetadata(field_name="Signature1", name=name, subfilter=fields.SigSeedSubFilter.PADES)
    style = TextStampStyle(stamp_text="Digitally signed by %(signer)s\nDate: %(ts)s")
    signer = signers.PdfSigner(meta, signer=_signer(name), stamp_style=style, new_field_spec=spec)
    return bytes(signer.sign_pdf(writer).getvalue())


def _dictionary(entries: dict[Any, Any]) -> Any:
    return generic.DictionaryObject(entries)  # type: ignore[no-untyped-call]  # pyHanko leaves it so


def write_after(data: bytes, page: int, content: str) -> bytes:
    """Append drawing to a page as a further revision of the file, whatever was signed before it."""
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(data))
    added = writer.add_object(generic.StreamObject(stream_data=content.encode("cp1252")))
    font = _dictionary(
        {
            generic.NameObject("/Type"): generic.NameObject("/Font"),
            generic.NameObject("/Subtype"): generic.NameObject("/Type1"),
            generic.NameObject("/BaseFont"): generic.NameObject("/Helvetica"),
        }
    )
    resources = _dictionary(
        {
            generic.NameObject("/Font"): _dictionary({generic.NameObject("/FLate"): font}),
        }
    )
    writer.add_stream_to_page(page - 1, added, resources)
    saved = io.BytesIO()
    writer.write(saved)
    return saved.getvalue()


def ticks_as_text(data: bytes, places: Mapping[str, tuple[int, Place]], sign: str, dialect: str) -> bytes:
    """Put a typed sign (a Dingbats tick or cross, or a letter) over each of these boxes."""
    for page, place in places.values():
        data = text(data, page, sign, place, dialect)
    return data
