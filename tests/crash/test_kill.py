"""kill -9 at any call that makes something durable, then a restart: nothing lost (P1), nothing sent twice (P2)."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash import points, rounds, verdict
from tests.crash.injection import Fault, needs_strace
from tests.crash.rounds import Result
from tests.crash.scene import QUICK, Post, posted

pytestmark = needs_strace
SEED = 20_260_122
# Where a thing leaves one hand for the next: the frozen mail our memory.
HANDED_OVER = (r"rename\(.*/outbox/",)
SAMPLE = 3


@pytest.mark.timeout(300)
def test_a_kill_at_any_sampled_point_loses_nothing_and_sends_nothing_twice(post: Post, found: points.Calls) -> None:
    by_name = [*points.around_the_dot(found), *(points.at(found, call) for call in HANDED_OVER)]
    sampled = points.spread(found, SAMPLE, SEED, by_name)
    results = rounds.side_by_side(lambda fault: _kill(post, fault, sponsored=False), sampled)
    assert rounds.violations(results) == []
    assert _outcomes(results[:2]) == {
        verdict.NEVER_LEFT,
        verdict.ARRIVED,
    }, "killed between mark and dot, and between reply and record"
    assert verdict.ONCE in _outcomes(results[2:]), "killed before any mark"


@pytest.mark.long
def test_a_press_that_is_killed_costs_nothing_but_a_second_run(post: Post) -> None:
    result = rounds.kill(post, Fault("prlimit64", 5, everyone=True), sponsored=False)
    assert result.hit
    assert (result.outcome, result.wrong) == (verdict.ONCE, [])


def test_a_press_whose_program_was_killed_ends_without_a_word(post: Post) -> None:
    world = post.scene(sponsored=False).world
    command, press = world.command("run", "--once"), world.folder / "storage" / "press"
    with subprocess.Popen(command, env=world.environment(QUICK), stderr=subprocess.PIPE, text=True) as running:
        while not list(press.glob("*")):
            assert running.poll() is None
        running.kill()
        running.wait()
        with world.opened() as practice:
            practice.storage.empty("press")  # as the next start does, while that press still loads
        assert running.stderr is not None
        told = running.stderr.read()  # to its end: the press holds the other side until it is gone
    assert "Traceback" not in told


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_kill_at_every_point_loses_nothing_and_sends_nothing_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with posted(tmp_path, places=1500) as post:
        found = points.calls(post.scene(sponsored=True))
        faults = [*points.kills(found), *points.kills_elsewhere()]
        results = rounds.side_by_side(lambda fault: _kill(post, fault, sponsored=True), faults)
        results += [late for name, count in points.totals(found).items() for late in _beyond(post, name, count)]
    with capsys.disabled():
        print(f"\n{rounds.table(results)}")  # noqa: T201 - the figures of the long round
    assert rounds.violations(results) == []
    assert len([result for result in results if result.hit]) >= 300
    assert {verdict.ONCE, verdict.ARRIVED, verdict.NEVER_LEFT} <= _outcomes(results)


def _kill(post: Post, fault: Fault, *, sponsored: bool) -> Result:
    """Kill at `fault`; in every fourth case its recovery too, somewhere."""
    chance = random.Random(f"{SEED} {fault}")
    again = points.second(chance.randrange(10**9)) if chance.random() < 0.25 else None
    return rounds.kill(post, fault, sponsored=sponsored, again=again)


def _beyond(post: Post, name: str, count: int) -> Iterator[Result]:
    """Go on after the calls that were counted, until the run ends by itself."""
    while True:
        count += 1
        yield (result := _kill(post, Fault(name, count), sponsored=True))
        if not result.hit:
            return


def _outcomes(results: list[Result]) -> set[str]:
    return {result.outcome for result in results if result.hit}
