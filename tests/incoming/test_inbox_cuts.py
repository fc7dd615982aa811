"""The line cut at every line that the server says, while looking and while fetching: each mail is kept once (P1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.errors import NotReachable
from pipeline.practice import Practice
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Action, Rule
from tests.incoming.mailroom import NOW, Mailroom, letter, on_stack, one_pass
from tests.mailstack.fixtures import needs_servers
from tests.mailstack.stack import MailStack

pytestmark = [needs_servers, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]


@pytest.fixture
def line(mail: MailStack) -> Iterator[FaultProxy]:
    """Give a line to the mailboxes that can be broken."""
    with FaultProxy(mail.imap_port) as running:
        yield running


@pytest.fixture
def room(tmp_path: Path, mail: MailStack, line: FaultProxy) -> Mailroom:
    """Give a practice that looks in INBOX alone, to which an answer and a bounce came."""
    made = on_stack(tmp_path, mail, line.port)
    made.world.change("^  sent_copy: none", "  sent_copy: none\n  folders: [INBOX]")
    made.look()
    made.put(letter(reply=True))
    made.put(letter("Undelivered Mail Returned to Sender", sender="MAILER-DAEMON@mx.example"))
    return made


def as_new(practice: Practice) -> None:
    """Forget what came in."""
    with practice.database.transaction():
        for table in ("arrivals", "mails", "folders"):
            practice.database.run(f"DELETE FROM {table}")
    practice.storage.empty("mail")


def cut_short(practice: Practice, line: FaultProxy, action: Action, place: int) -> bool:
    """Look and fetch over a line that is cut before the server's line `place`; tells whether it was cut at all."""
    rule = Rule("to client", action, line=rb"\n", skip=place)
    line.add(rule)
    try:
        one_pass(practice, NOW, [])
    except NotReachable:
        assert rule.acted
    finally:
        line.behave()
    return rule.acted > 0


def unsound(room: Mailroom, line: FaultProxy, action: Action, step: int) -> tuple[list[int], int]:
    """Give the places after which something is missing or kept twice, and how many places were tried."""
    found, place = [], 0
    with room.world.opened() as practice:
        one_pass(practice, NOW, [])
        expected = sorted(room.stored())
        assert len(expected) == 2
        as_new(practice)
        while cut_short(practice, line, action, place):
            for minutes in (5, 10):
                one_pass(practice, NOW + timedelta(minutes=minutes), [])
            if sorted(room.stored()) != expected or room.pending():
                found.append(place)
            as_new(practice)
            place += step
    return found, place // step


def test_a_cut_at_any_line_of_the_server_loses_nothing_and_keeps_nothing_twice(
    room: Mailroom, line: FaultProxy
) -> None:
    found, tried = unsound(room, line, "close", 7)
    assert (found, tried > 10) == ([], True)


@pytest.mark.long
@pytest.mark.parametrize("action", ["close", "reset"])
def test_a_cut_at_every_line_of_the_server_loses_nothing_and_keeps_nothing_twice(
    room: Mailroom, line: FaultProxy, action: Action
) -> None:
    found, tried = unsound(room, line, action, 1)
    assert (found, tried > 50) == ([], True)


@pytest.mark.parametrize(
    "asked", [rb"STATUS", rb"EXAMINE", rb"UID FETCH 1:\d", rb"BODY.PEEK\[HEADER", rb"BODY.PEEK\[\]"]
)
def test_a_server_that_says_goodbye_instead_of_an_answer_loses_nothing(
    room: Mailroom, line: FaultProxy, asked: bytes
) -> None:
    line.add(Rule("to server", "reply", line=asked, text=b"* BYE going down\r\n", times=1))
    with pytest.raises(NotReachable):
        room.pass_()
    assert room.pass_(NOW + timedelta(minutes=5)) >= 1
    assert len(room.stored()) == 2 and room.pending() == []
