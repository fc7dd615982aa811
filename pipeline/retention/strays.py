"""What lies outside every dossier and is no mail: refused client files in the drop folder, and the daily notes.

A file is known by the keyed hash of its name, never by the name itself: that is a person's more often than not.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime

from pipeline import tokens
from pipeline.edges.folder import NOTE
from pipeline.model import MessageState, Purpose
from pipeline.policy.plan import Held
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import Event
from pipeline.policy.terms import Life
from pipeline.practice import Practice

FILE, NOTED = "file ", "daily "


def held(practice: Practice) -> Iterator[Held]:
    """Give what lies in the drop folder and stayed there, and every daily note whose bytes are kept."""
    for name, saved in _lying(practice):
        yield _stray(Category.UNFILED, FILE + known_as(practice, name), Event.RECEIVED, practice.today(saved))
    for row in practice.database.rows(
        "SELECT token, queued_at FROM messages WHERE dossier IS NULL AND purpose = ? AND recipient <> ''"
        " AND state IN (?, ?, ?) ORDER BY token",
        Purpose.DAILY, MessageState.ACCEPTED, MessageState.REFUSED, MessageState.SUPERSEDED,
    ):  # fmt: skip
        written = practice.day_of(row["queued_at"])
        yield _stray(Category.LOG, NOTED + row["token"], Event.WRITTEN, written)


def known_as(practice: Practice, name: str) -> str:
    """Give what a file in the drop folder is known by; only who has the key can tell which it is."""
    return tokens.seal(practice.key, "drop/" + os.fsencode(name).hex())[:16]


def cited(part: str) -> dict[str, str]:
    """Give what the ledger says of a daily note beside its part: its token, by which a note knows it as no news."""
    return {"token": part.removeprefix(NOTED)} if part.startswith(NOTED) else {}


def remove(practice: Practice, known: str) -> None:
    """Remove a refused file and its note, durably; it may be gone already."""
    for name, _saved in list(_lying(practice)):
        if known_as(practice, name) == known:
            practice.drop.erase(name)


def _lying(practice: Practice) -> Iterator[tuple[str, datetime]]:
    """Give every file in the drop folder, ignored ones too, with when it came there or was changed there.

    That is the time of the disk's own entry: the one that is shown travels with a file, and an old client file would go
    the day after it was refused. A note goes with its file; what is empty holds nothing.
    """
    for name in sorted(os.listdir(practice.drop.root)):
        with contextlib.suppress(FileNotFoundError):
            found = (practice.drop.root / name).lstat()
            if found.st_size and not stat.S_ISDIR(found.st_mode) and not name.endswith(tuple(NOTE.values())):
                yield name, datetime.fromtimestamp(found.st_ctime, UTC)


def _stray(category: Category, part: str, event: Event, on: date) -> Held:
    return Held("", category, part, Life(on, engaged=False, events={event: on}))
