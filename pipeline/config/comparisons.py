"""What a rule can compare: texts, sizes, days, marks, folders; each problem says what to write instead."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from pipeline.config.fields import Line, line, problem
from pipeline.config.patterns import NotAPattern, compiled
from pipeline.config.problems import Strict

MOST_OF_ONE, MOST_NAME, MOST_FOLDER = 100, 80, 200
UNITS = {"": 1, "b": 1, "kb": 1024, "mb": 1024**2}
SIZE = re.compile(r"(\d{1,9})(?:[.,](\d))?\s?([km]?b?)", re.ASCII | re.IGNORECASE)
FLAGS = {
    "flagged": "\\Flagged", "seen": "\\Seen", "answered": "\\Answered",
    "belangrijk": "\\Flagged", "gelezen": "\\Seen", "beantwoord": "\\Answered",
}  # fmt: skip
KEYWORD = re.compile(r"[A-Za-z$][A-Za-z0-9$_.-]{0,49}")


def _regex(value: object) -> str:
    text = line(value)
    try:
        compiled("regex", text)
    except NotAPattern as error:
        raise problem(error.word, value=text[:80], reason=error.reason) from None
    return text


def _glob(value: object) -> str:
    text = line(value)
    try:
        compiled("glob", text)
    except NotAPattern:
        raise problem("glob_too_long") from None
    return text


def _size(value: object) -> int:
    text = line(value)
    parts = SIZE.fullmatch(text)
    unit = parts[3].lower() if parts else "?"
    if not parts or unit.removesuffix("b") + "b" not in UNITS:
        raise problem("bad_size", value=text[:80])
    return int(float(f"{parts[1]}.{parts[2] or 0}") * UNITS[unit.removesuffix("b") + "b"])


def _day(value: object) -> date:
    text = line(value)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise problem("bad_day", value=text[:80]) from None


def _flag(value: object) -> str:
    text = line(value)
    flag = FLAGS.get(text.removeprefix("\\").casefold())
    if not flag and not KEYWORD.fullmatch(text):
        raise problem("bad_flag", value=text[:80])
    return flag or text


def _folder(value: object) -> str:
    text = line(value)
    if len(text) > MOST_FOLDER or set(text) & {"*", "%"} or any(not part.strip() for part in text.split("/")):
        raise problem("bad_folder", value=text[:80])
    return text


def _name(value: object) -> str:
    text = line(value)
    if len(text) > MOST_NAME:
        raise problem("too_long", most=MOST_NAME)
    return text


Size = Annotated[int, BeforeValidator(_size)]
Day = Annotated[date, BeforeValidator(_day)]
Name = Annotated[str, BeforeValidator(_name)]
Flag = Annotated[str, BeforeValidator(_flag)]
Folder = Annotated[str, BeforeValidator(_folder)]


class Filled(Strict):
    """A model in which no key may stand without a value: what was forgotten would make a rule hold for more mail."""

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, typed: object) -> object:
        for key, value in typed.items() if isinstance(typed, dict) else ():
            if value is None:
                raise problem("empty", at=(key,))
        return typed


class Text(Filled):
    """What a text must be like: it has these words, is exactly them, or fits a glob or regular expression."""

    text: Line | None = None
    exact: Line | None = None
    glob: Annotated[str, BeforeValidator(_glob)] | None = None
    regex: Annotated[str, BeforeValidator(_regex)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, typed: object) -> object:
        """Take a bare text for words to find; a star in it could be meant otherwise, so it must be said."""
        if typed is None:
            raise problem("empty")
        if isinstance(typed, str) and "*" in typed:
            raise problem("star_in_text", value=typed[:80])
        return {"text": typed} if isinstance(typed, str) else typed

    @model_validator(mode="after")
    def _one(self) -> Text:
        if len(self.said) != 1:
            raise problem("one_way_to_match")
        return self

    @property
    def said(self) -> list[tuple[str, str]]:
        """Every way that was written, as (kind, text)."""
        ways = {"text": self.text, "exact": self.exact, "glob": self.glob, "regex": self.regex}
        return [(kind, text) for kind, text in ways.items() if text is not None]


class FileText(Text):
    """What a file's name or type must be like; neither can have a star, so a bare one is a glob."""

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, typed: object) -> object:
        if typed is None:
            raise problem("empty")
        return {"glob" if set(typed) & {"*", "?"} else "text": typed} if isinstance(typed, str) else typed


T = TypeVar("T")


def _one_or_more(value: object, handler: ValidatorFunctionWrapHandler) -> Any:
    """Take one thing for a list of one; its problems keep their own place."""
    if isinstance(value, list):
        return handler(value)
    try:
        return handler([value])
    except ValidationError as error:
        raise ValidationError.from_exception_data(error.title, [_moved(detail) for detail in error.errors()]) from None


def _moved(detail: Any) -> InitErrorDetails:
    """Give a problem of the only item as one of the whole."""
    context = detail.get("ctx") or {}
    own = detail["type"] == "said"
    kind = PydanticCustomError("said", detail["msg"], context or None) if own else detail["type"]
    return InitErrorDetails(type=kind, loc=detail["loc"][1:], input=detail["input"], ctx=context)


OneOrMore = Annotated[list[T], Field(min_length=1, max_length=MOST_OF_ONE), WrapValidator(_one_or_more)]
Texts = OneOrMore[Text]


class Header(Text):
    """A header by its name, and what one of that name must be like; without that it need only be there."""

    name: Line

    @model_validator(mode="after")
    def _one(self) -> Header:
        if len(self.said) > 1:
            raise problem("one_way_to_match")
        return self

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, typed: object) -> object:
        if isinstance(typed, str):
            return {"name": typed}
        return typed


class Bounds(Filled):
    """A size in bytes, above or below something or both."""

    over: Size | None = None
    under: Size | None = None

    @model_validator(mode="after")
    def _some(self) -> Bounds:
        if self.over is None and self.under is None:
            raise problem("no_bound")
        return self


class Period(Filled):
    """The date that the mail says it has: after a day, before a day, or both."""

    after: Day | None = None
    before: Day | None = None

    @model_validator(mode="after")
    def _some(self) -> Period:
        if self.after is None and self.before is None:
            raise problem("no_period")
        return self
