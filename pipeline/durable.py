"""What makes a change survive a power cut, and what makes that little can be recovered of a file that goes."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

PIECE = 1 << 20


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def erase_file(path: Path) -> None:
    """Remove a file after writing zeros over its contents; it may be absent already, and a link is only unlinked.

    On a disk that writes in place (ext4, a spinning disk) its blocks hold nothing of it afterwards. An SSD, and a file
    system that copies on write, may keep the old blocks for a while: against those only encryption of the disk helps.
    A file that has another name as well is left as it is under that name. The caller syncs the folder.
    """
    with contextlib.suppress(FileNotFoundError):
        found = path.lstat()
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
            _overwrite(path, found.st_size)
        path.unlink()


def _overwrite(path: Path, size: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        return  # it can be removed and not written; that is what is done then
    with open(descriptor, "wb", buffering=0) as file:
        left = size
        while left > 0:
            left -= file.write(bytes(min(left, PIECE)))
        os.fsync(descriptor)
