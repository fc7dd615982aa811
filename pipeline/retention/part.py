"""What is held together and goes together: its files, what is done to its rows, and the values to look for after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.edges.database import Database
from pipeline.edges.storage import Storage
from pipeline.practice import Practice

Files = Callable[[Database, Storage, str], list[str]]
Outside = Callable[[Practice, str], None]


@dataclass(frozen=True)
class Part:
    """One part: the files that hold it, the statements that take it out of the rows, and the values to look for after.

    Everything is asked of one key: the dossier's reference, or the number of a mail that belongs to none. `outside`
    removes what lies outside the storage.
    """

    files: Files
    rows: tuple[str, ...]
    values: str = ""
    outside: Outside | None = None
