"""The types of what people type: what each takes, what it gives, and what it refuses (P3, B4, B5)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from pipeline.config import fields
from tests.config.reading import SANNE, problems

Read = Callable[[object], object]


def refused(read: Read, typed: str) -> str:
    """Give the name of the sentence with which `typed` is refused."""
    with pytest.raises(PydanticCustomError) as caught:
        read(typed)
    return caught.value.message_template


@pytest.mark.parametrize(
    ("typed", "euro"),
    [
        ("1250", "1250.00"), ("1250,00", "1250.00"), ("1.250,00", "1250.00"), ("1,250.00", "1250.00"),
        ("1250.00", "1250.00"), ("1.250.000,50", "1250000.50"), ("€ 1.250,00", "1250.00"), ("€1250", "1250.00"),
        ("0", "0.00"), ("0,05", "0.05"), ("-25,00", "-25.00"), ("1 250,00", "1250.00"), ("1\u00a0250,00", "1250.00"),
        ("999999999", "999999999.00"),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_people_write_it(typed: str, euro: str) -> None:
    assert str(fields.amount(typed)) == euro


@pytest.mark.parametrize(
    "typed", ["1.250", "1,250", "12,5", "12.345", "1,250,000", "1.250,000", "12.50.00", "1250,-", "1e3", "EUR 5", "--5",
              "5 euro", "1,25,00", "1.2500,00", ",50", "5,", "NaN", "Infinity", "0x10", "1234567890"],
)  # fmt: skip
def test_an_amount_that_can_be_read_two_ways_or_not_at_all_is_refused(typed: str) -> None:
    assert refused(fields.amount, typed) == "bad_amount"


def test_an_amount_in_which_one_sign_means_two_things_is_refused() -> None:
    assert refused(fields.amount, "1.250.00") == "bad_amount"


@settings(deadline=None, max_examples=200)
@given(st.integers(-99_999_999_999, 99_999_999_999))
def test_every_amount_comes_back_however_it_was_written(cents: int) -> None:
    euro = Decimal(cents).scaleb(-2)
    english = f"{euro:,.2f}"
    dutch = english.translate(str.maketrans(",.", ".,"))
    assert fields.amount(english) == fields.amount(dutch) == fields.amount(str(euro)) == euro


@pytest.mark.parametrize(
    ("typed", "rate"), [("21", "21"), ("21%", "21"), ("9 %", "9"), ("0", "0"), ("vrijgesteld", None), ("Exempt", None)]
)
def test_a_vat_rate_is_one_of_the_dutch_ones(typed: str, rate: str | None) -> None:
    assert fields.vat(typed) == (None if rate is None else Decimal(rate))


@pytest.mark.parametrize("typed", ["19", "6", "21,0", "-21", "2 1", "ja", "%", "0.21"])
def test_another_vat_rate_is_refused(typed: str) -> None:
    assert refused(fields.vat, typed) == "bad_vat"


@pytest.mark.parametrize(("typed", "number"), [("1", "1"), ("1,5", "1.5"), ("0.125", "0.125"), ("000012", "12")])
def test_a_quantity_is_above_zero(typed: str, number: str) -> None:
    assert fields.number(typed) == Decimal(number)


@pytest.mark.parametrize("typed", ["0", "0,000", "-1", "1,2345", "1.000,5", "half", "1234567", "1e2", "½", "²"])
def test_a_quantity_that_is_none_is_refused(typed: str) -> None:
    assert refused(fields.number, typed) == "bad_number"


@pytest.mark.parametrize(
    ("typed", "iban"),
    [("NL02 ABNA 0123 4567 89", "NL02 ABNA 0123 4567 89"), ("nl02abna0123456789", "NL02 ABNA 0123 4567 89"),
     ("BE68539007547034", "BE68 5390 0754 7034"), ("DE89370400440532013000", "DE89 3704 0044 0532 0130 00")],
)  # fmt: skip
def test_an_iban_is_given_in_groups_of_four(typed: str, iban: str) -> None:
    assert fields.iban(typed) == iban


@settings(deadline=None, max_examples=60)
@given(at=st.integers(2, 17), digit=st.integers(1, 9))
def test_one_wrong_digit_in_an_iban_is_noticed(at: int, digit: int) -> None:
    right = "NL02ABNA0123456789"
    changed = str((int(right[at]) + digit) % 10) if right[at].isdigit() else chr(ord(right[at]) + digit)
    assert refused(fields.iban, right[:at] + changed + right[at + 1 :]) == "bad_iban"


@pytest.mark.parametrize("typed", ["NL02", "NL02-ABNA-0123-4567-89", "0123456789", "XX00", "NL02ABNA01234567890"])
def test_what_is_no_iban_is_refused(typed: str) -> None:
    assert refused(fields.iban, typed) == "bad_iban"


@pytest.mark.parametrize("typed", ["NL02ÉBNA0123456789", "NL02ABNA012345678²"])
def test_a_strange_letter_in_an_iban_is_said_to_be_a_wrong_iban(typed: str) -> None:
    assert refused(fields.iban, typed) == "bad_iban"


SHAPED: list[tuple[Any, str, str | None]] = [
    (fields.Kvk, "12345678", "12345678"), (fields.Kvk, "1234 5678", "12345678"), (fields.Kvk, "01234567", "01234567"),
    (fields.Kvk, "1234567", None), (fields.Kvk, "123456789", None), (fields.Kvk, "١٢٣٤٥٦٧٨", None),
    (fields.Btw, "NL123456789B01", "NL123456789B01"), (fields.Btw, "nl 1234.56.789.b01", "NL123456789B01"),
    (fields.Btw, "NL123456789", None), (fields.Btw, "BE0123456789", None), (fields.Btw, "NL123456789B1", None),
    (fields.Reference, "K7Q4-MX2P", "K7Q4-MX2P"), (fields.Reference, " k7q4-mx2p ", "K7Q4-MX2P"),
    (fields.Reference, "K7Q4MX2P", None), (fields.Reference, "K7Q4-MXIP", None),
    (fields.Reference, "K7Q4-MX2P-1", None),
    (fields.Language, "Nederlands", "nl"), (fields.Language, "EN", "en"), (fields.Language, "de", None),
    (fields.FileName, "quote.docx", "quote.docx"), (fields.FileName, "eigen/offerte.html", "eigen/offerte.html"),
    (fields.FileName, "../x.html", None), (fields.FileName, "/etc/passwd", None), (fields.FileName, "a\\b.html", None),
    (fields.Url, "https://delinde.example/privacy", "https://delinde.example/privacy"),
    (fields.Url, "javascript:alert(1)", None), (fields.Url, "delinde.example", None),
    (fields.Url, 'https://a.example/"><b', None), (fields.Url, "file:///etc/passwd", None),
    (fields.Timezone, "Europe/Amsterdam", "Europe/Amsterdam"), (fields.Timezone, "Amsterdam", None),
    (fields.Timezone, "../../etc/passwd", None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "typed", "given"), SHAPED)
def test_numbers_names_and_addresses_have_a_shape(kind: Any, typed: str, given: str | None) -> None:
    adapter: TypeAdapter[object] = TypeAdapter(kind)
    if given is None:
        with pytest.raises(ValidationError):
            adapter.validate_python(typed)
    else:
        assert adapter.validate_python(typed) == given


def test_yes_and_no_are_words_in_both_languages() -> None:
    assert [fields.yes_no(typed) for typed in ("ja", "Yes", "TRUE", "nee", "no", "False")] == [True] * 3 + [False] * 3
    assert refused(fields.yes_no, "misschien") == "bad_yes_no"


@pytest.mark.parametrize(
    ("typed", "code"),
    [("a\tb", "U+0009"), ("a\x1bb", "U+001B"), ("a\x85b", "U+0085"), ("a\u2028b", "U+2028"), ("a\u202eb", "U+202E"),
     ("a\u2066b", "U+2066"), ("a\rb", "U+000D"), ("a\x00b", "U+0000")],
)  # fmt: skip
def test_characters_that_no_reader_sees_are_refused_by_their_number(typed: str, code: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        fields.lines(typed)
    assert caught.value.context == {"code": code}


VERBATIM = ["Ñandú", "李小龙", "محمد", "O'Brien & <b>", "{{ goal }} {% x %}", "👩‍🚒", "=?UTF-8?Q?=0A?="]


@pytest.mark.parametrize("typed", VERBATIM)
def test_free_text_is_kept_verbatim(typed: str) -> None:
    assert fields.line(f"  {typed} ") == typed


def test_free_text_has_a_length_and_a_line_its_end() -> None:
    assert len(fields.lines("x" * 10_000)) == 10_000
    assert refused(fields.lines, "x" * 10_001) == "too_long"
    assert refused(fields.line, "a\nb") == "one_line"
    assert refused(fields.line, "   ") == "empty"


def test_a_list_where_a_value_belongs_is_said_so() -> None:
    assert problems(f"{SANNE}programme: [kort]\n") == ["2:1: hier hoort een enkele waarde te staan"]
