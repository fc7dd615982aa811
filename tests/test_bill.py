"""Bills: the parts of a quote are the whole to the cent, addresses are read or left, what lacks something is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.bill import (
    Address,
    BillLine,
    Buyer,
    Exemption,
    Invoice,
    Rate,
    Seller,
    address,
    credit_note,
    lacking,
    part,
    without_vat,
)
from pipeline.config.invoicing import Invoicing
from pipeline.money import Totals, add_up

RATES = [Decimal(21), Decimal(9), Decimal(0), None]
SELLER = Seller(
    "Praktijk De Linde", "Marijke Verhoeven", Address(("Lindelaan 12",), "3511 AB", "Utrecht"),
    "marijke@praktijkdelinde.example", "12345678", "NL02 ABNA 0123 4567 89", "NL001234567B01",
)  # fmt: skip
LINE = BillLine("Coachgesprek", Decimal(6), "gesprekken", Decimal("165.00"), Decimal(21))
INVOICE = Invoice(
    "F2026-0001", date(2026, 11, 22), date(2026, 12, 6), SELLER, Buyer("Sanne Jansen"), (LINE,), "K7Q4-MX2P", "nl"
)

QUANTITY = st.integers(1, 999_999).map(lambda n: Decimal(n).scaleb(-3))
PRICE = st.integers(-99_999_999, 99_999_999).map(lambda n: Decimal(n).scaleb(-2))
NAMED = st.just("Coachgesprek")


def bill_lines(name: st.SearchStrategy[str] = NAMED) -> st.SearchStrategy[list[BillLine]]:
    """Lines of any rates and odd prices, discounts among them."""
    units = st.sampled_from([None, "uur", "dagdeel"])
    return st.lists(st.builds(BillLine, name, QUANTITY, units, PRICE, st.sampled_from(RATES)), min_size=1, max_size=20)


@st.composite
def percents(draw: st.DrawFn) -> list[Decimal]:
    """Two to seven shares, in hundredths of a percent, that are the whole together."""
    cuts = sorted(draw(st.sets(st.integers(1, 9999), min_size=1, max_size=6)))
    return [Decimal(high - low).scaleb(-2) for low, high in zip([0, *cuts], [*cuts, 10_000], strict=True)]


def totals(lines: tuple[BillLine, ...] | list[BillLine]) -> Totals:
    return add_up((line.quantity, line.unit_price, line.vat) for line in lines)


def per_rate(*bills: Totals) -> dict[Rate, tuple[Decimal, Decimal]]:
    """The base and the VAT of each rate, over all bills; a rate of nothing is no rate."""
    found: dict[Rate, tuple[Decimal, Decimal]] = {}
    for row in (row for bill in bills for row in bill.vat):
        base, vat = found.get(row.rate, (Decimal(0), Decimal(0)))
        found[row.rate] = base + row.base, vat + row.vat
    return {rate: amounts for rate, amounts in found.items() if any(amounts)}


@settings(max_examples=100)
@given(bill_lines(), percents())
def test_the_parts_of_a_quote_are_the_whole_to_the_cent_at_every_rate(
    lines: list[BillLine], shares: list[Decimal]
) -> None:
    whole = totals(lines)
    parts = [totals(part(lines, shares, number, "Deel")) for number in range(1, len(shares) + 1)]
    assert per_rate(*parts) == per_rate(whole)
    assert sum(bill.including for bill in parts) == whole.including
    assert sum(bill.tax for bill in parts) == whole.tax


@settings(max_examples=100)
@given(bill_lines(), percents())
def test_no_part_is_a_euro_away_from_its_share(lines: list[BillLine], shares: list[Decimal]) -> None:
    bases = {row.rate: row.base for row in totals(lines).vat}
    for number, share in enumerate(shares, 1):
        billed = {line.vat: line.unit_price for line in part(lines, shares, number, "Deel")}
        assert all(abs(billed.get(rate, Decimal(0)) - base * share / 100) <= 1 for rate, base in bases.items())


def test_parts_are_whole_euros_and_the_last_one_takes_the_cents() -> None:
    thirds = [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
    line = replace(LINE, quantity=Decimal(1), unit_price=Decimal("1000.55"))
    assert [str(part([line], thirds, number, "Deel")[0].unit_price) for number in (1, 2, 3)] == [
        "333.00", "334.00", "333.55"
    ]  # fmt: skip


@pytest.mark.parametrize("shares", [["50", "49.99"], ["60", "60"], []])
def test_parts_that_are_not_the_whole_are_never_billed(shares: list[str]) -> None:
    with pytest.raises(ValueError, match="hundred percent"):
        part([LINE], [Decimal(share) for share in shares], 1, "Deel")


def test_a_credit_note_takes_back_the_same_amounts_and_asks_for_no_payment() -> None:
    note = credit_note(INVOICE, "F2026-0002", date(2026, 11, 25))
    assert note.totals == INVOICE.totals
    assert (note.payable, INVOICE.payable, note.due) == (False, True, None)
    assert note.credits is not None and note.credits.number == "F2026-0001"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, None),
        ({"lines": ()}, "bill_of_nothing"),
        ({"seller": replace(SELLER, btw=None)}, "bill_needs_btw"),
        ({"lines": without_vat([LINE])}, "bill_needs_exemption"),
        ({"lines": without_vat([LINE]), "exemption": Exemption("onderwijs")}, None),
        ({"lines": without_vat([LINE]), "exemption": Exemption("KOR"), "small_business": True,
          "seller": replace(SELLER, btw=None)}, None),
        ({"exemption": Exemption("KOR"), "small_business": True}, "bill_vat_of_small_business"),
    ],
)  # fmt: skip
def test_an_invoice_that_lacks_what_the_law_asks_for_is_known(changes: dict[str, Any], word: str | None) -> None:
    assert lacking(replace(INVOICE, **changes)) == word


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Stadsplein 1\n3600 AB Lindendal", Address(("Stadsplein 1",), "3600 AB", "Lindendal")),
        ("Afd. HRM\nPostbus 12\n3600ab  Lindendal aan Zee\nNederland",
         Address(("Afd. HRM", "Postbus 12"), "3600 AB", "Lindendal aan Zee")),
        ("Stadsplein 1, 3600 AB Lindendal", Address(("Stadsplein 1",), "3600 AB", "Lindendal")),
        ("Rue de la Loi 1\nB-1000 Brussel\nBelgië", Address(("Rue de la Loi 1",), "B-1000", "Brussel", "BE")),
        ("Platz 3\n10115 Berlin\nGermany", Address(("Platz 3",), "10115", "Berlin", "DE")),
        ("Poststraat 3\nLindendal", Address(("Poststraat 3", "Lindendal"))),
        ("10 Downing Lane\nLondon\nUnited Kingdom", Address(("10 Downing Lane", "London"), country="GB")),
        ("0600 AB Nergens", Address(("0600 AB Nergens",))),
        ("", Address()), (None, Address()), ("Nederland", Address()), (" , \n", Address()),
    ],
)  # fmt: skip
def test_an_address_is_read_where_that_is_certain_and_else_kept_as_typed(typed: str | None, read: Address) -> None:
    assert address(typed) == read


@given(st.text(max_size=200))
def test_no_address_is_too_odd_to_keep(typed: str) -> None:
    assert len(address(typed).country) == 2


def refused(**typed: object) -> str:
    with pytest.raises(ValidationError) as problems:
        Invoicing.model_validate(typed)
    return problems.value.errors()[0]["msg"]


def test_a_practice_says_when_and_how_it_bills_in_either_language() -> None:
    halves = [{"percent": "50"}, {"percent": "50", "when": "bij_afsluiting", "after_days": "14"}]
    rules = Invoicing.model_validate({"when": "in_termijnen", "instalments": halves, "prefix": "lin-"})
    assert (rules.when, rules.instalments[1].when, rules.instalments[1].after_days) == ("instalments", "at_closing", 14)
    assert (rules.prefix, rules.small_business, rules.goal, rules.remind.at_most) == ("LIN-", False, False, 2)
    assert Invoicing().when == "at_acceptance"


def test_instalments_are_the_whole_and_only_there_when_asked_for() -> None:
    assert refused(when="instalments") == "parts_needed"
    assert refused(when="instalments", instalments=[{"percent": "100"}]) == "parts_needed"
    assert refused(instalments=[{"percent": "50"}, {"percent": "50"}]) == "parts_unneeded"
    assert refused(when="instalments", instalments=[{"percent": "50"}, {"percent": "49"}]) == "parts_not_whole"


@pytest.mark.parametrize("typed", ["../", "F/2026", "F 1", "-F", "FACTUURNR", "É"])
def test_what_stands_before_a_number_fits_in_a_file_name(typed: str) -> None:
    assert refused(prefix=typed) == "bad_prefix"
