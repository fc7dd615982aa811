"""Whether a plan to delete may be carried out without a person: pure, from what is known of clock and mailbox.

Nothing surprising is done: a plan much larger than usual, a clock that jumped, or a mailbox that is suddenly empty
waits for the coach. What is deleted at its acceptance depends on no clock and is asked only about the mailbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.model import Reason

USUALLY_AT_MOST = 20
TIMES_USUAL = 3
BEHIND = timedelta(days=1)
LONGEST_SLEEP = timedelta(days=45)
FEW = 5


@dataclass(frozen=True)
class Circumstances:
    """What is known when a plan is about to be carried out.

    `seen` is the latest moment that the program has seen; `witness` the date of the newest mail in the account, which
    the provider's clock wrote, None where there is none. `planned` counts what would go because its day has come: it
    hangs on the clock; `usual` is the most that went in one day of late; `known` and `present` count the copies
    of our mail that were known and those that are still there.
    """

    now: datetime
    seen: datetime | None
    witness: datetime | None
    planned: int
    usual: int = 0
    known: int = 0
    present: int = 0


def reasons_to_wait(facts: Circumstances) -> list[Reason]:
    """Give why the coach must look first, or nothing."""
    return [*_clock(facts), *_amount(facts), *_mailbox(facts)]


def _clock(facts: Circumstances) -> Iterator[Reason]:
    if not facts.planned:
        return
    latest = max((at for at in (facts.seen, facts.witness) if at), default=None)
    if latest is None:
        return
    if facts.now < latest - BEHIND:
        yield "clock_behind", {"now": _day(facts.now), "seen": _day(latest)}
    if facts.now > latest + LONGEST_SLEEP:
        yield "clock_ahead", {"now": _day(facts.now), "seen": _day(latest)}


def _amount(facts: Circumstances) -> Iterator[Reason]:
    most = max(USUALLY_AT_MOST, TIMES_USUAL * facts.usual)
    if facts.planned > most:
        yield "plan_large", {"planned": str(facts.planned), "usual": str(facts.usual)}


def _mailbox(facts: Circumstances) -> Iterator[Reason]:
    if facts.known >= FEW and facts.present == 0:
        yield "mailbox_empty", {"known": str(facts.known)}


def _day(at: datetime) -> str:
    return at.date().isoformat()
