"""What inbox_rules.yaml decides about a mail, and why; pure: it gives a decision, and somebody else acts on it.

Takes the rules and what is known of one mail; the first rule whose conditions hold decides. Every condition is judged
the same way for deciding and for explaining, so what is explained is what is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.config.rules import Action, InboxRules, Rule
from pipeline.incoming.conditions import Facts, Judged, Looking, judge

__all__ = ["Action", "Decision", "Explained", "Facts", "decide", "explain"]


@dataclass(frozen=True)
class Decision:
    """What the rules say of a mail: `rule` is the name of the one that decides, and `action` None when there is none.

    `mark` is an IMAP flag, `move` a folder; both are None unless the rule asks for them.
    """

    rule: str = ""
    action: Action | None = None
    mark: str | None = None
    move: str | None = None


@dataclass(frozen=True)
class Explained:
    """One rule: whether it matches, why (a line for each condition, indented as they are nested), and if it decides."""

    name: str
    matched: bool
    why: tuple[str, ...]
    decides: bool
    enabled: bool = True


def decide(rules: InboxRules, facts: Facts) -> Decision:
    """Give what the first matching rule says; an empty decision when none matches."""
    looking = Looking(facts, "en")
    for rule in rules.rules:
        if rule.enabled and judge(rule.when, looking).met:
            return decision_of(rule)
    return Decision()


def decision_of(rule: Rule) -> Decision:
    """Give what a rule says when it decides: without a word on what the mail is, it is left."""
    return Decision(rule.name, rule.then or Action.LEAVE, rule.mark, rule.move)


def explain(rules: InboxRules, facts: Facts, language: str) -> list[Explained]:
    """Explain every rule in `language`, in their order, also those that come too late to decide."""
    looking, explained, decided = Looking(facts, language), [], False
    for rule in rules.rules:
        judged = judge(rule.when, looking)
        matched = judged.met and rule.enabled
        lines = tuple(_lines(judged, looking))
        explained.append(Explained(rule.name, matched, lines, matched and not decided, rule.enabled))
        decided = decided or matched
    return explained


def _lines(judged: Judged, looking: Looking, depth: int = 0) -> Iterator[str]:
    yield f"{'  ' * depth}{looking.say('rule_holds' if judged.met else 'rule_fails')}: {judged.said}"
    for one in judged.inside:
        yield from _lines(one, looking, depth + 1)
