"""Who receives what, and who signs: pure decisions from the client file alone."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.config.client import ClientFile
from pipeline.model import Kind, Party


@dataclass(frozen=True)
class Delivery:
    """One mail to make: to whom, and with which documents, in their order."""

    party: Party
    recipient: str
    kinds: tuple[Kind, ...]

    @property
    def text(self) -> str:
        """The name of the mail's text in the templates."""
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
