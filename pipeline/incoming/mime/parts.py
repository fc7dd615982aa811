"""Where the parts of a mail are: a tree of byte ranges, found in one pass over the octets (RFC 2045, RFC 2046).

Nothing is refused: what makes no sense as MIME is a leaf. The standard library's parser is not used, for it copies a
mail of 30 MB several times as text and looks again at every line on each level; here the lines that can be a boundary
are found once, and all is bounded: parts, levels, header blocks, boundary lines.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field

from pipeline.incoming.mime import smime
from pipeline.incoming.mime.charsets import transferred
from pipeline.incoming.mime.fields import Fields, fields_of, file_name, parameters, value

MOST_PARTS, DEEPEST, MOST_LINES, LONGEST_LINE, MOST_INNER = 500, 20, 50_000, 300, 60_000_000
FIRST_HEADER, OTHER_HEADER = 1_000_000, 64_000
MESSAGES = {"message/rfc822", "message/global", "message/news"}

_LIKE_MAIL = re.compile(rb"\s*(?:[!-9;-~]{2,60}:[^\n]*\r?\n)+")


@dataclass(slots=True)
class Part:
    """A mail or a part of one: its fields, and where its body is in `raw`."""

    raw: bytes = field(repr=False)
    body: int
    end: int
    fields: Fields = field(repr=False)
    type: str
    name: str
    disposition: str
    parts: list[Part] = field(default_factory=list)
    unread: str = ""

    def content(self, most: int | None = None) -> bytes:
        """Give the body with its transfer encoding undone; of `most` encoded octets at most."""
        end = self.end if most is None else min(self.end, self.body + most)
        return transferred(self.raw[self.body : end], value(self.fields.first("content-transfer-encoding")))

    @property
    def charset(self) -> str:
        """The character set that the part names."""
        return parameters(self.fields.first("content-type")).get("charset", "")

    @property
    def attached(self) -> bool:
        """Whether the part is a file, whatever its type: it says so, or it has a name."""
        return self.disposition == "attachment" or bool(self.name)


def parse(raw: bytes) -> Part:
    """Find the parts of a mail; what lies beyond the bounds is named in `unread` of the part that holds it."""
    return _Tree().part(_Octets(raw), 0, len(raw), "text/plain", 0)


class _Octets:
    """Some octets, and the lines in them that start with two dashes."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.starts: list[int] = []
        self.lines: list[bytes] = []
        at = 0 if raw.startswith(b"--") else raw.find(b"\n--") + 1 or -1
        while at >= 0 and len(self.starts) < MOST_LINES:
            stop = raw.find(b"\n", at, at + LONGEST_LINE)
            self.starts.append(at)
            self.lines.append(raw[at : stop if stop >= 0 else at + LONGEST_LINE].rstrip(b" \t\r"))
            at = raw.find(b"\n--", at) + 1 or -1
        self.all = at < 0


