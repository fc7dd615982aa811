"""From a queued message to mail that the server has accepted, at most once.

queued → claimed → data_sent (durable before the final dot) → accepted | in_doubt. A mail that may have been accepted is
never sent again by itself. Refusals stop (5xx), delays are tried again with a growing pause (4xx), for five days.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta

from pipeline import steps, tokens
from pipeline.edges import ledger, smtp
from pipeline.errors import NotReachable
from pipeline.model import IN_COURSE, AttentionState, DocumentState, Kind, MessageState, ObligationState, Purpose
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.course import dispatch
from pipeline.outgoing.mail import letter
from pipeline.outgoing.sending.facts import Looked
from pipeline.outgoing.sending.leaving import GateClosed, ask, frozen, look
from pipeline.outgoing.standing import RESTRICTION, is_newest
from pipeline.outgoing.values.base import valid_until
from pipeline.policy.deeds import citing
from pipeline.policy.gates import BY_POLICY
from pipeline.practice import Practice
from pipeline.steps import each

Tell = Callable[[str], None]
GIVE_UP_AFTER = timedelta(days=5)


def recover(practice: Practice, now: datetime, tell: Tell) -> None:
    """After a stop of any kind: what had no mark goes back to the queue, what had one is in doubt."""
    for row in practice.database.rows("SELECT * FROM messages WHERE state = ?", MessageState.CLAIMED):
        _become(practice, row, MessageState.QUEUED, now, "stopped before the mail was handed over")
    for row in practice.database.rows("SELECT * FROM messages WHERE state = ?", MessageState.DATA_SENT):
        _become(practice, row, MessageState.IN_DOUBT, now, "stopped before the server's answer was known")
        tell(f"{row['dossier'] or '-'} {named(row)} is in doubt")


def send(practice: Practice, now: Callable[[], datetime], tell: Tell) -> int:
    """Send everything that is due over one connection; gives how many mails were accepted.

    Raises `NotReachable` when the account itself cannot be used; no mail is blamed for that.
    """
    due = practice.database.rows(
        "SELECT * FROM messages WHERE state = ? AND next_at <= ? ORDER BY queued_at, rowid",
        MessageState.QUEUED, now().isoformat(),
    )  # fmt: skip
    accepted, server = 0, practice.file.mail.smtp
    while due and not practice.stopping.is_set():
        with smtp.Conversation(server, lambda: practice.secret_of(server)) as conversation:
            while due and conversation.alive and not practice.stopping.is_set():
                accepted += each(
                    practice,
                    [due.pop(0)],
                    lambda row: _send_one(practice, conversation, row, now, tell),
                    lambda row: _put_right(practice, row, now()),
                )
    return accepted


def _send_one(
    practice: Practice, conversation: smtp.Conversation, row: sqlite3.Row, now: Callable[[], datetime], tell: Tell
) -> int:
    if not _claim(practice, row, now()):
        return 0
    try:
        data = frozen(practice, row)
        looked = look(practice, row, data)
        ask(practice, row, now(), looked)  # what is closed already is not even handed to our own server
        outcome = conversation.offer(
            practice.file.mail.sender, row["recipient"], data, lambda: _mark(practice, row, now(), looked)
        )
    except NotReachable:
        _unclaim(practice, row)
        raise
    except GateClosed as shut:
        _stay(practice, row, shut, now())
        tell(f"{row['dossier'] or '-'} {named(row)} was not sent: {shut}")
        return 0
    _conclude(practice, row, outcome, now())
    tell(f"{row['dossier'] or '-'} {named(row)}: {outcome.verdict.value.replace('_', ' ')} ({outcome.code})")
    return int(outcome.verdict is smtp.Verdict.ACCEPTED)


def _put_right(practice: Practice, row: sqlite3.Row, now: datetime) -> None:
    """After a defect: the same as after a crash, for this one mail, and not at once again."""
    state = practice.database.value("SELECT state FROM messages WHERE token = ?", row["token"])
    if state == MessageState.CLAIMED:
        _become(practice, row, MessageState.QUEUED, now, "a defect in the program", pause(row["attempts"]))
    elif state == MessageState.DATA_SENT:
        _become(practice, row, MessageState.IN_DOUBT, now, "a defect in the program")


def _claim(practice: Practice, row: sqlite3.Row, now: datetime) -> bool:
    with practice.database.transaction():
        claimed = practice.database.run(
            "UPDATE messages SET state = ?, attempts = attempts + 1, first_tried_at = coalesce(first_tried_at, ?)"
            " WHERE token = ? AND state = ?",
            MessageState.CLAIMED, now.isoformat(), row["token"], MessageState.QUEUED,
        )  # fmt: skip
    return claimed == 1


def _unclaim(practice: Practice, row: sqlite3.Row) -> None:
    """Put a mail back as it was: what went wrong is not about it."""
    with practice.database.transaction():
        practice.database.run(
            "UPDATE messages SET state = ?, attempts = ?, first_tried_at = ? WHERE token = ? AND state = ?",
            MessageState.QUEUED, row["attempts"], row["first_tried_at"], row["token"], MessageState.CLAIMED,
        )  # fmt: skip


def _stay(practice: Practice, row: sqlite3.Row, shut: GateClosed, now: datetime) -> None:
    """Record that a mail stays in, and which gates of the policy kept it; one that only waits is tried again later."""
    state, after = MessageState.REFUSED, timedelta()
    if shut.superseded:
        state = MessageState.SUPERSEDED
    elif shut.for_now:
        state, after = MessageState.QUEUED, pause(row["attempts"])
    with practice.database.transaction():
        _change(practice, row, state, now, str(shut), after)
        if shut.for_now and row["reason"] == str(shut):
            return  # said once, however long it lasts
        if shut.gates or shut.for_now:
            cited = citing(*shut.gates) or {"why": RESTRICTION}
            ledger.record(practice.database, now, "gate.denied", act="send", token=row["token"], **cited)
        ledger.record(practice.database, now, f"message.{state}", token=row["token"])


def _mark(practice: Practice, row: sqlite3.Row, now: datetime, looked: Looked) -> None:
    """Ask the gates and make the mark durable, in one transaction; from here on the mail may have been accepted."""
    database = practice.database
    with database.transaction():
        passed = citing(*ask(practice, row, now, looked))
        database.run(
            "UPDATE messages SET state = ?, gates = ? WHERE token = ?",
            MessageState.DATA_SENT, json.dumps(passed), row["token"],
        )  # fmt: skip
        ledger.record(
            database, now, "message.data_sent", token=row["token"], seal=tokens.seal(practice.key, row["sha256"]),
            **passed,
        )  # fmt: skip


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
        _become(practice, row, MessageState.IN_DOUBT, now, outcome.reply)
    elif outcome.verdict is smtp.Verdict.REFUSED or now - _first_tried(row, now) > GIVE_UP_AFTER:
        _become(practice, row, MessageState.REFUSED, now, outcome.reply)
    else:
        _become(practice, row, MessageState.QUEUED, now, outcome.reply, pause(row["attempts"]))


def _first_tried(row: sqlite3.Row, now: datetime) -> datetime:
    """Give when a mail was first offered: a laptop may have slept for a week before that."""
    return datetime.fromisoformat(row["first_tried_at"]) if row["first_tried_at"] else now


def pause(attempts: int) -> timedelta:
    """Give how long to wait after `attempts` earlier tries: doubling, with some chance, up to four hours."""
    return timedelta(seconds=steps.pause(attempts).total_seconds() * random.uniform(0.8, 1.0))  # noqa: S311 - spreads retries, keeps no secret


def accept(practice: Practice, row: sqlite3.Row, now: datetime, evidence: str) -> None:
    """Record that a mail was accepted, and who must now return what."""
    with practice.database.transaction():
        _accepted(practice, row, now, evidence)


def _accepted(practice: Practice, row: sqlite3.Row, now: datetime, evidence: str) -> None:
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


def _become(
    practice: Practice,
    row: sqlite3.Row,
    state: MessageState,
    now: datetime,
    reason: str,
    after: timedelta = timedelta(),
) -> None:
    with practice.database.transaction():
        _change(practice, row, state, now, reason, after)
        ledger.record(practice.database, now, f"message.{state}", token=row["token"])


def _change(
    practice: Practice, row: sqlite3.Row, state: MessageState, now: datetime, reason: str, after: timedelta
) -> None:
    practice.database.run(
        "UPDATE messages SET state = ?, reason = ?, next_at = ? WHERE token = ?",
        state, reason, (now + after).isoformat(), row["token"],
    )  # fmt: skip


def release(practice: Practice, reference: str, now: datetime) -> int:
    """Let the held mails of a dossier go, and try again those that the policy kept in; gives how many.

    The gates are asked again when they leave: what they wait for may have come. One about which a question is open
    waits for the answer to that.
    """

    def again(row: sqlite3.Row) -> None:
        _queue_again(practice, row, now, "released")

    held = _decide(practice, reference, MessageState.HELD, again)
    return held + _decide(practice, reference, MessageState.REFUSED, again, f"{BY_POLICY}%")


def release_one(practice: Practice, token: str, now: datetime) -> int:
    """Let one held mail go, inside the caller's transaction: the coach has looked at it; gives how many."""
    rows = practice.database.rows(
        "SELECT * FROM messages WHERE token = ? AND state = ?", token, MessageState.HELD
    )  # fmt: skip
    for row in rows:
        _queue_again(practice, row, now, "released")
    return len(rows)


