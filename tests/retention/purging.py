"""A dossier whose mails were accepted, and a mailbox on a real server in which their copies lie.

Takes a practice as it was composed and a provider by its name. What we do goes over a line that keeps what was said and
can be cut; what a person or the provider does goes straight to the server.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from pipeline.edges.ledger import verify
from pipeline.model import message_file
from pipeline.retention import timetable
from tests.edges.mailboxes import DANGEROUS, TOKEN, Account, decoys
from tests.policy.written import broken
from tests.retention.scene import START, Scene, copied, scene
from tests.world import COACH, World

RULE = "  - {id: mine.mail, clauses: [X-6], covers: [quote, consent], after: answered, within: P1D}\n"
RULES = """\
  - {id: mine.quote, clauses: [X-6], covers: [quote], after: answered, within: P1D}
  - {id: mine.consent, clauses: [X-6], covers: [consent], after: accepted, within: PT1H}
  - {id: mine.note, clauses: [X-6], covers: [note, daily], after: accepted, wait: P1D, within: P1D}
  - {id: mine.incoming, clauses: [X-6], covers: [incoming], after: filed, wait: P2D, within: P1D}
  - {id: mine.unlinked, clauses: [X-6], covers: [unlinked], after: received, wait: P30D, within: P1D}
"""
MESSAGES = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
INSERT INTO messages (token, party, kinds, recipient, message_id, sha256, state, next_at, queued_at, accepted_at,
    copy_state, purpose, round)
SELECT printf('token%015d', i), 'coach', '', ?2, printf('<token%015d@practice.example>', i), '', 'accepted', '', ?3, ?3,
    'filed', 'daily', i FROM n
"""
"""Very many notes to the coach that were accepted: how many, to whom, when; known by their numbers."""
ACCEPTED = START + timedelta(minutes=1)
Listing = dict[str, dict[int, tuple[str, frozenset[bytes]]]]


@dataclass
class Desk(Scene):
    """One practice, opened, and the mailbox that it can reach."""

    account: Account = field(kw_only=True)

    def one(self, kind: str) -> tuple[str, str, bytes]:
        """Give token, Message-ID and bytes of the mail that carries a quote or a consent declaration."""
        row = self.practice.database.row("SELECT * FROM messages WHERE kinds LIKE ?", f"%{kind}%")
        assert row is not None
        return row["token"], row["message_id"], self.originals[row["token"]]

    @property
    def originals(self) -> dict[str, bytes]:
        """Give the bytes of all mails as they were frozen, also when they are gone by now."""
        if not hasattr(self, "_originals"):
            tokens = [row["token"] for row in self.practice.database.rows("SELECT token FROM messages")]
            self._originals = {token: self.practice.storage.read(message_file(token)) for token in tokens}
        return self._originals

    def accepted(self, at: datetime = ACCEPTED) -> None:
        """Have all mails accepted by the server."""
        assert self.originals
        self.sent(at)

    def put(self, kind: str, *folders: str, flags: tuple[bytes, ...] = (b"\\Seen",)) -> bytes:
        """Let copies of a mail lie in folders, Sent if none is named; gives its bytes."""
        data = self.one(kind)[2]
        for folder in folders or (self.account.provider.sent,):
            self.account.put(data, folder, flags)
        return data

    def put_decoys(self, kind: str) -> Listing:
        """Let mail lie there that only looks like it, in Sent, INBOX and the trash; gives what lies there then."""
        token = self.one(kind)[0].encode()
        for data, flags in decoys().values():
            for folder in (self.account.provider.sent, self.account.provider.trash, "INBOX"):
                self.account.put(data.replace(TOKEN.encode(), token), folder, flags)
        return self.account.listing()

    def received(self, *, filed: bool, at: datetime = ACCEPTED, folders: tuple[str, ...] = ("INBOX",)) -> bytes:
        """Have a mail come in that was stored and filed, or is about no dossier; gives its bytes."""
        letter = EmailMessage(policy=SMTP)
        letter["From"], letter["To"], letter["Message-ID"] = (
            "client@home.example",
            COACH,
            f"<in{self.marked}@home.example>",
        )
        letter.set_content(f"Dear coach, {self.marked}\n")
        data = letter.as_bytes()
        self.mail(at, filed=filed, state="filed" if filed else "left")
        self.practice.storage.write(f"mail/{self.marked}.eml", data)
        for folder in folders:
            self.account.put(data, folder)
        return data

    def keep(self, now: datetime, *, asked: bool = False) -> int:
        """Let what was promised be done; gives how many things went."""
        return timetable.keep_promises(self.practice, now, lambda _: None, asked=asked)

    def purges(self) -> dict[str, tuple[str, str | None, str | None]]:
        """Give the state, the grade and the reason of what was to be deleted, by its rule."""
        rows = self.practice.database.rows("SELECT * FROM purges ORDER BY number")
        return {row["rule"].removeprefix("mine."): (row["state"], row["grade"], row["reason"]) for row in rows}

    def frozen(self, kind: str) -> bool:
        """Tell whether our own bytes of a mail are still there."""
        return self.practice.storage.path(message_file(self.one(kind)[0])).exists()

    def entries(self, event: str) -> list[dict[str, object]]:
        """Give the entries of a kind in the ledger."""
        rows = self.practice.database.rows("SELECT entry FROM ledger ORDER BY number")
        return [entry for row in rows if (entry := json.loads(row["entry"]))["event"] == event]

    def questions(self) -> list[str]:
        """Give the words of what waits for the coach."""
        rows = self.practice.database.rows("SELECT reasons FROM attention WHERE state = 'open' ORDER BY number")
        return [word for row in rows for word, _ in json.loads(row["reasons"])]

    def whole(self) -> bool:
        """Tell whether the ledger is unbroken, and nothing was said that could remove another's mail."""
        rows = self.practice.database.rows("SELECT number, entry, hash FROM ledger ORDER BY number")
        said = self.account.line.said("to server")
        return not verify([(row["number"], row["entry"], row["hash"]) for row in rows]) and not DANGEROUS.findall(said)


def settled(world: World, account: Account, rules: str = RULES) -> World:
    """Give a practice its mailbox and a policy with these mail rules."""
    (world.folder / "mine.yaml").write_text(broken((RULE, rules)), "utf-8")
    world.change(r"^policy: .*$", "policy: mine.yaml")
    where = f"{{host: 127.0.0.1, port: {account.line.port}, security: plain-on-loopback, user: {account.address}}}"
    world.change(r"^  sent_copy: .*$", f"  sent_copy: none\n  imap: {where}")
    world.keep_password(f"{account.address}@127.0.0.1", account.password)
    return world


@contextmanager
def desk(composed: World, root: Path, account: Account, rules: str = RULES) -> Iterator[Desk]:
    """Give a copy of the practice, opened, whose mails were accepted."""
    world = settled(copied(composed, root), account, rules)
    with scene(world) as opened:
        made = Desk(opened.practice, account=account)
        made.accepted()
        yield made
