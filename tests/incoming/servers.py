"""Every kind of mail server that a practice can have, and a practice on each whose papers have gone out.

Takes a kind by its name; leaves nothing behind. The papers are printed once a run; each test sends them anew, through
its own server, into mailboxes that are as new.
"""

from __future__ import annotations

import hashlib
import shutil
import smtplib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from imapclient import IMAPClient

from pipeline.incoming import arrivals, inbox, understand
from pipeline.model import OWN_HEADER
from pipeline.practice import Practice
from pipeline.worker import utc_now
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Rule, deny, hide_capability
from tests.incoming.road import NOTES, STRANGER, Clock, Road
from tests.mailstack.profiles import Name
from tests.mailstack.stack import MailStack, Smtp
from tests.world import CLIENT, COACH, NOWHERE, SPONSOR, World, client_file

PEOPLE = (COACH, CLIENT, SPONSOR, NOTES)
GONE = "gone@home.example"  # nobody has this address
Tell = Callable[[str], None]
Listing = dict[str, object]
STEPS: dict[str, Callable[[Practice, datetime, Tell], int]] = {
    "look": inbox.look,
    "fetch": arrivals.fetch,
    "understand": understand.understand,
}


@dataclass(frozen=True)
class Kind:
    """One kind of server: the provider, what it does not know, and after which step it numbers INBOX anew."""

    profile: Name = "generic"
    smtp: Smtp = "aiosmtpd"
    lacks: tuple[bytes, ...] = ()
    renumbers: str = ""
    sent: str = "Sent"
    trash: str = "Trash"
    files_sent: bool = False
    all_mail: str | None = None

    @property
    def moves(self) -> bool:
        """Tell whether it knows MOVE."""
        return self.profile != "bare" and b"MOVE" not in self.lacks

    @property
    def idles(self) -> bool:
        """Tell whether it knows IDLE."""
        return self.profile != "bare" and b"IDLE" not in self.lacks


KINDS = {
    "generic": Kind(),
    "without UIDPLUS": Kind(lacks=(b"UIDPLUS",)),
    "without MOVE": Kind(lacks=(b"MOVE",)),
    "without SPECIAL-USE": Kind("bare"),
    "exchange": Kind("exchange", sent="Sent Items", trash="Deleted Items", files_sent=True),
    "gmail": Kind(
        "gmail", sent="[Gmail]/Sent Mail", trash="[Gmail]/Trash", files_sent=True, all_mail="[Gmail]/All/Mail"
    ),
    "renumbered after the look": Kind(renumbers="look"),
    "renumbered after the fetch": Kind(renumbers="fetch"),
    "renumbered after the reading": Kind(renumbers="understand"),
    "postfix": Kind(smtp="postfix"),
}
WITHOUT_IDLE = Kind(lacks=(b"IDLE",))
# A server that lacks these neither announces nor obeys them.
REFUSED = {b"UIDPLUS": b"UID EXPUNGE", b"MOVE": b"UID MOVE", b"IDLE": b"IDLE"}
HINTS = {b"\\Marked", b"\\UnMarked"}  # whether mail came since somebody looked
TELLS_NO_UID = Rule("to client", "rewrite", line=rb"\[(APPENDUID|COPYUID)[^\]]*\] ", text=b"", times=None)


class Servers:
    """The servers that were asked for, each running until the end, and the printed papers."""

    def __init__(self, root: Path, running: ExitStack) -> None:
        """Print below `root`; `running` stops what was started."""
        self._root, self._running = root, running
        self._stacks: dict[tuple[Name, Smtp], MailStack] = {}

    def stack(self, kind: Kind) -> MailStack:
        """Give a server of that kind; its mailboxes are as new."""
        name = (kind.profile, kind.smtp)
        if name not in self._stacks:
            made = MailStack(PEOPLE, smtp=kind.smtp, profile=kind.profile)
            self._stacks[name] = self._running.enter_context(made)
        else:
            for address in PEOPLE:
                self._stacks[name].clear(address)
        return self._stacks[name]

    def composed(self, client: str, *, copies: bool) -> Path:
        """Give the storage of a practice whose mails wait, its server being away; `copies` are to be filed in Sent."""
        root = self._root / f"{client}-{copies}"
        if not root.exists():
            root.mkdir()
            world = World(root, **({"imap": NOWHERE, "sent_copy": "append"} if copies else {}))
            world.small_templates()
            world.drop(client_file(email=client, sponsor=SPONSOR))
            world.work(lambda: utc_now() - timedelta(days=1))  # so that by now they are due again
        return root / "practice" / "storage"


