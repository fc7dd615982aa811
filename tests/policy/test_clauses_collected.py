"""Each promise about what is asked of people: the fields, the consents, and that a change needs a new statement."""

from __future__ import annotations

import pytest

from pipeline import newpractice
from pipeline.attestations import statements
from pipeline.config.practice import read_practice_file
from pipeline.policy.collecting import refused
from pipeline.policy.drift import differences, digest, promised
from pipeline.policy.policy import Policy, questions
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.closing import Step
from pipeline.policy.schema.people import Asked
from tests.policy.promises import promise

FILE = read_practice_file(newpractice.shipped())
PEOPLE = ("name", "email")


@pytest.mark.parametrize(
    ("policy", "whose", "may", "may_not"),
    [
        promise("K-01", "client", "phone", "birth_date"),
        promise("K-02", "client", "goal", "bank_account"),
        promise("K-02", "sponsor", "purchase_order", "iban"),
        promise("K-06", "client", "role", "ip_address"),
        promise("J-2a", "client", "address", "religion"),
        promise("J-3.1 J-3.5 J-8b", "client", "phone", "hobby"),
        promise("J-3.2", "client", "bank_account", "income"),
        promise("J-3.3", "client", "city", "diagnosis"),
        promise("P-1.2.1", "client", "birth_date", "address"),
        promise("P-1.2.2c", "client", "goal", "bank_account"),
        promise("P-1.3.1 P-1.3.2", "coach", "bank_account", "birth_date"),
        promise("R-Al.2 R-Do.4", "client", "goal", "employer"),
        promise("R-Mi.1 R-Do.3", "client", "phone", "role"),
        promise("R-Do.1", "client", "goal", "diagnosis"),
        promise("B-3.1", "client", "role", "birth_date"),
    ],
)
def test_what_is_named_may_be_asked_and_nothing_else(policy: Policy, whose: str, may: str, may_not: str) -> None:
    needed = [field for rule in policy.fields if rule.whose == whose for field in rule.needed]
    assert refused(policy, {whose: {*needed, may}}) == []
    found = refused(policy, {whose: {*needed, may, may_not}})
    assert [(one.whose, one.field, one.lacking) for one in found] == [(whose, may_not, False)]


@pytest.mark.parametrize(
    ("policy", "fields", "lacking"),
    [
        promise("K-01", {"name"}, "email"),
        promise("J-8b", {"email"}, "name"),
        promise("P-1.2.1", {"email"}, "name"),
        promise("R-Mi.1", {"name"}, "email"),
        promise("B-3.1", {"email"}, "name"),
    ],
)
def test_the_least_that_is_needed_must_be_there(policy: Policy, fields: set[str], lacking: str) -> None:
    assert [(one.field, one.lacking) for one in refused(policy, {"client": fields})] == [(lacking, True)]


@pytest.mark.parametrize(
    ("policy", "field"),
    [promise("J-3.6", "session"), promise("R-Al.3 R-Tr.3", "session"), promise("R-Tr.3 R-Do.4", "progress")],
)
def test_nothing_of_the_sessions_is_taken_in_before_she_agreed(policy: Policy, field: str) -> None:
    found = refused(policy, {"client": {*PEOPLE, field}})
    assert [one.field for one in found] == [field]
    assert {"J-3.6", "R-Al.3"} & set(found[0].clauses)


@pytest.mark.clause("K-11a")
def test_notes_of_the_sessions_have_no_field_at_all() -> None:
    from tests.policy.promises import POLICIES

    policy = POLICIES["kleur"]
    assert not [rule for rule in policy.fields if rule.category in {Category.NOTES, Category.DOSSIER}]
    assert [one.field for one in refused(policy, {"client": {*PEOPLE, "notes"}})] == ["notes"]


