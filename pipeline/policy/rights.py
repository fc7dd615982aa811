"""What a policy promises about people's rights, complaints and breaches, beside what the law asks of it.

Pure. The days on which an answer would come too late are counted over every date of a leap year.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.policy.conflicts import YEAR, span
from pipeline.policy.finding import Adviser, Finding
from pipeline.policy.period import Period
from pipeline.policy.phrases import listed, period
from pipeline.policy.policy import law
from pipeline.policy.schema.base import Category, Words
from pipeline.policy.schema.closing import Step
from pipeline.policy.schema.later import Ask, BreachRule, RequestRule
from pipeline.policy.schema.retention import Leaving
from pipeline.words import say

NAMED_BY_LAW = {
    Ask.ACCESS: "right_access", Ask.RECTIFY: "right_rectify", Ask.ERASE: "right_erase", Ask.RESTRICT: "right_restrict",
    Ask.OBJECT: "right_object", Ask.PORT: "right_port", Ask.WITHDRAW: "right_withdraw",
}  # fmt: skip
"""What a statement must say that people can ask for (art. 13(2)(b) and (c) GDPR)."""
AUTHORITY = ("autoriteit persoonsgegevens", "data protection authority", "toezichthouder", "supervisory authority")


def rights(adviser: Adviser) -> Iterator[Finding]:
    """Tell where what is promised about rights falls short of the law."""
    for request in adviser.policy.requests:
        yield from _late(adviser, request)
        if not request.free:
            yield adviser.heavy([request], "advice_fee")
        if not request.refusal_needs_reason:
            yield adviser.heavy([request], "advice_no_reason")
    yield from _unnamed(adviser)
    yield from _complaints(adviser)
    for breach in adviser.policy.breach:
        yield from _breach(adviser, breach)
    yield from _age(adviser)
    yield from _learning(adviser)


def _legal_answer(adviser: Adviser) -> Period | None:
    terms = [rule.answer.period for name in adviser.policy.law for rule in law(name).requests]
    return min((one for one in terms if one), default=None)


def _late(adviser: Adviser, request: RequestRule) -> Iterator[Finding]:
    """Count the days of receipt from which this answer comes later than the law wants, forwarding included."""
    legal, answer = _legal_answer(adviser), request.answer
    if legal is None or answer.period is None or _sooner_elsewhere(adviser, request):
        return
    if answer.after == "forwarded" and request.forward_within is None:
        yield adviser.heavy([request], "advice_answer_open")
        return
    before = request.forward_within or Period()
    late = [(answer.period.after(before.after(day)) - legal.after(day)).days for day in YEAR]
    late = [days for days in late if days > 0]
    if late:
        yield adviser.heavy(
            [request], "advice_answer_late", days=len(late), all=len(YEAR), most=span(max(late), adviser.language),
            legal=period(legal, adviser.language),
        )  # fmt: skip


def _sooner_elsewhere(adviser: Adviser, request: RequestRule) -> bool:
    """Tell whether another rule gives the same people the same rights within the term of the law."""
    return any(
        one.answer.statutory and set(one.who) >= set(request.who) and set(one.may) >= set(request.may)
        for one in adviser.policy.requests
    )


def _unnamed(adviser: Adviser) -> Iterator[Finding]:
    clients = [rule for rule in adviser.policy.requests if {"client", "anyone"} & set(rule.who)]
    named = {one for rule in clients for one in rule.may}
    missing = [one for one in NAMED_BY_LAW if one not in named]
    if missing:
        spoken = listed([say(adviser.language, NAMED_BY_LAW[one]) for one in missing], adviser.language)
        yield adviser.light(clients, "advice_rights", rights=spoken, may=", ".join(missing))


def _complaints(adviser: Adviser) -> Iterator[Finding]:
    rules = adviser.policy.complaints
    told = [one.casefold() for rule in rules for one in [*rule.escalate, *rule.to]]
    told += [fault.nl.casefold() for rule in rules for one in rule.clauses for fault in _faults(adviser, one)]
    if not any(one == "ap" or any(name in one for name in AUTHORITY) for one in told):
        yield adviser.heavy(rules, "advice_authority")


def _faults(adviser: Adviser, clause: str) -> list[Words]:
    return adviser.policy.clauses[clause].faults


def _breach(adviser: Adviser, breach: BreachRule) -> Iterator[Finding]:
    laws = [rule for name in adviser.policy.law for rule in law(name).breach if rule.tell == breach.tell]
    if breach.whom != "all_affected" and any(rule.whom == "all_affected" for rule in laws):
        yield adviser.heavy([breach], "advice_breach_narrow")
    promised = breach.within.period
    legal = min((rule.within.period for rule in laws if rule.within.period), default=None)
    if promised and legal and promised > legal:
        yield adviser.heavy([breach], "advice_breach_late", legal=period(legal, adviser.language))


def _age(adviser: Adviser) -> Iterator[Finding]:
    """Tell that an age grows stale: who was under 16 cannot be told from it later."""
    gates = [rule for rule in adviser.policy.gates if rule.only_under_16]
    asked = {name for rule in adviser.policy.fields for name in rule.fields}
    if gates and "birth_date" not in asked:
        yield adviser.heavy(gates, "advice_age")


def _learning(adviser: Adviser) -> Iterator[Finding]:
    policy = adviser.policy
    makers = [rule for rule in policy.closing if Step.PSEUDONYMISE_MARKED in rule.steps]
    makers_too = [rule for rule in policy.retention if rule.end is Leaving.PSEUDONYMISE]
    if (makers or makers_too) and not any(Category.LEARNING in rule.covers for rule in policy.retention):
        yield adviser.heavy([*makers, *makers_too], "advice_learning")
