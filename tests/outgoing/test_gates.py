"""Nothing leaves that may not leave now, to this person: P3 (right person), P4 (gates at the moment of the send).

The gates as properties; a newer version, a release and a forged row or file, at each moment up to the final dot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import IN_COURSE, OPENING, Kind, MessageState, Party, Purpose
from pipeline.outgoing.opening import intake
from pipeline.outgoing.sending import outbox
from pipeline.policy.gates import LAPSES, SendFacts, why_not
from tests.faults.script import Script, Stage, Step
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import (
    START,
    Order,
    Shelf,
    address,
    after,
    by_hand,
    fates,
    frozen,
    opened,
    plain,
    reference,
    shown,
)
from tests.world import CLIENT, SPONSOR, World, client_file

CLAIMED, QUOTE = MessageState.CLAIMED, frozenset({Kind.QUOTE})
NOTES = {Purpose.NOTE, Purpose.DAILY}
AT_FIRST = [purpose for purpose in Purpose if purpose not in IN_COURSE]
kinds_of_a_mail = st.frozensets(st.sampled_from(OPENING))
facts = st.builds(
    SendFacts,
    state=st.sampled_from(MessageState),
    party=st.sampled_from(Party),
    kinds=kinds_of_a_mail,
    newest=st.booleans(),
    sponsored=st.booleans(),
    purpose=st.sampled_from(AT_FIRST),
    awaited=st.booleans(),
    booked=st.booleans(),
    reminded=st.booleans(),
    declined=st.booleans(),
    own_address=st.booleans(),
    restricted=st.booleans(),
)


def opened_up(fact: SendFacts) -> SendFacts:
    """Give the facts with every gate open that can be, for this purpose, party and these documents."""
    return replace(
        fact, state=CLAIMED, newest=True, awaited=True, booked=True, reminded=False, declined=False, own_address=True,
        restricted=False,
    )  # fmt: skip


def right_person(fact: SendFacts) -> bool:
    """Tell whether such a mail may go to such a person at all."""
    if bool(fact.kinds) == (fact.purpose is Purpose.DAILY):
        return False
    if fact.party is Party.COACH or fact.purpose in NOTES:
        return fact.party is Party.COACH and fact.purpose in NOTES
    return fact.party is Party.CLIENT or (fact.sponsored and fact.kinds == QUOTE)


all_open = facts.map(opened_up).filter(right_person)
NEWER = client_file(more="goal: Rust\n")


class Interrupted(Script):
    """A script that does something of the test's the first time it comes to a stage, before the server answers."""

    def __init__(self, stage: Stage, act: Callable[[], None]) -> None:
        """Do `act` at `stage`, once."""
        super().__init__()
        self._stage, self._acts = stage, [act]

    def take(self, stage: Stage, line: str) -> Step:
        """Give the step that acts now, as always."""
        if stage == self._stage and self._acts:
            self._acts.pop()()
        return super().take(stage, line)


def accept_newer(world: World) -> None:
    """Take in a newer version of the client's file, as another moment of the program would."""
    world.drop(NEWER)
    with world.opened() as practice:
        assert intake.take_in(practice, after(minutes=1)(), lambda _: None) == 1


def versions(server: ScriptedSmtp) -> list[str]:
    """Give which version each accepted mail carries."""
    return ["v2" if b"-v2.pdf" in mail.raw else "v1" for mail in server.accepted]


@given(facts)
def test_a_mail_leaves_only_when_every_gate_is_open(fact: SendFacts) -> None:
    needed = {
        Purpose.DOCUMENTS: True,
        Purpose.REMINDER: fact.awaited and not fact.reminded,
        Purpose.COUNTERSIGNED: fact.booked,
        Purpose.NOTE: fact.booked and fact.own_address,
        Purpose.DAILY: fact.own_address,
    }[fact.purpose]
    restricted = fact.restricted and fact.party is not Party.COACH
    allowed = fact.state is CLAIMED and fact.newest and not fact.declined and not restricted
    assert (why_not(fact) is None) == (allowed and needed and right_person(fact))


@pytest.mark.parametrize("purpose", AT_FIRST)
@pytest.mark.parametrize("party", Party)
@pytest.mark.parametrize("kinds", [{Kind.QUOTE}, {Kind.CONSENT}, {Kind.QUOTE, Kind.CONSENT}, set()], ids=len)
@pytest.mark.parametrize("sponsored", [True, False])
def test_who_may_receive_what_for_which_reason(
    purpose: Purpose, party: Party, kinds: set[Kind], *, sponsored: bool
) -> None:
    fact = opened_up(SendFacts(CLAIMED, party, frozenset(kinds), newest=True, sponsored=sponsored, purpose=purpose))
    may = {
        Party.COACH: purpose in NOTES,
        Party.CLIENT: purpose not in NOTES,
        Party.SPONSOR: purpose not in NOTES and sponsored and kinds == {Kind.QUOTE},
    }
    assert (why_not(fact) is None) == (bool(kinds) != (purpose is Purpose.DAILY) and may[party])


