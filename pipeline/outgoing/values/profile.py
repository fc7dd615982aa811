"""What the mails about a profile say: who makes it, what is asked for, where its statement is. Pure.

Nothing of what a profile says of somebody is in here, or in any mail: only the file has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.config.practice import PracticeFile
from pipeline.outgoing.plan import Document
from pipeline.outgoing.values.base import Revision, Values
from pipeline.policy import deeds
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.gates import Act, GateRule, Recipient
from pipeline.policy.schema.mail import Deleted, MailKind
from pipeline.policy.schema.people import Processor
from pipeline.words import say

ASKS, CHOSEN, FILE, LINK, CODE = "asks", "chosen", "file", "link", "code"
"""What is kept of a profile with its document: whether the client is asked if the sponsor may have it, by what the
dossier was chosen, and under which name it was dropped; and of an invitation."""


@dataclass(frozen=True)
class Maker:
    """Who makes profiles for a practice, and what a client must be told of that before she takes one."""

    name: str
    what: str
    statements: tuple[str, ...]
    information: str

    @property
    def untold(self) -> tuple[str, ...]:
        """Name what nobody has filled in, as the keys of practice.yaml."""
        told = {"processor": self.name, "statement": self.statements, "information": self.information}
        return tuple(key for key, value in told.items() if not value)


def maker(file: PracticeFile, policy: Policy, language: str) -> Maker:
    """Give who makes the profiles: as the practice says, else as the policy does; the policy's own pointer stays."""
    rule, own = processor(policy), file.profile
    named = rule.name.in_language(language).partition(" (")[0] if rule else ""  # in brackets stands what it is for
    links = (own.statement, rule.see if rule else None)
    return Maker(
        own.processor or named,
        own.what or say(language, "profile_what"),
        tuple(dict.fromkeys(link for link in links if link)),
        own.information or " ".join(_promised(policy, language)),
    )


def processor(policy: Policy) -> Processor | None:
    """Give the processor that a policy names for profiles."""
    return next((one for one in policy.processors if Category.PROFILE in one.covers), None)


def gates_before_taking(policy: Policy) -> list[GateRule]:
    """Give the gates that stand before a client is invited to take a profile."""
    return deeds.gates(policy, Act.INVITE, [Category.PROFILE_INTAKE], Recipient.CLIENT)


def _promised(policy: Policy, language: str) -> Iterator[str]:
    """Give what the statement itself says of taking a profile."""
    for clause in dict.fromkeys(clause for rule in gates_before_taking(policy) for clause in rule.clauses):
        yield policy.clauses[clause].says.in_language(language)


def invitation_values(
    _revision: Revision, document: Document, file: PracticeFile, policy: Policy, language: str
) -> Values:
    """Give what an invitation says: where she takes the profile, who makes it, and what that asks of her."""
    told = maker(file, policy, language)
    return {
        "link": document.about[LINK],
        "code": document.about.get(CODE) or "",
        "what": told.what,
        "processor": told.name,
        "statements": list(told.statements),
        "information": told.information,
    }


def profile_values(
    _revision: Revision, document: Document, _file: PracticeFile, policy: Policy, _language: str
) -> Values:
    """Give what the mail with a profile says beside it: whether something is asked, and that our copy goes."""
    return {
        "asks": bool(document.about.get(ASKS)),
        "deleted": any(MailKind.PROFILE in rule.covers and rule.after is Deleted.ACCEPTED for rule in policy.mail),
    }
