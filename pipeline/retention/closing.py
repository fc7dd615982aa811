"""Closing a dossier: the day from which most terms are counted is the coach's to tell, and hers to take back.

Takes her word; leaves one row in `events` and an entry in the ledger. What follows from it the plan works out anew each
time, so nothing else is changed here.
"""

from __future__ import annotations

from datetime import date, datetime

from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.policy.schema.retention import Event
from pipeline.practice import Practice
from pipeline.retention.forecast import day_word
from pipeline.words import say


def close(practice: Practice, reference: str, now: datetime, on: date | None = None) -> date:
    """Close a dossier today, or `on` a day; gives that day. Another day than the one that stands must be said."""
    stands, day = closed_on(practice, reference), on or practice.today(now)
    if stands is not None and on is None and stands != day:
        raise UsageError(_said(practice, "closed_already", reference=reference, day=_word(practice, stands)))
    _check(practice, reference, day, now)
    if stands == day:
        return day
    with practice.database.transaction():
        practice.database.run(
            "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?)", reference, Event.CLOSED, day.isoformat(),
            now.isoformat(),
        )  # fmt: skip
        ledger.record(practice.database, now, "dossier.closed", dossier=reference, day=day.isoformat())
    return day


def reopen(practice: Practice, reference: str, now: datetime) -> None:
    """Take back that a dossier was closed."""
    with practice.database.transaction():
        if not practice.database.run(
            "DELETE FROM events WHERE dossier = ? AND event = ?", reference, Event.CLOSED
        ):  # fmt: skip
            raise UsageError(_said(practice, "not_closed", reference=reference))
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
    opened = practice.today(datetime.fromisoformat(at))
    if day < opened:
        raise UsageError(_said(practice, "closed_before_opened", reference=reference, opened=_word(practice, opened)))
    if day > practice.today(now):
        raise UsageError(_said(practice, "closed_in_future", reference=reference, day=_word(practice, day)))


def _said(practice: Practice, word: str, **values: str) -> str:
    return say(practice.file.language, word, **values)


def _word(practice: Practice, day: date) -> str:
    return day_word(day, practice.file.language)
