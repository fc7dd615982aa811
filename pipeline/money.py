"""Amounts of a quote: lines, VAT per rate and totals, in Decimal euro, rounded half up to the cent.

VAT is computed over the sum of each rate, as the Dutch tax authority allows (one rounding a rate, not one a line).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True)
class VatRow:
    """One rate: percent (None is exempt), the base it is computed over, and the VAT."""

    rate: Decimal | None
    base: Decimal
    vat: Decimal


@dataclass(frozen=True)
class Totals:
    """What the lines of a quote add up to; `amounts` are per line, in their order."""

    amounts: tuple[Decimal, ...]
    vat: tuple[VatRow, ...]

    @property
    def excluding(self) -> Decimal:
        """The sum without VAT."""
        return sum(self.amounts, Decimal("0.00"))

    @property
    def tax(self) -> Decimal:
        """The VAT of all rates."""
        return sum((row.vat for row in self.vat), Decimal("0.00"))

    @property
    def including(self) -> Decimal:
        """What is to be paid."""
        return self.excluding + self.tax


def cents(amount: Decimal) -> Decimal:
    """Round to whole cents, half a cent up; nothing is never less than nothing (-0.00)."""
    return amount.quantize(CENT, ROUND_HALF_UP) + 0


def add_up(lines: Iterable[tuple[Decimal, Decimal, Decimal | None]]) -> Totals:
    """Add up lines of (quantity, unit price, VAT percent or None); rates are listed from high to exempt."""
    amounts: list[Decimal] = []
    bases: dict[Decimal | None, Decimal] = {}
    for quantity, unit_price, rate in lines:
        amounts.append(cents(quantity * unit_price))
        bases[rate] = bases.get(rate, Decimal("0.00")) + amounts[-1]
    rates = sorted(bases, key=lambda rate: Decimal(-1) if rate is None else rate, reverse=True)
    return Totals(
        tuple(amounts), tuple(VatRow(rate, bases[rate], cents(bases[rate] * (rate or 0) / 100)) for rate in rates)
    )
