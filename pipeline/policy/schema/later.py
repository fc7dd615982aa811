"""What has its place in the policy and is not carried out yet: requests, breaches, back-ups, who may see what.

`pipeline clauses` shows every clause that rests on one of these as *not kept yet*.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.fields import Line, YesNo, choice, problem
from pipeline.config.problems import Strict
from pipeline.policy.period import Term
from pipeline.policy.schema.base import Category, Rule
from pipeline.policy.schema.retention import one_of

Contact = Annotated[Line, Field(max_length=200)]


class Ask(StrEnum):
    """What a person may ask for about her data."""

    ACCESS = "access"
    COPY = "copy"
    RECTIFY = "rectify"
    COMPLETE = "complete"
    ERASE = "erase"
    RESTRICT = "restrict"
    OBJECT = "object"
    PORT = "port"
    WITHDRAW = "withdraw"
    STATUS = "status"
    STATEMENT = "statement"


class Within(Strict):
    """A term that runs from an event; `working_day` moves an end in the weekend to the next working day."""

    period: Term | None = None
    statutory: YesNo = False
    after: Annotated[
        Literal["received", "forwarded", "known", "decided"], choice("received", "forwarded", "known", "decided")
    ] = "received"
    working_day: YesNo = False

    @model_validator(mode="after")
    def _one(self) -> Within:
        if (self.period is None) == (not self.statutory):
            raise problem("period_or_statutory")
        return self


class RequestRule(Rule):
    """A request of a person about her data: who may ask what, about which of it, and when the answer is due."""

    who: list[
        Annotated[Literal["client", "sponsor", "coach", "anyone"], choice("client", "sponsor", "coach", "anyone")]
    ]
    may: Annotated[list[Annotated[Ask, one_of(Ask)]], Field(min_length=1)]
    covers: list[Annotated[Category, one_of(Category)]] = Field(default_factory=list)
    answer: Within
    to: list[Contact] = Field(default_factory=list)
    forward_within: Term | None = None
    refusal_needs_reason: YesNo = True
    free: YesNo = True
    excludes: list[Annotated[Literal["own_methods"], choice("own_methods")]] = Field(default_factory=list)
    tell_recipients: YesNo = False
    identity: Annotated[Literal["known_address", "controller"], choice("known_address", "controller")] = "known_address"
    warning: YesNo = False


class BreachRule(Rule):
    """What a breach asks: whom to tell, when, and what."""

    tell: Annotated[Literal["clients", "authority", "controller"], choice("clients", "authority", "controller")]
    within: Within
    whom: Annotated[Literal["all_affected", "active_and_traceable"], choice("all_affected", "active_and_traceable")] = (
        "all_affected"
    )
    contents: list[Line] = Field(default_factory=list)
    drill_every: Term | None = None


class BackupRule(Rule):
    """What a back-up may hold, and how long after erasing it may still hold it."""

    covers: list[Annotated[Category, one_of(Category)]] = Field(default_factory=list)
    without_expired: YesNo = False
    purged_within: Term | None = None
    transfer: list[
        Annotated[Literal["eea", "adequacy", "scc", "privacy_shield"],
                  choice("eea", "adequacy", "scc", "privacy_shield")]
    ] = Field(default_factory=list)  # fmt: skip


class AccessRule(Rule):
    """Who may read what."""

    readers: Annotated[list[Line], Field(min_length=1)]
    covers: list[Annotated[Category, one_of(Category)]] = Field(default_factory=list)
    secrecy: YesNo = False


class ComplaintRule(Rule):
    """Where a complaint goes, and where one about its handling."""

    to: list[Contact] = Field(default_factory=list)
    escalate: list[Line] = Field(default_factory=list)


class SignpostRule(Rule):
    """An address that is given to people, and must go on working; the practice's own where none is named."""

    address: Contact | None = None
