"""Whether a mail may leave: pure functions of what is known at the moment of the send.

Each gate gives the reason why not, or nothing. They are asked in the transaction that writes the mark before the final
dot, so that what changed a moment ago counts (promise P4).
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model import Kind, MessageState, Party


@dataclass(frozen=True)
class SendFacts:
    """What the gates look at: the mail, to whom, with which documents, and whether something newer came."""

    state: MessageState
    party: Party
    kinds: frozenset[Kind]
    newest: bool
    sponsored: bool


def why_not(facts: SendFacts) -> str | None:
    """Give the reason why this mail may not leave now, or None when every gate is open."""
    if facts.state is not MessageState.CLAIMED:
        return "not claimed for sending"
    if not facts.newest:
        return "superseded by a newer version"
    if facts.party is Party.SPONSOR and facts.kinds != {Kind.QUOTE}:
        return "a sponsor receives the quote only"
    if facts.party is Party.SPONSOR and not facts.sponsored:
        return "there is no sponsor"
    return None
