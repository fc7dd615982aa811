"""A press for each set of templates, and a reader, kept for all the practices that tests open in their own process.

Starting one takes most of a second, which the program spends once a day and a test each time it opens a practice; what
YAML says, which time zones there are and how an empty database looks is kept too. Takes a folder; leaves nothing there
once closed.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
import sqlite3
import threading
import zoneinfo
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.events import Event

from pipeline.config import fields
from pipeline.edges import office
from pipeline.edges.database import Database
from pipeline.edges.migrations import MIGRATIONS
from pipeline.edges.press import Press
from pipeline.edges.reader import Reader
from pipeline.practice import Practice

MOST = 4
LARGE = 1 << 16
TEXTS = 64


class Warm:
    """The newest presses, by what their templates say, and one reader."""

    def __init__(self, root: Path) -> None:
        """Keep their folders below `root`; nothing is started before it is used."""
        self._root, self._presses, self._reader = root, dict[str, Press](), Reader(root / "reading")

    def serve(self, practice: Practice) -> None:
        """Let `practice` print and read with these; once more when its templates have been changed."""
        practice.press, practice.reader = self._press(practice.folder / "templates"), self._reader

    def close(self) -> None:
        """End them all."""
        for press in self._presses.values():
            press.close()
        self._reader.close()

    def _press(self, templates: Path) -> Press:
        seal = _seal(templates)
        press = self._presses.pop(seal) if seal in self._presses else self._made(templates, self._root / seal)
        self._presses[seal] = press  # the one that was asked for last stands last
        if len(self._presses) > MOST:
            self._presses.pop(next(iter(self._presses))).close()
        return press

    def _made(self, templates: Path, place: Path) -> Press:
        if not place.exists():
            shutil.copytree(templates, place / "templates", symlinks=True)
            (place / "press").mkdir()
        return Press(place / "templates", place / "press", office.to_pdf)


def _seal(templates: Path) -> str:
    """Give what tells one set of templates from another; a large file is a font, which no test changes."""
    seal = hashlib.sha256()
    for path in sorted(templates.rglob("*")):
        kind = path.lstat()
        seal.update(f"{path.relative_to(templates)} {kind.st_mode} {kind.st_size}\n".encode())
        if path.is_symlink() or not path.is_file():
            continue
        seal.update(path.read_bytes() if kind.st_size < LARGE else str(kind.st_mtime_ns).encode())
    return seal.hexdigest()[:16]


_kept: list[Warm] = []


@contextmanager
def kept(root: Path) -> Iterator[None]:
    """Keep what is started from now on, until the block ends."""
    warm = Warm(root)
    _kept.append(warm)
    try:
        yield
    finally:
        _kept.remove(warm)
        warm.close()


def serve(practice: Practice) -> None:
    """Let `practice` use what is kept, where anything is; once more when its templates have been changed."""
    for warm in _kept:
        warm.serve(practice)


@contextmanager
def parsed_once() -> Iterator[None]:
    """Let the YAML library give again what it said of a text: each practice that is opened has three of the same."""
    said, parse = OrderedDict[tuple[str, str], list[Event]](), YAML.parse

    def remembering(yaml: YAML, text: str) -> Iterator[Event]:
        if (key := (str(yaml.typ), text)) in said:
            yield from said[key]
            return
        events = []
        for event in parse(yaml, text):
            events.append(event)
            yield event
        said[key] = events  # not of a text in which something is wrong, nor of one that nobody read to its end
        if len(said) > TEXTS:
            said.popitem(last=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(YAML, "parse", remembering)
        yield


@contextmanager
def zones_found_once() -> Iterator[None]:
    """Let the list of time zones be read from this computer once: it is made of hundreds of files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fields, "available_timezones", functools.cache(zoneinfo.available_timezones))
        yield


@contextmanager
def tables_made_once() -> Iterator[None]:
    """Let the first database get its tables from the program, and each later one a copy of those; then it looks."""
    bring_up_to_date, made = Database._migrate, dict[str, sqlite3.Connection]()  # noqa: SLF001 - what takes long in it

    def copying(database: Database) -> None:
        own, steps = database._sql, str(MIGRATIONS)  # noqa: SLF001 - a copy is made of the connection itself
        # Not where several threads open one at the same moment: a copy takes the place of what another has written.
        alone = threading.current_thread() is threading.main_thread()
        empty = alone and not database.value("SELECT count(*) FROM sqlite_master")
        if empty and steps in made:
            made[steps].backup(own)
        bring_up_to_date(database)
        if empty and steps not in made:
            made[steps] = sqlite3.connect(":memory:")
            own.backup(made[steps])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "_migrate", copying)
        yield
    for copy in made.values():
        copy.close()
