"""From a stored mail to what it means: filed, left, set aside, or waiting for the coach.

Takes mails in state stored. Everything is worked out first (`meaning`), files are made durable under names of our own,
and then one transaction writes all of it: a pass that was cut short is simply made again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipeline import questions
from pipeline.edges import ledger
from pipeline.incoming import approving, booking, consents, facts, message
from pipeline.incoming.mail import Known
from pipeline.incoming.meaning import Meaning, meaning_of
from pipeline.incoming.papers import Papers, Returned
from pipeline.model import (
    AttentionState,
    MailState,
    ObligationState,
    Reason,
    ReturnState,
    Verdict,
    document_code,
)
from pipeline.practice import Practice
from pipeline.steps import each, pause

Tell = Callable[[str], None]
TRIES = 5
SUFFIXES = {
    b"%PDF": "pdf", b"\xff\xd8\xff": "jpg", b"\x89PNG": "png", b"II*\0": "tif", b"MM\0*": "tif", b"GIF8": "gif",
}  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """A returned document whose files are stored: their names, and that of the picture of what was judged."""

    returned: Returned
    files: tuple[str, ...]
    picture: str | None


def understand(practice: Practice, now: datetime, tell: Tell) -> int:
    """Understand every stored mail that is due; gives how many were."""
    due = practice.database.rows(
        "SELECT * FROM mails WHERE state = ? AND next_at <= ? ORDER BY number", MailState.STORED, now.isoformat()
    )
    if not due:
        return 0
    known = facts.known(practice)
    return each(
        practice, due, lambda row: _understand(practice, row, known, now, tell),
        lambda row: _try_later(practice, row, now),
    )  # fmt: skip


def _understand(practice: Practice, row: sqlite3.Row, known: Known, now: datetime, tell: Tell) -> int:
    meaning = meaning_of(practice, row, message.read(practice.storage.read(row["file"])), known)
    kept = [_keep(practice, row["number"], returned, meaning.papers) for returned in meaning.returned]
    with practice.database.transaction():
        _write(practice, row, meaning, kept, now)
    tell(_told(meaning))
    return 1


def _try_later(practice: Practice, row: sqlite3.Row, now: datetime) -> None:
    """After a defect: again with a growing pause, and at last before the coach; the mail itself is kept."""
    attempts = row["attempts"] + 1
    state = MailState.WAITING if attempts >= TRIES else MailState.STORED
    later = now + pause(attempts)
    with practice.database.transaction():
        practice.database.run(
            "UPDATE mails SET state = ?, attempts = ?, next_at = ? WHERE number = ? AND state = ?",
            state, attempts, later.isoformat(), row["number"], MailState.STORED,
        )  # fmt: skip
        if state is MailState.WAITING:
            questions.ask(practice, "papers", now, [("cannot_understand", {})], mail=row["number"])


def _keep(practice: Practice, mail: int, returned: Returned, papers: Papers) -> Kept:
    """Store the files of a returned document as they came, in its dossier, under names of our own."""
    folder, names = f"dossiers/{returned.dossier}", []
    for at in returned.files:
        data = papers.files[at].data
        names.append(f"{folder}/{returned.dossier}-return-{mail}-{at + 1}.{_suffix(data)}")
        practice.storage.write(names[-1], data)
    picture = None
    if returned.picture:
        code = document_code(returned.dossier, returned.kind)
        picture = f"{folder}/{code}-v{returned.version}-return-{mail}.png"
        practice.storage.write(picture, returned.picture)
    return Kept(returned, tuple(names), picture)


def _suffix(data: bytes) -> str:
    """Give the ending of a file's name by what is inside; the sender's own name is not used."""
    found = next((suffix for start, suffix in SUFFIXES.items() if data.startswith(start)), None)
    return found or ("heic" if data[4:8] == b"ftyp" else "bin")


def _write(practice: Practice, row: sqlite3.Row, meaning: Meaning, kept: list[Kept], now: datetime) -> None:
    """Write everything that one mail means; inside the caller's transaction.

    What takes something back comes first, so that no paper in the same mail books itself against it.
    """
    number, dossier = row["number"], meaning.match.dossier
    came = (meaning.came_at or datetime.fromisoformat(row["stored_at"])).isoformat()
    practice.database.run("UPDATE mails SET came_at = ? WHERE number = ?", came, number)
    _words(practice, number, meaning, now)
    for what, reasons in meaning.asks:
        questions.ask(practice, what, now, reasons, dossier=dossier, mail=number)
    looks = [_take_in(practice, number, one, now) for one in kept]
    looks.append(_take_word(practice, number, meaning.word, now, datetime.fromisoformat(came)))
    state = MailState.WAITING if any(looks) and meaning.state is not MailState.SET_ASIDE else meaning.state
    practice.database.run(
        "UPDATE mails SET state = ?, nature = ?, standing = ?, rule = ?, dossier = ?, party = ?, mark = ?, move = ?"
        " WHERE number = ?",
        state, meaning.nature, meaning.standing, meaning.rule, dossier, meaning.party, meaning.mark, meaning.move,
        number,
    )  # fmt: skip
    ledger.record(practice.database, now, f"mail.{state}", mail=number, nature=meaning.nature, dossier=dossier)


def _words(practice: Practice, number: int, meaning: Meaning, now: datetime) -> None:
    """Write what a mail says without a form: who answered, what did not arrive, what is taken back or declined."""
    dossier = meaning.match.dossier
    if dossier and meaning.quiet:
        booking.quiet(practice, dossier, meaning.party, meaning.quiet)
    for one in meaning.silent:
        booking.quiet(practice, one.dossier, one.party, "reply")
    for sent, report in meaning.bounced:
        booking.bounced(practice, sent, report, number, now)
    for person in meaning.withdraws:
        consents.withdraw(practice, person, number, now)
    if meaning.declines and dossier:
        booking.decline(practice, dossier, now)


def _take_word(
    practice: Practice, mail: int, word: approving.Word | None, now: datetime, came: datetime
) -> bool:  # fmt: skip
    """Take the client's word on a document; tells whether the coach must look."""
    asks = approving.take(practice, word, mail, now, came) if word else []
    for what, reasons in asks:
        questions.ask(practice, what, now, reasons, dossier=word.dossier if word else None, mail=mail)
    return bool(asks)


