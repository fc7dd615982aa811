"""The road in: from a mail in the server to row and file, to a verdict; a burst; a mailbox of 100,000 messages.

Prints one Markdown table. The floor is the bare library calls for the same mail: imapclient, the standard library's
parser, one file; it remembers nothing and reads no paper. `--quick` takes two minutes, the full run about fifteen.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from imapclient import IMAPClient

from benchmarks import machine
from benchmarks.table import Row
from benchmarks.usage import Usage
from pipeline.demo import people
from pipeline.incoming import arrivals, inbox, understand
from pipeline.worker import Worker, utc_now
from tests.mailstack.stack import MailStack
from tests.world import COACH, World, client_file

CLIENTS = "home.example"
AT_ONCE = 500
NOTE = """
*To row and file* runs from the moment the mail is in the mailbox to the commit of its row, its bytes synced to disk.
The floor logs in, searches everything, fetches the newest mail, parses it and writes one file. *Understood* is from
there to the verdict: codes read, pages laid over those that were sent, signature and boxes judged. Look, poll and
memory are those of a process of its own, which has no paper to read."""


@dataclass(frozen=True)
class Counts:
    """How often each thing is done."""

    single: int
    burst: int
    crowd: int


FULL = Counts(single=15, burst=200, crowd=100_000)
QUICK = Counts(single=4, burst=10, crowd=10_000)


class Bench:
    """One practice whose papers have gone out to many clients, and its mailbox on a real server."""

    def __init__(self, root: Path, stack: MailStack, clients: int) -> None:
        self.stack, self.answered = stack, 0
        self.world = World(
            root, smtp=f"{{{self._login(stack.smtp_port, login=False)}}}", imap=f"{{{self._login(stack.imap_port)}}}"
        )
        self.world.keep_password(f"{COACH}@127.0.0.1", stack.password(COACH))
        for number in range(clients):
            stack.add_address(address(number))
            self.world.drop(client_file(f"Client {number}", address(number)), f"{number}.yaml")
        self.world.work()

    def _login(self, port: int, *, login: bool = True) -> str:
        user = f", user: {COACH}" if login else ""
        return f"host: 127.0.0.1, port: {port}, security: plain-on-loopback{user}"

    def answer(self) -> bytes:
        """Give the next client's answer, with the signed quote."""
        received = self.stack.messages(address(self.answered))[0]
        self.answered += 1
        name, data = next(iter(people.attachments(received).items()))
        (boxes,) = self.world.rows("SELECT boxes FROM documents WHERE file = ?", name)
        mail, heard = EmailMessage(policy=policy.SMTP), message_from_bytes(received, policy=policy.default)
        mail["From"], mail["To"], mail["Subject"] = heard["To"], COACH, f"Re: {heard['Subject']}"
        mail["In-Reply-To"] = heard["Message-ID"]
        mail.set_content("Getekend terug.")
        signed = people.signed(data, json.loads(str(boxes[0])), {})
        mail.add_attachment(signed, maintype="application", subtype="pdf", filename=name)
        return mail.as_bytes()

    def one(self) -> tuple[float, float, float]:
        """Give the seconds of floor, fetching and understanding for one answer."""
        self.stack.deliver(COACH, self.answer(), sender=address(0))
        floor = self._floor()
        with self.world.opened() as practice:
            began = time.monotonic()
            inbox.look(practice, utc_now(), unheard)
            arrivals.fetch(practice, utc_now(), unheard)
            fetched = time.monotonic()
            practice.reader.warm()
            practice.reader.recognise(b"")
            warm = time.monotonic()
            understand.understand(practice, utc_now(), unheard)
            return floor, fetched - began, time.monotonic() - warm

    def _floor(self) -> float:
        """Do the same by bare library calls."""
        began = time.monotonic()
        with IMAPClient("127.0.0.1", self.stack.imap_port, ssl=False) as client:
            client.login(COACH, self.stack.password(COACH))
            client.select_folder("INBOX", readonly=True)
            newest = client.search("ALL")[-1]
            raw = client.fetch([newest], ["BODY.PEEK[]"])[newest][b"BODY[]"]
        message_from_bytes(raw, policy=policy.default)
        with tempfile.NamedTemporaryFile(dir=self.world.folder) as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        return time.monotonic() - began

    def burst(self, count: int) -> list[Row]:
        """Take in many answers at once, with the memory of all processes."""
        for _ in range(count):
            self.stack.deliver(COACH, self.answer(), sender=address(0))
        used = Usage(os.getpid())
        with self.world.opened() as practice, used.watched():
            began = time.monotonic()
            Worker(practice, tell=unheard).until_quiet()
            took = time.monotonic() - began
        signed = self.world.rows("SELECT count(*) FROM returns WHERE verdict = 'signed'")[0][0]
        assert signed == self.answered, f"{signed} of {self.answered} are signed"
        return [
            Row(f"{count} returns at once, to verdicts", product=[took]),
            Row("- each, 2 pages", product=[took / count]),
            Row("- memory, highest sum of PSS", product=[used.pss / 1024], unit="MB"),
        ]

    def crowd(self, count: int) -> list[Row]:
        """Look in a mailbox with very many messages, for the first time and again."""
        with self.stack.imap(COACH) as client:
            client.create_folder("Crowd")
            mails = [
                f"From: shop{n}@elsewhere.example\r\nTo: {COACH}\r\nSubject: Nieuws {n}\r\n"
                f"Message-ID: <crowd{n}@elsewhere.example>\r\n\r\n{'x' * 900}\r\n".encode() for n in range(count)
            ]  # fmt: skip
            for start in range(0, count, AT_ONCE):
                client.multiappend("Crowd", mails[start : start + AT_ONCE])
        floor = self._scan()
        first, memory = self._looked()
        again, _ = self._looked()
        return [
            Row(f"first look, {count} messages", [floor], [first]),
            Row("- memory of the process, peak RSS", product=[memory], goal=150.0, unit="MB"),
            Row("poll with nothing new", product=[again], goal=0.3),
        ]

    def _scan(self) -> float:
        """Fetch every message's header of identity, as the least that a first look can do."""
        began = time.monotonic()
        with self.stack.imap(COACH) as client:
            client.select_folder("Crowd", readonly=True)
            uids = client.search("ALL")
            for start in range(0, len(uids), AT_ONCE):
                client.fetch(uids[start : start + AT_ONCE], ["RFC822.SIZE", "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"])
        return time.monotonic() - began

    def _looked(self) -> tuple[float, float]:
        """Look in a process of its own; gives its seconds, and its peak of memory in MB."""
        command = [sys.executable, "-m", "benchmarks.incoming", "--look"]
        said = subprocess.run(command, env=self.world.environment(), capture_output=True, text=True, check=True).stdout
        took, memory = said.split()
        return float(took), float(memory)


