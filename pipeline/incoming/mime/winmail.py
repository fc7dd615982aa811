"""Outlook's own wrapping, `winmail.dat` (MS-OXTNEF): the files in it, with their long names.

Takes in the octets, leaves (name, data) behind. Its text is not read: Outlook sends that beside it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pipeline.incoming.mime.charsets import decoded

SIGNATURE = b"\x78\x9f\x3e\x22"
MOST_FILES, _MOST_ATTRIBUTES, _MOST_PROPERTIES, _MOST_VALUES, _DEEPEST = 100, 2_000, 300, 300, 3

_RENDERING, _TITLE, _DATA, _PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_LONG_NAME, _SHORT_NAME, _OBJECT = 0x3707, 0x3704, 0x3701
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_SIZED, _UNICODE, _EMBEDDED = {0x0D, 0x1E, 0x1F, 0x102}, 0x1F, 0x0D


class Malformed(ValueError):
    """These octets are no winmail.dat."""


def files(data: bytes, depth: int = 0) -> list[tuple[str, bytes]]:
    """Give (name, data) of each file; what is cut off ends the list. Raises `Malformed`."""
    if not data.startswith(SIGNATURE):
        raise Malformed("the signature is not there")
    found: list[dict[str, bytes | str]] = []
    for kind, content in _attributes(data):
        if kind == _RENDERING and len(found) < MOST_FILES:
            found.append({})
        elif found and kind == _TITLE:
            found[-1].setdefault("title", decoded(content.rstrip(b"\0"), "windows-1252"))
        elif found and kind == _DATA:
            found[-1].setdefault("data", content)
        elif found and kind == _PROPERTIES:
            found[-1].update(_named(content))
    return [each for attachment in found for each in _unfolded(attachment, depth)][:MOST_FILES]


def _unfolded(attachment: dict[str, bytes | str], depth: int) -> list[tuple[str, bytes]]:
    """Give an attachment, or those of the mail that it is."""
    name = str(attachment.get("name") or attachment.get("title") or "")
    data, inner = attachment.get("data", b""), attachment.get("object", b"")
    assert isinstance(data, bytes)
    assert isinstance(inner, bytes)
    if not data and inner[16:20] == SIGNATURE:
        return files(inner[16:], depth + 1) if depth < _DEEPEST else []
    return [(name, data or inner[16:])] if data or inner else []


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give (number, content) of each attribute: a level, a number, a type, a length, the content, a sum."""
    at = 6
    for _ in range(_MOST_ATTRIBUTES):
        if at + 9 > len(data):
            return
        number, length = struct.unpack_from("<HxxL", data, at + 1)
        if at + 9 + length > len(data):
            return
        yield number, data[at + 9 : at + 9 + length]
        at += 9 + length + 2


def _named(content: bytes) -> dict[str, bytes | str]:
    """Give what matters among an attachment's MAPI properties; what is malformed ends the reading."""
    found: dict[str, bytes | str] = {}
    try:
        for kind, number, value in _properties(content):
            if number in {_LONG_NAME, _SHORT_NAME} and (number == _LONG_NAME or "name" not in found):
                charset = "utf-16-le" if kind == _UNICODE else "windows-1252"
                found["name"] = decoded(value, charset).rstrip("\0")
            elif number == _OBJECT and kind == _EMBEDDED:
                found["object"] = value
    except (struct.error, KeyError):
        return found
    return found


def _properties(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Give (type, number, value) of each text or object among the properties (MS-OXTNEF); of many the last."""
    count, at = struct.unpack_from("<L", content)[0], 4
    for _ in range(min(count, _MOST_PROPERTIES)):
        kind, number = struct.unpack_from("<HH", content, at)
        at += 4
        if number >= 0x8000:
            at = _after_name(content, at)
        many, kind, value = bool(kind & 0x1000), kind & 0xFFF, b""
        values = 1
        if many or kind in _SIZED:
            values = struct.unpack_from("<L", content, at)[0]
            at += 4
        if kind not in _SIZED:
            at += values * _FIXED[kind]
            continue
        if values > _MOST_VALUES:
            raise KeyError(kind)
        for _ in range(values):
            length = struct.unpack_from("<L", content, at)[0]
            value = content[at + 4 : at + 4 + length]
            at += 4 + length + -length % 4
        yield kind, number, value


def _after_name(content: bytes, at: int) -> int:
    """Step over the name of a named property: a GUID, and a number or a text."""
    kind, length = struct.unpack_from("<LL", content, at + 16)
    return at + 24 + (length + -length % 4 if kind else 0)
