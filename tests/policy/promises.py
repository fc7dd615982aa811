"""A row of a table of promises: the clauses it is about, by their numbers, and what must come of a deed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from pipeline.policy.policy import Policy, read_policy

NAMES = {"K": "kleur", "J": "ken-jezelf", "P": "pluform", "R": "refleact", "B": "ballance"}
"""The letter of a clause's number, and the policy it belongs to."""


def promise(clauses: str, *values: Any) -> ParameterSet:
    """Give one row; `clauses` are the numbers, with spaces between, and the first value is the policy itself."""
    numbers = clauses.split()
    return pytest.param(policy_of(numbers[0]), *values, marks=pytest.mark.clause(*numbers), id=clauses)


def policy_of(clause: str) -> Policy:
    """Give the policy that a clause belongs to."""
    return read(NAMES[clause[0]])


@cache
def read(name: str) -> Policy:
    """Read one of the shipped policies, once."""
    return read_policy(name, Path("nowhere"), "en")


POLICIES = {name: read(name) for name in NAMES.values()}
