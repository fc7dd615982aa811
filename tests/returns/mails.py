"""The mails in which papers come back: replies and new mails, wrapped and named as real programs wrap and name."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
from dataclasses import dataclass, field
from email.header import Header
from urllib.parse import quote

import cv2
import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from PIL import Image

from tests.returns.digital import own_certificate
from tests.returns.papers import COACH, Paper

Rng = np.random.Generator
TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png", "tif": "image/tiff", "heic": "image/heic",
         "zip": "application/zip", "dat": "application/ms-tnef"}  # fmt: skip
ZIP_DAY = (2026, 10, 20, 9, 30, 0)
TNEF, TNEF_KEY = 0x223E9F78, 0x1234


@dataclass(frozen=True)
class Attached:
    """A file as it is put into a mail."""

    name: str
    data: bytes

    @property
    def type(self) -> str:
        """The content type that an honest program declares."""
        return TYPES.get(self.name.rpartition(".")[2].lower(), "application/octet-stream")


@dataclass
class Envelope:
    """How a mail is sent: from whom, in reply to what, in which wrapping."""

    sender: str
    name: str
    subject: str
    reply_to: str = ""
    references: str = ""
    body: str = ""
    wrap: str = "plain"
    naming: str = "quoted"
    logo: bool = False
    more: list[tuple[str, str]] = field(default_factory=list)


WRAPS = (
    "plain",
    "inline",
    "octet-stream",
    "zip",
    "winmail.dat",
    "s/mime opaque",
    "s/mime clear",
    "forwarded",
    "related",
)
NAMINGS = ("quoted", "rfc2231", "rfc2047", "raw utf-8", "latin-1", "name only", "none", "windows path", "bidi")


def mail(envelope: Envelope, files: list[Attached], rng: Rng) -> bytes:
    """Give the bytes of a mail, lines ending in CRLF."""
    if envelope.wrap == "zip":
        files = [Attached("documenten.zip", zipped(files))]
    if envelope.wrap == "winmail.dat":
        files = [Attached("winmail.dat", winmail(files))]
    body = _part([("Content-Type", 'text/plain; charset="utf-8"'), ("Content-Transfer-Encoding", "base64")],
                 _base64(envelope.body.encode()))  # fmt: skip
    parts = [body, *(_file(one, envelope, rng) for one in files)]
    if envelope.logo:
        parts.append(_file(Attached("image001.png", logo(rng)), envelope, rng, inline=True))
    whole = _multipart("related" if envelope.wrap == "related" else "mixed", parts, rng)
    if envelope.wrap == "forwarded":
        inner = _headers(envelope, rng) + whole
        note = _part([("Content-Type", "text/plain; charset=us-ascii")], b"Zie bijgaand.\r\n")
        whole = _multipart("mixed", [note, _part([("Content-Type", "message/rfc822")], inner)], rng)
    if envelope.wrap.startswith("s/mime"):
        return _headers(envelope, rng) + _smime(whole, envelope)
    return _headers(envelope, rng) + whole


def _headers(envelope: Envelope, rng: Rng) -> bytes:
    day = f"{int(rng.integers(1, 28)):02d}"
    head = [
        ("From", f"{Header(envelope.name, 'utf-8').encode()} <{envelope.sender}>"),
        ("To", f"<{COACH}>"),
        ("Subject", Header(envelope.subject, "utf-8", maxlinelen=900).encode()),
        ("Date", f"{day} Oct 2026 1{int(rng.integers(10))}:2{int(rng.integers(10))}:00 +0200"),
        ("Message-ID", f"<{rng.bytes(12).hex()}@{envelope.sender.rpartition('@')[2]}>"),
        *([("In-Reply-To", envelope.reply_to)] if envelope.reply_to else []),
        *([("References", envelope.references)] if envelope.references else []),
        *envelope.more,
        ("MIME-Version", "1.0"),
    ]
    return "".join(f"{name}: {text}\r\n" for name, text in head).encode()


def _part(headers: list[tuple[str, str]], body: bytes) -> bytes:
    return "".join(f"{name}: {text}\r\n" for name, text in headers).encode("utf-8", "surrogateescape") + b"\r\n" + body


def _multipart(subtype: str, parts: list[bytes], rng: Rng) -> bytes:
    """Give a multipart with its Content-Type header in front."""
    mark = rng.bytes(12).hex().encode()
    lines = b"".join(b"--" + mark + b"\r\n" + part.rstrip(b"\r\n") + b"\r\n" for part in parts)
    return _part(
        [("Content-Type", f'multipart/{subtype}; boundary="{mark.decode()}"')], lines + b"--" + mark + b"--\r\n"
    )


def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def _file(one: Attached, envelope: Envelope, rng: Rng, *, inline: bool = False) -> bytes:
    inline = inline or envelope.wrap in {"inline", "related"}
    kind = "application/octet-stream" if envelope.wrap == "octet-stream" else one.type
    type_name, disposition_name = _named(one.name, envelope.naming)
    disposition = ("inline" if inline else "attachment") + disposition_name
    headers = [("Content-Type", kind + type_name), ("Content-Transfer-Encoding", "base64")]
    headers += [("Content-Disposition", disposition)] if not (envelope.naming == "none" and inline) else []
    headers += [("Content-ID", f"<{rng.bytes(6).hex()}@mail>")] if inline else []
    return _part(headers, _base64(one.data))


def _named(name: str, naming: str) -> tuple[str, str]:
    """Give the name's parameters for Content-Type and Content-Disposition, in the dialect asked for."""
    stem, _, ending = name.rpartition(".")
    fancy = f"{stem} \N{EN DASH} ondertekend (Zoë).{ending}"
    return {
        "quoted": (f'; name="{name}"', f'; filename="{name}"'),
        "rfc2231": ("", f"; filename*=utf-8''{quote(fancy)}"),
        "rfc2047": (f'; name="{Header(fancy, "utf-8", maxlinelen=900).encode()}"',
                    f'; filename="{Header(fancy, "utf-8", maxlinelen=900).encode()}"'),
        "raw utf-8": ("", f'; filename="{fancy}"'),
        "latin-1": ("", f'; filename="Zo\udceb getekend.{ending}"'),
        "name only": (f"; name={stem.replace(' ', '_')}.{ending}", ""),
        "none": ("", ""),
        "windows path": ("", f'; filename="C:\\\\Users\\\\mij\\\\Mijn documenten\\\\..\\\\{name}"'),
        "bidi": ("", f"; filename*=utf-8''{quote(stem + chr(0x202E) + 'fdp.' + ending)}"),
    }[naming]  # fmt: skip


