"""The ledger shows tampering (P9), and holds nothing about a person (G6)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.edges.database import Database
from pipeline.edges.ledger import LARGEST, START, canonical, link, record, verify
from tests.world import CLIENT, SPONSOR, World, client_file

Row = tuple[int, str, str]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
AMOUNT = st.integers(1, 25)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "state.db")
    yield opened
    opened.close()


def chain(length: int) -> list[Row]:
    """Give a chain as `record` makes it."""
    rows: list[Row] = []
    head = START
    for number in range(1, length + 1):
        entry = canonical({"at": (NOON + timedelta(minutes=number)).isoformat(), "event": "e", "revision": number})
        head = link(head, number, entry)
        rows.append((number, entry, head))
    return rows


def fill(database: Database, count: int) -> list[Row]:
    with database.transaction():
        for number in range(count):
            record(database, NOON, "request.accepted", dossier="K7Q4-MX2P", revision=number, uid=None)
    return [(row[0], row[1], row[2]) for row in database.rows("SELECT * FROM ledger ORDER BY number")]


def test_what_is_recorded_is_an_unbroken_chain_in_canonical_form(database: Database) -> None:
    rows = fill(database, 3)
    assert verify(rows) == [] and verify(rows, rows[1][2]) == [] and verify([], None) == []
    assert [row[0] for row in rows] == [1, 2, 3]
    assert rows[1][1] == (
        '{"at":"2026-11-22T12:00:00+00:00","dossier":"K7Q4-MX2P","event":"request.accepted","revision":1,"uid":null}'
    )
    assert [row[2] for row in rows] == [
        link(START, 1, rows[0][1]), link(rows[0][2], 2, rows[1][1]), link(rows[1][2], 3, rows[2][1]),
    ]  # fmt: skip


KEYS = st.text(st.characters(codec="ascii", categories=["L"]), max_size=8)
WHOLE = st.integers(-LARGEST, LARGEST)
VALUES = st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), WHOLE, st.none())


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(KEYS, VALUES, max_size=5), st.randoms(use_true_random=False))
def test_an_entry_has_one_form_whatever_the_order_of_its_facts(facts: dict[str, object], random: object) -> None:
    shuffled = dict(sorted(facts.items(), key=lambda _: random.random()))  # type: ignore[attr-defined]
    assert canonical(shuffled) == canonical(facts)
    assert json.loads(canonical(facts)) == facts and "\n" not in canonical(facts)


@settings(deadline=None, max_examples=200)
@given(length=AMOUNT, data=st.data())
def test_a_changed_character_anywhere_is_found(length: int, data: st.DataObject) -> None:
    rows = chain(length)
    at, column = data.draw(st.integers(0, length - 1)), data.draw(st.sampled_from([1, 2]))
    text = str(rows[at][column])
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters().filter(lambda character: character != text[place]))
    changed = text[:place] + other + text[place + 1 :] if other.isascii() else text[:place] + text[place + 1 :]
    number, entry, kept = rows[at]
    rows[at] = (number, changed, kept) if column == 1 else (number, entry, changed)
    assert verify(rows)


@settings(deadline=None, max_examples=100)
@given(length=AMOUNT, data=st.data())
def test_a_dropped_doubled_or_swapped_entry_is_found(length: int, data: st.DataObject) -> None:
    rows = chain(length + 1)
    at = data.draw(st.integers(0, length - 1))
    dropped, doubled, swapped = [*rows[:at], *rows[at + 1 :]], [*rows[: at + 1], *rows[at:]], list(rows)
    swapped[at], swapped[at + 1] = swapped[at + 1], swapped[at]
    assert verify(dropped) and verify(doubled) and verify(swapped)


@settings(deadline=None, max_examples=100)
@given(length=AMOUNT, data=st.data())
def test_renumbering_does_not_hide_what_was_taken_out_or_exchanged(length: int, data: st.DataObject) -> None:
    rows = chain(length + 2)
    first, second = sorted(data.draw(st.lists(st.integers(0, length), min_size=2, max_size=2, unique=True)) or [0, 1])
    exchanged = list(rows)
    exchanged[first], exchanged[second] = (first + 1, *rows[second][1:]), (second + 1, *rows[first][1:])
    closed = [(number, *row[1:]) for number, row in enumerate([*rows[:first], *rows[first + 1 :]], 1)]
    assert verify(exchanged) and verify(closed)


@settings(deadline=None, max_examples=100)
@given(length=AMOUNT, data=st.data())
def test_what_is_cut_off_or_written_anew_is_found_against_a_head_kept_elsewhere(
    length: int, data: st.DataObject
) -> None:
    rows = chain(length)
    kept = data.draw(st.integers(0, length - 1))
    assert verify(rows[:kept]) == []
    assert verify(rows[:kept], rows[-1][2]) == [
        f"the head {rows[-1][2]} is not in the chain: entries were cut off or replaced"
    ]
    forged, head = rows[:kept], rows[kept - 1][2] if kept else START
    for number in range(kept + 1, length + 1):
        head = link(head, number, "{}")
        forged.append((number, "{}", head))
    assert verify(forged) == [] and verify(forged, rows[-1][2])


@settings(deadline=None, max_examples=60)
@given(length=AMOUNT, data=st.data())
def test_an_entry_written_anew_with_a_hash_that_fits_is_found_by_the_next_one(length: int, data: st.DataObject) -> None:
    rows = chain(length + 1)
    at = data.draw(st.integers(0, length - 1))
    rows[at] = (at + 1, "{}", link(rows[at - 1][2] if at else START, at + 1, "{}"))
    assert verify(rows) == [f"entry {at + 2} was changed"]
    rows[at] = (at + 1, "{}", chain(at + 1)[at][2])
    assert verify(rows) == [f"entry {at + 1} was changed"]


def test_a_head_of_before_still_holds_after_more_was_written() -> None:
    assert all(verify(chain(20), row[2]) == [] for row in chain(12))
    assert verify(chain(20), START) == []


@pytest.mark.parametrize(
    "sql", ["UPDATE ledger SET entry = '{}'", "UPDATE ledger SET number = 9 WHERE number = 1", "DELETE FROM ledger",
            "DELETE FROM ledger WHERE number = 3", "UPDATE OR REPLACE ledger SET number = 1 WHERE number = 2"],
)  # fmt: skip
def test_the_database_itself_refuses_to_change_or_remove_an_entry(database: Database, sql: str) -> None:
    rows = fill(database, 3)
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        database.run(sql)
    assert [tuple(row) for row in database.rows("SELECT * FROM ledger")] == rows


def test_the_database_itself_refuses_to_replace_an_entry(database: Database) -> None:
    rows = fill(database, 2)
    with pytest.raises(sqlite3.IntegrityError):
        database.run("INSERT OR REPLACE INTO ledger VALUES (2, '{}', ?)", link(rows[0][2], 2, "{}"))
    assert [tuple(row) for row in database.rows("SELECT * FROM ledger")] == rows


def test_an_entry_is_there_only_when_its_transaction_is(database: Database) -> None:
    fill(database, 1)

    def interrupted() -> None:
        with database.transaction():
            record(database, NOON, "never")
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        interrupted()
    assert fill(database, 1)[-1][0] == 2


def test_after_a_full_run_the_ledger_says_nothing_about_a_person(sending: World) -> None:
    more = "goal: Rust na de scheiding\n"
    sending.drop(client_file("Sanne Jansen-de Wit", sponsor=SPONSOR, more=more))
    sending.work()
    entries = "\n".join(str(row[0]) for row in sending.rows("SELECT entry FROM ledger"))
    assert '"event":"message.accepted"' in entries
    told = ["sanne", "jansen", "wit", "peter", "vries", "work", "rust", "scheiding", "home", "@", ".example"]
    found = [
        word for word in (*told, CLIENT, SPONSOR, "jansen.yaml", str(sending.folder)) if word in entries.casefold()
    ]
    assert found == []
