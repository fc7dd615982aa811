"""What every test can ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edges.mailboxes import accounts
from tests.faults.scripted import ScriptedSmtp
from tests.mailstack.fixtures import mail
from tests.world import World

__all__ = ["accounts", "mail"]


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """Give each test the usual umask: a command that ran in this process has set its own."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Give a practice whose mail server is away."""
    return World(tmp_path)


@pytest.fixture
def server() -> Iterator[ScriptedSmtp]:
    """Give an SMTP server on loopback that does everything right until the test says otherwise."""
    with ScriptedSmtp(tls="none") as running:
        yield running


@pytest.fixture
def sending(tmp_path: Path, server: ScriptedSmtp) -> World:
    """Give a practice with small templates that sends through `server`."""
    made = World(tmp_path, smtp=f"{{host: 127.0.0.1, port: {server.port}, security: plain-on-loopback}}")
    made.small_templates()
    return made
