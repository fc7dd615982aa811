"""From a document in the course of a coaching to its first mail: queued, or held with the question why.

Takes documents in state written; leaves them composed, with the mail to whom they are first for. A newer version of the
same takes back what of the older one has not left. What the sponsor receives after that is `sharing`'s.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from pipeline import questions
from pipeline.edges import ledger
from pipeline.model import IN_COURSE, DocumentState, Kind, MessageState, ObligationState, Party, Purpose, Reason
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.course import profiles, report_doubts
from pipeline.outgoing.mail.freezing import Frozen, each_made, enqueue, freeze
from pipeline.outgoing.plan import Document
from pipeline.outgoing.recorded import PURPOSE
from pipeline.outgoing.values.base import Revision
from pipeline.practice import Practice

Tell = Callable[[str], None]
Doubts = Callable[[Practice, Document, plan.Delivery], list[Reason]]
ASKS = "asks"
"""What is set about a document that asks something back without a form beside it."""
ADDRESSEE = "addressee"
"""The question whether a mail goes to the right person."""
DOUBTS: Mapping[Kind, Doubts] = {Kind.PROFILE: profiles.doubts, Kind.REPORT: report_doubts.doubts}
"""What gives the reasons for which the coach must look before a document goes, by its kind."""
UNSENT = (MessageState.HELD, MessageState.QUEUED, MessageState.REFUSED)
REPLACED = frozenset({Kind.PROFILE, Kind.REPORT, Kind.APPOINTMENT, Kind.INVITATION, Kind.QUESTIONS})
"""Of these a newer one takes the place of an older one; an invoice stands, whatever comes after."""


def compose(practice: Practice, now: datetime, tell: Tell) -> int:
    """Compose the first mail about every written document; gives how many.

    Raises `PrintFailed` or `NotAsPlanned` when one cannot be made, after all others were.
    """
    written = practice.database.rows(
        "SELECT dossier, kind, version FROM documents WHERE state = ? ORDER BY written_at, rowid", DocumentState.WRITTEN
    )
    return each_made(practice, written, lambda row: _compose(practice, row, now, tell))


def _compose(practice: Practice, row: sqlite3.Row, now: datetime, tell: Tell) -> int:
    document = recorded.document(practice, row["dossier"], Kind(row["kind"]), row["version"])
    assert document is not None, (row["dossier"], row["kind"])
    revision = recorded.revision(practice, document.dossier, recorded.newest_revision(practice, document.dossier))
    asks = recorded.document(practice, document.dossier, Kind.APPROVAL, document.version) is not None
    delivery = plan.in_course(revision.client, PURPOSE[document.kind], document.version, asks=asks)[0]
    mail = freeze(practice, revision, delivery, now)
    doubts = DOUBTS[document.kind](practice, document, delivery) if document.kind in DOUBTS else []
    _queue(practice, revision, document, mail, doubts, now)
    waits = "; it waits for you: pipeline attention" if doubts else ""
    locked = f"; it is locked, the password: pipeline show {document.dossier}" if mail.planned.locks else ""
    tell(f"{document.dossier} {document.kind} v{document.version} composed for the {delivery.party}{locked}{waits}")
    return 1


def _queue(
    practice: Practice, revision: Revision, document: Document, mail: Frozen, doubts: list[Reason], now: datetime
) -> None:
    with practice.database.transaction():
        if not practice.database.run(
            "UPDATE documents SET state = ? WHERE dossier = ? AND kind = ? AND version = ? AND state = ?",
            DocumentState.COMPOSED, document.dossier, document.kind, document.version, DocumentState.WRITTEN,
        ):  # fmt: skip
            return
        if document.kind in REPLACED:
            take_back(practice, document, now)
        enqueue(practice, revision, mail, now, MessageState.HELD if doubts else MessageState.QUEUED)
        if doubts:
            questions.ask(
                practice, ADDRESSEE, now, doubts, dossier=document.dossier, token=mail.planned.token
            )  # fmt: skip


def take_back(practice: Practice, newer: Document, now: datetime) -> None:
    """Let what of older versions has not left lapse, and no word on them be awaited; in the caller's transaction."""
    purpose, older = PURPOSE[newer.kind], _older(practice, newer)
    for version in older:
        for row in practice.database.rows(
            f"SELECT token FROM messages WHERE dossier = ? AND purpose = ? AND round = ? AND state IN {_marks(UNSENT)}",  # noqa: S608
            newer.dossier, purpose, version, *UNSENT,
        ):  # fmt: skip
            practice.database.run(
                "UPDATE messages SET state = ? WHERE token = ?", MessageState.SUPERSEDED, row["token"]
            )
            ledger.record(practice.database, now, "message.superseded", token=row["token"])
            questions.lapse(practice, row["token"], now)
        for kind in (newer.kind, Kind.APPROVAL) if newer.kind is Kind.REPORT else (newer.kind,):
            practice.database.run(
                "UPDATE obligations SET state = ?, settled_at = ? WHERE dossier = ? AND kind = ? AND version = ?"
                " AND state = ?",
                ObligationState.SUPERSEDED, now.isoformat(), newer.dossier, kind, version, ObligationState.AWAITED,
            )  # fmt: skip


def _older(practice: Practice, newer: Document) -> list[int]:
    """Give the versions that a document takes the place of; of appointments those with its own number."""
    rows = practice.database.rows(
        "SELECT version FROM documents WHERE dossier = ? AND kind = ? AND version < ?"
        " AND json_extract(about, '$.appointment') IS ?",
        newer.dossier, newer.kind, newer.version, newer.about.get("appointment"),
    )  # fmt: skip
    return [row["version"] for row in rows]


def _marks(values: Iterable[object]) -> str:
    return f"({', '.join('?' for _ in values)})"


def asked_by(practice: Practice, row: sqlite3.Row) -> Kind | None:
    """Give what a mail that was accepted asks back: her word on a report or a profile, the questions at closing."""
    purpose = Purpose(row["purpose"])
    if row["party"] != Party.CLIENT or purpose not in IN_COURSE:
        return None
    if purpose is Purpose.REPORT and Kind.APPROVAL in row["kinds"].split(","):
        return Kind.APPROVAL
    document = recorded.document(practice, row["dossier"], IN_COURSE[purpose], plan.version_in(purpose, row["round"]))
    return document.kind if document and document.about.get(ASKS) else None
