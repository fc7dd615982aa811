"""Whether a plan to delete may be carried out without a person: pure, from what is known of clock and mailbox.

Nothing surprising is done: a plan much larger than usual, a clock that jumped, or a mailbox that is suddenly empty
waits for the coach. What is deleted at its acceptance depends on no clock and is asked only about the mailbox.

What is still believed: a clock that was put forward by less than `STEP`; and, after the computer was off (or where
nothing counts how long it was on), a clock that is up to `LONGEST_SLEEP` later than all that was seen: an empty battery
and a laptop in a drawer look alike then. A computer that wakes up with a wrong hardware clock counts its sleep by that,
so its two clocks agree. What the mail servers say of the time is known only from the newest mails in the inbox.
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
STEP = timedelta(hours=3)
"""By how much a clock may be put right without a word: a time zone that was wrong, a summer time that was forgotten."""
FEW = 5


@dataclass(frozen=True)
class Circumstances:
    """What is known when a plan is about to be carried out.

    `seen` is the latest moment that the program has seen; `witness` the date of the newest mail in the account, which
    the provider's clock wrote, None where there is none; `moved` by how much the clock was put forward since this
    computer was started, less than nothing when it was put back. `planned` counts what would go because its day has
    come: it hangs on the clock; `usual` is the most that went in one day of late; `known` and `present` count the
    copies of our mail that were known and those that are still there.
    """

    now: datetime
    seen: datetime | None
    witness: datetime | None
    planned: int
    moved: timedelta = timedelta()
    usual: int = 0
    known: int = 0
    present: int = 0


def reasons_to_wait(facts: Circumstances) -> list[Reason]:
    """Give why the coach must look first, or nothing."""
    return [*_clock(facts), *_amount(facts), *_mailbox(facts)]


def behind(facts: Circumstances) -> bool:
    """Tell whether the clock is behind what it must be at least: what was seen, or what has passed since."""
    latest = _latest(facts)
    return latest is not None and facts.now < max(latest, _counted(facts)) - BEHIND


def put_forward(facts: Circumstances) -> bool:
    """Tell whether the clock was put forward further than any time that passed, and no mail bears it out."""
    return facts.moved > STEP and facts.now > max(_counted(facts), facts.witness or _counted(facts)) + STEP


def believed(facts: Circumstances) -> bool:
    """Tell whether this moment may be remembered as seen: it goes on from the last one, as time does."""
    going_on = facts.seen is None or facts.seen < facts.now <= facts.seen + LONGEST_SLEEP
    return going_on and not put_forward(facts) and not behind(facts)


def _clock(facts: Circumstances) -> Iterator[Reason]:
    latest = _latest(facts)
    if not facts.planned or latest is None:
        return
    if behind(facts):
        yield "clock_behind", {"now": _day(facts.now), "seen": _day(max(latest, _counted(facts)))}
    if put_forward(facts):
        yield "clock_moved", {"now": _day(facts.now), "seen": _day(_counted(facts))}
    elif facts.now > latest + LONGEST_SLEEP:
        yield "clock_ahead", {"now": _day(facts.now), "seen": _day(latest)}


def _latest(facts: Circumstances) -> datetime | None:
    return max((at for at in (facts.seen, facts.witness) if at), default=None)


def _counted(facts: Circumstances) -> datetime:
    """Give what the clock would say if nobody had set it since the computer was started."""
    return facts.now - facts.moved


def _amount(facts: Circumstances) -> Iterator[Reason]:
    most = max(USUALLY_AT_MOST, TIMES_USUAL * facts.usual)
    if facts.planned > most:
        yield "plan_large", {"planned": str(facts.planned), "usual": str(facts.usual)}


def _mailbox(facts: Circumstances) -> Iterator[Reason]:
    if facts.known >= FEW and facts.present == 0:
        yield "mailbox_empty", {"known": str(facts.known)}


def _day(at: datetime) -> str:
    return at.date().isoformat()
