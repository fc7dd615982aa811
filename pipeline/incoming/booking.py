"""What is written when something came back: papers booked, obligations settled, who is not reminded any more.

Every function works inside the caller's transaction, and twice is the same as once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime

from pipeline import approvals, questions
from pipeline.edges import ledger
from pipeline.incoming import consents
from pipeline.incoming.mail import Bounce, Sent
from pipeline.incoming.verdict import answer
from pipeline.model import Kind, ObligationState, Reason, ReturnState, document_code
from pipeline.policy.deeds import citing
from pipeline.practice import Practice
from pipeline.reading.findings import findings

AGAIN = "again"
RELEASE = "release"
"""What the form with a report asks: its boxes are called so."""


def book(practice: Practice, number: int, now: datetime) -> None:
    """Take a returned document as signed: its obligation is fulfilled, and its answers are facts."""
    database = practice.database
    row = returned(practice, number)
    database.run(
        "UPDATE returns SET state = ?, decided_at = ? WHERE number = ?", ReturnState.BOOKED, now.isoformat(), number
    )
    answers = answers_of(practice, row)
    if row["kind"] == Kind.APPROVAL:
        _take_word(practice, row, answers.get(RELEASE), now)
    else:
        _fulfil(practice, row, answers, now)
    document = f"{document_code(row['dossier'], Kind(row['kind']))} v{row['version']}"
    ledger.record(database, now, "return.booked", document=document, number=number, **_served(practice, answers))


def _fulfil(practice: Practice, row: sqlite3.Row, answers: dict[str, bool], now: datetime) -> None:
    practice.database.run(
        "UPDATE obligations SET state = ?, settled_at = ? WHERE dossier = ? AND kind = ? AND version = ?"
        " AND state IN (?, ?, ?)",
        ObligationState.FULFILLED, now.isoformat(), row["dossier"], row["kind"], row["version"],
        ObligationState.AWAITED, ObligationState.EXPIRED, ObligationState.DECLINED,
    )  # fmt: skip
    consents.record(practice, row, answers, _way(row), now)


def released(practice: Practice, row: sqlite3.Row) -> sqlite3.Row | None:
    """Give the report that a returned form says yes or no to; None when a newer one took its place."""
    return approvals.about(practice, row["dossier"], Kind.REPORT, row["version"])


def _take_word(practice: Practice, row: sqlite3.Row, given: bool | None, now: datetime) -> None:
    """Record what a returned form says of its report, as said when it came."""
    document, way = released(practice, row), f"{approvals.FORM} {row['number']}"
    approvals.undo(practice, way, now)
    if document is not None and given is not None:
        answer = approvals.Answer.YES if given else approvals.Answer.NO
        approvals.record(practice, document, answer, way, now, _came(practice, row))


def _came(practice: Practice, row: sqlite3.Row) -> datetime:
    came = practice.database.value("SELECT coalesce(came_at, stored_at) FROM mails WHERE number = ?", row["mail"])
    return datetime.fromisoformat(came)


def answered_otherwise(practice: Practice, row: sqlite3.Row) -> bool:
    """Tell whether a form is about a report on which she has said something already, or on which none counts."""
    if row["kind"] != Kind.APPROVAL:
        return False
    document = released(practice, row)
    return document is None or approvals.latest(practice, document) is not None


def further(practice: Practice, row: sqlite3.Row) -> tuple[Reason, ...]:
    """Give what the coach should know besides of a form that says no to its report."""
    if row["kind"] != Kind.APPROVAL or answers_of(practice, row).get(RELEASE) is not False:
        return ()
    document = released(practice, row)
    left = document is not None and approvals.has_left(practice, document)
    return (("word_no", {}), *([("word_left", {})] if left else []))


def _served(practice: Practice, answers: Iterable[str]) -> dict[str, str]:
    """Cite the consent that the coaching itself rests on, the first of the policy, when its form has come back.

    The clauses of that one speak of the form: that it comes, and is filed. Those of the others speak of what is asked,
    and their answers cite them.
    """
    return citing(*(one for one in practice.policy.consents[:1] if one.purpose in set(answers)))


def refuse(practice: Practice, number: int, now: datetime) -> None:
    """Take what a paper refuses as refused at once: that direction needs no confirming."""
    row = returned(practice, number)
    if row["kind"] == Kind.APPROVAL:
        _hold_back(practice, row, now)
        return
    refused = [purpose for purpose, given in answers_of(practice, row).items() if not given]
    consents.record(practice, row, dict.fromkeys(refused, False), _way(row), now)


def _hold_back(practice: Practice, row: sqlite3.Row, now: datetime) -> None:
    """Take a no on a form at once, and hold back what she let go before where her tick is not clear."""
    given = answers_of(practice, row).get(RELEASE)
    newest = approvals.newest(practice, row["dossier"], Kind.REPORT)
    if newest is None or given or findings(json.loads(row["findings"])).as_sent:
        return
    document, way = released(practice, row), f"{approvals.FORM} {row['number']}"
    open_now = approvals.stands(practice, newest)
    if given is False and (document is not None or open_now):
        approvals.record(practice, newest, approvals.Answer.NO, way, now, _came(practice, row))
    elif document is not None and open_now:
        approvals.suspend(practice, document, way, now, _came(practice, row))


def discard(practice: Practice, number: int, now: datetime) -> None:
    """Take a returned document as one that does not count, and its answers with it."""
    practice.database.run(
        "UPDATE returns SET state = ?, decided_at = ? WHERE number = ?", ReturnState.REJECTED, now.isoformat(), number
    )
    consents.discard(practice, returned(practice, number), now)
    approvals.undo(practice, f"{approvals.FORM} {number}", now)


def returned(practice: Practice, number: int) -> sqlite3.Row:
    """Give the row of a returned document."""
    row = practice.database.row("SELECT * FROM returns WHERE number = ?", number)
    assert row is not None, number
    return row


def answers_of(practice: Practice, row: sqlite3.Row) -> dict[str, bool]:
    """Give the answers that a returned document, as its row has it, clearly gives."""
    found = findings(json.loads(row["findings"]))
    asked = consents.purposes(consents.document_row(practice, row)["boxes"])
    answers = {purpose: answer(found, purpose) for purpose in asked}
    return {purpose: given for purpose, given in answers.items() if given is not None}


def stands(practice: Practice, row: sqlite3.Row) -> bool:
    """Tell whether everything is already so as a returned document says: its obligation and each of its answers."""
    if row["kind"] == Kind.APPROVAL:
        document = released(practice, row)
        said = approvals.latest(practice, document) if document is not None else None
        return said is not None and bool(said["given"]) is answers_of(practice, row).get(RELEASE)
    fulfilled = practice.database.value(
        "SELECT 1 FROM obligations WHERE dossier = ? AND kind = ? AND version = ? AND state = ?",
        row["dossier"], row["kind"], row["version"], ObligationState.FULFILLED,
    )  # fmt: skip
    held = {one["purpose"]: bool(one["given"]) for one in consents.standing(practice, row["dossier"])}
    return bool(fulfilled) and all(held.get(name) is given for name, given in answers_of(practice, row).items())


def bounced(practice: Practice, sent: Sent, report: Bounce, mail: int, now: datetime) -> None:
    """Mark a mail of ours as not delivered and show it; who did not get it is not reminded. A delay is only shown."""
    ledger.record(practice.database, now, "message.bounced", token=sent.token, permanent=int(report.permanent))
    if report.permanent:
        practice.database.run("UPDATE messages SET bounced = ? WHERE token = ?", report.said[:300], sent.token)
        quiet(practice, sent.dossier, sent.party, "bounce")
    word = "bounced" if report.permanent else "bounced_for_now"
    reasons = [(word, {"party": sent.party, "said": report.said[:200]})]
    questions.ask(practice, "bounce", now, reasons, dossier=sent.dossier, mail=mail)


def quiet(practice: Practice, dossier: str, party: str | None, why: str) -> None:
    """Let no more reminders go out for what `party` (else everybody) of a dossier owes."""
    practice.database.run(
        "UPDATE obligations SET quiet = ? WHERE dossier = ? AND (? IS NULL OR party = ?) AND state = ?",
        why, dossier, party, party, ObligationState.AWAITED,
    )  # fmt: skip


def decline(practice: Practice, dossier: str, now: datetime) -> None:
    """Take the quote of a dossier as declined."""
    if practice.database.run(
        "UPDATE obligations SET state = ?, settled_at = ? WHERE dossier = ? AND kind = ? AND state = ?",
        ObligationState.DECLINED, now.isoformat(), dossier, Kind.QUOTE, ObligationState.AWAITED,
    ):  # fmt: skip
        ledger.record(practice.database, now, "quote.declined", dossier=dossier)


def undecline(practice: Practice, dossier: str, now: datetime) -> None:
    """Wait for the quote again: the coach says that it was not declined."""
    if practice.database.run(
        "UPDATE obligations SET state = ?, settled_at = NULL WHERE dossier = ? AND kind = ? AND state = ?",
        ObligationState.AWAITED, dossier, Kind.QUOTE, ObligationState.DECLINED,
    ):  # fmt: skip
        ledger.record(practice.database, now, "quote.awaited", dossier=dossier)


def _way(row: sqlite3.Row) -> str:
    """Give how a returned document's answers were read."""
    return findings(json.loads(row["findings"])).boxes_way
