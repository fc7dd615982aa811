"""The file of one appointment: which dossier, when, how long, and where or by which link; nothing about what is said.

Takes the bytes of `drop/appointments/*.yaml`; leaves one frozen `AppointmentFile`, or `FileProblems` with all that must
be mended. What looks like notes of a session is refused before anything else is read, with the clauses that promise so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from pipeline.config.fields import Line, Reference, YesNo, count, line, problem, yes_no
from pipeline.config.links import Https, is_address
from pipeline.config.moments import DAY, MONTHS, WEEKDAYS, read_when, span
from pipeline.config.problems import Disagreement, Strict, load
from pipeline.config.session_notes import is_plain, is_prose, is_written, notes, notes_refusal, uncommented
from pipeline.config.source import Tree, read
from pipeline.errors import FileProblems, Problem

SYNONYMS = {
    "kenmerk": "dossier",
    "wanneer": "when", "datum": "when", "datum_en_tijd": "when", "date": "when",
    "duur": "minutes", "minuten": "minutes", "hoelang": "minutes", "hoe_lang": "minutes",
    "duration": "minutes", "how_long": "minutes",
    "waar": "where", "plaats": "where", "locatie": "where", "adres": "where",
    "location": "where", "place": "where", "address": "where",
    "link": "link", "videolink": "link", "url": "link",
    "afgezegd": "cancelled", "geannuleerd": "cancelled", "canceled": "cancelled",
    "afspraak": "appointment", "afspraaknummer": "appointment",
    "herinnering": "reminder",
}  # fmt: skip
"""The Dutch words (and the other spellings) of each key; the first of several is the one we say."""

LEAST_MINUTES, MOST_MINUTES = 10, 480
MOST_REMINDER_DAYS = 28


def _when(value: object) -> datetime:
    return read_when(value).moment


def _minutes(value: object) -> int:
    text = line(value)
    minutes = span(text)
    if minutes is None or not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise problem("bad_minutes", value=text[:80], least=LEAST_MINUTES, most=MOST_MINUTES)
    return minutes


def _reminder(value: object) -> int:
    text = line(value)
    minutes = 0 if text.casefold() in {"geen", "nee", "none", "no"} else span(text)
    if minutes is None or minutes > MOST_REMINDER_DAYS * DAY:
        raise problem("bad_reminder", value=text[:80], most=MOST_REMINDER_DAYS)
    return minutes


Minutes = Annotated[int, BeforeValidator(_minutes)]
Reminder = Annotated[int, BeforeValidator(_reminder)]


class AppointmentFile(Strict):
    """One appointment, checked; `when` is on the practice's clock, `reminder` in minutes before, 0 for none.

    `appointment` is its number in the dossier, when an earlier one is changed or called off.
    """

    dossier: Reference | None = None
    when: Annotated[datetime, BeforeValidator(_when)]
    minutes: Minutes = 60
    where: Line | None = None
    link: Https | None = None
    appointment: Annotated[int, count(1, 9999)] | None = None
    cancelled: YesNo = False
    reminder: Reminder = DAY

    def starts_at(self, timezone: str) -> datetime:
        """Give the moment in `timezone`; of an hour that the clock shows twice, the first."""
        return self.when.replace(tzinfo=ZoneInfo(timezone), fold=0)


def read_appointment_file(
    data: bytes, name: str, *, language: str, timezone: str, notes_clauses: tuple[str, ...]
) -> AppointmentFile:
    """Read one appointment on the clock of `timezone`; problems are said in `language`.

    Notes of a session are refused before all else, with `notes_clauses`: what else the file says is then not looked at.
    """
    source = read(data, name, language=language, synonyms=SYNONYMS)
    noted = [Problem(*source.place(path), notes_refusal(language, notes_clauses)) for path in notes(source.tree)]
    if source.whole and noted:
        raise FileProblems(name, noted)
    return load(
        AppointmentFile,
        data,
        name,
        language=language,
        synonyms=SYNONYMS,
        disagreements=lambda tree: _disagreements(tree, language, ZoneInfo(timezone), source.spoken),
    )


def _disagreements(tree: Tree, language: str, zone: ZoneInfo, spoken: dict[str, str]) -> Iterator[Disagreement]:
    """Tell what no single value can: a day of the week that is not the date's, an hour that is skipped, no place."""
    if not isinstance(tree, dict):
        return
    yield from _impossible(tree.get("when"), language, zone)
    where = tree.get("where")
    keys: dict[str, object] = {key: spoken.get(key, key) for key in ("where", "link")}
    if isinstance(where, str) and is_address(where):
        yield ("where",), "place_is_link", {"link": keys["link"]}
    if not where and not tree.get("link") and not _called_off(tree):
        yield (), "no_place", keys


def _impossible(typed: Tree, language: str, zone: ZoneInfo) -> Iterator[Disagreement]:
    try:
        moment, weekday = read_when(typed)
    except PydanticCustomError:
        return
    if weekday not in {None, moment.weekday()}:
        names = WEEKDAYS[language]
        date = f"{moment.day} {MONTHS[language][moment.month - 1]} {moment.year}"
        values: dict[str, object] = {"date": date, "weekday": names[moment.weekday()], "typed": names[weekday or 0]}
        yield ("when",), "wrong_weekday", values
    there = moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    if there.replace(tzinfo=None) != moment:
        yield ("when",), "no_such_time", {"value": str(typed).strip()[:80]}


def _called_off(tree: dict[str, Tree]) -> bool:
    """Say whether an appointment is called off: where it would have been does not matter then."""
    try:
        return yes_no(tree.get("cancelled"))
    except PydanticCustomError:
        return False


def looks_like_notes(name: str, data: bytes) -> bool:
    """Say whether a file that was dropped as an appointment looks like something written about a session.

    An appointment in which notes stand is none: reading it says where they stand.
    """
    if is_written(name, data):
        return True
    source = read(data, name, synonyms=SYNONYMS)
    keys = set(source.tree) & set(AppointmentFile.model_fields) if isinstance(source.tree, dict) else set()
    if is_plain(name):
        return "when" not in keys or any(notes(source.tree))
    return not keys and is_prose(uncommented(data))
