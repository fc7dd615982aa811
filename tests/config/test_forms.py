"""A name that is not written as such names are is answered with how they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config.practice import PracticeFile
from pipeline.config.problems import example_of
from pipeline.config.rules import InboxRules
from pipeline.errors import FileProblems
from pipeline.policy.policy import Policy
from tests.policy.written import broken, read


def patterns(schema: object) -> Iterator[str]:
    """Give every pattern that a name in these files has to fit."""
    if isinstance(schema, dict):
        yield from (value for name, value in schema.items() if name == "pattern" and isinstance(value, str))
    if isinstance(schema, dict | list):
        for inside in schema.values() if isinstance(schema, dict) else schema:
            yield from patterns(inside)


def test_for_every_pattern_in_our_files_there_is_an_example_that_fits_it() -> None:
    found = {pattern for model in (Policy, PracticeFile, InboxRules) for pattern in patterns(model.model_json_schema())}
    assert len(found) >= 5
    for pattern in found:
        example = example_of(pattern)
        assert example is not None and re.fullmatch(pattern, example), pattern


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("id: mine.client", "id: Mine Client", ("Mine Client", "mine.client")),
        ("id: mine.client", "id: client", ("client", "mine.client")),
        ("clauses: [X-6]", "clauses: [x6]", ("x6", "K-12")),
        ("purpose: coaching", "purpose: Coaching!", ("Coaching!", "keep_in_touch")),
        ("id: mine\n", "id: Mijn praktijk\n", ("Mijn praktijk", "my-practice")),
        ("  X-2: {says", "  X2: {says", ("X2", "K-12")),
    ],
)
@pytest.mark.parametrize(
    ("language", "told"),
    [("nl", "'{}' is niet geschreven zoals zo'n naam hoort; schrijf hem zoals deze: {}"),
     ("en", "'{}' is not written in the way of such a name; write it like this: {}")],
)  # fmt: skip
def test_a_name_in_another_form_is_answered_where_it_stands_with_one_that_fits(
    tmp_path: Path, old: str, new: str, named: tuple[str, str], language: str, told: str
) -> None:
    text = broken((old, new))
    line = text[: text.index(new)].count("\n") + 1
    with pytest.raises(FileProblems) as refused:
        read(text, tmp_path, language)
    said = [str(one.text) for one in refused.value.problems if one.line == line]
    assert told.format(*named) in said
