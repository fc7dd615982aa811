"""Advice about a policy, as a coach understands it: what contradicts what, and what she can write or do instead.

Pure: takes the policy, practice.yaml and the readings that she has confirmed; leaves findings, the heavy ones first,
each in the order of its clauses. Whether a promise is good is not judged; only whether it can be kept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from pipeline.config.practice import PracticeFile
from pipeline.policy.conflicts import conflicts
from pipeline.policy.finding import Adviser, Finding, Weight
from pipeline.policy.fitting import fitting
from pipeline.policy.phrases import capital
from pipeline.policy.policy import Policy
from pipeline.policy.rights import rights
from pipeline.policy.schema.base import Rule, Words

__all__ = ["Finding", "Weight", "advice"]

UNDATED = frozenset({"undated", "ongedateerd", "none", "unknown", "onbekend", "-", "?"})
DEAD = {
    "advice_privacy_shield": "privacy shield",
    "advice_safe_harbor": "safe harbor|safe harbour",
    "advice_wbp": "wbp|wet bescherming persoonsgegevens",
    "advice_bewerker": "bewerkers?|bewerkersovereenkomst(?:en)?",
}
"""Legal references that no longer hold, and the words by which they are known."""


def advice(policy: Policy, file: PracticeFile, confirmed: Collection[str] = ()) -> list[Finding]:
    """Give all advice on a policy as this practice lives by it; `confirmed` are the names of its confirmed readings."""
    adviser = Adviser(policy, file.language)
    found = [
        *_role(adviser), *_date(adviser), *_faults(adviser), *_dead(adviser), *conflicts(adviser), *rights(adviser),
        *fitting(adviser, file), *_readings(adviser, confirmed),
    ]  # fmt: skip
    order = {clause: number for number, clause in enumerate(policy.clauses)}
    return sorted(dict.fromkeys(found), key=lambda one: (one.weight is not Weight.HEAVY, _first(one, order)))


def _first(finding: Finding, order: dict[str, int]) -> int:
    return min((order[clause] for clause in finding.clauses if clause in order), default=-1)


def _role(adviser: Adviser) -> Iterator[Finding]:
    if adviser.policy.role == "processor":
        yield adviser.heavy([], "advice_processor_role")


def _date(adviser: Adviser) -> Iterator[Finding]:
    """Tell that a statement has no date or version: nobody could tell which one held for whom."""
    origin = adviser.policy.origin
    if origin.updated is None or origin.version.casefold() in UNDATED:
        yield adviser.heavy([], "advice_undated")
    elif re.fullmatch(r"\d{4}", origin.updated):
        yield adviser.light([], "advice_only_year", updated=origin.updated)


def _faults(adviser: Adviser) -> Iterator[Finding]:
    for clause, entry in adviser.policy.clauses.items():
        for fault in entry.faults:
            yield Finding((clause,), Weight.HEAVY, _sentence(fault, adviser.language))


def _sentence(words: Words, language: str) -> str:
    text = capital(words.in_language(language))
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _dead(adviser: Adviser) -> Iterator[Finding]:
    """Tell which rules and clauses lean on a law that is gone, unless a fault of the clause says so already."""
    for word, names in DEAD.items():
        about: list[Rule | str] = [*_clauses_that_say(adviser, names), *_backups_that_say(adviser, names)]
        if about:
            yield adviser.heavy(about, word)


def _clauses_that_say(adviser: Adviser, names: str) -> Iterator[str]:
    for clause, entry in adviser.policy.clauses.items():
        if _names(names, entry.says) and not _told(adviser, [clause], names):
            yield clause


def _backups_that_say(adviser: Adviser, names: str) -> Iterator[Rule]:
    for rule in adviser.policy.backup:
        spoken = " ".join(rule.transfer).replace("_", " ")
        if re.search(names, spoken) and not _told(adviser, rule.clauses, names):
            yield rule


def _told(adviser: Adviser, clauses: list[str], names: str) -> bool:
    return any(_names(names, fault) for clause in clauses for fault in adviser.policy.clauses[clause].faults)


def _names(names: str, words: Words) -> bool:
    return bool(re.search(rf"\b(?:{names})\b", f"{words.nl}\n{words.en}", re.IGNORECASE))


def _readings(adviser: Adviser, confirmed: Collection[str]) -> Iterator[Finding]:
    for reading in adviser.policy.readings:
        if reading.id not in confirmed:
            chosen = reading.chosen.in_language(adviser.language)
            yield adviser.light(reading.clauses, "advice_reading", chosen=chosen, reading=reading.id)
