"""A practice that has sent one mail, a mailbox of its own to answer into, and the letters that come.

The mail that was sent is only a row here: these tests are about what comes in.
"""

from __future__ import annotations

import itertools
import json
import socket
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from imapclient import IMAPClient

from pipeline.incoming import arrivals, inbox
from pipeline.practice import Practice
from tests.mailstack.stack import MailStack
from tests.world import CLIENT, COACH, World

FIRST_SENT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NOW = FIRST_SENT + timedelta(days=3)
DOSSIER, TOKEN = "K7Q4-MX2P", "0123456789abcdefghjk"
OURS = f"<{TOKEN}@practice.example>"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 60
NUMBERS = itertools.count(1)


def letter(
    subject: str = "Re: Documents", *, sender: str = CLIENT, reply: bool = False, **headers: str
) -> EmailMessage:
    """Give a short mail to the coach; a reply names our Message-ID."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, COACH, subject
    made["Message-ID"] = f"<letter{next(NUMBERS)}@home.example>"
    if reply:
        made["In-Reply-To"] = OURS
    for name, text in headers.items():
        made[name.replace("_", "-")] = text
    made.set_content("Dear coach,\n\nhere it is.\n")
    return made


def with_pdf(made: EmailMessage, data: bytes = PDF, name: str = "scan.pdf") -> EmailMessage:
    """Attach a paper."""
    made.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return made


def raw(made: EmailMessage) -> bytes:
    """Give a mail as it travels."""
    return made.as_bytes(policy=made.policy.clone(linesep="\r\n"))


def has_sent(world: World, *, first: datetime | None = FIRST_SENT) -> World:
    """Record that one mail went to the client; tried at `first`, None when it still waits."""
    with world.opened() as practice, practice.database.transaction():
        at = FIRST_SENT.isoformat()
        practice.database.run("INSERT INTO dossiers VALUES (?, 'k', '2026-1', ?)", DOSSIER, at)
        practice.database.run(
            "INSERT INTO requests (dossier, revision, sha256, facts, state, accepted_at)"
            " VALUES (?, 1, 's', ?, 'composed', ?)", DOSSIER, json.dumps({"client": {"email": CLIENT}}), at,
        )  # fmt: skip
        practice.database.run(
            "INSERT INTO messages (token, dossier, revision, party, kinds, recipient, message_id, sha256, state,"
            " next_at, queued_at, first_tried_at, copy_state)"
            " VALUES (?, ?, 1, 'client', 'quote,consent', ?, ?, 's', 'accepted', ?, ?, ?, 'none')",
            TOKEN, DOSSIER, CLIENT, OURS, at, at, first.isoformat() if first else None,
        )  # fmt: skip
    return world


@dataclass
class Mailroom:
    """A practice, its mailbox, and what it was told; the coach's own mail program goes straight to `port`."""

    world: World
    host: str
    port: int
    address: str
    password: str
    told: list[str] = field(default_factory=list)

    def client(self) -> IMAPClient:
        """Give the coach's own mail program: a connection that is logged in."""
        made = IMAPClient(self.host, self.port, ssl=False, timeout=10)
        made.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.plain_login(self.address, self.password)
        return made

    def put(
        self, made: EmailMessage | bytes, folder: str = "INBOX", at: datetime = NOW, flags: tuple[bytes, ...] = ()
    ) -> bytes:
        """Let a mail lie in a folder, as it came at that time; gives its bytes."""
        data = raw(made) if isinstance(made, EmailMessage) else made
        with self.client() as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            client.append(folder, data, flags, at)
        return data

    def look(self, now: datetime = NOW) -> int:
        """Look once."""
        with self.world.opened() as practice:
            return inbox.look(practice, now, self.told.append)

    def fetch(self, now: datetime = NOW) -> int:
        """Fetch once."""
        with self.world.opened() as practice:
            return arrivals.fetch(practice, now, self.told.append)

    def pass_(self, now: datetime = NOW) -> int:
        """Look and fetch; gives how many mails were stored."""
        with self.world.opened() as practice:
            return one_pass(practice, now, self.told)

    def stored(self) -> list[bytes]:
        """Give the bytes of every mail that is kept, one for each row, in their order."""
        rows = self.world.rows("SELECT file FROM mails ORDER BY number")
        return [(self.world.folder / "storage" / str(file)).read_bytes() for (file,) in rows]

    def pending(self) -> list[tuple[object, ...]]:
        """Give what was found and is not stored: (folder, attempts, reason)."""
        return self.world.rows("SELECT folder, attempts, reason FROM arrivals WHERE mail IS NULL ORDER BY folder, uid")

    def by_hand(self, sql: str, *values: object) -> None:
        """Change the database as somebody with a tool for it does."""
        with closing(sqlite3.connect(self.world.folder / "storage" / "state.db")) as database, database:
            assert database.execute(sql, values).rowcount > 0, "nothing was changed"


def one_pass(practice: Practice, now: datetime, told: list[str]) -> int:
    """Look and fetch in an opened practice."""
    inbox.look(practice, now, told.append)
    return arrivals.fetch(practice, now, told.append)


def mailroom(root: Path, port: int, address: str, password: str, *, line: int | None = None) -> Mailroom:
    """Give a practice that looks in that mailbox and has sent its one mail; `line` is a port it goes by instead."""
    account = f"{{host: 127.0.0.1, port: {line or port}, security: plain-on-loopback, user: {address}}}"
    world = World(root, imap=account)
    world.keep_password(f"{address}@127.0.0.1", password)
    return Mailroom(has_sent(world), "127.0.0.1", port, address, password)


def on_stack(root: Path, stack: MailStack, line: int | None = None) -> Mailroom:
    """Give a practice with a fresh mailbox on these servers; `line` is the port of a line that can be broken."""
    address = f"inbox{next(NUMBERS)}@practice.example"
    stack.add_address(address)
    return mailroom(root, stack.imap_port, address, stack.password(address), line=line)


def everything(client: IMAPClient, folder: str) -> dict[int, tuple[object, ...]]:
    """Give all that can be known of a folder's mails without changing it."""
    client.select_folder(folder, readonly=True)
    held = client.fetch(client.search("ALL"), ["FLAGS", "INTERNALDATE", "BODY.PEEK[]"])
    return {uid: (set(one[b"FLAGS"]), one[b"INTERNALDATE"], one[b"BODY[]"]) for uid, one in held.items()}
