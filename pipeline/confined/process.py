"""The program's side of a confined process: starts it, gives it jobs, ends it when it takes too long."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.confined import wire

JOBS_PER_PROCESS = 2000
KEPT = ("HOME", "LANG", "LD_LIBRARY_PATH")


class Process:
    """One process of `module`; its temporary files are in a folder of its own, `scratch`.

    It is run as `python -m module SOCKET *places SCRATCH PARENT` and speaks `wire` on the socket. `patience` is the
    longest wait for an answer, in seconds.
    """

    def __init__(
        self, module: str, places: Sequence[Path], scratch: Path, patience: float, more: Mapping[str, str]
    ) -> None:
        """Get ready; the process starts at `warm` or at the first job. `more` is added to its environment."""
        self._command, self._more, self._patience = (module, *map(str, places)), more, patience
        self.scratch = scratch / str(os.getpid())
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._jobs = 0

    def warm(self) -> None:
        """Start the process, so that it loads while other things are done."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        for folder in (self.scratch.parent, self.scratch):
            folder.mkdir(mode=0o700, exist_ok=True)
        ours, theirs = socket.socketpair()
        ours.settimeout(self._patience)
        module, *places = self._command
        last = [str(self.scratch), str(os.getpid())]
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", module, str(theirs.fileno()), *places, *last],
            pass_fds=[theirs.fileno()],
            env=_environment(self._more),
            stdin=subprocess.DEVNULL,
            cwd=self.scratch,
        )
        theirs.close()
        self._line, self._jobs = ours, 0

    def ask(self, job: dict[str, Any], body: bytes = b"") -> tuple[dict[str, Any], bytes] | None:
        """Have one job done; None when the process died of it or took too long, and then it is ended."""
        if self._jobs >= JOBS_PER_PROCESS:
            self.close()
        self.warm()
        assert self._line is not None
        self._jobs += 1
        try:
            wire.send(self._line, job, body)
            answer = wire.receive(self._line)
        except (TimeoutError, ConnectionError):
            answer = None
        if answer is None:
            self.close()
        return answer

    def close(self) -> None:
        """End the process and leave nothing of it behind."""
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._line = self._process = None
        shutil.rmtree(self.scratch, ignore_errors=True)


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """Give the process no more of our surroundings than it needs: no credentials, no proxies.

    It runs no programs; without a path its libraries are found without asking a compiler, which saves a quarter of a
    second.
    """
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"PATH": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1"} | dict(more)
