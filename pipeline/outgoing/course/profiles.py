"""Profiles: the invitation to take one, and the PDF that comes of it, each from a dropped file to a mail that waits.

Nothing is taken in without explicit consent on file. A profile is kept as it came, byte for byte, and goes to the
client alone; before it does, whose name is in it, whose mailbox it goes to and who else it could be about are compared
(`policy.addressee`), and with any doubt the coach looks first. To the sponsor it goes by the client's word alone, which
is asked where she has consented to that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from pipeline.config.profile import InvitationFile, read_invitation_file
from pipeline.edges import ledger
from pipeline.edges.accepts import YAML, ending_of
from pipeline.edges.folder import Dropped
from pipeline.errors import ReadingFailed
from pipeline.model import DocumentState, Kind, MessageState, Party, Reason, message_file
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.course import taking, whose
from pipeline.outgoing.course.reports import may_be_collected
from pipeline.outgoing.course.taking import Refused, Taker
from pipeline.outgoing.keeping import Made
from pipeline.outgoing.mail.freezing import NotAsPlanned
from pipeline.outgoing.plan import Document
from pipeline.outgoing.standing import agreed, consents, taking_consents
from pipeline.outgoing.values.profile import ASKS, CHOSEN, CODE, FILE, LINK, gates_before_taking, maker
from pipeline.placing import references
from pipeline.policy import addressee, deeds, gates
from pipeline.policy.addressee import Chosen
from pipeline.policy.collecting import before_collecting
from pipeline.policy.gates import RELEASE, Carried, SendFacts, Word
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.gates import Act, GateRule, Recipient, consents_of
from pipeline.practice import Practice
from pipeline.steps import each
from pipeline.words import say

Tell = Callable[[str], None]
MOST_PAGES = 200
"""More pages than any profile has: what has more is another file."""
HOLDS = frozenset({Category.CONTACT, Category.PROFILE})


def take_in(practice: Practice, now: datetime, tell: Tell) -> int:
    """Take in what lies in `drop/profiles/`; gives how many invitations and profiles there are to send."""
    return taking.take_in(practice, Taker("profiles", _dossier, _make), now, tell)


def discard_withheld(practice: Practice, now: datetime, tell: Tell) -> int:
    """Erase the profiles that the coach withheld, with their mail: what is another's does not stay; gives how many."""
    withheld = practice.database.rows(
        "SELECT d.dossier, d.version, d.file, m.token FROM documents d JOIN messages m ON m.dossier = d.dossier"
        " AND m.purpose = d.kind AND m.round = d.version AND m.party = ? WHERE d.kind = ? AND d.state = ?",
        Party.CLIENT, Kind.PROFILE, DocumentState.WITHHELD,
    )  # fmt: skip
    return each(practice, withheld, lambda row: _discard(practice, row, now, tell))


def _discard(practice: Practice, row: sqlite3.Row, now: datetime, tell: Tell) -> int:
    practice.storage.erase([f"dossiers/{row['dossier']}/{row['file']}", message_file(row["token"])])
    with practice.database.transaction():
        practice.database.run(
            "UPDATE documents SET state = NULL, sha256 = '', boxes = '{}', about = '{}', dropped = NULL"
            " WHERE dossier = ? AND kind = ? AND version = ?",
            row["dossier"], Kind.PROFILE, row["version"],
        )  # fmt: skip
        practice.database.run("UPDATE messages SET sha256 = '' WHERE token = ?", row["token"])
        ledger.record(practice.database, now, "document.withheld", document=row["file"])
    tell(f"{row['dossier']} profile v{row['version']} was withheld and is erased")
    return 1


def _invites(found: Dropped) -> bool:
    return ending_of(found.name) in YAML


def _read(practice: Practice, found: Dropped) -> InvitationFile:
    return read_invitation_file(found.data, found.name, language=practice.file.language)


def _dossier(practice: Practice, found: Dropped) -> str | None:
    return _read(practice, found).dossier if _invites(found) else None


def _make(practice: Practice, dossier: str, found: Dropped, _now: datetime) -> list[Made]:
    kind, category = (Kind.INVITATION, Category.PROFILE_INTAKE) if _invites(found) else (Kind.PROFILE, Category.PROFILE)
    taking.has_an_end(practice, category)
    may_be_collected(practice, dossier, category)
    _has_consent(practice, dossier)
    if _goes_already(practice, dossier, kind, found):
        return []
    return [_invitation(practice, found) if _invites(found) else _profile(practice, dossier, found)]


def _has_consent(practice: Practice, dossier: str) -> None:
    """Raise `Refused`, with the clauses, when the client has not consented to a profile being taken."""
    if agreed(practice, dossier):
        return
    language, policy = practice.file.language, practice.policy
    given = {word.purpose for word in consents(practice, dossier) if word.given}
    asked = [question for question in taking_consents(policy) if question.purpose not in given]
    lacking = {question.purpose for question in asked}
    before = [*gates_before_taking(policy), *before_collecting(policy, [Category.PROFILE])]
    rules = [rule for rule in before if lacking & set(consents_of(rule))]
    clauses = dict.fromkeys([clause for rule in rules for clause in rule.clauses])
    clauses |= dict.fromkeys([clause for question in asked for clause in question.clauses])
    texts = " ".join(question.text.in_language(language) for question in asked)
    values = {"reference": dossier, "clauses": ", ".join(clauses), "text": texts}
    raise Refused([say(language, "profile_no_consent", **values)], rules)


