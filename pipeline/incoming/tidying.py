"""What rules ask to be done with a mail in the mailbox: a mark, a move. Nothing else ever changes an incoming mail.

Takes understood mails whose rule asked for it; leaves the wish fulfilled, or gone with the reason said.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta

from pipeline import questions
from pipeline.edges import ledger, mailbox
from pipeline.model import Reason
from pipeline.practice import Practice

Tell = Callable[[str], None]
PAUSE, PATIENCE = timedelta(minutes=5), timedelta(days=1)


def tidy(practice: Practice, now: datetime, tell: Tell) -> int:
    """Mark and move what rules ask; gives how many mails were done. Raises `NotReachable` when the mailbox is away."""
    server = practice.file.mail.imap
    wished = practice.database.rows(
        "SELECT * FROM mails WHERE (mark IS NOT NULL OR move IS NOT NULL) AND next_at <= ? ORDER BY number",
        now.isoformat(),
    )
    if server is None or not wished:
        return 0
    with mailbox.opened(server, lambda: practice.secret_of(server)) as box:
        done = sum(_tidy(practice, box, row, now) for row in wished)
    if done:
        tell(f"{done} mail{'s' if done > 1 else ''} marked or moved, as the rules ask")
    return done


def _tidy(practice: Practice, box: mailbox.Mailbox, row: sqlite3.Row, now: datetime) -> int:
    """Do what is asked at every place of a mail; one that is no longer where it was is found again by the next look."""
    places = practice.database.rows("SELECT * FROM arrivals WHERE mail = ?", row["number"])
    try:
        done = [_do(box, row, place) for place in places]
    except mailbox.CannotMove as refusal:
        return _give_up(practice, row, [("not_tidied", {"why": str(refusal)})], now)
    if not any(done):
        if now - datetime.fromisoformat(row["stored_at"]) > PATIENCE:
            return _give_up(practice, row, [("not_there", {})], now)
        with practice.database.transaction():
            later = (now + PAUSE).isoformat()
            practice.database.run("UPDATE mails SET next_at = ? WHERE number = ?", later, row["number"])
        return 0
    with practice.database.transaction():
        _forget_wish(practice, row)
        ledger.record(practice.database, now, "mail.tidied", mail=row["number"])
    return 1


def _do(box: mailbox.Mailbox, row: sqlite3.Row, place: sqlite3.Row) -> bool:
    """Mark and move a mail at one place; tells whether it was there."""
    where = place["folder"], place["uidvalidity"], place["uid"]
    there = box.mark(*where, row["mark"]) if row["mark"] else True
    moves = row["move"] and place["folder"] != row["move"]
    return (box.move(*where, row["move"]) if moves else True) and there


def _give_up(practice: Practice, row: sqlite3.Row, reasons: list[Reason], now: datetime) -> int:
    with practice.database.transaction():
        _forget_wish(practice, row)
        questions.ask(practice, "tidy", now, reasons, dossier=row["dossier"], mail=row["number"])
        ledger.record(practice.database, now, "mail.not_tidied", mail=row["number"])
    return 0


def _forget_wish(practice: Practice, row: sqlite3.Row) -> None:
    practice.database.run("UPDATE mails SET mark = NULL, move = NULL WHERE number = ?", row["number"])
