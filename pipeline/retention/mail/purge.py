"""Deleting mail that is at its end: our own bytes, and every copy in the mailbox; then a fresh connection looks for it.

due → removing → gone, with the grade that was really reached; `kept`, with its reason, where the server cannot do it
without endangering other mail. Begun again after a stop, it carries on. Whether a plan may be carried out without the
coach is asked first (`policy.guard`). Very many mails go in rounds, so that memory does not grow with their number.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime

from pipeline.edges import mailbox
from pipeline.model import CopyState, MessageState, PurgeState, message_file
from pipeline.policy.schema.base import Category, Grade
from pipeline.practice import Practice, account_of
from pipeline.retention import guarding, holds
from pipeline.retention.mail import clearing, copies, proof
from pipeline.retention.mail.clearing import Rows

Tell = Callable[[str], None]
ROUND = 10_000
DUE = f"""
state IN ('{PurgeState.DUE}', '{PurgeState.REMOVING}') AND next_at <= ?1
    AND (token IS NULL OR token NOT IN (SELECT token FROM messages WHERE state IN (
        '{MessageState.QUEUED}', '{MessageState.CLAIMED}', '{MessageState.DATA_SENT}', '{MessageState.IN_DOUBT}')))
"""  # noqa: S608 - only our own words are put in
# What is not over yet besides: what is kept, what was not looked for everywhere, and what has come back since.
TO_DO = f"""
SELECT * FROM purges WHERE number > ?2 AND (({DUE})
    OR (state = '{PurgeState.KEPT}' AND next_at <= ?1)
    OR (state = '{PurgeState.GONE}' AND next_at <= ?1 AND grade <> '{Grade.OBSERVED_ABSENT}')
    OR (state = '{PurgeState.GONE}' AND token IN (SELECT token FROM copies WHERE account = ?4)))
