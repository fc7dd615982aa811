"""Register it, or say why not: all that the program can hold is in a part that erases it, or has a reason to stay.

By reflection: a new column, a new kind of file and a new place that writes files all fail here until they are placed.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

import pipeline
from pipeline.edges.migrations import MIGRATIONS
from pipeline.model import Kind, message_file
from pipeline.policy.schema.base import Category
from pipeline.practice import Practice
from pipeline.retention import lives, strays
from pipeline.retention.holdings import PARTS, SHELL
from pipeline.retention.numbered import NUMBERED
from pipeline.retention.part import Part
from tests.retention.scene import START, Scene
from tests.retention.story import Story

REFERENCE = "a reference: it names nobody, and goes with the last row of the dossier"
STATE = "a state, a kind or a word of the program's own"
NUMBER = "a count, a size or a number given by a program"
DAY = "a moment or a day"
KEYED = "a keyed hash: it says nothing to who has not the key"
OWN = "the practice's own words, about no person"
FOLDER = "the name of a folder of the mail account as it is there now; it goes when the folder does"
CHAIN = "the ledger holds references, keyed hashes and words of the program only, and is never cut"

COURSE = "profile invitation report drafts appointment approval questions"
"""The parts that come in the course of a coaching."""

TABLES: dict[str, dict[str, str]] = {
    "migrations": {"name": OWN},
    "settings": {"name": OWN, "value": OWN},
    "numbers": {"series": OWN, "last": NUMBER},
    "dossiers": {"reference": REFERENCE, "client_key": "client", "quote_number": NUMBER, "opened_at": DAY},
    "requests": {
        "dossier": REFERENCE, "revision": NUMBER, "sha256": "client", "facts": "client employer sponsor goal offer",
        "state": STATE, "reason": "client", "accepted_at": DAY,
    },
    "documents": {
        "dossier": REFERENCE, "kind": STATE, "version": NUMBER, "file": REFERENCE,
        "sha256": f"quote consent {COURSE} statutory", "pages": NUMBER, "boxes": f"quote consent {COURSE} statutory",
        "statement": OWN, "written_at": DAY, "state": STATE, "source": f"{COURSE} statutory",
        "dropped": f"{COURSE} statutory", "about": f"{COURSE} statutory",
    },
    "messages": {
        "token": KEYED, "dossier": REFERENCE, "revision": NUMBER, "party": STATE, "kinds": STATE,
        "recipient": "mail_out", "message_id": KEYED, "sha256": "mail_out", "state": STATE, "reason": "mail_out",
        "attempts": NUMBER, "next_at": DAY, "queued_at": DAY, "first_tried_at": DAY, "accepted_at": DAY,
        "copy_state": STATE, "purpose": STATE, "round": NUMBER, "bounced": "mail_out", "gates": OWN,
    },
    "obligations": {
        "dossier": REFERENCE, "kind": STATE, "version": NUMBER, "party": STATE, "state": STATE, "asked_at": DAY,
        "due_at": DAY, "reminders": NUMBER, "quiet": STATE, "settled_at": DAY, "question": "client",
    },
    "ledger": {"number": NUMBER, "entry": CHAIN, "hash": CHAIN},
    "folders": {"account": OWN, "folder": FOLDER, "uidvalidity": NUMBER, "next_uid": NUMBER},
    "mails": {
        "number": NUMBER, "seal": KEYED, "file": "mail_in", "state": STATE, "nature": STATE, "standing": STATE,
        "rule": OWN, "dossier": REFERENCE, "party": STATE, "mark": "mail_in", "move": "mail_in", "came_at": DAY,
        "attempts": NUMBER, "next_at": DAY, "stored_at": DAY,
    },
    "arrivals": {
        "account": OWN, "folder": FOLDER, "uidvalidity": NUMBER, "uid": NUMBER, "size": NUMBER, "mail": NUMBER,
        "attempts": NUMBER, "next_at": DAY, "reason": STATE, "found_at": DAY,
    },
    "returns": {
        "number": NUMBER, "mail": NUMBER, "dossier": REFERENCE, "kind": STATE, "version": NUMBER,
        "verdict": "signed_quote", "reasons": "signed_quote", "findings": "signed_quote", "files": "signed_quote",
        "picture": "signed_quote", "state": STATE, "read_at": DAY, "decided_at": DAY,
    },
    "consents": {
        "number": NUMBER, "dossier": REFERENCE, "purpose": "consent", "given": "consent", "document": "consent",
        "text_seal": "consent", "way": "consent", "mail": NUMBER, "came_at": "consent", "at": "consent",
    },
    "attention": {
        "number": NUMBER, "what": STATE, "dossier": REFERENCE, "mail": NUMBER, "return": "signed_quote",
        "reasons": "signed_quote mail_in profile", "state": STATE, "opened_at": DAY, "settled_at": DAY,
        "decision": STATE, "token": KEYED,
    },
    "statements": {"version": OWN, "sha256": OWN, "promised": OWN, "policy": OWN, "activated_at": DAY},
    "confirmations": {"what": OWN, "sha256": OWN, "at": DAY},
    "events": {"dossier": REFERENCE, "event": STATE, "day": DAY, "recorded_at": DAY},
    "holds": {
        "number": NUMBER, "dossier": REFERENCE, "category": STATE, "kind": STATE, "reason": "client",
        "placed_at": DAY, "until": DAY, "lifted_at": DAY,
    },
    "approvals": {
        "number": NUMBER, "dossier": REFERENCE, "document": "approval", "recipient": "approval", "purpose": "approval",
        "given": "approval", "at": "approval", "way": "approval",
    },
    "sweeps": {"account": OWN, "folder": FOLDER, "uidvalidity": NUMBER, "next_uid": NUMBER},
    "copies": {
        "account": OWN, "folder": FOLDER, "uidvalidity": NUMBER, "uid": NUMBER, "token": KEYED, "message_id": KEYED,
        "by_hand": STATE, "found_at": DAY, "sha256": KEYED,
    },
    "purges": {
        "number": NUMBER, "token": KEYED, "mail": NUMBER, "dossier": REFERENCE, "rule": OWN, "clauses": OWN,
        "due_at": DAY, "gone_by": DAY, "at_once": STATE, "state": STATE, "grade": STATE, "reason": STATE,
        "attempts": NUMBER, "next_at": DAY, "done_at": DAY,
    },
    "erasures": {
        "number": NUMBER, "dossier": REFERENCE, "category": STATE, "part": STATE, "rules": OWN, "clauses": OWN,
        "due": DAY, "gone_by": DAY, "ending": STATE, "state": STATE, "grade": STATE, "planned_at": DAY,
        "veto_until": DAY, "done_at": DAY,
    },
    "invoices": {
        "number": "statutory", "dossier": "statutory", "issued_on": "statutory", "statutory": "statutory",
        "rest": "rest", "file": "rest", "sha256": "rest", "version": "statutory", "part": "statutory",
        "credits": "statutory", "due_on": "statutory", "paid_on": "statutory", "books": "statutory",
    },
    "cases": {"code": "case", "pieces": "case", "marked_in": "case", "closed_in": "case"},
    "case_keys": {"number": NUMBER, "dossier": "client", "code": "client"},
    "closings": {"dossier": REFERENCE, "day": DAY, "told_at": DAY},
    "extensions": {
        "number": NUMBER, "dossier": REFERENCE, "rule": OWN, "reason": "client", "granted_at": DAY, "lifted_at": DAY,
    },
}  # fmt: skip
"""Every column: the parts that empty it, or why it may stay."""

NOTHING = {"about": "{}"}
"""What stands in a column of which nothing is known, where that is no empty text."""
EVERY_PART = {**PARTS, **NUMBERED}
WRITERS = {
    "arrivals": "mail_in",
    "keeping": COURSE,
    "freezing": "mail_out",
    "countersigned": "signed_quote signed_consent",
    "daily": "daily",
    "documents": "quote consent",
    "invoices": "rest statutory",
    "intake": "client employer sponsor goal offer",
    "understand": "signed_quote signed_consent",
    "receipts": "a receipt names nobody; it is made to be kept",
    "statement": "the practice's own statement, which is published",
}
"""Every module that writes into the storage: the parts that take its files away, or why they stay."""
STAYS = re.compile(r"(state\.db(-wal|-shm)?|lock|receipts/[^/]+)")
"""The database (its rows are below), the number of the process that works, and receipts."""


def parts_of(named: str) -> list[str]:
    return [] if set(named.split()) - set(EVERY_PART) else named.split()


def columns(practice: Practice, table: str) -> list[str]:
    return [row["name"] for row in practice.database.rows(f"PRAGMA table_info({table})")]


def test_every_column_of_every_table_is_in_a_part_that_erases_it_or_says_why_not(dossier: Scene) -> None:
    tables = dossier.practice.database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    there = {row["name"]: columns(dossier.practice, row["name"]) for row in tables}
    assert len(MIGRATIONS) >= 4
    assert there == {table: list(named) for table, named in TABLES.items() if table in there}
    assert set(TABLES) == set(there)


def test_a_reason_is_one_that_was_thought_of(dossier: Scene) -> None:
    reasons = {REFERENCE, STATE, NUMBER, DAY, KEYED, OWN, FOLDER, CHAIN}
    assert {named for of in TABLES.values() for named in of.values() if not parts_of(named)} <= reasons


@pytest.fixture
def full(dossier: Scene) -> Scene:
    """A dossier with a row in every table that can be about one."""
    dossier.returned(Kind.QUOTE, START)
    dossier.run("UPDATE requests SET reason = 'why'")
    dossier.run("UPDATE messages SET reason = 'r', bounced = 'b'")
    dossier.run("UPDATE mails SET mark = 'm', move = 'm'")
    dossier.run("UPDATE returns SET picture = 'p'")
    dossier.run("INSERT INTO obligations (dossier, kind, version, party, state, asked_at, due_at, question)"
                " VALUES (?, 'approval', 1, 'client', 'awaited', '', '', 'q')", dossier.reference)  # fmt: skip
    dossier.run("INSERT INTO attention (what, dossier, mail, return, reasons, state, opened_at)"
                " VALUES ('return', ?, 1, 1, '[[1]]', 'settled', '')", dossier.reference)  # fmt: skip
    dossier.run("INSERT INTO consents (dossier, purpose, given, document, text_seal, way, mail, came_at, at)"
                " VALUES (?, 'coaching', 1, 'd', 's', 'w', 1, '', '')", dossier.reference)  # fmt: skip
    dossier.run("INSERT INTO approvals (dossier, document, recipient, purpose, given, at, way)"
                " VALUES (?, 'd', 'r', 'send', 1, '', 'w')", dossier.reference)  # fmt: skip
    dossier.run("INSERT INTO holds (dossier, kind, reason, placed_at, lifted_at) VALUES (?, 'hold', 'r', '', 'then')",
                dossier.reference)  # fmt: skip
    dossier.run("INSERT INTO cases VALUES ('2026-1', '[]', '2026-12', '2026-12')")
    dossier.run("INSERT INTO case_keys (dossier, code) VALUES (?, 'code')", dossier.reference)
    dossier.run("INSERT INTO extensions (dossier, rule, reason, granted_at, lifted_at)"
                " VALUES (?, 'r', 'r', '', 'then')", dossier.reference)  # fmt: skip
    dossier.run("INSERT INTO closings VALUES (?, '2027-01-01', '')", dossier.reference)
    dossier.run("INSERT INTO invoices VALUES ('2026-1', ?, '2026-12-01', '{}', '{}', 'f', 'h', 1, 'closing', 'c', 'd',"
                " 'p', 'b')", dossier.reference)  # fmt: skip
    for kind in Kind:
        for version in {Kind.QUOTE: (), Kind.CONSENT: (), Kind.INVOICE: (1,)}.get(kind, (1, 2)):
            dossier.document(kind, version, source="s.md", dropped="hash", about='{"title": "t"}')
    dossier.run("INSERT INTO attention (what, dossier, token, reasons, state, opened_at)"
                " VALUES ('addressee', ?, 'profile2', '[[1]]', 'open', '')", dossier.reference)  # fmt: skip
    dossier.course_mail(Kind.PROFILE, 2, "profile2")
    return dossier


@pytest.mark.parametrize("table", [table for table, named in TABLES.items() if any(map(parts_of, named.values()))])
def test_the_parts_that_are_said_to_empty_a_column_empty_it(full: Scene, table: str) -> None:
    for column, named in TABLES[table].items():
        if not parts_of(named):
            continue
        full.run("BEGIN")
        before = {row[0] for row in full.practice.database.rows(f"SELECT {column} FROM {table}")} - {None}
        for part in parts_of(named):
            erase(full, EVERY_PART[part], full.reference if part in PARTS else "2026-1")
        after = {row[0] for row in full.practice.database.rows(f"SELECT {column} FROM {table}")}
        full.run("ROLLBACK")
        before -= {NOTHING.get(column)}
        assert before, (column, "was empty before")
        assert not before & after, column


def erase(scene: Scene, part: Part, key: str) -> None:
    for sql in part.rows:
        scene.run(sql, key)


@pytest.mark.parametrize("part", ["client", "employer", "sponsor", "goal", "offer"])
def test_a_part_takes_its_own_fields_out_of_the_client_file_and_no_other(full: Scene, part: str) -> None:
    before = full.held()
    erase(full, PARTS[part], full.reference)
    gone = before.keys() - full.held().keys()
    assert gone >= {part} and gone <= {part} | ({"rest 2026-1"} if part == "rest" else set())


def test_when_every_part_has_gone_no_row_of_any_table_names_the_dossier(full: Scene) -> None:
    for part in PARTS.values():
        erase(full, part, full.reference)
    for name in ("rest", "statutory", "case"):
        erase(full, EVERY_PART[name], "2026-1")
    erase(full, SHELL, full.reference)
    naming = [(table, name) for table, named in TABLES.items() if table != "ledger" for name in named]
    left = {
        (table, name): full.practice.database.value(f"SELECT count(*) FROM {table} WHERE {name} = ?", full.reference)
        for table, name in naming
    }
    assert {where for where, count in left.items() if count} == set()
    assert not list(lives.held(full.practice.database, full.practice.today, 12))


def test_every_name_that_the_plan_gives_is_a_part_that_can_be_erased(lived: Story) -> None:
    with lived.world.opened() as practice:
        named = {one.part for one in lives.held(practice.database, practice.today, 12)}
        named |= {one.part for one in strays.held(practice)}
    assert {name.split(" ")[0] for name in named} <= set(EVERY_PART)
    assert {"client", "signed_quote", "mail_in", "mail 4", "rest 2026-0001"} <= named
    assert any(name.startswith("file ") for name in named)


def test_every_file_in_the_storage_is_in_a_part_that_takes_it_away(lived: Story) -> None:
    with lived.world.opened() as practice:
        storage = practice.storage
        invoice = [("rest", "2026-0001"), ("statutory", "2026-0001")]
        keys = [*((name, lived.reference) for name in PARTS), ("mail", "4"), *invoice]
        taken = {file for name, key in keys for file in EVERY_PART[name].files(practice.database, storage, key)}
        there = {str(path.relative_to(storage.root)) for path in storage.root.rglob("*") if path.is_file()}
        whole = set(SHELL.files(practice.database, storage, lived.reference))
        put_there = f"dossiers/{lived.reference}/extra/{lived.reference}-put-there.txt"
        assert {name for name in there - taken if not STAYS.fullmatch(name)} == {put_there}
        assert put_there in whole
        assert {name for name in there if name.startswith("dossiers/")} == whole


def test_what_is_kept_for_two_papers_in_one_file_goes_with_the_later_of_them(lived: Story) -> None:
    with lived.world.opened() as practice:
        both = practice.database.value("SELECT files FROM returns WHERE kind = 'quote'")
        practice.database.run("UPDATE returns SET files = ? WHERE kind = 'consent'", both)
        (shared,) = json.loads(both)
        taken = {name: PARTS[name].files(practice.database, practice.storage, lived.reference) for name in PARTS}
        assert shared not in taken["signed_quote"] + taken["signed_consent"]
        erase_of(practice, "signed_quote", lived.reference)
        assert shared in PARTS["signed_consent"].files(practice.database, practice.storage, lived.reference)


def erase_of(practice: Practice, name: str, key: str) -> None:
    for sql in PARTS[name].rows:
        practice.database.run(sql, key)


def test_the_scratch_folders_of_press_and_reader_are_empty_after_the_work(lived: Story) -> None:
    for name in ("press", "reading"):
        assert not list((lived.world.folder / "storage" / name).rglob("*.*"))


def test_every_place_that_writes_a_file_into_the_storage_is_known() -> None:
    found: set[str] = set()
    for path in Path(pipeline.__file__).parent.rglob("*.py"):
        calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
        if any(ast.unparse(call.func).endswith("storage.write") for call in calls):
            found.add(path.stem)
    assert found == set(WRITERS)


def test_a_question_about_paper_outlives_its_dossier_and_nothing_else_that_was_asked_does(full: Scene) -> None:
    for what, state in (("paper", "open"), ("paper", "settled"), ("decline", "open")):
        full.asked(what, state, dossier=full.reference)
    for part in (*PARTS.values(), SHELL):
        erase(full, part, full.reference)
    left = [tuple(row) for row in full.practice.database.rows("SELECT what, state, reasons FROM attention")]
    assert left == [("paper", "open", "[]")]


def test_a_daily_note_is_held_by_its_token_and_its_bytes_go_after_their_term(dossier: Scene) -> None:
    dossier.practice.storage.write(message_file("t0ken"), b"the note")
    dossier.run(
        "INSERT INTO messages (token, party, kinds, recipient, message_id, sha256, state, next_at, queued_at,"
        " copy_state, purpose) VALUES ('t0ken', 'coach', '', 'coach@practice.example', 'id', 's', 'accepted', '', ?,"
        " 'none', 'daily')", START.isoformat(),
    )  # fmt: skip
    (held,) = strays.held(dossier.practice)
    assert (held.category, held.part) == (Category.LOG, "daily t0ken")
    part = EVERY_PART["daily"]
    assert part.files(dossier.practice.database, dossier.practice.storage, "t0ken") == [message_file("t0ken")]
    erase(dossier, part, "t0ken")
    assert not list(strays.held(dossier.practice))