class _Tree:
    def __init__(self) -> None:
        self._left, self._room = MOST_PARTS, MOST_INNER

    def part(self, octets: _Octets, start: int, end: int, default: str, depth: int) -> Part:
        self._left -= 1
        raw = octets.raw
        body = _after_header(raw, start, end, OTHER_HEADER if depth else FIRST_HEADER)
        fields = fields_of(raw[start:body])
        if body < end and not raw.endswith((b"\n\n", b"\n\r\n"), start, body) and body > start + 2:
            fields = Fields(fields.found, whole=False)
        declared = fields.first("content-type")
        kind = value(declared)
        disposition = fields.first("content-disposition")
        name = file_name(disposition, declared)
        if kind == "application/octet-stream" and name.lower().endswith(".eml"):
            kind = "message/rfc822"
        part = Part(raw, body, end, fields, kind if "/" in kind else default, name, value(disposition))
        if not octets.all:
            part.unread = "unread_too_many"
        self._fill(octets, part, depth + 1)
        return part

    def _fill(self, octets: _Octets, part: Part, depth: int) -> None:
        kind = part.type
        if not (kind.startswith("multipart/") or kind in MESSAGES or smime.is_wrapped(kind, part.name)):
            return
        if depth > DEEPEST or self._left <= 0:
            part.unread = "unread_too_many"
        elif not kind.startswith("multipart/") and part.end - part.body > self._room:
            part.unread = "unread_too_big"
        elif kind.startswith("multipart/"):
            self._split(octets, part, depth)
        elif kind in MESSAGES:
            self._inner(octets, part, depth)
        else:
            self._unwrap(part, depth)

    def _split(self, octets: _Octets, part: Part, depth: int) -> None:
        boundary = parameters(part.fields.first("content-type")).get("boundary", "").rstrip()
        default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
        ranges = _ranges(octets, part, boundary.encode("utf-8", "replace"))
        for start, end in ranges:
            if self._left <= 0:
                part.unread = "unread_too_many"
                return
            part.parts.append(self.part(octets, start, end, default, depth))
        if not ranges:
            part.type = "text/plain"  # as mail programs show it

    def _inner(self, octets: _Octets, part: Part, depth: int) -> None:
        encoding = value(part.fields.first("content-transfer-encoding"))
        if encoding in {"base64", "quoted-printable"}:
            self._room -= part.end - part.body
            inner = part.content()
            part.parts.append(self.part(_Octets(inner), 0, len(inner), "text/plain", depth))
        else:
            part.parts.append(self.part(octets, part.body, part.end, "text/plain", depth))

    def _unwrap(self, part: Part, depth: int) -> None:
        """Take the mail, or the file, out of its signature (RFC 8551)."""
        self._room -= part.end - part.body
        inner, part.unread = smime.unwrapped(part.content())
        if inner is None:
            return
        if _LIKE_MAIL.match(inner[:2_000]):
            part.parts.append(self.part(_Octets(inner), 0, len(inner), "text/plain", depth))
        else:
            name = part.name.removesuffix(".p7m") if part.name != "smime.p7m" else ""
            plain = Fields((("Content-Type", "application/octet-stream"),))
            part.parts.append(
                Part(inner, 0, len(inner), plain, "application/octet-stream", name or "s-mime", "attachment")
            )


def _after_header(raw: bytes, start: int, end: int, most: int) -> int:
    """Give where the body starts: after the first empty line, or where the header becomes too long."""
    if raw.startswith((b"\n", b"\r\n"), start, end):
        return raw.index(b"\n", start) + 1
    stop = min(end, start + most)
    with_return = raw.find(b"\n\r\n", start, stop)
    plain = raw.find(b"\n\n", start, with_return + 1 if with_return >= 0 else stop)
    if plain >= 0:
        return plain + 2
    return with_return + 3 if with_return >= 0 else stop


def _ranges(octets: _Octets, part: Part, boundary: bytes) -> list[tuple[int, int]]:
    """Give the byte ranges between the boundary lines; the line break before one belongs to it."""
    if not boundary:
        return []
    opening, closing = b"--" + boundary, b"--" + boundary + b"--"
    ranges: list[tuple[int, int]] = []
    opened: int | None = None
    for at in range(bisect_left(octets.starts, part.body), bisect_left(octets.starts, part.end)):
        line, start = octets.lines[at], octets.starts[at]
        if line not in (opening, closing):
            continue
        if opened is not None:
            ranges.append((opened, max(opened, _before_break(octets.raw, start))))
        after = octets.raw.find(b"\n", start, part.end)
        opened = after + 1 if after >= 0 else part.end
        if line == closing:
            return ranges
        if len(ranges) > MOST_PARTS:
            return ranges
    if opened is not None:
        ranges.append((opened, part.end))
    return ranges


def _before_break(raw: bytes, at: int) -> int:
    at -= raw.endswith(b"\n", 0, at)
    return at - raw.endswith(b"\r", 0, at)
