"""Practices whose mail is composed and waits: printed once a run, copied for each test.

Printing takes a second, a copy a few hundredths; so a test about sending can be one of hundreds.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline import overview
from pipeline.overview import Line
from pipeline.worker import Worker
from tests.faults.scripted import ScriptedSmtp
from tests.world import CLIENT, NOWHERE, SPONSOR, World, client_file

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Order:
    """What a prepared practice holds: so many clients, each with or without a sponsor, their mails queued or held."""

    clients: int = 1
    sponsored: bool = False
    held: bool = False
    copies: bool = False


class Shelf:
    """Keeps the storage of each order that was ever asked for."""

    def __init__(self, root: Path) -> None:
        """Keep them below `root`."""
        self._root = root

    def world(  # all by name, each a separate fact
        self, root: Path, *, smtp: str = NOWHERE, imap: str = "", sent_copy: str = "none", order: Order | None = None
    ) -> World:
        """Give a practice whose mails were composed at START and have not been tried yet; it sends no reminders."""
        order = order or Order(copies=sent_copy == "append")
        world = World(root, smtp=smtp, imap=imap, sent_copy=sent_copy)
        world.change("^  at_most: 2", "  at_most: 0")
        world.small_templates()
        shutil.copytree(self._stored(order), world.folder / "storage", dirs_exist_ok=True)
        return world

    def _stored(self, order: Order) -> Path:
        stored = self._root / "-".join(str(value) for value in vars(order).values())
        if not stored.exists():
            _make(self._root / f"{stored.name}.made", order).rename(stored)
        return stored


def _make(root: Path, order: Order) -> Path:
    """Print and compose while the mail server is away; gives the storage."""
    copies = {"imap": NOWHERE, "sent_copy": "append"} if order.copies else {}
    root.mkdir()
    world = World(root, **copies)
    world.small_templates()
    if order.held:
        world.change(r"^  send: automatic", "  send: after_release")
    for number in range(order.clients):
        world.drop(_client(number, order), f"client{number:02}.yaml")
    world.work(at(START))
    return world.folder / "storage"


def _client(number: int, order: Order) -> str:
    sponsor = SPONSOR if order.sponsored else None
    return client_file(sponsor=sponsor) if number == 0 else client_file(f"Client {number}", address(number))


def address(number: int) -> str:
    """Give the address of client `number` of a prepared practice."""
    return f"client{number:02}@home.example"


def plain(server: ScriptedSmtp) -> str:
    """Give the mapping for practice.yaml of a server on this computer."""
    return f"{{host: 127.0.0.1, port: {server.port}, security: plain-on-loopback}}"


def at(moment: datetime) -> Clock:
    """Give a clock that stands still."""
    return lambda: moment


def after(**passed: float) -> Clock:
    """Give a clock that stands so long after START: `after(days=1)`."""
    return at(START + timedelta(**passed))


@contextmanager
def opened(world: World) -> Iterator[Callable[[Clock], list[str]]]:
    """Open the practice once for several starts of the worker, each until nothing moves; gives what was told."""
    with world.opened() as practice:

        def work(clock: Clock) -> list[str]:
            told: list[str] = []
            worker = Worker(practice, clock, told.append)
            worker.start()
            worker.until_quiet()
            return told

        yield work


def goes_once(world: World, server: ScriptedSmtp) -> None:
    """Check that, the fault gone, the mail goes within hours, once, however often the program starts after that."""
    server.behave()
    with opened(world) as work:
        for hours in (5, 240):
            work(after(hours=hours))
            assert world.states() == ["accepted"]
            assert [mail.recipients for mail in server.accepted] == [(CLIENT,)]


def lines(world: World, clock: Clock) -> list[Line]:
    """Give what `status` shows, at that time."""
    with world.opened() as practice:
        return overview.everything(practice, clock())


def shown(world: World, clock: Clock) -> list[str]:
    """Give the states of the mails that `status` asks the coach to look at."""
    return [line.state for line in lines(world, clock) if line.attention and line.what.startswith("mail")]


def by_hand(world: World, sql: str, *values: object) -> None:
    """Change the database as somebody with a tool for it does."""
    with closing(sqlite3.connect(world.folder / "storage" / "state.db")) as database, database:
        assert database.execute(sql, values).rowcount > 0, "nothing was changed"


def fates(world: World) -> dict[str, str]:
    """Give the state of each mail, by its recipient."""
    return {str(to): str(state) for to, state in world.rows("SELECT recipient, state FROM messages ORDER BY rowid")}


def reference(world: World) -> str:
    """Give the reference of the only dossier."""
    ((found,),) = world.rows("SELECT reference FROM dossiers")
    return str(found)


def frozen(world: World) -> dict[str, Path]:
    """Give the files with the frozen bytes, by recipient."""
    rows = world.rows("SELECT recipient, token FROM messages ORDER BY rowid")
    return {str(recipient): world.folder / "storage" / "outbox" / f"{token}.eml" for recipient, token in rows}


def eventually(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def conversations(server: ScriptedSmtp) -> int:
    """Give how many conversations a server had in which the client said hello."""
    return sum(line.upper().startswith("C: EHLO") for line in server.dialogue)
