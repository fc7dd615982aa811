"""What is published and what runs: any change of a promise shows, and no other change does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline import newpractice
from pipeline.config.practice import PracticeFile, read_practice_file
from pipeline.policy.drift import differences, digest, promised, reference
from pipeline.policy.period import Period
from pipeline.policy.policy import Policy, policy_file, read_policy
from tests.policy.promises import POLICIES

FILE = read_practice_file(newpractice.shipped())
TREES = {name: policy.model_dump(mode="json") for name, policy in POLICIES.items()}
TERMS = {"promise", "floor", "ceiling", "window", "wait", "within", "residue", "every", "by", "period",
         "keeps_at_most", "purged_within", "forward_within"}  # fmt: skip
UNSEEN = {"clauses", "proof", "why", "alarm_after", "rejected", "id", "purpose", "origin", "law", "format", "faults"}
Place = tuple[str | int, ...]


def promises(tree: Any, place: Place = ()) -> Iterator[Place]:
    """Give each place that holds a term, a yes or no, or a list of fields, recipients or kinds of data."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key in UNSEEN:
                continue
            listed = isinstance(value, list) and value and all(isinstance(one, str) for one in value)
            if listed or isinstance(value, bool) or (key in TERMS and isinstance(value, str)):
                yield (*place, key)
            else:
                yield from promises(value, (*place, key))
    elif isinstance(tree, list):
        for at, value in enumerate(tree):
            yield from promises(value, (*place, at))


PLACES = [(name, place) for name, tree in TREES.items() for place in promises(tree)]


def changed(name: str, place: Place, to: Period) -> Policy:
    """Give the policy with one value changed: a term to `to`, a yes to a no, a list by its last item."""
    tree = deepcopy(TREES[name])
    holder: Any = tree
    for key in place[:-1]:
        holder = holder[key]
    old = holder[place[-1]]
    holder[place[-1]] = not old if isinstance(old, bool) else old[:-1] if isinstance(old, list) else str(to)
    assume(holder[place[-1]] != old)
    try:
        return Policy.model_validate(tree)
    except ValidationError:
        assume(False)
        raise


def told(old: Policy, new: Policy, before: PracticeFile = FILE, after: PracticeFile = FILE) -> list[str]:
    return differences(promised(old, before), promised(new, after), "en")


def test_there_are_promises_to_change() -> None:
    kinds = {place[0] for _, place in PLACES}
    assert len(PLACES) > 500
    assert {"fields", "gates", "retention", "mail", "processors", "requests", "consents", "backup"} <= kinds


@pytest.mark.parametrize("examples", [25, pytest.param(400, marks=pytest.mark.long)])
def test_any_single_change_of_a_field_a_recipient_or_a_term_is_a_difference(examples: int) -> None:
    @settings(deadline=None, max_examples=examples)
    @given(st.sampled_from(PLACES), st.builds(Period, years=st.integers(0, 40), days=st.integers(0, 40)))
    def holds(where: tuple[str, Place], to: Period) -> None:
        name, place = where
        new = changed(name, place, to)
        found = told(POLICIES[name], new)
        assert len(found) == 1 and str(place[-1]) in found[0]
        assert digest(new, FILE) != digest(POLICIES[name], FILE)

    holds()


@pytest.mark.parametrize("examples", [5, pytest.param(100, marks=pytest.mark.long)])
def test_another_order_of_rules_and_of_what_they_list_is_none(examples: int) -> None:
    @settings(deadline=None, max_examples=examples)
    @given(st.sampled_from(sorted(POLICIES)), st.integers(0, 2**32))
    def holds(name: str, seed: int) -> None:
        new = Policy.model_validate(shuffled(TREES[name], random.Random(seed)))
        assert told(POLICIES[name], new) == []
        assert digest(new, FILE) == digest(POLICIES[name], FILE)

    holds()


def shuffled(tree: Any, chance: random.Random, key: str = "") -> Any:
    """Give a policy in another order, but for the steps of closing and the clauses, whose order is said."""
    if isinstance(tree, dict):
        return {inner: shuffled(tree[inner], chance, inner) for inner in chance.sample(list(tree), len(tree))}
    if isinstance(tree, list) and key not in {"steps", "clauses"}:
        return [shuffled(one, chance) for one in chance.sample(tree, len(tree))]
    return tree


def test_comments_clause_numbers_and_grades_of_proof_are_no_promise(tmp_path: Path) -> None:
    text = policy_file("kleur", tmp_path, "en")[0].decode()
    other = text.replace("retention:\n", "# thought over\nretention:   # as agreed\n").replace(
        "P1Y}\n", "P1Y}  # late\n"
    )
    other = other.replace("proof: commanded", "proof: declared").replace("alarm_after: P1Y", "alarm_after: P2Y")
    assert other.count("#") > text.count("#") + 2
    (tmp_path / "own.yaml").write_text(other, "utf-8")
    assert told(POLICIES["kleur"], read_policy("own.yaml", tmp_path, "en")) == []


