"""The policy a practice lives by: its privacy statement as rules, each with the clauses that it keeps.

Takes one of the shipped policies (`pipeline/policies/`) or a file of the practice's own; leaves a frozen `Policy`, or
every problem of the file with its place. What the law adds stands in files of its own (`pipeline/policies/law/`), so
that it can always be told what was promised from what the law wants.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from pipeline.config.fields import Line, choice
from pipeline.config.problems import Strict, load
from pipeline.errors import ConfigError
from pipeline.policy.coverage import disagreements
from pipeline.policy.schema.base import ClauseId, Words
from pipeline.policy.schema.closing import ChangeRule, ClosingRule
from pipeline.policy.schema.gates import GateRule
from pipeline.policy.schema.later import (
    AccessRule,
    BackupRule,
    BreachRule,
    ComplaintRule,
    RequestRule,
    SignpostRule,
)
from pipeline.policy.schema.mail import ContentRule, MailRule
from pipeline.policy.schema.people import Asked, Attestation, Clause, FieldRule, Processor, Question, Reading
from pipeline.policy.schema.retention import RetentionRule
from pipeline.words import say

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
OWN_WORDS = {"clauses"}
HOUSE = "house"
"""The law file that gives an end to what no statement and no law mentions: logs, mail that belongs to nobody."""


class Origin(Strict):
    """The published statement that a policy was made from."""

    version: Line
    updated: Line | None = None


class Law(Strict):
    """What the law, or this program itself, adds to what a practice promises."""

    format: Annotated[Literal["1"], choice("1")]
    id: Name
    name: Words
    retention: list[RetentionRule] = Field(default_factory=list)
    requests: list[RequestRule] = Field(default_factory=list)
    breach: list[BreachRule] = Field(default_factory=list)


class Policy(Strict):
    """A policy: every clause of a statement, and the rules that keep them."""

    format: Annotated[Literal["1"], choice("1")]
    id: Name
    name: Line
    title: Words
    role: Annotated[Literal["controller", "processor"], choice("controller", "processor")] = "controller"
    origin: Origin
    law: list[Name] = Field(default_factory=list)
    clauses: Annotated[dict[ClauseId, Clause], Field(min_length=1)]
    readings: list[Reading] = Field(default_factory=list)
    fields: list[FieldRule] = Field(default_factory=list)
    consents: Annotated[list[Question], Field(min_length=1)]
    retention: Annotated[list[RetentionRule], Field(min_length=1)]
    mail: list[MailRule] = Field(default_factory=list)
    mail_contents: list[ContentRule] = Field(default_factory=list)
    gates: list[GateRule] = Field(default_factory=list)
    closing: list[ClosingRule] = Field(default_factory=list)
    changes: list[ChangeRule] = Field(default_factory=list)
    processors: list[Processor] = Field(default_factory=list)
    attest: list[Attestation] = Field(default_factory=list)
    requests: list[RequestRule] = Field(default_factory=list)
    breach: list[BreachRule] = Field(default_factory=list)
    backup: list[BackupRule] = Field(default_factory=list)
    access: list[AccessRule] = Field(default_factory=list)
    complaints: list[ComplaintRule] = Field(default_factory=list)
    signposts: list[SignpostRule] = Field(default_factory=list)


def questions(policy: Policy, *, sponsored: bool) -> list[Question]:
    """Give the consents to ask with a quote: those about a sponsor only where there is one."""
    asked = [question for question in policy.consents if Asked.QUOTE in question.asked]
    return [question for question in asked if sponsored or not question.needs_sponsor]


def retention_rules(policy: Policy) -> list[RetentionRule]:
    """Give every term that holds: those of the policy, of the laws it names, and of the house for what is left."""
    covered = {category for rule in policy.retention for category in rule.covers}
    laws = [rule for name in policy.law for rule in law(name).retention]
    return [*policy.retention, *laws, *(rule for rule in law(HOUSE).retention if not covered & set(rule.covers))]


def shipped_policies() -> list[str]:
    """Give the names of the policies that come with the program."""
    return _names("")


def shipped_laws() -> list[str]:
    """Give the names of the laws that a policy can name."""
    return [name for name in _names("law") if name != HOUSE]


@cache
def law(name: str) -> Law:
    """Read one of the laws that come with the program."""
    data = files("pipeline.policies").joinpath("law", f"{name}.yaml").read_bytes()
    return load(Law, data, f"{name}.yaml", language="en", synonyms={})


def policy_file(name: str, folder: Path, language: str) -> tuple[bytes, str]:
    """Give the bytes of the policy called `name` and the file's name: a shipped one, or a .yaml in the folder."""
    if name in shipped_policies():
        return files("pipeline.policies").joinpath(f"{name}.yaml").read_bytes(), f"{name}.yaml"
    path = folder / name
    if not name.endswith(".yaml") or Path(name).name != name or not path.is_file():
        known = ", ".join(shipped_policies())
        raise ConfigError(f"practice.yaml: policy: {say(language, 'no_such_policy', value=name, known=known)}")
    return path.read_bytes(), name


def read_policy(name: str, folder: Path, language: str) -> Policy:
    """Read the policy called `name`; raises `FileProblems` for one that leaves a clause uncovered."""
    data, file = policy_file(name, folder, language)
    return load(
        Policy, data, file, language=language, synonyms={}, own_words=OWN_WORDS,
        disagreements=lambda tree: disagreements(tree, shipped_laws(), _ended()),
    )  # fmt: skip


def _ended() -> set[str]:
    return {str(category) for rule in law(HOUSE).retention for category in rule.covers}


def _names(folder: str) -> list[str]:
    place = files("pipeline.policies").joinpath(folder) if folder else files("pipeline.policies")
    return sorted(file.name.removesuffix(".yaml") for file in place.iterdir() if file.name.endswith(".yaml"))
