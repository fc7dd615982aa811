"""A day, a time and a length of time as people type them, in Dutch and in English.

Takes one value; gives what it says on the practice's own clock, or the problem that it can be read in no way, or in
two.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from pipeline.config.fields import line, problem

DAY = 24 * 60
"""A day in minutes."""
WEEKDAYS = {
    "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS = {
    "nl": ("januari", "februari", "maart", "april", "mei", "juni",
           "juli", "augustus", "september", "oktober", "november", "december"),
    "en": ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December"),
}  # fmt: skip
_WEEKDAY = {
    name.casefold()[:length]: number
    for language, short in (("nl", 2), ("en", 3))
    for number, name in enumerate(WEEKDAYS[language])
    for length in (short, len(name))
} | {"tues": 1, "thur": 3, "thurs": 3}
_MONTH = {
    name.casefold()[:length]: number
    for names in MONTHS.values()
    for number, name in enumerate(names, 1)
    for length in (3, len(name))
} | {"mrt": 3, "sept": 9}

_DATES = (
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})",
    r"(?P<day>\d{1,2})(?P<sign>[-./])(?P<month>\d{1,2})(?P=sign)(?P<year>\d{4})",
    r"(?P<day>\d{1,2})(?:e|st|nd|rd|th|\.)?[ -](?P<month>[a-z]{3,9})\.?,?[ -](?P<year>\d{4})",
    r"(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})",
)
_TIME = (
    r"(?P<hour>\d{1,2})(?:[:.hu](?P<minute>\d{2})(?::00)?)?"
    r" ?(?P<word>uur|u|h|hrs?|hours?|am|pm|a\.m\.|p\.m\.)?"
)
_WHEN = tuple(
    re.compile(rf"(?:(?P<weekday>[a-z]{{2,9}})\.?,? )?{date}(?:(?:, ?| )(?:(?:om|at) )?|t){_TIME}", re.ASCII)
    for date in _DATES
)
_SPAN_PART = re.compile(r"(\d{1,4}(?:[.,]\d{1,2})?) ?(m|h|d)(?: (?:en|and) | |(?=\d)|$)", re.ASCII)
_UNIT = re.compile(
    r"(?P<d>dag(?:en)?|days?|d)|(?P<h>uur|uren|hours?|hrs?|u|h)|(?P<m>minuten|minuut|minutes?|mins?|m)"
)  # fmt: skip
_ISO_SPAN = re.compile(r"p(?=[\dt])(?:(\d{1,2})d)?(?:t(?=\d)(?:(\d{1,3})h)?(?:(\d{1,4})m)?)?", re.ASCII)
_SPOKEN = {
    "half uur": 30, "een half uur": 30, "half an hour": 30, "drie kwartier": 45, "uur": 60, "een uur": 60,
    "één uur": 60, "an hour": 60, "one hour": 60, "anderhalf uur": 90, "twee uur": 120, "two hours": 120,
    "een dag": DAY, "één dag": DAY, "a day": DAY, "one day": DAY,
}  # fmt: skip


class Typed(NamedTuple):
    """A day and a time as they were typed, on the practice's own clock; the day of the week only if it was typed."""

    moment: datetime
    weekday: int | None


def read_when(value: object) -> Typed:
    """Read a day and a time as people type them; what can be read in two ways is a problem, not a guess."""
    text = line(value)
    folded = " ".join(text.casefold().split())
    found = next((found for pattern in _WHEN if (found := pattern.fullmatch(folded))), None)
    if not found:
        raise problem("bad_when", value=text[:80])
    day, month = int(found["day"]), _month(found["month"])
    hour, minute = _clock(found, text)
    weekday = found["weekday"]
    if month is None or (weekday and weekday not in _WEEKDAY) or not 2000 <= int(found["year"]) < 2100:
        raise problem("bad_when", value=text[:80])
    if found.groupdict().get("sign") == "/" and day <= 12 and day != month:
        raise problem("when_two_ways", value=text[:80])
    try:
        moment = datetime(int(found["year"]), month, day, hour, minute)  # noqa: DTZ001 - the practice's clock, no zone yet
    except ValueError:
        raise problem("bad_when", value=text[:80]) from None
    return Typed(moment, _WEEKDAY[weekday] if weekday else None)


def _month(typed: str) -> int | None:
    return int(typed) if typed.isdigit() else _MONTH.get(typed)


def _clock(found: re.Match[str], text: str) -> tuple[int, int]:
    """Give the hour and the minute; `2 uur` may be in the night or in the afternoon, so it must be written in full."""
    hour, minute, word = int(found["hour"]), int(found["minute"] or 0), (found["word"] or "").replace(".", "")
    if not word and not found["minute"]:
        raise problem("bad_when", value=text[:80])
    if word in {"am", "pm"}:
        if not 1 <= hour <= 12:
            raise problem("bad_when", value=text[:80])
        return hour % 12 + (12 if word == "pm" else 0), minute
    if len(found["hour"]) == 1 and 1 <= hour <= 6:
        raise problem("when_two_ways", value=text[:80])
    return hour, minute


def span(text: str) -> int | None:
    """Give how many minutes a length is: `60`, `90 min`, `1,5 uur`, `1 uur 30`, `1:30`, `PT90M`, `1 dag`."""
    folded = " ".join(text.casefold().split())
    if folded in _SPOKEN:
        return _SPOKEN[folded]
    if re.fullmatch(r"\d{1,5}", folded, re.ASCII):
        return int(folded)
    if found := re.fullmatch(r"(\d{1,2}):([0-5]\d)", folded, re.ASCII):
        return int(found[1]) * 60 + int(found[2])
    if found := _ISO_SPAN.fullmatch(folded):
        days, hours, minutes = (int(part or 0) for part in found.groups())
        return days * DAY + hours * 60 + minutes
    return _parts(_UNIT.sub(lambda unit: str(unit.lastgroup), folded))


def _parts(text: str) -> int | None:
    """Add up `1h 30m`, in which what follows an hour without a unit is minutes."""
    text = re.sub(r"(?<=h)( ?)(\d{1,2})$", r"\1\2m", text, count=1)
    total, at = Decimal(0), 0
    while found := _SPAN_PART.match(text, at):
        total += Decimal(found[1].replace(",", ".")) * {"m": 1, "h": 60, "d": DAY}[found[2]]
        at = found.end()
    return int(total) if at and at == len(text) and total == int(total) else None
