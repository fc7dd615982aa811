"""When every copy of a mail must be gone: the rules for its kind, and what has happened to it; pure.

A mail that carries several things goes when the first of them must. While it is not known whether a mail was accepted
nothing counts, so that no evidence about it is deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.model import Kind, Purpose
from pipeline.policy.period import Period
from pipeline.policy.schema.mail import Deleted, MailKind, MailRule

OF_PURPOSE = {
    Purpose.REMINDER: MailKind.REMINDER,
    Purpose.COUNTERSIGNED: MailKind.COUNTERSIGNED,
    Purpose.NOTE: MailKind.NOTE,
    Purpose.DAILY: MailKind.DAILY,
    Purpose.APPOINTMENT: MailKind.APPOINTMENT,
    Purpose.INVITATION: MailKind.PROFILE_INTAKE,
    Purpose.PROFILE: MailKind.PROFILE,
    Purpose.REPORT: MailKind.REPORT,
    Purpose.INVOICE: MailKind.INVOICE,
    Purpose.PAYMENT: MailKind.INVOICE,
    Purpose.CLOSING: MailKind.CONSENT,
}
OF_KIND = {Kind.QUOTE: MailKind.QUOTE, Kind.CONSENT: MailKind.CONSENT}
CARRIES = {Purpose.DOCUMENTS, Purpose.REMINDER}


@dataclass(frozen=True)
class MailLife:
    """What a mail is and what has happened to it, each with its moment."""

    kinds: frozenset[MailKind]
    happened: Mapping[Deleted, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class MailTerm:
    """When a mail must go, and by when it must be gone; `at_once` when no clock but its acceptance says so."""

    due: datetime
    gone_by: datetime
    rule: MailRule

    @property
    def at_once(self) -> bool:
        """Tell whether it goes as soon as the event is there."""
        return self.rule.wait == Period()


def kinds_of(purpose: Purpose, carried: Iterable[Kind]) -> frozenset[MailKind]:
    """Give what a mail of ours is: why it goes out, and, where documents are attached to be signed, which."""
    own = {OF_PURPOSE[purpose]} if purpose in OF_PURPOSE else set()
    return frozenset(own | ({OF_KIND[kind] for kind in carried if kind in OF_KIND} if purpose in CARRIES else set()))


def mail_term(rules: Iterable[MailRule], life: MailLife) -> MailTerm | None:
    """Give the first term that a rule sets, or None while none has begun: then the mail stays with its dossier."""
    return min(_terms(rules, life), key=lambda term: term.due, default=None)


def _terms(rules: Iterable[MailRule], life: MailLife) -> Iterator[MailTerm]:
    for rule in rules:
        happened = life.happened.get(rule.after)
        if happened is not None and life.kinds & set(rule.covers):
            due = rule.wait.after_moment(happened)
            yield MailTerm(due, rule.within.after_moment(due), rule)


def filed_at_all(rules: Iterable[MailRule], kinds: Collection[MailKind]) -> bool:
    """Tell whether a copy in Sent is to be made: the best copy to delete is the one that was never made."""
    at_acceptance = (rule for rule in rules if rule.after is Deleted.ACCEPTED and set(rule.covers).intersection(kinds))
    return not any(rule.wait == Period() for rule in at_acceptance)
