"""Deleting mail that is at its end: our own bytes, and every copy in the mailbox; then a fresh connection looks for it.

due → removing → gone, with the grade that was really reached; `kept`, with its reason, where the server cannot do it
without endangering other mail. Begun again after a stop, it carries on. Whether a plan may be carried out without the
coach is asked first (`policy.guard`). What is gone is looked for again, since a provider or a mail program may file a
copy later; what is kept is tried again each day.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta

from pipeline import questions
from pipeline.edges import ledger, mailbox
from pipeline.model import CopyState, MessageState, PurgeState, message_file
from pipeline.policy.schema.base import Category, Grade
from pipeline.practice import Practice, account_of
from pipeline.retention import clearing, copies, guarding, holds
from pipeline.retention.clearing import Outcome, Rows, Sight
from pipeline.steps import pause

Tell = Callable[[str], None]
WHAT = "purge"
SHOWN_AFTER = 5
LOOKED_AGAIN_AFTER = timedelta(minutes=10)
LOOKED_AGAIN_UNTIL = timedelta(days=30)
KEPT_FOR = timedelta(days=1)
NEVER = "9999"
AT_ONCE = 500
DUE = f"""
SELECT * FROM purges WHERE state IN ('{PurgeState.DUE}', '{PurgeState.REMOVING}') AND next_at <= ?
    AND (token IS NULL OR token NOT IN (SELECT token FROM messages WHERE state IN (
        '{MessageState.QUEUED}', '{MessageState.CLAIMED}', '{MessageState.DATA_SENT}', '{MessageState.IN_DOUBT}')))
