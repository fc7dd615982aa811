"""Whether the practice is set up so that its policy can be kept: its form, its mail account, its addresses.

Pure: looks at the policy and at practice.yaml as they were read.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.config.client import SYNONYMS, Client, ClientFile, Sponsor
from pipeline.config.practice import SYNONYMS as PRACTICE_WORDS
from pipeline.config.practice import PracticeFile
from pipeline.policy.finding import Adviser, Finding
from pipeline.policy.schema.base import Category, Rule
from pipeline.policy.schema.gates import Act, Recipient, consents_of

FORM = {
    "client": (*Client.model_fields, *(name for name in ("goal",) if name in ClientFile.model_fields)),
    "sponsor": tuple(Sponsor.model_fields),
}
"""What a client file can ask, of whom."""
MAIL = frozenset({Category.MAIL_OUT, Category.MAIL_IN})
DOCUMENTS = frozenset({Category.QUOTE, Category.CONSENT})


def fitting(adviser: Adviser, file: PracticeFile) -> Iterator[Finding]:
    """Tell what in the set-up of the practice keeps its policy from being kept."""
    yield from _form(adviser)
    yield from _goal(adviser, file)
    yield from _mailbox(adviser, file)
    yield from _contents(adviser)
    yield from _addresses(adviser, file)


def _form(adviser: Adviser) -> Iterator[Finding]:
    """Tell which fields of a client file no rule allows."""
    for whose, fields in FORM.items():
        rules = [rule for rule in adviser.policy.fields if rule.whose == whose]
        allowed = {name for rule in rules for name in rule.fields}
        beyond = [_spoken(name, SYNONYMS, adviser.language) for name in fields if name not in allowed]
        if beyond:
            who = _spoken(whose, SYNONYMS, adviser.language)
            yield adviser.heavy(rules, "advice_form", whose=who, fields=", ".join(beyond))


def _spoken(key: str, synonyms: dict[str, str], language: str) -> str:
    """Say a key as the file's own words have it; the first Dutch word of several is the one we say."""
    dutch = next((word for word, name in synonyms.items() if name == key), key)
    return dutch if language == "nl" else key


def _goal(adviser: Adviser, file: PracticeFile) -> Iterator[Finding]:
    asks = any(
        Category.GOAL in rule.covers and {Recipient.SPONSOR, Recipient.ANYONE} & set(rule.to) and consents_of(rule)
        for rule in adviser.policy.gates
        if rule.before in {Act.SEND, Act.DISCLOSE}
    )
    if file.quote.goal_to_sponsor and not asks:
        about = [rule for rule in adviser.policy.fields if rule.category is Category.GOAL]
        yield adviser.heavy(about, "advice_goal", key=_spoken("goal_to_sponsor", PRACTICE_WORDS, adviser.language))


def _mailbox(adviser: Adviser, file: PracticeFile) -> Iterator[Finding]:
    policy = adviser.policy
    rules: list[Rule] = [*policy.mail, *(rule for rule in policy.retention if set(rule.covers) & MAIL)]
    if rules and file.mail.imap is None:
        yield adviser.heavy(rules, "advice_no_mailbox")
    elif rules and file.mail.sent_copy == "none":
        yield adviser.light(policy.mail or rules, "advice_no_copy")


def _contents(adviser: Adviser) -> Iterator[Finding]:
    """Tell that no document could leave: it may not stand in a mail, and nothing takes its place."""
    for rule in adviser.policy.mail_contents:
        if rule.instead == "nothing" and (not rule.covers or set(rule.covers) & DOCUMENTS):
            yield adviser.heavy([rule], "advice_no_document")


def _addresses(adviser: Adviser, file: PracticeFile) -> Iterator[Finding]:
    """Tell which address is misspelt (one letter from another), and which is not the practice's own."""
    found = _published(adviser)
    own = {file.practice.email.casefold(), file.mail.sender.casefold()}
    told: set[str] = set()
    for address, rules in found.items():
        alike = next((other for other in sorted({*found, *own} - {address}) if one_off(address, other)), None)
        if alike and alike not in told:
            told.add(address)
            about = [*rules, *found.get(alike, [])]
            yield adviser.heavy(about, "advice_addresses_alike", one=address, other=alike)
        elif alike is None and _domain(address) not in {_domain(one) for one in own}:
            yield adviser.heavy(rules, "advice_address_foreign", address=address)


def _published(adviser: Adviser) -> dict[str, list[Rule]]:
    """Give the mail addresses that the policy gives people, each with the rules that do."""
    found: dict[str, list[Rule]] = {}
    policy = adviser.policy
    given: list[tuple[Rule, list[str]]] = [(rule, rule.to) for rule in policy.requests]
    given += [(rule, rule.to) for rule in policy.complaints]
    given += [(rule, [rule.address]) for rule in policy.signposts if rule.address]
    for rule, addresses in given:
        for address in (one.strip().removeprefix("mailto:").casefold() for one in addresses):
            if "@" in address:
                found.setdefault(address, []).append(rule)
    return found


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def one_off(one: str, other: str) -> bool:
    """Tell whether two texts differ by one letter: another one, one more, one fewer, or two that changed places."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1 or one == other:
        return False
    at = next((place for place, letter in enumerate(short) if letter != long[place]), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    return short[at + 1 :] == long[at + 1 :] or swapped
