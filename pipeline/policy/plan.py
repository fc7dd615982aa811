"""The retention plan: of everything that is held, when it goes and by which rule; pure, and one pass over what is held.

What came under one version of the statement keeps its term: a stricter version holds for it at once, a looser one only
for what comes after. What the law wants at least is that of the version in force now, for everything that is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import RetentionRule
from pipeline.policy.terms import Life, Term, strictest, term


@dataclass(frozen=True)
class Version:
    """The rules that were in force from a day on."""

    since: date
    rules: tuple[RetentionRule, ...]


@dataclass(frozen=True)
class Held:
    """One part of what is held: of which dossier, of what kind; `named` when a law lists it as a field."""

    dossier: str
    category: Category
    part: str
    life: Life
    named: str | None = None


@dataclass(frozen=True)
class Ending:
    """When a part goes; `held_back` while a hold or a restriction keeps it."""

    held: Held
    term: Term
    held_back: bool = False

    def due_on(self, today: date) -> bool:
        """Tell whether it may and must go now."""
        return self.term.due is not None and self.term.due <= today and not self.held_back

    def late_on(self, today: date) -> bool:
        """Tell whether it should have been gone by now, or its event should have come."""
        overdue = self.term.gone_by is not None and self.term.gone_by < today and not self.held_back
        return overdue or (self.term.due is None and self.term.alarm is not None and self.term.alarm <= today)


Same = dict[tuple[object, ...], tuple[Life, Term]]


class Plan:
    """What holds for each kind of thing under each version; make it once, ask it for everything that is held."""

    def __init__(self, versions: Sequence[Version]) -> None:
        """Use `versions`, the oldest first; the last is in force now."""
        self.versions = versions
        self._about: dict[tuple[int, Category, str | None], tuple[RetentionRule, ...]] = {}

    def endings(self, held: Iterable[Held], holds: Iterable[tuple[str, Category | None]] = ()) -> Iterator[Ending]:
        """Give when each part goes; `holds` are the dossiers, or the kinds within one, that are kept back."""
        kept_back = set(holds)
        for _, parts in groupby(held, key=lambda one: one.dossier):
            same: Same = {}
            for one in parts:
                back = (one.dossier, None) in kept_back or (one.dossier, one.category) in kept_back
                yield Ending(one, self._term(one, same), back)

    def term(self, held: Held) -> Term:
        """Give the term of one part: the strictest of the versions in force since it came."""
        return self._term(held, {})

    def _term(self, held: Held, same: Same) -> Term:
        """Give the term of one part; the parts of a dossier that have one life and one set of rules have one term."""
        rules = [self._rules(at, held) for at in range(self._first(held.life.came), len(self.versions))]
        life = held.life
        key = (life.came, life.engaged, id(life.events), life.extended, *(id(rule) for some in rules for rule in some))
        if key not in same:
            found = strictest(term(some, held.category, life, held.named) for some in rules)
            same[key] = life, found  # the life is kept, so that no other can have its address
        return same[key][1]._replace(category=held.category)

    def _first(self, came: date) -> int:
        """Give the version that was in force when something came; the first for what was there before all."""
        return max((at for at, version in enumerate(self.versions) if version.since <= came), default=0)

    def _rules(self, version: int, held: Held) -> tuple[RetentionRule, ...]:
        """Give the rules that can be about this kind of thing, as promised by a version; worked out once."""
        key = (version, held.category, held.named)
        if key not in self._about:
            rules = _promises(self.versions[version].rules, self.versions[-1].rules)
            self._about[key] = tuple(
                rule for rule in rules
                if held.category in rule.covers and (not rule.fields or held.named in rule.fields)
            )  # fmt: skip
        return self._about[key]


def _promises(then: Sequence[RetentionRule], now: Sequence[RetentionRule]) -> Sequence[RetentionRule]:
    """Give what was promised then, with what must be kept at least now."""
    if then is now:
        return now
    promised = [_only(rule, "promise", "ceiling") for rule in then if rule.promise is not None or rule.ceiling]
    return [*promised, *(_only(rule, "floor") for rule in now if rule.floor)]


def _only(rule: RetentionRule, *numbers: str) -> RetentionRule:
    """Give a rule with these of its numbers and no other."""
    return rule.model_copy(update=dict.fromkeys({"floor", "promise", "ceiling"} - set(numbers)))
