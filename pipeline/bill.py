"""What an invoice says: who bills whom, for what, when it is due, and how a quote is billed in parts.

Pure. Amounts are those of `money`. An invoice that must not go out says why (`lacking`); a sponsor's address, which is
typed as lines, is read as an address that a machine can use, or kept as lines where that is not certain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel import Locale

from pipeline.money import Totals, add_up

NETHERLANDS = "NL"
DUTCH_TOWN = re.compile(r"([1-9]\d{3}) ?([A-Za-z]{2})[ ,]+(\S.*)")
TOWN_ABROAD = re.compile(r"((?:[A-Z]{1,2}-)?\d{4,5}) +(\D.*)")
Rate = Decimal | None


@dataclass(frozen=True)
class Address:
    """Where somebody is: the lines above the town, and what was recognised of the last one; country as in ISO 3166."""

    lines: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""
    country: str = NETHERLANDS


@dataclass(frozen=True)
class Seller:
    """Who bills; without a VAT number (`btw`) only what is exempt can be billed."""

    name: str
    coach: str
    address: Address
    email: str
    kvk: str
    iban: str
    btw: str | None = None
    phone: str | None = None


@dataclass(frozen=True)
class Buyer:
    """Who pays: an organisation with what its books ask for, or a person of whom only the name is known."""

    name: str
    contact: str | None = None
    address: Address = Address()
    kvk: str | None = None
    purchase_order: str | None = None


@dataclass(frozen=True)
class BillLine:
    """One thing that is billed; `vat` is a percentage, or None for exempt."""

    description: str
    quantity: Decimal
    unit: str | None
    unit_price: Decimal
    vat: Rate


@dataclass(frozen=True)
class Exemption:
    """Why there is no VAT on what is exempt: the sentence that the law asks for, and its code where the EU has one."""

    text: str
    code: str | None = None


@dataclass(frozen=True)
class Credited:
    """The invoice that a credit note takes back."""

    number: str
    issued: date


@dataclass(frozen=True)
class Invoice:
    """One invoice, or a credit note when it `credits` one; its amounts have the same sign either way.

    `reference` is the dossier, `agreement` the quote that was accepted, `supplied` the first and the last day of the
    work where they are known. With `small_business` nothing on it bears VAT.
    """

    number: str
    issued: date
    due: date | None
    seller: Seller
    buyer: Buyer
    lines: tuple[BillLine, ...]
    reference: str
    language: str
    agreement: str | None = None
    supplied: tuple[date, date] | None = None
    exemption: Exemption | None = None
    small_business: bool = False
    credits: Credited | None = None

    @property
    def totals(self) -> Totals:
        """What the lines add up to."""
        return add_up((line.quantity, line.unit_price, line.vat) for line in self.lines)

    @property
    def payable(self) -> bool:
        """Whether there is something to pay: never on a credit note, nor when nothing is left of it."""
        return self.credits is None and self.totals.including > 0


def lacking(invoice: Invoice) -> str | None:
    """Give why an invoice must not go out, as a name in `pipeline.words`; None when nothing is lacking."""
    rates = {line.vat for line in invoice.lines}
    if not rates:
        return "bill_of_nothing"
    if rates != {None} and invoice.small_business:
        return "bill_vat_of_small_business"
    if rates != {None} and not invoice.seller.btw:
        return "bill_needs_btw"
    return "bill_needs_exemption" if None in rates and invoice.exemption is None else None


def without_vat(lines: Iterable[BillLine]) -> tuple[BillLine, ...]:
    """Give the lines as a practice bills them that has the small-business scheme: the same prices, no VAT."""
    return tuple(replace(line, vat=None) for line in lines)


def credit_note(invoice: Invoice, number: str, issued: date) -> Invoice:
    """Give the credit note that takes a whole invoice back."""
    return replace(invoice, number=number, issued=issued, due=None, credits=Credited(invoice.number, invoice.issued))


def part(lines: Iterable[BillLine], percents: Sequence[Decimal], number: int, description: str) -> tuple[BillLine, ...]:
    """Give what part `number` (from 1) of an accepted quote bills: one line for each rate that has an amount in it.

    What is billed so far is rounded to whole euros, for each rate, and the last part takes the rest. Hence the bases
    of all parts add up to the quote's, and their VAT too: of whole euros a whole percentage is never a part of a cent.
    """
    if sum(percents) != 100 or not 1 <= number <= len(percents):
        raise ValueError("the parts of a quote are a hundred percent together")
    before, after = sum(percents[: number - 1]), sum(percents[:number])
    rows = add_up((line.quantity, line.unit_price, line.vat) for line in lines).vat
    shares = [(row.rate, _billed(row.base, after) - _billed(row.base, before)) for row in rows]
    kept = [(rate, share) for rate, share in shares if share] or shares[:1]
    return tuple(BillLine(description, Decimal(1), None, share, rate) for rate, share in kept)


def _billed(base: Decimal, percent: Decimal | int) -> Decimal:
    """Give how much of `base` is billed once `percent` of it is."""
    return base if percent == 100 else (base * percent / 100).quantize(Decimal(1), ROUND_HALF_UP).quantize(base)


def address(typed: str | None) -> Address:
    """Read an address as it was typed, in lines or with commas; what is not certain stays a line."""
    lines = [line.strip(" ,\t") for line in (typed or "").splitlines() if line.strip(" ,\t")]
    if len(lines) == 1:
        lines = [part for part in map(str.strip, lines[0].split(",")) if part]
    country = _countries().get(lines[-1].casefold()) if lines else None
    above = lines[:-1] if country else lines
    found = Address(tuple(above), country=country or NETHERLANDS)
    return _with_town(found) if above else found


def _with_town(found: Address) -> Address:
    *above, last = found.lines
    if found.country == NETHERLANDS and (town := DUTCH_TOWN.fullmatch(last)):
        return replace(found, lines=tuple(above), postcode=f"{town[1]} {town[2].upper()}", city=town[3])
    if found.country != NETHERLANDS and (town := TOWN_ABROAD.fullmatch(last)):
        return replace(found, lines=tuple(above), postcode=town[1], city=town[2])
    return found


@cache
def _countries() -> dict[str, str]:
    """Give the code of each country by its name, as it is written in Dutch and in English."""
    names = {"the netherlands": NETHERLANDS, "holland": NETHERLANDS}
    for language in ("en", "nl"):
        territories = Locale(language).territories
        names |= {str(name).casefold(): str(code) for code, name in territories.items() if str(code).isalpha()}
    return {name: code for name, code in names.items() if len(code) == 2 and code not in {"EU", "UN", "EZ", "ZZ"}}
