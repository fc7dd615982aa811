"""Trouble with the account itself (connection, encryption, login) blames no mail and tells nobody a secret: P1, P12.

What cannot be trusted hears nothing of ours, not even the login name; the fault gone, the mail goes, once (P2).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args

import pytest

from pipeline.errors import FileProblems, NotReachable
from pipeline.worker import Worker
from tests.faults.certificates import Kind
from tests.faults.script import Drop, Stage
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import Shelf, after, conversations, goes_once, plain
from tests.world import World

LOGIN = ("coach", "secret")
SILENCES: tuple[Drop, ...] = ("close", "reset", "stall")
TlsKind = Literal["starttls", "implicit"]
unclosed = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@pytest.fixture
def guarded() -> Iterator[ScriptedSmtp]:
    """Give a server that demands a login."""
    with ScriptedSmtp(tls="none", login=LOGIN) as running:
        yield running


def unknown_login(shelf: Shelf, root: Path, server: ScriptedSmtp) -> World:
    """Give a practice with one mail that waits, which has a login whose password nobody kept."""
    return shelf.world(root, smtp=plain(server).replace("}", ", user: coach}"))


@pytest.fixture
def known(shelf: Shelf, tmp_path: Path, guarded: ScriptedSmtp) -> World:
    """Give a practice with one mail that waits, and the login that `guarded` demands."""
    world = unknown_login(shelf, tmp_path, guarded)
    world.keep_password("coach@127.0.0.1", "secret")
    return world


def encrypted(shelf: Shelf, root: Path, server: ScriptedSmtp, tls: str) -> World:
    """Give a practice with one mail that waits, which sends over TLS with a login."""
    security = {"implicit": "tls", "starttls": "starttls"}[tls]
    world = shelf.world(root, smtp=f"{{host: localhost, port: {server.port}, security: {security}, user: coach}}")
    world.keep_password("coach@localhost", "secret")
    return world


def blames_nobody(world: World, server: ScriptedSmtp) -> list[str]:
    """Check that one pass leaves the mail as it was; gives what was told."""
    before = world.rows("SELECT * FROM messages")
    told = world.work(after())
    assert world.rows("SELECT * FROM messages") == before
    assert server.accepted == []
    assert [line for line in told if line.endswith("; trying again later")] == told
    return told


@pytest.mark.parametrize("drop", SILENCES)
@pytest.mark.parametrize("stage", ["connect", "ehlo"])
@pytest.mark.usefixtures("impatient")
def test_a_server_that_falls_silent_at_the_door_blames_no_mail(
    queued: World, server: ScriptedSmtp, stage: Stage, drop: Drop
) -> None:
    server.at(stage, drop=drop)
    server.at("helo", drop=drop)
    blames_nobody(queued, server)
    goes_once(queued, server)


@pytest.mark.parametrize("reply", ["421 busy", "521 no mail here", "554 go away", "354 go on", "hi"])
@pytest.mark.parametrize("stage", ["connect", "ehlo"])
def test_a_server_that_shuts_the_door_blames_no_mail(
    queued: World, server: ScriptedSmtp, stage: Stage, reply: str
) -> None:
    server.at(stage, reply)
    server.at("helo", reply)
    (told,) = blames_nobody(queued, server)
    assert reply == "hi" or reply[:3] in told
    goes_once(queued, server)


@pytest.mark.parametrize("reply", ["421 bye", "454 4.7.0 later", "504 no", "534 no", "535 5.7.8 wrong", "250 Ok", "hi"])
def test_a_login_that_fails_blames_no_mail(known: World, guarded: ScriptedSmtp, reply: str) -> None:
    guarded.at("auth", reply)
    told = blames_nobody(known, guarded)
    assert told
    assert "secret" not in " ".join(told)
    goes_once(known, guarded)
    assert guarded.accepted[0].login == "coach"


@pytest.mark.parametrize("drop", SILENCES)
@pytest.mark.usefixtures("impatient")
def test_a_server_that_falls_silent_at_the_login_blames_no_mail(
    known: World, guarded: ScriptedSmtp, drop: Drop
) -> None:
    guarded.at("auth", drop=drop)
    blames_nobody(known, guarded)
    goes_once(known, guarded)


def test_a_login_answered_503_blames_no_mail(known: World, guarded: ScriptedSmtp) -> None:
    guarded.at("auth", "503 5.5.1 already")
    blames_nobody(known, guarded)
    goes_once(known, guarded)


def test_a_forgotten_login_blames_no_mail(shelf: Shelf, tmp_path: Path, guarded: ScriptedSmtp) -> None:
    world = shelf.world(tmp_path, smtp=plain(guarded))
    world.work(after())
    assert world.states() == ["queued"]


def test_a_challenge_that_cannot_be_read_is_told(known: World, guarded: ScriptedSmtp) -> None:
    guarded.at("auth", "334 abc")
    run = known.program("run", "--once")
    assert run.returncode == NotReachable.exit_code
    assert "Traceback" not in run.stderr


def test_a_password_beyond_ascii_logs_in_or_is_told(known: World, guarded: ScriptedSmtp) -> None:
    known.keep_password("coach@127.0.0.1", "gehéim")
    run = known.program("run", "--once")
    assert run.returncode == NotReachable.exit_code
    assert "Traceback" not in run.stderr


@unclosed
def test_a_password_that_is_not_known_is_asked_for_and_the_server_left_alone(
    shelf: Shelf, tmp_path: Path, guarded: ScriptedSmtp
) -> None:
    world = unknown_login(shelf, tmp_path, guarded)
    with world.opened() as practice:
        told: list[str] = []
        worker = Worker(practice, after(), told.append)
        for _ in range(3):
            worker.one_pass()
    assert told == ["no password is known for coach@127.0.0.1; type: pipeline password coach@127.0.0.1"]
    assert (world.states(), conversations(guarded)) == (["queued"], 1)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("kind", [kind for kind in get_args(Kind) if kind != "good"])
def test_a_server_with_a_bad_certificate_hears_nothing(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Kind, tls: TlsKind
) -> None:
    with ScriptedSmtp(tls=tls, certificate=kind, login=LOGIN) as server:
        monkeypatch.setenv("SSL_CERT_FILE", server.cafile)
        world = encrypted(shelf, tmp_path, server, tls)
        (told,) = blames_nobody(world, server)
        assert "certificate verify failed" in told
        assert not [line for line in server.dialogue if "AUTH" in line or "MAIL" in line or "coach" in line]


@unclosed
def test_a_server_whose_encryption_was_stripped_hears_no_login(shelf: Shelf, tmp_path: Path) -> None:
    with ScriptedSmtp(strip_starttls=True, login=LOGIN) as server:
        (told,) = blames_nobody(encrypted(shelf, tmp_path, server, "starttls"), server)
        assert "STARTTLS" in told
        assert [line for line in server.dialogue if line.startswith("C:")] == ["C: ehlo [127.0.0.1]"]


@unclosed
@pytest.mark.parametrize("reply", ["454 4.7.0 not now", "500 what", "530 no", "250 Ok", "hi"])
def test_a_server_that_will_not_encrypt_hears_no_login(shelf: Shelf, tmp_path: Path, reply: str) -> None:
    with ScriptedSmtp(login=LOGIN) as server:
        server.at("starttls", reply)
        blames_nobody(encrypted(shelf, tmp_path, server, "starttls"), server)
        assert not [line for line in server.dialogue if "AUTH" in line[:10] or "MAIL" in line]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_good_certificate_by_an_authority_of_the_environment_is_believed(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: TlsKind
) -> None:
    with ScriptedSmtp(tls=tls, login=LOGIN) as server:
        monkeypatch.setenv("SSL_CERT_FILE", server.cafile)
        encrypted(shelf, tmp_path, server, tls).work()
        assert [(mail.login, mail.encrypted) for mail in server.accepted] == [("coach", True)]


@pytest.mark.parametrize("host", ["mail.practice.example", "127.0.0.1.practice.example", "192.0.2.1", "0.0.0.0"])
def test_without_encryption_only_this_computer_can_be_named(tmp_path: Path, host: str) -> None:
    world = World(tmp_path, smtp=f"{{host: {host}, port: 25, security: plain-on-loopback}}")
    with pytest.raises(FileProblems, match="plain-on-loopback"), world.opened():
        pass


@pytest.mark.parametrize("fault", ["no STARTTLS", "no password"])
def test_a_connection_that_cannot_be_used_is_closed(shelf: Shelf, tmp_path: Path, fault: str) -> None:
    stripped = fault == "no STARTTLS"
    with ScriptedSmtp(tls="none", login=LOGIN) as server, warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        world = encrypted(shelf, tmp_path, server, "starttls") if stripped else unknown_login(shelf, tmp_path, server)
        world.work(after())
    assert not [str(one.message) for one in seen if one.category is ResourceWarning]
