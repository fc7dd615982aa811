"""No personal data in mail: a name, an address or a goal is found however it is written; ordinary words are not."""

from __future__ import annotations

import html
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.config.client import ClientFile
from pipeline.policy.contents import EVERYWHERE, personal_data_in, values_of

FILE = ClientFile.model_validate(
    {
        "client": {"name": "Sanne van den Brink-Ådal", "formerly": "Sanne Kortekaas", "email": "s.brink@home.example",
                   "phone": "06 5555 0142", "role": "Teamleider Zorg", "organisation": "Stichting Waterrijk"},
        "sponsor": {"organisation": "Gemeente Hogeveld", "contact": "Peter de Vries", "email": "p@work.example",
                    "address": "Dorpsplein 14\n9999 XK Hogeveld", "kvk": "87654321", "purchase_order": "INK-2026-77"},
        "goal": "Rustiger worden\nen weer plezier hebben in een eigen team",
        "lines": [{"description": "Zes gesprekken over verlies na een scheiding", "unit_price": "165.00", "vat": "21"}],
    }
)  # fmt: skip
VALUES = values_of(FILE)
ORDINARY = (
    "Beste mevrouw,\n\nBij deze mail vindt u mijn offerte voor de begeleiding van de cliënt. Stuur ze vóór 2 december"
    " 2026 terug. In de bijlage: K7Q4-MX2P-1-v1.pdf. Met rust en plezier in uw team, en de groeten van het plein.\n"
    "Marjan Vermeer\nPraktijk De Linde\nLindelaan 12, 3571 AB Utrecht\n030 555 01 23\n"
)
letters = st.text(st.characters(whitelist_categories=["Lu", "Ll"], max_codepoint=0x17F), min_size=4, max_size=12)


def found(text: str, place: str = "text", allow: dict[str, set[str]] | None = None) -> set[str]:
    """Give the fields that can be read in one text."""
    return set(personal_data_in({place: text}, VALUES, allow or {}))


def test_an_ordinary_mail_shows_nobody() -> None:
    assert found(ORDINARY) == found(ORDINARY, "html") == set()


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("over Sanne", "client.name"),
        ("SANNE", "client.name"),
        ("Mw. Brink", "client.name"),
        ("Van den Brink-Adal, S.", "client.name"),
        ("San\u00adne Brink", "client.name"),
        ("Sa\u200bnne", "client.name"),
        ("mevrouw Kortekaas", "client.formerly"),
        ("https://praktijk.example/sanne/offerte", "client.name"),
        ("sanne_brink.pdf", "client.name"),
        ("schrijf naar S.Brink@HOME.example", "client.email"),
        ("s.brink%40home.example", "client.email"),
        ("+31 6 55550142", "client.phone"),
        ("0031-6-5555.0142", "client.phone"),
        ("tel. 06/55 55 01 42", "client.phone"),
        ("(06) 5555 0142", "client.phone"),
        ("als teamleider zorg", "client.role"),
        ("bij Waterrijk", "client.organisation"),
        ("voor Hogeveld", "sponsor.organisation"),
        ("meneer De Vries", "sponsor.contact"),
        ("dorpsplein 14", "sponsor.address"),
        ("9999XK Hogeveld", "sponsor.address"),
        ("KvK 87 65 43 21", "sponsor.kvk"),
        ("uw ink-2026-77", "sponsor.purchase_order"),
        ("doel: weer plezier hebben in een", "goal"),
        ("plezier hebben in een eigen team", "goal"),
        ("zes gesprekken over verlies na iets", "lines.1.description"),
    ],
)
def test_each_field_is_found_however_it_is_written(written: str, field: str) -> None:
    assert field in found(f"Hallo, dit gaat {written}, zoals besproken.")
    assert field in found(f"<p>Hallo, dit gaat <b>{html.escape(written)}</b> zoals besproken.</p>", "html")


@pytest.mark.parametrize(
    "hidden",
    [
        "<p>S<b>ann</b>e</p>", "<!-- Sanne -->", '<img alt="Sanne">', '<a href="https://x.example/?q=Sanne">hier</a>',
        "<p>&#83;anne</p>", "<title>Sanne</title>", '<p data-x="Brink">', "<p style=\"content: 'Sanne'\">",
        "<style>p::before {content: 'Sanne'}</style>", "<script>var a = 'Sanne'</script>",
        '<a href="https://x.example/sanne">hier</a>',
    ],
)  # fmt: skip
def test_what_an_html_mail_hides_is_found_too(hidden: str) -> None:
    assert "client.name" in found(f"<html><body><p>Hallo</p>{hidden}</body></html>", "html")


@pytest.mark.parametrize("place", ["header X-Note 7", "file 3"])
def test_in_a_header_or_the_name_of_a_file_a_name_counts_without_its_capital(place: str) -> None:
    assert found("brink", place) == {"client.name"}
    assert found("de brink is een plein") == set()


def test_what_is_allowed_may_stand_there_once_and_nowhere_else() -> None:
    greeting = "Beste Sanne van den Brink-Ådal,"
    assert found(f"{greeting}\n\nHierbij.", allow={"text": {greeting}}) == set()
    assert found(f"{greeting}\n\nHierbij, Sanne.", allow={"text": {greeting}}) == {"client.name", "client.formerly"}
    assert "client.name" in found(f"{greeting}\n\n{greeting}", allow={"text": {greeting}})
    assert "client.name" in found(greeting, "subject", allow={"text": {greeting}})
    assert found("s.brink@home.example", "to", allow={"to": {"s.brink@home.example"}}) == set()
    assert "client.email" in found("s.brink@home.example", allow={"to": {"s.brink@home.example"}})


def test_the_practices_own_name_is_nobodys_data() -> None:
    text = "Praktijk Brink en Waterrijk, Brink 3"
    assert "client.name" in found(text)
    own = {"Praktijk Brink en Waterrijk", "Brink 3"}
    assert personal_data_in({"text": text}, VALUES, {EVERYWHERE: own}) == []


@pytest.mark.parametrize("month", ["May", "March", "April", "June"])
def test_a_date_is_no_name(month: str) -> None:
    values = {"client.name": f"{month} Stone"}
    assert personal_data_in({"text": f"before 3 {month} 2027, please"}, values, {}) == []
    assert personal_data_in({"text": f"dear {month}, please"}, values, {}) == ["client.name"]


def test_the_programme_and_the_language_say_nothing_of_her() -> None:
    file = ClientFile.model_validate(
        {"client": {"name": "Sanne", "email": "s@home.example"}, "programme": "kort", "language": "nl"}
    )
    assert set(values_of(file)) == {"client.name", "client.email"}


@given(st.lists(letters, min_size=1, max_size=3), st.sampled_from(["text", "html", "subject", "file 1", "to"]))
@example(["Straße", "Ōe"], "html")
@example(["Max"], "html")
def test_a_name_of_any_letters_is_found_wherever_it_stands(parts: list[str], place: str) -> None:
    name = " ".join(part.capitalize() for part in parts)
    for text in (name, f"x {name.upper()} x", quote(f"x {name}"), f"x, {name}!"):
        body = f"<p>{html.escape(text)}</p>" if place == "html" else text
        assert personal_data_in({place: body}, {"client.name": name}, {}) == ["client.name"]
