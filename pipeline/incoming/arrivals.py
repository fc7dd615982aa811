"""From the mail server to bytes of our own: what the look found is kept as it came, before anything is read of it.

The bytes are stored first, and then the row says so. The same bytes in another folder, or after the server numbered its
folders anew, are the same mail. What cannot be fetched is tried again, and then shown to the coach.
"""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
from collections.abc import Callable
from datetime import datetime

from pipeline import questions, tokens
from pipeline.edges import ledger, mailbox
from pipeline.errors import NotReachable
from pipeline.model import MailState, Reason
from pipeline.practice import Practice, account_of
from pipeline.steps import each, pause

Tell = Callable[[str], None]
LARGEST = 40 << 20
SHOWN_AFTER = 8
WHAT = "arrival"


def fetch(practice: Practice, now: datetime, tell: Tell) -> int:
    """Store what was found and is due, byte for byte; gives how many mails are now kept.

    Raises `NotReachable` when the mailbox is away.
    """
    server = practice.file.mail.imap
    due = practice.database.rows(
        "SELECT * FROM arrivals WHERE mail IS NULL AND reason IS NULL AND next_at <= ? AND account = ?"
        " ORDER BY folder, uidvalidity, attempts, uid",
        now.isoformat(), account_of(server) if server else "",
    )  # fmt: skip
    if server is None or not due:
        return 0
    with mailbox.opened(server, lambda: practice.secret_of(server)) as box:
        groups = itertools.groupby(due, lambda row: (row["folder"], row["uidvalidity"]))
        return sum(_fetch_from(practice, box, list(rows), now, tell) for _, rows in groups)


def _fetch_from(practice: Practice, box: mailbox.Mailbox, rows: list[sqlite3.Row], now: datetime, tell: Tell) -> int:
    """Fetch from one folder; when it was numbered anew the rows stay, and the next look puts them right."""
    try:
        if box.examine(rows[0]["folder"]).uidvalidity != rows[0]["uidvalidity"]:
            return 0
    except mailbox.Withheld:
        for row in rows:
            _try_later(practice, row, now, tell)
        return 0
    return each(
        practice,
        rows,
        lambda row: _fetch_one(practice, box, row, now, tell),
        lambda row: _try_later(practice, row, now, tell),
    )


def _fetch_one(practice: Practice, box: mailbox.Mailbox, row: sqlite3.Row, now: datetime, tell: Tell) -> int:
    try:
        raw = box.whole(row["uid"]) if row["size"] <= LARGEST else b""
        if raw is None:  # a person moved it or threw it away; moved, it is found where it lies now
            _set(practice, row, "DELETE FROM arrivals")
            return 0
        if not 0 < len(raw) <= LARGEST:
            _too_large(practice, box, row, max(len(raw), row["size"]), now, tell)
            return 0
    except NotReachable as error:
        _try_later(practice, row, now, tell)
        if isinstance(error, mailbox.Withheld):
            return 0
        raise
    _keep(practice, row, raw, now)
    return 1


def _keep(practice: Practice, row: sqlite3.Row, raw: bytes, now: datetime) -> None:
    """Store the bytes, and then say that they are there."""
    database = practice.database
    seal = tokens.seal(practice.key, hashlib.sha256(raw).hexdigest())
    file = f"mail/{seal}.eml"
    if not database.value("SELECT 1 FROM mails WHERE seal = ?", seal):
        practice.storage.write(file, raw)
    with database.transaction():
        new = database.run(
            "INSERT OR IGNORE INTO mails (seal, file, state, next_at, stored_at) VALUES (?, ?, ?, ?, ?)",
            seal, file, MailState.STORED, now.isoformat(), now.isoformat(),
        )  # fmt: skip
        _change(practice, row, "UPDATE arrivals SET mail = (SELECT number FROM mails WHERE seal = ?)", seal)
        if new:
            ledger.record(database, now, "mail.stored", seal=seal)
        if row["attempts"] >= SHOWN_AFTER:
            questions.answered(practice, WHAT, now, [_cannot_fetch(row)], "fetched")


def _too_large(
    practice: Practice, box: mailbox.Mailbox, row: sqlite3.Row, size: int, now: datetime, tell: Tell
) -> None:
    """Leave a mail where it is, and ask the coach to look at it."""
    seen = next(iter(box.glimpses([row["uid"]])), None)
    sender = (seen.headers or {}).get("from", "") if seen else ""
    date = seen.internal_date.date().isoformat() if seen and seen.internal_date else row["found_at"][:10]
    values = {
        "folder": row["folder"], "date": date, "sender": mailbox.decoded(sender)[:200] or "?",
        "size": f"{size / 1e6:.0f} MB",
    }  # fmt: skip
    reasons: list[Reason] = [("mail_too_large", values)]
    with practice.database.transaction():
        _change(practice, row, "UPDATE arrivals SET reason = ?", questions.as_text(reasons))
        questions.ask(practice, WHAT, now, reasons)
    tell("a mail is too large to be read; the coach must look at it")


def _try_later(practice: Practice, row: sqlite3.Row, now: datetime, tell: Tell) -> None:
    attempts = row["attempts"] + 1
    with practice.database.transaction():
        _change(
            practice, row, "UPDATE arrivals SET attempts = ?, next_at = ?",
            attempts, (now + pause(row["attempts"])).isoformat(),
        )  # fmt: skip
        if attempts == SHOWN_AFTER:
            questions.ask(practice, WHAT, now, [_cannot_fetch(row)])
            tell("a mail cannot be fetched; it is tried again, and the coach must look at it")


def _cannot_fetch(row: sqlite3.Row) -> Reason:
    return "cannot_fetch", {"folder": row["folder"], "date": row["found_at"][:10]}


def _set(practice: Practice, row: sqlite3.Row, change: str, *values: object) -> None:
    with practice.database.transaction():
        _change(practice, row, change, *values)


def _change(practice: Practice, row: sqlite3.Row, change: str, *values: object) -> None:
    practice.database.run(
        f"{change} WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid = ?",
        *values, row["account"], row["folder"], row["uidvalidity"], row["uid"],
    )  # fmt: skip
