"""A disk that fails (EIO) or is full (ENOSPC) while mail comes in: nothing counts falsely as kept or filed (P1, P2)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash import incoming_rounds, incoming_scene, points, rounds
from tests.crash.incoming_rounds import Stage, stage
from tests.crash.incoming_scene import Shelf
from tests.crash.incoming_verdict import FILED, OUTCOMES
from tests.crash.injection import EIO, ENOSPC, Fault, needs_strace

pytestmark = needs_strace


@pytest.mark.timeout(300)
def test_a_mail_that_cannot_be_synced_is_not_taken_as_kept_and_is_filed_once_the_disk_is_sound(
    booking: Stage,
) -> None:
    made = points.at(booking.found, r"mkdir\(.*/mail\"")
    synced = _next(booking.found, made, "fsync", beyond=1)  # after that of the folder which holds `mail`
    results = [incoming_rounds.fail(booking, Fault("fsync", synced, EIO))]
    assert [(result.outcome, result.wrong) for result in results] == [(FILED, [])]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_disk_that_is_full_while_a_return_is_stored_leaves_its_mail_unread(booking: Stage) -> None:
    result = incoming_rounds.fail(booking, points.at(booking.found, r"rename\(.*-return-1-2\.pdf", ENOSPC))
    assert (result.outcome, result.wrong) == (FILED, [])


@pytest.mark.long
@pytest.mark.timeout(14_400)
@pytest.mark.parametrize("shelf", [incoming_scene.asking, incoming_scene.booking])
def test_a_disk_that_fails_at_any_point_is_told_and_nothing_counts_as_filed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shelf: Callable[[Path], Shelf]
) -> None:
    made = stage(shelf(tmp_path))
    faults = points.failures(made.found, stride=8)
    results = rounds.side_by_side(lambda fault: incoming_rounds.fail(made, fault), faults)
    with capsys.disabled():
        print(f"\n{rounds.table(results, OUTCOMES)}")  # noqa: T201 - the figures of the long round
    assert rounds.violations(results) == []


def _next(found: points.Calls, after: Fault, name: str, beyond: int) -> int:
    """Give the number of the call of this name that follows `after`, passing over the first `beyond`."""
    at = next(place for place, call in enumerate(found) if call[:2] == (after.syscall, after.number))
    return [number for one, number, _ in found[at:] if one == name][beyond]
