"""Paper, which no program can destroy: at closing the coach is asked to, and what she says is written down.

Takes the policy's promise to destroy paper; leaves one question with its last day, and of her answer an entry in the
ledger whose grade is never more than *attested*. Whatever is digital goes on its own day, answered or not.
"""

from __future__ import annotations

import sqlite3
from datetime import date, datetime

from pipeline import questions
from pipeline.edges import ledger
from pipeline.model import PAPER, AttentionState
from pipeline.policy.deeds import Keeps, citing
from pipeline.policy.period import Period
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Grade
from pipeline.policy.schema.closing import Step
from pipeline.policy.schema.retention import Event, Leaving, RetentionRule, When
from pipeline.policy.terms import Life, term
from pipeline.practice import Practice

WHAT = PAPER
FORTNIGHT = Period(days=14)
"""How long destroying may take where the policy does not say."""
REOPENED = "reopened"


def rules(policy: Policy) -> list[Keeps]:
    """Give the rules that promise to destroy paper."""
    steps: list[Keeps] = [rule for rule in policy.closing if Step.DESTROY_PAPER in rule.steps]
    return [*steps, *_terms(policy)]


def _terms(policy: Policy) -> list[RetentionRule]:
    return [rule for rule in policy.retention if rule.end is Leaving.DESTROY_PAPER]


def last_day(policy: Policy, closed: date) -> date:
    """Give the day by which the paper of a dossier that was closed on `closed` must be gone."""
    days = [term([rule], rule.covers[0], _closed(rule, closed)).gone_by for rule in _terms(policy)]
    return min((day for day in days if day), default=FORTNIGHT.after(closed))


def _closed(rule: RetentionRule, day: date) -> Life:
    """Give a life in which all that can happen has happened by the closing: the last day from which it can count."""
    return Life(day, engaged=rule.when is not When.NOT_ENGAGED, events=dict.fromkeys(Event, day))


def ask(practice: Practice, reference: str, closed: date, now: datetime) -> None:
    """Put the question before the coach, inside the caller's transaction; what she has answered is not asked again."""
    if not rules(practice.policy) or _answered(practice, reference):
        return
    practice.database.run(
        "DELETE FROM attention WHERE what = ? AND dossier = ? AND state = ?", WHAT, reference, AttentionState.OPEN
    )
    day = last_day(practice.policy, closed).isoformat()
    questions.ask(practice, WHAT, now, [("paper_due", {"day": day})], dossier=reference)


def _answered(practice: Practice, reference: str) -> bool:
    return bool(
        practice.database.value(
            "SELECT 1 FROM attention WHERE what = ? AND dossier = ? AND state = ? AND decision <> ?",
            WHAT, reference, AttentionState.SETTLED, REOPENED,
        )
    )  # fmt: skip


def asked(practice: Practice, reference: str) -> bool:
    """Tell whether the question about the paper of a dossier waits for the coach."""
    return bool(
        practice.database.value(
            "SELECT 1 FROM attention WHERE what = ? AND dossier = ? AND state = ?", WHAT, reference, AttentionState.OPEN
        )
    )


def withdraw(practice: Practice, reference: str, now: datetime) -> None:
    """Take the question back, inside the caller's transaction: the dossier is open again, and can get new paper."""
    practice.database.run(
        "UPDATE attention SET state = ?, settled_at = coalesce(settled_at, ?), decision = ?"
        " WHERE what = ? AND dossier = ?",
        AttentionState.SETTLED, now.isoformat(), REOPENED, WHAT, reference,
    )  # fmt: skip


def destroyed(practice: Practice, row: sqlite3.Row, now: datetime) -> None:
    """Write down that the coach says the paper was destroyed."""
    ledger.record(
        practice.database, now, "paper.destroyed", dossier=row["dossier"], grade=Grade.ATTESTED,
        **citing(*rules(practice.policy)),
    )  # fmt: skip


def none(practice: Practice, row: sqlite3.Row, now: datetime) -> None:
    """Write down that the coach says there is no paper: nothing was destroyed, so no clause is counted as kept."""
    named = " ".join(str(getattr(rule, "id", "")) for rule in rules(practice.policy))
    ledger.record(practice.database, now, "paper.none", dossier=row["dossier"], rules=named, grade=Grade.ATTESTED)


def forget(practice: Practice, row: sqlite3.Row) -> None:
    """Remove an answered question of a dossier that is gone: the ledger has the answer, and that is all there is."""
    practice.database.run(
        "DELETE FROM attention WHERE number = ? AND what = ? AND dossier NOT IN (SELECT reference FROM dossiers)",
        row["number"], WHAT,
    )  # fmt: skip
