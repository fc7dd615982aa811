"""What the coach marked to learn from: kept without names under a code of its own, cut off from its dossier at closing.

Takes a text, while the dossier is open and only where the policy says so; leaves a row in `cases` and the key to it,
which stands apart. Closing destroys the key; no entry of the ledger, and no other row, names both dossier and case.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.model import HoldKind
from pipeline.policy.deeds import Keeps, citing
from pipeline.policy.policy import Policy, retention_rules
from pipeline.policy.schema.base import Category, Grade
from pipeline.policy.schema.closing import Step
from pipeline.policy.schema.retention import Event, Leaving
from pipeline.policy.sentences import sentence
from pipeline.practice import Practice
from pipeline.retention import holds, pseudonyms
from pipeline.tokens import ALPHABET
from pipeline.words import say

LARGEST = 200_000
PIECE, LETTERS = 200, 10
GOES_WITH_ITS_DOSSIER = (
    "DELETE FROM cases WHERE code IN (SELECT code FROM case_keys WHERE dossier = ?)",
    "DELETE FROM case_keys WHERE dossier = ?",
)
"""What takes away the cases of a dossier whose key lives."""
PIECES = (
    "SELECT DISTINCT found.value FROM cases, json_each(pieces) AS found WHERE code = ? AND length(found.value) >= 24"
)
"""What is looked for once a case is gone: pieces that are long enough to stand nowhere else by chance."""
MARKED = (
    "SELECT found.value FROM case_keys JOIN cases USING (code), json_each(cases.pieces) AS found"
    " WHERE case_keys.dossier = ?1 AND length(found.value) >= 24"
)
"""The same, of the cases of a dossier whose key lives."""
CLOSED = "SELECT day FROM events WHERE dossier = ? AND event = ?"
RESTRICTED = "SELECT 1 FROM holds WHERE dossier = ? AND kind = ? AND lifted_at IS NULL AND (until IS NULL OR until > ?)"


@dataclass(frozen=True)
class Case:
    """One case: its code, the month in which it was marked, and its dossier as long as the key to it lives."""

    code: str
    marked_in: str
    dossier: str | None


def rules(policy: Policy) -> list[Keeps]:
    """Give the rules by which something is pseudonymised at closing; none where the policy does not speak of it."""
    steps: list[Keeps] = [rule for rule in policy.closing if Step.PSEUDONYMISE_MARKED in rule.steps]
    return [*steps, *(rule for rule in policy.retention if rule.end is Leaving.PSEUDONYMISE)]


def mark(practice: Practice, reference: str, text: str, now: datetime) -> tuple[str, list[pseudonyms.Replaced]]:
    """Keep a text to learn from, without the names that the dossier knows; gives its code and what was replaced."""
    _check(practice, reference, now)
    code = "".join(secrets.choice(ALPHABET) for _ in range(LETTERS))
    with practice.database.transaction():
        bare, replaced = pseudonyms.without(text, _known(practice, reference))
        practice.database.run(
            "INSERT INTO cases (code, pieces, marked_in) VALUES (?, ?, ?)",
            code, json.dumps(list(_pieces(bare)), ensure_ascii=False), _month(practice.today(now)),
        )  # fmt: skip
        practice.database.run("INSERT INTO case_keys (dossier, code) VALUES (?, ?)", reference, code)
        ledger.record(practice.database, now, "learning.marked", dossier=reference)
    return code, replaced


def text_of(data: bytes, file: str, language: str) -> str:
    """Give the text in the bytes of a file; raises `UsageError` for what is too large or no text."""
    if len(data) > LARGEST:
        raise UsageError(say(language, "learn_too_large", file=file, most=LARGEST // 1000))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UsageError(say(language, "learn_no_text", file=file))
    if not text.strip():
        raise UsageError(say(language, "learn_empty", file=file))
    return text


def _check(practice: Practice, reference: str, now: datetime) -> None:
    """Raise `UsageError` where nothing may be kept of this dossier to learn from."""
    policy, language, today = practice.policy, practice.file.language, practice.today(now).isoformat()
    if not rules(policy):
        said = [rule for rule in policy.retention if Category.CONTACT in rule.covers]
        says = " ".join(f"{sentence(rule, policy, language)} ({', '.join(rule.clauses)})" for rule in said)
        raise UsageError(say(language, "learn_not_promised", policy=policy.name, says=says))
    if not any(Category.LEARNING in rule.covers for rule in retention_rules(policy)):
        raise UsageError(say(language, "learn_no_end", policy=policy.name))
    if practice.database.value(CLOSED, reference, Event.CLOSED):
        raise UsageError(say(language, "learn_closed", reference=reference))
    if practice.database.value(RESTRICTED, reference, HoldKind.RESTRICTED, today):
        raise UsageError(say(language, "learn_restricted", reference=reference))


def _known(practice: Practice, reference: str) -> dict[str, str]:
    rows = practice.database.rows("SELECT facts FROM requests WHERE dossier = ?", reference)
    numbers = practice.database.rows(
        "SELECT ?1 UNION SELECT quote_number FROM dossiers WHERE reference = ?1"
        " UNION SELECT number FROM invoices WHERE dossier = ?1", reference,
    )  # fmt: skip
    return pseudonyms.known([json.loads(row["facts"]) for row in rows], [row[0] for row in numbers])


def _pieces(text: str) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        yield from (line[at : at + PIECE] for at in range(0, len(line), PIECE))


def _month(day: date) -> str:
    return day.isoformat()[:7]


def cases(practice: Practice) -> list[Case]:
    """Give every case there is, by its code."""
    rows = practice.database.rows(
        "SELECT code, marked_in, (SELECT dossier FROM case_keys WHERE code = cases.code) AS dossier FROM cases"
        " ORDER BY code"
    )
    return [Case(row["code"], row["marked_in"], row["dossier"]) for row in rows]


def cases_of(practice: Practice, reference: str) -> list[str]:
    """Give the codes of the cases that were marked in a dossier, as long as the key to them lives."""
    return [case.code for case in cases(practice) if case.dossier == reference]


def read(practice: Practice, code: str) -> str:
    """Give the text of a case, as it is kept."""
    pieces = practice.database.value("SELECT pieces FROM cases WHERE code = ?", code.strip().upper())
    if pieces is None:
        raise UsageError(say(practice.file.language, "learn_no_case", code=code[:40]))
    return "".join(json.loads(pieces))


def forget(practice: Practice, code: str, now: datetime) -> None:
    """Erase a case at the coach's word, before its time."""
    read(practice, code)
    with practice.database.transaction():
        practice.database.run("DELETE FROM cases WHERE code = ?", code.strip().upper())
        practice.database.run("DELETE FROM case_keys WHERE code = ?", code.strip().upper())
        ledger.record(practice.database, now, "learning.forgotten", part=f"case {code.strip().upper()}")
    practice.database.compact()


