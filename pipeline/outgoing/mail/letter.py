"""One outgoing mail as bytes, and the check that finished bytes say exactly what was planned.

Pure. The bytes are made once and frozen; every attempt sends the same. Headers are few and known: nothing of a client
file reaches one. Plain text and HTML side by side (RFC 2046), attachments named by their reference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from pipeline.model import OWN_HEADER
from pipeline.outgoing.mail.calendar import neutral

# The longest Message-ID (a domain of 253 characters) stays on its line: folded, some readers lose it.
WIRE = policy.SMTP.clone(max_line_length=400)
CALENDAR, PDF = ".ics", ".pdf"
TYPES = {"pdf": "application/pdf", "ics": "application/ics", "xml": "application/xml"}
"""How a file is declared, by the ending of its name."""


@dataclass(frozen=True)
class LetterPlan:
    """What a mail must be: `attachments` is file name → (document fingerprint, sha256 of its bytes).

    `answers` is the Message-ID of the earlier mail of ours that this one is shown under, empty for none. With a
    `password` the documents travel locked, and the hashes are those of what must be inside.
    """

    token: str
    message_id: str
    sender: str
    recipient: str
    subject: str
    attachments: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    answers: str = ""
    password: str = field(default="", repr=False)

    @property
    def locks(self) -> bool:
        """Whether something of it travels locked: only a PDF can."""
        return bool(self.password) and any(name.endswith(PDF) for name in self.attachments)

    @property
    def threading(self) -> dict[str, str]:
        """The headers that put it under an earlier mail (RFC 5322, 3.6.4)."""
        return {"In-Reply-To": self.answers, "References": self.answers} if self.answers else {}


def make(plan: LetterPlan, sender_name: str, at: datetime, texts: tuple[str, str], files: Mapping[str, bytes]) -> bytes:
    """Give the mail's bytes, lines ending in CRLF; `texts` are the plain text and the HTML."""
    letter = EmailMessage(policy=WIRE)
    letter["From"] = Address(sender_name, addr_spec=plan.sender)
    letter["To"] = Address(addr_spec=plan.recipient)
    letter["Subject"] = plan.subject
    letter["Date"] = format_datetime(at)
    letter["Message-ID"] = plan.message_id
    letter["Auto-Submitted"] = "auto-generated"
    letter[OWN_HEADER] = plan.token
    for header, text in plan.threading.items():
        letter[header] = text
    letter.set_content(texts[0], cte="quoted-printable")
    letter.add_alternative(texts[1], subtype="html", cte="quoted-printable")
    for name, data in files.items():
        if name.endswith(CALENDAR):
            _show_in_calendar(letter, data)
    for name, data in files.items():
        maintype, _, subtype = TYPES[name.rpartition(".")[2]].partition("/")
        letter.add_attachment(data, maintype=maintype, subtype=subtype, filename=name)
    _fix_boundaries(letter, plan.token)
    return letter.as_bytes()


def _show_in_calendar(letter: EmailMessage, data: bytes) -> None:
    """Put an invitation beside the texts, where calendars look for it (RFC 6047); the file is attached as well."""
    cancels = b"\r\nMETHOD:CANCEL\r\n" in data
    letter.add_alternative(data, "text", "calendar", cte="base64")
    part = list(letter.iter_parts())[-1]
    part.set_param("charset", "utf-8")
    part.set_param("method", "CANCEL" if cancels else "REQUEST")


def _fix_boundaries(letter: EmailMessage, token: str) -> None:
    """Give every multipart a boundary that follows from the token, so that the same mail is the same bytes."""
    for number, part in enumerate(part for part in letter.walk() if part.is_multipart()):
        part.set_boundary(f"={token}={number}=")


def _as_it_is(data: bytes) -> bytes:
    return data


def differences(
    data: bytes,
    plan: LetterPlan,
    fingerprint: Callable[[bytes], str],
    inside: Callable[[bytes], bytes] = _as_it_is,
) -> list[str]:
    """Give how a finished mail differs from its plan; an empty list is the only thing that may be sent.

    `fingerprint` reads our name for a document out of its PDF; `inside` takes the document out of a locked one.
    """
    letter = message_from_bytes(data, policy=policy.default)
    expected = {
        "From": plan.sender,
        "To": plan.recipient,
        "Subject": plan.subject,
        "Message-ID": plan.message_id,
        "Auto-Submitted": "auto-generated",
        OWN_HEADER: plan.token,
        **plan.threading,
    }
    found = [f"the header {name} is not as planned" for name, text in expected.items() if _said(letter, name) != text]
    allowed = {*(name.lower() for name in expected), "date", "mime-version", "content-type"}
    found += [f"the header {name} is not planned" for name in letter if name.lower() not in allowed]
    found += [f"the header {name} stands there twice" for name in set(letter) if len(letter.get_all(name, [])) > 1]
    return found + _attached(letter, plan, fingerprint, inside)