@dataclass
class Served(Road):
    """One practice on a server of some kind; `told` is what its program said."""

    server: MailStack  # type: ignore[assignment]  # it gives messages() as the sandbox does, and no more is asked
    kind: Kind = field(default_factory=Kind)
    after: dict[str, Callable[[], None]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    kept: Listing | None = None

    def work(self, clock: Clock = utc_now) -> list[str]:
        """Let the program do what there is to do; between its first steps happens what the test or the server does."""
        told: list[str] = []
        with self.world.opened() as practice:
            for name, step in STEPS.items():
                step(practice, clock(), told.append)
                self.after.pop(name, lambda: None)()
                if name == self.kind.renumbers:
                    self.renumber()
        told += self.world.work(clock)
        self.told += told
        return told

    def post(self, letter: EmailMessage | bytes, sender: str = STRANGER) -> None:
        """Bring a mail to the coach's mailbox, as another provider does, and wait until it lies there."""
        data = letter if isinstance(letter, bytes) else letter.as_bytes(policy=policy.SMTP)
        before = len(self.server.messages(COACH))
        with smtplib.SMTP("127.0.0.1", self.server.smtp_port) as line:
            line.sendmail(sender, [COACH], data)
        self.server.wait_for(COACH, before + 1)

    @contextmanager
    def phone(self, folder: str = "INBOX") -> Iterator[IMAPClient]:
        """Give the coach's own mail program, with `folder` open; it goes straight to the server."""
        with self.server.imap(COACH) as client:
            client.select_folder(folder)
            yield client

    def moves_by_hand(self, target: str, mails: slice = slice(None)) -> None:
        """Let the coach move what is in INBOX, or some of it, as her mail program does on such a server."""
        with self.phone() as client:
            if not client.folder_exists(target):
                client.create_folder(target)
            uids = client.search("ALL")[mails]
            assert uids, "nothing to move"
            if self.kind.moves:
                client.move(uids, target)
            else:
                client.copy(uids, target)
                client.delete_messages(uids)
                client.expunge()

    def removes_by_hand(self) -> None:
        """Let the coach remove all that is in INBOX, for good."""
        with self.phone() as client:
            client.delete_messages(client.search("ALL"))
            client.expunge()

    def listing(self) -> Listing:
        """Give all that can be known of the coach's mailbox, but for the copies of what we sent ourselves."""
        with self.server.imap(COACH) as client:
            listed = [(set(flags) - HINTS, str(name)) for flags, _, name in client.list_folders()]
            there = {name: (flags, _held(client, name)) for flags, name in listed}
            return {**there, "subscribed": {name for *_, name in client.list_sub_folders()}}

    def changed(self) -> list[tuple[object, object, object]]:
        """Give what is not as `kept` says: folder, as it was, as it is."""
        before, now = self.kept or {}, self.listing()
        return [(at, before.get(at), now.get(at)) for at in before.keys() | now.keys() if before.get(at) != now.get(at)]

    def found(self) -> list[tuple[object, ...]]:
        """Give where mails were found: folder, and the number of the mail."""
        return self.world.rows("SELECT folder, mail FROM arrivals ORDER BY folder, uid")

    def renumber(self) -> None:
        """Make INBOX anew, the mails in another order: its numbers are all other mails' numbers now."""
        assert self.kept is None or self.changed() == []
        with self.server.imap(COACH) as client:
            client.select_folder("INBOX", readonly=True)
            held = client.fetch(client.search("ALL"), ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"])
            client.unselect_folder()
            client.rename_folder("INBOX", "Before")
            for uid in sorted(held, reverse=True):
                flags = [flag for flag in held[uid][b"FLAGS"] if flag != b"\\Recent"]
                client.append("INBOX", held[uid][b"BODY[]"], flags, held[uid][b"INTERNALDATE"])
            client.delete_folder("Before")
        self.kept = None if self.kept is None else self.listing()


def _held(client: IMAPClient, folder: str) -> tuple[object, ...]:
    """Give the number of a folder, and of each mail in it UID, flags, INTERNALDATE and the hash of its bytes."""
    if not client.folder_exists(folder) or folder.rstrip("/") in {"[Gmail]", "[Gmail]/All"}:
        return ()
    number = client.select_folder(folder, readonly=True)[b"UIDVALIDITY"]
    uids = client.search("ALL")
    told = client.fetch(uids, ["FLAGS", "INTERNALDATE", "BODY.PEEK[]"]) if uids else {}
    mails = {
        uid: (set(one[b"FLAGS"]), one[b"INTERNALDATE"], hashlib.sha256(one[b"BODY[]"]).hexdigest())
        for uid, one in told.items()
        if f"\r\n{OWN_HEADER}:".lower().encode() not in one[b"BODY[]"].partition(b"\r\n\r\n")[0].lower()
    }
    return number, mails


@contextmanager
def served(servers: Servers, kind: Kind, root: Path, client: str = CLIENT) -> Iterator[Served]:
    """Give a practice on a server of that kind; its papers have just gone out through it."""
    stack = servers.stack(kind)
    with pytest.MonkeyPatch.context() as patch, FaultProxy(stack.imap_port) as line:
        patch.setenv("SSL_CERT_FILE", stack.cafile)
        line.add(*hide_capability(*kind.lacks), *(deny(REFUSED[name]) for name in kind.lacks))
        line.add(*([TELLS_NO_UID] if b"UIDPLUS" in kind.lacks else []))
        world = _world(root, stack, kind, line.port if kind.lacks else None)
        made = servers.composed(client, copies=not kind.files_sent)
        shutil.copytree(made, world.folder / "storage", dirs_exist_ok=True)
        road = Served(world, stack, kind)
        road.told += world.work()
        stack.wait_for(SPONSOR, 1)
        if client in PEOPLE:
            stack.wait_for(client, 1)
        yield road


def _world(root: Path, stack: MailStack, kind: Kind, line: int | None) -> World:
    """Make the practice: TLS to its provider, or in clear where the line is one that takes something away."""
    tls = f"{{host: localhost, port: %d, security: tls, user: {COACH}}}"
    imap = f"{{host: 127.0.0.1, port: {line}, security: plain-on-loopback, user: {COACH}}}"
    world = World(
        root, smtp=tls % stack.submissions_port, imap=imap if line else tls % stack.imaps_port,
        sent_copy="server" if kind.files_sent else "append",
    )  # fmt: skip
    if kind.profile == "bare":
        world.change("^  sent_copy: append", f"  sent_copy: append\n  sent_folder: {kind.sent}")
    world.small_templates()
    for host in ("localhost", "127.0.0.1"):
        world.keep_password(f"{COACH}@{host}", stack.password(COACH))
    return world
