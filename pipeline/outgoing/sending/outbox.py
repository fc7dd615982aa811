"""From a queued message to mail that the server has accepted, at most once.

queued → claimed → data_sent (durable before the final dot) → accepted | in_doubt. A mail that may have been accepted is
never sent again by itself. Refusals stop (5xx), delays are tried again with a growing pause (4xx), for five days.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta

from pipeline.edges import ledger, smtp
from pipeline.errors import NotReachable
from pipeline.model import IN_COURSE, AttentionState, DocumentState, Kind, MessageState, Purpose
from pipeline.outgoing.sending import accepted, states
from pipeline.outgoing.sending.leaving import GateClosed, ask, frozen, look
from pipeline.policy.gates import BY_POLICY
from pipeline.practice import Practice
from pipeline.steps import each

Tell = Callable[[str], None]
GIVE_UP_AFTER = timedelta(days=5)


def recover(practice: Practice, now: datetime, tell: Tell) -> None:
    """After a stop of any kind: what had no mark goes back to the queue, what had one is in doubt."""
    for row in practice.database.rows("SELECT * FROM messages WHERE state = ?", MessageState.CLAIMED):
        states.become(practice, row, MessageState.QUEUED, now, "stopped before the mail was handed over")
    for row in practice.database.rows("SELECT * FROM messages WHERE state = ?", MessageState.DATA_SENT):
        states.become(practice, row, MessageState.IN_DOUBT, now, "stopped before the server's answer was known")
        tell(f"{row['dossier'] or '-'} {named(row)} is in doubt")


def send(practice: Practice, now: Callable[[], datetime], tell: Tell) -> int:
    """Send everything that is due over one connection; gives how many mails were accepted.

    Raises `NotReachable` when the account itself cannot be used; no mail is blamed for that.
    """
    due = practice.database.rows(
        "SELECT * FROM messages WHERE state = ? AND next_at <= ? ORDER BY queued_at, rowid",
        MessageState.QUEUED, now().isoformat(),
    )  # fmt: skip
    sent, server = 0, practice.file.mail.smtp
    while due and not practice.stopping.is_set():
        with smtp.Conversation(server, lambda: practice.secret_of(server)) as conversation:
            while due and conversation.alive and not practice.stopping.is_set():
                sent += each(
                    practice,
                    [due.pop(0)],
                    lambda row: _send_one(practice, conversation, row, now, tell),
                    lambda row: _put_right(practice, row, now()),
                )
    return sent


def _send_one(
    practice: Practice, conversation: smtp.Conversation, row: sqlite3.Row, now: Callable[[], datetime], tell: Tell
) -> int:
    if not states.claim(practice, row, now()):
        return 0
    try:
        data = frozen(practice, row)
        looked = look(practice, row, data)
        ask(practice, row, now(), looked)  # what is closed already is not even handed to our own server
        outcome = conversation.offer(
            practice.file.mail.sender, row["recipient"], data, lambda: states.mark(practice, row, now(), looked)
        )
    except NotReachable:
        states.unclaim(practice, row)
        raise
    except GateClosed as shut:
        states.stay(practice, row, shut, now())
        tell(f"{row['dossier'] or '-'} {named(row)} was not sent: {shut}")
        return 0
    _conclude(practice, row, outcome, now())
    tell(f"{row['dossier'] or '-'} {named(row)}: {outcome.verdict.value.replace('_', ' ')} ({outcome.code})")
    return int(outcome.verdict is smtp.Verdict.ACCEPTED)


def _put_right(practice: Practice, row: sqlite3.Row, now: datetime) -> None:
    """After a defect: the same as after a crash, for this one mail, and not at once again."""
    state = practice.database.value("SELECT state FROM messages WHERE token = ?", row["token"])
    if state == MessageState.CLAIMED:
        states.become(practice, row, MessageState.QUEUED, now, "a defect in the program", states.pause(row["attempts"]))
    elif state == MessageState.DATA_SENT:
        states.become(practice, row, MessageState.IN_DOUBT, now, "a defect in the program")


def named(row: sqlite3.Row) -> str:
    """Name a mail by why it goes and to whom, never by a person."""
    what = {
        Purpose.REMINDER: "reminder", Purpose.COUNTERSIGNED: "countersigned copy", Purpose.NOTE: "note",
        Purpose.DAILY: "daily note", Purpose.PAYMENT: "payment reminder", Purpose.CLOSING: "closing questions",
    }  # fmt: skip
    purpose = Purpose(row["purpose"])
    return f"{what.get(purpose, str(purpose) if purpose in IN_COURSE else 'mail')} to the {row['party']}"


def _conclude(practice: Practice, row: sqlite3.Row, outcome: smtp.Outcome, now: datetime) -> None:
    if outcome.verdict is smtp.Verdict.ACCEPTED:
        accept(practice, row, now, outcome.reply)
    elif outcome.verdict is smtp.Verdict.IN_DOUBT:
        states.become(practice, row, MessageState.IN_DOUBT, now, outcome.reply)
    elif outcome.verdict is smtp.Verdict.REFUSED or now - _first_tried(row, now) > GIVE_UP_AFTER:
        states.become(practice, row, MessageState.REFUSED, now, outcome.reply)
    else:
        states.become(practice, row, MessageState.QUEUED, now, outcome.reply, states.pause(row["attempts"]))


def _first_tried(row: sqlite3.Row, now: datetime) -> datetime:
    """Give when a mail was first offered: a laptop may have slept for a week before that."""
    return datetime.fromisoformat(row["first_tried_at"]) if row["first_tried_at"] else now


def accept(practice: Practice, row: sqlite3.Row, now: datetime, evidence: str) -> None:
    """Record that a mail was accepted, and who must now return what."""
    with practice.database.transaction():
        accepted.record(practice, row, now, evidence)


def release(practice: Practice, reference: str, now: datetime) -> int:
    """Let the held mails of a dossier go, and try again those that the policy kept in; gives how many.

    The gates are asked again when they leave: what they wait for may have come. One about which a question is open
    waits for the answer to that.
    """

    def again(row: sqlite3.Row) -> None:
        states.queue_again(practice, row, now, "released")

    held = _decide(practice, reference, MessageState.HELD, again)
    return held + _decide(practice, reference, MessageState.REFUSED, again, f"{BY_POLICY}%")


def release_one(practice: Practice, token: str, now: datetime) -> int:
    """Let one held mail go, inside the caller's transaction: the coach has looked at it; gives how many."""
    rows = practice.database.rows(
        "SELECT * FROM messages WHERE token = ? AND state = ?", token, MessageState.HELD
    )  # fmt: skip
    for row in rows:
        states.queue_again(practice, row, now, "released")
    return len(rows)


