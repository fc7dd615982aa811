"""What this practice has seen of the time: its latest moment, and the computer's start by the clock on the wall.

Both are rows in `settings`; whether a moment is believed is not decided here (`policy.guard`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.edges import uptime
from pipeline.practice import Practice

CLOCK, START = "clock", "start of the computer"


def seen(practice: Practice) -> datetime | None:
    """Give the latest moment that was seen; before there was one, that of the newest work that came in."""
    at = practice.database.setting(CLOCK) or practice.database.value("SELECT max(accepted_at) FROM requests")
    return datetime.fromisoformat(at) if at else None


def moved(practice: Practice) -> timedelta:
    """Give by how much the clock was put forward since this computer was started; nothing where that is not known."""
    started, (name, at) = uptime.start(), _noted(practice)
    return started.at - datetime.fromisoformat(at) if started is not None and started.name == name else timedelta()


def go_on(practice: Practice, now: datetime) -> None:
    """Remember a moment that time has come to by itself; of a new start of the computer also when that was."""
    practice.database.keep_setting(CLOCK, now.isoformat())
    if (started := uptime.start()) is not None and started.name != _noted(practice)[0]:
        _note(practice, started)


def believe(practice: Practice, now: datetime) -> None:
    """Remember a moment however the clock came to it, because the guard, or the coach, says that it is right."""
    practice.database.keep_setting(CLOCK, now.isoformat())
    if (started := uptime.start()) is not None:
        _note(practice, started)


def _note(practice: Practice, started: uptime.Start) -> None:
    practice.database.keep_setting(START, f"{started.name} {started.at.isoformat()}")


def _noted(practice: Practice) -> tuple[str, str]:
    name, _, at = (practice.database.setting(START) or "").partition(" ")
    return name, at
