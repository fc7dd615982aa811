"""practice.yaml: who the practice is, what it offers, its mail account, how its quotes go, which policy it lives by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from pipeline.config import invoicing, profile
from pipeline.config.client import QuoteLine
from pipeline.config.fields import (
    Btw,
    Email,
    FileName,
    Iban,
    Kvk,
    Language,
    Line,
    Lines,
    Timezone,
    Url,
    YesNo,
    choice,
    count,
    problem,
)
from pipeline.config.invoicing import Invoicing
from pipeline.config.problems import Strict, load
from pipeline.config.profile import ProfileRules
from pipeline.config.source import read
from pipeline.errors import ConfigError

FILE = "practice.yaml"
OWN_WORDS = {"programmes"}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
SYNONYMS = {
    "praktijk": "practice", "naam": "name", "straat": "street", "plaats": "city", "land": "country",
    "e-mail": "email", "telefoon": "phone", "website": "website", "taal": "language", "tijdzone": "timezone",
    "beleid": "policy", "privacyverklaring": "statement", "versie": "version", "adres": "url",
    "programmas": "programmes", "programma's": "programmes", "omschrijving": "description", "regels": "lines",
    "aantal": "quantity", "eenheid": "unit", "prijs": "unit_price", "offerte": "quote", "toestemming": "consent",
    "geldig_dagen": "valid_days", "betaaltermijn": "payment_days", "sjabloon": "template", "versturen": "send",
    "doel_naar_opdrachtgever": "goal_to_sponsor", "voorwaarden": "terms", "afzender": "sender",
    "gebruiker": "user", "poort": "port", "beveiliging": "security", "kopie_in_verzonden": "sent_copy",
    "map_verzonden": "sent_folder", "mappen": "folders", "lines.btw": "vat", "herinneringen": "reminders",
    "eerste_na_dagen": "first_after_days", "daarna_elke_dagen": "every_days", "hoogstens": "at_most",
    "dagbericht": "daily_note", "versleutelen": "encrypt",
    "boekjaar": "books", "laatste_maand": "year_ends",
    **invoicing.SYNONYMS,
    **profile.PRACTICE_SYNONYMS,
}  # fmt: skip

Port = Annotated[int, count(1, 65535)]
Security = Annotated[Literal["tls", "starttls", "plain-on-loopback"], choice("tls", "starttls", "plain-on-loopback")]
Send = Annotated[
    Literal["automatic", "after_release"],
    choice("automatic", "after_release", automatisch="automatic", na_vrijgave="after_release"),
]
SentCopy = Annotated[
    Literal["append", "server", "none"], choice("append", "server", "none", zelf="append", geen="none")
]

Confirm = Annotated[
    Literal["pictures", "always", "never"],
    choice("pictures", "always", "never", beeld="pictures", altijd="always", nooit="never"),
]


Encrypted = Annotated[Literal["profile", "report"], choice("profile", "report", profiel="profile", verslag="report")]


class Identity(Strict):
    """Who the practice is, as it stands on its letters."""

    name: Line
    coach: Line
    street: Line
    postcode: Line
    city: Line
    country: Line = "Nederland"
    email: Email
    phone: Line | None = None
    website: Url | None = None
    kvk: Kvk
    btw: Btw | None = None
    iban: Iban
    logo: FileName = "logo.svg"


class Statement(Strict):
    """The privacy statement that documents refer to, by its exact version."""

    version: Line
    url: Url | None = None


class Programme(Strict):
    """One programme of the catalogue, with its lines."""

    name: Line
    description: Lines | None = None
    lines: Annotated[list[QuoteLine], Field(min_length=1, max_length=200)]


class QuoteRules(Strict):
    """How quotes are made and sent; terms are in days."""

    template: FileName = "quote.html"
    valid_days: Annotated[int, count(1, 365)] = 30
    payment_days: Annotated[int, count(0, 120)] = 14
    send: Send = "automatic"
    goal_to_sponsor: YesNo = False
    terms: Lines | None = None


class Reminders(Strict):
    """When to remind of what has not come back, per document: after how many days, how often, how many times at most.

    No reminder goes out when `at_most` is 0.
    """

    first_after_days: Annotated[int, count(1, 365)] = 7
    every_days: Annotated[int, count(1, 365)] = 7
    at_most: Annotated[int, count(0, 12)] = 2


class Server(Strict):
    """One account on a mail server; its password never stands here (`pipeline password`)."""

    host: Line
    port: Port
    security: Security = "tls"
    user: Line | None = None

    @model_validator(mode="after")
    def _encrypted(self) -> Server:
        if self.security == "plain-on-loopback" and self.host not in LOOPBACK:
            raise problem("plain_far", at=("security",))
        return self


class Mail(Strict):
    """The practice's mail: the sender's address, where it leaves, where copies of sent mail are kept.

    `provider` is the name by which our own provider signs its Authentication-Results (RFC 8601, authserv-id). `folders`
    are those in which answers are looked for; None for every one in which they can come to lie.
    """

    sender: Email
    smtp: Server
    imap: Server | None = None
    sent_copy: SentCopy = "append"
    sent_folder: Line | None = None
    folders: Annotated[list[Line], Field(min_length=1, max_length=200)] | None = None
    provider: Line | None = None

    @model_validator(mode="after")
    def _copy_needs_a_mailbox(self) -> Mail:
        if self.sent_copy == "append" and self.imap is None:
            raise problem("copy_needs_imap", at=("sent_copy",))
        return self


class Returns(Strict):
    """Which returned papers the coach confirms: those read from pictures, all, or none."""

    confirm: Confirm = "pictures"


class Books(Strict):
    """The books: the month, by its number, with which the book year ends."""

    year_ends: Annotated[int, count(1, 12)] = 12


class PracticeFile(Strict):
    """practice.yaml, checked."""

    practice: Identity
    language: Language = "nl"
    timezone: Timezone = "Europe/Amsterdam"
    policy: Line
    statement: Statement
    programmes: dict[str, Programme] = Field(default_factory=dict)
    quote: QuoteRules = QuoteRules()
    returns: Returns = Returns()
    reminders: Reminders = Reminders()
    daily_note: YesNo = True
    invoicing: Invoicing | None = None
    profile: ProfileRules = ProfileRules()
    encrypt: list[Encrypted] = Field(default_factory=list)
    books: Books = Books()
    mail: Mail

    @property
    def catalogue(self) -> dict[str, list[QuoteLine]]:
        """The lines of each programme, by its key."""
        return {key: programme.lines for key, programme in self.programmes.items()}


def read_practice_file(folder: Path) -> PracticeFile:
    """Read `folder`/practice.yaml; problems are said in the language that the file asks for, else Dutch."""
    path = folder / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"{folder} is not a practice folder (no {FILE}); make one with: pipeline init {folder}"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); check its permissions") from None
    return load(PracticeFile, data, FILE, language=_language(data), synonyms=SYNONYMS, own_words=OWN_WORDS)


def _language(data: bytes) -> str:
    """Give the language that the file asks for, to say its own problems in."""
    tree = read(data, FILE, synonyms=SYNONYMS, own_words=OWN_WORDS).tree
    try:
        return str(TypeAdapter(Language).validate_python(tree.get("language") if isinstance(tree, dict) else None))
    except ValidationError:
        return "nl"
