"""A policy file is strict: each clause is covered, nothing is half known, a problem says what to type instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ConfigError, FileProblems
from pipeline.policy.keeping import keepers
from pipeline.policy.policy import read_policy, shipped_policies
from pipeline.policy.schema.base import HELD
from tests.policy.written import SOUND, broken, read

MEANING = 'unruled: meaning, because: {nl: "een omschrijving", en: "a description"}}'
GATE = (
    "\nmail:\n",
    "\ngates:\n  - {id: mine.gate, clauses: [X-1], before: send, require: ['consent:party']}\n\nmail:\n",
)


def problems(text: str, folder: Path, language: str = "en") -> str:
    with pytest.raises(FileProblems) as refused:
        read(text, folder, language)
    return str(refused.value)


def place(text: str, part: str) -> str:
    """Give where `part` stands in the file, as a problem names it."""
    before = text[: text.index(part)]
    return f"mine.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: "


def test_a_practice_may_have_a_policy_of_its_own(tmp_path: Path) -> None:
    policy = read(SOUND, tmp_path)
    assert [question.clauses for question in policy.consents] == [["X-1"]] and len(policy.clauses) == 6


MISTAKES = [
    # a clause that nothing keeps, or that is said to be kept and is not
    (MEANING, "ambiguous: no}", "X-5: ", "X-5 is kept by no rule; name X-5 in a rule, or write unruled and because"),
    (MEANING, "unruled: meaning}", "X-5: ", "X-5 has unruled without a reason; write why (because)"),
    ("clauses: [X-6]", "clauses: [X-6, X-5]", "unruled:", "X-5 is already kept by a rule; remove unruled"),
    ("clauses: [X-6]", "clauses: [X-6, X-7]", "X-7]", "'X-7' is not under clauses; add it there, or mend"),
    (MEANING, f"ambiguous: yes, {MEANING}", "ambiguous:", "X-5 can be read in more than one way; say under readings"),
    (
        "id: mine.books",
        "id: mine.general",
        "id: mine.general, clauses: [X-3]",
        "'mine.general' belongs to another rule",
    ),
    # what is kept, and the law
    ("sponsor, goal, quote", "sponsor, quote", "retention:", "no rule says how long: goal; name them under covers"),
    ("[nl-fiscal, gdpr]", "[nl-fiscal, ccpa]", "ccpa", "no law known here; choose from: gdpr, nl-fiscal"),
    (
        "covers: [invoice]",
        "covers: [invoices]",
        "invoices",
        "'invoices' cannot be used; choose from: contact, employer",
    ),
    # terms
    (
        "promise: P5Y",
        "promise: 5 jaar",
        "promise: 5 jaar",
        "'5 jaar' is no term; write it as P5Y, P6M, P4W, P7D or PT48H",
    ),
    (
        "promise: P5Y",
        "ceiling: P4Y, promise: P5Y",
        "promise: P5Y",
        "the promise is longer than the ceiling; change one",
    ),
    ("promise: P7Y, window: P1D", "window: P1D", "id: mine.books", "this rule names no term; fill in floor, promise"),
    (
        "after: book_year_ended",
        "after: new_year",
        "after: new_year",
        "'new_year' cannot be used; choose from: first_contact",
    ),
    ("{statutory: yes}", "{statutory: yes, period: P4W}", "answer:", "choose: a period, or statutory: yes, not both"),
    # gates and consents
    (*GATE, "'consent:party'", "'consent:party' is asked nowhere; add that consent under consents"),
    ("\nmail:\n", GATE[1].replace("'consent:party'", "luck"), "luck", "choose from: consent:PURPOSE, never, approval"),
    ("\nmail:\n", GATE[1].replace("'consent:party'", ""), "require: []", "at least 1 belongs here"),
    ("needs_sponsor: no", "needs_sponsor: maybe", "needs_sponsor:", "'maybe' cannot be used; write yes or no"),
    ('en: "I consent', 'fr: "I consent', "fr: ", "'fr' is not a known word here; known are: nl, en"),
    ('en: "I consent', 'fr: "I consent', "text:", "'en' is missing; fill it in"),
    # the head
    ("id: mine\n", "idd: mine\n", "idd:", "'idd' is not a known word here; did you mean 'id'?"),
    ("format: 1", "format: 2", "format:", "'2' cannot be used; choose from: 1"),
]
"""What is typed, what instead, before what the problem is said, and what it says."""


@pytest.mark.parametrize(("good", "bad", "at", "said"), MISTAKES)
def test_a_mistake_is_said_in_its_place_with_what_to_type_instead(
    tmp_path: Path, good: str, bad: str, at: str, said: str
) -> None:
    text = broken((good, bad))
    lines = problems(text, tmp_path).splitlines()
    assert any(line.startswith(place(text, at)) and said in line for line in lines), lines


@pytest.mark.parametrize(
    ("good", "bad", "line"),
    [("purpose: coaching", "purpose: Coaching!", 26), ("id: mine.mail,", "id: Mail,", 36), ("X-5: ", "five: ", 14),
     ("id: mine\n", "id: Mine!\n", 3)],
)  # fmt: skip
def test_a_name_that_cannot_be_one_is_refused_in_its_place(tmp_path: Path, good: str, bad: str, line: int) -> None:
    assert f"mine.yaml:{line}:" in problems(broken((good, bad)), tmp_path)


@pytest.mark.parametrize("category", sorted(HELD - {"unfiled", "log", "evidence", "invoice"}))
def test_whatever_the_program_holds_must_have_an_end(tmp_path: Path, category: str) -> None:
    covers = "covers: [contact, employer, sponsor, goal, quote, agreement, consent, mail_out, mail_in]"
    less = ", ".join(one for one in covers.removeprefix("covers: [").removesuffix("]").split(", ") if one != category)
    assert f"no rule says how long: {category};" in problems(broken((covers, f"covers: [{less}]")), tmp_path)


@pytest.mark.parametrize("missing", ["format: 1\n", 'name: "Mine"\n', "id: mine\n"])
def test_a_part_that_is_not_there_is_named(tmp_path: Path, missing: str) -> None:
    assert f"'{missing.partition(':')[0]}'" in problems(broken((missing, "")), tmp_path)


def test_every_problem_of_the_file_is_said_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = broken(
        ("[nl-fiscal, gdpr]", "[ccpa]"), (MEANING, "ambiguous: no}"), ("promise: P5Y, window", "promise: long, window")
    )
    lines = problems(text, tmp_path).splitlines()
    assert len(lines) == 3 and [int(line.split(":")[1]) for line in lines] == sorted(
        int(line.split(":")[1]) for line in lines
    )


def test_problems_are_said_in_the_language_of_the_practice(tmp_path: Path) -> None:
    assert "X-5 wordt door geen regel gehouden" in problems(broken((MEANING, "ambiguous: no}")), tmp_path, "nl")


@pytest.mark.parametrize("name", ["kleurig", "missing.yaml", "../kleur.yaml", "kleur.yml", ""])
def test_an_unknown_policy_names_the_five_there_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="choose from: ballance, ken-jezelf, kleur, pluform, refleact"):
        read_policy(name, tmp_path, "en")


def test_a_policy_outside_the_practice_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "practice").mkdir()
    (tmp_path / "other.yaml").write_text(SOUND, "utf-8")
    with pytest.raises(ConfigError, match="choose from"):
        read_policy(str(tmp_path / "other.yaml"), tmp_path / "practice", "en")


def without(text: str, rule: str) -> str:
    """Give the text without a rule that stands on one line."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(f"  - {{id: {rule},"))


@pytest.mark.parametrize(
    ("rule", "bare"), [("mine.mail", ["X-6"]), ("mine.books", ["X-3"]), ("mine.goal", []), ("mine.client", [])]
)
def test_taking_out_a_rule_names_the_clauses_that_only_it_kept(tmp_path: Path, rule: str, bare: list[str]) -> None:
    text = without(SOUND, rule)
    assert len(text) < len(SOUND)
    if bare:
        assert [f"{clause} is kept by no rule" in problems(text, tmp_path) for clause in bare] == [True]
    else:
        assert len(read(text, tmp_path).fields) == 3


@pytest.mark.parametrize("name", shipped_policies())
def test_in_a_shipped_policy_each_clause_is_kept_by_a_rule_or_says_why_not(name: str) -> None:
    policy = read_policy(name, Path("nowhere"), "en")
    for clause, entry in policy.clauses.items():
        assert bool(keepers(policy, clause)) != bool(entry.unruled and entry.because), clause
        assert not entry.ambiguous or any(clause in reading.clauses for reading in policy.readings), clause
