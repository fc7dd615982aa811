"""A disk that fails (EIO) or is full (ENOSPC) in the course of a coaching: nothing counts falsely as done or billed."""

from __future__ import annotations

import pytest

from tests.crash import coaching_rounds, points, rounds
from tests.crash.coaching_rounds import Stage, staged
from tests.crash.injection import needs_strace

pytestmark = needs_strace


@pytest.fixture
def day(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Give a busy day of a practice, as it ends undisturbed."""
    return staged(tmp_path_factory.getbasetemp())


@pytest.mark.long
@pytest.mark.timeout(21_600)
def test_a_disk_that_fails_at_any_point_is_told_and_nothing_counts_as_done(
    day: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    with day.shelf.scene() as scene:
        faults = points.failures(points.calls(scene), stride=8)
    results = rounds.side_by_side(lambda fault: coaching_rounds.fail(day, fault), faults)
    with capsys.disabled():
        print(f"\n{rounds.table(results)}")  # noqa: T201 - the figures of the long round
    assert rounds.violations(results) == []
