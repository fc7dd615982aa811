"""What the tests of the road out can ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.edges import smtp
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import Shelf, plain
from tests.world import World


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Give practices whose mail is composed and waits, made once a run."""
    return Shelf(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def queued(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    """Give a practice with one mail that waits, which sends through `server`."""
    return shelf.world(tmp_path, smtp=plain(server))


@pytest.fixture(autouse=True)
def no_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust no certificate unless the test says whose; reading the system's list takes 40 ms a connection."""
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    monkeypatch.setenv("SSL_CERT_DIR", os.devnull)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a fraction of a second where the program waits a minute or ten."""
    monkeypatch.setattr(smtp, "PATIENCE", 0.6)
    monkeypatch.setattr(smtp, "PATIENCE_FOR_THE_DOT", 0.6)
