"""Drafts of a report go at once, where the policy says so: as soon as the approved version has gone to who pays.

Takes the mail to the sponsor that was accepted; leaves the approved version alone, and an entry in the ledger that
cites the gate. Where no gate says so, drafts have their own term.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pipeline.edges import ledger
from pipeline.model import Kind, MessageState, Party, Purpose
from pipeline.policy import deeds
from pipeline.policy.schema.base import Category, Grade
from pipeline.policy.schema.gates import Act, GateRule, Recipient
from pipeline.practice import Practice
from pipeline.retention import course, holds
from pipeline.retention.holdings import PARTS

Tell = Callable[[str], None]
RELEASED = f"""
SELECT DISTINCT m.dossier FROM messages AS m
WHERE m.purpose = '{Purpose.REPORT}' AND m.party = '{Party.SPONSOR}' AND m.state = '{MessageState.ACCEPTED}'
    AND m.round = (SELECT max(version) FROM documents WHERE dossier = m.dossier AND kind = '{Kind.REPORT}')
    AND (EXISTS (SELECT 1 FROM documents AS own WHERE own.dossier = m.dossier AND own.kind = '{Kind.REPORT}'
            AND (own.source IS NOT NULL OR own.sha256 <> '' AND NOT {course.KEPT}))
        OR EXISTS (SELECT 1 FROM returns WHERE dossier = m.dossier AND kind = '{Kind.REPORT}'))
ORDER BY m.dossier
"""  # noqa: S608 - only our own words are put in
"""The dossiers whose newest report has gone to who pays, and of which drafts are still there."""


COUNTED = f"""
SELECT sum((sha256 <> '' AND NOT {course.KEPT}) + (source IS NOT NULL)) FROM documents AS own
WHERE dossier = ?1 AND kind = '{Kind.REPORT}'
"""  # noqa: S608 - only our own words are put in
"""How many drafts, and sources of reports, a dossier has by its rows: a stop may have come after some files went."""


def go(practice: Practice, now: datetime, tell: Tell) -> int:
    """Erase the drafts that the policy lets go now; gives of how many dossiers. What is held stays."""
    gates = _gates(practice)
    if not gates:
        return 0
    held = holds.standing(practice, practice.today(now))
    rows = practice.database.rows(RELEASED)
    free = [row["dossier"] for row in rows if not {(row["dossier"], None), (row["dossier"], Category.DRAFT)} & held]
    for dossier in free:
        _erase(practice, dossier, gates, now)
        tell(f"{dossier} drafts of the report erased")
    return len(free)


def _gates(practice: Practice) -> list[GateRule]:
    found = deeds.gates(practice.policy, Act.DISCLOSE, [Category.REPORT], Recipient.SPONSOR)
    return [gate for gate in found if gate.drafts_go]


def _erase(practice: Practice, dossier: str, gates: list[GateRule], now: datetime) -> None:
    part = PARTS[course.DRAFTS]
    files = part.files(practice.database, practice.storage, dossier)
    count = practice.database.value(COUNTED, dossier)
    practice.storage.erase(files)
    gone = not any(practice.storage.path(name).exists() for name in files)
    with practice.database.transaction():
        for sql in part.rows:
            practice.database.run(sql, dossier)
        ledger.record(
            practice.database, now, "drafts.erased", dossier=dossier, count=count,
            grade=Grade.OBSERVED_ABSENT if gone else Grade.COMMANDED, **deeds.citing(*gates),
        )  # fmt: skip
