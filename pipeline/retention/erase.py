"""Erasing what is due: look again, files first and then the rows, and look afterwards whether anything is left.

Each part is marked before it is touched, so that a stop of any kind is carried on where it was. A part whose mail still
lies in the mailbox waits for the purge, and nothing else waits for it for long; the rows of a dossier, which the purge
needs, go when nothing of it is held any more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime

from pipeline.edges import ledger, mailbox
from pipeline.errors import NotReachable
from pipeline.model import ErasureState, MessageState, PurgeState
from pipeline.policy.plan import Ending
from pipeline.policy.schema.base import Category, Grade
from pipeline.practice import Practice
from pipeline.retention import guarding, planning, receipts, strays, traces
from pipeline.retention.holdings import PARTS, SHELL
from pipeline.retention.numbered import NUMBERED
from pipeline.retention.part import Part
from pipeline.steps import each

Tell = Callable[[str], None]
UNFINISHED = "erasing"
"""The setting that stands from the first erased part to the last receipt, so that a stop in between is carried on."""

THEN_MAIL = {Category.MAIL_OUT: ("token", "messages", "token"), Category.MAIL_IN: ("mail", "mails", "number")}
"""What goes from the mailbox first: the column of `purges` that names it, its table, and its key there."""

PUT_DOWN = """
INSERT OR IGNORE INTO purges ({column}, dossier, rule, clauses, due_at, gone_by, state, next_at, at_once)
SELECT {key}, dossier, ?, ?, ?, ?, ?, ?, 1 FROM {table} WHERE dossier = ?
"""
"""Puts mail before the purge. The guard has let the erasure through, so that one need not ask about the clock again."""
NOT_PUT_DOWN = """
SELECT 1 FROM {table} WHERE dossier = ? AND {key} NOT IN (SELECT {column} FROM purges WHERE {column} IS NOT NULL)
"""
STILL_THERE = "SELECT DISTINCT state FROM purges WHERE dossier = ? AND {column} IS NOT NULL AND state <> ?"
UNSENT = "SELECT token FROM messages WHERE dossier = ? AND state NOT IN ('accepted', 'superseded', 'refused')"
UNTRIED = "SELECT DISTINCT dossier FROM purges WHERE state IN ('due', 'removing') AND attempts = 0"
TO_LOOK_AT = "SELECT 1 FROM attention WHERE what = 'purge' AND dossier = ? AND state = 'open'"
ENDING = "SELECT DISTINCT dossier FROM erasures WHERE state = ? AND dossier IN (SELECT reference FROM dossiers)"
READY = "SELECT * FROM erasures WHERE state = ? AND veto_until <= ? AND due <= ? ORDER BY dossier, number"
BEGUN = "SELECT * FROM erasures WHERE state = ? ORDER BY dossier, number"


def erase(practice: Practice, now: datetime, tell: Tell, *, asked: bool = False, mail_first: bool = True) -> int:
    """Erase what is due and has waited out its veto, or was begun; gives how many parts went.

    `asked`: the coach has seen the plan and says so. `mail_first`: a dossier waits while its mail is about to be
    deleted, so that nothing of it is left when it is looked for; without a mailbox, or when the mail was not tried, the
    rest does not wait for it. When the practice is stopping, what went by then is looked for, and the rest is left.
    """
    due = [*practice.database.rows(BEGUN, ErasureState.ERASING), *_allowed(practice, now, asked=asked)]
    due = _ready(practice, due, now, mail_first=mail_first)
    cut_short = bool(practice.database.value("SELECT 1 FROM settings WHERE name = ?", UNFINISHED))
    if not due and not cut_short:
        return 0
    practice.database.keep_setting(UNFINISHED, now.isoformat())
    looked_for = traces.Values()
    done = each(practice, due, lambda row: _erase(practice, row, looked_for, now, tell))
    if done or cut_short:
        touched = _verify(practice, looked_for, now)
        _end_dossiers(practice, None if cut_short else touched, now, tell)
    if not practice.stopping.is_set():
        practice.database.run("DELETE FROM settings WHERE name = ?", UNFINISHED)
    return done


def _allowed(practice: Practice, now: datetime, *, asked: bool) -> list[sqlite3.Row]:
    """Give what may be begun now: its day is there, the guard lets it through, and it still is when looked at again.

    All is looked at again only when something is about to go, and what has become another plan by that is asked anew.
    """
    due = _announced(practice, now)
    if all(_waits(practice, row) for row in due) or not _may(practice, due, now, asked=asked):
        return []
    planning.announce(practice, now, afresh=True)
    still = _announced(practice, now)
    if practice.stopping.is_set() or not still:
        return []
    return still if _things(still) == _things(due) or _may(practice, still, now, asked=asked) else []


def _announced(practice: Practice, now: datetime) -> list[sqlite3.Row]:
    """Give what was announced and whose day is there."""
    today = practice.today(now).isoformat()
    return practice.database.rows(READY, ErasureState.PLANNED, now.isoformat(), today)


def _things(due: list[sqlite3.Row]) -> tuple[str, ...]:
    return tuple(f"{row['dossier']} {row['category']} {row['part']} {row['due']}" for row in due)


def _may(practice: Practice, due: list[sqlite3.Row], now: datetime, *, asked: bool) -> bool:
    """Ask the guard; the mailbox, where it can be reached, is the witness of the clock."""
    usual = practice.database.value(
        "SELECT max(n) FROM (SELECT count(DISTINCT dossier) AS n FROM erasures WHERE done_at > ?"
        " GROUP BY date(done_at))", guarding.lately(now),
    )  # fmt: skip
    dossiers = {row["dossier"] or row["part"] for row in due}
    intended = guarding.Intended(_things(due), len(dossiers), usual or 0, "erasure")
    server = practice.file.mail.imap
    try:
        if server is not None:
            with mailbox.opened(server, lambda: practice.secret_of(server)) as box:
                return guarding.may(practice, intended, box, now, asked=asked)
    except NotReachable:
        pass  # then the clock has no witness but what was seen before
    return guarding.may(practice, intended, None, now, asked=asked)


def _ready(practice: Practice, due: list[sqlite3.Row], now: datetime, *, mail_first: bool) -> list[sqlite3.Row]:
    """Give what can be erased now: mail that is gone everywhere, and the rest of a dossier after its mail was tried."""
    remaining = {row["number"] for row in due if _mail_remains(practice, row, now)}
    untried = {row["dossier"] for row in practice.database.rows(UNTRIED)} if mail_first else set()
    return [row for row in due if row["number"] not in remaining and row["dossier"] not in untried]


def _erase(practice: Practice, row: sqlite3.Row, looked_for: traces.Values, now: datetime, tell: Tell) -> int:
    part, key = _part(row)
    files = looked_for.remember(practice, part, key, (row["dossier"], row["part"]))
    _become(practice, row, ErasureState.ERASING)
    practice.storage.erase(files)
    if part.outside is not None:
        part.outside(practice, key)
    with practice.database.transaction():
        for sql in part.rows:
            practice.database.run(sql, key)
        practice.database.run(
            "UPDATE erasures SET state = ?, done_at = ? WHERE number = ?",
            ErasureState.ERASED, now.isoformat(), row["number"],
        )  # fmt: skip
    tell(f"{row['dossier'] or '-'} {row['part'].replace('_', ' ')} erased")
    return 1


def _part(row: sqlite3.Row) -> tuple[Part, str]:
    """Give what a planned erasure is about, and the key by which it is known."""
    if row["part"] in PARTS:
        return PARTS[row["part"]], row["dossier"]
    which, key = row["part"].split(" ", 1)
    return NUMBERED[which], key


def _mail_remains(practice: Practice, row: sqlite3.Row, now: datetime) -> bool:
    """Have the mail of a part deleted everywhere first; tells whether some of it is still there."""
    if row["category"] not in THEN_MAIL:
        return False
    with practice.database.transaction():
        _hold_in(practice, row, now)
        practice.database.run(
            _of_mail(PUT_DOWN, row), row["rules"], row["clauses"], now.isoformat(), row["gone_by"], PurgeState.DUE,
            now.isoformat(), row["dossier"],
        )  # fmt: skip
    return _still_there(practice, row)


def _waits(practice: Practice, row: sqlite3.Row) -> bool:
    """Tell whether a part only waits for its mail, which was put before the purge already."""
    if row["category"] not in THEN_MAIL or practice.database.value(_of_mail(NOT_PUT_DOWN, row), row["dossier"]):
        return False
    return _still_there(practice, row)


def _still_there(practice: Practice, row: sqlite3.Row) -> bool:
    """Tell whether some of the mail of a part may still lie in the mailbox.

    What the server cannot let go of is waited for until the coach has looked at it: nothing more can be done then.
    """
    rows = practice.database.rows(_of_mail(STILL_THERE, row), row["dossier"], PurgeState.GONE)
    states = {one["state"] for one in rows}
    return bool(states - {PurgeState.KEPT}) or bool(states and practice.database.value(TO_LOOK_AT, row["dossier"]))


def _of_mail(sql: str, row: sqlite3.Row) -> str:
    column, table, key = THEN_MAIL[Category(row["category"])]
    return sql.format(column=column, table=table, key=key)


def _hold_in(practice: Practice, row: sqlite3.Row, now: datetime) -> None:
    """Let mail that has not left by the end of its term leave no more, nor be waited for: then it can be deleted."""
    for one in practice.database.rows(UNSENT, row["dossier"]) if row["category"] == Category.MAIL_OUT else ():
        practice.database.run(
            "UPDATE messages SET state = ? WHERE token = ?", MessageState.SUPERSEDED, one["token"]
        )  # fmt: skip
        ledger.record(practice.database, now, f"message.{MessageState.SUPERSEDED}", token=one["token"])


def _become(practice: Practice, row: sqlite3.Row, state: ErasureState) -> None:
    with practice.database.transaction():
        practice.database.run("UPDATE erasures SET state = ? WHERE number = ?", state, row["number"])


def _verify(practice: Practice, looked_for: traces.Values, now: datetime) -> set[str]:
    """Clear what the database leaves behind, look for every value that went, and write down what was reached.

    Gives the dossiers that it was about.
    """
    practice.database.compact()
    sight = looked_for.look(practice.storage, practice.database, _going(practice, now))
    erased = practice.database.rows("SELECT * FROM erasures WHERE state = ?", ErasureState.ERASED)
    for row in erased:
        where = (row["dossier"], row["part"])
        grade, left = looked_for.grade(where, sight), looked_for.left(where, sight)
        with practice.database.transaction():
            practice.database.run(
                "UPDATE erasures SET state = ?, grade = ? WHERE number = ?",
                ErasureState.VERIFIED, grade, row["number"],
            )  # fmt: skip
            ledger.record(
                practice.database, now, "erasure.verified", dossier=row["dossier"] or None, part=row["part"],
                rules=row["rules"], clauses=row["clauses"], due=row["due"], grade=grade,
                **({"left": " ".join(left)} if left else {}), **strays.cited(row["part"]),
            )  # fmt: skip
    return {row["dossier"] for row in erased}


def _going(practice: Practice, now: datetime) -> Iterator[str]:
    """Give the files that go too when what a stop left is carried on."""
    for row in [*practice.database.rows(BEGUN, ErasureState.ERASING), *_announced(practice, now)]:
        part, key = _part(row)
        yield from part.files(practice.database, practice.storage, key)


def _end_dossiers(practice: Practice, touched: set[str] | None, now: datetime, tell: Tell) -> None:
    """Empty a dossier's folder once only the law or her own yes keeps something of it; once nothing does, its rows go.

    Each time the receipt says what went, and what is kept until when. `touched`: those that something went of; after a
    stop it is not known, and all are looked at.
    """
    left: dict[str, list[Ending]] = {}
    for one in planning.endings(practice, practice.today(now)):
        if practice.stopping.is_set():
            return
        left.setdefault(one.held.dossier, []).append(one)
    over = (row["dossier"] for row in practice.database.rows(ENDING, ErasureState.VERIFIED))
    for dossier in over if touched is None else [one for one in over if one in touched]:
        if practice.stopping.is_set():
            return
        kept = left.get(dossier, [])
        if not all(map(_outlives, kept)):
            continue
        _empty(practice, dossier)
        if (_lessen if kept else _end)(practice, dossier, kept, now):
            gone = f"of {dossier} only what must stay is left" if kept else f"{dossier} is gone"
            tell(f"{gone}; its receipt: pipeline receipt {dossier}")
    practice.database.compact()


def _outlives(ending: Ending) -> bool:
    """Tell whether a part stays when its dossier is over: the law names it, or she agreed to it for herself."""
    return ending.held.named is not None or ending.held.category is Category.KEEP_IN_TOUCH


def _empty(practice: Practice, dossier: str) -> None:
    """Remove every file that is left, whoever put it there, but for what the law keeps."""
    invoices = practice.database.rows("SELECT file, books FROM invoices WHERE dossier = ?", dossier)
    kept = {name for row in invoices for name in (row["file"], row["books"])}
    files = set(SHELL.files(practice.database, practice.storage, dossier)) - kept
    practice.storage.erase(sorted(files))
    practice.storage.remove_folders(f"dossiers/{dossier}")


def _lessen(practice: Practice, dossier: str, kept: list[Ending], _now: datetime) -> bool:
    """Bring the receipt of a dossier of which only the law keeps something up to date; tells whether it was not."""
    practice.database.run("UPDATE holds SET reason = '' WHERE dossier = ? AND lifted_at IS NOT NULL", dossier)
    return receipts.write(practice, dossier, kept)


def _end(practice: Practice, dossier: str, kept: list[Ending], now: datetime) -> bool:
    """Remove the rows; the receipt is there before that is durable, so that no dossier ends without one."""
    with practice.database.transaction():
        for sql in SHELL.rows:
            practice.database.run(sql, dossier)
        ledger.record(practice.database, now, "dossier.ended", dossier=dossier, grade=Grade.OBSERVED_ABSENT)
        return receipts.write(practice, dossier, kept)
