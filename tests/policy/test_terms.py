"""When what is held must go: never before what was promised, never after its window, whatever the calendar does.

The reference is a wall calendar: so many pages on, the same day or the month's last, then day by day.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.policy.period import Period
from pipeline.policy.policy import retention_rules, shipped_policies
from pipeline.policy.schema.base import HELD, Category
from pipeline.policy.schema.retention import Event, RetentionRule, Until, When
from pipeline.policy.terms import Life, Term, book_year_end, strictest, term
from tests.policy.promises import POLICIES

PAGES = [(year, month, calendar.monthrange(year, month)[1]) for year in range(2015, 2180) for month in range(1, 13)]
"""A wall calendar: year, month, and how many days the page has."""
FIRST, LAST = date(2019, 1, 1), date(2150, 12, 31)
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
TURNS = [day for day in DAYS if day.day in {1, 28, 29, 30, 31} and (day.month in {2, 3, 12, 1} or day.day >= 30)]
"""Every end and beginning of a month at which a calendar can go wrong, all leap days among them."""
NEAR = [day for day in TURNS if day.year < 2036 or 2092 < day.year < 2105]
"""Those of the first years, and of the years around one that has no leap day; the long run has every day."""
INVOICE = ("number", None)
TEXTS = ["P0D", "P1D", "P90D", "P4W", "P1M", "P6M", "P18M", "P1Y", "P2Y", "P5Y", "P7Y"]


@cache
def rules_of(policy: str) -> list[RetentionRule]:
    return retention_rules(POLICIES[policy])


def rule(**said: Any) -> RetentionRule:
    return RetentionRule.model_validate({"id": "some.rule", "covers": ["contact"], "after": "closed"} | said)


def turned(day: date, period: Period) -> date:
    """Count on the wall calendar."""
    at = (day.year - PAGES[0][0]) * 12 + day.month - 1 + period.years * 12 + period.months
    year, month, length = PAGES[at]
    return date(year, month, min(day.day, length)) + timedelta(days=period.days + (period.hours + 23) // 24)


def about(rules: Iterable[RetentionRule], category: Category, life: Life, named: str | None) -> list[RetentionRule]:
    wanted = {When.ALWAYS, When.ENGAGED if life.engaged else When.NOT_ENGAGED}
    return [
        one for one in rules
        if category in one.covers and one.when in wanted and (named in one.fields if one.fields else True)
    ]  # fmt: skip


def begins(one: RetentionRule, life: Life) -> date | None:
    instead = one.missing.fallback if one.missing else None
    return life.events.get(one.after) or (life.events.get(instead) if instead else None)


def counted(rules: Sequence[RetentionRule], life: Life, number: str) -> list[date | None]:
    """Give what the wall calendar says of one of the numbers of each rule that has it; None while it cannot be told."""
    found: list[date | None] = []
    for one in rules:
        said, start = getattr(one, number), begins(one, life)
        if said is Until.WITHDRAWN:
            found.append(life.events.get(Event.WITHDRAWN))
        elif said is not None:
            found.append(turned(start, said) if start and isinstance(said, Period) else None)
    return found


def wrong(rules: Sequence[RetentionRule], life: Life, found: Term) -> str:  # noqa: PLR0911 - one for each promise
    """Tell what a term breaks of what the rules, those that are about this life, promise; nothing when it keeps all."""
    floors, promises, ceilings = (counted(rules, life, number) for number in ("floor", "promise", "ceiling"))
    known, limits = [day for day in promises if day], [day for day in ceilings if day]
    open_ended = len(known) < len(promises)
    if found.due is None:
        can_be_told = (promises and not open_ended) or limits or (floors and not promises and not ceilings)
        return "goes on a day that can be told" if can_be_told and None not in floors else ""
    if None in floors:
        return "goes though the floor cannot be told"
    least = [day for day in floors if day]
    if least and found.due < max(least):
        return "goes before its floor"
    if limits and found.due > min(limits) and found.due not in least:
        return "lives past its ceiling, and no floor asks it"
    if not limits and (open_ended or found.due < max(known, default=FIRST)):
        return "goes before the promise"
    if limits and found.due < min([*limits, *([] if open_ended else [max(known, default=LAST)])]):
        return "goes before promise and ceiling"
    if found.due > max([*known, *least, *limits]) or (not limits and found.due != max([*known, *least])):
        return "goes later than anything asks"
    windows = [turned(found.due, one.window) for one in rules if one.id in found.rules]
    if not windows or found.gone_by is None or not found.due <= found.gone_by <= min(windows):
        return "may live after its window"
    return ""


def everything_on(day: date, *, engaged: bool = True, year_ends: int = 12) -> Life:
    """Give a life in which all that can happen happened on one day."""
    happened = dict.fromkeys(Event, day) | {Event.BOOK_YEAR_ENDED: book_year_end(day, year_ends)}
    return Life(day, engaged, happened)


def groups(policies: Iterable[str]) -> Iterator[tuple[str, Category, str | None, bool]]:
    """Give each group of rules that differs from all others in its numbers, by one thing that it is about."""
    seen: set[object] = set()
    for policy in policies:
        rules = rules_of(policy)
        for category in Category:
            for named in INVOICE if category is Category.INVOICE else (None,):
                for engaged in (True, False):
                    mine = about(rules, category, everything_on(FIRST, engaged=engaged), named)
                    numbers = tuple(
                        (one.after == Event.BOOK_YEAR_ENDED, str(one.floor), str(one.promise), str(one.ceiling),
                         str(one.window), one.hard) for one in mine
                    )  # fmt: skip
                    if mine and numbers not in seen:
                        seen.add(numbers)
                        yield policy, category, named, engaged


def swept(group: tuple[str, Category, str | None, bool], days: Iterable[date], year_ends: int = 12) -> list[str]:
    """Give what goes wrong for a group of rules when all happens on one of the days."""
    policy, category, named, engaged = group
    rules = about(rules_of(policy), category, everything_on(FIRST, engaged=engaged), named)
    found = []
    for day in days:
        life = everything_on(day, engaged=engaged, year_ends=year_ends)
        if said := wrong(rules, life, term(rules, category, life, named)):
            found.append(f"{day}: {said}")
    return found


GROUPS = list(groups(shipped_policies()))


# That of the policy that counts longest; the long run has every group.
@pytest.mark.parametrize(
    "group", [one for one in GROUPS if one[1] is Category.CONTACT and one[0] == "ballance"], ids=str
)
def test_contact_data_go_on_their_day_whatever_the_day_of_closing_from_2019_to_2150(
    group: tuple[str, Category, str | None, bool],
) -> None:
    assert swept(group, DAYS) == []


@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_everything_goes_on_its_day_at_every_turn_of_a_month(group: tuple[str, Category, str | None, bool]) -> None:
    assert swept(group, NEAR) == []


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_everything_goes_on_its_day_whatever_the_day_from_2019_to_2150(
    group: tuple[str, Category, str | None, bool],
) -> None:
    assert swept(group, DAYS) == []


@pytest.mark.parametrize("last_month", range(1, 13))
def test_a_book_year_ends_after_its_last_month_whatever_the_day(last_month: int) -> None:
    after = date(2152, last_month % 12 + 1, 1)
    for number in range((after - FIRST).days, 0, -1):
        day = FIRST + timedelta(days=number - 1)
        assert book_year_end(day, last_month) == after
        if day.day == 1 and day.month == last_month % 12 + 1:
            after = day


@pytest.mark.parametrize("last_month", [1, 2, 6, 9, 11])
@pytest.mark.parametrize("policy", shipped_policies())
def test_the_books_are_kept_seven_years_from_the_end_of_any_book_year(policy: str, last_month: int) -> None:
    for number in (None, "number"):
        assert swept((policy, Category.INVOICE, number, True), TURNS[::7], last_month) == []
    life = everything_on(date(2024, 2, 29), year_ends=last_month)
    floor = date(2032 if last_month < 2 else 2031, last_month + 1, 1)
    assert term(rules_of(policy), Category.INVOICE, life, "number").due == floor


# The same dossier under each policy: first contact 10 January 2020, quote and invoice 20 January, closed on 30 June,
# last contact on 15 September, end of the licence on 31 December. Half-open: seven years to the end of 2027 is over on
# the first day of 2028.
STORY = {
    Event.FIRST_CONTACT: date(2020, 1, 10), Event.OPENED: date(2020, 1, 10), Event.ISSUED: date(2020, 1, 20),
    Event.BOOK_YEAR_ENDED: date(2021, 1, 1), Event.CLOSED: date(2020, 6, 30), Event.LAST_CONTACT: date(2020, 9, 15),
    Event.LAST_ACTIVITY: date(2020, 9, 15), Event.LICENCE_ENDED: date(2020, 12, 31),
}  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "category", "named", "due", "gone_by", "conflict"),
    [
        ("kleur", "contact", None, "2025-06-30", "2025-07-01", False),
        ("kleur", "report", None, "2025-06-30", "2025-07-01", False),
        ("kleur", "profile", None, "2025-06-30", "2025-07-01", False),
        ("kleur", "agreement", None, "2025-06-30", "2025-07-01", False),
        ("kleur", "invoice", None, "2025-06-30", "2025-07-01", False),
        ("kleur", "invoice", "number", "2028-01-01", "2028-01-01", True),
        ("ken-jezelf", "contact", None, "2025-06-30", "2025-07-01", False),
        ("ken-jezelf", "employer", None, "2023-06-30", "2023-07-01", False),
        ("ken-jezelf", "dossier", None, "2025-06-30", "2025-07-01", False),
        ("ken-jezelf", "agreement", None, "2027-06-30", "2027-07-01", False),
        ("ken-jezelf", "invoice", None, "2027-01-20", "2027-01-21", False),
        ("ken-jezelf", "invoice", "number", "2028-01-01", "2028-01-01", False),
        ("pluform", "contact", None, "2022-06-30", "2022-07-01", False),
        ("pluform", "dossier", None, "2022-06-30", "2022-07-01", False),
        ("pluform", "invoice", None, "2022-12-31", "2023-01-01", False),
        ("pluform", "invoice", "number", "2028-01-01", "2028-01-01", True),
        ("refleact", "contact", None, "2020-06-30", "2020-07-07", False),
        ("refleact", "dossier", None, "2020-06-30", "2020-07-07", False),
        ("refleact", "agreement", None, "2020-06-30", "2020-07-07", False),
        ("refleact", "invoice", None, "2020-06-30", "2020-07-07", False),
        ("refleact", "invoice", "number", "2028-01-01", "2028-01-01", False),
        ("ballance", "contact", None, "2027-09-15", "2028-09-15", False),
        ("ballance", "dossier", None, "2027-09-15", "2028-09-15", False),
        ("ballance", "report", None, "2027-09-15", "2028-09-15", False),
        ("ballance", "agreement", None, "2027-09-15", "2028-09-15", False),
        ("ballance", "paper", None, "2020-06-30", "2020-07-14", False),
        ("ballance", "invoice", None, "2028-01-01", "2028-01-02", False),
        ("ballance", "invoice", "number", "2028-01-01", "2028-01-01", False),
    ],
)
def test_one_dossier_under_each_policy(
    policy: str, category: str, named: str | None, due: str, gone_by: str, *, conflict: bool
) -> None:
    found = term(rules_of(policy), Category(category), Life(date(2020, 1, 10), engaged=True, events=STORY), named)
    assert (str(found.due), str(found.gone_by), found.conflict) == (due, gone_by, conflict)


@pytest.mark.parametrize(
    ("policy", "due"),
    [("kleur", "2025-03-01"), ("ken-jezelf", "2022-09-15"), ("pluform", "2022-09-15"), ("refleact", "2020-03-01"),
     ("ballance", "2027-09-15")],
)  # fmt: skip
def test_who_did_not_become_a_client_goes_without_a_closing(policy: str, due: str) -> None:
    events: Mapping[Event, date] = {event: day for event, day in STORY.items() if event != Event.CLOSED}
    life = Life(date(2020, 1, 10), engaged=False, events={**events, Event.LAPSED: date(2020, 3, 1)})
    assert str(term(rules_of(policy), Category.CONTACT, life).due) == due


@pytest.mark.parametrize("engaged", [True, False])
@pytest.mark.parametrize("policy", shipped_policies())
def test_everything_that_is_held_of_a_client_has_an_end(policy: str, *, engaged: bool) -> None:
    for category in HELD - {Category.EVIDENCE}:
        found = term(rules_of(policy), category, everything_on(date(2024, 2, 29), engaged=engaged))
        assert found.due is not None and found.rules, category


@pytest.mark.parametrize("policy", shipped_policies())
def test_an_engaged_client_whose_dossier_is_not_closed_stays_and_alarms_or_is_counted_from_the_last_contact(
    policy: str,
) -> None:
    came, last = date(2020, 1, 10), date(2020, 9, 15)
    life = Life(came, engaged=True, events={Event.OPENED: came, Event.LAST_CONTACT: last, Event.LAST_ACTIVITY: last})
    for category in (Category.CONTACT, Category.GOAL, Category.QUOTE, Category.MAIL_OUT):
        found = term(rules_of(policy), category, life)
        if found.due is None:
            assert found.waits_for and found.alarm is not None and came < found.alarm <= turned(came, Period(years=1))
        else:
            assert found.due >= turned(last, Period(years=2))


# The rules' shape, on rules that nobody wrote.

EVENTS = [Event.CLOSED, Event.LAST_CONTACT, Event.LAPSED, Event.ISSUED]
DATES = st.dates(date(2020, 1, 1), date(2100, 12, 31))
LIVES = st.builds(
    Life, DATES, st.booleans(), st.dictionaries(st.sampled_from([*EVENTS, Event.WITHDRAWN]), DATES, max_size=5)
)


@st.composite
def any_rule(draw: st.DrawFn, *, numbers: Sequence[str] = ("floor", "promise", "ceiling")) -> RetentionRule:
    said: dict[str, Any] = {number: draw(st.none() | st.sampled_from(TEXTS)) for number in numbers}
    if "promise" in said and draw(st.integers(0, 5)) == 0:
        said["promise"] = draw(st.sampled_from(["purpose_ended", "until_withdrawn"]))
    fallback = draw(st.none() | st.sampled_from(EVENTS))
    said |= {
        "after": draw(st.sampled_from(EVENTS)), "when": draw(st.sampled_from(When)),
        "hard": draw(st.sampled_from(["yes", "no"])), "window": draw(st.sampled_from(TEXTS[:5])),
        "missing": draw(st.none() | st.just({"fallback": fallback, "alarm_after": draw(st.sampled_from(TEXTS))})),
        "id": f"some.rule_{draw(st.integers(0, 10**6))}",
    }  # fmt: skip
    try:
        return rule(**{key: value for key, value in said.items() if value is not None})
    except ValidationError:  # no number at all, or a promise over its ceiling
        assume(False)
        raise


@given(st.lists(any_rule(), min_size=1, max_size=4, unique_by=lambda one: one.id), LIVES)
def test_whatever_the_rules_a_term_is_what_a_wall_calendar_says(rules: list[RetentionRule], life: Life) -> None:
    mine = about(rules, Category.CONTACT, life, None)
    assume(mine)
    assert wrong(mine, life, term(rules, Category.CONTACT, life)) == ""


@given(st.lists(any_rule(), min_size=1, max_size=4), LIVES, DATES, DATES)
def test_a_later_closing_never_makes_anything_go_sooner(
    rules: list[RetentionRule], life: Life, one: date, other: date
) -> None:
    dues = [
        term(rules, Category.CONTACT, Life(life.came, life.engaged, {**life.events, Event.CLOSED: closed})).due
        for closed in sorted((one, other))
    ]
    assert dues == [None, None] or (dues[0] is not None and dues[1] is not None and dues[0] <= dues[1])


@given(any_rule(numbers=("promise",)), any_rule(numbers=("promise",)), LIVES)
def test_of_two_promises_both_are_kept(one: RetentionRule, other: RetentionRule, life: Life) -> None:
    mine = about([one, other], Category.CONTACT, life, None)
    alone = [term([rule], Category.CONTACT, life).due for rule in mine]
    days = [day for day in alone if day]
    both = term([one, other], Category.CONTACT, life).due
    assert both == (max(days) if days and len(days) == len(mine) else None)


def test_an_event_that_never_comes_alarms_and_gives_no_day() -> None:
    came = date(2023, 2, 28)
    waiting = term([rule(promise="P5Y", missing={"alarm_after": "P1Y"})], Category.CONTACT, Life(came))
    assert (waiting.due, waiting.gone_by, waiting.waits_for) == (None, None, (Event.CLOSED,))
    assert waiting.alarm == date(2024, 2, 28)


def test_an_event_in_its_place_counts_until_the_event_itself_comes() -> None:
    rules = [rule(promise="P5Y", missing={"fallback": "lapsed", "alarm_after": "P1Y"})]
    lapsed = {Event.LAPSED: date(2024, 2, 29)}
    assert term(rules, Category.CONTACT, Life(date(2024, 1, 1), events=lapsed)).due == date(2029, 2, 28)
    closed = lapsed | {Event.CLOSED: date(2024, 6, 30)}
    assert term(rules, Category.CONTACT, Life(date(2024, 1, 1), events=closed)).due == date(2029, 6, 30)


def test_a_consent_holds_until_it_is_taken_back_and_goes_then() -> None:
    rules = [rule(promise="until_withdrawn", after="consented", window="P7D")]
    standing = term(rules, Category.CONTACT, Life(date(2024, 1, 1), events={Event.CONSENTED: date(2024, 1, 1)}))
    assert (standing.due, standing.waits_for) == (None, (Event.WITHDRAWN,))
    taken = {Event.CONSENTED: date(2024, 1, 1), Event.WITHDRAWN: date(2026, 5, 4)}
    gone = term(rules, Category.CONTACT, Life(date(2024, 1, 1), events=taken))
    assert (gone.due, gone.gone_by) == (date(2026, 5, 4), date(2026, 5, 11))


def test_a_ceiling_ends_what_no_promise_ends_hard_or_not() -> None:
    life = Life(date(2024, 1, 1), events={Event.CLOSED: date(2024, 2, 29)})
    for hard in ("yes", "no"):
        rules = [rule(promise="purpose_ended", ceiling="P2Y", hard=hard)]
        assert term(rules, Category.CONTACT, life).due == date(2026, 2, 28)


@pytest.mark.parametrize(("hard", "conflict"), [("yes", True), ("no", False)])
def test_a_floor_over_a_ceiling_holds_for_the_fields_it_names_alone(hard: str, *, conflict: bool) -> None:
    rules = [rule(promise="P5Y", ceiling="P5Y", hard=hard), rule(floor="P7Y", fields=["number"])]
    life = Life(date(2024, 1, 1), events={Event.CLOSED: date(2024, 1, 1)})
    kept, gone = term(rules, Category.CONTACT, life, "number"), term(rules, Category.CONTACT, life)
    assert (kept.due, kept.conflict) == (date(2031, 1, 1), conflict)
    assert (gone.due, gone.conflict) == (date(2029, 1, 1), False)


def test_what_only_a_floor_speaks_of_goes_when_that_is_over() -> None:
    life = Life(date(2024, 1, 1), events={Event.CLOSED: date(2024, 1, 1)})
    assert term([rule(floor="P7Y")], Category.CONTACT, life).due == date(2031, 1, 1)


def test_nothing_goes_while_a_floor_cannot_be_counted() -> None:
    rules = [rule(promise="P1Y"), rule(floor="P7Y", after="issued")]
    life = Life(date(2024, 1, 1), events={Event.CLOSED: date(2024, 1, 1)})
    waiting = term(rules, Category.CONTACT, life)
    assert (waiting.due, waiting.waits_for) == (None, (Event.ISSUED,))


def test_what_no_rule_is_about_alarms_at_once() -> None:
    found = term([rule(promise="P5Y")], Category.PROFILE, Life(date(2024, 1, 1)))
    assert (found.due, found.rules, found.alarm) == (None, (), date(2024, 1, 1))


def test_the_strictest_of_two_that_wait_is_the_one_that_alarms_first() -> None:
    life = Life(date(2024, 1, 1))
    slow, fast = (
        term([rule(promise="P5Y", missing={"alarm_after": after})], Category.CONTACT, life) for after in ("P1Y", "P6M")
    )
    assert strictest([slow, fast]) is fast
