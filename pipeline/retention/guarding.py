"""Asking the guard about a plan: the facts are looked up, and where the coach must look first she is asked, once.

What she has said yes to is that very plan, known by its fingerprint: another plan is another question. The latest
moment that was seen is remembered only while the guard believes the clock, and with it when the computer was started by
that clock; of the copies in the mailbox some are remembered, so that their absence is noticed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline import questions
from pipeline.edges import mailbox
from pipeline.model import AttentionState, CopyState, ErasureState, PurgeState, Reason
from pipeline.policy import guard
from pipeline.policy.guard import Circumstances, reasons_to_wait
from pipeline.practice import Practice
from pipeline.retention import clock

WHAT = "plan"
LYING, REMEMBERED = "copies seen", 200
"""The setting with the tokens of some copies that were seen to lie in the mailbox, and of how many at most."""
AGREED = "agreed_"
WITHDRAWN = "withdrawn"
LATELY = timedelta(days=90)
NEWEST, WITNESSES = 20, 3
PUT_DOWN = f"""
SELECT (SELECT count(*) FROM erasures WHERE state = '{ErasureState.PLANNED}')
    + (SELECT count(*) FROM purges WHERE state IN ('{PurgeState.DUE}', '{PurgeState.REMOVING}') AND NOT at_once)
"""  # noqa: S608 - only our own words are put in
SHOULD_LIE = f"""
SELECT count(*) FROM messages
WHERE (copy_state = '{CopyState.FILED}' OR token IN (SELECT value FROM json_each(?))) AND token NOT IN
    (SELECT token FROM purges WHERE token IS NOT NULL AND state IN ('{PurgeState.GONE}', '{PurgeState.REMOVING}'))
"""  # noqa: S608 - only our own words are put in
SEEN_TO_LIE = """
SELECT json_group_array(token) FROM (SELECT DISTINCT token FROM copies
    WHERE token NOT IN (SELECT token FROM purges WHERE token IS NOT NULL AND done_at IS NOT NULL) LIMIT ?)
