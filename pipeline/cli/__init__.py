"""The command line: parse, call, print, exit code. Nothing is decided here."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from pipeline import __version__
from pipeline.errors import PipelineError, StorageFailed, disk_failed

CANNOT_CREATE, INTERRUPTED = 73, 130
DESCRIPTION = "Paperwork for coaching practices that runs itself and keeps its word."


def parser() -> argparse.ArgumentParser:
    """Give the parser of all commands."""
    from pipeline.cli import (
        act,
        attention,
        clauses,
        close,
        coaching,
        forecast,
        invoices,
        learn,
        ledger,
        look,
        policy,
        receipt,
        retention,
        rules,
        setup,
        statement,
        work,
    )  # fmt: skip

    made = argparse.ArgumentParser("pipeline", description=DESCRIPTION)
    made.add_argument("--version", action="version", version=__version__)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--practice", type=Path, metavar="DIR", default=Path(os.environ.get("PIPELINE_PRACTICE") or "."),
        help="the practice folder (else PIPELINE_PRACTICE, else the current folder)",
    )  # fmt: skip
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (
        setup, work, look, act, coaching, invoices, attention, rules, policy, statement, clauses, forecast, close,
        learn, retention, receipt, ledger,
    ):  # fmt: skip
        module.add(commands, shared)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command; gives the exit code (0 done, 1 attention needed, else as sysexits.h)."""
    os.umask(0o077)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("pipeline").setLevel(logging.INFO)
    logging.getLogger("watchdog").setLevel(logging.CRITICAL)  # it speaks of what happens while it is being stopped
    try:
        code = _carried_out(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # who reads our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _carried_out(arguments: list[str] | None) -> int:
    try:
        chosen = parser().parse_args(arguments)
        return int(chosen.command(chosen))
    except SystemExit as end:
        return int(end.code or 0)
    except PipelineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"{error.filename or 'this computer'}: {error.strerror or error}", file=sys.stderr)
        return StorageFailed.exit_code if disk_failed(error) else CANNOT_CREATE
    except KeyboardInterrupt:
        return INTERRUPTED
