"""What may stand in a mail, and when the copies of a mail that was sent or came in are deleted."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.fields import choice
from pipeline.policy.period import Period, Term
from pipeline.policy.schema.base import Category, Grade, Rule
from pipeline.policy.schema.retention import one_of


class MailKind(StrEnum):
    """What a mail is: what it carries or why it goes out; `INCOMING` is mail that came and was filed."""

    QUOTE = "quote"
    CONSENT = "consent"
    REMINDER = "reminder"
    COUNTERSIGNED = "countersigned"
    NOTE = "note"
    DAILY = "daily"
    APPOINTMENT = "appointment"
    PROFILE_INTAKE = "profile_intake"
    PROFILE = "profile"
    REPORT = "report"
    INVOICE = "invoice"
    INCOMING = "incoming"
    UNLINKED = "unlinked"


class Deleted(StrEnum):
    """The event after which every copy of a mail goes.

    `ACCEPTED`: our server took it; `ANSWERED`: all that it asked has come back; `FILED`: what came in is in its
    dossier; `RECEIVED`: it came, and belongs to no dossier; `WITH_CONTENTS`: when what it carries goes, by retention.
    """

    ACCEPTED = "accepted"
    ANSWERED = "answered"
    FILED = "filed"
    RECEIVED = "received"
    WITH_CONTENTS = "with_contents"


class MailRule(Rule):
    """When the copies of a kind of mail go: `wait` after the event, then within `within`; `every` for a clean-up.

    `residue` is how long the provider may still have what was deleted, as it says itself.
    """

    covers: Annotated[list[Annotated[MailKind, one_of(MailKind)]], Field(min_length=1)]
    after: Annotated[Deleted, one_of(Deleted)]
    wait: Term = Period()
    within: Term = Period(hours=1)
    every: Term | None = None
    proof: Annotated[Grade, one_of(Grade)] = Grade.OBSERVED_ABSENT
    residue: Term | None = None


class ContentRule(Rule):
    """What may not stand in a mail: no personal data but those in `allow`; the document goes as `instead` says."""

    forbids: Annotated[Literal["personal_data"], choice("personal_data")]
    allow: list[Annotated[Literal["salutation", "recipient"], choice("salutation", "recipient")]] = Field(
        default_factory=list
    )
    instead: Annotated[Literal["encrypted_pdf", "nothing"], choice("encrypted_pdf", "nothing")]
    covers: list[Annotated[Category, one_of(Category)]] = Field(default_factory=list)
