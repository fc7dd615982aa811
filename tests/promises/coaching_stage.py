"""One practice that can be put back to any moment that was kept: its database, its files, what people know.

It is in memory, where the computer has such a place, and nothing in it is worked out twice; both make every order of
what can happen small enough to be tried.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import HeaderRegistry
from pathlib import Path
from typing import Any

import pytest

from pipeline import tokens
from pipeline.confined.process import Process
from pipeline.edges.storage import Storage
from pipeline.model import Kind, Party
from pipeline.practice import Practice
from pipeline.press import protect
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import START, at, plain
from tests.promises.coaching_rights import PAPERS, WAYS, Form, Rights, Way
from tests.world import CLIENT, SPONSOR, World, client_file

MEMORY = Path("/dev/shm")
MESSAGES = (
    "SELECT party, purpose, round, revision, kinds, recipient, state, bounced IS NOT NULL,"
    " CASE WHEN state IN ('refused', 'superseded') THEN reason END, state = 'refused'"
    " AND (EXISTS (SELECT 1 FROM consents AS c WHERE c.dossier = m.dossier AND c.given AND c.at > m.next_at)"
    " OR EXISTS (SELECT 1 FROM approvals AS a WHERE a.dossier = m.dossier AND a.given AND a.at > m.next_at))"
    " FROM messages AS m WHERE purpose <> 'documents' ORDER BY token"
)
FORM = (
    "SELECT kind, version, sha256, state, about FROM documents WHERE state IS NOT NULL ORDER BY kind, version",
    MESSAGES,
    "SELECT kind, version, party, state, quiet FROM obligations ORDER BY kind, version, party",
    "SELECT revision, state FROM requests ORDER BY revision",
    "SELECT event FROM events ORDER BY event",
    "SELECT what, token FROM attention WHERE state = 'open' AND token IS NOT NULL ORDER BY what, token",
)
"""What of a state matters for what comes, beside the words: no moments, no numbers, nothing that is settled."""
WORDS = "SELECT document, recipient, purpose, given FROM approvals ORDER BY at, given DESC, number"
CONSENTS = "SELECT purpose, document, given FROM consents ORDER BY came_at, given DESC, number"


@contextmanager
def said_once() -> Iterator[None]:
    """Let nothing be worked out twice: a PDF that was printed before, a header of a mail that was read before."""
    said: dict[str, Any] = {}
    read: dict[tuple[str, str], Any] = {}
    ask, parse = Process.ask, HeaderRegistry.__call__

    def remembering(process: Process, job: dict[str, Any], body: bytes = b"") -> Any:
        key = f"{id(process)} {job!r} {hashlib.sha256(body).hexdigest()}"
        if key not in said:
            said[key] = ask(process, job, body)
        return said[key]

    def parsed(registry: HeaderRegistry, name: str, value: Any) -> Any:
        if type(value) is not str:
            return parse(registry, name, value)
        if (name, value) not in read:
            read[name, value] = parse(registry, name, value)
        return read[name, value]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Process, "ask", remembering)
        patch.setattr(HeaderRegistry, "__call__", parsed)
        yield


@contextmanager
def in_memory() -> Iterator[Path]:
    """Give a folder that is on no disk, where the computer has such a place."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as place:
        yield Path(place)


