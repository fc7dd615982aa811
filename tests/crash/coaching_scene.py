"""Where a crash in the course of a coaching takes place: two coachings that run, and all that comes of one busy day.

Of the first, for which a sponsor pays, the report was sent and her yes to it lies unread in the mailbox; the coach has
just let her profile go; today is its last day. An appointment and an invitation are dropped for it. For the second a
report and a profile are dropped, which names somebody else. Both quotes were accepted, and half of each is due.

Takes in a folder; leaves there the practice as it waits, made once, and a copy of it, with a server of its own, for
each crash. Every copy has the same key, the same mail and the same files, so that what comes of it can be compared.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipeline import attention
from pipeline.sandbox import SandboxServer
from pipeline.worker import utc_now
from tests.incoming.road import ACCOUNTS, PASSWORD, STRANGER, Road, copied
from tests.outgoing.prepared import by_hand
from tests.outgoing.reporting import GOOD, SMALL, own_policy
from tests.reading.profiles import of, typed
from tests.world import CLIENT, COACH, SPONSOR, World, client_file

OTHER = STRANGER
"""The client of the second coaching, who pays herself."""
BILLS = (
    "books: {year_ends: 12}\n"
    "invoicing: {prefix: F, when: instalments, instalments: [{percent: 50}, {percent: 50, when: at_closing}]}"
)
ASKED_AT_CLOSING = (
    "^gates:$",
    "closing:\n  - {id: asked.closing, clauses: [K-12], steps: [ask_consent], asks: [profile_share]}\n\ngates:",
)
TEMPLATES = SMALL | {
    "questions.html": SMALL["approval.html"].replace("report.code", "reference"),
    "invoice.html": "<p>{{ invoice.number }} {{ total.including }}</p>",
}


@dataclass(frozen=True)
class File:
    """One file that is dropped: in which folder, under which name, and what it holds."""

    within: str
    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        """The hash of what it holds."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Busy:
    """One practice on that day; `root` is all that there is of it, `first` and `second` are its coachings."""

    root: Path
    road: Road
    first: str
    second: str
    dropped: tuple[File, ...]

    @property
    def world(self) -> World:
        """The practice."""
        return self.road.world

    @property
    def storage(self) -> Path:
        """What the practice keeps."""
        return self.world.folder / "storage"

    def received(self) -> dict[str, list[bytes]]:
        """Give every mail that somebody received, by address."""
        return {one: self.road.server.messages(one) for one in (CLIENT, SPONSOR, OTHER)}


class Shelf:
    """A practice on the morning of that day, and copies of it for as many crashes as are wanted."""

    def __init__(self, root: Path) -> None:
        """Let the papers of both go out and be accepted, the first report be sent, and her yes come."""
        self.root = root
        self._numbers = itertools.count()
        with SandboxServer(root / "waiting" / "server", ACCOUNTS) as server:
            road = Road(_practice(root / "waiting", server), server)
            road.world.drop(client_file(sponsor=SPONSOR), "jansen.yaml")
            road.world.drop(client_file("Karin Smit", OTHER), "smit.yaml")
            road.work()
            told = road.world.rows("SELECT dossier FROM messages WHERE party = 'client' ORDER BY recipient = ?", OTHER)
            self.first, self.second = (str(dossier) for (dossier,) in told)
            _coach(road, self.first)
        self.dropped = _files(self.first, self.second)

    @contextmanager
    def scene(self, of: Path | None = None) -> Iterator[Busy]:
        """Give a copy that nobody worked on yet, with its server running; or one of a scene that was left in `of`.

        Safe to call from threads.
        """
        root = self.root / str(next(self._numbers))
        with copied(of or self.root / "waiting", root) as road:
            _prepare(road.world)
            road.world.change("^books: .*", BILLS)
            road.world.change("^  sent_copy: none", "  sent_copy: none\n  provider: localhost")
            for file in () if of else self.dropped:
                road.world.drop(file.data, file.name, file.within)
            yield Busy(root, road, self.first, self.second, self.dropped)


def _practice(root: Path, server: SandboxServer) -> World:
    account = "{{host: 127.0.0.1, port: {}, security: plain-on-loopback, user: {}}}"
    smtp, imap = (account.format(port, COACH) for port in (server.smtp_port, server.imap_port))
    world = World(root, smtp=smtp, imap=imap)
    world.keep_password(f"{COACH}@127.0.0.1", PASSWORD)
    world.small_templates()
    _prepare(world)
    return world


def _prepare(world: World) -> None:
    for language in ("nl", "en"):
        for name, text in TEMPLATES.items():
            (world.folder / "templates" / language / name).write_text(text, "utf-8")
    (world.folder / "mine.yaml").write_text(own_policy("kleur", ASKED_AT_CLOSING), "utf-8")
    world.change("^policy: kleur", "policy: mine.yaml")
    world.change("^  version: .*", '  version: "2026-12"')


def _coach(road: Road, first: str) -> None:
    """Take both quotes as accepted, send the first her report, let her profile go, and let her say yes."""
    world, at = road.world, utc_now()
    by_hand(world, "UPDATE obligations SET state = 'fulfilled', settled_at = ?", at.isoformat())
    for (dossier,) in world.rows("SELECT reference FROM dossiers ORDER BY rowid"):
        _consent(world, str(dossier), at)
    world.drop(GOOD, f"{first}.md", "reports")
    world.drop(profile("Anna Bakker"), f"{first}.pdf", "profiles")
    road.work()
    with world.opened() as practice:
        (held,) = attention.waiting(practice)  # the profile names somebody else
        attention.accept(practice, held.number, utc_now())
    road.post(road.answer(CLIENT, "Ja, akkoord."), sender=CLIENT)
    today = utc_now().date().isoformat()
    by_hand(world, "INSERT INTO closings VALUES (?, ?, ?)", first, today, at.isoformat())


def _consent(world: World, dossier: str, at: datetime) -> None:
    """Write down that she let herself be coached and a profile be taken, as the road in does with her form."""
    moment = at.isoformat()
    by_hand(
        world, "INSERT INTO mails (seal, file, state, dossier, next_at, stored_at) VALUES (?, '', 'filed', ?, ?, ?)",
        f"form of {dossier}", dossier, moment, moment,
    )  # fmt: skip
    for purpose in ("coaching", "profile_take"):
        by_hand(
            world,
            "INSERT INTO consents (dossier, purpose, given, document, text_seal, way, mail, came_at, at)"
            " VALUES (?, ?, 1, ?, 'text', 'fields', (SELECT max(number) FROM mails), ?, ?)",
            dossier, purpose, f"{dossier}-2 v1", moment, moment,
        )  # fmt: skip


def _files(first: str, second: str) -> tuple[File, ...]:
    day = (utc_now() + timedelta(days=30)).date()
    return (
        File("appointments", f"{first}.yaml", f"when: {day} 14:00\nwhere: Lindelaan 12\n".encode()),
        File("profiles", f"{first}.yaml", b"link: https://vragenlijst.example/abc123\n"),
        File("profiles", f"{second}.pdf", profile("Anna Bakker", pages=4)),
        File("reports", f"{second}.md", b"Karin weet wat zij wil.\n"),
    )


def profile(name: str, *, pages: int = 3) -> bytes:
    """Give the PDF of somebody's profile."""
    return typed(of(name, pages=pages))
