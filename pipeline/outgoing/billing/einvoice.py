"""An invoice in the terms of the European norm (EN 16931: BT- and BG-numbers), from which its XML is made.

Pure. Takes a `bill.Invoice`; leaves text only, for the press. What a person is coached for, and who, is not in it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pipeline.bill import Address, BillLine, Buyer, Exemption, Invoice, Rate, Seller
from pipeline.money import VatRow

Terms = dict[str, Any]
INVOICE, CREDIT_NOTE, SEPA_TRANSFER = "380", "381", "58"
KVK_REGISTER = "0106"
UNITS = {
    "uur": "HUR", "uren": "HUR", "hour": "HUR", "hours": "HUR", "minuut": "MIN", "minuten": "MIN", "minute": "MIN",
    "minutes": "MIN", "dag": "DAY", "dagen": "DAY", "day": "DAY", "days": "DAY", "week": "WEE", "weken": "WEE",
    "weeks": "WEE", "maand": "MON", "maanden": "MON", "month": "MON", "months": "MON", "km": "KMT",
    "kilometer": "KMT", "kilometers": "KMT",
}  # fmt: skip
ONE = "C62"
"""What a unit is in UN/ECE Recommendation 20; every other word counts pieces."""


def business_terms(invoice: Invoice) -> Terms:
    """Give every term of the norm that this invoice has something to say in."""
    totals = invoice.totals
    terms: Terms = {
        "BT-1": invoice.number,
        "BT-2": invoice.issued.isoformat(),
        "BT-3": CREDIT_NOTE if invoice.credits else INVOICE,
        "BT-5": "EUR",
        "BT-10": invoice.buyer.purchase_order or invoice.reference,
        "BT-12": invoice.agreement,
        "BT-13": invoice.buyer.purchase_order,
        "BG-4": _seller(invoice.seller),
        "BG-7": _buyer(invoice.buyer),
        "BG-23": [_vat(row, invoice.exemption) for row in totals.vat],
        "BG-25": [
            _line(number, line, amount)
            for number, (line, amount) in enumerate(zip(invoice.lines, totals.amounts, strict=True), 1)
        ],
        "BT-106": str(totals.excluding),
        "BT-109": str(totals.excluding),
        "BT-110": str(totals.tax),
        "BT-112": str(totals.including),
        "BT-115": str(totals.including),
    }
    terms |= _period(invoice) | _payment(invoice) | _credited(invoice)
    return {term: value for term, value in terms.items() if value}


def _seller(seller: Seller) -> Terms:
    """Give the seller; who has no VAT number is known to the tax authority by the number of the trade register."""
    known = {"vat_identifier": seller.btw} if seller.btw else {"tax_identifier": f"KvK {seller.kvk}"}
    contact = {"name": seller.coach, "phone": seller.phone, "email": seller.email}
    return _party(seller.name, seller.address, seller.kvk, contact) | known


def _buyer(buyer: Buyer) -> Terms:
    return _party(buyer.name, buyer.address, buyer.kvk, {"name": buyer.contact} if buyer.contact else {})


def _party(name: str, address: Address, kvk: str | None, contact: Terms) -> Terms:
    first, second, *rest = (*address.lines, "", "")
    party: Terms = {
        "name": name,
        "addr_l1": first,
        "addr_l2": second,
        "addr_l3": ", ".join(filter(None, rest)),
        "postcode": address.postcode,
        "city": address.city,
        "country_code": address.country,
        "contacts": [{key: value for key, value in contact.items() if value}] if contact else [],
    }
    if kvk:
        party |= {"legal_identifier": kvk, "legal_identifier_schemeid": KVK_REGISTER}
    return {key: value for key, value in party.items() if value}


def _category(rate: Rate) -> Terms:
    """Give the category and the percentage: standard (also the reduced rate), zero, or exempt."""
    category = "E" if rate is None else "S" if rate else "Z"
    return {"category": category, "percent": str(rate or 0)}


def _vat(row: VatRow, exemption: Exemption | None) -> Terms:
    known = _category(row.rate)
    terms = {
        "BT-116": str(row.base),
        "BT-117": str(row.vat),
        "BT-118": known["category"],
        "BT-119": known["percent"],
    }
    if row.rate is None and exemption:
        terms |= {"BT-120": exemption.text} | ({"BT-121": exemption.code} if exemption.code else {})
    return terms


def _line(number: int, line: BillLine, amount: Decimal) -> Terms:
    """Give one line; the norm knows no price below zero, so that a discount is a quantity below zero."""
    name, *more = line.description.split("\n")
    known = _category(line.vat)
    turned = line.unit_price < 0
    terms = {
        "BT-126": str(number),
        "BT-129": str(-line.quantity if turned else line.quantity),
        "BT-130": UNITS.get((line.unit or "").strip().casefold(), ONE),
        "BT-131": str(amount),
        "BT-146": str(abs(line.unit_price)),
        "BT-151": known["category"],
        "BT-152": known["percent"],
        "BT-153": name.strip(),
        "BT-154": "\n".join(more).strip(),
    }
    return {term: value for term, value in terms.items() if value}


def _period(invoice: Invoice) -> Terms:
    if invoice.supplied is None:
        return {}
    first, last = (day.isoformat() for day in invoice.supplied)
    return {"BT-72": last} if first == last else {"BT-72": last, "BT-73": first, "BT-74": last}


def _payment(invoice: Invoice) -> Terms:
    if not invoice.payable:
        return {}
    return {
        "BT-9": invoice.due.isoformat() if invoice.due else None,
        "BT-81": SEPA_TRANSFER,
        "BT-83": invoice.number,
        "BT-84": invoice.seller.iban.replace(" ", ""),
        "BT-85": invoice.seller.name,
    }


def _credited(invoice: Invoice) -> Terms:
    if invoice.credits is None:
        return {}
    return {"BG-3": [{"BT-25": invoice.credits.number, "BT-26": invoice.credits.issued.isoformat()}]}
