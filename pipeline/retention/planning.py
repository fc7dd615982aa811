"""From the plan to rows: what is due within the veto period is announced, and looked at again when its day is there.

planned → erasing → erased → verified. An announcement says what goes when and by which rule; until its day the coach
can keep it back (`pipeline hold`), and what is not due any more is taken from the plan again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from pipeline.edges import ledger
from pipeline.model import ErasureState
from pipeline.policy.closing import answer_by
from pipeline.policy.plan import Ending
from pipeline.policy.terms import Term
from pipeline.practice import Practice
from pipeline.retention import answers, holds, lookout, strays
from pipeline.retention.lives import held
from pipeline.retention.versions import plan_of

VETO = timedelta(days=14)
AT_LEAST = timedelta(days=1)
BEGUN = {ErasureState.ERASING, ErasureState.ERASED}


def endings(practice: Practice, today: date) -> Iterable[Ending]:
    """Give when each part of all that is held goes, as things stand today."""
    parts = chain(held(practice.database, practice.today, practice.file.books.year_ends), strays.held(practice))
    return plan_of(practice).endings(parts, holds.standing(practice, today) | answers.looked_at(practice))


def announce(practice: Practice, now: datetime, *, afresh: bool = False) -> int:
    """Write down what is due within the veto period, and take back what is not due any more; gives how many are new.

    Everything that is held is passed over once a day, and when something has changed that it is made of; `afresh` at
    any time. What is announced already keeps its day in step with its term: a later one is waited for, an earlier one
    is announced anew.
    """
    seen = lookout.sign(practice, now)
    if not afresh and lookout.stands(practice, seen, now):
        return 0
    due = _due(practice, practice.today(now))
    if due is None:
        return 0
    with practice.database.transaction():
        lookout.note(practice, seen, now)
        _take_back(practice, due, now)
        asked = answers.asked_on(practice)
        return sum(_plan(practice, one, now, asked.get(one.held.dossier)) for one in due)


def _due(practice: Practice, today: date) -> list[Ending] | None:
    """Give what is due within the veto period; None when the practice is stopping before all was looked at."""
    due = []
    for one in endings(practice, today):
        if practice.stopping.is_set():
            return None
        if one.due_on(today + VETO + AT_LEAST):  # a day is soon half over
            due.append(one)
    return due


def veto_until(ending: Ending, announced: datetime, zone: ZoneInfo) -> datetime:
    """Give until when the coach can keep something back: its day, or, when that is too near, a day after it was said.

    What has a window within which it must be gone is announced for as long as the window allows.
    """
    assert ending.term.due is not None
    assert ending.term.gone_by is not None
    day, last = (_start(on, zone) for on in (ending.term.due, ending.term.gone_by))
    return max(day, min(announced + VETO, max(last, announced + AT_LEAST)))


def _answered(ending: Ending, asked_on: date | None, zone: ZoneInfo) -> datetime:
    """Give until when what goes waits for what closing asked on a day: as long as destroying it may take, from then."""
    day = answer_by(ending.term, asked_on) if asked_on else None
    return _start(day, zone) if day else datetime.min.replace(tzinfo=UTC)


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _plan(practice: Practice, ending: Ending, now: datetime, asked_on: date | None) -> int:
    part, term = ending.held, ending.term
    known = practice.database.row(
        "SELECT * FROM erasures WHERE dossier = ? AND category = ? AND part = ?",
        part.dossier, part.category, part.part,
    )  # fmt: skip
    if known is not None and known["state"] in BEGUN:
        return 0
    announced = _announced(known, term, now)
    zone = ZoneInfo(practice.file.timezone)
    until = max(veto_until(ending, announced, zone), _answered(ending, asked_on, zone))
    planned = {
        "rules": " ".join(term.rules), "clauses": " ".join(term.clauses), "due": str(term.due),
        "gone_by": str(term.gone_by), "ending": str(term.end), "state": str(ErasureState.PLANNED),
        "veto_until": until.isoformat(),
    }  # fmt: skip
    if known is not None and all(known[name] == value for name, value in planned.items()):
        return 0
    practice.database.run(
        "INSERT OR REPLACE INTO erasures (number, dossier, category, part, planned_at, rules, clauses, due, gone_by,"
        " ending, state, veto_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        known and known["number"], part.dossier, part.category, part.part, announced.isoformat(), *planned.values(),
    )  # fmt: skip
    if known is not None and known["state"] == ErasureState.PLANNED and known["due"] == planned["due"]:
        return 0
    ledger.record(
        practice.database, now, "erasure.planned", dossier=part.dossier or None, part=part.part,
        rules=planned["rules"], clauses=planned["clauses"], due=planned["due"], **strays.cited(part.part),
    )  # fmt: skip
    return 1


def _announced(known: sqlite3.Row | None, term: Term, now: datetime) -> datetime:
    """Give since when the coach can know of it: from now on, where it is new or goes sooner than was said."""
    if known is None or known["state"] != ErasureState.PLANNED or str(term.due) < known["due"]:
        return now
    return min(now, datetime.fromisoformat(known["planned_at"]))  # a clock that ran ahead has announced nothing


def _take_back(practice: Practice, due: list[Ending], now: datetime) -> None:
    """Remove from the plan what is held back, or not due any more."""
    still = {(one.held.dossier, one.held.category, one.held.part) for one in due}
    for row in practice.database.rows("SELECT * FROM erasures WHERE state = ?", ErasureState.PLANNED):
        if (row["dossier"], row["category"], row["part"]) not in still:
            practice.database.run("DELETE FROM erasures WHERE number = ?", row["number"])
            ledger.record(
                practice.database, now, "erasure.taken_back", dossier=row["dossier"] or None, part=row["part"],
                **strays.cited(row["part"]),
            )  # fmt: skip