@given(all_open)
def test_a_newer_version_or_another_state_closes_what_was_open(fact: SendFacts) -> None:
    assert why_not(fact) is None
    assert why_not(replace(fact, newest=False)) == "superseded by a newer version"
    others = [state for state in MessageState if state is not CLAIMED]
    assert all(why_not(replace(fact, state=state)) for state in others)


@given(all_open)
def test_what_has_become_needless_lapses_and_nothing_else_does(fact: SendFacts) -> None:
    late = {"newest": False, "declined": True}
    late |= {Purpose.REMINDER: {"awaited": False}, Purpose.COUNTERSIGNED: {"booked": False}}.get(fact.purpose, {})
    for name, value in late.items():
        changed: SendFacts = replace(fact, **{name: value})  # type: ignore[arg-type]  # all of these are bool
        assert why_not(changed) in LAPSES
    assert why_not(replace(fact, state=MessageState.QUEUED)) not in LAPSES
    assert why_not(replace(fact, party=Party.SPONSOR, kinds=frozenset({Kind.CONSENT}))) not in {None, *LAPSES}


@given(facts)
def test_a_sponsor_never_receives_a_consent_declaration(fact: SendFacts) -> None:
    spoiled = replace(fact, party=Party.SPONSOR, kinds=fact.kinds | {Kind.CONSENT})
    assert why_not(spoiled) is not None


def test_of_two_versions_that_wait_only_the_newer_goes(queued: World, server: ScriptedSmtp) -> None:
    server.at("connect", "421 4.3.2 closed")
    queued.work(after())
    queued.drop(NEWER)
    queued.work(after(hours=1))
    server.behave()
    queued.work(after(hours=2))
    assert (queued.states(), versions(server)) == (["superseded", "accepted"], ["v2"])


@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_a_newer_version_that_comes_before_the_final_dot_stops_the_send(
    queued: World, server: ScriptedSmtp, stage: Stage
) -> None:
    server._settings.script = Interrupted(stage, lambda: accept_newer(queued))  # noqa: SLF001  # the hook for this
    for hours in (0, 1, 2):
        queued.work(after(hours=hours))
    assert (queued.states(), versions(server)) == (["superseded", "accepted"], ["v2"])


def test_a_newer_version_that_comes_after_the_final_dot_goes_as_well(queued: World, server: ScriptedSmtp) -> None:
    server._settings.script = Interrupted("dot", lambda: accept_newer(queued))  # noqa: SLF001  # the hook for this
    for hours in (0, 1, 2):
        queued.work(after(hours=hours))
    assert (queued.states(), versions(server)) == (["accepted", "accepted"], ["v1", "v2"])


def test_a_doubtful_mail_that_is_to_go_again_does_not_when_a_newer_version_came(
    queued: World, server: ScriptedSmtp
) -> None:
    server.at("dot", drop="reset", accept=True, times=1)
    queued.work(after())
    queued.drop(NEWER)
    queued.work(after(hours=1))
    with queued.opened() as practice:
        assert outbox.settle(practice, reference(queued), after(hours=2)(), arrived=False) == 1
    queued.work(after(hours=3))
    assert (queued.states(), versions(server)) == (["superseded", "accepted"], ["v1", "v2"])


def test_a_refused_mail_asks_no_attention_once_a_newer_version_went(queued: World, server: ScriptedSmtp) -> None:
    server.at("rcpt", "550 5.1.1 no such mailbox", times=1)
    queued.work(after())
    queued.drop(NEWER)
    queued.work(after(hours=1))
    assert versions(server) == ["v2"]
    assert shown(queued, after(hours=2)) == []


