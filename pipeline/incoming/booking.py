"""What is written when something came back: consents as facts, obligations settled, what waits for the coach.

Every function works inside the caller's transaction, and twice is the same as once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime

from pipeline import tokens
from pipeline.edges import ledger
from pipeline.incoming.mail import Bounce, Sent
from pipeline.incoming.verdict import answer
from pipeline.model import AttentionState, Kind, ObligationState, Reason, ReturnState, document_code
from pipeline.practice import Practice
from pipeline.reading.findings import Way, findings

WITHDRAWN = "withdrawal"
AGAIN = "again"


def book(practice: Practice, number: int, now: datetime, answers: dict[str, bool]) -> None:
    """Take a returned document as signed: its obligation is fulfilled, and its answers are facts."""
    database = practice.database
    row = database.row("SELECT * FROM returns WHERE number = ?", number)
    assert row is not None, number
    database.run(
        "UPDATE returns SET state = ?, decided_at = ? WHERE number = ?", ReturnState.BOOKED, now.isoformat(), number
    )
    database.run(
        "UPDATE obligations SET state = ?, settled_at = ? WHERE dossier = ? AND kind = ? AND version = ?"
        " AND state IN (?, ?)",
        ObligationState.FULFILLED, now.isoformat(), row["dossier"], row["kind"], row["version"],
        ObligationState.AWAITED, ObligationState.EXPIRED,
    )  # fmt: skip
    for purpose, given in answers.items():
        consent(practice, row, purpose, now, given=given, way=way_of(row))
    ledger.record(database, now, "return.booked", document=_name(row), number=number)


def refuse(practice: Practice, number: int, now: datetime, answers: dict[str, bool]) -> None:
    """Take what a paper refuses as refused at once, where it had been given: that direction needs no confirming."""
    row = practice.database.row("SELECT * FROM returns WHERE number = ?", number)
    assert row is not None, number
    given = {one["purpose"] for one in consents(practice, row["dossier"]) if one["given"]}
    for purpose in sorted(given & {purpose for purpose, yes in answers.items() if not yes}):
        consent(practice, row, purpose, now, given=False, way=way_of(row))


def answers_of(practice: Practice, row: sqlite3.Row) -> dict[str, bool]:
    """Give the answers that a returned document, as its row has it, clearly gives."""
    boxes = practice.database.value(
        "SELECT boxes FROM documents WHERE dossier = ? AND kind = ? AND version = ?",
        row["dossier"], row["kind"], row["version"],
    )  # fmt: skip
    found = findings(json.loads(row["findings"]))
    asked = {purpose: answer(found, purpose) for purpose in purposes(boxes)}
    return {purpose: given for purpose, given in asked.items() if given is not None}


def bounced(practice: Practice, sent: Sent, report: Bounce, mail: int, now: datetime) -> None:
    """Mark a mail of ours as not delivered, or late, and show it; who did not get it is not reminded."""
    practice.database.run("UPDATE messages SET bounced = ? WHERE token = ?", report.said[:300], sent.token)
    ledger.record(practice.database, now, "message.bounced", token=sent.token, permanent=int(report.permanent))
    if report.permanent:
        quiet(practice, sent.dossier, sent.party, "bounce")
    word = "bounced" if report.permanent else "bounced_for_now"
    reasons = [(word, {"party": sent.party, "said": report.said[:200]})]
    ask(practice, "bounce", now, reasons, dossier=sent.dossier, mail=mail)


def consent(practice: Practice, row: sqlite3.Row, purpose: str, now: datetime, *, given: bool, way: str) -> None:
    """Record one consent as given or refused, bound to the very text that was signed.

    Nothing is recorded that is so already, or that was withdrawn since.
    """
    database, document = practice.database, _name(row)
    newest = _newest(practice, row["dossier"], purpose)
    if newest is not None and (newest["given"], newest["document"]) == (int(given), document):
        return
    if given and newest is not None and newest["way"] == WITHDRAWN and newest["mail"] >= row["mail"]:
        return  # taken back since this paper came
    sha256 = database.value(
        "SELECT sha256 FROM documents WHERE dossier = ? AND kind = ? AND version = ?",
        row["dossier"], row["kind"], row["version"],
    )  # fmt: skip
    database.run(
        "INSERT INTO consents (dossier, purpose, given, document, text_seal, way, mail, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        row["dossier"], purpose, int(given), document, tokens.seal(practice.key, sha256), way, row["mail"],
        now.isoformat(),
    )  # fmt: skip
    ledger.record(
        database, now, "consent.given" if given else "consent.refused", dossier=row["dossier"], purpose=purpose,
        document=document,
    )  # fmt: skip


def withdraw(practice: Practice, dossier: str, mail: int, now: datetime) -> int:
    """Take back every consent that was asked of a dossier, given or not yet; gives how many were given.

    What was not given yet is taken back too: a form that is still to be confirmed must not undo the withdrawal.
    """
    database, count = practice.database, 0
    asked = database.row(
        "SELECT * FROM documents WHERE dossier = ? AND kind = ? ORDER BY version DESC LIMIT 1", dossier, Kind.CONSENT
    )
    held = {row["purpose"]: row for row in consents(practice, dossier)}
    for purpose in sorted({*held, *(purposes(asked["boxes"]) if asked else ())}):
        before = held.get(purpose)
        if before is not None and before["way"] == WITHDRAWN and before["mail"] == mail:
            continue
        seal = before["text_seal"] if before else tokens.seal(practice.key, asked["sha256"] if asked else "")
        document = before["document"] if before else _name(asked) if asked else ""
        database.run(
            "INSERT INTO consents (dossier, purpose, given, document, text_seal, way, mail, at)"
            " VALUES (?, ?, 0, ?, ?, ?, ?, ?)",
            dossier, purpose, document, seal, WITHDRAWN, mail, now.isoformat(),
        )  # fmt: skip
        ledger.record(database, now, "consent.withdrawn", dossier=dossier, purpose=purpose)
        count += int(before is not None and before["given"])
    return count


def purposes(boxes: str) -> tuple[str, ...]:
    """Give the consents that a document asks, from its boxes as its row has them: each is a pair, yes and no."""
    return tuple(name.removesuffix("-yes") for name in json.loads(boxes) if name.endswith("-yes"))


def restore(practice: Practice, mail: int, now: datetime) -> int:
    """Undo what a mail took back that the coach says was no withdrawal; gives how many are given again."""
    database, count = practice.database, 0
    for row in database.rows("SELECT * FROM consents WHERE mail = ? AND way = ?", mail, WITHDRAWN):
        newest = _newest(practice, row["dossier"], row["purpose"])
        if newest is None or newest["number"] != row["number"]:
            continue
        database.run("DELETE FROM consents WHERE number = ?", row["number"])
        ledger.record(database, now, "consent.not_withdrawn", dossier=row["dossier"], purpose=row["purpose"])
        before = _newest(practice, row["dossier"], row["purpose"])
        count += int(before is not None and before["given"])
    return count


def consents(practice: Practice, dossier: str) -> list[sqlite3.Row]:
    """Give the consents of a dossier as they stand: the newest fact of each purpose."""
    return practice.database.rows(
        "SELECT * FROM consents WHERE number IN (SELECT max(number) FROM consents WHERE dossier = ? GROUP BY purpose)"
        " ORDER BY purpose",
        dossier,
    )


def quiet(practice: Practice, dossier: str, party: str | None, why: str) -> None:
    """Let no more reminders go out for what `party` (else everybody) of a dossier owes."""
    practice.database.run(
        "UPDATE obligations SET quiet = ? WHERE dossier = ? AND (? IS NULL OR party = ?) AND state = ?",
        why, dossier, party, party, ObligationState.AWAITED,
    )  # fmt: skip


def decline(practice: Practice, dossier: str, now: datetime) -> int:
    """Take the quote of a dossier as declined; gives how many obligations that ends."""
    ended = practice.database.run(
        "UPDATE obligations SET state = ?, settled_at = ? WHERE dossier = ? AND kind = ? AND state = ?",
        ObligationState.DECLINED, now.isoformat(), dossier, Kind.QUOTE, ObligationState.AWAITED,
    )  # fmt: skip
    if ended:
        ledger.record(practice.database, now, "quote.declined", dossier=dossier)
    return ended


def undecline(practice: Practice, dossier: str, now: datetime) -> None:
    """Wait for the quote again: the coach says that it was not declined."""
    if practice.database.run(
        "UPDATE obligations SET state = ?, settled_at = NULL WHERE dossier = ? AND kind = ? AND state = ?",
        ObligationState.AWAITED, dossier, Kind.QUOTE, ObligationState.DECLINED,
    ):  # fmt: skip
        ledger.record(practice.database, now, "quote.awaited", dossier=dossier)


def ask(  # noqa: PLR0913 - a row of attention has these
    practice: Practice, what: str, now: datetime, reasons: Iterable[Reason], *, dossier: str | None = None,
    mail: int | None = None, returned: int | None = None,
) -> None:  # fmt: skip
    """Put something before the coach, once for each mail, return and kind of question."""
    if practice.database.value(
        "SELECT 1 FROM attention WHERE what = ? AND mail IS ? AND return IS ? AND dossier IS ? AND state = ?",
        what, mail, returned, dossier, AttentionState.OPEN,
    ):  # fmt: skip
        return
    practice.database.run(
        "INSERT INTO attention (what, dossier, mail, return, reasons, state, opened_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        what, dossier, mail, returned, json.dumps(list(reasons)), AttentionState.OPEN, now.isoformat(),
    )  # fmt: skip


def way_of(row: sqlite3.Row) -> str:
    """Give how a returned document's answers were read."""
    found = findings(json.loads(row["findings"]))
    return Way.FIELDS if found.boxes_way is Way.FIELDS else Way.PIXELS


def _newest(practice: Practice, dossier: str, purpose: str) -> sqlite3.Row | None:
    return practice.database.row(
        "SELECT * FROM consents WHERE dossier = ? AND purpose = ? ORDER BY number DESC LIMIT 1", dossier, purpose
    )


def _name(row: sqlite3.Row) -> str:
    return f"{document_code(row['dossier'], Kind(row['kind']))} v{row['version']}"
