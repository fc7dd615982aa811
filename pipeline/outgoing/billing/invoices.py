"""Invoices: from an accepted quote to what is billed, at the moments that the practice chooses, and credit notes.

Takes dossiers with an accepted quote and the parts of it whose day has come; leaves the invoice in the books (what the
law names, and apart from that the rest), its PDF and its UBL in the dossier, and its mail to be composed. Numbers have
no gaps, for each is taken in the transaction that writes its row; what is issued is never changed.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from pipeline import bill, questions
from pipeline.bill import Invoice
from pipeline.config.client import quote_lines
from pipeline.config.invoicing import Instalment, Invoicing
from pipeline.edges import ledger
from pipeline.errors import PrintFailed, UsageError
from pipeline.model import Kind, ObligationState, document_code, document_file
from pipeline.outgoing import keeping, recorded
from pipeline.outgoing.billing.einvoice import business_terms
from pipeline.outgoing.keeping import Made
from pipeline.outgoing.values.base import Revision
from pipeline.outgoing.values.invoice import (
    bill_lines,
    buyer,
    exemption,
    invoice_values,
    part_described,
    seller,
)
from pipeline.policy.schema.retention import Event
from pipeline.practice import Practice
from pipeline.steps import each
from pipeline.words import say

Tell = Callable[[str], None]
STORED = TypeAdapter(Invoice)
QUESTION = "invoice"
WHOLE = Decimal(100)
BESIDE = ("contact", "kvk", "purchase_order")
"""What an invoice says of who pays and the law does not ask for: it goes with the rest of the dossier."""
ACCEPTED = f"""
SELECT o.dossier, o.version, o.settled_at,
    (SELECT day FROM events WHERE dossier = o.dossier AND event = '{Event.CLOSED}') AS closed_on
