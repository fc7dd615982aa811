"""The crash tests of the road in bite: the verdict reports each thing that a crash must not leave, made by hand."""

from __future__ import annotations

import smtplib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.crash import incoming_verdict
from tests.crash.incoming_rounds import Stage
from tests.crash.incoming_scene import Arrived
from tests.crash.injection import needs_strace
from tests.world import CLIENT

pytestmark = needs_strace
RETURN = "SELECT number + 1, 2, dossier, kind, version, verdict, reasons, findings, files, picture, state, read_at, ''"


def _sql(script: str) -> Callable[[Arrived], None]:
    def change(scene: Arrived) -> None:
        with closing(sqlite3.connect(scene.world.folder / "storage" / "state.db")) as database:
            database.executescript(script)

    return change


def _file_left_behind(scene: Arrived) -> None:
    (scene.world.folder / "storage" / "mail" / "half.eml.tmp").write_bytes(b"half")


def _changed_mail(scene: Arrived) -> None:
    next((scene.world.folder / "storage").glob("mail/*.eml")).write_bytes(b"Subject: another\r\n\r\n")


def _changed_copy(scene: Arrived) -> None:
    next((scene.world.folder / "storage").glob("dossiers/*/*-countersigned.pdf")).write_bytes(b"%PDF-1.7 another")


def _marked_as_read(scene: Arrived) -> None:
    with closing(sqlite3.connect(scene.root / "server" / "mail.db")) as store, store:
        store.execute("UPDATE mail SET flags = '\\Seen' WHERE uid = 2")


def _second_copy(scene: Arrived) -> None:
    with smtplib.SMTP("127.0.0.1", scene.road.server.smtp_port) as line:
        line.sendmail("", CLIENT, scene.road.received(CLIENT))


@pytest.mark.parametrize(
    ("spoil", "reported"),
    [
        pytest.param(_sql(f"INSERT INTO returns {RETURN} FROM returns WHERE number = 2"), "table returns", id="return"),
        pytest.param(_sql("DELETE FROM attention"), "table attention", id="attention"),
        pytest.param(_sql("UPDATE consents SET given = 1 - given WHERE number = 1"), "table consents", id="consent"),
        pytest.param(_sql("UPDATE obligations SET state = 'awaited'"), "table obligations", id="obligation"),
        pytest.param(
            _sql("INSERT INTO arrivals SELECT account, folder, 7, uid, size, mail, 0, '', NULL, '' FROM arrivals"),
            "table arrivals",
            id="arrivals",
        ),
        pytest.param(
            _sql("DROP TRIGGER ledger_is_not_cut; DELETE FROM ledger WHERE number = 9"), "ledger is broken", id="ledger"
        ),
        pytest.param(_file_left_behind, "half.eml.tmp", id="file"),
        pytest.param(_changed_mail, "storage/mail/", id="mail"),
        pytest.param(_changed_copy, "not what the ledger names", id="copy"),
        pytest.param(_marked_as_read, "the mailbox was changed", id="mailbox"),
        pytest.param(_second_copy, "has 2 mails, and one counts as accepted", id="second copy"),
    ],
)
def test_the_verdict_reports_what_a_crash_must_not_leave(
    booking: Stage, finished: Arrived, spoil: Callable[[Arrived], None], reported: str
) -> None:
    mailbox = finished.mailbox
    spoil(finished)
    found = incoming_verdict.violations(finished, booking.expected, mailbox)
    assert any(reported in one for one in found), found


@pytest.mark.parametrize(
    ("spoil", "reported"),
    [
        pytest.param(_changed_mail, "is not the mail that its row names", id="mail"),
        pytest.param(_sql("DELETE FROM arrivals WHERE uid = 2"), "2, which was not noted", id="passed over"),
        pytest.param(_sql("DELETE FROM returns WHERE number = 2"), "mail 1 is filed with returns", id="half a mail"),
        pytest.param(_sql("UPDATE mails SET state = 'stored' WHERE number = 1"), "mail 1 is stored with", id="early"),
        pytest.param(_sql("UPDATE messages SET state = 'queued'"), "has 1 mails, and one counts as queued", id="sent"),
        pytest.param(_sql("PRAGMA foreign_keys = OFF; DELETE FROM mails WHERE number = 3"), "has stored", id="row"),
    ],
)
def test_the_verdict_reports_what_was_acknowledged_falsely(
    booking: Stage, finished: Arrived, spoil: Callable[[Arrived], None], reported: str
) -> None:
    assert incoming_verdict.false_acknowledgements(finished, booking.expected) == []
    spoil(finished)
    found = incoming_verdict.false_acknowledgements(finished, booking.expected)
    assert any(reported in one for one in found), found


@pytest.fixture
def finished(booking: Stage) -> Iterator[Arrived]:
    """Give a practice of one's own whose work is done, with which nothing is wrong."""
    with booking.shelf.scene(booking.done) as scene:
        yield scene
