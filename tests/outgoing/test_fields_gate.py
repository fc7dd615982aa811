"""Before anything is collected: a field that the policy asks of nobody keeps its file where it is, with a note."""

from __future__ import annotations

import json

import pytest

from tests.outgoing.prepared import after
from tests.world import SPONSOR, World, client_file

WITH_A_ROLE = client_file().replace("}", ", role: Teamleider, organisation: Waterrijk}", 1)


def under(sending: World, policy: str) -> World:
    """Give the practice with this policy."""
    sending.change("^policy: kleur", f"policy: {policy}")
    return sending


def events(world: World, event: str) -> list[dict[str, str]]:
    """Give the entries of one kind in the ledger."""
    entries = [json.loads(str(row[0])) for row in world.rows("SELECT entry FROM ledger ORDER BY number")]
    return [entry for entry in entries if entry["event"] == event]


def test_a_field_that_is_not_asked_is_named_in_its_place_with_the_clause_and_what_to_do(sending: World) -> None:
    world = under(sending, "refleact")
    file = world.drop(WITH_A_ROLE)
    world.work(after())
    note = world.note() or ""
    assert "jansen.yaml:1:61: 'functie' vraagt u volgens uw beleid van niemand" in note
    assert "'organisatie'" in note and "R-Mi.1" in note and "haal deze regel weg" in note
    assert file.read_text("utf-8") == WITH_A_ROLE
    assert (world.rows("SELECT * FROM dossiers"), world.states()) == ([], [])


def test_what_was_kept_out_is_in_the_ledger_once_and_says_nothing_of_her(sending: World) -> None:
    world = under(sending, "refleact")
    world.drop(WITH_A_ROLE)
    for hours in (0, 1, 2):
        world.work(after(hours=hours))
    (entry,) = events(world, "gate.denied")
    assert (entry["act"], entry["fields"]) == ("collect", "client.role client.organisation")
    assert "R-Mi.1" in entry["clauses"].split()
    assert "Teamleider" not in str(world.rows("SELECT entry FROM ledger"))


def test_the_mended_file_goes_its_way_and_the_ledger_says_by_which_rules(sending: World) -> None:
    world = under(sending, "refleact")
    world.drop(WITH_A_ROLE)
    world.work(after())
    world.drop(client_file(sponsor=SPONSOR, more="goal: Rust\n"))
    world.work(after(hours=1))
    (accepted,) = events(world, "request.accepted")
    assert accepted["rules"].split() == ["refleact.fields.contact", "refleact.fields.goal", "refleact.fields.sponsor"]
    assert {"R-Mi.1", "R-Al.2"} <= set(accepted["clauses"].split())
    assert (world.note(), world.states()) == (None, ["accepted", "accepted"])


@pytest.mark.parametrize("policy", ["kleur", "ken-jezelf", "pluform", "ballance"])
def test_the_other_practices_ask_it_and_their_quotes_leave(sending: World, policy: str) -> None:
    world = under(sending, policy)
    world.drop(WITH_A_ROLE)
    world.work(after())
    assert (world.note(), world.states()) == (None, ["accepted"])


@pytest.mark.parametrize(
    ("policy", "receives"),
    [(policy, "") for policy in ("kleur", "ken-jezelf", "pluform", "refleact", "ballance")]
    + [("ken-jezelf", "receives: {quote: both}\n")],
)
def test_an_ordinary_quote_with_a_goal_leaves_under_each_policy(sending: World, policy: str, receives: str) -> None:
    world = under(sending, policy)
    world.change("^  goal_to_sponsor: no", "  goal_to_sponsor: yes")
    world.drop(client_file(sponsor=SPONSOR, more=f"goal: Meer rust\n{receives}"))
    world.work(after())
    assert world.states() == ["accepted", "accepted"]
    assert events(world, "gate.denied") == []
