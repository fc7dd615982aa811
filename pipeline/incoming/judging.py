"""One returned document against what was sent: gathers what is known of it, has it read, and gives the judgement.

Takes the papers of a mail; leaves a `Returned`, or the reason why the coach must look instead. Writes nothing.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pipeline.errors import ReadingFailed, ReadingNotInstalled
from pipeline.incoming.booking import purposes
from pipeline.incoming.mail import Known, Mail, Standing
from pipeline.incoming.papers import Document, Papers, Returned, judged, sent_document
from pipeline.incoming.verdict import Expected
from pipeline.model import Kind, Reason
from pipeline.practice import Practice


@dataclass(frozen=True)
class Letter:
    """The mail that papers came in, and what is known of its sender."""

    mail: Mail
    standing: Standing
    known: Known


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
    sent = sent_document(practice.storage.read(f"dossiers/{dossier}/{row['file']}"), row["pages"], row["boxes"])
    try:
        returned = judged(papers, document, sent, _expected(practice, row, letter), practice.reader)
    except (ReadingFailed, ReadingNotInstalled) as error:
        return None, trouble_of(error)
    known_there = {one.dossier for one in letter.known.addresses.get(letter.mail.sender, ())}
    elsewhere: Reason = ("sender_other", {"address": letter.mail.sender or "?"})
    return replace(returned, remarks=() if dossier in known_there else (elsewhere,)), None


def trouble_of(error: ReadingFailed | ReadingNotInstalled) -> Reason:
    """Say why papers could not be read."""
    return ("reading_not_installed" if isinstance(error, ReadingNotInstalled) else "reading_failed"), {}


def _expected(practice: Practice, row: sqlite3.Row, letter: Letter) -> Expected:
    database, kind = practice.database, Kind(row["kind"])
    owed = database.row(
        "SELECT * FROM obligations WHERE dossier = ? AND kind = ? AND version = ?", row["dossier"], kind, row["version"]
    )
    people = letter.known.addresses.get(letter.mail.sender, ())
    signs = owed is not None and any((one.dossier, one.party) == (row["dossier"], owed["party"]) for one in people)
    late = owed is not None and practice.today(_arrived(letter.mail)).isoformat() > owed["due_at"]
    return Expected(
        version=row["version"],
        newest=database.value("SELECT max(revision) FROM requests WHERE dossier = ?", row["dossier"]),
        pages=row["pages"],
        purposes=purposes(row["boxes"]) if kind is Kind.CONSENT else (),
        sender_sure=signs and letter.standing is Standing.AUTHENTICATED,
        expired=kind is Kind.QUOTE and late,
        confirm=practice.file.returns.confirm,
    )


def _arrived(mail: Mail) -> datetime:
    """Give when our provider took the mail in: its Received line is the topmost (RFC 5321, 4.4).

    A laptop that slept must not make a quote late. Without such a line the mail was put there by hand: the moment of
    its writing, and without that the earliest there is.
    """
    for line in mail.header("Received")[:1]:
        try:
            at = parsedate_to_datetime(line.rpartition(";")[2].strip())
        except ValueError:
            continue
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    at = mail.date or datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
