"""Whether anything is left: the raw bytes of everything in the storage are searched for the values that were erased.

The values are kept in memory only, for as long as the search takes. A value that is still held for somebody else (two
dossiers of one client, one sponsor of two clients) is no trace.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.edges.database import Database
from pipeline.edges.storage import Storage
from pipeline.policy.schema.base import Grade
from pipeline.practice import Practice
from pipeline.retention.holdings import Part

SHORTEST = 5
PIECE = 1 << 20
MOST_AT_ONCE = 2000

Where = tuple[str, str]
"""A dossier and the name of one of its parts."""


@dataclass
class Values:
    """The values of the parts that were erased now; of a part that was erased before a stop they are not known."""

    of: dict[Where, set[str]] = field(default_factory=dict)
    files: dict[Where, list[Path]] = field(default_factory=dict)

    def remember(self, practice: Practice, part: Part, key: str, where: Where) -> list[str]:
        """Keep in memory what a part holds, before it goes; gives its files."""
        rows = practice.database.rows(part.values, key) if part.values else []
        files = part.files(practice.database, practice.storage, key)
        self.of[where] = {str(row[0]) for row in rows if len(str(row[0])) >= SHORTEST}
        self.files[where] = [practice.storage.path(name) for name in files]
        return files

    def found(self, storage: Storage, database: Database) -> set[str]:
        """Give the values that are still somewhere in the storage, though no row holds them any more."""
        every = sorted(set().union(*self.of.values()))
        gone = [value for value in every if not _held(database, value)]
        found: set[str] = set()
        for at in range(0, len(gone), MOST_AT_ONCE):
            found |= _search(storage, gone[at : at + MOST_AT_ONCE])
        return found

    def grade(self, where: Where, left: set[str]) -> Grade:
        """Give what was proved of one part: its values searched for in raw bytes, or only its files seen to be gone."""
        if self.of.get(where, set()) & left or any(path.exists() for path in self.files.get(where, [])):
            return Grade.COMMANDED
        return Grade.UNRECOVERABLE_INSIDE if self.of.get(where) else Grade.OBSERVED_ABSENT


def _held(database: Database, value: str) -> bool:
    """Tell whether a living row holds a value."""
    return bool(
        database.value(
            "SELECT 1 FROM requests, json_tree(facts) AS found WHERE found.value = ?1 AND found.type = 'text'"
            " UNION ALL SELECT 1 FROM messages WHERE recipient = ?1"
            " UNION ALL SELECT 1 FROM invoices, json_tree(statutory) AS found WHERE found.value = ?1"
            " UNION ALL SELECT 1 FROM invoices, json_tree(coalesce(rest, '{}')) AS found WHERE found.value = ?1"
            " LIMIT 1",
            value,
        )
    )  # fmt: skip


def _search(storage: Storage, values: list[str]) -> set[str]:
    written = {form: value for value in values for form in _forms(value)}
    if not written:
        return set()
    pattern = re.compile(b"|".join(re.escape(form) for form in sorted(written, key=len, reverse=True)))
    longest = max(map(len, written))
    files = (path for path in sorted(storage.root.rglob("*")) if path.is_file())
    return {written[found] for path in files for found in _matches(path, pattern, longest)}


def _forms(value: str) -> set[bytes]:
    """Give a value as it can stand in a file: in UTF-8, and as JSON writes it."""
    return {value.encode(), json.dumps(value)[1:-1].encode()}


def _matches(path: Path, pattern: re.Pattern[bytes], longest: int) -> Iterator[bytes]:
    """Give what is found in a file, read piece by piece; pieces overlap so that nothing falls between them."""
    kept = b""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            text = kept + piece
            yield from (found[0] for found in pattern.finditer(text))
            kept = text[-longest:]
