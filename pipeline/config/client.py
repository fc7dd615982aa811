"""A client file: who is coached, who pays, what for, and who receives what; keys in Dutch or in English.

Takes the bytes of `drop/clients/*.yaml` and the practice's catalogue; leaves one frozen `ClientFile` whose every value
has been checked, or `FileProblems` with all that must be mended.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, model_validator

from pipeline.config.fields import Amount, Email, Kvk, Language, Line, Lines, Number, Reference, Vat, choice, problem
from pipeline.config.problems import Strict, load

SYNONYMS = {
    "klant": "client", "cliënt": "client", "coachee": "client",
    "opdrachtgever": "sponsor",
    "naam": "name", "aanhef": "salutation", "e-mail": "email", "e_mail": "email", "mail": "email",
    "telefoon": "phone", "tel": "phone", "functie": "role", "organisatie": "organisation",
    "contactpersoon": "contact", "adres": "address", "kvk_nummer": "kvk", "inkoopnummer": "purchase_order",
    "doel": "goal", "programma": "programme", "traject": "programme", "program": "programme",
    "organization": "organisation",
    "regels": "lines", "omschrijving": "description", "aantal": "quantity", "eenheid": "unit",
    "prijs": "unit_price", "stukprijs": "unit_price", "btw": "vat",
    "taal": "language", "ontvangt": "receives", "ontvangen": "receives", "offerte": "quote",
    "toestemming": "consent", "toestemmingsverklaring": "consent", "kenmerk": "dossier",
}  # fmt: skip
"""The Dutch words (and the other spellings) of each key; the first of several is the one we say."""

DUTCH_WHO = {"klant": "client", "cliënt": "client", "coachee": "client", "opdrachtgever": "sponsor", "beide": "both"}
Who = Annotated[Literal["client", "sponsor", "both"], choice("client", "sponsor", "both", **DUTCH_WHO)]


class Client(Strict):
    """The person who is coached."""

    name: Line
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
    """One client file, checked: what a quote and a consent declaration are made from."""

    client: Client
    sponsor: Sponsor | None = None
    goal: Lines | None = None
    programme: Line | None = None
    lines: Annotated[list[QuoteLine], Field(max_length=200)] | None = None
    language: Language | None = None
    receives: Receives = Receives()
    dossier: Reference | None = None

    @model_validator(mode="after")
    def _agrees(self, info: ValidationInfo) -> ClientFile:
        """Check what no single value can: something to quote, and receivers who exist."""
        catalogue: tuple[str, ...] = (info.context or {}).get("catalogue", ())
        if not self.programme and not self.lines:
            raise problem("nothing_to_quote")
        if self.programme and self.lines:
            raise problem("both_to_quote", at=("lines",))
        if self.programme and catalogue and self.programme not in catalogue:
            raise problem("no_such_programme", value=self.programme[:80], known=", ".join(catalogue), at=("programme",))
        self._receivers()
        return self

    def _receivers(self) -> None:
        if self.receives.consent not in {None, "client"}:
            raise problem("consent_is_the_clients", at=("receives", "consent"))
        if self.sponsor is None and self.receives.quote in {"sponsor", "both"}:
            raise problem("no_sponsor_to_send", at=("receives", "quote"))
        if self.sponsor is not None and self.receives.quote == "client":
            raise problem("signer_receives", value="sponsor", at=("receives", "quote"))
        if self.sponsor is not None and self.sponsor.email.casefold() == self.client.email.casefold():
            raise problem("same_mailbox", at=("sponsor", "email"))


def read_client_file(data: bytes, file: str, *, language: str, catalogue: tuple[str, ...]) -> ClientFile:
    """Read one client file; problems are said in `language`, programmes must be in `catalogue`."""
    context: dict[str, object] = {"catalogue": catalogue}
    return load(ClientFile, data, file, language=language, synonyms=SYNONYMS, context=context)


def quote_lines(file: ClientFile, catalogue: Mapping[str, list[QuoteLine]]) -> list[QuoteLine]:
    """Give the lines to quote: the file's own, or those of its programme."""
    return list(file.lines) if file.lines else list(catalogue[file.programme or ""])