FROM obligations o JOIN dossiers d ON d.reference = o.dossier
WHERE o.kind = '{Kind.QUOTE}' AND o.state = '{ObligationState.FULFILLED}' AND d.client_key <> '' ORDER BY o.settled_at
"""  # noqa: S608 - only our own words are put in


@dataclass(frozen=True)
class Part:
    """One part of an accepted quote that is to be billed now: its number among `percents`, from 1."""

    dossier: str
    revision: int
    number: int
    percents: tuple[Decimal, ...]

    @property
    def name(self) -> str:
        """The name under which it is in the books, so that nothing is billed twice."""
        return f"v{self.revision} {self.number}/{len(self.percents)}"


def issue(practice: Practice, now: datetime, tell: Tell) -> int:
    """Issue the invoices whose day has come; gives how many."""
    rules = practice.file.invoicing
    if rules is None:
        return 0
    due = [part for row in practice.database.rows(ACCEPTED) for part in _due(practice, row, rules, now)]
    return each(practice, due, lambda part: _issue(practice, part, rules, now, tell))


def _due(practice: Practice, row: sqlite3.Row, rules: Invoicing, now: datetime) -> Iterator[Part]:
    """Give the parts of a quote that are to be billed and are not; closing a dossier bills all that is left."""
    parts = rules.instalments or [Instalment.model_construct(percent=WHOLE, when=rules.when, after_days=0)]
    percents, today = tuple(part.percent for part in parts), practice.today(now)
    closed = date.fromisoformat(row["closed_on"]) if row["closed_on"] else None
    for number, planned in enumerate(parts, 1):
        since = practice.day_of(row["settled_at"]) if planned.when == "at_acceptance" else closed
        part = Part(row["dossier"], row["version"], number, percents)
        come = closed is not None or (since is not None and since + timedelta(planned.after_days) <= today)
        if come and not _is_billed(practice, part):
            yield part


def _is_billed(practice: Practice, part: Part) -> bool:
    return bool(
        practice.database.value(
            "SELECT 1 FROM invoices WHERE dossier = ? AND part LIKE ?",
            part.dossier, f"v{part.revision} {part.number}/%",
        )
    )  # fmt: skip


def _issue(practice: Practice, part: Part, rules: Invoicing, now: datetime, tell: Tell) -> int:
    earlier = _of_earlier_quote(practice, part)
    if earlier:
        _ask(practice, part, "invoice_of_earlier_quote", now, numbers=", ".join(earlier), version=str(part.revision))
        return 0
    try:
        revision = recorded.revision(practice, part.dossier, part.revision)
        drawn = _drawn(practice, revision, part, rules, practice.today(now))
        lacking = bill.lacking(drawn)
        number = "" if lacking else _write(practice, revision, drawn, rules, now, part=part.name)
    except PrintFailed as error:
        _ask(practice, part, "invoice_failed", now, why=str(error))
        return 0
    if lacking:
        _ask(practice, part, lacking, now)
        return 0
    tell(f"{part.dossier} invoice {number} issued")
    return 1


def _of_earlier_quote(practice: Practice, part: Part) -> list[str]:
    """Give the invoices of an earlier version of the quote that stand: two quotes are not billed beside each other."""
    rows = practice.database.rows(
        "SELECT number FROM invoices AS i WHERE dossier = ? AND credits IS NULL AND part NOT LIKE ? || ' %'"
        " AND NOT EXISTS (SELECT 1 FROM invoices WHERE credits = i.number) ORDER BY number",
        part.dossier, f"v{part.revision}",
    )  # fmt: skip
    return [row["number"] for row in rows]


def _ask(practice: Practice, part: Part, word: str, now: datetime, **values: str) -> None:
    """Put before the coach, once for each accepted quote, why nothing is billed."""
    reason = (word, values)
    with practice.database.transaction():
        known = practice.database.value(
            "SELECT 1 FROM attention WHERE what = ? AND dossier = ? AND reasons = ?",
            QUESTION, part.dossier, questions.as_text([reason]),
        )  # fmt: skip
        if not known:
            questions.ask(practice, QUESTION, now, [reason], dossier=part.dossier)


def _drawn(practice: Practice, revision: Revision, part: Part, rules: Invoicing, today: date) -> Invoice:
    """Give the invoice of a part as it will be; its number is given when it is written."""
    file, client = practice.file, revision.client
    language = revision.language(file)
    lines = bill_lines(quote_lines(client, file.catalogue), rules)
    if len(part.percents) > 1:
        programme = file.programmes.get(client.programme or "")
        name = programme.name if programme else say(language, "coaching")
        described = part_described(name, list(part.percents), part.number, revision.quote_number, language)
        lines = bill.part(lines, part.percents, part.number, described)
    days = file.quote.payment_days if rules.payment_days is None else rules.payment_days
    return Invoice(
        number="", issued=today, due=today + timedelta(days), seller=seller(file.practice), buyer=buyer(client),
        lines=lines, reference=revision.reference, language=language, agreement=revision.quote_number,
        exemption=exemption(rules, language), small_business=rules.small_business,
    )  # fmt: skip


def _write(
    practice: Practice, revision: Revision, drawn: Invoice, rules: Invoicing, now: datetime, *, part: str
) -> str:
    """Print an invoice under the next number and write it into the books; gives the number.

    Printing takes too long to hold the database for: if the number was taken meanwhile, it is printed once more.
    """
    while True:
        number = _next(practice, drawn.issued, rules)
        invoice = replace(drawn, number=number)
        goal = revision.client.goal if rules.goal else None
        if _keep(practice, revision, invoice, goal, now, part):
            return number


def _next(practice: Practice, issued: date, rules: Invoicing) -> str:
    """Give the number that comes next in this year's series, without taking it."""
    last = practice.database.value("SELECT last FROM numbers WHERE series = ?", _series(issued, rules.prefix))
    return f"{rules.prefix}{issued.year}-{(last or 0) + 1:04d}"


def _series(issued: date, prefix: str) -> str:
    return f"invoice-{prefix}{issued.year}"


def _keep(practice: Practice, revision: Revision, invoice: Invoice, goal: str | None, now: datetime, part: str) -> bool:
    """Make an invoice durable: its files, then its rows; tells whether its number was still free."""
    reference, version = revision.reference, recorded.next_version(practice, revision.reference, Kind.INVOICE)
    code = document_code(reference, Kind.INVOICE)
    values = invoice_values(invoice, code, version, practice.file.practice, goal)
    printed = practice.press.invoice(
        f"{invoice.language}/invoice.html", values, business_terms(invoice), code, version,
        business_terms(_statutory(invoice)),
    )  # fmt: skip
    books = document_file(reference, Kind.INVOICE, version).removesuffix(".pdf") + ".xml"
    practice.storage.write(f"dossiers/{reference}/{books}", printed.ubl)
    made = Made(
        Kind.INVOICE, printed.data, printed.pages,
        about={
            "number": invoice.number,
            "due": invoice.due.isoformat() if invoice.due and invoice.totals.including > 0 else None,
            "credits": invoice.credits.number if invoice.credits else None,
        },
    )  # fmt: skip
    taken = _Taken(practice, invoice, goal, part, version, books, hashlib.sha256(printed.data).hexdigest())
    try:
        keeping.keep(practice, reference, (made,), now, lambda: taken.write(now))
    except _NumberTaken:
        return False
    return True


