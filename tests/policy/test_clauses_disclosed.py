"""Each promise about who gets what: what the gates of the policy let out to whom, and what has no path at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.config.client import read_client_file
from pipeline.model import OPENING, Kind, MessageState, Party, Purpose
from pipeline.outgoing import plan
from pipeline.policy.deeds import gates
from pipeline.policy.gates import (
    NOT_AGREED,
    NOT_APPROVED,
    NOT_HAD,
    RECIPIENTS,
    Carried,
    SendFacts,
    Word,
    closed,
    standing,
    why_not,
)
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import HELD, IN_COURSE, Category
from pipeline.policy.schema.gates import Act, Needs, Recipient
from tests.policy.promises import POLICIES, promise
from tests.world import CLIENT, SPONSOR, client_file

SEAL = "0SEAL"
YES = True


def mail(policy: Policy, party: Party, *holds: Category, words: tuple[Word, ...] = (), **facts: object) -> str | None:
    """Give why a mail with one document that holds this may not go to this party, or None."""
    carried = (Carried(SEAL, frozenset(holds), client_had=True),)
    known = {
        "recipient": SPONSOR if party is Party.SPONSOR else CLIENT, "sponsored": True, "exposed": (),
        "consents": frozenset(one for one in words if not one.document),
        "approvals": frozenset(one for one in words if one.document), "carried": carried,
    }  # fmt: skip
    plain = SendFacts(MessageState.CLAIMED, party, frozenset({Kind.QUOTE}), newest=True, **{**known, **facts})  # type: ignore[arg-type]  # facts by their names
    return why_not(plain, standing(policy, party, carried))


@pytest.mark.clause("K-03")
def test_a_quote_goes_to_the_client_with_its_consent_form_and_the_statement_or_not_at_all() -> None:
    policy, both = POLICIES["kleur"], frozenset({Needs.CONSENT_FORM, Needs.STATEMENT})
    assert mail(policy, Party.CLIENT, Category.QUOTE, grounds=both) is None
    for lacking in both:
        assert "kleur.quote.bundle (K-03)" in str(mail(policy, Party.CLIENT, Category.QUOTE, grounds=both - {lacking}))


@pytest.mark.parametrize(
    ("policy", "category", "word"),
    [
        promise("K-09", Category.PROFILE, Word("profile_share", YES, SEAL, SPONSOR)),
        promise("K-10", Category.REPORT, Word("disclose", YES, SEAL, SPONSOR)),
        promise("R-De.1", Category.DOSSIER, Word("share", YES, recipient=SPONSOR)),
        promise("B-9.1 B-4.1g", Category.DOSSIER, Word("share", YES, recipient=SPONSOR)),
        promise("B-9.2", Category.REPORT, Word("disclose", YES, SEAL, SPONSOR)),
    ],
)
def test_the_sponsor_gets_it_only_after_her_yes_to_this_and_for_him(
    policy: Policy, category: Category, word: Word
) -> None:
    assert mail(policy, Party.SPONSOR, category) is not None
    assert mail(policy, Party.SPONSOR, category, words=(word,)) is None
    no, elsewhere = Word(word.purpose, given=False), Word(word.purpose, YES, word.document, "other@work.example")
    about_this = Word(word.purpose, given=False, document=word.document, recipient=word.recipient)
    assert mail(policy, Party.SPONSOR, category, words=(elsewhere,)) is not None
    assert mail(policy, Party.SPONSOR, category, words=(word, about_this if word.document else no)) is not None


@pytest.mark.parametrize(
    ("policy", "category"),
    [
        promise("K-11c", Category.NOTES),
        promise("K-11c", Category.PAPER),
        promise("J-5.0 J-5.4", Category.DOSSIER),
        promise("J-5.0 J-5.4", Category.NOTES),
    ],
)
def test_the_sponsor_never_gets_it_whatever_anybody_says(policy: Policy, category: Category) -> None:
    everything = tuple(
        Word(purpose, YES, document, SPONSOR)
        for purpose in (*(one.purpose for one in policy.consents), *Act) for document in ("", SEAL)
    )  # fmt: skip
    known = frozenset(Needs) - {Needs.LEGAL_DUTY, Needs.NEVER}
    assert mail(policy, Party.SPONSOR, category, words=everything, grounds=known) is not None


@pytest.mark.clause("J-5.0")
def test_the_quote_goes_to_whom_it_is_made_for() -> None:
    policy = POLICIES["ken-jezelf"]
    assert mail(policy, Party.SPONSOR, Category.QUOTE, grounds=frozenset({Needs.PERFORMANCE})) is None
    assert "J-5.0" in str(mail(policy, Party.SPONSOR, Category.QUOTE))


@pytest.mark.clause("R-Tr.7")
@pytest.mark.parametrize("seen", [None, ("client.name",), ("goal",)], ids=["unseen", "a name", "a goal"])
def test_a_mail_in_which_a_person_can_be_read_does_not_leave(seen: tuple[str, ...] | None) -> None:
    policy, quote = POLICIES["refleact"], Category.QUOTE
    assert mail(policy, Party.CLIENT, quote, exposed=()) is None
    assert "R-Tr.7" in str(mail(policy, Party.CLIENT, quote, exposed=seen))


@pytest.mark.parametrize(
    ("policy", "act", "category", "purpose"),
    [
        promise("J-7h J-7d.2", Act.USE, Category.DOSSIER, "dossier"),
        promise("J-7h J-7d.2", Act.USE, Category.NOTES, "dossier"),
        promise("R-Do.2", Act.SEND, Category.EVALUATION, "keep_in_touch"),
    ],
)
def test_a_consent_that_is_taken_back_closes_what_rested_on_it(
    policy: Policy, act: Act, category: Category, purpose: str
) -> None:
    before = [gate for gate in gates(policy, act, [category], Recipient.CLIENT) if f"consent:{purpose}" in gate.require]
    silent = SendFacts(MessageState.CLAIMED, Party.CLIENT, frozenset(), newest=True)
    given, taken_back = (replace(silent, consents=frozenset({Word(purpose, word)})) for word in (True, False))
    assert before and closed(given, before) == []
    assert closed(silent, before) == closed(taken_back, before) == before


@pytest.mark.parametrize(
    ("policy", "to", "about"),
    [
        promise("J-5.1", Recipient.ACCOUNTANT, Category.INVOICE),
        promise("J-5.2", Recipient.AUTHORITY, Category.INVOICE),
        promise("J-5.3", Recipient.INSURER, Category.INVOICE),
        promise("J-8d", Recipient.THIRD_PARTY, Category.CONTACT),
        promise("J-5.4", Recipient.THIRD_PARTY, Category.DOSSIER),
        promise("P-1.2.6.8", Recipient.OTHER_COACH, Category.DOSSIER),
        promise("P-1.3.4.2 P-1.3.5.7", Recipient.THIRD_PARTY, Category.COACH),
        promise("R-Tr.5", Recipient.PEER, Category.DOSSIER),
        promise("B-5.4", Recipient.CERTIFIER, Category.DOSSIER),
        promise("B-9.1", Recipient.THIRD_PARTY, Category.DOSSIER),
        promise("K-09", Recipient.THIRD_PARTY, Category.PROFILE),
    ],
)
def test_others_than_client_and_sponsor_are_sent_nothing_and_a_gate_stands_there_all_the_same(
    policy: Policy, to: Recipient, about: Category
) -> None:
    assert to not in RECIPIENTS.values() and set(RECIPIENTS) == set(Party) - {Party.COACH}
    assert gates(policy, Act.DISCLOSE, [about], to)
    file = read_client_file(client_file(sponsor=SPONSOR).encode(), "c.yaml", language="en", catalogue=("kort",))
    every = [one for purpose in Purpose for one in plan.planned(file, "own@practice.example", purpose, set(OPENING), 1)]
    assert {one.recipient for one in every} == {CLIENT, SPONSOR, "own@practice.example"}


@pytest.mark.parametrize(
    ("policy", "act", "to"),
    [
        promise("J-8a", Act.SELL, Recipient.ANYONE),
        promise("B-5.3", Act.GRANT_ACCESS, Recipient.ENGAGED),
        promise("R-Re.3", Act.PUBLISH, Recipient.ANYONE),
        promise("J-8c", Act.ADD_RECIPIENT, Recipient.ANYONE),
        promise("P-1.1.11", Act.INVITE, Recipient.CLIENT),
    ],
)
def test_what_this_program_has_no_deed_for_stands_behind_a_gate_before_there_is_one(
    policy: Policy, act: Act, to: Recipient
) -> None:
    there = [rule for rule in policy.gates if rule.before is act and to in rule.to]
    everything = (Carried(SEAL, HELD | IN_COURSE, client_had=True),)
    asked = [gate.id for party in RECIPIENTS for gate in standing(policy, party, everything)]
    assert there and not {rule.id for rule in there} & set(asked)


def invites(policy: Policy, *words: Word, agreed: bool = True) -> str | None:
    """Give why the invitation to a profile may not go to the client, or None."""
    facts = {"kinds": frozenset({Kind.INVITATION}), "purpose": Purpose.INVITATION, "agreed": agreed}
    holds = (Category.CONTACT, Category.PROFILE_INTAKE)
    carried = (Carried(SEAL, frozenset(holds)),)
    plain = SendFacts(
        MessageState.CLAIMED, Party.CLIENT, newest=True, sponsored=True, exposed=(), recipient=CLIENT, carried=carried,
        consents=frozenset(words), **facts,  # type: ignore[arg-type]  # facts by their names
    )  # fmt: skip
    return why_not(plain, standing(policy, Party.CLIENT, carried))


@pytest.mark.clause("K-06")
def test_nobody_is_invited_to_a_profile_before_she_has_said_yes_to_that() -> None:
    policy, yes = POLICIES["kleur"], Word("profile_take", YES)
    assert invites(policy, yes) is None
    assert "kleur.profile.take (K-06)" in str(invites(policy))
    assert "kleur.profile.take (K-06)" in str(invites(policy, Word("coaching", YES), Word("profile_share", YES)))
    assert "kleur.profile.take (K-06)" in str(invites(policy, yes, Word("profile_take", given=False)))
    assert invites(policy, yes, agreed=False) == NOT_AGREED


def sends(policy: Policy, party: Party, kind: Kind, category: Category, *words: Word, had: bool = True) -> str | None:
    """Give why a profile or a report may not go to this party, or None."""
    carried = (Carried(SEAL, frozenset({Category.CONTACT, category}), client_had=had),)
    plain = SendFacts(
        MessageState.CLAIMED, party, frozenset({kind}), newest=True, sponsored=True, purpose=Purpose(kind.value),
        recipient=SPONSOR if party is Party.SPONSOR else CLIENT, carried=carried, exposed=(),
        consents=frozenset(one for one in words if not one.document),
        approvals=frozenset(one for one in words if one.document),
    )  # fmt: skip
    return why_not(plain, standing(policy, party, carried))


RELEASED = Word("disclose", YES, SEAL, SPONSOR)


@pytest.mark.parametrize(
    ("policy", "consents"),
    [promise("K-10", ()), promise("B-9.2", ()), promise("R-De.1", (Word("share", YES, recipient=SPONSOR),))],
)
def test_a_report_goes_to_the_client_freely_and_to_the_sponsor_as_she_had_it_and_approved_it(
    policy: Policy, consents: tuple[Word, ...]
) -> None:
    assert sends(policy, Party.CLIENT, Kind.REPORT, Category.REPORT, had=False) is None
    assert sends(policy, Party.SPONSOR, Kind.REPORT, Category.REPORT, RELEASED, *consents) is None
    for lacking in (replace(RELEASED, given=False), replace(RELEASED, document="0CHANGED"),
                    replace(RELEASED, recipient="other@work.example")):  # fmt: skip
        assert sends(policy, Party.SPONSOR, Kind.REPORT, Category.REPORT, lacking, *consents) == NOT_APPROVED
    assert sends(policy, Party.SPONSOR, Kind.REPORT, Category.REPORT, *consents) == NOT_APPROVED


@pytest.mark.clause("K-10", "B-9.2")
@pytest.mark.parametrize("name", ["kleur", "ballance"])
def test_a_report_that_she_has_not_had_herself_goes_to_nobody_else(name: str) -> None:
    assert sends(POLICIES[name], Party.SPONSOR, Kind.REPORT, Category.REPORT, RELEASED, had=False) is not None


@pytest.mark.clause("K-08", "K-09")
def test_a_profile_goes_to_the_client_and_on_only_by_her_consent_to_this_one_for_this_sponsor() -> None:
    policy, share = POLICIES["kleur"], Word("profile_share", YES)
    bound = replace(share, document=SEAL, recipient=SPONSOR)
    assert sends(policy, Party.CLIENT, Kind.PROFILE, Category.PROFILE) is None
    assert sends(policy, Party.SPONSOR, Kind.PROFILE, Category.PROFILE, share, bound, RELEASED) is None
    assert sends(policy, Party.SPONSOR, Kind.PROFILE, Category.PROFILE, share, bound) == NOT_APPROVED
    assert sends(policy, Party.SPONSOR, Kind.PROFILE, Category.PROFILE, share, bound, RELEASED, had=False) == NOT_HAD
    for words in ((), (share,), (share, replace(bound, document="0CHANGED")), (replace(share, given=False), bound)):
        assert "kleur.profile.share (K-09)" in str(
            sends(policy, Party.SPONSOR, Kind.PROFILE, Category.PROFILE, *words)
        )  # fmt: skip


@pytest.mark.clause("J-5.4")
def test_under_a_policy_that_names_no_consent_a_profile_has_no_path_to_the_sponsor() -> None:
    for name in ("ken-jezelf", "pluform"):
        assert sends(POLICIES[name], Party.SPONSOR, Kind.PROFILE, Category.PROFILE, RELEASED) is not None
