"""The tests catch it when one thing in the purge or the gates is broken in one way.

Broken in a copy of the program, in a folder of its own, and tried there by the tests that promise that very thing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mailstack.fixtures import needs_servers

ROOT = Path(__file__).parents[2]
COPIED = ("pipeline", "tests", "templates", "practice.yaml", "inbox_rules.yaml", "pyproject.toml", "README.md")
PURGE, MAILING, GATES = "retention/test_purge.py", "retention/test_mailing.py", "policy/test_gates.py"


@dataclass(frozen=True)
class Mutant:
    """One thing that is broken: in `file`, `old` becomes `new`; `tests` promise that it is not so."""

    file: str
    old: str
    new: str
    tests: str

    @property
    def module(self) -> str:
        """The module of its tests."""
        return self.tests.partition("::")[0]


MUTANTS = {
    "the trash is skipped": Mutant(
        "retention/mail/copies.py", "if one.can_be_opened]", r'if one.can_be_opened and "\\trash" not in one.uses]',
        f"{PURGE}::test_a_copy_in_the_trash_goes_too",
    ),
    "the time of the queue counts": Mutant(
        "retention/mail/mailing.py", "m.kinds, m.accepted_at,", "m.kinds, m.queued_at AS accepted_at,",
        f"{MAILING}::test_the_wait_of_a_note_is_counted_from_its_acceptance",
    ),
    "holds are not looked at": Mutant(
        "retention/mail/purge.py", "for row in rows if not held(row))", "for row in rows)",
        f"{PURGE}::test_a_hold_and_a_restriction_suspend_and_when_lifted_it_goes_on",
    ),
    "the reply is trusted": Mutant(
        "retention/mail/clearing.py", "absence = mailbox.absent(box, by_token)",
        "absence = mailbox.Absence(frozenset(by_token), {}, frozenset())",
        f"{PURGE}::test_a_server_that_says_it_did_is_not_believed",
    ),
    "only the Message-ID is compared": Mutant(
        "edges/mailbox/comparing.py", "self._headers.get(OWN) == expected.token and ", "",
        "edges/test_removing.py::test_a_number_that_another_mail_has_is_not_removed_however_much_that_looks_like_ours",
    ),
    "only our header is compared": Mutant(
        "edges/mailbox/comparing.py", " and expected.message_id in self.names", "",
        "edges/test_removing.py::test_a_number_that_another_mail_has_is_not_removed_however_much_that_looks_like_ours",
    ),
    "everything that is marked is expunged": Mutant(
        "edges/mailbox/removing.py", "client.uid_expunge(ranges(list(mails)))", "client.expunge()",
        f"{PURGE}::test_every_copy_goes_or_is_shown_to_stay_and_no_decoy_is_touched",
    ),
    "that a quote lapsed is not known": Mutant(
        "retention/lives.py", 'if row["lapsed"] and not row["engaged"]:', "if False:",
        "retention/test_lives.py::test_a_quote_that_expired_or_was_declined_has_lapsed",
    ),
    "the guard is not asked": Mutant(
        "retention/mail/purge.py", "if intended.things and not guarding.may(practice, intended, box",
        "if not intended.things and not guarding.may(practice, intended, box",
        "retention/test_purge_guard.py::test_a_plan_much_larger_than_usual_waits_and_goes_on_at_her_yes",
    ),
    "what is in doubt goes": Mutant(
        "retention/mail/purge.py", "AND (token IS NULL OR token NOT IN", "AND (1 OR token NOT IN",
        f"{PURGE}::test_what_was_put_down_still_waits_while_the_mail_is_in_doubt",
    ),
    "a withdrawal does not win": Mutant(
        "policy/gates.py", "if any(not word.given for word in words) or Bound.CHANNEL", "if Bound.CHANNEL",
        f"{GATES}::test_a_standing_no_closes_every_gate_that_asks_for_that_consent",
    ),
    "silence consents": Mutant(
        "policy/gates.py", "return bool(words)", "return True",
        f"{GATES}::test_silence_denies_at_every_gate_of_the_five",
    ),
    "an approval is for any bytes": Mutant(
        "policy/gates.py", 'named = [word for word in own if word.document in {"", one.seal}]', "named = own",
        f"{GATES}::test_a_consent_bound_to_a_document_and_a_recipient_is_for_those_alone_k_09",
    ),
    "never is sometimes": Mutant(
        "policy/gates.py", "if need == Needs.NEVER:\n        return False",
        "if need == Needs.NEVER:\n        return True",
        f"{GATES}::test_what_a_policy_calls_never_has_no_path_whatever_anybody_says",
    ),
}  # fmt: skip
ORDINARY = {"an approval is for any bytes"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the program and its tests, to break."""
    root = tmp_path_factory.mktemp("mutant")
    for name in COPIED:
        one = ROOT / name
        if one.is_dir():
            shutil.copytree(one, root / name)  # with what Python compiled of it, which takes as long as the tests
        else:
            shutil.copy(one, root / name)
    return root


def tried(copy: Path, tests: str) -> subprocess.CompletedProcess[str]:
    """Run these tests in the copy."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"tests/{tests}"], cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip


def caught(copy: Path, mutant: Mutant) -> bool:
    """Break one thing in the copy, run its tests, and mend it; tells whether a promise was seen to be broken."""
    file = copy / "pipeline" / mutant.file
    sound = file.read_text("utf-8")
    assert sound.count(mutant.old) == 1, f"{mutant.old} is there {sound.count(mutant.old)} times"
    try:
        file.write_text(sound.replace(mutant.old, mutant.new), "utf-8")
        ended = tried(copy, mutant.tests)
    finally:
        file.write_text(sound, "utf-8")
    assert "ImportError" not in ended.stdout and "SyntaxError" not in ended.stdout, ended.stdout
    return ended.returncode == 1 and re.search(r"^FAILED ", ended.stdout, re.MULTILINE) is not None


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "name", [name if name in ORDINARY else pytest.param(name, marks=pytest.mark.long) for name in MUTANTS]
)
@needs_servers
def test_what_is_broken_is_caught(copy: Path, name: str) -> None:
    assert caught(copy, MUTANTS[name])


@pytest.mark.long
@pytest.mark.timeout(600)
@needs_servers
@pytest.mark.parametrize("tests", sorted({one.tests for one in MUTANTS.values()}))
def test_nothing_fails_where_nothing_is_broken(copy: Path, tests: str) -> None:
    ended = tried(copy, tests)
    assert ended.returncode == 0, ended.stdout


def test_there_are_ten_and_more_and_each_breaks_what_is_there_once() -> None:
    assert len(MUTANTS) >= 14
    for one in MUTANTS.values():
        assert (ROOT / "pipeline" / one.file).read_text("utf-8").count(one.old) == 1, one.old
