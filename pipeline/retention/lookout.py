"""Whether the plan can have become another since it was last made: so that it is not made each minute for nothing.

All that the plan is made of is watched: the tables by triggers of this connection alone, so that each of its writes is
counted; what another process writes by the number that SQLite gives for that; the policy, the practice's file and the
drop folder by what is in them. What was last seen is kept with the connection, in the transaction that writes the plan:
a program that has just started knows nothing, and makes it anew.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from pipeline.edges.database import Database
from pipeline.practice import Practice
from pipeline.retention import strays
from pipeline.statements import spells

UNWATCHED = {
    "arrivals", "confirmations", "copies", "erasures", "folders", "ledger", "migrations", "numbers", "purges",
    "settings", "sweeps",
}  # fmt: skip
"""The tables that no term hangs on; of the settings, those that a term hangs on are looked at themselves."""

COUNTED = "CREATE TEMP TABLE IF NOT EXISTS moved (times INTEGER NOT NULL, planned_at TEXT, sign TEXT)"
TRIGGER = (
    "CREATE TEMP TRIGGER {table}_{deed} AFTER {deed} ON main.{table} BEGIN UPDATE moved SET times = times + 1; END"
)


def sign(practice: Practice, now: datetime) -> str:
    """Give what stands for all that the plan is made of: while it is the same, so is the plan of that day."""
    _watch(practice.database)
    seen = (
        practice.today(now), practice.policy.model_dump_json(), practice.file.statement.version,
        practice.file.timezone, practice.file.books.year_ends, spells(practice), list(strays.held(practice)),
        practice.database.value("PRAGMA data_version"), practice.database.value("SELECT times FROM moved"),
    )  # fmt: skip
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def stands(practice: Practice, seen: str, now: datetime) -> bool:
    """Tell whether the plan was made by what was `seen`, and not at a moment that has yet to come."""
    made = practice.database.row("SELECT planned_at, sign FROM moved")
    return made is not None and made["sign"] == seen and made["planned_at"] <= now.isoformat()


def note(practice: Practice, seen: str, now: datetime) -> None:
    """Remember by what the plan was made; inside the transaction that writes it."""
    practice.database.run("UPDATE moved SET planned_at = ?, sign = ?", now.isoformat(), seen)


def _watch(database: Database) -> None:
    """Count, from now on, what this connection writes."""
    if database.value("SELECT 1 FROM temp.sqlite_master WHERE name = 'moved'"):
        return
    with database.transaction():
        database.run(COUNTED)
        database.run("INSERT INTO moved VALUES (0, NULL, NULL)")
        for row in database.rows("SELECT name FROM main.sqlite_master WHERE type = 'table'"):
            for deed in ("INSERT", "UPDATE", "DELETE") if row["name"] not in UNWATCHED else ():
                database.run(TRIGGER.format(table=row["name"], deed=deed))
