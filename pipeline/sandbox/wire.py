"""The words of IMAP: bytes of a command in, tokens out, and how values are written back.

Takes in one command as its text pieces and literals, leaves behind a tree of words; knows nothing of sockets
or mail. The grammar is RFC 3501 section 9, read a little more generously than written where servers in use do
the same.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_DEPTH = 40

_ATOM = re.compile(rb'\[|[^\x00-\x20\x7f-\xff(){"\[]+')
_SECTION = re.compile(rb"\[[^\x00-\x1f\x7f-\xff\]]*\]")
_QUOTED = re.compile(rb'"((?:[^"\\\x00\r\n]|\\["\\])*)"')
_PLAIN = re.compile(rb"[\x20-\x7e]*")
_ENDS_WORD = b" ()"


class BadSyntaxError(Exception):
    """The command cannot be read; the text is fit for a BAD response."""


class Kind(enum.Enum):
    """How a word stood on the wire; only APPEND and a few keywords care."""

    ATOM = enum.auto()
    QUOTED = enum.auto()
    LITERAL = enum.auto()


@dataclass(frozen=True, slots=True)
class Word:
    """One atom, quoted string or literal, its quoting taken off."""

    value: bytes
    kind: Kind = Kind.ATOM

    @property
    def keyword(self) -> str:
        """The word in upper case, or nothing when it is not an atom: protocol words are never quoted."""
        return self.value.decode("ascii", "replace").upper() if self.kind is Kind.ATOM else ""


@dataclass(frozen=True, slots=True)
class Literal:
    """The octets that followed a ``{n}``."""

    value: bytes


Token: TypeAlias = "Word | list[Token]"  # noqa: S105  # a word of a command, no secret


def tokenise(parts: Sequence[bytes | Literal]) -> list[Token]:
    """Read a whole command into words and nested lists.

    `parts` alternates text (without CRLF and without the ``{n}``) and literals. Raises BadSyntaxError, and
    nothing else, on whatever the bytes are (RFC 3501 section 9).
    """
    top: list[Token] = []
    stack = [top]
    for part in parts:
        if isinstance(part, Literal):
            stack[-1].append(Word(part.value, Kind.LITERAL))
        else:
            _read_text(part, stack)
    if len(stack) > 1:
        message = "Missing ')'"
        raise BadSyntaxError(message)
    return top


def _read_text(text: bytes, stack: list[list[Token]]) -> None:
    at = 0
    while at < len(text):
        char = text[at : at + 1]
        if char == b" ":
            at += 1
        elif char in b"()":
            _bracket(char, stack)
            at += 1
        else:
            word, at = _word(text, at)
            stack[-1].append(word)


def _bracket(char: bytes, stack: list[list[Token]]) -> None:
    if char == b"(":
        if len(stack) > MAX_DEPTH:
            message = "Too many parentheses"
            raise BadSyntaxError(message)
        inner: list[Token] = []
        stack[-1].append(inner)
        stack.append(inner)
    elif len(stack) == 1:
        message = "Unexpected ')'"
        raise BadSyntaxError(message)
    else:
        stack.pop()


def _word(text: bytes, at: int) -> tuple[Word, int]:
    if quoted := _QUOTED.match(text, at):
        word, end = Word(re.sub(rb"\\(.)", rb"\1", quoted[1]), Kind.QUOTED), quoted.end()
    else:
        end = _atom_end(text, at)
        word = Word(text[at:end])
    if end == at or text[end : end + 1] not in (b"", b" ", b"(", b")"):
        message = "Invalid characters in arguments"
        raise BadSyntaxError(message)
    return word, end


def _atom_end(text: bytes, at: int) -> int:
    """Find the end of an atom; a section such as ``BODY[HEADER.FIELDS (To)]<0.9>`` counts as part of it."""
    start = at
    while at < len(text):
        if section := (_SECTION.match(text, at) if at > start else None):
            at = section.end()
        elif atom := _ATOM.match(text, at):
            at = atom.end()
        else:
            break
    return at


def quote(value: bytes) -> bytes:
    """Write a string: quoted where that is possible, as a literal where it is not (RFC 3501 section 4.3)."""
    if _PLAIN.fullmatch(value):
        return b'"' + re.sub(rb'(["\\])', rb"\\\1", value) + b'"'
    return literal(value)


def literal(value: bytes) -> bytes:
    """Write a string as a literal: exact for any octets."""
    return b"{%d}\r\n%b" % (len(value), value)


def nstring(value: bytes | None) -> bytes:
    """Write a string or NIL."""
    return b"NIL" if value is None else quote(value)