def _statutory(invoice: Invoice) -> Invoice:
    """Give what the law asks an invoice to name, and nothing beside it (article 35a of the VAT act)."""
    return replace(invoice, buyer=replace(invoice.buyer, contact=None, kvk=None, purchase_order=None))


class _NumberTaken(Exception):
    """The number of an invoice was given to another one meanwhile."""


@dataclass(frozen=True)
class _Taken:
    """What is written into the books when an invoice is kept."""

    practice: Practice
    invoice: Invoice
    goal: str | None
    part: str
    version: int
    books: str
    sha256: str

    def write(self, now: datetime) -> None:
        """Take the number and write the row, inside the caller's transaction."""
        database, invoice, folder = self.practice.database, self.invoice, f"dossiers/{self.invoice.reference}"
        rest = {name: getattr(invoice.buyer, name) for name in BESIDE} | {"goal": self.goal}
        kept = {name: text for name, text in rest.items() if text}
        series, _, count = invoice.number.rpartition("-")
        database.run(
            "INSERT INTO numbers VALUES (?, 1) ON CONFLICT (series) DO UPDATE SET last = last + 1", f"invoice-{series}"
        )
        if database.value("SELECT last FROM numbers WHERE series = ?", f"invoice-{series}") != int(count):
            raise _NumberTaken
        database.run(
            "INSERT INTO invoices (number, dossier, issued_on, statutory, rest, file, sha256, version, part, credits,"
            " due_on, books) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            invoice.number, invoice.reference, invoice.issued.isoformat(),
            STORED.dump_json(_statutory(invoice)).decode(), json.dumps(kept, ensure_ascii=False) if kept else None,
            f"{folder}/{document_file(invoice.reference, Kind.INVOICE, self.version)}", self.sha256, self.version,
            self.part, invoice.credits.number if invoice.credits else None,
            invoice.due.isoformat() if invoice.due else None, f"{folder}/{self.books}",
        )  # fmt: skip
        ledger.record(database, now, "invoice.issued", dossier=invoice.reference, number=invoice.number)


def read(row: sqlite3.Row) -> Invoice:
    """Give an invoice as it stands in the books, with what stands beside that for as long as it is kept."""
    invoice = STORED.validate_json(row["statutory"])
    rest: dict[str, Any] = json.loads(row["rest"] or "{}")
    contact, kvk, order = (rest.get(name) for name in BESIDE)
    return replace(invoice, buyer=replace(invoice.buyer, contact=contact, kvk=kvk, purchase_order=order))


def credit(practice: Practice, number: str, now: datetime, *, again: bool = False) -> str:
    """Issue the credit note that takes an invoice back whole; gives its number. Raises `UsageError`.

    `again` lets the same part of the quote be billed once more: what was wrong with it has been mended.
    """
    rules, language = practice.file.invoicing, practice.file.language
    row = practice.database.row("SELECT * FROM invoices WHERE number = ?", number)
    if row is None or rules is None:
        raise UsageError(say(language, "no_such_invoice", number=number))
    by = practice.database.value("SELECT number FROM invoices WHERE credits = ?", number)
    if row["credits"] or by:
        raise UsageError(say(language, "credited_already", number=number, by=by or row["credits"]))
    if not practice.database.value("SELECT client_key FROM dossiers WHERE reference = ?", row["dossier"]):
        raise UsageError(say(language, "credit_after_erasure", number=number))
    revision = recorded.revision(practice, row["dossier"], recorded.newest_revision(practice, row["dossier"]))
    note = bill.credit_note(read(row), "", practice.today(now))
    made = _write(practice, revision, note, rules.model_copy(update={"goal": False}), now, part=f"credit {number}")
    if again:
        with practice.database.transaction():
            practice.database.run(
                "UPDATE invoices SET part = 'once ' || part WHERE number = ? AND part LIKE 'v%'", number
            )  # fmt: skip
    return made
