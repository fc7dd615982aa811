r"""FETCH: what a client asks of a mail, and the octets of the answer.

Takes in tokens and mails, leaves behind bytes; whether \\Seen gets set is told to the caller, not done here
(RFC 3501 sections 6.4.5 and 7.4.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.sandbox.dates import write_moment
from pipeline.sandbox.mime import Part, parse
from pipeline.sandbox.sections import Section, parse_section
from pipeline.sandbox.structure import body_structure, envelope
from pipeline.sandbox.wire import BadSyntaxError, Token, Word, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipeline.sandbox.mails import Mail

_MACROS = {
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"),
}
_OLD_NAMES = {
    "RFC822": (Section((), "", frozenset()), True),
    "RFC822.HEADER": (Section((), "HEADER", frozenset()), False),
    "RFC822.TEXT": (Section((), "TEXT", frozenset()), True),
}
_BODY = re.compile(
    r"BODY(?P<peek>\.PEEK)?\[(?P<section>.*)\](?:<(?P<start>\d{1,10})\.(?P<count>\d{1,10})>)?", re.IGNORECASE
)


@dataclass
class Fetched:
    """One mail in the making of an answer: its octets are read and its parts found at most once."""

    mail: Mail
    recent: bool
    read: Callable[[Mail], bytes]

    @cached_property
    def raw(self) -> bytes:
        """The octets of the mail."""
        return self.read(self.mail)

    @cached_property
    def part(self) -> Part:
        """The mail as a tree of parts."""
        return parse(self.raw)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing asked for: its label in the answer, how it is made, whether it marks the mail as read."""

    label: bytes
    make: Callable[[Fetched], bytes]
    sets_seen: bool = False


def parse_items(token: Token) -> list[Item]:
    """Read the items of a FETCH command; raises BadSyntaxError on what is none."""
    if isinstance(token, Word) and token.keyword in _MACROS:
        return [_SIMPLE[name] for name in _MACROS[token.keyword]]
    words = token if isinstance(token, list) else [token]
    items: dict[bytes, Item] = {}
    for word in words:
        item = _parse_item(word)
        items.setdefault(item.label, item)
    if not items:
        message = "FETCH list is empty"
        raise BadSyntaxError(message)
    return list(items.values())


def _parse_item(word: Token) -> Item:
    if not isinstance(word, Word):
        message = "FETCH list contains non-atoms"
        raise BadSyntaxError(message)
    name = word.keyword
    if name in _SIMPLE:
        return _SIMPLE[name]
    if name in _OLD_NAMES:
        section, sets_seen = _OLD_NAMES[name]
        return Item(name.encode(), lambda fetched: _octets(section, fetched), sets_seen)
    body = _BODY.fullmatch(word.value.decode("ascii", "replace")) if name else None
    if body is None:
        message = "Unknown FETCH item"
        raise BadSyntaxError(message)
    return _body_item(body)


def _body_item(body: re.Match[str]) -> Item:
    section = parse_section(body["section"])
    label = b"BODY[%b]" % body["section"].upper().encode()
    if body["start"] is None:
        return Item(label, lambda fetched: _octets(section, fetched), not body["peek"])
    start, count = int(body["start"]), int(body["count"])
    if not count:
        message = "Invalid partial: zero octets"
        raise BadSyntaxError(message)
    part = slice(start, start + count)
    return Item(label + b"<%d>" % start, lambda fetched: _octets(section, fetched, part), not body["peek"])


_WHOLE = slice(None)


def _octets(section: Section, fetched: Fetched, part: slice = _WHOLE) -> bytes:
    return literal(section.octets(fetched.part)[part])


def answer(sequence: int, fetched: Fetched, items: Iterable[Item]) -> bytes:
    """Write the FETCH response of one mail."""
    pairs = b" ".join(item.label + b" " + item.make(fetched) for item in items)
    return b"* %d FETCH (%b)\r\n" % (sequence, pairs)


def flag_list(flags: Iterable[str]) -> bytes:
    """Write flags in parentheses."""
    return b"(" + " ".join(sorted(flags)).encode() + b")"


def _flags(fetched: Fetched) -> bytes:
    return flag_list([*fetched.mail.flags, "\\Recent"] if fetched.recent else fetched.mail.flags)


FLAGS = Item(b"FLAGS", _flags)
UID = Item(b"UID", lambda fetched: b"%d" % fetched.mail.uid)
_SIMPLE = {
    "FLAGS": FLAGS,
    "UID": UID,
    "INTERNALDATE": Item(b"INTERNALDATE", lambda fetched: write_moment(fetched.mail.received)),
    "RFC822.SIZE": Item(b"RFC822.SIZE", lambda fetched: b"%d" % fetched.mail.size),
    "ENVELOPE": Item(b"ENVELOPE", lambda fetched: envelope(fetched.part.fields)),
    "BODY": Item(b"BODY", lambda fetched: body_structure(fetched.part, extended=False)),
    "BODYSTRUCTURE": Item(b"BODYSTRUCTURE", lambda fetched: body_structure(fetched.part, extended=True)),
}
