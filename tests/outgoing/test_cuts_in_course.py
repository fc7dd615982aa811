"""A line that is cut while a mail of the course leaves: exactly one, or a doubt that is shown; each gate once more.

An appointment to the client and a report to who pays, each sent again and again over a line that breaks at another
stage, with the row put back by hand in between; and what happens in the hours until the retry: she says no, takes her
consent back, the appointment is moved, somebody else pays.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from pipeline import approvals
from pipeline.approvals import Answer
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Action, Direction, Rule
from tests.faults.script import Drop, Stage
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.coaching import mails, running
from tests.outgoing.prepared import Shelf, after, by_hand, lines, opened
from tests.outgoing.reporting import BETTER, coaching, drop, offered, own_policy, received, said, shared
from tests.world import CLIENT, World, client_file

BEFORE_THE_DOT: tuple[Stage, ...] = ("connect", "ehlo", "mail", "rcpt", "data")
DROPS: tuple[Drop, ...] = ("close", "reset")
KEEPS_MAIL = (r"^  - \{id: kleur\.mail\.report.*$", "")
"""A policy that deletes no mail of reports: else the bytes are gone by the second try."""
OTHER = "lotte@work.example"
Cut = Callable[[], None]
AN_APPOINTMENT, A_REPORT = ("appointment", "client"), ("report", "sponsor")


@pytest.fixture
def proxy(server: ScriptedSmtp) -> Iterator[FaultProxy]:
    """Give a line to `server` that can be cut."""
    with FaultProxy(server.port) as running:
        yield running


@pytest.fixture
def appointed(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    """Give a coaching with an appointment that has just been dropped."""
    world = running(shelf, tmp_path, server)
    _appointment(world, "2026-12-03 14:00")
    return world


@pytest.fixture
def approved(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    """Give a coaching of which the client has just let her report go on."""
    world = coaching(shelf, tmp_path, server, policy=own_policy("kleur", KEEPS_MAIL))
    drop(world)
    world.work(after(hours=1))
    assert said(world, Answer.YES, after(hours=2)())
    return world


def _appointment(world: World, when: str, more: str = "") -> None:
    world.drop(f"when: {when}\nwhere: Lindelaan 12\n{more}", f"{world.reference}.yaml", "appointments")


def unsound(
    world: World, server: ScriptedSmtp, cuts: Iterable[tuple[object, Cut]], mend: Cut, about: tuple[str, str],
    passing: frozenset[object] = frozenset(),
) -> list[tuple[object, ...]]:  # fmt: skip
    """Give the cuts that end in anything but exactly one mail or a doubt that is shown: (cut, states, copies).

    One after which the mail had gone at once was no cut, unless it is among `passing`.
    """
    found: list[tuple[object, ...]] = []
    with opened(world) as work:
        for name, cut in cuts:
            before = len(server.accepted)
            cut()
            work(after(hours=3))
            mend()
            ((state,),) = _state(world, about)
            work(after(hours=8))
            ((last,),) = _state(world, about)
            copies = len(server.accepted) - before
            doubt = state == last == "in_doubt" and copies <= 1 and _is_shown(world)
            once = (last, copies) == ("accepted", 1) and (state == "queued" or name in passing)
            found += [] if once or doubt else [(name, state, last, copies)]
            by_hand(
                world, "UPDATE messages SET state = 'queued', attempts = 0, reason = NULL, accepted_at = NULL,"
                " next_at = ? WHERE purpose = ? AND party = ?", after(hours=3)().isoformat(), *about,
            )  # fmt: skip
    return found


def _is_shown(world: World) -> bool:
    """Tell whether `status` asks the coach to look at one mail that is in doubt."""
    return [line.state for line in lines(world, after(hours=8)) if line.attention] == ["in_doubt"]


def _state(world: World, about: tuple[str, str]) -> list[tuple[object, ...]]:
    return world.rows("SELECT state FROM messages WHERE purpose = ? AND party = ?", *about)


def _at(server: ScriptedSmtp, stage: Stage, drop: Drop, *, accept: bool | None = None) -> tuple[object, Cut]:
    return (stage, drop, accept), lambda: server.at(stage, drop=drop, accept=accept, times=1)


def around_the_dot(server: ScriptedSmtp) -> list[tuple[object, Cut]]:
    """Give a cut before the text, and at the last dot one before and one after the mail was taken."""
    dot = [_at(server, "dot", drop, accept=taken) for drop in DROPS for taken in (True, False)]
    return [_at(server, "data", "reset"), *dot]


def at_every_stage(server: ScriptedSmtp) -> list[tuple[object, Cut]]:
    """Give a cut at each stage of a conversation."""
    drops = zip(BEFORE_THE_DOT, itertools.cycle(DROPS), strict=False)
    return [*(_at(server, stage, drop) for stage, drop in drops), *around_the_dot(server)]


def test_a_line_cut_around_the_dot_brings_an_appointment_once_or_shows_it_in_doubt(
    appointed: World, server: ScriptedSmtp
) -> None:
    assert unsound(appointed, server, around_the_dot(server), server.behave, AN_APPOINTMENT) == []
    assert {to for to, _ in mails(server)} == {CLIENT}


def test_a_line_cut_at_any_stage_brings_an_approved_report_once_or_shows_it_in_doubt(
    approved: World, server: ScriptedSmtp
) -> None:
    assert unsound(approved, server, at_every_stage(server), server.behave, A_REPORT) == []
    assert set(shared(server)) == set(offered(server)), "the very bytes that she approved, however often it was tried"


def test_her_no_in_the_hours_until_a_retry_keeps_her_report_from_the_sponsor(
    approved: World, server: ScriptedSmtp
) -> None:
    _cut(approved, server, "connect")
    said(approved, Answer.NO, after(hours=4)())
    approved.work(after(hours=8))
    assert (shared(server), _state(approved, A_REPORT)) == ([], [("superseded",)])


def test_a_consent_that_is_taken_back_until_a_retry_keeps_her_report_from_the_sponsor(
    approved: World, server: ScriptedSmtp
) -> None:
    _cut(approved, server, "data")
    with approved.opened() as practice, practice.database.transaction():
        mail = practice.database.value("SELECT max(number) FROM mails")
        practice.database.run("UPDATE mails SET came_at = ? WHERE number = ?", after(hours=4)().isoformat(), mail)
        approvals.withdraw(practice, approved.reference, mail, after(hours=4)())
    approved.work(after(hours=8))
    assert (shared(server), _state(approved, A_REPORT)) == ([], [("superseded",)])


def test_a_next_version_until_a_retry_takes_the_place_of_what_she_had_approved(
    approved: World, server: ScriptedSmtp
) -> None:
    _cut(approved, server, "rcpt")
    drop(approved, BETTER)
    approved.work(after(hours=8))
    assert (shared(server), len(offered(server))) == ([], 2)


def test_another_sponsor_until_a_retry_gets_nothing_and_neither_does_the_first(
    approved: World, server: ScriptedSmtp
) -> None:
    _cut(approved, server, "data")
    approved.drop(f"{client_file(sponsor=OTHER)}kenmerk: {approved.reference}\n")
    approved.work(after(hours=8))
    assert (shared(server), received(server, OTHER)) == ([], [[f"{approved.reference}-1-v2.pdf"]]), "only his quote"


def test_an_appointment_that_is_moved_until_a_retry_is_confirmed_for_its_new_time_only(
    appointed: World, server: ScriptedSmtp
) -> None:
    _cut(appointed, server, "data")
    _appointment(appointed, "2026-12-10 09:00", "afspraak: 1\n")
    appointed.work(after(hours=8))
    ((to, mail),) = mails(server)
    assert (to, "10 december" in str(mail), "3 december" in str(mail)) == (CLIENT, True, False)
    assert _state(appointed, AN_APPOINTMENT) == [("superseded",), ("accepted",)]


def _cut(world: World, server: ScriptedSmtp, stage: Stage) -> None:
    """Let the mail that waits be tried over a line that is cut, and nothing of it arrive."""
    before = len(server.accepted)
    server.at(stage, drop="reset", times=1)
    world.work(after(hours=3))
    server.behave()
    assert len(server.accepted) == before


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("action", ["close", "reset"])
@pytest.mark.parametrize("direction", ["to server", "to client"])
def test_a_cut_at_every_few_bytes_brings_an_approved_report_once_or_shows_it_in_doubt(
    approved: World, server: ScriptedSmtp, proxy: FaultProxy, direction: Direction, action: Action
) -> None:
    approved.change(r"port: \d+, security: plain-on-loopback", f"port: {proxy.port}, security: plain-on-loopback")
    assert unsound(approved, server, [("none", lambda: None)], proxy.behave, A_REPORT, frozenset({"none"})) == []
    whole = proxy.said(direction)
    dot = whole.index(b"\r\n.\r\n") if direction == "to server" else whole.rindex(b"250 2.0.0")
    places = [*range(0, dot - 9, max(7, dot // 60)), *range(dot - 9, dot + 12)]

    def cut(place: int) -> tuple[object, Cut]:
        return place, lambda: proxy.add(Rule(direction, action, at_byte=place))

    assert unsound(approved, server, map(cut, places), proxy.behave, A_REPORT, frozenset(places[-21:])) == []
