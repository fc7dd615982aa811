"""A client file: every key in both languages, every problem at once, and each in its place."""

from __future__ import annotations

import json
import re

import pytest

from pipeline.config.client import INVOICED, SYNONYMS, changed
from pipeline.config.source import read
from tests.config.reading import FULL, SANNE, SHORT, as_yaml, client, places, problems, refusal, with_key

DUTCH = {
    "client": ["klant", "cliënt", "coachee", "Klant"], "sponsor": ["opdrachtgever"], "name": ["naam", "Naam"],
    "salutation": ["aanhef"], "email": ["e-mail", "E-mail", "e_mail", "mail", "e mail"], "phone": ["telefoon", "tel"],
    "role": ["functie"], "organisation": ["organisatie", "organization"], "contact": ["contactpersoon"],
    "address": ["adres"], "kvk": ["KvK-nummer", "kvk nummer"], "purchase_order": ["inkoopnummer"], "goal": ["doel"],
    "lines": ["regels"], "description": ["omschrijving"], "quantity": ["aantal"], "unit": ["eenheid"],
    "unit_price": ["prijs", "stukprijs"], "vat": ["btw", "BTW"], "language": ["taal"],
    "receives": ["ontvangt", "ontvangen"], "quote": ["offerte"],
    "consent": ["toestemming", "toestemmingsverklaring"], "dossier": ["kenmerk"],
}  # fmt: skip
OWN = f"{SANNE}lines: [{{description: a, unit_price: 1, vat: 21"
SPONSOR = "sponsor: {organisation: W, contact: P, email: peter@work.example}\n"


@pytest.mark.parametrize(("key", "word"), [(key, word) for key, words in DUTCH.items() for word in words])
def test_every_key_may_be_typed_in_dutch(key: str, word: str) -> None:
    assert client(as_yaml(with_key(FULL, key, word))) == client(as_yaml(FULL))


@pytest.mark.parametrize("word", ["programme", "programma", "traject", "program", "Programma"])
def test_a_programme_goes_by_its_dutch_names_too(word: str) -> None:
    assert client(f"{SANNE}{word}: kort\n").programme == "kort"


@pytest.mark.parametrize(("word", "key"), SYNONYMS.items())
def test_every_synonym_can_be_typed_as_it_is_written(word: str, key: str) -> None:
    assert read(f'"{word}": x'.encode(), "f.yaml", synonyms=SYNONYMS).tree == {key: "x"}


@pytest.mark.parametrize("typed", ["Client", "CLIENT"])
def test_an_english_key_may_have_a_capital_as_a_dutch_one_may(typed: str) -> None:
    assert client(SHORT.replace("client", typed)) == client(SHORT)


@pytest.mark.parametrize("typed", ["klant", "Cliënt", "coachee", "client"])
def test_who_receives_is_said_in_either_language(typed: str) -> None:
    assert client(f"{SHORT}receives: {{quote: {typed}}}").receives.quote == "client"
    assert client(f"{SHORT}{SPONSOR}ontvangt: {{offerte: beide}}").receives.quote == "both"
    assert client(f"{SHORT}{SPONSOR}ontvangt: {{offerte: opdrachtgever}}").receives.quote == "sponsor"


def test_every_problem_of_a_file_is_said_at_once_each_in_its_place() -> None:
    text = (
        "klant:\n  naam: Sanne\n  e-mail: sanne\n  telefon: 06\n"
        "opdrachtgever:\n  organisatie: W\n  e-mail: p@work.example\n  kvk: 12\n"
        "regels:\n  - omschrijving: a\n    prijs: 1.250\n    btw: 19\n"
        "  -   omschrijving: b\n      aantal: 0\n      prijs: 1\n      btw: 9\ntaal: fr\ntaal: nl\nkenmerk: abc\n"
    )
    assert places(text) == [(3, 3), (4, 3), (5, 1), (8, 3), (11, 5), (12, 5), (14, 7), (17, 1), (18, 1), (19, 1)]
    assert all(re.match(r"jansen\.yaml:\d+:\d+: \S", line) for line in str(refusal(text)).split("\n"))


