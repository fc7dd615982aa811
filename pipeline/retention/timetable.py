"""The road in its order: what is due is put down, announced, deleted, erased; one cut short is made again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pipeline.errors import NotReachable
from pipeline.practice import Practice
from pipeline.retention import erase, guarding, mailing, planning, purge

Tell = Callable[[str], None]
ROUNDS = 3
"""Erasing a dossier has its mail deleted first: plan, mail, and then the rest."""


def keep_promises(practice: Practice, now: datetime, tell: Tell, *, asked: bool = False) -> int:
    """Delete and erase what is due now; gives how many things went. `asked`: the coach has seen the plan.

    Raises `NotReachable` when the mailbox is away: what hangs on it waits, everything else was done.
    """
    guarding.note_clock(practice, now)
    mailing.schedule(practice, now)
    planning.announce(practice, now)
    gone, away = 0, None
    for _ in range(ROUNDS):
        try:
            gone += purge.purge(practice, now, tell, asked=asked) if away is None else 0
        except NotReachable as error:
            away = error
        gone += erase.erase(practice, now, tell, asked=asked, mail_first=away is None)
    if away is not None:
        raise away
    return gone
