"""What runs and what is published: a version promises one thing for ever, or the service stops before it breaks it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pypdfium2
import pytest

from pipeline import statements
from pipeline.errors import ConfigError
from pipeline.policy.policy import policy_file
from pipeline.practice import Practice
from pipeline.worker import Worker
from tests.world import World, client_file

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
NEXT_YEAR = NOW + timedelta(days=365)
ELSEWHERE = "{host: mail.elsewhere.example, port: 465, security: tls, user: x}"
ACTIVATED = "SELECT entry FROM ledger WHERE entry LIKE '%statement.activated%' ORDER BY number"


@pytest.fixture
def own(world: World) -> World:
    """A practice with small templates and a policy of its own, KLEUR! as it is shipped."""
    world.small_templates()
    (world.folder / "own.yaml").write_bytes(policy_file("kleur", world.folder, "en")[0])
    world.change("^policy: kleur$", "policy: own.yaml")
    return world


def keep(world: World, promise: str) -> None:
    """Change the general term of the practice's policy."""
    file = world.folder / "own.yaml"
    text = file.read_text("utf-8")
    at = text.index("- id: kleur.general")
    line = next(line for line in text[at:].splitlines() if line.strip().startswith("promise:"))
    file.write_text(text[:at] + text[at:].replace(line, f"    promise: {promise}", 1), "utf-8")


def version(world: World, to: str) -> None:
    world.change(r'^  version: ".*"$', f'  version: "{to}"')


@contextmanager
def activated(world: World, now: datetime = NOW) -> Iterator[Practice]:
    with world.opened() as practice:
        statements.activate(practice, now)
        yield practice


