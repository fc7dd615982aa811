"""Whatever people and servers do with the mails between our steps: each that can matter is kept once, P1."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imapclient import IMAPClient

from pipeline.incoming import arrivals, inbox
from pipeline.practice import Practice
from pipeline.sandbox.server import SandboxServer
from tests.incoming.mailroom import NOW, letter, mailroom, one_pass, raw
from tests.world import COACH

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

FOLDERS = ("INBOX", "Work", "Trash")
STEPS = st.one_of(
    st.tuples(st.just("deliver"), st.sampled_from(FOLDERS), st.booleans()),
    st.tuples(st.just("move"), st.sampled_from(FOLDERS), st.sampled_from(FOLDERS)),
    st.tuples(st.just("copy"), st.sampled_from(FOLDERS), st.sampled_from(FOLDERS)),
    st.tuples(st.just("remove"), st.sampled_from(FOLDERS), st.just("")),
    st.tuples(st.just("renumber"), st.just("Work"), st.just("")),
    st.tuples(st.sampled_from(["look", "fetch", "pass"]), st.just(""), st.just("")),
)


@dataclass
class Model:
    """A mailbox, and what we have of it: the practice works between what people do."""

    practice: Practice
    client: IMAPClient
    worthy: set[bytes]

    def step(self, what: str, folder: str, other: str | bool) -> None:
        if what == "deliver":
            data = raw(letter(f"Mail {len(self.worthy)}", reply=bool(other), sender="friend@elsewhere.example"))
            self.worthy |= {data} if other else set()
            self.client.append(folder, data, (), NOW)
        elif what == "look":
            inbox.look(self.practice, NOW, print)
        elif what == "fetch":
            arrivals.fetch(self.practice, NOW + timedelta(hours=1), print)
        elif what == "pass":
            one_pass(self.practice, NOW + timedelta(hours=1), [])
        else:
            self._sort(what, folder, str(other))

    def _sort(self, what: str, folder: str, other: str) -> None:
        self.client.select_folder(folder)
        uids = self.client.search("ALL")
        held = {uid: told[b"BODY[]"] for uid, told in self.client.fetch(uids, ["BODY.PEEK[]"]).items()}
        if what == "renumber":
            self.client.unselect_folder()
            self.client.delete_folder(folder)
            self.client.create_folder(folder)
            for uid in sorted(held, reverse=True):
                self.client.append(folder, held[uid], (), NOW)
            return
        if uids and what == "remove":
            self.client.delete_messages(uids[:1])
            self.client.uid_expunge(uids[:1])
        elif uids and folder != other:
            (self.client.move if what == "move" else self.client.copy)(uids[:1], other)
        self.client.unselect_folder()

    def there(self) -> set[bytes]:
        """Give what lies where an answer is looked for."""
        found: set[bytes] = set()
        for folder in ("INBOX", "Work"):
            self.client.select_folder(folder, readonly=True)
            held = self.client.fetch(self.client.search("ALL"), ["BODY.PEEK[]"])
            found |= {told[b"BODY[]"] for told in held.values()}
            self.client.unselect_folder()
        return found

    def kept(self) -> list[bytes]:
        """Give the bytes of every mail that we keep."""
        return [self.practice.storage.read(row["file"]) for row in self.practice.database.rows("SELECT * FROM mails")]


@given(steps=st.lists(STEPS, min_size=4, max_size=25))
@settings(max_examples=8, deadline=None)
def test_every_mail_that_can_matter_is_kept_once_and_no_other_ever(steps: list[tuple[str, str, str | bool]]) -> None:
    with tempfile.TemporaryDirectory() as name, SandboxServer(Path(name), {COACH: "secret"}) as server:
        room = mailroom(Path(name), server.imap_port, COACH, "secret")
        with room.client() as client, room.world.opened() as practice:
            client.create_folder("Work")
            model = Model(practice, client, set())
            for step in steps:
                model.step(*step)
                kept = model.kept()
                assert len(kept) == len(set(kept)) and set(kept) <= model.worthy
            for hours in (2, 3):
                one_pass(practice, NOW + timedelta(hours=hours), [])
            assert model.there() & model.worthy <= set(model.kept())
            assert practice.database.rows("SELECT 1 FROM arrivals WHERE mail IS NULL") == []
