"""One returned document against what was sent: gathers what is known of it, has it read, and gives the judgement.

Takes the papers of a mail; leaves a `Returned`, or the reason why the coach must look instead. Writes nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.errors import ReadingFailed, ReadingNotInstalled
from pipeline.incoming.consents import purposes
from pipeline.incoming.mail import Known, Mail, Standing
from pipeline.incoming.papers import Document, Papers, Returned, judged, sent_document
from pipeline.incoming.verdict import Expected
from pipeline.model import OPENING, Kind, Party, Reason
from pipeline.practice import Practice

ANSWERED = (*OPENING, Kind.APPROVAL, Kind.QUESTIONS)
"""The documents that are filled in or signed, and come back; what else comes back of ours is no answer."""


@dataclass(frozen=True)
class Letter:
    """The mail that papers came in, when it came to our provider, and what is known of its sender."""

    mail: Mail
    came_at: datetime
    standing: Standing
    known: Known

    def parties(self, dossier: str) -> set[str]:
        """Give who of a dossier has the sender's address."""
        return {one.party for one in self.known.addresses.get(self.mail.sender, ()) if one.dossier == dossier}


def judge_document(
    practice: Practice, papers: Papers, document: Document, letter: Letter
) -> tuple[Returned | None, Reason | None]:
    """Judge one document; gives it judged, or why that cannot be done."""
    dossier, kind, version = document
    row = practice.database.row(
        "SELECT * FROM documents WHERE dossier = ? AND kind = ? AND version = ?", dossier, kind, version
    )
    if row is None:
        return None, ("unknown_version", {"version": str(version)})
    if not row["sha256"]:
        return None, ("document_erased", {})
    sent = sent_document(practice.storage.read(f"dossiers/{dossier}/{row['file']}"), row["pages"], row["boxes"])
    try:
        returned = judged(papers, document, sent, _expected(practice, row, letter), practice.reader)
    except (ReadingFailed, ReadingNotInstalled) as error:
        return None, trouble_of(error)
    return replace(returned, remarks=tuple(_remarks(practice, row, letter))), None


def _remarks(practice: Practice, row: sqlite3.Row, letter: Letter) -> Iterator[Reason]:
    """Give what the coach should know of the sender: another address, or somebody else than who must sign."""
    parties, owed = letter.parties(row["dossier"]), _owed(practice, row)
    if not parties:
        yield "sender_other", {"address": letter.mail.sender or "?"}
    elif owed is not None and owed["party"] not in parties:
        yield "sender_not_signer", {"party": owed["party"], "address": letter.mail.sender}


def trouble_of(error: ReadingFailed | ReadingNotInstalled) -> Reason:
    """Say why papers could not be read."""
    return ("reading_not_installed" if isinstance(error, ReadingNotInstalled) else "reading_failed"), {}


def _expected(practice: Practice, row: sqlite3.Row, letter: Letter) -> Expected:
    kind, owed = Kind(row["kind"]), _owed(practice, row)
    signs = owed is not None and owed["party"] in letter.parties(row["dossier"])
    late = owed is not None and practice.today(letter.came_at).isoformat() > owed["due_at"]
    return Expected(
        version=row["version"],
        newest=newest_version(practice, row["dossier"], kind),
        pages=row["pages"],
        purposes=() if kind is Kind.QUOTE else purposes(row["boxes"]),
        sender_sure=signs and letter.standing is Standing.AUTHENTICATED,
        expired=kind is Kind.QUOTE and late,
        confirm=practice.file.returns.confirm,
        signer=_signer(practice, row["dossier"], owed["party"]) if owed else "",
    )


def newest_version(practice: Practice, dossier: str, kind: Kind) -> int:
    """Give the version that counts of a document: of the opening ones that of the client file, of others their own."""
    if kind in OPENING:
        return int(practice.database.value("SELECT max(revision) FROM requests WHERE dossier = ?", dossier))
    return int(
        practice.database.value("SELECT max(version) FROM documents WHERE dossier = ? AND kind = ?", dossier, kind)
    )


def _owed(practice: Practice, row: sqlite3.Row) -> sqlite3.Row | None:
    return practice.database.row(
        "SELECT * FROM obligations WHERE dossier = ? AND kind = ? AND version = ?",
        row["dossier"], row["kind"], row["version"],
    )  # fmt: skip


def _signer(practice: Practice, dossier: str, party: str) -> str:
    """Give the name of who must sign, as the newest client file has it; nothing once it was erased."""
    facts = practice.database.value(
        "SELECT facts FROM requests WHERE dossier = ? ORDER BY revision DESC LIMIT 1", dossier
    )
    known = json.loads(facts)
    sponsor, client = known.get("sponsor") or {}, known.get("client") or {}
    return str((party == Party.SPONSOR and sponsor.get("contact")) or client.get("name") or "")