@pytest.fixture
def held(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    """Give a practice with one mail that waits for its release."""
    world = shelf.world(tmp_path, smtp=plain(server), order=Order(held=True))
    world.change("^  send: automatic", "  send: after_release")
    return world


def test_a_held_mail_goes_when_it_is_released_and_not_before(held: World, server: ScriptedSmtp) -> None:
    for days in (0, 1, 40):
        held.work(after(days=days))
    assert (held.states(), server.dialogue, shown(held, after(days=40))) == (["held"], [], [])
    assert held.typed("release", reference(held)).returncode == 0
    assert held.typed("release", reference(held)).returncode == 64
    held.work()
    assert (held.states(), versions(server)) == (["accepted"], ["v1"])


def test_a_release_after_a_newer_version_releases_only_the_newer(held: World, server: ScriptedSmtp) -> None:
    accept_newer(held)
    with held.opened() as practice:
        assert outbox.release(practice, reference(held), after(hours=1)()) == 0
    held.work(after(hours=2))
    assert (held.states(), server.accepted) == (["superseded", "held"], [])
    with held.opened() as practice:
        assert outbox.release(practice, reference(held), after(hours=3)()) == 1
    held.work(after(hours=4))
    assert (held.states(), versions(server)) == (["superseded", "accepted"], ["v2"])


def test_a_newer_version_in_the_very_moment_of_the_release_wins(held: World, server: ScriptedSmtp) -> None:
    with held.opened() as ours:

        def newer(statement: str) -> None:
            if statement.startswith("BEGIN"):
                ours.database._sql.set_trace_callback(None)  # noqa: SLF001  # the moment between reading and writing
                accept_newer(held)

        ours.database._sql.set_trace_callback(newer)  # noqa: SLF001
        outbox.release(ours, reference(held), after(hours=1)())
    held.work(after(hours=2))
    assert (held.states(), server.accepted) == (["superseded", "held"], [])


def never_goes(world: World, server: ScriptedSmtp, recipient: str = CLIENT) -> None:
    """Check that a mail is not sent now or later, and that the coach is shown it."""
    with opened(world) as work:
        for hours in (0, 5, 200):
            work(after(hours=hours))
    assert recipient not in [to for mail in server.accepted for to in mail.recipients]
    assert shown(world, after(hours=2)) != []


@pytest.mark.parametrize("place", [0, 60, 150, 300, 800, 3000, -200, -3, -1])
def test_a_frozen_mail_with_one_byte_changed_is_not_sent(queued: World, server: ScriptedSmtp, place: int) -> None:
    file = frozen(queued)[CLIENT]
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(data)
    queued.work(after())
    assert (queued.states(), server.accepted) == (["refused"], [])


@pytest.mark.long
def test_a_frozen_mail_with_any_byte_of_its_header_changed_is_not_sent(queued: World, server: ScriptedSmtp) -> None:
    file = frozen(queued)[CLIENT]
    data = file.read_bytes()
    with opened(queued) as work:
        for place in range(data.index(b"\r\n\r\n") + 300):
            file.write_bytes(data[:place] + bytes([data[place] ^ 2]) + data[place + 1 :])
            work(after())
            assert (queued.states(), server.accepted) == (["refused"], []), place
            by_hand(queued, "UPDATE messages SET state = 'queued', next_at = ?", START.isoformat())


def test_a_frozen_mail_that_is_gone_is_shown_and_the_next_goes(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = shelf.world(tmp_path, smtp=plain(server), order=Order(clients=2))
    frozen(world)[CLIENT].unlink()
    never_goes(world, server)
    assert fates(world)[address(1)] == "accepted"


@pytest.mark.parametrize("hashes", [False, True])
@pytest.mark.parametrize(
    ("order", "other"), [(Order(clients=2), address(1)), (Order(sponsored=True), SPONSOR)], ids=["clients", "sponsor"]
)
def test_frozen_mails_of_two_people_swapped_are_not_sent(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, order: Order, other: str, *, hashes: bool
) -> None:
    world = shelf.world(tmp_path, smtp=plain(server), order=order)
    one, two = frozen(world)[CLIENT], frozen(world)[other]
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    if hashes:
        known = dict[object, object]((row[0], row[1]) for row in world.rows("SELECT recipient, sha256 FROM messages"))
        by_hand(world, "UPDATE messages SET sha256 = ? WHERE recipient = ?", known[other], CLIENT)
        by_hand(world, "UPDATE messages SET sha256 = ? WHERE recipient = ?", known[CLIENT], other)
    never_goes(world, server)
    assert (fates(world), server.accepted) == ({CLIENT: "refused", other: "refused"}, [])


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE documents SET sha256 = replace(sha256, substr(sha256, 1, 4), 'beef')",
        "DELETE FROM documents WHERE kind = 'consent'",
        "UPDATE messages SET recipient = 'other@home.example'",
        "UPDATE messages SET recipient = 'sanne@home.example>' || char(13, 10) || 'RCPT TO:<other@home.example'",
        "UPDATE messages SET sha256 = 'beef'",
        "UPDATE messages SET party = 'sponsor'",
        "UPDATE messages SET party = 'coach'",
        "UPDATE messages SET purpose = 'note', party = 'coach'",
        "UPDATE messages SET purpose = 'reminder'",
        "UPDATE messages SET purpose = 'countersigned'",
        "UPDATE messages SET kinds = 'quote'",
        "UPDATE requests SET facts = replace(facts, 'sanne@home.example', 'other@home.example')",
        "UPDATE settings SET value = replace(value, substr(value, 1, 4), 'beef') WHERE name = 'key'",
    ],
)
def test_a_row_changed_by_hand_stops_the_mail(queued: World, server: ScriptedSmtp, forgery: str) -> None:
    by_hand(queued, forgery)
    never_goes(queued, server)
    assert server.accepted == []


@pytest.mark.parametrize("kinds", ["quote,consent", "consent"])
def test_a_sponsor_for_whom_more_was_written_in_by_hand_receives_nothing(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, kinds: str
) -> None:
    world = shelf.world(tmp_path, smtp=plain(server), order=Order(sponsored=True))
    by_hand(world, "UPDATE messages SET kinds = ? WHERE party = 'sponsor'", kinds)
    never_goes(world, server, SPONSOR)
    assert fates(world) == {SPONSOR: "refused", CLIENT: "accepted"}
