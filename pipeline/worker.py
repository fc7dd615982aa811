"""The timetable: one pass over all steps in their order, and the loop that makes passes until it is told to stop."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.edges import folder
from pipeline.errors import AlreadyRunning, NotReachable, PipelineError, StorageFailed
from pipeline.model import RequestState
from pipeline.outgoing import compose, documents, intake, outbox, sent_copy
from pipeline.practice import Practice

LOG = logging.getLogger("pipeline")
Clock = Callable[[], datetime]
Tell = Callable[[str], None]
POLL = 2.0
LONGEST_PAUSE = 300.0


def utc_now() -> datetime:
    """Give the time, once, at the top."""
    return datetime.now(UTC)


@dataclass
class Away:
    """A server that could not be used: when to try again, with a pause that doubles."""

    until: float = 0.0
    pause: float = 5.0

    def failed(self) -> None:
        """Wait longer each time."""
        self.until, self.pause = time.monotonic() + self.pause, min(self.pause * 2, LONGEST_PAUSE)

    @property
    def waiting(self) -> bool:
        """Tell whether it is too early to try."""
        return time.monotonic() < self.until


class Worker:
    """Carries rows from state to state; knows the steps, and none of them knows another."""

    def __init__(self, practice: Practice, clock: Clock = utc_now, tell: Tell = LOG.info) -> None:
        """Work on `practice`; `tell` hears what happens, by reference; `after_pass` what moved."""
        self.practice, self.clock, self.tell = practice, clock, tell
        self.smtp, self.imap = Away(), Away()
        self.after_pass: Callable[[int], None] = lambda _moved: None
        self._templates = 0.0

    def start(self) -> None:
        """Put right what a stop of any kind left behind."""
        outbox.recover(self.practice, self.clock(), self.tell)

    def one_pass(self) -> int:
        """Take every step once, each on what the one before left; gives how much was moved."""
        practice, tell = self.practice, self.tell
        self._notice_templates()
        moved = intake.take_in(practice, self.clock(), tell)
        moved += documents.write(practice, self.clock(), tell)
        moved += compose.compose(practice, self.clock(), tell)
        moved += self._try(self.smtp, lambda: outbox.send(practice, self.clock, tell))
        moved += self._try(self.imap, lambda: sent_copy.look_after(practice, self.clock(), tell))
        return moved

    def until_quiet(self) -> None:
        """Make passes until nothing moves and nothing is still being written in the drop folder."""
        while self.one_pass() or self.practice.drop.waiting:
            time.sleep(0.05 if self.practice.drop.waiting else 0)

    def _try(self, server: Away, step: Callable[[], int]) -> int:
        """Take a step that needs a server; when the server is away, the rest of the work goes on."""
        if server.waiting:
            return 0
        try:
            moved = step()
        except NotReachable as error:
            server.failed()
            self.tell(f"{error}; trying again later")
            return 0
        server.pause = Away.pause
        return moved

    def _notice_templates(self) -> None:
        """Try again what could not be printed once a template has changed (and at the start)."""
        failed = self.practice.database.value("SELECT count(*) FROM requests WHERE state = ?", RequestState.FAILED)
        if not failed and self._templates:
            return
        newest = max((path.stat().st_mtime for path in (self.practice.folder / "templates").rglob("*")), default=0.0)
        if newest != self._templates:
            self._templates = newest
            documents.retry_failed(self.practice)

    def loop(self, stop: threading.Event, wake: threading.Event) -> None:
        """Make passes until `stop` is set: at once when something happens, and every two seconds anyway."""
        end = folder.watch(self.practice.drop.root, wake.set)
        self.practice.press.warm()
        self.start()
        try:
            while not stop.is_set():
                wake.clear()
                self.after_pass(self._guarded_pass())
                wake.wait(0.1 if self.practice.drop.waiting else POLL)
        finally:
            end()

    def _guarded_pass(self) -> int:
        try:
            return self.one_pass()
        except StorageFailed:
            raise
        except PipelineError as error:
            self.tell(str(error))
        except OSError as error:
            if error.errno in {errno.EIO, errno.ENOSPC}:
                raise StorageFailed(f"{error.filename or 'the disk'}: {error.strerror}") from error
            self.tell(f"{type(error).__name__}: {error.strerror}")
        return 0


@contextmanager
def alone(storage: Path) -> Iterator[None]:
    """Be the only one that works on this practice; raises `AlreadyRunning` when somebody else does."""
    path = storage / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = path.read_text(encoding="ascii", errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise AlreadyRunning(
            f"pipeline is already running on this practice (process {holder}); stop that one first"
        ) from None
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)
