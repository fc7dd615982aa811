"""`ledger`: what happened, as a chain that shows tampering; looking at it changes nothing."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction

from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.practice import Practice, opened


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the command of this module."""
    chain = commands.add_parser("ledger", parents=[shared], help="what happened, as a chain that shows tampering")
    chain.add_argument("action", nargs="?", choices=["verify"], help="check the whole chain")
    chain.add_argument(
        "--head", metavar="HASH", help="a head that was kept elsewhere, such as in a daily note: all of it, or its"
        " first 16 digits; it must be in the chain",
    )  # fmt: skip
    chain.set_defaults(command=_ledger)


def _ledger(chosen: Namespace) -> int:
    anchor = _anchor(chosen.head)
    with opened(chosen.practice) as practice:
        rows = [tuple(row) for row in practice.database.rows("SELECT number, entry, hash FROM ledger ORDER BY number")]
        problems = _guards(practice) + ledger.verify(rows, anchor) if chosen.action == "verify" else []
    head = rows[-1][2] if rows else ledger.START
    if chosen.action != "verify":
        for number, entry, _ in rows:
            print(f"{number:6}  {entry}")
        print(f"head {head}")
        return 0
    print("\n".join(problems) or f"{len(rows)} entries, unbroken; head {head}")
    return int(bool(problems))


def _anchor(typed: str | None) -> str | None:
    if typed is None:
        return None
    head = ledger.head_typed(typed)
    if head is None:
        raise UsageError("a head has 64 digits (0-9, a-f); type at least the first 16, as the daily note has it")
    return head


def _guards(practice: Practice) -> list[str]:
    rows = practice.database.rows("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    return ledger.unguarded({row["name"]: row["sql"] for row in rows})
