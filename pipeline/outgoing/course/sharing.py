"""From the client's yes to the mail to who pays: the very bytes that she approved, to the one that she was told of.

Takes reports and profiles of which her word lets the newest go on; leaves their mail to the sponsor queued, or takes it
back when her word does not hold any more. Whether it may leave is asked once more at the moment of the send; one that
was kept in is tried again when she has given a consent, or said yes again, since.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from pipeline import approvals, questions
from pipeline.edges import ledger
from pipeline.model import Kind, MessageState, Party
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.course import unshared
from pipeline.outgoing.mail.freezing import Frozen, each_made, enqueue, freeze
from pipeline.outgoing.values.base import Revision
from pipeline.policy.gates import BY_POLICY, NOT_APPROVED, NOT_HAD
from pipeline.practice import Practice

Tell = Callable[[str], None]
UNSENT = (MessageState.HELD, MessageState.QUEUED, MessageState.REFUSED)
NEWEST_SHARED = """
SELECT d.*, m.token, m.revision, m.state AS mail, m.reason, m.next_at FROM documents AS d LEFT JOIN messages AS m
    ON m.dossier = d.dossier AND m.party = ? AND m.purpose = d.kind AND m.round = d.version
WHERE d.kind IN (?, ?) AND d.sha256 <> '' AND d.dossier IN (SELECT dossier FROM approvals WHERE given AND purpose = ?)
    AND d.version = (SELECT max(version) FROM documents WHERE dossier = d.dossier AND kind = d.kind)
    AND coalesce(m.state, '') NOT IN (?, ?, ?)
"""
"""The newest report and profile of each dossier with a yes among its words, and their mail to the sponsor, if any.

Left out is what went or may have gone: nothing calls that back, and nothing sends it twice.
"""

SAID_SINCE = """
SELECT 1 FROM consents WHERE dossier = ?1 AND given AND at > ?2
UNION ALL SELECT 1 FROM approvals WHERE dossier = ?1 AND given AND at > ?2
"""


def share(practice: Practice, now: datetime, tell: Tell) -> int:
    """Queue what the client has approved and who pays has not been sent; gives how many.

    Raises `PrintFailed` or `NotAsPlanned` when a mail cannot be made, after all others were.
    """
    rows = practice.database.rows(
        NEWEST_SHARED, Party.SPONSOR, *approvals.APPROVED, approvals.RELEASE,
        MessageState.ACCEPTED, MessageState.DATA_SENT, MessageState.IN_DOUBT,
    )  # fmt: skip
    unshared.ask(practice, [row for row in rows if approvals.stands(practice, row)], now)
    return each_made(practice, rows, lambda row: _one(practice, row, now, tell))


def _one(practice: Practice, row: sqlite3.Row, now: datetime, tell: Tell) -> int:
    if not approvals.stands(practice, row):
        return _take_back(practice, row, now)
    if row["token"] is not None and not _may_try_again(practice, row):
        return 0
    reference, number = row["dossier"], row["revision"] or recorded.newest_revision(practice, row["dossier"])
    revision, mail = recorded.revision(practice, reference, number), _planned(practice, row)
    if mail is None:
        return 0
    queued = _queue(practice, row, revision, freeze(practice, revision, mail, now), now)
    if queued:
        tell(f"{reference} {row['kind']} v{row['version']} composed for the sponsor")
    return queued


def _planned(practice: Practice, row: sqlite3.Row) -> plan.Delivery | None:
    """Give the mail to the one that the client was told of; None when who pays is another now."""
    client = recorded.client_now(practice, row["dossier"])
    if not unshared.is_who_was_told(practice, row, client):
        return None
    planned = plan.in_course(client, recorded.PURPOSE[Kind(row["kind"])], row["version"])
    return next((one for one in planned if one.party is Party.SPONSOR), None)


def _may_try_again(practice: Practice, row: sqlite3.Row) -> bool:
    """Tell whether a mail that did not leave can leave now: her word holds again, or she gave one since."""
    if row["mail"] == MessageState.SUPERSEDED:
        return bool(row["reason"] == NOT_APPROVED)
    if row["mail"] != MessageState.REFUSED or not (row["reason"] or "").startswith((BY_POLICY, NOT_HAD)):
        return False
    return bool(practice.database.value(SAID_SINCE, row["dossier"], row["next_at"]))


def _queue(practice: Practice, row: sqlite3.Row, revision: Revision, frozen: Frozen, now: datetime) -> int:
    """Queue a mail, or queue it again, unless her word has changed since it was made."""
    with practice.database.transaction():
        if not approvals.stands(practice, row):
            return 0
        if row["token"] is None:
            enqueue(practice, revision, frozen, now)
            return 1
        practice.database.run(
            "UPDATE messages SET state = ?, reason = NULL, sha256 = ?, recipient = ?, next_at = ?, queued_at = ?,"
            " attempts = 0, first_tried_at = NULL WHERE token = ? AND state = ?",
            MessageState.QUEUED, frozen.sha256, frozen.delivery.recipient, now.isoformat(), now.isoformat(),
            row["token"], row["mail"],
        )  # fmt: skip
        ledger.record(practice.database, now, "message.queued", token=row["token"], why="her word holds")
    return 1


def _take_back(practice: Practice, row: sqlite3.Row, now: datetime) -> int:
    """Let the mail lapse that her word does not carry any more; a yes after this lets it go after all."""
    if row["mail"] not in UNSENT:
        return 0
    with practice.database.transaction():
        practice.database.run(
            "UPDATE messages SET state = ?, reason = ?, next_at = ? WHERE token = ? AND state = ?",
            MessageState.SUPERSEDED, NOT_APPROVED, now.isoformat(), row["token"], row["mail"],
        )  # fmt: skip
        ledger.record(practice.database, now, "message.superseded", token=row["token"], why=NOT_APPROVED)
        questions.lapse(practice, row["token"], now)
    return 1
