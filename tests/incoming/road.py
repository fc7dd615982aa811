"""A practice that has sent its papers, and people who answer: a real server, real PDFs, the real reader.

Sending is done once a run and copied for each test; what comes back travels by SMTP and is fetched by IMAP.
"""

from __future__ import annotations

import json
import shutil
import smtplib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from pipeline import attention
from pipeline.attention import Waiting
from pipeline.demo import people
from pipeline.edges.ledger import verify
from pipeline.sandbox import SandboxServer
from pipeline.worker import utc_now
from tests.world import CLIENT, COACH, SPONSOR, World, client_file

STRANGER = "stranger@elsewhere.example"
PASSWORD = "a password"
NOTES = "marjan@delinde.example"  # where the practice of the tests reads its own mail
ACCOUNTS = dict.fromkeys((COACH, CLIENT, SPONSOR, STRANGER, NOTES), PASSWORD)
YES = {"coaching": True, "profile_take": True, "report_receive": True, "keep_in_touch": False, "profile_share": True}
Clock = Callable[[], datetime]


@dataclass
class Road:
    """One practice, its server, and what the people on the other side do."""

    world: World
    server: SandboxServer

    def work(self, clock: Clock = utc_now) -> list[str]:
        """Let the program do what there is to do."""
        return self.world.work(clock)

    def received(self, address: str) -> bytes:
        """Give the newest mail that somebody received."""
        return self.server.messages(address)[-1]

    def paper(self, address: str, number: int) -> tuple[str, bytes]:
        """Give the document with this number (1 quote, 2 consent) as somebody received it, with its name."""
        files = people.attachments(self.received(address))
        return next((name, data) for name, data in files.items() if f"-{number}-v" in name)

    def signed(self, address: str, number: int, answers: Mapping[str, bool] = YES) -> tuple[str, bytes]:
        """Give that document filled in and signed, as in a PDF reader."""
        name, data = self.paper(address, number)
        (boxes,) = self.world.rows("SELECT boxes FROM documents WHERE file = ?", name)
        return name, people.signed(data, json.loads(str(boxes[0])), answers)

    def answer(self, address: str, text: str, *files: tuple[str, bytes], sender: str | None = None) -> EmailMessage:
        """Give an answer to the newest mail that `address` received; `sender` when it is written from elsewhere."""
        letter = reply(self.received(address), sender or address, text)
        for name, data in files:
            letter.add_attachment(data, maintype="application", subtype="pdf", filename=name)
        return letter

    def post(self, letter: EmailMessage | bytes, sender: str = STRANGER) -> None:
        """Bring a mail to the coach's mailbox."""
        data = letter if isinstance(letter, bytes) else letter.as_bytes(policy=policy.SMTP)
        with smtplib.SMTP("127.0.0.1", self.server.smtp_port) as line:
            line.login(sender, PASSWORD)
            line.sendmail(sender, [COACH], data)

    def waiting(self) -> list[Waiting]:
        """Give what waits for the coach."""
        with self.world.opened() as practice:
            return attention.waiting(practice)

    def waits(self) -> list[str]:
        """Give what kinds of things wait for the coach."""
        return [one.what for one in self.waiting()]

    def decide(self, act: Callable[..., str], number: int, *more: object) -> str:
        """Let the coach decide."""
        with self.world.opened() as practice:
            return act(practice, number, *more, utc_now())

    def verdicts(self) -> list[tuple[object, ...]]:
        """Give every returned document: kind, version, verdict, state."""
        return self.world.rows("SELECT kind, version, verdict, state FROM returns ORDER BY number")

    def consents(self) -> dict[object, object]:
        """Give the consents as they stand: purpose → given."""
        return {row[0]: row[1] for row in self.world.rows("SELECT purpose, given FROM standing_consents")}

    def owed(self) -> dict[object, object]:
        """Give the obligations of the newest version: kind → state."""
        return {row[0]: row[1] for row in self.world.rows("SELECT kind, state FROM obligations ORDER BY version")}

    def mails(self) -> list[object]:
        """Give the states of the incoming mails that were kept."""
        return [row[0] for row in self.world.rows("SELECT state FROM mails ORDER BY number")]

    @property
    def reference(self) -> str:
        """The reference of the only dossier."""
        return str(self.world.rows("SELECT reference FROM dossiers")[0][0])

    def whole(self) -> bool:
        """Tell whether the ledger is unbroken."""
        rows = self.world.rows("SELECT number, entry, hash FROM ledger ORDER BY number")
        return not verify([(int(str(n)), str(entry), str(link)) for n, entry, link in rows])


def reply(raw: bytes, sender: str, text: str) -> EmailMessage:
    """Answer a mail as mail programs do."""
    received = message_from_bytes(raw, policy=policy.default)
    letter = EmailMessage()
    letter["From"], letter["To"] = sender, COACH
    letter["Subject"] = f"Re: {received['Subject']}"
    letter["In-Reply-To"] = letter["References"] = received["Message-ID"]
    letter.set_content(text)
    return letter


def letter(sender: str, subject: str, text: str) -> EmailMessage:
    """Write a new mail."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, COACH, subject
    made.set_content(text)
    return made


def send_papers(root: Path, *, sponsored: bool, small: bool = True) -> None:
    """Make a practice in `root` whose papers have gone out, with the server's mailboxes beside it."""
    with SandboxServer(root / "server", ACCOUNTS) as server:
        world = _world(root, server, small=small)
        world.drop(client_file(sponsor=SPONSOR if sponsored else None))
        world.work()


def _world(root: Path, server: SandboxServer, *, small: bool) -> World:
    where = "{{host: 127.0.0.1, port: {port}, security: plain-on-loopback, user: {user}}}"
    smtp, imap = (where.format(port=port, user=COACH) for port in (server.smtp_port, server.imap_port))
    world = World(root, smtp=smtp, imap=imap)
    world.keep_password(f"{COACH}@127.0.0.1", PASSWORD)
    if small:
        world.small_templates()
    return world


@contextmanager
def copied(shelf: Path, root: Path, *, small: bool = True) -> Iterator[Road]:
    """Give a copy of what `send_papers` made, with its server running."""
    shutil.copytree(shelf / "server", root / "server")
    with SandboxServer(root / "server", ACCOUNTS) as server:
        world = _world(root, server, small=small)
        shutil.copytree(shelf / "practice" / "storage", world.folder / "storage", dirs_exist_ok=True)
        yield Road(world, server)
