"""What is known when a mail comes in is what was really sent, and an answer is told from a mail that only looks so."""

from __future__ import annotations

import json
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from pipeline.incoming.facts import known, reply_to_us
from pipeline.incoming.mail import Correspondent, Known, Mail, Sent
from pipeline.model import message_file
from tests.world import CLIENT, SPONSOR, World, client_file

ID = "<k7q4mx2pk7q4mx2pk7q4@delinde.example>"
SUBJECT = "Documenten van Praktijk De Linde, kenmerk K7Q4-MX2P"
KNOWN = Known({"k7q4mx2pk7q4mx2pk7q4": Sent(ID[1:21], ID, "K7Q4-MX2P", 1, "client", CLIENT, SUBJECT)})


@pytest.fixture
def busy(world: World) -> World:
    """Give a practice with one dossier of a client and a sponsor, whose mails are made."""
    world.small_templates()
    world.drop(client_file(sponsor=SPONSOR))
    world.work()
    return world


def test_every_mail_is_known_as_it_was_made(busy: World) -> None:
    with busy.opened() as practice:
        found = known(practice).sent
        made = {
            token: message_from_bytes(practice.storage.read(message_file(token)), policy=policy.default)
            for token in found
        }
    assert sorted(sent.recipient for sent in found.values()) == sorted([CLIENT, SPONSOR])
    for token, sent in found.items():
        assert (sent.token, sent.message_id, sent.subject) == (token, made[token]["Message-ID"], made[token]["Subject"])
        assert sent.recipient in made[token]["To"] and sent.dossier in sent.subject and sent.revision == 1


def test_a_subject_is_in_the_language_of_its_client(world: World) -> None:
    world.small_templates()
    world.drop(client_file(more="language: en\n"))
    world.work()
    with world.opened() as practice:
        [sent] = known(practice).sent.values()
    assert sent.subject.startswith("Documents from ")


def test_client_and_sponsor_are_known_by_their_newest_address(busy: World) -> None:
    with busy.opened() as practice:
        [reference] = {person.dossier for people in known(practice).addresses.values() for person in people}
    busy.drop(client_file(email="New@Home.example", sponsor=SPONSOR, more=f"dossier: {reference}\n"), "new.yaml")
    busy.work()
    with busy.opened() as practice:
        assert known(practice).addresses == {
            "new@home.example": (Correspondent(reference, "client"),),
            SPONSOR: (Correspondent(reference, "sponsor"),),
        }


def test_an_address_of_two_dossiers_is_of_both(world: World) -> None:
    world.small_templates()
    for name in ("Anna", "Bob"):
        world.drop(client_file(name, "home@home.example"), f"{name}.yaml")
    world.work()
    with world.opened() as practice:
        assert len({person.dossier for person in known(practice).addresses["home@home.example"]}) == 2


def test_without_dossiers_nobody_is_known(world: World) -> None:
    with world.opened() as practice:
        assert known(practice) == Known({}, {})


@pytest.mark.parametrize(
    ("mail", "answers"),
    [
        (Mail(in_reply_to=(ID,)), True),
        (Mail(in_reply_to=(ID,), subject="Iets heel anders"), True),
        (Mail(in_reply_to=("<other@home.example>", ID)), True),
        (Mail(in_reply_to=(ID.upper(),)), True),
        (Mail(in_reply_to=("<k7q4mx2pk7q4mx2pk7q4@evil.example>",)), False),
        (Mail(in_reply_to=("<k7q4mx2pk7q4mx2pk7q5@delinde.example>",)), False),
        (Mail(in_reply_to=("", "<>", "<@>")), False),
        (Mail(references=(ID,), subject=f"Re: {SUBJECT}"), True),
        (Mail(references=("<a@b>", ID, "<c@d>"), subject=f"Antw: FW:  {SUBJECT.upper()}"), True),
        (Mail(references=(ID,), subject=f"Fwd: {SUBJECT.replace(' ', '  ')}"), True),
        (Mail(references=(ID,), subject="Factuur november"), False),
        (Mail(references=(ID,)), False),
        (Mail(subject=f"Re: {SUBJECT}"), False),
    ],
)
def test_an_answer_is_known_by_what_it_answers(mail: Mail, answers: bool) -> None:
    assert reply_to_us(mail, KNOWN) is answers


def test_what_is_read_is_what_was_accepted(busy: World, tmp_path: Path) -> None:
    [[facts]] = busy.rows("SELECT facts FROM requests")
    assert {json.loads(str(facts))[party]["email"] for party in ("client", "sponsor")} == {CLIENT, SPONSOR}
