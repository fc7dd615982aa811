"""kill -9 at any step of a purge: it finishes later, touches no other mail, and the ledger tells the truth."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.crash import points, rounds
from tests.crash.injection import Fault, needs_strace
from tests.crash.purging import DONE_BEFORE, FINISHED_LATER, OUTCOMES, Shelf
from tests.crash.rounds import NOT_REACHED, Result
from tests.mailstack.fixtures import needs_servers

pytestmark = [needs_strace, needs_servers]
SEED = 20_261_122


@pytest.fixture
def shelf(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """Give a practice whose mail is to go, on a server of some kind."""
    with ExitStack() as running:
        yield Shelf(tmp_path, running, request.param)


def around_the_expunge(shelf: Shelf) -> list[Fault]:
    """Give the kills between the expunging of a mail and the answer to that, and just before it is told."""
    expunge = points.at(shelf.found, r"sendto\(.* UID EXPUNGE ")
    place = next(at for at, call in enumerate(shelf.found) if call[:2] == (expunge.syscall, expunge.number))
    answer = next(Fault(name, number) for name, number, _ in shelf.found[place:] if name == "recvfrom")
    last = [Fault(name, number) for name, number, _ in shelf.found if name == "fdatasync"][-1]
    return [answer, last]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("shelf", ["full"], indirect=True)
def test_a_purge_that_is_killed_finishes_later_and_the_ledger_tells_the_truth(shelf: Shelf) -> None:
    results = rounds.side_by_side(shelf.kill, around_the_expunge(shelf))
    assert rounds.violations(results) == []
    assert NOT_REACHED not in {result.outcome for result in results}


@pytest.mark.long
@pytest.mark.timeout(14_400)
@pytest.mark.parametrize("shelf", ["full", "gmail"], indirect=True)
def test_a_purge_that_is_killed_at_every_step_finishes_later(shelf: Shelf, capsys: pytest.CaptureFixture[str]) -> None:
    def kill(fault: Fault) -> Result:
        chance = random.Random(f"{SEED} {fault}")
        return shelf.kill(fault, points.second(chance.randrange(10**9)) if chance.random() < 0.25 else None)

    results = rounds.side_by_side(kill, points.kills(shelf.found))
    with capsys.disabled():
        print(f"\n{rounds.table(results, OUTCOMES)}")  # noqa: T201 - the figures of the long round
    assert rounds.violations(results) == []
    assert {FINISHED_LATER, DONE_BEFORE} <= {result.outcome for result in results}
