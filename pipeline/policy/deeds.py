"""Which rules a deed keeps, for the ledger: what was done is written down with the rules and the clauses it served."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.gates import Act, GateRule, Recipient
from pipeline.policy.schema.later import Ask, RequestRule
from pipeline.policy.schema.people import FieldRule, Question


class Keeps(Protocol):
    """Whatever names the clauses it keeps."""

    @property
    def clauses(self) -> list[str]:
        """The clauses, by their numbers."""


def citing(*kept: Keeps) -> dict[str, str]:
    """Give what the ledger keeps of rules and consents: their names and the clauses, each once, with spaces between."""
    names = dict.fromkeys(str(getattr(one, "id", None) or getattr(one, "purpose", "")) for one in kept)
    clauses = dict.fromkeys(clause for one in kept for clause in one.clauses)
    return {"rules": " ".join(names), "clauses": " ".join(clauses)} if kept else {}


def collected(policy: Policy, categories: Iterable[Category]) -> list[FieldRule]:
    """Give the rules by which fields of these kinds are collected."""
    wanted = set(categories)
    return [rule for rule in policy.fields if rule.category in wanted]


def asked(policy: Policy, purposes: Iterable[str]) -> list[Question]:
    """Give the consents with these purposes."""
    wanted = set(purposes)
    return [question for question in policy.consents if question.purpose in wanted]


def requests(policy: Policy, ask: Ask) -> list[RequestRule]:
    """Give the rules by which somebody may ask for this."""
    return [rule for rule in policy.requests if ask in rule.may]


def gates(policy: Policy, before: Act, covers: Iterable[Category], to: Recipient) -> list[GateRule]:
    """Give the gates that stand before an act, about any of these kinds, towards this recipient."""
    kinds = set(covers)
    return [
        rule for rule in policy.gates
        if rule.before is before and (not rule.covers or kinds & set(rule.covers)) and _reaches(rule, to)
    ]  # fmt: skip


def _reaches(rule: GateRule, to: Recipient) -> bool:
    """Tell whether a gate is about this recipient; *anyone* is everybody but the client herself."""
    return not rule.to or to in rule.to or (Recipient.ANYONE in rule.to and to is not Recipient.CLIENT)
