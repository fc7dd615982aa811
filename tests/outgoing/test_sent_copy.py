"""Exactly one copy in Sent, whatever breaks (P2); evidence about doubts; the rest of the mailbox untouched (P6)."""

from __future__ import annotations

import gc
import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.outgoing.sending.sent_copy import NO_SENT
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Rule, lost_ack, lost_imap_ok
from tests.faults.scripted import ScriptedSmtp
from tests.mailstack.fixtures import needs_servers
from tests.mailstack.profiles import Name
from tests.mailstack.stack import MailStack
from tests.outgoing.prepared import Order, Shelf, after, by_hand, fates, frozen, lines, opened, plain
from tests.world import CLIENT, COACH, SPONSOR, World

# Until a dead line is closed properly (see the test of that), its socket is left to the garbage collector.
pytestmark = [needs_servers, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

NUMBERS = itertools.count(1)
PRIVATE = b"From: <friend@home.example>\r\nMessage-ID: <%d@home.example>\r\nSubject: Lunch\r\n\r\nAt one?\r\n"


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """Let what a test leaves open be closed within that test."""
    yield
    gc.collect()


@pytest.fixture
def coach(mail: MailStack) -> str:
    """Give the coach a fresh mailbox."""
    address = f"coach{next(NUMBERS)}@practice.example"
    mail.add_address(address)
    return address


@pytest.fixture
def imap(mail: MailStack) -> Iterator[FaultProxy]:
    """Give a line to the mailboxes that can be cut."""
    with FaultProxy(mail.imap_port) as running:
        yield running


@pytest.fixture
def copying(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, imap: FaultProxy, mail: MailStack, coach: str) -> World:
    """Give a practice with one mail that waits, which appends a copy to Sent through `imap`."""
    return with_mailbox(
        shelf.world(tmp_path, smtp=plain(server), imap=box(imap.port, coach), sent_copy="append"), mail, coach
    )


def box(port: int, user: str) -> str:
    """Give the mapping for practice.yaml of a mailbox on this computer."""
    return f"{{host: 127.0.0.1, port: {port}, security: plain-on-loopback, user: {user}}}"


def with_mailbox(world: World, stack: MailStack, user: str) -> World:
    """Keep the password of a mailbox, on both names of this computer."""
    for host in ("127.0.0.1", "localhost"):
        world.keep_password(f"{user}@{host}", stack.password(user))
    return world


def copies(world: World) -> list[object]:
    """Give the states of the copies."""
    return [row[0] for row in world.rows("SELECT copy_state FROM messages ORDER BY rowid")]


def everything(stack: MailStack, user: str, folder: str) -> dict[int, tuple[object, ...]]:
    """Give all that can be known of a folder's mails."""
    with stack.imap(user) as client:
        client.select_folder(folder, readonly=True)
        held = client.fetch(client.search("ALL"), ["FLAGS", "INTERNALDATE", "BODY.PEEK[]"])
        return {
            uid: (set(one[b"FLAGS"]) - {b"\\Recent"}, one[b"INTERNALDATE"], one[b"BODY[]"]) for uid, one in held.items()
        }


def one_copy(world: World, stack: MailStack, user: str, folder: str = "Sent") -> None:
    """Check that there is one copy, the frozen bytes and read, and that further passes add none."""
    with opened(world) as work:
        for hours in (1, 2, 200):
            work(after(hours=hours))
    ((flags, _, data),) = everything(stack, user, folder).values()
    assert (b"\\Seen" in flags, data) == (True, frozen(world)[CLIENT].read_bytes())  # type: ignore[operator]  # a set
    assert copies(world) == ["filed"]


def test_a_sent_mail_has_one_copy_in_sent_and_it_is_read(copying: World, mail: MailStack, coach: str) -> None:
    copying.work(after())
    assert copies(copying) == ["filed"]
    one_copy(copying, mail, coach)


@pytest.mark.parametrize("action", ["reset", "close"])
def test_a_copy_whose_answer_was_lost_is_found_and_not_filed_again(
    copying: World, imap: FaultProxy, mail: MailStack, coach: str, action: str
) -> None:
    imap.add(lost_imap_ok(b"APPEND", action=action))  # type: ignore[arg-type]  # parametrised strings
    copying.work(after())
    assert (copies(copying), len(mail.messages(coach, "Sent"))) == (["appending"], 1)
    one_copy(copying, mail, coach)


def test_a_connection_to_the_mailbox_that_broke_is_closed(copying: World, imap: FaultProxy) -> None:
    imap.add(lost_imap_ok(b"APPEND"))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        copying.work(after())
        gc.collect()
    assert not [str(one.message) for one in seen if one.category is ResourceWarning]


@pytest.mark.parametrize("place", [0, 1, 30, 60, 1000, 5000])
def test_a_copy_that_was_cut_on_its_way_is_filed_later(
    copying: World, imap: FaultProxy, mail: MailStack, coach: str, place: int
) -> None:
    imap.add(Rule("to server", "close", at_byte=place, after=rb"^\+ OK"))
    copying.work(after())
    assert (copying.states(), copies(copying)) == (["accepted"], ["appending"])
    one_copy(copying, mail, coach)


@pytest.mark.parametrize("there", [True, False])
def test_a_crash_between_the_copy_and_its_record_leaves_one_copy(
    copying: World, mail: MailStack, coach: str, *, there: bool
) -> None:
    copying.work(after())
    by_hand(copying, "UPDATE messages SET copy_state = 'appending'")
    if not there:
        mail.clear(coach)
    one_copy(copying, mail, coach)


@pytest.mark.parametrize("wish", ["none", "server"])
def test_where_no_copy_of_ours_is_wanted_nothing_is_filed(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, mail: MailStack, coach: str, wish: str
) -> None:
    world = shelf.world(tmp_path, smtp=plain(server), imap=box(mail.imap_port, coach), sent_copy=wish)
    with_mailbox(world, mail, coach).work(after())
    assert (world.states(), copies(world)) == (["accepted"], ["none"])
    assert mail.messages(coach, "Sent") == []


@pytest.mark.parametrize("folder", ["Verzonden items", "Gesendete Objekte", "Envoyés & reçus"])
def test_a_sent_folder_by_another_name_is_taken_as_configured(
    copying: World, mail: MailStack, coach: str, folder: str
) -> None:
    with mail.imap(coach) as client:
        client.create_folder(folder)
    copying.change("^  sent_copy: append", f'  sent_copy: append\n  sent_folder: "{folder}"')
    one_copy(copying, mail, coach, folder)
    assert mail.messages(coach, "Sent") == []


def test_a_sent_folder_that_does_not_exist_is_told_and_mended(copying: World, mail: MailStack, coach: str) -> None:
    copying.change("^  sent_copy: append", "  sent_copy: append\n  sent_folder: Verzonden")
    told = copying.work(after())
    assert any("Verzonden" in line for line in told)
    copying.change("^  sent_folder: Verzonden", "  sent_folder: Sent")
    one_copy(copying, mail, coach)


def test_a_server_that_does_not_name_its_sent_folder_is_told_what_to_write(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    with MailStack([COACH], smtp=None, profile="bare") as stack:
        world = shelf.world(tmp_path, smtp=plain(server), imap=box(stack.imap_port, COACH), sent_copy="append")
        told = with_mailbox(world, stack, COACH).work(after())
        assert NO_SENT in told
        assert (world.states(), copies(world), stack.messages(COACH, "Sent")) == (["accepted"], ["wanted"], [])
        assert [line.attention for line in lines(world, after(hours=2)) if line.what.startswith("mail")] == [True]
        world.change("^  sent_copy: append", "  sent_copy: append\n  sent_folder: Sent")
        one_copy(world, stack, COACH)


def test_a_mailbox_that_is_away_holds_up_no_mail(copying: World, imap: FaultProxy, mail: MailStack, coach: str) -> None:
    imap.refuse()
    copying.work(after())
    assert (copying.states(), copies(copying)) == (["accepted"], ["wanted"])
    imap.take_again()
    one_copy(copying, mail, coach)


def test_a_copy_whose_bytes_are_gone_does_not_hold_up_the_others(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, imap: FaultProxy, mail: MailStack, coach: str
) -> None:
    order = Order(sponsored=True, copies=True)
    world = shelf.world(tmp_path, smtp=plain(server), imap=box(imap.port, coach), sent_copy="append", order=order)
    imap.refuse()
    with_mailbox(world, mail, coach).work(after())
    frozen(world)[SPONSOR].unlink()
    imap.take_again()
    world.work(after(hours=1))
    assert len(mail.messages(coach, "Sent")) == 1


def test_the_coachs_other_mails_stay_as_they_were(
    copying: World, imap: FaultProxy, mail: MailStack, coach: str
) -> None:
    ((token, message_id),) = copying.rows("SELECT token, message_id FROM messages")
    quoting = PRIVATE + f"> X-Pipeline-Token: {token}\r\n".encode()
    same_id = PRIVATE.replace(b"<%d@home.example>", str(message_id).encode())
    with mail.imap(coach) as client:
        for number, flags in enumerate([(), (b"\\Seen",), (b"\\Flagged", b"\\Deleted"), (b"$Label1",)]):
            for folder in ("INBOX", "Sent"):
                client.append(folder, PRIVATE % number, flags)
        for folder in ("INBOX", "Sent"):
            client.append(folder, quoting % 8)
            client.append(folder, same_id)
    inbox, sent = everything(mail, coach, "INBOX"), everything(mail, coach, "Sent")
    imap.add(lost_imap_ok(b"APPEND"))
    for hours in (0, 1, 2):
        copying.work(after(hours=hours))
    later = everything(mail, coach, "Sent")
    assert everything(mail, coach, "INBOX") == inbox
    assert {uid: later[uid] for uid in sent} == sent
    assert (len(later), copies(copying)) == (len(sent) + 1, ["filed"])
    assert not [word for word in (b"EXPUNGE", b"CLOSE", b"STORE", b"MOVE") if word in imap.said("to server")]


def filing_itself(shelf: Shelf, root: Path, stack: MailStack, submission: FaultProxy) -> World:
    """Give a practice at a provider that files sent mail by itself, whose answer to the dot is lost once."""
    submission.add(lost_ack())
    smtp = f"{{host: localhost, port: {submission.port}, security: tls, user: {COACH}}}"
    return with_mailbox(
        shelf.world(root, smtp=smtp, imap=box(stack.imap_port, COACH), sent_copy="server"), stack, COACH
    )


@pytest.mark.parametrize(
    ("profile", "sent"),
    [
        ("gmail", "[Gmail]/Sent Mail"),
        ("exchange", "Sent Items"),
    ],
)  # fmt: skip
def test_a_doubt_about_a_mail_that_the_provider_filed_resolves_by_itself(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: Name, sent: str
) -> None:
    with (
        MailStack([COACH, CLIENT], smtp="aiosmtpd", profile=profile) as stack,
        FaultProxy(stack.submissions_port, tls_to=stack.tls()) as submission,
    ):
        monkeypatch.setenv("SSL_CERT_FILE", submission.cafile)
        world = filing_itself(shelf, tmp_path, stack, submission)
        if profile == "exchange":
            world.change("^  sent_copy: server", f"  sent_copy: server\n  sent_folder: {sent}")
        world.work(after())
        world.work(after(hours=1))
        assert (world.states(), len(stack.messages(CLIENT)), len(stack.messages(COACH, sent))) == (["accepted"], 1, 1)
        assert len(world.rows("SELECT * FROM obligations WHERE state = 'awaited'")) == 2


@pytest.mark.parametrize("accept", [True, False])
def test_a_mailbox_without_the_mail_resolves_no_doubt(
    copying: World, server: ScriptedSmtp, mail: MailStack, coach: str, *, accept: bool
) -> None:
    ((message_id,),) = copying.rows("SELECT message_id FROM messages")
    mail.clear(coach)
    with mail.imap(coach) as client:
        client.append("Sent", PRIVATE.replace(b"<%d@home.example>", str(message_id).encode()))
    server.at("dot", drop="reset", accept=accept, times=1)
    for hours in (0, 1, 300):
        copying.work(after(hours=hours))
        assert fates(copying) == {CLIENT: "in_doubt"}
    assert (len(server.accepted), len(mail.messages(coach, "Sent"))) == (accept, 1)
