"""Contents: the files of the practice's `storage/`, each there whole or not at all, for its owner only.

A file is written under a temporary name, synced, renamed, and the folder synced, before the row that names it commits;
erasing runs the other way. Names carry references, never persons.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.durable import erase_file, sync_folder
from pipeline.errors import ConfigError, StorageFailed, disk_failed

OWNER_ONLY = 0o077
TEMPORARY = ".tmp"


NETWORK_DISKS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "fuse.rclone", "9p", "vboxsf", "afs"}


def network_disk(path: Path) -> str | None:
    """Give the kind of network disk that `path` is on, or None; a database and its lock are not safe there."""
    mounts = Path("/proc/self/mounts")
    if not mounts.is_file():
        return None
    entries = [line.split() for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    under = [(len(entry[1]), entry[2]) for entry in entries if path.is_relative_to(entry[1].replace("\\040", " "))]
    kind = max(under, default=(0, ""))[1]
    return kind if kind in NETWORK_DISKS else None


class Storage:
    """The storage folder; all names are relative to it."""

    def __init__(self, root: Path) -> None:
        """Make the folder when it is missing; refuse one that others on this computer can read."""
        with _as_ours(root):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            if root.stat().st_mode & OWNER_ONLY:
                root.chmod(0o700)
            if root.stat().st_mode & OWNER_ONLY:
                raise ConfigError(f"{root} can be read by others on this computer; type: chmod 700 {root}")
        self.root = root

    def write(self, name: str, data: bytes) -> None:
        """Make `data` durable as `name`, replacing what was there."""
        path = self.path(name)
        with _as_ours(path):
            self._folder(path.parent)
            temporary = path.with_name(path.name + TEMPORARY)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            temporary.replace(path)
            sync_folder(path.parent)

    def read(self, name: str) -> bytes:
        """Give the bytes of `name`."""
        path = self.path(name)
        with _as_ours(path):
            return path.read_bytes()

    def remove(self, name: str) -> None:
        """Make `name` durably absent; it may be absent already."""
        path = self.path(name)
        with _as_ours(path):
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                sync_folder(path.parent)

    def remove_all(self, names: Iterable[str]) -> None:
        """Make all of `names` durably absent; each folder is synced once."""
        paths = [self.path(name) for name in names]
        with _as_ours(self.root):
            for path in paths:
                path.unlink(missing_ok=True)
            for folder in sorted({path.parent for path in paths}):
                if folder.is_dir():
                    sync_folder(folder)

    def erase(self, names: Iterable[str]) -> None:
        """Make all of `names` durably absent, their contents overwritten first; each folder is synced once.

        What a stop leaves behind half overwritten is still there by its name, so doing it again finishes it. What the
        disk itself keeps of old blocks is out of reach (see `pipeline.durable`).
        """
        paths = [self.path(name) for name in names]
        with _as_ours(self.root):
            for path in paths:
                erase_file(path)
            for folder in sorted({path.parent for path in paths}):
                if folder.is_dir():
                    sync_folder(folder)

    def remove_folder(self, name: str) -> None:
        """Make an empty folder durably absent; it may be absent already, and one that holds something stays."""
        path = self.path(name)
        with _as_ours(path):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
                sync_folder(path.parent)

    def remove_folders(self, name: str) -> None:
        """Make a folder and the empty ones in it durably absent; one that holds something stays."""
        inside = [path for path in self.path(name).rglob("*") if path.is_dir() and not path.is_symlink()]
        for path in sorted(inside, key=lambda one: len(one.parts), reverse=True):
            self.remove_folder(str(path.relative_to(self.root)))
        self.remove_folder(name)

    def empty(self, name: str) -> None:
        """Remove what is left in a folder for temporary files, as far as it can be; it is only tidying up."""
        shutil.rmtree(self.path(name), ignore_errors=True)

    def path(self, name: str) -> Path:
        """Give the full path of `name`, which stays inside the storage folder."""
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ValueError("a name in the storage stays inside the storage")
        return self.root / name

    def _folder(self, folder: Path) -> None:
        if not folder.is_dir():
            self._folder(folder.parent)
            folder.mkdir(mode=0o700)
            sync_folder(folder.parent)


@contextmanager
def _as_ours(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if disk_failed(error):
            advice = "make room on the disk" if error.errno != errno.EIO else "check the disk"
            raise StorageFailed(f"{path}: {error.strerror}; nothing was taken as done; {advice}") from error
        raise
