"""Whether a mail may leave: pure functions of the policy and of what is known at the moment of the send.

Each gate gives the reason why not, or nothing. They are asked in the transaction that writes the mark before the final
dot, so that what changed a moment ago counts (promise P4). Silence denies, and so does what nobody knows; a refusal or
a withdrawal always wins; what the policy calls *never* has no path.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.model import IN_COURSE, OPENING, Kind, MessageState, Party, Purpose
from pipeline.policy import deeds
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.gates import CONSENT, Act, Bound, GateRule, Needs, Recipient
from pipeline.policy.schema.mail import ContentRule

NEWER = "superseded by a newer version"
DECLINED = "the quote was declined"
NOT_AWAITED = "what it reminds of is no longer awaited"
TOO_SOON = "another reminder went out less than a day ago"
NOT_BOOKED = "what it confirms is not booked as signed"
LAPSES = frozenset({NEWER, DECLINED, NOT_AWAITED, TOO_SOON, NOT_BOOKED})
"""The reasons by which a mail has become needless: nobody has to look into it."""
RESTRICTED = "its dossier is restricted; it goes when that is lifted"
BY_POLICY = "your policy keeps it in"
NOTES = frozenset({Purpose.NOTE, Purpose.DAILY})
OF_SPONSOR = frozenset({Kind.QUOTE, Kind.PROFILE, Kind.REPORT, Kind.INVOICE})
"""What a sponsor may receive at all: one of these in a mail, and nothing beside it."""
OF_CLIENT = frozenset({Purpose.APPOINTMENT, Purpose.INVITATION, Purpose.CLOSING})
"""The mails that go to the client and to nobody else."""
RELEASE = str(Act.DISCLOSE)
"""The purpose of her word that a document may go on."""
BOTH = {Bound.DOCUMENT, Bound.RECIPIENT}
NOT_APPROVED = "the client has not approved these very bytes for this recipient"
NOT_HAD = "the client has not had this profile herself"
NO_PATH = "the policy names no consent by which a profile may go to a sponsor"
NOT_AGREED = "the client has not consented to a profile being taken"
RECIPIENTS = {Party.CLIENT: Recipient.CLIENT, Party.SPONSOR: Recipient.SPONSOR}

MailGate = GateRule | ContentRule
ANY = GateRule(id="any.document", before=Act.DISCLOSE, require=[Needs.APPROVAL])
"""A gate about every document, for what holds whatever a policy says."""


@dataclass(frozen=True)
class Carried:
    """One document that a mail carries: the seal of its bytes, what it holds, whether the client has had it before."""

    seal: str
    holds: frozenset[Category]
    client_had: bool = False


@dataclass(frozen=True)
class Word:
    """A yes or a no that stands: for which purpose and, where it names them, about which bytes and for whom."""

    purpose: str
    given: bool
    document: str = ""
    recipient: str = ""


@dataclass(frozen=True)
class SendFacts:
    """What the gates look at: the mail, to whom, why, with which documents, and how those stand at this moment.

    `awaited`, `booked`: each of its documents is, from this very party; `reminded`: another reminder went to this party
    within a day; `declined`: its quote, or one of its documents, was; `own_address`: it goes to the practice itself;
    `pays`: this party pays; `agreed`: the client consented to her profile being taken.
    `consents` and `approvals` are the words that stand, `grounds` what else a gate can ask for and is so; `exposed` are
    the personal data that can be read on its way, None when nobody looked.
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
    pays: bool = False
    agreed: bool = False
    restricted: bool = False
    recipient: str = ""
    carried: tuple[Carried, ...] = ()
    consents: frozenset[Word] = frozenset()
    approvals: frozenset[Word] = frozenset()
    grounds: frozenset[Needs] = frozenset()
    exposed: tuple[str, ...] | None = None


