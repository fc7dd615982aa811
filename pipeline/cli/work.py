"""`run` and `demo`: the program at work."""

from __future__ import annotations

import signal
import sys
import threading
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path
from types import FrameType

from pipeline.errors import NotReachable
from pipeline.practice import opened
from pipeline.worker import LOG, Worker, alone


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the commands of this module."""
    run = commands.add_parser("run", parents=[shared], help="do the paperwork until stopped (Ctrl-C)")
    run.add_argument("--once", action="store_true", help="do what there is to do now, then stop (for cron)")
    run.set_defaults(command=_run)
    demo = commands.add_parser("demo", help="see it work: a practice, a client and a mail server of its own")
    demo.add_argument("folder", nargs="?", type=Path, help="where to make it (else a new temporary folder)")
    demo.set_defaults(command=_demo)


def _run(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice, alone(practice.storage.root):
        worker = Worker(practice, tell=Progress() if sys.stderr.isatty() else LOG.info)
        wake = threading.Event()

        def end(_signal: int, _frame: FrameType | None) -> None:
            practice.stopping.set()
            wake.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        if chosen.once:
            worker.start()
            return 0 if worker.until_quiet() else NotReachable.exit_code
        LOG.info("watching %s; stop with Ctrl-C", practice.drop.root)
        worker.loop(wake)
        LOG.info("stopped; nothing is lost, `pipeline run` carries on")
    return 0


class Progress:
    """Says each step by its reference, with a count, so that many files show that they move."""

    def __init__(self) -> None:
        """Start at zero."""
        self.count = 0

    def __call__(self, text: str) -> None:
        """Say one thing that happened."""
        self.count += 1
        LOG.info("%4d  %s", self.count, text)


def _demo(chosen: Namespace) -> int:
    from pipeline.demo.show import demo

    return demo(chosen.folder)
