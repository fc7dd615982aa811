"""Writing down what a purge reached, mail by mail: gone with its grade, kept with its reason, or to be tried again.

What is gone is looked for again, since a provider or a mail program may file a copy later; what is kept is tried again
each day.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pipeline import questions
from pipeline.edges import ledger
from pipeline.edges.mailbox.headers import batches
from pipeline.model import PurgeState
from pipeline.policy.schema.base import Grade
from pipeline.practice import Practice
from pipeline.retention.mail.clearing import Outcome, Rows, Sight
from pipeline.steps import pause

WHAT = "purge"
SHOWN_AFTER = 5
LOOKED_AGAIN_AFTER = timedelta(minutes=10)
LOOKED_AGAIN_UNTIL = timedelta(days=30)
KEPT_FOR = timedelta(days=1)
NEVER = "9999"
AT_ONCE = 1_000
TO_LOOK_AGAIN = f"SELECT * FROM purges WHERE state IN ('{PurgeState.GONE}', '{PurgeState.KEPT}') AND next_at <= ?"  # noqa: S608 - our own words


class Reached(NamedTuple):
    """A mail of which no copy is left within reach: the grade that was reached, and how many copies were removed."""

    row: sqlite3.Row
    grade: Grade
    removed: int = 0

    @property
    def first(self) -> bool:
        """Whether it was not gone before."""
        return self.row["done_at"] is None

    @property
    def news(self) -> bool:
        """Whether the ledger must hear of it: it is gone, a copy came back, or it was looked for better than before."""
        return self.first or bool(self.removed) or self.grade != self.row["grade"]


def conclude(practice: Practice, rows: Rows, outcome: Outcome, sight: Sight, now: datetime) -> int:
    """Write down what was reached for all of `rows`; gives how many are gone that were not before."""
    gone = 0
    for some in batches(rows, AT_ONCE):
        with practice.database.transaction():
            gone += _conclude(practice, some, outcome, sight, now)
    return gone


def declare(practice: Practice, rows: Rows, now: datetime) -> int:
    """Write down that our own bytes are gone, and that nobody has looked anywhere else; gives how many are new."""
    with practice.database.transaction():
        return _gone(practice, [Reached(row, Grade.DECLARED) for row in rows], now)


def put_off(practice: Practice, now: datetime) -> None:
    """Put off the next look for all that was to be looked for again by now, and did not come back."""
    while rows := practice.database.rows(f"{TO_LOOK_AGAIN} LIMIT ?", now.isoformat(), AT_ONCE):
        with practice.database.transaction():
            practice.database.run_each(
                "UPDATE purges SET next_at = ? WHERE number = ?",
                ((_next_look(row, now), row["number"]) for row in rows),
            )


def _conclude(practice: Practice, rows: Sequence[sqlite3.Row], outcome: Outcome, sight: Sight, now: datetime) -> int:
    reached = []
    for row in rows:
        number = row["number"]
        if number in outcome.stays:
            _keep(practice, row, outcome.stays[number], now)
        elif number in sight.there:
            _try_later(practice, row, now)
        else:
            grade = Grade.OBSERVED_ABSENT if number in sight.nowhere else Grade.COMMANDED
            reached.append(Reached(row, grade, outcome.removed[number]))
    return _gone(practice, reached, now)


def _gone(practice: Practice, reached: Sequence[Reached], now: datetime) -> int:
    """Take mails as gone, each at the grade that was reached; gives how many were not before."""
    at = now.isoformat()
    practice.database.run_each(
        "UPDATE purges SET state = ?, grade = ?, reason = NULL, attempts = 0, done_at = coalesce(done_at, ?),"
        " next_at = ? WHERE number = ?",
        ((PurgeState.GONE, one.grade, at, _look_after(one.row, now), one.row["number"]) for one in reached),
    )
    told = (
        {"rules": one.row["rule"], "clauses": one.row["clauses"], "grade": one.grade, "copies": one.removed,
         "due": one.row["due_at"], **which(one.row)}
        for one in reached if one.news
    )  # fmt: skip
    ledger.record_all(practice.database, now, "mail.deleted", told)
    return sum(one.first for one in reached)


def which(row: sqlite3.Row) -> dict[str, str | int | None]:
    """Give what a mail is called in the ledger: by the token of one of ours, by its number when it came in."""
    return {"token": row["token"]} if row["token"] else {"mail": row["mail"]}


def _next_look(row: sqlite3.Row, now: datetime) -> str:
    return (now + KEPT_FOR).isoformat() if row["state"] == PurgeState.KEPT else _look_after(row, now)


def _look_after(row: sqlite3.Row, now: datetime) -> str:
    """Give when to look again for a mail that is gone: soon after, and ever less often."""
    age = now - datetime.fromisoformat(row["done_at"]) if row["done_at"] else timedelta()
    return (now + max(LOOKED_AGAIN_AFTER, 2 * age)).isoformat() if age < LOOKED_AGAIN_UNTIL else NEVER


def _keep(practice: Practice, row: sqlite3.Row, reason: str, now: datetime) -> None:
    """Leave a mail where the server cannot let go of it safely, and say so, once."""
    practice.database.run(
        "UPDATE purges SET state = ?, reason = ?, attempts = attempts + 1, next_at = ? WHERE number = ?",
        PurgeState.KEPT, reason, (now + KEPT_FOR).isoformat(), row["number"],
    )  # fmt: skip
    if row["reason"] != reason:
        ledger.record(
            practice.database, now, "mail.not_deleted", rules=row["rule"], clauses=row["clauses"], reason=reason,
            number=row["number"],
        )  # fmt: skip
        questions.ask(practice, WHAT, now, [(reason, {})], dossier=row["dossier"])


def _try_later(practice: Practice, row: sqlite3.Row, now: datetime) -> None:
    attempts = row["attempts"] + 1
    practice.database.run(
        "UPDATE purges SET attempts = ?, next_at = ? WHERE number = ?",
        attempts, (now + pause(attempts)).isoformat(), row["number"],
    )  # fmt: skip
    if attempts == SHOWN_AFTER:
        questions.ask(practice, WHAT, now, [("copy_still_seen", {})], dossier=row["dossier"])
