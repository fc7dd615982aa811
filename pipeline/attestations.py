"""What no program can see and a person states: asked when it is due, and written down with the name of its rule.

Takes the policy's attestations and its processors; leaves questions before the coach, and of each answer a row and an
entry in the ledger. A statement is bound to its very text: another text is another statement, and not made yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pipeline import questions
from pipeline.edges import ledger
from pipeline.model import Reason
from pipeline.policy.period import Period
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Grade, Words
from pipeline.policy.schema.people import Processor
from pipeline.practice import Practice
from pipeline.words import say

Tell = Callable[[str], None]
WHAT = "attest"
FIRST_ASKED = timedelta(days=14)
"""How long after a practice has begun it is first asked; by then its coach knows the program."""
AGAIN = Period(months=1)
"""When to ask again what was denied."""
YEAR = Period(years=1)
"""How long a statement about a processor holds: the policy names no term for it."""


@dataclass(frozen=True)
class Statement:
    """What is to be stated by name: its rule, the clauses that keeps, the text, and for how long it holds."""

    rule: str
    clauses: tuple[str, ...]
    text: Words
    every: Period

    @property
    def seal(self) -> str:
        """The hash of the text: what was stated is this, and nothing else."""
        return hashlib.sha256(f"{self.text.nl}\n{self.text.en}".encode()).hexdigest()


@dataclass(frozen=True)
class Answer:
    """The last answer to a statement: the day, whether it is so, and the day from which it no longer holds."""

    on: date
    holds: bool
    until: date

    def stands(self, today: date) -> bool:
        """Tell whether it was stated and still holds."""
        return self.holds and today < self.until


def statements(policy: Policy) -> list[Statement]:
    """Give what is to be stated under a policy: its attestations, and one about each of its processors."""
    return [
        *(Statement(rule.id, tuple(rule.clauses), rule.what, rule.every) for rule in policy.attest),
        *(Statement(rule.id, tuple(rule.clauses), _about(rule), YEAR) for rule in policy.processors),
    ]


def _about(rule: Processor) -> Words:
    """Give what the coach states about a processor: the contract there is, the statement she can show."""
    words = [
        *(["attest_contract"] if rule.contract else []), *(["attest_statement"] if rule.statement else []),
    ] or ["attest_processor"]  # fmt: skip
    said = {
        language: " ".join(say(language, word, name=rule.name.in_language(language)) for word in words)
        for language in ("nl", "en")
    }
    return Words(nl=said["nl"], en=said["en"])


def last_answer(practice: Practice, statement: Statement) -> Answer | None:
    """Give how a statement was last answered, in its present text; None when it never was."""
    row = practice.database.row(
        "SELECT what, at FROM confirmations WHERE what IN (?, ?) AND sha256 = ? ORDER BY at DESC LIMIT 1",
        _stated(statement), _denied(statement), statement.seal,
    )  # fmt: skip
    if row is None:
        return None
    on = practice.day_of(row["at"])
    return Answer(on, row["what"] == _stated(statement), statement.every.after(on))


def ask_when_due(practice: Practice, now: datetime, tell: Tell) -> int:
    """Put before the coach what she is to state and has not, or no longer; gives how many questions were opened."""
    today = practice.today(now)
    due = [(one, day) for one in statements(practice.policy) if (day := _due(practice, one)) and day <= today]
    unasked = [reasons for one, day in due if not _was_asked(practice, reasons := _question(one, day))]
    if not unasked:
        return 0
    with practice.database.transaction():
        for reasons in unasked:
            questions.ask(practice, WHAT, now, reasons)
    tell(f"{len(unasked)} statement{'s' if len(unasked) > 1 else ''} to be made by the coach; see: pipeline attention")
    return len(unasked)


def _due(practice: Practice, statement: Statement) -> date | None:
    """Give the day on which a statement is to be asked; None while the practice has not begun."""
    answer = last_answer(practice, statement)
    if answer is not None:
        return answer.until if answer.holds else AGAIN.after(answer.on)
    began = practice.database.value("SELECT json_extract(entry, '$.at') FROM ledger ORDER BY number LIMIT 1")
    return practice.day_of(began) + FIRST_ASKED if began else None


def _question(statement: Statement, due: date) -> list[Reason]:
    """Name a question so that each is asked once: its rule, its text, and the day on which it was due."""
    return [("attest_due", {"rule": statement.rule, "text": statement.seal[:12], "due": due.isoformat()})]


def _was_asked(practice: Practice, reasons: list[Reason]) -> bool:
    return bool(
        practice.database.value(
            "SELECT 1 FROM attention WHERE what = ? AND reasons = ?", WHAT, questions.as_text(reasons)
        )
    )


def asked_about(policy: Policy, values: dict[str, str]) -> Statement | None:
    """Give the statement that a question is about; None when the policy no longer asks for it in that text."""
    found = (one for one in statements(policy) if one.rule == values.get("rule"))
    return next((one for one in found if one.seal.startswith(values.get("text") or "-")), None)


def attest(practice: Practice, statement: Statement, now: datetime) -> None:
    """Write down that the coach states it, inside the caller's transaction."""
    _keep(practice, _stated(statement), statement, now)
    until = statement.every.after(practice.today(now))
    ledger.record(
        practice.database, now, "attested", rules=statement.rule, clauses=" ".join(statement.clauses),
        grade=Grade.ATTESTED, until=until.isoformat(),
    )  # fmt: skip


def deny(practice: Practice, statement: Statement, now: datetime) -> None:
    """Write down that the coach says it is not so; no clause is kept by that, so the entry names none."""
    _keep(practice, _denied(statement), statement, now)
    ledger.record(practice.database, now, "attest.refused", rules=statement.rule)


def _keep(practice: Practice, what: str, statement: Statement, now: datetime) -> None:
    practice.database.run("INSERT OR IGNORE INTO confirmations VALUES (?, ?, ?)", what, statement.seal, now.isoformat())


def _stated(statement: Statement) -> str:
    return f"attested {statement.rule}"


def _denied(statement: Statement) -> str:
    return f"not so {statement.rule}"