@pytest.mark.parametrize(
    "text",
    [f"{SANNE}programme: nope\nreceives: {{consent: sponsor}}\n", "client: {name: S}\nprogramme: nope\n",
     f"{SHORT}lines: [{{description: a, unit_price: 1, vat: 21}}]\nreceives: {{quote: sponsor}}\n"],
)  # fmt: skip
def test_what_two_values_disagree_about_is_said_at_once_too(text: str) -> None:
    assert len(problems(text)) == 2


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("nl", f"{SHORT}programa: kort\n", "3:1: 'programa' is hier geen bekend woord; bedoelt u 'programma'?"),
        ("nl", f"{SHORT}opdrachtgevr: x\n", "bedoelt u 'opdrachtgever'?"),
        ("nl", f"{SHORT}langage: nl\n", "3:1: 'langage' is hier geen bekend woord; bedoelt u 'taal'?"),
        ("en", f"{SHORT}langage: nl\n", "3:1: 'langage' is not a known word here; did you mean 'language'?"),
        ("en", f"{SHORT}dosier: K7Q4-MX2P\n", "3:1: 'dosier' is not a known word here; did you mean 'dossier'?"),
        ("en", "client: {name: S, email: s@home.example, cup: 42}\nprogramme: kort\n",
         "1:42: 'cup' is not a known word here; known are: name, formerly, email, salutation"),
        ("nl", "klant: {naam: S, e-mail: s@home.example, schoen: 42}\nprogramme: kort\n",
         "1:42: 'schoen' is hier geen bekend woord; bekend zijn: naam, voorheen, e-mail, aanhef"),
        ("nl", "klant: {e-mail: s@home.example}\nprogramma: kort\n", "1:1: 'naam' ontbreekt; vul het in"),
        ("en", "client: {email: s@home.example}\nprogramme: kort\n", "1:1: 'name' is missing; fill it in"),
        ("nl", "klant: {naam: S, name: T, e-mail: s@home.example}\nprogramma: kort\n",
         "1:18: 'name' staat hier al; laat er een van staan"),
        ("en", f"{SHORT}programma: loopbaan\n", "3:1: 'programma' stands here already; leave one of them"),
        ("en", "# nothing\n", "1:1: 'client' is missing; fill it in"),
        ("en", "- a\n", "1:1: lines of the form 'word: value' belong here"),
        ("en", f"{SHORT}lines: 3\n", "3:1: a list belongs here, each line starting with '- '"),
        ("en", "client:\nprogramme: kort\n", "1:1: lines of the form 'word: value' belong here"),
        ("en", "client: {name: , email: s@home.example}\nprogramme: kort\n", "1:10: nothing stands here; fill"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_the_coachs_language(language: str, text: str, said: str) -> None:
    assert said in "\n".join(problems(text, language=language))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SANNE, "1:1: there is nothing to quote"),
        (f"{SANNE}lines: []\n", "1:1: there is nothing to quote"),
        (f"{OWN}}}]\nprogramme: kort\n", "2:1: choose: a programme"),
        (f"{SANNE}programme: lang\n", "2:1: 'lang' is not in the catalogue of practice.yaml; it has: kort, loopbaan"),
        (f"{SHORT}receives: {{quote: both}}\n", "3:12: there is no sponsor"),
        (f"{SHORT}receives: {{consent: both}}\n", "3:12: the consent declaration goes to the client only"),
        (f"{SHORT}{SPONSOR}receives: {{quote: client}}\n", "4:12: who signs the quote must receive it"),
        (f"{SHORT}{SPONSOR.replace('peter@work', 'SANNE@Home')}", "3:40: sponsor and client have the same address"),
        (f"{SHORT}receives: {{quote: nobody}}\n", "3:12: 'nobody' cannot be used; choose from: client, sponsor, both"),
    ],
)
def test_what_cannot_be_carried_out_is_refused(text: str, said: str) -> None:
    assert [problem[: len(said)] for problem in problems(text, language="en")] == [said]


def test_a_programme_is_refused_where_the_practice_has_none() -> None:
    assert problems(SHORT, catalogue=())


def test_a_quote_has_two_hundred_lines_at_most() -> None:
    line = "\n- {description: a, unit_price: 1, vat: 21}"
    assert len(client(f"{SANNE}lines:{line * 200}").lines or []) == 200
    assert places(f"{SANNE}lines:{line * 201}") == [(2, 1)]


def test_too_many_lines_are_said_to_be_too_many() -> None:
    line = "\n- {description: a, unit_price: 1, vat: 21}"
    assert "a single value" not in problems(f"{SANNE}lines:{line * 201}", language="en")[0]


FACTS = json.loads(client(as_yaml(FULL)).model_dump_json())
LEAVES = [(key, part) for key, value in FACTS.items() for part in (value if isinstance(value, dict) else [""])]


@pytest.mark.parametrize(("key", "part"), LEAVES)
def test_of_two_files_it_is_told_what_differs_and_only_two_things_may_without_a_new_quote(key: str, part: str) -> None:
    other = {**FACTS, key: {**FACTS[key], part: "x"} if part else "x"}
    name = f"{key}.{part}" if part else key
    assert changed(FACTS, other) == changed(other, FACTS) == (set() if name in {"closed", "dossier"} else {name})
    assert (name in INVOICED) is (name in {"sponsor.purchase_order", "sponsor.address"})


def test_a_sponsor_who_comes_or_goes_differs_in_more_than_what_an_invoice_shows() -> None:
    alone = {**FACTS, "sponsor": None}
    assert changed(FACTS, alone) == changed(alone, FACTS) >= {"sponsor.organisation", "sponsor.email"} | INVOICED
