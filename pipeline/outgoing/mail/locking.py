"""No personal data in mail, where the policy promises that: what a mail is made of then, and what can be read of one.

Templates are given nobody's name; the documents go behind a password that travels another way. Before a mail leaves its
finished bytes are read as anybody on the way could read them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator

from pipeline import tokens
from pipeline.config.client import ClientFile
from pipeline.config.practice import PracticeFile
from pipeline.model import OPENING, Kind, Party, Purpose
from pipeline.outgoing.mail.letter import LetterPlan, readable
from pipeline.outgoing.plan import Delivery
from pipeline.outgoing.values.base import GREETINGS, Revision, Values, greeting, mail_language
from pipeline.policy.contents import EVERYWHERE, personal_data_in, values_of
from pipeline.policy.gates import content_rules
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.mail import ContentRule
from pipeline.practice import Practice
from pipeline.press import protect
from pipeline.words import say

SHORTEST_OWN = 3
ENCRYPTED = {Kind.PROFILE.value, Kind.REPORT.value}
"""What a client can wish to receive behind a password."""
SALUTATION, RECIPIENT = "salutation", "recipient"


IN_COURSE = {
    Kind.PROFILE: frozenset({Category.CONTACT, Category.PROFILE}),
    Kind.REPORT: frozenset({Category.CONTACT, Category.REPORT}),
    Kind.INVOICE: frozenset({Category.CONTACT, Category.INVOICE}),
    Kind.APPOINTMENT: frozenset({Category.CONTACT, Category.APPOINTMENT}),
    Kind.APPROVAL: frozenset({Category.CONTACT, Category.CONSENT}),
    Kind.QUESTIONS: frozenset({Category.CONTACT, Category.CONSENT}),
    Kind.INVITATION: frozenset({Category.CONTACT, Category.PROFILE_INTAKE}),
}
"""What a document holds that comes in the course of a coaching."""


def wanted(file: PracticeFile, client: ClientFile, delivery: Delivery) -> bool:
    """Tell whether practice or client want what a mail carries behind a password, whatever the policy says."""
    kinds = {str(kind) for kind in delivery.kinds}
    return bool(kinds & set(file.encrypt)) if client.encrypt is None else client.encrypt and bool(kinds & ENCRYPTED)


def locks(practice: Practice, dossier: str) -> bool:
    """Tell whether something of a dossier travels behind a password because practice or client wish it."""
    facts = practice.database.value(
        "SELECT facts FROM requests WHERE dossier = ? ORDER BY revision DESC LIMIT 1", dossier
    )
    hers = json.loads(facts).get("encrypt") if facts else None
    return bool(practice.file.encrypt) if hers is None else bool(hers)


def holds(revision: Revision, kind: Kind, purpose: Purpose, *, goal_to_sponsor: bool) -> frozenset[Category]:
    """Give what a document holds: of the client, and for a quote of who pays and what for."""
    client = revision.client
    if kind not in OPENING:
        return IN_COURSE[kind] | ({Category.SPONSOR} if kind is Kind.INVOICE and client.sponsor else set())
    found = {Category.CONTACT, Category(kind.value)}
    if client.client.role or client.client.organisation:
        found.add(Category.EMPLOYER)
    if kind is Kind.QUOTE and client.sponsor is not None:
        found.add(Category.SPONSOR)
    if kind is Kind.QUOTE and client.goal and (client.sponsor is None or goal_to_sponsor):
        found.add(Category.GOAL)
    if kind is Kind.QUOTE and purpose is Purpose.COUNTERSIGNED:
        found.add(Category.AGREEMENT)
    return frozenset(found)


def rules_for(practice: Practice, revision: Revision, kinds: Iterable[Kind], purpose: Purpose) -> list[ContentRule]:
    """Give what the policy says of what may be read in a mail with these documents."""
    shown = practice.file.quote.goal_to_sponsor
    return content_rules(
        practice.policy, (one for kind in kinds for one in holds(revision, kind, purpose, goal_to_sponsor=shown))
    )


def password_for(practice: Practice, dossier: str, party: Party, rules: Collection[ContentRule]) -> str:
    """Give the password that the documents of a mail get; empty when the rules let none travel, or there are none."""
    locks = bool(rules) and all(rule.instead == "encrypted_pdf" for rule in rules)
    return tokens.document_password(practice.key, dossier, party) if locks else ""


def allowed_by_all(rules: Iterable[ContentRule]) -> set[str]:
    """Give what every rule lets stand in a mail."""
    each = [set(map(str, rule.allow)) for rule in rules]
    return set.intersection(*each) if each else set()


def nameless(values: Values, rules: Collection[ContentRule], language: str) -> Values:
    """Give the values of a mail without any person: whatever a template asks for, it gets nobody's name."""
    if not rules:
        return values
    client, sponsor = say(language, "somebody_client"), say(language, "somebody_sponsor")
    found = dict(values)
    for group, word in (("client", client), ("sponsor", sponsor)):
        if found.get(group):
            found[group] = {name: word if name in {"name", "contact"} else "" for name in found[group]}
    if SALUTATION not in allowed_by_all(rules) and "client" in values:
        found["greeting"] = f"{GREETINGS[language]},"
    return found


