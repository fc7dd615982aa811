"""Asking the guard about a plan: the facts are looked up, and where the coach must look first she is asked, once.

What she has said yes to is that very plan, known by its fingerprint: another plan is another question. The latest
moment that was seen is remembered only while the guard believes the clock.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline import questions
from pipeline.edges import mailbox
from pipeline.model import AttentionState, Reason
from pipeline.policy.guard import LONGEST_SLEEP, Circumstances, reasons_to_wait
from pipeline.practice import Practice

WHAT = "plan"
CLOCK = "clock"
AGREED = "agreed_"
WITHDRAWN = "withdrawn"
LATELY = timedelta(days=90)
NEWEST, WITNESSES = 20, 3


@dataclass(frozen=True)
class Intended:
    """A plan: the things that would go, how many of them because a day has come, and the most that went in a day.

    `road` says whether it is about mail in the mailbox or about what is held: of each there is one question at a time.
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
    seen = _seen(practice)
    if seen is None or seen < now <= seen + LONGEST_SLEEP:
        practice.database.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", CLOCK, now.isoformat())


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
        practice.database.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", CLOCK, now.isoformat())
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
    called: Reason = ("plan_called", {"plan": plan.name, "count": str(len(plan.things)), "road": plan.road})
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
    kept = json.dumps(plan.marks)
    practice.database.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", AGREED + plan.road, kept)


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


def _seen(practice: Practice) -> datetime | None:
    """Give the latest moment that was seen; before there was one, that of the newest work that came in."""
    seen = practice.database.value("SELECT value FROM settings WHERE name = ?", CLOCK)
    seen = seen or practice.database.value("SELECT max(accepted_at) FROM requests")
    return datetime.fromisoformat(seen) if seen else None


def _agreed(practice: Practice, plan: Intended) -> bool:
    """Tell whether the coach has said yes to this plan, or to one of which it is what is left."""
    if practice.database.value(
        "SELECT 1 FROM attention WHERE what = ? AND state = ? AND decision = 'accepted' AND reasons LIKE ?",
        WHAT, AttentionState.SETTLED, _like(plan.name),
    ):  # fmt: skip
        return True
    kept = practice.database.value("SELECT value FROM settings WHERE name = ?", AGREED + plan.road)
    return bool(kept) and set(plan.marks) <= set(json.loads(kept))


def _like(word: str) -> str:
    return f'%"{word}"%'


def _circumstances(practice: Practice, plan: Intended, box: mailbox.Mailbox | None, now: datetime) -> Circumstances:
    known, present = _lying(practice) if box else (0, 0)
    return Circumstances(
        now, _seen(practice), witness(box) if box and plan.by_clock else None, planned=plan.by_clock,
        usual=plan.usual, known=known, present=present,
    )  # fmt: skip


def _lying(practice: Practice) -> tuple[int, int]:
    """Give how many mails were filed in the mailbox and should lie there, and of how many a copy was seen."""
    filed = practice.database.value(
        "SELECT count(*) FROM messages WHERE copy_state = 'filed' AND token NOT IN"
        " (SELECT token FROM purges WHERE token IS NOT NULL AND state IN ('gone', 'removing'))"
    )
    return filed, practice.database.value("SELECT count(DISTINCT token) FROM copies")
