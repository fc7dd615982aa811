"""`learn`: a text that the coach wants to learn from, kept without names; what there is of them, reading, erasing."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterator
from pathlib import Path

from pipeline.cli.look import known_dossier
from pipeline.errors import UsageError
from pipeline.practice import Practice, opened
from pipeline.retention import forecast, learning, lives
from pipeline.retention.versions import plan_of
from pipeline.words import say
from pipeline.worker import utc_now


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the command of this module."""
    learn = commands.add_parser(
        "learn", parents=[shared], help="keep a text to learn from, without names; or list them"
    )
    learn.add_argument("reference", nargs="?", metavar="REF", help="the dossier that it comes from, while it is open")
    learn.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the text: .txt or .md, in UTF-8")
    which = learn.add_mutually_exclusive_group()
    which.add_argument("--read", metavar="CODE", help="print a case")
    which.add_argument("--forget", metavar="CODE", help="erase a case now")
    learn.set_defaults(command=_learn)


def _learn(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        language = practice.file.language
        if chosen.read:
            print(learning.read(practice, chosen.read))
        elif chosen.forget:
            learning.forget(practice, chosen.forget, utc_now())
            print(say(language, "learn_forgotten", code=chosen.forget.strip().upper()))
        elif chosen.reference and chosen.file:
            print("\n".join(_mark(practice, chosen.reference, chosen.file)))
        elif chosen.reference:
            raise UsageError(say(language, "learn_which_file"))
        else:
            print("\n".join(_listed(practice)) or say(language, "learn_none"))
    return 0


def _mark(practice: Practice, typed: str, file: Path) -> Iterator[str]:
    """Keep the text; say what was replaced, and that the rest is for her to read."""
    language, reference = practice.file.language, known_dossier(practice, typed)
    text = learning.text_of(_bytes(file, language), file.name, language)
    code, replaced = learning.mark(practice, reference, text, utc_now())
    yield say(language, "learn_marked", code=code)
    for one in replaced:
        yield "  " + say(language, "learn_replaced", text=one.text, code=one.code, count=one.count)
    yield say(language, "learn_read_through" if replaced else "learn_nothing_replaced", code=code)
    yield say(language, "learn_own_file", file=file.name)


def _bytes(file: Path, language: str) -> bytes:
    """Read a file, but not much more of it than there may be."""
    try:
        with file.open("rb") as opened_file:
            return opened_file.read(learning.LARGEST + 1)
    except OSError as error:
        raise UsageError(say(language, "learn_cannot_read", file=file.name, reason=error.strerror)) from None


def _listed(practice: Practice) -> Iterator[str]:
    """Give one line for each case: of what dossier, as long as that is known, or when it goes."""
    plan, language = plan_of(practice), practice.file.language
    ended = {one.part.split(" ")[1]: one for one in lives.cases(practice.database)}
    for case in learning.cases(practice):
        what = say(language, "held_case", number=case.code)
        if case.code in ended:
            due = plan.term(ended[case.code]).due
            day = forecast.day_word(due, language) if due else "-"
            yield say(language, "learn_goes", what=what, day=day)
        else:
            yield say(language, "learn_open", what=what, reference=case.dossier or "-")
