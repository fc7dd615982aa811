"""The file of an appointment: when and where as people type it, and nothing of what is said there."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from babel.dates import get_day_names, get_month_names
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from pipeline import newpractice
from pipeline.config.appointment import SYNONYMS, AppointmentFile, looks_like_notes, read_appointment_file
from pipeline.config.moments import MONTHS, WEEKDAYS, read_when
from pipeline.config.session_notes import notes_refusal
from pipeline.config.source import read
from pipeline.errors import FileProblems

AMSTERDAM = "Europe/Amsterdam"
PLACE = "where: Praktijk De Linde, Lindelaan 1\n"
SHORT = f"when: 2026-12-03 14:00\n{PLACE}"
THURSDAY = datetime(2026, 12, 3, 14, 0)  # noqa: DTZ001 - as it is typed: a clock's time


def appointment(
    text: str, *, language: str = "nl", timezone: str = AMSTERDAM, clauses: tuple[str, ...] = ("K-11a",)
) -> AppointmentFile:
    """Read the file of an appointment that is in order."""
    return read_appointment_file(
        text.encode(), "afspraak.yaml", language=language, timezone=timezone, notes_clauses=clauses
    )


def problems(
    text: str, *, language: str = "nl", timezone: str = AMSTERDAM, clauses: tuple[str, ...] = ("K-11a",)
) -> list[str]:
    """Give the problems of a file, each as `line:column: text`."""
    try:
        appointment(text, language=language, timezone=timezone, clauses=clauses)
    except FileProblems as refused:
        return [f"{p.line}:{p.column}: {p.text}" for p in refused.problems]
    return []


def refused(typed: str) -> str:
    """Give the name of the sentence with which a day and a time are refused."""
    with pytest.raises(PydanticCustomError) as caught:
        read_when(typed)
    return caught.value.message_template


# When.


@pytest.mark.parametrize(
    "typed",
    ["2026-12-03 14:00", "2026-12-3 14.00", "2026-12-03T14:00", "2026-12-03 14:00:00", "3 december 2026 14:00",
     "3 dec 2026 14:00", "3 dec. 2026 14.00 uur", "3-12-2026 14.00", "03-12-2026, 14:00", "3.12.2026 14:00",
     "3-dec-2026 14:00", "donderdag 3 december 2026 om 14:00 uur", "Donderdag  3 December 2026, om 14.00 uur",
     "do 3 december 2026 14u", "do. 3-12-2026 14 uur", "3 december 2026 14u00", "3 december 2026 14:00u",
     "Thursday 3 December 2026 at 2 pm", "Thu, 3 Dec 2026 2:00 PM", "December 3, 2026 14:00",
     "Thursday, December 3rd, 2026 at 2:00 p.m.", "thurs 3rd december 2026 14:00"],
)  # fmt: skip
def test_a_day_and_a_time_are_read_as_people_write_them(typed: str) -> None:
    assert read_when(typed).moment == THURSDAY


@pytest.mark.parametrize(
    "typed",
    ["3 december 2026", "2026-12-03", "14:00", "morgen om 14:00", "3 december 14:00", "3-12-26 14:00", "26-12-03 14:00",
     "3-12-2026 14", "3 decemeber 2026 14:00", "31-11-2026 14:00", "30 februari 2026 14:00", "2026-13-03 14:00",
     "3-12-2026 24:00", "3-12-2026 14:60", "3-12-2026 14:5", "2026-12-03T14:00Z", "2026-12-03 14:00+01:00",
     "3-12-1926 14:00", "3-12-2126 14:00", "3-12.2026 14:00", "dondag 3-12-2026 14:00", "3-12-2026 14:00 of 15:00",
     "3-12-2026 13:00 pm", "3-12-2026 half drie", "٣-12-2026 14:00", "2026-12-03 14:00:30"],
)  # fmt: skip
def test_what_is_no_day_with_a_time_is_refused_and_never_guessed(typed: str) -> None:
    assert refused(typed) in {"bad_when", "when_two_ways"}
    assert len(problems(f'when: "{typed}"\n{PLACE}')) == 1


@pytest.mark.parametrize("typed", ["3 december 2026 2 uur", "3-12-2026 2:30", "3/12/2026 14:00", "12/3/2026 14:00"])
def test_what_can_be_read_in_two_ways_is_asked_again(typed: str) -> None:
    assert refused(typed) == "when_two_ways"


@pytest.mark.parametrize(
    ("typed", "hour"), [("02:30", 2), ("2:30 pm", 14), ("2:30 am", 2), ("12:30 am", 0), ("12:30 pm", 12), ("9:30", 9)]
)
def test_an_hour_that_is_written_in_full_is_taken_as_it_stands(typed: str, hour: int) -> None:
    assert read_when(f"3 december 2026 {typed}").moment == THURSDAY.replace(hour=hour, minute=30)


@pytest.mark.parametrize("typed", ["31/12/2026 14:00", "5/5/2026 14:00"])
def test_a_date_with_slashes_is_read_where_it_can_only_be_one(typed: str) -> None:
    assert read_when(typed).moment.strftime("%d/%m/%Y %H:%M").replace("05/05", "5/5") == typed


def written(moment: datetime) -> list[str]:
    """Write one moment in the ways in which people do."""
    day, clock = moment.date(), f"{moment:%H:%M}"
    names = [
        f"{WEEKDAYS[language][day.weekday()]} {day.day} {MONTHS[language][day.month - 1]} {day.year}"
        for language in ("nl", "en")
    ]
    american = f"{MONTHS['en'][day.month - 1][:3]}. {day.day}, {day.year}"
    return [f"{form} {clock}" for form in (f"{day}", f"{day.day}-{day.month}-{day.year}", *names, american)]


@settings(deadline=None, max_examples=200)
@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001 - a clock's time
def test_every_moment_comes_back_however_it_was_written(moment: datetime) -> None:
    typed = moment.replace(second=0, microsecond=0)
    assert {read_when(form).moment for form in written(typed)} == {typed}


@pytest.mark.parametrize(
    ("language", "typed", "said"),
    [
        ("nl", "dinsdag 3 december 2026 om 14:00 uur",
         "1:1: 3 december 2026 is een donderdag en geen dinsdag; schrijf donderdag, of verbeter de datum"),
        ("en", "Tue 3 Dec 2026 14:00",
         "1:1: 3 December 2026 is a Thursday and not a Tuesday; write Thursday, or mend the date"),
        ("nl", "zo 4-1-2027 14:00",
         "1:1: 4 januari 2027 is een maandag en geen zondag; schrijf maandag, of verbeter de datum"),
    ],
)  # fmt: skip
def test_a_day_of_the_week_that_is_not_the_dates_is_refused_with_the_one_that_is(
    language: str, typed: str, said: str
) -> None:
    assert problems(f"when: {typed}\n{PLACE}", language=language) == [said]


def test_a_time_that_the_clock_skips_is_refused() -> None:
    skipped = f"when: 29 maart 2026 02:30\n{PLACE}"
    assert problems(skipped) == [
        "1:1: '29 maart 2026 02:30' bestaat niet: dan gaat de klok vooruit naar de zomertijd; schrijf een andere tijd"
    ]
    assert problems(skipped, timezone="Asia/Kolkata") == problems(skipped, timezone="Europe/London") == []


@pytest.mark.parametrize(("typed", "fits"), [("01:59", True), ("02:00", False), ("02:59", False), ("03:00", True)])
def test_the_skipped_hour_begins_and_ends_to_the_minute(typed: str, fits: bool) -> None:
    assert (problems(f"when: 2026-03-29 {typed}\n{PLACE}") == []) is fits


def test_of_an_hour_that_the_clock_shows_twice_the_first_is_meant() -> None:
    twice = appointment(f"when: 25 oktober 2026 02:30\n{PLACE}").starts_at(AMSTERDAM)
    assert twice.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(("zone", "hour"), [(AMSTERDAM, 13), ("Europe/London", 14), ("America/New_York", 19)])
def test_a_time_is_of_the_practices_own_clock(zone: str, hour: int) -> None:
    assert appointment(SHORT).starts_at(zone).astimezone(UTC) == datetime(2026, 12, 3, hour, tzinfo=UTC)


# How long, and the reminder.


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [("60", 60), ("90 min", 90), ("90 minuten", 90), ("1 uur", 60), ("1,5 uur", 90), ("1.5 hours", 90), ("PT90M", 90),
     ("PT1H30M", 90), ("pt1h", 60), ("1u30", 90), ("1 uur 30", 90), ("1 uur en 30 minuten", 90), ("1h 30m", 90),
     ("1 hour and 30 minutes", 90), ("1:30", 90), ("anderhalf uur", 90), ("een uur", 60), ("half uur", 30),
     ("0,75 uur", 45), ("drie kwartier", 45), ("two hours", 120), ("10", 10), ("480", 480), ("8 uur", 480)],
)  # fmt: skip
def test_how_long_is_read_in_minutes_and_in_hours(typed: str, minutes: int) -> None:
    assert appointment(f'{SHORT}duur: "{typed}"').minutes == minutes


@pytest.mark.parametrize(
    "typed", ["9", "481", "0", "-60", "1,5", "1,33 uur", "9 uur", "PT", "P", "PT9M", "een poos", "uur 1", "60 uur en",
              "10 minuten extra", "6e1", "1:75", "99999999"],
)  # fmt: skip
def test_a_length_that_is_none_or_beyond_a_day_of_work_is_refused(typed: str) -> None:
    (said,) = problems(f'{SHORT}duur: "{typed}"')
    assert said.startswith(f"3:1: '{typed}' is geen duur van 10 tot en met 480 minuten")


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [("1440", 1440), ("1 dag", 1440), ("2 uur", 120), ("P1D", 1440), ("P1DT2H", 1560), ("0", 0), ("geen", 0),
     ("none", 0), ("28 dagen", 40320)],
)  # fmt: skip
def test_a_reminder_comes_so_long_before_or_not_at_all(typed: str, minutes: int) -> None:
    assert appointment(f"{SHORT}herinnering: {typed}").reminder == minutes


@pytest.mark.parametrize("typed", ["29 dagen", "40321", "later", "-1"])
def test_a_reminder_that_cannot_be_is_refused(typed: str) -> None:
    assert len(problems(f"{SHORT}reminder: {typed}")) == 1


def test_what_is_left_out_is_an_hour_with_a_reminder_the_day_before() -> None:
    read_back = appointment(SHORT)
    assert (read_back.minutes, read_back.reminder, read_back.cancelled) == (60, 1440, False)
    assert (read_back.dossier, read_back.link, read_back.appointment) == (None, None, None)


# Where.


def test_where_or_a_link_must_stand_there_or_both() -> None:
    link = "link: https://overleg.example/kamer-12\n"
    assert problems("when: 2026-12-03 14:00\n") == ["1:1: er staat niet waar; vul 'waar' of 'link' in"]
    assert problems("when: 2026-12-03 14:00\nwhere:\n", language="en") == [
        "1:1: it does not say where; fill in 'where' or 'link'"
    ]
    assert appointment(f"when: 2026-12-03 14:00\n{link}").where is None
    assert appointment(SHORT + link).link == "https://overleg.example/kamer-12"


def test_an_appointment_that_is_called_off_needs_no_place() -> None:
    off = appointment("wanneer: 2026-12-03 14:00\nafgezegd: ja\nafspraak: 2\n")
    assert (off.cancelled, off.appointment, off.where) == (True, 2, None)


@pytest.mark.parametrize(
    "typed",
    ["http://overleg.example/1", "overleg.example/1", "https://", "https:///kamer", "javascript:alert(1)",
     "https://sanne:geheim@overleg.example/", "https://overleg.example/a b", "https://overleg.example/é",
     "https://overleg.example/<b>", "https://overleg.example/{x}", "https://[::1", "https://a.example:0/",
     "https://overleg.example/" + "x" * 1000],
)  # fmt: skip
def test_a_link_is_an_https_address_that_every_calendar_opens(typed: str) -> None:
    (said,) = problems(f'{SHORT}link: "{typed}"')
    assert said.startswith("3:1: ") and "met https:// vooraan" in said


def test_an_address_that_stands_at_where_is_sent_to_its_own_line() -> None:
    long = "https://overleg.example/" + "x" * 300
    assert problems(f"when: 2026-12-03 14:00\nwaar: {long}\n") == ["2:1: dit is een webadres; schrijf het bij 'link'"]


# Its words.

DUTCH = {
    "when": ["wanneer", "Wanneer", "datum", "datum en tijd"], "minutes": ["duur", "minuten", "hoe lang"],
    "where": ["waar", "plaats", "locatie", "adres"], "dossier": ["kenmerk"], "cancelled": ["afgezegd", "geannuleerd"],
    "appointment": ["afspraak"], "reminder": ["herinnering"],
}  # fmt: skip
FULL = {
    "when": "2026-12-03 14:00", "minutes": "90", "where": "Lindelaan 1", "link": "https://overleg.example/1",
    "dossier": "K7Q4-MX2P", "cancelled": "yes", "appointment": "2", "reminder": "60",
}  # fmt: skip


@pytest.mark.parametrize(("key", "word"), [(key, word) for key, words in DUTCH.items() for word in words])
def test_every_key_may_be_typed_in_dutch(key: str, word: str) -> None:
    english = "".join(f"{name}: {value}\n" for name, value in FULL.items())
    assert appointment(english.replace(f"{key}:", f"{word}:", 1)) == appointment(english)


@pytest.mark.parametrize(("word", "key"), SYNONYMS.items())
def test_every_synonym_can_be_typed_as_it_is_written(word: str, key: str) -> None:
    assert read(f'"{word}": x'.encode(), "f.yaml", synonyms=SYNONYMS).tree == {key: "x"}
    assert key in AppointmentFile.model_fields


def test_every_problem_is_said_at_once_each_in_its_place() -> None:
    text = "kenmerk: abc\nwanneer: dinsdag 3 december 2026 14:00\nduur: lang\nwar: hier\nafspraak: 0\nlink: x\n"
    assert [said.split(": ")[0] for said in problems(text)] == ["1:1", "2:1", "3:1", "4:1", "5:1", "6:1"]
    assert "bedoelt u 'waar'?" in problems(text)[3]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_example_is_an_appointment_as_it_stands(language: str) -> None:
    data = (newpractice.shipped() / "templates" / language / "appointment.yaml").read_bytes()
    example = appointment(data.decode(), language=language)
    assert (example.when, example.minutes, example.dossier) == (THURSDAY, 90, "K7Q4-MX2P")
    assert not looks_like_notes("appointment.yaml", data)
    assert not looks_like_notes("appointment.yaml", data + b"\n\tlink")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_line_that_the_example_explains_can_be_used(language: str) -> None:
    text = (newpractice.shipped() / "templates" / language / "appointment.yaml").read_text("utf-8")
    used = "\n".join(row.removeprefix("# ") if ": " in row and "." not in row.split(":")[0] else row
                     for row in text.splitlines())  # fmt: skip
    full = appointment(used, language=language)
    assert (full.reminder, full.appointment, full.cancelled) == (1440, 2, True)
    assert full.link is not None


# Notes of a session.

NOTES_KEYS = [
    "notes", "note", "notities", "notitie", "aantekeningen", "Aantekeningen", "verslag", "gespreksverslag",
    "bespreking", "besproken", "inhoud", "onderwerp", "thema", "thema's", "doel", "Doelen", "goal", "topic", "progress",
    "voortgang", "sessie", "session notes", "samenvatting", "gesprek", "opmerkingen", "comment",
]  # fmt: skip
SAID = "aantekeningen van een gesprek worden hier niet bewaard"


@pytest.mark.parametrize("key", NOTES_KEYS)
@pytest.mark.clause("K-11a")
def test_notes_of_a_session_are_refused_with_the_clause(key: str) -> None:
    (said,) = problems(f"{SHORT}{key}: ze sliep slecht\n")
    assert said.startswith("3:1: aantekeningen van een gesprek worden hier niet bewaard") and "(K-11a)" in said
    assert "sliep" not in said


@pytest.mark.parametrize("value", ["{maandag: ze sliep slecht}", "[ze sliep slecht, en was moe]", "", "|\n  a\n  b"])
def test_notes_are_refused_whatever_their_form(value: str) -> None:
    (said,) = problems(f"{SHORT}notities: {value}\n")
    assert said.startswith("3:1: ") and SAID in said


@pytest.mark.parametrize(
    "typed", ["Lindelaan 1, " + "x" * 108, "|\n  Lindelaan 1\n  ze sliep slecht", '"Lindelaan 1\\nze sliep slecht"']
)
def test_a_place_that_is_longer_than_a_place_counts_as_notes(typed: str) -> None:
    (said,) = problems(f"when: 2026-12-03 14:00\nwaar: {typed}\n")
    assert said.startswith("2:1: ") and SAID in said


def test_a_place_of_a_hundred_and_twenty_letters_is_a_place() -> None:
    assert appointment(f"when: 2026-12-03 14:00\nwaar: {'x' * 120}\n").where == "x" * 120


@pytest.mark.parametrize("key", ["dossier", "when", "duur", "afspraak", "herinnering", "link", "onbekend"])
def test_notes_in_any_other_line_are_refused_too(key: str) -> None:
    (said,) = problems(f"{SHORT if key != 'when' else PLACE}{key}: {'ze sliep slecht en ' * 8}\n")
    assert SAID in said


def test_without_a_clause_the_refusal_names_none() -> None:
    (said,) = problems(f"{SHORT}notes: x\n", clauses=(), language="en")
    assert said == f"3:1: {notes_refusal('en', ())}"
    assert said.startswith("3:1: notes of a session are not kept here; take them out.") and "(" not in said
    (said,) = problems(f"{SHORT}notes: x\n", clauses=("K-11a", "K-11b"), language="en")
    assert "(K-11a, K-11b)" in said


def test_beside_notes_nothing_else_of_the_file_is_looked_at() -> None:
    assert len(problems("when: nooit\nverslag: x\nvoortgang: y\nfout: z\n")) == 2


PROSE = "Ze vertelde dat het op haar werk nog niet beter gaat en dat zij er slecht van slaapt."
LISTED = "Besproken:\n- boos op haar baas, en dat blijft zo\n- slaapt slecht; wil er met de huisarts over praten\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [("afspraak.docx", b"PK\x03\x04"), ("gesprek.PDF", b"%PDF-1.7"), ("x", b"%PDF-1.7"), ("x.odt", b""),
     ("sessie.md", b"# Sessie 3"), ("notes.txt", PROSE.encode()), ("opname.m4a", b"\0\0"), ("foto.HEIC", b"\0"),
     ("x.yaml", PROSE.encode()), ("x.yml", LISTED.encode()), ("x.yaml", f"Sessie 3: {PROSE}".encode()),
     ("x.yaml", f"a: b: {PROSE}".encode()), ("x", PROSE.encode()), ("x.yaml", PROSE.encode("utf-16")),
     ("x.txt", f"Datum: 3 december\nVerslag: {PROSE}".encode()), ("x.yaml", (PROSE * 2000).encode())],
)  # fmt: skip
def test_what_is_written_about_a_session_is_seen_to_be_that(name: str, data: bytes) -> None:
    assert looks_like_notes(name, data)


@pytest.mark.parametrize(
    ("name", "data"),
    [("x.yaml", SHORT.encode()), ("x.txt", SHORT.encode()), ("x.yaml", f"{SHORT}notes: {PROSE}".encode()),
     ("x.yaml", b"wanneer 3 december 2026 14:00\nwaar Praktijk De Linde, Lindelaan 1, Waterrijk\n"),
     ("x.yaml", b"when:\t2026-12-03 14:00\n\twhere: De Linde\n"), ("x.yaml", b""), ("x.yaml", b"\xff\xfe\x00"),
     ("x.ics", b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"), (".DS_Store", b"\0\0\0\1Bud1"),
     ("client.yaml", b"client: {name: Sanne, email: s@home.example}\nprogramme: kort\n")],
)  # fmt: skip
def test_an_appointment_with_a_fault_is_not_called_notes(name: str, data: bytes) -> None:
    assert not looks_like_notes(name, data)


TYPED = st.text(st.characters(codec="utf-8"), max_size=60)


@settings(deadline=None, max_examples=80)
@given(when=TYPED, minutes=TYPED, where=TYPED, link=TYPED)
def test_whatever_is_typed_is_taken_or_refused_in_a_place(when: str, minutes: str, where: str, link: str) -> None:
    text = json.dumps({"when": when, "minutes": minutes, "where": where, "link": link, "x": 1})
    assert problems(text)
    assert looks_like_notes("x.yaml", text.encode()) in {True, False}


@settings(deadline=None, max_examples=50)
@given(st.dates(date(2026, 1, 1), date(2035, 12, 31)))
def test_only_one_day_of_the_week_fits_a_date(day: date) -> None:
    tried = [name for name in WEEKDAYS["nl"] if not problems(f"when: {name} {day} 14:00\n{PLACE}")]
    assert tried == [WEEKDAYS["nl"][day.weekday()]]


def test_the_names_of_days_and_months_are_those_of_the_calendar() -> None:
    for language in ("nl", "en"):
        assert list(WEEKDAYS[language]) == [get_day_names(locale=language)[day] for day in range(7)]
        assert list(MONTHS[language]) == list(get_month_names(locale=language).values())
