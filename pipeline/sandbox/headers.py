"""Header fields as they stand: found, compared, cut out, and structured values (RFC 2045, RFC 2231) read.

Pure; takes in octets, leaves nothing behind. Malformed fields are passed over, never refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIELD = re.compile(rb"(?P<name>[!-9;-~]+)[ \t]*:(?P<value>[^\n]*(?:\n[ \t][^\n]*)*)(?:\n|\Z)|[^\n]*(?:\n|\Z)")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)(?:"|\Z)|([^\s()"<>@,;:\\\[\]?=]+)|\(|([;=])|.', re.DOTALL)
_CONTINUED = re.compile(r"(.+)\*(\d{1,3})(\*?)")
_COMMENT = re.compile(rb"[()]|\\.", re.DOTALL)


class Fields:
    """The fields of one header: names in lower case, values with their octets."""

    def __init__(self, found: list[tuple[bytes, bytes, bytes]]) -> None:
        """Take (name, value, whole line or lines) of each field in order."""
        self._found = found

    def get(self, name: bytes) -> bytes | None:
        """Give the first field of a name, unfolded and stripped, or None."""
        return next(iter(self.all(name)), None)

    def all(self, name: bytes) -> list[bytes]:
        """Give every field of a name, unfolded and stripped."""
        return [_FOLD.sub(b"", value).strip() for found, value, _ in self._found if found == name]

    def lines(self, names: frozenset[bytes], *, without: bool = False) -> bytes:
        """Give the octets of the fields with (or without) these lower-case names, then a blank line."""
        return b"".join(line for name, _, line in self._found if (name in names) != without) + b"\r\n"


def read_fields(header: bytes) -> Fields:
    """Find the fields of a header; lines that are none are left out."""
    found = [
        (match["name"].lower(), match["value"], match[0])
        for match in _FIELD.finditer(header)
        if match["name"] is not None
    ]
    return Fields(found)


@dataclass(frozen=True, slots=True)
class Value:
    """A value with parameters, such as Content-Type's.

    `text` in lower case, parameters in order with lower-case names.
    """

    text: str
    parameters: dict[str, bytes]


def parse_value(raw: bytes) -> Value | None:
    """Read ``value; name=parameter`` (RFC 2045 section 5.1); None when not even the value can be read.

    Continued parameters (RFC 2231 section 3) are joined; their character sets stay as they are, as ``name*``.
    """
    words = _words(raw)
    head, *rest = _split(words)
    text = b"".join(word for word, _ in head).decode("ascii", "replace").lower()
    if not text:
        return None
    parameters: dict[str, bytes] = {}
    for words in rest:
        if len(words) > 2 and words[1] == (b"=", True):  # name, "=", value
            name = words[0][0].decode("ascii", "replace").lower()
            parameters.setdefault(name, b"".join(word for word, _ in words[2:]))
    return Value(text, _join(parameters))


def _words(raw: bytes) -> list[tuple[bytes, bool]]:
    """Give (word, whether it is a separator), comments and white space left out."""
    words: list[tuple[bytes, bool]] = []
    at = 0
    while match := _TOKEN.match(raw, at):
        at = match.end()
        if match[1] is not None:
            words.append((re.sub(rb"\\(.)", rb"\1", match[1], flags=re.DOTALL), False))
        elif match[0] == b"(":
            at = skip_comment(raw, at)
        elif match[3]:
            words.append((match[3], True))
        elif not match[0].isspace():
            words.append((match[0], False))
    return words


def skip_comment(raw: bytes, at: int) -> int:
    """Give the position after the comment opened just before `at`.

    The end when it is never closed (RFC 5322 3.2.2).
    """
    depth = 1
    for match in _COMMENT.finditer(raw, at):
        depth += {b"(": 1, b")": -1}.get(match[0], 0)
        if not depth:
            return match.end()
    return len(raw)


def _split(words: list[tuple[bytes, bool]]) -> list[list[tuple[bytes, bool]]]:
    groups: list[list[tuple[bytes, bool]]] = [[]]
    for word in words:
        if word == (b";", True):
            groups.append([])
        else:
            groups[-1].append(word)
    return groups


def _join(parameters: dict[str, bytes]) -> dict[str, bytes]:
    joined: dict[str, bytes] = {}
    pieces: dict[str, dict[int, tuple[bytes, str]]] = {}
    for name, value in parameters.items():
        if continued := _CONTINUED.fullmatch(name):
            pieces.setdefault(continued[1], {})[int(continued[2])] = (value, continued[3])
        else:
            joined[name] = value
    for name, numbered in pieces.items():
        extended = any(star for _, star in numbered.values())
        joined.setdefault(name + "*" * extended, b"".join(numbered[number][0] for number in sorted(numbered)))
    return joined
