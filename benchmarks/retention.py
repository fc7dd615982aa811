"""The retention plan: when each part of everything that is held goes, over very many dossiers, in one pass.

Prints one Markdown table. The floor reads the very same rows by one SELECT for each table and does nothing with them.
Each is measured in a process of its own, for its memory. `--quick` takes 2,000 dossiers, else 100,000.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from benchmarks import machine
from benchmarks.table import Row
from pipeline import newpractice
from pipeline.edges.database import Database
from pipeline.practice import Practice, opened
from pipeline.retention import planning

FULL, QUICK = 100_000, 2_000
TODAY = date(2026, 11, 22)
FACTS = json.dumps({
    "client": {"name": "Sanne Jansen", "email": "sanne@home.example", "phone": "06 1234 5678"}, "goal": "Meer rust.",
    "sponsor": {"organisation": "Work", "contact": "Peter de Vries", "email": "p@work.example"}, "programme": "kort",
})  # fmt: skip
TABLES = ("dossiers", "requests", "documents", "messages", "obligations", "returns", "mails", "events", "invoices")
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1) "
REFERENCE = "printf('%08d', i)"
DAY = "date('2019-01-01', '+' || (i * 37 % 2800) || ' days')"
AT = f"{DAY} || 'T09:00:00+00:00'"
MADE = {
    "dossiers (reference, client_key, quote_number, opened_at)": f"{REFERENCE}, '', i, {AT}",
    "requests (dossier, revision, sha256, facts, state, accepted_at)": f"{REFERENCE}, 1, '', ?2, 'composed', {AT}",
    "documents (dossier, kind, version, file, sha256, pages, boxes, statement, written_at)":
        f"{REFERENCE}, kind, 1, kind || i, 'x', 2, '{{}}', '', {AT}",
    "messages (token, dossier, revision, party, kinds, recipient, message_id, sha256, state, next_at, queued_at,"
    " accepted_at, copy_state)":
        f"'t' || i, {REFERENCE}, 1, 'client', 'quote,consent', 'sanne@home.example', 'm' || i, '', 'accepted', '',"
        f" {AT}, {AT}, 'none'",
    "obligations (dossier, kind, version, party, state, asked_at, due_at, settled_at)":
        f"{REFERENCE}, 'quote', 1, 'client', CASE WHEN i % 3 THEN 'fulfilled' ELSE 'expired' END, {AT}, {DAY}, {AT}",
    "mails (number, seal, file, state, nature, dossier, came_at, next_at, stored_at)":
        f"i + 1, i, 'mail/' || i, 'filed', 'letter', {REFERENCE}, {AT}, '', {AT}",
    "returns (mail, dossier, kind, version, verdict, reasons, findings, files, state, read_at)":
        f"i + 1, {REFERENCE}, 'quote', 1, 'signed', '[]', '{{}}', '[]', 'proposed', {AT}",
    "events (dossier, event, day, recorded_at)":
        f"{REFERENCE}, 'closed', date({DAY}, '+' || (i % 400) || ' days'), ''",
    "invoices (number, dossier, issued_on, statutory, rest)": f"i, {REFERENCE}, {DAY}, '{{}}', '{{}}'",
}  # fmt: skip
"""What is made of each table, by the number of the dossier; every second one was closed, every tenth has an invoice."""
SOME = {
    "documents": ", (SELECT 'quote' AS kind UNION SELECT 'consent')",
    "events": " WHERE i % 2",
    "invoices": " WHERE i % 10 = 0",
}
NOTE = """
The floor is one SELECT of every row of the tables that the plan looks in. The plan reads them, works out what has
happened to each dossier, and gives each part its day, the rules that decided, and their clauses. Opening the practice
is not counted. Memory is the peak of the process."""


def made(root: Path, dossiers: int) -> Path:
    """Make a practice that holds very many dossiers; gives its folder."""
    folder = newpractice.make(root / "practice")
    (folder / "storage").mkdir(mode=0o700, exist_ok=True)
    database = Database(folder / "storage" / "state.db")
    with database.transaction():
        for table, values in MADE.items():
            of, facts = SOME.get(table.split()[0], ""), (FACTS,) if "?2" in values else ()
            database.run(
                f"{NUMBERS} INSERT INTO {table} SELECT {values} FROM n{of}".replace("  ", " "), dossiers, *facts
            )
    database.close()
    return folder


def planned(practice: Practice) -> int:
    """Plan everything that is held; gives how many parts have a day."""
    return sum(one.term.due is not None for one in planning.endings(practice, TODAY))


def read(practice: Practice) -> int:
    """Read the same rows and nothing else; gives how many."""
    return sum(1 for table in TABLES for _ in practice.database.each(f"SELECT * FROM {table}"))


WORK = {"plan": planned, "floor": read}


def alone(what: str, folder: Path) -> tuple[float, float, int]:
    """Do it in a process of its own; gives its seconds, its peak of memory in MB, and how many it counted."""
    command = [sys.executable, "-m", "benchmarks.retention", "--only", what, str(folder)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(said[0]), float(said[1]), int(said[2])


def only(what: str, folder: Path) -> None:
    """Do it once here, and print what `alone` gives."""
    with opened(folder) as practice:
        began = time.monotonic()
        count = WORK[what](practice)
        took = time.monotonic() - began
    print(f"{took:.3f} {machine.peak():.1f} {count}")


def measured(root: Path, dossiers: int, turns: int = 3) -> list[Row]:
    """Measure everything; gives the table's rows."""
    few, many = made(root / "few", max(dossiers // 10, 1)), made(root / "many", dossiers)
    floors, plans = zip(*((alone("floor", many), alone("plan", many)) for _ in range(turns)), strict=True)
    _, small, _ = alone("plan", few)
    peaks = [peak for _, peak, _ in plans]
    return [
        Row(f"the plan over {dossiers} dossiers", [one[0] for one in floors], [one[0] for one in plans]),
        Row("- each of its days", product=[1e6 * plans[0][0] / max(plans[0][2], 1)], unit="µs"),
        Row("- memory, peak RSS", [one[1] for one in floors], peaks, unit="MB"),
        Row("- memory beside that of a tenth of them", [small], peaks, goal=1.1, unit="MB"),
    ]


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = machine.command("retention", __doc__, f"{QUICK} dossiers instead of {FULL}")
    parser.add_argument("--only", nargs=2, metavar=("WHAT", "PRACTICE"), help="do one thing once, for its figures")
    chosen = parser.parse_args(arguments)
    if chosen.only:
        only(chosen.only[0], Path(chosen.only[1]))
        return
    machine.show(lambda folder: measured(folder, QUICK if chosen.quick else FULL), NOTE)


if __name__ == "__main__":
    main()
