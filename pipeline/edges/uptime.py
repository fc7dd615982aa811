"""The computer's other clock: since its start it only counts on, also while it sleeps, whatever is set on the wall.

Leaves when this start was, as the clock on the wall has it: within one start that day and hour stay the same, and only
somebody who sets the clock moves them. Nothing where the system does not tell (it is asked as Linux tells it).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

NAME = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Start:
    """One start of this computer: its name, which no other start has, and when it was by the clock on the wall."""

    name: str
    at: datetime


def start() -> Start | None:
    """Give the start since which this computer has been on; None where it cannot be told apart from another."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    try:
        name = NAME.read_text("ascii").strip()
    except OSError:
        return None
    if clock is None or not name:
        return None
    return Start(name, datetime.fromtimestamp(time.time() - time.clock_gettime(clock), UTC))
