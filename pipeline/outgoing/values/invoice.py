"""What an invoice's template is given, and how an invoice is made from a quote: finished text in its language.

Pure. The goal of the coaching is there only when the practice wants it on its invoices; who is coached is not.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.dates import format_interval
from babel.numbers import format_percent

from pipeline.bill import NETHERLANDS, Address, BillLine, Buyer, Exemption, Invoice, Seller, address, without_vat
from pipeline.config.client import ClientFile, QuoteLine
from pipeline.config.invoicing import TRAINING, Invoicing
from pipeline.config.practice import Identity, PracticeFile
from pipeline.outgoing.plan import Document
from pipeline.outgoing.values.base import LOCALES, Revision, Values, day, line_values, money, vat_values
from pipeline.policy.policy import Policy
from pipeline.words import say

TRAINING_CODE = "VATEX-EU-132-1I"
"""Education and vocational training (article 132, section 1(i), of the VAT directive)."""
DARK = re.compile(rb"\x01+")
LONGEST_NAME, MOST_EURO = 70, Decimal("999999999.99")
"""What a transfer can hold, by the scheme's own rules."""


def seller(practice: Identity) -> Seller:
    """Give the practice as it bills."""
    country = address(practice.country).country
    where = Address((practice.street,), practice.postcode, practice.city, country)
    return Seller(
        practice.name, practice.coach, where, practice.email, practice.kvk, practice.iban, practice.btw, practice.phone
    )


def buyer(client: ClientFile) -> Buyer:
    """Give who pays: the sponsor, or else the client, of whom only the name stands on an invoice."""
    if client.sponsor is None:
        return Buyer(client.client.name)
    paying = client.sponsor
    return Buyer(paying.organisation, paying.contact, address(paying.address), paying.kvk, paying.purchase_order)


def bill_lines(lines: list[QuoteLine], rules: Invoicing) -> tuple[BillLine, ...]:
    """Give the lines of a quote as they are billed: without VAT under the small-business scheme."""
    billed = tuple(BillLine(line.description, line.quantity, line.unit, line.unit_price, line.vat) for line in lines)
    return without_vat(billed) if rules.small_business else billed


def exemption(rules: Invoicing, language: str) -> Exemption | None:
    """Give why something bears no VAT, as the practice says; None when it does not say."""
    if rules.small_business:
        return Exemption(say(language, "exempt_small_business"))
    if rules.exempt_text is None:
        return None
    if rules.exempt_text.casefold() in {TRAINING, "onderwijs", "scholing"}:
        return Exemption(say(language, "exempt_training"), TRAINING_CODE)
    return Exemption(rules.exempt_text)


def part_described(name: str, percents: list[Decimal], number: int, quote: str, language: str) -> str:
    """Give the line of one part: `Programme: part 1 of 3 (40%) of quote 2026-0001`."""
    share = format_percent(percents[number - 1] / 100, "#,##0.##%", locale=LOCALES[language])
    return say(language, "part_of_quote", name=name, number=number, count=len(percents), percent=share, quote=quote)


def invoice_values(invoice: Invoice, code: str, version: int, practice: Identity, goal: str | None = None) -> Values:
    """Give the values of an invoice; `code` is its document's code, `goal` what stands on it beside the bill."""
    language, totals = invoice.language, invoice.totals
    rows = () if invoice.small_business else totals.vat
    reason = invoice.exemption if any(line.vat is None for line in invoice.lines) else None
    return {
        "language": language,
        "reference": invoice.reference,
        "practice": {name: "" if value is None else str(value) for name, value in practice.model_dump().items()},
        "document": {"code": code, "version": str(version), "date": day(invoice.issued, language), "replaces": None},
        "buyer": _buyer(invoice.buyer, language),
        "invoice": {
            "number": invoice.number,
            "agreement": invoice.agreement or "",
            "supplied": _supplied(invoice),
            "exempt": reason.text if reason else "",
            "small_business": "yes" if invoice.small_business else "",
        },
        "credited": _credited(invoice),
        "payment": _payment(invoice),
        "lines": [
            line_values(line, amount, language) for line, amount in zip(invoice.lines, totals.amounts, strict=True)
        ],
        "vat": [vat_values(row, language) for row in rows],
        "total": {
            "excluding": money(totals.excluding, language),
            "vat": money(totals.tax, language),
            "including": money(totals.including, language),
        },
        "goal": goal,
    }  # fmt: skip


def invoice_mail_values(
    _revision: Revision, document: Document, _file: PracticeFile, _policy: Policy, language: str
) -> Values:
    """Give what a mail says of an invoice: its number and when it is due, and no amount, for a mail is a postcard."""
    due = document.about.get("due")
    return {
        "number": str(document.about["number"]),
        "due": day(date.fromisoformat(due), language) if due else "",
        "credits": str(document.about.get("credits") or ""),
    }


def _buyer(paying: Buyer, language: str) -> dict[str, str]:
    """Give the buyer; the address in lines, as on an envelope."""
    where = paying.address
    town = f"{where.postcode} {where.city}".strip()
    abroad = "" if where.country == NETHERLANDS else str(Locale(language).territories[where.country])
    return {
        "name": paying.name,
        "contact": paying.contact or "",
        "address": "\n".join(filter(None, (*where.lines, town, abroad))),
        "kvk": paying.kvk or "",
        "purchase_order": paying.purchase_order or "",
    }


def _supplied(invoice: Invoice) -> str:
    """Give the day, or the first and the last one, on which the work was done; empty when that is not known."""
    if invoice.supplied is None:
        return ""
    first, last = invoice.supplied
    if first == last:
        return day(first, invoice.language)
    return str(format_interval(first, last, "yMMMd", locale=LOCALES[invoice.language]))


def _credited(invoice: Invoice) -> dict[str, str] | None:
    if invoice.credits is None:
        return None
    return {"number": invoice.credits.number, "date": day(invoice.credits.issued, invoice.language)}


def _payment(invoice: Invoice) -> dict[str, Any] | None:
    """Give how to pay; None when nothing is to be paid."""
    if not invoice.payable:
        return None
    return {
        "amount": money(invoice.totals.including, invoice.language),
        "due": day(invoice.due or invoice.issued, invoice.language),
        "iban": invoice.seller.iban,
        "name": invoice.seller.name,
        "code": transfer_code(invoice),
    }


def transfer_code(invoice: Invoice) -> dict[str, str] | None:
    """Give the code that a bank's app fills a transfer in from (EPC069-12, version 2): its size and an SVG path."""
    from segno.helpers import make_epc_qr

    if invoice.totals.including > MOST_EURO:
        return None
    code = make_epc_qr(
        invoice.seller.name[:LONGEST_NAME],
        invoice.seller.iban.replace(" ", ""),
        invoice.totals.including,
        text=invoice.number,
        encoding="utf-8",
    )
    rows = [bytes(row) for row in code.matrix]
    runs = ((found.start(), y, len(found[0])) for y, row in enumerate(rows) for found in DARK.finditer(row))
    return {"size": str(len(rows)), "path": "".join(f"M{x} {y}h{wide}v1h-{wide}z" for x, y, wide in runs)}
