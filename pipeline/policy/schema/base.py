"""What every rule has: a name, and the clauses it keeps or the law that asks for it; and the words all rules share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from pipeline.config.fields import Line
from pipeline.config.problems import Strict

ClauseId = Annotated[str, StringConstraints(pattern=r"^[A-Z]-[A-Za-z0-9.]{1,12}$")]
RuleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,20}(\.[a-z][a-z0-9_]{0,30}){1,3}$")]


class Words(Strict):
    """One text in both languages."""

    nl: Line
    en: Line

    def in_language(self, language: str) -> str:
        """Give the text in `language` ("nl" or "en")."""
        return self.nl if language == "nl" else self.en


class Rule(Strict):
    """One rule: its name, the clauses of the statement that it keeps, and, for what the law adds, where that stands."""

    id: RuleName
    clauses: list[ClauseId] = Field(default_factory=list)
    source: Line | None = None


class Category(StrEnum):
    """What is held, in the words of the field; `HELD` and `IN_COURSE` are what this program itself keeps."""

    CONTACT = "contact"
    EMPLOYER = "employer"
    ADDRESS = "address"
    AGE = "age"
    BANK_ACCOUNT = "bank_account"
    SPONSOR = "sponsor"
    GOAL = "goal"
    QUOTE = "quote"
    AGREEMENT = "agreement"
    CONSENT = "consent"
    INVOICE = "invoice"
    APPOINTMENT = "appointment"
    PROFILE_INTAKE = "profile_intake"
    PROFILE = "profile"
    REPORT = "report"
    DRAFT = "draft"
    DOSSIER = "dossier"
    NOTES = "notes"
    PAPER = "paper"
    MAIL_OUT = "mail_out"
    MAIL_IN = "mail_in"
    UNFILED = "unfiled"
    LEARNING = "learning"
    KEEP_IN_TOUCH = "keep_in_touch"
    EVALUATION = "evaluation"
    FEEDBACK = "feedback"
    COMPLAINT = "complaint"
    REQUEST = "request"
    PLATFORM = "platform"
    ACTIVITY = "activity"
    COACH = "coach"
    LOG = "log"
    EVIDENCE = "evidence"


HELD = frozenset({
    Category.CONTACT, Category.EMPLOYER, Category.SPONSOR, Category.GOAL, Category.QUOTE, Category.AGREEMENT,
    Category.CONSENT, Category.INVOICE, Category.MAIL_OUT, Category.MAIL_IN, Category.UNFILED, Category.LOG,
    Category.EVIDENCE,
})  # fmt: skip
"""What this program keeps of every client: each must have an end in every policy, or the policy does not load."""

IN_COURSE = frozenset({
    Category.APPOINTMENT, Category.PROFILE_INTAKE, Category.PROFILE, Category.REPORT, Category.DRAFT,
})  # fmt: skip
"""What it keeps as well once it comes in the course of a coaching: to what a policy gives no end it is not taken in."""


class Grade(StrEnum):
    """How well something was proved, the weakest first; what is shown is never more than was reached."""

    DECLARED = "declared"
    ATTESTED = "attested"
    COMMANDED = "commanded"
    OBSERVED_ABSENT = "observed_absent"
    UNRECOVERABLE_INSIDE = "unrecoverable_inside"
    KEY_DESTROYED = "key_destroyed"
