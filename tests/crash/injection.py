"""The real command under strace, which kills it, or lets a system call fail, at the N-th call of a name.

Without `everyone` only the program's main thread is traced, so only it is hit; with it, its other threads and its press
too, and the first of them that makes an N-th call is hit (strace counts the calls of each on its own).
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash.scene import QUICK
from tests.world import World

KILL, EIO, ENOSPC = "signal=KILL", "error=EIO", "error=ENOSPC"
STRACE = shutil.which("strace")
LOGGED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ")
# WeasyPrint, about the small templates, which bring no fonts.
NOISE = re.compile(r".*No fonts configured in FontConfig")
PRESS_IS_GONE = " cannot be "
needs_strace = pytest.mark.skipif(STRACE is None, reason="strace is missing; type: sudo apt-get install strace")


@dataclass(frozen=True)
class Fault:
    """What happens at the `number`-th call of `syscall`, from then on each time with `onward`."""

    syscall: str
    number: int
    effect: str = KILL
    onward: bool = False
    everyone: bool = False

    def __str__(self) -> str:
        """Give it as it stands in a report."""
        return f"{self.syscall} {self.number}{'+' if self.onward else ''} {self.effect}{' (everyone)' * self.everyone}"

    @property
    def options(self) -> list[str]:
        """The options of strace."""
        when = f"{self.number}{'+' if self.onward else ''}"
        inject = f"inject={self.syscall}:{self.effect}:when={when}"
        return [*(["-f"] if self.everyone else []), "-e", f"trace={self.syscall}", "-e", inject]


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code, its lines on stderr, and the call that was hit, as strace has it, or ""."""

    code: int
    told: list[str]
    hit: str

    @property
    def unexpected(self) -> list[str]:
        """What it said that is not a line of its log."""
        return [line for line in self.told if not LOGGED.match(line) and not NOISE.match(line)]


def plain(world: World) -> Ended:
    """Let the program do what there is to do, undisturbed."""
    return _run(world, world.command("run", "--once"))


def struck(world: World, fault: Fault) -> Ended:
    """Let the program work until `fault` happens, or to its end when there is no such call any more."""
    ended = _run(world, under_strace(world, fault))
    killed = ended.code == -signal.SIGKILL or any(PRESS_IS_GONE in line for line in ended.told)
    hit = _hit(_log(world).read_text(errors="replace"), fault) if killed or fault.effect != KILL else ""
    return Ended(ended.code, ended.told, hit)


def under_strace(world: World, fault: Fault) -> list[str]:
    """Give the command line of a run to which `fault` happens."""
    return [str(STRACE), "-o", str(_log(world)), "-s", "60", *fault.options, *world.command("run", "--once")]


def counted(world: World, syscalls: tuple[str, ...]) -> list[str]:
    """Let the program work to its end; give all its calls of these names (`?`: where the machine has it)."""
    names = ",".join(f"?{name}" for name in syscalls)
    options = ["-o", str(_log(world)), "-s", "60", "-e", "signal=none", "-e", f"trace={names}"]
    ended = _run(world, [str(STRACE), *options, *world.command("run", "--once")])
    assert ended.code == 0, ended.told
    return [line for line in _log(world).read_text(errors="replace").splitlines() if re.match(r"\w+\(", line)]


def _log(world: World) -> Path:
    return world.folder.parent / "strace.log"


def _run(world: World, command: list[str]) -> Ended:
    # A file of its own, not a pipe: the press of a killed program lives a moment longer, and nobody waits for it.
    with tempfile.NamedTemporaryFile(dir=world.folder.parent, prefix="told-", delete=False) as stderr:
        code = subprocess.run(
            command, env=world.environment(QUICK), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=stderr, timeout=100, check=False,
        ).returncode  # fmt: skip
    return Ended(code, Path(stderr.name).read_text("utf-8", errors="replace").splitlines(), "")


def _hit(log: str, fault: Fault) -> str:
    """Give the call that was hit: a killed one has no result, a failed one is marked."""
    mark = r"(?:= \?|<unfinished \.\.\.>)$" if fault.effect == KILL else r"\(INJECTED\)"
    lines = re.findall(rf"^(?:\d+ +)?({fault.syscall}\(.*{mark})", log, re.MULTILINE)
    return str(lines[-1 if fault.effect == KILL else 0]) if lines else ""
