"""The states of one mail on its way, as they are written down: each with its entry in the ledger.

queued → claimed → data_sent → accepted | in_doubt, or it stays in: queued for later, refused, superseded. Takes the row
of a mail; what it becomes is decided elsewhere, and only the mark asks the gates.
"""

from __future__ import annotations

import json
import random
import sqlite3
from datetime import datetime, timedelta

from pipeline import steps, tokens
from pipeline.edges import ledger
from pipeline.model import MessageState
from pipeline.outgoing.sending.facts import Looked
from pipeline.outgoing.sending.leaving import GateClosed, ask
from pipeline.outgoing.standing import RESTRICTION
from pipeline.policy.deeds import citing
from pipeline.practice import Practice


def claim(practice: Practice, row: sqlite3.Row, now: datetime) -> bool:
    """Take up a mail that is queued, in a transaction of its own; tells whether it was ours to take."""
    with practice.database.transaction():
        claimed = practice.database.run(
            "UPDATE messages SET state = ?, attempts = attempts + 1, first_tried_at = coalesce(first_tried_at, ?)"
            " WHERE token = ? AND state = ?",
            MessageState.CLAIMED, now.isoformat(), row["token"], MessageState.QUEUED,
        )  # fmt: skip
    return claimed == 1


def unclaim(practice: Practice, row: sqlite3.Row) -> None:
    """Put a mail back as it was: what went wrong is not about it."""
    with practice.database.transaction():
        practice.database.run(
            "UPDATE messages SET state = ?, attempts = ?, first_tried_at = ? WHERE token = ? AND state = ?",
            MessageState.QUEUED, row["attempts"], row["first_tried_at"], row["token"], MessageState.CLAIMED,
        )  # fmt: skip


def stay(practice: Practice, row: sqlite3.Row, shut: GateClosed, now: datetime) -> None:
    """Record that a mail stays in, and which gates of the policy kept it; one that only waits is tried again later."""
    state, after = MessageState.REFUSED, timedelta()
    if shut.superseded:
        state = MessageState.SUPERSEDED
    elif shut.for_now:
        state, after = MessageState.QUEUED, pause(row["attempts"])
    with practice.database.transaction():
        change(practice, row, state, now, str(shut), after)
        if shut.for_now and row["reason"] == str(shut):
            return  # said once, however long it lasts
        if shut.gates or shut.for_now:
            cited = citing(*shut.gates) or {"why": RESTRICTION}
            ledger.record(practice.database, now, "gate.denied", act="send", token=row["token"], **cited)
        ledger.record(practice.database, now, f"message.{state}", token=row["token"])


def mark(practice: Practice, row: sqlite3.Row, now: datetime, looked: Looked) -> None:
    """Ask the gates and make the mark durable, in one transaction; from here on the mail may have been accepted."""
    database = practice.database
    with database.transaction():
        passed = citing(*ask(practice, row, now, looked))
        database.run(
            "UPDATE messages SET state = ?, gates = ? WHERE token = ?",
            MessageState.DATA_SENT, json.dumps(passed), row["token"],
        )  # fmt: skip
        ledger.record(
            database, now, "message.data_sent", token=row["token"], seal=tokens.seal(practice.key, row["sha256"]),
            **passed,
        )  # fmt: skip


def become(
    practice: Practice,
    row: sqlite3.Row,
    state: MessageState,
    now: datetime,
    reason: str,
    after: timedelta = timedelta(),
) -> None:
    """Let a mail become something else, in a transaction of its own, and say so in the ledger."""
    with practice.database.transaction():
        change(practice, row, state, now, reason, after)
        ledger.record(practice.database, now, f"message.{state}", token=row["token"])


def change(
    practice: Practice, row: sqlite3.Row, state: MessageState, now: datetime, reason: str, after: timedelta
) -> None:
    """Write the state of a mail down, and why, inside the caller's transaction; it is looked at again `after` that."""
    practice.database.run(
        "UPDATE messages SET state = ?, reason = ?, next_at = ? WHERE token = ?",
        state, reason, (now + after).isoformat(), row["token"],
    )  # fmt: skip


def queue_again(practice: Practice, row: sqlite3.Row, now: datetime, reason: str) -> None:
    """Let a mail go at the next send, as if it had never been tried, inside the caller's transaction."""
    practice.database.run(
        "UPDATE messages SET state = ?, reason = ?, next_at = ?, first_tried_at = NULL WHERE token = ?",
        MessageState.QUEUED, reason, now.isoformat(), row["token"],
    )  # fmt: skip
    ledger.record(practice.database, now, "message.queued", token=row["token"], why=reason)


def pause(attempts: int) -> timedelta:
    """Give how long to wait after `attempts` earlier tries: doubling, with some chance, up to four hours."""
    return timedelta(seconds=steps.pause(attempts).total_seconds() * random.uniform(0.8, 1.0))  # noqa: S311 - spreads retries, keeps no secret
