"""The words of a policy as people say them: terms, events, kinds of data, recipients; and how several make one list.

Pure. A name that the words do not know (a field or a reader of the practice's own) is said as it is written.
"""

from __future__ import annotations

from collections.abc import Iterable

from babel import Locale
from babel.lists import format_list

from pipeline.policy.period import Period
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.gates import Recipient
from pipeline.policy.schema.later import Ask
from pipeline.policy.schema.retention import Event
from pipeline.words import LANGUAGES, say

LOCALES = {"nl": "nl_NL", "en": "en_GB"}
DAYS_OF_WEEK = 7


def period(length: Period, language: str) -> str:
    """Say a term: `5 jaar`, `4 weken`, `48 uur`; no time at all is said in days."""
    weeks, days = divmod(length.days, DAYS_OF_WEEK) if length.days % DAYS_OF_WEEK == 0 else (0, length.days)
    parts = {"year": length.years, "month": length.months, "week": weeks, "day": days, "hour": length.hours}
    said = [_amount(unit, number, language) for unit, number in parts.items() if number]
    return listed(said, language) if said else say(language, "no_time")


def every(length: Period, language: str) -> str:
    """Say how often: `elk jaar`, `elke 3 maanden`."""
    single = {Period(years=1): "year", Period(months=1): "month", Period(days=7): "week", Period(days=1): "day"}
    if length in single:
        return say(language, f"every_{single[length]}")
    return say(language, "every_period", period=period(length, language))


def event(name: Event, language: str) -> str:
    """Say the event that a term is counted from, to stand after `na`."""
    return say(language, f"event_{name}")


def category(name: Category, language: str) -> str:
    """Say what is held, as the client knows it."""
    return say(language, f"category_{name}")


def recipient(name: Recipient, language: str) -> str:
    """Say to whom; the client is `u`."""
    return say(language, f"recipient_{name}")


def categories(names: Iterable[Category], language: str) -> str:
    """Say several kinds of data; none are all of them."""
    return listed([category(name, language) for name in names], language) or say(language, "any_data")


def field(name: str, language: str) -> str:
    """Say the name of a field."""
    return say(language, f"field_{name}") if f"field_{name}" in LANGUAGES[language] else _as_written(name)


def fields(names: Iterable[str], language: str) -> str:
    """Say the names of several fields."""
    return listed([field(name, language) for name in names], language)


def reader(name: str, language: str) -> str:
    """Say who may read."""
    known = name.casefold()
    return say(language, f"reader_{known}") if f"reader_{known}" in LANGUAGES[language] else _as_written(name)


def breach_tells(name: str, language: str) -> str:
    """Say one thing that is told after a breach."""
    known = "_".join(name.casefold().split())
    return say(language, f"breach_tells_{known}") if f"breach_tells_{known}" in LANGUAGES[language] else name


def whose(name: str, language: str) -> str:
    """Say from whom something is asked: `u`, `de opdrachtgever`."""
    return say(language, f"whose_{name}")


def purpose(name: Category, language: str) -> str:
    """Say what data of a kind are asked for."""
    return say(language, f"for_{name}" if f"for_{name}" in LANGUAGES[language] else "for_other")


def basis(name: str, language: str) -> str:
    """Say on which ground something is kept."""
    return say(language, f"basis_{name}")


def asks(names: Iterable[Ask], language: str) -> str:
    """Say what can be asked for."""
    return listed([say(language, f"ask_{one}") for one in names], language)


def listed(texts: Iterable[str], language: str, *, either: bool = False) -> str:
    """Join texts as a sentence does: with commas, and `en` (`of` for `either`) before the last."""
    once = list(dict.fromkeys(texts))
    return str(format_list(once, style="or" if either else "standard", locale=LOCALES[language]))


def capital(text: str) -> str:
    """Begin a sentence."""
    return text[:1].upper() + text[1:]


def _amount(unit: str, number: int, language: str) -> str:
    form = f"{unit}_{Locale.parse(LOCALES[language]).plural_form(number)}"
    return say(language, f"unit_{form}", number=number)


def _as_written(name: str) -> str:
    return name.replace("_", " ")
