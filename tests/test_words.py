"""The program's sentences: the same in both languages, none missing, none forgotten."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

import pipeline
from pipeline.approvals import Answer
from pipeline.errors import FileProblems
from pipeline.model import Kind, MessageState, RequestState, Verdict
from pipeline.policy.schema.base import Category, Grade
from pipeline.policy.schema.closing import Step
from pipeline.policy.schema.gates import Act, Bound, Needs, Recipient
from pipeline.policy.schema.later import Ask
from pipeline.policy.schema.mail import Deleted, MailKind
from pipeline.policy.schema.people import Asked
from pipeline.policy.schema.retention import Event, Leaving, When
from pipeline.words import LANGUAGES, say
from pipeline.words.en import WORDS as EN
from pipeline.words.nl import WORDS as NL

MADE_FROM: dict[str, Sequence[str]] = {
    "document_": [str(kind) for kind in Kind],
    "state_": [str(state) for state in MessageState],
    "request_": [str(state) for state in (RequestState.ACCEPTED, RequestState.WRITTEN, RequestState.FAILED)],
    "paper_": [str(kind) for kind in Kind],
    "approved_": [str(answer) for answer in Answer],
    "verdict_": [str(verdict) for verdict in Verdict],
    "grade_": [str(grade) for grade in Grade],
    "incoming_": ["fetch", "understand"],
    "waits_": [
        "return",
        "papers",
        "unmatched",
        "arrival",
        "bounce",
        "withdrawal",
        "decline",
        "forgotten",
        "request",
        "answer",
        "set_aside",
        "letter",
        "tidy",
        "attest",
        "plan",
        "purge",
        "addressee",
        "invoice",
        "approval",
        "changes",
        "not_approved",
        "sharing",
    ],
    "category_": list(Category),
    "event_": list(Event),
    "recipient_": list(Recipient),
    "whose_": ["client", "sponsor", "coach"],
    "for_": [category for category in Category if f"for_{category}" in EN],
    "field_": [word.removeprefix("field_") for word in EN if word.startswith("field_")],
    "reader_": [word.removeprefix("reader_") for word in EN if word.startswith("reader_")],
    "unit_": [f"{unit}_{form}" for unit in ("year", "month", "week", "day", "hour") for form in ("one", "other")],
    "every_": ["year", "month", "week", "day"],
    "asked_": list(Asked),
    "keep_": [one for one in When if one is not When.ALWAYS],
    "keep_longer_": ["reason", "legal_procedure", "dispute"],
    "term_ceiling": ["", "_after", "_soft", "_soft_after"],
    "ending_": [one for one in Leaving if one is not Leaving.DELETE],
    "mailkind_": list(MailKind),
    "deleted_": list(Deleted),
    "allow_": ["salutation", "recipient"],
    "instead_": ["encrypted_pdf", "nothing"],
    "gate_never_": list(Act),
    "gate_only_": list(Act),
    "need_": list(Needs),
    "bound_": list(Bound),
    "step_": list(Step),
    "announced_": ["website", "mail"],
    "ask_": list(Ask),
    "after_": ["received", "forwarded", "known", "decided"],
    "breach_tells_": [word.removeprefix("breach_tells_") for word in EN if word.startswith("breach_tells_")],
    "breach_": ["clients", "clients_traceable", "authority", "controller"],
    "transfer_": ["eea", "adequacy", "scc", "privacy_shield"],
    "basis_": ["consent", "explicit_consent", "contract", "legal_obligation", "legitimate_interest"],
}
"""Names that the code puts together, with the values that it puts at their end."""


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@cache
def trees() -> list[ast.Module]:
    """Give the program as read, once: it takes seconds."""
    paths = Path(pipeline.__file__).parent.rglob("*.py")
    read = [path for path in paths if path.parent.name != "words" or path.name == "__init__.py"]
    return [ast.parse(path.read_text("utf-8")) for path in read]


def said(asked: ast.AST) -> Iterator[str]:
    """Give the texts of an expression, but not those by which it looks something up."""
    if isinstance(asked, ast.Constant) and isinstance(asked.value, str):
        yield asked.value
    elif not isinstance(asked, ast.Subscript):
        for part in ast.iter_child_nodes(asked):
            yield from said(part)


@cache
def asked_for() -> frozenset[str]:
    """Give every name that some `say`, `problem`, `Unfit`, `_note` or `_shaped` in the code asks for."""
    position = {"say": 1, "problem": 0, "Unfit": 1, "_note": 1, "_shaped": 0, "_Unreadable": 0}
    found: set[str] = set()
    for tree in trees():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            if name in position and len(call.args) > position[name]:
                found |= set(said(call.args[position[name]]))
    return frozenset(found)


def texts() -> set[str]:
    nodes = (node for tree in trees() for node in ast.walk(tree))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_both_languages_have_the_same_sentences() -> None:
    assert list(NL) == list(EN)


def test_a_sentence_takes_the_same_values_in_both_languages() -> None:
    assert [word for word in EN if placeholders(NL[word]) != placeholders(EN[word])] == []


def test_no_sentence_is_empty_or_has_space_around_it() -> None:
    assert [word for words in (NL, EN) for word, text in words.items() if text.strip() != text or not text] == []


def test_every_sentence_that_the_code_asks_for_is_there() -> None:
    whole = asked_for() - set(MADE_FROM)
    assert len(whole) > 40
    assert whole - set(EN) == set()


@pytest.mark.parametrize(("beginning", "ends"), MADE_FROM.items())
def test_every_sentence_whose_name_is_put_together_is_there(beginning: str, ends: Sequence[str]) -> None:
    assert beginning in asked_for()
    assert {beginning + end for end in ends} <= set(EN)


def test_every_sentence_is_used() -> None:
    made = {beginning + end for beginning, ends in MADE_FROM.items() for end in ends}
    assert set(EN) - texts() - made == set()


def test_a_value_is_text_and_never_a_pattern() -> None:
    assert say("en", "bad_vat", value="{0} {value.__class__} %s") == (
        "'{0} {value.__class__} %s' is not a VAT rate; write 21, 9, 0 or exempt"
    )
    assert set(LANGUAGES) == {"nl", "en"}


def test_problems_are_said_in_the_order_of_the_file() -> None:
    from pipeline.errors import Problem

    refused = FileProblems("f.yaml", [Problem(10, 1, "c"), Problem(2, 9, "b"), Problem(2, 1, "a")])
    assert str(refused) == "f.yaml:2:1: a\nf.yaml:2:9: b\nf.yaml:10:1: c"
