"""A client who has her report, and the mails by which she answers: a practice with its storage, and no servers.

The papers, the report and its form went out through a server on loopback, once a run. What comes back is put into the
storage as fetching leaves it, and understood.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from pipeline import approvals, attention, questions, statements, tokens
from pipeline.attention import Waiting
from pipeline.demo import people
from pipeline.incoming import understand
from pipeline.model import Kind, MessageState, Party, Purpose, Reason, document_code
from pipeline.outgoing import keeping, plan, recorded
from pipeline.outgoing.course import dispatch
from pipeline.outgoing.mail.freezing import enqueue, freeze
from pipeline.outgoing.opening import compose, documents, intake
from pipeline.outgoing.sending import outbox
from pipeline.practice import Practice
from tests.faults.scripted import ScriptedSmtp
from tests.world import CLIENT, COACH, NOWHERE, SPONSOR, World, client_file

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NUMBERS = itertools.count(1)
PROVIDER = "mx.practice.example"
REPORT = "<p>The report of {{ client.name }}, number {{ number }}</p>"
FORM = (
    '<p>May it go on?</p><input type="checkbox" name="release-yes" style="appearance:auto;width:5mm;height:5mm">'
    '<input type="checkbox" name="release-no" style="appearance:auto;width:5mm;height:5mm">'
    '<div id="signature" style="width:85mm;height:30mm"></div>'
)
QUESTIONS = FORM.replace("release", "keep_in_touch")
TEXTS = {
    "report.html": REPORT, "approval.html": FORM, "questions.html": QUESTIONS,
    "mail/report.txt": "{{ greeting }}\n\nYour report. May it go on to who pays? Answer yes or no.\n\nKind regards\n",
    "mail/report_sponsor.txt": "{{ greeting }}\n\nThe report of {{ reference }}.\n",
    "mail/reminder_approval.txt": "{{ greeting }}\n\nMay the report go on? Answer yes or no.\n\nKind regards\n",
    "mail/closing.txt": "{{ greeting }}\n\nSome questions.\n",
}  # fmt: skip
AWAITED = "SELECT kind, version, state, quiet FROM obligations WHERE kind = 'approval' ORDER BY version"


@dataclass
class Desk:
    """One practice, open, and its clock; `who` answers, and our provider vouches for her unless a test says not."""

    practice: Practice
    dossier: str
    now: datetime = START
    server: ScriptedSmtp | None = None
    over_a_line: bool = False
    told: list[str] = field(default_factory=list)

    def later(self) -> datetime:
        """Let an hour pass."""
        self.now += timedelta(hours=1)
        return self.now

    def report(self) -> int:
        """Let the coach's next report, with its form, go to the client; gives its version."""
        at = self.later()
        version = recorded.next_version(self.practice, self.dossier, Kind.REPORT)
        made = self._made(Kind.REPORT, version), self._made(Kind.APPROVAL, version)
        keeping.keep(self.practice, self.dossier, made, at)
        self.send()
        return version

    def hold(self) -> None:
        """Let the next report be held for the coach to look at, as a mail to a new address is."""
        version, at = recorded.next_version(self.practice, self.dossier, Kind.REPORT), self.later()
        made = self._made(Kind.REPORT, version), self._made(Kind.APPROVAL, version)
        keeping.keep(self.practice, self.dossier, made, at)
        revision = recorded.revision(self.practice, self.dossier, 1)
        mail = freeze(self.practice, revision, plan.in_course(revision.client, Purpose.REPORT, version)[0], at)
        doubt: Reason = ("word_shared_address", {"address": CLIENT})
        with self.practice.database.transaction():
            enqueue(self.practice, revision, mail, at, MessageState.HELD)
            token = mail.planned.token
            questions.ask(self.practice, dispatch.ADDRESSEE, at, [doubt], dossier=self.dossier, token=token)

    def ask_at_closing(self) -> None:
        """Let the form with the questions at closing go to the client."""
        version = recorded.next_version(self.practice, self.dossier, Kind.QUESTIONS)
        made = self._made(Kind.QUESTIONS, version, asks=True)
        keeping.keep(self.practice, self.dossier, (made,), self.later())
        self.send()

    def _made(self, kind: Kind, version: int, *, asks: bool = False) -> keeping.Made:
        tag = tokens.page_tag(self.practice.key, self.dossier, kind, version)
        values = {"client": {"name": "Sanne Jansen"}, "number": version}
        printed = self.practice.press.print(f"en/{kind}.html", values, document_code(self.dossier, kind), version, tag)
        return keeping.Made(kind, printed.data, printed.pages, printed.boxes, {"asks": asks} if asks else {})

    def remind(self) -> None:
        """Let the reminder go that her word is awaited."""
        at, revision = self.later(), recorded.revision(self.practice, self.dossier, 1)
        number = self.practice.database.value("SELECT count(*) + 1 FROM messages WHERE purpose = ?", Purpose.REMINDER)
        mail = freeze(self.practice, revision, plan.reminder_of_approval(revision.client, number), at)
        with self.practice.database.transaction():
            enqueue(self.practice, revision, mail, at)
        self.send()

    def send(self) -> None:
        """Let what is written be composed and what is queued leave, over a real line where there is one."""
        dispatch.compose(self.practice, self.now, self.told.append)
        for one in self.waiting():
            if one.what == dispatch.ADDRESSEE:
                attention.accept(self.practice, one.number, self.now)
        if self.over_a_line:
            outbox.send(self.practice, lambda: self.now, self.told.append)
            return
        for row in self.practice.database.rows("SELECT * FROM messages WHERE state = 'queued'"):
            outbox.accept(self.practice, row, self.now, "250 as a server says")

    def ours(self, purpose: Purpose = Purpose.REPORT, number: int = 1, party: Party = Party.CLIENT) -> str:
        """Give the Message-ID of a mail of ours."""
        return str(self.practice.database.value(
            "SELECT message_id FROM messages WHERE purpose = ? AND round = ? AND party = ?", purpose, number, party
        ))  # fmt: skip

    def answer(self, text: str, *, to: str | None = None, vouched: bool = True, **headers: str) -> EmailMessage:
        """Give an answer to a mail of ours, else to that with the first report; `headers` replace what it has."""
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = CLIENT, COACH, "Re: your report"
        made["In-Reply-To"] = made["References"] = to or self.ours()
        for name, content in headers.items():
            del made[name.replace("_", "-")]
            if content:
                made[name.replace("_", "-")] = content
        domain = str(made["From"]).rpartition("@")[2]
        verdict = f"dmarc=pass header.from={domain}" if vouched else "dmarc=none"
        made["Authentication-Results"] = f"{PROVIDER}; {verdict}"
        made.set_content(text)
        return made

    def post(self, made: EmailMessage, at: datetime | None = None) -> int:
        """Let a mail come, at a moment or an hour later, and be understood; gives its number."""
        came = at or self.later()
        made["Message-ID"] = f"<answer{next(NUMBERS)}@home.example>"
        made["Received"] = f"from out.example by {PROVIDER}; {came:%a, %d %b %Y %H:%M:%S +0000}"
        made._headers.insert(0, made._headers.pop())  # type: ignore[attr-defined]  # noqa: SLF001 - a server writes on top
        raw = made.as_bytes(policy=made.policy.clone(linesep="\r\n"))
        seal = tokens.seal(self.practice.key, hashlib.sha256(raw).hexdigest())
        self.practice.storage.write(f"mail/{seal}.eml", raw)
        self.practice.database.run(
            "INSERT INTO mails (seal, file, state, next_at, stored_at) VALUES (?, ?, 'stored', ?, ?)",
            seal, f"mail/{seal}.eml", self.now.isoformat(), self.now.isoformat(),
        )  # fmt: skip
        self.read()
        return int(self.practice.database.value("SELECT max(number) FROM mails"))

    def says(self, text: str, **how: str | bool) -> int:
        """Let her answer."""
        return self.post(self.answer(text, **how))  # type: ignore[arg-type] # headers and `vouched` as they come

    def read(self) -> None:
        """Let what is stored be understood."""
        understand.understand(self.practice, self.now, self.told.append)

    def form(self, kind: Kind, version: int, *, given: bool | None = True, **how: str) -> None:
        """Let her return a form, filled in and signed as in a PDF reader; `given` None leaves the boxes empty."""
        name, boxes = self.practice.database.row(
            "SELECT file, boxes FROM documents WHERE kind = ? AND version = ?", kind, version
        ) or ("", "")  # fmt: skip
        data = self.practice.storage.read(f"dossiers/{self.dossier}/{name}")
        purpose = "release" if kind is Kind.APPROVAL else "keep_in_touch"
        answers = {} if given is None else {purpose: given}
        signed = people.signed(data, json.loads(boxes), answers)
        ours = self.ours(Purpose.REPORT if kind is Kind.APPROVAL else Purpose.CLOSING, version)
        made = self.answer("See the form.", to=ours, **how)  # type: ignore[arg-type] # headers as they come
        made.add_attachment(signed, maintype="application", subtype="pdf", filename=name)
        self.post(made)

    def stands(self) -> bool:
        """Tell whether the newest report may go on by her word."""
        document = approvals.newest(self.practice, self.dossier, Kind.REPORT)
        return document is not None and approvals.stands(self.practice, document)

    def waiting(self) -> list[Waiting]:
        """Give what waits for the coach."""
        return attention.waiting(self.practice)

    def waits(self) -> list[str]:
        """Give what kinds of things wait for the coach."""
        return [one.what for one in self.waiting()]

    def why(self) -> str:
        """Give the reasons of all that waits."""
        return " | ".join(reason for one in self.waiting() for reason in one.reasons)

    def accept(self) -> str:
        """Let the coach agree with the first thing that waits."""
        return attention.accept(self.practice, self.waiting()[0].number, self.later())

    def reject(self) -> str:
        """Let the coach disagree with the first thing that waits."""
        return attention.reject(self.practice, self.waiting()[0].number, self.later())

    def words(self) -> list[tuple[object, ...]]:
        """Give what is recorded of her word: given, for whom, in which way."""
        rows = self.practice.database.rows("SELECT given, recipient, way FROM approvals WHERE purpose = 'disclose'")
        return [tuple(row) for row in rows]

    def awaited(self) -> list[tuple[object, ...]]:
        """Give what is awaited of her word on each version."""
        return [tuple(row) for row in self.practice.database.rows(AWAITED)]

    def sealed(self, version: int) -> str:
        """Give the seal of a report's bytes."""
        sha256 = self.practice.database.value(
            "SELECT sha256 FROM documents WHERE kind = 'report' AND version = ?", version
        )
        return tokens.seal(self.practice.key, sha256)


