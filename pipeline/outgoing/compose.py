"""From written documents to messages: one mail for each who receives something, its bytes frozen on disk.

Takes requests in state written; leaves them composed, with messages queued, or held until the coach releases them.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from datetime import datetime

from pipeline import tokens
from pipeline.edges import ledger
from pipeline.errors import PipelineError, PrintFailed
from pipeline.model import CopyState, Kind, MessageState, Party, RequestState, document_code, document_file
from pipeline.outgoing import letter, plan
from pipeline.outgoing.documents import fail, read_revision
from pipeline.outgoing.values import Revision, mail_values
from pipeline.practice import Practice
from pipeline.press.stamp import fingerprint
from pipeline.steps import each
from pipeline.words import say

Tell = Callable[[str], None]


class NotAsPlanned(PipelineError):
    """Finished bytes differ from the plan; they are not sent."""


def compose(practice: Practice, now: datetime, tell: Tell) -> int:
    """Compose the mails of every written request; gives how many requests were composed."""
    written = practice.database.rows(
        "SELECT dossier, revision FROM requests WHERE state = ? ORDER BY accepted_at", RequestState.WRITTEN
    )
    return each(practice, written, lambda row: _compose(practice, row, now, tell))


def _compose(practice: Practice, row: sqlite3.Row, now: datetime, tell: Tell) -> int:
    revision = read_revision(practice, row["dossier"], row["revision"])
    try:
        made = {delivery: _write(practice, revision, delivery, now) for delivery in plan.deliveries(revision.client)}
    except (PrintFailed, NotAsPlanned) as error:
        fail(practice, row, str(error), now)
        tell(f"{revision.reference} cannot be composed; see: pipeline show {revision.reference}")
        return 0
    _queue(practice, revision, made, now)
    tell(f"{revision.reference} {len(made)} mail{'s' if len(made) > 1 else ''} composed")
    return 1


def message_file(token: str) -> str:
    """Give where a mail's frozen bytes lie in the storage."""
    return f"outbox/{token}.eml"


def letter_plan(practice: Practice, revision: Revision, delivery: plan.Delivery) -> letter.LetterPlan:
    """Give what a mail must be, from the request and the documents as they are recorded now."""
    reference, language = revision.reference, revision.language(practice.file)
    token = tokens.message_token(practice.key, reference, revision.number, delivery.party)
    sender = practice.file.mail.sender
    return letter.LetterPlan(
        token=token,
        message_id=f"<{token}@{sender.rpartition('@')[2]}>",
        sender=sender,
        recipient=delivery.recipient,
        subject=say(language, "subject", practice=practice.file.practice.name, reference=reference),
        attachments={
            document_file(reference, kind, revision.number): (
                f"{document_code(reference, kind)} v{revision.number}",
                practice.database.value(
                    "SELECT sha256 FROM documents WHERE dossier = ? AND kind = ? AND version = ?",
                    reference, kind, revision.number,
                ),
            )
            for kind in delivery.kinds
        },
    )  # fmt: skip


def delivery_of(revision: Revision, party: Party) -> plan.Delivery:
    """Give, from the client file as it was accepted, what `party` is to receive."""
    return next(delivery for delivery in plan.deliveries(revision.client) if delivery.party is party)


def _write(
    practice: Practice, revision: Revision, delivery: plan.Delivery, now: datetime
) -> tuple[letter.LetterPlan, str]:
    """Make one mail durable; gives its plan and the hash of its bytes."""
    planned = letter_plan(practice, revision, delivery)
    folder = f"dossiers/{revision.reference}"
    files = {name: practice.storage.read(f"{folder}/{name}") for name in planned.attachments}
    texts = _texts(practice, revision, delivery, planned.subject)
    data = letter.make(planned, practice.file.practice.name, now, texts, files)
    wrong = letter.differences(data, planned, fingerprint)
    if wrong:
        raise NotAsPlanned("; ".join(wrong))
    practice.storage.write(message_file(planned.token), data)
    return planned, hashlib.sha256(data).hexdigest()


def _texts(practice: Practice, revision: Revision, delivery: plan.Delivery, subject: str) -> tuple[str, str]:
    language = revision.language(practice.file)
    values = mail_values(revision, delivery.party, list(delivery.kinds), practice.file, practice.policy)
    plain = practice.press.write(f"{language}/mail/{delivery.text}.txt", values, escape=False).strip() + "\n"
    paragraphs = [block.split("\n") for block in plain.strip().split("\n\n")]
    rich = practice.press.write("mail.html", values | {"paragraphs": paragraphs, "subject": subject}, escape=True)
    return plain, rich


def _queue(
    practice: Practice, revision: Revision, made: dict[plan.Delivery, tuple[letter.LetterPlan, str]], now: datetime
) -> None:
    database, file, at = practice.database, practice.file, now.isoformat()
    held = file.quote.send == "after_release" and any(Kind.QUOTE in delivery.kinds for delivery in made)
    copy = CopyState.WANTED if file.mail.sent_copy == "append" else CopyState.NONE
    with database.transaction():
        if not database.run(
            "UPDATE requests SET state = ? WHERE dossier = ? AND revision = ? AND state = ?",
            RequestState.COMPOSED, revision.reference, revision.number, RequestState.WRITTEN,
        ):  # fmt: skip
            return
        for delivery, (planned, sha256) in made.items():
            database.run(
                "INSERT INTO messages (token, dossier, revision, party, kinds, recipient, message_id, sha256, state,"
                " next_at, queued_at, copy_state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                planned.token, revision.reference, revision.number, delivery.party, ",".join(delivery.kinds),
                delivery.recipient, planned.message_id, sha256, MessageState.HELD if held else MessageState.QUEUED,
                at, at, copy,
            )  # fmt: skip
            ledger.record(
                database, now, "message.held" if held else "message.queued", dossier=revision.reference,
                revision=revision.number, party=delivery.party, token=planned.token,
            )  # fmt: skip
