"""The ledger's entries have the one form of RFC 8785, as far as it concerns texts, whole numbers and nothing."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.edges.ledger import LARGEST, canonical

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def test_texts_are_written_as_in_the_example_of_the_standard() -> None:
    # RFC 8785, 3.2.2: the input "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/" and what must come of it
    text = json.loads(r'"\u20ac$\u000F\u000aA' + r"'\u0042\u0022\u005c\\\"\/" + '"')
    written = canonical({"string": text})
    assert (
        written.encode()
        .hex(" ", -1)
        .endswith("22 e2 82 ac 24 5c 75 30 30 30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d")
    )


def test_names_are_sorted_as_in_the_example_of_the_standard() -> None:
    # RFC 8785, 3.2.3: by UTF-16 code units, in which a smiley (a pair of surrogates) comes before a Hebrew ligature
    given_there = {
        "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
        "\U0001f600": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis",
    }  # fmt: skip
    assert list(json.loads(canonical(given_there)).values()) == [
        "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign", "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("\b\t\n\f\r", r"\b\t\n\f\r"), ("\x00\x1f\x7f", "\\u0000\\u001f\x7f"), ("\u2028é/", "\u2028é/"),
        ('"\\', r"\"\\"),
    ],
)  # fmt: skip
def test_only_what_must_be_escaped_is_escaped(value: str, written: str) -> None:
    assert canonical({"a": value}) == f'{{"a":"{written}"}}'


@pytest.mark.parametrize(
    ("value", "written"), [(0, "0"), (-1, "-1"), (LARGEST, "9007199254740991"), (-LARGEST, "-9007199254740991"),
                           (None, "null")],
)  # fmt: skip
def test_whole_numbers_and_nothing_are_written_plainly(value: int | None, written: str) -> None:
    assert canonical({"b": value, "a": ""}) == f'{{"a":"","b":{written}}}'


@pytest.mark.parametrize(
    "value", [1.5, 0.0, float("nan"), LARGEST + 1, -LARGEST - 1, True, ["a"], {"a": 1}, b"a", "\ud800", "a\udfffb"],
    ids=repr,
)  # fmt: skip
def test_what_programs_write_differently_cannot_stand_in_an_entry(value: object) -> None:
    with pytest.raises(ValueError, match="ledger"):
        canonical({"a": value})


@given(st.dictionaries(NAMES, st.one_of(TEXTS, st.integers(-LARGEST, LARGEST), st.none()), max_size=6))
def test_reading_an_entry_and_writing_it_again_changes_nothing(entry: dict[str, object]) -> None:
    written = canonical(entry)
    assert json.loads(written) == entry and canonical(json.loads(written)) == written
    names = [name.encode("utf-16-be") for name in json.loads(written)]
    assert names == sorted(names)
