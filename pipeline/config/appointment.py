"""The file of one appointment: which dossier, when, how long, and where or by which link; nothing about what is said.

Takes the bytes of `drop/appointments/*.yaml`; leaves one frozen `AppointmentFile`, or `FileProblems` with all that must
be mended. What looks like notes of a session is refused before anything else is read, with the clauses that promise so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import PurePath
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from pipeline.config.fields import Line, Reference, YesNo, count, line, problem, yes_no
from pipeline.config.problems import Disagreement, Strict, load
from pipeline.config.source import MOST_BYTES, Tree, Where, read
from pipeline.errors import FileProblems, Problem
from pipeline.words import say

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

MOST_PLACE = 120
LEAST_MINUTES, MOST_MINUTES = 10, 480
DAY = 24 * 60
MOST_REMINDER_DAYS = 28
MOST_LINK = 1000
LINK = re.compile(r"https://[!#-;=?-\[\]_a-z~%]+", re.IGNORECASE | re.ASCII)
"""An address as it may stand in any file: in ASCII, without the signs that RFC 3986 keeps out of one."""

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


def _span(text: str) -> int | None:
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


def _when(value: object) -> datetime:
    return read_when(value).moment


def _minutes(value: object) -> int:
    text = line(value)
    minutes = _span(text)
    if minutes is None or not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise problem("bad_minutes", value=text[:80], least=LEAST_MINUTES, most=MOST_MINUTES)
    return minutes


def _reminder(value: object) -> int:
    text = line(value)
    minutes = 0 if text.casefold() in {"geen", "nee", "none", "no"} else _span(text)
    if minutes is None or minutes > MOST_REMINDER_DAYS * DAY:
        raise problem("bad_reminder", value=text[:80], most=MOST_REMINDER_DAYS)
    return minutes


def _link(value: object) -> str:
    """Take an address that everybody's calendar can open: https, a host, no name or password in front of it."""
    text = line(value)
    try:
        parts = urlsplit(text)
        fits = LINK.fullmatch(text) and parts.hostname and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        fits = False
    if not fits or len(text) > MOST_LINK:
        raise problem("bad_link", value=text[:80])
    return text


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
    link: Annotated[str, BeforeValidator(_link)] | None = None
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
    noted = [Problem(*source.place(path), notes_refusal(language, notes_clauses)) for path in _notes(source.tree)]
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
    if isinstance(where, str) and _is_address(where):
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


def _is_address(text: str) -> bool:
    return re.fullmatch(r"https?://\S+", text.strip(), re.IGNORECASE) is not None


# What looks like notes of a session.

_NOTES = (
    "notes", "notitie", "aanteken", "verslag", "besprek", "besproken", "inhoud", "onderwerp", "thema", "theme", "doel",
    "goal", "topic", "progress", "voortgang", "sessie", "session", "samenvatting", "summary", "opmerking", "remark",
    "comment", "reflectie", "reflection", "content", "subject", "report", "feedback", "agenda", "evaluatie",
)  # fmt: skip
"""What a key has in it under which somebody would write about a conversation."""
_NOTES_WHOLE = {"note", "gesprek", "conversation", "body", "text", "tekst"}
_WRITTEN = {
    ".doc", ".docx", ".docm", ".dot", ".dotx", ".odt", ".rtf", ".pages", ".pdf", ".html", ".htm", ".mht", ".eml",
    ".msg", ".one", ".note", ".enex", ".tex", ".epub", ".ppt", ".pptx", ".odp", ".key", ".xls", ".xlsx", ".ods",
    ".jpg", ".jpeg", ".png", ".heic", ".tif", ".tiff", ".gif", ".webp", ".mp3", ".m4a", ".wav", ".ogg", ".opus",
    ".flac", ".aac", ".mp4", ".mov", ".avi", ".mkv", ".webm", ".3gp", ".vtt", ".srt",
}  # fmt: skip
"""What people write, photograph or record a conversation in."""
_PLAIN = {".txt", ".md", ".markdown", ".text", ".log"}
_MAGIC = (b"%PDF", b"{\\rtf", b"\xd0\xcf\x11\xe0")
_SMALL_WORD = re.compile(
    r"\b(?:de|het|een|en|of|maar|dat|die|dit|als|om|te|van|voor|met|op|in|aan|bij|naar|uit|over|door|tot|ook|nog|niet"
    r"|geen|wel|is|was|zijn|heeft|had|hebben|kan|kon|wil|wilde|moet|moest|wordt|werd|ik|je|jij|u|hij|zij|ze|we|wij|haar"
    r"|hem|mijn|hun|er|toen|nu|meer|veel|the|a|an|and|or|but|that|this|if|to|for|with|on|at|by|from|about|not|no|are"
    r"|were|be|been|has|have|can|could|will|would|must|i|you|he|she|they|her|him|his|my|their|it|there|then|more)\b"
)
_FEWEST_WORDS, _MANY_WORDS = 8, 30


def notes_refusal(language: str, clauses: tuple[str, ...]) -> str:
    """Say that notes of a session are not kept here, with the clauses that promise it, if any do."""
    if not clauses:
        return say(language, "no_notes_here")
    return say(language, "no_notes_by_clause", clauses=", ".join(clauses))


def looks_like_notes(name: str, data: bytes) -> bool:
    """Say whether a file that was dropped as an appointment looks like something written about a session.

    An appointment in which notes stand is none: reading it says where they stand.
    """
    ending = PurePath(name).suffix.casefold()
    if ending in _WRITTEN or data.startswith(_MAGIC):
        return True
    source = read(data, name, synonyms=SYNONYMS)
    keys = set(source.tree) & set(AppointmentFile.model_fields) if isinstance(source.tree, dict) else set()
    if ending in _PLAIN:
        return "when" not in keys or any(_notes(source.tree))
    return not keys and _is_prose(_uncommented(data))


def _notes(tree: Tree, path: Where = ()) -> Iterator[Where]:
    """Give each place where something stands that says more than when, how long and where."""
    if path and _is_note_key(str(path[-1])):
        yield path
    elif isinstance(tree, dict | list):
        for part, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from _notes(value, (*path, part))
    elif tree is not None and (_is_long(tree) if path else _is_prose(tree)):
        yield path


def _is_note_key(key: str) -> bool:
    return key in _NOTES_WHOLE or any(word in key for word in _NOTES)


def _is_long(text: str) -> bool:
    """Say whether a value is longer than the name of a place: more than one line, or more than fits on one."""
    return not _is_address(text) and (len(text.strip()) > MOST_PLACE or "\n" in text.strip())


def _is_prose(text: str) -> bool:
    """Say whether a text reads as sentences: many words, or a few of which a quarter are a sentence's small ones."""
    words, small = len(re.findall(r"[^\W\d_]+", text)), len(_SMALL_WORD.findall(text.casefold()))
    return words >= _MANY_WORDS or (words >= _FEWEST_WORDS and 4 * small >= words)


def _uncommented(data: bytes) -> str:
    """Give a file's text without the lines and ends of lines that explain it, such as those of the example."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = data[:MOST_BYTES].decode("utf-16" if wide else "utf-8", "replace")
    return "\n".join(re.sub(r"(?:^|\s)#.*", "", row) for row in text.splitlines())
