"""What a practice has published, in one form that can be compared: a change of it needs a new version of the statement.

Pure. `promised` takes the policy, the laws it names and practice.yaml, and leaves what a client could read or what
decides how the client's data fare: fields, consents, recipients, terms, gates, mail, contacts. The order in which a
file lists its rules and their values is no promise, nor are comments, clause numbers and what only the coach sees.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from pipeline.config.practice import LOOPBACK, PracticeFile
from pipeline.policy.policy import Policy, law, retention_rules
from pipeline.policy.schema.people import Unruled
from pipeline.words import say

Promised = dict[str, dict[str, dict[str, Any]]]
"""Section → name of the rule → what it says, with lists in an order of their own."""

NOT_PUBLISHED = {"id", "purpose", "clauses", "proof", "why", "alarm_after", "rejected"}
IN_ORDER = {"steps"}
CONTACTS = ("name", "coach", "street", "postcode", "city", "country", "email", "phone", "website", "kvk")
RULES = (
    "readings", "fields", "consents", "mail", "mail_contents", "gates", "closing", "changes", "processors", "attest",
    "backup", "access", "complaints", "signposts",
)  # fmt: skip
SHORT = 12
BY_HAND = frozenset({Unruled.BY_HAND, Unruled.SHAPE})
"""Clauses without a rule that are promises all the same."""


def promised(policy: Policy, file: PracticeFile) -> Promised:
    """Give everything that the statement of this practice promises, whatever the order of the files."""
    laws = [law(name) for name in policy.law]
    rules: dict[str, Iterable[BaseModel]] = {
        **{section: getattr(policy, section) for section in RULES},
        "retention": retention_rules(policy),
        "requests": [*policy.requests, *(rule for one in laws for rule in one.requests)],
        "breach": [*policy.breach, *(rule for one in laws for rule in one.breach)],
    }
    by_hand = [(name, clause.says) for name, clause in policy.clauses.items() if clause.unruled in BY_HAND]
    return {
        "contact": _contacts(policy, file),
        "recipients": _recipients(file),
        "clauses": {name: {"says": _still(says)} for name, says in by_hand},
        **{section: {_name(rule): _still(rule) for rule in each} for section, each in rules.items()},
    }


def canonical(said: Promised) -> str:
    """Write what is promised in the one form that is hashed."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(policy: Policy, file: PracticeFile) -> str:
    """Give the SHA-256 of what is promised: the fingerprint of a version of the statement."""
    return _digest(_Pair(policy, file))


def reference(policy: Policy, file: PracticeFile) -> str:
    """Name the exact statement that a document refers to: its version and the beginning of its fingerprint."""
    return f"{file.statement.version} {digest(policy, file)[:SHORT]}"


class _Pair:
    """A policy and a practice.yaml that are the same only when they are the very same two.

    They are frozen, and what has changed is read into new ones. To compare what they say would cost what is saved.
    """

    def __init__(self, policy: Policy, file: PracticeFile) -> None:
        self.policy, self.file = policy, file

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Pair) and self.policy is other.policy and self.file is other.file

    def __hash__(self) -> int:
        return hash((id(self.policy), id(self.file)))


@lru_cache(maxsize=4)  # every document names it, and a practice has one pair in force
def _digest(pair: _Pair) -> str:
    return hashlib.sha256(canonical(promised(pair.policy, pair.file)).encode()).hexdigest()


def differences(old: Promised, new: Promised, language: str) -> list[str]:
    """Say what is promised now and was not before, or the other way round, one sentence for each."""
    return [
        line
        for section in sorted({*old, *new})
        for name in sorted({*old.get(section, {}), *new.get(section, {})})
        for line in _differences(f"{section} {name}", old.get(section, {}), new.get(section, {}), name, language)
    ]


def _differences(
    what: str, old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]], name: str, language: str
) -> Iterator[str]:
    if name not in new or name not in old:
        yield say(language, "drift_gone" if name in old else "drift_came", what=what)
        return
    before, after = dict(_leaves(old[name])), dict(_leaves(new[name]))
    for key in sorted({*before, *after}):
        was, now = before.get(key, ""), after.get(key, "")
        if was != now:
            nothing = say(language, "drift_nothing")
            yield say(language, "drift_changed", what=what, key=key, old=was or nothing, new=now or nothing)


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Give each value with its place, as `missing.fallback`; a list of texts is one value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        yield key, ", ".join(one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in value)
    else:
        yield key, {"True": "yes", "False": "no"}.get(str(value), str(value))


def _contacts(policy: Policy, file: PracticeFile) -> dict[str, dict[str, Any]]:
    statement = {"title": policy.title.model_dump(), "url": file.statement.url, "role": policy.role}
    return {"practice": _still(file.practice.model_dump(include=set(CONTACTS))), "statement": _still(statement)}


def _recipients(file: PracticeFile) -> dict[str, dict[str, Any]]:
    """Give who receives data by how the program is set up: the mail provider, and a sponsor who reads the goal."""
    names = {provider(server.host) for server in (file.mail.smtp, file.mail.imap) if server}
    return {
        "mail_provider": _still({"provider": sorted(names), "sender": file.mail.sender}),
        "sponsor": {"reads_the_goal": file.quote.goal_to_sponsor},
    }


def provider(host: str) -> str:
    """Give whose server it is: the domain, whatever the machine is called; this computer by any of its names is one."""
    if host in LOOPBACK:
        return "localhost"
    return host if host.replace(".", "").isdigit() or ":" in host else ".".join(host.casefold().split(".")[-2:])


def _name(rule: BaseModel) -> str:
    return str(getattr(rule, "id", None) or getattr(rule, "purpose", ""))


def _still(value: Any, key: str = "") -> Any:
    """Give a rule as plain values, without what is not published or not said, its lists in an order of their own."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    if isinstance(value, dict):
        said = {name: _still(inner, name) for name, inner in value.items() if name not in NOT_PUBLISHED}
        return {name: inner for name, inner in said.items() if inner not in (None, [], {})}
    if isinstance(value, list):
        each = [_still(inner) for inner in value]
        return each if key in IN_ORDER else sorted(each, key=lambda one: json.dumps(one, sort_keys=True))
    return value
