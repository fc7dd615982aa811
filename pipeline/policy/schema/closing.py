"""What is done when a coaching ends, and what a change of the statement asks."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.fields import YesNo, choice
from pipeline.policy.schema.base import Rule
from pipeline.policy.schema.people import Purpose
from pipeline.policy.schema.retention import one_of


class Step(StrEnum):
    """One thing that closing does."""

    ASK_CONSENT = "ask_consent"
    PSEUDONYMISE_MARKED = "pseudonymise_marked"
    DESTROY_PAPER = "destroy_paper"


class ClosingRule(Rule):
    """The steps of closing, in their order; `asks` are the consents to ask then."""

    steps: list[Annotated[Step, one_of(Step)]] = Field(default_factory=list)
    asks: list[Purpose] = Field(default_factory=list)


class ChangeRule(Rule):
    """What a new version of the statement asks: it is announced, and it never loosens what was promised before."""

    announced: list[Annotated[Literal["website", "mail"], choice("website", "mail")]] = Field(default_factory=list)
    stricter_at_once: YesNo = True
