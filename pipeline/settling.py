"""What the coach's word does, by the kind of question that it settles.

Takes the row of a question; leaves what her word changes, and gives what was done, in words. Every decision works
inside the caller's transaction and only writes rows: the roads take them up at their next pass.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime

from pipeline import attestations
from pipeline.attestations import Statement
from pipeline.errors import UsageError
from pipeline.incoming import approving, booking, consents, deciding
from pipeline.incoming.judging import newest_version
from pipeline.incoming.meaning import ASSIGNED
from pipeline.model import AttentionState, Kind, MailState, ObligationState, ReturnState, Verdict
from pipeline.outgoing.course.dispatch import ADDRESSEE
from pipeline.outgoing.sending import outbox
from pipeline.practice import Practice
from pipeline.reading.findings import findings
from pipeline.retention import guarding, paper
from pipeline.words import say

RETURN, WITHDRAWAL, DECLINE = "return", "withdrawal", "decline"
DOUBTFUL = {Verdict.NOT_SIGNED, Verdict.ALTERED, Verdict.INCOMPLETE}
Decide = Callable[[Practice, sqlite3.Row, datetime], str]


def assigned_to(reference: str) -> Decide:
    """Give the decision that a mail belongs to a dossier: it is read again at the next pass, with that in mind."""

    def act(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
        if row["mail"] is None:
            raise UsageError(f"number {row['number']} is not about a mail; choose accept or reject")
        if not practice.database.value("SELECT 1 FROM dossiers WHERE reference = ?", reference):
            raise UsageError(f"there is no dossier {reference}; see: pipeline status")
        _read_again(practice, row, reference, now)
        return say(practice.file.language, "done_assigned", dossier=reference)

    return act


def _read_again(practice: Practice, row: sqlite3.Row, reference: str, now: datetime) -> None:
    """Forget what was asked and proposed about a mail, and let it be read as one of this dossier."""
    practice.database.run(
        "DELETE FROM attention WHERE mail = ? AND number != ? AND state = ?",
        row["mail"], row["number"], AttentionState.OPEN,
    )  # fmt: skip
    approving.struck(practice, row["mail"], now)
    practice.database.run("UPDATE attention SET return = NULL WHERE number = ?", row["number"])
    practice.database.run("DELETE FROM returns WHERE mail = ? AND state = ?", row["mail"], ReturnState.PROPOSED)
    practice.database.run(
        "UPDATE mails SET dossier = ?, state = ?, rule = ?, next_at = ?, attempts = 0 WHERE number = ?",
        reference, MailState.STORED, ASSIGNED, now.isoformat(), row["mail"],
    )  # fmt: skip


def noted(practice: Practice, row: sqlite3.Row, now: datetime) -> str:  # noqa: ARG001 - every decision is called alike
    """Take note: there is nothing to change."""
    return say(practice.file.language, "done_noted")


def _book(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    returned, number = booking.returned(practice, row["return"]), row["number"]
    if returned["verdict"] in DOUBTFUL:
        verdict = returned["verdict"].replace("_", " ")
        raise UsageError(
            f"this paper was read as {verdict}; look at it (pipeline attention show {number}), and if it is good all"
            f" the same, type: pipeline attention accept {number} --anyway"
        )
    return book_anyway(practice, row, now)


def book_anyway(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    """Book a paper whatever it was read as, when it came back changed at all and is the newest version."""
    returned = booking.returned(practice, row["return"])
    if findings(json.loads(returned["findings"])).as_sent:
        raise UsageError("this paper came back exactly as it was sent; there is no signature to accept")
    newest = newest_version(practice, returned["dossier"], Kind(returned["kind"]))
    if returned["version"] != newest:
        raise UsageError(
            f"this is version {returned['version']}, and version {newest} took its place; it cannot be accepted."
            f" Type: pipeline attention ask-again {row['number']}"
        )
    if returned["kind"] == Kind.APPROVAL:
        return deciding.book(practice, row, returned, now)
    booking.book(practice, returned["number"], now)
    return say(practice.file.language, "done_booked", dossier=returned["dossier"])


def _refuse(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    booking.discard(practice, row["return"], now)
    return say(practice.file.language, "done_rejected")


def _ask_again(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    returned = booking.returned(practice, row["return"])
    _refuse(practice, row, now)
    asked = practice.database.run(
        "UPDATE obligations SET quiet = ? WHERE dossier = ? AND kind = ? AND state = ?",
        booking.AGAIN, returned["dossier"], returned["kind"], ObligationState.AWAITED,
    )  # fmt: skip
    if not asked:
        raise UsageError(f"nothing of this kind is awaited of {returned['dossier']}; choose accept or reject")
    return say(practice.file.language, "done_asked_again")


def _let_go(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    gone = outbox.release_one(practice, row["token"], now)
    return say(practice.file.language, "done_let_go" if gone else "done_noted")


def _withhold(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    kept = outbox.withhold(practice, row["token"], now)
    return say(practice.file.language, "done_withheld" if kept else "done_noted")


def _attest(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    statement = _statement(practice, row)
    if statement is None:
        raise UsageError(f"the policy does not ask for this any more; type: pipeline attention reject {row['number']}")
    attestations.attest(practice, statement, now)
    until = statement.every.after(practice.today(now))
    return say(practice.file.language, "done_attested", until=until.isoformat())


def _deny(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    statement = _statement(practice, row)
    if statement is None:
        return noted(practice, row, now)
    attestations.deny(practice, statement, now)
    return say(practice.file.language, "done_denied")


def _statement(practice: Practice, row: sqlite3.Row) -> Statement | None:
    ((_, values),) = json.loads(row["reasons"])
    return attestations.asked_about(practice.policy, values)


def _not_a_paper(practice: Practice, row: sqlite3.Row, now: datetime) -> str:  # noqa: ARG001 - called like the others
    raise UsageError(f"number {row['number']} is no paper that can be asked again; choose accept or reject")


def _go_on(practice: Practice, row: sqlite3.Row, now: datetime) -> str:  # noqa: ARG001 - called like the others
    return say(practice.file.language, "done_plan")


def _leave_be(practice: Practice, row: sqlite3.Row, now: datetime) -> str:  # noqa: ARG001 - called like the others
    return say(practice.file.language, "done_plan_not")


def _destroyed(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    paper.destroyed(practice, row, now)
    return say(practice.file.language, "done_paper", reference=row["dossier"])


def _no_paper(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    paper.none(practice, row, now)
    return say(practice.file.language, "done_no_paper", reference=row["dossier"])


def _restore(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    count = consents.restore(practice, row["mail"], now)
    return say(practice.file.language, "done_restored", count=count)


def _undecline(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    booking.undecline(practice, row["dossier"], now)
    return say(practice.file.language, "done_undeclined")


_WORD = (approving.CHANGES, approving.NOT_APPROVED)
ACCEPT: Mapping[str, Decide] = {
    RETURN: _book, WITHDRAWAL: noted, DECLINE: noted, attestations.WHAT: _attest, guarding.WHAT: _go_on,
    paper.WHAT: _destroyed, ADDRESSEE: _let_go, approving.APPROVAL: deciding.approved,
}  # fmt: skip
"""What it does to agree, by what is asked."""
REJECT: Mapping[str, Decide] = {
    RETURN: _refuse, WITHDRAWAL: _restore, DECLINE: _undecline, attestations.WHAT: _deny, guarding.WHAT: _leave_be,
    paper.WHAT: _no_paper, ADDRESSEE: _withhold, approving.APPROVAL: deciding.not_approved,
    **dict.fromkeys(_WORD, deciding.strike),
}  # fmt: skip
"""What it does to disagree, by what is asked."""
ASK_AGAIN: Mapping[str, Decide] = {
    RETURN: _ask_again, **dict.fromkeys((attestations.WHAT, paper.WHAT, ADDRESSEE), _not_a_paper),
    **dict.fromkeys((approving.APPROVAL, *_WORD), deciding.ask_again),
}  # fmt: skip
"""What it does to ask once more, by what is asked."""
