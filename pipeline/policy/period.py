"""Terms as they are promised: ISO 8601 durations, counted on the calendar and never in days that only look like years.

Half-open: what is kept five years from 30 June 2020 may go on 30 June 2025 and not a day before. Years and months are
added first and the day is cut to the month's last, so 29 February and five years is 28 February; weeks and days follow.
Hours are real hours, whatever the clock on the wall does in between; an hour that comes twice is two hours.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import total_ordering
from typing import Annotated, Any

from dateutil.relativedelta import relativedelta
from pydantic import BeforeValidator, PlainSerializer

from pipeline.config.fields import problem

SHAPE = re.compile(
    r"P(?=.)(?:(?P<years>\d{1,3})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?P<hours>\d{1,5})H)?",
    re.ASCII,
)
LONGEST_YEARS = 200
MONTHS, SHORTEST = 12, 28
COMPARED_FROM = date(2001, 1, 1)


@total_ordering
@dataclass(frozen=True, eq=True)
class Period:
    """A length of time on the calendar; months, weeks and days as they were written, hours apart."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0

    def after(self, day: date) -> date:
        """Give the date at which this period, counted from `day`, is over; hours count as the days they need."""
        return _moved(day, self.years * MONTHS + self.months) + timedelta(days=self._whole_days())

    def before(self, day: date) -> date:
        """Give the date that lies this period before `day`."""
        return _moved(day, -(self.years * MONTHS + self.months)) - timedelta(days=self._whole_days())

    def after_moment(self, moment: datetime) -> datetime:
        """Give when this period, counted from `moment`, is over: the same time of day, and hours as they pass.

        A time of day that comes twice stays the one that it was, and one that is left out is the hour after.
        """
        day = moment + relativedelta(years=self.years, months=self.months, days=self.days)
        # Of a time that comes twice the second is later, and of one that does not come at all the first reading is.
        start = max(day.replace(fold=fold).astimezone(UTC) for fold in {0, moment.fold})
        return (start + timedelta(hours=self.hours)).astimezone(moment.tzinfo)

    def __str__(self) -> str:
        """Write it as ISO 8601."""
        parts = [f"{amount}{unit}" for amount, unit in self._dated() if amount]
        time = f"T{self.hours}H" if self.hours else ""
        return f"P{''.join(parts)}{time}" if parts or time else "P0D"

    def __lt__(self, other: Period) -> bool:
        """Tell whether this one is over sooner, in an ordinary year."""
        return self._length() < other._length()

    def _whole_days(self) -> int:
        return self.days + -(-self.hours // 24)

    def _length(self) -> datetime:
        start = datetime(COMPARED_FROM.year, COMPARED_FROM.month, COMPARED_FROM.day, tzinfo=UTC)
        return self.after_moment(start)

    def _dated(self) -> tuple[tuple[int, str], ...]:
        return (self.years, "Y"), (self.months, "M"), (self.days, "D")


def _moved(day: date, months: int) -> date:
    """Give the same day so many months on or back, cut to the month's last."""
    year, month = divmod(day.year * MONTHS + day.month - 1 + months, MONTHS)
    if day.day <= SHORTEST:
        return day.replace(year, month + 1)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def read(value: object) -> Period:
    """Read an ISO 8601 duration of years, months, weeks, days and hours, such as P5Y or PT48H."""
    if isinstance(value, Period):
        return value
    text = str(value).strip().upper() if isinstance(value, str) else ""
    found = SHAPE.fullmatch(text)
    if not found or text.endswith("T") or int(found["years"] or 0) > LONGEST_YEARS:
        raise problem("bad_period", value=str(value)[:80])
    numbers = {name: int(amount or 0) for name, amount in found.groupdict().items()}
    return Period(numbers["years"], numbers["months"], numbers["weeks"] * 7 + numbers["days"], numbers["hours"])


def _write(period: Any) -> str:
    return str(period)


Term = Annotated[Period, BeforeValidator(read), PlainSerializer(_write, return_type=str)]
"""A period in a file of the practice."""
