"""An IMAP client that sends what it is told, byte for byte, and reads answers into comparable values.

Takes in command bytes, leaves nothing behind; it knows no commands and helps with nothing.
"""

import re
import socket
from collections.abc import Sequence
from typing import Self

_LITERAL = re.compile(rb"\{(\d+)\}\r\n\Z")
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"|\{(\d+)\}\r\n|([()])|([^\s()"\[\]]*\[[^\]]*\][^\s()]*|[^\s()"]+)')

Value = bytes | list["Value"]


class RawImap:
    """One connection; use as a context manager."""

    def __init__(self, host: str, port: int, timeout: float = 10) -> None:
        """Connect and read the greeting."""
        self._socket = socket.create_connection((host, port), timeout=timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        self._count = 0
        self.greeting = self.response()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()

    def send(self, octets: bytes) -> None:
        """Send octets as they are."""
        self._socket.sendall(octets)

    def response(self) -> bytes:
        """Read one response with its literals; empty when the server has hung up."""
        whole = b""
        while True:
            line = self._file.readline()
            whole += line
            literal = _LITERAL.search(line)
            if not literal:
                return whole
            whole += self._file.read(int(literal[1]))

    def responses(self, tag: bytes) -> list[bytes]:
        """Read responses up to and including the tagged one (or the server's hanging up)."""
        found: list[bytes] = []
        while not found or not (found[-1].startswith(tag + b" ") or found[-1] == b""):
            found.append(self.response())
        return found

    def run(self, command: bytes, *literals: bytes) -> list[bytes]:
        """Run a command, each ``~`` in it standing for the next literal, sent when the server asks for it."""
        self._count += 1
        tag = b"A%d" % self._count
        pieces = (tag + b" " + command).split(b"~") if literals else [tag + b" " + command]
        for piece, octets in zip(pieces, literals, strict=False):
            self.send(piece + b"{%d}\r\n" % len(octets))
            answer = self.response()
            if not answer.startswith(b"+"):
                return [answer]
            self.send(octets)
        self.send(pieces[-1] + b"\r\n")
        return self.responses(tag)


def status(responses: Sequence[bytes]) -> str:
    """Give OK, NO or BAD of the last response."""
    words = responses[-1].split()
    return words[1].decode() if len(words) > 1 else "hung up"


def read_values(octets: bytes) -> list[Value]:
    """Read atoms, strings, literals and lists; strings and atoms are not told apart."""
    stack: list[list[Value]] = [[]]
    at = 0
    while match := _TOKEN.search(octets, at):
        at = match.end()
        if match[3] == b"(":
            inner: list[Value] = []
            stack[-1].append(inner)
            stack.append(inner)
        elif match[3]:
            stack.pop()
        elif match[2]:
            stack[-1].append(octets[at : at + int(match[2])])
            at += int(match[2])
        elif match[1] is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", match[1]))
        else:
            stack[-1].append(match[4])
    return stack[0]


def comparable(response: bytes) -> object:
    """Give what must agree between two servers: no wording, no order where order means nothing, no clock."""
    kind, *rest = response.split(None, 2)[0:3]
    if kind != b"*":
        code = re.match(rb"\S+ OK \[(READ-ONLY|READ-WRITE|COPYUID|APPENDUID|EXPUNGEISSUED)", response)
        return rest[0].decode() if rest else "", code[1].decode() if code else ""
    if rest[0] in {b"OK", b"NO", b"BAD", b"BYE"}:
        code = re.search(rb"\[(\S+?)( [^\]]*)?\]", rest[-1])
        return rest[0], code[0] if code and code[1] in {b"UNSEEN", b"UIDNEXT"} else code and code[1]
    values = read_values(response[2:])
    if values[1:2] == [b"FETCH"]:
        return values[0], _fetched(values[2])
    if rest[0] in {b"LIST", b"LSUB", b"FLAGS"}:
        return [frozenset(map(_text, value)) if isinstance(value, list) else value for value in values]
    return values


def _fetched(items: Value) -> dict[bytes, object]:
    assert isinstance(items, list)
    pairs = zip(items[::2], items[1::2], strict=True)
    return {_text(name).upper(): _item(_text(name).upper(), value) for name, value in pairs}


def _item(name: bytes, value: Value) -> object:
    if name == b"FLAGS" and isinstance(value, list):
        return frozenset(map(_text, value))
    return _lower(value) if name in {b"BODYSTRUCTURE", b"BODY"} else value


def _lower(value: Value) -> Value:
    return [_lower(one) for one in value] if isinstance(value, list) else value.lower()


def _text(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value