def unheard(_text: str) -> None:
    """Hear what the program tells, and print nothing."""


def address(number: int) -> str:
    """Give the address of a client."""
    return f"client{number}@{CLIENTS}"


def look(folder: Path) -> None:
    """Look once in the mailbox of the practice in `folder`; print the seconds and the peak of memory in MB."""
    from pipeline.practice import opened

    with opened(folder) as practice:
        began = time.monotonic()
        inbox.look(practice, utc_now(), unheard)
        took = time.monotonic() - began
    print(f"{took:.3f} {machine.peak():.1f}")


def measured(root: Path, counts: Counts) -> list[Row]:
    """Measure everything; gives the table's rows."""
    with MailStack([COACH], smtp="aiosmtpd") as stack:
        bench = Bench(root, stack, counts.single + counts.burst)
        turns = [bench.one() for _ in range(counts.single)][1:]
        floors, fetched, understood = ([turn[at] for turn in turns] for at in range(3))
        rows = [
            Row("one mail, to row and file", floors, fetched), Row("- understood, 2 pages, warm", product=understood),
            *bench.burst(counts.burst),
        ]  # fmt: skip
        return [*rows, *bench.crowd(counts.crowd)]


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = machine.command("incoming", __doc__, "fewer turns, two minutes")
    parser.add_argument("--look", action="store_true", help="only look once in the mailbox of PIPELINE_PRACTICE")
    chosen = parser.parse_args(arguments)
    if chosen.look:
        look(Path(os.environ["PIPELINE_PRACTICE"]))
        return
    machine.show(lambda folder: measured(folder, QUICK if chosen.quick else FULL), NOTE)


if __name__ == "__main__":
    main()
