"""Which clause is kept, by what, and which is not: one decision, for `policy explain` and for the table of clauses.

Takes a policy, and the entries of the ledger for how often a clause was kept; leaves a standing, and never a better one
than the rules that exist can give.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from enum import StrEnum

from pipeline.policy.phrases import listed
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import HELD, IN_COURSE, Rule
from pipeline.policy.schema.closing import ClosingRule, Step
from pipeline.policy.schema.gates import Act, GateRule, Needs, Recipient
from pipeline.policy.schema.later import (
    AccessRule,
    Ask,
    BackupRule,
    BreachRule,
    ComplaintRule,
    RequestRule,
    SignpostRule,
)
from pipeline.policy.schema.people import Asked, Attestation, Processor, Question, Reading
from pipeline.policy.schema.retention import Leaving, RetentionRule
from pipeline.words import say

LATER: dict[type, str] = {
    RequestRule: "later_requests", BreachRule: "later_breach", BackupRule: "later_backup", AccessRule: "later_access",
    ComplaintRule: "later_complaints", SignpostRule: "later_signposts",
}  # fmt: skip
"""What this version does not carry out yet, and how that is said."""
CARRIED_OUT = frozenset({Ask.WITHDRAW})
"""What somebody asks for and has: by the mail in which she takes them back, no consent of hers stands any more."""
NO_PATH = frozenset({Act.SELL, Act.PUBLISH, Act.GRANT_ACCESS})
"""What this program cannot do at all, so that no gate need stand before it."""
REACHED = frozenset({Recipient.CLIENT, Recipient.SPONSOR, Recipient.ANYONE})
"""To whom this program sends anything, beside the coach herself; to others there is no path."""
INWARD = frozenset({Act.COLLECT, Act.USE, Act.INVITE})
"""What is done with data here, and inviting to give them: only where this program keeps such data is there a way."""

Keeper = Rule | Question
"""What keeps a clause: a rule, or a consent that is asked."""


class Standing(StrEnum):
    """How a clause stands.

    `NO_PATH`: kept, because this program has no way to do what it forbids; `PARTLY`: of its rules some are kept and
    some not yet; the last four are those of a clause that no rule keeps.
    """

    KEPT = "kept"
    NO_PATH = "no_path"
    ATTESTED = "attested"
    PARTLY = "partly"
    NOT_KEPT_YET = "not_kept_yet"
    SHAPE = "shape"
    BY_HAND = "by_hand"
    MEANING = "meaning"
    CANNOT = "cannot"


SHORT = {
    Standing.KEPT: "stands_kept", Standing.NO_PATH: "stands_no_path", Standing.ATTESTED: "stands_attested",
    Standing.PARTLY: "stands_partly", Standing.NOT_KEPT_YET: "stands_not_yet", Standing.SHAPE: "stands_shape",
    Standing.BY_HAND: "stands_by_hand", Standing.MEANING: "stands_meaning", Standing.CANNOT: "stands_cannot",
}  # fmt: skip
"""How a standing is said in a word or two."""
LONG = {
    Standing.KEPT: "stood_kept", Standing.NO_PATH: "stood_no_path", Standing.ATTESTED: "stood_attested",
    Standing.PARTLY: "stood_partly", Standing.NOT_KEPT_YET: "stood_not_yet", Standing.SHAPE: "stood_shape",
    Standing.BY_HAND: "stood_by_hand", Standing.MEANING: "stood_meaning", Standing.CANNOT: "stood_cannot",
}  # fmt: skip
"""How it is said in a sentence, with the reason."""


def standing(policy: Policy, clause: str) -> Standing:
    """Give how a clause of the policy stands, from the rules that name it."""
    unruled = policy.clauses[clause].unruled
    if unruled is not None:
        return Standing(unruled.value)
    each = {of_rule(rule) for rule in keepers(policy, clause)}
    if Standing.NOT_KEPT_YET in each:
        return Standing.NOT_KEPT_YET if each == {Standing.NOT_KEPT_YET} else Standing.PARTLY
    order = (Standing.KEPT, Standing.ATTESTED, Standing.NO_PATH)
    return next(one for one in order if one in each)


def of_rule(rule: Keeper) -> Standing:
    """Give how one rule is kept: by this program, by what a person states, by the want of a path, or not yet."""
    if waits_for(rule):
        return Standing.NOT_KEPT_YET
    if isinstance(rule, Attestation | Processor) or _paper_alone(rule):
        return Standing.ATTESTED
    if isinstance(rule, Question) and rule.asked == [Asked.OCCASION]:
        return Standing.NO_PATH
    return Standing.NO_PATH if isinstance(rule, GateRule) and _without_path(rule) else Standing.KEPT


def waits_for(rule: Keeper) -> str | None:
    """Give the word (in `pipeline.words`) for what must be built before this rule is kept; None when nothing must."""
    if isinstance(rule, GateRule) and rule.only_under_16:
        return "later_age"
    if isinstance(rule, GateRule) and rule.before is Act.USE and not _without_path(rule):
        return "later_requests"  # what data are used for shows once somebody can ask for it
    if isinstance(rule, RequestRule) and set(rule.may) <= CARRIED_OUT:
        return None
    return next((word for kind, word in LATER.items() if isinstance(rule, kind)), None)


def _paper_alone(rule: Keeper) -> bool:
    """Tell whether a rule is about paper and nothing else: the program asks, and a person says that it was done."""
    if isinstance(rule, ClosingRule):
        return rule.steps == [Step.DESTROY_PAPER]
    return isinstance(rule, RetentionRule) and rule.end is Leaving.DESTROY_PAPER


def _without_path(rule: GateRule) -> bool:
    """Tell whether this program cannot do what the gate stands before: the act, to them, with such things."""
    never = Needs.NEVER in rule.require and not rule.unless
    unheld = rule.before in INWARD and bool(rule.covers) and not set(rule.covers) & (HELD | IN_COURSE)
    return rule.before in NO_PATH or never or unheld or _out_of_reach(rule)


def _out_of_reach(rule: GateRule) -> bool:
    return rule.before is Act.DISCLOSE and bool(rule.to) and not set(rule.to) & REACHED


def keepers(policy: Policy, clause: str) -> list[Keeper]:
    """Give the rules and the consents that name a clause, in the order of the file; a reading keeps nothing."""
    return [rule for rule in _rules(policy) if clause in rule.clauses]


def _rules(policy: Policy) -> Iterator[Keeper]:
    for section in type(policy).model_fields:
        rules = getattr(policy, section)
        if isinstance(rules, list):
            yield from (rule for rule in rules if isinstance(rule, Rule | Question))


def reason(policy: Policy, clause: str, language: str) -> str | None:
    """Give why no rule keeps a clause, as the policy says it."""
    entry = policy.clauses[clause]
    return entry.because.in_language(language) if entry.unruled and entry.because else None


def told(policy: Policy, clause: str, language: str) -> str:
    """Say how a clause stands and why: what is still to be built, or the reason that the policy gives.

    What is promised of paper is never more than stated. Where a term can be longer, it says by what: a time that the
    rule names, or a hold for as long as a reason lasts.
    """
    words = [waits_for(rule) for rule in keepers(policy, clause)]
    later = listed([say(language, word) for word in words if word], language)
    given = (reason(policy, clause, language) or "").rstrip(".")
    stands = say(language, LONG[standing(policy, clause)], later=later, reason=given)
    return " ".join([stands, *_beside(policy, clause, language)])


def _beside(policy: Policy, clause: str, language: str) -> Iterator[str]:
    kept = keepers(policy, clause)
    if any(_paper_alone(rule) for rule in kept):
        yield say(language, "paper_stated")
    for rule in kept:
        if isinstance(rule, RetentionRule) and rule.extension:
            yield say(language, "longer_by" if rule.extension.by else "longer_hold", rule=rule.id)


def fingerprint(reading: Reading) -> str:
    """Give the hash of what a reading says: once that changes, it has to be confirmed anew."""
    return hashlib.sha256(f"{reading.chosen.nl}\n{reading.chosen.en}".encode()).hexdigest()


def confirmed(policy: Policy, confirmations: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Give the readings that the coach has confirmed as they now stand, each with when she last did.

    `confirmations` are what was confirmed, its hash, and when.
    """
    held = {reading.id: fingerprint(reading) for reading in policy.readings}
    return {what: at for what, sha256, at in sorted(confirmations, key=lambda one: one[2]) if held.get(what) == sha256}
