"""One mail as finished bytes: what it must be, by the dossier as it is recorded, and the bytes made and frozen once.

Used by every step that sends: nothing is decided here, and nothing sent. A mail is planned from the rows, made,
compared with its plan, made durable, and recorded; when it leaves, its plan is made anew and compared once more.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from pipeline import tokens
from pipeline.edges import ledger
from pipeline.errors import PipelineError, PrintFailed
from pipeline.model import (
    IN_COURSE,
    CopyState,
    Kind,
    MessageState,
    Party,
    Purpose,
    document_code,
    message_file,
)
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.mail import letter, locking
from pipeline.outgoing.values.base import Revision, Values, attached_file, mail_language, mail_values, valid_until
from pipeline.outgoing.values.course import course_values
from pipeline.policy.mailterms import filed_at_all, kinds_of
from pipeline.policy.schema.mail import ContentRule
from pipeline.practice import Practice
from pipeline.press import protect
from pipeline.press.countersign import COUNTERSIGNED
from pipeline.press.stamp import fingerprint
from pipeline.steps import Item, each
from pipeline.subjects import subject


class NotAsPlanned(PipelineError):
    """Finished bytes differ from the plan; they are not sent."""


@dataclass(frozen=True)
class Frozen:
    """A mail whose bytes lie durable in the storage, and their hash."""

    delivery: plan.Delivery
    planned: letter.LetterPlan
    sha256: str


def each_made(practice: Practice, items: Iterable[Item], act: Callable[[Item], int]) -> int:
    """Do `act` for each item and add up what it gives; what cannot be made is raised after all others were.

    Raises the first `PrintFailed` or `NotAsPlanned`.
    """
    failed: list[PrintFailed | NotAsPlanned] = []

    def one(item: Item) -> int:
        try:
            return act(item)
        except (PrintFailed, NotAsPlanned) as error:
            failed.append(error)
            return 0

    done = each(practice, items, one)
    if failed:
        raise failed[0]
    return done


def letter_plan(practice: Practice, revision: Revision, delivery: plan.Delivery) -> letter.LetterPlan:
    """Give what a mail must be, from the request and the documents as they are recorded now."""
    reference, purpose = revision.reference, delivery.purpose
    password = _password(practice, revision, delivery)
    token = tokens.message_token(
        practice.key, reference, revision.number, delivery.party, purpose, delivery.round
    )  # fmt: skip
    sender = practice.file.mail.sender
    language = mail_language(revision, delivery.party, practice.file)
    return letter.LetterPlan(
        token=token,
        message_id=f"<{token}@{sender.rpartition('@')[2]}>",
        sender=sender,
        recipient=delivery.recipient,
        subject=subject(practice.file.practice.name, reference, purpose, language),
        attachments={} if purpose is Purpose.NOTE else dict(
            _attachment(practice, revision, kind, delivery, locked=bool(password)) for kind in _attached(delivery)
        ),
        answers=_answers(practice, revision, delivery),
        password=password,
    )  # fmt: skip


def _password(practice: Practice, revision: Revision, delivery: plan.Delivery) -> str:
    """Give the password that the documents of a mail get: by the policy, or as practice or client want it."""
    rules = content_rules(practice, revision, delivery)
    by_policy = locking.password_for(practice, revision.reference, delivery.party, rules)
    wanted = locking.wanted(practice.file, revision.client, delivery)
    own = tokens.document_password(practice.key, revision.reference, delivery.party)
    return by_policy or (own if wanted else "")


def _attached(delivery: plan.Delivery) -> tuple[Kind, ...]:
    """Give the documents that travel with a mail: what invites is not for the client's eyes as a file."""
    return tuple(kind for kind in delivery.kinds if kind is not Kind.INVITATION)


def _answers(practice: Practice, revision: Revision, delivery: plan.Delivery) -> str:
    """Give the mail under which another is shown: the first of its dossier, or the report that it reminds of."""
    if delivery.purpose in {Purpose.DOCUMENTS, *IN_COURSE}:
        return ""
    if delivery.kinds == (Kind.APPROVAL,):
        return _report_mail(practice, revision, version_of(practice, revision, delivery, Kind.APPROVAL))
    return _first_mail(practice, revision, delivery.party)


def _report_mail(practice: Practice, revision: Revision, version: int) -> str:
    """Give the Message-ID of the mail that brought a version of the report to the client."""
    found = practice.database.value(
        "SELECT message_id FROM messages WHERE dossier = ? AND party = ? AND purpose = ? AND round = ?",
        revision.reference, Party.CLIENT, Purpose.REPORT, version,
    )  # fmt: skip
    return str(found or "")


def content_rules(practice: Practice, revision: Revision, delivery: plan.Delivery) -> list[ContentRule]:
    """Give what the policy says of what may be read in a mail."""
    return locking.rules_for(practice, revision, delivery.kinds, delivery.purpose)


def version_of(practice: Practice, revision: Revision, delivery: plan.Delivery, kind: Kind) -> int:
    """Give the version of a document that a mail is about: for the opening ones that of the client file."""
    if delivery.purpose in IN_COURSE:
        return plan.version_in(delivery.purpose, delivery.round)
    if delivery.purpose is Purpose.REMINDER and kind is Kind.APPROVAL:
        asked = recorded.newest(practice, revision.reference, kind)
        return asked.version if asked else 0
    return revision.number


