"""Which dossiers there are for what is dropped: those that are open, and why another one is no place any more.

Also which dossier the very bytes of a client file have been taken into before: the ledger knows that for good.
"""

from __future__ import annotations

import sqlite3
from datetime import date, datetime

from pipeline import tokens
from pipeline.edges.folder import Dropped
from pipeline.model import HoldKind
from pipeline.placing import Ended, OpenDossier, Placed, Unplaced, place
from pipeline.policy.schema.retention import Event
from pipeline.practice import Practice

EVERY = """
SELECT d.reference, d.opened_at, d.client_key = '' AS erased,
    (SELECT json_extract(facts, '$.client.name') FROM requests WHERE dossier = d.reference
        ORDER BY revision DESC LIMIT 1) AS name,
    EXISTS (SELECT 1 FROM events WHERE dossier = d.reference AND event = ?) AS closed,
    EXISTS (SELECT 1 FROM holds WHERE dossier = d.reference AND kind = ? AND category IS NULL AND lifted_at IS NULL
        AND (until IS NULL OR until > ?)) AS restricted
FROM dossiers d ORDER BY d.opened_at DESC, d.rowid DESC
"""
HAS_ENDED = (
    "SELECT 1 FROM ledger WHERE entry LIKE '%\"dossier.ended\"%' AND json_extract(entry, '$.event') = 'dossier.ended'"
    " AND json_extract(entry, '$.dossier') = ?"
)
TAKEN_INTO = (
    "SELECT json_extract(entry, '$.dossier') FROM ledger WHERE instr(entry, ?) > 0"
    " AND json_extract(entry, '$.event') IN ('request.accepted', 'request.amended') ORDER BY number DESC LIMIT 1"
)
IS_KNOWN = "SELECT 1 FROM dossiers WHERE reference = ? AND client_key <> ''"


def open_dossiers(practice: Practice, now: datetime) -> list[OpenDossier]:
    """Give the dossiers that documents can go to, the newest first: not closed, not erased, and free to be used."""
    rows = _rows(practice, now)
    return [
        OpenDossier(row["reference"], initials(row["name"] or ""), _opened(practice, row))
        for row in rows if _ended(row) is None
    ]  # fmt: skip


def ended_dossiers(practice: Practice, now: datetime) -> dict[str, Ended]:
    """Give the dossiers that documents cannot go to (any more), and why; of those that are gone no row tells."""
    return {row["reference"]: why for row in _rows(practice, now) if (why := _ended(row)) is not None}


def place_of(practice: Practice, found: Dropped, field: str | None, now: datetime) -> Placed | Unplaced:
    """Tell which dossier a dropped file belongs to; `field` is what the file itself says, as it was typed."""
    placed = place(found.name, found.folder, field, open_dossiers(practice, now), ended_dossiers(practice, now))
    if isinstance(placed, Unplaced) and placed.reason[0] == "placing_unknown":
        reference = placed.reason[1]["value"]
        if practice.database.value(HAS_ENDED, reference):
            return Unplaced(("placing_erased", {"value": reference}))
    return placed


def closed_on(practice: Practice, dossier: str) -> date | None:
    """Give the day on which a dossier was closed, if it was."""
    day = practice.database.value("SELECT day FROM events WHERE dossier = ? AND event = ?", dossier, Event.CLOSED)
    return date.fromisoformat(day) if day else None


def ended_with(practice: Practice, sha256: str) -> str | None:
    """Give the dossier that these very bytes were a client file of, when that is closed or erased; else None.

    What was dropped for one coaching opens no other, whatever was forgotten of the first since.
    """
    into = practice.database.value(TAKEN_INTO, tokens.seal(practice.key, sha256))
    if into is None or (practice.database.value(IS_KNOWN, into) and not closed_on(practice, into)):
        return None
    return str(into)


def initials(name: str) -> str:
    """Give the initials of a name: enough to choose by, and to who does not know her nothing."""
    first = (next((letter for letter in word if letter.isalnum()), "") for word in name.split())
    return " ".join(f"{letter}." for letter in first if letter)


def _rows(practice: Practice, now: datetime) -> list[sqlite3.Row]:
    return practice.database.rows(EVERY, Event.CLOSED, HoldKind.RESTRICTED, practice.today(now).isoformat())


def _ended(row: sqlite3.Row) -> Ended | None:
    if row["erased"]:
        return Ended.ERASED
    if row["closed"]:
        return Ended.CLOSED
    return Ended.RESTRICTED if row["restricted"] else None


def _opened(practice: Practice, row: sqlite3.Row) -> date:
    return practice.day_of(row["opened_at"])
