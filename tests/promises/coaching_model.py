"""Every order of what can happen in a coaching, in the real program, against what each person may have by then.

A `Stage` is one practice that can be put back to any moment that was kept: its database, its files, what people know.
`Acts` are what people do and what befalls the program, by its own steps and over a real conversation with a server.
`Rights` says who may have what, by what was said and done; it asks the program nothing. `explore` goes through all
orders, breadth first: orders that lead to the same state are one from there on, so few steps stand for all of them.
"""

from __future__ import annotations

import email
import hashlib
import os
import sqlite3
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.headerregistry import HeaderRegistry
from pathlib import Path
from typing import Any

import pytest

from pipeline import approvals, attention, tokens
from pipeline.confined.process import Process
from pipeline.edges.storage import Storage
from pipeline.incoming import approving, booking, consents
from pipeline.incoming.assent import Answer
from pipeline.incoming.facts import known
from pipeline.incoming.mail import Bounce
from pipeline.model import Kind, Party
from pipeline.outgoing.course import dispatch, profiles, reports, sharing
from pipeline.outgoing.opening import documents, intake
from pipeline.outgoing.sending import outbox
from pipeline.practice import Practice
from pipeline.press import protect
from pipeline.retention import closing, drafts
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import START, at, plain
from tests.reading.profiles import of, typed
from tests.world import CLIENT, SPONSOR, World, client_file

NEW_SPONSOR = "anna@elsewhere.example"
PAPERS = (Kind.PROFILE, Kind.REPORT)
MEMORY = Path("/dev/shm")
MARK, ANSWER = 4, 5
"""At which look at the clock the first mail of a send is about to get its mark, and has the server's answer."""
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
Form = tuple[Any, ...]
Order = tuple[str, ...]


class Killed(BaseException):
    """The program was killed here."""


class Violation(AssertionError):
    """Somebody got what she may not have, or does not get what may go to her."""


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
class Way:
    """How policies differ: a report needs the consent to share too; it must have reached the client for good before."""

    report_too: bool = False
    first: bool = True


WAYS = {"kleur": Way(), "ballance": Way(), "refleact": Way(report_too=True, first=False)}


@dataclass(frozen=True)
class Rights:
    """Who may have what, by what was said and done.

    `made` are the papers in the order of their versions; `told` whom the client was told of with each; `has` what she
    has; `word` her latest on each; `went` what the server accepted for whom.
    """

    way: Way
    sponsor: str = SPONSOR
    may_take: bool = False
    refused: bool = False
    made: Mapping[Kind, tuple[str, ...]] = field(default_factory=lambda: dict.fromkeys(PAPERS, ()))
    told: Mapping[tuple[Kind, int], str] = field(default_factory=dict)
    has: frozenset[tuple[Kind, int]] = frozenset()
    word: Mapping[tuple[Kind, int], bool] = field(default_factory=dict)
    went: frozenset[tuple[str, Kind, int]] = frozenset()
    closed: bool = False

    def newest(self, kind: Kind) -> int:
        """Give the newest version; 0 for none."""
        return len(self.made[kind])

    def held(self, kind: Kind) -> int:
        """Give the newest version that the client has; 0 for none."""
        return max((version for one, version in self.has if one is kind), default=0)

    def may_have(self, recipient: str, kind: Kind, version: int) -> bool:
        """Tell whether a paper may go to somebody now."""
        if version != self.newest(kind):
            return False
        return recipient == CLIENT or (recipient == self.sponsor and self._may_go_on(kind, version))

    def _may_go_on(self, kind: Kind, version: int) -> bool:
        yes = self.word.get((kind, version), False) and self.told[kind, version] == self.sponsor
        asked = kind is Kind.PROFILE or self.way.report_too
        first = kind is Kind.PROFILE or self.way.first
        return yes and not (asked and self.refused) and ((kind, version) in self.has or not first)

    def form(self) -> Form:
        """Give it all in a way that can be compared."""
        return (
            self.sponsor, self.may_take, self.refused, tuple(self.made[kind] for kind in PAPERS),
            tuple(sorted(self.told.items())), tuple(sorted(self.has)), tuple(sorted(self.word.items())),
            tuple(sorted(self.went)), self.closed,
        )  # fmt: skip


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


