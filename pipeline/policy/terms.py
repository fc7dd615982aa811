"""When something that is held must go: the rules of the policy and the law, and what has happened, give one day.

All days are dates on the practice's calendar, half-open: from `due` on it may go and must go, before it may not. A
floor is what the law wants at least, a ceiling the most that was promised; a floor above a hard ceiling is a conflict,
in which the law wins for the fields that it names and for nothing else. What only a floor speaks of goes when that is
over: no longer than the law wants. A floor that cannot be counted yet keeps everything it is about. A promise that was
made longer, by the time that its rule names, is counted from its own end; no ceiling moves for it.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from pipeline.policy.period import Period
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import Event, Leaving, RetentionRule, Until, When

DECEMBER = 12


@dataclass(frozen=True)
class Life:
    """What has happened to what is held: the days of its events, when it came, and whether it came to an agreement.

    `extended` are the rules whose term was made longer for it, as far as each of them allows.
    """

    came: date
    engaged: bool = True
    events: Mapping[Event, date] = field(default_factory=dict)
    extended: frozenset[str] = frozenset()


class Term(NamedTuple):
    """What holds for one thing: it may not go before `due` and is gone by `gone_by`; None while an event is awaited.

    `floor`, `promise` and `ceiling` are what led to it; `rules` those that decided; `waits_for` the events that have
    not come, and `alarm` the day on which that is no longer normal: at once for what no rule is about.
    """

    category: Category
    due: date | None
    gone_by: date | None
    rules: tuple[str, ...]
    clauses: tuple[str, ...] = ()
    floor: date | None = None
    promise: date | None = None
    ceiling: date | None = None
    conflict: bool = False
    waits_for: tuple[Event, ...] = ()
    alarm: date | None = None
    end: Leaving = Leaving.DELETE


@dataclass(frozen=True)
class _Counted:
    """One rule, counted: the day it gives for each of its numbers, None for what is not known or not said."""

    rule: RetentionRule
    start: date | None
    floor: date | None
    promise: date | None
    ceiling: date | None


def book_year_end(day: date, last_month: int = DECEMBER) -> date:
    """Give the first day after the book year in which `day` lies; the book year ends with `last_month`."""
    year = day.year if day.month <= last_month else day.year + 1
    return date(year, last_month, calendar.monthrange(year, last_month)[1]) + timedelta(days=1)


def term(rules: Iterable[RetentionRule], category: Category, life: Life, named: str | None = None) -> Term:
    """Give the term of one thing of `category`; `named` is its name among the fields that a law lists, if it has one.

    A rule that lists fields is about those alone; of several promises the longest living one holds.
    """
    counted = [_count(rule, life) for rule in rules if _about(rule, category, life, named)]
    floor = max((one.floor for one in counted if one.floor), default=None)
    ceiling = min((one.ceiling for one in counted if one.ceiling), default=None)
    hard = min((one.ceiling for one in counted if one.ceiling and one.rule.hard), default=None)
    promise = _promised(counted)
    due = _due(counted, promise, ceiling, floor)
    deciding = _deciding(counted, due)
    return Term(
        category, due, None if due is None else _gone_by(deciding, due), tuple(one.rule.id for one in deciding),
        tuple(dict.fromkeys(clause for one in deciding for clause in one.rule.clauses)),
        floor, promise, ceiling, floor is not None and hard is not None and floor > hard,
        tuple(dict.fromkeys(_awaited(counted))), _alarm(counted, life),
        deciding[0].rule.end if deciding else Leaving.DELETE,
    )  # fmt: skip


def strictest(terms: Iterable[Term]) -> Term:
    """Give the term that ends first: a stricter version of the policy holds at once, a looser one for what is new.

    Of those that wait for an event, the one that alarms first.
    """
    never = date.max
    return min(terms, key=lambda one: (one.due or never, one.gone_by or never, one.alarm or never))


def _about(rule: RetentionRule, category: Category, life: Life, named: str | None) -> bool:
    fits = rule.when is When.ALWAYS or (rule.when is When.ENGAGED) == life.engaged
    return fits and category in rule.covers and (not rule.fields or named in rule.fields)


def _count(rule: RetentionRule, life: Life) -> _Counted:
    start = life.events.get(rule.after)
    if start is None and rule.missing and rule.missing.fallback:
        start = life.events.get(rule.missing.fallback)
    return _Counted(rule, start, _after(start, rule.floor), _promise(rule, start, life), _after(start, rule.ceiling))


def _promise(rule: RetentionRule, start: date | None, life: Life) -> date | None:
    if rule.promise is Until.WITHDRAWN:
        return life.events.get(Event.WITHDRAWN)
    day = _after(start, rule.promise) if isinstance(rule.promise, Period) else None
    longer = rule.extension.by if rule.extension and rule.id in life.extended else None
    return _after(day, longer) if longer else day


def _after(start: date | None, period: Period | None) -> date | None:
    return None if start is None or period is None else period.after(start)


def _promised(counted: list[_Counted]) -> date | None:
    """Give the last day of all promises that have one."""
    return max((one.promise for one in counted if one.promise), default=None)


def _due(
    counted: list[_Counted], promise: date | None, ceiling: date | None, floor: date | None
) -> date | None:  # fmt: skip
    """Give the day: the promise, no later than the ceiling, no sooner than the floor; None while one is not known."""
    if any(one.rule.floor is not None and one.floor is None for one in counted):
        return None
    promising = [one for one in counted if one.rule.promise is not None]
    kept = promise if all(one.promise for one in promising) else None
    days = [day for day in (kept, ceiling) if day is not None]
    if not days:
        return floor if not promising and not any(one.rule.ceiling for one in counted) else None
    return min(days) if floor is None else max(min(days), floor)


def _awaited(counted: list[_Counted]) -> Iterator[Event]:
    """Give the events that have not come; a withdrawal is one, where the promise holds until then."""
    for one in counted:
        if one.start is None:
            yield one.rule.after
        if one.rule.promise is Until.WITHDRAWN and one.promise is None:
            yield Event.WITHDRAWN


def _deciding(counted: list[_Counted], due: date | None) -> list[_Counted]:
    """Give the rules that gave the day, or, while there is none, those that promise."""
    if due is None:
        return [one for one in counted if one.rule.promise is not None] or counted
    return [one for one in counted if due in {one.promise, one.ceiling, one.floor}]


def _gone_by(deciding: list[_Counted], due: date) -> date:
    return min(one.rule.window.after(due) for one in deciding)


def _alarm(counted: list[_Counted], life: Life) -> date | None:
    late = [one.rule.missing.alarm_after.after(life.came) for one in counted if one.start is None and one.rule.missing]
    return min(late, default=None if counted else life.came)
