"""The forecast as one picture that can be read on its own: SVG, with its title, its axis and its legend.

Up to forty dossiers each have a lane, with one bar for each kind of data that ends on its day; more than that are told
as one stacked bar a year. Pure: lines in, text out. Colours are those that colour-blind people tell apart (Okabe, Ito).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from xml.sax.saxutils import escape

from babel.dates import format_date

from pipeline.policy import phrases
from pipeline.policy.schema.base import Category
from pipeline.retention.forecast import Line, day_word
from pipeline.words import say

MOST_LANES, MOST_BARS = 40, 12
PERSON, GOAL, PAPERS, MAIL, BOOKS = "group_person", "group_goal", "group_papers", "group_mail", "group_books"
LOOSE = "group_loose"
COLOURS = {
    PERSON: "#0072B2", GOAL: "#D55E00", PAPERS: "#009E73", MAIL: "#E69F00", BOOKS: "#CC79A7", LOOSE: "#56B4E9",
}  # fmt: skip
"""The kinds of data that are told apart, from the first drawn to the last."""
GROUPS = {
    Category.CONTACT: PERSON, Category.EMPLOYER: PERSON, Category.SPONSOR: PERSON, Category.GOAL: GOAL,
    Category.QUOTE: PAPERS, Category.AGREEMENT: PAPERS, Category.CONSENT: PAPERS, Category.MAIL_OUT: MAIL,
    Category.MAIL_IN: MAIL, Category.UNFILED: MAIL, Category.INVOICE: BOOKS, Category.LOG: LOOSE,
    Category.KEEP_IN_TOUCH: PERSON, Category.PROFILE_INTAKE: PAPERS, Category.PROFILE: PAPERS,
    Category.REPORT: PAPERS, Category.DRAFT: PAPERS, Category.APPOINTMENT: PAPERS,
}  # fmt: skip
FILES = "file"
"""The part that is a refused file: of one kind with mail that has no dossier, and told apart from it here."""
WIDE, LEFT, RIGHT, TOP, BOTTOM = 1000, 110, 180, 124, 44
ROW, BAR, GAP, CHART = 13, 8, 10, 380
APART = 44
"""How far apart, at least, two labels of years stand."""
STEPS = (1, 2, 5, 10, 20, 25, 50)

Bar = tuple[str, date | None, str]
"""What a bar in a lane is: its kind, the day on which it ends (None at the edge), and what is written behind it."""


def svg(found: Sequence[Line], until: int, today: date, language: str) -> str:
    """Give the picture of what goes from today to the end of the year `until`."""
    dossiers = sorted({line.dossier for line in found})
    drawn = (
        _Lanes(found, until, today, language) if len(dossiers) <= MOST_LANES else _Years(found, until, today, language)
    )
    return "\n".join(drawn.lines())


class _Picture:
    """What both pictures have: a size, a title, a legend, and a way from days to places."""

    def __init__(self, found: Sequence[Line], until: int, today: date, language: str) -> None:
        self.found, self.until, self.today, self.language = found, until, today, language
        self.height = TOP + BOTTOM

    def lines(self) -> Iterator[str]:
        """Give the lines of the file."""
        title = say(self.language, "forecast_title", until=self.until)
        made = say(self.language, "forecast_made", day=day_word(self.today, self.language))
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" height="{self.height}"'
            f' viewBox="0 0 {WIDE} {self.height}" role="img" font-family="sans-serif" font-size="11" fill="#222">'
        )
        yield f"<title>{escape(title)}</title>"
        yield f"<desc>{escape(made)}</desc>"
        yield f'<rect width="{WIDE}" height="{self.height}" fill="#fff"/>'
        yield _text(20, 32, title, size=20, weight="bold")
        yield _text(20, 53, made, fill="#555")
        yield from self._legend()
        yield from self._drawn()
        yield "</svg>"

    def _legend(self) -> Iterator[str]:
        used = {_group(*part) for line in self.found for part in line.parts}
        x = 20.0
        for group, colour in COLOURS.items():
            if group in used:
                label = say(self.language, group)
                yield f'<rect x="{x:.1f}" y="69" width="11" height="11" fill="{colour}"/>'
                yield _text(x + 16, 79, label)
                x += 16 + _wide(label) + 22

    def _drawn(self) -> Iterator[str]:
        raise NotImplementedError


class _Lanes(_Picture):
    """A lane for each dossier."""

    def __init__(self, found: Sequence[Line], until: int, today: date, language: str) -> None:
        super().__init__(found, until, today, language)
        in_order = sorted(found, key=lambda line: line.dossier)
        self.lanes = [
            (name, _bars(list(each), until, language)) for name, each in groupby(in_order, lambda one: one.dossier)
        ]
        self.bottom = TOP + sum(len(bars) * ROW + GAP for _, bars in self.lanes)
        self.height = self.bottom + BOTTOM

    def _x(self, day: date) -> float:
        first, last = date(self.today.year, 1, 1), date(self.until + 1, 1, 1)
        share = (day - first).days / (last - first).days
        return LEFT + min(max(share, 0.0), 1.0) * (WIDE - LEFT - RIGHT)

    def _drawn(self) -> Iterator[str]:
        yield from self._axis()
        y = float(TOP)
        for number, (dossier, bars) in enumerate(self.lanes):
            deep = len(bars) * ROW + GAP
            if number % 2:
                yield f'<rect x="0" y="{y:.1f}" width="{WIDE}" height="{deep}" fill="#000" fill-opacity="0.035"/>'
            name = dossier or say(self.language, "forecast_no_dossier")
            yield _text(LEFT - 10, y + GAP / 2 + 9, name, anchor="end", weight="bold")
            yield from self._lane(bars, y + GAP / 2)
            y += deep
        now = self._x(self.today)
        yield (
            f'<line x1="{now:.1f}" x2="{now:.1f}" y1="{TOP - 6}" y2="{y + 4:.1f}" stroke="#222"'
            f' stroke-dasharray="3 3"/>'
        )
        yield _text(now, y + 17, say(self.language, "forecast_today"), anchor="middle")

    def _axis(self) -> Iterator[str]:
        years = range(self.today.year, self.until + 2)
        step = _step((WIDE - LEFT - RIGHT) / max(len(years) - 1, 1), len(years))
        for year in years:
            x = self._x(date(year, 1, 1))
            if (year - self.today.year) % step == 0:
                yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{self.bottom}" stroke="#e2e2e2"/>'
                yield _text(x, TOP - 12, str(year), anchor="middle", fill="#555")

    def _lane(self, bars: Sequence[Bar], top: float) -> Iterator[str]:
        """Draw the bars of a dossier; those that end alike stand together and are told once."""
        at = 0
        for (end, label), alike in groupby(bars, lambda bar: bar[1:]):
            each = list(alike)
            left, right = self._x(self.today), self._x(end) if end else float(WIDE - RIGHT)
            for number, (group, _, _) in enumerate(each):
                y, wide = top + (at + number) * ROW + (ROW - BAR) / 2, max(right - left, 2.0)
                open_ended = (
                    f' fill-opacity="0.3" stroke="{COLOURS[group]}" stroke-dasharray="4 3"' if end is None else ""
                )
                yield (
                    f'<rect x="{left:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{BAR}"'
                    f' fill="{COLOURS[group]}"{open_ended}/>'
                )
            yield _text(left + max(right - left, 2.0) + 6, top + (at + len(each) / 2) * ROW + 4, label, fill="#222")
            at += len(each)


class _Years(_Picture):
    """A stacked bar for each year."""

    def __init__(self, found: Sequence[Line], until: int, today: date, language: str) -> None:
        super().__init__(found, until, today, language)
        self.counts = _counted(found)
        self.years = range(min([today.year, *self.counts]), until + 1)
        self.height = TOP + CHART + BOTTOM

    def _drawn(self) -> Iterator[str]:
        most = max((sum(self.counts[year].values()) for year in self.years if year in self.counts), default=0)
        tick = next((size for size in _ticks() if most <= size * 5), 1)
        top = tick * max(-(-most // tick), 1)
        floor, room = TOP + CHART, CHART - 20
        for number in range(0, top + 1, tick):
            y = floor - number / top * room
            yield f'<line x1="{LEFT}" x2="{WIDE - 40}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
            yield _text(LEFT - 8, y + 4, str(number), anchor="end", fill="#555")
        yield _text(20, TOP - 12, say(self.language, "forecast_per_year"), fill="#555")
        wide = (WIDE - 40 - LEFT) / len(self.years)
        step = _step(wide, len(self.years))
        for at, year in enumerate(self.years):
            yield from self._year(year, LEFT + at * wide, wide, room / top)
            if at % step == 0:
                yield _text(LEFT + (at + 0.5) * wide, floor + 17, str(year), anchor="middle", fill="#555")
        yield _text(LEFT, floor + 36, self._waiting(), fill="#555")

    def _year(self, year: int, left: float, wide: float, scale: float) -> Iterator[str]:
        y, counts = float(TOP + CHART), self.counts.get(year, Counter())
        for group, colour in COLOURS.items():
            deep = counts[group] * scale
            if deep:
                y -= deep
                yield (
                    f'<rect x="{left + wide * 0.15:.1f}" y="{y:.1f}" width="{wide * 0.7:.1f}" height="{deep:.1f}"'
                    f' fill="{colour}" stroke="#fff" stroke-width="0.6"/>'
                )
        total = str(sum(counts.values()))
        if counts and _wide(total) < wide:
            yield _text(left + wide / 2, y - 5, total, anchor="middle")

    def _waiting(self) -> str:
        waiting = [line for line in self.found if line.day is None]
        parts, dossiers = sum(len(line.parts) for line in waiting), len({line.dossier for line in waiting} - {""})
        return say(self.language, "forecast_waiting", parts=parts, dossiers=dossiers)


def _bars(each: Sequence[Line], until: int, language: str) -> list[Bar]:
    """Give the bars of one dossier, the first to end first, those without a day last."""
    found: dict[Bar, None] = {}
    for line in sorted(each, key=lambda line: (line.day or date.max, line.alarm or date.max)):
        groups = {_group(*part) for part in line.parts}
        end = line.day if line.day and line.day.year <= until else None
        found |= dict.fromkeys((group, end, _label(line, language)) for group in COLOURS if group in groups)
    return list(found) if len(found) <= MOST_BARS else list(_merged(list(found)))


def _merged(bars: Sequence[Bar]) -> Iterator[Bar]:
    """Give one bar for each kind, where there are too many to draw them all: to the last end, from first to last."""
    for group in COLOURS:
        mine = [bar for bar in bars if bar[0] == group]
        if mine:
            (_, _, first), (_, end, last) = mine[0], mine[-1]
            yield group, end, first if first == last else f"{first} … {last}"


def _label(line: Line, language: str) -> str:
    if line.day is None:
        return (
            say(language, "short_alarm", day=_short(line.alarm, language))
            if line.alarm
            else say(language, "short_waits")
        )
    day = _short(line.day, language)
    return say(language, "short_held", day=day) if line.held_back else day


def _counted(found: Sequence[Line]) -> dict[int, Counter[str]]:
    counts: dict[int, Counter[str]] = {}
    for line in found:
        if line.day is not None:
            counts.setdefault(line.day.year, Counter()).update(_group(*part) for part in line.parts)
    return counts


def _group(category: Category, part: str) -> str:
    return LOOSE if part.partition(" ")[0] == FILES else GROUPS.get(category, PAPERS)


def _ticks() -> Iterator[int]:
    size = 1
    while True:
        yield from (size, size * 2, size * 5)
        size *= 10


def _step(wide: float, years: int) -> int:
    """Give how many years lie between two labels, so that they do not touch."""
    return next((step for step in STEPS if step * wide >= APART), years)


def _short(day: date | None, language: str) -> str:
    return str(format_date(day, "d MMM y", locale=phrases.LOCALES[language]))


def _wide(text: str) -> float:
    """Give how wide a text of the usual size is, at most."""
    return len(text) * 6.4


def _text(  # noqa: PLR0913 - a text in a picture has these
    x: float, y: float, text: str, *, anchor: str = "start", size: int = 11, weight: str = "normal", fill: str = "#222"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}"'
        f' fill="{fill}">{escape(text)}</text>'
    )
