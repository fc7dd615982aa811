"""Mutated mail, bounces, rules and papers are read without a fault: some in every run, far more behind a marker."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.incoming import fuzz_rules
from tests.incoming.fuzz import FEWEST, Report, fuzz, read_all
from tests.reading import fuzz as fuzz_papers

SECONDS, LONG_SECONDS = 1, 600
READERS: dict[str, Callable[[float, int], Report]] = {
    "mail": fuzz,
    "bounces": lambda seconds, seed: fuzz(seconds, seed, like="bounce"),
    "rules": fuzz_rules.fuzz,
    "papers": fuzz_papers.fuzz,
}


@pytest.mark.parametrize("reader", READERS)
def test_what_was_mutated_is_read_and_nothing_of_it_is_believed(reader: str) -> None:
    report = READERS[reader](SECONDS, 1)
    assert report.failures == []
    assert report.runs >= FEWEST


@pytest.mark.long
@pytest.mark.timeout(LONG_SECONDS + 60)
@pytest.mark.parametrize("reader", READERS)
def test_ten_minutes_of_what_was_mutated_are_read(reader: str) -> None:
    assert READERS[reader](LONG_SECONDS, 2).failures == []


def test_a_reader_that_raises_is_reported() -> None:
    def read(raw: bytes) -> list[str]:
        if len(raw) % 2:
            raise KeyError("odd")
        return read_all(raw)

    report = fuzz(0.5, seed=1, read=read)
    assert report.failures
    assert "KeyError: 'odd'" in report.failures[0]
