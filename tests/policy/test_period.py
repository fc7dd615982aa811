"""Terms are counted on the calendar: nothing is over a day early, whatever the leap years and the clocks do."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from pipeline.policy.period import Period, Term, read

HERE = ZoneInfo("Europe/Amsterdam")
DAYS = st.dates(date(1950, 1, 1), date(2150, 12, 31))
PERIODS = st.builds(Period, years=st.integers(0, 40), months=st.integers(0, 60), days=st.integers(0, 2000))
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
TERM: TypeAdapter[Period] = TypeAdapter(Term)


def slowly(day: date, period: Period) -> date:
    """Count as one does on a wall calendar: month by month to the same day or the month's last, then day by day."""
    year, month = day.year, day.month
    for _ in range(period.years * 12 + period.months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    found = date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
    for _ in range(period.days):
        found += timedelta(days=1)
    return found


@pytest.mark.parametrize(
    ("written", "day", "over"),
    [
        ("P5Y", "2020-06-30", "2025-06-30"),
        ("P5Y", "2020-02-29", "2025-02-28"),
        ("P4Y", "2020-02-29", "2024-02-29"),
        ("P7Y", "2021-12-31", "2028-12-31"),
        ("P1M", "2023-01-31", "2023-02-28"),
        ("P1M", "2024-01-31", "2024-02-29"),
        ("P1M1D", "2024-01-31", "2024-03-01"),
        ("P4W", "2026-02-01", "2026-03-01"),
        ("P90D", "2023-12-03", "2024-03-02"),
        ("P100Y", "1924-02-29", "2024-02-29"),
        ("PT48H", "2026-03-28", "2026-03-30"),
        ("PT1H", "2026-03-28", "2026-03-29"),
        ("P0D", "2024-02-29", "2024-02-29"),
    ],
)
def test_a_term_is_over_on_the_day_that_a_person_would_name(written: str, day: str, over: str) -> None:
    assert read(written).after(date.fromisoformat(day)) == date.fromisoformat(over)


@given(DAYS, PERIODS)
def test_a_term_ends_where_counting_on_a_wall_calendar_ends(day: date, period: Period) -> None:
    assert period.after(day) == slowly(day, period)


@given(DAYS, DAYS, PERIODS)
def test_what_began_later_is_never_over_sooner(one: date, other: date, period: Period) -> None:
    first, second = sorted((one, other))
    assert period.after(first) <= period.after(second)


@given(DAYS, PERIODS)
def test_counting_back_never_lands_after_the_day_that_leads_here(day: date, period: Period) -> None:
    back = period.before(day)
    # At most the end of a short month, and the leap days that lie on one way and not on the other.
    assert back <= day and period.after(back) <= day + timedelta(days=5)


@given(PERIODS, st.integers(0, 900))
def test_a_period_is_read_as_it_is_written(period: Period, hours: int) -> None:
    whole = Period(period.years, period.months, period.days, hours)
    assert read(str(whole)) == whole and TERM.validate_json(TERM.dump_json(whole)) == whole


@pytest.mark.parametrize(
    ("typed", "period"),
    [
        ("P5Y", Period(years=5)),
        (" p5y ", Period(years=5)),
        ("P1Y6M", Period(years=1, months=6)),
        ("P2W3D", Period(days=17)),
        ("P7D", Period(days=7)),
        ("PT48H", Period(hours=48)),
        ("P1DT12H", Period(days=1, hours=12)),
        ("P0D", Period()),
    ],
)
def test_a_term_may_be_typed_as_iso_8601_says(typed: str, period: Period) -> None:
    assert TERM.validate_python(typed) == period


@pytest.mark.parametrize(
    "typed",
    ["", "P", "PT", "5Y", "P5", "P-5Y", "P5.5Y", "P5YT", "PT5M", "P5J", "P1D1Y", "P5Y P1D", "P201Y",
     "P\N{ARABIC-INDIC DIGIT FIVE}Y", "P99999999D", "vijf jaar", None, 5, 5.0, ["P5Y"], {"years": 5}],
)  # fmt: skip
def test_what_is_no_term_is_refused_with_how_to_write_one(typed: object) -> None:
    with pytest.raises(ValidationError, match="bad_period"):
        TERM.validate_python(typed)


@given(DAYS, st.integers(0, 5000))
def test_hours_take_as_many_days_as_they_need_and_no_day_less(day: date, hours: int) -> None:
    over = Period(hours=hours).after(day)
    assert timedelta(hours=hours) <= over - day < timedelta(hours=hours + 24)


@pytest.mark.parametrize(
    ("moment", "written", "over"),
    [
        ("2026-03-28T12:00", "P1D", "2026-03-29T12:00+02:00"),  # 23 hours on, and the same time on the wall
        ("2026-03-28T12:00", "PT24H", "2026-03-29T13:00+02:00"),
        ("2026-10-24T12:00", "P1D", "2026-10-25T12:00+01:00"),
        ("2026-10-24T12:00", "PT24H", "2026-10-25T11:00+01:00"),
        ("2026-03-27T20:00", "PT72H", "2026-03-30T21:00+02:00"),
        ("2026-10-25T01:30", "PT1H", "2026-10-25T02:30+02:00"),
        ("2026-10-25T01:30", "PT2H", "2026-10-25T02:30+01:00"),
        ("2026-02-28T23:59", "P1M", "2026-03-28T23:59+01:00"),
    ],
)
def test_days_keep_the_time_on_the_wall_and_hours_pass_as_they_are(moment: str, written: str, over: str) -> None:
    found = read(written).after_moment(datetime.fromisoformat(moment).replace(tzinfo=HERE))
    assert found.isoformat(timespec="minutes") == over


@pytest.mark.parametrize(
    ("fold", "written", "over"),
    [
        (0, "P0D", "2026-10-25T02:30+02:00"),
        (1, "P0D", "2026-10-25T02:30+01:00"),
        (1, "PT1H", "2026-10-25T03:30+01:00"),
        (0, "PT1H", "2026-10-25T02:30+01:00"),
        (1, "P1D", "2026-10-26T02:30+01:00"),
        (1, "P364D", "2027-10-24T02:30+02:00"),
        (1, "P371D", "2027-10-31T02:30+01:00"),
        (0, "P371D", "2027-10-31T02:30+02:00"),
        (0, "P154D", "2027-03-28T03:30+02:00"),  # half past two does not come on that day
        (1, "P154D", "2027-03-28T03:30+02:00"),
    ],
)
def test_half_past_two_in_the_night_that_has_it_twice_stays_the_one_it_was(fold: int, written: str, over: str) -> None:
    moment = datetime(2026, 10, 25, 2, 30, fold=fold, tzinfo=HERE)
    assert read(written).after_moment(moment).isoformat(timespec="minutes") == over


NIGHTS = st.builds(
    lambda night, minutes: night + timedelta(minutes=minutes),
    st.sampled_from([datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)]), st.integers(-180, 240),
)  # fmt: skip
"""The minutes around both transitions of a year."""


