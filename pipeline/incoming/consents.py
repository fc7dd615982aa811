"""Consents as facts: given, refused or withdrawn, per purpose, bound to the text that was signed and when it came.

The latest fact by the moment it came holds, and a no outweighs a yes of the same moment: whatever order mails are
fetched or confirmed in, an older yes never undoes a later no. Every function works inside the caller's transaction, and
twice is the same as once.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from pipeline import approvals, tokens
from pipeline.edges import ledger
from pipeline.model import Kind, document_code
from pipeline.policy.deeds import asked, citing, requests
from pipeline.policy.schema.gates import consents_of
from pipeline.policy.schema.later import Ask
from pipeline.practice import Practice

WITHDRAWN = "withdrawal"


def purposes(boxes: str) -> tuple[str, ...]:
    """Give the consents that a document asks, from its boxes as its row has them: each is a pair, yes and no."""
    return tuple(name.removesuffix("-yes") for name in json.loads(boxes) if name.endswith("-yes"))


def standing(practice: Practice, dossier: str) -> list[sqlite3.Row]:
    """Give the consents of a dossier as they stand."""
    return practice.database.rows("SELECT * FROM standing_consents WHERE dossier = ? ORDER BY purpose", dossier)


def record(practice: Practice, returned: sqlite3.Row, answers: dict[str, bool], way: str, now: datetime) -> None:
    """Record the answers on a returned document, each bound to the very text that was signed."""
    database = practice.database
    document = document_row(practice, returned)
    for purpose, given in answers.items():
        if _insert(practice, document, purpose, returned["mail"], now, given=given, way=way):
            event = "consent.given" if given else "consent.refused"
            ledger.record(
                database, now, event, dossier=returned["dossier"], purpose=purpose, document=_name(document),
                **citing(*asked(practice.policy, [purpose])),
            )  # fmt: skip


def withdraw(practice: Practice, dossier: str, mail: int, now: datetime) -> None:
    """Take back every consent that was asked of a dossier, given or not yet.

    What was not given yet is taken back too: a form that is still to be confirmed must not undo the withdrawal.
    """
    approvals.withdraw(practice, dossier, mail, now)
    form = practice.database.row(
        "SELECT * FROM documents WHERE dossier = ? AND kind = ? ORDER BY version DESC LIMIT 1", dossier, Kind.CONSENT
    )
    if form is None:
        return
    named = {row["purpose"] for row in standing(practice, dossier)} | set(purposes(form["boxes"]))
    for purpose in sorted(named):
        if _insert(practice, form, purpose, mail, now, given=False, way=WITHDRAWN):
            closed = [gate for gate in practice.policy.gates if purpose in consents_of(gate)]
            ledger.record(
                practice.database, now, "consent.withdrawn", dossier=dossier, purpose=purpose,
                **citing(*asked(practice.policy, [purpose]), *closed, *requests(practice.policy, Ask.WITHDRAW)),
            )  # fmt: skip


def restore(practice: Practice, mail: int, now: datetime) -> int:
    """Undo what a mail took back that the coach says was no withdrawal; gives how many consents hold again."""
    taken = practice.database.rows("SELECT * FROM consents WHERE mail = ? AND way = ?", mail, WITHDRAWN)
    approvals.restore(practice, mail, now)
    for row in taken:
        _remove(practice, row, "consent.not_withdrawn", now)
    dossiers = {row["dossier"] for row in taken}
    return sum(row["given"] for dossier in dossiers for row in standing(practice, dossier))


def discard(practice: Practice, returned: sqlite3.Row, now: datetime) -> None:
    """Remove the answers of a returned document that does not count."""
    rows = practice.database.rows(
        "SELECT * FROM consents WHERE mail = ? AND document = ? AND way != ?",
        returned["mail"], _name(document_row(practice, returned)), WITHDRAWN,
    )  # fmt: skip
    for row in rows:
        _remove(practice, row, "consent.discarded", now)


def document_row(practice: Practice, returned: sqlite3.Row) -> sqlite3.Row:
    """Give the document that came back, as it was sent."""
    row = practice.database.row(
        "SELECT * FROM documents WHERE dossier = ? AND kind = ? AND version = ?",
        returned["dossier"], returned["kind"], returned["version"],
    )  # fmt: skip
    assert row is not None, returned["number"]
    return row


def _insert(  # noqa: PLR0913 - a consent is all of these
    practice: Practice, document: sqlite3.Row, purpose: str, mail: int, now: datetime, *, given: bool, way: str
) -> int:
    return practice.database.run(
        "INSERT OR IGNORE INTO consents (dossier, purpose, given, document, text_seal, way, mail, came_at, at)"
        " SELECT ?, ?, ?, ?, ?, ?, number, coalesce(came_at, stored_at), ? FROM mails WHERE number = ?",
        document["dossier"], purpose, int(given), _name(document), tokens.seal(practice.key, document["sha256"]), way,
        now.isoformat(), mail,
    )  # fmt: skip


def _remove(practice: Practice, row: sqlite3.Row, event: str, now: datetime) -> None:
    practice.database.run("DELETE FROM consents WHERE number = ?", row["number"])
    ledger.record(practice.database, now, event, dossier=row["dossier"], purpose=row["purpose"])


def _name(document: sqlite3.Row) -> str:
    return f"{document_code(document['dossier'], Kind(document['kind']))} v{document['version']}"
