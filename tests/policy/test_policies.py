"""The policies: every consent stands on a clause of that practice's statement, and none is asked without ground."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ConfigError, FileProblems
from pipeline.policy.policy import Policy, questions, read_policy, shipped_policies

CLAUSES = {
    "kleur": {"coaching": ["K-03", "K-04"], "profile_take": ["K-06"], "profile_share": ["K-09"],
              "report_receive": ["K-10"], "keep_in_touch": ["K-12"]},
    "ken-jezelf": {"coaching": ["J-3.4"], "dossier": ["J-3.6"], "keep_in_touch": ["J-4.4"]},
    "pluform": {"platform": ["P-1.1.11", "P-1.2.2a"], "transfer": ["P-1.2.6.8"]},
    "refleact": {"coaching": ["R-Al.3"], "share": ["R-De.1"], "keep_in_touch": ["R-Tr.6"]},
    "ballance": {"coaching": ["B-2.1"], "report_receive": ["B-9.2"], "share": ["B-9.1", "B-4.1g"]},
}  # fmt: skip
"""What each practice asks consent for, and the clauses of its statement that it rests on."""
ABOUT_A_SPONSOR = {"profile_share", "share"}
OWN = """id: mine
name: Mine
title: {nl: Verklaring, en: Statement}
consents:
  - purpose: coaching
    clauses: [X-1]
    needs_sponsor: no
    text: {nl: Ja, en: "Yes"}
"""


def policy(name: str) -> Policy:
    return read_policy(name, Path("nowhere"), "en")


def test_five_policies_are_shipped() -> None:
    assert shipped_policies() == sorted(CLAUSES)


@pytest.mark.parametrize("name", CLAUSES)
def test_a_shipped_policy_asks_for_what_its_statement_says(name: str) -> None:
    read = policy(name)
    assert read.id == name
    assert {question.purpose: question.clauses for question in read.consents} == CLAUSES[name]


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


def test_a_practice_may_have_a_policy_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(OWN, "utf-8")
    assert [question.clauses for question in read_policy("mine.yaml", tmp_path, "nl").consents] == [["X-1"]]


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("purpose: coaching", "purpose: Coaching!", "mine.yaml:5:5:"),
        ("clauses: [X-1]", "clauses: [1]", "mine.yaml:6:15:"),
        ("clauses: [X-1]", "clauses: []", "mine.yaml:6:5:"),
        ("needs_sponsor: no", "needs_sponsor: maybe", "mine.yaml:7:5: 'maybe' cannot be used; write yes or no"),
        ('en: "Yes"', 'fr: "Oui"', "mine.yaml:8:20: 'fr' is not a known word here; known are: nl, en"),
        ("id: mine", "idd: mine", "mine.yaml:1:1: 'idd' is not a known word here; did you mean 'id'?"),
    ],
)
def test_a_mistake_in_a_policy_is_said_in_its_place(tmp_path: Path, good: str, bad: str, said: str) -> None:
    assert good in OWN
    (tmp_path / "mine.yaml").write_text(OWN.replace(good, bad), "utf-8")
    with pytest.raises(FileProblems) as refused:
        read_policy("mine.yaml", tmp_path, "en")
    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["kleurig", "missing.yaml", "../kleur.yaml", "kleur.yml", ""])
def test_an_unknown_policy_names_the_five_there_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="choose from: ballance, ken-jezelf, kleur, pluform, refleact"):
        read_policy(name, tmp_path, "en")


def test_a_policy_outside_the_practice_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "practice").mkdir()
    (tmp_path / "other.yaml").write_text(OWN, "utf-8")
    with pytest.raises(ConfigError, match="choose from"):
        read_policy(str(tmp_path / "other.yaml"), tmp_path / "practice", "en")
