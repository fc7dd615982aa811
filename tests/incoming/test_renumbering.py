"""A server that numbers its folders anew, at any moment: nothing is skipped and nothing is kept twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.proxy import FaultProxy
from tests.faults.rules import Rule
from tests.incoming.mailroom import FIRST_SENT, NOW, Mailroom, letter, on_stack, with_pdf
from tests.mailstack.fixtures import needs_servers
from tests.mailstack.stack import MailStack

pytestmark = [needs_servers, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

Renumber = Callable[[Mailroom, MailStack, FaultProxy], None]
STRANGER = "friend@elsewhere.example"


@pytest.fixture
def line(mail: MailStack) -> Iterator[FaultProxy]:
    """Give a line to the mailboxes that can be broken."""
    with FaultProxy(mail.imap_port) as running:
        yield running


@pytest.fixture
def room(tmp_path: Path, mail: MailStack) -> Mailroom:
    """Give a practice that looks in INBOX and Work, both empty."""
    made = on_stack(tmp_path, mail)
    made.world.change("^  sent_copy: none", "  sent_copy: none\n  folders: [INBOX, Work]")
    with made.client() as client:
        client.create_folder("Work")
    return made


def by_the_server(room: Mailroom, mail: MailStack, line: FaultProxy) -> None:
    """Let the server give a folder another number, as after a repair."""
    mail.doveadm("mailbox", "update", "-u", room.address, "--uid-validity", "7", "Work")


def recreated(room: Mailroom, mail: MailStack, line: FaultProxy) -> None:
    """Let the coach make the folder anew, the mails in another order, so that every UID is another mail's."""
    with room.client() as client:
        client.select_folder("Work", readonly=True)
        held = client.fetch(client.search("ALL"), ["BODY.PEEK[]", "INTERNALDATE"])
        client.unselect_folder()
        client.delete_folder("Work")
        client.create_folder("Work")
        for uid in sorted(held, reverse=True):
            client.append("Work", held[uid][b"BODY[]"], (), held[uid][b"INTERNALDATE"])


def said_to_be(number: bytes) -> Renumber:
    """Let the server say another number from now on."""

    def renumber(room: Mailroom, mail: MailStack, line: FaultProxy) -> None:
        room.world.change(f"port: {room.port}", f"port: {line.port}")
        line.add(Rule("to client", "rewrite", line=rb"UIDVALIDITY \d+", text=b"UIDVALIDITY " + number, times=None))

    return renumber


WAYS: dict[str, Renumber] = {
    "by the server": by_the_server,
    "recreated": recreated,
    "to zero": said_to_be(b"0"),
    "to a smaller number": said_to_be(b"3"),
    "to the largest number": said_to_be(b"4294967295"),
}


# Each way and each moment in the ordinary run, and where they differ most together; all of them in the long run.
ORDINARY = {
    ("by the server", "before the fetch"), ("by the server", "with new mail"), ("recreated", "before the fetch"),
    ("recreated", "after the fetch"), ("to zero", "before the fetch"), ("to zero", "before anything"),
    ("to a smaller number", "with new mail"), ("to the largest number", "after the fetch"),
}  # fmt: skip
MOMENTS = ("before the fetch", "after the fetch", "with new mail", "before anything")


@pytest.mark.parametrize(
    ("way", "moment"),
    [
        pytest.param(*case, marks=[] if case in ORDINARY else [pytest.mark.long])
        for case in itertools.product(WAYS, MOMENTS)
    ],
)
def test_each_mail_is_kept_once_whenever_the_folder_is_renumbered(
    room: Mailroom, mail: MailStack, line: FaultProxy, way: str, moment: str
) -> None:
    room.put(letter("Lunch", sender=STRANGER), "Work")
    expected = [room.put(with_pdf(letter(f"Scan {at}", reply=at % 2 == 0)), "Work") for at in range(3)]
    room.put(letter("Tea", sender=STRANGER), "Work")
    if moment != "before anything":
        room.look()
    if moment in {"after the fetch", "with new mail"}:
        room.fetch()
    if moment == "with new mail":
        expected.append(room.put(letter(reply=True), "Work"))
    WAYS[way](room, mail, line)
    if moment == "before the fetch":
        assert room.fetch() == 0  # the numbers are another's now: nothing is fetched by them
    for hours in (1, 2):
        room.pass_(NOW + timedelta(hours=hours))
    assert (sorted(room.stored()), room.pending()) == (sorted(expected), [])
    ((found,),) = room.world.rows("SELECT count(*) FROM arrivals WHERE folder = 'Work'")
    assert found == len(expected)


def test_numbers_that_come_back_are_not_taken_for_the_mails_they_once_were(
    room: Mailroom, mail: MailStack, line: FaultProxy
) -> None:
    first = room.put(letter(reply=True), "Work")
    room.pass_()
    ((validity,),) = room.world.rows("SELECT uidvalidity FROM folders WHERE folder = 'Work'")
    by_the_server(room, mail, line)
    room.pass_()
    with room.client() as client:
        client.delete_folder("Work")
    second = room.put(letter(reply=True), "Work")
    mail.doveadm("mailbox", "update", "-u", room.address, "--uid-validity", str(validity), "Work")
    room.pass_()
    assert room.stored() == [first, second]


def test_a_folder_whose_numbers_begin_again_is_looked_at_again(room: Mailroom) -> None:
    kept = [room.put(letter(f"One {at}", reply=True), "Work") for at in range(3)]
    room.pass_()
    room.by_hand("UPDATE folders SET next_uid = 90 WHERE folder = 'Work'")
    new = room.put(letter("Two", reply=True), "Work")
    room.pass_()
    assert room.stored() == [*kept, new]


def test_what_was_passed_over_at_the_first_look_is_passed_over_again_when_the_folder_is_renumbered(
    room: Mailroom, mail: MailStack, line: FaultProxy
) -> None:
    room.put(with_pdf(letter(sender=STRANGER)), "Work", FIRST_SENT - timedelta(days=300))
    room.pass_()
    by_the_server(room, mail, line)
    assert (room.pass_(), room.pending(), room.stored()) == (0, [], [])
