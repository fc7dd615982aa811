"""The crash tests bite: the verdict reports each thing that a crash must not leave, made by hand."""

from __future__ import annotations

import copy
import dataclasses
import shutil
import smtplib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash import verdict
from tests.crash.injection import plain
from tests.crash.scene import Post, Scene, posted


def _lost_mail(scene: Scene) -> None:
    _change(scene, "UPDATE messages SET recipient = 'client39@home.example'")


def _second_request(scene: Scene) -> None:
    _change(
        scene,
        "INSERT INTO requests SELECT dossier, 2, sha256, facts, 'composed', NULL, accepted_at FROM requests",
    )


def _gap_in_the_numbers(scene: Scene) -> None:
    _change(scene, "UPDATE numbers SET last = 2")


def _changed_document(scene: Scene) -> None:
    next(scene.world.folder.glob("storage/dossiers/*/*-1-v1.pdf")).write_bytes(b"%PDF-1.7 another")


def _changed_ledger(scene: Scene) -> None:
    _change(
        scene,
        "DROP TRIGGER ledger_is_not_changed; UPDATE ledger SET entry = replace(entry, 'Z', 'Y')"
        " || ' ' WHERE number = 2",
    )


def _unshown_doubt(scene: Scene) -> None:
    _change(scene, "UPDATE messages SET state = 'queued', next_at = '2999-01-01T00:00:00+00:00'")


def _lost_client_file(scene: Scene) -> None:
    next(scene.world.folder.glob("storage/dossiers/*/*-client-v1.yaml")).unlink()


def _file_left_behind(scene: Scene) -> None:
    (scene.world.folder / "storage" / "outbox" / "half.eml.tmp").write_bytes(b"half")


def _change(scene: Scene, script: str) -> None:
    with closing(sqlite3.connect(scene.world.folder / "storage" / "state.db")) as database:
        database.executescript(script)


@pytest.mark.parametrize(
    ("spoil", "reported"),
    [
        (_lost_mail, "mails were made for"),
        (_second_request, "SELECT revision, state FROM requests"),
        (_gap_in_the_numbers, "SELECT last FROM numbers"),
        (_changed_document, "is not what its row names"),
        (_changed_ledger, "ledger verify exits 1"),
        (_unshown_doubt, "a mail ended as queued"),
        (_file_left_behind, "half.eml.tmp was left behind"),
    ],
)
def test_the_verdict_reports_what_a_crash_must_not_leave(
    finished: Scene, spoil: Callable[[Scene], None], reported: str
) -> None:
    spoil(finished)
    assert any(reported in one for one in verdict.violations(finished)), verdict.violations(finished)


@pytest.mark.parametrize(
    ("spoil", "reported"),
    [
        (_unshown_doubt, "has a mail that counts as queued"),
        (_lost_client_file, "left the drop folder and is not in the dossier"),
        (_changed_document, "is not what its row names"),
    ],
)
def test_the_verdict_reports_what_was_acknowledged_falsely(
    finished: Scene, spoil: Callable[[Scene], None], reported: str
) -> None:
    assert verdict.false_acknowledgements(finished) == []
    spoil(finished)
    assert any(reported in one for one in verdict.false_acknowledgements(finished))


def test_the_verdict_reports_a_second_mail(post: Post) -> None:
    scene = _finished(post)
    with smtplib.SMTP("127.0.0.1", post.server.smtp_port) as client:
        client.sendmail("", scene.client, scene.arrived(scene.client)[0])
    assert any("has 2 mails" in one for one in verdict.violations(scene))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with posted(tmp_path_factory.mktemp("original"), places=1) as post:
        yield _finished(post)


@pytest.fixture
def finished(original: Scene, tmp_path: Path) -> Scene:
    """Give a practice of one's own whose work is done, with which nothing is wrong."""
    world = copy.copy(original.world)
    world.folder = Path(shutil.copytree(original.world.folder, tmp_path / "practice"))
    return dataclasses.replace(original, world=world)


def _finished(post: Post) -> Scene:
    scene = post.scene(sponsored=False)
    assert plain(scene.world).code == 0
    assert verdict.violations(scene) == []
    return scene
