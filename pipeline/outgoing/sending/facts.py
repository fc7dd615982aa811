"""How everything stands that the gates ask about a mail, looked up at one moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pipeline import tokens
from pipeline.model import IN_COURSE, Kind, MessageState, ObligationState, Party, Purpose
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.mail import locking
from pipeline.outgoing.sending.course_facts import course_facts
from pipeline.outgoing.standing import (
    approvals,
    consents,
    is_newest,
    is_restricted,
    reminded,
    returned,
    still_awaited,
)
from pipeline.outgoing.values.base import Revision
from pipeline.policy import drift
from pipeline.policy.gates import Carried, SendFacts
from pipeline.policy.schema.gates import Needs
from pipeline.practice import Practice


@dataclass(frozen=True)
class Looked:
    """What the finished bytes of a mail showed: the hash of each document inside, and what anybody can read."""

    hashes: Mapping[Kind, str] = field(default_factory=dict)
    exposed: tuple[str, ...] | None = None


def send_facts(practice: Practice, row: sqlite3.Row, now: datetime, looked: Looked) -> SendFacts:
    """Look up, inside the caller's transaction, how everything stands that the gates ask about a mail."""
    if row["dossier"] is None:
        return _about_no_dossier(practice, row, looked)
    if Purpose(row["purpose"]) in IN_COURSE or row["kinds"] == Kind.APPROVAL:
        return course_facts(practice, row, now, looked.hashes, looked.exposed)
    database, party, purpose = practice.database, Party(row["party"]), Purpose(row["purpose"])
    revision = recorded.revision(practice, row["dossier"], row["revision"])
    kinds = frozenset(Kind(kind) for kind in row["kinds"].split(","))
    owed = database.rows("SELECT * FROM obligations WHERE dossier = ? AND version = ?", row["dossier"], row["revision"])
    awaited = {o["kind"] for o in owed if o["party"] == party and still_awaited(practice, o, now)}
    booked = {o["kind"] for o in owed if o["state"] == ObligationState.FULFILLED and returned(practice, o)}
    declined = {o["kind"] for o in owed if o["state"] == ObligationState.DECLINED}
    return SendFacts(
        state=MessageState(database.value("SELECT state FROM messages WHERE token = ?", row["token"])),
        party=party,
        kinds=kinds,
        newest=is_newest(practice, row["dossier"], row["revision"]),
        sponsored=revision.client.sponsor is not None,
        purpose=purpose,
        awaited=kinds <= awaited,
        booked=kinds <= booked,
        reminded=reminded(practice, row, now),
        declined=bool(declined & {*kinds, Kind.QUOTE}),
        own_address=row["recipient"] == practice.file.practice.email,
        restricted=is_restricted(practice, row["dossier"], now),
        recipient=row["recipient"],
        carried=tuple(_carried(practice, revision, row, kind, looked) for kind in sorted(kinds, key=list(Kind).index)),
        consents=frozenset(consents(practice, row["dossier"])),
        approvals=frozenset(approvals(practice, row["dossier"])),
        grounds=frozenset(_grounds(practice, revision, party, kinds, purpose)),
        exposed=looked.exposed,
    )


def _about_no_dossier(practice: Practice, row: sqlite3.Row, looked: Looked) -> SendFacts:
    """Look up how the daily note stands: there is no newer one, and it carries nothing."""
    return SendFacts(
        state=MessageState(practice.database.value("SELECT state FROM messages WHERE token = ?", row["token"])),
        party=Party(row["party"]),
        kinds=frozenset(),
        newest=True,
        purpose=Purpose(row["purpose"]),
        own_address=row["recipient"] == practice.file.practice.email,
        recipient=row["recipient"],
        exposed=looked.exposed,
    )


def _carried(practice: Practice, revision: Revision, row: sqlite3.Row, kind: Kind, looked: Looked) -> Carried:
    """Say what one document of a mail is; one whose bytes nobody looked at has no seal, and so no word is about it."""
    purpose, shown = Purpose(row["purpose"]), practice.file.quote.goal_to_sponsor
    sha256 = looked.hashes.get(kind, "")
    return Carried(
        tokens.seal(practice.key, sha256) if sha256 else "",
        locking.holds(revision, kind, purpose, goal_to_sponsor=shown),
        client_had=purpose is not Purpose.COUNTERSIGNED and _client_had(practice, revision, kind),
    )


def _client_had(practice: Practice, revision: Revision, kind: Kind) -> bool:
    """Tell whether a document, as it was written, arrived at the client's mail server."""
    rows = practice.database.rows(
        "SELECT kinds FROM messages WHERE dossier = ? AND revision = ? AND party = ? AND purpose IN (?, ?)"
        " AND state = ? AND bounced IS NULL",
        revision.reference, revision.number, Party.CLIENT, Purpose.DOCUMENTS, Purpose.REMINDER, MessageState.ACCEPTED,
    )  # fmt: skip
    return any(kind in row["kinds"].split(",") for row in rows)


def _grounds(
    practice: Practice, revision: Revision, party: Party, kinds: frozenset[Kind], purpose: Purpose
) -> Iterator[Needs]:
    """Give what else a gate can ask for and is so; what nothing here can know, such as a legal duty, never is."""
    if Kind.QUOTE in kinds and plan.signer(revision.client, Kind.QUOTE) is party:
        yield Needs.PERFORMANCE
    if party is Party.CLIENT and (Kind.CONSENT in kinds or _has_form(practice, revision)):
        yield Needs.CONSENT_FORM
    if kinds and purpose is not Purpose.NOTE and all(_names_statement(practice, revision, kind) for kind in kinds):
        yield Needs.STATEMENT


def _has_form(practice: Practice, revision: Revision) -> bool:
    """Tell whether the client was given the consent form of this version, or answered it."""
    return bool(
        practice.database.value(
            "SELECT 1 FROM obligations WHERE dossier = ? AND version = ? AND kind = ? AND party = ?",
            revision.reference, revision.number, Kind.CONSENT, Party.CLIENT,
        )
    )  # fmt: skip


def _names_statement(practice: Practice, revision: Revision, kind: Kind) -> bool:
    """Tell whether a document refers to a statement by a version that is in force, or was when it was made."""
    version = practice.database.value(
        "SELECT statement FROM documents WHERE dossier = ? AND kind = ? AND version = ?",
        revision.reference, kind, revision.number,
    )  # fmt: skip
    once = practice.database.rows("SELECT version, sha256 FROM statements")
    known = [f"{row['version']} {row['sha256'][: drift.SHORT]}" for row in once]
    return bool(version) and version in {drift.reference(practice.policy, practice.file), *known}
