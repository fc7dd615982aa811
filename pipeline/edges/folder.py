"""The drop folder: what lies in it, whole and settled; and how a file leaves it.

Events are hints that only wake the worker; the listing decides. A file counts when nobody has it open for writing
(asked of the kernel by a lease, where the disk can tell) and it has not changed for a moment. Links, pipes, devices
and files that also stand elsewhere are never opened for reading. Accepted residual risk: on a network drive the kernel
cannot tell who is writing, and a writer that pauses longer than `SETTLE_BLIND` between two halves is believed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import itertools
import os
import re
import signal
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from pipeline.config.source import MOST_BYTES
from pipeline.durable import erase_file, sync_folder

SETTLE = 0.5
SETTLE_BLIND = 3.0
SUFFIXES = (".yaml", ".yml")
IGNORED = re.compile(
    r"^\.|^~|~$|^#|^4913$|\.(sw.|tmp|temp|part|partial|crdownload|download|lock|bak|orig|ini|db|icloud)$", re.IGNORECASE
)
CONFLICT = re.compile(r"conflicted copy|case conflict|sync-conflict-|conflictkopie|conflicterende kopie", re.IGNORECASE)
TAKEN = ".pipeline-taken"
MOST_NAME = 255
NOTE = {"nl": ".LEESMIJ.txt", "en": ".README.txt"}


@dataclass(frozen=True)
class Dropped:
    """A file that was read whole."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Unfit:
    """Something that cannot be a client file, with the word (in `pipeline.words`) that says why."""

    name: str
    word: str
    reason: str = ""


