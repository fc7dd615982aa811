"""What lies outside every dossier and is no mail: refused files in the drop folders, and the daily notes.

A file is known by the keyed hash of its name and place, never by the name itself: that is a person's more often than
not. So is an empty folder in a drop folder: its name can be a person's too.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from pipeline import tokens
from pipeline.edges.beside import is_note
from pipeline.edges.folder import TAKEN
from pipeline.model import MessageState, Purpose
from pipeline.policy.plan import Held
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import Event
from pipeline.policy.terms import Life
from pipeline.practice import Practice

FILE, NOTED = "file ", "daily "
CLIENTS = "clients"
"""The drop folder whose files are known by their name alone."""


def held(practice: Practice) -> Iterator[Held]:
    """Give what lies in the drop folders and stayed there, and every daily note whose bytes are kept."""
    for within, where, saved in _lying(practice):
        yield _stray(Category.UNFILED, FILE + known_as(practice, where, within), Event.RECEIVED, practice.today(saved))
    for row in practice.database.rows(
        "SELECT token, queued_at FROM messages WHERE dossier IS NULL AND purpose = ? AND recipient <> ''"
        " AND state IN (?, ?, ?) ORDER BY token",
        Purpose.DAILY, MessageState.ACCEPTED, MessageState.REFUSED, MessageState.SUPERSEDED,
    ):  # fmt: skip
        written = practice.day_of(row["queued_at"])
        yield _stray(Category.LOG, NOTED + row["token"], Event.WRITTEN, written)


def known_as(practice: Practice, where: str, within: str = CLIENTS) -> str:
    """Give what a file in a drop folder is known by; only who has the key can tell which it is."""
    folder = "drop/" if within == CLIENTS else f"drop/{within}/"
    return tokens.seal(practice.key, folder + os.fsencode(where).hex())[:16]


def cited(part: str) -> dict[str, str]:
    """Give what the ledger says of a daily note beside its part: its token, by which a note knows it as no news."""
    return {"token": part.removeprefix(NOTED)} if part.startswith(NOTED) else {}


def remove(practice: Practice, known: str) -> None:
    """Remove a refused file and its note, or an empty folder, durably; it may be gone already."""
    for within, where, _saved in list(_lying(practice)):
        if known_as(practice, where, within) == known:
            practice.drops[within].erase(where)


def _lying(practice: Practice) -> Iterator[tuple[str, str, datetime]]:
    """Give every file in the drop folders, ignored ones too, with when it came there or was changed there.

    That is the time of the disk's own entry: the one that is shown travels with a file, and an old client file would go
    the day after it was refused. A note goes with its file; what is empty holds nothing, but for a folder's name.
    """
    for within, drop in practice.drops.items():
        for where in _names(drop.root, deeper=drop.accepts.folders):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                found = (drop.root / where).lstat()
                if found.st_size or stat.S_ISDIR(found.st_mode):
                    yield within, where, datetime.fromtimestamp(found.st_ctime, UTC)


def _names(root: Path, *, deeper: bool) -> Iterator[str]:
    """Give where files lie in a drop folder, those in its folders too where it has them, and each empty folder."""
    for name in sorted(os.listdir(root)):
        if not _is_folder(root / name):
            yield from () if is_note(name) else (name,)
        elif deeper and name != TAKEN:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
                inside = sorted(os.listdir(root / name))
                files = [one for one in inside if not is_note(one) and not _is_folder(root / name / one)]
                yield from (f"{name}/{one}" for one in files)
                if not inside:
                    yield name


def _is_folder(path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return stat.S_ISDIR(path.lstat().st_mode)
    return False


def _stray(category: Category, part: str, event: Event, on: date) -> Held:
    return Held("", category, part, Life(on, engaged=False, events={event: on}))