def a_mail(practice: Practice, reference: str, now: datetime) -> int:
    """Give the number of a mail that came in just now."""
    with practice.database.transaction():
        practice.database.run(
            "INSERT INTO mails (seal, file, state, dossier, next_at, stored_at, came_at)"
            " VALUES (hex(randomblob(9)), '', 'filed', ?, ?, ?, ?)",
            reference, now.isoformat(), now.isoformat(), now.isoformat(),
        )  # fmt: skip
    return int(practice.database.value("SELECT max(number) FROM mails"))


def a_form(practice: Practice, reference: str, now: datetime, *, given: bool) -> None:
    """Let the newest consent form of a dossier come back with the same answer to all that it asks."""
    mail, database = a_mail(practice, reference, now), practice.database
    with database.transaction():
        database.run(
            "INSERT INTO returns (mail, dossier, kind, version, verdict, reasons, findings, files, state, read_at)"
            " SELECT ?, dossier, kind, max(version), 'signed', '[]', '{}', '[]', 'booked', ? FROM documents"
            " WHERE dossier = ? AND kind = 'consent'",
            mail, now.isoformat(), reference,
        )  # fmt: skip
        row = database.row("SELECT * FROM returns WHERE mail = ?", mail)
        assert row is not None
        asked = consents.purposes(consents.document_row(practice, row)["boxes"])
        consents.record(practice, row, dict.fromkeys(asked, given), "fields", now)


def a_word(practice: Practice, word: approving.Word, now: datetime) -> bool:
    """Let a reply come with her word on a paper; what is unclear the coach takes as she means it.

    Tells whether the paper may go on by it: a yes about a mail that may not have reached her, or that is in doubt on
    its way to who pays, is not taken.
    """
    mail = a_mail(practice, word.dossier, now)
    with practice.database.transaction():
        for _, reasons in approving.take(practice, word, mail, now, now):
            if word.answer is Answer.YES:
                approving.decided(practice, dict(reasons)[approving.ABOUT], mail, approvals.Answer.YES, now)
    about = approvals.about(practice, word.dossier, word.kind, word.version)
    return about is not None and approvals.stands(practice, about)


def nobody(_: str) -> None:
    """Hear what the program tells."""


