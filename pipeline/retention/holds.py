"""What keeps things from going: a hold with its reason, or a restriction, which also keeps them from being used.

While one stands nothing of it is erased; when it is lifted, or its day is over, the terms run on as if it had not been.
"""

from __future__ import annotations

from datetime import date, datetime

from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.model import HoldKind
from pipeline.policy.schema.base import Category
from pipeline.practice import Practice


def place(  # noqa: PLR0913 - a hold is all of these
    practice: Practice, dossier: str, kind: HoldKind, reason: str, now: datetime, *, until: date | None = None,
    category: Category | None = None,
) -> int:  # fmt: skip
    """Keep a dossier, or one kind of what it holds, from going; gives the number of the hold."""
    if not reason.strip():
        raise UsageError("a hold needs its reason; type: pipeline hold REF --reason 'a dispute about the invoice'")
    if until is not None and until <= practice.today(now):
        raise UsageError(f"{until} is not in the future; leave --until out for a hold without an end")
    with practice.database.transaction():
        practice.database.run(
            "INSERT INTO holds (dossier, category, kind, reason, placed_at, until) VALUES (?, ?, ?, ?, ?, ?)",
            dossier, category, kind, reason.strip(), now.isoformat(), until and until.isoformat(),
        )  # fmt: skip
        number: int = practice.database.value("SELECT last_insert_rowid()")
        ledger.record(practice.database, now, f"hold.{kind}", dossier=dossier, number=number, category=category)
    return number


def lift(practice: Practice, dossier: str, now: datetime) -> int:
    """Lift every hold of a dossier; gives how many there were."""
    with practice.database.transaction():
        lifted = practice.database.run(
            "UPDATE holds SET lifted_at = ? WHERE dossier = ? AND lifted_at IS NULL", now.isoformat(), dossier
        )
        if lifted:
            ledger.record(practice.database, now, "hold.lifted", dossier=dossier, count=lifted)
    return lifted


def standing(practice: Practice, today: date) -> set[tuple[str, Category | None]]:
    """Give what is kept back today: dossiers, and kinds within one."""
    rows = practice.database.rows(
        "SELECT dossier, category FROM holds WHERE lifted_at IS NULL AND (until IS NULL OR until > ?)",
        today.isoformat(),
    )
    return {(row["dossier"], Category(row["category"]) if row["category"] else None) for row in rows}
