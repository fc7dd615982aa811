"""How each clause of the policy stands: the rules that keep it, how often it was kept, when last, with which proof.

Takes the policy, the ledger and what the coach stated; leaves a row for each clause, which the table of clauses shows.
What is shown is never more than was reached: what was only planned does not count, a clause without an entry is
declared, one that could not be kept the last time is not kept, and a statement that has lapsed counts no more.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pipeline.attestations import Answer, Statement, last_answer, statements
from pipeline.policy.keeping import Keeper, Standing, keepers, standing, waits_for
from pipeline.policy.schema.base import Grade, Rule
from pipeline.practice import Practice


class Outcome(StrEnum):
    """What becomes of a promise, as it is counted at the end of the table."""

    KEPT = "kept"
    ATTESTED = "attested"
    NOT_ATTESTED = "not_attested"
    PARTLY = "partly"
    NOT_KEPT = "not_kept"
    NOT_KEPT_YET = "not_kept_yet"
    BY_HAND = "by_hand"
    CANNOT = "cannot"
    MEANING = "meaning"


OPEN = frozenset({
    Outcome.NOT_ATTESTED, Outcome.PARTLY, Outcome.NOT_KEPT, Outcome.NOT_KEPT_YET, Outcome.BY_HAND, Outcome.CANNOT,
})  # fmt: skip
"""What somebody should know who counts on the promise."""
BY_CONSTRUCTION = {Standing.KEPT, Standing.NO_PATH, Standing.SHAPE}
OUTCOMES = {
    Standing.PARTLY: Outcome.PARTLY, Standing.NOT_KEPT_YET: Outcome.NOT_KEPT_YET, Standing.BY_HAND: Outcome.BY_HAND,
    Standing.CANNOT: Outcome.CANNOT, Standing.MEANING: Outcome.MEANING,
}  # fmt: skip


NOT_YET = {"mail.due", "erasure.planned", "erasure.taken_back", "message.data_sent"}
"""What names the clauses of a deed that is still to be done, or not known to be done."""
FAILED = {"mail.not_deleted"}
"""What says that a deed could not be done."""


@dataclass(frozen=True)
class Ran:
    """How often a clause was kept, when last and with which proof; how often it could not be, and when last."""

    times: int = 0
    last: str = ""
    grade: Grade | None = None
    failures: int = 0
    failed: str = ""
    failed_last: bool = False


@dataclass(frozen=True)
class Proof:
    """One clause: what it promises, by which rules it is kept, how often and when last, how well that was proved.

    `because` is why no rule keeps it, `later` names (in `pipeline.words`) what must be built first. `stated` is whether
    what a person must state for it holds now, None where there is nothing to state; `until` the first day on which that
    ends, or ended. `failures` counts how often it could not be kept, `failed` is when last.
    """

    clause: str
    says: str
    standing: Standing
    outcome: Outcome
    rules: tuple[str, ...]
    times: int
    last: date | None
    grade: Grade | None
    because: str | None = None
    later: tuple[str, ...] = ()
    stated: bool | None = None
    until: date | None = None
    failures: int = 0
    failed: date | None = None


def proofs(practice: Practice, now: datetime) -> list[Proof]:
    """Give every clause of the practice's policy, in the order of the statement."""
    kept = kept_so_far(practice)
    answers = [(one, last_answer(practice, one)) for one in statements(practice.policy)]
    return [_proof(practice, clause, kept.get(clause, Ran()), answers, now) for clause in practice.policy.clauses]


def kept_so_far(practice: Practice) -> dict[str, Ran]:
    """Give what the ledger has seen of each clause that it has seen at all."""
    rows = practice.database.rows("SELECT entry FROM ledger WHERE entry LIKE '%\"clauses\":%' ORDER BY number")
    return ran(json.loads(row["entry"]) for row in rows)


def ran(entries: Iterable[Mapping[str, Any]]) -> dict[str, Ran]:
    """Count, for each clause, the entries of the ledger that kept it or could not, in the order they were written."""
    found: dict[str, Ran] = {}
    for entry in entries:
        for clause in str(entry.get("clauses") or "").split():
            found[clause] = _counted(found.get(clause, Ran()), entry)
    return found


def _counted(before: Ran, entry: Mapping[str, Any]) -> Ran:
    if entry["event"] in NOT_YET:
        return before
    if entry["event"] in FAILED:
        return replace(before, failures=before.failures + 1, failed=entry["at"], failed_last=True)
    grade = Grade(entry["grade"]) if entry.get("grade") in set(Grade) else None
    if grade and before.grade and entry["at"] == before.last and "part" in entry:
        grade = min(grade, before.grade, key=list(Grade).index)  # parts that went at once are as sure as the least sure
    return replace(before, times=before.times + 1, last=entry["at"], grade=grade, failed_last=False)


def totals(found: Iterable[Proof]) -> dict[Outcome, int]:
    """Count the clauses by what becomes of them; only what there is."""
    counted = Counter(one.outcome for one in found)
    return {outcome: counted[outcome] for outcome in Outcome if counted[outcome]}


def _proof(
    practice: Practice, clause: str, kept: Ran, answers: list[tuple[Statement, Answer | None]], now: datetime
) -> Proof:
    policy, language, today = practice.policy, practice.file.language, practice.today(now)
    entry, rules = policy.clauses[clause], keepers(policy, clause)
    how = standing(policy, clause)
    needed = [answer for one, answer in answers if clause in one.clauses]
    stated = all(answer is not None and answer.stands(today) for answer in needed) if needed else None
    ends = [answer.until for answer in needed if answer is not None and answer.holds]
    return Proof(
        clause=clause,
        says=entry.says.in_language(language),
        standing=how,
        outcome=_outcome(how, kept, stated=stated),
        rules=tuple(name_of(policy.id, rule) for rule in rules),
        times=kept.times,
        last=_day(practice, kept.last),
        grade=_grade(how, kept, stated=stated),
        because=entry.because.in_language(language) if entry.unruled and entry.because else None,
        later=tuple(dict.fromkeys(word for rule in rules if (word := waits_for(rule)))),
        stated=stated,
        until=min(ends, default=None) if len(ends) == len(needed) else None,
        failures=kept.failures,
        failed=_day(practice, kept.failed),
    )


def _day(practice: Practice, at: str) -> date | None:
    return practice.day_of(at) if at else None


def _outcome(how: Standing, kept: Ran, *, stated: bool | None) -> Outcome:
    if kept.failed_last:
        return Outcome.NOT_KEPT
    if how in BY_CONSTRUCTION:
        return Outcome.KEPT
    if how is Standing.ATTESTED:
        said = kept.grade is Grade.ATTESTED if stated is None else stated  # of paper she says so thing by thing
        return Outcome.ATTESTED if said else Outcome.NOT_ATTESTED
    return OUTCOMES[how]


def _grade(how: Standing, kept: Ran, *, stated: bool | None) -> Grade | None:
    """Give the proof of the last time; what is kept by how this program is made is declared, and no more."""
    if kept.failed_last:
        return None
    if kept.times and not (kept.grade is Grade.ATTESTED and stated is False):
        return kept.grade or Grade.DECLARED
    return Grade.DECLARED if how in BY_CONSTRUCTION else None


def name_of(policy: str, rule: Keeper) -> str:
    """Name a rule as its policy's file has it, without the name of the policy; a consent by its purpose."""
    return rule.id.removeprefix(f"{policy}.") if isinstance(rule, Rule) else f"consents.{rule.purpose}"
