"""The demo's years: the coaching is closed, the clock runs on, and what was promised to go, goes; the books last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from pipeline import attention, evidence
from pipeline.edges import mailbox
from pipeline.practice import Practice
from pipeline.retention import closing, forecast, planning, timetable
from pipeline.words import say

Say = Callable[[str, str], None]
AHEAD, SOON = timedelta(days=15), timedelta(hours=1)


def run(practice: Practice, now: datetime, tell: Say) -> bool:
    """Close the dossier, let its term pass, and have everything of it go; tells whether all is gone."""
    reference: str = practice.database.value("SELECT reference FROM dossiers")
    day = closing.close(practice, reference, now)
    tell("coach", f"pipeline close {reference}   (the coaching is over on {day})")
    for line in forecast.of_dossier(practice, reference, practice.today(now)):
        tell("pipeline", " ".join(forecast.sentence(line, practice.file.language)))
    tell("clock", "runs on an hour: what is promised to go at once, goes")
    _pass(practice, now + SOON, tell)
    while days := [one.term.due for one in planning.endings(practice, day) if one.term.due]:
        day = _until(practice, datetime.combine(min(days), now.timetz()), tell)
    return not practice.database.value("SELECT 1 FROM dossiers")


def _until(practice: Practice, then: datetime, tell: Say) -> date:
    """Let the clock run on to a day on which something goes; gives that day."""
    tell("clock", f"runs on to {(then - AHEAD).date()}: what goes is announced")
    _pass(practice, then - AHEAD, tell)
    tell("clock", f"runs on to {then.date()}")
    for _ in range(2):
        _pass(practice, then, tell)
        _agree(practice, then, tell)
    _pass(practice, then, tell)
    return then.date()


def _pass(practice: Practice, now: datetime, tell: Say) -> None:
    timetable.keep_promises(practice, now, lambda text: tell("pipeline", text))


def _agree(practice: Practice, now: datetime, tell: Say) -> None:
    """Let the coach look at the plan that waits for her, because five years in one step are not usual, and agree."""
    for one in attention.waiting(practice):
        if one.what == "plan":
            for reason in one.reasons:
                tell("pipeline", reason)
            tell("coach", f"pipeline attention accept {one.number}")
            attention.accept(practice, one.number, now)


def lying(practice: Practice) -> dict[str, int]:
    """Count the mails in each folder of the coach's mailbox."""
    server = practice.file.mail.imap
    assert server is not None
    with mailbox.opened(server, lambda: practice.secret_of(server)) as box:
        counted = {}
        for folder in box.folders():
            state = box.examine(folder.name)
            counted[folder.name] = len(box.uids(1, state.next_uid or 1))
    return counted


def proved(practice: Practice, now: datetime) -> list[str]:
    """Give the clauses that ran, as `pipeline clauses` has them: how often, when last, how well proved."""
    language = practice.file.language
    return [
        f"{one.clause:6} {one.times:3} x   {one.last}   {say(language, f'grade_{one.grade}') if one.grade else '-'}"
        for one in evidence.proofs(practice, now) if one.times
    ]  # fmt: skip
