"""One piece of advice about a policy: what it is about, how much it weighs, and what to write or do instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Rule
from pipeline.words import say


class Weight(StrEnum):
    """`HEAVY`: a promise that cannot be kept as it stands, or is against the law; `LIGHT`: good to know, or to say."""

    HEAVY = "heavy"
    LIGHT = "light"


@dataclass(frozen=True)
class Finding:
    """One piece of advice, in the practice's language, with the clauses that it is about."""

    clauses: tuple[str, ...]
    weight: Weight
    text: str


@dataclass(frozen=True)
class Adviser:
    """The policy that is looked at and the language of who reads the advice."""

    policy: Policy
    language: str

    def heavy(self, about: Iterable[Rule | str], word: str, **values: object) -> Finding:
        """Advise on what cannot stay as it is; `word` is a name in `pipeline.words`."""
        return Finding(clauses_of(about), Weight.HEAVY, say(self.language, word, **values))

    def light(self, about: Iterable[Rule | str], word: str, **values: object) -> Finding:
        """Advise on what is good to know."""
        return Finding(clauses_of(about), Weight.LIGHT, say(self.language, word, **values))


def clauses_of(about: Iterable[Rule | str]) -> tuple[str, ...]:
    """Give the clauses of rules, and clauses themselves, each once and in their order."""
    return tuple(dict.fromkeys(clause for one in about for clause in _named(one)))


def _named(one: Rule | str) -> list[str]:
    return [one] if isinstance(one, str) else one.clauses
