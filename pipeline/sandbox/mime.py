"""Where the parts of a mail are: a tree of byte ranges, so that what is fetched is exactly what was received.

Takes in the octets of a mail, leaves behind `Part`s that point into them. Nothing is decoded, normalised or
repaired, and no mail is refused: what makes no sense as MIME is a leaf (RFC 2045, RFC 2046).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipeline.sandbox.headers import Fields, Value, parse_value, read_fields

MAX_DEPTH = 50
MAX_PARTS = 5000

_BLANK_LINE = re.compile(rb"\n\r?\n")
_TEXT = Value("text/plain", {"charset": b"us-ascii"})
_MESSAGE = Value("message/rfc822", {})


@dataclass(slots=True)
class Part:
    """A mail or a part of one.

    ``raw[start:body]`` its header with the blank line, ``raw[body:end]`` its body.
    """

    raw: bytes = field(repr=False)
    start: int
    body: int
    end: int
    fields: Fields = field(repr=False)
    type: Value
    parts: list[Part] = field(default_factory=list)
    message: Part | None = None

    @property
    def header(self) -> bytes:
        """The header's octets, the blank line included."""
        return self.raw[self.start : self.body]

    @property
    def content(self) -> bytes:
        """The body's octets, still encoded."""
        return self.raw[self.body : self.end]

    @property
    def multipart(self) -> bool:
        """Whether the body is made of parts."""
        return self.type.text.startswith("multipart/")

    def child(self, number: int) -> Part | None:
        """Give part `number` (from 1) as IMAP counts: a body that is not multipart is its own part 1."""
        if not self.multipart:
            return self if number == 1 else None
        return self.parts[number - 1] if 0 < number <= len(self.parts) else None


def parse(raw: bytes) -> Part:
    """Find the parts of a mail. Never fails; looks MAX_DEPTH levels deep and at MAX_PARTS parts at most."""
    return _Parser(raw).part(0, len(raw), _TEXT, 0)


class _Parser:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._left = MAX_PARTS

    def part(self, start: int, end: int, default: Value, depth: int) -> Part:
        self._left -= 1
        body = self._after_header(start, end)
        fields = read_fields(self._raw[start:body])
        declared = parse_value(fields.get(b"content-type") or b"")
        kind = declared if declared and "/" in declared.text else default
        part = Part(self._raw, start, body, end, fields, kind)
        if depth < MAX_DEPTH and self._left > 0:
            self._fill(part, depth + 1)
        elif part.multipart or kind.text == _MESSAGE.text:
            part.type = Value("application/octet-stream", {})
        return part

    def _after_header(self, start: int, end: int) -> int:
        for blank_line in (b"\r\n", b"\n"):
            if self._raw.startswith(blank_line, start, end):
                return start + len(blank_line)
        found = _BLANK_LINE.search(self._raw, start, end)
        return found.end() if found else end

    def _fill(self, part: Part, depth: int) -> None:
        if part.type.text == _MESSAGE.text:
            part.message = self.part(part.body, part.end, _TEXT, depth)
        elif part.multipart:
            default = _MESSAGE if part.type.text == "multipart/digest" else _TEXT
            boundary = part.type.parameters.get("boundary", b"").rstrip()
            for start, end in _split(part, boundary):
                if self._left > 0:
                    part.parts.append(self.part(start, end, default, depth))


def _split(part: Part, boundary: bytes) -> list[tuple[int, int]]:
    """Give the byte ranges between the boundary lines.

    The line break before a boundary belongs to it (RFC 2046 5.1.1).
    """
    if not boundary:
        return []
    line = re.compile(rb"(?<=\n)--%b(--)?[ \t]*(?:\r?\n|\Z)" % re.escape(boundary))
    ranges: list[tuple[int, int]] = []
    opened: int | None = None
    for match in line.finditer(part.raw, part.body, part.end):
        if opened is not None:
            ranges.append((opened, _before_break(part.raw, opened, match.start())))
        opened = None if match[1] else match.end()
        if match[1]:
            break
    if opened is not None:
        ranges.append((opened, part.end))
    return ranges


def _before_break(raw: bytes, start: int, end: int) -> int:
    for line_break in (b"\r\n", b"\n"):
        if raw.endswith(line_break, start, end):
            return end - len(line_break)
    return end
