"""The mailbox after a send: one copy in Sent where that is wanted, and evidence about mail that is in doubt.

A copy is appended once, even after a crash: while its state is `appending` the folder is searched for our own header
first. Evidence counts only when the server filed the copy by itself; that a folder lacks a mail proves nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from pipeline.edges import ledger, mailbox
from pipeline.errors import ConfigError
from pipeline.model import CopyState, MessageState, message_file
from pipeline.outgoing.sending.outbox import accept
from pipeline.practice import Practice

Tell = Callable[[str], None]
NO_SENT = "the mail server does not say which folder is its Sent; set mail: sent_folder in practice.yaml"


def look_after(practice: Practice, now: datetime, tell: Tell) -> int:
    """File the copies that are wanted and look for evidence about doubts; gives how many mails were settled.

    Raises `NotReachable` when the mailbox is away; everything stays as it was.
    """
    server = practice.file.mail.imap
    copies = practice.database.rows(
        "SELECT * FROM messages WHERE state = ? AND copy_state IN (?, ?) ORDER BY accepted_at, rowid",
        MessageState.ACCEPTED, CopyState.WANTED, CopyState.APPENDING,
    )  # fmt: skip
    doubts = practice.database.rows("SELECT * FROM messages WHERE state = ?", MessageState.IN_DOUBT)
    if server is None or not (copies or doubts):
        return 0
    with mailbox.opened(server, lambda: practice.secret_of(server)) as box:
        settled = sum(_resolve(practice, box, row, now, tell) for row in doubts)
        folder = box.sent_folder(practice.file.mail.sent_folder)
        if copies and folder is None:
            raise ConfigError(NO_SENT)
        return settled + sum(_file(practice, box, str(folder), row, now, tell) for row in copies)


def _file(practice: Practice, box: mailbox.Mailbox, folder: str, row: sqlite3.Row, now: datetime, tell: Tell) -> bool:
    """Append one copy, unless an interrupted append already did."""
    uid: int | None = None
    if row["copy_state"] == CopyState.APPENDING:
        uid = next(iter(box.find(folder, row["token"], row["message_id"])), None)
    if uid is None:
        try:
            data = practice.storage.read(message_file(row["token"]))
        except OSError:
            _set(practice, row, CopyState.NONE)
            tell(f"{row['dossier']} has no copy in Sent: the bytes that were sent cannot be read")
            return False
        _set(practice, row, CopyState.APPENDING)
        uid = box.append(folder, data, now)
    with practice.database.transaction():
        practice.database.run("UPDATE messages SET copy_state = ? WHERE token = ?", CopyState.FILED, row["token"])
        ledger.record(practice.database, now, "message.copy_filed", token=row["token"], uid=uid)
    tell(f"{row['dossier']} copy of the mail to the {row['party']} filed in Sent")
    return True


def _set(practice: Practice, row: sqlite3.Row, state: CopyState) -> None:
    with practice.database.transaction():
        practice.database.run("UPDATE messages SET copy_state = ? WHERE token = ?", state, row["token"])


def _resolve(practice: Practice, box: mailbox.Mailbox, row: sqlite3.Row, now: datetime, tell: Tell) -> bool:
    """Look for a mail that is in doubt where the server files what it accepted."""
    special = box.special_folders()
    configured = practice.file.mail.sent_folder
    named = [configured] if configured else []
    places = dict.fromkeys([*named, *special.get("\\Sent", []), *special.get("\\All", [])])
    if not any(box.find(folder, row["token"], row["message_id"]) for folder in places):
        return False
    accept(practice, row, now, "found in the mailbox: the server had accepted it")
    _set(practice, row, CopyState.FILED)
    tell(f"{row['dossier']} mail to the {row['party']} was found in the mailbox: accepted")
    return True