def _said(letter: EmailMessage, name: str) -> str:
    """Give a header's text; of an address header the one address, which must be the only one."""
    header = letter[name]
    if name in {"From", "To"} and header is not None:
        return header.addresses[0].addr_spec if len(header.addresses) == 1 else ""
    return "" if header is None else str(header)


def _attached(
    letter: EmailMessage, plan: LetterPlan, fingerprint: Callable[[bytes], str], inside: Callable[[bytes], bytes]
) -> list[str]:
    """Look at every leaf: one plain text, one HTML, and the documents that were planned, each in its own bytes."""
    leaves = [part for part in letter.walk() if not part.is_multipart()]
    shown = [part for part in leaves if part.get_content_disposition() is None]
    texts = [part.get_content_type() for part in shown]
    parts = [part for part in leaves if part.get_content_disposition() is not None]
    names = [part.get_filename() or "" for part in parts]
    calendars = [sha256 for name, (_, sha256) in plan.attachments.items() if name.endswith(CALENDAR)]
    wanted = ["text/plain", "text/html", *("text/calendar" for _ in calendars)]
    if texts != wanted or sorted(names) != sorted(plan.attachments):
        return ["the texts and attachments are not those that were planned"]
    found: list[str] = []
    if [_sha256(part) for part in shown[2:]] != calendars:
        found.append("the invitation is not the one that was written")
    for name, part in zip(names, parts, strict=True):
        carried = part.get_payload(decode=True)
        data = inside(carried) if isinstance(carried, bytes) else b""
        document, sha256 = plan.attachments[name]
        if hashlib.sha256(data).hexdigest() != sha256:
            found.append(f"{name} is not the document that was written")
        elif document and fingerprint(data) != document:
            found.append(f"{name} is another document inside")
    return found


def _sha256(part: EmailMessage) -> str:
    carried = part.get_payload(decode=True)
    return hashlib.sha256(carried if isinstance(carried, bytes) else b"").hexdigest()


@dataclass(frozen=True)
class Readable:
    """What anybody on the way can read of a mail: its texts by the place where they stand, and its attachments.

    `calendar` is the invitation among its texts.
    """

    texts: dict[str, str]
    attachments: dict[str, bytes]
    calendar: bytes = b""


OURS = {"date", "mime-version", "content-type", "content-transfer-encoding"}
"""Headers that say how a mail is made, of whose values none comes from a template or a file."""


def plain_text(data: bytes) -> str:
    """Give the plain text of a mail of ours."""
    body = message_from_bytes(data, policy=policy.default).get_body(("plain",))
    return str(body.get_content()).replace("\r\n", "\n") if isinstance(body, EmailMessage) else ""


def readable(data: bytes) -> Readable:
    """Take a mail apart as whoever passes it on could: every header, every text, every attachment with its name."""
    letter = message_from_bytes(data, policy=policy.default)
    texts = {}
    for number, (name, value) in enumerate(letter.items()):
        if name.lower() not in OURS:
            texts[f"header {name} {number}" if name.lower() not in {"subject", "to"} else name.lower()] = str(value)
    attachments, calendar = {}, b""
    for number, part in enumerate(part for part in letter.walk() if not part.is_multipart()):
        carried = part.get_payload(decode=True)
        if part.get_content_disposition() is None and part.get_content_subtype() == "calendar":
            calendar = carried if isinstance(carried, bytes) else b""
            texts |= {f"calendar {name}": text for name, text in neutral(calendar).items()}
        elif part.get_content_disposition() is None and part.get_content_maintype() == "text":
            place = "html" if part.get_content_subtype() == "html" else "text"
            texts[place] = texts.get(place, "") + str(part.get_content())
        else:
            name = part.get_filename() or str(number)
            texts[f"file {number}"] = f"{name} {part['Content-Description'] or ''} {part['Content-Type']}"
            attachments[name] = carried if isinstance(carried, bytes) else b""
    return Readable(texts, attachments, calendar)
