"""The drop folder in any order: new, same, edited, renamed, couples, right and wrong dossiers, restarts (P1, P2)."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pipeline.edges.ledger import verify
from pipeline.outgoing.opening import intake
from tests.outgoing.test_intake import ignore
from tests.world import World, client_file

Person = tuple[str, str]
PEOPLE: list[Person] = [
    ("Ann", "home@a.example"), ("Bob", "home@a.example"), ("Ann", "ann@b.example"), ("Cees", "cees@c.example"),
]  # fmt: skip
NAMES = st.sampled_from(["a.yaml", "b.yaml", "Müller.yml"])
GOALS = st.integers(0, 2)


@dataclass
class Dossier:
    """What the model knows of a dossier: whose it is by its newest revision, and each revision's text."""

    owner: Person
    year: int
    texts: list[str] = field(default_factory=list)
    newest: Paper | None = None


@dataclass(frozen=True)
class Paper:
    """A client file: `dossier` is the position of the dossier that it names, or -1 for one that is not there."""

    person: Person
    goal: int
    dossier: int | None = None
    broken: bool = False
    formerly: str | None = None


class DropFolder(RuleBasedStateMachine):
    """Files come in any order; the model says what each must become."""

    @initialize()
    def open(self) -> None:
        self.place = tempfile.TemporaryDirectory()
        self.world = World(Path(self.place.name))
        self.now = datetime(2026, 11, 1, tzinfo=UTC)
        self.dossiers: list[Dossier] = []
        self.waiting: dict[str, Paper] = {}
        self.refused: dict[str, Paper] = {}
        self.start()

    def start(self) -> None:
        self.context = self.world.opened()
        self.practice = self.context.__enter__()

    def references(self) -> list[str]:
        return [str(row[0]) for row in self.world.rows("SELECT reference FROM dossiers ORDER BY rowid")]

    def text(self, paper: Paper) -> str:
        if paper.broken:
            return f"client: {{name: {paper.person[0]}}}\n"
        named = "" if paper.dossier is None else f"dossier: {[*self.references(), '0000-0000'][paper.dossier]}\n"
        text = client_file(*paper.person, more=f"goal: {paper.goal}\n{named}")
        return text.replace("{", f"{{formerly: {paper.formerly}, ", 1) if paper.formerly else text

    def put(self, name: str, paper: Paper) -> None:
        self.world.drop(self.text(paper), name)
        self.refused.pop(name, None)
        self.waiting[name] = paper

    @rule(name=NAMES, person=st.sampled_from(PEOPLE), goal=GOALS)
    def drop(self, name: str, person: Person, goal: int) -> None:
        self.put(name, Paper(person, goal))

    @rule(name=NAMES, person=st.sampled_from(PEOPLE))
    def drop_broken(self, name: str, person: Person) -> None:
        self.put(name, Paper(person, 0, broken=True))

    @precondition(lambda self: self.dossiers)
    @rule(name=NAMES, goal=GOALS, which=st.integers(0, 9), new=st.sampled_from([None, "Ann", "x@new.example"]))
    def drop_with_its_dossier(self, name: str, goal: int, which: int, new: str | None) -> None:
        at = which % len(self.dossiers)
        person = self.dossiers[at].owner
        if new:
            person = (person[0], new) if "@" in new else (new, person[1])
        formerly = self.dossiers[at].owner[0] if new == "Ann" else None
        self.put(name, Paper(person, goal, at, formerly=formerly))

    @precondition(lambda self: self.dossiers)
    @rule(name=NAMES, which=st.integers(0, 9))
    def drop_what_was_taken_again_and_work(self, name: str, which: int) -> None:
        newest = self.dossiers[which % len(self.dossiers)].newest
        assert newest is not None
        self.put(name, newest)
        self.work()

    @precondition(lambda self: self.dossiers)
    @rule(name=NAMES, goal=GOALS, which=st.integers(0, 9))
    def drop_with_a_strangers_dossier(self, name: str, goal: int, which: int) -> None:
        self.put(name, Paper(("Zoe", "zoe@z.example"), goal, which % len(self.dossiers)))

    @rule(name=NAMES, person=st.sampled_from(PEOPLE), goal=GOALS)
    def drop_with_an_unknown_dossier(self, name: str, person: Person, goal: int) -> None:
        self.put(name, Paper(person, goal, -1))

    @rule(name=NAMES, other=NAMES)
    def rename(self, name: str, other: str) -> None:
        for papers in (self.waiting, self.refused):
            if name in papers and name != other:
                paper = papers.pop(name)
                self.refused.pop(other, None)
                (self.world.drop_folder / name).rename(self.world.drop_folder / other)
                self.waiting[other] = paper
                return

    @rule(days=st.integers(1, 40))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def restart(self) -> None:
        self.context.__exit__(None, None, None)
        self.start()

    @rule()
    def work(self) -> None:
        texts = {name: (self.world.drop_folder / name).read_text("utf-8") for name in self.waiting}
        intake.take_in(self.practice, self.now, ignore)
        for name in sorted([*self.waiting, *self.refused]):
            paper = self.waiting.pop(name, None)
            if paper and not self.becomes(paper, texts[name]):
                self.refused[name] = paper

    def becomes(self, paper: Paper, text: str) -> bool:
        """Do in the model what the program must do; tells whether the file was taken."""
        own = [at for at, dossier in enumerate(self.dossiers) if dossier.owner == paper.person]
        if paper.broken or paper.dossier == -1:
            return False
        if paper.dossier is not None:
            owner = self.dossiers[paper.dossier].owner
            if owner[0] not in {paper.person[0], paper.formerly}:
                return False
            own = [paper.dossier]
        if not own:
            self.dossiers.append(Dossier(paper.person, self.now.astimezone(ZoneInfo("Europe/Amsterdam")).year))
            own = [len(self.dossiers) - 1]
        dossier = self.dossiers[own[-1]]
        if not dossier.texts or dossier.texts[-1] != text:
            dossier.texts.append(text)
            dossier.owner, dossier.newest = paper.person, paper
        return True

    @invariant()
    def each_change_is_one_request_and_each_dossier_has_its_revisions(self) -> None:
        expected = [
            (reference, number, hashlib.sha256(text.encode()).hexdigest())
            for reference, dossier in zip(self.references(), self.dossiers, strict=True)
            for number, text in enumerate(dossier.texts, 1)
        ]
        found = self.world.rows("SELECT dossier, revision, sha256 FROM requests")
        assert sorted(found) == sorted(expected)

    @invariant()
    def what_was_taken_is_kept_word_for_word(self) -> None:
        for reference, dossier in zip(self.references(), self.dossiers, strict=True):
            folder = self.world.folder / "storage" / "dossiers" / reference
            kept = [
                (folder / f"{reference}-client-v{n}.yaml").read_text("utf-8") for n in range(1, len(dossier.texts) + 1)
            ]
            assert kept == dossier.texts

    @invariant()
    def what_was_not_taken_lies_where_it_was_dropped(self) -> None:
        notes = {f"{name}.LEESMIJ.txt" for name in self.refused}
        there = {path.name for path in self.world.drop_folder.iterdir()}
        assert notes | set(self.refused) | set(self.waiting) <= there
        assert {name for name in there if not name.endswith(".LEESMIJ.txt")} == {*self.refused, *self.waiting}

    @invariant()
    def numbers_have_no_gap_in_any_year(self) -> None:
        counts: dict[int, int] = {}
        expected = []
        for dossier in self.dossiers:
            counts[dossier.year] = counts.get(dossier.year, 0) + 1
            expected.append((f"{dossier.year}-{counts[dossier.year]:04d}",))
        assert self.world.rows("SELECT quote_number FROM dossiers ORDER BY rowid") == expected

    @invariant()
    def the_ledger_is_unbroken(self) -> None:
        rows = self.world.rows("SELECT number, entry, hash FROM ledger ORDER BY number")
        assert verify([(int(str(number)), str(entry), str(kept)) for number, entry, kept in rows]) == []

    def teardown(self) -> None:
        if hasattr(self, "place"):
            self.context.__exit__(None, None, None)
            self.place.cleanup()


TestDropFolder = DropFolder.TestCase
TestDropFolder.settings = settings(deadline=None, max_examples=8, stateful_step_count=25)


class LongDropFolder(DropFolder):
    """The same, long."""


TestLongDropFolder = pytest.mark.long(pytest.mark.timeout(1800)(LongDropFolder.TestCase))
TestLongDropFolder.settings = settings(deadline=None, max_examples=300, stateful_step_count=50)