def withhold(practice: Practice, token: str, now: datetime) -> int:
    """Let one held mail never go, inside the caller's transaction: the coach says that it is wrong; gives how many."""
    rows = practice.database.rows(
        "SELECT * FROM messages WHERE token = ? AND state = ?", token, MessageState.HELD
    )  # fmt: skip
    for row in rows:
        states.change(practice, row, MessageState.SUPERSEDED, now, "withheld by the coach", timedelta())
        ledger.record(practice.database, now, f"message.{MessageState.SUPERSEDED}", token=token)
        practice.database.run(
            "UPDATE documents SET state = ? WHERE dossier = ? AND kind = ? AND kind = ? AND version = ?",
            DocumentState.WITHHELD, row["dossier"], row["purpose"], Kind.PROFILE, row["round"],
        )  # fmt: skip
    return len(rows)


def in_doubt(practice: Practice, reference: str) -> list[sqlite3.Row]:
    """Give the mails of a dossier of which nobody knows whether they arrived, in the order in which they were made."""
    return practice.database.rows(
        "SELECT * FROM messages WHERE dossier = ? AND state = ? ORDER BY rowid", reference, MessageState.IN_DOUBT
    )


def settle(practice: Practice, reference: str, now: datetime, *, arrived: bool, token: str | None = None) -> int:
    """Take the coach's word on mail of a dossier that is in doubt: it arrived, or it is to be sent again.

    It is about the mail with this token, and without one about all of them; gives how many that were.
    """

    def act(row: sqlite3.Row) -> None:
        if arrived:
            accepted.record(practice, row, now, "the coach says that it arrived")
        else:
            states.queue_again(practice, row, now, "the coach says that it did not arrive")

    return _decide(practice, reference, MessageState.IN_DOUBT, act, token=token)


def _decide(
    practice: Practice, reference: str, state: MessageState, act: Callable[[sqlite3.Row], None], reason: str = "%",
    token: str | None = None,
) -> int:  # fmt: skip
    """Act on the mails of a dossier that are in `state` now, for a reason like this; looking and acting are one."""
    with practice.database.transaction():
        rows = practice.database.rows(
            "SELECT * FROM messages AS m WHERE dossier = ? AND state = ? AND coalesce(reason, '') LIKE ?"
            " AND token = coalesce(?, token)"
            " AND NOT EXISTS (SELECT 1 FROM attention WHERE token = m.token AND state = ?)",
            reference, state, reason, token, AttentionState.OPEN,
        )  # fmt: skip
        for row in rows:
            act(row)
    return len(rows)
