"""What people do in a coaching and what befalls the program, by its own steps and over a real conversation.

What of it the people know is written down with the rights; what the server accepted is looked at when it has.
"""

from __future__ import annotations

import email
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pipeline import approvals, attention
from pipeline.incoming import approving, booking, consents
from pipeline.incoming.answers.assent import Answer
from pipeline.incoming.facts import known
from pipeline.incoming.mail import Bounce
from pipeline.model import Kind
from pipeline.outgoing.course import dispatch, profiles, reports, sharing
from pipeline.outgoing.opening import documents, intake
from pipeline.outgoing.sending import outbox
from pipeline.practice import Practice
from pipeline.retention import closing, drafts
from tests.promises.coaching_rights import NEW_SPONSOR, PAPERS, Violation
from tests.promises.coaching_stage import Stage
from tests.promises.coming_back import a_form, a_mail, a_word
from tests.reading.profiles import of, typed
from tests.world import CLIENT, client_file

MARK, ANSWER = 4, 5
"""At which look at the clock the first mail of a send is about to get its mark, and has the server's answer."""


class Killed(BaseException):
    """The program was killed here."""


def nobody(_: str) -> None:
    """Hear what the program tells."""


@dataclass
class Acts:
    """What can happen, done with the program's own steps; and what of it the people know."""

    stage: Stage

    @property
    def practice(self) -> Practice:
        return self.stage.practice

    def tick(self) -> datetime:
        self.stage.now += timedelta(minutes=1)
        return self.stage.now

    def know(self, **changed: Any) -> None:
        self.stage.rights = replace(self.stage.rights, **changed)

    def consent(self) -> None:
        """Her form comes back with a yes to everything."""
        a_form(self.practice, self.stage.reference, self.tick(), given=True)
        self.know(may_take=True, refused=False)

    def refusal(self) -> None:
        """Her form comes back with a no to everything."""
        a_form(self.practice, self.stage.reference, self.tick(), given=False)
        self.know(may_take=False, refused=True)

    def withdrawal(self) -> None:
        """She writes that she takes everything back."""
        mail = a_mail(self.practice, self.stage.reference, self.tick())
        with self.practice.database.transaction():
            consents.withdraw(self.practice, self.stage.reference, mail, self.tick())
        self.know(may_take=False, refused=True, word=dict.fromkeys(self.stage.rights.word, False))

    def approval(self) -> None:
        """She says yes to what she has; its mail is made at once, and the mail server is away."""
        self._answers(Answer.YES)
        sharing.share(self.practice, self.tick(), nobody)

    def change(self) -> None:
        """She wants something changed in what she has."""
        self._answers(Answer.CHANGES)

    def _answers(self, answer: Answer) -> None:
        for kind in PAPERS:
            if version := self.stage.rights.held(kind):
                self._answer(kind, version, answer)

    def _answer(self, kind: Kind, version: int, answer: Answer) -> None:
        word = approving.Word(self.stage.reference, kind, version, answer)
        taken = a_word(self.practice, word, self.tick())
        rights, newest = self.stage.rights, (kind, self.stage.rights.newest(kind))
        if answer is Answer.YES and taken and newest == (kind, version):
            self.know(word={**rights.word, newest: True})
        elif answer is not Answer.YES and (newest == (kind, version) or newest in rights.word):
            self.know(word={**rights.word, newest: False})

    def profile(self) -> None:
        """The coach drops a profile."""
        number = self.stage.rights.newest(Kind.PROFILE) + 1
        self._drop(Kind.PROFILE, typed(of("Sanne Jansen", pages=number)), "pdf")

    def report(self) -> None:
        """The coach drops a report, or its next version."""
        number = self.stage.rights.newest(Kind.REPORT) + 1
        self._drop(Kind.REPORT, f"# Verloop\n\nVersie {number} voor Sanne Jansen.\n".encode(), "md")

    def _drop(self, kind: Kind, data: bytes, ending: str) -> None:
        self.stage.world.drop(data, f"{self.stage.reference}.{ending}", f"{kind}s")
        take_in = profiles.take_in if kind is Kind.PROFILE else reports.take_in
        take_in(self.practice, self.tick(), nobody)
        rights, row = self.stage.rights, approvals.newest(self.practice, self.stage.reference, kind)
        if row is not None and row["version"] > rights.newest(kind):
            if rights.closed or (kind is Kind.PROFILE and not rights.may_take):
                raise Violation(f"a {kind} was taken in that may not be")
            made = self.practice.storage.read(f"dossiers/{self.stage.reference}/{row['file']}")
            versions = (*rights.made[kind], self.stage.seal(made))
            told = {**rights.told, (kind, row["version"]): rights.sponsor}
            self.know(made={**rights.made, kind: versions}, told=told)
        dispatch.compose(self.practice, self.tick(), nobody)

    def sponsor(self) -> None:
        """Somebody else pays from now on; that happens once."""
        if self.stage.rights.sponsor == NEW_SPONSOR:
            return
        self.stage.world.drop(client_file(sponsor=NEW_SPONSOR))
        intake.take_in(self.practice, self.tick(), nobody)
        documents.write(self.practice, self.tick(), nobody)
        if self.practice.database.value("SELECT max(revision) FROM requests") > 1:
            self.know(sponsor=NEW_SPONSOR)

    def closing(self) -> None:
        """The coach closes the dossier."""
        if not self.stage.rights.closed:
            closing.close(self.practice, self.stage.reference, self.tick())
            self.know(closed=True)

    def bounce(self) -> None:
        """The newest mail that the client was sent comes back."""
        row = self.practice.database.row(
            "SELECT token, purpose, round FROM messages WHERE party = 'client' AND state = 'accepted'"
            " ORDER BY accepted_at DESC, rowid DESC LIMIT 1"
        )
        assert row is not None
        sent, mail = known(self.practice).sent[row["token"]], a_mail(self.practice, self.stage.reference, self.tick())
        with self.practice.database.transaction():
            booking.bounced(self.practice, sent, Bounce(said="550 nobody"), mail, self.stage.now)
        self.know(has=self.stage.rights.has - {(row["purpose"], row["round"])})

    def absence(self) -> None:
        """An absence message of the client comes."""
        with self.practice.database.transaction():
            booking.quiet(self.practice, self.stage.reference, "client", "absence")

    def crash_before(self) -> None:
        """The mail server is back, and the program is killed before the mark of a mail."""
        self._work(MARK)

    def crash_after(self) -> None:
        """The program is killed after the mark, before the final dot: the mail has not left."""
        self.stage.server.at("dot", drop="reset", accept=False, times=1)
        self._work(ANSWER)

    def crash_lost(self) -> None:
        """The program is killed when the server has accepted a mail, before that is written down."""
        self._work(ANSWER)

    def retry(self) -> None:
        """The mail server is back; the coach says of what is in doubt what is so, and lets go what was kept in."""
        self._work()
        now, rows = self.tick(), self.practice.database.rows
        for row in rows("SELECT number FROM attention WHERE state = 'open' AND what = 'addressee'"):
            attention.accept(self.practice, row["number"], now)
        for doubt in outbox.in_doubt(self.practice, self.stage.reference):
            arrived = doubt["token"] in self.stage.arrived
            outbox.settle(self.practice, self.stage.reference, now, arrived=arrived, token=doubt["token"])
        outbox.release(self.practice, self.stage.reference, now)
        self._work()
        self._check_nothing_waits()

    def _work(self, killed: int = 0) -> None:
        """Let the program work once, killed at a look at the clock or never, and started again."""
        calls = iter(range(1, 1000))

        def clock() -> datetime:
            if next(calls) == killed:
                raise Killed
            return self.stage.now

        dispatch.compose(self.practice, self.tick(), nobody)
        sharing.share(self.practice, self.tick(), nobody)
        try:
            outbox.send(self.practice, clock, nobody)
        except Killed:
            outbox.recover(self.practice, self.tick(), nobody)
        self.stage.server.behave()
        self._look()
        drafts.go(self.practice, self.tick(), nobody)

    def _check_nothing_waits(self) -> None:
        rights = self.stage.rights
        for kind in PAPERS:
            version, sponsor = rights.newest(kind), rights.sponsor
            if version and rights.may_have(sponsor, kind, version) and (sponsor, kind, version) not in rights.went:
                raise Violation(f"{kind} v{version} may go to {sponsor}, and does not")

    def _look(self) -> None:
        """Look at everything that the server has accepted since."""
        for taken in self.stage.server.accepted:
            mail = email.message_from_bytes(taken.raw)
            token, (recipient,) = str(mail["X-Pipeline-Token"]), taken.recipients
            if token in self.stage.arrived:
                raise Violation(f"{recipient} got a mail twice")
            self.stage.arrived |= {token}
            self._received(recipient, [part.get_payload(decode=True) for part in mail.walk() if part.get_filename()])
        self.stage.server.forget()

    def _received(self, recipient: str, files: Iterable[Any]) -> None:
        rights = self.stage.rights
        for paper in (self.stage.paper(data, recipient) for data in files):
            if paper is None and recipient == CLIENT:
                continue  # the form by which she lets a report go on
            if paper is None or not rights.may_have(recipient, *paper):
                raise Violation(f"{recipient} got {paper}, and may not have that")
            has = rights.has | {paper} if recipient == CLIENT else rights.has
            rights = replace(rights, went=rights.went | {(recipient, *paper)}, has=has)
        self.stage.rights = rights


EVENTS: dict[str, Callable[[Acts], None]] = {
    "consent": Acts.consent, "refusal": Acts.refusal, "withdrawal": Acts.withdrawal, "profile": Acts.profile,
    "report": Acts.report, "approval": Acts.approval, "change": Acts.change, "bounce": Acts.bounce,
    "absence": Acts.absence, "crash before": Acts.crash_before, "crash after": Acts.crash_after,
    "crash lost": Acts.crash_lost, "retry": Acts.retry, "closing": Acts.closing, "sponsor": Acts.sponsor,
}  # fmt: skip