ORDER BY due_at, number
"""  # noqa: S608 - only our own words are put in
TO_LOOK_AGAIN = f"""
SELECT * FROM purges WHERE state IN ('{PurgeState.GONE}', '{PurgeState.KEPT}') AND next_at <= ? ORDER BY number
"""  # noqa: S608 - only our own words are put in
CAME_LATE = f"""
SELECT * FROM purges WHERE state = '{PurgeState.GONE}' AND token IN (SELECT token FROM copies WHERE account = ?)
"""  # noqa: S608 - only our own words are put in

NOT_FILED = """
UPDATE messages SET copy_state = ?
WHERE copy_state IN (?, ?) AND token IN (SELECT token FROM purges WHERE state = ? AND token IS NOT NULL)
"""


def due(practice: Practice, now: datetime) -> Rows:
    """Give the mails that are to be deleted now, the first to be due first.

    Not one that is on its way or in doubt, whose evidence is still needed, nor one of a dossier that is held.
    """
    return _free(practice, practice.database.rows(DUE, now.isoformat()), now)


def _free(practice: Practice, rows: Rows, now: datetime) -> Rows:
    """Leave out what a hold or a restriction keeps back."""
    if not rows:
        return rows
    standing = holds.standing(practice, practice.today(now))

    def held(row: sqlite3.Row) -> bool:
        category = Category.MAIL_OUT if row["token"] else Category.MAIL_IN
        return bool({(row["dossier"], None), (row["dossier"], category)} & standing)

    return [row for row in rows if not held(row)]


def plan(practice: Practice, rows: Rows, now: datetime) -> guarding.Intended:
    """Give the plan to delete these, as the guard looks at it."""
    usual = practice.database.value(
        "SELECT max(n) FROM (SELECT count(*) AS n FROM purges WHERE state = ? AND done_at > ? GROUP BY date(done_at))",
        PurgeState.GONE, guarding.lately(now),
    )  # fmt: skip
    things = tuple(f"{row['number']} {row['rule']}" for row in rows)
    return guarding.Intended(things, sum(not row["at_once"] for row in rows), usual or 0)


def purge(practice: Practice, now: datetime, tell: Tell, *, asked: bool = False) -> int:
    """Delete every mail that is due; gives how many are gone. `asked`: the coach has seen the plan and says so.

    Raises `NotReachable` when the mailbox is away; what was done by then is found when it is done again.
    """
    rows, again = due(practice, now), _free(practice, practice.database.rows(TO_LOOK_AGAIN, now.isoformat()), now)
    server = practice.file.mail.imap
    if not rows and not (again and server):
        return 0
    if server is None:
        return _without_mailbox(practice, rows, now, tell, asked=asked)
    with mailbox.opened(server, lambda: practice.secret_of(server)) as box:
        account = account_of(server)
        closed = copies.look(practice, box, account, now)
        if rows and not guarding.may(practice, plan(practice, rows, now), box, now, asked=asked):
            return 0
        rows += _reopened(practice, account, again, now)
        if rows:
            known = clearing.wanted(practice, account, rows)
            _begin(practice, rows)
            outcome = clearing.remove(practice, box, account, rows, known)
    _rest(practice, [row for row in again if row["number"] not in clearing.numbers(rows)], now)
    if not rows:
        return 0
    with mailbox.opened(server, lambda: practice.secret_of(server)) as fresh:
        sight = clearing.look_for(practice, fresh, account, rows, known, now)
    if closed:
        sight.nowhere.clear()
    return _conclude(practice, rows, outcome, sight, now, tell)


def _without_mailbox(practice: Practice, rows: Rows, now: datetime, tell: Tell, *, asked: bool) -> int:
    """Delete our own bytes, which is all that is within reach; what a mailbox still holds nobody has looked at."""
    if not guarding.may(practice, plan(practice, rows, now), None, now, asked=asked):
        return 0
    _begin(practice, rows)
    with practice.database.transaction():
        gone = sum(_gone(practice, row, Grade.DECLARED, 0, now) for row in rows)
    return _told(gone, tell)


def _reopened(practice: Practice, account: str, again: Rows, now: datetime) -> Rows:
    """Give what is not over yet: what is kept, what was not looked for everywhere, and what has come back since."""
    late = _free(practice, practice.database.rows(CAME_LATE, account), now)
    unsure = [row for row in again if row["state"] == PurgeState.KEPT or row["grade"] != Grade.OBSERVED_ABSENT]
    return list({row["number"]: row for row in [*late, *unsure]}.values())


def _begin(practice: Practice, rows: Rows) -> None:
    """Mark what is begun, and delete our own bytes: the first of all copies, from which none is filed any more."""
    with practice.database.transaction():
        for row in rows:
            practice.database.run("UPDATE purges SET state = ? WHERE number = ?", PurgeState.REMOVING, row["number"])
        practice.database.run(NOT_FILED, CopyState.NONE, CopyState.WANTED, CopyState.APPENDING, PurgeState.REMOVING)
    practice.storage.erase(message_file(row["token"]) for row in rows if row["token"])


def _conclude(practice: Practice, rows: Rows, outcome: Outcome, sight: Sight, now: datetime, tell: Tell) -> int:
    """Write down what was reached, mail by mail."""
    gone = 0
    for at in range(0, len(rows), AT_ONCE):
        with practice.database.transaction():
            gone += sum(_settle(practice, row, outcome, sight, now) for row in rows[at : at + AT_ONCE])
    return _told(gone, tell)


def _settle(practice: Practice, row: sqlite3.Row, outcome: Outcome, sight: Sight, now: datetime) -> int:
    number = row["number"]
    if number in outcome.stays:
        return _keep(practice, row, outcome.stays[number], now)
    if number in sight.there:
        return _try_later(practice, row, now)
    grade = Grade.OBSERVED_ABSENT if number in sight.nowhere else Grade.COMMANDED
    return _gone(practice, row, grade, outcome.removed[number], now)


def _told(gone: int, tell: Tell) -> int:
    if gone:
        tell(f"{gone} mail{'s' if gone > 1 else ''} deleted everywhere within reach")
    return gone


def _gone(practice: Practice, row: sqlite3.Row, grade: Grade, removed: int, now: datetime) -> int:
    """Take a mail as gone, at the grade that was reached; gives whether it was not before.

    The ledger hears of it again when a copy came back, or when it was looked for better than before.
    """
    which = {"token": row["token"]} if row["token"] else {"mail": row["mail"]}
    first = row["done_at"] is None
    practice.database.run(
        "UPDATE purges SET state = ?, grade = ?, reason = NULL, attempts = 0, done_at = coalesce(done_at, ?),"
        " next_at = ? WHERE number = ?",
        PurgeState.GONE, grade, now.isoformat(), _next_look(row, now), row["number"],
    )  # fmt: skip
    if first or removed or grade != row["grade"]:
        ledger.record(
            practice.database, now, "mail.deleted", rules=row["rule"], clauses=row["clauses"], grade=grade,
            copies=removed, due=row["due_at"], **which,
        )  # fmt: skip
    return int(first)


def _next_look(row: sqlite3.Row, now: datetime) -> str:
    """Give when to look again for a mail that is gone: soon after, and ever less often."""
    age = now - datetime.fromisoformat(row["done_at"]) if row["done_at"] else timedelta()
    return (now + max(LOOKED_AGAIN_AFTER, 2 * age)).isoformat() if age < LOOKED_AGAIN_UNTIL else NEVER


def _rest(practice: Practice, rows: Rows, now: datetime) -> None:
    """Put off the next look for what was looked for again and did not come back."""
    with practice.database.transaction():
        for row in rows:
            practice.database.run("UPDATE purges SET next_at = ? WHERE number = ?", _next_look(row, now), row["number"])


def _keep(practice: Practice, row: sqlite3.Row, reason: str, now: datetime) -> int:
    """Leave a mail where the server cannot let go of it safely, and say so, once."""
    practice.database.run(
        "UPDATE purges SET state = ?, reason = ?, attempts = attempts + 1, next_at = ? WHERE number = ?",
        PurgeState.KEPT, reason, (now + KEPT_FOR).isoformat(), row["number"],
    )  # fmt: skip
    if row["reason"] != reason:
        ledger.record(
            practice.database, now, "mail.not_deleted", rules=row["rule"], clauses=row["clauses"], reason=reason,
            number=row["number"],
        )  # fmt: skip
        questions.ask(practice, WHAT, now, [(reason, {})], dossier=row["dossier"])
    return 0


def _try_later(practice: Practice, row: sqlite3.Row, now: datetime) -> int:
    attempts = row["attempts"] + 1
    practice.database.run(
        "UPDATE purges SET attempts = ?, next_at = ? WHERE number = ?",
        attempts, (now + pause(attempts)).isoformat(), row["number"],
    )  # fmt: skip
    if attempts == SHOWN_AFTER:
        questions.ask(practice, WHAT, now, [("copy_still_seen", {})], dossier=row["dossier"])
    return 0
