"""What waits for the coach, and her decisions: one set of functions, for the commands now and for a page later.

A decision only writes rows; the roads take them up at their next pass. The ledger keeps who decided.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline import attestations
from pipeline.attestations import Statement
from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.incoming import approving, booking, consents, deciding
from pipeline.incoming.judging import newest_version
from pipeline.incoming.meaning import ASSIGNED
from pipeline.model import AttentionState, Kind, MailState, ObligationState, ReturnState, Verdict, message_file
from pipeline.outgoing.course.dispatch import ADDRESSEE
from pipeline.outgoing.sending import outbox
from pipeline.practice import Practice
from pipeline.reading.findings import findings
from pipeline.retention import guarding, paper
from pipeline.words import say

RETURN, WITHDRAWAL, DECLINE = "return", "withdrawal", "decline"
DOUBTFUL = {Verdict.NOT_SIGNED, Verdict.ALTERED, Verdict.INCOMPLETE}
Decide = Callable[[Practice, sqlite3.Row, datetime], str]


@dataclass(frozen=True)
class Waiting:
    """One thing that waits: its number, what it is, the dossier where known, why, since when."""

    number: int
    what: str
    dossier: str | None
    title: str
    reasons: tuple[str, ...]
    since: str


def waiting(practice: Practice) -> list[Waiting]:
    """Give all that waits for the coach, the oldest first."""
    rows = practice.database.rows("SELECT * FROM attention WHERE state = ? ORDER BY number", AttentionState.OPEN)
    return [_waiting(practice, row) for row in rows]


def _waiting(practice: Practice, row: sqlite3.Row) -> Waiting:
    language = practice.file.language
    returned = practice.database.row("SELECT * FROM returns WHERE number = ?", row["return"])
    title = say(language, f"waits_{row['what']}")
    if returned is not None:
        document = say(language, f"paper_{returned['kind']}", version=returned["version"])
        title = f"{document}: {say(language, 'verdict_' + returned['verdict'])}"
    reasons = tuple(say(language, word, **_spoken(practice, values)) for word, values in json.loads(row["reasons"]))
    return Waiting(row["number"], row["what"], row["dossier"], title, reasons, row["opened_at"])


def titles(practice: Practice) -> list[str]:
    """Give what waits in one line each, by its number and reference: nothing that names a person."""
    return [f"{one.number}  {one.dossier or '-'}  {one.title}" for one in waiting(practice)]


def _spoken(practice: Practice, values: dict[str, str]) -> dict[str, str]:
    """Say a question by its text where only its name is known, and what is to be stated by that of its rule."""
    language = practice.file.language
    asked = next((one for one in practice.policy.consents if one.purpose == values.get("purpose")), None)
    stated = attestations.asked_about(practice.policy, values)
    release = values.get("purpose") == booking.RELEASE
    document = _document(language, values) if "kind" in values else None
    return (
        values
        | ({"purpose": say(language, "purpose_release")} if release else {})
        | ({"document": document} if document else {})
        | ({"purpose": asked.text.in_language(language)} if asked else {})
        | ({"text": stated.text.in_language(language)} if stated else {})
    )


def _document(language: str, values: dict[str, str]) -> str:
    return say(language, f"paper_{values['kind']}", version=values["version"])


def files(practice: Practice, number: int) -> list[Path]:
    """Give what there is to look at: the picture of what was judged, the files as they came, and the mail itself."""
    row = _open(practice, number)
    returned = practice.database.row("SELECT * FROM returns WHERE number = ?", row["return"])
    mail = practice.database.value("SELECT file FROM mails WHERE number = ?", row["mail"])
    names = [returned["picture"], *json.loads(returned["files"])] if returned is not None else []
    return [practice.storage.path(name) for name in [*names, *_held(practice, row), mail] if name]


def _held(practice: Practice, row: sqlite3.Row) -> list[str]:
    """Give the documents of a mail that is held, as they are before a lock, and the mail itself."""
    held = practice.database.row("SELECT * FROM messages WHERE token = ?", row["token"])
    if held is None:
        return []
    kinds = held["kinds"].split(",")
    found = practice.database.rows(
        "SELECT kind, file FROM documents WHERE dossier = ? AND version = ?", held["dossier"], held["round"]
    )
    return [*(f"dossiers/{held['dossier']}/{one['file']}" for one in found if one["kind"] in kinds),
            message_file(held["token"])]  # fmt: skip


def answers_of(practice: Practice, number: int) -> dict[str, bool | None]:
    """Give what was read of each question on a returned form; None where it is not clear."""
    returned = practice.database.row("SELECT * FROM returns WHERE number = ?", _open(practice, number)["return"])
    if returned is None:
        return {}
    clear = booking.answers_of(practice, returned)
    asked = consents.purposes(consents.document_row(practice, returned)["boxes"])
    return {purpose: clear.get(purpose) for purpose in asked}


def accept(practice: Practice, number: int, now: datetime, *, anyway: bool = False) -> str:
    """Agree: book the paper, let the mail go, she approved it, confirm what counts already; gives what was done.

    A paper that was read as not signed, altered or incomplete is booked only `anyway`: it takes a second word.
    """
    book = _book_anyway if anyway else _book
    acts = {RETURN: book, WITHDRAWAL: _noted, DECLINE: _noted, attestations.WHAT: _attest, guarding.WHAT: _go_on}
    more = {paper.WHAT: _destroyed, ADDRESSEE: _let_go, approving.APPROVAL: deciding.approved}
    return _settle(practice, number, now, "accepted", {**acts, **more})


def reject(practice: Practice, number: int, now: datetime) -> str:
    """Disagree: the paper does not count, the mail does not go, it was no withdrawal, decline or approval."""
    acts = {RETURN: _refuse, WITHDRAWAL: _restore, DECLINE: _undecline, attestations.WHAT: _deny}
    more = {
        guarding.WHAT: _leave_be,
        paper.WHAT: _no_paper,
        ADDRESSEE: _withhold,
        approving.APPROVAL: deciding.not_approved,
    }
    struck = dict.fromkeys((approving.CHANGES, approving.NOT_APPROVED), deciding.strike)
    return _settle(practice, number, now, "rejected", {**acts, **more, **struck})


def ask_again(practice: Practice, number: int, now: datetime) -> str:
    """Refuse the paper and let a reminder go out at the next pass, with the document attached."""
    refused = dict.fromkeys((attestations.WHAT, paper.WHAT, ADDRESSEE), _not_a_paper)
    word = dict.fromkeys((approving.APPROVAL, approving.CHANGES, approving.NOT_APPROVED), deciding.ask_again)
    return _settle(practice, number, now, "asked again", {RETURN: _ask_again, **refused, **word})


def assign(practice: Practice, number: int, reference: str, now: datetime) -> str:
    """Say which dossier a mail belongs to; it is read again at the next pass, with that in mind."""

    def act(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
        if row["mail"] is None:
            raise UsageError(f"number {number} is not about a mail; choose accept or reject")
        if not practice.database.value("SELECT 1 FROM dossiers WHERE reference = ?", reference):
            raise UsageError(f"there is no dossier {reference}; see: pipeline status")
        practice.database.run(
            "DELETE FROM attention WHERE mail = ? AND number != ? AND state = ?",
            row["mail"],
            number,
            AttentionState.OPEN,
        )
        approving.struck(practice, row["mail"], now)
        practice.database.run("UPDATE attention SET return = NULL WHERE number = ?", number)
        practice.database.run("DELETE FROM returns WHERE mail = ? AND state = ?", row["mail"], ReturnState.PROPOSED)
        practice.database.run(
            "UPDATE mails SET dossier = ?, state = ?, rule = ?, next_at = ?, attempts = 0 WHERE number = ?",
            reference, MailState.STORED, ASSIGNED, now.isoformat(), row["mail"],
        )  # fmt: skip
        return say(practice.file.language, "done_assigned", dossier=reference)

    return _settle(practice, number, now, f"assigned to {reference}", {}, act)


def _settle(
    practice: Practice,
    number: int,
    now: datetime,
    decision: str,
    acts: Mapping[str, Decide],
    other: Decide | None = None,
) -> str:
    with practice.database.transaction():
        row = _open(practice, number)
        done = acts.get(row["what"], other or _noted)(practice, row, now)
        practice.database.run(
            "UPDATE attention SET state = ?, settled_at = ?, decision = ? WHERE number = ?",
            AttentionState.SETTLED, now.isoformat(), decision, number,
        )  # fmt: skip
        practice.database.run(
            "UPDATE mails SET state = ? WHERE number = ? AND state = ? AND NOT EXISTS"
            " (SELECT 1 FROM attention WHERE mail = mails.number AND state = ?)",
            MailState.FILED if row["dossier"] else MailState.LEFT, row["mail"], MailState.WAITING, AttentionState.OPEN,
        )  # fmt: skip
        ledger.record(
            practice.database, now, "attention.settled", number=number, what=row["what"], dossier=row["dossier"],
            decision=decision, by="coach",
        )  # fmt: skip
        paper.forget(practice, row)
    return done


def _open(practice: Practice, number: int) -> sqlite3.Row:
    row = practice.database.row("SELECT * FROM attention WHERE number = ?", number)
    if row is None:
        raise UsageError(f"nothing has the number {number}; see: pipeline attention")
    if row["state"] != AttentionState.OPEN:
        raise UsageError(f"number {number} is settled already ({row['decision']}, {row['settled_at'][:16]})")
    return row


def _book(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    returned, number = booking.returned(practice, row["return"]), row["number"]
    if returned["verdict"] in DOUBTFUL:
        verdict = returned["verdict"].replace("_", " ")
        raise UsageError(
            f"this paper was read as {verdict}; look at it (pipeline attention show {number}), and if it is good all"
            f" the same, type: pipeline attention accept {number} --anyway"
        )
    return _book_anyway(practice, row, now)


def _book_anyway(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
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
        return _noted(practice, row, now)
    attestations.deny(practice, statement, now)
    return say(practice.file.language, "done_denied")


def _statement(practice: Practice, row: sqlite3.Row) -> Statement | None:
    ((_, values),) = json.loads(row["reasons"])
    return attestations.asked_about(practice.policy, values)


def _not_a_paper(practice: Practice, row: sqlite3.Row, now: datetime) -> str:  # noqa: ARG001 - called like the others
    raise UsageError(f"number {row['number']} is no paper that can be asked again; choose accept or reject")


def _noted(practice: Practice, row: sqlite3.Row, now: datetime) -> str:  # noqa: ARG001 - every decision is called alike
    return say(practice.file.language, "done_noted")


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
