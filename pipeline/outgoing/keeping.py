"""A document that comes in the course of a coaching, made durable: its file in the dossier, then its row.

Takes what a step made of a dropped file (or of the calendar); leaves one row in state written, of which `dispatch`
makes the mail. What comes after is the next version of its kind.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline import tokens
from pipeline.edges import ledger
from pipeline.model import DocumentState, Kind, document_code, document_file
from pipeline.outgoing.recorded import PURPOSE, next_version
from pipeline.policy import drift
from pipeline.policy.deeds import Keeps, citing
from pipeline.practice import Practice


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
