"""Many people with a canary in every text about them, so that one glance tells whom a page is about.

A canary is `zq0012goal1`: person 12, their goal, first edition of their file; `zs0003org` is the organisation of
sponsor 3. Names are shared on purpose.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace

NAMES = ("Jan de Vries", "Sanne Jansen", "J. de Vries", "Maria Visser")
CANARY = re.compile(r"zq(\d{4})([a-z]+)(\d)")
PAYER = re.compile(r"zs(\d{4})([a-z]+)")


@dataclass(frozen=True)
class Payer:
    """A sponsor; several clients may have the same one."""

    number: int
    mailbox: str


@dataclass(frozen=True)
class Person:
    """A client, as one edition of her file says it."""

    number: int
    name: str
    mailbox: str
    payer: Payer | None = None
    copy: bool = False
    edition: int = 1

    def canary(self, kind: str) -> str:
        """Give the word that stands in one field of her file."""
        return f"zq{self.number:04d}{kind}{self.edition}"

    def file(self) -> str:
        """Give her client file."""
        rows = [
            f'client: {{name: {self.name}, email: "{self.mailbox}", salutation: Jan {self.canary("hello")},',
            f"  phone: {self.canary('phone')}, role: {self.canary('role')}, organisation: {self.canary('firm')}}}",
            f"goal: rust {self.canary('goal')}",
            f"lines: [{{description: gesprek {self.canary('line')}, unit: uur, unit_price: 100, vat: 21}}]",
        ]
        if self.payer:
            code = f"zs{self.payer.number:04d}"
            rows.append(
                f"sponsor: {{organisation: {code}firm, contact: Piet {code}contact, email: {self.payer.mailbox}}}"
            )
        if self.copy:
            rows.append("receives: {quote: both}")
        return "\n".join([*rows, ""])

    def edited(self) -> Person:
        """Give her as the next edition of her file has her."""
        return replace(self, edition=self.edition + 1)

    @property
    def owed(self) -> dict[str, tuple[str, ...]]:
        """Give which documents (1 the quote, 2 the consent declaration) each mailbox is to receive."""
        if self.payer is None:
            return {self.mailbox: ("1", "2")}
        return {self.payer.mailbox: ("1",), self.mailbox: ("1", "2") if self.copy else ("2",)}


def crowd(count: int, seed: int) -> list[Person]:
    """Give people of every kind that can be confused: couples, namesakes, shared sponsors, a sponsor too."""
    chance = random.Random(seed)
    payers = [Payer(number, f"pay{number}@work.example") for number in range(3)]
    people: list[Person] = []
    for number in range(count):
        couple = number % 5 == 1
        mailbox = people[-1].mailbox if couple else f"zq{number:04d}@home.example"
        name = chance.choice([one for one in NAMES if not couple or one != people[-1].name])
        payer = payers[chance.randrange(3)] if chance.random() < 0.5 else None
        people.append(Person(number, name, mailbox, payer, copy=payer is not None and chance.random() < 0.5))
        if number == 0:
            payers.append(Payer(3, mailbox))  # the first client pays for the last ones
    return [*people[:-2], *(replace(one, payer=payers[3], copy=False) for one in people[-2:])]
