"""A practice with one dossier in which a profile can be dropped, and what became of that."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from pipeline import approvals
from pipeline.approvals import Answer
from pipeline.model import Kind
from pipeline.outgoing import recorded
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.coaching import consent, files_of, mails
from tests.outgoing.prepared import START, Order, Shelf, after, by_hand, plain
from tests.reading.profiles import of, typed
from tests.world import World

TAKEN, SHARED = "profile_take", "profile_share"
BOTH = (TAKEN, SHARED)
INVITATION = "link: https://vragenlijst.example/abc123\ncode: Uw code is 4711\n"


def profile(name: str = "Sanne Jansen", pages: int = 3) -> bytes:
    """The PDF of somebody's profile."""
    return typed(of(name, pages=pages))


def begun(
    shelf: Shelf, root: Path, server: ScriptedSmtp, *, sponsored: bool = True, policy: str = "kleur",
    consents: tuple[str, ...] = (),
) -> World:  # fmt: skip
    """Give a practice with one dossier, its first mails written down as accepted, with these consents given."""
    world = shelf.world(root, smtp=plain(server), order=Order(sponsored=sponsored))
    by_hand(world, "UPDATE messages SET state = 'accepted', accepted_at = ?", START.isoformat())
    if policy != "kleur":
        world.change("^policy: kleur", f"policy: {policy}")
        world.change("^  version: .*", '  version: "2026-12"')
    for purpose in consents:
        consent(world, purpose)
    return world


def dropped(world: World, data: bytes | str, hours: float = 1, name: str = "") -> Path:
    """Drop a profile, or an invitation, and let the program do what there is to do."""
    ending = "pdf" if isinstance(data, bytes) else "yaml"
    file = world.drop(data, name or f"{world.reference} {hours}.{ending}", "profiles")
    world.work(after(hours=hours))
    return file


def note(world: World, file: Path) -> str:
    return " ".join((world.note(file.name, "profiles") or "").split())


def sent(server: ScriptedSmtp) -> list[tuple[str, list[str]]]:
    """To whom something was accepted, with which files."""
    return [(recipient, list(files_of(mail))) for recipient, mail in mails(server)]


def states(world: World, purpose: str = "profile") -> list[tuple[object, ...]]:
    return world.rows("SELECT party, round, state FROM messages WHERE purpose = ? ORDER BY rowid", purpose)


def doubted(world: World) -> list[str]:
    """Why the mails that wait for the coach do so, by the names of the reasons."""
    rows = world.rows("SELECT reasons FROM attention WHERE what = 'addressee' AND state = 'open' ORDER BY number")
    return [word for (reasons,) in rows for word, _ in json.loads(str(reasons))]


def says(world: World, answer: Answer, hours: float = 2, kind: Kind = Kind.PROFILE) -> bool:
    """Write down her word on the newest profile, as the road in and the command do; False when it can be about none."""
    now = START + timedelta(hours=hours)
    with world.opened() as practice, practice.database.transaction():
        newest = recorded.newest(practice, world.reference, kind)
        document = approvals.about(practice, world.reference, kind, newest.version) if newest else None
        if document is not None:
            approvals.record(practice, document, answer, "coach", now)
    world.work(after(hours=hours))
    return document is not None
