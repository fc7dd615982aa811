"""What comes back, as it is booked: a mail, her form with one answer to all that it asks, her word on a paper."""

from __future__ import annotations

from datetime import datetime

from pipeline import approvals
from pipeline.incoming import approving, consents
from pipeline.incoming.answers.assent import Answer
from pipeline.practice import Practice


def a_mail(practice: Practice, reference: str, now: datetime) -> int:
    """Give the number of a mail that came in just now."""
    with practice.database.transaction():
        practice.database.run(
            "INSERT INTO mails (seal, file, state, dossier, next_at, stored_at, came_at)"
            " VALUES (hex(randomblob(9)), '', 'filed', ?, ?, ?, ?)",
            reference, now.isoformat(), now.isoformat(), now.isoformat(),
        )  # fmt: skip
    return int(practice.database.value("SELECT max(number) FROM mails"))


def a_form(practice: Practice, reference: str, now: datetime, *, given: bool) -> None:
    """Let the newest consent form of a dossier come back with the same answer to all that it asks."""
    mail, database = a_mail(practice, reference, now), practice.database
    with database.transaction():
        database.run(
            "INSERT INTO returns (mail, dossier, kind, version, verdict, reasons, findings, files, state, read_at)"
            " SELECT ?, dossier, kind, max(version), 'signed', '[]', '{}', '[]', 'booked', ? FROM documents"
            " WHERE dossier = ? AND kind = 'consent'",
            mail, now.isoformat(), reference,
        )  # fmt: skip
        row = database.row("SELECT * FROM returns WHERE mail = ?", mail)
        assert row is not None
        asked = consents.purposes(consents.document_row(practice, row)["boxes"])
        consents.record(practice, row, dict.fromkeys(asked, given), "fields", now)


def a_word(practice: Practice, word: approving.Word, now: datetime) -> bool:
    """Let a reply come with her word on a paper; what is unclear the coach takes as she means it.

    Tells whether the paper may go on by it: a yes about a mail that may not have reached her, or that is in doubt on
    its way to who pays, is not taken.
    """
    mail = a_mail(practice, word.dossier, now)
    with practice.database.transaction():
        for _, reasons in approving.take(practice, word, mail, now, now):
            if word.answer is Answer.YES:
                approving.decided(practice, dict(reasons)[approving.ABOUT], mail, approvals.Answer.YES, now)
    about = approvals.about(practice, word.dossier, word.kind, word.version)
    return about is not None and approvals.stands(practice, about)
