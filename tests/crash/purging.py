"""One crash of a purge: a practice whose mail is due, its copies and decoys in a mailbox, and the verdict."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.edges.ledger import verify
from pipeline.model import message_file
from tests.crash import points
from tests.crash.injection import Fault, struck
from tests.crash.rounds import NOT_REACHED, Result, after_a_plain_run
from tests.edges.mailboxes import DANGEROUS, TOKEN, Account, Accounts, decoys
from tests.retention.purging import ACCEPTED, Listing, settled
from tests.retention.scene import copied, prepared, scene
from tests.world import World

FINISHED_LATER, DONE_BEFORE = "finished later", "done before"
OUTCOMES = (FINISHED_LATER, DONE_BEFORE)


class PurgingWorld(World):
    """A practice whose command, whatever is asked, carries out the purge."""

    def command(self, *_arguments: str) -> list[str]:
        """Give the command line of the purge."""
        return super().command("purge")


@dataclass(frozen=True)
class Doomed:
    """One practice with a mail that is to go; `before` is what lies in the mailbox beside its copies."""

    world: World
    account: Account
    token: str
    data: bytes
    before: Listing

    @property
    def told(self) -> list[object]:
        """Give the grades with which the ledger says that it was deleted."""
        rows = self.world.rows("SELECT entry FROM ledger ORDER BY number")
        entries = [json.loads(str(entry)) for (entry,) in rows]
        return [entry["grade"] for entry in entries if entry["event"] == "mail.deleted"]

    @property
    def whole(self) -> bool:
        """Tell whether the ledger is unbroken."""
        rows = self.world.rows("SELECT number, entry, hash FROM ledger ORDER BY number")
        return not verify([(int(str(n)), str(entry), str(link)) for n, entry, link in rows])

    def untruths(self) -> list[str]:
        """Give what the ledger says that is not so, at any moment."""
        lies = self.account.holds(self.data)
        return [f"told as deleted, and lies in {lies}"] if self.told and lies else []

    def violations(self) -> list[str]:
        """Give what is wrong once all is done."""
        ((state, grade),) = self.world.rows("SELECT state, grade FROM purges WHERE token = ?", self.token)
        wrong = self.untruths() if self.told == ["observed_absent"] else [f"it is told {self.told}"]
        wrong += [f"it is {state} {grade}"] * ((state, grade) != ("gone", "observed_absent"))
        wrong += ["another mail was touched"] * (self.account.listing() != self.before)
        wrong += ["our own bytes are left"] * (self.world.folder / "storage" / message_file(self.token)).exists()
        wrong += ["the ledger is broken"] * (not self.whole)
        said = self.account.line.said("to server")
        return wrong + ["a command was given that endangers other mail"] * bool(DANGEROUS.findall(said))


class Shelf:
    """A practice whose mails were accepted, and copies of it for as many crashes as are wanted, on one server."""

    def __init__(self, root: Path, running: ExitStack, provider: str) -> None:
        """Make it in `root`; `running` ends the servers."""
        self.root, self.provider = root, provider
        self.accounts = Accounts(root / "accounts", running)
        (root / "accounts").mkdir()
        self.made = prepared(root / "made")
        with scene(self.made) as opened:
            opened.sent(ACCEPTED)
        self.numbers = itertools.count()
        with self.scene() as first:
            self.found = points.calls(first)
            assert first.violations() == []

    @contextmanager
    def scene(self) -> Iterator[Doomed]:
        """Give a copy whose mail lies in Sent, Drafts and the trash, decoys beside it; safe to call from threads."""
        root = self.root / str(next(self.numbers))
        with self.accounts.on(self.provider) as account:
            plain = settled(copied(self.made, root), account)
            world = PurgingWorld.__new__(PurgingWorld)
            world.folder, world.settings = plain.folder, plain.settings
            ((token,),) = world.rows("SELECT token FROM messages WHERE kinds = 'consent'")
            data = (world.folder / "storage" / message_file(str(token))).read_bytes()
            for decoy, flags in decoys().values():
                for folder in (account.provider.sent, account.provider.trash):
                    account.put(decoy.replace(TOKEN.encode(), str(token).encode()), folder, flags)
            before = account.listing()
            for folder in (account.provider.sent, "Drafts", account.provider.trash):
                account.put(data, folder)
            yield Doomed(world, account, str(token), data, before)
        shutil.rmtree(root)

    def kill(self, fault: Fault, again: Fault | None = None) -> Result:
        """Kill the purge at `fault`, with `again` its recovery too, let it finish, and judge."""
        with self.scene() as doomed:
            first = struck(doomed.world, fault)
            wrong = doomed.untruths()
            outcome = DONE_BEFORE if doomed.told else FINISHED_LATER
            if again is not None:
                struck(doomed.world, again)
                wrong += doomed.untruths()
            wrong += after_a_plain_run(doomed.world, doomed.violations)
            return Result(fault, first.hit, outcome if first.hit else NOT_REACHED, wrong)
