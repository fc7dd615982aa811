"""What a road puts before the coach: one row for each question, which she settles (`pipeline attention`).

Every function works inside the caller's transaction, and twice is the same as once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from pipeline.model import AttentionState, Reason
from pipeline.practice import Practice


def ask(  # noqa: PLR0913 - a row of attention has these
    practice: Practice, what: str, now: datetime, reasons: Iterable[Reason], *, dossier: str | None = None,
    mail: int | None = None, paper: int | None = None, token: str | None = None,
) -> None:  # fmt: skip
    """Put something before the coach, once for each mail, paper and kind of question.

    `token` names a mail of ours that is held until she has answered.

    What is about no mail and no dossier is told apart by its reasons, and is not asked again once it was answered: a
    folder that is numbered anew brings up nothing again.
    """
    told = as_text(reasons)
    nameless = dossier is None and mail is None and paper is None and token is None
    if practice.database.value(
        "SELECT 1 FROM attention WHERE what = ? AND mail IS ? AND return IS ? AND dossier IS ? AND token IS ?"
        " AND CASE WHEN ? THEN reasons = ? ELSE state = ? END",
        what, mail, paper, dossier, token, nameless, told, AttentionState.OPEN,
    ):  # fmt: skip
        return
    practice.database.run(
        "INSERT INTO attention (what, dossier, mail, return, token, reasons, state, opened_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        what, dossier, mail, paper, token, told, AttentionState.OPEN, now.isoformat(),
    )  # fmt: skip


def answered(practice: Practice, what: str, now: datetime, reasons: Iterable[Reason], decision: str) -> None:
    """Take a question that is about no mail and no dossier from before the coach: it answered itself."""
    practice.database.run(
        "UPDATE attention SET state = ?, settled_at = ?, decision = ? WHERE what = ? AND reasons = ? AND state = ?",
        AttentionState.SETTLED, now.isoformat(), decision, what, as_text(reasons), AttentionState.OPEN,
    )  # fmt: skip


def as_text(reasons: Iterable[Reason]) -> str:
    """Give reasons as they are kept in a row."""
    return json.dumps(list(reasons), ensure_ascii=False)


def lapse(practice: Practice, token: str, now: datetime) -> None:
    """Take a question about one mail from before the coach: the mail does not go any more."""
    practice.database.run(
        "UPDATE attention SET state = ?, settled_at = ?, decision = ? WHERE token = ? AND state = ?",
        AttentionState.SETTLED, now.isoformat(), "superseded", token, AttentionState.OPEN,
    )  # fmt: skip
