"""The client's word on a document that may go on to who pays: yes, no, or changes first; for every way it comes in.

Takes the word with how it came (a reply, a form, what she told the coach); leaves it in `approvals`, bound to the very
bytes and to the recipient that she was told of, and what was awaited settled. Each word is about the newest version: a
newer one makes it void, for its bytes are others. Every function works inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from pipeline import tokens
from pipeline.edges import ledger
from pipeline.model import Kind, MessageState, ObligationState, Party, Purpose, document_code
from pipeline.policy import deeds
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.gates import Act, Bound, Recipient, consents_of
from pipeline.practice import Practice

APPROVED = (Kind.REPORT, Kind.PROFILE)
"""What a client is asked about before it may go on."""
AWAITED_AS = {Kind.REPORT: Kind.APPROVAL, Kind.PROFILE: Kind.PROFILE}
"""Under which kind her word is awaited."""
MAILED_AS = {Kind.REPORT: Purpose.REPORT, Kind.PROFILE: Purpose.PROFILE}
HOLDS = {Kind.REPORT: Category.REPORT, Kind.PROFILE: Category.PROFILE}
RELEASE = str(Act.DISCLOSE)
CHANGES = "changes"
WITHDRAWAL, REPLY, FORM, UNCLEAR, COACH = "withdrawal", "reply", "form", "unclear", "coach"
"""How a word came in, with the number of the mail or paper behind it; `UNCLEAR` is one that only holds back."""
INSERT = (
    "INSERT INTO approvals (dossier, document, recipient, purpose, given, at, way) VALUES (?, ?, ?, ?, ?, ?, ?)"
)  # fmt: skip
SAME = (
    "SELECT 1 FROM approvals WHERE dossier = ? AND document = ? AND recipient = ? AND purpose = ? AND given = ?"
    " AND at = ? AND way = ?"
)  # fmt: skip
SETTLE = (
    "UPDATE obligations SET state = ?, settled_at = ? WHERE dossier = ? AND kind = ? AND version = ? AND state <> ?"
)  # fmt: skip
AWAIT = (
    "UPDATE obligations SET state = ?, settled_at = NULL, quiet = coalesce(?, quiet)"
    " WHERE dossier = ? AND kind = ? AND version = ? AND state <> ?"
)  # fmt: skip


class Answer(StrEnum):
    """What she says: it may go on, it may not, or something in it must change first."""

    YES = "yes"
    NO = "no"
    CHANGES = "changes"


def newest(practice: Practice, dossier: str, kind: Kind) -> sqlite3.Row | None:
    """Give the newest document of a kind; None when there is none, or when it was erased."""
    row = practice.database.row(
        "SELECT * FROM documents WHERE dossier = ? AND kind = ? ORDER BY version DESC LIMIT 1", dossier, kind
    )
    return row if row is not None and row["sha256"] else None


def about(practice: Practice, dossier: str, kind: Kind, version: int) -> sqlite3.Row | None:
    """Give the document that a word can be about: the newest of its kind, still there, sent to her, with a recipient.

    None when a word on it can have no effect.
    """
    row = newest(practice, dossier, kind)
    if row is None or row["version"] != version or not _was_asked(row):
        return None
    return row if recipient_told(practice, dossier, kind, version) else None


def _was_asked(document: sqlite3.Row) -> bool:
    """Tell whether she was asked: of a report always, of a profile only where a consent to that stood already."""
    return document["kind"] == Kind.REPORT or bool(json.loads(document["about"]).get("asks"))


def recipient_told(practice: Practice, dossier: str, kind: Kind, version: int) -> str:
    """Give the address of who would receive a document, as it stood in the mail that asked her; empty when nobody."""
    facts = practice.database.value(
        "SELECT r.facts FROM messages m JOIN requests r ON r.dossier = m.dossier AND r.revision = m.revision"
        " WHERE m.dossier = ? AND m.party = ? AND m.purpose = ? AND m.round = ? AND m.state = ?",
        dossier, Party.CLIENT, MAILED_AS[kind], version, MessageState.ACCEPTED,
    )  # fmt: skip
    return str(((json.loads(facts) if facts else {}).get("sponsor") or {}).get("email") or "")


def record(
    practice: Practice, document: sqlite3.Row, answer: Answer, way: str, now: datetime, came: datetime | None = None
) -> None:  # fmt: skip
    """Write down her word on a document, said when it `came`; the latest holds, and of one moment a no outweighs a yes.

    Twice in the same way at the same moment is once.
    """
    dossier, kind, at, given = document["dossier"], Kind(document["kind"]), came or now, answer is Answer.YES
    _write(practice, document, _purposes(practice, kind), way, at, given=given)
    if _holds(practice, document, way, at):
        _settle(practice, document, answer, now)
    rules = deeds.gates(practice.policy, Act.DISCLOSE, [HOLDS[kind]], Recipient.SPONSOR)
    ledger.record(
        practice.database, now, "document.approved" if given else "document.not_approved", dossier=dossier,
        document=_name(document), answer=answer, way=way, **deeds.citing(*rules),
    )  # fmt: skip


def suspend(practice: Practice, document: sqlite3.Row, way: str, now: datetime, came: datetime) -> None:
    """Hold back what she let go before, for a word of hers of which it is not sure what it says."""
    _write(practice, document, _purposes(practice, Kind(document["kind"])), way, came, given=False)
    if _holds(practice, document, way, came):
        _await(practice, document, UNCLEAR)
    ledger.record(
        practice.database, now, "document.held_back", dossier=document["dossier"], document=_name(document), way=way
    )


def _write(
    practice: Practice, document: sqlite3.Row, purposes: Iterable[str], way: str, at: datetime, *, given: bool
) -> None:  # fmt: skip
    recipient = recipient_told(practice, document["dossier"], Kind(document["kind"]), document["version"])
    seal = tokens.seal(practice.key, document["sha256"])
    for purpose in purposes:
        row = document["dossier"], seal, recipient, purpose, int(given), at.isoformat(), way
        if not practice.database.value(SAME, *row):
            practice.database.run(INSERT, *row)


def _holds(practice: Practice, document: sqlite3.Row, way: str, at: datetime) -> bool:
    """Tell whether the word that came in this way is her latest; one that was read late can be older than another."""
    word = latest(practice, document)
    return word is not None and (word["way"], word["at"]) == (way, at.isoformat())


def _settle(practice: Practice, document: sqlite3.Row, answer: Answer, now: datetime) -> None:
    """Take what was awaited as answered; while changes are awaited of the coach, nobody is reminded."""
    state = {Answer.YES: ObligationState.FULFILLED, Answer.NO: ObligationState.DECLINED}.get(answer)
    if state is None:
        _await(practice, document, CHANGES)
    else:
        practice.database.run(SETTLE, state, now.isoformat(), *_owed(document))


def _await(practice: Practice, document: sqlite3.Row, quiet: str | None) -> None:
    """Await her word once more; `quiet` is why nobody is reminded of it."""
    practice.database.run(AWAIT, ObligationState.AWAITED, quiet, *_owed(document))


def _owed(document: sqlite3.Row) -> tuple[str, Kind, int, ObligationState]:
    kind = AWAITED_AS[Kind(document["kind"])]
    return document["dossier"], kind, document["version"], ObligationState.SUPERSEDED


def _name(document: sqlite3.Row) -> str:
    return f"{document_code(document['dossier'], Kind(document['kind']))} v{document['version']}"


def _purposes(practice: Practice, kind: Kind) -> list[str]:
    """Give what her word is for: that it goes on, and each consent that a gate before that binds to the document."""
    gates = deeds.gates(practice.policy, Act.DISCLOSE, [HOLDS[kind]], Recipient.SPONSOR)
    bound = [gate for gate in gates if Bound.DOCUMENT in gate.bound_to]
    return list(dict.fromkeys([RELEASE, *(purpose for gate in bound for purpose in consents_of(gate))]))


def withdraw(practice: Practice, dossier: str, mail: int, now: datetime) -> None:
    """Take every yes of a dossier back, as of the moment when a mail came that says so.

    What is asked and not given yet is taken back too: a form that is still to be confirmed must not undo it.
    """
    at, way = _came(practice, mail) or now.isoformat(), f"{WITHDRAWAL} {mail}"
    for row in practice.database.rows(
        "SELECT DISTINCT dossier, document, recipient, purpose FROM approvals WHERE dossier = ? AND given", dossier
    ):
        if not practice.database.value(SAME, *row, 0, at, way):
            practice.database.run(INSERT, *row, 0, at, way)
    for document in _asked(practice, dossier):
        purposes = _purposes(practice, Kind(document["kind"]))
        _write(practice, document, purposes, way, datetime.fromisoformat(at), given=False)
        _settle_as_said(practice, document, now)


def restore(practice: Practice, mail: int, now: datetime) -> None:
    """Let hold again what a mail took back that the coach says was no withdrawal."""
    undo(practice, f"{WITHDRAWAL} {mail}", now)


def undo(practice: Practice, way: str, now: datetime) -> None:
    """Strike every word that came in one way: the coach says that it was none; what she said before holds again."""
    dossiers = practice.database.rows("SELECT DISTINCT dossier FROM approvals WHERE way = ?", way)
    practice.database.run("DELETE FROM approvals WHERE way = ?", way)
    for (dossier,) in dossiers:
        ledger.record(practice.database, now, "document.word_struck", dossier=dossier, way=way)
        for document in _asked(practice, dossier):
            _settle_as_said(practice, document, now)


def _came(practice: Practice, mail: int) -> str | None:
    found = practice.database.value("SELECT coalesce(came_at, stored_at) FROM mails WHERE number = ?", mail)
    return str(found) if found else None


def _asked(practice: Practice, dossier: str) -> list[sqlite3.Row]:
    """Give the documents of a dossier about which she was asked and her word counts."""
    found = [newest(practice, dossier, kind) for kind in APPROVED]
    return [row for row in found if row is not None and is_asked(practice, row)]


def is_asked(practice: Practice, document: sqlite3.Row) -> bool:
    """Tell whether the mail that brought her a document asked her word on it, and that word can have effect."""
    dossier, kind = document["dossier"], Kind(document["kind"])
    owed = practice.database.value(
        "SELECT 1 FROM obligations WHERE dossier = ? AND kind = ? AND version = ?",
        dossier, AWAITED_AS[kind], document["version"],
    )  # fmt: skip
    return bool(owed) and about(practice, dossier, kind, document["version"]) is not None


def _settle_as_said(practice: Practice, document: sqlite3.Row, now: datetime) -> None:
    """Take what was awaited as answered by her latest word; without one it is awaited."""
    word = latest(practice, document)
    if word is None:
        _await(practice, document, None)
    else:
        _settle(practice, document, Answer.YES if word["given"] else Answer.NO, now)


def latest(practice: Practice, document: sqlite3.Row) -> sqlite3.Row | None:
    """Give her latest word on whether these bytes go to who was told her; None when she has said nothing."""
    return practice.database.row(
        "SELECT * FROM approvals WHERE dossier = ? AND document = ? AND recipient = ? AND purpose = ?"
        " ORDER BY at DESC, given, number DESC LIMIT 1",
        document["dossier"], tokens.seal(practice.key, document["sha256"]),
        recipient_told(practice, document["dossier"], Kind(document["kind"]), document["version"]), RELEASE,
    )  # fmt: skip


def stands(practice: Practice, document: sqlite3.Row) -> bool:
    """Tell whether her latest word lets these bytes go to who was told her."""
    word = latest(practice, document)
    return word is not None and bool(word["given"])


def has_left(practice: Practice, document: sqlite3.Row, *, surely: bool = False) -> bool:
    """Tell whether these bytes went, or may have gone, to who pays; `surely`: whether they went.

    Of what only may have gone her word still counts: it decides whether it goes again when it did not arrive.
    """
    may_have = () if surely else (MessageState.DATA_SENT, MessageState.IN_DOUBT)
    state = practice.database.value(
        "SELECT state FROM messages WHERE dossier = ? AND party = ? AND purpose = ? AND round = ?",
        document["dossier"], Party.SPONSOR, MAILED_AS[Kind(document["kind"])], document["version"],
    )  # fmt: skip
    return state in {MessageState.ACCEPTED, *may_have}
