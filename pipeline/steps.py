"""How a step goes through its items: one that fails unexpectedly is logged, and the next proceeds (P7)."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from pipeline.errors import PipelineError

LOG = logging.getLogger("pipeline")
Item = TypeVar("Item")


def each(
    items: Iterable[Item],
    act: Callable[[Item], int],
    stopping: threading.Event,
    after_defect: Callable[[Item], None] | None = None,
) -> int:
    """Do `act` for each item and add up what it gives, until `stopping`; a defect in one does not stop the others.

    Expected errors (`PipelineError`) and system errors go up. After a defect `after_defect` may put the item's row
    right.
    """
    done = 0
    for item in items:
        if stopping.is_set():
            break
        try:
            done += act(item)
        except (PipelineError, OSError):
            raise
        except Exception as defect:  # noqa: BLE001
            # The one blanket except: a defect must not end the service. Its row stays where it is and `status` shows
            # that it waits; the log gets the places in the code, without the message, which may quote a person.
            LOG.error("defect, please report: %s", places(defect))  # noqa: TRY400 - a traceback would quote values
            if after_defect is not None:
                after_defect(item)
    return done


def places(error: BaseException) -> str:
    """Give the kind of an error and where it came from, without any of its values."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return f"{type(error).__name__} at " + " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