def _world(root: Path, smtp: str = NOWHERE) -> World:
    world = World(root, smtp=smtp)
    world.change("^  sent_copy: none", f"  sent_copy: none\n  provider: {PROVIDER}")
    world.change("^language: nl", "language: en")
    world.small_templates()
    more_templates(world)
    return world


def more_templates(world: World) -> None:
    """Take small templates for what comes in the course of a coaching."""
    for name, text in TEXTS.items():
        for language in ("nl", "en"):
            (world.folder / "templates" / language / name).write_text(text, "utf-8")


def _made(shelf: Path) -> None:
    """Make a practice whose client has both papers and her first report."""
    with ScriptedSmtp(tls="none") as server:
        world = _world(shelf, f"{{host: 127.0.0.1, port: {server.port}, security: plain-on-loopback}}")
        world.drop(client_file(sponsor=SPONSOR))
        with world.opened() as practice:
            statements.activate(practice, START)
            for step in (intake.take_in, documents.write, compose.compose):
                step(practice, START, print)
            desk = Desk(practice, world.reference, START, server, over_a_line=True)
            desk.send()
            desk.report()
            assert practice.database.value("SELECT count(*) FROM messages WHERE state <> 'accepted'") == 0, desk.told


@contextmanager
def desk(base: Path, root: Path, *, line: bool = False) -> Iterator[Desk]:
    """Give a copy of a practice whose client has her first report; what it sends leaves over a real line if asked."""
    shelf = base / "asked"
    if not shelf.exists():
        _made(base / "asked.made")
        (base / "asked.made").rename(shelf)
    with ExitStack() as stack:
        server = stack.enter_context(ScriptedSmtp(tls="none")) if line else None
        smtp = f"{{host: 127.0.0.1, port: {server.port}, security: plain-on-loopback}}" if server else NOWHERE
        world = _world(root, smtp)
        shutil.copytree(shelf / "practice" / "storage", world.folder / "storage", dirs_exist_ok=True)
        practice = stack.enter_context(world.opened())
        yield Desk(practice, world.reference, START + timedelta(days=1), server, over_a_line=line)
