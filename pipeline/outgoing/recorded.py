"""A dossier as it is recorded: the revisions of its client file, and the documents that came of them and after.

Reads only. What `keeping` and `opening` wrote is given as it was accepted and kept.
"""

from __future__ import annotations

import json
import sqlite3

from pipeline.config.client import ClientFile
from pipeline.model import IN_COURSE, Kind
from pipeline.outgoing.plan import Document
from pipeline.outgoing.values.base import Revision
from pipeline.practice import Practice

PURPOSE = {kind: purpose for purpose, kind in reversed(IN_COURSE.items())}
"""Why the first mail about a document of each kind goes out."""


def document(practice: Practice, dossier: str, kind: Kind, version: int) -> Document | None:
    """Give one document of a dossier."""
    row = practice.database.row(
        "SELECT * FROM documents WHERE dossier = ? AND kind = ? AND version = ?", dossier, kind, version
    )
    return _document(row) if row else None


def newest(practice: Practice, dossier: str, kind: Kind) -> Document | None:
    """Give the newest document of a kind; None when there is none, or when it was erased."""
    row = practice.database.row(
        "SELECT * FROM documents WHERE dossier = ? AND kind = ? ORDER BY version DESC LIMIT 1", dossier, kind
    )
    return _document(row) if row and row["sha256"] else None


def as_dropped(practice: Practice, dossier: str, kind: Kind, dropped: str) -> Document | None:
    """Give the document that these dropped bytes have become already."""
    row = practice.database.row(
        "SELECT * FROM documents WHERE dossier = ? AND kind = ? AND dropped = ?", dossier, kind, dropped
    )
    return _document(row) if row else None


def next_version(practice: Practice, dossier: str, kind: Kind) -> int:
    """Give the version that the next document of a kind will have."""
    last = practice.database.value(
        "SELECT max(version) FROM documents WHERE dossier = ? AND kind = ?", dossier, kind
    )  # fmt: skip
    return int(last or 0) + 1


def _document(row: sqlite3.Row) -> Document:
    return Document(
        row["dossier"], Kind(row["kind"]), row["version"], row["file"], row["sha256"], json.loads(row["about"]),
        row["source"], row["dropped"],
    )  # fmt: skip


def newest_revision(practice: Practice, dossier: str) -> int:
    """Give the number of the newest revision of a client file."""
    return int(practice.database.value("SELECT max(revision) FROM requests WHERE dossier = ?", dossier))


def client_now(practice: Practice, dossier: str) -> ClientFile:
    """Give the client file of a dossier as it stands now."""
    facts = practice.database.value(
        "SELECT facts FROM requests WHERE dossier = ? ORDER BY revision DESC LIMIT 1", dossier
    )
    return ClientFile.model_validate_json(facts)


def revision(practice: Practice, dossier: str, number: int) -> Revision:
    """Give one revision, as it was accepted; it knows on which day the one before it was."""
    row, *before = practice.database.rows(
        "SELECT r.dossier, r.revision, r.facts, r.accepted_at, d.quote_number FROM requests r JOIN dossiers d"
        " ON d.reference = r.dossier WHERE r.dossier = ? AND r.revision IN (?, ?) ORDER BY r.revision DESC",
        dossier, number, number - 1,
    )  # fmt: skip
    client = ClientFile.model_validate_json(row["facts"])
    replaced_on = practice.day_of(before[0]["accepted_at"]) if before else None
    on = practice.day_of(row["accepted_at"])
    return Revision(dossier, number, row["quote_number"], on, client, replaced_on)
