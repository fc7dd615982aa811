"""The ledger: an append-only chain of what happened, in canonical JSON, free of personal data.

Each entry's hash covers the hash before it, so a change, a removal or another order is found; what is cut off at the
end is found against a head that was kept elsewhere (printed by `pipeline ledger`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

START = "0" * 64


class Rows(Protocol):
    """The part of the database that the ledger needs."""

    def row(self, sql: str, *values: object) -> Iterable[object] | None:
        """Give the first row of a query, or None."""

    def run(self, sql: str, *values: object) -> int:
        """Carry out one statement."""


def record(database: Rows, now: datetime, event: str, **facts: str | int | None) -> None:
    """Append one entry, inside the caller's transaction; `facts` are references and hashes, never names."""
    last = database.row("SELECT number, hash FROM ledger ORDER BY number DESC LIMIT 1")
    number, head = tuple(last) if last else (0, START)
    assert isinstance(number, int)
    entry = canonical({"at": now.isoformat(timespec="seconds"), "event": event, **facts})
    database.run("INSERT INTO ledger VALUES (?, ?, ?)", number + 1, entry, link(str(head), number + 1, entry))


def canonical(entry: dict[str, object]) -> str:
    """Write an entry in the one form that is hashed: sorted keys, no spaces, UTF-8 (RFC 8785 for our values)."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def link(head: str, number: int, entry: str) -> str:
    """Give the hash of entry `number` that follows `head`."""
    return hashlib.sha256(f"{head}\n{number}\n{entry}".encode()).hexdigest()


def verify(rows: Iterable[tuple[int, str, str]], anchor: str | None = None) -> list[str]:
    """Give what is wrong with the chain of (number, entry, hash), in order; `anchor` is a head kept elsewhere."""
    problems: list[str] = []
    head, expected, anchored = START, 1, anchor in {None, START}
    for number, entry, kept in rows:
        if number != expected:
            problems.append(f"entry {expected} is missing; {number} stands in its place")
        head = link(head, number, entry)
        if head != kept:
            problems.append(f"entry {number} was changed")
            head = kept
        anchored, expected = anchored or kept == anchor, number + 1
    if not anchored:
        problems.append(f"the head {anchor} is not in the chain: entries were cut off or replaced")
    return problems
