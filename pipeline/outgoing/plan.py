"""Who receives what, who signs, and when to remind: pure decisions from the client file and the calendar alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pipeline.config.client import ClientFile
from pipeline.config.practice import Reminders
from pipeline.model import IN_COURSE, OPENING, Kind, Party, Purpose, document_code

MOST_REMINDERS = 100
"""More reminders of one invoice than there ever are: the round of one tells the invoice and which reminder it is."""
SHARED = frozenset({Purpose.PROFILE, Purpose.REPORT})
"""What the sponsor may receive as well, once the client has said so."""


@dataclass(frozen=True)
class Delivery:
    """One mail to make: to whom, why, and with (or, for a note, about) which documents, in their order.

    `round` tells apart the mails of one purpose, such as the first reminder and the second, or the notes of two days.
    """

    party: Party
    recipient: str
    kinds: tuple[Kind, ...]
    purpose: Purpose = Purpose.DOCUMENTS
    round: int = 0

    @property
    def text(self) -> str:
        """The name of the mail's text in the templates."""
        if self.purpose in SHARED and self.party is Party.SPONSOR:
            return f"{self.purpose}_sponsor"
        if self.kinds == (Kind.APPROVAL,):
            return "reminder_approval"
        if self.purpose is not Purpose.DOCUMENTS:
            return self.purpose.value
        if self.party is Party.SPONSOR:
            return "quote"
        return "quote_and_consent" if self.kinds[0] is Kind.QUOTE else "consent"


@dataclass(frozen=True)
class Document:
    """One document as its row has it; `about` is what else is known of it, `source` the file the coach wrote."""

    dossier: str
    kind: Kind
    version: int
    file: str
    sha256: str
    about: Mapping[str, Any]
    source: str | None = None
    dropped: str | None = None

    @property
    def code(self) -> str:
        """The code that stands on its pages."""
        return document_code(self.dossier, self.kind)


def signer(client: ClientFile, kind: Kind) -> Party:
    """Give who signs a document: the sponsor the quote where there is one, the client all else."""
    return Party.SPONSOR if kind is Kind.QUOTE and client.sponsor is not None else Party.CLIENT


def deliveries(client: ClientFile) -> list[Delivery]:
    """Give the mails of one request: one recipient each; who signs comes first among a mail's documents."""
    if client.sponsor is None:
        return [Delivery(Party.CLIENT, client.client.email, (Kind.QUOTE, Kind.CONSENT))]
    copy = (Kind.QUOTE,) if client.receives.quote == "both" else ()
    return [
        Delivery(Party.SPONSOR, client.sponsor.email, (Kind.QUOTE,)),
        Delivery(Party.CLIENT, client.client.email, (Kind.CONSENT, *copy)),
    ]


def reminder(client: ClientFile, party: Party, kinds: Collection[Kind], number: int) -> Delivery | None:
    """Give the reminder of what `party` is to sign among `kinds`; None when that is nothing."""
    signs = tuple(kind for kind in signed_by(client, party) if kind in kinds)
    return Delivery(party, _address(client, party), signs, Purpose.REMINDER, number) if signs else None


def confirmations(client: ClientFile, own: str, number: int = 0) -> list[Delivery]:
    """Give the mails once all is signed: to each who signed a copy of that, to the practice's `own` address a note."""
    signed = {party: signed_by(client, party) for party in (Party.SPONSOR, Party.CLIENT)}
    return [
        *(Delivery(party, _address(client, party), kinds, Purpose.COUNTERSIGNED, number)
          for party, kinds in signed.items() if kinds),
        Delivery(Party.COACH, own, OPENING, Purpose.NOTE, number),
    ]  # fmt: skip


def daily(own: str, day: date) -> Delivery:
    """Give the note of one day to the practice's `own` address; it is about no document."""
    return Delivery(Party.COACH, own, (), Purpose.DAILY, day.toordinal())


def planned(client: ClientFile, own: str, purpose: Purpose, kinds: Collection[Kind], number: int) -> list[Delivery]:
    """Give every mail that may exist for a purpose: of a reminder those that are about `kinds`."""
    if purpose is Purpose.DOCUMENTS:
        return deliveries(client)
    if purpose in IN_COURSE:
        return in_course(client, purpose, number, asks=Kind.APPROVAL in kinds)
    if purpose is Purpose.REMINDER and Kind.APPROVAL in kinds:
        return [reminder_of_approval(client, number)]
    if purpose is Purpose.REMINDER:
        return [found for party in Party if (found := reminder(client, party, kinds, number))]
    return [mail for mail in confirmations(client, own, number) if mail.purpose is purpose]


def payment_round(version: int, number: int) -> int:
    """Give the round of reminder `number` of the invoice that is `version` in its dossier."""
    assert 0 < number < MOST_REMINDERS, number
    return version * MOST_REMINDERS + number


def version_in(purpose: Purpose, number: int) -> int:
    """Give the version of the document that a mail in the course of a coaching is about, by its round."""
    return number // MOST_REMINDERS if purpose is Purpose.PAYMENT else number


def in_course(client: ClientFile, purpose: Purpose, version: int, *, asks: bool = True) -> list[Delivery]:
    """Give every mail that may exist about one document in the course of a coaching; to anybody else there is none.

    `asks`: a form by which she answers lies beside a report.
    """
    kind = IN_COURSE[purpose]
    asks = asks and purpose is Purpose.REPORT and client.sponsor is not None
    if kind is Kind.INVOICE:
        payer = signer(client, Kind.QUOTE)
        return [Delivery(payer, _address(client, payer), (kind,), purpose, version)]
    hers = Delivery(Party.CLIENT, client.client.email, (kind, Kind.APPROVAL) if asks else (kind,), purpose, version)
    if client.sponsor is None or purpose not in SHARED:
        return [hers]
    return [hers, Delivery(Party.SPONSOR, client.sponsor.email, (kind,), purpose, version)]


def reminder_of_approval(client: ClientFile, number: int) -> Delivery:
    """Give the reminder that a report waits for the client's word: the form alone, not the report once more."""
    return Delivery(Party.CLIENT, client.client.email, (Kind.APPROVAL,), Purpose.REMINDER, number)


def signed_by(client: ClientFile, party: Party) -> tuple[Kind, ...]:
    """Give the documents that `party` signs, in their order."""
    return tuple(kind for kind in OPENING if signer(client, kind) is party)


def next_reminder(asked: date, last: date | None, rules: Reminders) -> date:
    """Give the day of the next reminder of what was asked on a day; `last` is that of the reminder before it.

    It counts from the reminder that went, not from the one that was due: who slept three weeks makes up for nothing.
    """
    return asked + timedelta(rules.first_after_days) if last is None else last + timedelta(rules.every_days)


def _address(client: ClientFile, party: Party) -> str:
    return client.sponsor.email if party is Party.SPONSOR and client.sponsor else client.client.email
