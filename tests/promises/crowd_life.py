"""One interleaving in the life of a crowd, its files dropped in any order and not always right, and what each got.

By the program's own steps, killed here and there; every mail is looked at when it is accepted, and everything in the
end.
"""

from __future__ import annotations

import email
import hashlib
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from pipeline import attention
from pipeline.incoming import approving
from pipeline.incoming.answers.assent import Answer
from pipeline.model import Kind
from pipeline.outgoing.course import dispatch, profiles, reports, sharing
from pipeline.outgoing.sending import outbox
from pipeline.practice import Practice
from tests.outgoing.prepared import START, at
from tests.promises.coaching_acts import Killed, nobody
from tests.promises.coaching_rights import PAPERS
from tests.promises.coming_back import a_word
from tests.promises.crowd import GROUPS, PEOPLE, Crowd, File, Somebody, paper

MIXED_UP, LOST = 0.15, 0.1
"""How often the coach takes a file for somebody else's, and how often what she writes on it says no dossier."""
WRONG = ("nobody", "two", "typed wrong")
ASKED = """
SELECT a.number, a.state, d.dropped FROM attention AS a JOIN messages AS m USING (token) JOIN documents AS d
    ON d.dossier = m.dossier AND d.kind = m.purpose AND d.version = m.round WHERE a.what = 'addressee'
"""


