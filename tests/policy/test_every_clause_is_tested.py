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
    assert clause in carried()


def test_no_test_carries_a_number_that_no_statement_has() -> None:
    assert [number for number in carried() if number not in CLAUSES] == []


def test_there_are_as_many_clauses_as_the_five_statements_have() -> None:
    assert len(CLAUSES) == 204 and len(carried()) > 90