"""


@dataclass(frozen=True)
class Intended:
    """A plan: the things that would go, how many of them because a day has come, and the most that went in a day.

    `road` says whether it is about mail in the mailbox, about what is held, or about nothing but the clock: of each
    there is one question at a time.
    """

    things: tuple[str, ...]
    by_clock: int
    usual: int
    road: str = "purge"

    @property
    def name(self) -> str:
        """What the plan is known by."""
        return _short("\n".join(sorted(self.things)))

    @property
    def marks(self) -> list[str]:
        """What its things are known by."""
        return sorted(map(_short, self.things))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def note_clock(practice: Practice, now: datetime) -> None:
    """Remember the latest moment that was seen, unless the clock jumped since: then only a witness can tell."""
    if guard.believed(_of_clock(practice, now)):
        with practice.database.transaction():
            clock.go_on(practice, now)


def clock_stands(practice: Practice, now: datetime, *, asked: bool = False) -> bool:
    """Tell whether terms can be looked at now; while the clock is behind and something waits for it, she is asked why.

    Of a clock that is behind nothing would ever be due, so that no plan would come to be asked about.
    """
    if not guard.behind(_of_clock(practice, now)):
        with practice.database.transaction():
            _withdraw(practice, clock.CLOCK, now)
        return True
    waiting = practice.database.value(PUT_DOWN)
    about = Intended((f"clock {clock.seen(practice)}",), waiting, waiting, clock.CLOCK)
    return not waiting or may(practice, about, None, now, asked=asked)


def lately(now: datetime) -> str:
    """Give the moment from which on counts what is usual."""
    return (now - LATELY).isoformat()


def may(practice: Practice, plan: Intended, box: mailbox.Mailbox | None, now: datetime, *, asked: bool = False) -> bool:
    """Tell whether a plan may be carried out now; else the coach is asked about it.

    `asked`: she has just said so herself. Without a mailbox there is no witness of the clock.
    """
    reasons = reasons_to_wait(_circumstances(practice, plan, box, now))
    said_yes = asked or _agreed(practice, plan)
    with practice.database.transaction():
        if reasons and not said_yes:
            _ask(practice, plan, reasons, now)
            return False
        if plan.by_clock:
            clock.believe(practice, now)
        if box is not None:
            practice.database.keep_setting(LYING, practice.database.value(SEEN_TO_LIE, REMEMBERED))
        if reasons:
            _remember(practice, plan)
        _withdraw(practice, plan.road, now)
    return True


def _ask(practice: Practice, plan: Intended, reasons: list[Reason], now: datetime) -> None:
    """Ask about this plan, once, and no more about the one that it takes the place of."""
    asked = practice.database.row(
        "SELECT number, decision FROM attention WHERE what = ? AND reasons LIKE ?", WHAT, _like(plan.name)
    )
    if asked is not None and asked["decision"] != WITHDRAWN:
        return
    _withdraw(practice, plan.road, now)
    if asked is not None:
        practice.database.run(
            "UPDATE attention SET state = ?, settled_at = NULL, decision = NULL WHERE number = ?",
            AttentionState.OPEN, asked["number"],
        )  # fmt: skip
        return
    word, count = ("clock_called", plan.by_clock) if plan.road == clock.CLOCK else ("plan_called", len(plan.things))
    called: Reason = (word, {"plan": plan.name, "count": str(count), "road": plan.road})
    questions.ask(practice, WHAT, now, [*reasons, called])


def _withdraw(practice: Practice, road: str, now: datetime) -> None:
    """Take an open question from before the coach: its plan was carried out, or is another one now.

    Its row stays, so that its number never means another plan.
    """
    practice.database.run(
        "UPDATE attention SET state = ?, settled_at = ?, decision = ? WHERE what = ? AND state = ? AND reasons LIKE ?",
        AttentionState.SETTLED, now.isoformat(), WITHDRAWN, WHAT, AttentionState.OPEN, _like(road),
    )  # fmt: skip


def _remember(practice: Practice, plan: Intended) -> None:
    """Keep what she said yes to: a part of it that is left for later is not asked about again."""
    practice.database.keep_setting(AGREED + plan.road, json.dumps(plan.marks))


def witness(box: mailbox.Mailbox) -> datetime | None:
    """Give the middle one of the dates of the newest mails in the inbox, which the provider's clock wrote.

    Not the latest: one mail with a date in the future (copied there by another program) would bear witness to any
    clock. None where there are too few.
    """
    state = box.examine("INBOX")
    following = state.next_uid or 1
    newest = box.glimpses(box.uids(max(1, following - NEWEST), following))
    dates = sorted(one.internal_date for one in newest if one.internal_date)
    return dates[(len(dates) - 1) // 2] if len(dates) >= WITNESSES else None


def _agreed(practice: Practice, plan: Intended) -> bool:
    """Tell whether the coach has said yes to this plan, or to one of which it is what is left."""
    if practice.database.value(
        "SELECT 1 FROM attention WHERE what = ? AND state = ? AND decision = 'accepted' AND reasons LIKE ?",
        WHAT, AttentionState.SETTLED, _like(plan.name),
    ):  # fmt: skip
        return True
    kept = json.loads(practice.database.setting(AGREED + plan.road) or "null")
    return kept is not None and set(plan.marks) <= set(kept)


def _like(word: str) -> str:
    return f'%"{word}"%'


def _circumstances(practice: Practice, plan: Intended, box: mailbox.Mailbox | None, now: datetime) -> Circumstances:
    known, present = _lying(practice) if box else (0, 0)
    return Circumstances(
        now, clock.seen(practice), witness(box) if box and plan.by_clock else None, planned=plan.by_clock,
        moved=clock.moved(practice), usual=plan.usual, known=known, present=present,
    )  # fmt: skip


def _of_clock(practice: Practice, now: datetime) -> Circumstances:
    """Give what is known of the clock alone."""
    return Circumstances(now, clock.seen(practice), None, planned=0, moved=clock.moved(practice))


def _lying(practice: Practice) -> tuple[int, int]:
    """Give how many copies should lie in the mailbox, and of how many mails a copy was seen now.

    They should lie there where we filed them, and where they were seen the last time, whoever filed them.
    """
    remembered = practice.database.setting(LYING) or "[]"
    filed = practice.database.value(SHOULD_LIE, remembered)
    return filed, practice.database.value("SELECT count(DISTINCT token) FROM copies")
