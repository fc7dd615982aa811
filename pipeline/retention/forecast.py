"""What will go when, by which rule and clause: for the coach to read, worked out anew from what is held today.

Takes the plan; leaves lines, and the table and bars that are made of them. Nothing is written or decided here.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from babel.dates import format_date

from pipeline.policy import phrases
from pipeline.policy.plan import Ending
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import Event
from pipeline.practice import Practice
from pipeline.retention import planning
from pipeline.words import say

WIDTH = 80
PARTS = {
    "client": "held_client", "employer": "held_employer", "sponsor": "held_sponsor", "goal": "held_goal",
    "offer": "held_offer", "quote": "held_quote", "consent": "held_consent", "signed_quote": "held_signed_quote",
    "signed_consent": "held_signed_consent", "mail_out": "held_mail_out", "mail_in": "held_mail_in",
    "statutory": "held_statutory", "rest": "held_rest", "mail": "held_mail", "file": "held_file", "daily": "held_daily",
    "case": "held_case", "profile": "held_profile", "invitation": "held_invitation", "report": "held_report",
    "drafts": "held_drafts", "appointment": "held_appointment", "approval": "held_approval",
    "questions": "held_questions", "returned_invoice": "held_returned_invoice",
}  # fmt: skip
"""How each part is named to the coach; the statement has other words for the same, which speak to the client."""
EIGHTHS = " ▏▎▍▌▋▊▉"


@dataclass(frozen=True)
class Line:
    """What goes of one dossier on one day by the same rules; `day` is None while an event is awaited.

    `alarm` is when that is no longer normal, and `late` that it has come to that, or that it should have been gone.
    `last` is the last day, where what goes of no dossier in one month is told together.
    """

    dossier: str
    day: date | None
    parts: tuple[tuple[Category, str], ...]
    rules: tuple[str, ...]
    clauses: tuple[str, ...]
    waits_for: tuple[Event, ...] = ()
    alarm: date | None = None
    held_back: bool = False
    late: bool = False
    last: date | None = None


def lines(practice: Practice, today: date) -> list[Line]:
    """Give everything that is held as lines: first what has a day, by that day, then what waits."""
    found = [line for _, line in _by_dossier(planning.endings(practice, today), today)]
    return sorted(found, key=lambda line: (line.day or date.max, line.alarm or date.max, line.dossier))


def of_dossier(practice: Practice, reference: str, today: date) -> list[Line]:
    """Give the lines of one dossier."""
    return [line for line in lines(practice, today) if line.dossier == reference]


def _by_dossier(endings: Iterable[Ending], today: date) -> Iterator[tuple[str, Line]]:
    for dossier, each in groupby(endings, lambda one: one.held.dossier):
        alike: dict[tuple[object, ...], list[Ending]] = {}
        for one in each:
            term = one.term
            key = (term.due, term.rules, term.clauses, term.waits_for, one.held_back)
            alike.setdefault(key, []).append(one)
        yield from ((dossier, _line(same, today)) for same in alike.values())


def _line(same: Sequence[Ending], today: date) -> Line:
    first, term = same[0], same[0].term
    awaited, alarms = term.due is None, [one.term.alarm for one in same if one.term.alarm]
    return Line(
        first.held.dossier, term.due, tuple((one.held.category, one.held.part) for one in same), term.rules,
        term.clauses, term.waits_for if awaited else (), min(alarms, default=None) if awaited else None,
        first.held_back, any(one.late_on(today) for one in same),
    )  # fmt: skip


def table(found: Sequence[Line], until: int, language: str) -> Iterator[str]:
    """Give the table: by year and month what goes, then what waits, then how much comes after `until`."""
    dated = [line for line in found if line.day is not None and line.day.year <= until]
    for year, of_year in groupby(dated, lambda line: line.day.year if line.day else 0):
        each = list(of_year)
        yield _total(str(year), each, language)
        for month, of_month in groupby(each, lambda line: _month(line.day, language)):
            yield f"  {month}"
            for line in _together(of_month):
                yield from _told(line, language)
        yield ""
    waiting = [line for line in found if line.day is None]
    if waiting:
        yield _total(say(language, "forecast_no_day"), waiting, language)
        for line in waiting:
            yield from _told(line, language)
    later = [line for line in found if line.day is not None and line.day.year > until]
    if waiting and later:
        yield ""
    if later:
        yield _total(say(language, "forecast_after", year=until), later, language)


def _together(of_month: Iterable[Line]) -> Iterable[Line]:
    """Tell what goes of no dossier in one month by the same rule once: there is a daily note for each day."""
    told: dict[object, Line] = {}
    for line in of_month:
        key = line if line.dossier else (line.rules, line.held_back, line.late)
        before = told.get(key)
        told[key] = replace(before, parts=before.parts + line.parts, last=line.day) if before else line
    return told.values()


def bars(found: Sequence[Line], until: int, today: date) -> Iterator[str]:
    """Give a bar for each year, as long as what goes in it is much."""
    counts = per_year(found)
    most = max((counts[year] for year in range(today.year, until + 1)), default=0)
    room = WIDTH - 8 - len(str(most))
    for year in range(min([today.year, *counts]), until + 1):
        count = counts[year]
        full, eighths = divmod(round(count * room * 8 / most) if most else 0, 8)
        bar = "█" * full + EIGHTHS[eighths].strip() or ("▏" if count else "")
        yield f"{year}  {bar} {count}" if count else f"{year}  ·"


def per_year(found: Iterable[Line]) -> Counter[int]:
    """Count the parts that go in each year."""
    counts: Counter[int] = Counter()
    for line in found:
        if line.day is not None:
            counts[line.day.year] += len(line.parts)
    return counts


def sentence(line: Line, language: str) -> list[str]:
    """Tell one line as a sentence, for whoever has just changed something about its dossier."""
    what, why = _what(line, language), _why(line, language)
    word = "goes_on" if line.day else "goes_later"
    day = day_word(line.day, language) if line.day else ""
    return _wrapped(say(language, word, day=day, what=what, why=why))


def part_word(part: str, language: str) -> str:
    """Name a part to the coach; an invoice and a mail by their number, what lies outside every dossier by its kind."""
    name, _, number = part.partition(" ")
    return say(language, PARTS[name], number=number)


def day_word(day: date, language: str) -> str:
    """Write a day in full."""
    return str(format_date(day, "d MMMM y", locale=phrases.LOCALES[language]))


def state(line: Line, language: str) -> list[str]:
    """Tell what a line waits for, and whether something keeps it back or it is late."""
    told = [say(language, "forecast_through", day=day_word(line.last, language))] if line.last else []
    if line.waits_for:
        events = phrases.listed((phrases.event(event, language) for event in line.waits_for), language)
        told.append(say(language, "forecast_waits", events=events))
    elif line.day is None:
        told.append(say(language, "forecast_purpose" if line.rules else "forecast_no_rule"))
    if line.alarm:
        told.append(say(language, "forecast_alarm", day=day_word(line.alarm, language)))
    if line.held_back:
        told.append(say(language, "forecast_held"))
    if line.late:
        told.append(say(language, "forecast_late" if line.day else "forecast_overdue"))
    return told


INDENT = " " * 17


def _told(line: Line, language: str) -> Iterator[str]:
    day = f"{line.day.day:5}" if line.day else INDENT[:5]
    start = f"{day}{'!' if line.late else ' '} {line.dossier or '-':9} "
    yield from _wrapped(_what(line, language), start, INDENT)
    yield from _wrapped(_why(line, language), INDENT, f"{INDENT}  ")


def _wrapped(text: str, first: str = "", then: str = "") -> list[str]:
    """Fold a text to the width of the terminal; references and rule names stay whole."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    )


def _what(line: Line, language: str) -> str:
    counted = Counter(part_word(part, language) for _, part in line.parts)
    return ", ".join(_times(word, count, language) for word, count in counted.items())


def _times(word: str, count: int, language: str) -> str:
    return word if count == 1 else say(language, "held_times", what=word, count=count)


def _why(line: Line, language: str) -> str:
    rules = ", ".join(line.rules)
    cited = f"{rules} ({', '.join(line.clauses)})" if line.clauses else rules
    return "; ".join([*filter(None, [cited]), *state(line, language)])


def _month(day: date | None, language: str) -> str:
    return str(format_date(day, "MMMM", locale=phrases.LOCALES[language]))


def _total(beginning: str, each: Sequence[Line], language: str) -> str:
    parts, dossiers = sum(len(line.parts) for line in each), len({line.dossier for line in each} - {""})
    total = say(language, "forecast_total", parts=parts, dossiers=dossiers)
    return f"{beginning}{total.rjust(WIDTH - len(beginning))}"
