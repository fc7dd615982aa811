"""A client file: who is coached, who pays, what for, and who receives what; keys in Dutch or in English.

Takes the bytes of `drop/clients/*.yaml` and the practice's catalogue; leaves one frozen `ClientFile` whose every value
has been checked, or `FileProblems` with all that must be mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from pipeline.config.fields import (
    Amount,
    Email,
    Kvk,
    Language,
    Line,
    Lines,
    Number,
    Reference,
    Vat,
    YesNo,
    choice,
    problem,
)
from pipeline.config.problems import Disagreement, Strict, load
from pipeline.config.source import Tree
from pipeline.errors import PrintFailed
from pipeline.words import say

SYNONYMS = {
    "klant": "client", "cliënt": "client", "coachee": "client",
    "opdrachtgever": "sponsor",
    "naam": "name", "voorheen": "formerly",
    "aanhef": "salutation", "e-mail": "email", "e_mail": "email", "mail": "email",
    "telefoon": "phone", "tel": "phone", "functie": "role", "organisatie": "organisation",
    "contactpersoon": "contact", "adres": "address", "kvk_nummer": "kvk", "inkoopnummer": "purchase_order",
    "doel": "goal", "programma": "programme", "traject": "programme", "program": "programme",
    "organization": "organisation",
    "regels": "lines", "omschrijving": "description", "aantal": "quantity", "eenheid": "unit",
    "prijs": "unit_price", "stukprijs": "unit_price", "btw": "vat",
    "taal": "language", "ontvangt": "receives", "ontvangen": "receives", "offerte": "quote",
    "toestemming": "consent", "toestemmingsverklaring": "consent", "kenmerk": "dossier",
    "versleutelen": "encrypt", "gesloten": "closed", "afgesloten": "closed",
}  # fmt: skip
"""The Dutch words (and the other spellings) of each key; the first of several is the one we say."""

DUTCH_WHO = {"klant": "client", "cliënt": "client", "coachee": "client", "opdrachtgever": "sponsor", "beide": "both"}
Who = Annotated[Literal["client", "sponsor", "both"], choice("client", "sponsor", "both", **DUTCH_WHO)]


DAYS = ("%Y-%m-%d", "%d-%m-%Y")
"""How a day is written."""


def _day(value: object) -> date:
    for form in DAYS:
        try:
            return datetime.strptime(str(value).strip(), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise problem("not_a_day", value=str(value)[:80])


Day = Annotated[date, BeforeValidator(_day)]


class Client(Strict):
    """The person who is coached; `formerly` is the name in the dossier, when it has changed."""

    name: Line
    formerly: Line | None = None
    email: Email
    salutation: Line | None = None
    phone: Line | None = None
    role: Line | None = None
    organisation: Line | None = None


class Sponsor(Strict):
    """Who pays: an employer, a municipality; the contact person receives the quote."""

    organisation: Line
    contact: Line
    email: Email
    salutation: Line | None = None
    address: Lines | None = None
    kvk: Kvk | None = None
    purchase_order: Line | None = None


class QuoteLine(Strict):
    """One line of a quote: amounts in euro without VAT; `vat` is a percentage, or None for exempt."""

    description: Lines
    quantity: Number = Decimal(1)
    unit: Line | None = None
    unit_price: Amount
    vat: Vat


class Receives(Strict):
    """Who receives which document; the one who signs is always among them."""

    quote: Who | None = None
    consent: Who | None = None


class ClientFile(Strict):
    """One client file, checked: what a quote and a consent declaration are made from.

    `encrypt`: she wants her profile and report behind a password, or does not, whatever the practice does by itself;
    `closed`: the day on which the coaching is over.
    """

    client: Client
    sponsor: Sponsor | None = None
    goal: Lines | None = None
    programme: Line | None = None
    lines: Annotated[list[QuoteLine], Field(max_length=200)] | None = None
    language: Language | None = None
    receives: Receives = Receives()
    encrypt: YesNo | None = None
    closed: Day | None = None
    dossier: Reference | None = None


def read_client_file(
    data: bytes,
    file: str,
    *,
    language: str,
    catalogue: tuple[str, ...],
    also: Callable[[Tree], Iterable[Disagreement]] = lambda _: (),
) -> ClientFile:
    """Read one client file; problems are said in `language`, programmes must be in `catalogue`.

    `also` tells what the file disagrees about with what is known outside it.
    """
    return load(
        ClientFile,
        data,
        file,
        language=language,
        synonyms=SYNONYMS,
        disagreements=lambda tree: [*disagreements(tree, catalogue, language), *also(tree)],
    )


def disagreements(tree: Tree, catalogue: tuple[str, ...], language: str) -> Iterator[Disagreement]:
    """Tell which values of a client file do not go together: something to quote, and receivers who exist."""
    if not isinstance(tree, dict):
        return
    programme, lines = tree.get("programme"), tree.get("lines")
    if not programme and not lines:
        yield (), "nothing_to_quote", {}
    if programme and lines:
        yield ("lines",), "both_to_quote", {}
    if isinstance(programme, str) and programme not in catalogue:
        known = ", ".join(catalogue) or say(language, "none")
        yield ("programme",), "no_such_programme", {"value": programme[:80], "known": known}
    yield from _receivers(tree)


def _receivers(tree: dict[str, Tree]) -> Iterator[Disagreement]:
    receives, sponsor, client = (_mapping(tree.get(key)) for key in ("receives", "sponsor", "client"))
    quote, consent = _who(receives.get("quote")), _who(receives.get("consent"))
    if consent in {"sponsor", "both"}:
        yield ("receives", "consent"), "consent_is_the_clients", {}
    if not sponsor and quote in {"sponsor", "both"}:
        yield ("receives", "quote"), "no_sponsor_to_send", {}
    if sponsor and quote == "client":
        yield ("receives", "quote"), "signer_receives", {"value": "sponsor"}
    if sponsor.get("email") and str(sponsor["email"]).casefold() == str(client.get("email")).casefold():
        yield ("sponsor", "email"), "same_mailbox", {}


def _mapping(tree: Tree) -> dict[str, Tree]:
    return tree if isinstance(tree, dict) else {}


def _who(typed: Tree) -> str:
    word = str(typed or "").strip().casefold()
    return DUTCH_WHO.get(word, word)


INVOICED = frozenset({"sponsor.purchase_order", "sponsor.address"})
"""What an invoice shows and nobody agreed to: it may come, or become another, after the quote was accepted.

The number by which an organisation is registered says who it is, and its address for mail who receives: those do not.
"""
ASIDE = frozenset({"closed", "dossier"})


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> frozenset[str]:
    """Give what differs between two client files as they are kept, such as `goal` or `sponsor.address`.

    When the coaching is over, and which dossier a file names, says nothing of the coaching itself.
    """
    old, new = _leaves(before), _leaves(after)
    return frozenset(key for key in {*old, *new} - ASIDE if old.get(key) != new.get(key))


def _leaves(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give each value by its key, and what stands inside another by both."""
    parts = {key: value for key, value in facts.items() if isinstance(value, dict)}
    inside = {f"{key}.{part}": value for key, found in parts.items() for part, value in found.items()}
    return inside | {key: value for key, value in facts.items() if key not in parts}


def quote_lines(file: ClientFile, catalogue: Mapping[str, list[QuoteLine]]) -> list[QuoteLine]:
    """Give the lines to quote: the file's own, or those of its programme; raises `PrintFailed` when that is gone."""
    if not file.lines and file.programme not in catalogue:
        raise PrintFailed(f"practice.yaml: the programme '{file.programme}' is quoted and no longer there; put it back")
    return list(file.lines) if file.lines else list(catalogue[file.programme or ""])
