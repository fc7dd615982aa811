"""Quote numbers: one for each dossier, in order, without a gap in any year, whatever is refused in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.outgoing.opening import intake
from tests.outgoing.test_intake import ignore
from tests.world import World, client_file

LAST_EVENING = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
"""Half past eleven in Amsterdam; an hour later it is another year there, and not yet in Greenwich."""


def numbers(world: World) -> list[str]:
    return [str(row[0]) for row in world.rows("SELECT quote_number FROM dossiers ORDER BY rowid")]


def test_a_year_begins_with_one_when_it_begins_for_the_practice(world: World) -> None:
    with world.opened() as practice:
        for number in range(4):
            world.drop(client_file(f"Client {number}"))
            intake.take_in(practice, LAST_EVENING + timedelta(minutes=30 * number), ignore)
    assert numbers(world) == ["2026-0001", "2027-0001", "2027-0002", "2027-0003"]


def test_an_hour_earlier_it_is_still_the_old_year_in_another_time_zone(world: World) -> None:
    world.change("^timezone: .*", "timezone: Atlantic/Azores")
    with world.opened() as practice:
        world.drop(client_file())
        intake.take_in(practice, LAST_EVENING + timedelta(hours=1), ignore)
    assert numbers(world) == ["2026-0001"]


def test_a_clock_that_goes_back_a_year_continues_that_years_numbers(world: World) -> None:
    moments = [LAST_EVENING, LAST_EVENING + timedelta(days=30), LAST_EVENING, LAST_EVENING + timedelta(days=30)]
    with world.opened() as practice:
        for number, now in enumerate(moments):
            world.drop(client_file(f"Client {number}"))
            intake.take_in(practice, now, ignore)
    assert numbers(world) == ["2026-0001", "2027-0001", "2026-0002", "2027-0002"]


def test_a_refused_file_a_repeated_file_and_a_revision_take_no_number(world: World) -> None:
    with world.opened() as practice:
        for text in (client_file(), "broken: yes", client_file(), client_file(more="goal: b\n"), client_file("Bob")):
            world.drop(text)
            intake.take_in(practice, LAST_EVENING, ignore)
    assert numbers(world) == ["2026-0001", "2026-0002"]


def test_a_number_that_was_taken_by_what_did_not_commit_is_given_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    world.drop(client_file())
    with world.opened() as practice, monkeypatch.context() as patched:
        patched.setattr(intake, "supersede", power_cut)
        with pytest.raises(KeyboardInterrupt):
            intake.take_in(practice, LAST_EVENING, ignore)
    assert numbers(world) == [] and len(list(world.drop_folder.iterdir())) == 1
    with world.opened() as practice:
        intake.take_in(practice, LAST_EVENING, ignore)
    assert numbers(world) == ["2026-0001"]


def test_after_the_ten_thousandth_the_numbers_go_on(world: World) -> None:
    with world.opened() as practice:
        practice.database.run("INSERT INTO numbers VALUES ('quote-2026', 9998)")
        for number in range(3):
            world.drop(client_file(f"Client {number}"))
            intake.take_in(practice, LAST_EVENING, ignore)
    assert numbers(world) == ["2026-9999", "2026-10000", "2026-10001"]
