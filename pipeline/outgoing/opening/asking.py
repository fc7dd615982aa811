"""The fields of a client file as the policy sees them, and what is said of one that the policy does not ask.

Takes the file's tree, or the checked file as data; leaves names of fields and sentences with their place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from pipeline.config.client import SYNONYMS, Client, Sponsor
from pipeline.config.problems import Disagreement
from pipeline.policy.collecting import Refused, refused
from pipeline.policy.policy import Policy

CLIENT, SPONSOR = "client", "sponsor"
FORMS = {CLIENT: Client.model_fields, SPONSOR: Sponsor.model_fields}
GOAL = "goal"
"""It is about the client and stands beside her, not below."""


def filled(tree: Any) -> Mapping[str, Collection[str]]:
    """Give the fields of a person that stand in a file, by whose they are."""
    if not isinstance(tree, dict):
        return {}
    below = {whose: [field for field in form if _inside(tree, whose).get(field)] for whose, form in FORMS.items()}
    return below | {CLIENT: [*below[CLIENT], *([GOAL] if tree.get(GOAL) else [])]}


def _inside(tree: dict[str, Any], part: str) -> dict[str, Any]:
    found = tree.get(part)
    return found if isinstance(found, dict) else {}


def denied_by(policy: Policy, tree: Any) -> list[Refused]:
    """Give what the policy keeps out of a file, or finds lacking that the form itself does without."""
    return [one for one in refused(policy, filled(tree)) if not (one.lacking and _required(one))]


def _required(one: Refused) -> bool:
    field = FORMS[one.whose].get(one.field)
    return field is not None and field.is_required()


def said(denied: Iterable[Refused], language: str) -> Iterator[Disagreement]:
    """Say of each field that the policy does not ask, or always asks, where it stands and which clause says so."""
    for one in denied:
        place = (GOAL,) if one.field == GOAL else (one.whose, one.field)
        at = place[:-1] if one.lacking else place
        word = "field_lacking" if one.lacking else "field_not_asked"
        yield at, word, {"field": _spoken(one.field, language), "clauses": ", ".join(one.clauses)}


def _spoken(field: str, language: str) -> str:
    """Give the word for a field that a person types in this language."""
    dutch = (typed for typed, key in SYNONYMS.items() if key == field)
    return next(dutch, field) if language == "nl" else field
