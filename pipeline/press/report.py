"""A report in Markdown becomes HTML of our own making: CommonMark and tables, no markup of the writer's, no pictures.

Takes sections of text; leaves HTML, or what must be mended with the line where it stands. A link stays one when it
opens a secure page or a mail; of any other only its words are left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from markupsafe import Markup

MOST_PAGES = 100
MOST_PARTS, MOST_COLUMNS, DEEPEST = 10_000, 8, 14
MOST_OF_A_MARK, DEAR = 4_000, "[`<!"
"""The signs of which each one makes the library look at all that follows, and how often one may stand in a section."""
CUT_OFF = 40
"""How deep the library reads before it leaves out the rest; far beyond what is let through."""
LINKS = ("https://", "mailto:")
READ_FROM_EITHER_SIDE = frozenset({"p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th", "blockquote"})
SMALLEST = 4
TABLE, GUTTER, LETTER = 142, 4, 2.2
"""Millimetres of the house style: how wide a table is, what lies between its columns, and a letter."""
Wrong = tuple[int, str, dict[str, Any]]
"""The line, the name in `pipeline.words` of what is wrong there, and its values."""


def _any_link(url: str) -> bool:  # noqa: ARG001 - called so
    return True


def _library() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "maxNesting": CUT_OFF}).enable("table")
    # A paragraph that was moved to the right is a paragraph. What is a link is decided below, where its words are kept.
    made.disable(["html_block", "html_inline", "code"])
    made.validateLink = _any_link  # type: ignore[method-assign]  # the library's own way to say so
    return made


LIBRARY = _library()


def html(sections: Sequence[dict[str, Any]]) -> tuple[Markup, list[Wrong]]:
    """Give the HTML of a report's sections (`heading`, `text`, `line`, `straight`), and what must be mended."""
    written: list[str] = []
    wrong: list[Wrong] = []
    for section in sections:
        dear = any(section["text"].count(mark) > MOST_OF_A_MARK for mark in DEAR)
        tokens = LIBRARY.parse("" if dear else section["text"])
        wrong += [(_line(section, 0), "report_too_much", {})] if dear else []
        wrong += [(_line(section, at), word, values) for at, word, values in _wrong(tokens)]
        if section["heading"]:
            written.append(f'<h2 dir="auto">{escapeHtml(section["heading"])}</h2>')
        if not wrong:
            _mend(tokens, 3 if section["heading"] else 2)
            written.append(LIBRARY.renderer.render(tokens, LIBRARY.options, {}))
    return Markup("\n".join(written)), wrong  # noqa: S704 - the library and `escapeHtml` have escaped all text


def too_long(pages: int) -> list[Wrong]:
    """Tell that a report has more pages than anybody reads."""
    return [(1, "report_too_long", {"most": MOST_PAGES})] if pages > MOST_PAGES else []


def _line(section: dict[str, Any], at: int) -> int:
    """Give the line of the file for a line of the text (from 0)."""
    return int(section["line"]) + (at if section["straight"] else 0)


def _wrong(tokens: list[Token]) -> Iterator[Wrong]:
    """Tell what no paper can show; of what is too deep the beginning."""
    if sum(1 + len(token.children or ()) for token in tokens) > MOST_PARTS:
        yield 0, "report_too_much", {}
        return
    at, depth, columns, deep = 0, 0, 0, False
    for token in tokens:
        at = token.map[0] if token.map else at
        depth += token.nesting
        columns = 0 if token.type == "tr_open" else columns + (token.type == "th_open")
        if not deep and depth + _depth(token.children or ()) > DEEPEST:
            deep = True
            yield at, "report_too_deep", {}
        if token.type == "th_open" and columns == MOST_COLUMNS + 1:
            yield at, "report_too_wide", {"most": MOST_COLUMNS}
        if any(child.type == "image" for child in token.children or ()):
            yield at, "report_image", {}


def _depth(tokens: Sequence[Token]) -> int:
    depth = deepest = 0
    for token in tokens:
        depth += token.nesting
        deepest = max(deepest, depth)
    return deepest


def _mend(tokens: list[Token], top: int) -> None:
    """Fit tokens into the page: headings below its own, links that may be followed, text of any direction."""
    levels = sorted({token.tag for token in tokens if token.type == "heading_open"})
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(top + levels.index(token.tag), SMALLEST)}"
        if token.nesting == 1 and token.tag in READ_FROM_EITHER_SIDE:
            token.attrSet("dir", "auto")
        if token.type == "ordered_list_open" and token.attrGet("start") is not None:
            # Style sheets count from here; the attribute alone they do not see.
            token.attrSet("style", f"counter-reset: list-item {int(token.attrGet('start') or 1) - 1}")
        if token.type == "fence":
            token.info = ""
        if token.children:
            token.children = list(_linked(token.children))
    for at, token in enumerate(tokens):
        if token.type == "table_open":
            _keep_words_whole(tokens[at:])


def _keep_words_whole(table: Sequence[Token]) -> None:
    """Mark the cells of a table whose words all fit in an even share of its width; others may break anywhere."""
    table = list(takewhile(lambda token: token.type != "table_close", table))
    room = (TABLE / sum(token.type == "th_open" for token in table) - GUTTER) / LETTER
    for cell, text in pairwise(table):
        if cell.type in {"th_open", "td_open"} and all(len(word) <= room for word in text.content.split()):
            cell.attrSet("class", "whole")


def _linked(tokens: Sequence[Token]) -> Iterator[Token]:
    """Leave the words of a link that is not followed; links do not stand in links."""
    kept = False
    for token in tokens:
        if token.type == "link_open":
            address = str(token.attrGet("href") or "")
            kept = address.casefold().startswith(LINKS)
            token.attrs = {"href": address}
        if token.type not in {"link_open", "link_close"} or kept:
            yield token
