"""What was asked at closing, for as long as an answer can come: what would go waits for it no longer than was said.

Takes the form that was sent and what came back; leaves the event by which name and address stay of who said yes.
"""

from __future__ import annotations

from datetime import date, datetime

from pipeline.edges import ledger
from pipeline.model import AttentionState, Kind, ObligationState
from pipeline.policy.deeds import citing
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import Event, RetentionRule, Until
from pipeline.practice import Practice
from pipeline.retention.course import no_more_mail, not_awaited
from pipeline.retention.lives import KEEP_IN_TOUCH

REOPENED = "reopened"
ASKED = f"""
SELECT q.dossier, coalesce(o.asked_at, q.written_at) AS at FROM documents AS q
LEFT JOIN obligations AS o ON o.dossier = q.dossier AND o.kind = q.kind AND o.version = q.version
WHERE q.kind = '{Kind.QUESTIONS}' AND q.sha256 <> '' AND json_extract(q.about, '$.{REOPENED}') IS NULL
    AND coalesce(o.state, '{ObligationState.AWAITED}') = '{ObligationState.AWAITED}'
"""  # noqa: S608 - only our own words are put in
LOOKED_AT = """
SELECT DISTINCT r.dossier FROM attention AS a JOIN returns AS r ON r.number = a.return
WHERE a.state = ? AND r.kind = ?
"""
SAID_YES = """
SELECT e.dossier, c.came_at FROM events AS e JOIN dossiers AS d ON d.reference = e.dossier AND d.client_key <> ''
JOIN standing_consents AS c ON c.dossier = e.dossier AND c.purpose = ? AND c.given
WHERE e.event = ? AND NOT EXISTS (SELECT 1 FROM events WHERE dossier = e.dossier AND event = ?)
    AND (?4 IS NULL OR e.dossier = ?4)
"""


def asked_on(practice: Practice) -> dict[str, date]:
    """Give the dossiers whose client was asked at closing and has not answered, each with the day."""
    return {row["dossier"]: practice.day_of(row["at"]) for row in practice.database.rows(ASKED)}


def looked_at(practice: Practice) -> set[tuple[str, Category | None]]:
    """Give the dossiers of which an answer is there that the coach has still to look at: nothing of them goes."""
    rows = practice.database.rows(LOOKED_AT, AttentionState.OPEN, Kind.QUESTIONS)
    return {(row["dossier"], None) for row in rows}


def heed(practice: Practice, now: datetime, dossier: str | None = None) -> int:
    """Write down that name and address stay of who has agreed to that by now; inside the caller's transaction.

    Of every closed dossier, or of one; only where the policy keeps them until that is taken back.
    """
    rules = [rule for rule in practice.policy.retention if _until_withdrawn(rule)]
    rows = practice.database.rows(SAID_YES, KEEP_IN_TOUCH, Event.CLOSED, Event.CONSENTED, dossier) if rules else []
    for row in rows:
        practice.database.run(
            "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)",
            row["dossier"], Event.CONSENTED, practice.day_of(row["came_at"]).isoformat(), now.isoformat(),
        )  # fmt: skip
        ledger.record(practice.database, now, "contact.kept", dossier=row["dossier"], **citing(*rules))
    return len(rows)


def take_back(practice: Practice, dossier: str) -> None:
    """Let what closing asked lapse, inside the caller's transaction: the dossier is open again, the next asks anew."""
    for sql in (*no_more_mail(f"dossier = ?1 AND kinds = '{Kind.QUESTIONS}'"), not_awaited(Kind.QUESTIONS)):
        practice.database.run(sql, dossier)
    practice.database.run(
        f"UPDATE documents SET about = json_set(about, '$.{REOPENED}', 1) WHERE dossier = ? AND kind = ?",  # noqa: S608
        dossier, Kind.QUESTIONS,
    )  # fmt: skip


def _until_withdrawn(rule: RetentionRule) -> bool:
    """Tell whether by a rule name and address stay for as long as she wishes; one with a ceiling promises less."""
    return Category.KEEP_IN_TOUCH in rule.covers and rule.promise is Until.WITHDRAWN and rule.ceiling is None
