"""A mail that did not go says who stopped it: the mail server, or this program."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline.cli import main
from pipeline.outgoing.sending.outbox import GIVE_UP_AFTER
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import START, after, at, lines, opened, reference
from tests.world import World

SERVER, OURS = "geweigerd door de mailserver: ", "tegengehouden door dit programma, niet door een mailserver: "


def said(world: World) -> str:
    """Give how the mail stands, as the overview has it."""
    (line,) = lines(world, after(days=9))
    assert line.attention and line.state == "refused"
    return line.text


def told(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Give the line about the mail of `pipeline show`."""
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    assert main(["show", reference(world), "--practice", str(world.folder)]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("mail v1")]
    return line


def test_what_the_server_refused_is_said_with_its_words(
    queued: World, server: ScriptedSmtp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.at("rcpt", "550 5.1.1 no such user")
    queued.work(after())
    assert said(queued) == f"{SERVER}550 5.1.1 no such user"
    assert "  refused  550 5.1.1" in told(queued, monkeypatch, capsys)


def test_what_a_gate_kept_in_is_not_said_to_be_refused_by_a_server(
    queued: World, server: ScriptedSmtp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (frozen,) = queued.folder.glob("storage/outbox/*.eml")
    frozen.unlink()
    queued.work(after())
    assert server.accepted == [] and said(queued).startswith(f"{OURS}the frozen bytes cannot be read")
    assert "  kept in  the frozen bytes" in told(queued, monkeypatch, capsys)


@pytest.mark.parametrize("cut", [False, True], ids=["put off each time", "cut off each time"])
def test_what_was_given_up_after_days_was_refused_by_the_server(
    queued: World, server: ScriptedSmtp, *, cut: bool
) -> None:
    server.at("rcpt", drop="close") if cut else server.at("rcpt", "450 4.2.0 greylisted")
    with opened(queued) as work:
        for days in (timedelta(), GIVE_UP_AFTER + timedelta(hours=1)):
            work(at(START + days))
    assert queued.states() == ["refused"] and said(queued).startswith(SERVER)
