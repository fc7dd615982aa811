"""A coaching that nobody closed: when nothing was heard for as long as the policy finds normal, the coach is asked.

Takes dossiers with an agreement and no closing; leaves one question for each silence, with what to type. Nothing goes
because of it: an event that a term waits for is hers to tell.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime

from pipeline import questions
from pipeline.model import AttentionState, Kind, Nature, ObligationState, ReturnState
from pipeline.policy.period import Period
from pipeline.policy.policy import Policy
from pipeline.policy.schema.retention import Event, When
from pipeline.practice import Practice
from pipeline.retention.forecast import day_word
from pipeline.retention.lives import CONTACTS

WHAT = "forgotten"
CLOSED = "closed"
RUNNING = f"""
SELECT d.reference, max(d.opened_at, coalesce(m.stored_at, ''),
    coalesce((SELECT max(accepted_at) FROM messages WHERE dossier = d.reference AND purpose IN {CONTACTS}), ''),
    coalesce((SELECT max(written_at) FROM documents WHERE dossier = d.reference), '')) AS heard, a.asked
FROM dossiers AS d
LEFT JOIN (SELECT dossier, max(stored_at) AS stored_at FROM mails WHERE nature = '{Nature.LETTER}' GROUP BY dossier)
    AS m ON m.dossier = d.reference
LEFT JOIN (SELECT dossier, max(opened_at) AS asked FROM attention WHERE what = '{WHAT}' GROUP BY dossier) AS a
    ON a.dossier = d.reference
WHERE NOT EXISTS (SELECT 1 FROM events WHERE dossier = d.reference AND event = '{Event.CLOSED}')
    AND (EXISTS (SELECT 1 FROM obligations WHERE dossier = d.reference AND kind = '{Kind.QUOTE}'
            AND state = '{ObligationState.FULFILLED}')
        OR EXISTS (SELECT 1 FROM returns WHERE dossier = d.reference AND kind = '{Kind.QUOTE}'
            AND state IN ('{ReturnState.BOOKED}', '{ReturnState.AGAIN}')))
ORDER BY d.reference
"""  # noqa: S608 - only our own words are put in


def patience(policy: Policy) -> Period | None:
    """Give after how much silence a coaching that was not closed is asked about: the shortest time of its rules."""
    waits = [
        rule.missing.alarm_after for rule in policy.retention
        if rule.missing and rule.when is not When.NOT_ENGAGED and Event.CLOSED in {rule.after, rule.missing.fallback}
    ]  # fmt: skip
    return min(waits, default=None)


def ask(practice: Practice, now: datetime) -> int:
    """Ask about every coaching of which nothing was heard for too long, once for each silence; gives how many."""
    wait = patience(practice.policy)
    if wait is None:
        return 0
    found = list(_silent(practice, wait, practice.today(now)))
    for row in found:
        reference = row["reference"]
        values = {"reference": reference, "day": day_word(practice.day_of(row["heard"]), practice.file.language)}
        with practice.database.transaction():
            questions.ask(practice, WHAT, now, [("forgotten_since", values)], dossier=reference)
    return len(found)


def _silent(practice: Practice, wait: Period, today: date) -> Iterator[sqlite3.Row]:
    for row in practice.database.rows(RUNNING):
        asked_since = row["asked"] is not None and row["asked"] > row["heard"]
        if not asked_since and wait.after(practice.day_of(row["heard"])) <= today:
            yield row


def settle(practice: Practice, reference: str, now: datetime) -> None:
    """Take the question from before the coach, inside the caller's transaction: she has closed the dossier."""
    practice.database.run(
        "UPDATE attention SET state = ?, settled_at = ?, decision = ? WHERE what = ? AND dossier = ? AND state = ?",
        AttentionState.SETTLED, now.isoformat(), CLOSED, WHAT, reference, AttentionState.OPEN,
    )  # fmt: skip
