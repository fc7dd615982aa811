"""The coach's decision on a question about the client's word: she approved it, she did not, or it was no such thing.

Takes the row of the question; leaves her word recorded, struck, or asked for once more, and gives what was done, in
words. Every function works inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from pipeline import approvals
from pipeline.errors import UsageError
from pipeline.incoming import approving, booking
from pipeline.model import Kind, ObligationState
from pipeline.practice import Practice
from pipeline.words import say


def approved(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    """Take a letter as her yes; only to the newest version, which has reached her."""
    about = _about(row)
    document = approving.decided(practice, about, row["mail"], approvals.Answer.YES, now)
    if document is None:
        raise UsageError(
            f"this is about version {about['version']}, and a word on that cannot count: a newer one took its place,"
            f" or it has not reached her. Type: pipeline attention reject {row['number']}"
        )
    return _said(practice, document)


def not_approved(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    """Take a letter as no yes; about an older version there is nothing to write down."""
    document = approving.decided(practice, _about(row), row["mail"], approvals.Answer.NO, now)
    return say(practice.file.language, "done_noted" if document is None else "done_not_approved")


def strike(practice: Practice, row: sqlite3.Row, now: datetime) -> str:
    """Strike what she seemed to say; what she said before holds again."""
    approving.struck(practice, row["mail"], now)
    if row["return"] is not None:
        booking.discard(practice, row["return"], now)
    return say(practice.file.language, "done_struck")


def ask_again(practice: Practice, row: sqlite3.Row, now: datetime) -> str:  # noqa: ARG001 - called like the others
    """Let a reminder go out that her word is awaited."""
    about = _about(row)
    asked = about and practice.database.run(
        "UPDATE obligations SET quiet = ? WHERE dossier = ? AND kind = ? AND version = ? AND state = ?",
        booking.AGAIN, about["dossier"], approvals.AWAITED_AS[Kind(about["kind"])], int(about["version"]),
        ObligationState.AWAITED,
    )  # fmt: skip
    if not asked:
        raise UsageError(
            f"number {row['number']} is about nothing that her word is awaited on; choose accept or reject"
        )
    return say(practice.file.language, "done_asked_again")


def book(practice: Practice, row: sqlite3.Row, returned: sqlite3.Row, now: datetime) -> str:
    """Book the form with a report; without one clear tick it says nothing, and the coach says it herself."""
    given = booking.answers_of(practice, returned).get(booking.RELEASE)
    document = booking.released(practice, returned)
    if given is None or document is None:
        raise UsageError(
            "whether she says yes or no is not clear on this form; write down what she tells you with: pipeline"
            f" approve {returned['dossier']} report, and then type: pipeline attention reject {row['number']}"
        )
    booking.book(practice, returned["number"], now)
    return _said(practice, document) if given else say(practice.file.language, "done_not_approved")


def _said(practice: Practice, document: sqlite3.Row) -> str:
    """Say what became of a yes: it does not outweigh what she said after it."""
    return say(practice.file.language, "done_approved" if approvals.stands(practice, document) else "done_overruled")


def _about(row: sqlite3.Row) -> dict[str, str]:
    """Give the document that a question about her word is about."""
    return next((values for word, values in json.loads(row["reasons"]) if word == approving.ABOUT), {})
