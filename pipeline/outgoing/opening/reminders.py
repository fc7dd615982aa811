"""What has not come back: reminders on the practice's calendar, and quotes that expire at the end of their last day.

Takes obligations that are awaited; leaves reminders queued and counted, or the quote expired. Days are counted as
people count them, in the practice's time zone. However long the program was away, one reminder goes, not all that were
missed; and never two within a day, whatever the rows say.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from itertools import groupby

from pipeline.edges import ledger
from pipeline.model import Kind, MessageState, ObligationState, Party, Purpose, ReturnState, document_code
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.mail.freezing import Frozen, each_made, enqueue, freeze
from pipeline.outgoing.standing import ASKED_AGAIN, BETWEEN_REMINDERS, is_newest, still_awaited
from pipeline.outgoing.values.base import Revision
from pipeline.practice import Practice
from pipeline.steps import each

Tell = Callable[[str], None]
Owed = list[sqlite3.Row]
UNFINISHED = {
    MessageState.HELD, MessageState.QUEUED, MessageState.CLAIMED, MessageState.DATA_SENT, MessageState.IN_DOUBT,
}  # fmt: skip


def expire(practice: Practice, now: datetime, tell: Tell) -> int:
    """Let the quotes expire whose last day is over; one that came back and waits for the coach does not expire."""
    late = practice.database.rows(
        "SELECT * FROM obligations AS o WHERE state = ? AND kind = ? AND due_at < ? AND NOT EXISTS"
        " (SELECT 1 FROM returns WHERE dossier = o.dossier AND kind = o.kind AND version = o.version AND state = ?)",
        ObligationState.AWAITED, Kind.QUOTE, practice.today(now).isoformat(), ReturnState.PROPOSED,
    )  # fmt: skip
    return each(practice, late, lambda row: _expire(practice, row, now, tell))


def _expire(practice: Practice, row: sqlite3.Row, now: datetime, tell: Tell) -> int:
    with practice.database.transaction():
        if not practice.database.run(
            "UPDATE obligations SET state = ?, settled_at = ? WHERE dossier = ? AND kind = ? AND version = ?"
            " AND state = ?",
            ObligationState.EXPIRED, now.isoformat(), row["dossier"], row["kind"], row["version"],
            ObligationState.AWAITED,
        ):  # fmt: skip
            return 0
        ledger.record(practice.database, now, "obligation.expired", document=_code(row), party=row["party"])
    tell(f"{row['dossier']} {row['kind']} v{row['version']} has expired")
    return 1


def remind(practice: Practice, now: datetime, tell: Tell) -> int:
    """Queue the reminders that are due, one mail for each person; gives how many mails.

    Raises `PrintFailed` or `NotAsPlanned` when a text cannot be made, after all others were.
    """
    due = [found for person in _persons(practice) if (found := _due(practice, person, now))]
    return each_made(practice, due, lambda owed: _remind(practice, owed, now, tell))


def _persons(practice: Practice) -> list[Owed]:
    """Give what is awaited of each person of each dossier, where the mail that asked for it was accepted."""
    rows = practice.database.rows(
        "SELECT o.* FROM obligations AS o JOIN messages AS m ON m.dossier = o.dossier AND m.revision = o.version"
        " AND m.party = o.party AND m.purpose = ? WHERE o.state = ? AND m.state = ? AND m.bounced IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM obligations AS q WHERE q.dossier = o.dossier AND q.version = o.version"
        " AND q.kind = ? AND q.state = ?) ORDER BY o.dossier, o.version, o.party",
        Purpose.DOCUMENTS, ObligationState.AWAITED, MessageState.ACCEPTED, Kind.QUOTE, ObligationState.DECLINED,
    )  # fmt: skip
    return [list(owed) for _, owed in groupby(rows, lambda row: (row["dossier"], row["version"], row["party"]))]


def _due(practice: Practice, owed: Owed, now: datetime) -> Owed:
    """Give what a person is to be reminded of now; nothing while another reminder is under way or hardly gone."""
    first = owed[0]
    if not any(_may_be(practice, row, now) for row in owed):
        return []
    sent = practice.database.rows(
        "SELECT * FROM messages WHERE dossier = ? AND party = ? AND purpose = ?",
        first["dossier"], first["party"], Purpose.REMINDER,
    )  # fmt: skip
    under_way = any(mail["revision"] == first["version"] and mail["state"] in UNFINISHED for mail in sent)
    if under_way or any(now - went(mail) < BETWEEN_REMINDERS for mail in sent):
        return []
    return [row for row in owed if _is_due(practice, row, sent, now)]


def _may_be(practice: Practice, row: sqlite3.Row, now: datetime) -> bool:
    """Tell what can be told without looking at the mails: most rows wait for a day that is far."""
    asked = row["quiet"] == ASKED_AGAIN or row["reminders"] < practice.file.reminders.at_most
    early = row["quiet"] != ASKED_AGAIN and practice.today(now) < plan.next_reminder(
        practice.day_of(row["asked_at"]), None, practice.file.reminders
    )
    return (
        asked
        and not early
        and still_awaited(practice, row, now)
        and is_newest(practice, row["dossier"], row["version"])
    )


def _is_due(practice: Practice, row: sqlite3.Row, sent: list[sqlite3.Row], now: datetime) -> bool:
    if not _may_be(practice, row, now):
        return False
    about = [
        practice.today(went(mail)) for mail in sent
        if mail["revision"] == row["version"] and row["kind"] in mail["kinds"].split(",")
        and mail["state"] != MessageState.SUPERSEDED
    ]  # fmt: skip
    day = plan.next_reminder(practice.day_of(row["asked_at"]), max(about, default=None), practice.file.reminders)
    return row["quiet"] == ASKED_AGAIN or practice.today(now) >= day


def went(mail: sqlite3.Row) -> datetime:
    """Give when a reminder went, or when it was made while it has not."""
    return datetime.fromisoformat(mail["accepted_at"] or mail["queued_at"])


def _remind(practice: Practice, owed: Owed, now: datetime, tell: Tell) -> int:
    first = owed[0]
    revision, party = recorded.revision(practice, first["dossier"], first["version"]), Party(first["party"])
    number = next_number(practice, first["dossier"], first["version"], party)
    delivery = plan.reminder(revision.client, party, {Kind(row["kind"]) for row in owed}, number)
    if delivery is None:
        return 0
    queued = _queue(practice, revision, freeze(practice, revision, delivery, now), owed, now)
    if queued:
        tell(f"{revision.reference} reminder to the {party} composed")
    return queued


def next_number(practice: Practice, dossier: str, revision: int, party: Party) -> int:
    """Give the number of the next reminder to a party; those of her word on a report are counted with the others."""
    sent = practice.database.value(
        "SELECT count(*) FROM messages WHERE dossier = ? AND revision = ? AND party = ? AND purpose = ?",
        dossier, revision, party, Purpose.REMINDER,
    )  # fmt: skip
    return 1 + int(sent)


def _queue(practice: Practice, revision: Revision, mail: Frozen, owed: Owed, now: datetime) -> int:
    """Queue a reminder and count it with each obligation, unless something changed since it was written."""
    with practice.database.transaction():
        if not is_newest(practice, revision.reference, revision.number):
            return 0
        if not all(unchanged(practice, row) and still_awaited(practice, row, now) for row in owed):
            return 0
        enqueue_counted(practice, revision, mail, owed, now)
    return 1


def enqueue_counted(practice: Practice, revision: Revision, mail: Frozen, owed: Owed, now: datetime) -> None:
    """Queue a reminder and count it with each obligation, inside the caller's transaction."""
    enqueue(practice, revision, mail, now)
    for row in owed:
        practice.database.run(
            "UPDATE obligations SET reminders = reminders + 1, quiet = NULL"
            " WHERE dossier = ? AND kind = ? AND version = ? AND party = ?",
            row["dossier"], row["kind"], row["version"], row["party"],
        )  # fmt: skip
        ledger.record(
            practice.database, now, "obligation.reminded", document=_code(row), party=row["party"],
            number=row["reminders"] + 1, token=mail.planned.token,
        )  # fmt: skip


def unchanged(practice: Practice, row: sqlite3.Row) -> bool:
    """Tell whether an obligation is as it was when it was looked at."""
    found = practice.database.row(
        "SELECT * FROM obligations WHERE dossier = ? AND kind = ? AND version = ? AND party = ?",
        row["dossier"], row["kind"], row["version"], row["party"],
    )  # fmt: skip
    return found is not None and tuple(found) == tuple(row)


def _code(row: sqlite3.Row) -> str:
    return f"{document_code(row['dossier'], Kind(row['kind']))} v{row['version']}"
