"""inbox_rules.yaml: what to do with mail that comes in, as an ordered list of named rules; data, never code.

Takes the bytes of the file; leaves frozen `InboxRules` whose every pattern can be matched in little time, or
`FileProblems` with all that must be mended. What a rule decides about a mail is worked out in `incoming.rules`.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from pipeline.config.comparisons import Bounds, FileText, Filled, Flag, Folder, Header, Name, OneOrMore, Period, Texts
from pipeline.config.fields import YesNo, choice, problem
from pipeline.config.problems import Strict, load

FILE = "inbox_rules.yaml"
MOST_RULES, MOST_NESTED = 200, 10
SYNONYMS = {
    "regels": "rules", "naam": "name", "actief": "enabled", "wanneer": "when", "als": "when", "dan": "then",
    "markeer": "mark", "verplaats": "move",
    "alle": "all", "een_van": "any", "niet": "none", "geen_van": "none", "not": "none",
    "van": "sender", "afzender": "sender", "from": "sender", "aan": "to", "onderwerp": "subject",
    "inhoud": "body", "hele_inhoud": "whole_body", "bijlage": "attachment", "grootte": "size", "kopregel": "header",
    "datum": "date", "bewezen": "authenticated", "weersproken": "contradicted", "bekende_afzender": "known_sender",
    "antwoord_op_ons": "reply_to_us", "automatisch_antwoord": "auto_reply", "onbestelbaar": "bounce",
    "ontvangstbevestiging": "receipt", "nieuwsbrief": "mailing_list", "list": "mailing_list", "van_onszelf": "own",
    "met_bestanden": "has_files", "onleesbaar": "unreadable", "altijd": "always",
    "tekst": "text", "precies": "exact", "patroon": "glob", "reguliere_uitdrukking": "regex",
    "soort": "type", "andere_naam_dan": "not_name", "groter_dan": "over", "kleiner_dan": "under",
    "na": "after", "voor": "before",
}  # fmt: skip
"""The Dutch words (and the other spellings) of each key; the first of several is the one we say."""


class Action(StrEnum):
    """What a mail is taken for; only a rule's own `mark` and `move` ever touch the mailbox."""

    FILE_RETURN = "file_return"
    FILE_CORRESPONDENCE = "file_correspondence"
    ANSWER = "answer"
    DATA_SUBJECT_REQUEST = "data_subject_request"
    LEAVE = "leave"
    SET_ASIDE = "set_aside"


DUTCH_ACTIONS = {
    "retour": "file_return", "correspondentie": "file_correspondence", "antwoord": "answer",
    "privacyverzoek": "data_subject_request", "laten": "leave", "apart": "set_aside",
}  # fmt: skip


def _action(value: object) -> object:
    return value.strip().replace(" ", "_").replace("-", "_") if isinstance(value, str) else value


Then = Annotated[Action, BeforeValidator(Action), choice(*Action, **DUTCH_ACTIONS), BeforeValidator(_action)]


class Attachment(Filled):
    """One file of the mail that is all of this at once."""

    name: OneOrMore[FileText] | None = None
    not_name: OneOrMore[FileText] | None = None
    type: OneOrMore[FileText] | None = None
    size: Bounds | None = None

    @model_validator(mode="after")
    def _some(self) -> Attachment:
        if not any((self.name, self.not_name, self.type, self.size)):
            raise problem("no_condition")
        return self


class Condition(Filled):
    """What must hold: everything that is written here, together."""

    all: OneOrMore[Condition] | None = None
    any: OneOrMore[Condition] | None = None
    none: OneOrMore[Condition] | None = None
    sender: Texts | None = None
    to: Texts | None = None
    subject: Texts | None = None
    body: Texts | None = None
    whole_body: Texts | None = None
    header: OneOrMore[Header] | None = None
    attachment: OneOrMore[Attachment] | None = None
    size: Bounds | None = None
    date: Period | None = None
    authenticated: YesNo | None = None
    contradicted: YesNo | None = None
    known_sender: YesNo | None = None
    reply_to_us: YesNo | None = None
    auto_reply: YesNo | None = None
    bounce: YesNo | None = None
    receipt: YesNo | None = None
    mailing_list: YesNo | None = None
    own: YesNo | None = None
    has_files: YesNo | None = None
    unreadable: YesNo | None = None
    always: YesNo | None = None

    @model_validator(mode="after")
    def _some(self) -> Condition:
        if not self.written:
            raise problem("no_condition")
        return self

    @property
    def written(self) -> dict[str, Any]:
        """What is asked, by name, in the order in which it is explained."""
        asked = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in asked.items() if value is not None}

    @property
    def depth(self) -> int:
        """How many levels are nested here."""
        inside = [*(self.all or ()), *(self.any or ()), *(self.none or ())]
        return 1 + max((one.depth for one in inside), default=0)


class Rule(Filled):
    """One rule: when it holds, what the mail is, and what happens to it in the mailbox."""

    name: Name
    when: Condition
    then: Then | None = None
    mark: Flag | None = None
    move: Folder | None = None
    enabled: YesNo = True

    @model_validator(mode="after")
    def _does_something(self) -> Rule:
        if not (self.then or self.mark or self.move):
            raise problem("rule_does_nothing", actions=", ".join(Action))
        if self.when.depth > MOST_NESTED + 1:
            raise problem("rule_too_deep", at=("when",), most=MOST_NESTED)
        return self


class InboxRules(Strict):
    """The rules for mail that comes in, in their order: the first that matches decides."""

    rules: Annotated[list[Rule], Field(max_length=MOST_RULES)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names(self) -> InboxRules:
        names = [rule.name for rule in self.rules]
        for at, name in enumerate(names):
            if name in names[:at]:
                raise problem("rule_named_twice", at=("rules", at, "name"), name=name)
        return self


def rules_from(data: bytes, language: str) -> InboxRules:
    """Read the bytes of one rules file, or raise `FileProblems` in `language`."""
    return load(InboxRules, data, FILE, language=language, synonyms=SYNONYMS)


def read_rules(folder: Path, language: str) -> InboxRules:
    """Read `folder`/inbox_rules.yaml, or raise `FileProblems`."""
    return rules_from((folder / FILE).read_bytes(), language)
