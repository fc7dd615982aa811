"""What the figures were measured on, and whether anything else was running there; the frame of every measurement."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.table import Row, markdown

CORES = 2
BUSY = 0.5
LIBRARIES = ("weasyprint", "jinja2", "pikepdf", "docxtpl")


def two_cores() -> None:
    """Let this process and those it starts use two cores only."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])


def peak() -> float:
    """Give the highest memory of this process so far (peak RSS), in MB."""
    found = re.search(r"^VmHWM:\s+(\d+)", Path("/proc/self/status").read_text("ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


def described(folder: Path) -> str:
    """Give cores, versions, and the kind of file system that `folder` is on (a sync costs nothing on some)."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", str(folder)], capture_output=True, text=True, check=True)
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{len(os.sched_getaffinity(0))} cores ({platform.machine()}), {platform.system()} {platform.release()}, "
        f"files on {kind.stdout.strip()}, Python {platform.python_version()}, {libraries}, "
        f"SQLite {sqlite3.sqlite_version}"
    )


def warning() -> str:
    """Give a line to print when other work makes the figures doubtful, else an empty text."""
    load = os.getloadavg()[0]
    return f"**Noisy: the load average was {load:.2f} at the start; read no figure as exact.**" if load > BUSY else ""


def command(name: str, purpose: str | None, quick: str) -> ArgumentParser:
    """Give the parser of a measurement called `name`; `purpose` is its module's text, `quick` what is less then."""
    parser = ArgumentParser(f"python -m benchmarks.{name}", description=(purpose or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help=quick)
    return parser


def show(measured: Callable[[Path], Sequence[Row]], note: str, folder: Path | None = None) -> None:
    """Measure in a folder that goes afterwards, on two cores; print the month, the machine, the table and a note."""
    two_cores()
    noisy = warning()
    if noisy:
        print(noisy, file=sys.stderr)
    print(f"{datetime.now(UTC):%B %Y}\n")
    with tempfile.TemporaryDirectory(dir=folder) as name:
        print(f"{described(Path(name))}\n")
        if noisy:
            print(f"{noisy}\n")
        print(markdown(measured(Path(name))))
    print(note)
