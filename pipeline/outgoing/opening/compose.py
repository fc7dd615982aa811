"""From written documents to messages: one mail for each who receives something, its bytes frozen on disk.

Takes requests in state written; leaves them composed, with messages queued, or held until the coach releases them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from pipeline.errors import PrintFailed
from pipeline.model import Kind, MessageState, RequestState
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.mail.freezing import Frozen, NotAsPlanned, enqueue, freeze
from pipeline.outgoing.opening.documents import fail
from pipeline.outgoing.values.base import Revision
from pipeline.practice import Practice
from pipeline.steps import each

Tell = Callable[[str], None]


def compose(practice: Practice, now: datetime, tell: Tell) -> int:
    """Compose the mails of every written request; gives how many requests were composed."""
    written = practice.database.rows(
        "SELECT dossier, revision FROM requests WHERE state = ? ORDER BY accepted_at", RequestState.WRITTEN
    )
    return each(practice, written, lambda row: _compose(practice, row, now, tell))


def _compose(practice: Practice, row: sqlite3.Row, now: datetime, tell: Tell) -> int:
    revision = recorded.revision(practice, row["dossier"], row["revision"])
    try:
        made = [freeze(practice, revision, delivery, now) for delivery in plan.deliveries(revision.client)]
    except (PrintFailed, NotAsPlanned) as error:
        fail(practice, row, str(error), now)
        tell(f"{revision.reference} cannot be composed; see: pipeline show {revision.reference}")
        return 0
    _queue(practice, revision, made, now)
    locked = any(mail.planned.password for mail in made)
    told = f"; the documents are locked, the password: pipeline show {revision.reference}" if locked else ""
    tell(f"{revision.reference} {len(made)} mail{'s' if len(made) > 1 else ''} composed{told}")
    return 1


def _queue(practice: Practice, revision: Revision, made: list[Frozen], now: datetime) -> None:
    held = practice.file.quote.send == "after_release" and any(Kind.QUOTE in mail.delivery.kinds for mail in made)
    state = MessageState.HELD if held else MessageState.QUEUED
    with practice.database.transaction():
        if not practice.database.run(
            "UPDATE requests SET state = ? WHERE dossier = ? AND revision = ? AND state = ?",
            RequestState.COMPOSED, revision.reference, revision.number, RequestState.WRITTEN,
        ):  # fmt: skip
            return
        for mail in made:
            enqueue(practice, revision, mail, now, state)
