"""`statement`: making the privacy statement from the policy, to be published."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from pipeline import statements
from pipeline.practice import opened
from pipeline.worker import utc_now

LANGUAGES = ("nl", "en")


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the command of this module."""
    made = commands.add_parser(
        "statement", parents=[shared], help="make the privacy statement from the policy, as PDF and HTML"
    )
    made.add_argument("--language", choices=LANGUAGES, help="in this language only (else in both)")
    made.add_argument("--to", metavar="DIR", type=Path, help="where to put it (else storage/statements/VERSION)")
    made.set_defaults(command=_statement)


def _statement(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        statements.refuse_drift(practice)
        own = f"statements/{statements.file_version(practice.file.statement.version)}"
        today = practice.today(utc_now())
        for language in [chosen.language] if chosen.language else LANGUAGES:
            for name, data in statements.files(practice, language, today):
                if chosen.to is None:
                    practice.storage.write(f"{own}/{name}", data)
                    print(practice.storage.path(f"{own}/{name}"))
                else:
                    chosen.to.mkdir(parents=True, exist_ok=True)
                    (chosen.to / name).write_bytes(data)
                    print(chosen.to / name)
    return 0
