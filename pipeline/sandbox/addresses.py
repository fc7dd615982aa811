"""Address fields as ENVELOPE wants them: display name, mailbox, host, and groups.

Pure; takes in the value of a From, To, ... field, leaves nothing behind. Never fails: what cannot be read as
an address comes out as one without a host, as mail servers in use do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipeline.sandbox.headers import skip_comment

_PIECE = re.compile(rb'"((?:[^"\\]|\\.)*)(?:"|\Z)|\(|([,:;<>])|([^\s",:;<>(]+)|\s+', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """One address, or the start (mailbox without host) or end (neither) of a group (RFC 3501 7.4.2)."""

    name: bytes | None
    mailbox: bytes | None
    host: bytes | None


@dataclass(slots=True)
class _Reader:
    found: list[Address] = field(default_factory=list)
    words: list[bytes] = field(default_factory=list)
    inside: list[bytes] | None = None
    comment: bytes | None = None
    group: bool = False

    def finish(self) -> None:
        """Turn what was gathered since the last comma into an address."""
        if self.inside is not None:
            self._add(b" ".join(self.words) or None, b"".join(self.inside))
        elif self.words:
            self._add(self.comment, b"".join(self.words))
        self.words, self.inside, self.comment = [], None, None

    def _add(self, name: bytes | None, address: bytes) -> None:
        mailbox, at, host = address.rpartition(b"@")
        # A source route in front of the address has been obsolete since 1989; what it routes to is what
        # counts.
        mailbox = mailbox.rpartition(b":")[2]
        self.found.append(Address(name, mailbox, host) if at else Address(name, address, b"MISSING_DOMAIN"))

    def open_group(self) -> None:
        """Start a group: the words so far are its name."""
        self.found.append(Address(None, b" ".join(self.words) or None, None))
        self.words, self.group = [], True

    def separate(self, mark: bytes) -> None:
        """Act on one of the characters that give an address list its shape."""
        if mark == b"<":
            self.inside = []
        elif self.inside is not None and mark == b":":
            self.inside.append(mark)
        elif mark == b":" and not self.group:
            self.open_group()
        elif mark in b",;>":
            self.finish()
            if mark == b";" and self.group:
                self.found.append(Address(None, None, None))
                self.group = False


def parse_addresses(raw: bytes) -> list[Address]:
    """Read an address list (RFC 5322 section 3.4), encoded words left as they are."""
    reader = _Reader()
    at = 0
    while match := _PIECE.match(raw, at):
        at = match.end()
        if match[0] == b"(":
            end = skip_comment(raw, at)
            reader.comment = raw[at : end - 1] if end <= len(raw) else raw[at:]
            at = end
        elif match[2]:
            reader.separate(match[2])
        elif not match[0].isspace():
            word = re.sub(rb"\\(.)", rb"\1", match[1], flags=re.DOTALL) if match[1] is not None else match[3]
            (reader.words if reader.inside is None else reader.inside).append(word)
    reader.separate(b";")
    return reader.found