def _goes_already(practice: Practice, dossier: str, kind: Kind, found: Dropped) -> bool:
    """Tell whether these very bytes are the newest of their kind, and are to go, or went, to where the client is now.

    Bytes that did not reach her, for the coach kept them in or the address was wrong, may be dropped once more.
    """
    newest = recorded.newest(practice, dossier, kind)
    if newest is None or taking.is_new(practice, dossier, kind, found):
        return False
    rows = practice.database.rows(
        "SELECT recipient, state, bounced FROM messages WHERE dossier = ? AND party = ? AND purpose = ? AND round = ?",
        dossier, Party.CLIENT, recorded.PURPOSE[kind], newest.version,
    )  # fmt: skip
    address = recorded.client_now(practice, dossier).client.email
    failed = {MessageState.REFUSED, MessageState.SUPERSEDED}
    return not rows or any(
        row["state"] not in failed and row["bounced"] is None and row["recipient"].casefold() == address.casefold()
        for row in rows
    )


def _invitation(practice: Practice, found: Dropped) -> Made:
    language = practice.file.language
    if untold := maker(practice.file, practice.policy, language).untold:
        raise Refused([say(language, "profile_untold", keys=", ".join(untold))])
    file, rules = _read(practice, found), gates_before_taking(practice.policy)
    about = {LINK: file.link, CODE: file.code}
    return Made(Kind.INVITATION, found.data, about=about, dropped=found.sha256, serves=tuple(rules))


def _profile(practice: Practice, dossier: str, found: Dropped) -> Made:
    pages = _pages(practice, found)
    about = {ASKS: may_be_shared(practice, dossier), CHOSEN: _chosen(dossier, found), FILE: found.name}
    return Made(Kind.PROFILE, found.data, pages, about=about, dropped=found.sha256)


def _pages(practice: Practice, found: Dropped) -> int:
    """Give how many pages a profile has, or raise `Refused` for what no client should be sent."""
    language = practice.file.language
    try:
        text = practice.reader.text(found.data)
    except ReadingFailed:
        raise Refused([say(language, "profile_not_read")]) from None
    if text.locked:
        raise Refused([say(language, "profile_is_locked")])
    if text.active:
        raise Refused([say(language, "profile_acts", what=", ".join(text.active))])
    if text.count > MOST_PAGES:
        raise Refused([say(language, "profile_pages", count=text.count, most=MOST_PAGES)])
    return text.count


def _chosen(dossier: str, found: Dropped) -> Chosen:
    """Tell by what a file said whose it is."""
    if dossier in references(found.name, {dossier}):
        return Chosen.FILE
    return Chosen.FOLDER


def may_be_shared(practice: Practice, dossier: str) -> bool:
    """Tell whether the client's word could let her profile go to the sponsor, so that it makes sense to ask for it.

    She has consented to that on her form, to this very sponsor; and were she to say yes, every gate would be open.
    """
    client = recorded.client_now(practice, dossier)
    if client.sponsor is None:
        return False
    recipient, stood = client.sponsor.email, frozenset(consents(practice, dossier))
    asked = {purpose for rule in _gates(practice) for purpose in consents_of(rule)}
    given = any(word.given and word.purpose in asked and _to(word, recipient) for word in stood)
    carried = (Carried("this", HOLDS, client_had=True),)
    yes = frozenset(Word(purpose, given=True, document="this", recipient=recipient) for purpose in (RELEASE, *asked))
    facts = SendFacts(
        MessageState.CLAIMED, Party.SPONSOR, frozenset({Kind.PROFILE}), newest=True, sponsored=True,
        purpose=recorded.PURPOSE[Kind.PROFILE], recipient=recipient, carried=carried, consents=stood, approvals=yes,
        exposed=(),
    )  # fmt: skip
    return given and gates.why_not(facts, gates.standing(practice.policy, Party.SPONSOR, carried)) is None


def _gates(practice: Practice) -> list[GateRule]:
    return deeds.gates(practice.policy, Act.DISCLOSE, [Category.PROFILE], Recipient.SPONSOR)


def _to(word: Word, recipient: str) -> bool:
    return word.recipient.casefold() in {"", recipient.casefold()}


def doubts(practice: Practice, document: Document, delivery: plan.Delivery) -> list[Reason]:
    """Give why the coach must look before a profile goes; raises `NotAsPlanned` when it is not to its own client."""
    client = recorded.client_now(practice, document.dossier)
    person = whose.person(document.dossier, client.model_dump())
    if wrong := addressee.never(person, delivery.recipient):
        raise NotAsPlanned("; ".join(say(practice.file.language, word, **values) for word, values in wrong))
    return addressee.doubts(
        addressee.Dropped(
            person, delivery.recipient, whose.text(practice, document), Chosen(document.about[CHOSEN]),
            file=document.about[FILE],
            sponsor=whose.payer(client),
            others=whose.others(practice, document.dossier),
            known_address=whose.reaches_her(practice, document.dossier, delivery.recipient),
            elsewhere=whose.elsewhere(practice, document),
        )
    )  # fmt: skip
