"""Whatever is done to the ledger is found (P9): each byte, each entry, each cut, and what is done to the database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.edges.database import Database
from pipeline.edges.ledger import GUARDS, START, canonical, link, record, unguarded, verify

Row = tuple[int, str, str]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LENGTH = 200


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Give two hundred entries as the program writes them, some with rules, clauses and a grade."""
    with closing(Database(tmp_path_factory.mktemp("chain") / "state.db")) as database:
        with database.transaction():
            for number in range(LENGTH):
                cited = {"rules": "kleur.general", "clauses": "K-12 K-04", "grade": "commanded"} if number % 3 else {}
                at = NOON + timedelta(minutes=number)
                record(database, at, "mail.deleted", dossier="K7Q4-MX2P", number=number, **cited)
        return rows_of(database)


def rows_of(database: Database) -> list[Row]:
    return [(row[0], row[1], row[2]) for row in database.rows("SELECT number, entry, hash FROM ledger ORDER BY number")]


def rechained(entries: list[str]) -> list[Row]:
    """Give entries as somebody has them who knows how the chain is made, and makes it anew."""
    rows: list[Row] = []
    for number, entry in enumerate(entries, 1):
        rows.append((number, entry, link(rows[-1][2] if rows else START, number, entry)))
    return rows


def test_the_chain_as_it_was_written_is_whole(chain: list[Row]) -> None:
    assert len(chain) == LENGTH and verify(chain) == []
    assert all(verify(chain, row[2]) == [] and verify(chain, row[2][:16]) == [] for row in chain[::20])


def test_every_byte_counts(chain: list[Row]) -> None:
    """Change each byte of each entry and each hash, one at a time; the rest of the chain is as it was."""
    head, missed = START, []
    for number, entry, kept in chain:
        for column, text in ((1, entry), (2, kept)):
            for at in range(len(text)):
                flipped = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
                row = (number, flipped, kept) if column == 1 else (number, entry, flipped)
                found = verify([row]) if number == 1 else link(head, number, row[1]) != row[2]
                if not found:
                    missed.append((number, column, at))
        head = kept
    assert missed == []


@pytest.mark.parametrize("at", [0, 1, 99, LENGTH - 2, LENGTH - 1])
def test_a_changed_byte_is_named_by_its_entry(chain: list[Row], at: int) -> None:
    number, entry, kept = chain[at]
    changed = [*chain[:at], (number, entry.replace("K7Q4", "K7Q5"), kept), *chain[at + 1 :]]
    assert verify(changed) == [f"entry {number} was changed"]


def test_every_entry_that_is_dropped_doubled_or_swapped_is_missed(chain: list[Row]) -> None:
    for at in range(LENGTH - 1):  # the last one is a cut, see below
        after = chain[at + 1 : at + 3]  # what follows those is not even needed
        dropped, doubled = [*chain[:at], *after], [*chain[: at + 1], chain[at], *after]
        swapped = [*chain[:at], chain[at + 1], chain[at], *chain[at + 2 : at + 3]]
        assert verify(dropped) and verify(doubled) and verify(swapped), at + 1


def test_every_entry_that_is_dropped_or_swapped_is_missed_when_the_numbers_are_closed_up(chain: list[Row]) -> None:
    for at in range(LENGTH - 1):
        dropped = [(number, *row[1:]) for number, row in enumerate([*chain[:at], chain[at + 1]], 1)]
        swapped = chain[: at + 2]
        swapped[at], swapped[at + 1] = (at + 1, *chain[at + 1][1:]), (at + 2, *chain[at][1:])
        assert verify(dropped) and verify(swapped), at + 1


def test_every_entry_that_is_slipped_in_is_found(chain: list[Row]) -> None:
    entry = canonical({"at": NOON.isoformat(), "event": "attested"})
    for at in range(LENGTH):
        head = chain[at - 1][2] if at else START
        new = (at + 1, entry, link(head, at + 1, entry))
        rest = [(number + 1, *row) for number, *row in chain[at : at + 1]]
        assert verify([*chain[:at], new, *rest]), at + 1  # type: ignore[list-item]  # rows put together again


