"""Whose a paper of the coaching can be besides: what is compared before a profile or a report goes to its client.

`person` and `payer` are pure; the rest only looks: at the clients of all other dossiers, at where the same bytes lie,
and at what can be read in a PDF. What follows from it is decided by `policy.addressee`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pipeline.config.client import ClientFile
from pipeline.errors import ReadingFailed, ReadingNotInstalled
from pipeline.model import MessageState, Party
from pipeline.outgoing.plan import Document
from pipeline.policy.addressee import Payer, Person
from pipeline.policy.named import PdfText
from pipeline.practice import Practice


def person(dossier: str, facts: Mapping[str, Any]) -> Person:
    """Give a client as one dossier knows her; of one whose data were erased, what is left."""
    client = facts.get("client") or {}
    return Person(
        dossier, client.get("name") or "", client.get("email") or "", client.get("formerly"),
        client.get("organisation"),
    )  # fmt: skip


def payer(client: ClientFile) -> Payer | None:
    """Give who pays for a client, if somebody else does."""
    return Payer(client.sponsor.organisation, client.sponsor.email) if client.sponsor else None


def others(practice: Practice, dossier: str) -> tuple[Person, ...]:
    """Give the clients of all other dossiers, open or closed, as far as they are still known."""
    rows = practice.database.rows(
        "SELECT dossier, facts FROM requests AS r WHERE dossier <> ?"
        " AND revision = (SELECT max(revision) FROM requests WHERE dossier = r.dossier)",
        dossier,
    )
    people = (person(row["dossier"], json.loads(row["facts"])) for row in rows)
    return tuple(one for one in people if one.name or one.email)


def elsewhere(practice: Practice, document: Document) -> tuple[str, ...]:
    """Give the other dossiers in which a paper of this kind was made from the same bytes."""
    rows = practice.database.rows(
        "SELECT DISTINCT dossier FROM documents WHERE kind = ? AND dossier <> ? AND dropped = ? ORDER BY dossier",
        document.kind, document.dossier, document.dropped,
    )  # fmt: skip
    return tuple(str(row["dossier"]) for row in rows)


def reaches_her(practice: Practice, dossier: str, recipient: str) -> bool:
    """Tell whether the last mail of a dossier to this very address was accepted there, and did not come back."""
    return bool(
        practice.database.value(
            "SELECT bounced IS NULL FROM messages WHERE dossier = ? AND party = ? AND lower(recipient) = lower(?)"
            " AND state = ? ORDER BY accepted_at DESC, rowid DESC LIMIT 1",
            dossier, Party.CLIENT, recipient, MessageState.ACCEPTED,
        )
    )  # fmt: skip


def text(practice: Practice, document: Document) -> PdfText:
    """Give what can be read in the PDF of a paper; when that fails nothing can, which is a doubt by itself."""
    try:
        return practice.reader.text(practice.storage.read(f"dossiers/{document.dossier}/{document.file}"))
    except (ReadingFailed, ReadingNotInstalled):
        return PdfText()
