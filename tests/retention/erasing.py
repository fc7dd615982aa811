"""A process that erases what is due at a moment, to be killed: python -m tests.retention.erasing FOLDER MOMENT."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from pipeline.practice import opened
from pipeline.retention import timetable

if __name__ == "__main__":
    with opened(Path(sys.argv[1])) as practice:
        timetable.keep_promises(practice, datetime.fromisoformat(sys.argv[2]), lambda _: None, asked=True)
