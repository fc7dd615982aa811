"""What is asked of people and others: fields collected, consents, who processes, what somebody attests."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from pipeline.config.fields import Url, YesNo, choice
from pipeline.config.problems import Strict
from pipeline.policy.period import Term
from pipeline.policy.schema.base import Category, ClauseId, Grade, Rule, Words
from pipeline.policy.schema.retention import one_of

Purpose = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,30}$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,30}$")]


class Asked(StrEnum):
    """When a consent is asked: with the quote, at the end, or when the occasion is there."""

    QUOTE = "quote"
    CLOSING = "closing"
    OCCASION = "occasion"


class Question(Strict):
    """One consent, asked apart, that may be given or refused."""

    purpose: Purpose
    clauses: Annotated[list[ClauseId], Field(min_length=1)]
    asked: list[Annotated[Asked, one_of(Asked)]] = Field(default_factory=lambda: [Asked.QUOTE])
    needs_sponsor: YesNo = False
    text: Words
    note: Words | None = None


class FieldRule(Rule):
    """Which fields of whom may be collected, as what; a field that no rule names is refused."""

    whose: Annotated[Literal["client", "sponsor", "coach"], choice("client", "sponsor", "coach")] = "client"
    category: Annotated[Category, one_of(Category)]
    fields: Annotated[list[FieldName], Field(min_length=1)]
    needed: list[FieldName] = Field(default_factory=list)


class Processor(Rule):
    """Somebody who processes for the practice: what, under which contract, and how erasing there is proved.

    `keeps_at_most` is the processor's own limit: what lies only there cannot be kept longer. `statement`: its privacy
    statement is given on request.
    """

    name: Words
    covers: list[Annotated[Category, one_of(Category)]] = Field(default_factory=list)
    contract: YesNo = False
    keeps_at_most: Term | None = None
    proof: Annotated[Grade, one_of(Grade)] = Grade.ATTESTED
    statement: YesNo = False
    see: Url | None = None


class Attestation(Rule):
    """What no program can see, which a person states by name, and again after `every`."""

    what: Words
    every: Term


class Reading(Strict):
    """How a clause that can be read in more than one way is read; the coach confirms it."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Z]-[A-Za-z0-9._]{1,40}$")]
    clauses: Annotated[list[ClauseId], Field(min_length=1)]
    chosen: Words
    rejected: list[Words] = Field(default_factory=list)


class Unruled(StrEnum):
    """Why no rule keeps a clause.

    `MEANING`: it says what a word means, or points elsewhere; `SHAPE`: the shape of this program or file is what keeps
    it; `BY_HAND`: a person does it, outside this program; `CANNOT`: as it is written it cannot be kept.
    """

    MEANING = "meaning"
    SHAPE = "shape"
    BY_HAND = "by_hand"
    CANNOT = "cannot"


class Clause(Strict):
    """One clause of the statement: what it promises, in short; `unruled` and `because` when no rule keeps it.

    `ambiguous`: it can be read in more than one way, so a reading must say which one holds; `faults`: what is wrong
    with it as it is written.
    """

    says: Words
    ambiguous: YesNo = False
    unruled: Annotated[Unruled, one_of(Unruled)] | None = None
    because: Words | None = None
    faults: list[Words] = Field(default_factory=list)
