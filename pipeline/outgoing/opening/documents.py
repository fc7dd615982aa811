"""From an accepted request to its written documents: the quote and the consent declaration, as PDF in the dossier.

A template that cannot be printed leaves the request `failed` with the reason; it is tried again when the program starts
and when a file of the templates changes.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import datetime

from pipeline import tokens
from pipeline.edges import ledger
from pipeline.edges.press import Printed
from pipeline.errors import PrintFailed
from pipeline.model import OPENING, Kind, RequestState, document_code, document_file
from pipeline.outgoing import recorded
from pipeline.outgoing.values.base import Revision, document_values
from pipeline.policy import drift
from pipeline.policy.deeds import citing, gates
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.gates import Act, Needs, Recipient
from pipeline.practice import Practice
from pipeline.steps import each

Tell = Callable[[str], None]
Documents = dict[Kind, Printed]
Made = tuple[Revision, Documents]
Job = tuple[sqlite3.Row, Future[Made]]


def write(practice: Practice, now: datetime, tell: Tell) -> int:
    """Write the documents of every accepted request; gives how many requests were written."""
    accepted = practice.database.rows(
        "SELECT dossier, revision FROM requests WHERE state = ? ORDER BY accepted_at, rowid", RequestState.ACCEPTED
    )
    with closing(_printing(practice, accepted)) as printing:
        return each(practice, printing, lambda job: _write(practice, job, now, tell))


def _printing(practice: Practice, accepted: Iterable[sqlite3.Row]) -> Generator[Job, None, None]:
    """Give each request with its documents to come; the press is always one ahead of what is being stored."""
    printer, ahead = ThreadPoolExecutor(max_workers=1), deque[Job]()
    try:
        for row in accepted:
            revision = recorded.revision(practice, row["dossier"], row["revision"])
            ahead.append((row, printer.submit(_print_all, practice, revision)))
            if len(ahead) > 1:
                yield ahead.popleft()
        yield from ahead
    finally:
        printer.shutdown(cancel_futures=True)


def _print_all(practice: Practice, revision: Revision) -> Made:
    return revision, {kind: _print(practice, revision, kind) for kind in OPENING}


def _write(practice: Practice, job: Job, now: datetime, tell: Tell) -> int:
    row, printing = job
    try:
        revision, printed = printing.result()
    except PrintFailed as error:
        fail(practice, row, str(error), now)
        tell(f"{row['dossier']} cannot be printed; see: pipeline show {row['dossier']}")
        return 0
    _keep(practice, revision, printed, now)
    tell(f"{revision.reference} documents v{revision.number} written")
    return 1


def retry_failed(practice: Practice) -> int:
    """Take up again what could not be printed; gives how many."""
    return practice.database.run(
        "UPDATE requests SET state = ?, reason = NULL WHERE state = ?", RequestState.ACCEPTED, RequestState.FAILED
    )


def template_of(practice: Practice, kind: Kind, language: str) -> str:
    """Give the template of a document, inside the templates folder."""
    name = practice.file.quote.template if kind is Kind.QUOTE else f"{kind}.html"
    return f"{language}/{name}"


def _print(practice: Practice, revision: Revision, kind: Kind) -> Printed:
    template = template_of(practice, kind, revision.language(practice.file))
    values = document_values(revision, kind, practice.file, practice.policy)
    tag = tokens.page_tag(practice.key, revision.reference, kind, revision.number)
    return practice.press.print(template, values, document_code(revision.reference, kind), revision.number, tag)


def _keep(practice: Practice, revision: Revision, printed: Documents, now: datetime) -> None:
    """Make the files durable, then the rows that name them."""
    reference, database = revision.reference, practice.database
    statement = drift.reference(practice.policy, practice.file)
    for kind, made in printed.items():
        practice.storage.write(f"dossiers/{reference}/{document_file(reference, kind, revision.number)}", made.data)
    with database.transaction():
        changed = database.run(
            "UPDATE requests SET state = ? WHERE dossier = ? AND revision = ? AND state = ?",
            RequestState.WRITTEN, reference, revision.number, RequestState.ACCEPTED,
        )  # fmt: skip
        for kind, made in printed.items() if changed else ():
            file, sha256 = document_file(reference, kind, revision.number), hashlib.sha256(made.data).hexdigest()
            database.run(
                "INSERT OR REPLACE INTO documents (dossier, kind, version, file, sha256, pages, boxes, statement,"
                " written_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                reference, kind, revision.number, file, sha256, made.pages, json.dumps(made.boxes),
                statement, now.isoformat(),
            )  # fmt: skip
            ledger.record(
                database, now, "document.written", document=file, seal=tokens.seal(practice.key, sha256),
                **_served(practice, kind),
            )  # fmt: skip


def _served(practice: Practice, kind: Kind) -> dict[str, str]:
    """Cite, for a consent declaration, the gates that ask for one with what is sent: here it is made."""
    before = gates(practice.policy, Act.SEND, (Category.QUOTE, Category.CONSENT), Recipient.CLIENT)
    asking = [gate for gate in before if Needs.CONSENT_FORM in gate.require]
    return citing(*asking) if kind is Kind.CONSENT else {}


def fail(practice: Practice, row: sqlite3.Row, reason: str, now: datetime) -> None:
    """Record that the request in `row` cannot go on until something is mended."""
    with practice.database.transaction():
        practice.database.run(
            "UPDATE requests SET state = ?, reason = ? WHERE dossier = ? AND revision = ?",
            RequestState.FAILED, reason, row["dossier"], row["revision"],
        )  # fmt: skip
        ledger.record(practice.database, now, "request.failed", dossier=row["dossier"], revision=row["revision"])
