"""The crash tests in the course of a coaching bite: what a crash must not leave is reported, made by hand."""

from __future__ import annotations

import smtplib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.crash import coaching_verdict
from tests.crash.coaching_rounds import Stage, staged
from tests.crash.coaching_scene import OTHER, Busy
from tests.world import CLIENT, SPONSOR

Spoil = Callable[[Busy], None]


@pytest.fixture
def day(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Give a busy day of a practice, as it ends undisturbed."""
    return staged(tmp_path_factory.getbasetemp())


@pytest.fixture
def done(day: Stage) -> Iterator[Busy]:
    """Give a practice of one's own whose day is done, with which nothing is wrong."""
    with day.shelf.scene(day.done) as scene:
        yield scene


def _sql(script: str) -> Spoil:
    def change(scene: Busy) -> None:
        with closing(sqlite3.connect(scene.storage / "state.db")) as database:
            database.executescript(script)

    return change


def _gone(pattern: str) -> Spoil:
    return lambda scene: next(scene.storage.glob(pattern)).unlink()


def _passed_on(purpose: str, to: str) -> Spoil:
    """Let a mail reach another mailbox too."""

    def send(scene: Busy) -> None:
        ((token, recipient),) = scene.world.rows(
            "SELECT token, recipient FROM messages WHERE purpose = ? AND dossier = ? AND party = 'client'",
            purpose, scene.first,
        )  # fmt: skip
        mail = next(one for one in scene.received()[str(recipient)] if str(token).encode() in one)
        with smtplib.SMTP("127.0.0.1", scene.road.server.smtp_port) as line:
            line.sendmail("", to, mail)

    return send


@pytest.mark.parametrize(
    ("spoil", "reported"),
    [
        pytest.param(_sql("DELETE FROM documents WHERE kind = 'appointment'"), "neither in the drop", id="lost"),
        pytest.param(_gone("dossiers/*/*-6-v1.ics"), "is not what its row names", id="file"),
        pytest.param(_gone("dossiers/*/*-4-v1-source.md"), "as it was dropped", id="source"),
        pytest.param(_sql("DELETE FROM invoices WHERE number LIKE '%2'"), "are numbered [1, 3]", id="gap"),
        pytest.param(_sql("UPDATE numbers SET last = 4 WHERE series LIKE 'invoice%'"), "last number", id="series"),
        pytest.param(_gone("dossiers/*/*-5-v1.xml"), "not in the dossier as the books name it", id="books"),
        pytest.param(_sql("UPDATE messages SET state = 'queued'"), "one counts as queued", id="sent"),
        pytest.param(_passed_on("appointment", CLIENT), "has 2 mails", id="twice"),
        pytest.param(_passed_on("profile", SPONSOR), f"{SPONSOR} has a profile that is not hers", id="profile"),
        pytest.param(_passed_on("appointment", OTHER), "a mail that no row names", id="stray"),
        pytest.param(_sql("DELETE FROM approvals"), "a report that was not approved", id="approval"),
        pytest.param(_sql("DROP TRIGGER ledger_is_not_cut; DELETE FROM ledger WHERE number = 9"), "broken", id="cut"),
    ],
)
def test_the_verdict_reports_what_a_crash_must_not_leave(done: Busy, spoil: Spoil, reported: str) -> None:
    assert coaching_verdict.untruths(done) == []
    spoil(done)
    found = coaching_verdict.untruths(done)
    assert any(reported in one for one in found), found


@pytest.mark.parametrize(
    ("spoil", "reported"),
    [
        pytest.param(_sql("DELETE FROM obligations WHERE kind = 'approval'"), "table obligations", id="obligation"),
        pytest.param(_sql("DELETE FROM attention WHERE state = 'open'"), "table attention", id="question"),
        pytest.param(_gone("dossiers/*/*-8-v1.pdf"), "is missing", id="form"),
    ],
)
def test_the_verdict_reports_another_end(day: Stage, done: Busy, spoil: Spoil, reported: str) -> None:
    spoil(done)
    found = coaching_verdict.differences(coaching_verdict.ending(done), day.expected)
    assert any(reported in one for one in found), found
