"""Amounts of a quote against a slow and exact reference: in fractions, half a cent up, nowhere a float."""

from __future__ import annotations

import ast
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pipeline
from pipeline.money import add_up, cents

Line = tuple[Decimal, Decimal, Decimal | None]
RATES = st.sampled_from([Decimal(21), Decimal(9), Decimal(0), None])
QUANTITY = st.integers(1, 999_999_999).map(lambda n: Decimal(n).scaleb(-3))
PRICE = st.integers(-99_999_999_999, 99_999_999_999).map(lambda n: Decimal(n).scaleb(-2))
LINES = st.lists(st.tuples(QUANTITY, PRICE, RATES), min_size=1, max_size=30)


def half_up(amount: Fraction) -> int:
    """Round to a whole number, halves away from zero, in whole numbers only."""
    sign = -1 if amount < 0 else 1
    return sign * ((abs(amount.numerator) * 2 + amount.denominator) // (amount.denominator * 2))


def euro(whole: int) -> Decimal:
    """Give whole cents as euro."""
    return Decimal(whole).scaleb(-2)


def exact(lines: list[Line]) -> tuple[list[Decimal], dict[Decimal | None, tuple[Decimal, Decimal]]]:
    """Give the amount of each line, and of each rate the base and the VAT."""
    amounts = [half_up(Fraction(quantity) * Fraction(price) * 100) for quantity, price, _ in lines]
    bases: dict[Decimal | None, int] = {}
    for (_, _, rate), amount in zip(lines, amounts, strict=True):
        bases[rate] = bases.get(rate, 0) + amount
    rates = {rate: (base, half_up(Fraction(base) * Fraction(rate or 0) / 100)) for rate, base in bases.items()}
    return list(map(euro, amounts)), {rate: (euro(base), euro(vat)) for rate, (base, vat) in rates.items()}


@settings(deadline=None, max_examples=200)
@given(LINES)
def test_every_amount_is_the_exact_one(lines: list[Line]) -> None:
    totals, (amounts, rates) = add_up(lines), exact(lines)
    assert list(totals.amounts) == amounts
    assert {row.rate: (row.base, row.vat) for row in totals.vat} == rates
    assert totals.including == sum(amounts) + sum(vat for _, vat in rates.values())


@settings(deadline=None, max_examples=100)
@given(LINES)
def test_what_is_paid_is_what_is_quoted_and_its_vat(lines: list[Line]) -> None:
    totals = add_up(lines)
    assert totals.including == totals.excluding + totals.tax
    assert totals.excluding == sum(row.base for row in totals.vat) == sum(totals.amounts)
    assert all(amount == cents(amount) for amount in (*totals.amounts, totals.excluding, totals.tax, totals.including))


@settings(deadline=None, max_examples=100)
@given(LINES, st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(lines: list[Line], random: object) -> None:
    shuffled = sorted(lines, key=lambda _: random.random())  # type: ignore[attr-defined]
    first, second = add_up(lines), add_up(shuffled)
    assert first.vat == second.vat and first.including == second.including
    assert sorted(first.amounts) == sorted(second.amounts)


@settings(deadline=None, max_examples=100)
@given(LINES)
def test_a_quote_and_its_opposite_cancel_out(lines: list[Line]) -> None:
    opposite = [(quantity, -price, rate) for quantity, price, rate in lines]
    assert add_up(opposite).including == -add_up(lines).including
    assert add_up([*lines, *opposite]).including == 0


@pytest.mark.parametrize(
    ("quantity", "price", "rate", "amount", "vat"),
    [
        ("1", "0.05", "9", "0.05", "0.00"), ("1", "0.06", "9", "0.06", "0.01"), ("0.5", "0.01", "21", "0.01", "0.00"),
        ("1", "0.50", "21", "0.50", "0.11"), ("0.5", "0.05", "0", "0.03", "0.00"),
        ("1.5", "0.03", None, "0.05", "0.00"),
        ("0.5", "-0.01", "21", "-0.01", "0.00"), ("1", "-0.50", "21", "-0.50", "-0.11"),
        ("3", "120.00", "21", "360.00", "75.60"), ("1", "50.00", "9", "50.00", "4.50"),
    ],
)  # fmt: skip
def test_half_a_cent_goes_up(quantity: str, price: str, rate: str | None, amount: str, vat: str) -> None:
    totals = add_up([(Decimal(quantity), Decimal(price), None if rate is None else Decimal(rate))])
    assert (totals.amounts[0], totals.tax) == (Decimal(amount), Decimal(vat))


def test_vat_is_rounded_once_a_rate_and_not_once_a_line() -> None:
    totals = add_up([(Decimal(1), Decimal("0.02"), Decimal(21))] * 3)
    assert totals.tax == Decimal("0.01")


def test_exempt_and_zero_percent_are_two_things_and_rates_go_from_high_to_exempt() -> None:
    one = Decimal(1)
    totals = add_up([(one, one, None), (one, one, Decimal(0)), (one, one, Decimal(9)), (one, one, Decimal(21))])
    assert [row.rate for row in totals.vat] == [Decimal(21), Decimal(9), Decimal(0), None]
    assert [str(row.vat) for row in totals.vat] == ["0.21", "0.09", "0.00", "0.00"]


def test_nothing_adds_up_to_nothing() -> None:
    assert (str(add_up([]).including), add_up([]).vat) == ("0.00", ())


@pytest.mark.parametrize("module", ["money.py", "config/fields.py", "config/client.py", "outgoing/values/base.py"])
def test_no_float_comes_near_an_amount(module: str) -> None:
    tree = ast.parse((Path(pipeline.__file__).parent / module).read_text("utf-8"))
    floats = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)]
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "float"]
    assert not floats and not names
