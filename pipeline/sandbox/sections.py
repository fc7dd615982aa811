"""Sections: ``1.2.MIME``, ``HEADER.FIELDS (To)``, ``TEXT`` ... and which octets of a mail they mean.

Pure; takes in what stands between the brackets of BODY[...], leaves behind a `Section` (RFC 3501 section
6.4.5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.sandbox.wire import BadSyntaxError, Word, tokenise

if TYPE_CHECKING:
    from pipeline.sandbox.mime import Part

_TEXT = re.compile(r"(?P<numbers>\d{1,9}(?:\.\d{1,9})*)?(?:(?:^|\.)(?P<what>[A-Za-z.]+))?(?P<names>\s*\(.*\))?")
_SPECIFIERS = frozenset({"", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"})


@dataclass(frozen=True, slots=True)
class Section:
    """A section as asked for: part numbers, specifier, and header names in lower case."""

    numbers: tuple[int, ...]
    what: str
    names: frozenset[bytes]

    def octets(self, mail: Part) -> bytes:
        """Give the octets meant; none when there is no such part, as servers in use do."""
        if not self.numbers:
            return mail.raw if not self.what else self._of_message(mail)
        part = self._find(mail)
        if part is None:
            return b""
        if self.what == "MIME":
            return part.header
        if not self.what:
            return part.content
        return self._of_message(part.message) if part.message else b""

    def _find(self, mail: Part) -> Part | None:
        """Walk down by part numbers; numbers below a message/rfc822 count the parts of the message in it."""
        part = mail.child(self.numbers[0])
        for number in self.numbers[1:]:
            if part is None:
                return None
            inside = part.message or part
            part = inside.child(number) if part.message or part.multipart else None
        return part

    def _of_message(self, message: Part) -> bytes:
        if self.what == "HEADER":
            return message.header
        if self.what == "TEXT":
            return message.content
        return message.fields.lines(self.names, without=self.what == "HEADER.FIELDS.NOT")


def parse_section(text: str) -> Section:
    """Read a section; raises BadSyntaxError when it is none."""
    match = _TEXT.fullmatch(text)
    what = (match["what"] or "").upper() if match else "?"
    names = _names(match["names"]) if match and match["names"] else frozenset()
    numbers = tuple(int(number) for number in match["numbers"].split(".")) if match and match["numbers"] else ()
    needs_names = what.startswith("HEADER.FIELDS")
    if what not in _SPECIFIERS or bool(names) != needs_names or 0 in numbers or (what == "MIME" and not numbers):
        message = "Invalid BODY[..] parameter"
        raise BadSyntaxError(message)
    return Section(numbers, what, names)


def _names(text: str) -> frozenset[bytes]:
    tokens = tokenise([text.strip().encode("ascii", "replace")])
    names = tokens[0] if len(tokens) == 1 and isinstance(tokens[0], list) else []
    return frozenset(name.value.lower() for name in names if isinstance(name, Word))
