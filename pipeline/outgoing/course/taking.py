"""From a dropped file to a document in the course of a coaching, or a note beside it that says what to mend.

What is alike for appointments, profiles and reports: which dossier, whether the policy gives such a thing an end,
whether it is there already, and that a file leaves only after its row is committed. What is made of a file is each
one's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline import notes
from pipeline.dossiers import place_of
from pipeline.edges import ledger
from pipeline.edges.folder import DropFolder, Dropped, Unfit, shown
from pipeline.errors import FileProblems, PipelineError, PrintFailed, ReadingFailed, ReadingNotInstalled
from pipeline.model import Kind
from pipeline.outgoing import keeping, recorded
from pipeline.outgoing.keeping import Made
from pipeline.placing import Unplaced
from pipeline.policy.deeds import citing
from pipeline.policy.policy import retention_rules
from pipeline.policy.schema.base import Category, Rule
from pipeline.practice import Practice
from pipeline.steps import each
from pipeline.words import say

Tell = Callable[[str], None]


class Refused(PipelineError):
    """A dropped file is not taken in: each of `problems` is a sentence; `gates` are the rules that keep it out."""

    def __init__(self, problems: Sequence[str], gates: Iterable[Rule] = ()) -> None:
        """Keep what to say."""
        super().__init__("; ".join(problems))
        self.problems, self.gates = list(problems), tuple(gates)


@dataclass(frozen=True)
class Taker:
    """How one drop folder is emptied: its name, which dossier a file names itself, and what is made of it.

    `field` and `make` raise `FileProblems`, `Refused`, or the errors of press and reader; nothing is made of a file of
    which nothing needs to be made, as of one that is there already. `unfit` says more of what does not belong there.
    """

    drop: str
    field: Callable[[Practice, Dropped], str | None]
    make: Callable[[Practice, str, Dropped, datetime], Sequence[Made]]
    unfit: Callable[[Practice, Unfit], Refused | None] = lambda _practice, _found: None


def take_in(practice: Practice, taker: Taker, now: datetime, tell: Tell) -> int:
    """Take in or refuse everything that lies settled in a drop folder; gives how many documents were made."""
    drop = practice.drops[taker.drop]
    taken = each(practice, drop.found(), lambda found: _take(practice, taker, drop, found, now, tell))
    drop.drop_old_notes()
    return taken


def _take(
    practice: Practice, taker: Taker, drop: DropFolder, found: Dropped | Unfit, now: datetime, tell: Tell
) -> int:  # fmt: skip
    if isinstance(found, Unfit):
        refused = taker.unfit(practice, found) or Refused([])
        new = notes.refuse(practice, drop, found, refused.problems)
        _said(new, tell, 1)
        _deny(practice, refused, now, new=new)
        return 0
    try:
        placed = place_of(practice, found, taker.field(practice, found), now)
        if isinstance(placed, Unplaced):
            _said(notes.note_for(practice, drop, found, placed, now), tell, 1)
            return 0
        made = tuple(taker.make(practice, placed.dossier, found, now))
    except (FileProblems, Refused, PrintFailed, ReadingFailed, ReadingNotInstalled) as refusal:
        _refuse(practice, drop, found, refusal, now, tell)
        return 0
    version = keeping.keep(practice, placed.dossier, made, now) if made else 0
    drop.take_away(found)
    tell(f"{placed.dossier} {made[0].kind} v{version} taken in" if made else f"{placed.dossier} has this already")
    return len(made)


def _refuse(
    practice: Practice, drop: DropFolder, found: Dropped, refusal: PipelineError, now: datetime, tell: Tell
) -> None:
    problems = problems_of(found, refusal)
    new = notes.refuse(practice, drop, found, problems)
    _said(new, tell, len(problems))
    _deny(practice, refusal, now, new=new)


def _deny(practice: Practice, refusal: PipelineError, now: datetime, *, new: bool) -> None:
    """Record which gates kept a file out, once for each note."""
    if new and isinstance(refusal, Refused) and refusal.gates:
        with practice.database.transaction():
            ledger.record(practice.database, now, "gate.denied", act="collect", **citing(*refusal.gates))


def problems_of(found: Dropped, refusal: PipelineError) -> list[str]:
    """Give what is wrong with a dropped file as sentences, each with its place where it has one."""
    if isinstance(refusal, FileProblems):
        return [f"{shown(found.name)}:{p.line}:{p.column}: {p.text}" for p in refusal.problems]
    return refusal.problems if isinstance(refusal, Refused) else [str(refusal)]


def _said(new: bool, tell: Tell, count: int) -> None:
    if new:
        tell(f"a dropped file was refused ({count} to mend); see the note beside it")


def has_an_end(practice: Practice, category: Category) -> None:
    """Raise `Refused` when the policy does not say when such a thing goes: then it is not taken in."""
    if not any(category in rule.covers for rule in retention_rules(practice.policy)):
        language = practice.file.language
        raise Refused([say(language, "no_end", what=say(language, f"category_{category}"))])


def is_new(practice: Practice, dossier: str, kind: Kind, found: Dropped) -> bool:
    """Tell whether these bytes are not the newest document of their kind already."""
    last = recorded.newest(practice, dossier, kind)
    return last is None or last.dropped != found.sha256
