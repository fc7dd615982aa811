"""Whom a profile could be about besides: whoever could be the wrong person is looked at first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from pipeline import attention
from pipeline.model import Kind, Party, Purpose
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.course import dispatch, profiles
from pipeline.outgoing.mail.freezing import NotAsPlanned
from pipeline.outgoing.sending import outbox
from pipeline.practice import Practice
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.coaching import files_of, mails
from tests.outgoing.prepared import START, Shelf, after, by_hand
from tests.outgoing.profiling import BOTH, TAKEN, begun, doubted, dropped, profile, states
from tests.reading.profiles import pictured
from tests.world import CLIENT, SPONSOR, World

OTHER = "X7Q4-MX2P"


@pytest.fixture
def world(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    return begun(shelf, tmp_path, server, sponsored=False, consents=(TAKEN,))


@pytest.fixture
def sponsored(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    return begun(shelf, tmp_path, server, consents=BOTH)


def another(world: World, name: str = "Piet Bos", address: str = "piet@elsewhere.example") -> str:
    """Open a second dossier, for somebody else, as intake leaves it; gives its reference."""
    by_hand(world, "INSERT INTO dossiers SELECT ?, 'other', '2026-0099', opened_at FROM dossiers", OTHER)
    by_hand(
        world,
        "INSERT INTO requests SELECT ?, revision, sha256, json_set(facts, '$.client.name', ?, '$.client.email', ?),"
        " state, reason, accepted_at FROM requests",
        OTHER, name, address,
    )  # fmt: skip
    return OTHER


def first_reference(world: World) -> str:
    return str(world.rows("SELECT reference FROM dossiers ORDER BY rowid")[0][0])


DOUBTS = {
    "the profile of somebody else": (profile("Fatima Visser"), "", "profile_name_absent"),
    "a part of her name only": (profile("Sanne Bakker"), "", "profile_name_partly"),
    "another client's name on the cover": (profile("Piet Bos"), "", "profile_names_another"),
    "a name like hers": (profile("Sanne Janssen"), "", "profile_name_partly"),
    "no text to compare": (pictured(profile(pages=1)), "", "profile_no_text"),
    "a file that bears another client's name": (profile(), "Piet Bos.pdf", "profile_file_of_another"),
}


@pytest.mark.parametrize(("data", "name", "word"), DOUBTS.values(), ids=DOUBTS)
def test_a_profile_that_may_be_about_somebody_else_waits_for_the_coach(
    world: World, server: ScriptedSmtp, data: bytes, name: str, word: str
) -> None:
    another(world)
    server.forget()
    reference = first_reference(world)
    dropped(world, data, name=f"{reference} {name or 'profiel.pdf'}")
    assert (server.accepted, states(world)) == ([], [("client", 1, "held")])
    assert word in doubted(world)
    with world.opened() as practice:
        (waits,) = [one for one in attention.waiting(practice) if one.what == "addressee"]
    assert (waits.dossier, waits.title) == (
        reference,
        "een mail waarvan u eerst moet zien of hij naar de juiste persoon gaat",
    )
    assert waits.reasons


ADDRESSES = {
    "at the employer's": ("sanne@work.example", "profile_employers_address"),
    "that several people read": ("info@sanne.example", "profile_role_address"),
    "of another client": ("piet@elsewhere.example", "profile_shared_address"),
    "to which nothing went before": ("sanne@new.example", "profile_first_mail"),
}


@pytest.mark.parametrize(("address", "word"), ADDRESSES.values(), ids=ADDRESSES)
def test_a_profile_to_an_address_that_may_be_wrong_waits_for_the_coach(
    sponsored: World, server: ScriptedSmtp, address: str, word: str
) -> None:
    another(sponsored)
    server.forget()
    reference = first_reference(sponsored)
    moved = "UPDATE requests SET facts = json_set(facts, '$.client.email', ?) WHERE dossier = ?"
    by_hand(sponsored, moved, address, reference)
    dropped(sponsored, profile(), name=f"{reference}.pdf")
    assert (server.accepted, word in doubted(sponsored)) == ([], True)


def test_a_client_who_gets_another_address_before_the_send_gets_it_there_once_the_coach_has_looked(
    world: World, server: ScriptedSmtp
) -> None:
    server.at("connect", "421 4.3.2 busy")
    dropped(world, profile())
    by_hand(world, "UPDATE requests SET facts = json_set(facts, '$.client.email', 'sanne@new.example')")
    server.behave()
    world.work(after(hours=2))
    assert (server.accepted, states(world)) == ([], [("client", 1, "refused")])
    dropped(world, profile(), hours=3)
    assert (server.accepted, doubted(world)) == ([], ["profile_first_mail"])
    decided(world, "accept")
    world.work(after(hours=4))
    assert [recipient for recipient, _ in mails(server)] == ["sanne@new.example"]


def test_an_address_from_which_mail_came_back_is_not_known(world: World, server: ScriptedSmtp) -> None:
    by_hand(world, "UPDATE messages SET bounced = '550 no such user'")
    dropped(world, profile())
    assert (server.accepted, doubted(world)) == ([], ["profile_first_mail"])


def test_the_same_bytes_in_another_dossier_wait_for_the_coach(world: World, server: ScriptedSmtp) -> None:
    other = another(world, "Sanne Jansen", "sanne.jansen@elsewhere.example")
    reference = first_reference(world)
    consent_of(world, other)
    server.forget()
    same = profile()
    dropped(world, same, name=f"{reference}.pdf")
    dropped(world, same, hours=2, name=f"{other}.pdf")
    assert server.accepted == [], "their names are the same, so the first one waits as well"
    assert "profile_elsewhere" in doubted(world) and "profile_like_names" in doubted(world)


def test_the_profiles_of_two_clients_with_like_names_that_were_crossed_both_wait(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = begun(shelf, tmp_path, server, sponsored=False, consents=(TAKEN,))
    by_hand(world, "UPDATE requests SET facts = json_set(facts, '$.client.name', 'Jan Jansen')")
    other = another(world, "Jan Janssen", "janssen@elsewhere.example")
    consent_of(world, other)
    server.forget()
    dropped(world, profile("Jan Janssen"), name=f"{first_reference(world)}.pdf")
    dropped(world, profile("Jan Jansen"), hours=2, name=f"{other}.pdf")
    assert (server.accepted, states(world)) == ([], [("client", 1, "held")] * 2)
    assert doubted(world).count("profile_names_another") == 2


def consent_of(world: World, dossier: str) -> None:
    """Write down that this client lets a profile be taken."""
    by_hand(
        world,
        "INSERT INTO consents (dossier, purpose, given, document, text_seal, way, mail, came_at, at)"
        " SELECT ?, purpose, 1, ?, text_seal, way, mail, came_at, at FROM consents WHERE purpose = ?",
        dossier, f"{dossier}-2 v1", TAKEN,
    )  # fmt: skip


def decided(world: World, act: str) -> None:
    """Say of the mail that waits that it may go, or that it never goes, as `pipeline attention` does."""
    ((number,),) = world.rows("SELECT number FROM attention WHERE what = 'addressee' AND state = 'open'")
    with world.opened() as practice:
        (attention.accept if act == "accept" else attention.reject)(practice, int(str(number)), START)


def test_what_the_coach_lets_go_goes_and_what_she_keeps_in_never_does(world: World, server: ScriptedSmtp) -> None:
    theirs, hers = profile("Fatima Visser"), profile("S. Jansen", pages=4)
    dropped(world, theirs)
    decided(world, "reject")
    world.work(after(hours=2))
    with world.opened() as practice:
        outbox.release(practice, world.reference, START)
    world.work(after(hours=3))
    assert (server.accepted, states(world)) == ([], [("client", 1, "superseded")])
    dropped(world, hers, hours=4)
    assert server.accepted == []
    decided(world, "accept")
    world.work(after(hours=5))
    assert [list(files_of(mail).values()) for _, mail in mails(server)] == [[hers]]


def test_somebody_else_s_profile_that_was_kept_in_does_not_stay_in_the_dossier(world: World) -> None:
    dropped(world, profile("Fatima Visser"))
    storage, reference = world.folder / "storage", world.reference
    ((token,),) = world.rows("SELECT token FROM messages WHERE purpose = 'profile'")
    there = [storage / "outbox" / f"{token}.eml", storage / "dossiers" / reference / f"{reference}-3-v1.pdf"]
    assert all(path.is_file() for path in there)
    decided(world, "reject")
    world.work(after(hours=2))
    assert not [path for path in there if path.exists()]
    assert world.rows("SELECT sha256, about, dropped FROM documents WHERE kind = 'profile'") == [("", "{}", None)]


def test_a_release_of_the_dossier_does_not_let_a_doubted_profile_go(world: World, server: ScriptedSmtp) -> None:
    dropped(world, profile("Fatima Visser"))
    with world.opened() as practice:
        assert outbox.release(practice, world.reference, START) == 0
    world.work(after(hours=2))
    assert (server.accepted, states(world)) == ([], [("client", 1, "held")])


def test_a_profile_is_never_planned_for_another_address_than_the_clients(sponsored: World) -> None:
    dropped(sponsored, profile())
    with sponsored.opened() as practice:
        document = recorded.newest(practice, sponsored.reference, Kind.PROFILE)
        assert document is not None
        to_sponsor = plan.Delivery(Party.SPONSOR, SPONSOR, (Kind.PROFILE,), Purpose.PROFILE, 1)
        with pytest.raises(NotAsPlanned, match="niet het adres van de klant"):
            profiles.doubts(practice, document, to_sponsor)


def test_a_profile_that_cannot_be_read_when_it_is_to_go_is_looked_at(world: World) -> None:
    dropped(world, profile())
    stored = world.folder / "storage" / "dossiers" / world.reference / f"{world.reference}-3-v1.pdf"
    stored.write_bytes(b"%PDF-1.7 and no more")
    with world.opened() as practice:
        document = recorded.newest(practice, world.reference, Kind.PROFILE)
        assert document is not None
        hers = plan.Delivery(Party.CLIENT, CLIENT, (Kind.PROFILE,), Purpose.PROFILE, 1)
        assert "profile_no_text" in [word for word, _ in profiles.doubts(practice, document, hers)]


NAMES = st.tuples(
    st.sampled_from(["Sanne", "Jan", "Fatima", "Zoë", "Jan-Peter", "S."]),
    st.sampled_from(["Jansen", "Janssen", "de Vries", "van den Berg", "van der Berg", "Jansen-de Vries", "Bos"]),
).map(" ".join)


@pytest.fixture
def working(world: World) -> Iterator[Practice]:
    with world.opened() as practice:
        yield practice


@given(NAMES, NAMES)
@example("Jan Jansen", "Jan Janssen")
@example("Jan van den Berg", "Jan van der Berg")
@example("Sanne Jansen", "Sanne Jansen-de Vries")
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_profile_whose_cover_names_somebody_else_never_leaves_without_the_coachs_word(
    world: World, server: ScriptedSmtp, working: Practice, client: str, cover: str
) -> None:
    assume(client != cover)
    by_hand(world, "UPDATE requests SET facts = json_set(facts, '$.client.name', ?)", client)
    world.drop(profile(cover, pages=2), f"{world.reference}.pdf", "profiles")
    told: list[str] = []
    now = START + timedelta(hours=1)
    profiles.take_in(working, now, told.append)
    dispatch.compose(working, now, told.append)
    outbox.send(working, lambda: now, told.append)
    assert server.accepted == [] and {state for *_, state in states(world)} <= {"held", "superseded"}
    assert doubted(world), "and the coach is told why"
