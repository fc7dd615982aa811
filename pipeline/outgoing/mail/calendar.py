"""An appointment as everybody's calendar takes it: an iCalendar file that asks for it, changes it or calls it off.

Pure. Takes one `Invitation`; leaves bytes for a mail (RFC 5545, iTIP as RFC 5546 has it, in mail as RFC 6047). The same
invitation is always the same bytes. It says when, how long and where, and with which practice; never what about, and no
person's name.

It is a REQUEST to one attendee, since a file that is only published cannot be moved or taken back by a later one. The
attendee is asked for nothing: RSVP=FALSE, and PARTSTAT=NEEDS-ACTION, the only state that Outlook shows in a calendar as
an invitation. Some programs send an answer (METHOD:REPLY) all the same; it goes to the organiser, which is the mailbox
that the practice reads, never to somebody who did not write the invitation.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Component, Event, Timezone, TimezoneDaylight, TimezoneStandard
from icalendar.prop import vCalAddress, vText, vUri

from pipeline.config.fields import TURNING
from pipeline.config.links import LINK
from pipeline.words import say

PRODUCT = "-//pipeline//appointments//EN"
UNSEEN = {"Cc", "Cs"}
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
RULED_YEARS = 10
"""For so many years the changes of the clock must fit one rule before it is written as a rule."""


@dataclass(frozen=True)
class Invitation:
    """One appointment with one person; a change or a cancellation has the same `uid` and a higher `sequence`.

    `starts_at` is in the practice's own zone (a `ZoneInfo`), `reminder` in minutes before, 0 for none.
    """

    uid: str
    sequence: int
    starts_at: datetime
    minutes: int
    where: str | None
    link: str | None
    organiser: str
    organiser_address: str
    attendee_address: str
    summary: str
    language: str
    reminder: int
    stamped_at: datetime

    def __post_init__(self) -> None:
        """Refuse what no calendar could tell: a time without a zone that has a name, a link that is none."""
        if not isinstance(self.starts_at.tzinfo, ZoneInfo) or self.stamped_at.tzinfo is None:
            raise ValueError("an appointment needs a moment in a named time zone, and a stamp in any")
        if self.link is not None and not LINK.fullmatch(self.link):
            raise ValueError("an appointment's link is an https address in ASCII")

    @property
    def zone(self) -> ZoneInfo:
        """The practice's time zone."""
        assert isinstance(self.starts_at.tzinfo, ZoneInfo)
        return self.starts_at.tzinfo

    @property
    def ends_at(self) -> datetime:
        """The end, so many minutes later by any clock, also in a night in which this one is set."""
        return (self.starts_at.astimezone(UTC) + timedelta(minutes=self.minutes)).astimezone(self.zone)


def uid_of(key: bytes, dossier: str, number: int) -> str:
    """Give the name by which calendars know a dossier's appointment: without the practice's key it says nothing."""
    text = f"{dossier}\0{number}".encode()
    return hashlib.blake2b(text, key=key, digest_size=16, person=b"appointment").hexdigest()


def summary(language: str, practice: str) -> str:
    """Give the title of every appointment: with which practice, and never what about."""
    return say(language, "appointment_with", practice=practice)


def calendar(invitation: Invitation, *, cancelled: bool = False) -> bytes:
    """Give the iCalendar file that asks for an appointment or changes it, or that calls it off when `cancelled`."""
    whole = Calendar()
    whole.add("PRODID", PRODUCT)
    whole.add("VERSION", "2.0")
    whole.add("CALSCALE", "GREGORIAN")
    whole.add("METHOD", "CANCEL" if cancelled else "REQUEST")
    whole.add_component(_timezone(invitation))
    whole.add_component(_event(invitation, cancelled=cancelled))
    return bytes(whole.to_ical())


