"""How everything stands about a mail in the course of a coaching, looked up at the moment of its send.

The document must be the newest of its kind (of appointments: of its own number; an invoice is never replaced), and the
client's word on it is looked up by the seal of its bytes and by who receives it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime

from pipeline import tokens
from pipeline.model import IN_COURSE, Kind, MessageState, Party, Purpose
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.mail import locking
from pipeline.outgoing.standing import agreed, approvals, consents, is_restricted, reminded, still_awaited
from pipeline.policy.gates import Carried, SendFacts
from pipeline.policy.schema.gates import Needs
from pipeline.practice import Practice


def course_facts(
    practice: Practice, row: sqlite3.Row, now: datetime, hashes: Mapping[Kind, str], exposed: tuple[str, ...] | None
) -> SendFacts:
    """Look up, inside the caller's transaction, what the gates ask about a mail in the course of a coaching."""
    dossier, purpose, party = row["dossier"], Purpose(row["purpose"]), Party(row["party"])
    kinds, version = [Kind(kind) for kind in row["kinds"].split(",")], _version(practice, row)
    client = recorded.client_now(practice, dossier)
    revision = recorded.revision(practice, dossier, row["revision"])
    shown = practice.file.quote.goal_to_sponsor
    return SendFacts(
        state=MessageState(practice.database.value("SELECT state FROM messages WHERE token = ?", row["token"])),
        party=party,
        kinds=frozenset(kinds),
        newest=_is_newest(practice, dossier, kinds[0], version),
        sponsored=client.sponsor is not None,
        pays=party is plan.signer(client, Kind.QUOTE),
        purpose=purpose,
        awaited=client.sponsor is not None and _awaited(practice, dossier, version, now),
        reminded=purpose is Purpose.REMINDER and reminded(practice, row, now),
        agreed=agreed(practice, dossier),
        restricted=is_restricted(practice, dossier, now),
        recipient=row["recipient"],
        carried=tuple(
            Carried(
                _seal(practice, hashes, dossier, kind, version),
                locking.holds(revision, kind, purpose, goal_to_sponsor=shown),
                client_had=_client_had(practice, dossier, kind, version),
            )
            for kind in kinds
        ),
        consents=frozenset(consents(practice, dossier)),
        approvals=frozenset(approvals(practice, dossier)),
        grounds=frozenset({Needs.PERFORMANCE} if Kind.INVOICE in kinds else ()),
        exposed=exposed,
    )


def _version(practice: Practice, row: sqlite3.Row) -> int:
    """Give the version that a mail is about: a reminder is about the newest report."""
    if Purpose(row["purpose"]) in IN_COURSE:
        return plan.version_in(Purpose(row["purpose"]), row["round"])
    asked = recorded.newest(practice, row["dossier"], Kind.APPROVAL)
    return asked.version if asked else 0


def _awaited(practice: Practice, dossier: str, version: int, now: datetime) -> bool:
    """Tell whether the client's word on a report is still awaited."""
    owed = practice.database.row(
        "SELECT * FROM obligations WHERE dossier = ? AND kind = ? AND version = ?", dossier, Kind.APPROVAL, version
    )
    return owed is not None and still_awaited(practice, owed, now)


def _seal(practice: Practice, hashes: Mapping[Kind, str], dossier: str, kind: Kind, version: int) -> str:
    """Give the seal of the bytes that were looked at; what does not travel has that of its file."""
    found = recorded.document(practice, dossier, kind, version) if kind is Kind.INVITATION else None
    sha256 = found.sha256 if found else hashes.get(kind, "")
    return tokens.seal(practice.key, sha256) if sha256 else ""


def _is_newest(practice: Practice, dossier: str, kind: Kind, version: int) -> bool:
    """Tell whether nothing has taken the place of a document."""
    if kind is Kind.INVOICE:
        return True
    found = recorded.document(practice, dossier, kind, version)
    later = practice.database.value(
        "SELECT max(version) FROM documents WHERE dossier = ? AND kind = ?"
        " AND json_extract(about, '$.appointment') IS ?",
        dossier, kind, found.about.get("appointment") if found else None,
    )  # fmt: skip
    return found is not None and later == version


def _client_had(practice: Practice, dossier: str, kind: Kind, version: int) -> bool:
    """Tell whether a document, as it is, arrived at the client's mail server."""
    return bool(
        practice.database.value(
            "SELECT 1 FROM messages WHERE dossier = ? AND party = ? AND purpose = ? AND round = ? AND state = ?"
            " AND bounced IS NULL",
            dossier, Party.CLIENT, recorded.PURPOSE.get(kind), version, MessageState.ACCEPTED,
        )
    )  # fmt: skip
