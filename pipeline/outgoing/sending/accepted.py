"""What follows when the server has accepted a mail: who must now return what, or give her word on what.

Works inside the caller's transaction, so that a mail is never accepted without what it asks being awaited.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta

from pipeline import tokens
from pipeline.edges import ledger
from pipeline.model import Kind, MessageState, ObligationState, Purpose
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.course import dispatch
from pipeline.outgoing.mail import letter
from pipeline.outgoing.sending.leaving import frozen
from pipeline.outgoing.standing import is_newest
from pipeline.outgoing.values.base import valid_until
from pipeline.practice import Practice


def record(practice: Practice, row: sqlite3.Row, now: datetime, evidence: str) -> None:
    """Record that a mail was accepted, by what evidence, and what is awaited now."""
    database = practice.database
    database.run(
        "UPDATE messages SET state = ?, reason = ?, accepted_at = ? WHERE token = ?",
        MessageState.ACCEPTED, evidence, now.isoformat(), row["token"],
    )  # fmt: skip
    if row["purpose"] == Purpose.DOCUMENTS:
        _ask_back(practice, row, now)
    elif asked := dispatch.asked_by(practice, row):
        _await(practice, row, asked, now)
    passed = database.value("SELECT gates FROM messages WHERE token = ?", row["token"])
    ledger.record(
        database, now, "message.accepted", token=row["token"], seal=tokens.seal(practice.key, row["sha256"]),
        **json.loads(passed or "{}"),
    )  # fmt: skip


def _ask_back(practice: Practice, row: sqlite3.Row, now: datetime) -> None:
    """Record who must now return what."""
    database, revision = practice.database, recorded.revision(practice, row["dossier"], row["revision"])
    newest = is_newest(practice, row["dossier"], row["revision"])
    state = ObligationState.AWAITED if newest else ObligationState.SUPERSEDED
    for kind in map(Kind, row["kinds"].split(",")):
        if plan.signer(revision.client, kind) == row["party"]:
            database.run(
                "INSERT OR IGNORE INTO obligations (dossier, kind, version, party, state, asked_at, due_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row["dossier"], kind, row["revision"], row["party"], state, now.isoformat(),
                valid_until(revision, practice.file).isoformat(),
            )  # fmt: skip


def _await(practice: Practice, row: sqlite3.Row, kind: Kind, now: datetime) -> None:
    """Record that a word on a document is awaited; it does not expire, for silence is no answer.

    The text that asks it is kept with it: the mail itself can be gone, as promised, before she answers and quotes it.
    """
    due = practice.today(now) + timedelta(days=practice.file.quote.valid_days)
    practice.database.run(
        "INSERT OR IGNORE INTO obligations (dossier, kind, version, party, state, asked_at, due_at, question)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        row["dossier"], kind, row["round"], row["party"], ObligationState.AWAITED, now.isoformat(), due.isoformat(),
        letter.plain_text(frozen(practice, row)),
    )  # fmt: skip
