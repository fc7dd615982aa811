"""What the mail server can answer, stage by stage: P1 (nothing lost), P2 (nothing twice), P11 (nothing hangs unseen).

A server puts off (4xx), refuses (5xx), talks nonsense or falls silent; a mail then waits with a pause, stops and is
shown, or is in doubt.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.script import Drop, Stage
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import (
    START,
    Order,
    Shelf,
    after,
    by_hand,
    conversations,
    fates,
    goes_once,
    lines,
    opened,
    plain,
    reference,
    shown,
)
from tests.world import CLIENT, SPONSOR, World

PUT_OFF = (421, *(pytest.param(code, marks=pytest.mark.long) for code in (450, 454)), 499)
REFUSED = (500, *(pytest.param(code, marks=pytest.mark.long) for code in (535, 550)), 599)
NONSENSE = ("hello", "", "25", "2", "-1 below", "\x00\x01")
BEFORE_THE_DOT: tuple[Stage, ...] = ("mail", "rcpt", "data")
OF_A_MAIL: tuple[Stage, ...] = (*BEFORE_THE_DOT, "dot")
SILENCES: tuple[Drop, ...] = ("close", "reset", "stall")


def is_put_off(world: World, server: ScriptedSmtp) -> None:
    """Check that one pass leaves the mail waiting, with the reason, and that the pause is kept."""
    with opened(world) as work:
        work(after())
        ((state, reason, next_at),) = world.rows("SELECT state, reason, next_at FROM messages")
        assert (state, server.accepted) == ("queued", [])
        assert reason
        assert str(next_at) > START.isoformat()
        before = conversations(server)
        work(after(seconds=40))
        assert conversations(server) == before


@pytest.mark.parametrize("code", PUT_OFF)
@pytest.mark.parametrize("stage", OF_A_MAIL)
def test_a_mail_that_the_server_puts_off_waits_and_goes_later(
    queued: World, server: ScriptedSmtp, stage: Stage, code: int
) -> None:
    server.at(stage, f"{code} 4.3.0 scripted")
    is_put_off(queued, server)
    goes_once(queued, server)


@pytest.mark.parametrize("code", REFUSED)
@pytest.mark.parametrize("stage", OF_A_MAIL)
def test_a_mail_that_the_server_refuses_stops_and_is_shown(
    queued: World, server: ScriptedSmtp, stage: Stage, code: int
) -> None:
    server.at(stage, f"{code} 5.1.1 scripted")
    queued.work(after())
    server.behave()
    queued.work(after(days=4))
    assert (queued.states(), server.accepted) == (["refused"], [])
    (line,) = lines(queued, after())
    assert line.attention
    assert f"{code} 5.1.1 scripted" in line.text


@pytest.mark.long
@pytest.mark.parametrize("stage", OF_A_MAIL)
def test_every_code_there_can_be_puts_off_or_refuses(queued: World, server: ScriptedSmtp, stage: Stage) -> None:
    with opened(queued) as work:
        for code in range(400, 600):
            server.behave()
            server.at(stage, f"{code} scripted")
            work(after())
            assert queued.states() == ["queued" if code < 500 else "refused"], code
            by_hand(queued, "UPDATE messages SET state = 'queued', next_at = ?", START.isoformat())
    goes_once(queued, server)


def test_status_shows_a_refused_mail_and_ends_with_one(queued: World, server: ScriptedSmtp) -> None:
    server.at("rcpt", "550 5.1.1 no such mailbox")
    assert queued.program("run", "--once").returncode == 0
    status = queued.typed("status")
    assert (status.returncode, server.accepted) == (1, [])
    assert f"! {reference(queued)}" in status.stdout
    assert "550 5.1.1 no such mailbox" in status.stdout


@pytest.mark.parametrize("reply", NONSENSE)
@pytest.mark.parametrize("stage", BEFORE_THE_DOT)
def test_nonsense_before_the_dot_only_puts_off(queued: World, server: ScriptedSmtp, stage: Stage, reply: str) -> None:
    server.at(stage, reply)
    is_put_off(queued, server)
    goes_once(queued, server)


@pytest.mark.parametrize("drop", SILENCES)
@pytest.mark.parametrize("stage", BEFORE_THE_DOT)
@pytest.mark.usefixtures("impatient")
def test_silence_before_the_dot_only_puts_off(queued: World, server: ScriptedSmtp, stage: Stage, drop: Drop) -> None:
    server.at(stage, drop=drop)
    is_put_off(queued, server)
    goes_once(queued, server)


@pytest.mark.parametrize(("stage", "code"), [("mail", 251), ("rcpt", 251), ("rcpt", 252), ("dot", 200), ("dot", 251)])
def test_an_unusual_yes_is_a_yes(queued: World, server: ScriptedSmtp, stage: Stage, code: int) -> None:
    server.at(stage, f"{code} 2.1.5 not local, will forward")
    queued.work(after())
    goes_once(queued, server)


@pytest.mark.parametrize("code", [200, 250, 334, 399])
def test_a_yes_to_data_that_is_no_354_sends_no_body(queued: World, server: ScriptedSmtp, code: int) -> None:
    server.at("data", f"{code} go on")
    is_put_off(queued, server)
    goes_once(queued, server)


@pytest.mark.parametrize("stage", ["mail", "rcpt"])
def test_a_354_in_the_wrong_place_only_puts_off(queued: World, server: ScriptedSmtp, stage: Stage) -> None:
    server.at(stage, "354 go on")
    is_put_off(queued, server)
    goes_once(queued, server)


@pytest.mark.parametrize("accept", [True, False])
@pytest.mark.parametrize("reply", [*NONSENSE, "354 go on", "334 what", "150 wait", "650 beyond"])
def test_an_answer_to_the_dot_that_is_neither_yes_nor_no_leaves_the_mail_in_doubt(
    queued: World, server: ScriptedSmtp, reply: str, *, accept: bool
) -> None:
    server.at("dot", reply, accept=accept)
    queued.work(after())
    server.behave()
    queued.work(after(days=1))
    assert queued.states() == ["in_doubt"]
    assert len(server.accepted) == accept
    assert shown(queued, after(days=1)) == ["in_doubt"]


@pytest.mark.parametrize("reply", ["250 Ok", "421 bye", "451 later", "500 what", "hi", ""])
def test_a_reset_that_fails_does_not_touch_the_next_mail(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, reply: str
) -> None:
    world = shelf.world(tmp_path, smtp=plain(server), order=Order(sponsored=True))
    server.at("rcpt", "450 4.2.0 later", matching=SPONSOR)
    server.at("rset", reply)
    world.work(after())
    assert fates(world) == {SPONSOR: "queued", CLIENT: "accepted"}
    server.behave()
    world.work(after(hours=5))
    assert sorted(mail.recipients for mail in server.accepted) == [(SPONSOR,), (CLIENT,)]


@pytest.mark.parametrize("drop", ["close", "reset"])
def test_a_reset_without_an_answer_does_not_touch_the_next_mail(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, drop: Drop
) -> None:
    world = shelf.world(tmp_path, smtp=plain(server), order=Order(sponsored=True))
    server.at("rcpt", "550 5.1.1 nobody", matching=SPONSOR)
    server.at("rset", drop=drop)
    world.work(after())
    assert fates(world) == {SPONSOR: "refused", CLIENT: "accepted"}


@pytest.mark.parametrize("reply", ["421 bye", "451 later", "500 what", "hi", None])
def test_a_goodbye_that_fails_changes_nothing(queued: World, server: ScriptedSmtp, reply: str | None) -> None:
    server.at("quit", reply, drop=None if reply else "reset")
    queued.work(after())
    assert queued.states() == ["accepted"]
    goes_once(queued, server)


def test_what_the_server_says_of_a_person_is_not_logged(queued: World, server: ScriptedSmtp) -> None:
    server.at("rcpt", f"550 5.1.1 <{CLIENT}>: no such mailbox")
    assert CLIENT not in " ".join(queued.work(after()))


def test_what_the_server_says_cannot_steer_the_terminal(queued: World, server: ScriptedSmtp) -> None:
    server.at("rcpt", "550 5.1.1 \x1b[2Jgone\x07")
    queued.work(after())
    assert "".join(line.text for line in lines(queued, after())).isprintable()
