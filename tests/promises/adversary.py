"""An adversary, and a client without luck: a practice that waits, and all that can be put into its mailbox.

Takes in a folder; leaves there a practice whose papers are out to three dossiers, copied for each test. Mail is laid
where fetching leaves it and then understood, with the real reader and the real database; no server takes part.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path

from pikepdf import Array, Dictionary, Name, Pdf

from pipeline import attention
from pipeline.attention import Waiting
from pipeline.demo import people
from pipeline.edges import ledger
from pipeline.edges.reader import Reader
from pipeline.errors import UsageError
from pipeline.incoming import arrivals, understand
from pipeline.incoming.mail import Bounce, Sent, Standing
from pipeline.incoming.match import Match
from pipeline.incoming.meaning import Meaning
from pipeline.incoming.papers import Returned
from pipeline.incoming.verdict import Expected, judge
from pipeline.model import Kind, MailState, Nature
from pipeline.outgoing.opening import intake
from pipeline.practice import Practice
from pipeline.reading.findings import Certificate, Content, Findings, Ink, PageFinding, Tick, Way
from pipeline.sandbox import SandboxServer
from pipeline.worker import utc_now
from tests.reading import forms
from tests.world import CLIENT, COACH, SPONSOR, World, client_file

PASSWORD = "a password"
PROVIDER = "mx.practice.example"
COUPLE = "thuis@couple.example"
STRANGER = "stranger@elsewhere.example"
SANNE, BRAM, KIM = "Sanne Jansen", "Bram de Wit", "Kim Bakker"
YES = {"coaching": True, "profile_take": True, "report_receive": True, "keep_in_touch": False, "profile_share": True}
ACCEPTED = {"coaching": 1, "profile_take": 1, "report_receive": 1, "keep_in_touch": 0}
TWO_PAGES = (
    "<p>Quote {{ quote.number }} for {{ client.name }}{% if goal %}: {{ goal }}{% endif %}</p>"
    "<p>The price of all sessions together is {{ total.including }}, to be paid within thirty days.</p>"
    '<p style="break-before:page">I agree with this quote and with the conditions that belong to it.</p>'
    '<div id="signature" style="width:85mm;height:30mm"></div>'
)
Change = Callable[[Pdf], object]


@dataclass(frozen=True)
class Paper:
    """A document as it was sent."""

    data: bytes
    pages: int
    boxes: dict[str, list[float]]

    def drawn(self, answers: Mapping[str, bool] = YES) -> bytes:
        """Give it filled in, with a signature of ink in its box."""
        return people.signed(self.data, self.boxes, answers)

    def filled(self, answers: Mapping[str, bool] = YES) -> bytes:
        """Give it filled in and not signed."""
        ticked = [f"{purpose}-{'yes' if given else 'no'}" for purpose, given in answers.items()]
        return forms.filled(self.data, *ticked)

    def sealed(self, answers: Mapping[str, bool] = YES, name: str = SANNE) -> bytes:
        """Give it filled in and digitally signed."""
        return forms.signed(self.filled(answers), name)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Give the signature box: left, top, width, height in mm."""
        _, left, top, width, height = self.boxes["signature"]
        return left, top, width, height


