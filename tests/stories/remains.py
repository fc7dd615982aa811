"""What is left of a story, byte by byte: files and their names, the coach's mailbox, what the program told.

Takes what was said in it; leaves where something of that still stands, and which files there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tests.retention.story import found_below, found_in, needles
from tests.stories.letters import Received, called
from tests.stories.story import PRIVATE, Story

FISCAL = {"line", "sponsor.organisation"}
"""What the books say of the people of a story to the end of the fiscal term."""
DATABASE = {"state.db", "state.db-wal", "state.db-shm"}


@dataclass(frozen=True)
class Left:
    """What is left: files but for the database, what was said in any byte of any file, mail in any folder, the log."""

    files: list[str]
    said: set[str]
    mail: set[str]
    log: set[str]


def everything(story: Story, said: dict[str, str]) -> Left:
    """Give all that is left of a story."""
    mail = {one for folder in story.coach.mailbox().values() for one in folder}
    log = found_in("\n".join(story.told).encode(), needles(said))
    return Left(stored(story), anywhere(story, said), mail, log)


def nothing(story: Story) -> Left:
    """Give what is left when all is gone: a receipt that names nobody, and what was never the program's."""
    return Left([f"receipts/{story.reference}.json"], set(), {PRIVATE}, set())


def the_books(story: Story, *, beside: Iterable[str] = ()) -> Left:
    """Give what is left while the fiscal law wants the invoice: what it says of who pays, and what for."""
    gone = nothing(story)
    return replace(gone, files=["invoice v1 as xml", *gone.files], said=FISCAL | set(beside))


def anywhere(story: Story, said: dict[str, str]) -> set[str]:
    """Give what of what was said still stands anywhere in the practice, in a file or in the name of one."""
    return set().union(*found_below(story.world.folder, needles(said)).values())


def stored(story: Story) -> list[str]:
    """Give the files in storage, but for the database; a document by what it is called."""
    storage = story.world.folder / "storage"
    files = [path for path in storage.rglob("*") if path.is_file() and path.name not in DATABASE]
    places = [str(path.parent.relative_to(storage)).partition("/")[0] for path in files]
    names = called(path.name for path in files)
    return sorted(name if place == "dossiers" else f"{place}/{name}" for place, name in zip(places, names, strict=True))


def mailed(story: Story) -> list[str]:
    """Give what each outgoing mail carries whose bytes are still kept."""
    outbox = story.world.folder / "storage" / "outbox"
    return [Received(path.read_bytes()).carries for path in sorted(outbox.glob("*.eml"))]


def went(story: Story) -> dict[str, str]:
    """Give what was erased on which day, as the ledger has it: the names of the parts, in their order."""
    days: dict[str, set[str]] = {}
    for (entry,) in story.world.rows("SELECT entry FROM ledger ORDER BY number"):
        fact = json.loads(str(entry))
        if fact["event"] in {"erasure.verified", "drafts.erased"}:
            part = fact.get("part", "drafts").partition(" ")[0]
            days.setdefault(fact["at"][:10], set()).add(part)
    return {day: " ".join(sorted(parts)) for day, parts in days.items()}
