"""The policies: every consent stands on a clause of that practice's statement, and none is asked without ground."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.policy.policy import Policy, law, questions, read_policy, retention_rules, shipped_laws, shipped_policies
from pipeline.policy.schema.base import HELD, IN_COURSE
from pipeline.policy.schema.people import Asked

CLAUSES = {
    "kleur": {"coaching": ["K-03", "K-04"], "profile_take": ["K-06"], "profile_share": ["K-09"],
              "report_receive": ["K-10"], "keep_in_touch": ["K-12"]},
    "ken-jezelf": {"coaching": ["J-3.4"], "dossier": ["J-3.6"], "keep_in_touch": ["J-4.4"]},
    "pluform": {"platform": ["P-1.1.11", "P-1.2.2a"], "transfer": ["P-1.2.6.8"]},
    "refleact": {"coaching": ["R-Al.3"], "share": ["R-De.1"], "keep_in_touch": ["R-Tr.6"]},
    "ballance": {"coaching": ["B-2.1"], "report_receive": ["B-9.2"], "share": ["B-9.1", "B-4.1g"]},
}  # fmt: skip
"""What each practice asks consent for with a quote, and the clauses of its statement that it rests on."""
ABOUT_A_SPONSOR = {"profile_share", "share"}
COUNTS = {"kleur": 24, "ken-jezelf": 55, "pluform": 50, "refleact": 31, "ballance": 44}
"""How many clauses each statement has."""


def policy(name: str) -> Policy:
    return read_policy(name, Path("nowhere"), "en")


def test_five_policies_are_shipped_and_two_laws() -> None:
    assert shipped_policies() == sorted(CLAUSES)
    assert shipped_laws() == ["gdpr", "nl-fiscal"]


@pytest.mark.parametrize("name", CLAUSES)
def test_a_shipped_policy_holds_every_clause_of_its_statement(name: str) -> None:
    read = policy(name)
    assert (read.id, len(read.clauses)) == (name, COUNTS[name])


@pytest.mark.parametrize("name", CLAUSES)
def test_a_shipped_policy_asks_with_a_quote_what_its_statement_says(name: str) -> None:
    asked = [question for question in policy(name).consents if Asked.QUOTE in question.asked]
    assert {question.purpose: question.clauses for question in asked} == CLAUSES[name]


@pytest.mark.parametrize("name", CLAUSES)
def test_what_concerns_a_sponsor_is_asked_only_where_there_is_one(name: str) -> None:
    read = policy(name)
    alone = [question.purpose for question in questions(read, sponsored=False)]
    assert alone == [purpose for purpose in CLAUSES[name] if purpose not in ABOUT_A_SPONSOR]
    assert [question.purpose for question in questions(read, sponsored=True)] == list(CLAUSES[name])


@pytest.mark.parametrize("name", CLAUSES)
def test_every_question_is_asked_in_both_languages_and_in_one_sentence_of_consent(name: str) -> None:
    for question in policy(name).consents:
        assert question.text.in_language("nl").startswith(("Ik geef ", "Ik wil "))
        assert question.text.in_language("en").startswith(("I consent ", "I explicitly consent ", "I wish "))
        assert question.note is None or question.note.nl != question.note.en


@pytest.mark.parametrize("name", CLAUSES)
def test_whatever_the_program_holds_of_a_client_has_an_end_in_every_policy(name: str) -> None:
    rules = retention_rules(policy(name))
    for held in HELD | IN_COURSE:
        ending = [rule for rule in rules if held in rule.covers and (rule.promise is not None or rule.ceiling)]
        assert ending, held


@pytest.mark.parametrize("name", CLAUSES)
def test_the_house_speaks_only_of_what_the_policy_does_not(name: str) -> None:
    read = policy(name)
    covered = {category for rule in read.retention for category in rule.covers}
    added = [rule for rule in retention_rules(read) if rule.id.startswith("house.")]
    assert all(not covered & set(rule.covers) for rule in added)


@pytest.mark.parametrize("name", shipped_laws())
def test_a_law_says_where_each_of_its_rules_stands(name: str) -> None:
    read = law(name)
    assert read.id == name and read.name.nl and read.name.en
    assert all(rule.source and not rule.clauses for rule in [*read.retention, *read.requests, *read.breach])