@dataclass
class Desk:
    """One practice that waits, open; what is brought to it is understood at once."""

    world: World
    practice: Practice

    def reference(self, name: str) -> str:
        """Give the reference of somebody's dossier."""
        sql = "SELECT dossier FROM requests WHERE json_extract(facts, '$.client.name') = ? LIMIT 1"
        return str(self.practice.database.value(sql, name))

    def paper(self, name: str, kind: Kind, version: int = 1) -> Paper:
        """Give a document as somebody received it."""
        dossier = self.reference(name)
        row = self.practice.database.row(
            "SELECT * FROM documents WHERE dossier = ? AND kind = ? AND version = ?", dossier, kind, version
        )
        assert row is not None, (name, kind, version)
        data = self.practice.storage.read(f"dossiers/{dossier}/{row['file']}")
        return Paper(data, row["pages"], json.loads(row["boxes"]))

    def sent(self, name: str, party: str = "client", revision: int = 1) -> tuple[str, str, str]:
        """Give Message-ID, token and recipient of the mail with somebody's papers."""
        row = self.practice.database.row(
            "SELECT * FROM messages WHERE dossier = ? AND party = ? AND revision = ? ORDER BY queued_at LIMIT 1",
            self.reference(name), party, revision,
        )  # fmt: skip
        assert row is not None, (name, party)
        return row["message_id"], row["token"], row["recipient"]

    def answer(
        self, name: str, *files: bytes, text: str = "Hierbij.", party: str = "client", **how: str
    ) -> EmailMessage:
        """Give an answer to the mail with somebody's papers, which the provider vouches for."""
        message_id, _, recipient = self.sent(name, party)
        sender = how.get("sender", recipient)
        proof = f"{PROVIDER}; dmarc=pass header.from={sender.rpartition('@')[2].rstrip('>')}"
        subject = f"Re: Documenten van Praktijk, kenmerk {self.reference(name)}"
        made = letter(sender, how.get("subject", subject), text, *files, proof=how.get("proof", proof))
        made["In-Reply-To"] = made["References"] = how.get("to", message_id)
        return made

    def bring(self, mail: EmailMessage | bytes, now: datetime | None = None) -> int:
        """Lay a mail where fetching leaves it and have it understood; gives its number."""
        number = self.lay(mail, now)
        understand.understand(self.practice, now or utc_now(), lambda _: None)
        return number

    def lay(self, mail: EmailMessage | bytes, now: datetime | None = None) -> int:
        """Lay a mail where fetching leaves it."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=policy.SMTP)
        at = (now or utc_now()).isoformat()
        uid = 1 + self.practice.database.value("SELECT count(*) FROM arrivals")
        self.practice.database.run(
            "INSERT INTO arrivals (account, folder, uidvalidity, uid, size, next_at, found_at)"
            " VALUES ('coach', 'INBOX', 1, ?, ?, ?, ?)", uid, len(raw), at, at,
        )  # fmt: skip
        row = self.practice.database.row("SELECT * FROM arrivals WHERE uid = ?", uid)
        assert row is not None
        arrivals._keep(self.practice, row, raw, now or utc_now())  # noqa: SLF001 - where fetching leaves a mail
        return int(self.practice.database.value("SELECT mail FROM arrivals WHERE uid = ?", uid))

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the database."""
        return [tuple(row) for row in self.practice.database.rows(sql, *values)]

    def verdicts(self) -> list[tuple[object, ...]]:
        """Give every returned document: dossier's client aside, its kind, verdict and state."""
        return self.rows("SELECT kind, verdict, state FROM returns ORDER BY number")

    def booked(self) -> int:
        """Count what was booked."""
        return len(self.rows("SELECT 1 FROM returns WHERE state = 'booked'"))

    def consents(self, name: str = SANNE) -> dict[object, object]:
        """Give the consents of somebody as they stand: purpose → given."""
        sql = "SELECT purpose, given FROM standing_consents WHERE dossier = ?"
        return dict(self.rows(sql, self.reference(name)))  # type: ignore[arg-type] # two columns

    def given(self, name: str = SANNE) -> set[object]:
        """Give the consents that somebody has given."""
        return {purpose for purpose, given in self.consents(name).items() if given}

    def owed(self, name: str = SANNE) -> dict[object, object]:
        """Give the obligations of somebody's newest version: kind → state."""
        sql = "SELECT kind, state FROM obligations WHERE dossier = ? ORDER BY version"
        return dict(self.rows(sql, self.reference(name)))  # type: ignore[arg-type] # two columns

    def waiting(self) -> list[Waiting]:
        """Give what waits for the coach."""
        return attention.waiting(self.practice)

    def waits(self) -> list[str]:
        """Give what kinds of things wait."""
        return [one.what for one in self.waiting()]

    def number(self, what: str = "return") -> int:
        """Give the number of the first thing of this kind that waits."""
        return next(one.number for one in self.waiting() if one.what == what)

    def accept(self, what: str = "return") -> str:
        """Let the coach accept the first thing of this kind that waits."""
        return attention.accept(self.practice, self.number(what), utc_now())

    def reject(self, what: str = "return") -> str:
        """Let the coach reject the first thing of this kind that waits."""
        return attention.reject(self.practice, self.number(what), utc_now())

    def whole(self) -> bool:
        """Tell whether the ledger is unbroken."""
        rows = self.practice.database.rows("SELECT number, entry, hash FROM ledger ORDER BY number")
        return not ledger.verify([tuple(row) for row in rows])


def letter(sender: str, subject: str, text: str, *files: bytes, proof: str = "") -> EmailMessage:
    """Write a new mail with papers."""
    made = EmailMessage()
    if proof:
        made["Authentication-Results"] = proof
    made["From"], made["To"], made["Subject"] = sender, COACH, subject
    made["Received"] = f"from there by {PROVIDER}; {datetime.now(UTC).strftime('%a, %d %b %Y %H:%M:%S +0000')}"
    made.set_content(text)
    for at, data in enumerate(files):
        made.add_attachment(data, maintype="application", subtype="pdf", filename=f"paper{at}.pdf")
    return made


