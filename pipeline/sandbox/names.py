"""Mailbox names: modified UTF-7 on the wire, plain text inside, and the wildcards of LIST.

Pure; takes in names and patterns, leaves nothing behind.
"""

from __future__ import annotations

import base64
import binascii
import re

DELIMITER = "/"
MAX_NAME = 255

_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class BadNameError(ValueError):
    """The name cannot be a mailbox's; the text says why."""


def decode_name(wire: bytes) -> str:
    """Read modified UTF-7 (RFC 3501 section 5.1.3); raises BadNameError on anything else, 8-bit octets too.

    INBOX comes back in upper case however it was written. Control characters and empty levels are refused,
    so that no name can put a line of its own into an answer.
    """
    try:
        text = decode_pattern(wire)
    except (UnicodeError, binascii.Error) as error:
        message = "Mailbox name is not valid mUTF-7"
        raise BadNameError(message) from error
    if _CONTROL.search(text):
        message = "Invalid mailbox name"
        raise BadNameError(message)
    return _canonical(text)


def _canonical(name: str) -> str:
    levels = name.split(DELIMITER)
    if not all(levels) or len(name) > MAX_NAME or any(set(level) <= {"."} for level in levels):
        message = "Invalid mailbox name"
        raise BadNameError(message)
    if levels[0].upper() == "INBOX":
        levels[0] = "INBOX"
    return DELIMITER.join(levels)


def decode_pattern(wire: bytes) -> str:
    """Read modified UTF-7 without judging the name: for LIST patterns.

    Raises UnicodeError or binascii.Error.
    """
    text = wire.decode("ascii")
    if "&" in _SHIFTED.sub("", text):
        message = "'&' without '-'"
        raise UnicodeError(message)
    return _SHIFTED.sub(lambda match: _unshift(match[1]) if match[1] else "&", text)


def _unshift(shifted: str) -> str:
    padded = shifted.replace(",", "/") + "=" * (-len(shifted) % 4)
    return base64.b64decode(padded, validate=True).decode("utf-16-be")


def encode_name(name: str) -> bytes:
    """Write a name in modified UTF-7 (RFC 3501 section 5.1.3)."""
    return _UNPRINTABLE.sub(lambda match: _shift(match[0]), name.replace("&", "&-")).encode("ascii")


def _shift(run: str) -> str:
    encoded = base64.b64encode(run.encode("utf-16-be")).decode("ascii")
    return "&" + encoded.rstrip("=").replace("/", ",") + "-"


def matches(name: str, pattern: str) -> bool:
    """Say whether a LIST pattern fits.

    ``*`` is anything, ``%`` anything but the delimiter (RFC 3501 6.3.8).
    """
    if name == "INBOX" or name.startswith("INBOX" + DELIMITER):
        pattern = re.sub(r"(?i)^inbox(?=$|[/*%])", "INBOX", pattern)
    # Walks the pattern with all reachable positions at once: a regular expression could be made to take for
    # ever.
    reached = {0}
    for char in pattern:
        if char == "*":
            reached = set(range(min(reached), len(name) + 1))
        elif char == "%":
            reached = {end for start in reached for end in range(start, _level_end(name, start) + 1)}
        else:
            reached = {at + 1 for at in reached if name[at : at + 1] == char}
        if not reached:
            return False
    return len(name) in reached


def _level_end(name: str, start: int) -> int:
    found = name.find(DELIMITER, start)
    return len(name) if found < 0 else found