def standing(policy: Policy, party: Party, carried: Iterable[Carried]) -> list[MailGate]:
    """Give the gates of the policy that stand before a mail: what it carries, to whom; none before one's own notes."""
    holds = {category for one in carried for category in one.holds}
    to = RECIPIENTS.get(party)
    acts = [deeds.gates(policy, act, holds, to) for act in _acts(holds)] if to else []
    return [*(rule for rules in acts for rule in rules), *content_rules(policy, holds)]


def _acts(holds: Collection[Category]) -> tuple[Act, ...]:
    """Give what a mail does by leaving; one about the taking of a profile invites to that."""
    return (Act.SEND, Act.DISCLOSE, Act.INVITE) if Category.PROFILE_INTAKE in holds else (Act.SEND, Act.DISCLOSE)


def content_rules(policy: Policy, holds: Iterable[Category]) -> list[ContentRule]:
    """Give what the policy says of what may be read in a mail that carries these kinds."""
    kinds = set(holds)
    return [rule for rule in policy.mail_contents if not rule.covers or kinds & set(rule.covers)]


def why_not(facts: SendFacts, gates: Sequence[MailGate] = ()) -> str | None:
    """Give the reason why this mail may not leave now, or None when every gate is open."""
    return next(_closed(facts, gates), None)


def closed(facts: SendFacts, gates: Iterable[MailGate]) -> list[MailGate]:
    """Give the gates of the policy that keep this mail in."""
    return [gate for gate in gates if not _is_open(gate, facts)]


def _closed(facts: SendFacts, gates: Sequence[MailGate]) -> Iterator[str]:
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
    if facts.restricted and facts.party is not Party.COACH:
        yield RESTRICTED
    yield from _without_her_word(facts, gates)
    yield from (f"{BY_POLICY}: {_said(gate, facts)}" for gate in closed(facts, gates))
    yield from _before_she_said_so(facts)


def _without_her_word(facts: SendFacts, gates: Sequence[MailGate]) -> Iterator[str]:
    """Give what holds under every policy: a report goes on by her approval, a profile by a consent or not at all."""
    to_sponsor = facts.party is Party.SPONSOR
    if to_sponsor and Kind.REPORT in facts.kinds and not _each_has(RELEASE, ANY, facts, BOTH, facts.approvals):
        yield NOT_APPROVED
    if to_sponsor and Kind.PROFILE in facts.kinds and not any(_asks_consent(gate) for gate in gates):
        yield NO_PATH
    if facts.purpose is Purpose.INVITATION and not facts.agreed:
        yield NOT_AGREED


def _before_she_said_so(facts: SendFacts) -> Iterator[str]:
    """Give what a profile needs beside the consent that a policy asks: she had it herself, and said yes to this one."""
    if facts.party is not Party.SPONSOR or Kind.PROFILE not in facts.kinds:
        return
    if not all(one.client_had for one in facts.carried):
        yield NOT_HAD
    if not _each_has(RELEASE, ANY, facts, BOTH, facts.approvals):
        yield NOT_APPROVED


def _asks_consent(gate: MailGate) -> bool:
    return isinstance(gate, GateRule) and any(need.startswith(CONSENT) for need in gate.require)


def _fits(facts: SendFacts) -> bool:
    """Tell whether a mail is about documents that its purpose can be about."""
    own = IN_COURSE.get(facts.purpose)
    if own is not None:
        return own in facts.kinds and facts.kinds <= {own, Kind.APPROVAL}
    asks_again = facts.purpose is Purpose.REMINDER and facts.kinds == {Kind.APPROVAL}
    return facts.kinds <= set(OPENING) or asks_again


def _wrong_person(facts: SendFacts) -> Iterator[str]:
    if not _fits(facts):
        yield "its documents are not those of its purpose"
    if bool(facts.kinds) == (facts.purpose is Purpose.DAILY):
        yield "it is about no document, or it is the daily note and about one"
    if facts.party is Party.SPONSOR and (len(facts.kinds) != 1 or not facts.kinds <= OF_SPONSOR):
        yield "a sponsor receives the quote, the invoice, and what the client lets pass, one at a time"
    if facts.party is Party.SPONSOR and facts.purpose in OF_CLIENT:
        yield "it is the client's alone"
    if Kind.INVOICE in facts.kinds and not facts.pays:
        yield "an invoice goes to who pays"
    if facts.party is Party.SPONSOR and not facts.sponsored:
        yield "there is no sponsor"
    if (facts.party is Party.COACH) != (facts.purpose in NOTES):
        yield "the coach receives notes, and nobody else does"
    if facts.purpose in NOTES and not facts.own_address:
        yield "a note goes to the practice's own address only"


