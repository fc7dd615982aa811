"""A practice with one dossier whose papers were made, and the rows that the roads write when something happens.

The papers are printed once a run and copied for each test; nothing is erased here.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from pipeline.model import IN_COURSE, Kind, Party, document_file, message_file
from pipeline.policy.plan import Ending, Held
from pipeline.practice import Practice
from pipeline.retention import holds, lives
from pipeline.retention.versions import plan_of
from tests.world import CLIENT, SPONSOR, World

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
OPENED = date(2026, 11, 2)
FILE = f"""
client: {{name: Sanne Jansen, email: {CLIENT}, phone: 06 1234 5678, role: teamleider}}
sponsor: {{organisation: Work, contact: Peter de Vries, email: {SPONSOR}}}
goal: Meer rust in een nieuwe rol.
programme: kort
"""


def on(month: int, day: int, year: int = 2026) -> datetime:
    """Give a moment, noon in the practice."""
    return datetime(year, month, day, 11, 0, tzinfo=UTC)


def prepared(root: Path) -> World:
    """Give a practice whose one dossier was composed at START while the mail server was away."""
    world = World(root)
    world.small_templates()
    world.drop(FILE)
    world.work(lambda: START)
    return world


def copied(world: World, root: Path) -> World:
    """Give a copy of a practice, to change."""
    made = World.__new__(World)
    made.folder = Path(shutil.copytree(world.folder, root / "practice"))
    made.settings = root / "settings"
    return made


@dataclass
class Scene:
    """One practice, opened: what happens to its dossier, and what is then held."""

    practice: Practice
    marked: int = 0

    @property
    def reference(self) -> str:
        """The only dossier."""
        return str(self.practice.database.value("SELECT reference FROM dossiers"))

    def run(self, sql: str, *values: object) -> None:
        """Write rows."""
        self.practice.database.run(sql, *values)

    def sent(self, at: datetime) -> None:
        """Have the papers accepted by the mail server, so that they are awaited."""
        self.run("UPDATE messages SET state = 'accepted', accepted_at = ?", at.isoformat())
        for kind, party in ((Kind.QUOTE, Party.SPONSOR), (Kind.CONSENT, Party.CLIENT)):
            self.run(
                "INSERT INTO obligations (dossier, kind, version, party, state, asked_at, due_at)"
                " VALUES (?, ?, 1, ?, 'awaited', ?, ?)",
                self.reference, kind, party, at.isoformat(), (at + timedelta(days=30)).date().isoformat(),
            )  # fmt: skip

    def settled(self, state: str, at: datetime) -> None:
        """Have the quote accepted, declined or expired."""
        self.run("UPDATE obligations SET state = ?, settled_at = ? WHERE kind = 'quote'", state, at.isoformat())

    def mail(
        self, at: datetime, *, filed: bool = True, state: str = "filed", nature: str = "letter", came: bool = True
    ) -> int:
        """Have a mail come in; gives its number."""
        self.marked += 1
        self.run(
            "INSERT INTO mails (seal, file, state, nature, dossier, came_at, next_at, stored_at)"
            " VALUES (?, ?, ?, ?, ?, ?, '', ?)",
            f"seal{self.marked}", f"mail/{self.marked}.eml", state, nature, self.reference if filed else None,
            at.isoformat() if came else None, at.isoformat(),
        )  # fmt: skip
        return int(self.practice.database.value("SELECT max(number) FROM mails"))

    def returned(self, kind: Kind, at: datetime, state: str = "booked") -> None:
        """Have a signed paper come back in a mail of its own."""
        self.run(
            "INSERT INTO returns (mail, dossier, kind, version, verdict, reasons, findings, files, state, read_at)"
            " VALUES (?, ?, ?, 1, 'signed', '[]', '{}', '[]', ?, ?)",
            self.mail(at), self.reference, kind, state, at.isoformat(),
        )  # fmt: skip

    def asked(self, what: str, state: str = "open", *, mail: int | None = None, dossier: str | None = None) -> None:
        """Put something before the coach."""
        self.run(
            "INSERT INTO attention (what, dossier, mail, reasons, state, opened_at) VALUES (?, ?, ?, '[]', ?, '')",
            what, dossier, mail, state,
        )  # fmt: skip

    def told(self, event: str, day: str) -> None:
        """Have the coach tell the day of an event."""
        self.run("INSERT INTO events VALUES (?, ?, ?, '')", self.reference, event, day)

    def invoice(self, number: str, issued_on: str, *, rest: str | None = None, dossier: str | None = None) -> None:
        """Have an invoice in the books."""
        statutory = json.dumps({"number": number})
        self.run(
            "INSERT INTO invoices (number, dossier, issued_on, statutory, rest) VALUES (?, ?, ?, ?, ?)",
            number, dossier or self.reference, issued_on, statutory, rest,
        )  # fmt: skip

    def document(  # noqa: PLR0913 - what its row has
        self, kind: Kind, version: int, at: datetime = START, *, source: str | None = None, dropped: str | None = None,
        about: str = "{}", data: bytes = b"%PDF-1.7",
    ) -> str:  # fmt: skip
        """Have a document come in the course of the coaching, with its file; gives the name of the file."""
        name = f"dossiers/{self.reference}/{document_file(self.reference, kind, version)}"
        self.practice.storage.write(name, data)
        self.run(
            "INSERT INTO documents (dossier, kind, version, file, sha256, pages, boxes, statement, written_at, state,"
            " source, dropped, about) VALUES (?, ?, ?, ?, ?, 1, '{\"a\": []}', 's', ?, 'composed', ?, ?, ?)",
            self.reference, kind, version, Path(name).name, sha256(data).hexdigest(), at.isoformat(), source, dropped,
            about,
        )  # fmt: skip
        return name

    def course_mail(
        self, kind: Kind, version: int, token: str = "", *, party: Party = Party.CLIENT, state: str = "queued",
        at: datetime = START,
    ) -> str:  # fmt: skip
        """Have a mail with a document of the course composed, or accepted; gives its token."""
        purpose = next(why for why, what in IN_COURSE.items() if what is kind)
        token = token or f"{kind}{version}{party}"
        kinds = f"{kind},approval" if kind is Kind.REPORT and party is Party.CLIENT else kind
        self.practice.storage.write(message_file(token), b"From: us")
        self.run(
            "INSERT INTO messages (token, dossier, revision, party, kinds, recipient, message_id, sha256, state,"
            " next_at, queued_at, accepted_at, copy_state, purpose, round)"
            " VALUES (?, ?, 1, ?, ?, ?, ?, 'h', ?, ?, ?, ?, 'none', ?, ?)",
            token, self.reference, party, kinds, SPONSOR if party is Party.SPONSOR else CLIENT, f"<{token}@x>", state,
            at.isoformat(), at.isoformat(), at.isoformat() if state == "accepted" else None, purpose, version,
        )  # fmt: skip
        return token

    def awaits(self, kind: Kind, version: int, state: str = "awaited", at: datetime = START) -> None:
        """Have the client's word on a document awaited, or settled."""
        self.run(
            "INSERT INTO obligations (dossier, kind, version, party, state, asked_at, due_at, settled_at)"
            " VALUES (?, ?, ?, 'client', ?, ?, ?, ?)",
            self.reference, kind, version, state, at.isoformat(), at.date().isoformat(),
            None if state == "awaited" else at.isoformat(),
        )  # fmt: skip

    def held(self, last_month: int = 12) -> dict[str, Held]:
        """Give what is held, by the name of its part."""
        found = list(lives.held(self.practice.database, self.practice.today, last_month))
        assert len({(one.dossier, one.part) for one in found}) == len(found)
        return {one.part: one for one in found}

    def endings(self, today: date = OPENED) -> dict[str, Ending]:
        """Give when each part goes, by its name."""
        held = lives.held(self.practice.database, self.practice.today, self.practice.file.books.year_ends)
        found = plan_of(self.practice).endings(held, holds.standing(self.practice, today))
        return {one.held.part: one for one in found}


@contextmanager
def scene(world: World) -> Iterator[Scene]:
    """Open a practice as a scene."""
    with world.opened() as practice:
        yield Scene(practice)
