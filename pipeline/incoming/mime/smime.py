"""Mail in an S/MIME wrapping (RFC 8551, RFC 5652): what was signed is taken out, what is encrypted is named.

The signature itself is not judged: it says something of the mail, never of the paper in it. Only the way to the
content is read (X.690, definite and indefinite lengths), so that neither a certificate nor ten million one-octet
pieces cost anything.
"""

from __future__ import annotations

WRAPPED = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
SIGNATURES = {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}

_PKCS7 = bytes.fromhex("2a864886f70d0107")  # 1.2.840.113549.1.7
_SIGNED, _READABLE = _PKCS7 + b"\x02", {_PKCS7 + b"\x01"}
_LOCKED = {_PKCS7 + bytes([number]) for number in (3, 4, 6)} | {bytes.fromhex("2a864886f70d0109100117")}
_SEQUENCE, _INTEGER, _OID, _OCTETS, _PIECES, _EXPLICIT = 0x30, 0x02, 0x06, 0x04, 0x24, 0xA0
_MOST_STEPS, _DEEPEST = 200_000, 8


def is_wrapped(content_type: str, name: str) -> bool:
    """Say whether a part is wrapped: by its type, or by its name where the type says nothing."""
    return content_type in WRAPPED or (content_type == "application/octet-stream" and name.lower().endswith(".p7m"))


def unwrapped(data: bytes) -> tuple[bytes | None, str]:
    """Give what was signed and an empty word, or nothing and the word that says why not."""
    try:
        return _Ber(data).signed()
    except (ValueError, IndexError):
        return None, "unread_smime"


class _Ber:
    """A place in some BER, and how many steps may still be taken."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._left = data, 0, _MOST_STEPS

    def signed(self) -> tuple[bytes | None, str]:
        self._enter(_SEQUENCE)
        kind = self._primitive(_OID)
        if kind != _SIGNED:
            return None, "unread_locked" if kind in _LOCKED else "unread_smime"
        for tag in (_EXPLICIT, _SEQUENCE):
            self._enter(tag)
        self._primitive(_INTEGER)
        self._skip(0)  # the digest algorithms
        self._enter(_SEQUENCE)
        if self._primitive(_OID) not in _READABLE:
            return None, "unread_smime"
        self._enter(_EXPLICIT)
        return b"".join(self._pieces(0)), ""

    def _length(self) -> int | None:
        """Read a length; None when it is indefinite."""
        self._left -= 1
        first = self._data[self._at]
        self._at += 1
        if first == 0x80:
            return None
        if first < 0x80:
            length = first
        else:
            octets = self._data[self._at : self._at + (first & 0x7F)]
            self._at += len(octets)
            length = int.from_bytes(octets[-9:])
        if self._left < 0 or length > len(self._data) - self._at:
            raise ValueError("not within the data, or too many pieces")
        return length

    def _enter(self, tag: int) -> int | None:
        if self._data[self._at] != tag:
            raise ValueError("something else than was to be there")
        self._at += 1
        return self._length()

    def _primitive(self, tag: int) -> bytes:
        length = self._enter(tag)
        if length is None:
            raise ValueError("no primitive has an indefinite length")
        self._at += length
        return self._data[self._at - length : self._at]

    def _skip(self, depth: int) -> None:
        self._at += 1
        length = self._length()
        if length is not None:
            self._at += length
            return
        if depth > _DEEPEST:
            raise ValueError("too deep")
        while not self._ended():
            self._skip(depth + 1)

    def _ended(self) -> bool:
        """Step over the end of something of indefinite length, where it stands."""
        ended = self._data[self._at] == 0 and self._data[self._at + 1] == 0
        self._at += 2 * ended
        return ended

    def _pieces(self, depth: int) -> list[bytes]:
        if self._data[self._at] == _OCTETS:
            return [self._primitive(_OCTETS)]
        length = self._enter(_PIECES)
        if depth > _DEEPEST:
            raise ValueError("too deep")
        end = None if length is None else self._at + length
        found: list[bytes] = []
        while not (self._ended() if end is None else self._at >= end):
            found += self._pieces(depth + 1)
        return found
