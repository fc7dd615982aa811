"""HTML mail as plain text: what a reader sees, quoted text with "> " before it.

Each octet is looked at once: the standard library's parser looks again from every comment that never ends, and a
stranger can send a million of those.
"""

from __future__ import annotations

import html
import re

LONGEST = 2_000_000

_UNSEEN = {"script", "style", "head", "title", "noscript", "template", "svg", "object"}
_BREAKS = {
    "br", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre", "dd", "dt", "dl",
    "article", "section", "header", "footer", "main", "nav", "aside", "center", "address", "figure", "figcaption",
    "caption", "form", "fieldset", "details", "summary",
}  # fmt: skip
_STRUCK = {"s", "strike", "del"}
_NOT_MEANT = "~"
"""Stands around what is struck through and before what no reader sees, so that it is not taken for a plain word."""
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])|\shidden(?=[\s=]|$)",
    re.IGNORECASE,
)
_MOST_LOOKED = 2000
_TAG = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30})")
_NUMBER = re.compile(r"&#[xX]?0*[0-9a-fA-F]{8,};?")


def readable(text: str) -> str:
    """Give the text of an HTML document, or of what was sent as one."""
    page = _Page()
    for at, piece in enumerate(text[:LONGEST].split("<")):
        page.take(piece, first=at == 0)
    return page.text()


class _Page:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._words: list[str] = []
        self._quoted = 0
        self._until = ""

    def take(self, piece: str, *, first: bool) -> None:
        """Take what stands between two opening brackets."""
        if self._until == "-->":
            self._comment(piece)
        elif first:
            self._add(piece)
        elif piece.startswith("!--"):
            self._until = "-->"
            self._comment(piece[3:])
        elif match := _TAG.match(piece):
            inside, _, after = piece.partition(">")
            taken_back = match[2].lower() in _STRUCK or _HIDDEN.search(inside[:_MOST_LOOKED]) is not None
            self._tag(match[2].lower(), f"{_NOT_MEANT}{after}" if taken_back else after, closing=bool(match[1]))
        elif piece.startswith(("!", "?")):
            self._add(piece.partition(">")[2])
        else:
            self._add("<" + piece)

    def _comment(self, piece: str) -> None:
        _, ended, rest = piece.partition("-->")
        if ended:
            self._until = ""
            self._add(rest)

    def _tag(self, name: str, after: str, *, closing: bool) -> None:
        if self._until:
            if not (closing and name == self._until) and not (self._until == "head" and name == "body"):
                return
            self._until = ""
        elif name in _UNSEEN and not closing:
            self._until = name
            return
        if name == "blockquote":
            self._end_line()
            self._quoted = max(0, min(20, self._quoted + (-1 if closing else 1)))
        elif name == "p":
            self._end_line()
            if self._lines and self._lines[-1]:
                self._lines.append("")
        elif name in _BREAKS and (self._words or name == "br"):
            self._end_line()
        elif name in {"td", "th"} and self._words:
            self._words.append(" ")
        self._add(after)

    def _add(self, text: str) -> None:
        if not self._until and text:
            self._words.append(text)

    def _end_line(self) -> None:
        line = " ".join(_unescaped("".join(self._words)).split())
        self._words.clear()
        self._lines.append("> " * self._quoted + line)

    def text(self) -> str:
        """Give what has been taken, with no more than one empty line in a row."""
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in self._lines)).strip()


def _unescaped(text: str) -> str:
    # A number of thousands of digits is no character, and takes Python long.
    return html.unescape(_NUMBER.sub("\ufffd", text)) if "&" in text else text
