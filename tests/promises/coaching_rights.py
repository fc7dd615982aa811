"""Who may have what of a coaching, by what was said and done; it asks the program nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.model import Kind
from tests.world import CLIENT, SPONSOR

NEW_SPONSOR = "anna@elsewhere.example"
PAPERS = (Kind.PROFILE, Kind.REPORT)
Form = tuple[Any, ...]


class Violation(AssertionError):
    """Somebody got what she may not have, or does not get what may go to her."""


@dataclass(frozen=True)
class Way:
    """How policies differ: a report needs the consent to share too; it must have reached the client for good before."""

    report_too: bool = False
    first: bool = True


WAYS = {"kleur": Way(), "ballance": Way(), "refleact": Way(report_too=True, first=False)}


@dataclass(frozen=True)
class Rights:
    """Who may have what, by what was said and done.

    `made` are the papers in the order of their versions; `told` whom the client was told of with each; `has` what she
    has; `word` her latest on each; `went` what the server accepted for whom.
    """

    way: Way
    sponsor: str = SPONSOR
    may_take: bool = False
    refused: bool = False
    made: Mapping[Kind, tuple[str, ...]] = field(default_factory=lambda: dict.fromkeys(PAPERS, ()))
    told: Mapping[tuple[Kind, int], str] = field(default_factory=dict)
    has: frozenset[tuple[Kind, int]] = frozenset()
    word: Mapping[tuple[Kind, int], bool] = field(default_factory=dict)
    went: frozenset[tuple[str, Kind, int]] = frozenset()
    closed: bool = False

    def newest(self, kind: Kind) -> int:
        """Give the newest version; 0 for none."""
        return len(self.made[kind])

    def held(self, kind: Kind) -> int:
        """Give the newest version that the client has; 0 for none."""
        return max((version for one, version in self.has if one is kind), default=0)

    def may_have(self, recipient: str, kind: Kind, version: int) -> bool:
        """Tell whether a paper may go to somebody now."""
        if version != self.newest(kind):
            return False
        return recipient == CLIENT or (recipient == self.sponsor and self._may_go_on(kind, version))

    def _may_go_on(self, kind: Kind, version: int) -> bool:
        yes = self.word.get((kind, version), False) and self.told[kind, version] == self.sponsor
        asked = kind is Kind.PROFILE or self.way.report_too
        first = kind is Kind.PROFILE or self.way.first
        return yes and not (asked and self.refused) and ((kind, version) in self.has or not first)

    def form(self) -> Form:
        """Give it all in a way that can be compared."""
        return (
            self.sponsor, self.may_take, self.refused, tuple(self.made[kind] for kind in PAPERS),
            tuple(sorted(self.told.items())), tuple(sorted(self.has)), tuple(sorted(self.word.items())),
            tuple(sorted(self.went)), self.closed,
        )  # fmt: skip
