"""With whom a paper is compared before it goes: everybody who is still known, and nobody who is not any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.outgoing.course import whose
from pipeline.policy.addressee import Person
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import Shelf, after, by_hand
from tests.outgoing.reporting import coaching, drop
from tests.world import World

OTHER = "X7Q4-MX2P"


@pytest.fixture
def world(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    return coaching(shelf, tmp_path, server)


def another(world: World, facts: str) -> None:
    """Open a second dossier with these facts, as intake leaves one and as erasing does."""
    by_hand(world, "INSERT INTO dossiers SELECT ?, '', '2026-0099', opened_at FROM dossiers", OTHER)
    by_hand(
        world,
        "INSERT INTO requests SELECT ?, revision, sha256, ?, state, reason, accepted_at FROM requests",
        OTHER, facts,
    )  # fmt: skip


def test_of_a_client_whose_data_were_erased_what_is_left_is_given() -> None:
    assert whose.person(OTHER, {}) == Person(OTHER, "", "")
    assert whose.person(OTHER, {"client": {"email": "piet@bos.example"}}) == Person(OTHER, "", "piet@bos.example")


PIET = '{"client": {"name": "Piet Bos", "email": "piet@bos.example"}}'


@pytest.mark.parametrize(
    ("facts", "known"),
    [('{"client": {}}', ()), (PIET, (Person(OTHER, "Piet Bos", "piet@bos.example"),))],
    ids=["erased", "known"],
)
def test_the_clients_of_other_dossiers_are_compared_as_far_as_they_are_known(
    world: World, facts: str, known: tuple[Person, ...]
) -> None:
    reference = world.reference
    another(world, facts)
    with world.opened() as practice:
        assert whose.others(practice, reference) == known


def test_a_report_goes_to_its_client_when_the_data_of_another_client_were_erased(
    world: World, server: ScriptedSmtp
) -> None:
    drop(world)
    another(world, "{}")
    server.forget()
    world.work(after(hours=1))
    assert world.rows("SELECT party, state FROM messages WHERE purpose = 'report'") == [("client", "accepted")]
