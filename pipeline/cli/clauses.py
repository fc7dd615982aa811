"""`clauses`: each promise of the practice, the rule that keeps it, how often it was kept, when last, how proved."""

from __future__ import annotations

import shutil
import sys
import textwrap
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

from babel.dates import format_date

from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.evidence import OPEN, Outcome, Proof, proofs, totals
from pipeline.policy.keeping import Standing
from pipeline.policy.phrases import listed
from pipeline.policy.schema.base import Grade
from pipeline.practice import Practice, opened
from pipeline.words import say
from pipeline.worker import utc_now

NARROWEST, USUAL, WIDEST = 60, 100, 120
SHORT = 16
FIXED = "\N{NO-BREAK SPACE}"
TEMPLATE, CODE = "clauses.html", "CLAUSES"
LOCALES = {"nl": "nl_NL", "en": "en_GB"}
OUTCOMES = {
    Outcome.KEPT: "outcome_kept", Outcome.ATTESTED: "outcome_attested", Outcome.NOT_ATTESTED: "outcome_not_attested",
    Outcome.PARTLY: "outcome_partly", Outcome.NOT_KEPT: "outcome_not_kept",
    Outcome.NOT_KEPT_YET: "outcome_not_kept_yet", Outcome.BY_HAND: "outcome_by_hand",
    Outcome.CANNOT: "outcome_cannot", Outcome.MEANING: "outcome_meaning",
}  # fmt: skip
GRADES = {
    Grade.DECLARED: "grade_declared", Grade.ATTESTED: "grade_attested", Grade.COMMANDED: "grade_commanded",
    Grade.OBSERVED_ABSENT: "grade_observed_absent", Grade.UNRECOVERABLE_INSIDE: "grade_unrecoverable_inside",
    Grade.KEY_DESTROYED: "grade_key_destroyed",
}  # fmt: skip
HEADS = ("clauses_clause", "clauses_promise", "clauses_rules", "clauses_proof")


def add(commands: _SubParsersAction[ArgumentParser], shared: ArgumentParser) -> None:
    """Add the command of this module."""
    clauses = commands.add_parser("clauses", parents=[shared], help="what you promise, and the proof that it is kept")
    which = clauses.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="also what only says what a word means")
    which.add_argument("--open", action="store_true", help="only what is not kept, or not yet, or not by this program")
    clauses.add_argument("--html", type=Path, metavar="FILE", help="write it as a page, to show to somebody")
    clauses.add_argument("--pdf", type=Path, metavar="FILE", help="the same as PDF")
    clauses.set_defaults(command=_clauses)


def _clauses(chosen: Namespace) -> int:
    now = utc_now()
    with opened(chosen.practice) as practice:
        found = proofs(practice, now)
        shown = [one for one in found if _is_wanted(one, chosen)]
        closing = _closing(practice, found, now, everything=chosen.all)
        for file in (chosen.html, chosen.pdf):
            if file is not None:
                _write(file, _page(practice, shown, closing, pdf=file is chosen.pdf))
                print(file)
        if chosen.html is None and chosen.pdf is None:
            print("\n".join([*_table(shown, practice.file.language, _width()), "", *closing]).replace(FIXED, " "))
    return 0


def _is_wanted(one: Proof, chosen: Namespace) -> bool:
    if chosen.open:
        return one.outcome in OPEN or one.stated is False
    return bool(chosen.all) or one.outcome is not Outcome.MEANING


def _width() -> int:
    """Give how wide the table may be; what does not go to a screen is as wide as usual."""
    return shutil.get_terminal_size((USUAL, 0)).columns if sys.stdout.isatty() else USUAL


def _table(found: list[Proof], language: str, width: int) -> Iterator[str]:
    """Give the lines of the table, folded to `width`."""
    if not found:
        yield say(language, "clauses_none")
        return
    widths = _columns([one.clause for one in found], max(NARROWEST, min(width, WIDEST)))
    yield _line([say(language, word) for word in HEADS], widths)
    yield _line(["─" * one for one in widths], widths)
    for one in found:
        cells = [[one.clause], [one.says], _keepers(one), _proof(one, language)]
        folded = [list(_fold(cell, size)) for cell, size in zip(cells, widths, strict=True)]
        for at in range(max(map(len, folded))):
            yield _line([cell[at] if at < len(cell) else "" for cell in folded], widths)