def _take_in(practice: Practice, mail: int, kept: Kept, now: datetime) -> bool:
    """Record a returned document: it is booked, known already, or put before the coach; tells whether she must look."""
    returned, judgement = kept.returned, kept.returned.judgement
    number = _record(practice, mail, kept, now)
    if number is None:
        return False  # it was decided upon already, when this mail was read before
    row = booking.returned(practice, number)
    if judgement.verdict is Verdict.SIGNED and booking.stands(practice, row):
        practice.database.run("UPDATE returns SET state = ? WHERE number = ?", ReturnState.AGAIN, number)
        return False
    settled = _withdrawal_open(practice, returned.dossier) or booking.answered_otherwise(practice, row)
    if judgement.books_itself and _awaited(practice, row) and not settled:
        booking.book(practice, number, now)
        return _tell_of_no(practice, row, now)
    booking.refuse(practice, number, now)
    more = booking.further(practice, row)
    reasons: tuple[Reason, ...] = (*(judgement.reasons or (("to_confirm", {}),)), *returned.remarks, *more)
    questions.ask(practice, "return", now, reasons, dossier=returned.dossier, mail=mail, paper=number)
    return True


def _tell_of_no(practice: Practice, row: sqlite3.Row, now: datetime) -> bool:
    """Show the coach a form that says no and booked itself; tells whether it is one."""
    said = booking.further(practice, row)
    if said:
        questions.ask(
            practice, approving.NOT_APPROVED, now, said, dossier=row["dossier"], mail=row["mail"], paper=row["number"]
        )
    return bool(said)


def _record(practice: Practice, mail: int, kept: Kept, now: datetime) -> int | None:
    """Write the row of a returned document; gives its number, None when this mail has one already."""
    database, returned, judgement = practice.database, kept.returned, kept.returned.judgement
    if not database.run(
        "INSERT OR IGNORE INTO returns"
        " (mail, dossier, kind, version, verdict, reasons, findings, files, picture, state, read_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        mail, returned.dossier, returned.kind, returned.version, judgement.verdict, json.dumps(judgement.reasons),
        json.dumps(returned.findings.as_data()), json.dumps(kept.files), kept.picture, ReturnState.PROPOSED,
        now.isoformat(),
    ):  # fmt: skip
        return None
    number: int = database.value("SELECT last_insert_rowid()")
    ledger.record(
        database, now, "return.read", document=f"{document_code(returned.dossier, returned.kind)} v{returned.version}",
        number=number, verdict=judgement.verdict,
    )  # fmt: skip
    return number


def _awaited(practice: Practice, row: sqlite3.Row) -> bool:
    """Tell whether this very document is still waited for; one that was declined or booked is the coach's matter."""
    return bool(
        practice.database.value(
            "SELECT 1 FROM obligations WHERE dossier = ? AND kind = ? AND version = ? AND state IN (?, ?)",
            row["dossier"], row["kind"], row["version"], ObligationState.AWAITED, ObligationState.EXPIRED,
        )
    )  # fmt: skip


def _withdrawal_open(practice: Practice, dossier: str) -> bool:
    """Tell whether a withdrawal still waits for the coach: until then nothing is given by itself."""
    return bool(
        practice.database.value(
            "SELECT 1 FROM attention a WHERE what = 'withdrawal' AND state = ? AND (dossier = ? OR EXISTS"
            " (SELECT 1 FROM consents c WHERE c.mail = a.mail AND c.dossier = ?))",
            AttentionState.OPEN, dossier, dossier,
        )
    )  # fmt: skip


def _told(meaning: Meaning) -> str:
    """Say in one line what became of a mail, by reference only."""
    papers = ", ".join(f"{one.kind} v{one.version} {one.judgement.verdict}" for one in meaning.returned)
    what = papers or ("mail not delivered" if meaning.bounced else f"mail {meaning.state}")
    asks = "; waits for you" if meaning.state is MailState.WAITING else ""
    return f"{meaning.match.dossier or '-'} {what}{asks}".replace("_", " ")