class Noted(Storage):
    """The practice's own storage, which also remembers what lies in it, so that it can be put back."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.holds: dict[str, bytes] = {
            str(path.relative_to(root)): path.read_bytes()
            for folder in ("dossiers", "outbox") for path in (root / folder).rglob("*") if path.is_file()
        }  # fmt: skip

    def write(self, name: str, data: bytes) -> None:
        super().write(name, data)
        self.holds[name] = data

    def remove(self, name: str) -> None:
        super().remove(name)
        self.holds.pop(name, None)

    def erase(self, names: Iterable[str]) -> None:
        gone = list(names)
        super().erase(gone)
        for name in gone:
            self.holds.pop(name, None)

    def put_back(self, holds: Mapping[str, bytes]) -> None:
        """Let exactly these files lie here."""
        for name, data in holds.items():
            if self.holds.get(name) is not data:
                self.path(name).parent.mkdir(exist_ok=True)
                self.path(name).write_bytes(data)
        for name in self.holds.keys() - holds.keys():
            self.path(name).unlink(missing_ok=True)
        self.holds = dict(holds)


@dataclass(frozen=True)
class Moment:
    """All that is at one moment: the database, the files, who may have what, and which mails have arrived."""

    database: bytes
    files: Mapping[str, bytes]
    rights: Rights
    arrived: frozenset[str]


class Stage:
    """One practice in memory, its mail server, and the people around it."""

    def __init__(self, world: World, practice: Practice, server: ScriptedSmtp, way: Way) -> None:
        self.world, self.practice, self.server = world, practice, server
        self.reference = world.reference
        self.rights, self.arrived = Rights(way), frozenset[str]()
        self.storage = practice.storage = Noted(practice.storage.root)
        self.now = START
        self._file = sqlite3.connect(world.folder / "storage" / "state.db", isolation_level=None)

    def moment(self, *, whole: bool = True) -> Moment:
        """Keep this moment; one that is not `whole` is not come back to."""
        data = self._file.serialize() if whole else b""
        alone = data[:18] + b"\1\1" + data[20:]  # the file format's word for: no log of changes lies beside it
        return Moment(zlib.compress(alone, 1), dict(self.storage.holds), self.rights, self.arrived)

    def put_back(self, moment: Moment, hour: int) -> None:
        """Let everything be as it was at a moment, and let it be that hour of the next day."""
        memory = sqlite3.connect(":memory:")
        memory.deserialize(zlib.decompress(moment.database))
        memory.backup(self._file)
        memory.close()
        self.storage.put_back(moment.files)
        self.rights, self.arrived = moment.rights, moment.arrived
        self.now = START + timedelta(days=1, hours=hour)
        self.server.forget()
        self.server.behave()
        for drop in self.practice.drops.values():
            for path in drop.root.iterdir():
                path.unlink()

    def form(self) -> Form:
        """Give the state in a way that can be compared; of words the first, the latest, and whether one was a yes."""
        rows = self.practice.database.rows
        words: dict[Form, list[int]] = {}
        for *about, given in rows(WORDS):
            words.setdefault(tuple(about), []).append(given)
        agreed: dict[str, list[tuple[str, int]]] = {}
        for purpose, document, given in rows(CONSENTS):
            agreed.setdefault(purpose, []).append((document, given))
        return (
            *(tuple(tuple(row) for row in rows(sql)) for sql in FORM),
            tuple((about, said[0], said[-1], max(said)) for about, said in sorted(words.items())),
            tuple((about, said[0], said[-1]) for about, said in sorted(agreed.items())),
            self.rights.form(),
        )

    def seal(self, data: bytes, reader: Party = Party.CLIENT) -> str:
        """Tell one paper from another; one that is locked is opened with what this reader was told."""
        if not self.practice.policy.mail_contents:
            return hashlib.sha256(data).hexdigest()
        password = tokens.document_password(self.practice.key, self.reference, reader)
        return hashlib.sha256(protect.bare(data, password)).hexdigest()

    def paper(self, data: bytes, recipient: str) -> tuple[Kind, int] | None:
        """Give which paper some bytes are to who receives them, if any that may matter."""
        seal, made = self.seal(data, Party.CLIENT if recipient == CLIENT else Party.SPONSOR), self.rights.made
        return next(((kind, made[kind].index(seal) + 1) for kind in PAPERS if seal in made[kind]), None)


@contextmanager
def staged(policy: str) -> Iterator[Stage]:
    """Give a practice with one dossier with a sponsor, whose quote and form have gone."""
    with in_memory() as root, ScriptedSmtp(tls="none") as server, said_once(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", os.devnull)
        world = World(root, smtp=plain(server))
        world.small_templates()
        world.change("^policy: kleur", f"policy: {policy}")
        world.drop(client_file(sponsor=SPONSOR))
        world.work(at(START))
        server.forget()
        with world.opened() as practice:
            yield Stage(world, practice, server, WAYS[policy])
