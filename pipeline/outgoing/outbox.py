"""From a queued message to mail that the server has accepted, at most once.

queued → claimed → data_sent (durable before the final dot) → accepted | in_doubt. A mail that may have been accepted is
never sent again by itself. Refusals stop (5xx), delays are tried again with a growing pause (4xx), for five days.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta

from pipeline import steps, tokens
from pipeline.edges import ledger, smtp
from pipeline.errors import NotReachable, PipelineError
from pipeline.model import Kind, MessageState, ObligationState, Purpose, message_file
from pipeline.outgoing import letter, plan
from pipeline.outgoing.compose import delivery_of, letter_plan
from pipeline.outgoing.documents import read_revision
from pipeline.outgoing.facts import is_newest, send_facts
from pipeline.outgoing.values import valid_until
from pipeline.policy.gates import LAPSES, why_not
from pipeline.practice import Practice
from pipeline.press.stamp import fingerprint
from pipeline.steps import each

Tell = Callable[[str], None]
GIVE_UP_AFTER = timedelta(days=5)


class GateClosed(PipelineError):
    """At the moment of the send, something forbade it; `superseded` when the mail has become needless."""

    def __init__(self, reason: str, *, superseded: bool = False) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.superseded = superseded


def recover(practice: Practice, now: datetime, tell: Tell) -> None:
    """After a stop of any kind: what had no mark goes back to the queue, what had one is in doubt."""
    for row in practice.database.rows("SELECT * FROM messages WHERE state = ?", MessageState.CLAIMED):
        _become(practice, row, MessageState.QUEUED, now, "stopped before the mail was handed over")
    for row in practice.database.rows("SELECT * FROM messages WHERE state = ?", MessageState.DATA_SENT):
        _become(practice, row, MessageState.IN_DOUBT, now, "stopped before the server's answer was known")
        tell(f"{row['dossier']} {named(row)} is in doubt")


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
        data = _frozen(practice, row)
        _check(practice, row, data)
        outcome = conversation.offer(
            practice.file.mail.sender, row["recipient"], data, lambda: _mark(practice, row, now())
        )
    except NotReachable:
        _unclaim(practice, row)
        raise
    except GateClosed as closed:
        state = MessageState.SUPERSEDED if closed.superseded else MessageState.REFUSED
        _become(practice, row, state, now(), str(closed))
        tell(f"{row['dossier']} {named(row)} was not sent: {closed}")
        return 0
    _conclude(practice, row, outcome, now())
    tell(f"{row['dossier']} {named(row)}: {outcome.verdict.value.replace('_', ' ')} ({outcome.code})")
    return int(outcome.verdict is smtp.Verdict.ACCEPTED)


def _frozen(practice: Practice, row: sqlite3.Row) -> bytes:
    try:
        return practice.storage.read(message_file(row["token"]))
    except OSError as error:
        raise GateClosed(f"the frozen bytes cannot be read ({error.strerror})") from None


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


def _check(practice: Practice, row: sqlite3.Row, data: bytes) -> None:
    """Read the finished bytes once more, against what the request says now: the right person, the right papers."""
    revision = read_revision(practice, row["dossier"], row["revision"])
    delivery = delivery_of(practice, revision, row)
    if delivery is None:
        raise GateClosed("nothing of this kind is planned for this person")
    try:
        planned = letter_plan(practice, revision, delivery)
    except OSError as error:
        raise GateClosed(f"the copy in the dossier cannot be read ({error.strerror})") from None
    wrong = letter.differences(data, planned, fingerprint)
    if row["kinds"] != ",".join(delivery.kinds):
        wrong.append("its documents are not those that are planned")
    if row["recipient"] != planned.recipient:
        wrong.append("the recipient is not whom the request names")
    if hashlib.sha256(data).hexdigest() != row["sha256"]:
        wrong.append("the bytes are not those that were frozen")
    if wrong:
        raise GateClosed("; ".join(wrong))


def _mark(practice: Practice, row: sqlite3.Row, now: datetime) -> None:
    """Ask the gates and make the mark durable, in one transaction; from here on the mail may have been accepted."""
    database = practice.database
    with database.transaction():
        facts = send_facts(practice, row, now)
        reason = why_not(facts)
        if reason:
            raise GateClosed(reason, superseded=not facts.newest or reason in LAPSES)
        database.run("UPDATE messages SET state = ? WHERE token = ?", MessageState.DATA_SENT, row["token"])
        ledger.record(
            database, now, "message.data_sent", token=row["token"], seal=tokens.seal(practice.key, row["sha256"])
        )


def named(row: sqlite3.Row) -> str:
    """Name a mail by why it goes and to whom, never by a person."""
    what = {Purpose.REMINDER: "reminder", Purpose.COUNTERSIGNED: "countersigned copy", Purpose.NOTE: "note"}
    return f"{what.get(Purpose(row['purpose']), 'mail')} to the {row['party']}"


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
    database, revision = practice.database, read_revision(practice, row["dossier"], row["revision"])
    database.run(
        "UPDATE messages SET state = ?, reason = ?, accepted_at = ? WHERE token = ?",
        MessageState.ACCEPTED, evidence, now.isoformat(), row["token"],
    )  # fmt: skip
    state = (
        ObligationState.AWAITED if is_newest(practice, row["dossier"], row["revision"]) else ObligationState.SUPERSEDED
    )
    asks = map(Kind, row["kinds"].split(",")) if row["purpose"] == Purpose.DOCUMENTS else ()
    for kind in asks:
        if plan.signer(revision.client, kind) == row["party"]:
            database.run(
                "INSERT OR IGNORE INTO obligations (dossier, kind, version, party, state, asked_at, due_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row["dossier"], kind, row["revision"], row["party"], state, now.isoformat(),
                valid_until(revision, practice.file).isoformat(),
            )  # fmt: skip
    ledger.record(database, now, "message.accepted", token=row["token"], seal=tokens.seal(practice.key, row["sha256"]))


def _become(
    practice: Practice,
    row: sqlite3.Row,
    state: MessageState,
    now: datetime,
    reason: str,
    after: timedelta = timedelta(),
) -> None:
    with practice.database.transaction():
        practice.database.run(
            "UPDATE messages SET state = ?, reason = ?, next_at = ? WHERE token = ?",
            state, reason, (now + after).isoformat(), row["token"],
        )  # fmt: skip
        ledger.record(practice.database, now, f"message.{state}", token=row["token"])


def release(practice: Practice, reference: str, now: datetime) -> int:
    """Let the held mails of a dossier go; gives how many."""
    return _decide(practice, reference, MessageState.HELD, lambda row: _queue_again(practice, row, now, "released"))


def settle(practice: Practice, reference: str, now: datetime, *, arrived: bool) -> int:
    """Take the coach's word on the mails of a dossier that are in doubt: they arrived, or they are to be sent again."""
    if arrived:
        word = "the coach says that it arrived"
        return _decide(practice, reference, MessageState.IN_DOUBT, lambda row: _accepted(practice, row, now, word))
    word = "the coach says that it did not arrive"
    return _decide(practice, reference, MessageState.IN_DOUBT, lambda row: _queue_again(practice, row, now, word))


def _decide(practice: Practice, reference: str, state: MessageState, act: Callable[[sqlite3.Row], None]) -> int:
    """Act on the mails of a dossier that are in `state` now; looking and acting are one transaction."""
    with practice.database.transaction():
        rows = practice.database.rows("SELECT * FROM messages WHERE dossier = ? AND state = ?", reference, state)
        for row in rows:
            act(row)
    return len(rows)


def _queue_again(practice: Practice, row: sqlite3.Row, now: datetime, reason: str) -> None:
    practice.database.run(
        "UPDATE messages SET state = ?, reason = ?, next_at = ?, first_tried_at = NULL WHERE token = ?",
        MessageState.QUEUED, reason, now.isoformat(), row["token"],
    )  # fmt: skip
    ledger.record(practice.database, now, "message.queued", token=row["token"], why=reason)
