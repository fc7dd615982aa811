"""How everything stands that the gates ask about a mail, looked up at one moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline import tokens
from pipeline.config.client import ClientFile
from pipeline.model import Kind, MessageState, ObligationState, Party, Purpose, ReturnState
from pipeline.outgoing import locking, plan
from pipeline.outgoing.documents import read_revision
from pipeline.outgoing.values import Revision
from pipeline.policy import drift
from pipeline.policy.gates import Carried, SendFacts, Word
from pipeline.policy.schema.gates import Needs
from pipeline.practice import Practice

BETWEEN_REMINDERS = timedelta(hours=24)
ASKED_AGAIN = "again"
"""The word in `obligations.quiet` by which the coach asks for one more reminder, after an answer that was none."""
RESTRICTION = "restricted"
"""The kind of hold under which nothing of a dossier may be used."""


@dataclass(frozen=True)
class Looked:
    """What the finished bytes of a mail showed: the hash of each document inside, and what anybody can read."""

    hashes: Mapping[Kind, str] = field(default_factory=dict)
    exposed: tuple[str, ...] | None = None


def send_facts(practice: Practice, row: sqlite3.Row, now: datetime, looked: Looked) -> SendFacts:
    """Look up, inside the caller's transaction, how everything stands that the gates ask about a mail."""
    if row["dossier"] is None:
        return _about_no_dossier(practice, row, looked)
    database, party, purpose = practice.database, Party(row["party"]), Purpose(row["purpose"])
    revision = read_revision(practice, row["dossier"], row["revision"])
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
        reminded=_reminded(practice, row, now),
        declined=bool(declined & {*kinds, Kind.QUOTE}),
        own_address=row["recipient"] == practice.file.practice.email,
        restricted=is_restricted(practice, row["dossier"], now),
        recipient=row["recipient"],
        carried=tuple(_carried(practice, revision, row, kind, looked) for kind in sorted(kinds, key=list(Kind).index)),
        consents=frozenset(_consents(practice, row["dossier"])),
        approvals=frozenset(_approvals(practice, row["dossier"])),
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


def is_restricted(practice: Practice, dossier: str, now: datetime) -> bool:
    """Tell whether nothing of a dossier may be used now: a restriction that is neither lifted nor over."""
    rows = practice.database.rows(
        "SELECT until FROM holds WHERE dossier = ? AND kind = ? AND lifted_at IS NULL", dossier, RESTRICTION
    )
    return any(row["until"] is None or _to_come(practice, row["until"], now) for row in rows)


def _to_come(practice: Practice, until: str, now: datetime) -> bool:
    """Tell whether a day, or a moment, lies ahead; what cannot be read as one does, for it ends nothing."""
    try:
        moment = datetime.fromisoformat(until)
    except ValueError:
        return True
    if len(until) == len("2026-01-31") or moment.tzinfo is None:
        return moment.date() > practice.today(now)
    return moment > now


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


def _consents(practice: Practice, dossier: str) -> Iterator[Word]:
    """Give her word on each purpose as it stands; where the question is about a sponsor, it names whom she was told."""
    about_a_sponsor = {question.purpose for question in practice.policy.consents if question.needs_sponsor}
    for row in practice.database.rows("SELECT * FROM standing_consents WHERE dossier = ?", dossier):
        named = _sponsor_of(practice, dossier, row["document"]) if row["purpose"] in about_a_sponsor else ""
        yield Word(row["purpose"], bool(row["given"]), recipient=named)


def _sponsor_of(practice: Practice, dossier: str, document: str) -> str:
    """Give the sponsor's address in the version of the client file that a consent form was made from."""
    facts = practice.database.value(
        "SELECT facts FROM requests WHERE dossier = ? AND CAST(revision AS TEXT) = ?",
        dossier, document.rpartition(" v")[2],
    )  # fmt: skip
    client = ClientFile.model_validate_json(facts) if facts else None
    return client.sponsor.email if client and client.sponsor else ""


def _approvals(practice: Practice, dossier: str) -> Iterator[Word]:
    """Give the latest word on each document, for each recipient and purpose; of one moment a no outweighs a yes."""
    latest: dict[tuple[str, str, str], Word] = {}
    for row in practice.database.rows(
        "SELECT * FROM approvals WHERE dossier = ? ORDER BY at, given DESC, number", dossier
    ):
        about = row["document"], row["recipient"].casefold(), row["purpose"]
        latest[about] = Word(row["purpose"], bool(row["given"]), row["document"], row["recipient"])
    yield from latest.values()


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


def still_awaited(practice: Practice, owed: sqlite3.Row, now: datetime) -> bool:
    """Tell whether a reminder of this is in place: nothing was heard, nothing came back, and there is still time."""
    late = owed["kind"] == Kind.QUOTE and owed["due_at"] < practice.today(now).isoformat()
    heard = owed["quiet"] not in {None, ASKED_AGAIN} or returned(practice, owed, ReturnState.PROPOSED)
    return owed["state"] == ObligationState.AWAITED and not (late or heard)


def returned(practice: Practice, owed: sqlite3.Row, state: ReturnState = ReturnState.BOOKED) -> bool:
    """Tell whether what is owed came back and is booked, or else in `state`."""
    return bool(
        practice.database.value(
            "SELECT 1 FROM returns WHERE dossier = ? AND kind = ? AND version = ? AND state = ?",
            owed["dossier"], owed["kind"], owed["version"], state,
        )
    )  # fmt: skip


def _reminded(practice: Practice, row: sqlite3.Row, now: datetime) -> bool:
    """Tell whether another reminder went, or may have gone, to this party in the last day; so none runs in a loop."""
    others = practice.database.rows(
        "SELECT coalesce(accepted_at, next_at) AS at FROM messages WHERE dossier = ? AND party = ? AND purpose = ?"
        " AND token != ? AND state IN (?, ?, ?)",
        row["dossier"], row["party"], Purpose.REMINDER, row["token"],
        MessageState.ACCEPTED, MessageState.DATA_SENT, MessageState.IN_DOUBT,
    )  # fmt: skip
    return any(now - datetime.fromisoformat(other["at"]) < BETWEEN_REMINDERS for other in others)


def is_newest(practice: Practice, dossier: str, revision: int) -> bool:
    """Tell whether this is the newest version of a dossier."""
    newest = practice.database.value("SELECT max(revision) FROM requests WHERE dossier = ?", dossier)
    return bool(newest == revision)