@given(st.one_of(MOMENTS, NIGHTS), st.integers(0, 2000), st.sampled_from([UTC, HERE]))
def test_hours_are_real_hours_across_summer_and_winter(moment: datetime, hours: int, zone: tzinfo) -> None:
    over = Period(hours=hours).after_moment(moment.astimezone(zone))
    assert over.astimezone(UTC) - moment == timedelta(hours=hours)


@given(NIGHTS, PERIODS)
def test_days_keep_the_time_on_the_wall_unless_that_day_leaves_it_out(moment: datetime, period: Period) -> None:
    local = moment.astimezone(HERE)
    over = period.after_moment(local)
    left_out = timedelta(hours=1) if over.time() != local.time() else timedelta()
    assert over.replace(tzinfo=None) - left_out == datetime.combine(period.after(local.date()), local.time())
    assert over >= moment


@given(PERIODS, PERIODS)
def test_of_two_terms_the_shorter_is_over_first_in_an_ordinary_year(one: Period, other: Period) -> None:
    start = date(2001, 1, 1)
    assert (one < other) == (one.after(start) < other.after(start))
    assume(one < other)
    assert not other < one and one != other


@pytest.mark.parametrize(("short", "long"), [("P6D", "P1W"), ("P4W", "P1M"), ("P364D", "P1Y"), ("PT23H", "P1D")])
def test_terms_of_other_units_can_be_compared(short: str, long: str) -> None:
    assert read(short) < read(long) and max(read(long), read(short)) == read(long)
