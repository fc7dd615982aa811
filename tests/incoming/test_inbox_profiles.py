"""Whatever the provider: what is an answer is kept once, wherever it was moved, and nothing else is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.edges import mailbox
from pipeline.edges.mailbox import CannotMove
from pipeline.practice import Practice
from pipeline.sandbox.server import SandboxServer
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Rule, deny, hide_capability
from tests.incoming.mailroom import NOW, Mailroom, letter, mailroom, on_stack, with_pdf
from tests.mailstack.fixtures import needs_servers
from tests.mailstack.profiles import Name
from tests.mailstack.stack import MailStack
from tests.world import COACH

pytestmark = [needs_servers, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

STRANGER = "friend@elsewhere.example"
Room = Callable[[Path], contextlib.AbstractContextManager[Mailroom]]


@contextlib.contextmanager
def provider(root: Path, name: Name) -> Iterator[Mailroom]:
    with MailStack([], smtp=None, profile=name) as stack:
        yield on_stack(root, stack)


@contextlib.contextmanager
def without(root: Path, *capabilities: bytes) -> Iterator[Mailroom]:
    """Give a server that neither announces these nor obeys them."""
    with MailStack([], smtp=None) as stack, FaultProxy(stack.imap_port) as line:
        line.add(*hide_capability(*capabilities), deny(b"UID MOVE"), deny(b"UID EXPUNGE"))
        yield on_stack(root, stack, line.port)


@contextlib.contextmanager
def without_next_uid(root: Path) -> Iterator[Mailroom]:
    """Give a server that never says which UID comes next."""
    with MailStack([], smtp=None) as stack, FaultProxy(stack.imap_port) as line:
        line.add(
            Rule("to client", "rewrite", line=rb" ?UIDNEXT \d+", text=b"", times=None),
        )
        yield on_stack(root, stack, line.port)


@contextlib.contextmanager
def sandbox(root: Path) -> Iterator[Mailroom]:
    with SandboxServer(root, {COACH: 'pass "word" \\'}) as server:
        yield mailroom(root, server.imap_port, COACH, 'pass "word" \\')


ROOMS: dict[str, Room] = {
    "generic": lambda root: provider(root, "generic"),
    "no uidplus, no move": lambda root: without(root, b"UIDPLUS", b"MOVE"),
    "no next uid": without_next_uid,
    "bare": lambda root: provider(root, "bare"),
    "gmail": lambda root: provider(root, "gmail"),
    "exchange": lambda root: provider(root, "exchange"),
    "sandbox": sandbox,
}
SENT = {"gmail": "[Gmail]/Sent Mail", "exchange": "Sent Items"}


@pytest.mark.parametrize("profile", ROOMS)
def test_each_answer_is_kept_once_wherever_it_lies(profile: str, tmp_path: Path) -> None:
    with ROOMS[profile](tmp_path) as room:
        assert room.pass_() == 0
        expected = [room.put(with_pdf(letter(reply=True))), room.put(with_pdf(letter("Scan", sender=STRANGER)))]
        room.put(letter("Lunch", sender=STRANGER))
        room.put(letter("In Sent", reply=True, sender=COACH), SENT.get(profile, "Sent"))
        assert room.pass_() >= len(expected)
        moved = [room.put(letter(f"Moved {at}", reply=True)) for at in range(2)]
        _sort_by_hand(room, b"Moved 0", "Cliënten")
        room.look()
        _sort_by_hand(room, b"Moved 1", "Cliënten")
        for hours in (1, 2, 200):
            room.pass_(NOW + timedelta(hours=hours))
        kept = [one for one in room.stored() if b"In Sent" not in one]
        assert sorted(kept) == sorted([*expected, *moved])
        assert (len(kept), room.pending()) == (len(set(kept)), [])
        # What the coach wrote herself may be found among all mail, and nowhere else.
        assert profile == "gmail" or kept == room.stored()
        assert room.pass_(NOW + timedelta(hours=300)) == 0


def _sort_by_hand(room: Mailroom, subject: bytes, folder: str) -> None:
    """Move the mail with that subject as a mail program does that knows no MOVE."""
    with room.client() as client:
        if not client.folder_exists(folder):
            client.create_folder(folder)
        client.select_folder("INBOX")
        found = client.search(["SUBJECT", subject.decode()])
        assert len(found) == 1
        client.copy(found, folder)
        client.delete_messages(found)
        client.expunge()


@contextlib.contextmanager
def opened(practice: Practice) -> Iterator[mailbox.Mailbox]:
    server = practice.file.mail.imap
    assert server is not None
    with mailbox.opened(server, lambda: practice.secret_of(server)) as box:
        yield box


@pytest.mark.parametrize("profile", ["generic", "gmail", "exchange", "sandbox"])
def test_a_mail_is_marked_and_moved_by_its_number_and_no_other_is_touched(profile: str, tmp_path: Path) -> None:
    with ROOMS[profile](tmp_path) as room:
        first, second = room.put(letter("One")), room.put(letter("Two"))
        with room.client() as client:
            client.create_folder("Done")
            client.select_folder("INBOX")
            client.add_flags([1], [b"\\Deleted"])
        with room.world.opened() as practice, opened(practice) as box:
            at = box.examine("INBOX").uidvalidity
            assert box.mark("INBOX", at, 2, "\\Flagged") and box.move("INBOX", at, 2, "Done")
            assert not box.move("INBOX", at, 2, "Done")
            assert not box.mark("INBOX", at + 1, 1, "\\Seen") and not box.move("INBOX", at + 1, 1, "Done")
            assert not box.mark("Nowhere", at, 1, "\\Seen")
        with room.client() as client:
            client.select_folder("Done")
            ((done),) = client.fetch("1", ["FLAGS", "BODY.PEEK[]"]).values()
            assert (done[b"BODY[]"], b"\\Flagged" in done[b"FLAGS"]) == (second, True)
            client.select_folder("INBOX")
            ((left),) = client.fetch("1", ["FLAGS", "BODY.PEEK[]"]).values()
            assert (left[b"BODY[]"], set(left[b"FLAGS"]) - {b"\\Recent"}) == (first, {b"\\Deleted"})


@pytest.mark.parametrize("profile", ["bare", "no uidplus, no move"])
def test_a_server_that_cannot_move_is_not_made_to_copy_and_remove(profile: str, tmp_path: Path) -> None:
    with ROOMS[profile](tmp_path) as room:
        data = room.put(letter("One"))
        with room.client() as client:
            client.create_folder("Done")
        with room.world.opened() as practice, opened(practice) as box:
            at = box.examine("INBOX").uidvalidity
            with pytest.raises(CannotMove, match="take `move` out of the rules"):
                box.move("INBOX", at, 1, "Done")
        with room.client() as client:
            client.select_folder("INBOX")
            assert [one[b"BODY[]"] for one in client.fetch("1", ["BODY.PEEK[]"]).values()] == [data]
            assert client.select_folder("Done")[b"EXISTS"] == 0


def test_a_move_to_a_folder_that_there_is_not_is_refused_in_words(tmp_path: Path) -> None:
    with ROOMS["sandbox"](tmp_path) as room:
        room.put(letter("One"))
        with room.world.opened() as practice, opened(practice) as box:
            at = box.examine("INBOX").uidvalidity
            with pytest.raises(CannotMove):
                box.move("INBOX", at, 1, "Nowhere")
            with pytest.raises(CannotMove):
                box.mark("INBOX", at, 1, "\\Seen) X")
