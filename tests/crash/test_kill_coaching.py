"""kill -9 in the course of a coaching, then a restart: nothing lost, doubled or misdirected, no gap in the books."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.crash import coaching_rounds, points, rounds, verdict
from tests.crash.coaching_rounds import Stage, staged
from tests.crash.injection import Fault, needs_strace
from tests.crash.rounds import Result

pytestmark = needs_strace
SEED = 20_261_123
# A dropped file that is a document already, and lies there still; the mark of one mail among many.
SAMPLED = (Fault("rename", 5), Fault("fdatasync", 38))


@pytest.fixture
def day(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Give a busy day of a practice, as it ends undisturbed."""
    return staged(tmp_path_factory.getbasetemp())


@pytest.mark.timeout(300)
def test_a_kill_at_a_sampled_point_loses_doubles_and_misdirects_nothing(day: Stage) -> None:
    results = rounds.side_by_side(lambda fault: coaching_rounds.kill(day, fault), SAMPLED)
    assert rounds.violations(results) == []
    assert all(result.hit for result in results)


@pytest.mark.long
@pytest.mark.timeout(21_600)
def test_a_kill_at_every_point_loses_doubles_and_misdirects_nothing(
    day: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    with day.shelf.scene() as scene:
        found = points.calls(scene)
    faults = [*points.around_the_dot(found), *points.kills(found)]
    results = rounds.side_by_side(lambda fault: _kill(day, fault), faults)
    results += [late for name, count in points.totals(found).items() for late in _beyond(day, name, count)]
    with capsys.disabled():
        print(f"\n{rounds.table(results)}")  # noqa: T201 - the figures of the long round
    assert rounds.violations(results) == []
    assert {verdict.ONCE, verdict.ARRIVED, verdict.NEVER_LEFT} <= {one.outcome for one in results if one.hit}
    assert sum(bool(one.hit) for one in results) >= 900


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_credit_note_that_is_killed_at_any_point_is_written_once_and_leaves_no_gap(
    day: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    with coaching_rounds.crediting(day) as made:
        found = points.calls(made)
    results = rounds.side_by_side(lambda fault: coaching_rounds.kill_credit(day, fault), points.kills(found))
    outcomes = coaching_rounds.CREDITED, coaching_rounds.NOT_CREDITED
    with capsys.disabled():
        print(f"\n{rounds.table(results, outcomes)}")  # noqa: T201 - the figures of the long round
    assert rounds.violations(results) == []
    assert set(outcomes) <= {one.outcome for one in results}


def _kill(stage: Stage, fault: Fault) -> Result:
    """Kill at `fault`; in every fourth case its recovery too, somewhere."""
    chance = random.Random(f"{SEED} {fault}")
    again = points.second(chance.randrange(10**9)) if chance.random() < 0.25 else None
    return coaching_rounds.kill(stage, fault, again=again)


def _beyond(stage: Stage, name: str, count: int) -> Iterator[Result]:
    """Go on after the calls that were counted, until the run ends by itself."""
    while True:
        count += 1
        yield (result := _kill(stage, Fault(name, count)))
        if not result.hit:
            return
