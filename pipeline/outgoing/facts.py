"""How everything stands that the gates ask about a mail, looked up at one moment."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from pipeline.model import Kind, MessageState, ObligationState, Party, Purpose, ReturnState
from pipeline.outgoing.documents import read_revision
from pipeline.policy.gates import SendFacts
from pipeline.practice import Practice

BETWEEN_REMINDERS = timedelta(hours=24)
ASKED_AGAIN = "again"
"""The word in `obligations.quiet` by which the coach asks for one more reminder, after an answer that was none."""


def send_facts(practice: Practice, row: sqlite3.Row, now: datetime) -> SendFacts:
    """Look up, inside the caller's transaction, how everything stands that the gates ask about a mail."""
    database, party = practice.database, Party(row["party"])
    kinds = frozenset(Kind(kind) for kind in row["kinds"].split(","))
    owed = database.rows("SELECT * FROM obligations WHERE dossier = ? AND version = ?", row["dossier"], row["revision"])
    awaited = {o["kind"] for o in owed if o["party"] == party and still_awaited(practice, o, now)}
    booked = {o["kind"] for o in owed if o["state"] == ObligationState.FULFILLED and returned(practice, o)}
    declined = {o["kind"] for o in owed if o["state"] == ObligationState.DECLINED}
    return SendFacts(
        state=MessageState(database.value("SELECT state FROM messages WHERE token = ?", row["token"])),
        party=party,
        kinds=kinds,
        newest=is_newest(practice, row["dossier"], row["revision"]),
        sponsored=read_revision(practice, row["dossier"], row["revision"]).client.sponsor is not None,
        purpose=Purpose(row["purpose"]),
        awaited=kinds <= awaited,
        booked=kinds <= booked,
        reminded=_reminded(practice, row, now),
        declined=bool(declined & {*kinds, Kind.QUOTE}),
        own_address=row["recipient"] == practice.file.practice.email,
    )


def still_awaited(practice: Practice, owed: sqlite3.Row, now: datetime) -> bool:
    """Tell whether a reminder of this is in place: nothing was heard, nothing came back, and there is still time."""
    late = owed["kind"] == Kind.QUOTE and owed["due_at"] < practice.today(now).isoformat()
    heard = owed["quiet"] not in {None, ASKED_AGAIN} or returned(practice, owed, ReturnState.PROPOSED)
    return owed["state"] == ObligationState.AWAITED and not (late or heard)


def returned(practice: Practice, owed: sqlite3.Row, state: ReturnState = ReturnState.BOOKED) -> bool:
    """Tell whether what is owed came back and is booked, or else in `state`."""
    return bool(
        practice.database.value(
            "SELECT 1 FROM returns WHERE dossier = ? AND kind = ? AND version = ? AND state = ?",
            owed["dossier"], owed["kind"], owed["version"], state,
        )
    )  # fmt: skip


def _reminded(practice: Practice, row: sqlite3.Row, now: datetime) -> bool:
    """Tell whether another reminder went, or may have gone, to this party in the last day; so none runs in a loop."""
    others = practice.database.rows(
        "SELECT coalesce(accepted_at, next_at) AS at FROM messages WHERE dossier = ? AND party = ? AND purpose = ?"
        " AND token != ? AND state IN (?, ?, ?)",
        row["dossier"], row["party"], Purpose.REMINDER, row["token"],
        MessageState.ACCEPTED, MessageState.DATA_SENT, MessageState.IN_DOUBT,
    )  # fmt: skip
    return any(now - datetime.fromisoformat(other["at"]) < BETWEEN_REMINDERS for other in others)


def is_newest(practice: Practice, dossier: str, revision: int) -> bool:
    """Tell whether this is the newest version of a dossier."""
    newest = practice.database.value("SELECT max(revision) FROM requests WHERE dossier = ?", dossier)
    return bool(newest == revision)
