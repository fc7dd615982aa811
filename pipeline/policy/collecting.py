"""Which fields of a client file may be taken in: pure, by the fields that the policy names and the gates before them.

A field that no rule names is not asked of anybody, so it is not taken in. How the paperwork is to be done (language,
programme, who receives what) is no field of a person unless the policy makes it one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pipeline.policy import deeds
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.gates import Act, GateRule, Recipient
from pipeline.policy.schema.people import FieldRule

Fields = Mapping[str, Collection[str]]
"""The fields that are filled in, by whose they are: client, sponsor."""
KNOWN_OTHERWISE = {"language"}
"""What a file may leave out, for practice.yaml says it for everybody."""


@dataclass(frozen=True)
class Refused:
    """A field that may not be taken in, or one that must be there and is not; `clauses` are those that say so."""

    whose: str
    field: str
    clauses: tuple[str, ...]
    lacking: bool = False


def refused(policy: Policy, fields: Fields) -> list[Refused]:
    """Give every field that the policy does not allow, every one that a closed gate stands before, and what lacks."""
    found = [
        Refused(whose, field, clauses)
        for whose, filled in fields.items() for field in filled
        if (clauses := _forbidden(policy, whose, field)) is not None
    ]  # fmt: skip
    return found + [
        Refused(whose, field, tuple(rule.clauses), lacking=True)
        for whose, filled in fields.items() if filled
        for rule in policy.fields if rule.whose == whose
        for field in rule.needed if field not in {*filled, *KNOWN_OTHERWISE}
    ]  # fmt: skip


def _forbidden(policy: Policy, whose: str, field: str) -> tuple[str, ...] | None:
    """Give the clauses that forbid a field; None when it may be collected."""
    rules = [rule for rule in policy.fields if rule.whose == whose]
    named = [rule for rule in rules if field in rule.fields]
    gates = before_collecting(policy, {rule.category for rule in named})
    if gates:
        return tuple(clause for gate in gates for clause in gate.clauses)
    if named:
        return None
    asked = [rule for rule in rules if rule.needed] or rules  # the clause that says what is asked of everybody
    return tuple(dict.fromkeys(clause for rule in asked for clause in rule.clauses))


def before_collecting(policy: Policy, categories: Collection[Category]) -> list[GateRule]:
    """Give the gates before collecting these kinds: a form that comes first meets none of what they ask for.

    A rule for the young is about who gives an age; of whom none is asked, none is known.
    """
    gates = deeds.gates(policy, Act.COLLECT, categories, Recipient.CLIENT) if categories else []
    return [gate for gate in gates if not gate.only_under_16 or Category.AGE in categories]


def taken_by(policy: Policy, fields: Fields) -> list[FieldRule]:
    """Give the rules by which these fields are collected."""
    return [rule for rule in policy.fields if set(fields.get(rule.whose, ())) & set(rule.fields)]
