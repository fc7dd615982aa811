"""The header of a mail or of a part: its fields, values with parameters, addresses, Message-IDs, file names.

Takes in octets, leaves bounded text behind; malformed lines are passed over, nothing is refused. Encoded words are
decoded only where people read them: a stranger could hide a semicolon in one.
"""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass

from pipeline.incoming.mime.charsets import decoded, printable, words_decoded

MOST_FIELDS, LONGEST_FIELD, LONGEST_RAW, LONGEST_NAME = 500, 4_000, 32_000, 120
FOR_PEOPLE = {"subject", "comments", "keywords", "thread-topic", "from", "to", "cc", "reply-to", "sender"}

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)(?:\n|\Z)|[^\n]*(?:\n|\Z)")
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,60})\s*=\s*("(?:[^"\\]|\\.)*(?:"|\Z)|[^;"]*)', re.DOTALL)
_PIECE = re.compile(r"(.+?)(?:\*(\d{1,2}))?(\*?)")
_MESSAGE_ID = re.compile(r"<[!#-&(-;=?-\[\]-~]{1,298}>")


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one header, topmost first, undecoded; `whole` is false when there were more than are kept."""

    found: tuple[tuple[str, str], ...] = ()
    whole: bool = True

    def all(self, name: str) -> list[str]:
        """Give every field called `name` (lower case), unfolded."""
        return [text for key, text in self.found if key.lower() == name]

    def first(self, name: str) -> str:
        """Give the topmost field called `name`, or an empty text."""
        return next(iter(self.all(name)), "")

    def readable(self) -> tuple[tuple[str, str], ...]:
        """Give the fields as they are kept: those for people decoded, all of them bounded."""
        return tuple(
            (name[:100], (words_decoded(text) if name.lower() in FOR_PEOPLE else text)[:LONGEST_FIELD])
            for name, text in self.found
        )


def fields_of(header: bytes) -> Fields:
    """Read the fields of a header block."""
    found: list[tuple[str, str]] = []
    for match in _FIELD.finditer(header):
        if match[1] is None:
            continue
        if len(found) == MOST_FIELDS:
            return Fields(tuple(found), whole=False)
        text = printable(_FOLD.sub("", decoded(match[2][:LONGEST_RAW])).replace("\r", " ").replace("\n", " "))
        found.append((match[1].decode("ascii"), text.strip()))
    return Fields(tuple(found))


def value(text: str) -> str:
    """Give the value of a field before its parameters and comments, in lower case: `text/plain`."""
    return re.split(r"[;(]", text[:LONGEST_FIELD], maxsplit=1)[0].strip().lower()[:100]


def parameters(text: str) -> dict[str, str]:
    """Give the parameters of a field by lower-case name, continued and encoded ones joined (RFC 2231)."""
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, raw in _PARAMETER.findall(text[:LONGEST_FIELD]):
        word = re.sub(r"\\(.)", r"\1", raw[1:].removesuffix('"')) if raw.startswith('"') else raw.strip()
        piece = _PIECE.fullmatch(name.lower())
        assert piece is not None  # it matches any name
        pieces.setdefault(piece[1], {}).setdefault(int(piece[2] or 0), (word, bool(piece[3])))
    return {name: _joined(numbered) for name, numbered in pieces.items()}


def _joined(numbered: dict[int, tuple[str, bool]]) -> str:
    words = [numbered[number] for number in sorted(numbered)]
    if not any(encoded for _, encoded in words):
        return "".join(word for word, _ in words)
    charset, quote, rest = words[0][0].partition("'")
    first = rest.partition("'")[2] if quote else words[0][0]
    texts = [(first, words[0][1]), *words[1:]]
    octets = b"".join(urllib.parse.unquote_to_bytes(word) if encoded else word.encode() for word, encoded in texts)
    return printable(decoded(octets, charset if quote else ""))


def file_name(disposition: str, content_type: str) -> str:
    """Give the sender's name of a part, for showing only; empty when it has none."""
    name = parameters(disposition).get("filename") or parameters(content_type).get("name") or ""
    return shown(words_decoded(name))


def shown(name: str) -> str:
    """Give a name that can be shown: one line, without folders, control characters or tricks with direction."""
    last = name[:LONGEST_FIELD].replace("\\", "/").rpartition("/")[2]
    # Python calls unprintable what is not seen: controls, overrides of direction, joiners, halves of a character.
    plain = "".join(letter for letter in " ".join(last.split()) if letter.isprintable()).strip(". ")
    if len(plain) <= LONGEST_NAME:
        return plain
    stem, dot, ending = plain.rpartition(".")
    return f"{stem[: LONGEST_NAME - 11]}.{ending}" if dot and len(ending) <= 10 else plain[:LONGEST_NAME]


def message_ids(texts: list[str]) -> tuple[str, ...]:
    """Give the well-formed Message-IDs of some fields, with their brackets: printable, without spaces or quotes."""
    found = dict.fromkeys(word for text in texts for word in _MESSAGE_ID.findall(text))
    return tuple(found)[-100:]