def _said(gate: MailGate, facts: SendFacts) -> str:
    """Say which gate is closed, what it asks for, and for what can be read the fields, never what stands in them."""
    named = f"{gate.id} ({', '.join(gate.clauses)})"
    if isinstance(gate, ContentRule):
        return f"{named}, for it shows {', '.join(facts.exposed or ('something nobody looked at',))}"
    asked = " and ".join(gate.require) + "".join(f" or {one}" for one in gate.unless)
    return f"{named}, which asks {asked}"


def _is_open(gate: MailGate, facts: SendFacts) -> bool:
    if isinstance(gate, ContentRule):
        return facts.exposed == ()
    if gate.only_under_16 and Needs.GUARDIAN not in facts.grounds:
        return False  # no mail knows an age; who asks for one must know it
    met = [_met(need, gate, facts) for need in gate.require]
    return (all(met) and _client_first(gate, facts)) or any(_met(need, gate, facts) for need in gate.unless)


def _met(need: str, gate: GateRule, facts: SendFacts) -> bool:
    """Tell whether one thing that a gate asks for is so; *never* is not, whatever anybody says."""
    if need == Needs.NEVER:
        return False
    if need.startswith(CONSENT):
        return _consented(need.removeprefix(CONSENT), gate, facts)
    if need == Needs.APPROVAL:
        return _each_has(str(gate.before), gate, facts, BOTH, facts.approvals)
    return need in {str(ground) for ground in facts.grounds}


def _consented(purpose: str, gate: GateRule, facts: SendFacts) -> bool:
    """Tell whether she consented: nothing that stands says no, and a yes names what the gate binds it to.

    A gate that binds to a place of publication is for no mail, so it stays closed.
    """
    words = {word for word in facts.consents if word.purpose == purpose}
    if any(not word.given for word in words) or Bound.CHANNEL in gate.bound_to:
        return False
    bound = set(gate.bound_to) & {Bound.DOCUMENT, Bound.RECIPIENT}
    if not bound:
        return bool(words)
    return _each_has(purpose, gate, facts, bound, words | facts.approvals)


def _each_has(purpose: str, gate: GateRule, facts: SendFacts, bound: set[Bound], words: Iterable[Word]) -> bool:
    """Tell whether each document that a gate is about has a yes for this purpose and recipient, and nothing says no."""
    about = _about(gate, facts)
    own = [word for word in words if word.purpose == purpose and _same(word.recipient, facts.recipient)]
    for one in about:
        named = [word for word in own if word.document in {"", one.seal}]
        sure = [word for word in named if _names(word, bound)]
        if not sure or not all(word.given for word in named):
            return False
    return bool(about)


def _same(named: str, recipient: str) -> bool:
    return not named or named.casefold() == recipient.casefold()


def _names(word: Word, bound: set[Bound]) -> bool:
    """Tell whether a word names everything that the gate binds it to."""
    return (Bound.DOCUMENT not in bound or bool(word.document)) and (
        Bound.RECIPIENT not in bound or bool(word.recipient)
    )


def _about(gate: GateRule, facts: SendFacts) -> list[Carried]:
    """Give the documents that a gate is about."""
    return [one for one in facts.carried if one.seal and (not gate.covers or one.holds & set(gate.covers))]


def _client_first(gate: GateRule, facts: SendFacts) -> bool:
    """Tell whether, where the gate wants that, the client has had these very bytes before."""
    about = _about(gate, facts)
    return not gate.first_to_client or (bool(about) and all(one.client_had for one in about))
