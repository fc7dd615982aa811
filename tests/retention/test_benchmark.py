"""The benchmark of the plan: what it makes is a practice as the roads make it, and planning it takes no more memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from benchmarks import retention
from pipeline.practice import opened

KINDS = 9
"""How many parts each dossier of the benchmark has: four of the client file, two papers, one signed, mail both ways."""


def test_two_thousand_dossiers_are_planned_part_by_part(tmp_path: Path) -> None:
    folder = retention.made(tmp_path, retention.QUICK)
    with opened(folder) as practice:
        dossiers, closed, invoices, lapsed = (
            practice.database.value(f"SELECT count(*) FROM {table}")
            for table in ("dossiers", "events", "invoices", "obligations WHERE state = 'expired'")
        )
        both = practice.database.value(
            "SELECT count(*) FROM obligations JOIN events USING (dossier) WHERE state = 'expired'"
        )
        assert dossiers == retention.QUICK and 0 < invoices < closed < dossiers
        ended = closed + lapsed - both  # a closing, or, for who did not become a client, the lapse of the quote
        of_invoices = practice.database.value(
            "SELECT count(*) FROM invoices WHERE dossier IN (SELECT dossier FROM events) OR dossier IN"
            " (SELECT dossier FROM obligations WHERE state = 'expired')"
        )
        assert retention.planned(practice) == KINDS * ended + 2 * of_invoices
        assert retention.read(practice) > 8 * dossiers


def test_the_memory_that_planning_takes_does_not_grow_with_the_dossiers(tmp_path: Path) -> None:
    assert peak(tmp_path / "many", 600) < peak(tmp_path / "few", 60) + 50_000


def peak(root: Path, dossiers: int) -> int:
    """Give the most memory that planning takes beside what was taken before it, in bytes."""
    with opened(retention.made(root, dossiers)) as practice:
        retention.planned(practice)  # what is loaded or worked out once
        tracemalloc.start()
        try:
            retention.planned(practice)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_each_figure_comes_from_a_process_of_its_own(tmp_path: Path) -> None:
    folder = retention.made(tmp_path, 20)
    seconds, memory, counted = retention.alone("plan", folder)
    assert seconds > 0 and memory > 10 and counted > 0


@pytest.mark.parametrize("asked", ["--quick", "--only"])
def test_the_benchmark_says_how_it_is_used(asked: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.retention", "--help"],
        cwd=Path(retention.__file__).parent.parent, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert asked in told.stdout
