"""`close`: the coach tells that a coaching is over, and sees what goes when because of it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from datetime import date

from pipeline.cli.look import known_dossier
from pipeline.errors import UsageError
from pipeline.practice import opened
from pipeline.retention import closing, forecast
from pipeline.words import say
from pipeline.worker import utc_now


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the command of this module."""
    close = commands.add_parser("close", parents=[shared], help="say that a coaching is over; most terms run from then")
    close.add_argument("reference", metavar="REF")
    which = close.add_mutually_exclusive_group()
    which.add_argument("--on", metavar="DATE", help="another day than today, such as 2027-06-30")
    which.add_argument("--reopen", action="store_true", help="take it back: it is not over")
    close.set_defaults(command=_close)


def _close(chosen: Namespace) -> int:
    now = utc_now()
    with opened(chosen.practice) as practice:
        reference, language = known_dossier(practice, chosen.reference), practice.file.language
        if chosen.reopen:
            closing.reopen(practice, reference, now)
            print(say(language, "reopened", reference=reference))
        else:
            on = closing.close(practice, reference, now, _day(chosen.on, language))
            print(say(language, "closed", reference=reference, day=forecast.day_word(on, language)))
        for line in forecast.of_dossier(practice, reference, practice.today(now)):
            print("\n".join(forecast.sentence(line, language)))
    return 0


def _day(typed: str | None, language: str) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise UsageError(say(language, "not_a_day", value=str(typed)[:20])) from None
