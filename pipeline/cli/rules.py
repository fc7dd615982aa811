"""`rules test`: what inbox_rules.yaml makes of one mail, and why; nothing is done with it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config.rules import Action
from pipeline.errors import UsageError
from pipeline.practice import Practice, opened
from pipeline.words import say

if TYPE_CHECKING:
    from pipeline.incoming import rules

MOST_BYTES = 64 * 1024 * 1024
HOW = "save the mail as a file (.eml) in your mail program, and type: pipeline rules test MESSAGE.eml"
OUTCOMES = {
    Action.FILE_RETURN: "then_file_return",
    Action.FILE_CORRESPONDENCE: "then_file_correspondence",
    Action.ANSWER: "then_answer",
    Action.DATA_SUBJECT_REQUEST: "then_data_subject_request",
    Action.LEAVE: "then_leave",
    Action.SET_ASIDE: "then_set_aside",
}


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the commands of this module."""
    rules = commands.add_parser("rules", parents=[shared], help="try the rules for incoming mail on a mail")
    rules.add_argument("action", choices=["test"], help="say of every rule whether it matches, and why")
    rules.add_argument("message", metavar="MESSAGE.eml", type=Path, help="a mail, saved as a file")
    rules.set_defaults(command=_test)


def _test(chosen: Namespace) -> int:
    data = _read(chosen.message)
    with opened(chosen.practice) as practice:
        lines = list(_told(practice, data))
    print("\n".join(lines))
    return 0


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"{path} is too large for a mail ({MOST_BYTES >> 20} MB); {HOW}")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}); {HOW}") from None


def _told(practice: Practice, data: bytes) -> Iterator[str]:
    from pipeline.incoming import facts, message, rules

    language = practice.file.language
    mail, known = message.read(data), facts.known(practice)
    seen = facts.seen(practice, mail, known)
    decided = False
    for number, one in enumerate(rules.explain(practice.rules, seen, language), 1):
        yield f"{number}. {one.name}: {say(language, _word(one, decided=decided))}"
        yield from (f"      {line}" for line in one.why)
        decided = decided or one.decides
    yield _outcome(rules.decide(practice.rules, seen), language)


def _word(one: rules.Explained, *, decided: bool) -> str:
    if not one.enabled:
        return "rule_disabled"
    if one.matched:
        return "rule_also" if decided else "rule_decides"
    return "rule_unmatched"


def _outcome(decision: rules.Decision, language: str) -> str:
    """Say what would be done, by which rule."""
    if decision.action is None:
        return say(language, "rule_no_outcome")
    done = [say(language, OUTCOMES[decision.action])]
    done += [say(language, "then_mark", value=decision.mark)] if decision.mark else []
    done += [say(language, "then_move", value=decision.move)] if decision.move else []
    return say(language, "rule_outcome", rule=decision.rule, what="; ".join(done))
