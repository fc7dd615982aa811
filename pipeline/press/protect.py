"""A document behind a password: what a mail carries where a practice promised no personal data in mail.

AES-256 (PDF 2.0, revision 6), what it says about itself included: without the password not even our own name for it can
be read. Whoever has the password may do with it all that paper allows, and a screen reader reads it. Encrypting takes
new randomness each time, so two files of one document differ; `bare` tells that the same document is inside.
"""

from __future__ import annotations

import io
from typing import Literal

import pikepdf
from pikepdf import Array, Encryption, ObjectStreamMode, Pdf, StreamDecodeLevel, String
from pikepdf.models import EncryptionInfo

REVISION: Literal[6] = 6
NOT_OPENED = (pikepdf.PasswordError, pikepdf.PdfError, ValueError, RuntimeError)


def lock(data: bytes, password: str) -> bytes:
    """Give `data`, a PDF of ours, so that only the password opens it, typed with or without its dashes."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        locked = io.BytesIO()
        encryption = Encryption(owner=password.replace("-", ""), user=password, R=REVISION, aes=True, metadata=True)
        pdf.save(locked, encryption=encryption)
    return locked.getvalue()


def is_locked(data: bytes) -> bool:
    """Tell whether nothing of a file can be read without a password; what is no PDF at all can be."""
    try:
        with Pdf.open(io.BytesIO(data)):
            return False
    except pikepdf.PasswordError:
        return True
    except NOT_OPENED:
        return False


def strongly(data: bytes, password: str) -> bool:
    """Tell whether everything in a file is encrypted by AES-256 under this password, and nothing opens without it."""
    if not is_locked(data):
        return False
    try:
        with Pdf.open(io.BytesIO(data), password=password) as pdf:
            return _strong(pdf.encryption)
    except NOT_OPENED:
        return False


def _strong(how: EncryptionInfo) -> bool:
    methods = {how.stream_method.name, how.string_method.name, how.file_method.name}
    return how.R == REVISION and how.bits == 256 and methods == {"aesv3"}


def bare(data: bytes, password: str = "") -> bytes:
    """Give the document in a file without its encryption: the same document gives the same bytes, locked or not.

    Empty when the password does not open it.
    """
    try:
        with Pdf.open(io.BytesIO(data), password=password if is_locked(data) else "") as pdf:
            if "/Extensions" in pdf.Root:
                del pdf.Root["/Extensions"]  # it only says that the encryption is newer than the file's version
            pdf.trailer.ID = Array([String(""), String("")])
            plain = io.BytesIO()
            pdf.save(
                plain, encryption=False, static_id=True, min_version="1.7", compress_streams=False,
                stream_decode_level=StreamDecodeLevel.none, object_stream_mode=ObjectStreamMode.disable,
            )  # fmt: skip
    except NOT_OPENED:
        return b""
    return plain.getvalue()
