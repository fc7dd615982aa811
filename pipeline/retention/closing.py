"""Closing a dossier: the day from which most terms are counted is the coach's to tell, and hers to take back.

Takes her word, by command or in the client file; leaves one row in `events` and an entry in the ledger, and does the
steps of closing that the policy names: paper is asked after, the key to what was marked for learning is destroyed, and
of who agreed to stay in touch it is written down that name and address stay. What else follows from it the plan works
out anew each time.
"""

from __future__ import annotations

from datetime import date, datetime

from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.policy.schema.retention import Event
from pipeline.practice import Practice
from pipeline.retention import answers, forgotten, learning, paper
from pipeline.retention.forecast import day_word
from pipeline.words import say


def close(practice: Practice, reference: str, now: datetime, on: date | None = None) -> date:
    """Close a dossier today, or `on` a day; gives that day. Another day than the one that stands must be said."""
    stands, day = closed_on(practice, reference), on or practice.today(now)
    if stands is not None and on is None and stands != day:
        raise UsageError(_said(practice, "closed_already", reference=reference, day=_word(practice, stands)))
    _check(practice, reference, day, now)
    if stands == day:
        learning.destroy_keys(practice, now)  # a stop can have come before it
        return day
    with practice.database.transaction():
        practice.database.run(
            "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?)", reference, Event.CLOSED, day.isoformat(),
            now.isoformat(),
        )  # fmt: skip
        ledger.record(practice.database, now, "dossier.closed", dossier=reference, day=day.isoformat())
        paper.ask(practice, reference, day, now)
        answers.heed(practice, now, reference)
        forgotten.settle(practice, reference, now)
    learning.destroy_keys(practice, now)
    return day


def by_file(practice: Practice, now: datetime) -> int:
    """Close every dossier whose file says so, once that day is there; gives how many. A file is heeded once."""
    rows = practice.database.rows(
        "SELECT c.dossier, c.day, d.opened_at FROM closings AS c JOIN dossiers AS d ON d.reference = c.dossier"
        " WHERE c.day <= ? ORDER BY c.dossier", practice.today(now).isoformat(),
    )  # fmt: skip
    for row in rows:
        day = max(date.fromisoformat(row["day"]), practice.day_of(row["opened_at"]))
        close(practice, row["dossier"], now, day)
        practice.database.run("DELETE FROM closings WHERE dossier = ? AND day = ?", row["dossier"], row["day"])
    return len(rows)


def stays_in_touch(practice: Practice, reference: str) -> bool:
    """Tell whether name and address of a dossier stay until that is taken back."""
    return bool(
        practice.database.value(
            "SELECT 1 FROM events WHERE dossier = ? AND event = ?", reference, Event.CONSENTED
        )
    )  # fmt: skip


def reopen(practice: Practice, reference: str, now: datetime) -> None:
    """Take back that a dossier was closed; a key that was destroyed does not come back."""
    with practice.database.transaction():
        if not practice.database.run(
            "DELETE FROM events WHERE dossier = ? AND event = ?", reference, Event.CLOSED
        ):  # fmt: skip
            raise UsageError(_said(practice, "not_closed", reference=reference))
        practice.database.run("DELETE FROM events WHERE dossier = ? AND event = ?", reference, Event.CONSENTED)
        practice.database.run("DELETE FROM closings WHERE dossier = ?", reference)
        answers.take_back(practice, reference)
        paper.withdraw(practice, reference, now)
        ledger.record(practice.database, now, "dossier.reopened", dossier=reference)


def closed_on(practice: Practice, reference: str) -> date | None:
    """Give the day on which a dossier was closed, if it was."""
    day = practice.database.value(
        "SELECT day FROM events WHERE dossier = ? AND event = ?", reference, Event.CLOSED
    )  # fmt: skip
    return date.fromisoformat(day) if day else None


def _check(practice: Practice, reference: str, day: date, now: datetime) -> None:
    """Raise `UsageError` for a day on which nothing can have been closed."""
    at = practice.database.value("SELECT opened_at FROM dossiers WHERE reference = ?", reference)
    opened = practice.day_of(at)
    if day < opened:
        raise UsageError(_said(practice, "closed_before_opened", reference=reference, opened=_word(practice, opened)))
    if day > practice.today(now):
        raise UsageError(_said(practice, "closed_in_future", reference=reference, day=_word(practice, day)))


def _said(practice: Practice, word: str, **values: str) -> str:
    return say(practice.file.language, word, **values)


def _word(practice: Practice, day: date) -> str:
    return day_word(day, practice.file.language)
