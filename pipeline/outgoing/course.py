"""The documents that come in the course of a coaching, one by one: profile, report, invoice, appointment, invitation.

Takes what a step made of a dropped file (or of the calendar); leaves the file durable in the dossier and one row in
state written, of which `dispatch` makes the mail. The same bytes dropped twice are one document; what comes after is
the next version of its kind.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline import tokens
from pipeline.config.client import ClientFile
from pipeline.edges import ledger
from pipeline.model import IN_COURSE, DocumentState, Kind, document_code, document_file
from pipeline.outgoing.plan import Document
from pipeline.policy import drift
from pipeline.policy.deeds import Keeps, citing
from pipeline.practice import Practice

PURPOSE = {kind: purpose for purpose, kind in reversed(IN_COURSE.items())}
"""Why the first mail about a document of each kind goes out."""


@dataclass(frozen=True)
class Made:
    """What a step made, to be kept: the bytes, and for what must come back its pages and boxes.

    `source` is what the coach wrote, with the ending of its file's name; `dropped` the hash of what she dropped;
    `serves` the rules that are kept by making it.
    """

    kind: Kind
    data: bytes
    pages: int = 0
    boxes: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    source: tuple[bytes, str] | None = None
    dropped: str | None = None
    serves: tuple[Keeps, ...] = ()


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


def keep(
    practice: Practice, dossier: str, made: tuple[Made, ...], now: datetime, also: Callable[[], None] = lambda: None
) -> int:
    """Make documents durable and then their rows, in one transaction with what `also` writes; gives the version.

    All that is kept together has one version: a report and the form by which it is approved.
    """
    version = max(next_version(practice, dossier, one.kind) for one in made)
    for one in made:
        practice.storage.write(f"dossiers/{dossier}/{document_file(dossier, one.kind, version)}", one.data)
        if one.source:
            practice.storage.write(f"dossiers/{dossier}/{_source_file(dossier, one, version)}", one.source[0])
    with practice.database.transaction():
        for one in made:
            _insert(practice, dossier, one, version, now)
        also()
    return version


def _insert(practice: Practice, dossier: str, made: Made, version: int, now: datetime) -> None:
    file, sha256 = document_file(dossier, made.kind, version), hashlib.sha256(made.data).hexdigest()
    practice.database.run(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        dossier, made.kind, version, file, sha256, made.pages, json.dumps(dict(made.boxes)),
        drift.reference(practice.policy, practice.file), now.isoformat(),
        DocumentState.WRITTEN if made.kind in PURPOSE else None,
        _source_file(dossier, made, version) if made.source else None, made.dropped,
        json.dumps(dict(made.about), ensure_ascii=False),
    )  # fmt: skip
    ledger.record(
        practice.database, now, "document.written", document=file, seal=tokens.seal(practice.key, sha256),
        **citing(*made.serves),
    )  # fmt: skip


def _source_file(dossier: str, made: Made, version: int) -> str:
    assert made.source is not None
    return f"{document_code(dossier, made.kind)}-v{version}-source{made.source[1]}"


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
