"""How a practice bills, the part `invoicing` of practice.yaml: when, in which parts, what is exempt, and reminders."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from pipeline.config.fields import Line, Number, YesNo, choice, count, line, problem
from pipeline.config.problems import Strict

SYNONYMS = {
    "facturatie": "invoicing", "facturen": "invoicing", "wanneer": "when", "termijnen": "instalments",
    "deel": "percent", "procent": "percent", "na_dagen": "after_days", "kleineondernemersregeling": "small_business",
    "kor": "small_business", "vrijstelling": "exempt_text", "voorvoegsel": "prefix", "herinneren": "remind",
    "invoicing.doel": "goal",
}  # fmt: skip
"""The Dutch words of this part; those it shares with others (`betaaltermijn`, `hoogstens`) stand in `practice`."""

TRAINING = "training"
WHOLE = Decimal(100)

Event = Annotated[
    Literal["at_acceptance", "at_closing"],
    choice("at_acceptance", "at_closing", bij_akkoord="at_acceptance", bij_afsluiting="at_closing"),
]
When = Annotated[
    Literal["at_acceptance", "at_closing", "instalments"],
    choice(
        "at_acceptance", "at_closing", "instalments",
        bij_akkoord="at_acceptance", bij_afsluiting="at_closing", in_termijnen="instalments", termijnen="instalments",
    ),
]  # fmt: skip


def series(value: object) -> str:
    """What stands before the year and the number of an invoice: capitals, digits, hyphens; fit for a file's name."""
    text = line(value).upper()
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9-]{0,7}", text, re.ASCII):
        raise problem("bad_prefix", value=text[:80])
    return text


class Instalment(Strict):
    """One part of what was quoted: how much of it, and how many days after which event it is billed."""

    percent: Number
    when: Event = "at_acceptance"
    after_days: Annotated[int, count(0, 1000)] = 0


class PaymentReminders(Strict):
    """When to remind of an invoice: how many days after it was due, how often, how many times at most.

    No reminder goes out when `at_most` is 0.
    """

    first_after_days: Annotated[int, count(1, 365)] = 7
    every_days: Annotated[int, count(1, 365)] = 14
    at_most: Annotated[int, count(0, 12)] = 2


class Invoicing(Strict):
    """When is billed, how, and what it says of VAT.

    `exempt_text` says why a line bears no VAT: `training` for education that is exempt, or a sentence of the practice's
    own. `small_business` is the scheme (KOR) under which nothing does. Without `payment_days` the quote's hold. `goal`:
    whether the goal of the coaching stands on the invoice.
    """

    when: When = "at_acceptance"
    instalments: Annotated[list[Instalment], Field(max_length=12)] = Field(default_factory=list)
    payment_days: Annotated[int, count(0, 120)] | None = None
    small_business: YesNo = False
    exempt_text: Line | None = None
    goal: YesNo = False
    prefix: Annotated[str, BeforeValidator(series)] = "F"
    remind: PaymentReminders = PaymentReminders()

    @model_validator(mode="after")
    def _whole(self) -> Invoicing:
        together = sum((part.percent for part in self.instalments), Decimal(0))
        if self.when == "instalments" and len(self.instalments) < 2:
            raise problem("parts_needed", at=("instalments",))
        if self.when != "instalments" and self.instalments:
            raise problem("parts_unneeded", at=("instalments",))
        if self.instalments and together != WHOLE:
            raise problem("parts_not_whole", at=("instalments",), value=str(together.normalize()))
        return self
