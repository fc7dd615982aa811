"""A coaching of which the report is written: templates of a few lines, and how the tests drop, answer and look."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from pipeline import approvals, attention
from pipeline.approvals import Answer
from pipeline.model import Kind
from pipeline.policy.policy import policy_file
from pipeline.practice import Practice
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.coaching import files_of, mails, running
from tests.outgoing.prepared import Shelf, after
from tests.world import CLIENT, SPONSOR, World

SMALL = {
    "report.html": "<p>{{ client.name }}</p>{{ report.body }}",
    "approval.html": '<p>{{ report.code }}</p>{% for q in questions %}<p>{{ q.text }} {{ q.note }}'
    '<input type="checkbox" name="{{ q.name }}-yes" style="appearance:auto;width:5mm;height:5mm">'
    '<input type="checkbox" name="{{ q.name }}-no" style="appearance:auto;width:5mm;height:5mm"></p>{% endfor %}'
    '<div id="signature" style="width:85mm;height:30mm"></div>',
}  # fmt: skip
GOOD = "Sanne heeft haar rust hervonden.\n"
BETTER = "Sanne heeft haar rust hervonden, en overzicht.\n"


def coaching(
    shelf: Shelf, root: Path, server: ScriptedSmtp, *, sponsored: bool = True, policy: str = "kleur",
    consents: tuple[str, ...] = ("coaching",),
) -> World:  # fmt: skip
    """Give a coaching that runs under a policy, with templates of a few lines."""
    own = not policy_is_shipped(policy)
    world = running(shelf, root, server, sponsored=sponsored, policy="kleur" if own else policy, consents=consents)
    for language in ("nl", "en"):
        for name, text in SMALL.items():
            (world.folder / "templates" / language / name).write_text(text, "utf-8")
    if own:
        (world.folder / "mine.yaml").write_text(policy, "utf-8")
        world.change("^policy: kleur", "policy: mine.yaml")
        world.change("^  version: .*", '  version: "2026-12"')
    return world


def policy_is_shipped(policy: str) -> bool:
    """Tell whether a policy is given by its name; one of a practice's own is given as its text."""
    return "\n" not in policy


def own_policy(name: str, *changes: tuple[str, str]) -> str:
    """Give the text of a shipped policy with changes, each a regular expression and what takes its place."""
    text = policy_file(name, Path(), "en")[0].decode()
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        assert count, pattern
    return text


def drop(world: World, text: str | bytes = GOOD, ending: str = "md") -> Path:
    """Drop a report under the dossier's reference."""
    return world.drop(text, f"{world.reference}.{ending}", "reports")


def said(world: World, answer: Answer, at: datetime, way: str = "coach") -> bool:
    """Write down what the client said of the newest report, as the road in and the command do; tells if it counts."""
    with world.opened() as practice:
        return told(practice, world.reference, answer, at, way)


def told(practice: Practice, dossier: str, answer: Answer, at: datetime, way: str = "coach") -> bool:
    """Write down her word in a practice that is open."""
    with practice.database.transaction():
        newest = practice.database.value(
            "SELECT max(version) FROM documents WHERE dossier = ? AND kind = ?", dossier, Kind.REPORT
        )
        document = approvals.about(practice, dossier, Kind.REPORT, newest or 0)
        if document is not None:
            approvals.record(practice, document, answer, way, at)
    return document is not None


def received(server: ScriptedSmtp, recipient: str) -> list[list[str]]:
    """Give the names of the files in each mail that somebody received."""
    return [sorted(files_of(mail)) for to, mail in mails(server) if to == recipient]


def shared(server: ScriptedSmtp) -> list[bytes]:
    """Give the reports that the sponsor received."""
    return [data for to, mail in mails(server) if to == SPONSOR for data in files_of(mail).values()]


def offered(server: ScriptedSmtp) -> list[bytes]:
    """Give the reports that the client received, without the forms beside them."""
    found = [files_of(mail) for to, mail in mails(server) if to == CLIENT]
    return [data for files in found for name, data in files.items() if "-4-v" in name]


def waiting(world: World) -> list[tuple[str, str]]:
    """Give what waits for the coach: the kind of question, and its reasons as she reads them."""
    with world.opened() as practice:
        return [(one.what, "; ".join(one.reasons)) for one in attention.waiting(practice)]


def answer(world: World, hours: float, *, accept: bool) -> str:
    """Give the coach's word on the one thing that waits."""
    with world.opened() as practice:
        (one,) = attention.waiting(practice)
        decide = attention.accept if accept else attention.reject
        return decide(practice, one.number, after(hours=hours)())
