"""The ledger: an append-only chain of what happened, in canonical JSON (RFC 8785), free of personal data.

Each entry's hash covers the hash before it, so a change, a removal, an insertion or another order is found; what is
cut off at the end, or all written anew, is found against a head that was kept elsewhere, such as in the daily note.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

START = "0" * 64
GUARDS = {"ledger_is_not_changed": "UPDATE", "ledger_is_not_cut": "DELETE"}
"""The triggers by which the database itself refuses to change or remove an entry, and what each refuses."""
GUARD = "CREATE TRIGGER {name} BEFORE {deed} ON ledger BEGIN SELECT RAISE(ABORT, 'append only'); END"
LARGEST = 2**53 - 1
"""The largest whole number that every reader of JSON reads alike (RFC 7493)."""
HEAD = re.compile(r"[0-9a-f]{16,64}")
HALF = re.compile("[\ud800-\udfff]")
WRITE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
Facts = Mapping[str, str | int | None]


class Rows(Protocol):
    """The part of the database that the ledger needs."""

    def row(self, sql: str, *values: object) -> Iterable[object] | None:
        """Give the first row of a query, or None."""

    def run_each(self, sql: str, each: Iterable[Sequence[object]]) -> int:
        """Carry out one statement once for each."""


def record(database: Rows, now: datetime, event: str, **facts: str | int | None) -> None:
    """Append one entry, inside the caller's transaction; `facts` are references and hashes, never names.

    What kept a clause says so: `rules` and `clauses` (names, with spaces between), and `grade` where something was
    proved.
    """
    record_all(database, now, event, [facts])


def record_all(database: Rows, now: datetime, event: str, several: Iterable[Facts]) -> None:
    """Append one entry for each of `several`, in their order, inside the caller's transaction."""
    last = database.row("SELECT number, hash FROM ledger ORDER BY number DESC LIMIT 1")
    before, head = tuple(last) if last else (0, START)
    assert isinstance(before, int)
    at, rows = now.isoformat(timespec="seconds"), []
    for number, facts in enumerate(several, before + 1):
        entry = canonical({"at": at, "event": event, **facts})
        head = link(str(head), number, entry)
        rows.append((number, entry, head))
    database.run_each("INSERT INTO ledger VALUES (?, ?, ?)", rows)


def canonical(entry: Mapping[str, object]) -> str:
    """Write an entry in the one form that is hashed (RFC 8785); raises `ValueError` for what an entry cannot hold.

    Names are sorted by their UTF-16 code units, only what must be escaped is, and numbers are whole: fractions are
    written differently by different programs.
    """
    if not all(map(_is_plain, entry.values())):
        raise ValueError("an entry of the ledger holds texts, whole numbers up to 2^53, and nothing else")
    written = WRITE(dict(sorted(entry.items(), key=_units)))
    if not written.isascii() and HALF.search(written):
        raise ValueError("half a character cannot be written in the ledger")
    return written


def _is_plain(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return value is None or isinstance(value, str) or (isinstance(value, int) and abs(value) <= LARGEST)


def _units(pair: tuple[str, object]) -> bytes:
    return pair[0].encode("utf-16-be", "surrogatepass")


def link(head: str, number: int, entry: str) -> str:
    """Give the hash of entry `number` that follows `head`."""
    return hashlib.sha256(f"{head}\n{number}\n{entry}".encode("utf-8", "surrogatepass")).hexdigest()


def head_typed(text: str) -> str | None:
    """Give a head as somebody typed it over, whole or its first 16 digits or more; None when it is no head."""
    typed = text.strip().lower().rstrip("….")
    return typed if HEAD.fullmatch(typed) else None


def verify(rows: Iterable[tuple[int, str, str]], anchor: str | None = None) -> list[str]:
    """Give what is wrong with the chain of (number, entry, hash), in order; `anchor` is a head kept elsewhere.

    Of an anchor the first 16 digits are enough, unless two heads begin with them.
    """
    problems: list[str] = []
    head, expected = START, 1
    anchored = int(anchor is None or START.startswith(anchor))
    for number, entry, kept in rows:
        if number != expected:
            problems.append(f"entry {expected} is missing; {number} stands in its place")
        head = link(head, number, entry)
        if head != kept:
            problems.append(f"entry {number} was changed")
            head = kept
        elif not _is_canonical(entry):
            problems.append(f"entry {number} is not in canonical form: it was not written by this program")
        anchored += anchor is not None and kept.startswith(anchor)
        expected = number + 1
    if not anchored:
        problems.append(f"the head {anchor} is not in the chain: entries were cut off or replaced")
    if anchor is not None and anchored > 1:
        problems.append(f"{anchored} heads begin with {anchor}; type more of it")
    return problems


def _is_canonical(entry: str) -> bool:
    try:
        return canonical(json.loads(entry)) == entry
    except (ValueError, AttributeError, RecursionError):
        return False


def unguarded(triggers: Mapping[str, str]) -> list[str]:
    """Give what is wrong when the database no longer refuses to change the ledger; `triggers` is name → SQL."""
    return [
        f"the database no longer refuses to change the ledger (its trigger {name} is not as it was made)"
        for name, deed in GUARDS.items() if triggers.get(name) != GUARD.format(name=name, deed=deed)
    ]  # fmt: skip
