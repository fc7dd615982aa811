"""What a kept mail says once it is decoded, so that it can be searched for what was to go.

A kept mail is what somebody else wrote: nothing in it can make the search fail, and what is too odd to be read in it
counts as what cannot be read. Only looking: the road in reads mail for what it means (`incoming.message`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser

BLANK = re.compile(rb"(?:\A|\r?\n)\r?\n")
CHARSET = re.compile(r"us-ascii|utf-?8|iso-8859-(?:[1-9]|1[013-6])|windows-125[0-8]", re.IGNORECASE)
TEXTS = frozenset({"text/plain", "text/html", "text/calendar"})
LONGEST_HEAD, LONGEST_HEADER, MOST_PIECES, DEEPEST = 1 << 16, 8_000, 1_000, 20
"""The most of a mail that is read: of what says what a piece is, of one line of that, how many pieces, how deep."""
ODD = (MessageError, ValueError, LookupError, TypeError)
"""What Python's own reading of mail makes of headers that nobody writes in earnest."""


def said(data: bytes) -> Iterator[str | None]:
    """Give what a mail says, decoded: its headers and its texts; None for each thing in it that cannot be read."""
    waiting = [(data, 0)]
    for _ in range(MOST_PIECES):
        if not waiting:
            return
        piece, depth = waiting.pop()
        try:
            texts, inner = _piece(piece)
        except ODD:
            texts, inner = [None], []
        yield from texts
        waiting += [(one, depth + 1) for one in inner if depth < DEEPEST]
        if inner and depth == DEEPEST:
            yield None
    if waiting:
        yield None


def _piece(piece: bytes) -> tuple[list[str | None], list[bytes]]:
    """Give what one piece of a mail says, and the pieces that it is made of."""
    head, *rest = BLANK.split(piece, maxsplit=1)
    headers, body = BytesHeaderParser().parsebytes(head[:LONGEST_HEAD]), b"".join(rest)
    texts = [_header(str(value)) for _, value in headers.raw_items()]
    inner = _inner(headers, body)
    if not inner:
        texts.append(_text(headers, body))
    return texts if len(head) <= LONGEST_HEAD else [*texts, None], inner


def _header(value: str) -> str | None:
    """Give a header; its bytes are searched as they are, so that one that is not encoded in one line says no more."""
    if len(value) > LONGEST_HEADER:
        return None
    if "=?" not in value:
        return value if "\n" in value else ""
    try:
        pieces = decode_header(on_one_line(value))
    except ODD:
        return None
    texts = [piece if isinstance(piece, str) else _decoded(piece, charset or "utf-8") for piece, charset in pieces]
    return None if None in texts else "".join(text for text in texts if text)


def _inner(headers: Message, body: bytes) -> list[bytes]:
    """Give the pieces that a piece is made of; none for one that is a text or a file."""
    boundary = headers.get_boundary() if headers.get_content_maintype() == "multipart" else None
    if boundary is None:
        return [_transferred(headers, body)] if headers.get_content_type() == "message/rfc822" else []
    mark = re.escape(boundary.encode("ascii", "replace"))
    _, *pieces = re.split(rb"\n--" + mark + rb"(?:--)?[ \t]*\r?(?=\n|\Z)", b"\n" + body, maxsplit=MOST_PIECES)
    return [piece.removeprefix(b"\n") for piece in pieces]


def _text(headers: Message, body: bytes) -> str | None:
    """Give the text of a piece; None for what is no text."""
    if headers.get_content_type() not in TEXTS:
        return None if body.strip() else ""
    text = _decoded(_transferred(headers, body), headers.get_content_charset("utf-8"))
    return html.unescape(text) if text and headers.get_content_subtype() == "html" else text


def _transferred(headers: Message, body: bytes) -> bytes:
    headers.set_payload(body.decode("ascii", "surrogateescape"))
    data = headers.get_payload(decode=True)
    return data if isinstance(data, bytes) else body


def _decoded(data: bytes, charset: str) -> str | None:
    """Give a text; only alphabets are believed, since Python also knows some that are programs."""
    return data.decode(charset, "replace") if CHARSET.fullmatch(charset) else None


def on_one_line(text: str) -> str:
    """Give a text without its line breaks, which a mail puts where it likes."""
    return " ".join(text.split())
