"""The timetable: what is done in one pass, in which order, and what is not done at every one.

Gives the steps, each of which takes up what the ones before it left; no step knows another. Who takes them is the
worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import starmap

from pipeline import attention, attestations
from pipeline.incoming import arrivals, inbox, tidying, understand
from pipeline.model import MailState, MessageState, RequestState
from pipeline.outgoing import daily
from pipeline.outgoing.billing import invoices, payments
from pipeline.outgoing.course import appointments, closing_questions, dispatch, profiles, reports, sharing
from pipeline.outgoing.opening import compose, countersigned, documents, intake, reminders
from pipeline.outgoing.sending import outbox, sent_copy
from pipeline.practice import Practice
from pipeline.retention import timetable
from pipeline.trying import Server, Step, Tell

Clock = Callable[[], datetime]
Plain = Callable[[Practice, datetime, Tell], int]
EVERY_MINUTE = timedelta(minutes=1)
DOUBT_PAUSE = 60.0


class OnePass:
    """The steps of a pass, the servers that some of them need, and when what is done seldom was done last."""

    def __init__(self, practice: Practice, clock: Clock, tell: Tell, poll_inbox: timedelta) -> None:
        """Work on `practice`, and look in its mailbox every `poll_inbox`; `tell` hears what happens."""
        self.practice, self.clock, self.tell = practice, clock, tell
        self.smtp, self.imap, self.inbox = Server(), Server(), Server()
        self._poll_inbox = poll_inbox
        self._looked: datetime | None = None
        self._kept: datetime | None = None
        self._templates = 0.0

    def steps(self) -> Iterator[Step]:
        """Give every step in its order; whether somebody may be reminded is looked at when its turn has come."""
        yield Step("inbox", self._look_in_mailbox, self.inbox)
        yield from starmap(self._step, self._made_ready())
        if self._inbox_is_read():
            yield from starmap(self._step, self._reminded())
        yield self._step("statements", attestations.ask_when_due)
        yield self._step("copies", countersigned.countersign)
        yield Step("note", self._write_daily_note)
        yield Step("outbox", lambda: outbox.send(self.practice, self.clock, self.tell), self.smtp)
        yield Step("mailbox", self._look_after_mailbox, self.imap)
        yield Step("retention", self._keep_promises, self.imap)

    def _made_ready(self) -> list[tuple[str, Plain]]:
        """Give what is taken up as it comes, and made ready to go."""
        return [
            ("letters", understand.understand), ("drop", intake.take_in), ("appointments", appointments.take_in),
            ("profiles", profiles.take_in), ("reports", reports.take_in), ("documents", documents.write),
            ("mail", compose.compose), ("invoices", invoices.issue), ("closing", closing_questions.ask),
            ("withheld", profiles.discard_withheld), ("course", dispatch.compose), ("sharing", sharing.share),
        ]  # fmt: skip

    def _reminded(self) -> list[tuple[str, Plain]]:
        """Give what follows from silence: only once everything that came has been understood."""
        return [
            ("expiry", reminders.expire), ("reminders", reminders.remind), ("approvals", reports.remind),
            ("payments", payments.remind),
        ]  # fmt: skip

    def _step(self, name: str, act: Plain) -> Step:
        return Step(name, lambda: act(self.practice, self.clock(), self.tell))

    def look_now(self) -> None:
        """Look in the mailbox at the next pass: something may have come."""
        self._looked = None

    def notice_templates(self) -> None:
        """Try again what could not be printed once a template has changed (and at the start)."""
        failed = self.practice.database.value("SELECT 1 FROM requests WHERE state = ?", RequestState.FAILED)
        if not failed and self._templates:
            return
        newest = max((path.lstat().st_mtime for path in (self.practice.folder / "templates").rglob("*")), default=0.0)
        if newest != self._templates:
            self._templates = newest
            documents.retry_failed(self.practice)

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
        return self._looked is not None and timedelta() <= now - self._looked < self._poll_inbox

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

    def _write_daily_note(self) -> int:
        return daily.write(self.practice, self.clock(), self.tell, lambda: attention.titles(self.practice))

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
