"""From the octets of a mail to text: character sets, transfer encodings, encoded words. Nothing fails, all is bounded.

Takes in octets and what the mail says of them, leaves text or octets behind. A character set is looked up in a table
of our own: Python knows some that are programs more than alphabets, and take quadratic time.
"""

from __future__ import annotations

import binascii
import contextlib
import io
import re
from itertools import islice

_NAMES = {
    "utf8": "utf-8", "utf16": "utf-16", "utf16le": "utf-16-le", "utf16be": "utf-16-be", "utf7": "utf-7",
    "macintosh": "mac-roman", "macroman": "mac-roman", "koi8r": "koi8-r", "koi8u": "koi8-u", "gb2312": "gb18030",
    "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5", "shiftjis": "shift-jis", "iso2022jp": "iso2022-jp",
    "eucjp": "euc-jp", "euckr": "euc-kr", "ksc56011987": "cp949", "iso88591": "cp1252", "latin1": "cp1252",
    **{f"iso8859{number}": f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)},
    **{f"windows{number}": f"cp{number}" for number in range(1250, 1259)},
    **{f"cp{number}": f"cp{number}" for number in (437, 850, *range(1250, 1259))},
}  # fmt: skip
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,800})\?=")
_RUN = re.compile(rf"{_WORD.pattern}(?:[ \t]*{_WORD.pattern})*")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_MOST_LINES, _MOST_RUNS = 1_000_000, 1_000
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_BREAKS = re.compile(r"[\t\r\n\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def decoded(octets: bytes, charset: str = "") -> str:
    """Give text; an unknown or absent character set is taken for UTF-8, and for Windows' where it is not that."""
    name = _NAMES.get(re.sub(r"[^a-z0-9]", "", charset.partition("*")[0].lower()))
    if name is None:
        try:
            return octets.decode()
        except UnicodeDecodeError:
            name = "cp1252"
    return octets.decode(name, "replace")


def printable(text: str) -> str:
    """Give a text with a space for each control character but line breaks and tabs."""
    return _CONTROLS.sub(" ", text)


def transferred(octets: bytes, encoding: str) -> bytes:
    """Undo a transfer encoding (RFC 2045); what is not as it says it is, is read as far as it goes."""
    encoding = encoding.strip().lower()
    if encoding == "quoted-printable":
        return binascii.a2b_qp(octets)
    if encoding == "base64":
        return _base64(octets)
    if encoding in {"x-uuencode", "uuencode", "x-uue"}:
        return _uuencoded(octets)
    return octets


def _base64(octets: bytes) -> bytes:
    """Decode base64, also where several texts of it, each with its own padding, stand one after another."""
    padding = octets.find(b"=")
    if padding >= 0 and octets[padding:].strip(b"= \t\r\n"):
        return b"".join(map(_run_of_base64, re.split(rb"=[=\s]*", octets, maxsplit=_MOST_RUNS)))
    return _run_of_base64(octets)


def _run_of_base64(octets: bytes) -> bytes:
    try:
        return binascii.a2b_base64(octets)
    except binascii.Error:
        kept = octets.translate(None, _NOT_BASE64)
        # One character over a multiple of four carries no octet; padding brings the rest to length.
        kept = kept[: len(kept) - (len(kept) % 4 == 1)]
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def _uuencoded(octets: bytes) -> bytes:
    found = bytearray()
    for line in islice(io.BytesIO(octets), _MOST_LINES):
        if line.startswith(b"begin ") or not line.strip():
            continue
        if line.strip() == b"end":
            break
        with contextlib.suppress(binascii.Error):
            found += binascii.a2b_uu(line)
    return bytes(found)


def words_decoded(text: str) -> str:
    """Decode the encoded words in a text (RFC 2047); what is none stays as it stands."""
    return _RUN.sub(lambda run: _run(run[0]), text)


def _run(run: str) -> str:
    """Decode encoded words in a row; their octets are joined first, for some programs split a character."""
    text, pending, last = "", b"", ""
    for charset, encoding, encoded in _WORD.findall(run):
        if charset.lower() != last:
            text, pending, last = text + decoded(pending, last), b"", charset.lower()
        octets = encoded.encode("utf-8", "replace")
        pending += _base64(octets) if encoding in "bB" else binascii.a2b_qp(octets, header=True)
    return _BREAKS.sub(" ", printable(text + decoded(pending, last)))
