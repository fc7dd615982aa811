"""Before anything is taken in: what the policy asks of nobody is refused, and what it always asks must be there."""

from __future__ import annotations

import pytest

from pipeline.policy.collecting import Refused, before_collecting, refused, taken_by
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.people import FieldRule
from tests.policy.promises import POLICIES

CLIENT = ("name", "formerly", "salutation", "phone", "email", "role", "organisation", "goal")
SPONSOR = ("organisation", "contact", "salutation", "email", "address", "kvk", "purchase_order")


@pytest.mark.parametrize(
    ("name", "kept_out"),
    [("kleur", []), ("ken-jezelf", []), ("pluform", []), ("ballance", []), ("refleact", ["role", "organisation"])],
)
def test_which_fields_of_the_form_each_practice_keeps_out(name: str, kept_out: list[str]) -> None:
    found = refused(POLICIES[name], {"client": CLIENT, "sponsor": SPONSOR})
    assert [(one.whose, one.field, one.lacking) for one in found] == [("client", field, False) for field in kept_out]
    assert all("R-Mi.1" in one.clauses for one in found)


@pytest.mark.parametrize("name", POLICIES)
def test_a_field_that_no_rule_names_is_kept_out_by_a_clause(name: str) -> None:
    (found,) = refused(POLICIES[name], {"client": [*("name", "email"), "religion"]})
    assert (found.field, found.lacking) == ("religion", False)
    assert found.clauses


def test_a_policy_that_names_no_fields_lets_none_in() -> None:
    silent: Policy = POLICIES["kleur"].model_copy(update={"fields": []})
    assert refused(silent, {"client": ["name"]}) == [Refused("client", "name", ())]


@pytest.mark.parametrize("name", POLICIES)
def test_what_is_always_asked_must_be_there_but_for_what_the_practice_answers_for_all(name: str) -> None:
    found = refused(POLICIES[name], {"client": ["name"], "sponsor": []})
    assert {(one.field, one.lacking) for one in found} == {("email", True)}


def test_a_closed_gate_keeps_a_field_out_whatever_rule_names_it_k_11a_r_al_3() -> None:
    for name, clause in (("kleur", "K-11a"), ("refleact", "R-Al.3")):
        notes = FieldRule(id="x.notes", clauses=["X-1"], category=Category.NOTES, fields=["session"])
        policy: Policy = POLICIES[name].model_copy(update={"fields": [*POLICIES[name].fields, notes]})
        found = [one for one in refused(policy, {"client": ["name", "email", "session"]}) if one.field == "session"]
        assert [one.clauses for one in found if clause in one.clauses]


def test_a_rule_for_the_young_is_about_who_gives_an_age_j_7d_6() -> None:
    policy = POLICIES["ken-jezelf"]
    assert before_collecting(policy, {Category.CONTACT}) == []
    assert [gate.id for gate in before_collecting(policy, {Category.AGE})] == ["ken-jezelf.minor"]


def test_what_was_taken_in_names_the_rules_that_ask_it() -> None:
    rules = taken_by(POLICIES["refleact"], {"client": ["name", "goal"], "sponsor": []})
    assert [rule.id for rule in rules] == ["refleact.fields.contact", "refleact.fields.goal"]
