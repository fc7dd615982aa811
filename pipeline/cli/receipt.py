"""`receipt`: the page that tells a person what was erased of her, made from the receipt when it is asked for."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.practice import Practice, opened
from pipeline.words import LANGUAGES, say


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the command of this module."""
    made = commands.add_parser("receipt", parents=[shared], help="what was erased of a dossier, as a page to give away")
    made.add_argument("reference", metavar="REF")
    made.add_argument("--language", choices=LANGUAGES, help="in this language (else the practice's)")
    made.add_argument(
        "--output", type=Path, metavar="FILE", help="a .pdf or .html file (else storage/receipts/REF.pdf)"
    )
    made.set_defaults(command=_receipt)


def _receipt(chosen: Namespace) -> int:
    with opened(chosen.practice) as practice:
        print(_made(practice, chosen))
    return 0


def _made(practice: Practice, chosen: Namespace) -> Path:
    from pipeline.retention import receipts

    output, language = chosen.output, chosen.language or practice.file.language
    if output is None:
        return receipts.keep(practice, chosen.reference, language)
    if output.suffix not in {".pdf", ".html"}:
        raise UsageError(say(practice.file.language, "receipt_form", file=output))
    data = receipts.page(practice, chosen.reference, language, web=output.suffix == ".html")
    output.write_bytes(data)
    return Path(output)
