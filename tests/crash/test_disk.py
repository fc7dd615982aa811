"""A disk that fails (EIO) or is full (ENOSPC) at any call: nothing counts falsely as done, and it is told (P1, P2)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.crash import points, rounds
from tests.crash.injection import EIO, ENOSPC, needs_strace
from tests.crash.rounds import Result
from tests.crash.scene import Post, posted

pytestmark = needs_strace
KNOWN = re.compile(r"exit code 1 with [^;]*(?:in alone|, in _rmtree_safe_fd)[^;]*$")


@pytest.mark.timeout(300)
def test_a_disk_that_fails_at_a_sampled_point_is_told_and_nothing_counts_as_done(
    post: Post, found: points.Calls
) -> None:
    no_room_for_a_paper = points.at(found, r'write\(\d+, "%PDF', ENOSPC)
    mark_not_synced = points.last_before(found, points.at(found, points.DOT), "fdatasync", EIO)
    sampled = [no_room_for_a_paper, mark_not_synced]
    results = rounds.side_by_side(lambda fault: rounds.fail(post, fault, sponsored=False), sampled)
    assert _unknown(results) == []
    assert all(result.hit for result in results)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(r'write\(\d+, "\d+", \d+\)', id="writing the lock file"),
        pytest.param(r"unlinkat\(", id="emptying the scratch folder of the press", marks=pytest.mark.long),
    ],
)
def test_a_disk_that_fails_beside_the_work_is_told_in_one_line(post: Post, found: points.Calls, call: str) -> None:
    result = rounds.fail(post, points.at(found, call, EIO), sponsored=False)
    assert result.hit
    assert result.wrong == []


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_disk_that_fails_at_any_point_is_told_and_nothing_counts_as_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with posted(tmp_path, places=1500) as post:
        faults = points.failures(points.calls(post.scene(sponsored=True)), stride=8)
        results = rounds.side_by_side(lambda fault: rounds.fail(post, fault, sponsored=True), faults)
    with capsys.disabled():
        print(f"\n{rounds.table(results)}")  # noqa: T201 - the figures of the long round
    assert _unknown(results) == []


def _unknown(results: list[Result]) -> list[str]:
    """Give the violations that have no test of their own."""
    return [one for one in rounds.violations(results) if not KNOWN.search(one)]
