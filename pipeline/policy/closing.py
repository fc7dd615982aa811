"""What is asked of a client once more when her coaching is closed, and until when her answer is waited for; pure.

What goes at once at closing leaves her the days that destroying may take: silence until then is no answer, and what she
had not agreed to goes.
"""

from __future__ import annotations

from datetime import date

from pipeline.policy.policy import Policy, retention_rules
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.closing import ClosingRule, Step
from pipeline.policy.schema.people import Asked, Question
from pipeline.policy.schema.retention import Event
from pipeline.policy.terms import Life, Term, term


def rules(policy: Policy) -> list[ClosingRule]:
    """Give the rules of closing by which something is asked."""
    return [rule for rule in policy.closing if Step.ASK_CONSENT in rule.steps]


def asking(policy: Policy) -> Policy:
    """Give the policy in which each question that a rule of closing asks says itself that it is asked at closing."""
    named = {purpose for rule in rules(policy) for purpose in rule.asks}

    def at_closing(question: Question) -> Question:
        if question.purpose not in named or Asked.CLOSING in question.asked:
            return question
        return question.model_copy(update={"asked": [*question.asked, Asked.CLOSING]})

    return policy.model_copy(update={"consents": [at_closing(question) for question in policy.consents]})


def asked(policy: Policy, *, sponsored: bool) -> list[Question]:
    """Give the consents to ask at closing; what she said of them before makes no difference."""
    found = [question for question in asking(policy).consents if Asked.CLOSING in question.asked]
    return [question for question in found if sponsored or not question.needs_sponsor]


def answer_by(goes: Term, asked_on: date) -> date | None:
    """Give the day on which something goes at the latest, so that her answer must be there before; None: not known."""
    if goes.due is None or goes.gone_by is None:
        return None
    return max(goes.gone_by, asked_on + (goes.gone_by - goes.due))


def contact_goes(policy: Policy, closed: date) -> Term:
    """Give when name and address go of who was a client until this day."""
    life = Life(closed, engaged=True, events=dict.fromkeys((Event.OPENED, Event.CLOSED), closed))
    return term(retention_rules(policy), Category.CONTACT, life)
