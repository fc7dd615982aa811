"""`check` reads every file of the practice and tries its templates; `doctor` tries the accounts and this computer."""

from __future__ import annotations

import shutil
import sqlite3
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import Any

from pipeline import examples, statements
from pipeline.config.practice import Server
from pipeline.edges import mailbox, office, smtp
from pipeline.errors import NotReachable, PipelineError, PrintFailed
from pipeline.model import IN_COURSE, OPENING, Kind, Purpose, document_code
from pipeline.outgoing import plan
from pipeline.outgoing.opening.documents import template_of
from pipeline.outgoing.values.base import Revision, document_values, mail_values
from pipeline.outgoing.values.confirmation import confirmation_values
from pipeline.outgoing.values.course import course_values
from pipeline.policy.statement import statement_values
from pipeline.practice import Practice, account_of
from pipeline.retention import receipts
from pipeline.retention.receipt_page import receipt_values

GOOD, NOTE, BAD = "ok ", "-- ", "!! "
LANGUAGES = ("nl", "en")
SOME_DAY = date(2026, 1, 31)
LEAST_FREE = 1 << 30
FIXED_IN = {"weasyprint": (70, 0), "jinja2": (3, 1, 6), "imapclient": (4, 1), "pikepdf": (10, 0)}
SQLITE_WAL_FIX = (3, 51, 3)
SYNCED = ("dropbox", "onedrive", "icloud", "google drive", "nextcloud", "stack")


@dataclass(frozen=True)
class Finding:
    """One thing the doctor looked at; `mark` is GOOD, NOTE or BAD."""

    mark: str
    text: str


def check(practice: Practice) -> list[str]:
    """Give everything that must be mended in the practice's files, without touching a server."""
    problems: list[str] = []
    for language in LANGUAGES:
        for revision in examples.revisions(language):
            for part in (_documents, _confirmations, _mails, _in_course):
                problems += part(practice, revision, language)
        problems += _pages(practice, language)
    # What is tried with several requests is said once, whichever names there were beside it.
    return list({problem.partition("; known are")[0]: problem for problem in problems}.values())


def _documents(practice: Practice, revision: Revision, language: str) -> Iterator[str]:
    for kind in OPENING:
        values = document_values(revision, kind, practice.file, practice.policy)
        code = document_code(revision.reference, kind)
        yield from _printed(practice, template_of(practice, kind, language), values, code, "AAAAA")


def _confirmations(practice: Practice, revision: Revision, language: str) -> Iterator[str]:
    template, signed = f"{language}/countersigned.html", examples.signed(revision)
    for kind in OPENING:
        values = confirmation_values(revision, kind, signed, revision.on, practice.file, practice.policy)
        yield from _printed(practice, template, values, document_code(revision.reference, kind), "AAAAA")


def _mails(practice: Practice, revision: Revision, language: str) -> Iterator[str]:
    own = practice.file.practice.email
    opening = [purpose for purpose in Purpose if purpose not in IN_COURSE]
    for delivery in [mail for why in opening for mail in plan.planned(revision.client, own, why, set(OPENING), 1)]:
        values = mail_values(
            revision, delivery.party, list(delivery.kinds), practice.file, practice.policy, delivery.purpose
        )
        for name in (delivery.text, "locked"):
            yield from _filled(practice, f"{language}/mail/{name}.txt", values)
        yield from _filled(practice, "mail.html", values | {"paragraphs": [["A"], ["B", "C"]], "subject": "S"})


def _in_course(practice: Practice, revision: Revision, language: str) -> Iterator[str]:
    """Try the mails in the course of a coaching, and the reminder of an approval."""
    planned = [one for purpose in IN_COURSE for one in plan.in_course(revision.client, purpose, 1)]
    again = [plan.reminder_of_approval(revision.client, 1)] if revision.client.sponsor else []
    for delivery in [*planned, *again]:
        beside = {kind: examples.in_course(revision, kind)[0] for kind in (*delivery.kinds, Kind.REPORT)}
        for document in examples.in_course(revision, delivery.kinds[0]):
            documents = beside | {document.kind: document}
            values = course_values(revision, delivery, documents, practice.file, practice.policy)
            yield from _filled(practice, f"{language}/mail/{delivery.text}.txt", values)


def _pages(practice: Practice, language: str) -> Iterator[str]:
    """Try what tells of the whole practice; on paper in its own language only, since laying out takes long."""
    file, policy = practice.file, practice.policy
    statement = statement_values(policy, file, language, SOME_DAY)
    receipt = receipt_values(examples.receipt(), [policy], file, language, lambda _: SOME_DAY)
    papers = {statements.PAPER: statement, receipts.PAPER: receipt, "clauses.html": examples.clauses(language)}
    for template, values in papers.items():
        on_paper = language == file.language
        yield from _printed(practice, template, values) if on_paper else _filled(practice, template, values)
    yield from _filled(practice, statements.WEB, statement)
    yield from _filled(practice, receipts.WEB, receipt)
    yield from _filled(practice, f"{language}/mail/daily.txt", examples.daily(file, language))


