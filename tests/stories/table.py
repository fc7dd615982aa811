"""The table of clauses at the end of a story: what became of each promise, and how well that is proved.

Takes a story; leaves a line for each clause: the outcome, whether it came up in this story (`ran`), and the grade of
the proof. What only a person can keep, and what nobody can, says so.
"""

from __future__ import annotations

import pytest

from pipeline import evidence
from pipeline.cli import main
from pipeline.evidence import Outcome, Proof
from tests.stories.story import Story

MEANING = {Outcome.MEANING}
"""What a clause only says; there is nothing to keep."""


def table(story: Story) -> str:
    """Give a line for each promise; a clause that only says what a word means is left out."""
    return "\n".join(_line(one) for one in evidence.proofs(story.practice, story.now) if one.outcome not in MEANING)


def _line(one: Proof) -> str:
    ran = "ran" if one.times else ""
    return f"{one.clause:<10}{one.outcome.replace('_', ' '):<14}{ran:<5}{one.grade or ''}".rstrip()


def why_not(story: Story) -> dict[str, str]:
    """Give why a program cannot keep a clause, as the table says it, for each that it cannot keep."""
    open_ = {Outcome.CANNOT, Outcome.BY_HAND}
    return {one.clause: one.because or "" for one in evidence.proofs(story.practice, story.now) if one.outcome in open_}


def printed(story: Story, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Give the clauses of the table that `pipeline clauses --all` prints, in its order."""
    capsys.readouterr()
    assert main(["clauses", "--all", "--practice", str(story.world.folder)]) == 0
    rows = [line.partition(" ")[0] for line in capsys.readouterr().out.splitlines()]
    return [row for row in rows if row in story.practice.policy.clauses]
