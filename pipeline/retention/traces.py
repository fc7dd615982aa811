"""Whether anything is left: all that is in the storage is searched for the values that were erased.

The values are kept in memory only, for as long as the search takes. Searched are the bytes of every file, and of every
mail also what it says once it is decoded. What is not proved to be gone is never counted as gone: a value that a living
row still holds, in this dossier or in another, and one whose dossier still keeps papers that no search can read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pipeline.config.practice import PracticeFile
from pipeline.edges.database import Database
from pipeline.edges.storage import Storage
from pipeline.model import message_file
from pipeline.policy.schema.base import Grade
from pipeline.practice import Practice
from pipeline.retention.mail_text import on_one_line, said
from pipeline.retention.part import Part

SHORTEST = 5
PIECE = 1 << 20
MAIL = ".eml"
READABLE = frozenset({".yaml", ".xml", ".md", ".json", ".txt"})
"""The files of a dossier whose text stands in their bytes; in a PDF, a picture or a zip it does not."""

Where = tuple[str, str]
"""A dossier and the name of one of its parts."""

HOLD = """
WITH sought AS (SELECT value FROM json_each(?1)), held AS (
    SELECT found.value FROM requests, json_tree(facts) AS found WHERE found.type = 'text'
    UNION ALL SELECT recipient FROM messages
    UNION ALL SELECT found.value FROM invoices, json_tree(statutory) AS found WHERE found.type = 'text'
    UNION ALL SELECT found.value FROM invoices, json_tree(coalesce(rest, '{}')) AS found WHERE found.type = 'text')
SELECT value FROM sought WHERE value IN (SELECT value FROM held)
"""
MAILS = """
SELECT file FROM mails WHERE dossier = ?1 AND file <> '' UNION SELECT token FROM messages WHERE dossier = ?1
"""


class Left(StrEnum):
    """Why a part that was erased is not proved to be gone from everything that is kept."""

    FILE = "file"
    HELD = "held"
    SEEN = "seen"
    UNREAD = "unread"


@dataclass(frozen=True)
class Sight:
    """What was seen of the values after they went: held by rows that stay, seen in bytes, and what no search can read.

    `unread` are the dossiers that still keep such papers.
    """

    held: frozenset[str]
    seen: frozenset[str]
    unread: frozenset[str]


@dataclass
class Values:
    """The values of the parts that were erased now; of a part that was erased before a stop they are not known."""

    of: dict[Where, set[str]] = field(default_factory=dict)
    files: dict[Where, list[Path]] = field(default_factory=dict)

    def remember(self, practice: Practice, part: Part, key: str, where: Where) -> list[str]:
        """Keep in memory what a part holds, before it goes; gives its files."""
        rows = practice.database.rows(part.values, key) if part.values else []
        files = part.files(practice.database, practice.storage, key)
        self.of[where] = {str(row[0]) for row in rows if len(str(row[0])) >= SHORTEST} - _own(practice.file)
        self.files[where] = [practice.storage.path(name) for name in files]
        return files

    def look(self, storage: Storage, database: Database, going: Iterable[str]) -> Sight:
        """Look for every value everywhere; what a row still holds is there, and need not be looked for.

        `going` are files that are not kept: a stop came before they were erased, and they go when it is carried on.
        """
        every = set().union(*self.of.values())
        held = _held(database, every)
        seen, closed = _search(storage, every - held)
        dossiers = {dossier for (dossier, _), values in self.of.items() if dossier and values}
        closed |= {path for one in dossiers for path in _papers(storage, one)}
        closed -= {storage.path(name) for name in going}
        unread = {one for one in dossiers if _keeps(storage, database, one, closed)}
        return Sight(frozenset(held), frozenset(seen), frozenset(unread))

    def left(self, where: Where, sight: Sight) -> list[Left]:
        """Give each reason for which a part is not proved to be gone; none when it is."""
        values = self.of.get(where, set())
        reasons = {
            Left.FILE: any(path.exists() for path in self.files.get(where, [])),
            Left.HELD: bool(values & sight.held),
            Left.SEEN: bool(values & sight.seen),
            Left.UNREAD: bool(values) and where[0] in sight.unread,
        }
        return [reason for reason, there in reasons.items() if there]

    def grade(self, where: Where, sight: Sight) -> Grade:
        """Give what was proved of a part: each value looked for and not found, or only its files seen to be gone."""
        if self.left(where, sight):
            return Grade.COMMANDED
        return Grade.UNRECOVERABLE_INSIDE if self.of.get(where) else Grade.OBSERVED_ABSENT


def _own(file: PracticeFile) -> set[str]:
    """Give what the practice says of itself: it stays, in its statement and on what it sends, and is about nobody."""
    return {str(value) for value in file.practice.model_dump().values()} | {file.mail.sender}


def _held(database: Database, values: Iterable[str]) -> set[str]:
    """Give the values that a living row holds, whosever it is: of those it cannot be seen that hers are gone."""
    return {row["value"] for row in database.rows(HOLD, json.dumps(sorted(values)))}


def _search(storage: Storage, values: Iterable[str]) -> tuple[set[str], set[Path]]:
    """Give the values that stand somewhere in the storage, and the mails with something in them that cannot be read."""
    sought = {form: value for value in values for form in _forms(value)}
    found, closed = set[str](), set[Path]()
    for path in (one for one in sorted(storage.root.rglob("*")) if sought and one.is_file()):
        texts = _mail(path, closed) if path.suffix == MAIL else _pieces(path, max(map(len, sought)))
        for text in texts:
            found.update(_in(text, sought, found))
    return found, closed


def _in(text: bytes, sought: Mapping[bytes, str], found: set[str]) -> list[str]:
    return [value for form, value in sought.items() if value not in found and form in text]


def _forms(value: str) -> set[bytes]:
    """Give a value as it can stand in a file: in UTF-8, as JSON writes it, and as a mail that breaks lines."""
    return {value.encode(), json.dumps(value)[1:-1].encode(), on_one_line(value).encode()}


def _pieces(path: Path, longest: int) -> Iterator[bytes]:
    """Give the bytes of a file, piece by piece; pieces overlap so that nothing falls between them."""
    kept = b""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            text = kept + piece
            yield text
            kept = text[-longest:]


def _mail(path: Path, closed: set[Path]) -> Iterator[bytes]:
    """Give the bytes of a mail, and what it says; it is put in `closed` when something in it cannot be read."""
    data = path.read_bytes()
    yield data
    for text in said(data):
        if text is None:
            closed.add(path)
        else:
            yield on_one_line(text).encode("utf-8", "replace")


def _papers(storage: Storage, dossier: str) -> Iterator[Path]:
    """Give the papers of a dossier whose text does not stand in their bytes."""
    files = (path for path in storage.path(f"dossiers/{dossier}").rglob("*") if path.is_file())
    return (path for path in files if path.suffix not in READABLE)


def _keeps(storage: Storage, database: Database, dossier: str, closed: set[Path]) -> bool:
    """Tell whether a dossier keeps one of these files, as a paper or as a mail."""
    mails = (str(row[0]) for row in database.rows(MAILS, dossier))
    own = {storage.path(name if name.endswith(MAIL) else message_file(name)) for name in mails}
    folder = storage.path(f"dossiers/{dossier}")
    return any(path in own or path.is_relative_to(folder) for path in closed)
