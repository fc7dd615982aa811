"""Which files each part of a dossier is held in, by the names that they have in the storage.

Gives names only, of files that are there or of which a row says so; what is done with them is decided elsewhere.
"""

from __future__ import annotations

import json

from pipeline.edges.database import Database
from pipeline.edges.storage import Storage
from pipeline.model import Kind, message_file
from pipeline.retention import course
from pipeline.retention.part import Files


def client_file(_database: Database, storage: Storage, dossier: str) -> list[str]:
    """Give every version of the client file of a dossier."""
    return _named(storage, dossier, f"{dossier}-client-v*.yaml")


def printed(kind: Kind) -> Files:
    """Give the files of a kind of document as they were printed; what was countersigned came back."""

    def files(_database: Database, storage: Storage, dossier: str) -> list[str]:
        found = _named(storage, dossier, f"{dossier}-{kind.number}-v*.pdf")
        return [name for name in found if not name.endswith("-countersigned.pdf")]

    return files


def returned(kind: Kind) -> Files:
    """Give the files of what came back of a kind of document, and of its countersigned copies."""

    def files(database: Database, storage: Storage, dossier: str) -> list[str]:
        rows = database.rows("SELECT kind, files, picture FROM returns WHERE dossier = ?", dossier)
        named = [(row["kind"], name) for row in rows for name in (*json.loads(row["files"]), row["picture"]) if name]
        others = {name for of, name in named if of != kind}  # two papers scanned into one file go with the later
        kept = [name for of, name in named if of == kind and name not in others]
        return [*kept, *_named(storage, dossier, f"{dossier}-{kind.number}-v*-countersigned.pdf")]

    return files


def whole(kind: Kind) -> Files:
    """Give the files of a kind of document that came in the course of a coaching, and of what came back of it."""
    back = returned(kind)

    def files(database: Database, storage: Storage, dossier: str) -> list[str]:
        own = course.whole_files(database, storage, dossier, kind)
        return [*own, *(name for name in back(database, storage, dossier) if name not in own)]

    return files


def drafts(database: Database, storage: Storage, dossier: str) -> list[str]:
    """Give the files of the drafts of a report, and of what came back of it."""
    own = course.draft_files(database, storage, dossier)
    back = returned(Kind.REPORT)(database, storage, dossier)
    return [*own, *(name for name in back if name not in own)]


def frozen(database: Database, _storage: Storage, dossier: str) -> list[str]:
    """Give the bytes of every mail about a dossier, as it was to go or went."""
    rows = database.rows("SELECT token FROM messages WHERE dossier = ?", dossier)
    return [message_file(row["token"]) for row in rows]


def raw_mails(database: Database, _storage: Storage, dossier: str) -> list[str]:
    """Give the mails that came in about a dossier, as they came."""
    return [row["file"] for row in database.rows("SELECT file FROM mails WHERE dossier = ? AND file <> ''", dossier)]


def everything(_database: Database, storage: Storage, dossier: str) -> list[str]:
    """Give whatever still lies in the folder of a dossier."""
    folder = storage.path(f"dossiers/{dossier}")
    return sorted(str(path.relative_to(storage.root)) for path in folder.rglob("*") if not path.is_dir())


def _named(storage: Storage, dossier: str, pattern: str) -> list[str]:
    folder = storage.path(f"dossiers/{dossier}")
    return sorted(str(path.relative_to(storage.root)) for path in folder.glob(pattern) if path.is_file())
