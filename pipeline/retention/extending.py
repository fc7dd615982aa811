"""Keeping something longer than was promised, by the time that its rule names for it and for the reason it asks.

Takes the coach's reason for one dossier; leaves a row in `extensions`. How long follows from the rule alone
(`policy.terms`). A rule that names no time for it, but a procedure or a dispute that runs, means a hold (`holds`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.policy.deeds import citing
from pipeline.policy.plan import Held
from pipeline.policy.policy import retention_rules
from pipeline.policy.schema.retention import RetentionRule
from pipeline.practice import Practice
from pipeline.retention.lives import held
from pipeline.retention.versions import plan_of
from pipeline.words import say


def extend(practice: Practice, reference: str, typed: str, because: str, now: datetime) -> RetentionRule:
    """Make the term of one rule longer for one dossier; raises `UsageError` where the rule does not allow that."""
    rule, language = _known(practice, typed), practice.file.language
    if rule.extension is None:
        raise UsageError(say(language, "extend_not_allowed", rule=rule.id, known=_allowed(practice)))
    if rule.extension.by is None:
        raise UsageError(say(language, "extend_is_a_hold", rule=rule.id, reference=reference))
    if not because.strip():
        raise UsageError(say(language, "extend_because", rule=rule.id, reference=reference))
    _check(practice, reference, rule)
    with practice.database.transaction():
        practice.database.run(
            "INSERT INTO extensions (dossier, rule, reason, granted_at) VALUES (?, ?, ?, ?)",
            reference, rule.id, because.strip(), now.isoformat(),
        )  # fmt: skip
        ledger.record(practice.database, now, "term.extended", dossier=reference, **citing(rule))
    return rule


def lift(practice: Practice, reference: str, now: datetime) -> int:
    """Take back what was made longer for a dossier; gives how many terms that were."""
    with practice.database.transaction():
        lifted = practice.database.run(
            "UPDATE extensions SET lifted_at = ? WHERE dossier = ? AND lifted_at IS NULL", now.isoformat(), reference
        )
        if lifted:
            ledger.record(practice.database, now, "term.as_promised", dossier=reference, count=lifted)
    return lifted


def _known(practice: Practice, typed: str) -> RetentionRule:
    """Give the rule that was typed, with or without the name of the policy."""
    names = {typed.strip(), f"{practice.policy.id}.{typed.strip()}"}
    found = next((rule for rule in retention_rules(practice.policy) if rule.id in names), None)
    if found is None:
        raise UsageError(
            say(practice.file.language, "extend_no_rule", rule=typed[:60], known=_allowed(practice))
        )  # fmt: skip
    return found


def _allowed(practice: Practice) -> str:
    """Name the rules that can be made longer."""
    named = [rule.id for rule in practice.policy.retention if rule.extension and rule.extension.by]
    return ", ".join(named) or say(practice.file.language, "none")


def _check(practice: Practice, reference: str, rule: RetentionRule) -> None:
    """Raise `UsageError` where it changes nothing: it was done, nothing falls under the rule, or a ceiling holds."""
    language = practice.file.language
    if practice.database.value(
        "SELECT 1 FROM extensions WHERE dossier = ? AND rule = ? AND lifted_at IS NULL", reference, rule.id
    ):
        raise UsageError(say(language, "extend_twice", reference=reference, rule=rule.id))
    every = held(practice.database, practice.today, practice.file.books.year_ends)
    parts = [one for one in every if one.dossier == reference and one.category in rule.covers]
    if not parts:
        raise UsageError(say(language, "extend_nothing", reference=reference, rule=rule.id))
    if not any(_moves(practice, one, rule) for one in parts):
        raise UsageError(say(language, "extend_idle", reference=reference, rule=rule.id))


def _moves(practice: Practice, one: Held, rule: RetentionRule) -> bool:
    """Tell whether a part goes later with it, or can once its event has come."""
    longer = replace(one, life=replace(one.life, extended=one.life.extended | {rule.id}))
    plan = plan_of(practice)
    now, then = plan.term(one).due, plan.term(longer).due
    return then is None or now != then
