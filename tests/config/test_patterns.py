"""Patterns mean what Python's own mean, and no text that a stranger sends keeps them busy."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.config.patterns import MOST_TEXT, NotAPattern, Pattern, found, plain

SECONDS = 2.0
ATOMS = [
    "a",
    "b",
    "A",
    "é",
    ".",
    "[ab]",
    "[^a]",
    "[a-c_]",
    r"[^\w]",
    r"\w",
    r"\W",
    r"\d",
    r"\s",
    r"\S",
    r"\b",
    "^",
    "$",
]
TIMES = ["*", "+", "?", "*?", "+?", "{2}", "{1,3}", "{0,2}?", "{2,}"]
expressions = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("({}|{})".format, inner, inner),
        st.builds("(?:{}){}".format, inner, st.sampled_from(TIMES)),
        st.builds("(?i:{})".format, inner),
        st.builds("(?-i:{})".format, inner),
    ),
    max_leaves=8,
)
CLASSIC = {
    "nested": (r"^(a+)+$", "a" * MOST_TEXT + "!"),
    "nested three deep": (r"^((a+)+)+$", "a" * MOST_TEXT + "!"),
    "either the same": (r"^(a|a)*$", "a" * MOST_TEXT + "!"),
    "either overlapping": (r"^(a|aa)+$", "a" * MOST_TEXT + "!"),
    "numbers": (r"(\d+\s*)+x", "1 " * (MOST_TEXT // 2)),
    "java class names": (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * MOST_TEXT),
    "addresses": (r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*@x$", "a" * MOST_TEXT),
    "many optional": ("(a?){90}a{90}$", "a" * MOST_TEXT + "!"),
    "anything, often": (".*.*.*.*.*.*.*.*=", "x" * MOST_TEXT),
    "trailing space": (r"\s+$", " " * MOST_TEXT + "x"),
    "exponentially many ways to remember": ("(.*)a.{150}b", "aab" * (MOST_TEXT // 3)),
    "html": (r"<[^>]*(>[^<]*<[^>]*)*>$", "<" * MOST_TEXT),
}


@settings(max_examples=600, deadline=None)
@given(expressions, st.text(alphabet="abAcéÉ 1_\n", max_size=8))
def test_a_regular_expression_finds_what_python_finds(source: str, text: str) -> None:
    try:
        pattern = Pattern(source)
    except NotAPattern:
        assume(False)
    assert pattern.search(text) is bool(re.search(source, text, re.IGNORECASE))


@pytest.mark.parametrize("name", CLASSIC)
def test_no_pattern_keeps_the_service_busy(name: str) -> None:
    source, text = CLASSIC[name]
    started = time.process_time()
    Pattern(source).search(text)
    assert time.process_time() - started < SECONDS


@settings(max_examples=60, deadline=None)
@given(expressions, st.text(max_size=MOST_TEXT))
def test_no_text_keeps_a_pattern_busy(source: str, text: str) -> None:
    started = time.process_time()
    try:
        found("regex", source, text)
    except NotAPattern:
        assume(False)
    assert time.process_time() - started < SECONDS


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab*?.[", max_size=8), st.text(alphabet="abA.[ ", max_size=10))
def test_a_glob_fits_a_whole_text_and_its_brackets_are_brackets(glob: str, text: str) -> None:
    assume(plain(text) == text)
    source = "".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in glob)
    assert found("glob", glob, text) is bool(re.fullmatch(source, text, re.IGNORECASE | re.DOTALL))


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("(", "bad_regex"), ("[", "bad_regex"), ("a**", "bad_regex"), ("(?P<n", "bad_regex"), ("a{2,1}", "bad_regex"),
        (r"(a)\1", "regex_too_clever"), ("a(?=b)", "regex_too_clever"), ("(?<!a)b", "regex_too_clever"),
        ("(?>a+)b", "regex_too_clever"), ("a++b", "regex_too_clever"), ("(a)?(?(1)b|c)", "regex_too_clever"),
        ("(?m)^a", "regex_too_clever"), ("(?a)é", "regex_too_clever"),
        ("a" * 301, "regex_too_large"), ("a{301}", "regex_too_large"), ("(a{99}){99}", "regex_too_large"),
        ("(){4000000000}", None), ("((){99}){99}", None),
        ("a{99999999999}", "bad_regex"),
    ],
)  # fmt: skip
def test_what_cannot_be_matched_in_little_time_is_refused_when_it_is_read(source: str, word: str | None) -> None:
    try:
        Pattern(source)
        refused = None
    except NotAPattern as error:
        refused = error.word
    assert refused == word


@pytest.mark.parametrize(
    ("kind", "wanted", "text", "fits"),
    [
        ("text", "recht op vergetelheid", "beroep op mijn RECHT OP\n  vergetelheid.", True),
        ("text", "foto's", "hierbij de foto\N{RIGHT SINGLE QUOTATION MARK}s", True),
        ("text", "cafe\u0301", "CAFÉ", True),
        ("text", "(a+)", "x (A+) y", True),
        ("text", "offerte", "factuur", False),
        ("exact", "Akkoord", "akkoord", True),
        ("exact", "akkoord", "niet akkoord", False),
        ("glob", "*@waterrijk.example", "p@waterrijk.example", True),
        ("glob", "*@waterrijk.example", "p@waterrijk.example.evil.example", False),
        ("regex", r"^re: .*offerte$", "RE: uw Offerte", True),
        ("regex", r"\bAVG\b", "graafgift", False),
        ("regex", "straße", "STRASSE", False),
    ],
)  # fmt: skip
def test_a_text_is_found_whatever_its_capitals_spaces_and_accents(
    kind: str, wanted: str, text: str, fits: bool
) -> None:
    assert found(kind, wanted, plain(text)) is fits


def test_plain_words_are_found_far_into_a_text_and_patterns_near_its_start() -> None:
    assert found("text", "needle", "x" * 90_000 + "needle")
    assert found("regex", "needle", "x" * (MOST_TEXT - 6) + "needle")
    assert not found("regex", "needle", "x" * MOST_TEXT + "needle")
