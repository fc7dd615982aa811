"""The loop: passes over all steps until it is told to stop, and what must be so before the first."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline import statements
from pipeline.edges import folder
from pipeline.edges.mailbox import idle
from pipeline.errors import AlreadyRunning, PipelineError
from pipeline.onepass import Clock, OnePass
from pipeline.outgoing.opening import documents
from pipeline.outgoing.sending import outbox
from pipeline.practice import Practice
from pipeline.trying import Tell, Trying

LOG = logging.getLogger("pipeline")
POLL = 2.0
POLL_INBOX = timedelta(minutes=5)
WRITER_MAY_TAKE = 10.0


def utc_now() -> datetime:
    """Give the time, once, at the top."""
    return datetime.now(UTC)


class Worker:
    """Carries rows from state to state; knows the steps, and none of them knows another."""

    def __init__(self, practice: Practice, clock: Clock = utc_now, tell: Tell = LOG.info) -> None:
        """Work on `practice`; `tell` hears what happens, by reference; `after_pass` what moved."""
        self.practice, self.clock, self.tell = practice, clock, tell
        self._trying = Trying(practice, tell)
        self._pass = OnePass(practice, clock, tell, POLL_INBOX)
        self.smtp = self._pass.smtp
        self.after_pass: Callable[[int], None] = lambda _moved: None

    def start(self) -> None:
        """Put right what a stop of any kind left behind; only one worker at a time may do this (`alone`).

        Raises `ConfigError` when what runs is not what the published statement promises.
        """
        self.practice.storage.empty("press")
        self.practice.storage.empty("reading")
        self.practice.database.settle()
        statements.activate(self.practice, self.clock())
        outbox.recover(self.practice, self.clock(), self.tell)

    def one_pass(self) -> int:
        """Take every step once, each on what the one before left; gives how much was moved."""
        self._pass.notice_templates()
        return sum(map(self._trying.take, self._pass.steps()))

    def look_now(self) -> None:
        """Look in the mailbox at the next pass: something may have come."""
        self._pass.look_now()

    def until_quiet(self) -> bool:
        """Make passes until nothing moves; tells whether all servers that were needed could be used.

        A file that somebody is still writing is waited for, up to ten seconds.
        """
        if any(drop.lying() for drop in self.practice.drops.values()):
            self.practice.press.warm()  # it loads while the files are read
        patience = time.monotonic() + WRITER_MAY_TAKE
        while not self.practice.stopping.is_set():
            moved = self.one_pass()
            waiting = self.practice.still_written() and time.monotonic() < patience
            if not moved and not waiting:
                break
            time.sleep(0.05 if waiting else 0)
        return not (self.smtp.waiting or self._trying.in_trouble({"mailbox", "inbox"}))

    def loop(self, wake: threading.Event) -> None:
        """Make passes until the practice is stopping: at once when something happens, and every two seconds anyway."""
        self.start()
        self.practice.press.warm()
        end = folder.watch([drop.root for drop in self.practice.drops.values()], wake.set)
        hint = self._hear_mail(wake)
        try:
            while not self.practice.stopping.is_set():
                wake.clear()
                self._reread()
                self.after_pass(self.one_pass())
                wake.wait(0.1 if self.practice.still_written() else POLL)
        finally:
            end()
            if hint is not None:
                hint.close()

    def _hear_mail(self, wake: threading.Event) -> idle.Watcher | None:
        """Have the server say when mail comes; only a hint, the look at every five minutes decides."""
        server = self.practice.file.mail.imap
        if server is None:
            return None

        def heard() -> None:
            self.look_now()
            wake.set()

        try:
            watcher = idle.Watcher(server, self.practice.secret_of(server), heard)
        except PipelineError:
            return None  # the first look says what is wrong
        watcher.start()
        return watcher

    def _reread(self) -> None:
        """Take over what was changed in practice.yaml; while it is wrong, work on by what it said before."""
        before = self.practice.file, self.practice.policy, self.practice.rules
        try:
            if self.practice.reread():
                statements.activate(self.practice, self.clock())
                documents.retry_failed(self.practice)
                self.tell("practice.yaml or inbox_rules.yaml was changed and is taken over")
            self._trying.well("practice")
        except (PipelineError, OSError) as error:
            self.practice.file, self.practice.policy, self.practice.rules = before
            self._trying.troubled("practice", error)


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
