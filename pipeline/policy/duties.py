"""What a practice owes people who ask about their data, or whose data leaked, as sentences; see `sentences`.

Pure. Where a rule leaves its term to the law, the term of the laws that the policy names is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.policy import phrases
from pipeline.policy.period import Period
from pipeline.policy.phrases import every, listed, period
from pipeline.policy.policy import Policy, law
from pipeline.policy.schema.later import BreachRule, RequestRule, Within
from pipeline.words import say

Said = Iterator[str]


def request(rule: RequestRule, policy: Policy, language: str) -> Said:
    """Say what somebody can ask for, and when the answer is due."""
    yield _who_asks(rule, language)
    if rule.covers:
        yield say(language, "request_covers", what=phrases.categories(rule.covers, language))
    length = rule.answer.period or _legal_answer(policy)
    if length:
        after = say(language, f"after_{rule.answer.after}")
        yield say(language, "request_answer", period=period(length, language), after=after)
    else:
        yield say(language, "request_answer_legal")
    if rule.answer.working_day:
        yield say(language, "request_working_day")
    if rule.to:
        yield say(language, "request_to", to=listed(rule.to, language, either=True))
    if rule.forward_within:
        yield say(language, "request_forward", period=period(rule.forward_within, language))
    for promised, word in (
        (rule.refusal_needs_reason, "request_reason"), (rule.free, "request_free"),
        (bool(rule.excludes), "request_excludes"), (rule.tell_recipients, "request_tell"),
        (rule.identity == "known_address", "request_known_address"),
        (rule.identity == "controller", "request_identity"), (rule.warning, "request_warning"),
    ):  # fmt: skip
        if promised:
            yield say(language, word)


def _who_asks(rule: RequestRule, language: str) -> str:
    asks = phrases.asks(rule.may, language)
    if "anyone" in rule.who:
        return say(language, "request_anyone", asks=asks)
    others = listed([phrases.whose(one, language) for one in rule.who if one != "client"], language, either=True)
    if "client" not in rule.who:
        return say(language, "request_others", asks=asks, others=others)
    return say(language, "request_client_too" if others else "request_client", asks=asks, others=others)


def _legal_answer(policy: Policy) -> Period | None:
    """Give the term that the laws of the policy set for an answer, the shortest of several."""
    terms = [rule.answer.period for name in policy.law for rule in law(name).requests]
    return min((length for length in terms if length), default=None)


def breach(rule: BreachRule, policy: Policy, language: str) -> Said:
    """Say whom a breach is told, when, and what."""
    laws = [other.within.period for name in policy.law for other in law(name).breach if other.tell == rule.tell]
    legal = min((length for length in laws if length), default=None)
    traceable = "_traceable" if rule.tell == "clients" and rule.whom == "active_and_traceable" else ""
    yield say(language, f"breach_{rule.tell}{traceable}", when=_within(rule.within, legal, language))
    if told := [phrases.breach_tells(one, language) for one in rule.contents]:
        yield say(language, "breach_contents", contents=listed(told, language))
    if rule.drill_every:
        yield say(language, "breach_drill", every=every(rule.drill_every, language))


def _within(term: Within, legal: Period | None, language: str) -> str:
    """Say by when something is done; `legal` is what the law gives where the rule leaves it to the law."""
    length = term.period or legal
    if length is None:
        return say(language, "within_legal")
    after = say(language, f"after_{term.after}")
    return say(language, "within_period", period=period(length, language), after=after)
