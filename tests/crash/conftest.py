"""What the crash tests share: a mail server for some scenes, and the calls of a run that nothing disturbs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash import incoming_rounds, incoming_scene, points
from tests.crash.scene import Post, posted


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """Give a mail server with mailboxes for forty scenes."""
    with posted(tmp_path, places=40) as running:
        yield running


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> points.Calls:
    """Give the calls of a run for a client who pays."""
    with posted(tmp_path_factory.mktemp("undisturbed"), places=1) as running:
        return points.calls(running.scene(sponsored=False))


@pytest.fixture(scope="session")
def booking(tmp_path_factory: pytest.TempPathFactory) -> incoming_rounds.Stage:
    """Give a practice with unread answers, whose papers book themselves."""
    return incoming_rounds.stage(incoming_scene.booking(tmp_path_factory.mktemp("booking")))
