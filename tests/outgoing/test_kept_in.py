"""A mail that did not go says who stopped it: the mail server, or this program; and what is not even made says why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.outgoing.sending.outbox import GIVE_UP_AFTER
from pipeline.outgoing.standing import taking_consents
from pipeline.policy.policy import read_policy
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.coaching import consent, mails, running
from tests.outgoing.prepared import START, Shelf, after, at, lines, opened, reference
from tests.world import CLIENT, World

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


# A profile that could not be kept


TAKEN = {
    "kleur": ["profile_take"], "ken-jezelf": ["coaching", "dossier"], "ballance": ["coaching"],
    "refleact": ["coaching"], "pluform": ["platform"],
}  # fmt: skip
PROCESSOR = "  processor: Kompas\n  statement: https://kompas.example/privacy\n  information: uw naam\n"
LINK = "link: https://vragenlijst.example/abc123\n"


def keeps_sessions_by_consent(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    """Give a practice whose policy keeps a profile only by consent to a file of the sessions, which was refused."""
    world = running(shelf, tmp_path, server, sponsored=False, policy="ken-jezelf")
    world.change("^daily_note: no", f"daily_note: no\nprofile:\n{PROCESSOR}")
    consent(world, "dossier", given=False)
    return world


@pytest.mark.parametrize(("policy", "asked"), TAKEN.items(), ids=TAKEN)
def test_before_a_profile_is_taken_stands_each_consent_without_which_it_is_not_kept(
    policy: str, asked: list[str]
) -> None:
    assert [question.purpose for question in taking_consents(read_policy(policy, Path("nowhere"), "nl"))] == asked


@pytest.mark.clause("J-3.6")
def test_she_is_not_invited_to_a_profile_that_may_not_be_kept_and_the_coach_is_told_by_which_clause(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = keeps_sessions_by_consent(shelf, tmp_path, server)
    file = world.drop(LINK, f"{world.reference}.yaml", within="profiles")
    world.work(after(hours=1))
    note = world.note(file.name, within="profiles") or ""
    assert (file.exists(), server.accepted) == (True, [])
    assert "dossier van de sessies bij te houden" in note and "(J-3.6)" in note and "voor deze coaching" not in note
    ((denied,),) = world.rows("SELECT entry FROM ledger WHERE entry LIKE '%gate.denied%'")
    assert '"clauses":"J-3.6"' in str(denied) and '"rules":"ken-jezelf.dossier.collect"' in str(denied)
    consent(world, "dossier", at=START + timedelta(hours=2))
    world.work(after(hours=3))
    assert (file.exists(), [recipient for recipient, _ in mails(server)]) == (False, [CLIENT])


@pytest.mark.clause("J-3.6")
def test_an_invitation_that_waits_is_kept_in_once_she_takes_that_consent_back(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = keeps_sessions_by_consent(shelf, tmp_path, server)
    consent(world, "dossier", at=START + timedelta(hours=1))
    server.at("connect", "421 4.3.2 busy")
    world.drop(LINK, f"{world.reference}.yaml", within="profiles")
    world.work(after(hours=2))
    consent(world, "dossier", given=False, at=START + timedelta(hours=3))
    server.behave()
    world.work(after(hours=9))
    assert (server.accepted, world.states()[-1]) == ([], "refused")
