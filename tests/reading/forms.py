"""Papers as the press prints them, and what PDF programs do to them: fill in, put on, sign, tamper."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pikepdf
from asn1crypto import keys, x509  # type: ignore[import-untyped] # it ships no types
from cryptography import x509 as certificates
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pikepdf import Array, Dictionary, Name, Pdf, String
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from pipeline import examples
from pipeline.model import Kind, document_code
from pipeline.outgoing.values.base import document_values
from pipeline.press.stamp import stamp
from tests.templates.press import PAGES, text
from tests.world import World

POINT = 72 / 25.4
CODE = "K7Q4-MX2P"


@dataclass(frozen=True)
class Paper:
    """A document as it was sent."""

    data: bytes
    pages: int
    boxes: dict[str, list[float]]

    @property
    def places(self) -> list[tuple[int, int, int]]:
        """All its pages, in one file, in their order."""
        return [(number, 0, number - 1) for number in range(1, self.pages + 1)]


@cache
def sent(kind: Kind = Kind.CONSENT, version: int = 2) -> Paper:
    """Print a document of the fictional practice, with its code on each page."""
    with TemporaryDirectory() as folder, World(Path(folder)).opened() as practice:
        revision = examples.revisions("nl")[1]
        values = document_values(revision, kind, practice.file, practice.policy)
    data, places = PAGES.print(text(f"nl/{kind}.html", values))
    stamped, pages, boxes = stamp(data, document_code(CODE, kind), version, "AB3DE")
    return Paper(stamped, pages, boxes | places)


def changed(data: bytes, change: Callable[[Pdf], object], **how: object) -> bytes:
    """Change a PDF by its objects and save it whole, as most programs do."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        change(pdf)
        saved = io.BytesIO()
        pdf.save(saved, **how)  # type: ignore[arg-type] # whatever pikepdf takes
    return saved.getvalue()


def widgets(pdf: Pdf) -> Iterable[pikepdf.Object]:
    """Give the check boxes."""
    return [note for page in pdf.pages for note in page.get("/Annots", []) if note.get("/Subtype") == Name.Widget]


def filled(data: bytes, *ticked: str, value: bool = True, shown: bool = True) -> bytes:
    """Tick boxes: as a program does that sets the value, what is shown, or both."""

    def fill(pdf: Pdf) -> None:
        for note in widgets(pdf):
            if str(note.T) in ticked:
                note.V = Name("/on") if value else note.V
                note.AS = Name("/on") if shown else note.AS

    return changed(data, fill)


def with_note(data: bytes, page: int, kind: str, box: tuple[float, float, float, float], drawing: str = "") -> bytes:
    """Put an annotation on a page (from 1), in mm from the top left; `drawing` is in points from its lower left."""

    def add(pdf: Pdf) -> None:
        left, top, width, height = (value * POINT for value in box)
        bottom = float(pdf.pages[page - 1].mediabox[3]) - top - height
        look = pdf.make_stream(drawing.encode() or f"1 1 1 rg 0 0 {width} {height} re f".encode())
        look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, width, height])
        note = Dictionary(
            Type=Name.Annot, Subtype=Name(f"/{kind}"), F=4, AP=Dictionary(N=look),
            Rect=Array([left, bottom, left + width, bottom + height]), T=String("coaching-yes"),
        )  # fmt: skip
        notes = pdf.pages[page - 1].obj.get("/Annots", Array())
        notes.append(pdf.make_indirect(note))
        pdf.pages[page - 1].obj.Annots = notes

    return changed(data, add)


def pen(box: Iterable[float]) -> str:
    """Draw what a pen writes into a box of this size (mm)."""
    width, height = (value * POINT for value in list(box)[2:])
    wave = " ".join(
        f"{width * (0.15 + 0.1 * at):.1f} {height * (0.25 + 0.5 * (at % 2)):.1f} {'l' if at else 'm'}"
        for at in range(8)
    )
    return f"0 0 0.5 RG 1.6 w {wave} S"


@dataclass(frozen=True)
class Authority:
    """A key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: certificates.Certificate

    @property
    def root(self) -> x509.Certificate:
        """The certificate as pyHanko knows it."""
        return x509.Certificate.load(self.certificate.public_bytes(Encoding.DER))


@cache
def authority(name: str, *, issuer: Authority | None = None) -> Authority:
    """Make a certificate: its own authority, or one that `issuer` vouches for."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = certificates.Name([certificates.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        certificates.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(certificates.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(certificates.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            certificates.KeyUsage(
                digital_signature=True, content_commitment=issuer is not None, key_encipherment=False,
                data_encipherment=False, key_agreement=False, key_cert_sign=issuer is None, crl_sign=issuer is None,
                encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )  # fmt: skip
    return Authority(key, made)


ROOT = authority("Root of the tests")


def signed(
    data: bytes, name: str = "Sanne Jansen", *, field: str = "Signature1", box: list[float] | None = None
) -> bytes:
    """Sign a PDF (PAdES): visibly at `box` (page, left, top, width, height in mm), or not."""
    own = authority(name, issuer=ROOT)
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call] # so it is
    store.register(ROOT.root)
    private = own.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = signers.SimpleSigner(own.root, keys.PrivateKeyInfo.load(private), store)
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    if box:
        page, left, top, width, height = box
        corner = left * POINT, 841.89 - (top + height) * POINT
        x1, y1, x2, y2 = map(round, (*corner, corner[0] + width * POINT, corner[1] + height * POINT))
        fields.append_signature_field(writer, fields.SigFieldSpec(field, on_page=int(page) - 1, box=(x1, y1, x2, y2)))
    about = signers.PdfSignatureMetadata(field_name=field, subfilter=fields.SigSeedSubFilter.PADES)
    return bytes(signers.sign_pdf(writer, about, signer=signer).getvalue())
