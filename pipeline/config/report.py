"""A report as the coach writes it: Markdown with or without front matter, YAML, a Word file, or a finished PDF.

Takes a file's name and bytes; leaves a frozen `Report` that says what it is, whose it says to be, and of what is text
every section with its place in the file; or `FileProblems` with all that must be mended. Pure: a Word file and a PDF
are opened by the press alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from pipeline.config.fields import Language, Reference, line, problem
from pipeline.config.problems import Disagreement, Strict, load
from pipeline.config.source import Source, Tree, read
from pipeline.errors import FileProblems, Problem
from pipeline.words import say

MOST_TEXT, MOST_FILE = 256 << 10, 10 << 20
LONGEST_LINE, LONGEST_TITLE = 5_000, 120
FENCE, CLOSING = "---", frozenset({"---", "..."})
HEADING = re.compile(r" {0,3}#[ \t]+(\S.*?)[ \t]*#*[ \t]*")
MARKED = re.compile(r"(\*\*|__|\*|_|`)(.+?)\1")
SYNONYMS = {
    "kenmerk": "dossier", "titel": "title", "taal": "language",
    "aanleiding": "reason", "doel": "goal", "verloop": "course",
    "resultaat": "result", "resultaten": "result", "results": "result",
    "advies": "advice", "aanbevelingen": "advice", "recommendations": "advice",
    "onderdelen": "sections", "hoofdstukken": "sections", "kop": "heading", "tekst": "text",
}  # fmt: skip
"""The Dutch words (and the other spellings) of each key; the first of several is the one we say."""
KNOWN = {
    "reason": "report_reason", "goal": "report_goal", "course": "report_course", "result": "report_result",
    "advice": "report_advice",
}  # fmt: skip
"""The parts that need no heading of their own, and the word that becomes it."""


class Sort(StrEnum):
    """What a report was written in."""

    MARKDOWN = "markdown"
    YAML = "yaml"
    WORD = "word"
    PDF = "pdf"


SORTS = {
    ".md": Sort.MARKDOWN, ".markdown": Sort.MARKDOWN, ".yaml": Sort.YAML, ".yml": Sort.YAML, ".docx": Sort.WORD,
    ".pdf": Sort.PDF,
}  # fmt: skip
WITH_MACROS = frozenset({".docm", ".dotm"})


@dataclass(frozen=True)
class Section:
    """A part of a report: its Markdown, and the line of the file where that begins.

    Its heading is the coach's own, or a name in `pipeline.words`, or none; `straight` when each line of the text is a
    line of the file.
    """

    text: str
    line: int = 1
    straight: bool = True
    heading: str = ""
    word: str = ""


@dataclass(frozen=True)
class Report:
    """A report, as it was dropped; `told_in` is the language in which the coach is told what is wrong with it."""

    file: str
    sort: Sort
    data: bytes
    told_in: str
    dossier: str | None = None
    title: str | None = None
    language: str | None = None
    sections: tuple[Section, ...] = ()


def report_of(name: str, data: bytes, *, language: str) -> Report:
    """Say what a dropped file is as a report; problems are said in `language`, as `FileProblems`."""
    ending = PurePath(name).suffix.casefold()
    if ending in WITH_MACROS:
        raise refused(name, language, "report_macros")
    if ending not in SORTS:
        raise refused(name, language, "report_sort")
    if len(data) > MOST_FILE:
        raise refused(name, language, "report_file_too_large", most=MOST_FILE >> 20)
    if not data.strip():
        raise refused(name, language, "report_empty")
    return READERS[SORTS[ending]](name, data, language)


def refused(name: str, language: str, word: str, at: tuple[int, int] = (1, 1), **values: object) -> FileProblems:
    """Give the refusal of a file for one reason."""
    return FileProblems(name, [Problem(*at, say(language, word, **values))])


def markdown(value: object) -> str:
    """Markdown, verbatim but for tabs, without what no reader can see."""
    if isinstance(value, dict | list):
        raise problem("want_text")
    if value is None or not str(value).strip():
        raise problem("empty")
    text = str(value).replace("\r\n", "\n").expandtabs(4).rstrip()
    for each in text.split("\n"):
        _seen(each)
    return text


def title(value: object) -> str:
    """One line that is short enough for the head of each page."""
    text = line(value)
    if len(text) > LONGEST_TITLE:
        raise problem("too_long", most=LONGEST_TITLE)
    return text


Markdown = Annotated[str, BeforeValidator(markdown)]
Title = Annotated[str, BeforeValidator(title)]


class Front(Strict):
    """What stands above a report in Markdown, between two lines of dashes."""

    dossier: Reference | None = None
    title: Title | None = None
    language: Language | None = None


class Part(Strict):
    """A section with a heading of the coach's own."""

    heading: Title
    text: Markdown


class ReportFile(Front):
    """A report in YAML, checked; its parts stand in the order in which they were written."""

    reason: Markdown | None = None
    goal: Markdown | None = None
    course: Markdown | None = None
    result: Markdown | None = None
    advice: Markdown | None = None
    sections: Annotated[list[Part], Field(max_length=100)] | None = None


