"""Every clause that this program keeps has a test that carries its number, and no test carries one there is not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pipeline.policy.keeping import Standing, standing
from tests.policy.promises import POLICIES

TESTS = Path(__file__).parents[1]
KEPT = {Standing.KEPT, Standing.NO_PATH, Standing.PARTLY, Standing.ATTESTED, Standing.SHAPE}
NOT_YET = {
    "B-2.2": "its gate stands before every use, and the uses of this version are its own steps: comes with requests",
    "R-Re.2": "the same: that data are used for nothing else shows once somebody can ask for what they were used",
    "J-1b": "comes with the answer to a request for the statement, where what is said and what runs are compared",
    "J-2b": "comes with requests, which name the source of what is held",
    "P-1.2.4": "the same",
    "R-Re.1": "the same",
}
"""Clauses without a test of their own, and why; what is tested may not stand here."""


@cache
def carried() -> dict[str, list[str]]:
    """Give each number that a test carries, with the files of those tests."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for number in _numbers(ast.parse(path.read_text("utf-8"))):
            found.setdefault(number, []).append(path.name)
    return found


def _numbers(tree: ast.Module) -> Iterator[str]:
    """Give the numbers in `pytest.mark.clause("K-08", …)`, and in the rows of a table: `promise("K-08 K-10", …)`."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        texts = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if ast.unparse(call.func) == "pytest.mark.clause":
            yield from texts
        elif ast.unparse(call.func) == "promise":
            yield from texts[0].split()


CLAUSES = {clause: standing(policy, clause) for policy in POLICIES.values() for clause in policy.clauses}


@pytest.mark.parametrize("clause", [clause for clause, how in CLAUSES.items() if how in KEPT])
def test_a_clause_that_is_kept_has_a_test_with_its_number(clause: str) -> None:
    assert (clause in carried()) != (clause in NOT_YET)


def test_no_test_carries_a_number_that_no_statement_has() -> None:
    assert [number for number in carried() if number not in CLAUSES] == []


def test_what_has_no_test_yet_is_a_clause_and_says_why() -> None:
    assert all(CLAUSES[clause] in KEPT and reason for clause, reason in NOT_YET.items())
    assert len(NOT_YET) <= 6  # it may only shrink


def test_there_are_as_many_clauses_as_the_five_statements_have() -> None:
    assert len(CLAUSES) == 204 and len(carried()) > 90
