"""The reading's own program: `python -m pipeline.reading SOCKET SCRATCH PARENT`, for `edges.reader`."""

from __future__ import annotations

import gc
import os
import resource
import socket
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.confined import lock, wire

MEMORY = 1 << 30
SECONDS_A_PAGE = 10
LOADING = 60
PAGE = resource.getpagesize()


class Reading:
    """Carries out one job after another."""

    def __init__(self) -> None:
        """Load the libraries, which is the slow part."""
        from pipeline.reading import certificates, judge, names, original, pages, recognise, unlock

        pages.prepare()
        certificates.prepare()
        self.recognising, self.judging, self.unlocking, self.naming = recognise, judge, unlock, names
        self.drawn = original.Drawn()

    def recognise(self, _: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Say what one file is."""
        return asdict(self.recognising.recognise(body, before_page)), b""

    def unlock(self, job: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Open a PDF that we locked ourselves."""
        return {}, self.unlocking.unlocked(body, job["passwords"])

    def text(self, _: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Give the text of a PDF."""
        return asdict(self.naming.text(body, before_page)), b""

    def judge(self, job: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Judge the pages of one document."""
        found, picture = self.judging.judge(self.judging.asked(job, body), self.drawn, before_page)
        return found.as_data(), picture


JOBS = {"recognise": Reading.recognise, "judge": Reading.judge, "unlock": Reading.unlock, "text": Reading.text}


def before_page() -> None:
    """Give the page that is looked at now its processor time."""
    lock.limit_time(SECONDS_A_PAGE)


def limit() -> None:
    """Leave this process 1 GB of its own: what the libraries only map, and never touch, does not count."""
    size, resident = (int(text) * PAGE for text in Path("/proc/self/statm").read_text().split()[:2])
    lock.limit_memory(size + MEMORY - resident)


def serve(socket_number: int, scratch: Path) -> None:
    """Take jobs until the program goes away."""
    tempfile.tempdir = str(scratch)
    line = socket.socket(fileno=socket_number)
    lock.limit_time(LOADING)
    reading = Reading()
    gc.collect()
    gc.freeze()
    limit()
    lock.close_doors(scratch.resolve())
    while (message := wire.receive(line)) is not None:
        job, body = message
        before_page()
        try:
            answer = JOBS[job["job"]](reading, job, body)
        except MemoryError:
            os._exit(1)
        except BaseException as error:  # noqa: BLE001 - whatever a file does, the answer is what went wrong
            answer = {"error": type(error).__name__}, b""  # its text could hold what stands in the file
        del message, body
        wire.send(line, *answer)


if __name__ == "__main__":
    os.umask(0o077)
    try:
        serve(int(sys.argv[1]), Path(sys.argv[2]))
    except OSError:
        # When the program was killed, the next one may have tidied up behind us; nobody waits for a word.
        if os.getppid() == int(sys.argv[3]):
            raise
