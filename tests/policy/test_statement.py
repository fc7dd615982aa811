"""The privacy statement: every rule that runs stands in it, what the law adds is told apart, and no clause number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from pipeline import newpractice
from pipeline.config.practice import PracticeFile, read_practice_file
from pipeline.policy.drift import digest
from pipeline.policy.policy import Policy, law, retention_rules, shipped_policies
from pipeline.policy.statement import Values, statement_values
from tests.policy.promises import POLICIES

FILE = read_practice_file(newpractice.shipped())
SINCE = date(2026, 11, 22)
RULES = ("fields", "mail", "mail_contents", "gates", "closing", "changes", "processors", "attest", "requests", "breach",
         "backup", "access", "complaints", "signposts", "readings")  # fmt: skip
everywhere = pytest.mark.parametrize("language", ["nl", "en"])
every_policy = pytest.mark.parametrize("name", shipped_policies())


def made(name: str, language: str, file: PracticeFile = FILE) -> Values:
    return statement_values(POLICIES[name], file, language, SINCE)


def lines(values: Values) -> Iterator[dict[str, Any]]:
    """Give every sentence and every row of all sections."""
    for section in values["sections"]:
        yield from (*section["lead"], *section["items"], *section["after"])
        for row in section["rows"]:
            text = " | ".join(f"{cell['text']} {cell['note']}".strip() for cell in row["cells"])
            yield {"text": text, "rule": row["rule"]}


def section(values: Values, which: str) -> str:
    """Give all that stands in one section."""
    (found,) = [one for one in values["sections"] if one["id"] == which]
    return "\n".join(line["text"] for line in lines({"sections": [found]}))


def promised(policy: Policy) -> set[str]:
    own = {rule.id for part in RULES for rule in getattr(policy, part)}
    by_hand = {name for name, clause in policy.clauses.items() if clause.unruled in {"by_hand", "shape"}}
    return own | {rule.id for rule in retention_rules(policy)} | {one.purpose for one in policy.consents} | by_hand


@everywhere
@every_policy
def test_every_rule_of_the_policy_stands_in_the_statement(name: str, language: str) -> None:
    said = {rule for line in lines(made(name, language)) for rule in line["rule"].split()}
    assert promised(POLICIES[name]) - said == set()


@every_policy
def test_both_languages_say_the_same_rules_in_the_same_order(name: str) -> None:
    dutch, english = (made(name, language) for language in ("nl", "en"))
    assert [line["rule"] for line in lines(dutch)] == [line["rule"] for line in lines(english)]
    assert [one["id"] for one in dutch["sections"]] == [one["id"] for one in english["sections"]]


@everywhere
@every_policy
def test_a_client_sees_no_clause_number_and_no_name_of_a_rule(name: str, language: str) -> None:
    values, policy = made(name, language), POLICIES[name]
    text = "\n".join(line["text"] for line in lines(values))
    numbers = {clause for clause in policy.clauses if re.search(rf"\b{re.escape(clause)}\b", text)}
    assert numbers == set()
    assert [rule for rule in promised(policy) if "." in rule and rule in text] == []
    assert "_" not in text.replace(FILE.practice.email, "")


@everywhere
@every_policy
def test_the_supervisory_authority_is_always_named(name: str, language: str) -> None:
    assert "Autoriteit Persoonsgegevens: https://autoriteitpersoonsgegevens.nl." in section(
        made(name, language), "complaints"
    )


@everywhere
def test_it_says_who_the_practice_is_and_how_to_reach_it(language: str) -> None:
    said = section(made("kleur", language), "who")
    for value in ("Praktijk De Linde", "Marjan Vermeer", "Lindelaan 12", "marjan@delinde.example", "030 555 01 23"):
        assert value in said


def test_it_names_the_mail_provider_and_what_a_sponsor_reads() -> None:
    assert "delinde.example" in section(made("kleur", "nl"), "recipients")
    assert "Het doel van uw coaching staat er niet op." in section(made("kleur", "nl"), "recipients")
    rules = FILE.model_copy(update={"quote": FILE.quote.model_copy(update={"goal_to_sponsor": True})})
    assert "Het doel van uw coaching staat ook op die offerte." in section(made("kleur", "nl", rules), "recipients")


def test_what_was_promised_and_what_the_law_asks_are_told_apart() -> None:
    kept = section(made("kleur", "nl"), "kept")
    assert (
        "Facturen: wij beloven tot 5 jaar na de afsluiting van de coaching, nooit langer dan 7 jaar; de wet vraagt ten "
        "minste 7 jaar na het einde van het boekjaar. Alleen wat de wet noemt (naam, adres, btw-nummer," in kept
    )
    assert "Een wettelijke plicht (art. 52 AWR; art. 35a Wet OB)" in kept


@everywhere
def test_a_term_that_all_rules_share_is_said_once(language: str) -> None:
    whole = "\n".join(line["text"] for line in lines(made("kleur", language)))
    assert whole.count({"nl": "weghalen", "en": "removing takes"}[language]) == 1


@everywhere
@every_policy
def test_every_right_that_the_law_gives_is_in_it_whatever_the_policy_promises(name: str, language: str) -> None:
    from pipeline.policy.phrases import asks

    said = section(made(name, language), "rights")
    for rule in law("gdpr").requests:
        for ask in rule.may:
            assert asks([ask], language) in said, ask


@every_policy
def test_a_breach_is_told_to_the_authority_and_to_the_client_whatever_the_policy_promises(name: str) -> None:
    told = {line["rule"] for one in made(name, "nl")["sections"] if one["id"] == "breach" for line in one["items"]}
    own = {rule.tell: rule.id for rule in POLICIES[name].breach}
    assert {own.get("authority", "law.breach.authority"), own.get("clients", "law.breach.clients")} <= told


def test_a_processor_says_on_whose_behalf_it_works() -> None:
    assert "in opdracht van uw coach" in section(made("pluform", "nl"), "who")
    assert "is verantwoordelijk" in section(made("kleur", "nl"), "who").split("\n")[0]


@everywhere
def test_it_bears_its_version_date_and_fingerprint(language: str) -> None:
    said, values = section(made("kleur", language), "changes"), made("kleur", language)
    assert "2026-11" in said and digest(POLICIES["kleur"], FILE)[:12] == values["fingerprint"]
    assert values["fingerprint"] in said and {"nl": "22 november 2026", "en": "22 November 2026"}[language] in said


def test_the_same_policy_gives_the_same_statement() -> None:
    assert [made(name, "nl") for name in POLICIES] == [made(name, "nl") for name in POLICIES]