@dataclass
class DropFolder:
    """One drop folder; `first_seen` is a hint that may be forgotten."""

    root: Path
    first_seen: dict[tuple[str, int, int], float] = field(default_factory=dict)
    waiting: bool = False

    def look(self, *, settle: bool = True) -> list[Dropped | Unfit]:
        """Give what lies in the folder and is settled, oldest first; `waiting` tells of files still being written.

        Without `settle` it is a look only: whatever lies there now, and nothing is moved.
        """
        if settle:
            self._put_back()
        self.waiting = False
        names = sorted(filter(_may_matter, os.listdir(self.root)), key=self._saved_at)
        found = [self._fit(name, settle=settle) for name in names]
        self.first_seen = {key: first for key, first in self.first_seen.items() if key[0] in names}
        return [one for one in found if one is not None]

    def _saved_at(self, name: str) -> tuple[int, str]:
        """Order files by when they were saved, so that of two versions the later one is the newer."""
        try:
            return (self.root / name).lstat().st_mtime_ns, name
        except FileNotFoundError:
            return 0, name

    def _fit(self, name: str, *, settle: bool) -> Dropped | Unfit | None:
        path = self.root / name
        try:
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                return Unfit(name, "refused_link")
            if not stat.S_ISREG(status.st_mode):
                return Unfit(name, "refused_not_a_file")
            if CONFLICT.search(name):
                return Unfit(name, "refused_conflict")
            if not name.lower().endswith(SUFFIXES):
                return Unfit(name, "refused_name")
            return self._read(path, settle=settle)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in {errno.EIO, errno.ESTALE}:
                raise
            return Unfit(
                name, "refused_link" if error.errno == errno.ELOOP else "refused_unreadable", error.strerror or "?"
            )

    def _read(self, path: Path, *, settle: bool) -> Dropped | Unfit | None:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                return Unfit(path.name, "refused_not_a_file")
            if before.st_nlink > 1:
                return Unfit(path.name, "refused_shared")
            if settle and not self._settled(path.name, before, _writers(file.fileno())):
                self.waiting = True
                return None
            data = file.read(MOST_BYTES + 1)
            after = os.fstat(file.fileno())
        if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
            self.waiting = True
            return None
        return Dropped(path.name, data)

    def _settled(self, name: str, status: os.stat_result, writers: bool | None) -> bool:
        """Tell whether nobody writes, and nothing has changed for a moment, by the file's clock or since we saw it."""
        if writers:
            return False
        key = (name, status.st_mtime_ns, status.st_size)
        first = self.first_seen.setdefault(key, time.monotonic())
        quiet = SETTLE if writers is False else SETTLE_BLIND
        return max(time.time() - status.st_mtime, time.monotonic() - first) >= quiet

    def take_away(self, dropped: Dropped) -> None:
        """Let an accepted file leave; what was saved over it in the meantime comes back to be read."""
        taken = self.root / TAKEN / dropped.name
        taken.parent.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            (self.root / dropped.name).rename(taken)
            if _hash(taken) == dropped.sha256:
                taken.unlink()
        self._put_back()
        sync_folder(self.root)
        self.note(dropped.name, None)

    def _put_back(self) -> None:
        """Return what was taken and not finished, by a crash or because it changed; reading it again is harmless."""
        folder = self.root / TAKEN
        if not folder.is_dir():
            return
        for taken in folder.iterdir():
            free = (self.root / f"{taken.stem}{'' if n == 1 else f' ({n})'}{taken.suffix}" for n in itertools.count(1))
            taken.rename(next(place for place in free if not os.path.lexists(place)))
        folder.rmdir()

    def note(self, name: str, text: str | None, language: str = "nl") -> bool:
        """Put a note beside the file called `name`, or take it away; tells whether there is a new one.

        `text` must begin with the file's name, by which a note is known as ours.
        """
        for other, suffix in NOTE.items():
            note, data = self._note_of(name, suffix), (text or "").encode("utf-8", "replace")
            if text is None or other != language:
                self._drop_note(note, name)
            elif note.is_symlink() or not note.is_file() or note.read_bytes() != data:
                replacement = note.with_name(f".{NOTE['nl']}.new")
                replacement.write_bytes(data)
                replacement.replace(note)
                return True
        return False

    def erase(self, name: str) -> None:
        """Remove a file that was never taken in, and our note beside it, both overwritten first; it may be gone."""
        for suffix in NOTE.values():
            note = self._note_of(name, suffix)
            if self._is_ours(note, name):
                erase_file(note)
        erase_file(self.root / name)
        sync_folder(self.root)

    def _is_ours(self, note: Path, name: str) -> bool:
        """Tell whether a note is one of ours, also when it was being overwritten."""
        if note.is_symlink() or not note.is_file():
            return False
        data = note.read_bytes()
        return data.startswith(shown(name).encode() + b" ") or not data.strip(b"\0")

    def _drop_note(self, note: Path, name: str) -> None:
        """Remove a note of ours; a file that somebody else gave such a name is left alone."""
        if note.is_file() and not note.is_symlink() and note.read_bytes().startswith(shown(name).encode() + b" "):
            note.unlink(missing_ok=True)

    def _note_of(self, name: str, suffix: str) -> Path:
        """Give where the note of a file stands; a name that fills a whole directory entry is cut."""
        return self.root / (os.fsdecode(os.fsencode(name)[: MOST_NAME - len(suffix)]) + suffix)

    def has_note(self, name: str) -> bool:
        """Tell whether a note stands beside the file called `name`."""
        return any(self._note_of(name, suffix).exists() for suffix in NOTE.values())

    def drop_old_notes(self) -> None:
        """Take away our notes whose file is gone."""
        there = os.listdir(self.root)
        for suffix in NOTE.values():
            wanted = {self._note_of(name, suffix).name for name in there}
            for note in there:
                if note.endswith(suffix) and note not in wanted:
                    self._drop_note(self.root / note, note.removesuffix(suffix))


def shown(name: str) -> str:
    """Give a file's name as it can be written down; a name from an old disk may not be UTF-8."""
    return name.encode("utf-8", "replace").decode()


def watch(root: Path, wake: Callable[[], None]) -> Callable[[], None]:
    """Call `wake` when something happens in `root`; gives what ends the watching. Without events, polling remains."""

    class Hint(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.event_type not in {"opened", "closed_no_write"}:
                wake()

    observer = Observer()
    try:
        observer.schedule(Hint(), str(root))
        observer.start()
    except OSError:
        return lambda: None

    def end() -> None:
        observer.stop()
        observer.join()

    return end


def _writers(descriptor: int) -> bool | None:
    """Tell whether somebody has the file open for writing (fcntl(2), F_SETLEASE), or None when the disk cannot tell."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    except AttributeError:
        return None
    return False


def _may_matter(name: str) -> bool:
    return not IGNORED.search(name) and not name.endswith(tuple(NOTE.values()))


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
