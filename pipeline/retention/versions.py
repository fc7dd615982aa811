"""The versions of the statement as the plan needs them: since when which rules were in force.

Takes what `statements` kept, and the policy that is in force; leaves a `Plan`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pipeline.policy.plan import Plan, Version
from pipeline.policy.policy import Policy, retention_rules
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import RetentionRule
from pipeline.practice import Practice
from pipeline.statements import Spell, policies, spells

NOT_YET = date.max
"""Since when a version that is named holds before it is put in force: nothing came under it; what is stricter holds."""


def plan_of(practice: Practice) -> Plan:
    """Give the plan under every version of the statement that was in force, the one of now last."""
    earlier, since = spells(practice), NOT_YET
    if not earlier:
        since = date.min
    elif earlier[-1][0] == practice.file.statement.version:
        since = practice.day_of(earlier.pop()[1])
    in_force = Version(since, _rules(practice.policy))
    return Plan([*_versions(practice, earlier), in_force])


def _versions(practice: Practice, earlier: list[Spell]) -> Iterator[Version]:
    """Give the versions before the one of now; one that came back is there each time that it was in force."""
    kept = policies(practice) if earlier else {}
    for version, since in earlier:
        yield Version(practice.day_of(since), _rules(kept[version]))


def _rules(policy: Policy) -> tuple[RetentionRule, ...]:
    """Give the terms of a policy; of drafts, where it does not speak of them, those of the report they are for."""
    rules = retention_rules(policy)
    if any(Category.DRAFT in rule.covers for rule in rules):
        return tuple(rules)
    return tuple(_with_drafts(rule) if Category.REPORT in rule.covers else rule for rule in rules)


def _with_drafts(rule: RetentionRule) -> RetentionRule:
    return rule.model_copy(update={"covers": [*rule.covers, Category.DRAFT]})
