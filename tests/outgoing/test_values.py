"""What a template is given: finished text in its language, and the goal only where all may see it (P4, G7)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import newpractice
from pipeline.config.client import ClientFile
from pipeline.config.practice import PracticeFile, read_practice_file
from pipeline.model import OPENING, Kind, Party
from pipeline.outgoing.values.base import (
    Revision,
    Values,
    day,
    document_values,
    greeting,
    mail_values,
    money,
    percent,
    valid_until,
)
from pipeline.policy.policy import Policy, read_policy
from tests.world import World

REF = "K7Q4-MX2P"
SPONSOR = {"organisation": "Work", "contact": "Peter de Vries", "email": "peter@work.example"}
LINES = [
    {"description": "Gesprek", "quantity": "1,5", "unit": "uur", "unit_price": "1.250,00", "vat": "21"},
    {"description": "Training", "unit_price": "100", "vat": "vrijgesteld"},
]


@pytest.fixture(scope="module")
def file() -> PracticeFile:
    return read_practice_file(newpractice.shipped())


@pytest.fixture(scope="module")
def policy() -> Policy:
    return read_policy("kleur", newpractice.shipped(), "nl")


def revision(number: int = 1, on: date = date(2026, 2, 28), **facts: object) -> Revision:
    person = {"name": "Sanne Jansen", "email": "sanne@home.example"}
    client = ClientFile.model_validate({"client": person, "lines": LINES, "goal": "Rust"} | facts)
    return Revision(REF, number, "2026-0007", on, client, date(2026, 1, 31) if number > 1 else None)


def texts(values: object) -> str:
    """Give everything that a template could print."""
    if isinstance(values, dict):
        return "\n".join(texts(value) for value in values.values())
    if isinstance(values, list):
        return "\n".join(map(texts, values))
    return "" if values is None else str(values)


@pytest.mark.parametrize("kind", list(OPENING))
@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_value_is_finished_text(file: PracticeFile, policy: Policy, kind: Kind, language: str) -> None:
    def only_text(value: object) -> bool:
        if isinstance(value, dict):
            return all(map(only_text, value.values()))
        return all(map(only_text, value)) if isinstance(value, list) else value is None or isinstance(value, str)

    for sponsor in (None, SPONSOR):
        values = document_values(revision(sponsor=sponsor, language=language), kind, file, policy)
        assert only_text(values)
        assert "None" not in texts(values)


@pytest.mark.parametrize(
    ("sponsor", "allowed", "kind", "shown"),
    [
        (None, False, Kind.QUOTE, True), (None, True, Kind.QUOTE, True), (SPONSOR, False, Kind.QUOTE, False),
        (SPONSOR, True, Kind.QUOTE, True), (None, True, Kind.CONSENT, False), (SPONSOR, True, Kind.CONSENT, False),
    ],
)  # fmt: skip
def test_the_goal_is_there_only_where_all_who_receive_the_document_may_see_it(
    file: PracticeFile, policy: Policy, sponsor: object, allowed: bool, kind: Kind, shown: bool
) -> None:
    rules = file.model_copy(update={"quote": file.quote.model_copy(update={"goal_to_sponsor": allowed})})
    values = document_values(revision(sponsor=sponsor, goal="GOAL-CANARY"), kind, rules, policy)
    assert ("GOAL-CANARY" in texts(values)) is shown


@pytest.mark.parametrize("party", list(Party))
def test_a_mail_has_neither_goal_nor_amounts(file: PracticeFile, policy: Policy, party: Party) -> None:
    values = mail_values(revision(sponsor=SPONSOR, goal="GOAL-CANARY"), party, list(OPENING), file, policy)
    assert "GOAL-CANARY" not in texts(values)
    assert "€" not in texts(values) and "1.250" not in texts(values)


def test_a_mail_names_its_documents_by_reference_and_says_which_is_a_copy(file: PracticeFile, policy: Policy) -> None:
    made = revision(2, sponsor=SPONSOR)
    values = mail_values(made, Party.CLIENT, [Kind.CONSENT, Kind.QUOTE], file, policy)
    assert values["attachments"] == [
        {"file": f"{REF}-2-v2.pdf", "title": "de toestemmingsverklaring"},
        {"file": f"{REF}-1-v2.pdf", "title": "de offerte 2026-0007 (een kopie, ter informatie)"},
    ]
    assert values["greeting"] == "Beste Sanne Jansen," and values["signer"] == "client"


GREETINGS = [
    ("nl", None, "Beste Sanne Jansen,"), ("en", None, "Dear Sanne Jansen,"),
    ("nl", "mevrouw Jansen", "Beste mevrouw Jansen,"),
    ("en", "Ms Jansen", "Dear Ms Jansen,"), ("nl", "Geachte mevrouw Jansen,", "Geachte mevrouw Jansen,"),
    ("nl", "Lieve Sanne", "Lieve Sanne,"), ("en", "Dear Sanne", "Dear Sanne,"), ("nl", "Sanne,", "Beste Sanne,"),
    ("nl", "dag Sanne", "dag Sanne,"), ("nl", "Dagmar", "Beste Dagmar,"),
    ("nl", "Bestebreurtje", "Beste Bestebreurtje,"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "salutation", "line"), GREETINGS)
def test_a_person_is_greeted_as_the_coach_typed(language: str, salutation: str | None, line: str) -> None:
    client = {"name": "Sanne Jansen", "email": "sanne@home.example", "salutation": salutation}
    person = {key: value for key, value in client.items() if value}
    assert greeting(revision(client=person).client, Party.CLIENT, language) == line


def test_a_sponsor_is_greeted_by_the_contact_and_reads_no_greeting_of_the_client(
    file: PracticeFile, policy: Policy
) -> None:
    values = document_values(revision(sponsor=SPONSOR), Kind.QUOTE, file, policy)
    assert values["greeting"] == "Beste Peter de Vries," and values["signer"] == "sponsor"
    assert document_values(revision(sponsor=SPONSOR), Kind.CONSENT, file, policy)["greeting"] == "Beste Sanne Jansen,"


def test_money_dates_and_rates_are_written_as_people_of_the_language_write_them() -> None:
    assert [money(Decimal("1250.5"), language) for language in ("nl", "en")] == ["€\u00a01.250,50", "€1,250.50"]
    assert [money(Decimal("-0.05"), language) for language in ("nl", "en")] == ["€\u00a0-0,05", "-€0.05"]
    assert [day(date(2026, 3, 1), language) for language in ("nl", "en")] == ["1 maart 2026", "1 March 2026"]
    assert [percent(Decimal(21), "nl"), percent(Decimal(0), "en")] == ["21%", "0%"]
    assert [percent(None, language) for language in ("nl", "en")] == ["vrijgesteld", "exempt"]


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10**13))
def test_an_amount_loses_no_cent_in_writing(cents: int) -> None:
    for language, ignored, comma in (("nl", "€\u00a0.", ","), ("en", "€,", ".")):
        plain = money(Decimal(cents).scaleb(-2), language).translate({ord(character): None for character in ignored})
        assert Decimal(plain.replace(comma, ".")) == Decimal(cents).scaleb(-2)


def test_the_lines_of_a_quote_add_up_on_paper(file: PracticeFile, policy: Policy) -> None:
    values = document_values(revision(), Kind.QUOTE, file, policy)
    assert [(line["quantity"], line["unit_price"], line["vat"], line["amount"]) for line in values["lines"]] == [
        ("1,5", "€\u00a01.250,00", "21%", "€\u00a01.875,00"), ("1", "€\u00a0100,00", "vrijgesteld", "€\u00a0100,00"),
    ]  # fmt: skip
    assert values["total"] == {
        "excluding": "€\u00a01.975,00", "vat": "€\u00a0393,75", "including": "€\u00a02.368,75",
    }  # fmt: skip
    assert [row["rate"] for row in values["vat"]] == ["21%", "vrijgesteld"]


@pytest.mark.parametrize(
    ("on", "days", "until"),
    [
        (date(2028, 1, 30), 30, date(2028, 2, 29)), (date(2027, 1, 30), 30, date(2027, 3, 1)),
        (date(2028, 2, 29), 365, date(2029, 2, 28)), (date(2026, 12, 31), 1, date(2027, 1, 1)),
        (date(2026, 3, 28), 30, date(2026, 4, 27)),
    ],
)  # fmt: skip
def test_a_quote_is_valid_for_whole_days_whatever_the_calendar(
    file: PracticeFile, on: date, days: int, until: date
) -> None:
    rules = file.model_copy(update={"quote": file.quote.model_copy(update={"valid_days": days})})
    assert valid_until(revision(on=on), rules) == until


def test_the_day_of_a_quote_is_the_practices_day(world: World) -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    with world.opened() as practice:
        assert practice.today(new_year) == date(2027, 1, 1)
        assert practice.today(new_year - timedelta(hours=1)) == date(2026, 12, 31)
        assert practice.today(datetime(2026, 6, 30, 22, 0, tzinfo=UTC)) == date(2026, 7, 1)


def test_a_first_version_replaces_nothing_and_a_second_says_what(file: PracticeFile, policy: Policy) -> None:
    def replaces(number: int, language: str) -> Values:
        made = revision(number, language=language)
        document: Values = document_values(made, Kind.QUOTE, file, policy)["document"]
        return document

    assert replaces(1, "nl")["replaces"] is None
    assert replaces(2, "nl")["replaces"] == "versie 1 van 31 januari 2026"
    assert replaces(3, "en")["replaces"] == "version 2 of 31 January 2026"
    assert replaces(3, "en")["code"] == f"{REF}-1" and replaces(3, "en")["version"] == "3"


def test_a_programme_of_the_catalogue_gives_its_name_and_lines(file: PracticeFile, policy: Policy) -> None:
    values = document_values(revision(lines=None, programme="loopbaan"), Kind.QUOTE, file, policy)
    assert values["programme"]["name"] == "Loopbaancoaching" and len(values["lines"]) == 3


def test_questions_are_asked_in_the_language_of_the_document(file: PracticeFile, policy: Policy) -> None:
    values = document_values(revision(language="en"), Kind.CONSENT, file, policy)
    assert [question["name"] for question in values["questions"]] == [
        "coaching", "profile_take", "report_receive", "keep_in_touch",
    ]  # fmt: skip
    assert values["questions"][0]["text"].startswith("I consent")
    assert values["statement"]["title"] == "Privacy statement"
