"""Profiles, to the sponsor: by her word alone, which is asked where her form lets it be, and of these very bytes."""

from __future__ import annotations

import email
from datetime import timedelta
from email import policy as mail_policy
from pathlib import Path

import pytest

from pipeline import attention
from pipeline.approvals import Answer
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.coaching import consent, files_of, mails, text_of
from tests.outgoing.prepared import START, Shelf, after, by_hand
from tests.outgoing.profiling import BOTH, INVITATION, SHARED, TAKEN, begun, dropped, note, profile, says, sent, states
from tests.outgoing.reporting import waiting
from tests.world import CLIENT, SPONSOR, World, client_file


@pytest.fixture
def sponsored(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    return begun(shelf, tmp_path, server, consents=BOTH)


def asked(mail: email.message.EmailMessage) -> bool:
    return "mag dit profiel" in text_of(mail).casefold()


@pytest.mark.clause("K-09")
def test_by_her_yes_the_very_same_bytes_go_to_the_sponsor_she_was_told_of(
    sponsored: World, server: ScriptedSmtp
) -> None:
    data = profile()
    dropped(sponsored, data)
    ((_, hers),) = mails(server)
    assert asked(hers) and SPONSOR in text_of(hers)
    assert sponsored.rows("SELECT state FROM obligations WHERE kind = 'profile'") == [("awaited",)]
    assert says(sponsored, Answer.YES)
    (_, (recipient, theirs)) = mails(server)
    assert (recipient, list(files_of(theirs).values())) == (SPONSOR, [data])
    assert "vertrouwelijk" in text_of(theirs) and "rustig tempo" not in text_of(theirs)


@pytest.mark.clause("K-09")
@pytest.mark.parametrize("answer", [None, Answer.NO, Answer.CHANGES], ids=str)
def test_without_her_yes_it_goes_nowhere(sponsored: World, server: ScriptedSmtp, answer: Answer | None) -> None:
    dropped(sponsored, profile())
    if answer:
        assert says(sponsored, answer)
    sponsored.work(after(days=60))
    assert [recipient for recipient, files in sent(server) if files] == [CLIENT]


@pytest.mark.clause("K-09")
@pytest.mark.parametrize("form", [(TAKEN,), (TAKEN, "withdrawn")], ids=["not given", "taken back"])
def test_without_a_consent_to_sharing_that_stands_she_is_not_asked(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, form: tuple[str, ...]
) -> None:
    world = begun(shelf, tmp_path, server, consents=(TAKEN,))
    if "withdrawn" in form:
        consent(world, SHARED)
        consent(world, SHARED, given=False, at=START + timedelta(minutes=3))
    dropped(world, profile())
    ((recipient, mail),) = mails(server)
    assert (recipient, asked(mail)) == (CLIENT, False)
    assert world.rows("SELECT 1 FROM obligations WHERE kind = 'profile'") == []


def between(world: World, server: ScriptedSmtp) -> None:
    """Her yes is in, and the mail to the sponsor waits for a server that is away."""
    dropped(world, profile())
    server.at("connect", "421 4.3.2 busy")
    assert says(world, Answer.YES)
    assert states(world)[-1] == ("sponsor", 1, "queued")
    server.behave()


@pytest.mark.clause("K-09")
@pytest.mark.parametrize("how", ["no", "form", "another sponsor"])
def test_what_changes_after_her_yes_and_before_the_send_keeps_it_in(
    sponsored: World, server: ScriptedSmtp, how: str
) -> None:
    between(sponsored, server)
    if how == "no":
        says(sponsored, Answer.NO, hours=3)
    elif how == "form":
        consent(sponsored, SHARED, given=False, at=START + timedelta(hours=3))
    else:
        by_hand(sponsored, "UPDATE requests SET facts = json_set(facts, '$.sponsor.email', 'new@work.example')")
    sponsored.work(after(hours=9))
    assert {recipient for recipient, _ in sent(server)} == {CLIENT}


@pytest.mark.clause("K-09")
def test_a_profile_that_came_back_to_her_goes_on_only_once_she_has_it_and_the_coach_is_told(
    sponsored: World, server: ScriptedSmtp
) -> None:
    between(sponsored, server)
    by_hand(sponsored, "UPDATE messages SET bounced = '550 no such mailbox' WHERE purpose = 'profile' AND round = 1")
    for hours in (9, 10):
        sponsored.work(after(hours=hours))
    assert ({recipient for recipient, _ in sent(server)}, states(sponsored)[-1]) == (
        {CLIENT},
        ("sponsor", 1, "refused"),
    )
    ((what, why),) = waiting(sponsored)
    assert what == "sharing" and "bij de cliënt zelf niet aangekomen" in why and "K-09" in why
    dropped(sponsored, profile(), hours=11)
    with sponsored.opened() as practice:
        (held,) = attention.waiting(practice)  # her address has failed once: the coach looks
        attention.accept(practice, held.number, after(hours=12)())
    sponsored.work(after(hours=12))
    assert says(sponsored, Answer.YES, hours=13)
    assert sent(server)[-1][0] == SPONSOR and waiting(sponsored) == []


@pytest.mark.clause("K-09")
def test_a_newer_profile_makes_her_yes_to_the_older_one_void(sponsored: World, server: ScriptedSmtp) -> None:
    between(sponsored, server)
    dropped(sponsored, profile(pages=5), hours=9)
    assert [recipient for recipient, _ in sent(server)] == [CLIENT, CLIENT]
    assert ("sponsor", 1, "superseded") in states(sponsored)


def test_a_sponsor_who_was_changed_after_she_consented_is_not_asked_about(
    sponsored: World, server: ScriptedSmtp
) -> None:
    sponsored.drop(client_file(sponsor="new@work.example"))
    sponsored.work(after(hours=0.5))
    server.forget()
    dropped(sponsored, profile())
    assert [(recipient, asked(mail)) for recipient, mail in mails(server)] == [(CLIENT, False)]


GETS = {
    "kleur": ({CLIENT, SPONSOR}, (TAKEN, SHARED)),
    "ballance": ({CLIENT, SPONSOR}, ("coaching", "share")),
    "pluform": ({CLIENT}, ("platform", "transfer")),
    "refleact": ({CLIENT, SPONSOR}, ("coaching", "share")),
    "ken-jezelf": ({CLIENT}, ("coaching", "dossier")),
}
"""Who can get a profile at all, by the policy, with these consents given and the client saying yes to everything."""


@pytest.mark.parametrize(("policy", "gets", "given"), [(name, *rest) for name, rest in GETS.items()], ids=GETS)
def test_who_can_get_a_profile_at_all(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, policy: str, gets: set[str], given: tuple[str, ...]
) -> None:
    world = begun(shelf, tmp_path, server, policy=policy, consents=given)
    dropped(world, profile())
    asks = [asked(mail) for _, mail in mails(server)]
    says(world, Answer.YES)
    assert {recipient for recipient, _ in sent(server)} == gets
    assert asks == [SPONSOR in gets], "she is asked where her yes can do something"


@pytest.mark.clause("J-3.6")
def test_where_a_policy_asks_consent_to_keep_it_a_profile_waits_for_that(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = begun(shelf, tmp_path, server, policy="ken-jezelf", consents=("coaching",))
    file = dropped(world, profile())
    assert (file.exists(), server.accepted) == (True, []) and "J-3.6" in note(world, file)
    consent(world, "dossier")
    world.work(after(hours=2))
    assert [recipient for recipient, _ in mails(server)] == [CLIENT]


def test_each_mail_about_a_profile_carries_it_or_nothing_and_names_nothing_of_it(
    sponsored: World, server: ScriptedSmtp
) -> None:
    dropped(sponsored, INVITATION)
    dropped(sponsored, profile(), hours=2)
    says(sponsored, Answer.YES, hours=3)
    parsed = [email.message_from_bytes(mail.raw, policy=mail_policy.default) for mail in server.accepted]
    assert [len(files_of(mail)) for mail in parsed] == [0, 1, 1]
    for mail in parsed:
        assert "Talent Insights" not in text_of(mail) and "doel" not in text_of(mail).casefold()
