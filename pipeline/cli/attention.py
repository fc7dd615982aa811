"""`attention`: what waits for the coach, and her word on it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction

from pipeline import attention
from pipeline.cli.look import known_dossier, open_files
from pipeline.errors import UsageError
from pipeline.practice import Practice, opened
from pipeline.words import say
from pipeline.worker import utc_now

SETTLE = {"reject": attention.reject, "ask-again": attention.ask_again}
HELP = "what waits for you: list | show N | accept N | reject N | assign N REF | ask-again N"


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the command of this module."""
    asked = commands.add_parser("attention", parents=[shared], help=HELP)
    asked.add_argument("action", nargs="?", default="list", choices=["list", "show", "accept", *SETTLE, "assign"])
    asked.add_argument("number", nargs="?", type=int, metavar="N", help="as the list has it")
    asked.add_argument("reference", nargs="?", metavar="REF", help="the dossier, to assign a mail to it")
    asked.add_argument("--anyway", action="store_true", help="accept a paper that was read as not signed or altered")
    asked.set_defaults(command=_attention)


def _attention(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        if chosen.action == "list":
            return _list(practice)
        if chosen.number is None:
            raise UsageError(f"which one? Type: pipeline attention {chosen.action} N; the numbers: pipeline attention")
        if chosen.action == "show":
            return _show(practice, chosen.number)
        if chosen.action == "assign":
            if not chosen.reference:
                raise UsageError(f"to which dossier? Type: pipeline attention assign {chosen.number} REF")
            reference = known_dossier(practice, chosen.reference)
            print(attention.assign(practice, chosen.number, reference, utc_now()))
            return 0
        if chosen.action == "accept":
            print(attention.accept(practice, chosen.number, utc_now(), anyway=chosen.anyway))
            return 0
        print(SETTLE[chosen.action](practice, chosen.number, utc_now()))
    return 0


def _list(practice: Practice) -> int:
    found = attention.waiting(practice)
    if not found:
        print("nothing waits for you")
    for one in found:
        print(f"{one.number:4}  {one.dossier or '-':9}  {one.title}")
        for reason in one.reasons:
            print(f"{'':17}{reason}")
    return int(bool(found))


def _show(practice: Practice, number: int) -> int:
    files = attention.files(practice, number)
    one = next(one for one in attention.waiting(practice) if one.number == number)
    print(f"{one.number}  {one.dossier or '-'}  {one.title}")
    for reason in one.reasons:
        print(f"   {reason}")
    for purpose, given in attention.answers_of(practice, number).items():
        word = "answer_open" if given is None else "answer_yes" if given else "answer_no"
        print(f"   {purpose}: {say(practice.file.language, word)}")
    for file in files:
        print(file)
    open_files([str(file) for file in files])
    return 0
