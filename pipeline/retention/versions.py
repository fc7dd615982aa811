"""The versions of the statement as the plan needs them: since when which rules were in force.

Takes the rows that `statements` wrote, and the policy that is in force; leaves a `Plan`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime

from pipeline.policy.plan import Plan, Version
from pipeline.policy.policy import Policy, retention_rules
from pipeline.practice import Practice
from pipeline.statements import IN_FORCE

NOT_YET = date.max
"""Since when a version that is named holds before it is put in force: nothing came under it; what is stricter holds."""


def plan_of(practice: Practice) -> Plan:
    """Give the plan under every version of the statement that was in force, the one of now last."""
    return Plan([*_earlier(practice), Version(_since(practice), tuple(retention_rules(practice.policy)))])


def _earlier(practice: Practice) -> Iterator[Version]:
    """Give the versions before the one of now; one that came back is there each time that it was in force."""
    rows = practice.database.rows("SELECT version, policy FROM statements")
    rules = {row["version"]: tuple(retention_rules(Policy.model_validate_json(row["policy"]))) for row in rows}
    spells = _spells(practice)
    if spells and spells[-1][0] == practice.file.statement.version:
        spells.pop()
    for version, since in spells:
        yield Version(_day(practice, since), rules[version])


def _since(practice: Practice) -> date:
    spells = _spells(practice)
    if not spells:
        return date.min
    version, since = spells[-1]
    return _day(practice, since) if version == practice.file.statement.version else NOT_YET


def _spells(practice: Practice) -> list[tuple[str, str]]:
    kept = practice.database.value("SELECT value FROM settings WHERE name = ?", IN_FORCE)
    return [(version, since) for version, since in json.loads(kept or "[]")]


def _day(practice: Practice, at: str) -> date:
    return practice.today(datetime.fromisoformat(at))