ORDER BY number LIMIT ?3
"""  # noqa: S608 - only our own words are put in
BEGUN = "SELECT * FROM purges WHERE state = ?1 AND number > ?2 ORDER BY number LIMIT ?3"

NOT_FILED = """
UPDATE messages SET copy_state = ?
WHERE copy_state IN (?, ?) AND token IN (SELECT token FROM purges WHERE state = ? AND token IS NOT NULL)
"""


def due(practice: Practice, now: datetime) -> Iterator[sqlite3.Row]:
    """Give the mails that are to be deleted now, the first to be due first.

    Not one that is on its way or in doubt, whose evidence is still needed, nor one of a dossier that is held.
    """
    rows = practice.database.each(f"SELECT * FROM purges WHERE {DUE} ORDER BY due_at, number", now.isoformat())  # noqa: S608 - our own words
    return _free(practice, rows, now)


def _free(practice: Practice, rows: Iterable[sqlite3.Row], now: datetime) -> Iterator[sqlite3.Row]:
    """Leave out what a hold or a restriction keeps back."""
    standing = holds.standing(practice, practice.today(now))

    def held(row: sqlite3.Row) -> bool:
        category = Category.MAIL_OUT if row["token"] else Category.MAIL_IN
        return bool({(row["dossier"], None), (row["dossier"], category)} & standing)

    return (row for row in rows if not held(row))


def plan(practice: Practice, rows: Iterable[sqlite3.Row], now: datetime) -> guarding.Intended:
    """Give the plan to delete these, as the guard looks at it."""
    things, by_clock = [], 0
    for row in rows:
        things.append(f"{row['number']} {row['rule']}")
        by_clock += not row["at_once"]
    return guarding.Intended(tuple(things), by_clock, _usual(practice, now) if things else 0)


def _usual(practice: Practice, now: datetime) -> int:
    """Give the most mails that went in one day of late."""
    return practice.database.value(
        "SELECT max(n) FROM (SELECT count(*) AS n FROM purges WHERE state = ? AND done_at > ? GROUP BY date(done_at))",
        PurgeState.GONE, guarding.lately(now),
    ) or 0  # fmt: skip


def purge(practice: Practice, now: datetime, tell: Tell, *, asked: bool = False) -> int:
    """Delete every mail that is due; gives how many are gone. `asked`: the coach has seen the plan and says so.

    Raises `NotReachable` when the mailbox is away; what was done by then is found when it is done again.
    """
    intended, server = plan(practice, due(practice, now), now), practice.file.mail.imap
    if server is None:
        return _without_mailbox(practice, intended, now, tell, asked=asked)
    if not intended.things and not practice.database.value(f"{proof.TO_LOOK_AGAIN} LIMIT 1", now.isoformat()):
        return 0
    account = account_of(server)
    with _mailbox(practice) as box:
        closed = copies.look(practice, box, account, now)
        if intended.things and not guarding.may(practice, intended, box, now, asked=asked):
            return 0
        outcome = _remove(practice, box, account, now)
    if practice.stopping.is_set():
        return 0  # what is begun is carried on
    gone = _conclude(practice, account, outcome, now, everywhere=not closed) if outcome.begun else 0
    proof.put_off(practice, now)
    return _told(gone, tell)


def _mailbox(practice: Practice) -> AbstractContextManager[mailbox.Mailbox]:
    server = practice.file.mail.imap
    assert server is not None
    return mailbox.opened(server, lambda: practice.secret_of(server))


def _remove(practice: Practice, box: mailbox.Mailbox, account: str, now: datetime) -> clearing.Outcome:
    """Remove all copies that are to go, round by round, until the practice stops."""
    outcome = clearing.Outcome()
    for several in _rounds(practice, TO_DO, now.isoformat(), account):
        rows = list(_free(practice, several, now))
        _begin(practice, rows)
        clearing.remove(practice, box, account, rows, outcome)
    return outcome


def _conclude(practice: Practice, account: str, outcome: clearing.Outcome, now: datetime, *, everywhere: bool) -> int:
    """Look for what was removed on a connection of its own, and write down what was reached; gives how many are gone.

    `everywhere`: every folder could be read.
    """
    with _mailbox(practice) as fresh:
        sight = clearing.look_for(practice, fresh, account, outcome, now)
    if not everywhere:
        sight.nowhere.clear()
    begun, gone = outcome.begun, 0
    for rows in _rounds(practice, BEGUN, PurgeState.REMOVING):
        gone += proof.conclude(practice, [row for row in rows if row["number"] in begun], outcome, sight, now)
    return gone


def _rounds(practice: Practice, which: str, first: str, *more: str) -> Iterator[Rows]:
    """Give what is to be worked on, some thousand mails at a time, until the practice stops."""
    last = 0
    while not practice.stopping.is_set():
        rows = practice.database.rows(which, first, last, ROUND, *more)
        if not rows:
            return
        last = rows[-1]["number"]
        yield rows


def _without_mailbox(practice: Practice, intended: guarding.Intended, now: datetime, tell: Tell, *, asked: bool) -> int:
    """Delete our own bytes, which is all that is within reach; what a mailbox still holds nobody has looked at."""
    if not intended.things or not guarding.may(practice, intended, None, now, asked=asked):
        return 0
    rows = list(due(practice, now))
    _begin(practice, rows)
    return _told(proof.declare(practice, rows, now), tell)


def _begin(practice: Practice, rows: Rows) -> None:
    """Mark what is begun, and delete our own bytes: the first of all copies, from which none is filed any more."""
    with practice.database.transaction():
        begun = ((PurgeState.REMOVING, row["number"]) for row in rows)
        practice.database.run_each("UPDATE purges SET state = ? WHERE number = ?", begun)
        practice.database.run(NOT_FILED, CopyState.NONE, CopyState.WANTED, CopyState.APPENDING, PurgeState.REMOVING)
    practice.storage.erase(message_file(row["token"]) for row in rows if row["token"])


def _told(gone: int, tell: Tell) -> int:
    if gone:
        tell(f"{gone} mail{'s' if gone > 1 else ''} deleted everywhere within reach")
    return gone
