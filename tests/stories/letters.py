"""A mail as somebody finds it in her mailbox: what it says, and which documents of ours it carries.

Takes the bytes of a mail; leaves words for it. A document is called by its kind and version, as `report v2`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pikepdf
import pypdfium2

from pipeline.model import Kind

DOCUMENT = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-(\d+)-v(\d+)(-countersigned)?\.(pdf|ics|xml)")
KINDS = {kind.number: str(kind) for kind in Kind}


@dataclass(frozen=True)
class Received:
    """A mail in a mailbox."""

    raw: bytes

    @property
    def letter(self) -> EmailMessage:
        """The mail, read."""
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def date(self) -> datetime:
        """When it was written."""
        return parsedate_to_datetime(str(self.letter["Date"]))

    @property
    def subject(self) -> str:
        """What it is about."""
        return str(self.letter["Subject"])

    @property
    def text(self) -> str:
        """What it says."""
        body = self.letter.get_body(("plain",))
        assert isinstance(body, EmailMessage)
        return str(body.get_content()).replace("\r\n", "\n")

    @property
    def readable(self) -> bytes:
        """What anybody on the way can read of it: its subject, its words, and its files as they are."""
        texts = [part.get_payload(decode=True) for part in self.letter.walk() if not part.is_multipart()]
        return b"\n".join([self.subject.encode(), *(data for data in texts if isinstance(data, bytes))])

    @property
    def files(self) -> dict[str, bytes]:
        """What is attached, by its name."""
        found = {}
        for part in self.letter.iter_attachments():
            data = part.get_payload(decode=True)
            assert isinstance(data, bytes)
            found[str(part.get_filename())] = data
        return found

    @property
    def carries(self) -> str:
        """The documents that it carries; of a mail without any how its subject begins."""
        return ", ".join(called(self.files)) or self.subject.partition(" van ")[0].partition(" voor ")[0]

    def document(self, name: str) -> bytes:
        """Give the document that is called so, as `report v2`."""
        return dict(zip(called(self.files), self.files.values(), strict=True))[name]


def words(pdf: bytes) -> str:
    """Give what a PDF says."""
    with pypdfium2.PdfDocument(pdf) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def inside(pdf: bytes) -> set[str]:
    """Give the names of the files inside a PDF."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return set(document.attachments)


def called(files: Iterable[str]) -> list[str]:
    """Call each file by the document that it is: `report v2`; a file that is none of ours by its name."""
    return [_called(name) for name in files]


def _called(name: str) -> str:
    found = DOCUMENT.fullmatch(name)
    if found is None:
        return name
    more = " countersigned" if found[3] else " as xml" if found[4] == "xml" else ""
    return f"{KINDS[int(found[1])]} v{found[2]}{more}"
