"""Deleting sent mail: very many copies in Sent go, each compared before and looked for after, beside other commands.

Prints one Markdown table. The floor is the server's own `doveadm expunge` of the same mails, found by the same header;
imapfilter does it over IMAP as we do, where it is installed (Debian package imapfilter). Neither compares a mail before
it goes, nor looks afterwards, nor writes down what it did. `--quick` takes 2,000 mails, else 50,000.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine
from benchmarks.table import Row
from pipeline.edges.database import Database
from pipeline.model import OWN_HEADER
from pipeline.practice import opened
from pipeline.retention.mail import mailing, purge
from tests.mailstack.stack import MailStack
from tests.policy.written import broken
from tests.retention.purging import MESSAGES
from tests.world import COACH, World

FULL, QUICK = 50_000, 2_000
OTHERS = 10
MISSING = "\nimapfilter is not installed; type: sudo apt-get install imapfilter"
AT_ONCE = 1_000
RULE = "  - {id: mine.mail, clauses: [X-6], covers: [quote, consent], after: answered, within: P1D}\n"
OURS = "  - {id: mine.mail, clauses: [X-6], covers: [quote, daily], after: accepted, within: PT1H}\n"
LUA = """
options.timeout = 600
options.expunge = true
options.starttls = false
account = IMAP {{ server = '127.0.0.1', port = {port}, username = '{user}', password = '{password}' }}
results = account['Sent']:contain_field('{header}', 'token')
results:delete_messages()
"""
NOTE = """
One mail in eleven is another's and stays; after each run it was checked that just those are left. Planning puts every
mail down with its rule and its day. Deleting compares Message-ID and header of each, removes it by its UID, and reads
every folder again over a fresh connection; each mail gets its entry in the ledger. Memory is the peak of the process.
Our own copies of the mails on disk are not part of it."""


class Bench:
    """A mailbox that is filled anew for each run, and a practice whose mails are due."""

    def __init__(self, root: Path, stack: MailStack, mails: int) -> None:
        self.stack, self.mails, self.root = stack, mails, root
        self.number = 0

    def fill(self) -> None:
        """Let the mails lie in Sent, others among them."""
        self.stack.clear(COACH)
        made = [_mail(number) for number in range(self.mails)]
        lunch = b"Message-ID: <other%d@home.example>\r\nSubject: Lunch\r\n\r\nAt one?\r\n"
        made += [lunch % at for at in range(0, self.mails, OTHERS)]
        with self.stack.imap(COACH) as client:
            for at in range(0, len(made), AT_ONCE):
                client.multiappend("Sent", made[at : at + AT_ONCE])

    def left(self) -> None:
        """See that the others are left, and nothing else."""
        with self.stack.imap(COACH) as client:
            count = client.select_folder("Sent", readonly=True)[b"EXISTS"]
        expected = -(-self.mails // OTHERS)
        assert count == expected, f"{count} mails are left, and {expected} should be"

    def world(self) -> World:
        """Give a practice whose mails are due."""
        self.number += 1
        where = f"{{host: 127.0.0.1, port: {self.stack.imap_port}, security: plain-on-loopback, user: {COACH}}}"
        world = World(self.root / str(self.number), imap=where)
        (world.folder / "mine.yaml").write_text(broken((RULE, OURS)), "utf-8")
        world.change(r"^policy: .*$", "policy: mine.yaml")
        world.keep_password(f"{COACH}@127.0.0.1", self.stack.password(COACH))
        (world.folder / "storage").mkdir(mode=0o700, exist_ok=True)
        database = Database(world.folder / "storage" / "state.db")
        with database.transaction():
            database.run(MESSAGES, self.mails, COACH, datetime.now(UTC).isoformat())
        database.close()
        return world

    def ours(self) -> tuple[float, float, float]:
        """Purge in a process of its own; gives the seconds of planning and deleting, and its peak of memory in MB."""
        world = self.world()
        self.fill()
        said = subprocess.run(
            [sys.executable, "-m", "benchmarks.purge", "--only", str(world.folder)], env=world.environment(),
            capture_output=True, text=True, check=True,
        ).stdout.split()  # fmt: skip
        self.left()
        assert world.rows("SELECT DISTINCT state, grade FROM purges") == [("gone", "observed_absent")]
        return float(said[0]), float(said[1]), float(said[2])

    def doveadm(self) -> float:
        """Let the server do it by its own command; gives the seconds."""
        self.fill()
        began = time.monotonic()
        self.stack.doveadm("expunge", "-u", COACH, "mailbox", "Sent", "HEADER", OWN_HEADER, "token")
        took = time.monotonic() - began
        self.left()
        return took

    def imapfilter(self) -> float:
        """Let imapfilter do it; gives the seconds."""
        self.fill()
        config = self.root / "imapfilter.lua"
        config.write_text(
            LUA.format(port=self.stack.imap_port, user=COACH, password=self.stack.password(COACH), header=OWN_HEADER)
        )
        began = time.monotonic()
        home = {**os.environ, "HOME": str(self.root)}
        subprocess.run(
            ["imapfilter", "-c", str(config)], env=home, check=True, capture_output=True, stdin=subprocess.DEVNULL
        )
        took = time.monotonic() - began
        self.left()
        return took


def _mail(number: int) -> bytes:
    token = b"token%015d" % number
    return (
        b"From: coach@practice.example\r\nTo: client@home.example\r\nSubject: Your documents\r\n"
        b"Message-ID: <%s@practice.example>\r\n%s: %s\r\n\r\n"
        % (token, OWN_HEADER.encode(), token)
        + b"Dear client, here are your documents.\r\n" * 40
    )


def only(folder: Path) -> None:
    """Plan and purge once here, and print what `Bench.ours` gives."""
    with opened(folder) as practice:
        began, now = time.monotonic(), datetime.now(UTC)
        mailing.schedule(practice, now)
        planned = time.monotonic()
        purge.purge(practice, now, lambda _: None)
        done = time.monotonic()
    print(f"{planned - began:.3f} {done - planned:.3f} {machine.peak():.1f}")


def measured(root: Path, mails: int, turns: int = 3) -> list[Row]:
    """Measure everything; gives the table's rows."""
    with MailStack([COACH], smtp=None) as stack:
        small = Bench(root / "few", stack, max(mails // 10, 1)).ours()
        bench = Bench(root / "many", stack, mails)
        floors, runs = zip(*((bench.doveadm(), bench.ours()) for _ in range(turns)), strict=True)
        others = [bench.imapfilter() for _ in range(turns)] if shutil.which("imapfilter") else []
    both = [planned + done for planned, done, _ in runs]
    peaks = [peak for _, _, peak in runs]
    rows = [
        Row(f"{mails} mails, planned and deleted, beside doveadm", floors, both, goal=2.0),
        Row("- planning alone", product=[planned for planned, _, _ in runs]),
        Row("- memory beside that of a tenth of them", [small[2]], peaks, goal=1.5, unit="MB"),
    ]
    return [*rows, Row("- beside imapfilter", others, both, goal=1.0)] if others else rows


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = machine.command("purge", __doc__, f"{QUICK} mails instead of {FULL}")
    parser.add_argument("--only", metavar="PRACTICE", help="purge once in a practice, for its figures")
    chosen = parser.parse_args(arguments)
    if chosen.only:
        only(Path(chosen.only))
        return
    missing = "" if shutil.which("imapfilter") else f"{MISSING}\n"
    machine.show(lambda folder: measured(folder, QUICK if chosen.quick else FULL), f"{missing}{NOTE}")


if __name__ == "__main__":
    main()
