"""The receipt of an erasure as the person reads it: what went when and by which promise, what is kept and why.

Pure: from a receipt, the policies that were in force, and practice.yaml; leaves the values of its template. It names
nobody but the practice. How sure it is that something is gone is said in words, and never surer than the ledger has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import chain
from typing import Any

from pipeline.config.practice import PracticeFile
from pipeline.policy.phrases import basis, capital, listed
from pipeline.policy.policy import Policy, retention_rules
from pipeline.policy.schema.base import Grade
from pipeline.policy.schema.retention import RetentionRule
from pipeline.policy.sections import Cell, Line, Row, Section
from pipeline.policy.sentences import term
from pipeline.policy.statement import OURS
from pipeline.retention.forecast import day_word, part_word
from pipeline.retention.traces import Left
from pipeline.words import say

Values = dict[str, Any]
Entry = Mapping[str, Any]
HEAD_DIGITS, ENOUGH = 32, 16
"""How many digits of a head are told, as in the daily note, and how many must be typed to look for it."""
JOINED = "\N{WORD JOINER}"
GRADES = {
    Grade.DECLARED: "receipt_declared", Grade.ATTESTED: "receipt_attested", Grade.COMMANDED: "receipt_commanded",
    Grade.OBSERVED_ABSENT: "receipt_observed_absent", Grade.UNRECOVERABLE_INSIDE: "receipt_unrecoverable_inside",
    Grade.KEY_DESTROYED: "receipt_key_destroyed",
}  # fmt: skip


@dataclass(frozen=True)
class _Told:
    """What every section is made from: the receipt, the policies (the newest last), and how moments become days."""

    receipt: Mapping[str, Any]
    policies: Sequence[Policy]
    language: str
    day: Callable[[str], date]

    def say(self, name: str, /, **values: object) -> str:
        return say(self.language, name, **values)

    def on(self, at: str) -> str:
        return day_word(self.day(at), self.language)

    def entries(self, event: str) -> list[Entry]:
        return [one["entry"] for one in self.receipt["entries"] if one["entry"]["event"] == event]


def receipt_values(
    receipt: Mapping[str, Any], policies: Sequence[Policy], file: PracticeFile, language: str,
    day: Callable[[str], date],
) -> Values:  # fmt: skip
    """Give the values of the receipt's templates; `policies` are all that were in force, the one of now last."""
    told = _Told(receipt, policies, language, day)
    practice = {name: "" if value is None else str(value) for name, value in file.practice.model_dump().items()}
    return {
        "language": language,
        "practice": practice,
        "title": told.say("receipt_title"),
        "reference": receipt["reference"],
        "date": told.on(receipt["entries"][-1]["entry"]["at"]),
        "intro": [told.say("receipt_intro"), told.say("receipt_nobody")],
        "sections": [asdict(make(told)) for make in (_gone, _kept, _beyond, _check)],
    }


