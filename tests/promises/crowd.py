"""A crowd that is easily confused, and the files that a coach drops about it.

Twelve dossiers with like names, shared addresses and shared sponsors; every paper carries a canary of whom it is about.
The practice is made once; before each life in it, it is put back.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import Message
from functools import cache
from pathlib import Path

import pytest

from pipeline.model import Kind
from pipeline.practice import Practice
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import START, at, plain
from tests.promises.coaching_rights import PAPERS
from tests.promises.coaching_stage import Noted, in_memory, said_once
from tests.promises.coming_back import a_form
from tests.promises.papers import text_of
from tests.reading.profiles import of, typed
from tests.world import World, client_file

CANARY = re.compile(r"kanarie(\d\d)x")
WORK, TOWN, FATHER = "personeel@work.example", "hr@town.example", "jan@jansen.example"
SMALL = {
    "report.html": "<p>{{ report.title }} {{ client.name }}</p><div>{{ report.body }}</div>",
    "approval.html": "<p>{{ report.seal }} {{ client.name }}</p>{% for q in questions %}<p>{{ q.text }} "
    '<input type="checkbox" name="{{ q.name }}-yes" style="appearance:auto;width:5mm;height:5mm">'
    '<input type="checkbox" name="{{ q.name }}-no" style="appearance:auto;width:5mm;height:5mm"></p>{% endfor %}'
    '<div id="signature" style="width:85mm;height:30mm"></div>',
}  # fmt: skip


@dataclass(frozen=True)
class Somebody:
    """A client, one of many who are easily taken for another, and who pays for her."""

    number: int
    name: str
    mailbox: str
    payer: str | None

    @property
    def canary(self) -> str:
        return f"kanarie{self.number:02}x"


PEOPLE = [
    Somebody(number, name, mailbox, payer)
    for number, (name, mailbox, payer) in enumerate([
        ("Jan Jansen", FATHER, WORK), ("Jan Jansen", "junior@jansen.example", WORK),
        ("Jan Janssen", "jan@janssen.example", WORK), ("J. Jansen", "j.jansen@post.example", TOWN),
        ("Sanne Jansen", "samen@home.example", WORK), ("Piet Jansen", "samen@home.example", TOWN),
        ("Anna de Vries", "devries@home.example", WORK), ("Anne de Vries", "devries@home.example", None),
        ("Jan de Jong", "dejong@post.example", FATHER), ("Johan de Jong", "johan@post.example", TOWN),
        ("Sanne Janssen", "sanne@janssen.example", None), ("Jan Jansen-de Vries", "jdv@post.example", WORK),
    ])
]  # fmt: skip
GROUPS = [(0, 1, 2, 3, 11), (4, 5, 10), (6, 7, 11), (8, 9, 0)]
"""Who are most easily confused: three of one of these live in each interleaving, among all the others."""


@dataclass(frozen=True)
class File:
    """A file that the coach drops: whom it is about, whose she takes it for, and how it says so."""

    kind: Kind
    about: Somebody
    meant: Somebody
    edition: int
    way: str

    @property
    def is_mixed_up(self) -> bool:
        return self.about != self.meant


@cache
def paper(kind: Kind, about: Somebody, meant: Somebody, edition: int, front: str) -> bytes:
    """Make what is in a file; whose it was taken for is in it too, so that it is known by its bytes."""
    mark = f"{about.canary} {edition} {meant.number}"
    if kind is Kind.PROFILE:
        return typed(replace(of(about.name, pages=2), foot=mark))
    return f"{front}# Verloop\n\nGesprekken met {about.name}. {mark}\n".encode()


@dataclass
class Crowd:
    """The practice of all interleavings, and how it was before any of them."""

    world: World
    practice: Practice
    server: ScriptedSmtp
    references: Mapping[int, str]
    storage: Noted
    now: sqlite3.Connection
    before: sqlite3.Connection
    files: Mapping[str, bytes]
    told: dict[str, frozenset[int]] = field(default_factory=dict)

    @property
    def drops(self) -> Path:
        return self.world.folder / "drop"

    def begin(self) -> None:
        """Let nothing have happened."""
        self.before.backup(self.now)
        self.storage.put_back(self.files)
        self.server.forget()
        self.server.behave()
        for kind in PAPERS:
            for path in (self.drops / f"{kind}s").iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def whose(self, reference: str) -> Somebody:
        return next(PEOPLE[number] for number, one in self.references.items() if one == reference)

    def canaries(self, mail: Message) -> frozenset[int]:
        """Give whom a mail is about, its papers and its text."""
        parts = [part.get_payload(decode=True) for part in mail.walk()]
        return frozenset[int]().union(*(self._in(data) for data in parts if isinstance(data, bytes)))

    def _in(self, data: bytes) -> frozenset[int]:
        seal = hashlib.sha256(data).hexdigest()
        if seal not in self.told:
            text = text_of(data) if data.startswith(b"%PDF") else data.decode("utf-8", "replace")
            self.told[seal] = frozenset(map(int, CANARY.findall(text)))
        return self.told[seal]


@contextmanager
def crowded() -> Iterator[Crowd]:
    """Give the practice with all the people, whose quotes have gone and whose forms have come back."""
    with in_memory() as root, ScriptedSmtp(tls="none") as server, said_once(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", os.devnull)
        world = World(root, smtp=plain(server))
        world.small_templates()
        for language in ("nl", "en"):
            for name, text in SMALL.items():
                (world.folder / "templates" / language / name).write_text(text, "utf-8")
        for one in PEOPLE:
            world.drop(client_file(one.name, one.mailbox, sponsor=one.payer), f"{one.number}.yaml")
        world.work(at(START))
        with world.opened() as practice:
            yield _crowd(world, practice, server)


def _crowd(world: World, practice: Practice, server: ScriptedSmtp) -> Crowd:
    who = "SELECT json_extract(facts, '$.client.name'), json_extract(facts, '$.client.email'), dossier FROM requests"
    named = {(name, mailbox): reference for name, mailbox, reference in practice.database.rows(who)}
    references = {one.number: named[one.name, one.mailbox] for one in PEOPLE}
    for reference in references.values():
        a_form(practice, reference, START + timedelta(hours=1), given=True)
    storage = practice.storage = Noted(practice.storage.root)
    now = sqlite3.connect(world.folder / "storage" / "state.db", isolation_level=None)
    before = sqlite3.connect(":memory:")
    now.backup(before)
    return Crowd(world, practice, server, references, storage, now, before, dict(storage.holds))