def send_papers(root: Path, *, revised: bool = False) -> None:
    """Make a practice in `root` whose papers are out: to one client, and to a couple with one address."""
    with SandboxServer(root / "server", dict.fromkeys((COACH, CLIENT, COUPLE, SPONSOR), PASSWORD)) as server:
        where = f"{{host: 127.0.0.1, port: {server.smtp_port}, security: plain-on-loopback, user: {COACH}}}"
        world = World(root, smtp=where)
        world.keep_password(f"{COACH}@127.0.0.1", PASSWORD)
        world.small_templates()
        for language in ("nl", "en"):
            (world.folder / "templates" / language / "quote.html").write_text(TWO_PAGES, "utf-8")
        world.change(r"^mail:$", f"mail:\n  provider: {PROVIDER}")
        world.drop(client_file(SANNE, CLIENT), "sanne.yaml")
        world.drop(client_file(BRAM, COUPLE), "bram.yaml")
        world.drop(client_file(KIM, COUPLE, sponsor=SPONSOR), "kim.yaml")
        world.work()
        if revised:
            world.drop(client_file(SANNE, CLIENT, more="goal: something else\n"), "sanne.yaml")
            world.work()


@contextmanager
def desk(shelf: Path, root: Path, reader: Reader) -> Iterator[Desk]:
    """Open a copy of what `send_papers` made; `reader` is shared, because it loads for seconds."""
    world = World(root)
    shutil.rmtree(world.folder)
    shutil.copytree(shelf / "practice", world.folder)
    with world.opened() as practice:
        practice.reader = reader
        yield Desk(world, practice)


def changed(data: bytes, change: Change) -> bytes:
    """Change a PDF by its objects."""
    return forms.changed(data, change)


def joined(*parts: tuple[bytes, list[int]]) -> bytes:
    """Put pages of several PDF (each with the pages wanted, from 0) into one."""
    with Pdf.new() as made:
        sources = [Pdf.open(io.BytesIO(data)) for data, _ in parts]
        for source, (_, wanted) in zip(sources, parts, strict=True):
            for at in wanted:
                made.pages.append(source.pages[at])
        saved = io.BytesIO()
        made.save(saved)
        for source in sources:
            source.close()
    return saved.getvalue()


def field(pdf: Pdf, name: str) -> Dictionary:
    """Give the check box called `name`."""
    return next(note for note in forms.widgets(pdf) if str(note.get("/T", "")) == name)  # type: ignore[return-value]


def looks(pdf: Pdf, name: str, state: str, drawing: bytes) -> None:
    """Let a check box show `drawing` (on 20 by 20 points) where it is in `state`."""
    note = field(pdf, name)
    left, bottom, right, top = (float(value) for value in note.Rect)
    look = pdf.make_stream(drawing)
    look.Type, look.Subtype = Name.XObject, Name.Form
    look.BBox = Array([0, 0, round(right - left, 2), round(top - bottom, 2)])
    states = dict(note.AP.N.items()) if "/AP" in note else {}
    states[f"/{state}"] = look
    note.AP = Dictionary(N=Dictionary(states))


def note(data: bytes, page: int, kind: str, box: tuple[float, float, float, float], drawing: str = "") -> bytes:
    """Put an annotation on a page (from 1)."""
    return forms.with_note(data, page, kind, box, drawing)


def typed(words: str, size: int = 14) -> str:
    """Draw words as a PDF reader's typewriter does, one stroke font for all."""
    return f"BT /Helv {size} Tf 4 8 Td ({words}) Tj ET"


