"""The policy a practice lives by: which consents are asked, each under the clause that promises it.

Takes one of the shipped policies (`pipeline/policies/`) or a file of the practice's own; leaves a frozen `Policy`.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from pipeline.config.fields import Line, YesNo
from pipeline.config.problems import Strict, load
from pipeline.errors import ConfigError
from pipeline.words import say

Purpose = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,30}$")]
Clause = Annotated[str, StringConstraints(pattern=r"^[A-Z]-[A-Za-z0-9.]{1,12}$")]


class Words(Strict):
    """One text in both languages."""

    nl: Line
    en: Line

    def in_language(self, language: str) -> str:
        """Give the text in `language` ("nl" or "en")."""
        return self.nl if language == "nl" else self.en


class Question(Strict):
    """One consent, asked apart, that may be given or refused."""

    purpose: Purpose
    clauses: Annotated[list[Clause], Field(min_length=1)]
    needs_sponsor: YesNo = False
    text: Words
    note: Words | None = None


class Policy(Strict):
    """A policy: its name, the title of its privacy statement, and the consents that are asked with a quote."""

    id: Line
    name: Line
    title: Words
    consents: Annotated[list[Question], Field(min_length=1)]


def questions(policy: Policy, *, sponsored: bool) -> list[Question]:
    """Give the consents to ask: those about a sponsor only where there is one."""
    return [question for question in policy.consents if sponsored or not question.needs_sponsor]


def shipped_policies() -> list[str]:
    """Give the names of the policies that come with the program."""
    return sorted(
        file.name.removesuffix(".yaml") for file in files("pipeline.policies").iterdir() if file.name.endswith(".yaml")
    )


def read_policy(name: str, folder: Path, language: str) -> Policy:
    """Read the policy called `name`: a shipped one, or a .yaml file in the practice's folder."""
    if name in shipped_policies():
        data, file = files("pipeline.policies").joinpath(f"{name}.yaml").read_bytes(), f"{name}.yaml"
    else:
        path = folder / name
        if not name.endswith(".yaml") or Path(name).name != name or not path.is_file():
            known = ", ".join(shipped_policies())
            raise ConfigError(f"practice.yaml: policy: {say(language, 'no_such_policy', value=name, known=known)}")
        data, file = path.read_bytes(), name
    return load(Policy, data, file, language=language, synonyms={})
