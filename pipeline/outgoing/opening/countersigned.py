"""When all is in: the countersigned copies, one mail to each who signed, and a note to the coach.

Takes dossiers of whose newest version every document is booked as signed; leaves the copies in the dossier and their
mail queued. A copy is made of the bytes that were sent and a page of our own; no byte of what came back is passed on.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from datetime import datetime

from pipeline import tokens
from pipeline.edges import ledger
from pipeline.model import (
    OPENING,
    AttentionState,
    Kind,
    MessageState,
    ObligationState,
    Party,
    Purpose,
    ReturnState,
    Verdict,
    document_code,
    document_file,
)
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.mail.freezing import Frozen, NotAsPlanned, each_made, enqueue, freeze
from pipeline.outgoing.standing import is_newest, returned
from pipeline.outgoing.values.base import Revision, attached_file
from pipeline.outgoing.values.confirmation import Answer, Signed, confirmation_values
from pipeline.practice import Practice
from pipeline.reading.findings import findings

Tell = Callable[[str], None]
WITHDRAWN = "withdrawal"
ACCEPTED = "accepted"


def countersign(practice: Practice, now: datetime, tell: Tell) -> int:
    """Make and queue what goes out for every dossier in which all is in; gives how many dossiers.

    Raises `PrintFailed` or `NotAsPlanned` when one cannot be made, after all others were.
    """
    return each_made(
        practice, _complete(practice), lambda row: _countersign(practice, row["dossier"], row["version"], now, tell)
    )


def _complete(practice: Practice) -> list[sqlite3.Row]:
    """Give the dossiers in which everybody's part is fulfilled and a mail about that is lacking."""
    return practice.database.rows(
        "SELECT o.dossier, o.version FROM obligations AS o WHERE o.state = ? AND o.kind IN (?, ?)"
        " GROUP BY o.dossier, o.version"
        " HAVING count(DISTINCT o.kind) = ? AND count(DISTINCT o.party) + 1 > (SELECT count(*) FROM messages AS m"
        " WHERE m.dossier = o.dossier AND m.revision = o.version AND m.purpose IN (?, ?) AND m.state != ?)",
        ObligationState.FULFILLED, *OPENING, len(OPENING), Purpose.COUNTERSIGNED, Purpose.NOTE, MessageState.SUPERSEDED,
    )  # fmt: skip


def _all_in(practice: Practice, dossier: str, version: int) -> bool:
    owed = practice.database.rows(
        "SELECT * FROM obligations WHERE dossier = ? AND version = ? AND kind IN (?, ?)", dossier, version, *OPENING
    )
    fulfilled = {row["kind"] for row in owed if row["state"] == ObligationState.FULFILLED and returned(practice, row)}
    return is_newest(practice, dossier, version) and len(owed) == len(fulfilled) == len(OPENING)


def _countersign(practice: Practice, dossier: str, version: int, now: datetime, tell: Tell) -> int:
    if not _all_in(practice, dossier, version) or _nameless(practice, dossier):
        return 0
    revision, own = recorded.revision(practice, dossier, version), practice.file.practice.email
    lacking = [mail for mail in plan.confirmations(revision.client, own) if not _exists(practice, revision, mail)]
    seals: dict[Kind, str] = {}
    made = []
    for mail in lacking:
        if mail.purpose is Purpose.COUNTERSIGNED:
            seals |= {kind: _make_copy(practice, revision, kind, now) for kind in mail.kinds}
        number = _lapsed(practice, revision, mail)
        again = plan.confirmations(revision.client, own, number)
        made += [freeze(practice, revision, each_mail, now) for each_mail in again if each_mail.party is mail.party]
    return _queue(practice, revision, made, seals, now, tell)


def _nameless(practice: Practice, dossier: str) -> bool:
    """Tell whether the person of a dossier was erased: then nobody is left to send a copy to."""
    return not practice.database.value("SELECT client_key FROM dossiers WHERE reference = ?", dossier)


def _rows_of(practice: Practice, revision: Revision, mail: plan.Delivery) -> list[sqlite3.Row]:
    return practice.database.rows(
        "SELECT state FROM messages WHERE dossier = ? AND revision = ? AND party = ? AND purpose = ?",
        revision.reference, revision.number, mail.party, mail.purpose,
    )  # fmt: skip


