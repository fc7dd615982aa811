"""Mailboxes on every kind of server, with mail of ours in them and mail that looks like it.

Takes a provider by its name; leaves nothing behind. What we do goes over a line that keeps what was said and can be
cut; what a person does goes straight to the server.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path

import pytest
from imapclient import IMAPClient

from pipeline.config.practice import Server
from pipeline.edges import mailbox
from pipeline.edges.mailbox import Expected, Mailbox, Removal
from pipeline.model import OWN_HEADER
from pipeline.sandbox.server import SandboxServer
from pipeline.secret import Secret
from tests.faults.proxy import FaultProxy
from tests.faults.rules import Rule, deny, hide_capability
from tests.mailstack import dovecot_texts
from tests.mailstack.profiles import Name
from tests.mailstack.stack import MailStack

TOKEN, MESSAGE_ID = "0123456789abcdefghjk", "<0123456789abcdefghjk@practice.example>"
OURS = Expected(MESSAGE_ID, TOKEN)
NUMBERS = itertools.count(1)
# What a server lacks it neither announces nor obeys.
REFUSED = {b"UIDPLUS": b"UID EXPUNGE", b"MOVE": b"UID MOVE"}
DANGEROUS = re.compile(rb"^\S+ (?!UID)(EXPUNGE|CLOSE|STORE|DELETE|RENAME)\b", re.MULTILINE | re.IGNORECASE)
FOLDER, UIDS = r'"[^"\\]*"', r"[\d,:*]+"
SAID = (
    "CAPABILITY", "LOGOUT", r"AUTHENTICATE PLAIN( \S+)?", r'LIST "" ("\*"|\*)', f"(SELECT|EXAMINE) {FOLDER}",
    f"STATUS {FOLDER} " + r"\(UIDVALIDITY UIDNEXT\)", f"UID EXPUNGE {UIDS}", f"UID MOVE {UIDS} {FOLDER}",
    rf"UID STORE {UIDS} [+-]FLAGS.SILENT \(\\Deleted\)", rf"UID FETCH {UIDS} \(UID\)",
    rf"UID FETCH {UIDS} \(UID BODY.PEEK\[\]\)",
    rf"UID FETCH {UIDS} \(UID [A-Z0-9. ]*BODY.PEEK\[HEADER.FIELDS \([A-Z -]+\)\]<0.20000>\)",
)  # fmt: skip
SPOKEN = re.compile(rf"\S+ ({'|'.join(SAID)})|\S*".encode())
# Gmail's imitation, and its other settings: what is expunged goes to the trash, or away for good.
TO_TRASH = dovecot_texts.GMAIL.template.replace("lazy_expunge = archived/expunged", "lazy_expunge = [Gmail]/Trash")
FOR_GOOD = re.sub(r"plugin \{.*\}\n", "", dovecot_texts.GMAIL.template, flags=re.DOTALL)
ANNOUNCES_LABELS = Rule(
    "to client", "rewrite", line=rb"CAPABILITY IMAP4rev1", text=b"CAPABILITY IMAP4rev1 X-GM-EXT-1", times=None
)
# Gmail can expunge by itself what is marked: here each mark is followed by an expunge that the client does not see.
EXPUNGES_BY_ITSELF = (
    Rule(
        "to server", "rewrite", line=rb"^(\S+) UID STORE (\S+) (\+FLAGS.SILENT \(\\Deleted\))\r\n", times=None,
        text=rb"\1 UID STORE \2 \3\r\nitself UID EXPUNGE \2\r\n",
    ),
    Rule("to client", "drop", line=rb"^itself OK", times=None),
)  # fmt: skip


@dataclass(frozen=True)
class Provider:
    """One kind of server, and what becomes of a mail of ours in its Sent: `removal`."""

    removal: Removal
    profile: Name = "generic"
    lacks: tuple[bytes, ...] = ()
    rules: tuple[Rule, ...] = ()
    gmail: str | None = None
    sent: str = "Sent"
    trash: str = "Trash"
    all_mail: str | None = None


def gmail(settings: str | None = None, *rules: Rule) -> Provider:
    """Give a provider with labels; `settings` is what it does with what is expunged, None to archive it."""
    return Provider(
        Removal.REMOVED, "gmail", rules=(ANNOUNCES_LABELS, *rules), gmail=settings, sent="[Gmail]/Sent Mail",
        trash="[Gmail]/Trash", all_mail="[Gmail]/All/Mail",
    )  # fmt: skip


PROVIDERS = {
    "full": Provider(Removal.REMOVED),
    "without UIDPLUS": Provider(Removal.IN_TRASH, lacks=(b"UIDPLUS",)),
    "without MOVE": Provider(Removal.REMOVED, lacks=(b"MOVE",)),
    "without both": Provider(Removal.CANNOT, lacks=(b"UIDPLUS", b"MOVE")),
    "without SPECIAL-USE": Provider(Removal.CANNOT, "bare", lacks=(b"UIDPLUS", b"MOVE")),
    "exchange": Provider(Removal.REMOVED, "exchange", sent="Sent Items", trash="Deleted Items"),
    "gmail": gmail(),
    "gmail to the trash": gmail(TO_TRASH),
    "gmail for good": gmail(FOR_GOOD),
    "gmail by itself": gmail(None, *EXPUNGES_BY_ITSELF),
    "sandbox": Provider(Removal.REMOVED),
}


@dataclass
class Account:
    """One mailbox; `line` is how we go to it, `port` how a person does."""

    provider: Provider
    address: str
    password: str
    port: int
    line: FaultProxy

    @contextmanager
    def opened(self) -> Iterator[Mailbox]:
        """Give a fresh connection of ours."""
        server = Server(host="127.0.0.1", port=self.line.port, security="plain-on-loopback", user=self.address)
        with mailbox.opened(server, lambda: Secret(self.password)) as box:
            yield box

    @contextmanager
    def person(self, folder: str | None = None) -> Iterator[IMAPClient]:
        """Give a person's mail program, with `folder` open."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=10)
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            client.plain_login(self.address, self.password)
            if folder is not None:
                client.select_folder(folder)
            yield client
        finally:
            client.shutdown()

    def put(self, data: bytes, folder: str | None = None, flags: tuple[bytes, ...] = (b"\\Seen",)) -> int:
        """Let a mail lie in a folder, Sent if none is named; gives its UID."""
        name = folder or self.provider.sent
        with self.person() as client:
            if not client.folder_exists(name):
                client.create_folder(name)
            client.append(name, data, flags)
            client.select_folder(name, readonly=True)
            return int(max(client.search("ALL")))

    def numbering(self, folder: str | None = None) -> int:
        """Give the folder's UIDVALIDITY."""
        with self.person() as client:
            return int(client.folder_status(folder or self.provider.sent, ["UIDVALIDITY"])[b"UIDVALIDITY"])

    def remove(self, expected: dict[int, Expected], folder: str | None = None) -> dict[int, Removal]:
        """Remove from a folder, Sent if none is named, over a fresh connection."""
        name = folder or self.provider.sent
        numbering = self.numbering(name)
        with self.opened() as box:
            return mailbox.remove(box, name, numbering, expected, self.provider.trash)

    def listing(self) -> dict[str, dict[int, tuple[str, frozenset[bytes]]]]:
        """Give of every folder but that of all mail, by UID, the mail's hash and its flags."""
        with self.person() as client:
            names = [str(name) for flags, _, name in client.list_folders() if not {b"\\Noselect", b"\\All"} & {*flags}]
            return {name: held for name in names if (held := _held(client, name))}

    def holds(self, data: bytes) -> list[str]:
        """Give the folders in which a mail lies, that of all mail among them."""
        names = [*self.listing(), *([self.provider.all_mail] if self.provider.all_mail else [])]
        with self.person() as client:
            found = {name: _held(client, name) for name in names}
        return sorted(name for name, held in found.items() if hashed(data) in {one for one, _ in held.values()})

    def harmless(self) -> bool:
        """Tell whether nothing was said that could remove another's mail, nor anything but what we say."""
        said = self.line.said("to server")
        assert not DANGEROUS.findall(said), DANGEROUS.findall(said)
        odd = [line for line in said.split(b"\r\n") if not SPOKEN.fullmatch(line)]
        assert not odd, odd
        return True


