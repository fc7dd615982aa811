"""How the tests put things into a drop folder, and look until it is settled."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.edges.folder import SETTLE, DropFolder, Dropped, Unfit

LONG_AGO = 1_700_000_000
TEXT = b"client: {name: S, email: s@home.example}\n"


def moved_in(root: Path, name: str, data: bytes = TEXT, *, at: float = LONG_AGO) -> Path:
    """Put a finished file there by moving it in, with a modification time of its own."""
    (root / name).parent.mkdir(exist_ok=True)
    made = root.parent / "made"
    made.write_bytes(data)
    os.utime(made, (at, at))
    return made.rename(root / name)


def dropped(found: list[Dropped | Unfit]) -> dict[str, bytes]:
    """Give what was read, by name."""
    return {one.name: one.data for one in found if isinstance(one, Dropped)}


def unfit(found: list[Dropped | Unfit]) -> dict[str, str]:
    """Give what was refused, by name, with the word that says why."""
    return {one.name: one.word for one in found if isinstance(one, Unfit)}


def settled(folder: DropFolder, patience: float = 20) -> list[Dropped | Unfit]:
    """Look until nothing is being written any more."""
    deadline = time.monotonic() + patience
    while True:
        found = folder.look()
        if not folder.waiting or time.monotonic() > deadline:
            return found
        time.sleep(SETTLE / 20)


def until(true: Callable[[], object], patience: float = 20) -> bool:
    """Wait until something is true; tells whether it became so."""
    deadline = time.monotonic() + patience
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
