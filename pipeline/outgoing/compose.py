"""From written documents to messages: one mail for each who receives something, its bytes frozen on disk.

Takes requests in state written; leaves them composed, with messages queued, or held until the coach releases them.
Mail for other reasons (`reminders`, `countersigned`) is frozen and queued by the same two functions.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Collection
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
from pipeline.outgoing import letter, locking, plan
from pipeline.outgoing.documents import fail, read_revision
from pipeline.outgoing.values import Revision, attached_file, mail_language, mail_values, valid_until
from pipeline.policy.mailterms import filed_at_all, kinds_of
from pipeline.policy.schema.mail import ContentRule
from pipeline.practice import Practice
from pipeline.press import protect
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
    locked = any(mail.planned.password for mail in made)
    told = f"; the documents are locked, the password: pipeline show {revision.reference}" if locked else ""
    tell(f"{revision.reference} {len(made)} mail{'s' if len(made) > 1 else ''} composed{told}")
    return 1


def letter_plan(practice: Practice, revision: Revision, delivery: plan.Delivery) -> letter.LetterPlan:
    """Give what a mail must be, from the request and the documents as they are recorded now."""
    reference, purpose = revision.reference, delivery.purpose
    password = locking.password_for(practice, reference, content_rules(practice, revision, delivery))
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
            _attachment(practice, revision, kind, purpose, locked=bool(password)) for kind in delivery.kinds
        ),
        answers="" if purpose is Purpose.DOCUMENTS else _first_mail(practice, revision, delivery.party),
        password=password,
    )  # fmt: skip


def content_rules(practice: Practice, revision: Revision, delivery: plan.Delivery) -> list[ContentRule]:
    """Give what the policy says of what may be read in a mail."""
    return locking.rules_for(practice, revision, delivery.kinds, delivery.purpose)


def _attachment(
    practice: Practice, revision: Revision, kind: Kind, purpose: Purpose, *, locked: bool
) -> tuple[str, tuple[str, str]]:
    """Give the name, the fingerprint and the hash of a document; of its copy when it is that which goes."""
    reference, number = revision.reference, revision.number
    name, code = attached_file(reference, kind, number, purpose), f"{document_code(reference, kind)} v{number}"
    sha256 = written(practice, revision, kind, purpose)
    if locked and sha256:
        data = practice.storage.read(f"dossiers/{reference}/{name}")
        same = hashlib.sha256(data).hexdigest() == sha256
        sha256 = hashlib.sha256(protect.bare(data)).hexdigest() if same else ""
    return name, (f"{code} {COUNTERSIGNED}" if purpose is Purpose.COUNTERSIGNED else code, sha256)


def written(practice: Practice, revision: Revision, kind: Kind, purpose: Purpose) -> str:
    """Give the hash of a document's bytes as they were written, or of its copy; empty when there is none."""
    reference, number = revision.reference, revision.number
    if purpose in {Purpose.COUNTERSIGNED, Purpose.NOTE}:
        name = attached_file(reference, kind, number, purpose)
        return hashlib.sha256(practice.storage.read(f"dossiers/{reference}/{name}")).hexdigest()
    sha256 = practice.database.value(
        "SELECT sha256 FROM documents WHERE dossier = ? AND kind = ? AND version = ?", reference, kind, number
    )
    return str(sha256 or "")


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
    folder, password = f"dossiers/{revision.reference}", planned.password
    files = {name: practice.storage.read(f"{folder}/{name}") for name in planned.attachments}
    texts = _texts(practice, revision, delivery, planned, now)
    carried = {name: protect.lock(data, password) for name, data in files.items()} if password else files
    data = letter.make(planned, practice.file.practice.name, now, texts, carried)
    wrong = differences(data, planned)
    if wrong:
        raise NotAsPlanned("; ".join(wrong))
    practice.storage.write(message_file(planned.token), data)
    return Frozen(delivery, planned, hashlib.sha256(data).hexdigest())


def differences(data: bytes, planned: letter.LetterPlan) -> list[str]:
    """Give how a finished mail differs from its plan; a locked document is opened to look at what is inside."""
    if not planned.password:
        return letter.differences(data, planned, fingerprint)
    return letter.differences(data, planned, _named, lambda file: protect.bare(file, planned.password))


def _named(data: bytes) -> str:
    return fingerprint(data) if data else ""


def _texts(
    practice: Practice, revision: Revision, delivery: plan.Delivery, planned: letter.LetterPlan, now: datetime
) -> tuple[str, str]:
    party, purpose, file = delivery.party, delivery.purpose, practice.file
    rules: Collection[ContentRule] = content_rules(practice, revision, delivery)
    values = mail_values(revision, party, list(delivery.kinds), file, practice.policy, purpose)
    values = locking.nameless(values, rules, values["language"])
    if purpose is Purpose.REMINDER and practice.today(now) > valid_until(revision, file):
        values["sign_by"] = ""  # a day that has passed is no day to sign by
    template = f"{values['language']}/mail/{delivery.text}.txt"
    plain = practice.press.write(template, values, escape=False).strip() + "\n"
    if planned.password and planned.attachments:
        notice = practice.press.write(f"{values['language']}/mail/locked.txt", values, escape=False)
        plain = locking.with_notice(plain, notice, planned.attachments)
    paragraphs = [block.split("\n") for block in plain.strip().split("\n\n")]
    values |= {"paragraphs": paragraphs, "subject": planned.subject}
    return plain, practice.press.write("mail.html", values, escape=True)


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
    wanted = wanted and filed_at_all(practice.policy.mail, kinds_of(delivery.purpose, delivery.kinds))
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
