"""IDLE is a hint: it wakes when mail comes, survives every kind of dead line without spinning, and ends when told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pipeline.config.practice import Server
from pipeline.edges.mailbox import Watcher
from pipeline.secret import Secret
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Rule, hide_capability
from tests.incoming.mailroom import NUMBERS, letter, raw
from tests.mailstack.fixtures import needs_servers
from tests.mailstack.stack import MailStack
from tests.outgoing.prepared import eventually

pytestmark = [needs_servers, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]


class Bell:
    """Counts how often it was rung."""

    def __init__(self) -> None:
        self.rung = 0
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            self.rung += 1


@pytest.fixture
def line(mail: MailStack) -> Iterator[FaultProxy]:
    """Give a line to the mailboxes that can be broken."""
    with FaultProxy(mail.imap_port) as running:
        yield running


@pytest.fixture
def address(mail: MailStack) -> str:
    """Give a fresh mailbox."""
    made = f"idle{next(NUMBERS)}@practice.example"
    mail.add_address(made)
    return made


@contextmanager
def watching(mail: MailStack, address: str, port: int, *, password: str = "") -> Iterator[tuple[Watcher, Bell]]:
    """Watch a mailbox; in the end the thread is gone within two seconds of being told."""
    bell = Bell()
    server = Server(host="127.0.0.1", port=port, security="plain-on-loopback", user=address)
    watcher = Watcher(server, Secret(password or mail.password(address)), bell, pause=0.5)
    watcher.start()
    try:
        yield watcher, bell
    finally:
        watcher.close()
        watcher.close()
    eventually(lambda: not watcher.alive, seconds=2)


def commands(line: FaultProxy, word: bytes) -> int:
    return line.said("to server").upper().count(word)


def test_it_rings_when_mail_comes_and_not_when_mail_is_read(mail: MailStack, address: str, line: FaultProxy) -> None:
    with watching(mail, address, line.port) as (_, bell):
        eventually(lambda: bell.rung == 1)  # what came before it began to listen
        for count in (2, 3):
            mail.deliver(address, raw(letter()))
            eventually(lambda: bell.rung >= count)  # noqa: B023 - waited for within the turn
        time.sleep(0.6)  # a server may say twice that a mail came
        rung = bell.rung
        with mail.imap(address) as client:
            client.select_folder("INBOX")
            client.add_flags([1, 2], [b"\\Seen"])
        told = len(line.said("to client"))
        eventually(lambda: b"FETCH" in line.said("to client")[told:])
        time.sleep(0.6)
        assert bell.rung == rung


def test_it_opens_the_mailbox_for_reading_only(mail: MailStack, address: str, line: FaultProxy) -> None:
    with watching(mail, address, line.port) as (_, bell):
        eventually(lambda: bell.rung)
    assert commands(line, b"EXAMINE") == 1 and commands(line, b" SELECT") == 0


def test_a_server_that_does_not_know_idle_is_left_alone(mail: MailStack, address: str, line: FaultProxy) -> None:
    line.add(*hide_capability(b"IDLE"))
    with watching(mail, address, line.port) as (watcher, bell):
        eventually(lambda: not watcher.alive)
    assert (bell.rung, line.connections()) == (0, 1)


def test_a_line_that_was_cut_is_made_anew_and_rings_again(mail: MailStack, address: str, line: FaultProxy) -> None:
    with watching(mail, address, line.port) as (_, bell):
        eventually(lambda: bell.rung == 1)
        line.cut_all()
        eventually(lambda: bell.rung == 2)
        mail.deliver(address, raw(letter()))
        eventually(lambda: bell.rung == 3)


@pytest.mark.parametrize(
    "rule",
    [
        Rule("to server", "close", line=rb" IDLE\r\n", times=None),
        Rule("to client", "close", line=rb"^\+ ", times=None),
        Rule("to client", "reset", line=rb"idling", times=None),
        Rule("to server", "reply", line=rb"^(\S+) IDLE\r\n", text=rb"\1 NO no\r\n", times=None),
        Rule("to server", "reply", line=rb"^(\S+) EXAMINE.*\r\n", text=b"* garbage (\r\n", times=None),
    ],
    ids=lambda rule: f"{rule.action} {rule.text!r}",
)
def test_a_server_that_never_lets_it_idle_is_tried_again_with_a_growing_pause(
    mail: MailStack, address: str, line: FaultProxy, rule: Rule
) -> None:
    line.add(rule)
    with watching(mail, address, line.port) as (watcher, _):
        eventually(lambda: line.connections() == 2)
        time.sleep(1)
        assert line.connections() <= 3 and watcher.alive
        assert commands(line, b"IDLE") < 12


def test_a_wrong_password_is_tried_once(mail: MailStack, address: str, line: FaultProxy) -> None:
    with watching(mail, address, line.port, password="wrong") as (watcher, bell):
        eventually(lambda: b" NO " in line.said("to client"))
        time.sleep(1)
        assert (line.connections(), bell.rung, watcher.alive) == (1, 0, True)


@pytest.mark.parametrize("said", [b"garbage (\r\n", b"* BYE going down\r\n", b"x1 OK done\r\n", b"* \xff\0)(\r\n"])
def test_nonsense_instead_of_news_ends_that_line_and_no_more(
    mail: MailStack, address: str, line: FaultProxy, said: bytes
) -> None:
    with watching(mail, address, line.port) as (watcher, bell):
        eventually(lambda: bell.rung == 1)
        line.add(Rule("to client", "rewrite", line=rb"^\* \d+ EXISTS\r\n", text=said, times=1))
        mail.deliver(address, raw(letter()))
        eventually(lambda: bell.rung == 2)
        assert watcher.alive and line.connections() <= 3


@pytest.mark.parametrize("at", [rb"Logged in", rb"(EXAMINE|Examine) completed", rb"^\+ idling"])
def test_a_line_that_is_silently_dead_does_not_hold_up_the_end(
    mail: MailStack, address: str, line: FaultProxy, at: bytes
) -> None:
    line.add(Rule("to client", "stall", line=at, times=None))
    with watching(mail, address, line.port):
        eventually(lambda: line.connections() == 1)
        time.sleep(0.3)


def test_a_server_that_is_away_is_tried_again(mail: MailStack, address: str, line: FaultProxy) -> None:
    line.refuse()
    with watching(mail, address, line.port) as (_, bell):
        time.sleep(0.3)
        line.take_again()
        eventually(lambda: bell.rung == 1)
