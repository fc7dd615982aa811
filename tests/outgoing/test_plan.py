"""Who receives what, who signs, and the names that say nothing about a person (P2, P3, G6)."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import tokens
from pipeline.config.client import ClientFile
from pipeline.config.fields import REFERENCE
from pipeline.config.practice import Reminders
from pipeline.model import OPENING, Kind, Party, Purpose
from pipeline.outgoing.plan import confirmations, deliveries, next_reminder, reminder, signer
from tests.config.reading import SHORT, problems

KEY = b"k" * 32
Mails = list[tuple[str, str, list[str], str]]
BOTH = ("client", "sanne@home.example", ["quote", "consent"], "quote_and_consent")
QUOTE = ("sponsor", "peter@work.example", ["quote"], "quote")
CONSENT = ("client", "sanne@home.example", ["consent"], "consent")
COPY = ("client", "sanne@home.example", ["consent", "quote"], "consent")


def client(sponsored: bool, quote: str | None = None, consent: str | None = None) -> ClientFile:
    facts: dict[str, object] = {
        "client": {"name": "Sanne", "email": "sanne@home.example"},
        "programme": "kort",
        "receives": {name: who for name, who in (("quote", quote), ("consent", consent)) if who},
    }
    sponsor = {"sponsor": {"organisation": "W", "contact": "P", "email": "peter@work.example"}}
    return ClientFile.model_validate(facts | (sponsor if sponsored else {}))


@pytest.mark.parametrize(
    ("sponsored", "quote", "consent", "mails"),
    [
        (False, None, None, [BOTH]), (False, "client", None, [BOTH]), (False, None, "client", [BOTH]),
        (True, None, None, [QUOTE, CONSENT]), (True, "sponsor", "client", [QUOTE, CONSENT]),
        (True, "both", None, [QUOTE, COPY]), (True, "both", "client", [QUOTE, COPY]),
    ],
)  # fmt: skip
def test_each_receives_what_is_theirs(sponsored: bool, quote: str | None, consent: str | None, mails: Mails) -> None:
    planned = deliveries(client(sponsored, quote, consent))
    assert [(str(m.party), m.recipient, list(map(str, m.kinds)), m.text) for m in planned] == mails


@pytest.mark.parametrize(
    ("sponsored", "quote", "consent"),
    [(True, "client", None), (False, "sponsor", None), (False, "both", None), (True, None, "sponsor"),
     (True, None, "both"), (False, None, "both")],
)  # fmt: skip
def test_no_file_can_ask_that_who_signs_is_left_out_or_that_a_sponsor_reads_a_consent(
    sponsored: bool, quote: str | None, consent: str | None
) -> None:
    receives = ", ".join(f"{name}: {who}" for name, who in (("quote", quote), ("consent", consent)) if who)
    sponsor = "sponsor: {organisation: W, contact: P, email: peter@work.example}\n" if sponsored else ""
    refused = problems(f"{SHORT}{sponsor}receives: {{{receives}}}\n", language="en")
    assert len(refused) == 1 and refused[0].startswith("4:12: " if sponsored else "3:12: ")


def test_the_sponsor_signs_the_quote_where_there_is_one_and_the_client_all_else() -> None:
    assert signer(client(sponsored=True), Kind.QUOTE) is Party.SPONSOR
    assert signer(client(sponsored=False), Kind.QUOTE) is Party.CLIENT
    assert {signer(client(sponsored), Kind.CONSENT) for sponsored in (True, False)} == {Party.CLIENT}


def test_names_are_the_same_each_time_and_fit_their_shape() -> None:
    first, second = (
        (
            tokens.reference(KEY, "ab", 0), tokens.client_key(KEY, "Sanne", "s@home.example"),
            tokens.message_token(KEY, "K7Q4-MX2P", 1, Party.CLIENT), tokens.page_tag(KEY, "K7Q4-MX2P", Kind.QUOTE, 1),
        )
        for _ in range(2)
    )  # fmt: skip
    assert first == second
    letters = tokens.ALPHABET
    for name, shape in zip(
        first, (REFERENCE.pattern, f"[{letters}]{{26}}", f"[{letters.lower()}]{{20}}", f"[{letters}]{{5}}"), strict=True
    ):
        assert re.fullmatch(shape, name)


def test_the_alphabet_has_no_letter_that_is_mistaken_for_another() -> None:
    assert len(set(tokens.ALPHABET)) == 32 and not set("ILOU") & set(tokens.ALPHABET)


def test_ten_thousand_names_are_ten_thousand_different_ones() -> None:
    references = {tokens.reference(KEY, str(number), 0) for number in range(10_000)}
    sent = {tokens.message_token(KEY, f"D{n // 10}", n % 10, party) for n in range(5_000) for party in Party}
    assert (len(references), len(sent)) == (10_000, 15_000)
    assert {letter for reference in references for letter in reference} == {*tokens.ALPHABET, "-"}


def test_a_mail_of_another_purpose_or_round_has_a_token_of_its_own_and_documents_keep_theirs() -> None:
    asked = ("K7Q4-MX2P", 1, Party.CLIENT)
    rounds = {tokens.message_token(KEY, *asked, purpose, n) for purpose in Purpose for n in range(20)}
    assert len(rounds) == 1 + (len(Purpose) - 1) * 20
    assert tokens.message_token(KEY, *asked) == "ycjzm6zj9yfcntcptn69"
    assert tokens.message_token(KEY, *asked) in rounds


REMINDED = [
    (False, Party.CLIENT, {Kind.QUOTE, Kind.CONSENT}, ["quote", "consent"]),
    (False, Party.CLIENT, {Kind.CONSENT}, ["consent"]),
    (True, Party.CLIENT, {Kind.QUOTE, Kind.CONSENT}, ["consent"]),
    (True, Party.SPONSOR, {Kind.QUOTE, Kind.CONSENT}, ["quote"]),
    (True, Party.SPONSOR, {Kind.CONSENT}, None),
    (True, Party.CLIENT, {Kind.QUOTE}, None),
    (False, Party.SPONSOR, {Kind.QUOTE}, None),
    (False, Party.COACH, {Kind.QUOTE}, None),
]


@pytest.mark.parametrize(("sponsored", "party", "asked", "kinds"), REMINDED)
def test_a_reminder_is_only_of_what_that_person_signs(
    sponsored: bool, party: Party, asked: set[Kind], kinds: list[str] | None
) -> None:
    made = reminder(client(sponsored), party, asked, 2)
    assert (made and list(map(str, made.kinds))) == kinds
    assert made is None or (made.text, made.round, made.purpose) == ("reminder", 2, Purpose.REMINDER)


def test_each_gets_back_what_they_signed_and_the_coach_a_note() -> None:
    said = [
        [
            (str(m.party), m.recipient, list(map(str, m.kinds)), m.text)
            for m in confirmations(client(sponsored), "own@x")
        ]
        for sponsored in (True, False)
    ]
    note = ("coach", "own@x", ["quote", "consent"], "note")
    assert said == [
        [("sponsor", "peter@work.example", ["quote"], "countersigned"),
         ("client", "sanne@home.example", ["consent"], "countersigned"), note],
        [("client", "sanne@home.example", ["quote", "consent"], "countersigned"), note],
    ]  # fmt: skip


def test_a_copy_for_information_is_not_a_copy_that_was_signed() -> None:
    (mine,) = (m for m in confirmations(client(sponsored=True, quote="both"), "own@x") if m.party is Party.CLIENT)
    assert mine.kinds == (Kind.CONSENT,)


DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
RULES = st.builds(Reminders, first_after_days=st.integers(1, 365), every_days=st.integers(1, 365))


@given(DAYS, DAYS, RULES)
def test_the_next_reminder_counts_from_the_one_that_went(asked: date, last: date, rules: Reminders) -> None:
    assert (next_reminder(asked, None, rules) - asked).days == rules.first_after_days
    assert (next_reminder(asked, last, rules) - last).days == rules.every_days


PART = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)


@settings(deadline=None, max_examples=100)
@given(PART, PART, st.binary(min_size=16, max_size=32))
def test_another_key_gives_other_names(name: str, email: str, key: bytes) -> None:
    assert (tokens.client_key(key, name, email) == tokens.client_key(KEY, name, email)) == (key == KEY)
    assert (tokens.reference(key, name, 0) == tokens.reference(KEY, name, 0)) == (key == KEY)


@settings(deadline=None, max_examples=100)
@given(st.tuples(PART, PART), st.tuples(PART, PART))
def test_two_people_have_two_keys_also_behind_one_address(one: tuple[str, str], other: tuple[str, str]) -> None:
    same = [(" ".join(name.casefold().split()), email.casefold()) for name, email in (one, other)]
    keys = [tokens.client_key(KEY, name, email) for name, email in (one, other)]
    assert (keys[0] == keys[1]) == (same[0] == same[1])


def test_a_name_typed_with_other_capitals_and_spaces_is_the_same_person() -> None:
    assert tokens.client_key(KEY, " sanne  JANSEN", "S@home.example") == tokens.client_key(
        KEY, "Sanne Jansen", "s@Home.example"
    )


def test_every_page_tag_belongs_to_one_page_code() -> None:
    tags = {tokens.page_tag(KEY, "K7Q4-MX2P", kind, version) for kind in OPENING for version in range(1, 50)}
    assert len(tags) == 98
