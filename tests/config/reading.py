"""How the tests of what people type read a file, and what they are told about it."""

from __future__ import annotations

import json

from pipeline.config.client import ClientFile, read_client_file
from pipeline.errors import FileProblems

CATALOGUE = ("kort", "loopbaan")
SANNE = "client: {name: Sanne, email: sanne@home.example}\n"
SHORT = f"{SANNE}programme: kort\n"
Typed = dict[str, "Typed"] | list["Typed"] | str
FULL: Typed = {
    "client": {
        "name": "Sanne Jansen", "email": "sanne@home.example", "salutation": "Sanne", "phone": "06 5555 0142",
        "role": "Lead", "organisation": "Waterrijk",
    },
    "sponsor": {
        "organisation": "Waterrijk", "contact": "Peter", "email": "peter@work.example", "salutation": "Peter",
        "address": "Plein 1", "kvk": "87654321", "purchase_order": "INK-1",
    },
    "goal": "Rust",
    "lines": [{"description": "Gesprek", "quantity": "2", "unit": "uur", "unit_price": "140,00", "vat": "21"}],
    "language": "en",
    "receives": {"quote": "both", "consent": "client"},
    "dossier": "K7Q4-MX2P",
}  # fmt: skip
"""A client file with every key there is, but `programme`, which excludes `lines`."""


def as_yaml(typed: Typed) -> str:
    """Write a tree as YAML; JSON is YAML."""
    return json.dumps(typed, ensure_ascii=False)


def with_key(typed: Typed, key: str, word: str) -> Typed:
    """Give the tree with every key called `key` typed as `word`."""
    if isinstance(typed, dict):
        return {word if name == key else name: with_key(value, key, word) for name, value in typed.items()}
    if isinstance(typed, list):
        return [with_key(value, key, word) for value in typed]
    return typed


def client(text: str | bytes, *, language: str = "nl", catalogue: tuple[str, ...] = CATALOGUE) -> ClientFile:
    """Read a client file that is in order."""
    data = text if isinstance(text, bytes) else text.encode()
    return read_client_file(data, "jansen.yaml", language=language, catalogue=catalogue)


def refusal(text: str | bytes, *, language: str = "nl", catalogue: tuple[str, ...] = CATALOGUE) -> FileProblems | None:
    """Give the problems of a client file, or None when it was taken."""
    try:
        client(text, language=language, catalogue=catalogue)
    except FileProblems as problems:
        return problems
    return None


def problems(text: str | bytes, *, language: str = "nl", catalogue: tuple[str, ...] = CATALOGUE) -> list[str]:
    """Give the problems of a client file, each as `line:column: text`."""
    refused = refusal(text, language=language, catalogue=catalogue)
    return [f"{p.line}:{p.column}: {p.text}" for p in refused.problems] if refused else []


def places(text: str | bytes) -> list[tuple[int, int]]:
    """Give where the problems of a client file are."""
    refused = refusal(text)
    return [(p.line, p.column) for p in refused.problems] if refused else []
