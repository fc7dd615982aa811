"""From written documents to messages: one mail for each who receives something, its bytes frozen on disk.

Takes requests in state written; leaves them composed, with messages queued, or held until the coach releases them.
Mail for other reasons (`reminders`, `countersigned`) is frozen and queued by the same two functions.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipeline import tokens
from pipeline.edges import ledger
from pipeline.errors import PipelineError, PrintFailed
from pipeline.model import (
    CopyState,
    Kind,
    MessageState,
    Party,
    Purpose,
    RequestState,
    document_code,
    message_file,
)
from pipeline.outgoing import letter, plan
from pipeline.outgoing.documents import fail, read_revision
from pipeline.outgoing.values import Revision, attached_file, mail_language, mail_values, valid_until
from pipeline.practice import Practice
from pipeline.press.countersign import COUNTERSIGNED
from pipeline.press.stamp import fingerprint
from pipeline.steps import each
from pipeline.words import say

Tell = Callable[[str], None]


class NotAsPlanned(PipelineError):
    """Finished bytes differ from the plan; they are not sent."""


@dataclass(frozen=True)
class Frozen:
    """A mail whose bytes lie durable in the storage, and their hash."""

    delivery: plan.Delivery
    planned: letter.LetterPlan
    sha256: str


def compose(practice: Practice, now: datetime, tell: Tell) -> int:
    """Compose the mails of every written request; gives how many requests were composed."""
    written = practice.database.rows(
        "SELECT dossier, revision FROM requests WHERE state = ? ORDER BY accepted_at", RequestState.WRITTEN
    )
    return each(practice, written, lambda row: _compose(practice, row, now, tell))


def _compose(practice: Practice, row: sqlite3.Row, now: datetime, tell: Tell) -> int:
    revision = read_revision(practice, row["dossier"], row["revision"])
    try:
        made = [freeze(practice, revision, delivery, now) for delivery in plan.deliveries(revision.client)]
    except (PrintFailed, NotAsPlanned) as error:
        fail(practice, row, str(error), now)
        tell(f"{revision.reference} cannot be composed; see: pipeline show {revision.reference}")
        return 0
    _queue(practice, revision, made, now)
    tell(f"{revision.reference} {len(made)} mail{'s' if len(made) > 1 else ''} composed")
    return 1


def letter_plan(practice: Practice, revision: Revision, delivery: plan.Delivery) -> letter.LetterPlan:
    """Give what a mail must be, from the request and the documents as they are recorded now."""
    reference, purpose = revision.reference, delivery.purpose
    token = tokens.message_token(
        practice.key, reference, revision.number, delivery.party, purpose, delivery.round
    )  # fmt: skip
    sender = practice.file.mail.sender
    return letter.LetterPlan(
        token=token,
        message_id=f"<{token}@{sender.rpartition('@')[2]}>",
        sender=sender,
        recipient=delivery.recipient,
        subject=say(
            mail_language(revision, delivery.party, practice.file),
            "subject_note" if purpose is Purpose.NOTE else "subject",
            practice=practice.file.practice.name, reference=reference,
        ),
        attachments={} if purpose is Purpose.NOTE else dict(
            _attachment(practice, revision, kind, purpose) for kind in delivery.kinds
        ),
        answers="" if purpose is Purpose.DOCUMENTS else _first_mail(practice, revision, delivery.party),
    )  # fmt: skip


def _attachment(practice: Practice, revision: Revision, kind: Kind, purpose: Purpose) -> tuple[str, tuple[str, str]]:
    """Give the name, the fingerprint and the hash of a document; of its copy when it is that which goes."""
    reference, number = revision.reference, revision.number
    name, code = attached_file(reference, kind, number, purpose), f"{document_code(reference, kind)} v{number}"
    if purpose is Purpose.COUNTERSIGNED:
        data = practice.storage.read(f"dossiers/{reference}/{name}")
        return name, (f"{code} {COUNTERSIGNED}", hashlib.sha256(data).hexdigest())
    sha256 = practice.database.value(
        "SELECT sha256 FROM documents WHERE dossier = ? AND kind = ? AND version = ?", reference, kind, number
    )
    return name, (code, sha256)


def _first_mail(practice: Practice, revision: Revision, party: Party) -> str:
    """Give the Message-ID of the mail that brought the documents; empty for who received none."""
    found = practice.database.value(
        "SELECT message_id FROM messages WHERE dossier = ? AND revision = ? AND party = ? AND purpose = ?",
        revision.reference, revision.number, party, Purpose.DOCUMENTS,
    )  # fmt: skip
    return str(found or "")


def delivery_of(practice: Practice, revision: Revision, row: sqlite3.Row) -> plan.Delivery | None:
    """Give, from the client file as it was accepted, what the mail of a row is to be; None when it may not be."""
    kinds = {Kind(kind) for kind in row["kinds"].split(",")}
    found = plan.planned(
        revision.client, practice.file.practice.email, Purpose(row["purpose"]), kinds, row["round"]
    )  # fmt: skip
    return next((delivery for delivery in found if delivery.party == row["party"]), None)


def freeze(practice: Practice, revision: Revision, delivery: plan.Delivery, now: datetime) -> Frozen:
    """Make one mail durable, not yet to be sent; raises `PrintFailed` or `NotAsPlanned`."""
    planned = letter_plan(practice, revision, delivery)
    folder = f"dossiers/{revision.reference}"
    files = {name: practice.storage.read(f"{folder}/{name}") for name in planned.attachments}
    texts = _texts(practice, revision, delivery, planned.subject, now)
    data = letter.make(planned, practice.file.practice.name, now, texts, files)
    wrong = letter.differences(data, planned, fingerprint)
    if wrong:
        raise NotAsPlanned("; ".join(wrong))
    practice.storage.write(message_file(planned.token), data)
    return Frozen(delivery, planned, hashlib.sha256(data).hexdigest())


def _texts(
    practice: Practice, revision: Revision, delivery: plan.Delivery, subject: str, now: datetime
) -> tuple[str, str]:
    party, purpose, file = delivery.party, delivery.purpose, practice.file
    values = mail_values(revision, party, list(delivery.kinds), file, practice.policy, purpose)
    if purpose is Purpose.REMINDER and practice.today(now) > valid_until(revision, file):
        values["sign_by"] = ""  # a day that has passed is no day to sign by
    template = f"{values['language']}/mail/{delivery.text}.txt"
    plain = practice.press.write(template, values, escape=False).strip() + "\n"
    paragraphs = [block.split("\n") for block in plain.strip().split("\n\n")]
    rich = practice.press.write("mail.html", values | {"paragraphs": paragraphs, "subject": subject}, escape=True)
    return plain, rich


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


def enqueue(
    practice: Practice, revision: Revision, mail: Frozen, now: datetime, state: MessageState = MessageState.QUEUED
) -> None:
    """Record a frozen mail, inside the caller's transaction; from here on it goes, once."""
    delivery, planned, at = mail.delivery, mail.planned, now.isoformat()
    wanted = practice.file.mail.sent_copy == "append" and delivery.party is not Party.COACH
    practice.database.run(
        "INSERT INTO messages (token, dossier, revision, party, kinds, recipient, message_id, sha256, state,"
        " next_at, queued_at, copy_state, purpose, round) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        planned.token, revision.reference, revision.number, delivery.party, ",".join(delivery.kinds),
        delivery.recipient, planned.message_id, mail.sha256, state, at, at,
        CopyState.WANTED if wanted else CopyState.NONE, delivery.purpose, delivery.round,
    )  # fmt: skip
    ledger.record(
        practice.database, now, f"message.{state}", dossier=revision.reference, revision=revision.number,
        party=delivery.party, purpose=delivery.purpose, token=planned.token,
    )  # fmt: skip
