"""Zip files from strangers: a few entries, counted while they are unpacked, one level deep.

Takes in the octets of one zip, leaves its files behind, and a word for each that was not unpacked. What the archive
says of its sizes is not believed. Encrypted entries, links, overlapping entries and rare methods are never touched.
"""

from __future__ import annotations

import io
import itertools
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MOST_ENTRIES, MOST_OUT, MOST_RATIO, RATIO_FROM = 100, 50_000_000, 100, 1_000_000
SIGNATURE = b"PK\x03\x04"
OTHERS = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\x00")

_END, _END_SIZE, _ZIP64 = b"PK\x05\x06", 22, b"PK\x06\x07"
_LONGEST_DIRECTORY, _PIECE = 100_000, 256_000
_DOCUMENTS = {"[Content_Types].xml", "mimetype", "Index/Document.iwa"}
_LINK = 0xA000
_UNFIT = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError, KeyError)


class _Unfit(Exception):
    """An entry is not unpacked; its text is the word that says why."""


@dataclass(frozen=True)
class Unpacked:
    """What a zip held: (name, data) of each file, and (word, name) of what was not unpacked."""

    files: tuple[tuple[str, bytes], ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    document: bool = False


def unpack(data: bytes, name: str, room: int = MOST_OUT) -> Unpacked:
    """Unpack a zip called `name`; one that is a document, such as a Word file, stays whole and is only named so."""
    try:
        directory = _whole(data)
        with zipfile.ZipFile(io.BytesIO(directory)) as opened:
            entries = opened.infolist()
            if _DOCUMENTS & {entry.filename for entry in entries}:
                return Unpacked(document=True)
            _check(entries, len(data))
            return _entries(opened, entries, min(room, MOST_OUT))
    except _Unfit as unfit:
        return Unpacked(unread=((str(unfit), name),))
    except _UNFIT:
        return Unpacked(unread=(("unread_zip", name),))


def _whole(data: bytes) -> bytes:
    """Give the archive up to its directory's end, which is short: the library reads a directory of any size."""
    at = data.rfind(_END, -(_END_SIZE + 65_536) % (len(data) + 1) if len(data) > _END_SIZE + 65_536 else 0)
    if at < 0 or len(data) < at + _END_SIZE or data[max(0, at - 20) : at].startswith(_ZIP64):
        raise _Unfit("unread_zip")
    size = struct.unpack_from("<L", data, at + 12)[0]
    if size > _LONGEST_DIRECTORY:
        raise _Unfit("unread_too_many")
    return data[: at + _END_SIZE - 2] + b"\0\0"


def _check(entries: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse the whole when it has too many entries, or entries that lie over one another."""
    if len(entries) > MOST_ENTRIES:
        raise _Unfit("unread_too_many")
    ranges = sorted((entry.header_offset, entry.header_offset + 30 + entry.compress_size) for entry in entries)
    if any(start < end for (_, end), (start, _) in itertools.pairwise(ranges)) or (
        ranges and (ranges[0][0] < 0 or ranges[-1][1] > size)
    ):
        raise _Unfit("unread_zip")


def _entries(opened: zipfile.ZipFile, entries: list[zipfile.ZipInfo], room: int) -> Unpacked:
    files: list[tuple[str, bytes]] = []
    unread: list[tuple[str, str]] = []
    for entry in entries:
        if entry.is_dir() or _clutter(entry.filename):
            continue
        try:
            data = b"".join(_read(opened, entry, room))
        except _Unfit as unfit:
            unread.append((str(unfit), entry.filename))
        except _UNFIT:
            unread.append(("unread_zip", entry.filename))
        else:
            room -= len(data)
            files.append((entry.filename, data))
    return Unpacked(tuple(files), tuple(unread))


def _clutter(name: str) -> bool:
    """Recognise what programs add by themselves, of no meaning to anybody."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] in {".DS_Store", "Thumbs.db", "desktop.ini"}


def _read(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> Iterator[bytes]:
    if entry.flag_bits & 0x1 or entry.compress_type == 99:
        raise _Unfit("unread_locked_zip")
    if stat.S_IFMT(entry.external_attr >> 16) == _LINK:
        raise _Unfit("unread_zip")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _Unfit("unread_archive")
    most = min(room, max(RATIO_FROM, MOST_RATIO * entry.compress_size))
    with opened.open(entry) as stream:
        count = 0
        while piece := stream.read(min(_PIECE, most - count + 1)):
            count += len(piece)
            if count > most:
                raise _Unfit("unread_too_big")
            yield piece
