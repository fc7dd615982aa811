"""What the tests of the command line can ask for."""

from __future__ import annotations

import pytest

from tests.cli.commands import Typing
from tests.world import World


@pytest.fixture
def typed(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typing:
    """Give the commands of a practice whose mail server is away."""
    return Typing(world, capsys, monkeypatch)


@pytest.fixture
def sent(sending: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typing:
    """Give the commands of a practice with small templates whose mail server is there."""
    return Typing(sending, capsys, monkeypatch)