@settings(deadline=None, max_examples=10)
@given(st.data())
def test_a_rule_that_is_added_or_removed_is_told_by_its_name(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(POLICIES)))
    tree = deepcopy(TREES[name])
    section = data.draw(st.sampled_from([key for key in ("fields", "gates", "mail", "processors") if tree[key]]))
    gone = tree[section].pop(data.draw(st.integers(0, len(tree[section]) - 1)))
    without = Policy.model_validate(tree)
    assert told(POLICIES[name], without) == [f"{section} {gone['id']} has been removed"]
    assert told(without, POLICIES[name]) == [f"{section} {gone['id']} is new"]


def test_a_longer_term_is_told_in_plain_words() -> None:
    tree = deepcopy(TREES["kleur"])
    tree["retention"][0]["promise"] = "P6Y"
    new = Policy.model_validate(tree)
    assert told(POLICIES["kleur"], new) == ["retention kleur.general: promise was P5Y, is now P6Y"]
    dutch = differences(promised(POLICIES["kleur"], FILE), promised(new, FILE), "nl")
    assert dutch == ["retention kleur.general: promise was P5Y, is nu P6Y"]


@pytest.mark.parametrize(
    ("part", "change", "line"),
    [
        ("mail", {"sender": "office@delinde.example"},
         "recipients mail_provider: sender was marjan@delinde.example, is now office@delinde.example"),
        ("practice", {"phone": None}, "contact practice: phone was 030 555 01 23, is now nothing"),
        ("practice", {"email": "office@delinde.example"},
         "contact practice: email was marjan@delinde.example, is now office@delinde.example"),
        ("quote", {"goal_to_sponsor": True}, "recipients sponsor: reads_the_goal was no, is now yes"),
        ("statement", {"url": None}, "contact statement: url was https://delinde.example/privacy, is now nothing"),
        ("quote", {"valid_days": 14, "payment_days": 30}, None),
        ("practice", {"iban": "NL91 ABNA 0417 1643 00", "logo": "other.svg"}, None),
        ("statement", {"version": "2027-01"}, None),
    ],
)  # fmt: skip
def test_a_change_in_practice_yaml_counts_when_clients_read_it(
    part: str, change: dict[str, object], line: str | None
) -> None:
    after = FILE.model_copy(update={part: getattr(FILE, part).model_copy(update=change)})
    assert told(POLICIES["kleur"], POLICIES["kleur"], FILE, after) == ([line] if line else [])


@pytest.mark.parametrize("way", ["smtp", "imap"])
def test_another_mail_provider_is_another_recipient(way: str) -> None:
    server = getattr(FILE.mail, way).model_copy(update={"host": "mail.elsewhere.example"})
    after = FILE.model_copy(update={"mail": FILE.mail.model_copy(update={way: server})})
    (line,) = told(POLICIES["kleur"], POLICIES["kleur"], FILE, after)
    assert line.startswith("recipients mail_provider: provider was delinde.example, is now ")
    assert "elsewhere.example" in line


def test_another_machine_of_the_same_provider_is_no_other_recipient() -> None:
    server = FILE.mail.smtp.model_copy(update={"host": "smtp2.delinde.example", "port": 587, "security": "starttls"})
    after = FILE.model_copy(update={"mail": FILE.mail.model_copy(update={"smtp": server})})
    assert told(POLICIES["kleur"], POLICIES["kleur"], FILE, after) == []


def test_a_document_names_the_version_and_the_beginning_of_its_fingerprint() -> None:
    whole = digest(POLICIES["kleur"], FILE)
    assert reference(POLICIES["kleur"], FILE) == f"2026-11 {whole[:12]}"
    assert len({digest(policy, FILE) for policy in POLICIES.values()}) == len(POLICIES)


@pytest.mark.parametrize("what", ["policy", "practice.yaml"])
def test_a_document_names_what_is_in_force_now_also_after_it_was_read_anew(what: str) -> None:
    policy, file = POLICIES["kleur"], FILE
    before = reference(policy, file)
    if what == "policy":
        tree = deepcopy(TREES["kleur"])
        tree["retention"][0]["promise"] = "P6Y"
        policy = Policy.model_validate(tree)
    else:
        file = FILE.model_copy(update={"quote": FILE.quote.model_copy(update={"goal_to_sponsor": True})})
    assert reference(policy, file) != before == reference(POLICIES["kleur"], FILE)


def test_the_same_promises_read_again_have_the_same_fingerprint() -> None:
    again = Policy.model_validate(deepcopy(TREES["kleur"]))
    assert again is not POLICIES["kleur"]
    assert reference(again, FILE.model_copy()) == reference(POLICIES["kleur"], FILE)
