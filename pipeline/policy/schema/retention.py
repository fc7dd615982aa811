"""How long what is held is kept: the promise, what the law wants at least, the most there may be, and the way out."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from pipeline.config.fields import Line, YesNo, choice, problem
from pipeline.config.problems import Strict
from pipeline.policy.period import Period, Term, read
from pipeline.policy.schema.base import Category, Grade, Rule


class Event(StrEnum):
    """The event that a term is counted from; `BOOK_YEAR_ENDED` is the first day of the book year after the document."""

    FIRST_CONTACT = "first_contact"
    LAST_CONTACT = "last_contact"
    LAST_ACTIVITY = "last_activity"
    OPENED = "opened"
    LAPSED = "lapsed"
    CLOSED = "closed"
    AGREEMENT_ENDED = "agreement_ended"
    RELATIONSHIP_ENDED = "relationship_ended"
    LICENCE_ENDED = "licence_ended"
    ISSUED = "issued"
    BOOK_YEAR_ENDED = "book_year_ended"
    RECEIVED = "received"
    CONSENTED = "consented"
    WITHDRAWN = "withdrawn"
    WRITTEN = "written"


class Until(StrEnum):
    """A promise that no period tells: until the purpose is served, or until the person takes the consent back."""

    PURPOSE_ENDED = "purpose_ended"
    WITHDRAWN = "until_withdrawn"


class Leaving(StrEnum):
    """What happens at the end."""

    DELETE = "delete"
    PSEUDONYMISE = "pseudonymise"
    DESTROY_PAPER = "destroy_paper"


class When(StrEnum):
    """Which dossiers a rule is about: all, those that came to an agreement, those that never did."""

    ALWAYS = "always"
    ENGAGED = "engaged"
    NOT_ENGAGED = "not_engaged"


def _promise(value: object) -> Period | Until:
    text = str(value)
    return Until(text) if text in set(Until) else read(value)


Promise = Annotated[Period | Until, BeforeValidator(_promise), PlainSerializer(str, return_type=str)]


def one_of(words: type[StrEnum]) -> BeforeValidator:
    """Make a check that takes one of `words`, and says which there are."""
    return choice(*words)


class Missing(Strict):
    """What holds while the event has not come: another one in its place, and an alarm after a while."""

    fallback: Annotated[Event, one_of(Event)] | None = None
    alarm_after: Term


class Extension(Strict):
    """Longer, for one thing at a time and only with what is asked for: a written reason, or a procedure that runs."""

    by: Term | None = None
    needs: Annotated[
        Literal["reason", "legal_procedure", "dispute"], choice("reason", "legal_procedure", "dispute")
    ]  # fmt: skip


class RetentionRule(Rule):
    """One term: what it covers, from which event, at least (`floor`), as promised, at most (`ceiling`), and then what.

    `fields` narrows a floor to what the law names; `window` is the time that destroying may take after the term. A
    ceiling that is not `hard` gives way to a floor; a hard one does not, and the conflict is shown.
    """

    covers: Annotated[list[Annotated[Category, one_of(Category)]], Field(min_length=1)]
    fields: list[Line] = Field(default_factory=list)
    when: Annotated[When, one_of(When)] = When.ALWAYS
    after: Annotated[Event, one_of(Event)]
    missing: Missing | None = None
    floor: Term | None = None
    promise: Promise | None = None
    ceiling: Term | None = None
    hard: YesNo = True
    window: Term = Period()
    extension: Extension | None = None
    end: Annotated[Leaving, one_of(Leaving)] = Leaving.DELETE
    basis: Annotated[
        Literal["consent", "explicit_consent", "contract", "legal_obligation", "legitimate_interest"],
        choice("consent", "explicit_consent", "contract", "legal_obligation", "legitimate_interest"),
    ] = "contract"
    why: Line | None = None
    proof: Annotated[Grade, one_of(Grade)] = Grade.UNRECOVERABLE_INSIDE

    @model_validator(mode="after")
    def _ends(self) -> RetentionRule:
        if self.floor is None and self.promise is None and self.ceiling is None:
            raise problem("no_term", at=("id",))
        if isinstance(self.promise, Period) and self.ceiling is not None and self.promise > self.ceiling:
            raise problem("promise_over_ceiling", at=("promise",))
        return self
