"""What the client approved and who pays does not get: the coach is told why, once, and what she can do about it.

Takes what her word lets go and what has not gone; leaves a question for each that something else keeps here, and takes
it back when that is over.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime

from pipeline import approvals, questions
from pipeline.config.client import ClientFile
from pipeline.model import AttentionState, Kind, MessageState, Party, Reason
from pipeline.outgoing import recorded
from pipeline.outgoing.course import reports
from pipeline.outgoing.standing import consents
from pipeline.policy import deeds
from pipeline.policy.gates import BY_POLICY, NOT_HAD
from pipeline.policy.schema.gates import Act, GateRule, Needs, Recipient, consents_of
from pipeline.practice import Practice

SHARING = "sharing"
"""The question about something that she approved and that cannot go."""
OPEN = "SELECT dossier, reasons FROM attention WHERE what = ? AND state = ?"
ASKED = "SELECT 1 FROM attention WHERE what = ? AND dossier = ? AND reasons = ?"


def ask(practice: Practice, approved: Iterable[sqlite3.Row], now: datetime) -> None:
    """Put before the coach what cannot go, each reason once, and take back the questions that are over."""
    stuck = {(row["dossier"], questions.as_text(why)): why for row in approved if (why := _why(practice, row))}
    for (dossier, text), why in stuck.items():
        if not practice.database.value(ASKED, SHARING, dossier, text):
            with practice.database.transaction():
                questions.ask(practice, SHARING, now, why, dossier=dossier)
    for row in practice.database.rows(OPEN, SHARING, AttentionState.OPEN):
        if (row["dossier"], row["reasons"]) not in stuck:
            with practice.database.transaction():
                practice.database.run(
                    "UPDATE attention SET state = ?, settled_at = ?, decision = ? WHERE what = ? AND dossier = ?"
                    " AND reasons = ?",
                    AttentionState.SETTLED, now.isoformat(), "over", SHARING, row["dossier"], row["reasons"],
                )  # fmt: skip


def is_who_was_told(practice: Practice, row: sqlite3.Row, client: ClientFile) -> bool:
    """Tell whether who pays now has the address that she was told of, in the mail and on the form beside it."""
    if client.sponsor is None:
        return False
    told = approvals.recipient_told(practice, row["dossier"], Kind(row["kind"]), row["version"])
    now = reports.addressed(practice, client)["sponsor"]
    return client.sponsor.email.casefold() == told.casefold() and json.loads(row["about"]).get("sponsor", now) == now


def _why(practice: Practice, row: sqlite3.Row) -> list[Reason]:
    kind = Kind(row["kind"])
    about = {"kind": str(kind), "version": str(row["version"]), "place": f"drop/{kind}s"}
    client = recorded.client_now(practice, row["dossier"])
    if client.sponsor is not None and not is_who_was_told(practice, row, client):
        return [("share_other_address", about)]
    gates = deeds.gates(practice.policy, Act.DISCLOSE, [approvals.HOLDS[kind]], Recipient.SPONSOR)
    if row["mail"] == MessageState.REFUSED and row["reason"] == NOT_HAD:
        clauses = ", ".join(clause for gate in gates for clause in gate.clauses)
        return [("share_not_first", about | {"clauses": clauses})]
    if row["mail"] == MessageState.REFUSED:
        closed = [gate for gate in gates if (row["reason"] or "").startswith(f"{BY_POLICY}: {gate.id} (")]
        return [_kept_in(practice, row, gate, about) for gate in closed]
    return []


def _kept_in(practice: Practice, row: sqlite3.Row, gate: GateRule, about: dict[str, str]) -> Reason:
    """Say what a closed gate still needs, and what to do about it."""
    about |= {"clauses": ", ".join(gate.clauses), "reference": row["dossier"]}
    if Needs.NEVER in gate.require:
        return "share_never", about
    given = {word.purpose for word in consents(practice, row["dossier"]) if word.given}
    lacking = [purpose for purpose in consents_of(gate) if purpose not in given]
    if lacking:
        return "share_without_consent", about | {"purpose": lacking[0]}
    if gate.first_to_client and not _arrived(practice, row):
        return "share_not_first", about
    return "share_kept_in", about


def _arrived(practice: Practice, row: sqlite3.Row) -> bool:
    return bool(
        practice.database.value(
            "SELECT 1 FROM messages WHERE dossier = ? AND party = ? AND purpose = ? AND round = ? AND bounced IS NULL",
            row["dossier"], Party.CLIENT, row["kind"], row["version"],
        )
    )  # fmt: skip
