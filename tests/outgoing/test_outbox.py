"""A mail that may have been accepted is never sent again by itself (P2), and none is lost (P1) or forgotten (P11).

The line breaks after the final dot, at every byte around it, in the middle of a batch; the server is away for days; the
program is killed; the coach settles what is in doubt.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.outgoing.sending import outbox
from pipeline.outgoing.sending.outbox import GIVE_UP_AFTER
from pipeline.steps import FIRST_PAUSE, LONGEST_PAUSE
from pipeline.worker import Worker
from tests.faults.proxy import FaultProxy
from tests.faults.script import Drop
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import (
    START,
    Order,
    Shelf,
    address,
    after,
    at,
    conversations,
    eventually,
    fates,
    lines,
    opened,
    plain,
    reference,
    shown,
)
from tests.world import CLIENT, World, client_file

MANY = 20


@pytest.fixture
def doubtful(queued: World, server: ScriptedSmtp) -> World:
    """Give a practice whose one mail was accepted, and the answer lost."""
    server.at("dot", drop="reset", accept=True)
    queued.work(after())
    server.behave()
    return queued


@pytest.fixture
def proxy(server: ScriptedSmtp) -> Iterator[FaultProxy]:
    """Give a line to `server` that can be cut off."""
    with FaultProxy(server.port) as running:
        yield running


def stays_in_doubt(world: World, server: ScriptedSmtp) -> None:
    """Check that no number of passes and restarts sends the mail again, and that it is shown all the time."""
    before = len(server.accepted)
    for days in (0, 1, 30):
        with opened(world) as work:
            work(after(days=days, minutes=10))
            work(after(days=days, hours=9))
        assert (world.states(), len(server.accepted)) == (["in_doubt"], before)
        assert shown(world, after(days=days)) == ["in_doubt"]


@pytest.mark.parametrize("accept", [True, False])
@pytest.mark.parametrize("drop", ["close", "reset", "stall"])
@pytest.mark.usefixtures("impatient")
def test_a_mail_without_an_answer_to_its_dot_is_in_doubt_and_never_sent_again(
    queued: World, server: ScriptedSmtp, drop: Drop, *, accept: bool
) -> None:
    server.at("dot", drop=drop, accept=accept, times=1)
    queued.work(after())
    assert len(server.accepted) == accept
    stays_in_doubt(queued, server)


def test_status_and_show_name_the_doubt_and_what_to_do(doubtful: World) -> None:
    status = doubtful.typed("status")
    assert status.returncode == 1
    assert f"! {reference(doubtful)}" in status.stdout
    assert "in_doubt" in doubtful.typed("show", reference(doubtful)).stdout


def test_the_coach_says_that_it_arrived(doubtful: World, server: ScriptedSmtp) -> None:
    settled = doubtful.typed("settle", reference(doubtful).lower(), "arrived")
    assert settled.returncode == 0
    doubtful.work(after(hours=1))
    assert (doubtful.states(), len(server.accepted)) == (["accepted"], 1)
    assert len(doubtful.rows("SELECT * FROM obligations WHERE state = 'awaited'")) == 2
    assert shown(doubtful, after(hours=1)) == []


def test_the_coach_says_that_it_must_go_again(doubtful: World, server: ScriptedSmtp) -> None:
    assert doubtful.typed("settle", reference(doubtful), "resend").returncode == 0
    again = doubtful.typed("settle", reference(doubtful), "resend")
    assert (again.returncode, doubtful.states()) == (64, ["queued"])
    for _ in range(2):
        doubtful.work()
    assert doubtful.states() == ["accepted"]
    assert [mail.raw for mail in server.accepted] == [server.accepted[0].raw] * 2


def test_the_coachs_word_that_comes_just_after_evidence_sends_nothing(doubtful: World, server: ScriptedSmtp) -> None:
    with doubtful.opened() as ours, doubtful.opened() as theirs:

        def evidence(statement: str) -> None:
            if statement.startswith("BEGIN"):
                ours.database._sql.set_trace_callback(None)  # noqa: SLF001  # the moment between reading and writing
                (row,) = theirs.database.rows("SELECT * FROM messages")
                outbox.accept(theirs, row, START, "found in the mailbox")

        ours.database._sql.set_trace_callback(evidence)  # noqa: SLF001
        outbox.settle(ours, reference(doubtful), START, arrived=False)
    doubtful.work(after(hours=1))
    assert (doubtful.states(), len(server.accepted)) == (["accepted"], 1)


@pytest.mark.parametrize(("stage", "state"), [("dot", "in_doubt"), ("data", "accepted")])
def test_a_kill_leaves_a_doubt_after_the_mark_and_a_queued_mail_before_it(
    queued: World, server: ScriptedSmtp, stage: str, state: str
) -> None:
    server.at("dot", drop="stall", accept=True) if stage == "dot" else server.at("data", drop="stall")
    with subprocess.Popen(queued.command("run", "--once"), env=queued.environment()) as run:
        eventually(lambda: f"C: {'.' if stage == 'dot' else 'DATA'}" in server.dialogue)
        run.kill()
    assert queued.states() == [{"dot": "data_sent", "data": "claimed"}[stage]]
    server.behave()
    for _ in range(2):
        queued.work()
    assert (queued.states(), len(server.accepted)) == ([state], 1)


def test_a_mail_that_is_put_off_waits_longer_each_time_and_is_given_up_after_five_days(
    queued: World, server: ScriptedSmtp
) -> None:
    server.at("rcpt", "450 4.2.0 greylisted")
    moment, pauses = START, list[timedelta]()
    with opened(queued) as work:
        while queued.states() == ["queued"]:
            work(at(moment))
            ((following,),) = queued.rows("SELECT next_at FROM messages")
            pauses.append(datetime.fromisoformat(str(following)) - moment)
            moment += pauses[-1]
    assert queued.states() == ["refused"]
    assert START + GIVE_UP_AFTER < moment < START + GIVE_UP_AFTER + LONGEST_PAUSE
    limits = [min(FIRST_PAUSE * 2**number, LONGEST_PAUSE) for number in range(len(pauses) - 1)]
    assert all(limit * 0.8 <= pause <= limit for pause, limit in zip(pauses, limits, strict=False))
    (line,) = lines(queued, at(moment))
    assert line.attention
    assert "450 4.2.0 greylisted" in line.text


def test_a_mail_first_tried_after_a_week_asleep_survives_greylisting(queued: World, server: ScriptedSmtp) -> None:
    server.at("rcpt", "450 4.2.0 greylisted", times=1)
    queued.work(after(days=7))
    queued.work(after(days=7, hours=1))
    assert (queued.states(), len(server.accepted)) == (["accepted"], 1)


def test_a_mail_held_for_a_week_survives_greylisting(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> None:
    world = shelf.world(tmp_path, smtp=plain(server), order=Order(held=True))
    server.at("rcpt", "450 4.2.0 greylisted", times=1)
    with world.opened() as practice:
        outbox.release(practice, reference(world), after(days=7)())
    world.work(after(days=7))
    world.work(after(days=7, hours=1))
    assert (world.states(), len(server.accepted)) == (["accepted"], 1)


def test_while_the_server_is_away_work_goes_on_and_later_all_goes_out(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, proxy: FaultProxy
) -> None:
    world = shelf.world(tmp_path, smtp=f"{{host: 127.0.0.1, port: {proxy.port}, security: plain-on-loopback}}")
    proxy.refuse()
    world.work(after())
    world.drop(client_file("Piet", "piet@home.example"), "piet.yaml")
    world.work(after(hours=30))
    assert fates(world) == {CLIENT: "queued", "piet@home.example": "queued"}
    assert not list(world.drop_folder.iterdir())
    proxy.take_again()
    world.work(after(hours=31))
    assert sorted(mail.recipients for mail in server.accepted) == [("piet@home.example",), (CLIENT,)]


def test_a_server_that_is_away_is_tried_less_and_less_and_at_once_when_it_is_back(
    queued: World, server: ScriptedSmtp
) -> None:
    server.at("connect", "421 4.3.2 closed")
    pauses = []
    with queued.opened() as practice:
        worker = Worker(practice, after(), lambda _: None)
        for tries in range(1, 10):
            worker.one_pass()
            worker.one_pass()
            assert server.dialogue.count("S: 421 4.3.2 closed") == tries
            pauses.append(worker.smtp.pause)
            worker.smtp.until = 0
        server.behave()
        worker.one_pass()
    assert pauses == [10, 20, 40, 80, 160, 300, 300, 300, 300]
    assert (queued.states(), worker.smtp.pause) == (["accepted"], 5)


def test_twenty_mails_go_over_one_connection(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> None:
    world = shelf.world(tmp_path, smtp=plain(server), order=Order(clients=MANY))
    world.work(after())
    assert {mail.recipients for mail in server.accepted} == {(CLIENT,), *((address(n),) for n in range(1, MANY))}
    assert (len(server.accepted), conversations(server)) == (MANY, 1)
    assert all(mail.raw.count(mail.recipients[0].encode()) == 1 for mail in server.accepted)


@pytest.mark.parametrize(
    ("stage", "accept", "left"), [("mail", False, "queued"), ("dot", True, "in_doubt"), ("dot", False, "in_doubt")]
)
def test_a_connection_that_dies_in_the_middle_of_a_batch_costs_one_mail_at_most(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, stage: str, left: str, *, accept: bool
) -> None:
    world = shelf.world(tmp_path, smtp=plain(server), order=Order(clients=MANY))
    if stage == "mail":
        server.at("mail", drop="reset", skip=9, times=1)
    else:
        server.at("dot", drop="reset", accept=accept, skip=9, times=1)
    world.work(after())
    assert sorted(world.states(), key=str) == sorted(["accepted"] * (MANY - 1) + [left])
    world.work(after(hours=5))
    assert len({mail.recipients for mail in server.accepted}) == len(server.accepted)
    assert world.states().count("accepted") == MANY - (left == "in_doubt")


def test_a_server_that_goes_away_in_the_middle_of_a_batch_gets_the_rest_later(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = shelf.world(tmp_path, smtp=plain(server), order=Order(clients=MANY))
    server.at("mail", "421 4.3.2 shutting down", skip=10)
    server.at("connect", "421 4.3.2 closed", skip=1)
    world.work(after())
    assert (len(server.accepted), world.states().count("queued")) == (10, 10)
    assert world.rows("SELECT count(*) FROM messages WHERE reason IS NOT NULL AND state = 'queued'") == [(1,)]
    server.behave()
    world.work(after(hours=1))
    assert len({mail.recipients for mail in server.accepted}) == len(server.accepted) == MANY
