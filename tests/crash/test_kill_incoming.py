"""kill -9 anywhere between the server and the dossier, then a restart: each return is filed once (P1, P2, P6)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash import incoming_rounds, incoming_scene, incoming_verdict, points, rounds, verdict
from tests.crash.incoming_rounds import Stage, stage
from tests.crash.incoming_scene import Shelf
from tests.crash.incoming_verdict import FILED, OUTCOMES, SHOWN
from tests.crash.injection import Fault, needs_strace
from tests.crash.rounds import NOT_REACHED, Result

pytestmark = needs_strace
SEED = 20_261_122
SAMPLE = 3
# What the reading asks before each page that it looks at; the program itself asks it nearly never.
READING = [Fault("prlimit64", number, everyone=True) for number in range(2, 26)]


@pytest.mark.timeout(300)
def test_a_kill_at_any_sampled_point_files_each_return_once_and_sends_each_copy_once(booking: Stage) -> None:
    sampled = points.sample(booking.found, SAMPLE, SEED)
    results = rounds.side_by_side(lambda fault: incoming_rounds.kill(booking, fault), sampled)
    assert rounds.violations(results) == []
    assert [result.outcome for result in results[:2]] == [verdict.NEVER_LEFT, verdict.ARRIVED], "around the final dot"
    assert FILED in {result.outcome for result in results[2:]}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_server_that_renumbers_between_the_look_and_the_fetch_files_each_return_once(booking: Stage) -> None:
    first_mail_stored = points.at(booking.found, r"rename\(.*/mail/")
    result = incoming_rounds.kill(booking, first_mail_stored, renumbered=True)
    assert (result.outcome, result.wrong) == (FILED, [])


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_reader_that_is_killed_leaves_the_papers_with_the_coach_and_loses_no_mail(booking: Stage) -> None:
    result = incoming_rounds.kill(booking, Fault("prlimit64", 6, everyone=True))
    assert (result.outcome, result.wrong) == (SHOWN, [])


@pytest.mark.long
@pytest.mark.timeout(14_400)
@pytest.mark.parametrize(
    ("shelf", "doubts"),
    [(incoming_scene.asking, set()), (incoming_scene.booking, {verdict.ARRIVED, verdict.NEVER_LEFT})],
)
def test_a_kill_at_every_point_files_each_return_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shelf: Callable[[Path], Shelf], doubts: set[str]
) -> None:
    made = stage(shelf(tmp_path))
    faults = [*points.kills(made.found), *READING]
    results = rounds.side_by_side(lambda fault: _kill(made, fault), faults)
    results += [late for name, count in points.totals(made.found).items() for late in _beyond(made, name, count)]
    with capsys.disabled():
        print(f"\n{rounds.table(results, OUTCOMES)}")  # noqa: T201 - the figures of the long round
    assert rounds.violations(results) == []
    assert {FILED, SHOWN} | doubts <= {result.outcome for result in results}
    assert sum(result.outcome != NOT_REACHED for result in results) >= 200


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_kill_while_rules_mark_and_move_a_mail_leaves_it_once_marked_and_moved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = stage(incoming_scene.tidying(tmp_path), incoming_verdict.untidied)
    assert [place[2] for place in made.mailbox if place[0] == "Archive"] == ["Terug"]
    marking = points.at(made.found, r"sendto\(.* STORE ")
    faults = points.kills(made.found)
    faults = faults[faults.index(marking) :]
    results = rounds.side_by_side(
        lambda fault: incoming_rounds.kill_tidying(made, fault, renumbered=fault.number % 2 == 0), faults
    )
    with capsys.disabled():
        print(f"\n{rounds.table(results, OUTCOMES)}")  # noqa: T201 - the figures of the long round
    assert rounds.violations(results) == []
    assert sum(result.outcome == FILED for result in results) >= 20


def _kill(stage: Stage, fault: Fault) -> Result:
    """Kill at `fault`; in some cases its recovery too, somewhere, and in some the INBOX is numbered anew between."""
    chance = random.Random(f"{SEED} {fault}")
    again = points.second(chance.randrange(10**9)) if chance.random() < 0.25 else None
    return incoming_rounds.kill(stage, fault, again=again, renumbered=chance.random() < 0.4)


def _beyond(stage: Stage, name: str, count: int) -> Iterator[Result]:
    """Go on after the calls that were counted, until the run ends by itself."""
    while True:
        count += 1
        yield (result := _kill(stage, Fault(name, count)))
        if result.outcome == NOT_REACHED:
            return
