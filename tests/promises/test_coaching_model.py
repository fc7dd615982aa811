"""In no order of events does a profile or a report reach anybody who may not have it, and what may go does go.

All orders of consent, refusal, withdrawal, profile, report, approval, a wish for changes, bounce, absence, a crash at
each of three moments, retry, closing, and another sponsor; the sponsor's bytes are those that the client approved.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.model import Kind
from tests.promises.coaching_acts import EVENTS
from tests.promises.coaching_model import Found, Order, explore
from tests.promises.coaching_rights import NEW_SPONSOR, PAPERS, WAYS
from tests.promises.coaching_stage import Stage, staged
from tests.retention.test_mutants import COPIED
from tests.world import CLIENT, SPONSOR

ROOT = Path(__file__).parents[2]
SENT: Order = ("consent", "profile", "report", "retry")
APPROVED: Order = (*SENT, "approval")
LET_GO: Order = ("consent", "profile", "retry", "approval")


@pytest.fixture(scope="module", params=["kleur"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Give the practice of a policy, as it is before anything has happened."""
    with staged(request.param) as made:
        yield made


def elsewhere(found: Found) -> set[tuple[str, Kind, int]]:
    """Give what went to others than the client."""
    return {one for one in found.went if one[0] != CLIENT}


def test_from_the_first_mail_on_nobody_gets_in_any_order_of_two_what_she_may_not_have(stage: Stage) -> None:
    found = explore(stage, (), 2)
    assert set(found.went) == {(CLIENT, Kind.REPORT, 1)}
    assert found.orders == 15 + 15**2


def test_once_she_has_both_the_sponsor_gets_in_any_order_only_what_she_lets_go_on(stage: Stage) -> None:
    assert elsewhere(explore(stage, SENT, 2)) == {(SPONSOR, kind, 1) for kind in PAPERS}


def test_once_she_let_her_profile_go_on_it_does_unless_it_came_back_to_her(stage: Stage) -> None:
    assert elsewhere(explore(stage, LET_GO, 2)) == {(SPONSOR, Kind.PROFILE, 1)}


@pytest.mark.parametrize("stage", ["kleur", "ballance"], indirect=True)
def test_once_she_has_approved_the_sponsor_gets_in_any_order_those_bytes_or_nothing(stage: Stage) -> None:
    assert elsewhere(explore(stage, APPROVED, 2)) == {(SPONSOR, kind, 1) for kind in PAPERS}


def test_once_somebody_else_pays_she_gets_in_any_order_only_what_was_let_go_to_her(stage: Stage) -> None:
    assert (NEW_SPONSOR, Kind.REPORT, 1) not in elsewhere(explore(stage, (*SENT, "sponsor"), 2))


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("stage", WAYS, indirect=True)
def test_in_no_order_of_four_once_she_has_both_does_anybody_get_what_she_may_not_have(stage: Stage) -> None:
    """Length 8 by way of the mails that most hangs on; two minutes a policy."""
    assert (SPONSOR, Kind.REPORT, 2) in elsewhere(explore(stage, SENT, 4))


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("stage", WAYS, indirect=True)
def test_in_no_order_of_seven_does_anybody_get_what_she_may_not_have(stage: Stage) -> None:
    """Every order to length 7, in about 20 minutes of one core a policy; for refleact, which locks, an hour more."""
    found = explore(stage, (), 7)
    assert found.orders > 12**7 and found.steps < 10**6
    assert {(SPONSOR, kind, 1) for kind in PAPERS} <= elsewhere(found)


@dataclass(frozen=True)
class Mutant:
    """The program broken in one way: in each of these files, something becomes something else; and who sees it."""

    edits: tuple[tuple[str, str, str], ...]
    test: str