@dataclass
class Acts:
    """What can happen, done with the program's own steps; and what of it the people know."""

    stage: Stage

    @property
    def practice(self) -> Practice:
        return self.stage.practice

    def tick(self) -> datetime:
        self.stage.now += timedelta(minutes=1)
        return self.stage.now

    def know(self, **changed: Any) -> None:
        self.stage.rights = replace(self.stage.rights, **changed)

    def consent(self) -> None:
        """Her form comes back with a yes to everything."""
        a_form(self.practice, self.stage.reference, self.tick(), given=True)
        self.know(may_take=True, refused=False)

    def refusal(self) -> None:
        """Her form comes back with a no to everything."""
        a_form(self.practice, self.stage.reference, self.tick(), given=False)
        self.know(may_take=False, refused=True)

    def withdrawal(self) -> None:
        """She writes that she takes everything back."""
        mail = a_mail(self.practice, self.stage.reference, self.tick())
        with self.practice.database.transaction():
            consents.withdraw(self.practice, self.stage.reference, mail, self.tick())
        self.know(may_take=False, refused=True, word=dict.fromkeys(self.stage.rights.word, False))

    def approval(self) -> None:
        """She says yes to what she has; its mail is made at once, and the mail server is away."""
        self._answers(Answer.YES)
        sharing.share(self.practice, self.tick(), nobody)

    def change(self) -> None:
        """She wants something changed in what she has."""
        self._answers(Answer.CHANGES)

    def _answers(self, answer: Answer) -> None:
        for kind in PAPERS:
            if version := self.stage.rights.held(kind):
                self._answer(kind, version, answer)

    def _answer(self, kind: Kind, version: int, answer: Answer) -> None:
        word = approving.Word(self.stage.reference, kind, version, answer)
        taken = a_word(self.practice, word, self.tick())
        rights, newest = self.stage.rights, (kind, self.stage.rights.newest(kind))
        if answer is Answer.YES and taken and newest == (kind, version):
            self.know(word={**rights.word, newest: True})
        elif answer is not Answer.YES and (newest == (kind, version) or newest in rights.word):
            self.know(word={**rights.word, newest: False})

    def profile(self) -> None:
        """The coach drops a profile."""
        number = self.stage.rights.newest(Kind.PROFILE) + 1
        self._drop(Kind.PROFILE, typed(of("Sanne Jansen", pages=number)), "pdf")

    def report(self) -> None:
        """The coach drops a report, or its next version."""
        number = self.stage.rights.newest(Kind.REPORT) + 1
        self._drop(Kind.REPORT, f"# Verloop\n\nVersie {number} voor Sanne Jansen.\n".encode(), "md")

    def _drop(self, kind: Kind, data: bytes, ending: str) -> None:
        self.stage.world.drop(data, f"{self.stage.reference}.{ending}", f"{kind}s")
        take_in = profiles.take_in if kind is Kind.PROFILE else reports.take_in
        take_in(self.practice, self.tick(), nobody)
        rights, row = self.stage.rights, approvals.newest(self.practice, self.stage.reference, kind)
        if row is not None and row["version"] > rights.newest(kind):
            if rights.closed or (kind is Kind.PROFILE and not rights.may_take):
                raise Violation(f"a {kind} was taken in that may not be")
            made = self.practice.storage.read(f"dossiers/{self.stage.reference}/{row['file']}")
            versions = (*rights.made[kind], self.stage.seal(made))
            told = {**rights.told, (kind, row["version"]): rights.sponsor}
            self.know(made={**rights.made, kind: versions}, told=told)
        dispatch.compose(self.practice, self.tick(), nobody)

    def sponsor(self) -> None:
        """Somebody else pays from now on; that happens once."""
        if self.stage.rights.sponsor == NEW_SPONSOR:
            return
        self.stage.world.drop(client_file(sponsor=NEW_SPONSOR))
        intake.take_in(self.practice, self.tick(), nobody)
        documents.write(self.practice, self.tick(), nobody)
        if self.practice.database.value("SELECT max(revision) FROM requests") > 1:
            self.know(sponsor=NEW_SPONSOR)

    def closing(self) -> None:
        """The coach closes the dossier."""
        if not self.stage.rights.closed:
            closing.close(self.practice, self.stage.reference, self.tick())
            self.know(closed=True)

    def bounce(self) -> None:
        """The newest mail that the client was sent comes back."""
        row = self.practice.database.row(
            "SELECT token, purpose, round FROM messages WHERE party = 'client' AND state = 'accepted'"
            " ORDER BY accepted_at DESC, rowid DESC LIMIT 1"
        )
        assert row is not None
        sent, mail = known(self.practice).sent[row["token"]], a_mail(self.practice, self.stage.reference, self.tick())
        with self.practice.database.transaction():
            booking.bounced(self.practice, sent, Bounce(said="550 nobody"), mail, self.stage.now)
        self.know(has=self.stage.rights.has - {(row["purpose"], row["round"])})

    def absence(self) -> None:
        """An absence message of the client comes."""
        with self.practice.database.transaction():
            booking.quiet(self.practice, self.stage.reference, "client", "absence")

    def crash_before(self) -> None:
        """The mail server is back, and the program is killed before the mark of a mail."""
        self._work(MARK)

    def crash_after(self) -> None:
        """The program is killed after the mark, before the final dot: the mail has not left."""
        self.stage.server.at("dot", drop="reset", accept=False, times=1)
        self._work(ANSWER)

    def crash_lost(self) -> None:
        """The program is killed when the server has accepted a mail, before that is written down."""
        self._work(ANSWER)

    def retry(self) -> None:
        """The mail server is back; the coach says of what is in doubt what is so, and lets go what was kept in."""
        self._work()
        now, rows = self.tick(), self.practice.database.rows
        for row in rows("SELECT number FROM attention WHERE state = 'open' AND what = 'addressee'"):
            attention.accept(self.practice, row["number"], now)
        if doubt := {row["token"] for row in rows("SELECT token FROM messages WHERE state = 'in_doubt'")}:
            outbox.settle(self.practice, self.stage.reference, now, arrived=bool(doubt & self.stage.arrived))
        outbox.release(self.practice, self.stage.reference, now)
        self._work()
        self._check_nothing_waits()

    def _work(self, killed: int = 0) -> None:
        """Let the program work once, killed at a look at the clock or never, and started again."""
        calls = iter(range(1, 1000))

        def clock() -> datetime:
            if next(calls) == killed:
                raise Killed
            return self.stage.now

        dispatch.compose(self.practice, self.tick(), nobody)
        sharing.share(self.practice, self.tick(), nobody)
        try:
            outbox.send(self.practice, clock, nobody)
        except Killed:
            outbox.recover(self.practice, self.tick(), nobody)
        self.stage.server.behave()
        self._look()
        drafts.go(self.practice, self.tick(), nobody)

    def _check_nothing_waits(self) -> None:
        rights = self.stage.rights
        for kind in PAPERS:
            version, sponsor = rights.newest(kind), rights.sponsor
            if version and rights.may_have(sponsor, kind, version) and (sponsor, kind, version) not in rights.went:
                raise Violation(f"{kind} v{version} may go to {sponsor}, and does not")

    def _look(self) -> None:
        """Look at everything that the server has accepted since."""
        for taken in self.stage.server.accepted:
            mail = email.message_from_bytes(taken.raw)
            token, (recipient,) = str(mail["X-Pipeline-Token"]), taken.recipients
            if token in self.stage.arrived:
                raise Violation(f"{recipient} got a mail twice")
            self.stage.arrived |= {token}
            self._received(recipient, [part.get_payload(decode=True) for part in mail.walk() if part.get_filename()])
        self.stage.server.forget()

    def _received(self, recipient: str, files: Iterable[Any]) -> None:
        rights = self.stage.rights
        for paper in (self.stage.paper(data, recipient) for data in files):
            if paper is None and recipient == CLIENT:
                continue  # the form by which she lets a report go on
            if paper is None or not rights.may_have(recipient, *paper):
                raise Violation(f"{recipient} got {paper}, and may not have that")
            has = rights.has | {paper} if recipient == CLIENT else rights.has
            rights = replace(rights, went=rights.went | {(recipient, *paper)}, has=has)
        self.stage.rights = rights


