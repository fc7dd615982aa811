"""YAML as a form: every leaf stays text, every problem has its place, nothing typed can break the reader (P7, D6)."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.source import MOST_BYTES, MOST_DEPTH, Tree, read
from tests.config.reading import SANNE, SHORT, places, problems

VISIBLE = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), min_size=1, max_size=40)
YAMLISH = st.text(st.sampled_from("ab:- \n\t\"'[]{},&*!|>?%#@~<0é\ufeff"), max_size=60)


def tree(text: str) -> Tree:
    source = read(text.encode(), "f.yaml")
    assert not source.problems
    return source.tree


def found(text: str | bytes, language: str = "en") -> list[tuple[int, int, str]]:
    data = text if isinstance(text, bytes) else text.encode()
    return [(p.line, p.column, p.text) for p in read(data, "f.yaml", language=language).problems]


@pytest.mark.parametrize(
    "typed", ["no", "yes", "on", "NO", "true", "0123", "12:30", "12:30:00", "1_000", "0x1F", "1e3", ".inf",
              "2026-01-31", "1.10", "=", "<<", "0o17", "-0"],
)  # fmt: skip
def test_what_yaml_would_turn_into_something_else_stays_what_was_typed(typed: str) -> None:
    assert tree(f"a: {typed}\nb: [{typed}]") == {"a": typed, "b": [typed]}


@pytest.mark.parametrize("typed", ["", "~", "null", "Null", "NULL"])
def test_nothing_is_nothing_but_quoted_it_is_text(typed: str) -> None:
    assert tree(f"a: {typed}\nb: '{typed}'") == {"a": None, "b": typed}


@settings(deadline=None, max_examples=100)
@given(value=VISIBLE)
def test_any_visible_text_comes_back_as_it_was_typed(value: str) -> None:
    assert tree(json.dumps({"a": [value]}, ensure_ascii=False)) == {"a": [value]}


@pytest.mark.parametrize("typed", ["own key", "Own-Key", " OWN_KEY "])
def test_a_key_may_have_capitals_spaces_and_dashes(typed: str) -> None:
    assert tree(f'"{typed}": x') == {"own_key": "x"}


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.binary(max_size=80), YAMLISH.map(str.encode)))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    source = read(data, "f.yaml")
    assert source.whole or source.problems
    assert all(p.line >= 1 and p.column >= 1 and "\n" not in p.text for p in source.problems)


@pytest.mark.parametrize("escape", [r"\U00110000", r"\UFFFFFFFF"])
def test_an_escape_beyond_unicode_is_a_problem_with_a_place(escape: str) -> None:
    assert found(f'a: b\nc: "{escape}"')[0][0] == 2


@pytest.mark.parametrize(
    "half", ['vat: "\\ud800"', 'quantity: "\\ud800"', 'x: y}]\n"\\ud800": [{a: b', 'unit_price: "\\udfff"']
)
def test_half_a_surrogate_pair_is_a_problem_with_a_place(half: str) -> None:
    refused = problems(f"{SANNE}lines:\n  [{{description: a, {half}}}]\n")
    assert refused and not any(text.startswith("1:") for text in refused)


def test_a_key_that_looks_like_a_librarys_mark_is_an_unknown_key() -> None:
    assert problems(f"{SHORT}'[key]': b\n")[0].startswith("3:1: '[key]' is hier geen bekend woord")


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("a: &x b", 1, 4, "references with & and *"),
        ("a: b\nc: *x", 2, 4, "references with & and *"),
        ("a: b\nc: {<<: *x}", 2, 9, "references with & and *"),
        ("a: !!python/object/apply:os.system [ls]", 1, 4, "a tag with !"),
        ("a: !!str b", 1, 4, "a tag with !"),
        ("a: b\n---\nc: d", 3, 1, "a second document"),
        ("a: b\n? [c]\n: d", 2, 3, "a single word belongs"),
        ("a: b\na: c", 2, 1, "'a' stands here already"),
        ("a: b\n\tc: d", 2, 1, "not readable YAML"),
        ("a: b: c", 1, 5, "not readable YAML"),
        ('a: "b', 1, 6, "not readable YAML"),
        ("a: [b\nc: d", 2, 2, "not readable YAML"),
        ("%YAML 9.9\n---\na: b", 1, 1, "not readable YAML"),
    ],
)
def test_what_is_not_a_form_is_said_with_its_place(text: str, line: int, column: int, said: str) -> None:
    first = found(text)[0]
    assert first[:2] == (line, column) and said in first[2]


def test_bytes_that_are_no_text_are_said_with_their_line() -> None:
    assert found(b"a: b\nc: \xff")[0][:2] == (2, 1)
    assert "UTF-8" in found("a: b".encode("utf-16"))[0][2]
    assert "UTF-8" in found("naam: Müller".encode("latin-1"))[0][2]
    assert found("a: \x07b")[0][2].startswith("this is not readable YAML")


def test_a_byte_order_mark_and_windows_line_ends_are_no_problem() -> None:
    assert tree("\ufeffa: b\r\nc: |\r\n  d\r\n  e\r\n") == {"a": "b", "c": "d\ne\n"}


def test_a_file_may_have_sixty_four_kilobytes_and_not_one_byte_more() -> None:
    filled = b"a: b #".ljust(MOST_BYTES, b"x")
    assert found(filled) == []
    assert found(filled + b"x")[0][2] == "this file is too large; it may be at most 64 kB"


def test_levels_end_at_a_limit_whatever_they_are_made_of() -> None:
    assert found("- " * MOST_DEPTH + "a") == []
    for bomb in (
        "[" * 60_000,
        "{a: " * 15_000,
        "- " * 30_000,
        "a:\n" + "".join(" " * n + "a:\n" for n in range(1, 300)),
    ):
        assert "too many levels" in found(bomb)[0][2]


def test_the_longest_list_is_read_within_seconds() -> None:
    started = time.monotonic()
    assert len(tree("- a\n" * (MOST_BYTES // 4)) or []) == MOST_BYTES // 4
    assert time.monotonic() - started < 20


def test_an_alias_bomb_stops_at_its_first_anchor() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
    assert [place[:2] for place in found(bomb)] == [(1, 5)]


@settings(deadline=None, max_examples=60)
@given(above=st.integers(0, 30), indent=st.integers(1, 9), before=st.integers(0, 5))
def test_a_problem_is_shown_where_it_stands(above: int, indent: int, before: int) -> None:
    comments = "# x\n" * above
    fields = ["name: S", "email: s@home.example"] + [f"# {n}" for n in range(before)] + ["shoe_size: 42"]
    text = f"{comments}programme: kort\nclient:\n" + "".join(f"{' ' * indent}{field}\n" for field in fields)
    assert places(text) == [(above + 2 + len(fields), indent + 1)]
