"""The product as its user runs it: `pipeline run` in a process of its own, fed by moving files into the drop folder."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.papers import dropped
from benchmarks.reception import PATIENCE, Reception
from tests.world import World

REST = 0.25
"""How long a service is left alone after its last mail, so that what it does afterwards is not in the next figure."""


class Service:
    """A practice and the process that works on it; both send to `reception`."""

    def __init__(self, root: Path, reception: Reception, *, template: str = "quote.html") -> None:
        account = f"{{host: 127.0.0.1, port: {reception.port}, security: plain-on-loopback}}"
        self.world, self.reception = World(root, smtp=account), reception
        self.world.change(r"^  template: \S+", f"  template: {template}")

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.world.command("run"), env=self.world.environment(), stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def one(self, number: int, *, sponsored: bool = False, fresh: bool = False) -> float:
        """Give the seconds from a file in the drop folder to its last accepted mail; `fresh`: saved there just now."""
        if fresh:
            (self.world.drop_folder / f"c{number}.yaml").write_text(dropped(number, sponsored=sponsored), "utf-8")
            began = time.monotonic()
        else:
            began = self.move([number], sponsored=sponsored)
        took = self.reception.accepted(1 + sponsored) - began
        self.rest()
        return took

    def many(self, numbers: list[int]) -> float:
        """Give the seconds from many files at once to the last accepted mail."""
        took = -self.move(numbers) + self.reception.accepted(len(numbers))
        self.rest()
        return took

    def once(self, number: int) -> float:
        """Give the seconds of a fresh `pipeline run --once`, from its start to the last accepted mail."""
        self.move([number])
        began = time.monotonic()
        done = self.world.program("run", "--once", timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return self.reception.accepted(1) - began

    def move(self, numbers: list[int], *, sponsored: bool = False) -> float:
        """Move finished files into the drop folder, written a while ago; gives the moment before the first move."""
        made = [self.world.folder.parent / f"c{number}.yaml" for number in numbers]
        for file, number in zip(made, numbers, strict=True):
            file.write_text(dropped(number, sponsored=sponsored), "utf-8")
            os.utime(file, (1_700_000_000, 1_700_000_000))
        began = time.monotonic()
        for file in made:
            file.rename(self.world.drop_folder / file.name)
        return began

    def rest(self) -> None:
        """Wait until nothing is in hand."""
        while self.world.rows("SELECT 1 FROM messages WHERE state != 'accepted'"):
            time.sleep(0.02)
        time.sleep(REST)