def _event(invitation: Invitation, *, cancelled: bool) -> Event:
    event = Event()
    event.add("UID", _Verbatim(_plain(invitation.uid)))
    event.add("SEQUENCE", invitation.sequence)
    event.add("DTSTAMP", invitation.stamped_at.astimezone(UTC))
    event.add("DTSTART", _moment(invitation.starts_at))
    event.add("DTEND", _moment(invitation.ends_at))
    event.add("SUMMARY", _Verbatim(_plain(invitation.summary)), {"LANGUAGE": invitation.language})
    event.add("STATUS", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("CLASS", "PRIVATE")
    event.add("TRANSP", "OPAQUE")
    name = _plain(invitation.organiser).replace("\\", "/")  # some readers take it for the start of an escape here
    event.add("ORGANIZER", _address(invitation.organiser_address), {"CN": name})
    asked = {"CUTYPE": "INDIVIDUAL", "PARTSTAT": "NEEDS-ACTION", "ROLE": "REQ-PARTICIPANT", "RSVP": "FALSE"}
    event.add("ATTENDEE", _address(invitation.attendee_address), asked)
    _add_place(event, invitation)
    if invitation.reminder and not cancelled:
        event.add_component(_alarm(invitation))
    return event


def _add_place(event: Event, invitation: Invitation) -> None:
    """Say where; few programs show URL and fewer CONFERENCE, but all of them the location and the description."""
    if invitation.where or invitation.link:
        event.add("LOCATION", _Verbatim(_plain(invitation.where or invitation.link or "")))
    if invitation.link:
        event.add("DESCRIPTION", _Verbatim(invitation.link))
        event.add("URL", vUri(invitation.link))
        event.add("CONFERENCE", vUri(invitation.link), {"VALUE": "URI"})


def _alarm(invitation: Invitation) -> Alarm:
    alarm = Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", _Verbatim(_plain(invitation.summary)))
    alarm.add("TRIGGER", timedelta(minutes=-invitation.reminder))
    return alarm


def _moment(at: datetime) -> datetime:
    """Give a moment on the practice's clock, or in UTC when that clock shows it for the second time that night."""
    return at.astimezone(UTC) if at.replace(fold=0).utcoffset() != at.utcoffset() else at


def _address(address: str) -> vCalAddress:
    """Give a mail address as a URI (RFC 6068): nothing in it can end it."""
    return vCalAddress("mailto:" + quote(address, safe="@!$'*+,:-._~"))


class _Verbatim(vText):
    """A text that arrives as it was written: the library takes a backslash before a capital N for the end of a line."""

    def to_ical(self) -> bytes:
        """Give the text, escaped as RFC 5545 (3.3.11) has it."""
        return re.sub(r"([\\;,])", r"\\\1", self).replace("\n", "\\n").encode()


def _plain(text: str) -> str:
    """Give a text on one line, without anything that no reader sees."""
    shown = "".join(" " if sign in TURNING or unicodedata.category(sign) in UNSEEN else sign for sign in text)
    return " ".join(shown.replace('"', "'").split())


# The time zone, as rules: computed from the moments at which its clock changes, which every source of them agrees on;
# names of zones and what counts as summer time differ between sources, and are left out or decided here.


@dataclass(frozen=True)
class _Change:
    """The clock goes from one offset to another, at this time as it stood just before."""

    local: datetime
    before: timedelta
    after: timedelta

    @property
    def last(self) -> bool:
        """Whether no such day of the week comes after it in its month."""
        return self.local.day + 7 > monthrange(self.local.year, self.local.month)[1]

    @property
    def pattern(self) -> tuple[object, ...]:
        """What is the same each year but for the week: the month, the day of the week, the time and the offsets."""
        return self.local.month, self.local.weekday(), self.local.time(), self.before, self.after


def _timezone(invitation: Invitation) -> Timezone:
    """Give the practice's time zone with what its clock does around the appointment."""
    timezone = Timezone()
    timezone.add("TZID", invitation.zone.key)
    for onset, rule in _onsets(invitation.zone, invitation.starts_at.year):
        part: Component = TimezoneDaylight() if onset.after > onset.before else TimezoneStandard()
        part.add("DTSTART", onset.local)
        part.add("TZOFFSETFROM", onset.before)
        part.add("TZOFFSETTO", onset.after)
        if rule:
            part.add("RRULE", {"FREQ": "YEARLY", "BYMONTH": onset.local.month, "BYDAY": rule})
        timezone.add_component(part)
    return timezone


@lru_cache(maxsize=64)
def _onsets(zone: ZoneInfo, year: int) -> list[tuple[_Change, str]]:
    """Give what the clock does from the year before: two changes with their rules, or each change by itself.

    Outlook and Exchange read one rule for each half of the year, with one day of one week (MS-OXCICAL 2.1.3.1.1.19).
    """
    changes = list(_changes(zone, year - 1, year + RULED_YEARS - 2))
    halves = changes[::2], changes[1::2]
    rules = [_rule(half) for half in halves]
    if len(changes) == 2 * RULED_YEARS and all(rules):
        return [(half[0], rule) for half, rule in zip(halves, rules, strict=True)]
    start = datetime(year - 1, 1, 1)  # noqa: DTZ001 - the clock's own time, as a time zone is described
    offset = _offset(zone, start.replace(tzinfo=UTC))
    near = [change for change in changes if change.local.year <= year + 1]
    return [(change, "") for change in (_Change(start, offset, offset), *near)]


def _rule(changes: list[_Change]) -> str:
    """Give the day in its month, such as `-1SU`, if the changes fall on it each year; else nothing."""
    years, patterns = {change.local.year for change in changes}, {change.pattern for change in changes}
    if len(years) != RULED_YEARS or len(patterns) != 1:
        return ""
    weekday, weeks = WEEKDAYS[changes[0].local.weekday()], {(change.local.day - 1) // 7 + 1 for change in changes}
    if all(change.last for change in changes):
        return f"-1{weekday}"
    return f"{weeks.pop()}{weekday}" if len(weeks) == 1 else ""


def _changes(zone: ZoneInfo, first: int, last: int) -> Iterator[_Change]:
    """Find each change of the clock from the year `first` to the year `last`, to the second."""
    at, end, day = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC), timedelta(days=1)
    while at < end:
        before, after = _offset(zone, at), _offset(zone, at + day)
        if before != after:
            early, late = at, at + day
            while late - early > timedelta(seconds=1):
                middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
                early, late = (middle, late) if _offset(zone, middle) == before else (early, middle)
            yield _Change((late + before).replace(tzinfo=None), before, after)
        at += day


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def neutral(data: bytes) -> dict[str, str]:
    """Give every text that can be read in an iCalendar file, by the name of its property or parameter.

    What stands there more than once stands on lines below each other; an address also as it reads without its codes.
    """
    found: dict[str, list[str]] = {}
    for row in re.sub(r"\r?\n[ \t]", "", data.decode("utf-8", "replace")).splitlines():
        for place, text in _texts(row):
            found.setdefault(place, []).extend(dict.fromkeys([text, unquote(text)]))
    return {place: "\n".join(texts) for place, texts in found.items()}


def _texts(row: str) -> Iterator[tuple[str, str]]:
    """Give what stands in one line: its value, and what its parameters say (escaped as RFC 6868 has it)."""
    head, value = _parted(row)
    name, *parameters = re.findall(r'(?:[^;"]|"[^"]*"?)+', head) or [""]
    yield name.upper(), re.sub(r"\\(.)", lambda sign: "\n" if sign[1] in "nN" else sign[1], value)
    for parameter in parameters:
        word, _, said = parameter.partition("=")
        plain = re.sub(r"\^([n'^])", lambda sign: {"n": "\n", "'": '"', "^": "^"}[sign[1]], said)
        yield f"{name} {word}".upper(), plain.removeprefix('"').removesuffix('"')


def _parted(row: str) -> tuple[str, str]:
    """Part a line at the first colon that is not between quotes; a line without one is all value."""
    found = re.fullmatch(r'((?:[^:"]|"[^"]*")*):(.*)', row, re.DOTALL)
    return (found[1], found[2]) if found else ("", row)