def withhold(practice: Practice, token: str, now: datetime) -> int:
    """Let one held mail never go, inside the caller's transaction: the coach says that it is wrong; gives how many."""
    rows = practice.database.rows(
        "SELECT * FROM messages WHERE token = ? AND state = ?", token, MessageState.HELD
    )  # fmt: skip
    for row in rows:
        _change(practice, row, MessageState.SUPERSEDED, now, "withheld by the coach", timedelta())
        ledger.record(practice.database, now, f"message.{MessageState.SUPERSEDED}", token=token)
        practice.database.run(
            "UPDATE documents SET state = ? WHERE dossier = ? AND kind = ? AND kind = ? AND version = ?",
            DocumentState.WITHHELD, row["dossier"], row["purpose"], Kind.PROFILE, row["round"],
        )  # fmt: skip
    return len(rows)


def settle(practice: Practice, reference: str, now: datetime, *, arrived: bool) -> int:
    """Take the coach's word on the mails of a dossier that are in doubt: they arrived, or they are to be sent again."""
    if arrived:
        word = "the coach says that it arrived"
        return _decide(practice, reference, MessageState.IN_DOUBT, lambda row: _accepted(practice, row, now, word))
    word = "the coach says that it did not arrive"
    return _decide(practice, reference, MessageState.IN_DOUBT, lambda row: _queue_again(practice, row, now, word))


def _decide(
    practice: Practice, reference: str, state: MessageState, act: Callable[[sqlite3.Row], None], reason: str = "%"
) -> int:
    """Act on the mails of a dossier that are in `state` now, for a reason like this; looking and acting are one."""
    with practice.database.transaction():
        rows = practice.database.rows(
            "SELECT * FROM messages AS m WHERE dossier = ? AND state = ? AND coalesce(reason, '') LIKE ?"
            " AND NOT EXISTS (SELECT 1 FROM attention WHERE token = m.token AND state = ?)",
            reference, state, reason, AttentionState.OPEN,
        )  # fmt: skip
        for row in rows:
            act(row)
    return len(rows)


def _queue_again(practice: Practice, row: sqlite3.Row, now: datetime, reason: str) -> None:
    practice.database.run(
        "UPDATE messages SET state = ?, reason = ?, next_at = ?, first_tried_at = NULL WHERE token = ?",
        MessageState.QUEUED, reason, now.isoformat(), row["token"],
    )  # fmt: skip
    ledger.record(practice.database, now, "message.queued", token=row["token"], why=reason)
