"""What the processes of a service take, as the kernel tells it (proc(5))."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Usage:
    """What a process and its children take: memory while `watched`, and processor time.

    `pss` is the highest sum of proportional set sizes at one moment, `peaks` the sum of the peaks of all.
    """

    def __init__(self, root: int) -> None:
        self.root, self.pss, self._peaks = root, 0, dict[int, int]()

    def look(self) -> None:
        """Look once; figures are in kB, as the kernel gives them."""
        sizes = {pid: (_figure(pid, "smaps_rollup", "Pss"), _figure(pid, "status", "VmHWM")) for pid in self._family()}
        self.pss = max(self.pss, sum(pss for pss, _ in sizes.values()))
        self._peaks |= {pid: peak for pid, (_, peak) in sizes.items()}

    @property
    def peaks(self) -> int:
        """The sum of the peaks of all processes, shared pages counted for each."""
        return sum(self._peaks.values())

    @contextmanager
    def watched(self, every: float = 0.5) -> Iterator[None]:
        """Look again and again while the block lasts."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(every):
                self.look()

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
            self.look()

    def seconds(self) -> float:
        """Give the processor time that all of them have used so far."""
        return sum(_seconds(pid) for pid in self._family())

    def _family(self) -> list[int]:
        family = [self.root]
        for pid in family:
            try:
                family += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split())
            except OSError:
                continue
        return family


def _figure(pid: int, file: str, name: str) -> int:
    try:
        found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{pid}/{file}").read_text("ascii"), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
