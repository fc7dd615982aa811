"""The road in its order: what is due is put down, announced, deleted, erased; one cut short is made again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pipeline.errors import NotReachable
from pipeline.practice import Practice
from pipeline.retention import answers, closing, drafts, erase, forgotten, guarding, learning, planning
from pipeline.retention.mail import mailing, purge

Tell = Callable[[str], None]
ROUNDS = 3
"""Erasing a dossier has its mail deleted first: plan, mail, and then the rest."""


def keep_promises(practice: Practice, now: datetime, tell: Tell, *, asked: bool = False) -> int:
    """Delete and erase what is due now; gives how many things went. `asked`: the coach has seen the plan.

    What a clock that is behind says is due is not what was announced: that stays as it was until the clock is right.
    A dossier waits for its own mail no longer than this pass. When the practice is stopping, what is at hand is
    finished and the rest is left for the next time.

    Raises `NotReachable` when the mailbox is away: what hangs on it waits, everything else was done.
    """
    guarding.note_clock(practice, now)
    mailing.schedule(practice, now)
    if guarding.clock_stands(practice, now, asked=asked):
        _hear(practice, now)
        planning.announce(practice, now)
        learning.destroy_keys(practice, now)
    gone, away = drafts.go(practice, now, tell), None
    for further in reversed(range(ROUNDS)):
        if practice.stopping.is_set():
            break
        try:
            gone += purge.purge(practice, now, tell, asked=asked) if away is None else 0
        except NotReachable as error:
            away = error
        gone += erase.erase(practice, now, tell, asked=asked, mail_first=away is None and further > 0)
    if away is not None:
        raise away
    return gone


def _hear(practice: Practice, now: datetime) -> None:
    """Take over what was said of closing: by the coach in a file, by a client in answer; and ask about what was not."""
    closing.by_file(practice, now)
    with practice.database.transaction():
        answers.heed(practice, now)
    forgotten.ask(practice, now)
