"""What a server tells of folders and messages, as plain values; texts of strangers in it are bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from itertools import pairwise
from typing import Any

from imapclient import imap_utf7

Part = tuple[str, str, int]
"""A part of a mail: its type in lower case, its name, its size as sent."""

FIELDS = (
    "From", "Sender", "Reply-To", "Return-Path", "Subject", "In-Reply-To", "References", "Content-Type", "List-Id",
    "List-Unsubscribe", "Precedence",
)  # fmt: skip
LONGEST_HEADER = 20_000
MOST_PARTS = 20_000
NAMES = {"name", "filename"}
NEVER_OPENED = {"\\noselect", "\\nonexistent"}


@dataclass(frozen=True)
class Folder:
    r"""A folder of the account: `uses` are its special uses and attributes in lower case (`\sent`, `\noselect`).

    `last` is the last part of its name.
    """

    name: str
    uses: frozenset[str]
    last: str

    @property
    def can_be_opened(self) -> bool:
        """Tell whether it holds mail itself, and not only other folders."""
        return not self.uses & NEVER_OPENED


@dataclass(frozen=True)
class State:
    """How far a folder is numbered; `next_uid` is None when the server does not say."""

    uidvalidity: int
    next_uid: int | None


@dataclass(frozen=True)
class Glimpse:
    """What is known of a message before it is downloaded; `headers` (names in lower case) is None if unreadable."""

    uid: int
    size: int
    internal_date: datetime | None
    headers: dict[str, str] | None = field(default_factory=dict)


def folder(flags: tuple[Any, ...], delimiter: Any, name: Any) -> Folder | None:
    """Read one line of a LIST; None for a name that cannot be written back as it came."""
    raw = str(name).encode() if isinstance(name, int) else name
    try:
        text = str(imap_utf7.decode(raw))
        if imap_utf7.encode(text) != raw:
            return None
    except (UnicodeError, ValueError, TypeError):
        return None
    parts = text.split(delimiter.decode("ascii", "replace")) if delimiter else [text]
    return Folder(text, frozenset(one.decode("ascii", "replace").lower() for one in flags), parts[-1])


def glimpse(uid: int, told: dict[bytes, Any]) -> Glimpse | None:
    """Read what was fetched of one message; None for news about another that the server volunteered."""
    headers = next((value for key, value in told.items() if key.startswith(b"BODY[HEADER")), None)
    size = told.get(b"RFC822.SIZE")
    if not isinstance(size, int) or not isinstance(headers, bytes):
        return None
    return Glimpse(uid, size, _aware(told.get(b"INTERNALDATE")), header_fields(headers))


def _aware(date: Any) -> datetime | None:
    try:
        return date.astimezone(UTC) if isinstance(date, datetime) else None
    except (ValueError, OverflowError):  # a time zone of more than a day
        return None


def header_fields(raw: bytes) -> dict[str, str]:
    """Read a block of headers, unfolded, names in lower case; of a header that is there twice both, on two lines."""
    found: dict[str, str] = {}
    for line in re.sub(rb"\r?\n(?=[ \t])", b"", raw).splitlines():
        name, colon, text = line[:LONGEST_HEADER].partition(b":")
        if colon:
            key, value = name.strip().decode("ascii", "replace").lower(), text.strip().decode("utf-8", "replace")
            found[key] = f"{found[key]}\n{value}" if key in found else value
    return found


def decoded(text: str) -> str:
    """Give a header's text as it is read, encoded words decoded as far as they can be."""
    if "=?" not in text:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, ValueError, LookupError):
        return text


def parts(structure: Any) -> tuple[Part, ...]:
    """Give the parts that hold something, from a BODYSTRUCTURE; a mail within the mail is one part."""
    return tuple(_leaf(leaf) for leaf in _leaves(structure))


def _leaves(structure: Any) -> Iterator[Any]:
    waiting, seen = [structure], 0
    while waiting and seen < MOST_PARTS:
        seen += 1
        body = waiting.pop()
        if not isinstance(body, tuple) or not body:
            continue
        if isinstance(body[0], list):
            waiting.extend(body[0])
        elif isinstance(body[0], tuple):
            waiting.extend(part for part in body if isinstance(part, tuple))
        else:
            yield body


def _leaf(body: tuple[Any, ...]) -> Part:
    kind = "/".join(_text(one).lower() for one in body[:2])
    size = body[6] if len(body) > 6 and isinstance(body[6], int) else 0
    names = (decoded(_text(value)) for key, value in _pairs(body) if _text(key).lower().split("*")[0] in NAMES)
    return kind, next(names, "")[:LONGEST_HEADER], size


def _pairs(body: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    """Give everything that can be a parameter and its value, of the part and of its disposition."""
    for group in body[2:]:
        if isinstance(group, tuple):
            yield from pairwise(group)
            for inner in group:
                if isinstance(inner, tuple):
                    yield from pairwise(inner)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""
