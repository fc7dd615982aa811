"""The text of a mail as a reader would see it, for SEARCH: encodings and charsets undone.

Pure; takes in header octets and `Part`s, gives folded text. What cannot be decoded is searched as it stands.
"""

from __future__ import annotations

import base64
import quopri
import re
import unicodedata
from datetime import date
from email.utils import parsedate
from typing import TYPE_CHECKING

from pipeline.sandbox.headers import Fields, parse_value

if TYPE_CHECKING:
    from pipeline.sandbox.mime import Part

# Bounded, so that a hostile header costs no more time than its length.
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\s]{0,500})\?=")
_RUN = re.compile(rf"{_WORD.pattern}(?:[ \t]+{_WORD.pattern})*")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def fold(text: str) -> str:
    """Make texts comparable without regard to case and way of writing accents (RFC 5051 in spirit)."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


def header_text(raw: bytes) -> str:
    """Decode a header field or a whole header (RFC 2047) and fold it."""
    text = re.sub(r"\r?\n(?=[ \t])", "", _decode(raw, "utf-8"))
    return fold(_RUN.sub(lambda run: _decode_words(run[0]), text))


def _decode_words(run: str) -> str:
    """Decode encoded words in a row; their octets are joined first, for some programs split a character."""
    text, pending, last = "", b"", ""
    for charset, encoding, encoded in _WORD.findall(run):
        if charset.lower() != last:
            text, pending, last = text + _decode(pending, last), b"", charset.lower()
        octets = encoded.encode()
        pending += _base64(octets) if encoding in "bB" else quopri.decodestring(octets, header=True)
    return text + _decode(pending, last)


def body_text(part: Part) -> str:
    """Gather the text of all textual parts, of mails within the mail with their headers, and fold it."""
    if part.message:
        return header_text(part.message.header) + "\n" + body_text(part.message)
    if part.multipart:
        return "\n".join(body_text(child) for child in part.parts)
    if not part.type.text.startswith("text/"):
        return ""
    charset = part.type.parameters.get("charset", b"utf-8").decode("ascii", "replace")
    return fold(_decode(_transfer_decoded(part), charset))


def _transfer_decoded(part: Part) -> bytes:
    encoding = parse_value(part.fields.get(b"content-transfer-encoding") or b"")
    name = encoding.text if encoding else ""
    if name == "quoted-printable":
        return quopri.decodestring(part.content)
    if name == "base64":
        return _base64(part.content)
    return part.content


def _base64(encoded: bytes) -> bytes:
    clean = _NOT_BASE64.sub(b"", encoded)
    # One character alone over a multiple of four carries no octet; padding brings the rest to length.
    clean = clean[: len(clean) - (len(clean) % 4 == 1)]
    return base64.b64decode(clean + b"=" * (-len(clean) % 4))


def _decode(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return raw.decode("latin-1")


def sent_date(fields: Fields) -> date | None:
    """Give the day of the Date field in its own time zone, or None when there is no readable one."""
    raw = fields.get(b"date")
    parsed = parsedate(raw.decode("ascii", "replace")) if raw else None
    try:
        return date(*parsed[:3]) if parsed else None
    except ValueError:
        return None
