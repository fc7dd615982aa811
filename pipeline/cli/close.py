"""`close`, `extend`: the coach tells that a coaching is over, or why a term must be longer, and sees what goes when."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from datetime import date, datetime

from pipeline.cli.look import known_dossier
from pipeline.errors import UsageError
from pipeline.outgoing.course import closing_questions
from pipeline.practice import Practice, opened
from pipeline.retention import closing, extending, forecast, learning, paper
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
    extend = commands.add_parser(
        "extend", parents=[shared], help="keep longer what your policy lets you, with a reason"
    )
    extend.add_argument("reference", metavar="REF")
    which = extend.add_mutually_exclusive_group(required=True)
    which.add_argument("--rule", metavar="RULE", help="the term, by the name that `pipeline forecast` gives it")
    which.add_argument("--lift", action="store_true", help="take it back: the terms are as they were promised")
    extend.add_argument("--because", default="", metavar="WHY", help="the reason; it is kept with the dossier")
    extend.set_defaults(command=_extend)


def _close(chosen: Namespace) -> int:
    now = utc_now()
    with opened(chosen.practice) as practice:
        reference, language = known_dossier(practice, chosen.reference), practice.file.language
        if chosen.reopen:
            closing.reopen(practice, reference, now)
            print(say(language, "reopened", reference=reference))
        else:
            marked = learning.cases_of(practice, reference)
            on = closing.close(practice, reference, now, _day(chosen.on, language))
            print(say(language, "closed", reference=reference, day=forecast.day_word(on, language)))
            for question in closing_questions.asked_of(practice, reference):
                print(say(language, "closing_asks", what=question.text.in_language(language)))
            if closing.stays_in_touch(practice, reference):
                print(say(language, "closed_in_touch"))
            if paper.asked(practice, reference):
                print(say(language, "paper_asked", what=say(language, "waits_paper")))
            if marked and not learning.cases_of(practice, reference):
                print(say(language, "learn_cut_off"))
        _print_lines(practice, reference, now)
    return 0


def _extend(chosen: Namespace) -> int:
    now = utc_now()
    with opened(chosen.practice) as practice:
        reference, language = known_dossier(practice, chosen.reference), practice.file.language
        if chosen.lift:
            lifted = extending.lift(practice, reference, now)
            print(say(language, "extend_lifted" if lifted else "extend_none", reference=reference, count=lifted))
        else:
            rule = extending.extend(practice, reference, chosen.rule, chosen.because, now)
            print(say(language, "extended", reference=reference, rule=rule.id))
        _print_lines(practice, reference, now)
    return 0


def _print_lines(practice: Practice, reference: str, now: datetime) -> None:
    for line in forecast.of_dossier(practice, reference, practice.today(now)):
        print("\n".join(forecast.sentence(line, practice.file.language)))


def _day(typed: str | None, language: str) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise UsageError(say(language, "not_a_day", value=str(typed)[:20])) from None