def test_every_cut_is_found_against_a_head_that_was_kept_elsewhere(chain: list[Row]) -> None:
    head = chain[-1][2]
    for length in range(LENGTH):
        anchor = head[: (64, 32, 16)[length % 3]]
        assert verify(chain[:length], anchor) == [
            f"the head {anchor} is not in the chain: entries were cut off or replaced"
        ]
    assert all(verify(chain[:length]) == [] for length in range(0, LENGTH, 20))


@pytest.mark.parametrize("at", [0, 57, LENGTH - 1])
def test_a_chain_made_anew_is_whole_but_has_not_the_head_that_was_kept(chain: list[Row], at: int) -> None:
    entries = [row[1] for row in chain]
    forged = rechained([*entries[:at], entries[at].replace("K7Q4", "K7Q5"), *entries[at + 1 :]])
    assert verify(forged) == [] and verify(forged, chain[-1][2][:16])
    assert (verify(forged, chain[at - 1][2]) == []) == (at > 0)  # what was kept before the change still holds


@pytest.mark.parametrize(
    "entry",
    [
        '{"event":"e", "at":"2026"}', '{"event":"e","at":"2026"}', '{"at":"2026","at":"2027"}', '{"at":"\\u0041"}',
        '{"at":1.0}', '{"at":true}', '["at"]', "{", "", "null", "[" * 100_000, '{"at":"\ud800"}',
    ],
    ids=lambda entry: entry[:12].encode("unicode_escape").decode() or "nothing",
)  # fmt: skip
def test_an_entry_that_this_program_does_not_write_is_found_though_its_hash_fits(entry: str) -> None:
    assert verify([(1, entry, link(START, 1, entry))]) == [
        "entry 1 is not in canonical form: it was not written by this program"
    ]


def test_a_short_head_that_two_entries_begin_with_must_be_typed_further() -> None:
    # such a pair cannot be found on purpose; here the rows claim to be one
    same = "ab" * 8
    rows = [(1, "{}", same + "0" * 48), (2, "{}", same + "1" * 48)]
    assert verify(rows, same)[-1] == f"2 heads begin with {same}; type more of it"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a database file with three entries, as somebody finds it who can change files."""
    path = tmp_path / "state.db"
    with closing(Database(path)) as database, database.transaction():
        for number in range(3):
            record(database, NOON, "request.accepted", revision=number)
    return path


def looked_at(path: Path) -> list[str]:
    """Give what the program finds when it opens the file again."""
    with closing(Database(path)) as database:
        rows = database.rows("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        return unguarded({row["name"]: row["sql"] for row in rows}) + verify(rows_of(database))


def test_a_file_that_nobody_touched_is_whole(file: Path) -> None:
    assert looked_at(file) == []


@pytest.mark.parametrize("trigger", GUARDS)
def test_a_trigger_that_was_dropped_or_weakened_is_found_even_when_nothing_was_changed(
    file: Path, trigger: str
) -> None:
    said = f"the database no longer refuses to change the ledger (its trigger {trigger} is not as it was made)"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(f"DROP TRIGGER {trigger}")
    assert looked_at(file) == [said]
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(f"CREATE TRIGGER {trigger} BEFORE {GUARDS[trigger]} ON ledger WHEN 0 BEGIN SELECT 1; END")
    assert looked_at(file) == [said]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE ledger SET number = number + 10", "entry 1 is missing; 11 stands in its place"),
        ("UPDATE ledger SET number = 9 WHERE number = 3", "entry 3 is missing; 9 stands in its place"),
        ("DELETE FROM ledger WHERE number = 2", "entry 2 is missing; 3 stands in its place"),
        ("UPDATE ledger SET entry = replace(entry, 'accepted', 'refused') WHERE number = 2", "entry 2 was changed"),
    ],
)
def test_what_is_done_with_a_tool_for_databases_is_found(file: Path, change: str, said: str) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        guards = [row[0] for row in database.execute("SELECT sql FROM sqlite_schema WHERE type = 'trigger'")]
        for trigger in GUARDS:
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute(change)
        for guard in guards:  # and the doors are closed behind it
            database.execute(guard)
    assert said in looked_at(file)
