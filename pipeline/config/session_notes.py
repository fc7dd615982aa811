"""What looks like notes of a session: they are kept on paper, so nothing here may take them in.

Pure. Takes the name, the bytes or the values of a file; tells where something stands that says more than when, how long
and where, and gives the sentence that refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from pipeline.config.links import is_address
from pipeline.config.source import MOST_BYTES, Tree, Where
from pipeline.words import say

MOST_PLACE = 120
"""How long the name of a place may be."""
_NOTES = (
    "notes", "notitie", "aanteken", "verslag", "besprek", "besproken", "inhoud", "onderwerp", "thema", "theme", "doel",
    "goal", "topic", "progress", "voortgang", "sessie", "session", "samenvatting", "summary", "opmerking", "remark",
    "comment", "reflectie", "reflection", "content", "subject", "report", "feedback", "agenda", "evaluatie",
)  # fmt: skip
"""What a key has in it under which somebody would write about a conversation."""
_NOTES_WHOLE = {"note", "gesprek", "conversation", "body", "text", "tekst"}
_WRITTEN = {
    ".doc", ".docx", ".docm", ".dot", ".dotx", ".odt", ".rtf", ".pages", ".pdf", ".html", ".htm", ".mht", ".eml",
    ".msg", ".one", ".note", ".enex", ".tex", ".epub", ".ppt", ".pptx", ".odp", ".key", ".xls", ".xlsx", ".ods",
    ".jpg", ".jpeg", ".png", ".heic", ".tif", ".tiff", ".gif", ".webp", ".mp3", ".m4a", ".wav", ".ogg", ".opus",
    ".flac", ".aac", ".mp4", ".mov", ".avi", ".mkv", ".webm", ".3gp", ".vtt", ".srt",
}  # fmt: skip
"""What people write, photograph or record a conversation in."""
_PLAIN = {".txt", ".md", ".markdown", ".text", ".log"}
_MAGIC = (b"%PDF", b"{\\rtf", b"\xd0\xcf\x11\xe0")
_SMALL_WORD = re.compile(
    r"\b(?:de|het|een|en|of|maar|dat|die|dit|als|om|te|van|voor|met|op|in|aan|bij|naar|uit|over|door|tot|ook|nog|niet"
    r"|geen|wel|is|was|zijn|heeft|had|hebben|kan|kon|wil|wilde|moet|moest|wordt|werd|ik|je|jij|u|hij|zij|ze|we|wij|haar"
    r"|hem|mijn|hun|er|toen|nu|meer|veel|the|a|an|and|or|but|that|this|if|to|for|with|on|at|by|from|about|not|no|are"
    r"|were|be|been|has|have|can|could|will|would|must|i|you|he|she|they|her|him|his|my|their|it|there|then|more)\b"
)
_FEWEST_WORDS, _MANY_WORDS = 8, 30


def notes_refusal(language: str, clauses: tuple[str, ...]) -> str:
    """Say that notes of a session are not kept here, with the clauses that promise it, if any do."""
    if not clauses:
        return say(language, "no_notes_here")
    return say(language, "no_notes_by_clause", clauses=", ".join(clauses))


def notes(tree: Tree, path: Where = ()) -> Iterator[Where]:
    """Give each place where something stands that says more than when, how long and where."""
    if path and _is_note_key(str(path[-1])):
        yield path
    elif isinstance(tree, dict | list):
        for part, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from notes(value, (*path, part))
    elif tree is not None and (_is_long(tree) if path else is_prose(tree)):
        yield path


def _is_note_key(key: str) -> bool:
    return key in _NOTES_WHOLE or any(word in key for word in _NOTES)


def _is_long(text: str) -> bool:
    """Say whether a value is longer than the name of a place: more than one line, or more than fits on one."""
    return not is_address(text) and (len(text.strip()) > MOST_PLACE or "\n" in text.strip())


def is_prose(text: str) -> bool:
    """Say whether a text reads as sentences: many words, or a few of which a quarter are a sentence's small ones."""
    words, small = len(re.findall(r"[^\W\d_]+", text)), len(_SMALL_WORD.findall(text.casefold()))
    return words >= _MANY_WORDS or (words >= _FEWEST_WORDS and 4 * small >= words)


def is_written(name: str, data: bytes) -> bool:
    """Say whether a file is of a kind in which people write, photograph or record a conversation."""
    return PurePath(name).suffix.casefold() in _WRITTEN or data.startswith(_MAGIC)


def is_plain(name: str) -> bool:
    """Say whether a file is plain text by its name: what stands in it must then say that it is an appointment."""
    return PurePath(name).suffix.casefold() in _PLAIN


def uncommented(data: bytes) -> str:
    """Give a file's text without the lines and ends of lines that explain it, such as those of the example."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = data[:MOST_BYTES].decode("utf-16" if wide else "utf-8", "replace")
    return "\n".join(re.sub(r"(?:^|\s)#.*", "", row) for row in text.splitlines())
