"""The timetable: one pass over all steps in their order, and the loop that makes passes until it is told to stop."""

from __future__ import annotations

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
from pipeline.errors import (
    AlreadyRunning,
    LoginRefused,
    NotReachable,
    PipelineError,
    StorageFailed,
    disk_failed,
)
from pipeline.model import MessageState, RequestState
from pipeline.outgoing import compose, documents, intake, outbox, sent_copy
from pipeline.practice import Practice

LOG = logging.getLogger("pipeline")
Clock = Callable[[], datetime]
Tell = Callable[[str], None]
POLL = 2.0
WRITER_MAY_TAKE = 10.0
LONGEST_PAUSE = 300.0
DOUBT_PAUSE = 60.0
AFTER_REFUSED_LOGIN = 900.0


def utc_now() -> datetime:
    """Give the time, once, at the top."""
    return datetime.now(UTC)


@dataclass
class Server:
    """A server that is needed for a step: when to try it again, with a pause that doubles while it is away."""

    until: float = 0.0
    pause: float = 5.0

    def failed(self) -> None:
        """Wait longer each time."""
        self.until, self.pause = time.monotonic() + self.pause, min(self.pause * 2, LONGEST_PAUSE)

    def rest(self, seconds: float) -> None:
        """Leave it alone for a while."""
        self.until = time.monotonic() + seconds

    @property
    def waiting(self) -> bool:
        """Tell whether it is too early to try."""
        return time.monotonic() < self.until


class Worker:
    """Carries rows from state to state; knows the steps, and none of them knows another."""

    def __init__(self, practice: Practice, clock: Clock = utc_now, tell: Tell = LOG.info) -> None:
        """Work on `practice`; `tell` hears what happens, by reference; `after_pass` what moved."""
        self.practice, self.clock, self.tell = practice, clock, tell
        self.smtp, self.imap = Server(), Server()
        self.after_pass: Callable[[int], None] = lambda _moved: None
        self._templates = 0.0
        self._trouble: dict[str, str] = {}

    def start(self) -> None:
        """Put right what a stop of any kind left behind; only one worker at a time may do this (`alone`)."""
        self.practice.storage.empty("press")
        self.practice.database.settle()
        outbox.recover(self.practice, self.clock(), self.tell)

    def one_pass(self) -> int:
        """Take every step once, each on what the one before left; gives how much was moved."""
        practice, tell, clock = self.practice, self.tell, self.clock
        self._notice_templates()
        moved = self._step("drop", lambda: intake.take_in(practice, clock(), tell))
        moved += self._step("documents", lambda: documents.write(practice, clock(), tell))
        moved += self._step("mail", lambda: compose.compose(practice, clock(), tell))
        moved += self._step("outbox", lambda: outbox.send(practice, clock, tell), self.smtp)
        moved += self._step("mailbox", self._look_after_mailbox, self.imap)
        return moved

    def until_quiet(self) -> bool:
        """Make passes until nothing moves; tells whether all servers that were needed could be used.

        A file that somebody is still writing is waited for, up to ten seconds.
        """
        if any(self.practice.drop.root.iterdir()):
            self.practice.press.warm()  # it loads while the files are read
        patience = time.monotonic() + WRITER_MAY_TAKE
        while not self.practice.stopping.is_set():
            moved = self.one_pass()
            waiting = self.practice.drop.waiting and time.monotonic() < patience
            if not moved and not waiting:
                break
            time.sleep(0.05 if waiting else 0)
        return not (self.smtp.waiting or "mailbox" in self._trouble)

    def _step(self, name: str, step: Callable[[], int], server: Server | None = None) -> int:
        """Take one step; when what it needs is away, say so once, and let the other steps go on."""
        if server and server.waiting:
            return 0
        try:
            moved = step()
        except StorageFailed:
            raise
        except (PipelineError, OSError) as error:
            self._troubled(name, error)
            if server and isinstance(error, LoginRefused):
                self.practice.secrets.clear()  # the next try looks the password up again
                server.rest(AFTER_REFUSED_LOGIN)
            elif server:
                server.failed()
            return 0
        self._trouble.pop(name, None)
        if server:
            server.pause = Server.pause
        return moved

    def _troubled(self, name: str, error: PipelineError | OSError) -> None:
        if isinstance(error, OSError) and disk_failed(error):
            raise StorageFailed(
                f"{error.filename or 'the disk'}: {error.strerror}; nothing was taken as done"
            ) from error
        text = f"{error.filename or name}: {error.strerror}" if isinstance(error, OSError) else str(error)
        later = "; trying again later" if isinstance(error, NotReachable | OSError) else ""
        if self._trouble.get(name) != text:
            self.tell(f"{text}{later}")
        self._trouble[name] = text

    def _look_after_mailbox(self) -> int:
        settled = sent_copy.look_after(self.practice, self.clock(), self.tell)
        if self.practice.database.value("SELECT 1 FROM messages WHERE state = ?", MessageState.IN_DOUBT):
            self.imap.rest(DOUBT_PAUSE)
        return settled

    def _notice_templates(self) -> None:
        """Try again what could not be printed once a template has changed (and at the start)."""
        failed = self.practice.database.value("SELECT 1 FROM requests WHERE state = ?", RequestState.FAILED)
        if not failed and self._templates:
            return
        newest = max((path.lstat().st_mtime for path in (self.practice.folder / "templates").rglob("*")), default=0.0)
        if newest != self._templates:
            self._templates = newest
            documents.retry_failed(self.practice)

    def loop(self, wake: threading.Event) -> None:
        """Make passes until the practice is stopping: at once when something happens, and every two seconds anyway."""
        self.start()
        self.practice.press.warm()
        end = folder.watch(self.practice.drop.root, wake.set)
        try:
            while not self.practice.stopping.is_set():
                wake.clear()
                self._reread()
                self.after_pass(self.one_pass())
                wake.wait(0.1 if self.practice.drop.waiting else POLL)
        finally:
            end()

    def _reread(self) -> None:
        """Take over what was changed in practice.yaml; while it is wrong, work on by what it said before."""
        try:
            if self.practice.reread():
                documents.retry_failed(self.practice)
                self.tell("practice.yaml was changed and is taken over")
            self._trouble.pop("practice", None)
        except (PipelineError, OSError) as error:
            self._troubled("practice", error)


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
            f"pipeline already runs on this practice (process {holder}); stop that one first"
        ) from None
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)
