"""Each rule of a policy as a sentence that a client understands, from the rule's values and nothing else.

Pure. The privacy statement is made of these sentences, and the explanations that the coach asks for; so what is
published and what runs say the same. `you` is the client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pipeline.policy import phrases
from pipeline.policy.duties import breach, request
from pipeline.policy.period import Period
from pipeline.policy.phrases import capital, category, event, every, listed, period, recipient
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Rule
from pipeline.policy.schema.closing import ChangeRule, ClosingRule, Step
from pipeline.policy.schema.gates import CONSENT, GateRule, Needs, Recipient
from pipeline.policy.schema.later import (
    AccessRule,
    BackupRule,
    BreachRule,
    ComplaintRule,
    RequestRule,
    SignpostRule,
)
from pipeline.policy.schema.mail import ContentRule, MailRule
from pipeline.policy.schema.people import Attestation, FieldRule, Processor, Question
from pipeline.policy.schema.retention import Leaving, RetentionRule, Until, When
from pipeline.words import say

__all__ = ["category", "event", "parts", "period", "recipient", "sentence", "term"]

Said = Iterator[str]


def sentence(rule: Rule | Question, policy: Policy, language: str) -> str:
    """Say one rule of `policy` in `language`: one sentence, and what belongs to it in short ones after it."""
    return " ".join(parts(rule, policy, language))


def parts(rule: Rule | Question, policy: Policy, language: str) -> list[str]:
    """Give the same, sentence by sentence, for who wants to leave out what has been said already."""
    return list(_SAID[type(rule)](rule, policy, language))


def term(rule: RetentionRule, language: str) -> str:
    """Say how long a rule keeps: `tot 5 jaar na de afsluiting van de coaching, nooit langer dan 7 jaar`."""
    return ", ".join(_term(rule, language))


def _field(rule: FieldRule, _: Policy, language: str) -> Said:
    yield say(
        language, "rule_fields", whose=phrases.whose(rule.whose, language),
        fields=phrases.fields(rule.fields, language), purpose=phrases.purpose(rule.category, language),
    )  # fmt: skip
    if set(rule.needed) >= set(rule.fields):
        yield say(language, "rule_fields_all_needed")
    elif rule.needed:
        yield say(language, "rule_fields_needed", needed=phrases.fields(rule.needed, language))
    else:
        yield say(language, "rule_fields_free")


def _question(rule: Question, _: Policy, language: str) -> Said:
    when = listed([say(language, f"asked_{one}") for one in rule.asked], language)
    yield say(language, "rule_consent", when=when, text=rule.text.in_language(language))
    if rule.note:
        yield rule.note.in_language(language)
    if rule.needs_sponsor:
        yield say(language, "rule_consent_sponsor")


def _retention(rule: RetentionRule, _: Policy, language: str) -> Said:
    what = phrases.categories(rule.covers, language)
    if rule.floor and rule.source:
        yield say(language, "keep_by_law", what=what, term=term(rule, language), source=rule.source)
    else:
        yield say(language, "keep", what=what, term=term(rule, language))
    if rule.fields:
        yield say(language, "keep_fields", fields=phrases.fields(rule.fields, language))
    if rule.when is not When.ALWAYS:
        yield say(language, f"keep_{rule.when}")
    if rule.missing and rule.missing.fallback:
        yield say(language, "keep_fallback", event=event(rule.missing.fallback, language))
    yield from _longer(rule, language)
    if rule.window != Period():
        yield say(language, "keep_window", period=period(rule.window, language))
    if rule.end is not Leaving.DELETE:
        yield say(language, f"ending_{rule.end}")


def _term(rule: RetentionRule, language: str) -> Said:
    """Give the parts of a term: the promise, then the least, then the most."""
    counted = event(rule.after, language)
    if rule.promise == Period():
        yield say(language, "term_at_event", event=counted)
    elif isinstance(rule.promise, Period):
        yield say(language, "term_until", period=period(rule.promise, language), event=counted)
    elif rule.promise is not None:
        yield say(language, "term_withdrawn" if rule.promise is Until.WITHDRAWN else "term_purpose")
    if rule.floor is not None and rule.floor != rule.promise:
        yield say(language, "term_floor", period=period(rule.floor, language), event=counted)
    if rule.ceiling is not None and rule.ceiling != rule.promise:
        yield _ceiling(rule, rule.ceiling, language)


def _ceiling(rule: RetentionRule, ceiling: Period, language: str) -> str:
    length, counted = period(ceiling, language), event(rule.after, language)
    if rule.promise is None and rule.floor is None and rule.hard:
        return say(language, "term_most", period=length, event=counted)
    told = isinstance(rule.promise, Period) or rule.floor is not None
    ending = ("" if rule.hard else "_soft") + ("" if told else "_after")
    return say(language, f"term_ceiling{ending}", period=length, event=counted)


def _longer(rule: RetentionRule, language: str) -> Said:
    if rule.extension:
        by = rule.extension.by
        most = say(language, "keep_longer_most", period=period(by, language)) if by else ""
        yield say(language, f"keep_longer_{rule.extension.needs}", most=most)


def _mail(rule: MailRule, _: Policy, language: str) -> Said:
    values = {
        "kinds": listed([say(language, f"mailkind_{kind}") for kind in rule.covers], language),
        "after": say(language, f"deleted_{rule.after}"),
        "within": period(rule.within, language),
        "wait": period(rule.wait, language),
    }
    yield say(language, "rule_mail" if rule.wait == Period() else "rule_mail_wait", **values)
    if rule.every:
        yield say(language, "rule_mail_every", every=every(rule.every, language))
    if rule.residue:
        yield say(language, "rule_mail_residue", period=period(rule.residue, language))


def _contents(rule: ContentRule, _: Policy, language: str) -> Said:
    allowed = listed([say(language, f"allow_{one}") for one in rule.allow], language)
    yield say(language, "rule_contents", allow=say(language, "contents_allow", allow=allowed) if allowed else "")
    if rule.covers:
        yield say(language, "contents_covers", what=phrases.categories(rule.covers, language))
    yield say(language, f"instead_{rule.instead}")


def _gate(rule: GateRule, _: Policy, language: str) -> Said:
    values = {
        "what": phrases.categories(rule.covers, language),
        "whom": listed([recipient(one, language) for one in rule.to or [Recipient.ANYONE]], language, either=True),
    }
    unless = listed([_need(one, language) for one in rule.unless], language, either=True)
    if Needs.NEVER in rule.require:
        but = say(language, "gate_unless", needs=unless) if unless else ""
        yield say(language, f"gate_never_{rule.before}", unless=but, **values)
    else:
        needs = listed([_need(one, language) for one in rule.require], language)
        needs = say(language, "gate_or", needs=needs, others=unless) if unless else needs
        yield say(language, f"gate_only_{rule.before}", needs=needs, **values)
    yield from _around(rule, language)


def _around(rule: GateRule, language: str) -> Said:
    """Give what else a gate promises."""
    if rule.bound_to:
        bound = listed([say(language, f"bound_{one}") for one in rule.bound_to], language)
        yield say(language, "gate_bound", bound=bound)
    for promised, word in (
        (rule.first_to_client, "gate_first_to_client"), (rule.corrections, "gate_corrections"),
        (rule.drafts_go, "gate_drafts_go"), (rule.written_confirmation, "gate_written_confirmation"),
        (rule.only_under_16, "gate_only_under_16"),
    ):  # fmt: skip
        if promised:
            yield say(language, word)


def _need(name: str, language: str) -> str:
    return say(language, "need_consent") if name.startswith(CONSENT) else say(language, f"need_{name}")


def _closing(rule: ClosingRule, policy: Policy, language: str) -> Said:
    steps = [say(language, f"step_{step}") for step in rule.steps or ([Step.ASK_CONSENT] if rule.asks else [])]
    if steps:
        yield say(language, "rule_closing", steps=listed(steps, language))
    for question in policy.consents:
        if question.purpose in rule.asks:
            yield say(language, "rule_closing_asks", text=question.text.in_language(language))


def _change(rule: ChangeRule, _: Policy, language: str) -> Said:
    yield say(language, "rule_changes")
    if rule.announced:
        ways = listed([say(language, f"announced_{way}") for way in rule.announced], language)
        yield say(language, "changes_announced", announced=ways)
    yield say(language, "changes_stricter" if rule.stricter_at_once else "changes_new_only")


def _processor(rule: Processor, _: Policy, language: str) -> Said:
    name = capital(rule.name.in_language(language))
    what = phrases.categories(rule.covers, language)
    yield say(language, "rule_processor" if rule.covers else "processor_nothing", name=name, what=what)
    if rule.contract:
        yield say(language, "processor_contract")
    if rule.keeps_at_most:
        yield say(language, "processor_most", period=period(rule.keeps_at_most, language))
    if rule.statement:
        yield say(language, "processor_statement")
    if rule.see:
        yield say(language, "more_at", address=rule.see)


def _attestation(rule: Attestation, _: Policy, language: str) -> Said:
    what = rule.what.in_language(language).rstrip(".")
    yield say(language, "rule_attest", what=f"{capital(what)}.", every=every(rule.every, language))


def _backup(rule: BackupRule, _: Policy, language: str) -> Said:
    yield say(language, "rule_backup", what=phrases.categories(rule.covers, language))
    if rule.without_expired:
        yield say(language, "backup_without_expired")
    if rule.purged_within:
        yield say(language, "backup_purged", period=period(rule.purged_within, language))
    if rule.transfer:
        where = listed([say(language, f"transfer_{one}") for one in rule.transfer], language, either=True)
        yield say(language, "backup_transfer", where=where)


def _access(rule: AccessRule, policy: Policy, language: str) -> Said:
    """One rule says who alone may read; of several, the last says that nobody else may."""
    readers = listed([phrases.reader(one, language) for one in rule.readers], language, either=True)
    what, alone = phrases.categories(rule.covers, language), len(policy.access) <= 1
    yield capital(say(language, "rule_access" if alone else "rule_access_some", readers=readers, what=what))
    if rule.secrecy:
        yield say(language, "access_secrecy")
    if not alone and rule == policy.access[-1]:
        yield say(language, "access_nobody_else")


def _complaint(rule: ComplaintRule, _: Policy, language: str) -> Said:
    yield say(language, "rule_complaint")
    if rule.to:
        yield say(language, "complaint_to", to=listed(rule.to, language, either=True))
    if rule.escalate:
        yield say(language, "complaint_escalate", escalate=listed(rule.escalate, language, either=True))


def _signpost(rule: SignpostRule, _: Policy, language: str) -> Said:
    if rule.address is None:
        yield say(language, "signpost_own")
    elif "@" in rule.address:
        yield say(language, "signpost_mail", address=rule.address)
    else:
        yield say(language, "more_at", address=rule.address)


_SAID: dict[type, Callable[[Any, Policy, str], Said]] = {
    FieldRule: _field, Question: _question, RetentionRule: _retention, MailRule: _mail, ContentRule: _contents,
    GateRule: _gate, ClosingRule: _closing, ChangeRule: _change, Processor: _processor, Attestation: _attestation,
    RequestRule: request, BreachRule: breach, BackupRule: _backup, AccessRule: _access, ComplaintRule: _complaint,
    SignpostRule: _signpost,
}  # fmt: skip
