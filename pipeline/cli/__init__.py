"""The command line: parse, call, print, exit code. Nothing is decided here."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from pipeline import __version__
from pipeline.errors import PipelineError

DESCRIPTION = "Paperwork for coaching practices that runs itself and keeps its word."


def parser() -> argparse.ArgumentParser:
    """Give the parser of all commands."""
    from pipeline.cli import act, look, setup, work

    made = argparse.ArgumentParser("pipeline", description=DESCRIPTION)
    made.add_argument("--version", action="version", version=__version__)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--practice", type=Path, metavar="DIR", default=Path(os.environ.get("PIPELINE_PRACTICE") or "."),
        help="the practice folder (else PIPELINE_PRACTICE, else the current folder)",
    )  # fmt: skip
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (setup, work, look, act):
        module.add(commands, shared)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command; gives the exit code (0 done, 1 attention needed, else as sysexits.h)."""
    os.umask(0o077)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("pipeline").setLevel(logging.INFO)
    chosen = parser().parse_args(arguments)
    try:
        code: int = chosen.command(chosen)
    except PipelineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code
