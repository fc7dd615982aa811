"""The nouns of the road in: a mail as it was read, what kind of mail it is, and how sure we are of its sender."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True)
class File:
    """One file in a mail. `name` is the sender's, cleaned, for showing only; `path` is what it was unpacked from.

    `type` is the declared content type, in lower case; `path` has "zip", "winmail.dat", "s/mime", "forwarded", or
    "returned" for what a bounce or receipt brings back of a mail of ours.
    """

    name: str
    type: str
    data: bytes
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mail:
    """A mail as it was read; every text is decoded and bounded, nothing in it is believed.

    `sender` is the one address of From in lower case, empty when there is not exactly one. Message-IDs keep their angle
    brackets. `text` is the plain text, or that of the HTML; `html_text` is that of the HTML where it is not in `text`:
    a plain text can be a stub and the HTML the letter. `unread` names what could not be unpacked, each with a word of
    `pipeline.words`. `reports` is (type, text) of each machine-readable report in it, `returned` the headers of
    each mail within it.
    """

    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    sender: str = ""
    sender_name: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    files: tuple[File, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    size: int = 0
    reports: tuple[tuple[str, str], ...] = ()
    returned: tuple[tuple[tuple[str, str], ...], ...] = ()
    html_text: str = ""

    def header(self, name: str) -> list[str]:
        """Give every header called `name`, topmost first."""
        return [text for key, text in self.headers if key.lower() == name.lower()]


@dataclass(frozen=True)
class Bounce:
    """A report about delivery (RFC 3464): of which mails, for whom, for good or for now."""

    message_ids: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    permanent: bool = True
    said: str = ""


class Standing(StrEnum):
    """How sure the sender is (RFC 8601): authenticated by our own provider, contradicted by it, or not proven."""

    AUTHENTICATED = "authenticated"
    UNPROVEN = "unproven"
    FAILED = "failed"


@dataclass(frozen=True)
class Page:
    """The code read on a page of a file: `file` and `at` count from 0, the rest is what the code says, checked."""

    file: int
    at: int
    dossier: str
    kind: str
    version: int
    page: int
    pages: int


@dataclass(frozen=True)
class Correspondent:
    """Somebody we wrote to: the address of a party of a dossier."""

    dossier: str
    party: str


@dataclass(frozen=True)
class Sent:
    """A mail of ours that can be answered; `purpose` is why it went, `round` which one of that purpose it is."""

    token: str
    message_id: str
    dossier: str
    revision: int
    party: str
    recipient: str
    subject: str
    purpose: str = ""
    round: int = 0


@dataclass(frozen=True)
class Known:
    """What is known when a mail is matched: our mails by token, and who has which address."""

    sent: dict[str, Sent] = field(default_factory=dict)
    addresses: dict[str, tuple[Correspondent, ...]] = field(default_factory=dict)