def destroy_keys(practice: Practice, now: datetime) -> list[str]:
    """Destroy the key to every case whose dossier is closed, and which no hold keeps back; gives those dossiers.

    The key is overwritten, the database written anew without what it held before, and only then does the ledger say
    so: a stop in between leaves a key that is gone and an entry that the next call makes.
    """
    held = holds.standing(practice, practice.today(now))
    rows = practice.database.rows(
        "SELECT DISTINCT dossier, day FROM case_keys JOIN events USING (dossier) WHERE event = ? AND code <> ''",
        Event.CLOSED,
    )  # fmt: skip
    with practice.database.transaction():
        for row in rows:
            if not {(row["dossier"], None), (row["dossier"], Category.LEARNING)} & held:
                _overwrite(practice, row["dossier"], row["day"])
    if not practice.database.value("SELECT 1 FROM case_keys WHERE code = ''"):
        return []
    practice.database.compact()
    return _written_down(practice, now)


def _overwrite(practice: Practice, dossier: str, day: str) -> None:
    practice.database.run(
        "UPDATE cases SET closed_in = ? WHERE code IN (SELECT code FROM case_keys WHERE dossier = ?)", day[:7], dossier
    )
    practice.database.run("UPDATE case_keys SET code = '' WHERE dossier = ?", dossier)


def _written_down(practice: Practice, now: datetime) -> list[str]:
    rows = practice.database.rows("SELECT DISTINCT dossier FROM case_keys WHERE code = '' ORDER BY dossier")
    with practice.database.transaction():
        practice.database.run("DELETE FROM case_keys WHERE code = ''")
        for row in rows:
            ledger.record(
                practice.database, now, "learning.key_destroyed", dossier=row["dossier"], grade=Grade.KEY_DESTROYED,
                **citing(*_about_learning(practice.policy)),
            )  # fmt: skip
    return [row["dossier"] for row in rows]


def _about_learning(policy: Policy) -> list[Keeps]:
    """Give the rules that destroying a key keeps, without the clauses that are about asking consents at closing."""
    asked = {clause for one in policy.consents for clause in one.clauses}
    steps = [rule for rule in policy.closing if Step.PSEUDONYMISE_MARKED in rule.steps]
    kept = [rule.model_copy(update={"clauses": [one for one in rule.clauses if one not in asked]}) for rule in steps]
    return [*kept, *(rule for rule in policy.retention if rule.end is Leaving.PSEUDONYMISE)]