def with_notice(plain: str, notice: str, files: Iterable[str]) -> str:
    """Put the lines about the password behind the paragraph that names the documents, else behind the greeting."""
    blocks = plain.strip().split("\n\n")
    naming = [at for at, block in enumerate(blocks) if any(name in block for name in files)]
    at = naming[-1] if naming else 0
    return "\n\n".join([*blocks[: at + 1], notice.strip(), *blocks[at + 1 :]]) + "\n"


def exposed(
    practice: Practice, revision: Revision, party: Party, planned: LetterPlan, rules: Collection[ContentRule],
    data: bytes,
) -> tuple[str, ...]:  # fmt: skip
    """Give what of a person can be read in a finished mail: the names of fields, and of files that open for anybody."""
    seen, may = readable(data), allowed_by_all(rules)
    allow: dict[str, Collection[str]] = {EVERYWHERE: _own(practice)}
    if RECIPIENT in may:
        allow |= {"to": {planned.recipient}, "calendar ATTENDEE": {planned.recipient}}
    if SALUTATION in may and party is not Party.COACH:
        line = greeting(revision.client, party, mail_language(revision, party, practice.file))
        allow |= {"text": {line}, "html": {line}}
    fields = personal_data_in(seen.texts, values_of(revision.client), allow)
    files = [
        name for name, file in seen.attachments.items()
        if not _sealed(file, planned.password) and (not file or file != seen.calendar)
    ]  # fmt: skip
    return (*fields, *sorted(files))


def named_in(practice: Practice, data: bytes) -> tuple[str, ...]:
    """Give whom a mail that is about no dossier names: by a whole name, an address, a telephone number."""
    if not practice.policy.mail_contents:
        return ()
    rows = practice.database.rows(
        "SELECT dossier, facts FROM requests r"
        " WHERE revision = (SELECT max(revision) FROM requests WHERE dossier = r.dossier)"
    )
    values = {
        f"{row['dossier']}.{whose}": value
        for row in rows for whose, value in _known_by(ClientFile.model_validate_json(row["facts"]))
    }  # fmt: skip
    return tuple(personal_data_in(readable(data).texts, values, {EVERYWHERE: _own(practice)}))


def _known_by(client: ClientFile) -> Iterator[tuple[str, str]]:
    yield "client.whole", client.client.name
    yield "client.email", client.client.email
    if client.client.phone:
        yield "client.phone", client.client.phone
    if client.sponsor is not None:
        yield "sponsor.whole", client.sponsor.contact
        yield "sponsor.email", client.sponsor.email


def _sealed(file: bytes, password: str) -> bool:
    return bool(password) and protect.strongly(file, password)


def _own(practice: Practice) -> set[str]:
    """Give what is the practice's own: its name, its coach, its address."""
    texts = [str(value) for value in practice.file.practice.model_dump().values() if value]
    own = {practice.file.mail.sender, *texts}
    return {text for text in own if len(text) >= SHORTEST_OWN}
