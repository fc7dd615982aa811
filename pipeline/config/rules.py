"""inbox_rules.yaml: what to do with mail that comes in; the road in is not built yet, so no rule is taken."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from pipeline.config.fields import problem
from pipeline.config.problems import Strict, load

FILE = "inbox_rules.yaml"


class InboxRules(Strict):
    """The rules for mail that comes in; none are carried out yet."""

    rules: list[object] = Field(default_factory=list)

    @field_validator("rules")
    @classmethod
    def _none_yet(cls, rules: list[object]) -> list[object]:
        if rules:
            raise problem("no_rules_yet")
        return rules


def read_rules(folder: Path, language: str) -> InboxRules:
    """Read `folder`/inbox_rules.yaml, or raise `FileProblems`."""
    return load(InboxRules, (folder / FILE).read_bytes(), FILE, language=language, synonyms={"regels": "rules"})