def kept(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT version, activated_at FROM statements ORDER BY activated_at")


def test_a_version_is_kept_with_its_promise_the_first_time_it_is_in_force(own: World) -> None:
    with activated(own) as practice:
        policy = practice.policy
    ((name, sha256, promised, text, at),) = own.rows("SELECT * FROM statements")
    assert (name, at) == ("2026-11", NOW.isoformat())
    assert hashlib.sha256(str(promised).encode()).hexdigest() == sha256
    assert json.loads(str(promised))["retention"]["kleur.general"]["promise"] == "P5Y"
    assert json.loads(str(text)) == policy.model_dump(mode="json")
    ((entry,),) = own.rows(ACTIVATED)
    assert json.loads(str(entry)) == {
        "at": NOW.isoformat(timespec="seconds"), "event": "statement.activated", "version": "2026-11", "sha256": sha256,
    }  # fmt: skip


def test_the_same_version_with_the_same_promise_leaves_nothing_new(own: World) -> None:
    for days in range(3):
        with activated(own, NOW + timedelta(days=days)):
            pass
    assert kept(own) == [("2026-11", NOW.isoformat())]
    assert len(own.rows(ACTIVATED)) == 1


def test_a_changed_term_under_the_same_version_stops_the_run_and_says_what_to_type(own: World) -> None:
    with activated(own):
        pass
    keep(own, "P6Y")
    with own.opened() as practice, pytest.raises(ConfigError) as stopped:
        statements.activate(practice, NEXT_YEAR)
    told = str(stopped.value)
    assert "retention kleur.general: promise was P5Y, is nu P6Y" in told
    assert "versie 2026-11" in told and "pipeline statement" in told and "practice.yaml" in told
    assert len(own.rows(ACTIVATED)) == 1


def test_another_mail_provider_under_the_same_version_stops_the_service_at_its_start(own: World) -> None:
    own.work()
    own.change(r"smtp: .*$", f"smtp: {ELSEWHERE}")
    own.drop(client_file())
    stopped = own.typed("run", "--once")
    assert stopped.returncode == ConfigError.exit_code
    assert "recipients mail_provider: provider was localhost, is nu elsewhere.example" in stopped.stderr
    assert own.rows("SELECT 1 FROM dossiers") == [] and (own.drop_folder / "jansen.yaml").exists()


def test_while_it_runs_a_change_is_told_and_the_old_rules_stay_in_force(own: World) -> None:
    told: list[str] = []
    with own.opened() as practice:
        worker = Worker(practice, lambda: NOW, told.append)
        worker.start()
        before = practice.file, practice.policy
        own.change(r"smtp: .*$", f"smtp: {ELSEWHERE}")
        worker._reread()  # noqa: SLF001 - what the loop does before each pass
        assert (practice.file, practice.policy) == before
        assert any("provider was localhost, is nu elsewhere.example" in line for line in told)
        version(own, "2026-12")
        worker._reread()  # noqa: SLF001 - the same
        assert practice.file.mail.smtp.host == "mail.elsewhere.example"
    assert [row[0] for row in own.rows("SELECT version FROM statements ORDER BY version")] == ["2026-11", "2026-12"]


def test_a_new_version_may_promise_something_else_and_the_old_one_may_come_back(own: World) -> None:
    with activated(own):
        pass
    keep(own, "P6Y")
    version(own, "2027-01")
    with activated(own, NEXT_YEAR):
        pass
    keep(own, "P5Y")
    version(own, "2026-11")
    with activated(own, NEXT_YEAR + timedelta(days=30)) as practice:
        assert practice.file.statement.version == "2026-11"
    assert [json.loads(str(entry))["version"] for (entry,) in own.rows(ACTIVATED)] == ["2026-11", "2027-01", "2026-11"]
    assert kept(own) == [("2026-11", NOW.isoformat()), ("2027-01", NEXT_YEAR.isoformat())]
    keep(own, "P4Y")
    with own.opened() as again, pytest.raises(ConfigError, match="P5Y, is nu P4Y"):
        statements.activate(again, NEXT_YEAR)


def test_what_came_under_a_version_keeps_its_terms(own: World) -> None:
    with activated(own):
        pass
    for years, (name, promise) in enumerate([("2027-11", "P6Y"), ("2028-11", "P7Y")], 1):
        keep(own, promise)
        version(own, name)
        with activated(own, NOW + timedelta(days=365 * years)) as practice:
            pass
    with own.opened() as practice:

        def promises(day: date) -> list[str]:
            return [str(policy.retention[0].promise) for policy in statements.policies_since(practice, day)]

        assert promises(date(2020, 1, 1)) == ["P5Y", "P6Y", "P7Y"]
        assert promises(date(2027, 11, 22)) == ["P5Y", "P6Y", "P7Y"]  # the day on which one made place for the other
        assert promises(date(2027, 11, 23)) == ["P6Y", "P7Y"]
        assert promises(date(2028, 12, 1)) == ["P7Y"]
        assert promises(date(2150, 1, 1)) == ["P7Y"]
        assert statements.policies_since(practice, date(2020, 1, 1))[-1] is practice.policy


def test_a_version_that_came_back_is_not_in_force_in_between(own: World) -> None:
    for days, (name, promise) in enumerate([("A", "P5Y"), ("B", "P4Y"), ("A", "P5Y")]):
        keep(own, promise)
        version(own, name)
        with activated(own, NOW + timedelta(days=100 * days)) as practice:
            pass
    with own.opened() as practice:
        since = [str(one.retention[0].promise) for one in statements.policies_since(practice, date(2027, 4, 1))]
        later = [str(one.retention[0].promise) for one in statements.policies_since(practice, date(2027, 7, 1))]
    assert (since, later) == (["P4Y", "P5Y"], ["P5Y"])


def test_before_anything_was_activated_there_is_the_policy_of_now(own: World) -> None:
    with own.opened() as practice:
        assert statements.policies_since(practice, date(2026, 1, 1)) == [practice.policy]


def test_a_document_refers_to_the_exact_version_and_a_mail_to_its_name(own: World) -> None:
    for language in ("nl", "en"):
        template = own.folder / "templates" / language / "quote.html"
        template.write_text(f"<p>By {{{{ statement.version }}}}.</p>{template.read_text('utf-8')}", "utf-8")
        (own.folder / "templates" / language / "mail" / "quote_and_consent.txt").write_text(
            "{{ greeting }}\n\nBy {{ statement.version }}.\n", "utf-8"
        )
    own.drop(client_file())
    own.work()
    ((sha256,),) = own.rows("SELECT sha256 FROM statements")
    exact = f"2026-11 {str(sha256)[:12]}"
    assert own.rows("SELECT DISTINCT statement FROM documents") == [(exact,)]
    (quote,) = own.folder.glob("storage/dossiers/*/*-1-v1.pdf")
    assert f"By {exact}." in pypdfium2.PdfDocument(quote)[0].get_textpage().get_text_range()
    (mail,) = own.folder.glob("storage/outbox/*")
    assert b"By 2026-11." in mail.read_bytes()


@pytest.mark.parametrize("name", ["../../etc", "2026/11", "v 1 (draft)", "...", "ü"])
def test_a_version_never_leads_out_of_its_folder(name: str) -> None:
    made = statements.file_version(name)
    assert Path(made).name == made and made not in {"", ".", ".."}