class Orders:
    """One dossier in which things happen in some order, without any reading: findings are made up, rows are real."""

    def __init__(self, made: Desk) -> None:
        """Let things happen in Sanne's dossier."""
        self.desk, self.practice, self.dossier = made, made.practice, made.reference(SANNE)
        self.now, self.signed, self.taken_back = utc_now(), dict[int, tuple[str, int, bool]](), dict[int, bool]()

    @property
    def newest(self) -> int:
        """Give the newest version."""
        return int(self.practice.database.value("SELECT max(revision) FROM requests WHERE dossier = ?", self.dossier))

    def _mail(self, meaning: Meaning, kept: list[understand.Kept] | None = None) -> int:
        self.now += timedelta(minutes=1)
        number = self.desk.lay(letter(CLIENT, "Re:", f"{self.now}"), self.now)
        row = self.practice.database.row("SELECT * FROM mails WHERE number = ?", number)
        assert row is not None
        with self.practice.database.transaction():
            understand._write(self.practice, row, meaning, kept or [], self.now)  # noqa: SLF001 - what a mail leaves
        return number

    def _meaning(self, nature: Nature = Nature.LETTER, quiet: str | None = "reply") -> Meaning:
        found = Meaning(nature, Standing.AUTHENTICATED, "rule", MailState.FILED, Match(self.dossier))
        found.party, found.quiet = "client", quiet
        return found

    def sign(self, kind: Kind, *, version: int, given: bool, surely: bool) -> None:
        """Let a signed paper come; `given` is the answer to every question, `surely` that it may book itself."""
        asked = ("coaching", "profile_take") if kind is Kind.CONSENT else ()
        yes, no = (Tick.TICKED, Tick.EMPTY) if given else (Tick.EMPTY, Tick.TICKED)
        boxes = {f"{name}-{word}": tick for name in asked for word, tick in (("yes", yes), ("no", no))}
        way = Way.CERTIFICATE if surely else Way.PIXELS
        found = Findings(
            (PageFinding(1, 0, 0, Content.UNCHANGED),), Ink.SIGNED, way, Certificate(intact=True) if surely else None,
            boxes, Way.FIELDS if surely else Way.PIXELS,
        )  # fmt: skip
        expected = Expected(version, self.newest, 1, asked, sender_sure=True)
        returned = Returned(self.dossier, kind, version, judge(expected, found), found, b"", ())
        meaning = self._meaning()
        meaning.returned = [returned]
        number = self._mail(meaning, [understand.Kept(returned, (), None)])
        self.signed[number] = kind, version, given

    def withdraw(self) -> None:
        """Let the client take her consent back."""
        meaning = self._meaning()
        meaning.withdraws = (self.dossier,)
        meaning.asks = [("withdrawal", (("withdrawn_at_once", {"dossiers": self.dossier}),))]
        self.taken_back[self._mail(meaning)] = True

    def decline(self) -> None:
        """Let the client decline the quote."""
        meaning = self._meaning()
        meaning.declines, meaning.asks = True, [("decline", (("declined_at_once", {}),))]
        self._mail(meaning)

    def bounce(self) -> None:
        """Let a report come that our mail did not arrive."""
        message_id, token, recipient = self.desk.sent(SANNE)
        meaning = self._meaning(Nature.BOUNCE, None)
        sent = Sent(token, message_id, self.dossier, 1, "client", recipient, "")
        meaning.bounced = [(sent, Bounce((message_id,), said="5.1.1"))]
        self._mail(meaning)

    def absence(self) -> None:
        """Let an absence message come."""
        self._mail(self._meaning(Nature.AUTO_REPLY, "absence"))

    def new_version(self) -> None:
        """Send another version, which takes the place of the one before."""
        database, new = self.practice.database, self.newest + 1
        with database.transaction():
            for table, column in (("requests", "revision"), ("documents", "version"), ("obligations", "version")):
                self._copy(table, column, new)
            database.run(
                "UPDATE obligations SET state = 'awaited', settled_at = NULL, quiet = NULL WHERE dossier = ?"
                " AND version = ?", self.dossier, new,
            )  # fmt: skip
            intake.supersede(self.practice, self.dossier, new)

    def _copy(self, table: str, column: str, new: int) -> None:
        sql = f"SELECT * FROM {table} WHERE dossier = ? AND {column} = ?"
        rows = self.practice.database.rows(sql, self.dossier, new - 1)
        for one in rows:
            values = dict(one) | {column: new}
            if table == "documents":
                values["file"] = f"{one['file']}-{new}"
            marks = ", ".join("?" * len(values))
            sql = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"
            self.practice.database.run(sql, *values.values())

    def decide(self, how: str, at: int) -> None:
        """Let the coach decide on one of the things that wait, or say no to what makes no sense."""
        waiting = self.desk.waiting()
        if not waiting:
            return
        one = waiting[at % len(waiting)]
        mail = self.practice.database.value("SELECT mail FROM attention WHERE number = ?", one.number)
        acts = {"accept": attention.accept, "reject": attention.reject, "ask": attention.ask_again}
        with suppress(UsageError):
            acts[how](self.practice, one.number, self.now)
            if how == "reject" and one.what == "withdrawal":
                self.taken_back[mail] = False
