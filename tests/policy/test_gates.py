"""The gates of the policies, as they are shipped: silence denies, a no wins, and *never* has no path."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Kind, MessageState, Party
from pipeline.policy import deeds
from pipeline.policy.gates import Carried, SendFacts, Word, closed, standing, why_not
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.gates import CONSENT, Act, GateRule, Needs, Recipient
from pipeline.policy.schema.mail import ContentRule
from tests.policy.promises import POLICIES

GATES = {rule.id: rule for policy in POLICIES.values() for rule in policy.gates}
ABOUT = {rule.id: next(iter(rule.covers), Category.DOSSIER) for rule in GATES.values()}
SPONSOR, OTHER = "peter@work.example", "paula@elsewhere.example"
SEAL, CHANGED = "0SEAL", "0SEAL-OF-A-CHANGED-BYTE"

purposes = st.sampled_from(sorted({question.purpose for policy in POLICIES.values() for question in policy.consents}))
words = st.frozensets(
    st.builds(
        Word,
        st.one_of(purposes, st.sampled_from([str(act) for act in Act])),
        st.booleans(),
        st.sampled_from(["", SEAL, CHANGED]),
        st.sampled_from(["", SPONSOR, OTHER]),
    ),
    max_size=6,
)
anything = st.builds(
    SendFacts,
    state=st.just(MessageState.CLAIMED),
    party=st.sampled_from([Party.CLIENT, Party.SPONSOR]),
    kinds=st.just(frozenset({Kind.QUOTE})),
    newest=st.just(True),
    sponsored=st.just(True),
    recipient=st.just(SPONSOR),
    consents=words,
    approvals=words,
    grounds=st.frozensets(st.sampled_from(Needs)),
    exposed=st.sampled_from([None, (), ("client.name",)]),
)


def carrying(fact: SendFacts, *categories: Category, seal: str = SEAL, had: bool = True) -> SendFacts:
    """Give the facts of a mail with one document that holds this."""
    return replace(fact, carried=(Carried(seal, frozenset(categories), had),))


def to_sponsor(*categories: Category, **facts: object) -> SendFacts:
    """Give the facts of a mail to the sponsor with one document, about which nobody has said a word."""
    plain = SendFacts(
        MessageState.CLAIMED, Party.SPONSOR, frozenset({Kind.QUOTE}), newest=True, sponsored=True, recipient=SPONSOR
    )
    return replace(carrying(plain, *categories), **facts)  # type: ignore[arg-type]  # each by its own name


def is_open(gate: GateRule, fact: SendFacts) -> bool:
    """Tell whether one gate lets a mail through."""
    return closed(fact, [gate]) == []


def without_path(gate: GateRule) -> bool:
    """Tell whether a gate asks for what is never so, and knows no other way."""
    return Needs.NEVER in gate.require and not gate.unless


@pytest.mark.parametrize("name", POLICIES)
@given(fact=anything, category=st.sampled_from(Category))
def test_what_a_policy_calls_never_has_no_path_whatever_anybody_says(
    name: str, fact: SendFacts, category: Category
) -> None:
    mail = carrying(fact, category)
    for to in Recipient:
        for act in Act:
            for gate in deeds.gates(POLICIES[name], act, {category}, to):
                if without_path(gate):
                    assert not is_open(gate, mail), gate.id


def test_each_never_of_the_five_is_looked_at() -> None:
    never = {rule.id for rule in GATES.values() if Needs.NEVER in rule.require}
    assert never == {
        "kleur.profile.never", "kleur.notes.digital", "kleur.notes.never", "ken-jezelf.sponsor.dossier",
        "ken-jezelf.insurer.dossier", "ken-jezelf.others", "ken-jezelf.sell",
    }  # fmt: skip
    assert {rule for rule in never if not without_path(GATES[rule])} == {
        "ken-jezelf.sponsor.dossier", "ken-jezelf.insurer.dossier", "ken-jezelf.others",  # J-5.4: a legal duty alone
    }  # fmt: skip


@given(fact=anything, category=st.sampled_from(Category))
def test_a_never_with_an_exception_opens_by_that_exception_alone(fact: SendFacts, category: Category) -> None:
    for name in ("ken-jezelf.sponsor.dossier", "ken-jezelf.insurer.dossier", "ken-jezelf.others"):
        assert is_open(GATES[name], carrying(fact, category)) == (Needs.LEGAL_DUTY in fact.grounds)


@pytest.mark.parametrize("name", [name for name, gate in GATES.items() if gate.before in {Act.SEND, Act.DISCLOSE}])
def test_silence_denies_at_every_gate_of_the_five(name: str) -> None:
    assert not is_open(GATES[name], to_sponsor(ABOUT[name]))


@given(fact=anything, category=st.sampled_from(Category))
def test_a_standing_no_closes_every_gate_that_asks_for_that_consent(fact: SendFacts, category: Category) -> None:
    for gate in GATES.values():
        asked = [need.removeprefix(CONSENT) for need in gate.require if need.startswith(CONSENT)]
        refused = frozenset(Word(purpose, given=False) for purpose in asked)
        mail = replace(carrying(fact, category), consents=fact.consents | refused, grounds=frozenset())
        assert not asked or not is_open(gate, mail), gate.id


def test_a_consent_bound_to_a_document_and_a_recipient_is_for_those_alone_k_09() -> None:
    gate, said = GATES["kleur.profile.share"], frozenset({Word("profile_share", given=True)})
    bound = frozenset({Word("profile_share", given=True, document=SEAL, recipient=SPONSOR)})
    profile = to_sponsor(Category.PROFILE)
    assert not is_open(gate, replace(profile, consents=said))
    assert is_open(gate, replace(profile, consents=said, approvals=bound))
    assert not is_open(gate, replace(profile, consents=said, approvals=bound, recipient=OTHER))
    changed = carrying(profile, Category.PROFILE, seal=CHANGED)
    assert not is_open(gate, replace(changed, consents=said, approvals=bound))
    withdrawn = frozenset({Word("profile_share", given=False)})
    assert not is_open(gate, replace(profile, consents=withdrawn, approvals=bound))


@pytest.mark.parametrize("name", ["kleur.report.release", "ballance.report"])
def test_a_report_goes_to_the_sponsor_as_the_client_had_it_and_approved_it_k_10_b_9_2(name: str) -> None:
    gate, yes = GATES[name], Word("disclose", given=True, document=SEAL, recipient=SPONSOR)
    report = replace(to_sponsor(Category.REPORT), approvals=frozenset({yes}))
    assert is_open(gate, report)
    assert not is_open(gate, carrying(report, Category.REPORT, had=False))
    assert not is_open(gate, carrying(report, Category.REPORT, seal=CHANGED))
    assert not is_open(gate, replace(report, recipient=OTHER))
    for other in (
        replace(yes, given=False), replace(yes, recipient=""), replace(yes, document=""), replace(yes, purpose="send"),
    ):  # fmt: skip
        assert not is_open(gate, replace(report, approvals=frozenset({other})))


def test_of_two_documents_both_must_be_approved() -> None:
    report = to_sponsor(
        Category.REPORT, approvals=frozenset({Word("disclose", given=True, document=SEAL, recipient=SPONSOR)})
    )
    two = replace(report, carried=(*report.carried, Carried(CHANGED, frozenset({Category.REPORT}), client_had=True)))
    assert is_open(GATES["kleur.report.release"], report)
    assert not is_open(GATES["kleur.report.release"], two)


@pytest.mark.parametrize("name", ["refleact.share.sponsor", "ballance.share.sponsor"])
def test_sharing_with_the_sponsor_takes_a_consent_that_was_about_this_sponsor_r_de_1_b_9_1(name: str) -> None:
    gate, notes = GATES[name], to_sponsor(Category.NOTES)
    about = {who: frozenset({Word("share", given=True, recipient=who)}) for who in (SPONSOR, OTHER, "")}
    assert is_open(gate, replace(notes, consents=about[SPONSOR]))
    assert not is_open(gate, replace(notes, consents=about[OTHER]))
    assert not is_open(gate, replace(notes, consents=about[""]))
    assert is_open(gate, replace(notes, grounds=frozenset({Needs.LEGAL_DUTY})))


def test_a_quote_needs_no_consent_where_the_contract_asks_for_it_r_de_1_j_5_0() -> None:
    quote = to_sponsor(Category.QUOTE, Category.CONTACT, Category.GOAL)
    for name in ("refleact.share.sponsor", "ken-jezelf.sponsor.papers"):
        assert not is_open(GATES[name], quote)
        assert is_open(GATES[name], replace(quote, grounds=frozenset({Needs.PERFORMANCE})))


@given(fact=anything)
def test_a_quote_goes_to_the_client_with_the_form_and_the_statement_k_03(fact: SendFacts) -> None:
    assert is_open(GATES["kleur.quote.bundle"], carrying(fact, Category.QUOTE)) == (
        {Needs.CONSENT_FORM, Needs.STATEMENT} <= fact.grounds
    )


@given(fact=anything, category=st.sampled_from(Category))
def test_nobody_is_transferred_to_another_coach_without_a_yes_for_that_coach_p_1_2_6_8(
    fact: SendFacts, category: Category
) -> None:
    mail = carrying(fact, category)
    said = [word for word in (*mail.consents, *mail.approvals) if word.purpose == "transfer"]
    yes = [word for word in said if word.given and word.recipient == SPONSOR and word.document in {"", SEAL}]
    if is_open(GATES["pluform.transfer"], mail):
        assert yes and all(word.given for word in mail.consents if word.purpose == "transfer")


@given(fact=anything)
def test_personal_data_that_can_be_read_keep_a_mail_in_and_so_does_not_having_looked_r_tr_7(fact: SendFacts) -> None:
    (rule,) = POLICIES["refleact"].mail_contents
    assert (closed(fact, [rule]) == []) == (fact.exposed == ())


def test_which_gates_stand_before_an_ordinary_quote_in_each_practice() -> None:
    quote = Carried(SEAL, frozenset({Category.QUOTE, Category.CONTACT, Category.GOAL, Category.SPONSOR}))
    found = {
        (name, str(party)): [gate.id for gate in standing(policy, party, [quote])]
        for name, policy in POLICIES.items() for party in Party
    }  # fmt: skip
    assert {key: gates for key, gates in found.items() if gates} == {
        ("kleur", "client"): ["kleur.quote.bundle"],
        ("ken-jezelf", "sponsor"): ["ken-jezelf.sponsor.papers"],
        ("refleact", "client"): ["refleact.mail.no_personal_data"],
        ("refleact", "sponsor"): ["refleact.share.sponsor", "refleact.mail.no_personal_data"],
        ("refleact", "coach"): ["refleact.mail.no_personal_data"],
    }


def test_a_closed_gate_says_its_name_its_clauses_and_what_it_asks() -> None:
    gate = GATES["refleact.share.sponsor"]
    said = why_not(to_sponsor(Category.NOTES), [gate])
    assert said is not None and "refleact.share.sponsor (R-De.1)" in said and "consent:share" in said


@given(fact=anything, restricted=st.booleans())
def test_what_is_open_by_policy_stays_in_while_the_dossier_is_restricted(fact: SendFacts, *, restricted: bool) -> None:
    mail = replace(fact, restricted=restricted, party=Party.SPONSOR)
    assert (why_not(mail) is None) != restricted


def test_a_gate_nobody_has_a_document_for_stays_closed() -> None:
    nothing = replace(to_sponsor(Category.REPORT), carried=())
    unseen = carrying(nothing, Category.REPORT, seal="")
    for mail in (nothing, unseen):
        mail = replace(mail, approvals=frozenset({Word("disclose", given=True, recipient=SPONSOR)}))  # noqa: PLW2901 - the same mail, with a word about nothing
        assert not is_open(GATES["kleur.report.release"], mail)


def test_rules_of_what_may_stand_in_a_mail_hold_for_what_they_cover() -> None:
    rule = ContentRule.model_validate(
        {"id": "x.rule", "forbids": "personal_data", "instead": "nothing", "covers": ["report"]}
    )
    policy: Policy = POLICIES["kleur"].model_copy(update={"mail_contents": [rule]})
    for category, stands in ((Category.REPORT, [rule]), (Category.QUOTE, [])):
        carried = [Carried(SEAL, frozenset({category}))]
        assert [gate for gate in standing(policy, Party.CLIENT, carried) if isinstance(gate, ContentRule)] == stands