def _gone(told: _Told) -> Section:
    """Give what was erased; what went on one day for one reason and is equally sure, in one row."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for entry in told.entries("erasure.verified"):
        key = (told.on(entry["at"]), entry["rules"], entry["clauses"], _sure(told, entry))
        alike.setdefault(key, []).append(part_word(entry["part"], told.language))
    heads = [told.say("receipt_on"), told.say("receipt_what"), told.say("receipt_because")]
    rows = []
    for (on, rules, clauses, sure), parts in alike.items():
        what = Cell(capital(listed(parts, told.language)), sure)
        rows.append(Row([Cell(on), what, _because(told, rules.split(), clauses.split())]))
    return Section("erased", told.say("receipt_gone"), heads=heads, rows=rows)


def _sure(told: _Told, entry: Entry) -> str:
    """Say how sure it is that a part is gone; where what it said could stand in what was kept longer, in what."""
    longer = list(_longer(told, entry["at"]))
    if entry.get("left") and Left.FILE not in entry["left"].split() and longer:
        return told.say("receipt_longer", parts=listed(longer, told.language))
    return told.say(GRADES[Grade(entry["grade"])])


def _longer(told: _Told, at: str) -> Iterator[str]:
    """Give what was kept longer than to a moment, each day on which something of it went or goes with its parts."""
    until: dict[str | None, list[str]] = {}
    for entry in told.entries("erasure.verified"):
        if entry["at"] > at:
            until.setdefault(told.on(entry["at"]), []).append(part_word(entry["part"], told.language))
    for one in told.receipt["kept"]:
        until.setdefault(_until(told, one["until"]), []).append(part_word(one["part"], told.language))
    for day, parts in until.items():
        named = listed(list(dict.fromkeys(parts)), told.language)
        yield told.say("receipt_longer_until", parts=named, day=day) if day else named


def _until(told: _Told, until: str | None) -> str | None:
    return day_word(date.fromisoformat(until), told.language) if until else None


def _kept(told: _Told) -> Section:
    """Give what is kept still, until when and why; or that nothing is."""
    heading, ended = told.say("receipt_kept"), told.entries("dossier.ended")
    if ended:
        return Section("remains", heading, [Line(told.say("receipt_ended", day=told.on(ended[-1]["at"])))])
    rows = [_still(told, one["part"], one["until"], one["rules"]) for one in told.receipt["kept"]]
    heads = [told.say("receipt_until"), told.say("receipt_what"), told.say("receipt_because")]
    return Section("remains", heading, [Line(told.say("receipt_kept_lead"))], heads, rows)


def _still(told: _Told, part: str, until: str | None, rules: list[str]) -> Row:
    """Give what is kept of one part; what she agreed to herself has no day until she takes that back."""
    clauses = [clause for name in rules if (rule := _rule(told, name)) for clause in rule.clauses]
    what = Cell(capital(part_word(part, told.language)))
    return Row([Cell(_until(told, until) or told.say("receipt_open")), what, _because(told, rules, clauses)])


def _beyond(told: _Told) -> Section:
    items = [Line(told.say(word)) for word in ("receipt_your_copy", "receipt_provider", "receipt_paper")]
    return Section("beyond", told.say("receipt_beyond"), items=items)


def _check(told: _Told) -> Section:
    reference, head = told.receipt["reference"], told.receipt["entries"][-1]["hash"][:HEAD_DIGITS]
    facts = [
        (told.say("receipt_entries"), ", ".join(_runs(one["number"] for one in told.receipt["entries"]))),
        (told.say("receipt_head"), head),
        (told.say("receipt_commands"), f"pipeline retention check {reference}.json"),
        ("", f"pipeline ledger verify --head {head[:ENOUGH]}"),
    ]
    rows = [Row([Cell(label), Cell(text)]) for label, text in facts]
    return Section("check", told.say("receipt_check"), [Line(told.say("receipt_check_lead"))], rows=rows)


def _because(told: _Told, rules: Iterable[str], clauses: Iterable[str]) -> Cell:
    """Give the promises and the laws by which something went or is kept, and the terms as they were counted."""
    found = [rule for name in rules if (rule := _rule(told, name))]
    laws = [_law(told, rule) for rule in found if not rule.clauses]
    texts = [*(_clause(told, clause) for clause in clauses), *laws]
    terms = [capital(term(rule, told.language)) for rule in found]
    return Cell(capital("; ".join(dict.fromkeys(texts))), ". ".join(dict.fromkeys(terms)))


def _clause(told: _Told, number: str) -> str:
    """Quote a clause as the newest statement that has it says it; its number stays on one line."""
    known = [policy.clauses[number] for policy in told.policies if number in policy.clauses]
    whole = number.replace(".", f".{JOINED}")
    return f"{whole}: “{known[-1].says.in_language(told.language)}”" if known else whole


def _law(told: _Told, rule: RetentionRule) -> str:
    ground = basis(rule.basis, told.language)
    return told.say("st_law_basis", basis=ground, source=rule.source) if rule.source not in {None, OURS} else ground


def _rule(told: _Told, name: str) -> RetentionRule | None:
    rules = chain.from_iterable(retention_rules(policy) for policy in told.policies)
    return {rule.id: rule for rule in rules}.get(name)


def _runs(numbers: Iterable[int]) -> Iterator[str]:
    """Write numbers in order, those that follow each other as `31-40`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] + 1 == number:
            runs[-1].append(number)
        else:
            runs.append([number])
    yield from (f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
