"""Mutated mail is read without a fault: a little in every run, longer behind a marker."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.incoming.fuzz import fuzz, read_all


def test_two_seconds_of_mutated_mail_are_read() -> None:
    report = fuzz(2, seed=1)
    assert report.failures == []
    assert report.runs > 20


@pytest.mark.long
def test_a_minute_of_mutated_mail_is_read() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.incoming.fuzz", "--seconds", "60", "--seed", "2"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout


def test_a_reader_that_raises_is_reported() -> None:
    def read(raw: bytes) -> list[str]:
        if len(raw) % 2:
            raise KeyError("odd")
        return read_all(raw)

    report = fuzz(0.5, seed=1, read=read)
    assert report.failures
    assert "KeyError: 'odd'" in report.failures[0]
