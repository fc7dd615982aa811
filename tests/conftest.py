"""What every test can ask for."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import warm
from tests.edges.mailboxes import accounts
from tests.faults.scripted import ScriptedSmtp
from tests.mailstack.fixtures import mail
from tests.world import World

__all__ = ["accounts", "mail"]

# How long an example takes says more of the computer than of us.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def own_name() -> Iterator[None]:
    """Let each SMTP client and server name this computer without asking: where no file says it, that takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getfqdn", lambda name="": name or "computer.example")
        yield


@pytest.fixture(scope="session", autouse=True)
def kept_warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the practices that are opened in this process share their presses, their reader, and what is always so."""
    warm_ones = warm.kept(tmp_path_factory.mktemp("warm"))
    with warm_ones, warm.parsed_once(), warm.zones_found_once(), warm.tables_made_once():
        yield


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
