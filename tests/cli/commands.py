"""How the tests type a command, and what came of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from pipeline.cli import main
from tests.world import World


@dataclass(frozen=True)
class Ended:
    """What a command printed, and its exit code."""

    code: int
    out: str
    said: str


class Typing:
    """Types commands about one practice, in this process."""

    def __init__(self, world: World, captured: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.world, self._captured = world, captured
        patch.setenv("PIPELINE_PRACTICE", str(world.folder))
        patch.setenv("XDG_CONFIG_HOME", str(world.settings))

    def __call__(self, *arguments: str) -> Ended:
        """Carry out one command."""
        self._captured.readouterr()
        before = os.umask(0o077)
        try:
            code = main(list(arguments))
        except SystemExit as left:  # argparse
            code = left.code if isinstance(left.code, int) else 1
        finally:
            os.umask(before)
        printed = self._captured.readouterr()
        return Ended(code, printed.out, printed.err)


def program(world: World, *arguments: str, environment: Mapping[str, str]) -> Ended:
    """Run the program in a process of its own, in these surroundings."""
    ended = subprocess.run(
        world.command(*arguments), env=world.environment(environment), capture_output=True, text=True, timeout=100,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return Ended(ended.returncode, ended.stdout, ended.stderr)
