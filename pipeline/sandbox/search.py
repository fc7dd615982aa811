"""SEARCH: criteria in, a test for one mail out.

Pure; takes in tokens, leaves behind a predicate over `Candidate`s (RFC 3501 section 6.4.4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from pipeline.sandbox.dates import parse_date
from pipeline.sandbox.fetch import Fetched
from pipeline.sandbox.sequences import MAX_NUMBER, parse_set, pick
from pipeline.sandbox.text import body_text, fold, header_text, sent_date
from pipeline.sandbox.wire import BadSyntaxError, Token, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

CHARSETS = {"US-ASCII": "ascii", "UTF-8": "utf-8"}
MAX_DEPTH = 100
"""How deep NOT and OR may nest."""


@dataclass
class Candidate(Fetched):
    """One mail while it is looked at.

    What costs time is worked out once, and only if a criterion needs it.
    """

    sequence: int

    @cached_property
    def flags(self) -> frozenset[str]:
        """The flags in lower case: keywords compare without regard to case."""
        return frozenset(flag.lower() for flag in self.mail.flags)

    @cached_property
    def header(self) -> str:
        """The whole header, decoded and folded for comparing."""
        return header_text(self.part.header)

    @cached_property
    def body(self) -> str:
        """All text of the body, decoded and folded for comparing."""
        return body_text(self.part)


Test: TypeAlias = Callable[[Candidate], bool]


class UnknownCharsetError(Exception):
    """The client searches in a character set this server does not know."""


def parse_search(tokens: Sequence[Token], uids: Sequence[int]) -> Test:
    """Read the arguments of a SEARCH command; `uids` are those of the mailbox, in sequence order.

    Raises BadSyntaxError, or UnknownCharsetError.
    """
    charset = "utf-8"
    if len(tokens) > 1 and isinstance(tokens[0], Word) and tokens[0].keyword == "CHARSET":
        charset = _charset(tokens[1])
        tokens = tokens[2:]
    return _Parser(list(tokens), uids, charset).all(0)


def _charset(token: Token) -> str:
    name = token.value.decode("ascii", "replace").upper() if isinstance(token, Word) else ""
    if name not in CHARSETS:
        raise UnknownCharsetError
    return CHARSETS[name]


class _Parser:
    """Takes criteria off the front of the tokens until none is left."""

    def __init__(self, tokens: list[Token], uids: Sequence[int], charset: str) -> None:
        self._tokens = tokens
        self._at = 0
        self._uids = uids
        self._charset = charset

    def all(self, depth: int) -> Test:
        tests = []
        while self._at < len(self._tokens):
            tests.append(self._one(depth))
        if not tests:
            message = "Missing search parameters"
            raise BadSyntaxError(message)
        return lambda mail: all(test(mail) for test in tests)

    def _next(self) -> Token:
        if self._at >= len(self._tokens):
            message = "Missing argument"
            raise BadSyntaxError(message)
        self._at += 1
        return self._tokens[self._at - 1]

    def _one(self, depth: int) -> Test:
        token = self._next()
        if depth > MAX_DEPTH:
            message = "Search too deeply nested"
            raise BadSyntaxError(message)
        if isinstance(token, list):
            return _Parser(token, self._uids, self._charset).all(depth + 1)
        name = token.keyword
        if name in _PLAIN:
            return _PLAIN[name]
        if name == "NOT":
            inner = self._one(depth + 1)
            return lambda mail: not inner(mail)
        if name == "OR":
            first, second = self._one(depth + 1), self._one(depth + 1)
            return lambda mail: first(mail) or second(mail)
        if name.lower() in _WITH_TEXT or name in {"HEADER", "BODY", "TEXT"}:
            return self._textual(name)
        return self._valued(name)

    def _textual(self, name: str) -> Test:
        field = self._bytes().lower() if name == "HEADER" else name.lower().encode()
        needle = fold(self._text())
        if name == "BODY":
            return lambda mail: needle in mail.body
        if name == "TEXT":
            return lambda mail: needle in mail.header or needle in mail.body
        return lambda mail: any(needle in header_text(value) for value in mail.part.fields.all(field))

    def _valued(self, name: str) -> Test:
        if name in {"KEYWORD", "UNKEYWORD"}:
            flag, present = self._bytes().decode("ascii", "replace").lower(), name == "KEYWORD"
            return lambda mail: (flag in mail.flags) == present
        if name in {"LARGER", "SMALLER"}:
            size = self._number()
            return lambda mail: mail.mail.size > size if name == "LARGER" else mail.mail.size < size
        if name == "UID":
            text = self._bytes().decode("ascii", "replace")
            uids = frozenset(pick(self._uids, parse_set(text, self._uids[-1] if self._uids else 0)))
            return lambda mail: mail.mail.uid in uids
        if name in _DATES:
            return self._dated(name)
        return self._sequence(name)

    def _sequence(self, name: str) -> Test:
        if not name or name[0] not in "0123456789*":
            message = "Unknown argument " + (name if name.isalnum() else "")
            raise BadSyntaxError(message.rstrip())
        # A number beyond the last message finds nothing and is no error: so do the servers in use.
        present = range(1, len(self._uids) + 1)
        numbers = frozenset(pick(present, parse_set(name, len(self._uids))))
        return lambda mail: mail.sequence in numbers

    def _dated(self, name: str) -> Test:
        wanted = parse_date(self._bytes().decode("ascii", "replace"))
        compare = _DATES[name]
        if not name.startswith("SENT"):
            return lambda mail: compare(mail.mail.received.date(), wanted)

        def sent(mail: Candidate) -> bool:
            found = sent_date(mail.part.fields)
            return found is not None and compare(found, wanted)

        return sent

    def _number(self) -> int:
        value = self._bytes()
        if not value.isdigit() or len(value) > len(str(MAX_NUMBER)):
            message = "Invalid number"
            raise BadSyntaxError(message)
        return int(value)

    def _bytes(self) -> bytes:
        token = self._next()
        if not isinstance(token, Word):
            message = "Invalid search argument"
            raise BadSyntaxError(message)
        return token.value

    def _text(self) -> str:
        try:
            return self._bytes().decode(self._charset)
        except UnicodeDecodeError as error:
            message = "Search text is not in the given charset"
            raise BadSyntaxError(message) from error


def _flag(name: str, *, present: bool = True) -> Test:
    return lambda mail: (name in mail.flags) == present


_PLAIN: dict[str, Test] = {
    "ALL": lambda _: True,
    "NEW": lambda mail: mail.recent and "\\seen" not in mail.flags,
    "OLD": lambda mail: not mail.recent,
    "RECENT": lambda mail: mail.recent,
}
for _name in ("ANSWERED", "DELETED", "DRAFT", "FLAGGED", "SEEN"):
    _PLAIN[_name] = _flag("\\" + _name.lower())
    _PLAIN["UN" + _name] = _flag("\\" + _name.lower(), present=False)

_WITH_TEXT = frozenset({"bcc", "cc", "from", "subject", "to"})
_DATES: dict[str, Callable[[date, date], bool]] = {
    "BEFORE": date.__lt__,
    "ON": date.__eq__,
    "SINCE": date.__ge__,
    "SENTBEFORE": date.__lt__,
    "SENTON": date.__eq__,
    "SENTSINCE": date.__ge__,
}
