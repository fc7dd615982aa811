"""The plan over what is held: each thing keeps the terms it came under or gets stricter ones; a hold only suspends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.policy.plan import Ending, Held, Plan, Version
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import Event, RetentionRule
from pipeline.policy.terms import Life, Term
from tests.policy.test_terms import DATES, LIVES, about, any_rule, rule

OLD, NEW = date(2020, 1, 1), date(2024, 1, 1)
"""From when two versions of a statement are in force."""
RULES = st.lists(any_rule(), min_size=1, max_size=3).map(tuple)
WITHOUT_FLOOR = st.lists(any_rule(numbers=("promise", "ceiling")), min_size=1, max_size=3).map(tuple)
several = settings(max_examples=40)


def held(came: date, *, closed: date | None = date(2024, 6, 30), **more: Any) -> Held:
    """Give the contact data of one dossier."""
    events = {Event.CLOSED: closed} if closed else {}
    return Held("AAAA-2222", Category.CONTACT, "client", Life(came, engaged=True, events=events), **more)


def of_life(life: Life) -> Held:
    return Held("AAAA-2222", Category.CONTACT, "client", life)


def after(*versions: Sequence[RetentionRule]) -> Plan:
    """Give the plan of versions in force since OLD and NEW."""
    return Plan([Version(since, tuple(rules)) for since, rules in zip((OLD, NEW), versions, strict=False)])


def sooner(one: Term, other: Term) -> bool:
    """Tell whether a term ends no later than another; what has no day yet ends after all."""
    return other.due is None or (one.due is not None and one.due <= other.due)


@pytest.mark.parametrize(
    ("came", "then", "now", "due"),
    [
        (date(2023, 5, 1), "P5Y", "P2Y", "2026-06-30"),  # stricter: at once
        (date(2023, 5, 1), "P2Y", "P5Y", "2026-06-30"),  # looser: not for what was there
        (date(2024, 5, 1), "P2Y", "P5Y", "2029-06-30"),  # looser: for what came after
        (NEW, "P2Y", "P5Y", "2029-06-30"),
        (NEW - timedelta(days=1), "P2Y", "P5Y", "2026-06-30"),
        (date(2019, 1, 1), "P2Y", "P5Y", "2026-06-30"),  # older than every version: the first holds
    ],
)
def test_a_stricter_version_holds_at_once_and_a_looser_one_for_what_comes_after(
    came: date, then: str, now: str, due: str
) -> None:
    assert str(after([rule(promise=then)], [rule(promise=now)]).term(held(came)).due) == due


@several
@given(WITHOUT_FLOOR, WITHOUT_FLOOR, LIVES)
def test_no_change_of_a_promise_keeps_anything_longer_than_was_promised_when_it_came(
    then: tuple[RetentionRule, ...], now: tuple[RetentionRule, ...], life: Life
) -> None:
    found = after(then, now).term(of_life(life))
    assert sooner(found, after(now).term(of_life(life)))
    if life.came < NEW:
        assert sooner(found, after(then).term(of_life(life)))
    else:
        assert found == after(now).term(of_life(life))


@several
@given(RULES, RULES, LIVES)
def test_nothing_goes_before_the_floor_of_the_law_as_it_is_now(
    then: tuple[RetentionRule, ...], now: tuple[RetentionRule, ...], life: Life
) -> None:
    found, alone = after(then, now).term(of_life(life)), after(now).term(of_life(life))
    floors = [one for one in about(now, Category.CONTACT, life, None) if one.floor]
    assume(floors)
    if any(one.after not in life.events and not one.missing for one in floors):
        assert found.due is None
    assert found.due is None or (alone.floor is not None and found.due >= alone.floor)


def test_a_law_that_is_named_later_holds_for_what_was_there() -> None:
    then, now = [rule(promise="P1Y")], [rule(promise="P1Y"), rule(id="law.floor", floor="P7Y")]
    found = after(then, now).term(held(date(2023, 1, 1)))
    assert (str(found.due), found.rules) == ("2031-06-30", ("law.floor",))


def test_a_law_that_is_named_no_more_keeps_nothing() -> None:
    then, now = [rule(promise="P1Y"), rule(id="law.floor", floor="P7Y")], [rule(promise="P1Y")]
    assert str(after(then, now).term(held(date(2023, 1, 1))).due) == "2025-06-30"


def test_a_field_that_the_law_lists_stays_and_the_rest_goes() -> None:
    plan = after([rule(promise="P5Y"), rule(id="law.floor", floor="P7Y", fields=["number"])])
    rest, named = held(date(2023, 1, 1)), held(date(2023, 1, 1), named="number")
    assert [str(one.term.due) for one in plan.endings([rest, named])] == ["2029-06-30", "2031-06-30"]


@pytest.mark.parametrize(
    ("hold", "back"),
    [
        (("AAAA-2222", None), True),
        (("AAAA-2222", Category.CONTACT), True),
        (("AAAA-2222", Category.GOAL), False),
        (("BBBB-3333", None), False),
        (("BBBB-3333", Category.CONTACT), False),
    ],
)
def test_a_hold_keeps_its_dossier_or_one_kind_of_it_and_nothing_else(
    hold: tuple[str, Category | None], *, back: bool
) -> None:
    (found,) = after([rule(promise="P5Y")]).endings([held(OLD)], [hold])
    assert found.held_back is back
    assert [found.due_on(date(2029, 6, day)) for day in (29, 30)] == [False, not back]


@several
@given(RULES, LIVES, DATES, DATES)
def test_a_hold_suspends_and_when_it_is_lifted_all_is_as_if_it_had_not_been(
    rules: tuple[RetentionRule, ...], life: Life, one: date, other: date
) -> None:
    plan, part = after(rules), of_life(life)
    (free,) = plan.endings([part])
    (kept,) = plan.endings([part], [("AAAA-2222", None)])
    (lifted,) = plan.endings([part], [])
    assert lifted == free and kept.term == free.term
    for today in (one, other):
        assert not kept.due_on(today)
        assert free.due_on(today) == (free.term.due is not None and free.term.due <= today)


@several
@given(RULES, LIVES, DATES, DATES)
def test_what_may_go_today_may_go_tomorrow(rules: tuple[RetentionRule, ...], life: Life, one: date, two: date) -> None:
    (found,) = after(rules).endings([of_life(life)])
    today, tomorrow = sorted((one, two))
    assert found.due_on(tomorrow) or not found.due_on(today)
    assert found.late_on(tomorrow) or not found.late_on(today)


def ending(**said: Any) -> Ending:
    (found,) = after([rule(**said)]).endings([held(date(2024, 2, 29))])
    return found


def test_it_is_late_from_the_day_after_its_window() -> None:
    found = ending(promise="P5Y", window="P7D")
    assert [found.late_on(date(2029, 7, day)) for day in (6, 7, 8)] == [False, False, True]


def test_an_event_that_never_comes_is_late_on_its_day_and_never_due() -> None:
    plan = after([rule(promise="P5Y", missing={"alarm_after": "P1Y"})])
    (found,) = plan.endings([held(date(2024, 2, 29), closed=None)])
    assert [found.late_on(date(2025, 2, day)) for day in (27, 28)] == [False, True]
    assert not found.due_on(date(2150, 12, 31))


def test_a_plan_is_one_pass_and_keeps_nothing_of_what_passed() -> None:
    asked: list[int] = []

    def parts() -> Any:
        for number in range(1000):
            asked.append(number)
            yield held(OLD + timedelta(days=number))

    endings = after([rule(promise="P5Y")]).endings(parts())
    assert next(endings).term.due == date(2029, 6, 30) and asked == [0]
    assert sum(1 for _ in endings) == 999