BEGINNING = "test_coaching_model.py::test_from_the_first_mail_on_nobody_gets_in_any_order_of_two_what_she_may_not_have"
ONCE_SENT = "test_coaching_model.py::test_once_she_has_both_the_sponsor_gets_in_any_order_only_what_she_lets_go_on"
ONCE_APPROVED = (
    "test_coaching_model.py::test_once_she_has_approved_the_sponsor_gets_in_any_order_those_bytes_or_nothing[kleur]"
)
LET_GO_ON = "test_coaching_model.py::test_once_she_let_her_profile_go_on_it_does_unless_it_came_back_to_her"
ANOTHER = "test_coaching_model.py::test_once_somebody_else_pays_she_gets_in_any_order_only_what_was_let_go_to_her"
CROWD = "test_crowd.py::test_each_mailbox_of_a_crowd_holds_its_own_canary_only"
MUTANTS = {
    "an approval is for any bytes": Mutant((
        ("approvals.py", 'document = ? AND recipient = ? AND purpose = ?"\n        " ORDER',
         '? IS NOT NULL AND recipient = ? AND purpose = ?"\n        " ORDER'),
        ("policy/gates.py", 'named = [word for word in own if word.document in {"", one.seal}]', "named = own"),
    ), ONCE_APPROVED),
    "an approval is for any recipient": Mutant((
        ("outgoing/course/unshared.py", "    if client.sponsor is None:\n        return False\n    told",
         "    if client.sponsor is not None:\n        return True\n    told"),
        ("policy/gates.py", "return not named or named.casefold() == recipient.casefold()", "return True"),
    ), ANOTHER),
    "the newest is not asked for": Mutant((
        ("outgoing/course/dispatch.py", "        if document.kind in REPLACED:\n", "        if not REPLACED:\n"),
        ("outgoing/sending/course_facts.py", "found is not None and later == version", "found is not None"),
    ), ONCE_APPROVED),
    "a withdrawal takes no approval back": Mutant((
        ("incoming/consents.py", "    approvals.withdraw(practice, dossier, mail, now)\n", ""),
    ), ONCE_APPROVED),
    "a wish for changes is a yes": Mutant((
        ("approvals.py", "came or now, answer is Answer.YES", "came or now, answer is not Answer.NO"),
    ), ONCE_SENT),
    "silence is a yes": Mutant((
        ("approvals.py", "return word is not None and bool", "return word is None or bool"),
        ("outgoing/course/sharing.py", "d.dossier IN (SELECT dossier FROM approvals WHERE given AND purpose = ?)",
         "? <> ''"),
        ("policy/gates.py", "    yield from _without_her_word(facts, gates)\n", ""),
        ("policy/gates.py", "if not sure or not all(word.given for word in named)",
         "if any(not word.given for word in named)"),
    ), ONCE_SENT),
    "the first consent holds": Mutant((
        ("edges/migrations.py", "ORDER BY came_at DESC, given, number DESC LIMIT 1)",
         "ORDER BY came_at, number LIMIT 1)"),
    ), ONCE_APPROVED),
    "the first word holds": Mutant((
        ("approvals.py", "ORDER BY at DESC, given, number DESC LIMIT 1", "ORDER BY at, given, number LIMIT 1"),
        ("outgoing/standing.py", "ORDER BY at, given DESC, number", "ORDER BY at DESC, given DESC, number"),
    ), ONCE_APPROVED),
    "what came back was received": Mutant((
        ("outgoing/sending/course_facts.py", '            " AND bounced IS NULL",\n', '            "",\n'),
    ), ONCE_APPROVED),
    "what came back to her goes on": Mutant((
        ("policy/gates.py", "    yield from _before_she_said_so(facts)\n", ""),
    ), LET_GO_ON),
    "what is in doubt goes again": Mutant((
        ("outgoing/sending/outbox.py", 'IN_DOUBT, now, "stopped before', 'QUEUED, now, "stopped before'),
    ), ONCE_APPROVED),
    "a report goes to who pays first": Mutant((
        ("outgoing/plan.py", "hers = Delivery(Party.CLIENT, client.client.email, (kind, Kind.APPROVAL)",
         "hers = Delivery(Party.CLIENT, _address(client, Party.SPONSOR), (kind, Kind.APPROVAL)"),
    ), BEGINNING),
    "a profile is taken without consent": Mutant((
        ("outgoing/course/profiles.py", "    if agreed(practice, dossier):\n        return\n",
         "    if dossier:\n        return\n"),
    ), BEGINNING),
    "a closed dossier takes papers in": Mutant((
        ("dossiers.py", 'if row["closed"]:', 'if row["closed"] is None:'),
    ), BEGINNING),
    "nobody looks before a profile goes": Mutant((
        ("outgoing/course/dispatch.py", "MessageState.HELD if doubts else MessageState.QUEUED", "MessageState.QUEUED"),
    ), CROWD),
    "what is withheld goes": Mutant((
        ("outgoing/sending/outbox.py", 'SUPERSEDED, now, "withheld by the coach"',
         'QUEUED, now, "withheld by the coach"'),
    ), CROWD),
    "a file whose folder says otherwise is placed": Mutant((
        ("placing.py", "    if len(named) > 1:\n", "    if len(named) > 2:\n"),
    ), CROWD),
}  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the program and its tests, to break."""
    root = tmp_path_factory.mktemp("broken")
    for name in COPIED:
        one = ROOT / name
        if one.is_dir():
            shutil.copytree(one, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(one, root / name)
    return root


@pytest.fixture
def broken(copy: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Path, str]]:
    """Break the copy in one way, and mend it afterwards; gives it, and the test that is to see it."""
    mutant = MUTANTS[request.param]
    sound = {file: (copy / "pipeline" / file).read_text("utf-8") for file, _, _ in mutant.edits}
    for file, old, new in mutant.edits:
        path = copy / "pipeline" / file
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"{old} is in {file} {text.count(old)} times"
        path.write_text(text.replace(old, new), "utf-8")
    yield copy, mutant.test
    for file, text in sound.items():
        (copy / "pipeline" / file).write_text(text, "utf-8")


def tried(copy: Path, test: str) -> subprocess.CompletedProcess[str]:
    """Run one test in the copy."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"tests/promises/{test}"], cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("broken", MUTANTS, indirect=True)
def test_what_is_broken_is_caught(broken: tuple[Path, str]) -> None:
    ended = tried(*broken)
    assert ended.returncode == 1, ended.stdout
    assert re.search(r"^E +\S*(Violation|AssertionError): ", ended.stdout, re.MULTILINE), ended.stdout


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("test", sorted({one.test for one in MUTANTS.values()}))
def test_nothing_fails_where_nothing_is_broken(copy: Path, test: str) -> None:
    ended = tried(copy, test)
    assert ended.returncode == 0, ended.stdout


def test_each_mutant_breaks_what_is_there_once() -> None:
    assert len(MUTANTS) >= 10 and len(EVENTS) >= 12
    for mutant in MUTANTS.values():
        for file, old, _ in mutant.edits:
            assert (ROOT / "pipeline" / file).read_text("utf-8").count(old) == 1, (file, old)
