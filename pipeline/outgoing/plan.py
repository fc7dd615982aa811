"""Who receives what, who signs, and when to remind: pure decisions from the client file and the calendar alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from pipeline.config.client import ClientFile
from pipeline.config.practice import Reminders
from pipeline.model import Kind, Party, Purpose


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
        if self.purpose is not Purpose.DOCUMENTS:
            return self.purpose.value
        if self.party is Party.SPONSOR:
            return "quote"
        return "quote_and_consent" if self.kinds[0] is Kind.QUOTE else "consent"


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
        Delivery(Party.COACH, own, tuple(Kind), Purpose.NOTE, number),
    ]  # fmt: skip


def daily(own: str, day: date) -> Delivery:
    """Give the note of one day to the practice's `own` address; it is about no document."""
    return Delivery(Party.COACH, own, (), Purpose.DAILY, day.toordinal())


def planned(client: ClientFile, own: str, purpose: Purpose, kinds: Collection[Kind], number: int) -> list[Delivery]:
    """Give every mail that may exist for a purpose: of a reminder those that are about `kinds`."""
    if purpose is Purpose.DOCUMENTS:
        return deliveries(client)
    if purpose is Purpose.REMINDER:
        return [found for party in Party if (found := reminder(client, party, kinds, number))]
    return [mail for mail in confirmations(client, own, number) if mail.purpose is purpose]


def signed_by(client: ClientFile, party: Party) -> tuple[Kind, ...]:
    """Give the documents that `party` signs, in their order."""
    return tuple(kind for kind in Kind if signer(client, kind) is party)


def next_reminder(asked: date, last: date | None, rules: Reminders) -> date:
    """Give the day of the next reminder of what was asked on a day; `last` is that of the reminder before it.

    It counts from the reminder that went, not from the one that was due: who slept three weeks makes up for nothing.
    """
    return asked + timedelta(rules.first_after_days) if last is None else last + timedelta(rules.every_days)


def _address(client: ClientFile, party: Party) -> str:
    return client.sponsor.email if party is Party.SPONSOR and client.sponsor else client.client.email