@dataclass
class Life:
    """One interleaving, and what there is to know of it."""

    crowd: Crowd
    chance: random.Random
    people: list[Somebody]
    now: datetime = START + timedelta(days=1)
    files: dict[str, File] = field(default_factory=dict)
    lost: set[Path] = field(default_factory=set)
    has: dict[tuple[int, Kind], int] = field(default_factory=dict)
    yes: set[tuple[int, Kind, int]] = field(default_factory=set)
    mailboxes: dict[str, set[int]] = field(default_factory=dict)
    arrived: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def practice(self) -> Practice:
        return self.crowd.practice

    def tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def drop(self) -> None:
        """The coach drops a file: right, of somebody else, or for a dossier that it does not say."""
        about, kind = self.chance.choice(self.people), self.chance.choice(PAPERS)
        way = self.chance.choice(("name", "folder", "field" if kind is Kind.REPORT else "name"))
        meant, luck = about, self.chance.random()
        if luck < MIXED_UP:
            meant = self.chance.choice(self.people)
        elif luck < MIXED_UP + LOST:
            way = self.chance.choice(WRONG)
        if kind is Kind.REPORT and meant.name == about.name:
            meant = about  # nothing that she wrote herself tells a father's report from his son's
        self._drop(File(kind, about, meant, self.chance.randrange(2), way))

    def _drop(self, file: File) -> None:
        reference = self.crowd.references[file.meant.number]
        another = self.crowd.references[(file.meant.number + 1) % len(PEOPLE)]
        stem, folder, front = {
            "name": (reference, "", ""), "folder": ("stuk", reference, ""),
            "field": ("stuk", "", f"---\ndossier: {reference}\n---\n"), "nobody": (file.about.name, "", ""),
            "two": (reference, another, ""), "typed wrong": (f"{reference[:-2]}{reference[:1] * 2}", "", ""),
        }[file.way]  # fmt: skip
        name, within = f"{stem}.{'pdf' if file.kind is Kind.PROFILE else 'md'}", Path(f"{file.kind}s", folder)
        path = self.crowd.drops / within / name
        if path.exists():
            return
        path.parent.mkdir(exist_ok=True)
        data = paper(file.kind, file.about, file.meant, file.edition, front)
        self.crowd.world.drop(data, name, str(within))
        if file.way in WRONG:
            self.lost.add(path)
        else:
            self.files[hashlib.sha256(data).hexdigest()] = file
        self.counts["lost" if file.way in WRONG else "mixed up" if file.is_mixed_up else "right"] += 1

    def work(self) -> None:
        """The program takes in, composes and shares, killed at what it tells or not."""
        told = iter(range(self.chance.choice([1, 2, 3, 1000, 1000, 1000])))

        def tell(_: str) -> None:
            if next(told, None) is None:
                raise Killed

        self._work(tell)

    def _work(self, tell: Callable[[str], None] = nobody) -> None:
        try:
            for step in (profiles.take_in, reports.take_in, dispatch.compose, sharing.share):
                step(self.practice, self.tick(), tell)
        except Killed:
            self.counts["killed at work"] += 1

    def send(self) -> None:
        """The program sends, killed at some look at the clock or not, over a line that breaks or not."""
        killed, calls = self.chance.choice([0, 0, *range(2, 7)]), iter(range(1, 10_000))
        if self.chance.random() < 0.2:
            self.crowd.server.at("dot", drop="reset", accept=self.chance.random() < 0.5, times=1)

        def clock() -> datetime:
            if next(calls) == killed:
                raise Killed
            return self.now

        self._send(clock)
        self.crowd.server.behave()

    def _send(self, clock: Callable[[], datetime]) -> None:
        self.tick()
        try:
            outbox.send(self.practice, clock, nobody)
        except Killed:
            self.counts["killed at the send"] += 1
            outbox.recover(self.practice, self.tick(), nobody)
        for taken in self.crowd.server.accepted:
            mail, (recipient,) = email.message_from_bytes(taken.raw), taken.recipients
            self._got(recipient, str(mail["X-Pipeline-Token"]), self.crowd.canaries(mail))
        self.crowd.server.forget()

    def _got(self, recipient: str, token: str, about: frozenset[int]) -> None:
        """Look at one mail that arrived: to whom, about whom, and by whose word."""
        row = self.practice.database.row("SELECT * FROM messages WHERE token = ?", token)
        assert row is not None and token not in self.arrived, f"{recipient} got a mail twice"
        person, kind, version = self.crowd.whose(row["dossier"]), Kind(row["purpose"]), row["round"]
        assert about == {person.number}, f"{recipient} got papers of {sorted(about)} in a mail about {person.number}"
        if row["party"] == "client":
            assert recipient == person.mailbox
            self.has[person.number, kind] = max(version, self.has.get((person.number, kind), 0))
        else:
            assert recipient == person.payer
            assert (person.number, kind, version) in self.yes, f"{recipient} got a {kind} without her yes to it"
        self.arrived.add(token)
        self.mailboxes.setdefault(recipient, set()).add(person.number)
        self.counts[f"{kind} to the {row['party']}"] += 1

    def answer(self) -> None:
        """Somebody answers what she has."""
        self._answer(self.chance.choice(self.people), self.chance.choice(PAPERS))

    def _answer(self, person: Somebody, kind: Kind) -> None:
        version = self.has.get((person.number, kind))
        if not version or not person.payer:
            return
        answer = self.chance.choice([Answer.YES, Answer.YES, Answer.YES, Answer.NO, Answer.CHANGES])
        word = approving.Word(self.crowd.references[person.number], kind, version, answer)
        taken = a_word(self.practice, word, self.tick())
        self.counts[f"{answer} to a {kind}"] += 1
        if answer is Answer.YES:
            self.yes |= {(person.number, kind, version)} if taken else set()
        else:
            self.yes -= {one for one in self.yes if one[:2] == (person.number, kind)}

    def attend(self) -> None:
        """The coach looks: what is right goes, what is mixed up does not, and of what is in doubt she says what is."""
        now = self.tick()
        for row in self.practice.database.rows(ASKED):
            if row["state"] == "open":
                assert row["dropped"] in self.files, "a file was taken in that says no dossier"
                decide = attention.reject if self.files[row["dropped"]].is_mixed_up else attention.accept
                decide(self.practice, row["number"], now)
        for person in self.people:
            self._settle(self.crowd.references[person.number], now)

    def _settle(self, reference: str, now: datetime) -> None:
        for doubt in outbox.in_doubt(self.practice, reference):
            arrived = doubt["token"] in self.arrived
            outbox.settle(self.practice, reference, now, arrived=arrived, token=doubt["token"])

    def end(self) -> None:
        """Let all come to rest, everybody answer, and all come to rest again; and look at everything."""
        self._rest()
        for person in self.people:
            for kind in PAPERS:
                self._answer(person, kind)
        self._rest()
        self._check_mailboxes()
        self._check_questions()
        assert not self.practice.reported, self.practice.reported

    def _rest(self) -> None:
        self._work()
        self.attend()
        self.send()
        self.attend()
        self._send(at(self.now))

    def _check_mailboxes(self) -> None:
        for mailbox, found in self.mailboxes.items():
            own = {one.number for one in PEOPLE if mailbox in {one.mailbox, one.payer}}
            assert found <= own, f"{mailbox} has {found - own}"

    def _check_questions(self) -> None:
        """Check that the coach was asked about every file of somebody else, and told about every one that is lost."""
        asked = {row["dropped"] for row in self.practice.database.rows(ASKED)}
        taken = {row["dropped"] for row in self.practice.database.rows("SELECT dropped FROM documents")}
        unasked = [self.files[seal] for seal in (self.files.keys() & taken) - asked if self.files[seal].is_mixed_up]
        assert not unasked, f"nobody was asked about {unasked}"
        for path in self.lost:
            within = str(path.parent.relative_to(self.crowd.drops))
            assert path.exists() and self.crowd.world.note(path.name, within), f"{path.name} is not spoken of"


def live(crowd: Crowd, seed: int, steps: int) -> Life:
    """Let one interleaving happen, and look at everything in it."""
    chance = random.Random(seed)
    crowd.begin()
    life = Life(crowd, chance, [PEOPLE[number] for number in chance.sample(chance.choice(GROUPS), 3)])
    acts = (*[life.drop] * 3, *[life.work] * 2, life.attend, life.send, life.answer)
    for _ in range(steps):
        chance.choice(acts)()
    life.end()
    return life