def _markdown(name: str, data: bytes, language: str) -> Report:
    text = _decoded(name, data, language)
    front, body = _parted(name, text, language)
    known = load(Front, front.encode(), name, language=language, synonyms=SYNONYMS)
    problems = list(_unseen(body, language))
    if problems:
        raise FileProblems(name, problems)
    called, body = _titled(body, known.title)
    if not body.strip():
        raise refused(name, language, "report_empty")
    if len(called or "") > LONGEST_TITLE:
        raise refused(name, language, "too_long", (_first(text, called or ""), 1), most=LONGEST_TITLE)
    return Report(
        name, Sort.MARKDOWN, data, language, known.dossier, called, known.language, (Section(body),)
    )  # fmt: skip


def _decoded(name: str, data: bytes, language: str) -> str:
    if len(data) > MOST_TEXT:
        raise refused(name, language, "report_text_too_large", most=MOST_TEXT >> 10)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refused(name, language, "not_utf8", (data.count(b"\n", 0, error.start) + 1, 1)) from None
    return text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)


def _parted(name: str, text: str, language: str) -> tuple[str, str]:
    """Give front matter and body, each with its lines where they stand in the file."""
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        return "", text
    end = next((number for number, each in enumerate(lines[1:], 1) if each.rstrip() in CLOSING), None)
    if end is None:
        raise refused(name, language, "report_front_open")
    return "\n".join(["", *lines[1:end]]), "\n".join([*[""] * (end + 1), *lines[end + 1 :]])


def _unseen(body: str, language: str) -> Iterator[Problem]:
    for number, each in enumerate(body.split("\n"), 1):
        try:
            _seen(each)
        except PydanticCustomError as error:
            values = error.context or {}
            hidden = chr(int(str(values["code"]).removeprefix("U+"), 16)) if "code" in values else ""
            yield Problem(number, each.find(hidden) + 1, say(language, error.message_template, **values))


def _seen(one: str) -> None:
    """Refuse a line that is too long, or in which stands what no reader can see."""
    if len(one) > LONGEST_LINE:
        raise problem("report_long_line", most=LONGEST_LINE)
    if one.strip():
        line(one)


def _titled(body: str, called: str | None) -> tuple[str | None, str]:
    """Take the title from the first line when that is a heading, and leave the line empty: it is printed above."""
    lines = body.split("\n")
    at = next((number for number, each in enumerate(lines) if each.strip()), 0)
    found = HEADING.fullmatch(lines[at])
    heading = MARKED.sub(r"\2", found[1]) if found else ""
    if not heading or (called is not None and heading.casefold() != called.casefold()):
        return called, body
    return called or heading, "\n".join([*lines[:at], "", *lines[at + 1 :]])


def _first(text: str, words: str) -> int:
    return next((number for number, each in enumerate(text.split("\n"), 1) if words in MARKED.sub(r"\2", each)), 1)


def _yaml(name: str, data: bytes, language: str) -> Report:
    file = load(ReportFile, data, name, language=language, synonyms=SYNONYMS, disagreements=_disagreements)
    source = read(data, name, language=language, synonyms=SYNONYMS)
    sections = tuple(_sections(file, source, data.decode("utf-8-sig").splitlines()))
    return Report(name, Sort.YAML, data, language, file.dossier, file.title, file.language, sections)


def _disagreements(tree: Tree) -> Iterator[Disagreement]:
    if not isinstance(tree, dict) or not any(tree.get(key) for key in (*KNOWN, "sections")):
        yield (), "report_empty", {}


def _sections(file: ReportFile, source: Source, lines: list[str]) -> Iterator[Section]:
    """Give the sections in the order of the file."""
    assert isinstance(source.tree, dict)
    for key in source.tree:
        if key in KNOWN and (text := getattr(file, key)):
            yield Section(text, *_place(source, (key,), lines), word=KNOWN[key])
        for number, part in enumerate(file.sections or () if key == "sections" else ()):
            yield Section(part.text, *_place(source, ("sections", number, "text"), lines), heading=part.heading)


def _place(source: Source, path: tuple[str | int, ...], lines: list[str]) -> tuple[int, bool]:
    """Give the line on which a text begins: a block begins below its key; and whether its lines are the file's."""
    at = source.place(path)[0]
    block = re.search(r":[ \t]*([|>])[-+0-9]*[ \t]*(?:#.*)?$", lines[at - 1])
    return (at + 1, block[1] == "|") if block else (at, False)


def _word(name: str, data: bytes, language: str) -> Report:
    if not data.startswith(b"PK"):
        raise refused(name, language, "report_not_word")
    return Report(name, Sort.WORD, data, language)


def _pdf(name: str, data: bytes, language: str) -> Report:
    if b"%PDF-" not in data[:1024]:
        raise refused(name, language, "report_not_pdf")
    return Report(name, Sort.PDF, data, language)


READERS: dict[Sort, Callable[[str, bytes, str], Report]] = {
    Sort.MARKDOWN: _markdown, Sort.YAML: _yaml, Sort.WORD: _word, Sort.PDF: _pdf,
}  # fmt: skip
