"""What the tests of the third road can ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.retention import story
from tests.retention.scene import Scene, copied, prepared, scene
from tests.retention.story import Story
from tests.world import World

KEN = "ken-jezelf"


@pytest.fixture(scope="session")
def composed(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Give a practice with one dossier whose papers were made; only for copying."""
    return prepared(tmp_path_factory.mktemp("composed"))


@pytest.fixture
def dossier(composed: World, tmp_path: Path) -> Iterator[Scene]:
    """Give a copy of that practice, opened."""
    with scene(copied(composed, tmp_path)) as opened:
        yield opened


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give, for a policy, where everything happened once under it; only for copying."""

    @cache
    def happened(policy_name: str) -> Path:
        root = tmp_path_factory.mktemp(policy_name)
        story.happen(root, policy_name)
        return root

    return happened


@pytest.fixture
def lived(shelf: Callable[[str], Path], tmp_path: Path) -> Iterator[Story]:
    """Give a dossier with all its papers, under the policy whose parts go at the most different times."""
    with story.told(shelf(KEN), tmp_path, KEN) as made:
        yield made
