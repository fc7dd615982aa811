"""`forecast`: what will go when and by which clause; looking, which changes nothing."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.practice import opened
from pipeline.retention import forecast, picture
from pipeline.words import say
from pipeline.worker import utc_now

AHEAD, MOST = 10, 130


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the command of this module."""
    ahead = commands.add_parser("forecast", parents=[shared], help="what will go when, and by which clause")
    ahead.add_argument("--until", type=int, metavar="YEAR", help=f"the last year to show (else {AHEAD} years ahead)")
    ahead.add_argument("--picture", type=Path, metavar="FILE.svg", help="draw it as well, into this file")
    ahead.set_defaults(command=_forecast)


def _forecast(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        today, language = practice.today(utc_now()), practice.file.language
        until = chosen.until or today.year + AHEAD
        if not today.year <= until <= today.year + MOST:
            most = today.year + MOST
            raise UsageError(say(language, "forecast_until", least=today.year, most=most, value=until))
        found = forecast.lines(practice, today)
    print(say(language, "forecast_title", until=until))
    print(say(language, "forecast_made", day=forecast.day_word(today, language)), end="\n\n")
    if not found:
        print(say(language, "forecast_nothing"))
    for line in (*forecast.table(found, until, language), "", *forecast.bars(found, until, today)) if found else ():
        print(line)
    if chosen.picture:
        _write(chosen.picture, picture.svg(found, until, today, language), language)
    return 0


def _write(file: Path, drawn: str, language: str) -> None:
    try:
        file.write_text(f"{drawn}\n", "utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(say(language, "forecast_cannot_write", file=file, reason=reason)) from None
    print(say(language, "forecast_written", file=file.resolve()))