def _columns(clauses: list[str], width: int) -> tuple[int, int, int, int]:
    """Share the width out: the number as wide as it is, the rest by what it holds."""
    number = max(len(one) for one in clauses)
    rest = width - number - 6
    proof = max(20, rest * 29 // 100)
    rules = max(18, rest * 27 // 100)
    return number, rest - proof - rules, rules, proof


def _line(cells: Iterable[str], widths: tuple[int, ...]) -> str:
    return "  ".join(cell.ljust(size) for cell, size in zip(cells, widths, strict=True)).rstrip().replace(FIXED, " ")


def _fold(paragraphs: Iterable[str], width: int) -> Iterator[str]:
    for text in paragraphs:
        yield from textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def _keepers(one: Proof) -> list[str]:
    """Give the rules that keep a clause, or why none does."""
    return [_sentence(one.because)] if one.because else list(one.rules)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _proof(one: Proof, language: str) -> list[str]:
    """Say how a clause stands: how often it was kept and when last, what was reached, and what is not so."""
    lines = [] if one.outcome in {Outcome.KEPT, Outcome.ATTESTED} else [say(language, OUTCOMES[one.outcome])]
    if one.later:
        later = listed([say(language, word) for word in one.later], language)
        lines.append(say(language, "clauses_later", later=later))
    if one.standing is Standing.NO_PATH:
        lines.append(say(language, "clauses_no_path"))
    if one.standing is Standing.SHAPE:
        lines.append(say(language, "clauses_shape"))
    if one.standing is not Standing.ATTESTED and one.times:
        lines.append(say(language, "clauses_ran", times=one.times, last=_day(one.last, language)))
    elif one.standing is Standing.KEPT and not one.failures:
        lines.append(say(language, "clauses_never_ran"))
    if one.failures:
        lines.append(say(language, "clauses_failed", times=one.failures, last=_day(one.failed, language)))
    if one.standing is not Standing.ATTESTED and one.grade is not None:
        lines.append(say(language, GRADES[one.grade]))
    return [*lines, *_stated(one, language)]


def _stated(one: Proof, language: str) -> list[str]:
    """Say whether what a person must state holds, and until when."""
    if one.stated is None:
        return []
    if one.until is not None:
        word = "clauses_attested" if one.stated else "clauses_lapsed"
        return [say(language, word, until=_day(one.until, language))]
    return [] if one.outcome is Outcome.NOT_ATTESTED else [say(language, OUTCOMES[Outcome.NOT_ATTESTED])]


def _day(day: date | None, language: str) -> str:
    """Write a date, to stay on one line."""
    return str(format_date(day, "d MMM y", locale=LOCALES[language])).replace(" ", FIXED) if day else ""


def _closing(practice: Practice, found: list[Proof], now: datetime, *, everything: bool) -> list[str]:
    """Give the last lines: the totals, what they are of, and the head of the ledger they were read from."""
    language, policy = practice.file.language, practice.policy
    counted = totals(found)
    meaning = 0 if everything else counted.pop(Outcome.MEANING, 0)
    parts = ", ".join(f"{number} {say(language, OUTCOMES[outcome])}" for outcome, number in counted.items())
    promises = sum(counted.values())
    word = "clauses_total_one" if promises == 1 else "clauses_total"
    last = practice.database.row("SELECT number, hash FROM ledger ORDER BY number DESC LIMIT 1")
    number, head = (last["number"], last["hash"]) if last else (0, ledger.START)
    title, file = policy.title.in_language(language), practice.file
    return [
        say(language, word, count=promises, parts=parts),
        *([say(language, "clauses_hidden", count=meaning)] if meaning else []),
        say(
            language, "clauses_origin", title=title, practice=file.practice.name, version=file.statement.version,
            policy=policy.id,
        ),
        say(language, "clauses_head", date=_day(practice.today(now), language), entries=number, head=head[:SHORT]),
    ]  # fmt: skip


def _page(practice: Practice, found: list[Proof], closing: list[str], *, pdf: bool) -> bytes:
    """Make the page that is shown to somebody."""
    language = practice.file.language
    values = {
        "language": language,
        "title": say(language, "clauses_title", practice=practice.file.practice.name),
        "heads": [say(language, word) for word in HEADS],
        "rows": [
            {"clause": one.clause, "says": one.says, "rules": _keepers(one), "proof": _proof(one, language),
             "kept": one.outcome not in OPEN and one.stated is not False}
            for one in found
        ],
        "closing": closing,
        "grades": say(language, "clauses_grades", grades=", ".join(say(language, word) for word in GRADES.values())),
    }  # fmt: skip
    if pdf:
        return practice.press.print(TEMPLATE, values, CODE, 1, "").data
    return practice.press.write(TEMPLATE, values, escape=True).encode()


def _write(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({error.strerror}); name a file in a folder of yours") from None