def _attachment(
    practice: Practice, revision: Revision, kind: Kind, delivery: plan.Delivery, *, locked: bool
) -> tuple[str, tuple[str, str]]:
    """Give the name, the fingerprint and the hash of a document; of its copy when it is that which goes.

    What came from elsewhere, such as a profile, has no fingerprint of ours; its hash says enough.
    """
    reference, version = revision.reference, version_of(practice, revision, delivery, kind)
    name = attached_file(reference, kind, version, delivery.purpose)
    sha256 = written(practice, revision, kind, delivery)
    if locked and sha256 and name.endswith(letter.PDF):
        data = practice.storage.read(f"dossiers/{reference}/{name}")
        same = hashlib.sha256(data).hexdigest() == sha256
        sha256 = hashlib.sha256(protect.bare(data)).hexdigest() if same else ""
    if delivery.purpose in IN_COURSE:
        return name, ("", sha256)
    code = f"{document_code(reference, kind)} v{version}"
    return name, (f"{code} {COUNTERSIGNED}" if delivery.purpose is Purpose.COUNTERSIGNED else code, sha256)


def written(practice: Practice, revision: Revision, kind: Kind, delivery: plan.Delivery) -> str:
    """Give the hash of a document's bytes as they were written, or of its copy; empty when there is none."""
    reference, version = revision.reference, version_of(practice, revision, delivery, kind)
    if delivery.purpose in {Purpose.COUNTERSIGNED, Purpose.NOTE}:
        name = attached_file(reference, kind, version, delivery.purpose)
        return hashlib.sha256(practice.storage.read(f"dossiers/{reference}/{name}")).hexdigest()
    sha256 = practice.database.value(
        "SELECT sha256 FROM documents WHERE dossier = ? AND kind = ? AND version = ?", reference, kind, version
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
    """Give, from the client file as it was accepted, what the mail of a row is to be; None when it may not be.

    In the course of a coaching the client file of today says who receives it, whichever one it was composed by.
    """
    kinds, purpose = {Kind(kind) for kind in row["kinds"].split(",")}, Purpose(row["purpose"])
    of_today = purpose in IN_COURSE or Kind.APPROVAL in kinds
    client = recorded.client_now(practice, row["dossier"]) if of_today else revision.client
    found = plan.planned(client, practice.file.practice.email, purpose, kinds, row["round"])
    return next((delivery for delivery in found if delivery.party == row["party"]), None)


def freeze(practice: Practice, revision: Revision, delivery: plan.Delivery, now: datetime) -> Frozen:
    """Make one mail durable, not yet to be sent; raises `PrintFailed` or `NotAsPlanned`."""
    planned = letter_plan(practice, revision, delivery)
    folder, password = f"dossiers/{revision.reference}", planned.password
    files = {name: practice.storage.read(f"{folder}/{name}") for name in planned.attachments}
    texts = _texts(practice, revision, delivery, planned, now)
    locked = {
        name: protect.lock(data, password) for name, data in files.items() if password and name.endswith(letter.PDF)
    }
    data = letter.make(planned, practice.file.practice.name, now, texts, files | locked)
    wrong = differences(data, planned)
    if wrong:
        raise NotAsPlanned("; ".join(wrong))
    practice.storage.write(message_file(planned.token), data)
    return Frozen(delivery, planned, hashlib.sha256(data).hexdigest())


def differences(data: bytes, planned: letter.LetterPlan) -> list[str]:
    """Give how a finished mail differs from its plan; a locked document is opened to look at what is inside."""
    if not planned.password:
        return letter.differences(data, planned, fingerprint)
    return letter.differences(data, planned, _named, lambda file: _opened(file, planned.password))


def _named(data: bytes) -> str:
    return fingerprint(data) if data else ""


def _opened(file: bytes, password: str) -> bytes:
    """Give what is inside a locked document; what is no PDF is not locked."""
    return protect.bare(file, password) if file.startswith(b"%PDF") else file


def _texts(
    practice: Practice, revision: Revision, delivery: plan.Delivery, planned: letter.LetterPlan, now: datetime
) -> tuple[str, str]:
    rules: Collection[ContentRule] = content_rules(practice, revision, delivery)
    values = _values(practice, revision, delivery)
    values = locking.nameless(values, rules, values["language"])
    if delivery.purpose is Purpose.REMINDER and practice.today(now) > valid_until(revision, practice.file):
        values["sign_by"] = ""  # a day that has passed is no day to sign by
    template = f"{values['language']}/mail/{delivery.text}.txt"
    plain = practice.press.write(template, values, escape=False).strip() + "\n"
    if planned.locks:
        notice = practice.press.write(f"{values['language']}/mail/locked.txt", values, escape=False)
        plain = locking.with_notice(plain, notice, planned.attachments)
    paragraphs = [block.split("\n") for block in plain.strip().split("\n\n")]
    values |= {"paragraphs": paragraphs, "subject": planned.subject}
    return plain, practice.press.write("mail.html", values, escape=True)


def _values(practice: Practice, revision: Revision, delivery: plan.Delivery) -> Values:
    file, policy = practice.file, practice.policy
    if delivery.purpose not in IN_COURSE and delivery.kinds != (Kind.APPROVAL,):
        return mail_values(revision, delivery.party, list(delivery.kinds), file, policy, delivery.purpose)
    version = version_of(practice, revision, delivery, delivery.kinds[0])
    about = {kind: recorded.document(practice, revision.reference, kind, version) for kind in delivery.kinds}
    if delivery.kinds == (Kind.APPROVAL,):
        about[Kind.REPORT] = recorded.document(practice, revision.reference, Kind.REPORT, version)
    return course_values(revision, delivery, {kind: one for kind, one in about.items() if one}, file, policy)


def enqueue(
    practice: Practice, revision: Revision, mail: Frozen, now: datetime, state: MessageState = MessageState.QUEUED
) -> None:
    """Record a frozen mail, inside the caller's transaction; from here on it goes, once, or is held for the coach."""
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
