"""Reminders that a report waits for the client's word: the form alone, as often as the practice says, and then no more.

Takes her word where it is awaited on the newest report; leaves a reminder queued and counted. Whatever she said, a
bounce, a newer report, another sponsor and the end of the coaching stop them. Nothing else ever comes of silence.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from pipeline import approvals
from pipeline.edges import ledger
from pipeline.model import Kind, MessageState, ObligationState, Party, Purpose
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.mail.freezing import Frozen, each_made, freeze
from pipeline.outgoing.opening import reminders
from pipeline.outgoing.standing import ASKED_AGAIN, BETWEEN_REMINDERS, still_awaited
from pipeline.outgoing.values.base import Revision
from pipeline.policy.gates import NOT_AWAITED
from pipeline.policy.schema.retention import Event
from pipeline.practice import Practice

Tell = Callable[[str], None]
AWAITED = """
SELECT o.* FROM obligations AS o JOIN messages AS m
    ON m.dossier = o.dossier AND m.party = o.party AND m.purpose = ? AND m.round = o.version
WHERE o.kind = ? AND o.state = ? AND m.state = ? AND m.bounced IS NULL
    AND o.version = (SELECT max(version) FROM documents WHERE dossier = o.dossier AND kind = ?)
    AND NOT EXISTS (SELECT 1 FROM events WHERE dossier = o.dossier AND event = ?)
ORDER BY o.dossier
"""
"""What is awaited of clients about the newest report of a coaching that is not over, where no bounce came."""
LATE = """
SELECT token FROM messages AS m WHERE purpose = ? AND kinds = ? AND state IN (?, ?, ?)
    AND queued_at <= (SELECT max(written_at) FROM documents WHERE dossier = m.dossier AND kind = ?)
"""


def let_lapse(practice: Practice, now: datetime) -> None:
    """Let the reminders of a report lapse that have not left when a newer one is there."""
    late = practice.database.rows(
        LATE, Purpose.REMINDER, Kind.APPROVAL, MessageState.HELD, MessageState.QUEUED, MessageState.REFUSED, Kind.REPORT
    )
    for row in late:
        with practice.database.transaction():
            practice.database.run(
                "UPDATE messages SET state = ?, reason = ? WHERE token = ?",
                MessageState.SUPERSEDED, NOT_AWAITED, row["token"],
            )  # fmt: skip
            ledger.record(practice.database, now, "message.superseded", token=row["token"])


def remind(practice: Practice, now: datetime, tell: Tell) -> int:
    """Queue the reminders that are due; gives how many.

    Raises `PrintFailed` or `NotAsPlanned` when a text cannot be made, after all others were.
    """
    return each_made(
        practice,
        [owed for owed in _awaited(practice) if _is_due(practice, owed, now)],
        lambda owed: _remind(practice, owed, now, tell),
    )


def _awaited(practice: Practice) -> list[sqlite3.Row]:
    return practice.database.rows(
        AWAITED, Purpose.REPORT, Kind.APPROVAL, ObligationState.AWAITED, MessageState.ACCEPTED, Kind.REPORT,
        Event.CLOSED,
    )  # fmt: skip


def _is_due(practice: Practice, owed: sqlite3.Row, now: datetime) -> bool:
    again, rules = owed["quiet"] == ASKED_AGAIN, practice.file.reminders
    if not again and owed["reminders"] >= rules.at_most:
        return False
    if not still_awaited(practice, owed, now) or not _asked_for_who_pays_now(practice, owed):
        return False
    sent = practice.database.rows(
        "SELECT * FROM messages WHERE dossier = ? AND party = ? AND purpose = ?",
        owed["dossier"], owed["party"], Purpose.REMINDER,
    )  # fmt: skip
    if any(mail["state"] in reminders.UNFINISHED or now - reminders.went(mail) < BETWEEN_REMINDERS for mail in sent):
        return False
    days = [
        practice.today(reminders.went(mail)) for mail in sent
        if mail["kinds"] == Kind.APPROVAL and mail["queued_at"] >= owed["asked_at"]
        and mail["state"] != MessageState.SUPERSEDED
    ]  # fmt: skip
    day = plan.next_reminder(practice.day_of(owed["asked_at"]), max(days, default=None), rules)
    return again or practice.today(now) >= day


def _asked_for_who_pays_now(practice: Practice, owed: sqlite3.Row) -> bool:
    """Tell whether who pays is still the one that she was told of; a yes for another lets nothing go."""
    sponsor = recorded.client_now(practice, owed["dossier"]).sponsor
    told = approvals.recipient_told(practice, owed["dossier"], Kind.REPORT, owed["version"])
    return sponsor is not None and sponsor.email.casefold() == told.casefold()


def _remind(practice: Practice, owed: sqlite3.Row, now: datetime, tell: Tell) -> int:
    reference = owed["dossier"]
    revision = recorded.revision(practice, reference, recorded.newest_revision(practice, reference))
    number = reminders.next_number(practice, reference, revision.number, Party.CLIENT)
    mail = freeze(practice, revision, plan.reminder_of_approval(revision.client, number), now)
    queued = _queue(practice, revision, mail, owed, now)
    if queued:
        tell(f"{reference} reminder to the {Party.CLIENT} composed")
    return queued


def _queue(practice: Practice, revision: Revision, mail: Frozen, owed: sqlite3.Row, now: datetime) -> int:
    """Queue a reminder and count it, unless something changed since it was written."""
    with practice.database.transaction():
        if not reminders.unchanged(practice, owed) or not still_awaited(practice, owed, now):
            return 0
        reminders.enqueue_counted(practice, revision, mail, [owed], now)
    return 1