def zipped(files: list[Attached]) -> bytes:
    """Pack files, in a folder, as right-clicking does."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, one in enumerate(files):
            archive.writestr(zipfile.ZipInfo(f"documenten/{number}-{one.name}", ZIP_DAY), one.data)
        archive.writestr(zipfile.ZipInfo("__MACOSX/documenten/._scan", ZIP_DAY), b"\0\x05\x16\x07")
    return packed.getvalue()


def winmail(files: list[Attached]) -> bytes:
    """Wrap files as Outlook does in its own format (MS-OXTNEF)."""
    found = struct.pack("<IH", TNEF, TNEF_KEY)
    found += _attribute(1, 0x00089006, struct.pack("<I", 0x00010000))  # attTnefVersion
    found += _attribute(1, 0x00069007, struct.pack("<II", 1252, 0))  # attOemCodepage
    for one in files:
        found += _attribute(2, 0x00069002, struct.pack("<HIHHI", 1, 0xFFFFFFFF, 32, 32, 0))  # attAttachRendData
        found += _attribute(2, 0x00018010, one.name.encode("cp1252", "replace") + b"\0")  # attAttachTitle
        found += _attribute(2, 0x0006800F, one.data)  # attAttachData
    return found


def _attribute(level: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def _smime(whole: bytes, envelope: Envelope) -> bytes:
    """Sign the whole content: opaque (all inside p7m) or clear (a signature beside it)."""
    key, certificate = own_certificate(envelope.name)
    assert isinstance(certificate, x509.Certificate)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(whole).add_signer(certificate, key, hashes.SHA256())
    if envelope.wrap == "s/mime clear":
        return _clear(whole, builder)
    signed = builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
    head = [("Content-Type", 'application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"'),
            ("Content-Transfer-Encoding", "base64"),
            ("Content-Disposition", 'attachment; filename="smime.p7m"')]  # fmt: skip
    return _part(head, _base64(signed))


def _clear(whole: bytes, builder: pkcs7.PKCS7SignatureBuilder) -> bytes:
    options = [pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.DetachedSignature]
    head = [("Content-Type", 'application/pkcs7-signature; name="smime.p7s"'),
            ("Content-Transfer-Encoding", "base64")]  # fmt: skip
    signature = _part(head, _base64(builder.sign(serialization.Encoding.DER, options)))
    mark = b"smime-5b1c2a77e0"
    lines = b"--" + mark + b"\r\n" + whole + b"\r\n--" + mark + b"\r\n" + signature + b"--" + mark + b"--\r\n"
    kind = 'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="' + mark.decode() + '"'
    return _part([("Content-Type", kind)], lines)


def logo(rng: Rng) -> bytes:
    """Draw a picture as stands below mails: not a page of ours."""
    picture = np.full((90, 320, 3), 255, np.uint8)
    colour = tuple(int(v) for v in rng.integers(30, 200, 3))
    cv2.circle(picture, (45, 45), 32, colour, -1, cv2.LINE_AA)
    cv2.rectangle(picture, (100, 35), (300, 52), colour, -1)
    saved = io.BytesIO()
    Image.fromarray(picture).save(saved, "PNG")
    return saved.getvalue()


def message_id(paper: Paper) -> str:
    """Give the Message-ID of the mail in which a paper was sent."""
    return f"<{paper.token}@{COACH.rpartition('@')[2]}>"


def quoted(paper: Paper) -> str:
    """Give our own mail as it stands quoted below an answer."""
    lines = ["Bij deze mail vindt u mijn offerte en de verklaring.", "", f"Kenmerk {paper.dossier}",
             "Antwoord ja of nee en onderteken.", "Met vriendelijke groet,", "Marjan Vermeer"]  # fmt: skip
    return f"\n\nOp 5 okt. 2026 schreef Praktijk De Linde <{COACH}>:\n" + "\n".join(f"> {line}" for line in lines)


def bounce(paper: Paper, dialect: str, rng: Rng) -> bytes:
    """Give the report that our mail did not arrive, with our own form in it."""
    ours = _part([("From", f"Praktijk De Linde <{COACH}>"), ("To", f"<{paper.email}>"), ("Subject", "Uw offerte"),
                  ("Message-ID", message_id(paper)), ("X-Pipeline-Token", paper.token),
                  ("Auto-Submitted", "auto-generated"), ("MIME-Version", "1.0")], b"").rstrip(b"\r\n")  # fmt: skip
    body = _multipart("mixed", [
        _part([("Content-Type", "text/plain; charset=utf-8")], b"In de bijlage vindt u de stukken.\r\n"),
        _file(Attached(paper.file, paper.printed.data), Envelope("", "", ""), rng),
    ], rng)  # fmt: skip
    original = ours + b"\r\n" + body
    said = _part([("Content-Type", "text/plain; charset=us-ascii")],
                 b"The mail system could not deliver your message.\r\n\r\n"
                 + f"<{paper.email}>: 550 5.1.1 user unknown\r\n".encode())  # fmt: skip
    report = (
        b"Reporting-MTA: dns; mx.mail.example\r\n\r\nFinal-Recipient: rfc822; "
        + f"{paper.email}\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown\r\n".encode()
    )
    parts = [said, _part([("Content-Type", "message/delivery-status")], report)] if dialect == "rfc3464" else [said]
    parts.append(_part([("Content-Type", "message/rfc822")], original))
    whole = _multipart('report; report-type="delivery-status"' if dialect == "rfc3464" else "mixed", parts, rng)
    envelope = Envelope("mailer-daemon@mx.mail.example", "Mail Delivery System", "Undelivered Mail Returned to Sender")
    envelope.more = [("Return-Path", "<>")] + ([("Auto-Submitted", "auto-replied")] if dialect == "rfc3464" else [])
    return _headers(envelope, rng) + whole


def away(paper: Paper, sender: str, name: str, rng: Rng, *, form: bool, header: bool) -> bytes:
    """Give an out-of-office answer; some programs put our whole mail below it, with its form."""
    envelope = Envelope(sender, name, "Automatisch antwoord: uw offerte", reply_to=message_id(paper))
    envelope.body = "Ik ben afwezig tot en met 2 november. Ja, uw bericht lees ik daarna.\n" + quoted(paper)
    envelope.more = [("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")] if header else []
    files = [Attached(paper.file, paper.printed.data)] if form else []
    return mail(envelope, files, rng)
