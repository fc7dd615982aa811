"""What a note beside a dropped file says: why the file stays, what to do, and when it is erased if nobody does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from pipeline.dossiers import open_dossiers
from pipeline.edges.folder import DropFolder, Dropped, Unfit, shown
from pipeline.placing import OpenDossier, Unplaced
from pipeline.policy import phrases
from pipeline.policy.period import Period
from pipeline.policy.policy import retention_rules
from pipeline.policy.schema.base import Category
from pipeline.practice import Practice
from pipeline.words import say

MOST_LISTED = 30


def refuse(practice: Practice, drop: DropFolder, found: Dropped | Unfit, problems: Sequence[str] = ()) -> bool:
    """Write a note beside a file that cannot be taken: its `problems`, or why it is unfit; tells whether it is new."""
    language = practice.file.language
    if isinstance(found, Unfit):
        problems = [say(language, found.word, reason=found.reason), *problems]
    return _write(practice, drop, found, [*problems, "", say(language, "note_help")])


def note_for(practice: Practice, drop: DropFolder, found: Dropped, unplaced: Unplaced, now: datetime) -> bool:
    """Write a note beside a file that cannot be placed, with the open dossiers to choose from; tells if it is new."""
    language, (word, values) = practice.file.language, unplaced.reason
    help_and_list = [say(language, "placing_help"), "", *_listed(open_dossiers(practice, now), language)]
    return _write(practice, drop, found, [say(language, word, **values), "", *help_and_list])


def goes(practice: Practice) -> str | None:
    """Say when a file that stays in a drop folder is erased, by the first rule that gives it a length of time."""
    terms = (rule.promise for rule in retention_rules(practice.policy) if Category.UNFILED in rule.covers)
    length = next((term for term in terms if isinstance(term, Period)), None)
    if length is None:
        return None
    return say(practice.file.language, "note_goes", period=phrases.period(length, practice.file.language))


def _listed(dossiers: Sequence[OpenDossier], language: str) -> Iterator[str]:
    if not dossiers:
        yield say(language, "placing_no_open")
        return
    yield say(language, "placing_open")
    for one in dossiers[:MOST_LISTED]:
        yield "  " + say(language, "placing_one", reference=one.reference, initials=one.initials, day=one.opened)
    if len(dossiers) > MOST_LISTED:
        yield "  " + say(language, "placing_more", count=len(dossiers) - MOST_LISTED)


def _write(practice: Practice, drop: DropFolder, found: Dropped | Unfit, lines: Sequence[str]) -> bool:
    language, ends = practice.file.language, goes(practice)
    whole = [say(language, "note_title", file=shown(found.name)), "", *lines, *([ends] if ends else []), ""]
    return drop.note(found.where, "\n".join(whole), language)
