"""Where the terms of a policy cannot all hold: against the law, against each other, or without a day to count from.

Pure. What is said of a year is counted, with the same function that decides when something goes, over every date of a
leap year.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from pipeline.policy.finding import Adviser, Finding
from pipeline.policy.period import Period
from pipeline.policy.phrases import event, listed, period
from pipeline.policy.policy import law, retention_rules
from pipeline.policy.schema.base import HELD, Category
from pipeline.policy.schema.later import BackupRule
from pipeline.policy.schema.mail import Deleted, MailKind, MailRule
from pipeline.policy.schema.retention import Event, RetentionRule, Until, When
from pipeline.policy.sentences import term as spoken_term
from pipeline.policy.terms import Life, Term, book_year_end, term

YEAR = [date(2024, 1, 1) + timedelta(days=day) for day in range(366)]
MAY_NEVER_COME = frozenset({Event.CLOSED, Event.AGREEMENT_ENDED, Event.RELATIONSHIP_ENDED, Event.LICENCE_ENDED})
"""The events that a person has to tell; all others come by themselves."""
BEFORE = HELD - {Category.INVOICE, Category.UNFILED, Category.LOG, Category.EVIDENCE}
"""What is held of people before they are clients."""
AT_ONCE = Period(days=1)
LONG_WINDOW = Period(months=3)
MAIL_IN = frozenset({MailKind.INCOMING, MailKind.UNLINKED})
CONSENTS = frozenset({"consent", "explicit_consent"})


def conflicts(adviser: Adviser) -> Iterator[Finding]:
    """Tell what is wrong between the terms of a policy, and between them and the law."""
    for rule in adviser.policy.retention:
        yield from _against_law(adviser, rule)
        yield from _without_event(adviser, rule)
        yield from _long_window(adviser, rule)
    for engaged in (True, False):
        yield from _without_term(adviser, engaged=engaged)
    yield from _without_end(adviser)
    yield from _two_ends(adviser)
    yield from _two_bases(adviser)
    for backup in adviser.policy.backup:
        yield from _backed_up(adviser, backup)
    yield from _processors(adviser)


def _against_law(adviser: Adviser, rule: RetentionRule) -> Iterator[Finding]:
    """Count the dates on which what was promised ends before the law lets it."""
    for floor in (other for name in adviser.policy.law for other in law(name).retention):
        common = [one for one in rule.covers if one in floor.covers]
        if not common or floor.floor is None:
            continue
        terms = [_counted(rule, floor, common[0], day) for day in YEAR]
        over = [_days(one.ceiling, one.floor) for one in terms if one.conflict]
        short = [_days(one.promise, one.floor) for one in terms if _days(one.promise, one.floor) > 0]
        values = _said(adviser, rule, floor, common)
        if over and rule.ceiling:
            ceiling, most = period(rule.ceiling, adviser.language), span(max(over), adviser.language)
            yield adviser.heavy([rule], "advice_ceiling", ceiling=ceiling, days=len(over), most=most, **values)
        elif short and isinstance(rule.promise, Period):
            promise, most = spoken_term(rule, adviser.language), span(max(short), adviser.language)
            yield adviser.heavy([rule], "advice_short", promise=promise, days=len(short), most=most, **values)


def _counted(rule: RetentionRule, floor: RetentionRule, category: Category, day: date) -> Term:
    """Give the term of a thing of which everything happened on `day`."""
    events = dict.fromkeys(Event, day) | {Event.BOOK_YEAR_ENDED: book_year_end(day)}
    life = Life(day, engaged=rule.when is not When.NOT_ENGAGED, events=events)
    return term([rule, floor], category, life, floor.fields[0] if floor.fields else None)


def _days(first: date | None, then: date | None) -> int:
    return (then - first).days if first and then else 0


def span(days: int, language: str) -> str:
    """Say how far two dates lie apart: in days, or in whole years when it is more than one."""
    return period(Period(days=days) if days <= len(YEAR) else Period(years=days // 365), language)


def _said(adviser: Adviser, rule: RetentionRule, floor: RetentionRule, what: Iterable[Category]) -> dict[str, object]:
    assert floor.floor is not None
    language = adviser.language
    return {
        "event": event(rule.after, language),
        "source": floor.source or floor.id,
        "floor": period(floor.floor, language),
        "law_event": event(floor.after, language),
        "all": len(YEAR),
        "what": ", ".join(what),
    }


def _without_event(adviser: Adviser, rule: RetentionRule) -> Iterator[Finding]:
    if rule.after not in MAY_NEVER_COME:
        return
    values = {"rule": rule.id, "event": event(rule.after, adviser.language)}
    if rule.missing is None:
        yield adviser.heavy([rule], "advice_no_event", **values)
    elif rule.missing.fallback is None and rule.when is not When.ENGAGED and set(rule.covers) & BEFORE:
        yield adviser.heavy([rule], "advice_no_event_prospect", **values)


def _long_window(adviser: Adviser, rule: RetentionRule) -> Iterator[Finding]:
    if rule.window > LONG_WINDOW and isinstance(rule.promise, Period):
        language, whole = adviser.language, _together(rule.promise, rule.window)
        yield adviser.light(
            [rule], "advice_window", window=period(rule.window, language), whole=period(whole, language),
            event=event(rule.after, language),
        )  # fmt: skip


def _together(one: Period, other: Period) -> Period:
    return Period(
        one.years + other.years, one.months + other.months, one.days + other.days, one.hours + other.hours
    )  # fmt: skip


def _fits(rule: RetentionRule, category: Category, *, engaged: bool) -> bool:
    about = rule.when is When.ALWAYS or (rule.when is When.ENGAGED) == engaged
    return about and category in rule.covers and not rule.fields


def _without_term(adviser: Adviser, *, engaged: bool) -> Iterator[Finding]:
    """Tell what this program holds of these people and no rule speaks of, though one does of the others."""
    rules = retention_rules(adviser.policy)
    bare = [one for one in Category if one in HELD and not any(_fits(rule, one, engaged=engaged) for rule in rules)]
    if bare:
        word = "advice_no_term_engaged" if engaged else "advice_no_term_not_engaged"
        about = [rule for rule in rules if set(rule.covers) & set(bare)]
        yield adviser.heavy(about, word, what=", ".join(bare))


def _without_end(adviser: Adviser) -> Iterator[Finding]:
    endless: dict[tuple[str, ...], list[Category]] = defaultdict(list)
    for one in Category:
        for engaged in (True, False):
            rules = [rule for rule in adviser.policy.retention if _fits(rule, one, engaged=engaged)]
            if rules and not _ends(rules) and one not in endless[_ids(rules)]:
                endless[_ids(rules)].append(one)
    for ids, what in endless.items():
        if what:
            about = [rule for rule in adviser.policy.retention if rule.id in ids]
            yield adviser.heavy(about, "advice_no_end", what=", ".join(what), rules=", ".join(ids))


def _ends(rules: list[RetentionRule]) -> bool:
    """Tell whether these rules give a day: a hard ceiling does, else each promise must have one."""
    promises = [rule.promise for rule in rules if rule.promise is not None]
    limited = any(rule.ceiling and rule.hard for rule in rules)
    return limited or (bool(promises) and Until.PURPOSE_ENDED not in promises)


def _ids(rules: Iterable[RetentionRule]) -> tuple[str, ...]:
    return tuple(rule.id for rule in rules)


def _two_ends(adviser: Adviser) -> Iterator[Finding]:
    """Tell for what two rules promise different ends: the longer one holds, so the shorter one is not kept."""
    found: dict[tuple[str, ...], list[Category]] = defaultdict(list)
    for one in Category:
        for engaged in (True, False):
            rules = [rule for rule in adviser.policy.retention if _fits(rule, one, engaged=engaged)]
            dated = [rule for rule in rules if isinstance(rule.promise, Period)]
            if len({(rule.after, str(rule.promise)) for rule in dated}) > 1 and one not in found[_ids(dated)]:
                found[_ids(dated)].append(one)
    for ids, what in found.items():
        about = [rule for rule in adviser.policy.retention if rule.id in ids]
        ends = listed([f"{spoken_term(rule, adviser.language)} ({rule.id})" for rule in about], adviser.language)
        if what:
            yield adviser.heavy(about, "advice_two_ends", what=", ".join(what), ends=ends)


def _two_bases(adviser: Adviser) -> Iterator[Finding]:
    """Tell what rests on consent and on something else too: withdrawing the consent then ends nothing."""
    told: set[tuple[str, ...]] = set()
    for one in Category:
        for engaged in (True, False):
            rules = [rule for rule in adviser.policy.retention if _fits(rule, one, engaged=engaged)]
            both = {rule.basis in CONSENTS for rule in rules} == {True, False}
            if both and _ids(rules) not in told:
                told.add(_ids(rules))
                yield adviser.light(rules, "advice_two_bases", what=one, rules=", ".join(_ids(rules)))


def _backed_up(adviser: Adviser, backup: BackupRule) -> Iterator[Finding]:
    language = adviser.language
    kept = [rule for rule in adviser.policy.mail if _outlived(rule, backup)]
    if kept and backup.purged_within is None:
        yield adviser.heavy([backup, *kept], "advice_backup_mail_open")
    elif kept and backup.purged_within:
        yield adviser.heavy([backup, *kept], "advice_backup_mail", purged=period(backup.purged_within, language))
    if backup.without_expired and backup.purged_within and backup.purged_within > AT_ONCE:
        yield adviser.heavy([backup], "advice_backup_expired", purged=period(backup.purged_within, language))


def _outlived(rule: MailRule, backup: BackupRule) -> bool:
    """Tell whether a back-up still has a mail that this rule says is deleted, when the rule's own time is over."""
    kept_in = Category.MAIL_IN in backup.covers and bool(set(rule.covers) & MAIL_IN)
    kept_out = Category.MAIL_OUT in backup.covers and bool(set(rule.covers) - MAIL_IN)
    if rule.after is Deleted.WITH_CONTENTS or not (kept_in or kept_out):
        return False
    return backup.purged_within is None or backup.purged_within > _together(rule.wait, rule.within)


def _processors(adviser: Adviser) -> Iterator[Finding]:
    """Tell where a processor lets go before the promise is over: what lies only there cannot be kept longer."""
    for processor in adviser.policy.processors:
        for rule in adviser.policy.retention:
            longest = rule.promise if isinstance(rule.promise, Period) else None
            most = processor.keeps_at_most
            if most and longest and longest > most and set(rule.covers) & set(processor.covers):
                yield adviser.heavy(
                    [processor, rule], "advice_processor", name=processor.name.in_language(adviser.language),
                    most=period(most, adviser.language), promise=spoken_term(rule, adviser.language),
                )  # fmt: skip
