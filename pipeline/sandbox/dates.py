"""IMAP's dates and moments, read strictly and without regard to the locale.

Pure; takes in text, gives `date` and aware `datetime` values.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone

from pipeline.sandbox.wire import BadSyntaxError

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_DATE = re.compile(r"(?P<day>[ \d]?\d)-(?P<month>[A-Za-z]{3})-(?P<year>\d{4})")
_MOMENT = re.compile(_DATE.pattern + r" \d\d:\d\d:\d\d [+-]\d{4}")


def parse_date(text: str) -> date:
    """Read ``22-Nov-2026`` (RFC 3501 section 9, "date"); raises BadSyntaxError."""
    match = _DATE.fullmatch(text)
    try:
        return _date(match)
    except ValueError as error:
        message = "Invalid search date parameter"
        raise BadSyntaxError(message) from error


def _date(match: re.Match[str] | None) -> date:
    if match is None:
        message = "no date"
        raise ValueError(message)
    return date(int(match["year"]), MONTHS.index(match["month"].title()) + 1, int(match["day"]))


def parse_moment(text: str) -> datetime:
    """Read ``22-Nov-2026 10:07:00 +0100`` (RFC 3501 section 9, "date-time"); raises BadSyntaxError."""
    match = _MOMENT.fullmatch(text)
    try:
        return datetime.combine(_date(match), _time(match[0][-14:]) if match else time())
    except ValueError as error:
        message = "Invalid internal date"
        raise BadSyntaxError(message) from error


def _time(text: str) -> time:
    hour, minute, second = text[:8].split(":")
    offset = timedelta(hours=int(text[10:12]), minutes=int(text[12:14]))
    zone = timezone(-offset if text[9] == "-" else offset)
    return time(int(hour), int(minute), int(second), tzinfo=zone)


def write_moment(moment: datetime) -> bytes:
    """Write an INTERNALDATE in the time zone the moment carries."""
    month = MONTHS[moment.month - 1]
    return f'"{moment.day:02d}-{month}-{moment.year:04d} {moment:%H:%M:%S %z}"'.encode()
