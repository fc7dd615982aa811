"""What waits for the coach, and her decisions: one set of functions, for the commands now and for a page later.

A decision only writes rows (`settling`); the roads take them up at their next pass. The ledger keeps who decided.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline import attestations
from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.incoming import booking, consents
from pipeline.model import AttentionState, MailState, message_file
from pipeline.practice import Practice
from pipeline.retention import paper
from pipeline.settling import ACCEPT, ASK_AGAIN, REJECT, RETURN, Decide, assigned_to, book_anyway, noted
from pipeline.words import say


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
    acts = {**ACCEPT, RETURN: book_anyway} if anyway else ACCEPT
    return _settle(practice, number, now, "accepted", acts)


def reject(practice: Practice, number: int, now: datetime) -> str:
    """Disagree: the paper does not count, the mail does not go, it was no withdrawal, decline or approval."""
    return _settle(practice, number, now, "rejected", REJECT)


def ask_again(practice: Practice, number: int, now: datetime) -> str:
    """Refuse the paper and let a reminder go out at the next pass, with the document attached."""
    return _settle(practice, number, now, "asked again", ASK_AGAIN)


def assign(practice: Practice, number: int, reference: str, now: datetime) -> str:
    """Say which dossier a mail belongs to; it is read again at the next pass, with that in mind."""
    return _settle(practice, number, now, f"assigned to {reference}", {}, assigned_to(reference))


def _settle(
    practice: Practice,
    number: int,
    now: datetime,
    decision: str,
    acts: Mapping[str, Decide],
    other: Decide = noted,
) -> str:
    with practice.database.transaction():
        row = _open(practice, number)
        done = acts.get(row["what"], other)(practice, row, now)
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
