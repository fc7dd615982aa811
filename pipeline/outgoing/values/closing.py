"""What the mail that asks again at closing is given; pure."""

from __future__ import annotations

from datetime import date

from pipeline.config.practice import PracticeFile
from pipeline.outgoing.plan import Document
from pipeline.outgoing.values.base import Revision, Values, day
from pipeline.policy.policy import Policy

UNTIL = "until"
"""What is set about the questions: the day before which the answer counts for what goes then."""


def closing_values(
    _revision: Revision, document: Document, _file: PracticeFile, _policy: Policy, language: str
) -> Values:
    """Give the day before which an answer is needed; empty where there is no hurry."""
    until = document.about.get(UNTIL)
    return {"until": day(date.fromisoformat(until), language) if until else ""}