def _held(client: IMAPClient, folder: str) -> dict[int, tuple[str, frozenset[bytes]]]:
    client.select_folder(folder, readonly=True)
    uids = client.search("ALL")
    held = {}
    for at in range(0, len(uids), 500):
        for uid, one in client.fetch(uids[at : at + 500], ["FLAGS", "BODY.PEEK[]"]).items():
            held[uid] = (hashed(one[b"BODY[]"]), frozenset(one[b"FLAGS"]) - {b"\\Recent"})
    return dict(sorted(held.items()))


def hashed(data: bytes) -> str:
    """Give the SHA-256 of a mail."""
    return hashlib.sha256(data).hexdigest()


class Accounts:
    """Accounts on servers that each run until the end of the module that asks for them."""

    def __init__(self, root: Path, running: ExitStack) -> None:
        """Start servers when they are first asked for; `running` stops them."""
        self._root, self._running = root, running
        self._stacks: dict[tuple[Name, str | None], MailStack] = {}

    @contextmanager
    def on(self, name: str) -> Iterator[Account]:
        """Give a fresh mailbox with that provider."""
        provider = PROVIDERS[name]
        address = f"coach{next(NUMBERS)}@practice.example"
        if name == "sandbox":
            root = self._root / address
            root.mkdir()
            with SandboxServer(root, {address: "secret"}) as server, FaultProxy(server.imap_port) as line:
                yield Account(provider, address, "secret", server.imap_port, line)
            return
        stack = self._stack(provider)
        stack.add_address(address)
        with FaultProxy(stack.imap_port) as line:
            line.add(*hide_capability(*provider.lacks), *(deny(REFUSED[one]) for one in provider.lacks))
            line.add(*provider.rules)
            yield Account(provider, address, stack.password(address), stack.imap_port, line)

    def stack(self, name: str) -> MailStack:
        """Give the servers of a provider."""
        return self._stack(PROVIDERS[name])

    def _stack(self, provider: Provider) -> MailStack:
        kind = (provider.profile, provider.gmail)
        if kind not in self._stacks:
            with pytest.MonkeyPatch.context() as patch:
                if provider.gmail is not None:
                    patch.setattr(dovecot_texts, "GMAIL", dovecot_texts.Text(provider.gmail))
                self._stacks[kind] = self._running.enter_context(MailStack([], smtp=None, profile=provider.profile))
        return self._stacks[kind]


