"""Whether a policy file covers its statement: each clause is cited by a rule or listed with its reason.

Works on the file's tree of texts, so that every problem has its place in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.config.problems import Disagreement
from pipeline.config.source import Tree, Where
from pipeline.policy.schema.base import HELD
from pipeline.policy.schema.gates import CONSENT

Cited = tuple[Where, str]


def disagreements(tree: Tree, laws: Iterable[str], ended: Iterable[str]) -> Iterator[Disagreement]:
    """Tell what does not hold together: clauses, readings, rule names, consents, and the laws that are named.

    `laws` are those that can be named; `ended` the kinds that have an end whatever the policy says.
    """
    if not isinstance(tree, dict):
        return
    clauses, cited = _mapping(tree.get("clauses")), list(_cited(tree))
    yield from _unknown(clauses, cited)
    yield from _uncovered(clauses, {clause for _, clause in cited})
    yield from _unread(clauses, _read(tree))
    yield from _twice(tree)
    yield from _consents(tree)
    yield from _laws(tree, set(laws))
    yield from _without_end(tree, set(ended))


def _cited(tree: dict[str, Tree]) -> Iterator[Cited]:
    """Give each citation of a clause by a rule; a reading says how a clause is read, and keeps nothing."""
    for section, rules in tree.items():
        if section not in {"clauses", "readings"}:
            yield from _citations((section,), rules)


def _citations(place: Where, rules: Tree) -> Iterator[Cited]:
    for at, rule in enumerate(_list(rules)):
        for number, clause in enumerate(_list(_mapping(rule).get("clauses"))):
            yield (*place, at, "clauses", number), str(clause)


def _read(tree: dict[str, Tree]) -> set[str]:
    return {clause for _, clause in _citations(("readings",), tree.get("readings"))}


def _unknown(clauses: dict[str, Tree], cited: list[Cited]) -> Iterator[Disagreement]:
    for place, clause in cited:
        if clause not in clauses:
            yield place, "no_such_clause", {"value": clause[:40]}


def _uncovered(clauses: dict[str, Tree], cited: set[str]) -> Iterator[Disagreement]:
    for clause, entry in clauses.items():
        listed = _mapping(entry)
        if clause in cited and listed.get("unruled"):
            yield ("clauses", clause, "unruled"), "clause_has_a_rule", {"value": clause}
        if clause not in cited and not listed.get("unruled"):
            yield ("clauses", clause), "clause_uncovered", {"value": clause}
        if listed.get("unruled") and not listed.get("because"):
            yield ("clauses", clause), "clause_without_reason", {"value": clause}


def _unread(clauses: dict[str, Tree], read: set[str]) -> Iterator[Disagreement]:
    for clause, entry in clauses.items():
        ambiguous = str(_mapping(entry).get("ambiguous") or "no").casefold() in {"yes", "ja", "true"}
        if ambiguous and clause not in read:
            yield ("clauses", clause, "ambiguous"), "clause_unread", {"value": clause}
    for clause in sorted(read - clauses.keys()):
        yield ("readings",), "no_such_clause", {"value": clause[:40]}


def _twice(tree: dict[str, Tree]) -> Iterator[Disagreement]:
    seen: set[str] = set()
    for section, rules in tree.items():
        for at, rule in enumerate(_list(rules)):
            name = str(_mapping(rule).get("id") or "")
            if name in seen:
                yield (section, at, "id"), "rule_name_twice", {"value": name[:60]}
            seen |= {name} - {""}


def _consents(tree: dict[str, Tree]) -> Iterator[Disagreement]:
    known = {str(_mapping(one).get("purpose")) for one in _list(tree.get("consents"))}
    for at, rule in enumerate(_list(tree.get("gates"))):
        for key in ("require", "unless"):
            for number, one in enumerate(_list(_mapping(rule).get(key))):
                if str(one).startswith(CONSENT) and str(one).removeprefix(CONSENT) not in known:
                    yield ("gates", at, key, number), "consent_never_asked", {"value": str(one)[:60]}
    for at, rule in enumerate(_list(tree.get("closing"))):
        for number, one in enumerate(_list(_mapping(rule).get("asks"))):
            if str(one) not in known:
                yield ("closing", at, "asks", number), "consent_never_asked", {"value": str(one)[:60]}


def _laws(tree: dict[str, Tree], known: set[str]) -> Iterator[Disagreement]:
    for at, name in enumerate(_list(tree.get("law"))):
        if str(name) not in known:
            yield ("law", at), "no_such_law", {"value": str(name)[:40], "known": ", ".join(sorted(known))}


def _without_end(tree: dict[str, Tree], ended: set[str]) -> Iterator[Disagreement]:
    """Tell what this program would keep for ever: no term of the policy covers it."""
    covered = {str(one) for rule in _list(tree.get("retention")) for one in _list(_mapping(rule).get("covers"))}
    missing = sorted(one for one in HELD if one not in covered | ended)
    if missing and isinstance(tree.get("retention"), list):
        yield ("retention",), "held_without_end", {"value": ", ".join(missing)}


def _mapping(tree: Tree) -> dict[str, Tree]:
    return tree if isinstance(tree, dict) else {}


def _list(tree: Tree) -> list[Tree]:
    return tree if isinstance(tree, list) else []