def _exists(practice: Practice, revision: Revision, mail: plan.Delivery) -> bool:
    return any(row["state"] != MessageState.SUPERSEDED for row in _rows_of(practice, revision, mail))


def _lapsed(practice: Practice, revision: Revision, mail: plan.Delivery) -> int:
    """Count the mails like this that lapsed before they left: a return that was unbooked may be booked again."""
    return len(_rows_of(practice, revision, mail))


def _make_copy(practice: Practice, revision: Revision, kind: Kind, now: datetime) -> str:
    """Make one copy durable in the dossier; gives its seal."""
    reference, number = revision.reference, revision.number
    folder, code = f"dossiers/{reference}", document_code(reference, kind)
    sent = practice.storage.read(f"{folder}/{document_file(reference, kind, number)}")
    known = practice.database.value(
        "SELECT sha256 FROM documents WHERE dossier = ? AND kind = ? AND version = ?", reference, kind, number
    )
    if hashlib.sha256(sent).hexdigest() != known:
        raise NotAsPlanned(f"{document_file(reference, kind, number)} in the dossier is not the file that was written")
    signed, today = _signed(practice, revision, kind), practice.today(now)
    values = confirmation_values(revision, kind, signed, today, practice.file, practice.policy)
    template = f"{revision.language(practice.file)}/countersigned.html"
    copy = practice.press.countersign(template, values, sent, code, number)
    practice.storage.write(f"{folder}/{attached_file(reference, kind, number, Purpose.COUNTERSIGNED)}", copy)
    return tokens.seal(practice.key, hashlib.sha256(copy).hexdigest())


def _signed(practice: Practice, revision: Revision, kind: Kind) -> Signed:
    """Look up how the document came back; where several papers were booked, the last that was signed counts."""
    row = practice.database.row(
        "SELECT t.*, m.stored_at FROM returns AS t JOIN mails AS m ON m.number = t.mail WHERE t.dossier = ?"
        " AND t.kind = ? AND t.version = ? AND t.state = ? ORDER BY t.verdict = ? DESC, t.number DESC LIMIT 1",
        revision.reference, kind, revision.number, ReturnState.BOOKED, Verdict.SIGNED,
    )  # fmt: skip
    assert row is not None, (revision.reference, kind)
    confirmed = practice.database.value(
        "SELECT max(settled_at) FROM attention WHERE return = ? AND state = ? AND decision = ?",
        row["number"], AttentionState.SETTLED, ACCEPTED,
    )  # fmt: skip
    return Signed(
        received=practice.day_of(row["stored_at"]),
        findings=findings(json.loads(row["findings"])),
        confirmed=practice.day_of(confirmed) if confirmed else None,
        answers=_answers(practice, revision) if kind is Kind.CONSENT else {},
        picture=_picture(practice, row["picture"]),
    )


def _answers(practice: Practice, revision: Revision) -> dict[str, Answer]:
    """Give how each consent stands now: as this very text was answered, unless it was taken back since."""
    document = f"{document_code(revision.reference, Kind.CONSENT)} v{revision.number}"
    standing = practice.database.rows("SELECT * FROM standing_consents WHERE dossier = ?", revision.reference)
    return {row["purpose"]: _answer(row, document) for row in standing}


def _answer(row: sqlite3.Row, document: str) -> Answer:
    if row["way"] == WITHDRAWN and not row["given"]:
        return Answer.WITHDRAWN
    if row["document"] != document:
        return Answer.OPEN
    return Answer.YES if row["given"] else Answer.NO


def _picture(practice: Practice, name: str | None) -> bytes:
    """Give the picture that was cut out; a copy can do without."""
    try:
        return practice.storage.read(name) if name else b""
    except OSError:
        return b""


def _queue(
    practice: Practice, revision: Revision, made: list[Frozen], seals: dict[Kind, str], now: datetime, tell: Tell
) -> int:
    with practice.database.transaction():
        if not _all_in(practice, revision.reference, revision.number):
            return 0
        for kind, seal in seals.items():
            file = attached_file(revision.reference, kind, revision.number, Purpose.COUNTERSIGNED)
            ledger.record(practice.database, now, "document.countersigned", document=file, seal=seal)
        for mail in made:
            enqueue(practice, revision, mail, now)
    copies = sum(mail.delivery.party is not Party.COACH for mail in made)
    tell(f"{revision.reference} is complete: {copies} countersigned cop{'ies' if copies != 1 else 'y'} composed")
    return 1
