"""The client file says when a coaching is over, and no more comes of that; a second coaching is its own dossier."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from pipeline.config.client import read_client_file
from pipeline.errors import FileProblems
from pipeline.model import Kind
from pipeline.outgoing.opening import intake
from pipeline.policy.schema.retention import Event
from pipeline.practice import Practice
from pipeline.retention import closing, timetable
from tests.retention.scene import FILE, Scene, copied, on, scene
from tests.world import World

NOW = on(6, 30, 2027)
OTHER = FILE.replace("Meer rust in een nieuwe rol.", "Leren kiezen.")


@pytest.fixture
def world(composed: World, tmp_path: Path) -> World:
    """Give a practice with one coaching, whose papers were made."""
    return copied(composed, tmp_path)


def drop(world: World, text: str, now: datetime = NOW) -> str | None:
    """Drop a file, let it be taken in and what was promised be done; gives the note beside it."""
    world.drop(text)
    with world.opened() as practice:
        intake.take_in(practice, now, lambda _: None)
        timetable.keep_promises(practice, now, lambda _: None)
    return world.note()


def known(world: World) -> list[tuple[object, ...]]:
    """Give what would show that a quote was made anew: requests and mails with their states."""
    return [*world.rows("SELECT revision, state FROM requests"), *world.rows("SELECT token, state FROM messages")]


def closed_on(world: World) -> list[object]:
    return [row[0] for row in world.rows("SELECT day FROM events WHERE event = ?", Event.CLOSED)]


@pytest.mark.parametrize("line", ["closed: 2027-06-30", "gesloten: 30-06-2027", "afgesloten: 2027-06-30"])
def test_a_file_that_only_says_when_it_is_over_closes_the_dossier_and_makes_nothing_anew(
    world: World, line: str
) -> None:
    before = known(world)
    assert drop(world, f"{FILE}{line}\n") is None
    assert closed_on(world) == ["2027-06-30"] and known(world) == before
    assert list(world.drop_folder.iterdir()) == []


def test_a_day_to_come_closes_when_it_is_there_and_can_be_taken_back_until_then(world: World) -> None:
    drop(world, f"{FILE}closed: 2027-09-01\n")
    assert closed_on(world) == []
    drop(world, FILE)
    with world.opened() as practice:
        timetable.keep_promises(practice, on(9, 1, 2027), lambda _: None)
    assert closed_on(world) == []
    drop(world, f"{FILE}closed: 2027-09-01\n")
    with world.opened() as practice:
        timetable.keep_promises(practice, on(9, 1, 2027), lambda _: None)
    assert closed_on(world) == ["2027-09-01"]


def test_the_same_file_again_changes_nothing_and_another_day_in_it_does(world: World) -> None:
    for _ in range(2):
        drop(world, f"{FILE}closed: 2027-06-20\n")
    assert closed_on(world) == ["2027-06-20"] and len(world.rows("SELECT 1 FROM dossiers")) == 1
    drop(world, f"{FILE}closed: 2027-06-25\n")
    assert closed_on(world) == ["2027-06-25"] and len(world.rows("SELECT 1 FROM dossiers")) == 1


def test_a_closing_that_was_taken_back_by_command_is_not_made_again_by_the_file_that_was_heeded(world: World) -> None:
    drop(world, f"{FILE}closed: 2027-06-30\n")
    with scene(world) as opened:
        closing.reopen(opened.practice, opened.reference, NOW)
        timetable.keep_promises(opened.practice, NOW, lambda _: None)
    assert closed_on(world) == []


def test_a_change_beside_the_day_is_a_new_version_and_closes_as_well(world: World) -> None:
    drop(world, f"{OTHER}closed: 2027-06-30\n")
    assert closed_on(world) == ["2027-06-30"]
    assert world.rows("SELECT max(revision) FROM requests") == [(2,)]


def test_a_second_coaching_of_the_same_client_is_a_new_dossier(world: World) -> None:
    drop(world, f"{FILE}closed: 2027-06-30\n")
    assert drop(world, OTHER) is None
    rows = world.rows("SELECT dossier, revision FROM requests ORDER BY accepted_at")
    assert len({dossier for dossier, _ in rows}) == 2 and [revision for _, revision in rows] == [1, 1]
    assert drop(world, OTHER.replace("kiezen", "durven"), on(7, 1, 2027)) is None
    last = world.rows("SELECT dossier, revision FROM requests ORDER BY accepted_at DESC LIMIT 1")
    assert last == [(rows[1][0], 2)]


def test_while_it_runs_a_changed_file_of_the_same_client_is_the_same_dossier(world: World) -> None:
    drop(world, OTHER)
    assert len(world.rows("SELECT 1 FROM dossiers")) == 1


def test_a_second_coaching_with_the_first_ones_closing_day_left_in_its_file_is_refused_with_what_to_do(
    world: World,
) -> None:
    drop(world, f"{FILE}closed: 2027-06-20\n")
    note = drop(world, f"{OTHER}closed: 2027-06-20\n")
    assert note is not None and "haal deze regel weg" in note and "jansen.yaml:6:1:" in note
    assert len(world.rows("SELECT 1 FROM dossiers")) == 1


def test_a_file_that_names_a_closed_dossier_opens_no_other_and_says_what_to_do(world: World) -> None:
    drop(world, f"{FILE}closed: 2027-06-30\n")
    reference = str(world.rows("SELECT reference FROM dossiers")[0][0])
    note = drop(world, f"{OTHER}dossier: {reference}\n")
    assert note is not None and f"pipeline close {reference} --reopen" in note
    assert len(world.rows("SELECT 1 FROM dossiers")) == len(world.rows("SELECT 1 FROM requests")) == 1


def test_a_day_before_the_opening_counts_as_the_day_of_opening(dossier: Scene) -> None:
    practice: Practice = dossier.practice
    dossier.returned(Kind.QUOTE, on(11, 9))
    dossier.run("INSERT INTO closings VALUES (?, '2026-01-01', '')", dossier.reference)
    assert closing.by_file(practice, NOW) == 1
    assert closing.closed_on(practice, dossier.reference) == date(2026, 11, 2)
    assert closing.by_file(practice, NOW) == 0


@pytest.mark.parametrize("typed", ["30 juni", "2027-13-01", "ja"])
def test_what_is_no_day_is_refused_with_how_to_write_it(typed: str) -> None:
    with pytest.raises(FileProblems, match="2027-06-30"):
        read_client_file(f"{FILE}closed: {typed}\n".encode(), "c.yaml", language="nl", catalogue=("kort",))
