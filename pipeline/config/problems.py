"""From a model's complaints to sentences with a place: `file:line:column: what is wrong, what to write instead`."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from pipeline.config.source import Source, Tree, Where, read
from pipeline.words import say

PYDANTIC_WORDS = {
    "model_type": "want_mapping",
    "dict_type": "want_mapping",
    "list_type": "want_list",
    "too_long": "too_many",
    "too_short": "too_few",
}
EXAMPLES = {
    "^[A-Z]-": "K-12", "^[a-z][a-z0-9_-]": "mine.client", "^[a-z][a-z_]": "keep_in_touch",
    "^[a-z][a-z0-9-]": "my-practice",
}  # fmt: skip
"""How a name is written that has to fit a pattern, by how that pattern begins."""
SHOWN = 80
Disagreement = tuple[Where, str, dict[str, object]]
"""Where it stands, the word (in `pipeline.words`) that says what is wrong, and its values."""


M = TypeVar("M", bound="Strict")


class Strict(BaseModel):
    """A model that refuses what it does not know and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def load(  # noqa: PLR0913 - a file, its language, and what is special about its words
    model: type[M],
    data: bytes,
    file: str,
    *,
    language: str,
    synonyms: Mapping[str, str],
    own_words: Container[str] = (),
    disagreements: Callable[[Tree], Iterable[Disagreement]] | None = None,
) -> M:
    """Read `data` as one `model`, or raise `FileProblems` with every problem of the file at once.

    `disagreements` tells, from the tree of texts, what no single value can: which values do not go together.
    """
    source = read(data, file, language=language, synonyms=synonyms, own_words=own_words)
    found = _validate(model, source) if source.whole else None
    if source.whole and disagreements:
        for path, word, values in disagreements(source.tree):
            source.problem(path, say(language, word, **values))
    source.refuse()
    assert found is not None
    return found


def _validate(model: type[M], source: Source) -> M | None:
    try:
        return model.model_validate(source.tree if source.tree is not None else {})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _note(source, model, detail)
    return None


def _note(source: Source, model: type[Strict], detail: ErrorDetails) -> None:
    path: Where = detail["loc"]
    language, values = source.language, dict(detail.get("ctx") or {})
    if detail["type"] == "said":
        where = values.pop("at", None)
        source.problem((*path, *where) if where else path, say(language, detail["msg"].split("\0")[0], **values))
    elif detail["type"] == "extra_forbidden":
        source.problem(path, _unknown(source, path, _keys(model, path[:-1])))
    elif detail["type"] == "missing":
        source.problem(path[:-1], say(language, "missing", key=_spoken(source, str(path[-1]))))
    elif example := example_of(str(values.get("pattern"))):
        source.problem(path, say(language, "want_form", value=str(detail["input"])[:SHOWN], example=example))
    else:
        word = PYDANTIC_WORDS.get(detail["type"], "want_text")
        source.problem(path, say(language, word, most=values.get("max_length"), least=values.get("min_length")))


def example_of(pattern: str) -> str | None:
    """Give a name as it is written where this pattern is asked for."""
    return next((example for beginning, example in EXAMPLES.items() if pattern.startswith(beginning)), None)


def _unknown(source: Source, path: Where, known: list[str]) -> str:
    typed = source.typed.get(path, str(path[-1]))
    close = get_close_matches(str(path[-1]), known, 1, 0.6)
    spoken = [_spoken(source, key) for key in known]
    close = close or get_close_matches(typed, spoken, 1, 0.6)
    instead = (
        say(source.language, "did_you_mean", guess=_spoken(source, close[0]))
        if close
        else say(source.language, "known_keys", keys=", ".join(spoken))
    )
    return say(source.language, "unknown_key", key=typed[:SHOWN], instead=instead)


def _spoken(source: Source, key: str) -> str:
    """Say a key in the reader's language, as the file's own words have it."""
    return source.spoken.get(key, key)


def _keys(model: Any, path: Where) -> list[str]:
    """Give the keys that the model knows at `path`."""
    for part in path:
        model = _inside(model, part)
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _inside(model: Any, part: str | int) -> Any:
    if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
        return _model_of(model.model_fields[str(part)].annotation)
    return _model_of(model)


def _model_of(annotation: Any) -> Any:
    """Find the model inside `Model | None`, `list[Model]`, `dict[str, Model]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [_model_of(inner) for inner in get_args(annotation)]
    return next((model for model in found if model is not None), None)
