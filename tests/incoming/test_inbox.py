"""What comes in is found once, kept as it came, and leaves no trace in the mailbox nor of other people's mail."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import tokens
from pipeline.edges import ledger
from pipeline.errors import ConfigError, NotReachable
from pipeline.incoming import arrivals, inbox
from pipeline.steps import pause
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Rule
from tests.incoming.mailroom import (
    FIRST_SENT,
    NOW,
    OURS,
    Mailroom,
    everything,
    has_sent,
    letter,
    on_stack,
    with_pdf,
)
from tests.mailstack.fixtures import needs_servers
from tests.mailstack.stack import MailStack
from tests.world import CLIENT, World

pytestmark = [needs_servers, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

STRANGER = "friend@elsewhere.example"


@pytest.fixture
def line(mail: MailStack) -> Iterator[FaultProxy]:
    """Give a line to the mailboxes that can be broken."""
    with FaultProxy(mail.imap_port) as running:
        yield running


@pytest.fixture
def room(tmp_path: Path, mail: MailStack) -> Mailroom:
    """Give a practice with a fresh mailbox."""
    return on_stack(tmp_path, mail)


@pytest.fixture
def breakable(tmp_path: Path, mail: MailStack, line: FaultProxy) -> Mailroom:
    """Give a practice with a fresh mailbox, at the end of a line that can be broken."""
    return on_stack(tmp_path, mail, line.port)


def days(many: float) -> timedelta:
    return timedelta(days=many)


def test_a_reply_is_kept_byte_for_byte_once_and_the_ledger_says_so(room: Mailroom) -> None:
    room.look()
    data = room.put(with_pdf(letter(reply=True)))
    assert (room.look(), room.fetch(), room.stored()) == (1, 1, [data])
    assert (room.look(), room.fetch(), room.pass_(NOW + days(1)), room.stored()) == (0, 0, 0, [data])
    ((seal, state),) = room.world.rows("SELECT seal, state FROM mails")
    assert state == "stored"
    with room.world.opened() as practice:
        assert seal == tokens.seal(practice.key, hashlib.sha256(data).hexdigest())
    rows = room.world.rows("SELECT number, entry, hash FROM ledger")
    assert [entry for _, entry, _ in rows if "mail.stored" in str(entry) and str(seal) in str(entry)]
    assert ledger.verify(rows) == []  # type: ignore[arg-type]  # rows as they are in the table


def test_of_mail_that_cannot_matter_nothing_is_kept(room: Mailroom) -> None:
    room.look()
    room.put(letter("Lunch with Robin", sender=STRANGER))
    room.put(with_pdf(letter("Our newsletter", sender=STRANGER, List_Id="<news.elsewhere.example>")))
    assert (room.look(), room.fetch(), room.pending(), room.stored()) == (0, 0, [], [])
    kept = b"".join(path.read_bytes() for path in (room.world.folder / "storage").rglob("*") if path.is_file())
    assert b"Robin" not in kept and STRANGER.encode() not in kept


def test_a_paper_from_a_stranger_and_a_bounce_are_kept(room: Mailroom) -> None:
    room.look()
    scan = room.put(with_pdf(letter("Scan", sender=STRANGER)))
    bounce = room.put(letter("Undelivered Mail Returned to Sender", sender="MAILER-DAEMON@mx.example"))
    assert (room.pass_(), room.stored()) == (2, [scan, bounce])


def test_the_mailbox_stays_exactly_as_it_was(room: Mailroom) -> None:
    flags: list[tuple[bytes, ...]] = [(), (b"\\Seen",), (b"\\Flagged", b"\\Deleted"), (b"$Label1",)]
    for number, some in enumerate(flags):
        room.put(with_pdf(letter(f"Scan {number}", reply=True)), flags=some, at=FIRST_SENT - days(number))
        room.put(letter("Lunch", sender=STRANGER), flags=some)
    with room.client() as client:
        before = everything(client, "INBOX")
        assert (room.pass_(), room.pass_(NOW + days(1))) == (4, 0)
        assert everything(client, "INBOX") == before


@pytest.mark.parametrize("flags", [(), (b"\\Seen",), (b"\\Seen", b"\\Answered", b"\\Deleted")])
@pytest.mark.parametrize("age", [0, 4000])
def test_neither_read_nor_old_makes_a_mail_that_comes_later_less_new(
    room: Mailroom, flags: tuple[bytes, ...], age: int
) -> None:
    room.look()
    data = room.put(with_pdf(letter(sender=STRANGER)), flags=flags, at=NOW - days(age))
    assert (room.pass_(), room.stored()) == (1, [data])


def test_a_mail_that_was_moved_before_we_woke_is_found_where_it_lies(room: Mailroom) -> None:
    room.look()
    data = room.put(letter(reply=True), folder='Cliënten & zo/"Jansen" \\ \'S')
    assert (room.pass_(), room.stored()) == (1, [data])


def test_a_mail_that_is_moved_between_look_and_fetch_is_kept_once(room: Mailroom) -> None:
    data = room.put(letter(reply=True))
    assert room.look() == 1
    with room.client() as client:
        client.select_folder("INBOX")
        client.move(client.search("ALL"), "Archive")
    assert (room.fetch(), room.pending()) == (0, [])
    assert (room.pass_(), room.stored(), room.pass_()) == (1, [data], 0)


def test_a_mail_that_is_thrown_away_between_look_and_fetch_is_let_go(room: Mailroom) -> None:
    room.put(letter(reply=True))
    rest = room.put(letter(reply=True))
    assert room.look() == 2
    with room.client() as client:
        client.select_folder("INBOX")
        client.delete_messages([1])
        client.uid_expunge([1])
    assert (room.fetch(), room.pending(), room.stored()) == (1, [], [rest])


def test_the_same_bytes_in_two_folders_are_one_mail(room: Mailroom) -> None:
    data = room.put(letter(reply=True))
    room.put(data, "Archive")
    room.pass_()
    assert room.stored() == [data]
    assert room.world.rows("SELECT folder FROM arrivals WHERE mail = 1 ORDER BY folder") == [("Archive",), ("INBOX",)]


def test_what_lies_in_sent_drafts_and_trash_is_not_looked_at(room: Mailroom) -> None:
    for folder in ("Sent", "Drafts", "Trash", "Verzonden items", "Oud/Prullenbak"):
        room.put(letter(reply=True), folder)
    assert (room.pass_(), room.pending()) == (0, [])
    junk = room.put(letter(reply=True), "Junk")
    assert (room.pass_(), room.stored()) == (1, [junk])


def test_the_first_look_takes_what_can_be_an_answer_and_passes_over_what_is_older_than_our_first_mail(
    room: Mailroom,
) -> None:
    long_ago = FIRST_SENT - days(400)
    expected = [
        room.put(letter(sender=CLIENT), at=long_ago),
        room.put(letter(sender=STRANGER, References=f"<a@b.example> {OURS}"), at=long_ago),
        room.put(with_pdf(letter(sender=STRANGER)), at=FIRST_SENT - days(6)),
    ]
    room.put(with_pdf(letter(sender=STRANGER)), at=long_ago)
    room.put(letter("Undelivered Mail Returned to Sender", sender="MAILER-DAEMON@mx.example"), at=long_ago)
    assert (room.pass_(), room.stored()) == (3, expected)


def test_a_practice_that_has_sent_nothing_starts_from_here(tmp_path: Path, mail: MailStack) -> None:
    room = on_stack(tmp_path, mail)
    room.by_hand("UPDATE messages SET first_tried_at = NULL")
    room.put(with_pdf(letter(sender=CLIENT)))
    assert (room.pass_(), room.pending()) == (0, [])
    room.by_hand("UPDATE messages SET first_tried_at = ?", FIRST_SENT.isoformat())
    data = room.put(letter(reply=True))
    assert (room.pass_(), room.stored()) == (1, [data])


def test_a_poll_with_nothing_new_opens_no_folder(breakable: Mailroom, line: FaultProxy) -> None:
    breakable.put(letter(reply=True))
    breakable.pass_()
    asked = len(line.said("to server"))
    assert breakable.pass_() == 0
    since = line.said("to server")[asked:]
    assert b"STATUS" in since and not [word for word in (b"SELECT", b"EXAMINE", b"FETCH") if word in since]


def test_only_what_can_matter_is_downloaded(breakable: Mailroom, line: FaultProxy) -> None:
    breakable.look()
    for number in range(3):
        breakable.put(with_pdf(letter(f"News {number}", sender=STRANGER, List_Id="<n.example>")))
        breakable.put(letter("Lunch", sender=STRANGER))
    data = breakable.put(with_pdf(letter(reply=True)))
    asked, heard = len(line.said("to server")), len(line.said("to client"))
    breakable.pass_()
    since = line.said("to server")[asked:]
    assert since.count(b"BODY.PEEK[]") == 1 and b"BODYSTRUCTURE" not in since
    assert len(line.said("to client")) - heard < 8_000 + len(data)


def test_a_mail_that_is_too_large_is_shown_once_and_left_where_it_is(room: Mailroom) -> None:
    big = room.put(with_pdf(letter("Scan of everything", sender="Sänne <sanne@home.example>"), b"x" * 31_000_000))
    assert len(big) > arrivals.LARGEST
    small = room.put(letter(reply=True))
    assert (room.pass_(), room.stored(), room.pass_(NOW + days(9))) == (1, [small], 0)
    ((what, reasons, state),) = room.world.rows("SELECT what, reasons, state FROM attention")
    assert (what, state) == ("arrival", "open")
    assert all(part in str(reasons) for part in ("mail_too_large", "INBOX", "42 MB", "Sänne", "2026-11-05"))


def no_bodies(uid: int, times: int | None) -> Rule:
    """Give a server that does not give the body of one message."""
    ask = rb"^(\S+) UID FETCH %d \(UID BODY\.PEEK\[\]\)\r\n" % uid
    return Rule("to server", "reply", line=ask, text=rb"\1 NO The message could not be converted\r\n", times=times)


def test_a_mail_that_cannot_be_fetched_holds_up_no_other_and_is_shown_in_the_end(
    breakable: Mailroom, line: FaultProxy
) -> None:
    stubborn, other = breakable.put(letter(reply=True)), breakable.put(letter(reply=True))
    line.add(no_bodies(1, None))
    now = NOW
    for attempt in range(1, 9):
        assert breakable.world.rows("SELECT 1 FROM attention") == []
        breakable.pass_(now)
        assert breakable.pending() == [("INBOX", attempt, None)]
        assert breakable.pass_(now + pause(attempt - 1) - timedelta(seconds=1)) == 0
        assert breakable.pending() == [("INBOX", attempt, None)]
        now += pause(attempt - 1)
    assert breakable.stored() == [other]
    ((reasons,),) = breakable.world.rows("SELECT reasons FROM attention WHERE state = 'open'")
    assert "cannot_fetch" in str(reasons)
    breakable.pass_(now)
    assert len(breakable.world.rows("SELECT 1 FROM attention")) == 1
    line.behave()
    assert (breakable.pass_(now + days(1)), breakable.stored()) == (1, [other, stubborn])
    assert breakable.world.rows("SELECT state, decision FROM attention") == [("settled", "fetched")]


def test_the_pause_doubles_from_a_minute_to_four_hours() -> None:
    assert [pause(tries) for tries in (0, 1, 2, 7, 8, 500)] == [
        timedelta(minutes=minutes) for minutes in (1, 2, 4, 128, 240, 240)
    ]


def test_a_mail_whose_structure_the_server_cannot_tell_is_looked_at_rather_than_missed(
    breakable: Mailroom, line: FaultProxy
) -> None:
    breakable.look()
    one, two = (breakable.put(with_pdf(letter(f"Scan {at}", sender=STRANGER))) for at in range(2))
    breakable.put(letter("Lunch", sender=STRANGER))
    line.add(Rule("to client", "rewrite", line=rb"BODYSTRUCTURE \(.*\)\)\r\n", text=b'BODYSTRUCTURE (")\r\n', times=2))
    assert (breakable.pass_(), breakable.stored()) == (2, [one, two])


@pytest.mark.parametrize("answer", [rb"\1 OK done\r\n", rb"\1 NO not now\r\n"])
def test_a_server_that_tells_nothing_of_the_new_mail_loses_none(
    breakable: Mailroom, line: FaultProxy, answer: bytes
) -> None:
    breakable.look()
    one, two = breakable.put(letter(reply=True)), breakable.put(letter("Lunch", sender=STRANGER))
    ask = rb"^(\S+) UID FETCH \S+ \(UID RFC822.SIZE.*\r\n"
    line.add(Rule("to server", "reply", line=ask, text=answer, times=None))
    with contextlib.suppress(NotReachable):
        breakable.pass_()
    line.behave()
    breakable.pass_(NOW + days(1))
    assert one in breakable.stored() and set(breakable.stored()) <= {one, two}


def test_a_folder_that_cannot_be_opened_does_not_hide_the_others_and_is_told_once(
    breakable: Mailroom, line: FaultProxy
) -> None:
    with breakable.client() as client:
        client.create_folder("Aaa")
    data = breakable.put(letter(reply=True), "Zzz")
    line.add(Rule("to server", "reply", line=rb"^(\S+) EXAMINE \"Aaa.*\r\n", text=rb"\1 NO denied\r\n", times=None))
    with breakable.world.opened() as practice:
        for _ in range(3):
            inbox.look(practice, NOW, breakable.told.append)
            arrivals.fetch(practice, NOW, breakable.told.append)
    assert (breakable.stored(), breakable.told) == ([data], [inbox.CLOSED])


def test_the_folders_to_look_in_can_be_named(room: Mailroom) -> None:
    room.world.change("^  sent_copy: none", '  sent_copy: none\n  mappen: [inbox, "Cliënten"]')
    one, two = room.put(letter(reply=True)), room.put(letter(reply=True), "Cliënten")
    room.put(letter(reply=True), "Archive")
    assert (room.pass_(), room.stored()) == (2, [two, one])


def test_a_named_folder_that_there_is_not_is_told_with_those_there_are(room: Mailroom) -> None:
    room.world.change("^  sent_copy: none", "  sent_copy: none\n  folders: [INBOX, Klanten]")
    with pytest.raises(ConfigError, match=r"there is no folder Klanten; there are: .*INBOX"):
        room.look()


def test_a_folder_that_got_another_name_is_followed(room: Mailroom) -> None:
    data = room.put(letter(reply=True), "Jansen")
    room.look()
    with room.client() as client:
        client.rename_folder("Jansen", "Afgerond")
    room.look()
    assert room.pending() == [("Afgerond", 0, None)]
    assert (room.fetch(), room.stored()) == (1, [data])
    assert ("Jansen",) not in room.world.rows("SELECT folder FROM folders")


def test_without_a_mailbox_there_is_nothing_to_look_in(tmp_path: Path) -> None:
    world: World = has_sent(World(tmp_path))
    with world.opened() as practice:
        assert (inbox.look(practice, NOW, print), arrivals.fetch(practice, NOW, print)) == (0, 0)
