"""How a step goes through its items: one that fails unexpectedly is logged, and the next proceeds (P7)."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from pipeline.errors import PipelineError, disk_failed
from pipeline.practice import Practice

LOG = logging.getLogger("pipeline")
Item = TypeVar("Item")
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=4)


def each(
    practice: Practice,
    items: Iterable[Item],
    act: Callable[[Item], int],
    after_defect: Callable[[Item], None] | None = None,
) -> int:
    """Do `act` for each item and add up what it gives, until the practice stops; one defect does not stop the others.

    Expected errors (`PipelineError`) and a failing disk go up. After a defect `after_defect` may put the item's row
    right.
    """
    done = 0
    for item in items:
        if practice.stopping.is_set():
            break
        try:
            done += act(item)
        except PipelineError:
            raise
        except Exception as defect:
            # The one blanket except: a defect must not end the service. Its row stays where it is and `status` shows
            # that it waits; the log gets the places in the code, without the message, which may quote a person.
            if isinstance(defect, OSError) and disk_failed(defect):
                raise
            _report(practice, places(defect))
            if after_defect is not None:
                after_defect(item)
    return done


def pause(attempts: int) -> timedelta:
    """Give how long to wait after `attempts` earlier tries: doubling from a minute, up to four hours."""
    return min(FIRST_PAUSE * (1 << min(attempts, 16)), LONGEST_PAUSE)


def _report(practice: Practice, text: str) -> None:
    """Log a defect once, however often the step is repeated."""
    if text not in practice.reported:
        practice.reported.add(text)
        LOG.error("defect, please report: %s", text)


def places(error: BaseException) -> str:
    """Give the kind of an error and where it came from, without any of its values."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return f"{type(error).__name__} at " + " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
