"""YAML as people type it in a form: mappings, lists and text, each remembering its line and column.

Takes the bytes of one file; leaves a tree whose leaves are all text (or None), so that `no`, `0123` and `12:30` stay
what was typed and the model decides the type. Aliases, tags, duplicate keys, more than one document, and files beyond
the limits are problems with a place, never surprises (YAML 1.2.2; an alias bomb needs aliases, code needs tags).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from pipeline.errors import FileProblems, Problem
from pipeline.words import say

MOST_BYTES = 64 * 1024
MOST_DEPTH = 20
EMPTY = {"", "~", "null", "Null", "NULL"}

Where = tuple[str | int, ...]
"""The way to a value: keys and list positions, from the top of the file."""
Tree = dict[str, "Tree"] | list["Tree"] | str | None


@dataclass
class Source:
    """One file, read: its tree, and for each path the place (line, column; 1-based) and the key as it was typed.

    `spoken` gives, for each of our keys, the word for it in the reader's language; `whole` is False when reading had
    to stop before the end, so that what is missing from the tree means nothing.
    """

    file: str
    language: str
    tree: Tree = None
    places: dict[Where, tuple[int, int]] = field(default_factory=dict)
    typed: dict[Where, str] = field(default_factory=dict)
    spoken: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    whole: bool = True

    def place(self, path: Where) -> tuple[int, int]:
        """Give the place of `path`, or of the nearest thing around it that stands in the file."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))

    def problem(self, path: Where, text: str) -> None:
        """Note that what stands at `path` must be mended."""
        self.problems.append(Problem(*self.place(path), text))

    def refuse(self) -> None:
        """Raise `FileProblems` when anything was noted."""
        if self.problems:
            raise FileProblems(self.file, list(dict.fromkeys(self.problems)))


def read(
    data: bytes,
    file: str,
    *,
    language: str = "en",
    synonyms: Mapping[str, str] | None = None,
    own_words: Container[str] = (),
) -> Source:
    """Read one YAML file; what is wrong with it stands in the source's `problems`.

    `synonyms` maps the Dutch words for a key to its own name; of several, the first is the one we say. A word that
    means something else under one key is written with that key: `lines.btw`. Below a key of `own_words` the writer
    chooses the keys, and they are left alone.
    """
    synonyms = synonyms or {}
    dutch = {key: word.rpartition(".")[2] for word, key in reversed(list(synonyms.items()))}
    spoken = dutch if language == "nl" else {}
    source = Source(file, language, spoken=spoken)
    builder = _Builder(source, synonyms, own_words)
    try:
        source.tree = builder.document(_text(data))
    except _Unreadable as error:
        _stop(source, error.line, 1, say(language, error.word, most=MOST_BYTES // 1024))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        _stop(source, line, column, say(language, "not_yaml", reason=error.problem or "?"))
    except (YAMLError, ValueError, ArithmeticError, AssertionError, LookupError) as error:
        # The library answers some odd texts with errors of another kind, and without a place: after what it had read.
        _stop(source, builder.line, 1, say(language, "not_yaml", reason=" ".join(str(error).split())[:80] or "?"))
    except _Stop:
        source.whole = False
    return source


def _stop(source: Source, line: int, column: int, text: str) -> None:
    source.whole = False
    source.problems.append(Problem(line, column, text))


def _text(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise _Unreadable("too_large", 1)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable("not_utf8", data.count(b"\n", 0, error.start) + 1) from None


def _events(text: str) -> Iterator[Event]:
    parsed: Iterator[Event] = YAML(typ="safe", pure=True).parse(text)
    return parsed


class _Unreadable(Exception):
    def __init__(self, word: str, line: int) -> None:
        self.word, self.line = word, line
        super().__init__(word)


class _Stop(Exception):
    pass


class _Builder:
    """Builds the tree from parser events, which show tags, anchors and aliases before anything is constructed."""

    def __init__(self, source: Source, synonyms: Mapping[str, str], own_words: Container[str]) -> None:
        self.source, self.own_words = source, own_words
        self.synonyms = {_folded(word): key for word, key in synonyms.items()}
        self.events: Iterator[Event] = iter(())
        self.line = 1

    def document(self, text: str) -> Tree:
        self.events = self._counted(_events(text))
        tree: Tree = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
            elif isinstance(event, NodeEvent) and documents > 1:
                self._note(event, "one_document")
                raise _Stop
            elif isinstance(event, NodeEvent):
                tree = self._node(event, ())
        return tree

    def _counted(self, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            self.line = event.start_mark.line + 1
            yield event

    def _node(self, event: Event, path: Where) -> Tree:
        self.source.places.setdefault(path, _place(event))
        self._untagged(event)
        self._whole(event, self.source.places[path])
        if len(path) > MOST_DEPTH:
            self._note(event, "too_deep")
            raise _Stop
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        assert isinstance(event, ScalarEvent)
        return None if event.style is None and event.value in EMPTY else str(event.value)

    def _untagged(self, event: Event) -> None:
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            self._note(event, "no_alias")
            raise _Stop
        if getattr(event, "ctag", None):
            self._note(event, "no_tag")

    def _whole(self, event: Event, place: tuple[int, int]) -> None:
        """Refuse half a character (a lone surrogate, made by an escape), which could not even be quoted in a note."""
        if any("\ud800" <= character <= "\udfff" for character in getattr(event, "value", "") or ""):
            self.source.problems.append(Problem(*place, say(self.source.language, "half_a_character")))
            raise _Stop

    def _mapping(self, path: Where) -> Tree:
        mapping: dict[str, Tree] = {}
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                break
            key = self._key(event, path, mapping)
            value = self._node(next(self.events), (*path, key))
            mapping.setdefault(key, value)
        return mapping

    def _key(self, event: Event, path: Where, mapping: dict[str, Tree]) -> str:
        self._untagged(event)
        if not isinstance(event, ScalarEvent):
            self._note(event, "key_is_text")
            raise _Stop
        self._whole(event, _place(event))
        typed = str(event.value)
        key = typed if path and path[-1] in self.own_words else self._translated(typed, path)
        if key in mapping:
            self._note(event, "twice", key=typed)
        self.source.places.setdefault((*path, key), _place(event))
        self.source.typed.setdefault((*path, key), typed)
        return key

    def _translated(self, typed: str, path: Where) -> str:
        """Give our name for a key, however it is spelt: in Dutch, with capitals, with spaces or dashes."""
        around = next((part for part in reversed(path) if isinstance(part, str)), "")
        word = _folded(typed)
        return self.synonyms.get(f"{around}.{word}") or self.synonyms.get(word, word)

    def _sequence(self, path: Where) -> Tree:
        items: list[Tree] = []
        for event in self.events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self._node(event, (*path, len(items))))
        return items

    def _note(self, event: Event, word: str, **values: object) -> None:
        self.source.problems.append(Problem(*_place(event), say(self.source.language, word, **values)))


def _folded(word: str) -> str:
    return word.strip().casefold().replace(" ", "_").replace("-", "_")


def _place(event: Event) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1