def _printed(
    practice: Practice, template: str, values: dict[str, Any], code: str = "CHECK", tag: str = ""
) -> list[str]:
    """Try a template on paper."""
    wrong = list(_wrong(practice, template, values))
    return wrong or _tried(lambda: practice.press.print(template, values, code, 1, tag))


def _filled(practice: Practice, template: str, values: dict[str, Any]) -> list[str]:
    """Try a template that is only filled in: a mail, a page for the web."""
    wrong = list(_wrong(practice, template, values))
    return wrong or _tried(lambda: practice.press.write(template, values, escape=template.endswith(".html")))


def _wrong(practice: Practice, template: str, values: dict[str, object]) -> Iterator[str]:
    known = ", ".join(sorted(values))
    try:
        for name in practice.press.unknown_names(template, values):
            group = values.get(name.split(".")[0])
            there = ", ".join(sorted(group)) if isinstance(group, dict) else known
            yield f"templates/{template}: '{name}' is not a known name; known are: {there}"
    except PrintFailed as error:
        yield str(error)


def _tried(act: Callable[[], object]) -> list[str]:
    try:
        act()
    except PrintFailed as error:
        return [str(error)]
    return []


def examine(practice: Practice) -> list[Finding]:
    """Try what the practice depends on; gives what was found, good or bad."""
    mail = practice.file.mail
    return [
        *_smtp(practice, mail.smtp),
        *(_imap(practice, mail.imap) if mail.imap else [Finding(NOTE, "no imap account: nothing is filed in Sent")]),
        *_disk(practice),
        *_programs(practice),
    ]


def _smtp(practice: Practice, server: Server) -> Iterator[Finding]:
    try:
        with smtp.Conversation(server, lambda: practice.secret_of(server)) as conversation:
            yield Finding(GOOD, f"sending by {server.host}:{server.port}: login works, {conversation.encryption}")
            yield from _certificate(conversation.certificate)
    except PipelineError as error:
        yield Finding(BAD, str(error))


def _certificate(certificate: dict[str, object] | None) -> Iterator[Finding]:
    if certificate and "notAfter" in certificate:
        yield Finding(GOOD, f"its certificate is valid until {certificate['notAfter']}")


def _imap(practice: Practice, server: Server) -> Iterator[Finding]:
    try:
        with mailbox.opened(server, lambda: practice.secret_of(server)) as box:
            yield Finding(GOOD, f"mail folders at {server.host}:{server.port}: login works")
            for use, names in sorted(box.special_folders().items()):
                many = len(names) > 1
                yield Finding(
                    BAD if many else GOOD, f"{use} is {' and '.join(names)}{'; two, so neither' if many else ''}"
                )
            if practice.file.mail.sent_copy == "append" and not box.sent_folder(practice.file.mail.sent_folder):
                yield Finding(BAD, "no folder is known for copies of sent mail; set mail: sent_folder in practice.yaml")
    except (NotReachable, PipelineError) as error:
        yield Finding(BAD, f"{error} (account {account_of(server)})")


def _disk(practice: Practice) -> Iterator[Finding]:
    root = practice.storage.root
    free = shutil.disk_usage(root).free
    yield Finding(GOOD if free > LEAST_FREE else BAD, f"{free >> 20} MB free on the disk of {root}")
    open_to_others = [path for path in [root, *root.rglob("*")] if path.lstat().st_mode & 0o077]
    if open_to_others:
        yield Finding(BAD, f"others can read {len(open_to_others)} files in {root}; type: chmod -R go= {root}")
    else:
        yield Finding(GOOD, f"only you can read {root}")
    if any(name in str(root).casefold() for name in SYNCED):
        yield Finding(BAD, f"{root} is copied by a cloud service, which can copy half a database; move it elsewhere")


def _programs(practice: Practice) -> Iterator[Finding]:
    for name, least in FIXED_IN.items():
        found = tuple(int(part) for part in version(name).split(".") if part.isdigit())
        old = found < least
        yield Finding(
            BAD if old else GOOD, f"{name} {version(name)}{' has known holes; update the program' if old else ''}"
        )
    if sqlite3.sqlite_version_info < SQLITE_WAL_FIX:
        yield Finding(
            NOTE,
            f"SQLite {sqlite3.sqlite_version} (before 3.51.3) could lose writes of two writers at the same moment; "
            "the service is one writer, so let it stand still while you restore or copy the database",
        )
    yield Finding(GOOD, ssl.OPENSSL_VERSION)
    word = practice.file.quote.template.endswith(".docx")
    if office.program():
        yield Finding(GOOD, "LibreOffice is installed: quotes can be made from Word templates")
    else:
        cost = "HTML templates need nothing more; Word templates need LibreOffice (86 MB to fetch, 260 MB of disk)"
        yield Finding(BAD if word else NOTE, office.MISSING if word else cost)
