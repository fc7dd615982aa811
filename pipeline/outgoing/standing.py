"""What stands about a dossier when one of its mails is to leave: restrictions, consents, her word, what is awaited."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from pipeline.config.client import ClientFile
from pipeline.model import Kind, MessageState, ObligationState, Purpose, ReturnState, document_code
from pipeline.policy import deeds
from pipeline.policy.collecting import before_collecting
from pipeline.policy.gates import Word
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.gates import CONSENT, Act, GateRule, Recipient
from pipeline.policy.schema.people import Question
from pipeline.practice import Practice

TAKING = "profile_take"
"""The consent to take a profile, where a policy asks it apart."""
BETWEEN_REMINDERS = timedelta(hours=24)
ASKED_AGAIN = "again"
"""The word in `obligations.quiet` by which the coach asks for one more reminder, after an answer that was none."""
RESTRICTION = "restricted"
"""The kind of hold under which nothing of a dossier may be used."""


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


def consents(practice: Practice, dossier: str) -> Iterator[Word]:
    """Give her word on each purpose as it stands; where the question is about a sponsor, it names whom she was told."""
    about_a_sponsor = {question.purpose for question in practice.policy.consents if question.needs_sponsor}
    for row in practice.database.rows("SELECT * FROM standing_consents WHERE dossier = ?", dossier):
        named = _sponsor_of(practice, dossier, row["document"]) if row["purpose"] in about_a_sponsor else ""
        yield Word(row["purpose"], bool(row["given"]), recipient=named)


def taking_consents(policy: Policy) -> list[Question]:
    """Give the consents without which no profile is taken: what a gate before that names, else one to taking it.

    A policy that asks neither has one consent that comes first, to the coaching. Beside it comes what a gate asks
    before a profile is kept: nobody is invited to what could not be taken in.
    """
    inviting = deeds.gates(policy, Act.INVITE, [Category.PROFILE_INTAKE], Recipient.CLIENT)
    asked = deeds.asked(policy, _named(inviting) or {TAKING}) or policy.consents[:1]
    keeping = deeds.asked(policy, _named(before_collecting(policy, [Category.PROFILE])))
    return [*asked, *(question for question in keeping if question not in asked)]


def _named(gates: Iterable[GateRule]) -> set[str]:
    """Give the consents that gates ask for."""
    return {need.removeprefix(CONSENT) for gate in gates for need in gate.require if need.startswith(CONSENT)}


def agreed(practice: Practice, dossier: str) -> bool:
    """Tell whether the client has consented to her profile being taken."""
    given = {word.purpose for word in consents(practice, dossier) if word.given}
    return {question.purpose for question in taking_consents(practice.policy)} <= given


def _sponsor_of(practice: Practice, dossier: str, document: str) -> str:
    """Give the sponsor's address in the client file that a consent form was made from, or asked again: the newest."""
    code, _, version = document.rpartition(" v")
    revision = version if code == document_code(dossier, Kind.CONSENT) else None
    facts = practice.database.value(
        "SELECT facts FROM requests WHERE dossier = ?1 AND (?2 IS NULL OR CAST(revision AS TEXT) = ?2)"
        " ORDER BY revision DESC LIMIT 1",
        dossier, revision,
    )  # fmt: skip
    client = ClientFile.model_validate_json(facts) if facts else None
    return client.sponsor.email if client and client.sponsor else ""


def approvals(practice: Practice, dossier: str) -> Iterator[Word]:
    """Give the latest word on each document, for each recipient and purpose; of one moment a no outweighs a yes."""
    latest: dict[tuple[str, str, str], Word] = {}
    for row in practice.database.rows(
        "SELECT * FROM approvals WHERE dossier = ? ORDER BY at, given DESC, number", dossier
    ):
        about = row["document"], row["recipient"].casefold(), row["purpose"]
        latest[about] = Word(row["purpose"], bool(row["given"]), row["document"], row["recipient"])
    yield from latest.values()


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


def reminded(practice: Practice, row: sqlite3.Row, now: datetime) -> bool:
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