@pytest.mark.parametrize(
    ("policy", "purpose", "says"),
    [
        promise("K-03 K-04", "coaching", "processing of my data for this coaching"),
        promise("K-06", "profile_take", "personal profile being taken of me"),
        promise("K-09", "profile_share", "profile being given to the sponsor"),
        promise("K-10", "report_receive", "goes to the sponsor only after my approval"),
        promise("K-12", "keep_in_touch", "kept afterwards to stay in touch"),
        promise("J-3.4", "coaching", "processing of my data for this coaching"),
        promise("J-3.6", "dossier", "explicitly consent to a file of the sessions"),
        promise("J-4.4", "keep_in_touch", "kept afterwards to stay in touch"),
        promise("P-1.1.11 P-1.2.2a", "platform", "in the secured online coaching environment"),
        promise("P-1.2.6.8", "transfer", "if another coach takes over the guidance"),
        promise("R-Al.3", "coaching", "processing of my data for this coaching"),
        promise("R-De.1", "share", "shared with the sponsor"),
        promise("R-Tr.6", "keep_in_touch", "kept afterwards to stay in touch"),
        promise("B-2.1", "coaching", "processing of my data for this coaching"),
        promise("B-9.1 B-4.1g", "share", "shared with the sponsor"),
        promise("B-9.2", "report_receive", "It comes to me first"),
    ],
)
def test_she_is_asked_for_it_apart_and_may_refuse(policy: Policy, purpose: str, says: str) -> None:
    with_sponsor = {one.purpose: one for one in questions(policy, sponsored=True)}
    assert says in with_sponsor[purpose].text.en
    alone = {one.purpose for one in questions(policy, sponsored=False)}
    assert (purpose in alone) == ("the sponsor" not in says or purpose == "report_receive")


@pytest.mark.parametrize(
    ("policy", "steps", "asks"),
    [
        promise("R-Tr.6 R-Re.6", [Step.ASK_CONSENT, Step.PSEUDONYMISE_MARKED], ["keep_in_touch"]),
        promise("B-10.1", [Step.DESTROY_PAPER], []),
    ],
)
def test_closing_does_what_was_promised_in_that_order(policy: Policy, steps: list[Step], asks: list[str]) -> None:
    (closing,) = policy.closing
    assert (closing.steps, closing.asks) == (steps, asks)
    for one in policy.consents:
        assert one.purpose not in asks or Asked.CLOSING in one.asked


@pytest.mark.parametrize(
    "policy",
    [promise("K-21"), promise("J-9 J-8c"), promise("P-V"), promise("R-Wi.1 R-V"), promise("B-0b")],
)  # fmt: skip
def test_a_field_more_a_longer_term_or_a_new_recipient_is_another_statement(policy: Policy) -> None:
    tree = policy.model_dump(mode="json")
    more = [
        tree
        | {
            "fields": [tree["fields"][0] | {"fields": [*tree["fields"][0]["fields"], "shoe_size"]}, *tree["fields"][1:]]
        },
        tree | {"retention": [one | {"promise": "P9Y", "ceiling": None} for one in tree["retention"]]},
        tree | {"processors": [*tree["processors"], {"id": "new.one", "name": {"nl": "Nieuw", "en": "New"}}]},
    ]
    before = promised(policy, FILE)
    for other in map(Policy.model_validate, more):
        assert digest(other, FILE) != digest(policy, FILE)
        assert differences(before, promised(other, FILE), "en") != []
    assert differences(before, promised(policy, FILE), "en") == []


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        promise("K-01 K-15", "Laptop and phone are locked"),
        promise("K-05 K-16", "The privacy statement of the back-up provider is at hand"),
        promise("K-07 K-13", "There is a processing agreement with TTI"),
        promise("K-17", "functional cookies only"),
        promise("J-1c", "read beside the GDPR"),
        promise("J-6.1", "Devices are locked"),
        promise("J-6.2a", "Firewall and virus scanner are on"),
        promise("J-6.2c", "passwords were changed in the past year"),
        promise("J-6.3 J-6.4", "works over https only"),
        promise("P-1.1.6", "There is a processing agreement with Pluform"),
        promise("P-1.3.4.1", "There is a processing agreement with those who work for Pluform"),
        promise("R-Al.1 R-Tr.1", "handled with care and in confidence"),
        promise("R-Tr.2", "the disk is encrypted"),
        promise("B-3.1 B-6.1", "encrypted disks, behind strong passwords"),
        promise("B-4.1b", "appointed who manages the data"),
        promise("B-4.1f B-5.2", "signed for secrecy"),
    ],
)
def test_what_no_program_can_see_is_stated_by_name_at_least_once_a_year(
    policy: Policy, says: str, request: pytest.FixtureRequest
) -> None:
    (clauses,) = [mark.args for mark in request.node.iter_markers("clause")]
    about = [one for one in statements(policy) if says in one.text.en]
    assert about and {clause for one in about for clause in one.clauses} >= set(clauses)
    assert all(one.every.years * 12 + one.every.months <= 12 for one in about)
