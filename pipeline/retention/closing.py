"""Closing a dossier: the day from which most terms are counted is the coach's to tell, and hers to take back.

Takes her word; leaves one row in `events` and an entry in the ledger, and does the steps of closing that the policy
names: paper is asked after, the key to what was marked for learning is destroyed, and of who agreed to stay in touch it
is written down that name and address stay. What else follows from it the plan works out anew each time.
"""

from __future__ import annotations

from datetime import date, datetime

from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.policy.deeds import citing
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import Event, RetentionRule, Until
from pipeline.practice import Practice
from pipeline.retention import learning, paper
from pipeline.retention.forecast import day_word
from pipeline.retention.lives import KEEP_IN_TOUCH
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
        _stay_in_touch(practice, reference, now)
    learning.destroy_keys(practice, now)
    return day


def _stay_in_touch(practice: Practice, reference: str, now: datetime) -> None:
    """Write down that name and address stay until it is taken back, where she agreed to that and the policy says so."""
    agreed = practice.database.row(
        "SELECT came_at FROM standing_consents WHERE dossier = ? AND purpose = ? AND given", reference, KEEP_IN_TOUCH
    )
    rules = [rule for rule in practice.policy.retention if _until_withdrawn(rule)]
    if agreed is None or not rules:
        return
    day = practice.day_of(agreed["came_at"]).isoformat()
    if practice.database.run(
        "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)", reference, Event.CONSENTED, day, now.isoformat()
    ):  # fmt: skip
        ledger.record(practice.database, now, "contact.kept", dossier=reference, **citing(*rules))


def stays_in_touch(practice: Practice, reference: str) -> bool:
    """Tell whether name and address of a dossier stay until that is taken back."""
    return bool(
        practice.database.value(
            "SELECT 1 FROM events WHERE dossier = ? AND event = ?", reference, Event.CONSENTED
        )
    )  # fmt: skip


def _until_withdrawn(rule: RetentionRule) -> bool:
    """Tell whether by a rule name and address stay for as long as she wishes; one with a ceiling promises less."""
    return Category.KEEP_IN_TOUCH in rule.covers and rule.promise is Until.WITHDRAWN and rule.ceiling is None


def reopen(practice: Practice, reference: str, now: datetime) -> None:
    """Take back that a dossier was closed; a key that was destroyed does not come back."""
    with practice.database.transaction():
        if not practice.database.run(
            "DELETE FROM events WHERE dossier = ? AND event = ?", reference, Event.CLOSED
        ):  # fmt: skip
            raise UsageError(_said(practice, "not_closed", reference=reference))
        practice.database.run("DELETE FROM events WHERE dossier = ? AND event = ?", reference, Event.CONSENTED)
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