EVENTS: dict[str, Callable[[Acts], None]] = {
    "consent": Acts.consent, "refusal": Acts.refusal, "withdrawal": Acts.withdrawal, "profile": Acts.profile,
    "report": Acts.report, "approval": Acts.approval, "change": Acts.change, "bounce": Acts.bounce,
    "absence": Acts.absence, "crash before": Acts.crash_before, "crash after": Acts.crash_after,
    "crash lost": Acts.crash_lost, "retry": Acts.retry, "closing": Acts.closing, "sponsor": Acts.sponsor,
}  # fmt: skip


@dataclass
class Found:
    """What was seen: the new states of each length, the steps taken, and the first order in which something went."""

    states: list[int] = field(default_factory=lambda: [1])
    steps: int = 0
    went: dict[tuple[str, Kind, int], Order] = field(default_factory=dict)

    @property
    def orders(self) -> int:
        """Give how many orders that stands for."""
        return sum(len(EVENTS) ** length for length in range(1, len(self.states)))


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


def explore(stage: Stage, first: Order, length: int, told: Callable[[str], None] = nobody) -> Found:
    """Let the first events happen, and then every order of events up to a length; raises `Violation` with the order."""
    begin = stage.moment()
    try:
        for count in range(len(first)):
            _happen(stage, first[: count + 1])
        return _explored(stage, first, length, told)
    finally:
        stage.put_back(begin, 0)
        stage.practice.reported.clear()


def _explored(stage: Stage, first: Order, length: int, told: Callable[[str], None]) -> Found:
    found = Found()
    seen, level = {stage.form()}, [(stage.moment(), first)]
    for depth in range(1, length + 1):
        new: list[tuple[Moment, Order]] = []
        for moment, before in level:
            for name in EVENTS:
                order = (*before, name)
                stage.put_back(moment, depth)
                _happen(stage, order)
                found.steps += 1
                found.went |= {one: order for one in stage.rights.went - moment.rights.went if one not in found.went}
                if (form := stage.form()) not in seen:
                    seen.add(form)
                    new.append((stage.moment(whole=depth < length), order))
        level = new
        found.states.append(len(level))
        told(f"length {depth}: {len(level)} new states after {found.steps} steps")
    return found


def _happen(stage: Stage, order: Order) -> None:
    """Let the last of an order happen; a defect that the program survives is one all the same."""
    try:
        EVENTS[order[-1]](Acts(stage))
    except Exception as error:
        raise Violation(f"{error}, after {', '.join(order)}") from error
    if stage.practice.reported:
        raise Violation(f"{stage.practice.reported}, after {', '.join(order)}")
