"""Whether a mail may leave: pure functions of what is known at the moment of the send.

Each gate gives the reason why not, or nothing. They are asked in the transaction that writes the mark before the final
dot, so that what changed a moment ago counts (promise P4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.model import Kind, MessageState, Party, Purpose

NEWER = "superseded by a newer version"
DECLINED = "the quote was declined"
NOT_AWAITED = "what it reminds of is no longer awaited"
TOO_SOON = "another reminder went out less than a day ago"
NOT_BOOKED = "what it confirms is not booked as signed"
LAPSES = frozenset({NEWER, DECLINED, NOT_AWAITED, TOO_SOON, NOT_BOOKED})
"""The reasons by which a mail has become needless: nobody has to look into it."""


@dataclass(frozen=True)
class SendFacts:
    """What the gates look at: the mail, to whom, why, with which documents, and how those stand at this moment.

    `awaited`, `booked`: each of its documents is, from this very party; `reminded`: another reminder went to this party
    within a day; `declined`: its quote, or one of its documents, was; `own_address`: it goes to the practice itself.
    """

    state: MessageState
    party: Party
    kinds: frozenset[Kind]
    newest: bool
    sponsored: bool = False
    purpose: Purpose = Purpose.DOCUMENTS
    awaited: bool = False
    booked: bool = False
    reminded: bool = False
    declined: bool = False
    own_address: bool = False


def why_not(facts: SendFacts) -> str | None:
    """Give the reason why this mail may not leave now, or None when every gate is open."""
    return next(_closed(facts), None)


def _closed(facts: SendFacts) -> Iterator[str]:
    """Give the closed gates, what is wrong with the mail itself first."""
    if facts.state is not MessageState.CLAIMED:
        yield "not claimed for sending"
    yield from _wrong_person(facts)
    if not facts.newest:
        yield NEWER
    if facts.declined:
        yield DECLINED
    if facts.purpose is Purpose.REMINDER and not facts.awaited:
        yield NOT_AWAITED
    if facts.purpose is Purpose.REMINDER and facts.reminded:
        yield TOO_SOON
    if facts.purpose in {Purpose.COUNTERSIGNED, Purpose.NOTE} and not facts.booked:
        yield NOT_BOOKED


def _wrong_person(facts: SendFacts) -> Iterator[str]:
    if not facts.kinds:
        yield "it is about no document"
    if facts.party is Party.SPONSOR and facts.kinds != {Kind.QUOTE}:
        yield "a sponsor receives the quote only"
    if facts.party is Party.SPONSOR and not facts.sponsored:
        yield "there is no sponsor"
    if (facts.party is Party.COACH) != (facts.purpose is Purpose.NOTE):
        yield "the coach receives notes, and nobody else does"
    if facts.purpose is Purpose.NOTE and not facts.own_address:
        yield "a note goes to the practice's own address only"
