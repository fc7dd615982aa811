"""The invitation to an appointment: what it says, that it says no more, and that every calendar reads the same hour."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Alarm, Calendar, Event

from pipeline.outgoing.mail.calendar import Invitation, calendar, neutral, summary, uid_of

KEY = b"k" * 32
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
PLAIN = Invitation(
    uid=uid_of(KEY, "K7Q4-MX2P", 1),
    sequence=0,
    starts_at=datetime(2026, 12, 3, 14, 0, tzinfo=AMSTERDAM),
    minutes=90,
    where="Praktijk De Linde, Lindelaan 1",
    link="https://overleg.example/kamer-12?a=1;b,c",
    organiser="Praktijk De Linde",
    organiser_address="post@delinde.example",
    attendee_address="sanne+werk@home.example",
    summary=summary("nl", "Praktijk De Linde"),
    language="nl",
    reminder=1440,
    stamped_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
)


ASKED = "CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=FALSE"


def rows(data: bytes) -> list[str]:
    """Give the lines of a file, unfolded by the letter of RFC 5545 (3.1)."""
    text = data.decode("utf-8")
    assert text.endswith("\r\n")
    return text.removesuffix("\r\n").replace("\r\n ", "").split("\r\n")


def names(data: bytes) -> list[str]:
    """Give the name of each line, and of each component that begins or ends."""
    return [row if row.startswith(("BEGIN:", "END:")) else re.split(r"[;:]", row)[0] for row in rows(data)]


def event(data: bytes) -> dict[str, str]:
    """Give what the event says, each line by its name, without what belongs to its zone and its alarm."""
    inside = rows(data)
    inside = inside[inside.index("BEGIN:VEVENT") + 1 : inside.index("END:VEVENT")]
    own = inside[: inside.index("BEGIN:VALARM")] if "BEGIN:VALARM" in inside else inside
    return {re.split(r"[;:]", row)[0]: row for row in own}


def parsed(data: bytes) -> Event:
    """Give the only event that a calendar program finds."""
    (found,) = Calendar.from_ical(data).walk("VEVENT")
    assert isinstance(found, Event)
    return found


# What it says.


def test_an_invitation_is_these_lines_and_no_others() -> None:
    assert rows(calendar(PLAIN)) == [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//pipeline//appointments//EN", "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        "BEGIN:VTIMEZONE", "TZID:Europe/Amsterdam",
        "BEGIN:DAYLIGHT", "DTSTART:20250330T020000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
        "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "END:DAYLIGHT",
        "BEGIN:STANDARD", "DTSTART:20251026T030000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
        "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "END:STANDARD",
        "END:VTIMEZONE",
        "BEGIN:VEVENT", "SUMMARY;LANGUAGE=nl:Afspraak met Praktijk De Linde",
        "DTSTART;TZID=Europe/Amsterdam:20261203T140000", "DTEND;TZID=Europe/Amsterdam:20261203T153000",
        "DTSTAMP:20261120T093000Z", f"UID:{PLAIN.uid}", "SEQUENCE:0",
        f"ATTENDEE;{ASKED}:mailto:sanne+werk@home.example",
        "CLASS:PRIVATE", "CONFERENCE;VALUE=URI:https://overleg.example/kamer-12?a=1;b,c",
        r"DESCRIPTION:https://overleg.example/kamer-12?a=1\;b\,c", r"LOCATION:Praktijk De Linde\, Lindelaan 1",
        'ORGANIZER;CN="Praktijk De Linde":mailto:post@delinde.example', "STATUS:CONFIRMED", "TRANSP:OPAQUE",
        "URL:https://overleg.example/kamer-12?a=1;b,c",
        "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Afspraak met Praktijk De Linde", "TRIGGER:-P1D", "END:VALARM",
        "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip


def test_it_reads_back_in_a_calendar_as_it_was_meant() -> None:
    read_back = parsed(calendar(PLAIN))
    assert (read_back.start, read_back.end) == (PLAIN.starts_at, PLAIN.starts_at + timedelta(minutes=90))
    assert str(read_back["LOCATION"]) == PLAIN.where
    assert str(read_back["URL"]) == str(read_back["CONFERENCE"]) == str(read_back["DESCRIPTION"]) == PLAIN.link
    assert [alarm.TRIGGER for alarm in read_back.walk("VALARM") if isinstance(alarm, Alarm)] == [timedelta(days=-1)]


def test_the_same_invitation_is_always_the_same_bytes() -> None:
    assert calendar(PLAIN) == calendar(replace(PLAIN))
    assert calendar(PLAIN, cancelled=True) == calendar(replace(PLAIN), cancelled=True)


def test_a_change_is_the_same_appointment_with_a_higher_number() -> None:
    moved = replace(PLAIN, sequence=1, starts_at=PLAIN.starts_at + timedelta(days=7))
    before, after = event(calendar(PLAIN)), event(calendar(moved))
    assert {name for name in before if before[name] != after[name]} == {"SEQUENCE", "DTSTART", "DTEND"}
    assert (before["SEQUENCE"], after["SEQUENCE"]) == ("SEQUENCE:0", "SEQUENCE:1")


def test_calling_off_names_the_same_appointment_and_reminds_of_nothing() -> None:
    off = calendar(replace(PLAIN, sequence=2), cancelled=True)
    before, after = event(calendar(PLAIN)), event(off)
    assert {name for name in before if before[name] != after[name]} == {"SEQUENCE", "STATUS"}
    assert after["STATUS"] == "STATUS:CANCELLED"
    assert "METHOD:CANCEL" in rows(off) and "BEGIN:VALARM" not in rows(off)


def test_without_a_reminder_there_is_no_alarm() -> None:
    assert "BEGIN:VALARM" not in rows(calendar(replace(PLAIN, reminder=0)))
    assert "TRIGGER:-PT1H30M" in rows(calendar(replace(PLAIN, reminder=90)))


def test_a_link_alone_is_the_place_and_a_place_alone_has_no_link() -> None:
    alone = event(calendar(replace(PLAIN, where=None)))
    assert alone["LOCATION"] == r"LOCATION:https://overleg.example/kamer-12?a=1\;b\,c"
    assert event(calendar(replace(PLAIN, link=None))).keys() & {"URL", "CONFERENCE", "DESCRIPTION"} == set()
    nowhere = replace(PLAIN, where=None, link=None)
    assert "LOCATION" not in event(calendar(nowhere, cancelled=True))


def test_nobody_is_named_but_the_practice() -> None:
    said = neutral(calendar(PLAIN))
    people = {place: text for place, text in said.items() if re.search("sanne|home|k7q4|mx2p", text, re.IGNORECASE)}
    assert people == {"ATTENDEE": "mailto:sanne+werk@home.example"}
    assert said["ORGANIZER CN"].strip('"') == "Praktijk De Linde"
    assert summary("en", "De Linde") == "Appointment with De Linde"


def test_the_name_of_an_appointment_says_nothing_without_the_key() -> None:
    uid = uid_of(KEY, "K7Q4-MX2P", 1)
    others = {uid_of(b"x" * 32, "K7Q4-MX2P", 1), uid_of(KEY, "K7Q4-MX2Q", 1), uid_of(KEY, "K7Q4-MX2P", 11),
              uid_of(KEY, "K7Q4-MX2P1", 1)}  # fmt: skip
    assert re.fullmatch("[0-9a-f]{32}", uid)
    assert uid == uid_of(KEY, "K7Q4-MX2P", 1) and len({uid, *others}) == 5


def test_a_moment_without_a_zone_or_a_link_that_is_none_makes_no_invitation() -> None:
    for zone in (None, UTC):
        with pytest.raises(ValueError, match="named time zone"):
            replace(PLAIN, starts_at=PLAIN.starts_at.replace(tzinfo=zone))
    for link in ("http://a.example", "https://a.example/\r\nATTENDEE:mailto:x@y.example", "https://a.example/é", ""):
        with pytest.raises(ValueError, match="https address"):
            replace(PLAIN, link=link)


# The hour, by the rules in the file alone.

Onset = tuple[datetime, timedelta, timedelta]


def offset(text: str) -> timedelta:
    """Read `+0130`."""
    sign = -1 if text[0] == "-" else 1
    return sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:5]), seconds=int(text[5:7] or 0))


def nth(year: int, rule: str, first: datetime) -> datetime:
    """Give the day of a year on which a rule such as `FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3` falls."""
    parts = dict(part.split("=") for part in rule.split(";"))
    assert parts.pop("FREQ") == "YEARLY"
    month, day, rest = int(parts.pop("BYMONTH")), parts.pop("BYDAY"), parts
    assert not rest
    start = first.replace(year=year, month=month, day=1)
    days = [start + timedelta(days=at) for at in range(31) if (start + timedelta(days=at)).month == month]
    fitting = [at for at in days if at.weekday() == ["MO", "TU", "WE", "TH", "FR", "SA", "SU"].index(day[-2:])]
    number = int(day[:-2])
    return fitting[number - 1 if number > 0 else number]


def onsets(data: bytes, upto: int) -> list[Onset]:
    """Give each change of the clock that the file tells of, to the end of the year `upto`."""
    found: list[Onset] = []
    for part in re.findall(r"BEGIN:(?:STANDARD|DAYLIGHT)\n(.*?)END:", "\n".join(rows(data)), re.DOTALL):
        said = dict(row.split(":") for row in part.strip().split("\n"))
        first = datetime.strptime(said["DTSTART"], "%Y%m%dT%H%M%S")  # noqa: DTZ007 - a clock's own time
        change = offset(said["TZOFFSETFROM"]), offset(said["TZOFFSETTO"])
        if "RRULE" in said:
            assert nth(first.year, said["RRULE"], first) == first
            found += [(nth(year, said["RRULE"], first), *change) for year in range(first.year, upto + 1)]
        else:
            found.append((first, *change))
    return found


def moment(data: bytes, name: str) -> datetime:
    """Give the instant of `DTSTART` or `DTEND` by the rules in the file, without any other source of time zones.

    Of an hour that the clock shows twice the first is meant (RFC 5545, 3.3.5).
    """
    row = event(data)[name]
    local = datetime.strptime(row.rpartition(":")[2].rstrip("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - made aware below
    if row.endswith("Z"):
        return local.replace(tzinfo=UTC)
    changes = sorted((at - before, after) for at, before, after in onsets(data, local.year))
    shown = [at for at in sorted({local - after for _, after in changes}) if at + ruling(changes, at) == local]
    return shown[0].replace(tzinfo=UTC)


def ruling(changes: list[tuple[datetime, timedelta]], at: datetime) -> timedelta:
    """Give the offset after the last change that has been by then."""
    return [after for since, after in changes if since <= at][-1]


ZONES = ["Europe/Amsterdam", "Europe/London", "America/New_York", "Asia/Kolkata"]
ODD = ["Africa/Casablanca", "America/Nuuk", "Asia/Jerusalem", "Australia/Lord_Howe", "Europe/Dublin", "Africa/Cairo",
       "Australia/Sydney", "America/Santiago", "Pacific/Chatham", "Asia/Tehran"]  # fmt: skip
WHEN = st.datetimes(datetime(2026, 1, 1), datetime(2035, 12, 31)).map(lambda at: at.replace(second=0, microsecond=0))  # noqa: DTZ001 - aware below


def standing(local: datetime, zone: ZoneInfo) -> datetime:
    """Give a time that the clock shows: one that it skips becomes the one after."""
    return local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(fold=0)


@pytest.mark.parametrize("name", ZONES)
@settings(deadline=None, max_examples=200)
@given(local=WHEN)
def test_the_rules_in_the_file_give_the_hour_that_was_meant(name: str, local: datetime) -> None:
    at = standing(local, ZoneInfo(name))
    data = calendar(replace(PLAIN, starts_at=at))
    assert moment(data, "DTSTART") == at.astimezone(UTC)
    assert moment(data, "DTEND") == at.astimezone(UTC) + timedelta(minutes=90)


@pytest.mark.parametrize("name", ODD)
@settings(deadline=None, max_examples=40)
@given(local=WHEN)
def test_zones_whose_clocks_follow_no_simple_rule_are_told_change_by_change(name: str, local: datetime) -> None:
    at = standing(local, ZoneInfo(name))
    assert moment(calendar(replace(PLAIN, starts_at=at)), "DTSTART") == at.astimezone(UTC)


@pytest.mark.parametrize("name", ZONES[:3])
@settings(deadline=None, max_examples=30)
@given(local=WHEN)
def test_another_reader_of_calendars_agrees(name: str, local: datetime) -> None:
    at = standing(local, ZoneInfo(name))
    zone = tzical(StringIO(calendar(replace(PLAIN, starts_at=at)).decode())).get(name)
    assert zone is not None
    assert at.replace(tzinfo=zone).utcoffset() == at.utcoffset()


@pytest.mark.parametrize("name", ZONES[:3])
@settings(deadline=None, max_examples=30)
@given(night=st.integers(0, 19), start=st.integers(0, 5 * 60), minutes=st.integers(10, 480))
def test_an_appointment_in_the_night_the_clock_is_set_is_as_long_as_it_says(
    name: str, night: int, start: int, minutes: int
) -> None:
    zone, year = ZoneInfo(name), 2026 + night // 2
    days = {"Europe": ((3, -1), (10, -1)), "America": ((3, 2), (11, 1))}[name.partition("/")[0]]
    month, number = days[night % 2]
    sunday = nth(year, f"FREQ=YEARLY;BYDAY={number}SU;BYMONTH={month}", datetime(year, 1, 1))  # noqa: DTZ001 - aware next
    at = standing(sunday + timedelta(minutes=start), zone)
    data = calendar(replace(PLAIN, starts_at=at, minutes=minutes))
    assert moment(data, "DTEND") - moment(data, "DTSTART") == timedelta(minutes=minutes)


@pytest.mark.parametrize("name", [*ZONES[:3], "Europe/Dublin", "Australia/Sydney"])
def test_outlook_finds_one_rule_for_each_half_of_the_year(name: str) -> None:
    said = names(calendar(replace(PLAIN, starts_at=PLAIN.starts_at.replace(tzinfo=ZoneInfo(name)))))
    assert (said.count("BEGIN:STANDARD"), said.count("BEGIN:DAYLIGHT"), said.count("RRULE")) == (1, 1, 2)


def zone_file(rule: str) -> ZoneInfo:
    """Make a source of one time zone that has nothing but a rule (RFC 8536), such as the newest ones are."""
    counts = b"".join(number.to_bytes(4, "big") for number in (0, 0, 0, 0, 1, 4))
    header, body = b"TZif2" + bytes(15) + counts, bytes(6) + b"LMT\0"
    whole = header + body + header + body + f"\n{rule}\n".encode()
    return ZoneInfo.from_file(BytesIO(whole), key="Europe/Somewhere")


@pytest.mark.parametrize(
    ("one", "other"),
    [("CET-1CEST,M3.5.0,M10.5.0/3", "AAA-1BBB,M3.5.0/2,M10.5.0/3:00"),
     ("GMT0IST,M3.5.0/1,M10.5.0", "IST-1GMT0,M10.5.0,M3.5.0/1")],
)  # fmt: skip
def test_the_bytes_do_not_depend_on_how_a_source_of_time_zones_names_things(one: str, other: str) -> None:
    there = [PLAIN.starts_at.replace(tzinfo=zone_file(rule)) for rule in (one, other)]
    assert calendar(replace(PLAIN, starts_at=there[0])) == calendar(replace(PLAIN, starts_at=there[1]))


# Nothing that is typed becomes more than a text.

HOSTILE = [
    "a\r\nATTENDEE:mailto:x@evil.example", "a\nEND:VEVENT\nBEGIN:VEVENT", "a\\nEND:VEVENT", "\\", "\\\\;,", "a\\Nb",
    'a"b:c;d,e', "^n^'^^", "a\u2028ATTENDEE:x", "a\x85b", "\u202egnp", "a\x00b\x0bc", "é" * 60, "👩‍🚒" * 30, "," * 200,
    "\ud800", "a\r b", " ", "",
]  # fmt: skip
TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=120), st.text('\\,;:"\r\n\tN^n=é🙂 B', max_size=120))


def as_shown(text: str) -> str:
    """Give a text as a calendar can show it: on one line, with what nobody sees taken for space."""
    unseen = "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
    return " ".join(re.sub(unseen, " ", text).replace('"', "'").split())


@settings(deadline=None, max_examples=80)
@given(where=TEXT, title=TEXT, organiser=TEXT, uid=TEXT)
def test_whatever_is_typed_adds_no_line_and_no_part(where: str, title: str, organiser: str, uid: str) -> None:
    data = calendar(replace(PLAIN, where=where or "x", summary=title, organiser=organiser, uid=uid))
    assert names(data) == names(calendar(PLAIN))
    assert len(data.decode().splitlines()) == data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r")
    assert max(len(row) for row in data.split(b"\r\n")) <= 75
    read_back = parsed(data)
    assert str(read_back["SUMMARY"]) == as_shown(title)
    assert str(read_back["LOCATION"]) == as_shown(where or "x")
    assert str(read_back["ORGANIZER"]) == "mailto:post@delinde.example"


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60).filter(str.isprintable) | st.sampled_from(["a;RSVP=TRUE:x@y.example", 'a"@b.example']))
def test_an_address_stays_one_address(address: str) -> None:
    data = calendar(replace(PLAIN, attendee_address=address, organiser_address=address))
    assert names(data) == names(calendar(PLAIN))
    written = event(data)["ORGANIZER"].removeprefix('ORGANIZER;CN="Praktijk De Linde":')
    assert written.isascii() and not set(written) & set('";\\ ')
    assert event(data)["ATTENDEE"] == f"ATTENDEE;{ASKED}:{written}"
    assert unquote(written) == f"mailto:{address}"


@settings(deadline=None, max_examples=60)
@given(rest=st.text(max_size=80))
def test_a_link_is_taken_as_it_stands_or_not_at_all(rest: str) -> None:
    try:
        invitation = replace(PLAIN, link=f"https://overleg.example/{rest}")
    except ValueError:
        return
    data = calendar(invitation)
    assert names(data) == names(calendar(PLAIN))
    assert event(data)["URL"] == f"URL:{invitation.link}"


# What can be read in it.


@settings(deadline=None, max_examples=40)
@given(before=st.text("abc ,;é", max_size=90), name=st.sampled_from(["Sanne Jansen", "Jansen, S; van", "Ñandú^x"]))
def test_a_name_is_found_wherever_it_stands(before: str, name: str) -> None:
    text = f"{before}.{name}."
    for found in (replace(PLAIN, where=text), replace(PLAIN, summary=text), replace(PLAIN, organiser=text)):
        assert any(name in text for text in neutral(calendar(found)).values())


@pytest.mark.parametrize(
    "data",
    [b"X-NOTE:Sanne", b"X-NOTE;X-BY=Sanne:a", b'X-NOTE;X-BY="Sanne: a;b":c', b"X-NOTE:Sa\r\n nne", b"X-NOTE:Sa\n\tnne",
     b"URL:https://a.example/%53anne", b"X-NOTE:a\\nSanne\\, b", b"Sanne", b"BEGIN:VEVENT\r\nNOTE:x\r\nNOTE:Sanne",
     b"ATTENDEE;CN=Sanne:mailto:x@a.example", b":Sanne", b'X;"Sanne',
     b'X;CN="x^nSanne":y', b"X:a\\;Sanne"],
)  # fmt: skip
def test_no_text_of_a_calendar_file_is_passed_over(data: bytes) -> None:
    assert any("Sanne" in text for text in neutral(data).values())


def test_a_text_is_given_as_it_reads_and_not_as_it_is_escaped() -> None:
    said = neutral(b'BEGIN:VEVENT\r\nX-NOTE;X-BY="d^ne^^n^\'":a\\nb\\, c\\\\n\\Nd\r\nx-note:e\r\n')
    assert said == {"BEGIN": "VEVENT", "X-NOTE": "a\nb, c\\n\nd\ne", "X-NOTE X-BY": 'd\ne^n"'}


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200) | st.text('";:,=\\\r\n AB%', max_size=80).map(str.encode))
def test_every_letter_of_any_file_is_among_its_texts(data: bytes) -> None:
    said = "\n".join(f"{place}\n{text}" for place, text in neutral(data).items()).casefold()
    typed = re.findall(r"[a-z]{2,}", data.decode("utf-8", "replace").casefold().replace("\\n", " ").replace("^n", " "))
    assert [word for word in typed if word not in said] == []
