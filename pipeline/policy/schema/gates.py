"""What must be so before something is done: before a mail leaves, before something is collected or disclosed."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from pipeline.config.fields import YesNo, problem
from pipeline.policy.schema.base import Category, Rule
from pipeline.policy.schema.retention import one_of

CONSENT = "consent:"


class Act(StrEnum):
    """What a gate stands before."""

    COLLECT = "collect"
    USE = "use"
    SEND = "send"
    INVITE = "invite"
    DISCLOSE = "disclose"
    PUBLISH = "publish"
    GRANT_ACCESS = "grant_access"
    SELL = "sell"
    ADD_RECIPIENT = "add_recipient"


class Recipient(StrEnum):
    """To whom; `ANYONE` is everybody but the client."""

    CLIENT = "client"
    SPONSOR = "sponsor"
    THIRD_PARTY = "third_party"
    ENGAGED = "engaged"
    ACCOUNTANT = "accountant"
    AUTHORITY = "authority"
    INSURER = "insurer"
    PEER = "peer"
    CERTIFIER = "certifier"
    OTHER_COACH = "other_coach"
    SUBPROCESSOR = "subprocessor"
    ANYONE = "anyone"


class Needs(StrEnum):
    """What a gate asks for, beside `consent:PURPOSE`; `NEVER` is asked for in vain: there is no path."""

    NEVER = "never"
    APPROVAL = "approval"
    CONSENT_FORM = "consent_form"
    STATEMENT = "statement"
    CONTRACT = "contract"
    LEGAL_DUTY = "legal_duty"
    PERFORMANCE = "performance"
    ALLOW_LIST = "allow_list"
    ANONYMISED = "anonymised"
    SECRECY = "secrecy"
    PURPOSE = "purpose"
    SCOPE = "scope"
    REASON = "reason"
    GUARDIAN = "guardian"


class Bound(StrEnum):
    """What a consent or an approval is bound to: it holds for that one and for no other."""

    DOCUMENT = "document"
    RECIPIENT = "recipient"
    PURPOSE = "purpose"
    CHANNEL = "channel"


def _requirement(value: object) -> str:
    text = str(value).strip()
    if text.startswith(CONSENT) and text.removeprefix(CONSENT).replace("_", "").isalpha():
        return text
    if text not in set(Needs):
        raise problem("bad_choice", value=text[:80], choices=", ".join([f"{CONSENT}PURPOSE", *Needs]))
    return text


Requirement = Annotated[str, BeforeValidator(_requirement)]


class GateRule(Rule):
    """A gate: before which act, about what, to whom; all of `require`, or one of `unless`. Silence keeps it closed.

    `first_to_client`: the client has had it before; `corrections`: and may have it corrected; `drafts_go`: what was
    not approved is deleted.
    """

    before: Annotated[Act, one_of(Act)]
    covers: list[Annotated[Category, one_of(Category)]] = Field(default_factory=list)
    to: list[Annotated[Recipient, one_of(Recipient)]] = Field(default_factory=list)
    require: Annotated[list[Requirement], Field(min_length=1)]
    unless: list[Requirement] = Field(default_factory=list)
    bound_to: list[Annotated[Bound, one_of(Bound)]] = Field(default_factory=list)
    first_to_client: YesNo = False
    corrections: YesNo = False
    drafts_go: YesNo = False
    written_confirmation: YesNo = False
    only_under_16: YesNo = False


def consents_of(rule: GateRule) -> list[str]:
    """Give the purposes that a gate asks consent for."""
    return [one.removeprefix(CONSENT) for one in (*rule.require, *rule.unless) if one.startswith(CONSENT)]
