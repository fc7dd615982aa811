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
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline import attention, attestations, statements
from pipeline.edges import folder
from pipeline.edges.mailbox import idle
from pipeline.errors import (
    AlreadyRunning,
    LoginRefused,
    NotReachable,
    PipelineError,
    StorageFailed,
    disk_failed,
)
from pipeline.incoming import arrivals, inbox, tidying, understand
from pipeline.model import MailState, MessageState, RequestState
from pipeline.outgoing import daily
from pipeline.outgoing.billing import invoices, payments
from pipeline.outgoing.course import appointments, closing_questions, dispatch, profiles, reports, sharing
from pipeline.outgoing.opening import compose, countersigned, documents, intake, reminders
from pipeline.outgoing.sending import outbox, sent_copy
from pipeline.practice import Practice
from pipeline.retention import timetable

LOG = logging.getLogger("pipeline")
Clock = Callable[[], datetime]
Tell = Callable[[str], None]
POLL = 2.0
POLL_INBOX = timedelta(minutes=5)
EVERY_MINUTE = timedelta(minutes=1)
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
        self.smtp, self.imap, self.inbox = Server(), Server(), Server()
        self._looked: datetime | None = None
        self._kept: datetime | None = None
        self.after_pass: Callable[[int], None] = lambda _moved: None
        self._templates = 0.0
        self._trouble: dict[str, str] = {}

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
        practice, tell, clock = self.practice, self.tell, self.clock
        self._notice_templates()
        moved = self._step("inbox", self._look_in_mailbox, self.inbox)
        moved += self._step("letters", lambda: understand.understand(practice, clock(), tell))
        moved += self._step("drop", lambda: intake.take_in(practice, clock(), tell))
        moved += self._step("appointments", lambda: appointments.take_in(practice, clock(), tell))
        moved += self._step("profiles", lambda: profiles.take_in(practice, clock(), tell))
        moved += self._step("reports", lambda: reports.take_in(practice, clock(), tell))
        moved += self._step("documents", lambda: documents.write(practice, clock(), tell))
        moved += self._step("mail", lambda: compose.compose(practice, clock(), tell))
        moved += self._step("invoices", lambda: invoices.issue(practice, clock(), tell))
        moved += self._step("closing", lambda: closing_questions.ask(practice, clock(), tell))
        moved += self._step("withheld", lambda: profiles.discard_withheld(practice, clock(), tell))
        moved += self._step("course", lambda: dispatch.compose(practice, clock(), tell))
        moved += self._step("sharing", lambda: sharing.share(practice, clock(), tell))
        if self._inbox_is_read():
            moved += self._step("expiry", lambda: reminders.expire(practice, clock(), tell))
            moved += self._step("reminders", lambda: reminders.remind(practice, clock(), tell))
            moved += self._step("approvals", lambda: reports.remind(practice, clock(), tell))
            moved += self._step("payments", lambda: payments.remind(practice, clock(), tell))
        moved += self._step("statements", lambda: attestations.ask_when_due(practice, clock(), tell))
        moved += self._step("copies", lambda: countersigned.countersign(practice, clock(), tell))
        moved += self._step("note", lambda: daily.write(practice, clock(), tell, lambda: attention.titles(practice)))
        moved += self._step("outbox", lambda: outbox.send(practice, clock, tell), self.smtp)
        moved += self._step("mailbox", self._look_after_mailbox, self.imap)
        moved += self._step("retention", self._keep_promises, self.imap)
        return moved

    def look_now(self) -> None:
        """Look in the mailbox at the next pass: something may have come."""
        self._looked = None

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
        return not (self.smtp.waiting or self._trouble.keys() & {"mailbox", "inbox"})

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

    def _look_in_mailbox(self) -> int:
        """Look for what is new when it is time, fetch what is due, do what rules ask; an account is needed for that."""
        practice, now = self.practice, self.clock()
        if practice.file.mail.imap is None:
            return 0
        if not self._looked_lately(now):
            inbox.look(practice, now, self.tell)
            self._looked = now
        return arrivals.fetch(practice, now, self.tell) + tidying.tidy(practice, now, self.tell)

    def _looked_lately(self, now: datetime) -> bool:
        """Tell whether the last look is recent, by the clock on the wall: a laptop that slept looks at once."""
        return self._looked is not None and timedelta() <= now - self._looked < POLL_INBOX

    def _inbox_is_read(self) -> bool:
        """Tell whether everything that came has been understood, so that nobody who answered is reminded."""
        if self.practice.file.mail.imap is None:
            return True
        pending = self.practice.database.value(
            "SELECT EXISTS (SELECT 1 FROM arrivals WHERE mail IS NULL AND reason IS NULL AND attempts < ?)"
            " OR EXISTS (SELECT 1 FROM mails WHERE state = ?)",
            arrivals.SHOWN_AFTER,
            MailState.STORED,
        )
        return self._looked_lately(self.clock()) and not pending

    def _look_after_mailbox(self) -> int:
        settled = sent_copy.look_after(self.practice, self.clock(), self.tell)
        if self.practice.database.value("SELECT 1 FROM messages WHERE state = ?", MessageState.IN_DOUBT):
            self.imap.rest(DOUBT_PAUSE)
        return settled

    def _keep_promises(self) -> int:
        """Delete and erase what is due; looked at once a minute, and at once when mail went out or papers came in."""
        now = self.clock()
        if self._kept is not None and timedelta() <= now - self._kept < EVERY_MINUTE:
            return 0
        self._kept = now
        return timetable.keep_promises(self.practice, now, self.tell)

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
            self._trouble.pop("practice", None)
        except (PipelineError, OSError) as error:
            self.practice.file, self.practice.policy, self.practice.rules = before
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