def letter(
    token: str | None = TOKEN, message_id: str | None = MESSAGE_ID, text: str = "Dear client", **headers: str
) -> bytes:
    """Give a mail as we send it, or one like it."""
    made = EmailMessage(policy=SMTP.clone(max_line_length=400))
    made["From"], made["To"] = "coach@practice.example", "client@home.example"
    made["Subject"] = headers.pop("subject", "Your documents")
    for name, value in {"Message-ID": message_id, OWN_HEADER: token, **headers}.items():
        if value is not None:
            made[name.replace("_", "-")] = value
    made.set_content(text + "\n")
    return made.as_bytes()


@cache
def decoys() -> dict[str, tuple[bytes, tuple[bytes, ...]]]:
    """Give mail that looks like ours and is not, with its flags, by what it is."""
    quoted = "".join(f"> {line}\n" for line in letter().decode().splitlines())
    forwarding = EmailMessage(policy=SMTP)
    forwarding["From"], forwarding["Message-ID"] = "client@home.example", "<forwarded@home.example>"
    forwarding.set_content("See below.\n")
    ours = EmailMessage(policy=SMTP)
    ours[OWN_HEADER], ours["Message-ID"] = TOKEN, MESSAGE_ID
    ours.set_content("Dear client\n")
    forwarding.add_attachment(ours)
    folded = letter(None).replace(b"Subject:", f"X-Note: see\r\n {OWN_HEADER}: {TOKEN}\r\nSubject:".encode())
    twice = letter().replace(b"Subject:", f"{OWN_HEADER}: another1\r\nSubject:".encode())
    long = b"\r\nX-Google-Original-Message-ID: " + b"x" * 30_000 + b"\r\n\r\n"
    seen = (b"\\Seen",)
    return {
        "the same subject": (letter(None, "<1@elsewhere.example>"), (b"\\Flagged",)),
        "the same Message-ID without our header": (letter(None), seen),
        "our header with another Message-ID": (letter(TOKEN, "<2@elsewhere.example>"), seen),
        "our Message-ID with another's header": (letter("another1"), (*seen, b"$Work")),
        "a reply that quotes ours": (
            letter(None, "<3@home.example>", quoted, In_Reply_To=MESSAGE_ID, References=MESSAGE_ID), (b"\\Answered",),
        ),
        "ours as an attachment": (forwarding.as_bytes(), ()),
        "our header within another": (folded, seen),
        "two of our headers": (twice, seen),
        "no headers at all": (b"\r\n" + letter(), seen),
        "headers longer than are read": (letter().replace(b"\r\n\r\n", long, 1), seen),
        "marked as deleted by a person": (letter(None, "<4@home.example>"), (b"\\Deleted", b"\\Seen", b"Later")),
        "a draft marked as deleted": (letter("another2", "<5@home.example>"), (b"\\Deleted", b"\\Draft")),
    }  # fmt: skip


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """Give one server of each kind, kept for the module."""
    with ExitStack() as running:
        yield Accounts(tmp_path_factory.mktemp("accounts"), running)
