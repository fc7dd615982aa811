"""A drop folder: what lies in it, whole and settled; and how a file leaves it.

Events are hints that only wake the worker; the listing decides. A file counts when nobody has it open for writing
(asked of the kernel by a lease, where the disk can tell) and it has not changed for a moment. Links, pipes, devices
and files that also stand elsewhere are never opened for reading. Where a drop folder takes folders, files may lie one
folder deep; such a folder stays when it is empty, for the next file. Accepted residual risk: on a network drive the
kernel cannot tell who is writing, and a writer that pauses longer than `SETTLE_BLIND` between two halves is believed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from pipeline.durable import erase_file, sync_folder
from pipeline.edges import beside, writing
from pipeline.edges.accepts import CLIENTS, CONFLICT, MEGABYTE, YAML, Accepts, ending_of, may_matter
from pipeline.edges.beside import shown

__all__ = ["SETTLE", "TAKEN", "DropFolder", "Dropped", "Unfit", "shown", "watch"]

SETTLE = 0.5
SETTLE_BLIND = 3.0
TAKEN = ".pipeline-taken"
AWAY = (FileNotFoundError, NotADirectoryError)


@dataclass(frozen=True)
class Dropped:
    """A file that was read whole; `folder` is the one in the drop folder in which it lies, or empty."""

    name: str
    data: bytes
    folder: str = ""

    @property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def where(self) -> str:
        """Where it lies in the drop folder: its name, below its folder."""
        return _below(self.folder, self.name)


@dataclass(frozen=True)
class Unfit:
    """Something that cannot be taken, with the word (in `pipeline.words`) that says why."""

    name: str
    word: str
    reason: str = ""
    folder: str = ""

    @property
    def where(self) -> str:
        """Where it lies in the drop folder: its name, below its folder."""
        return _below(self.folder, self.name)


@dataclass
class DropFolder:
    """One drop folder; `first_seen` is a hint that may be forgotten. Files are named by where they lie in it."""

    root: Path
    accepts: Accepts = CLIENTS
    first_seen: dict[tuple[str, int, int], float] = field(default_factory=dict)
    waiting: bool = False

    def look(self, *, settle: bool = True) -> list[Dropped | Unfit]:
        """Give what lies in the folder and is settled, oldest first; `waiting` tells of files still being written.

        Without `settle` it is a look only: whatever lies there now, and nothing is moved.
        """
        return list(self.found(settle=settle))

    def found(self, *, settle: bool = True) -> Iterator[Dropped | Unfit]:
        """Give the same as `look`, reading one file at a time: documents can be large."""
        if settle:
            for folder in self.folders():
                self._put_back(folder)
        self.waiting = False
        lying = self.lying()
        self.first_seen = {key: first for key, first in self.first_seen.items() if key[0] in lying}
        for where in lying:
            one = self._fit(*os.path.split(where), settle=settle)
            if one is not None:
                yield one

    def lying(self) -> list[str]:
        """Give where all lies that may matter, in the order in which it was saved, without opening any of it."""
        inside = self.folders()[1:]
        names = [name for name in os.listdir(self.root) if may_matter(name) and name not in inside]
        for folder in inside:
            try:
                within = os.listdir(self.root / folder)
            except AWAY:
                continue
            except PermissionError:
                names.append(folder)
                continue
            names += [_below(folder, name) for name in within if may_matter(name)]
        return sorted(names, key=self._saved_at)

    def folders(self) -> list[str]:
        """Give where files may lie: the drop folder itself (an empty name), then the folders in it; a link is none."""
        if not self.accepts.folders:
            return [""]
        with os.scandir(self.root) as there:
            inside = [one.name for one in there if one.is_dir(follow_symlinks=False) and may_matter(one.name)]
        return ["", *sorted(name for name in inside if ending_of(name) not in self.accepts.instead)]

    def _saved_at(self, where: str) -> tuple[int, str]:
        """Order files by when they were saved, so that of two versions the later one is the newer."""
        try:
            return (self.root / where).lstat().st_mtime_ns, where
        except AWAY:
            return 0, where

    def _fit(self, folder: str, name: str, *, settle: bool) -> Dropped | Unfit | None:
        try:
            with self._place(folder) as place:
                word = self._refusal(place, folder, name)
                return Unfit(name, word, folder=folder) if word else self._read(place, folder, name, settle=settle)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in {errno.EIO, errno.ESTALE}:
                raise
            word = "refused_link" if error.errno == errno.ELOOP else "refused_unreadable"
            return Unfit(name, word, error.strerror or "?", folder)

    @contextmanager
    def _place(self, folder: str) -> Iterator[int]:
        """Open the drop folder or a folder in it, which is not followed when it became a link in the meantime."""
        descriptor = os.open(
            self.root / folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | bool(folder) * os.O_NOFOLLOW
        )
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _refusal(self, place: int, folder: str, name: str) -> str | None:
        """Give the word for what can be refused without opening it."""
        status = os.stat(name, dir_fd=place, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            return "refused_link"
        if stat.S_ISDIR(status.st_mode) and self.accepts.folders:
            unread = "refused_folder" if folder else "refused_closed_folder"
            return self.accepts.instead.get(ending_of(name), unread)
        if not stat.S_ISREG(status.st_mode):
            return self.accepts.not_a_file
        if CONFLICT.search(name) or CONFLICT.search(folder):
            return "refused_conflict"
        word = self.accepts.refuses(name)
        if word is None and ending_of(name) not in YAML and writing.open_in_an_office(place, name):
            return "refused_open"
        return word

    def _read(self, place: int, folder: str, name: str, *, settle: bool) -> Dropped | Unfit | None:
        most, flags = self.accepts.most[ending_of(name)], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with open(os.open(name, flags, dir_fd=place), "rb") as file:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                return Unfit(name, self.accepts.not_a_file, folder=folder)
            if before.st_nlink > 1:
                return Unfit(name, "refused_shared", folder=folder)
            if settle and not self._settled(_below(folder, name), before, writing.writers(file.fileno())):
                self.waiting = True
                return None
            if ending_of(name) not in YAML and not 0 < before.st_size <= most:
                word = "refused_large" if before.st_size else "refused_empty"
                return Unfit(name, word, str(most // MEGABYTE), folder)
            data = file.read(most + 1)
            after = os.fstat(file.fileno())
        if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
            self.waiting = True
            return None
        return Dropped(name, data, folder)

    def _settled(self, where: str, status: os.stat_result, writers: bool | None) -> bool:
        """Tell whether nobody writes, and nothing has changed for a moment, by the file's clock or since we saw it."""
        if writers:
            return False
        key = (where, status.st_mtime_ns, status.st_size)
        first = self.first_seen.setdefault(key, time.monotonic())
        quiet = SETTLE if writers is False else SETTLE_BLIND
        return max(time.time() - status.st_mtime, time.monotonic() - first) >= quiet

    def take_away(self, dropped: Dropped) -> None:
        """Let an accepted file leave; what was saved over it in the meantime comes back to be read."""
        place = self.root / dropped.folder
        if dropped.folder and not _is_folder(place):
            return
        taken = place / TAKEN / dropped.name
        taken.parent.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            (place / dropped.name).rename(taken)
            if _hash(taken) == dropped.sha256:
                taken.unlink()
        self._put_back(dropped.folder)
        sync_folder(place)
        self.note(dropped.where, None)

    def _put_back(self, folder: str) -> None:
        """Return what was taken and not finished, by a crash or because it changed; reading it again is harmless."""
        place = self.root / folder
        if not _is_folder(place / TAKEN):
            return
        for taken in (place / TAKEN).iterdir():
            free = (place / f"{taken.stem}{'' if n == 1 else f' ({n})'}{taken.suffix}" for n in itertools.count(1))
            taken.rename(next(spot for spot in free if not os.path.lexists(spot)))
        (place / TAKEN).rmdir()

    def note(self, where: str, text: str | None, language: str = "nl") -> bool:
        """Put a note beside a file, or take it away; tells whether there is a new one.

        `text` must begin with the file's name, by which a note is known as ours.
        """
        file = self.root / where
        return (file.parent == self.root or _is_folder(file.parent)) and beside.write(file, text, language)

    def erase(self, where: str) -> None:
        """Remove a file that was never taken in, and our note beside it, both overwritten first; it may be gone.

        A folder goes when nothing is in it.
        """
        file = self.root / where
        if file.parent != self.root and not _is_folder(file.parent):
            return
        beside.erase(file)
        if _is_folder(file):
            with contextlib.suppress(OSError):
                file.rmdir()
        else:
            erase_file(file)
        sync_folder(file.parent)

    def has_note(self, where: str) -> bool:
        """Tell whether a note stands beside a file."""
        return beside.has_note(self.root / where)

    def drop_old_notes(self) -> None:
        """Take away our notes whose file is gone."""
        for folder in self.folders():
            with contextlib.suppress(*(*AWAY, PermissionError) if folder else ()):
                beside.drop_old(self.root / folder)


def watch(roots: Iterable[Path], wake: Callable[[], None]) -> Callable[[], None]:
    """Call `wake` when something happens below `roots`; gives what ends it. Without events, polling remains."""

    class Hint(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.event_type not in {"opened", "closed_no_write"}:
                wake()

    observer = Observer()
    try:
        for root in roots:
            observer.schedule(Hint(), str(root), recursive=True)
        observer.start()
    except OSError:
        return lambda: None

    def end() -> None:
        observer.stop()
        observer.join()

    return end


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _is_folder(path: Path) -> bool:
    with contextlib.suppress(*AWAY, PermissionError):
        return stat.S_ISDIR(path.lstat().st_mode)
    return False


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
