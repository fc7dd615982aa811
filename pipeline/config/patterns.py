"""Looking for a text: plain, exact, by glob or by regular expression, in time that grows with the text and no faster.

Takes what the coach wrote and what a stranger sent. Python's own engine tries one way after another and can be kept
busy for years (ReDoS); this one takes all ways at once (Thompson, 1968): each character of the text costs at most one
look at each state of the pattern. What cannot be done so (looking back or around) is refused when the rules are read.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Callable
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined] # the parser's own names, which have no stubs
from re import _parser  # type: ignore[attr-defined] # re's own parser: the same syntax, read and not run
from typing import Any

MOST_PATTERN = 300
MOST_STATES = 300
MOST_TEXT = 4000
"""How much of a text a glob or regular expression is tried on; plain words are looked for in all of it."""
MOST_STEPS = 1000

Test = Callable[[str], bool]
Set = frozenset[int]
BEGINS, ENDS, ENDS_LINE, BOUNDARY = 1, 2, 4, 8
FOUND = 0


class NotAPattern(ValueError):
    """This regular expression cannot be used; `word` says why, `reason` is the parser's own."""

    def __init__(self, word: str, reason: str = "") -> None:
        """Keep the word (in `pipeline.words`) and the reason."""
        self.word, self.reason = word, reason
        super().__init__(word)


def plain(text: str) -> str:
    """Give a text as it is compared: on one line, with one kind of space, apostrophe and accent."""
    return " ".join(unicodedata.normalize("NFC", text).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())


def found(kind: str, wanted: str, text: str) -> bool:
    """Tell whether `wanted` is in `text`, which `plain` gave; `kind` is text, exact, glob or regex. Case is ignored."""
    if kind == "text":
        return plain(wanted).casefold() in text.casefold()
    if kind == "exact":
        return plain(wanted).casefold() == text.casefold()
    return compiled(kind, wanted).search(text[:MOST_TEXT])


@lru_cache(maxsize=1024)
def compiled(kind: str, wanted: str) -> Pattern:
    """Make the pattern of a glob or regular expression once, or raise `NotAPattern`."""
    if kind == "glob":
        body = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in re.split(r"([*?])", plain(wanted)))
        return Pattern(rf"(?s)\A{body}\Z")
    return Pattern(unicodedata.normalize("NFC", wanted))


class Pattern:
    """A regular expression as a graph of states; `search` walks all its ways at once."""

    def __init__(self, source: str) -> None:
        """Read `source`, or raise `NotAPattern`."""
        self._tests: dict[int, tuple[Test, int]] = {}
        self._ways: dict[int, list[int]] = {}
        self._places: dict[int, tuple[Any, int]] = {}
        self._made = FOUND
        self._ready: dict[tuple[Set, int], tuple[tuple[Test, int], ...] | None] = {}
        self._steps: dict[tuple[Set, int, str], Set | None] = {}
        try:
            tree = _parsed(source)
            self._start = self._sequence(tree, FOUND, tree.state.flags)
        except RecursionError:
            raise NotAPattern("regex_too_large") from None

    def search(self, text: str) -> bool:
        """Tell whether the pattern matches anywhere in `text`."""
        states: Set | None = frozenset()
        for at in range(len(text) + 1):
            assert states is not None
            place = _place(text, at) if self._places else 0
            key = (states, place, text[at : at + 1])
            if key not in self._steps:
                self._remember(key)
            states = self._steps[key]
            if states is None:
                return True
        return False

    def _remember(self, key: tuple[Set, int, str]) -> None:
        """Work out one step: from these states, at such a place, over this character."""
        states, place, character = key
        if len(self._steps) >= MOST_STEPS:
            self._steps.clear()
            self._ready.clear()
        if (states, place) not in self._ready:
            self._ready[states, place] = self._reached({self._start, *states}, place)
        ready = self._ready[states, place]
        if ready is None:
            self._steps[key] = None
        else:
            over = frozenset(target for test, target in ready if test(character)) if character else frozenset()
            self._steps[key] = over

    def _reached(self, states: set[int], place: int) -> tuple[tuple[Test, int], ...] | None:
        """Follow every way that takes no character; gives what can be tested next, None when the end is among it."""
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            further = list(self._ways.get(state, ()))
            if state in self._places:
                code, target = self._places[state]
                further += [target] if _holds(code, place) else []
            waiting += [target for target in further if target not in states]
            states.update(further)
        return None if FOUND in states else tuple(self._tests[state] for state in states if state in self._tests)

    def _new(self) -> int:
        self._made += 1
        if self._made > MOST_STATES:
            raise NotAPattern("regex_too_large")
        return self._made

    def _way(self, *targets: int) -> int:
        state = self._new()
        self._ways[state] = list(targets)
        return state

    def _sequence(self, items: Any, after: int, flags: int) -> int:
        """Build states for `items`, which lead to `after`; gives the first of them."""
        for name, value in reversed(list(items)):
            after = self._item(name, value, after, flags)
        return after

    def _item(self, name: Any, value: Any, after: int, flags: int) -> int:
        if name in {op.MAX_REPEAT, op.MIN_REPEAT}:
            return self._repeat(value, after, flags)
        if name is op.BRANCH:
            return self._way(*[self._sequence(branch, after, flags) for branch in value[1]])
        if name is op.SUBPATTERN:
            _, more, less, items = value
            return self._sequence(items, after, (flags | more) & ~less)
        state = self._new()
        if name is op.AT:
            self._places[state] = (value, after)
        else:
            self._tests[state] = (_test(name, value, flags), after)
        return state

    def _repeat(self, value: tuple[int, int, Any], after: int, flags: int) -> int:
        least, most, items = value
        if most == op.MAXREPEAT:
            start = self._way(after)
            self._ways[start].append(self._sequence(items, start, flags))
        else:
            start = after
            for _ in range(most - least):
                start = self._way(self._sequence(items, start, flags), after)
        for _ in range(least):
            before = start
            start = self._sequence(items, start, flags)
            if start == before:  # nothing, however often
                break
        return start


def _parsed(source: str) -> Any:
    if len(source) > MOST_PATTERN:
        raise NotAPattern("regex_too_large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parser.parse(source, re.IGNORECASE)
    except (re.error, OverflowError, ValueError) as error:
        raise NotAPattern("bad_regex", str(error)) from None
    if tree.state.flags & (re.ASCII | re.LOCALE | re.MULTILINE):
        raise NotAPattern("regex_too_clever")
    return tree


def _place(text: str, at: int) -> int:
    """Tell what kind of place lies before the character `at`, as flags."""
    ends = at == len(text)
    before, behind = at > 0 and _is_word(text[at - 1]), not ends and _is_word(text[at])
    ends_line = ends or (at == len(text) - 1 and text[at] == "\n")
    return (not at and BEGINS) | (ends and ENDS) | (ends_line and ENDS_LINE) | (before != behind and BOUNDARY)


def _holds(code: Any, place: int) -> bool:
    if code in {op.AT_BEGINNING, op.AT_BEGINNING_STRING}:
        return bool(place & BEGINS)
    if code is op.AT_END:
        return bool(place & ENDS_LINE)
    if code is op.AT_END_STRING:
        return bool(place & ENDS)
    return bool(place & BOUNDARY) is (code is op.AT_BOUNDARY)


def _test(name: Any, value: Any, flags: int) -> Test:
    """Give the test of one character."""
    if name is op.ANY:
        return (lambda _: True) if flags & re.DOTALL else (lambda character: character != "\n")
    if name in {op.LITERAL, op.NOT_LITERAL}:
        items, negated = [(op.LITERAL, value)], name is op.NOT_LITERAL
    elif name is op.IN:
        negated = value[0][0] is op.NEGATE
        items = value[1:] if negated else value
    else:
        raise NotAPattern("regex_too_clever")
    parts = [_part(*item) for item in items]
    spelt = _spellings if flags & re.IGNORECASE else (lambda character: {character})
    return lambda character: any(part(one) for one in spelt(character) for part in parts) is not negated


def _part(name: Any, value: Any) -> Test:
    if name is op.LITERAL:
        return lambda character: ord(character) == value
    if name is op.RANGE:
        return lambda character: value[0] <= ord(character) <= value[1]
    kind, opposite = CATEGORIES[value]
    return lambda character: kind(character) is not opposite


def _spellings(character: str) -> set[str]:
    return {one for one in (character, character.lower(), character.upper()) if len(one) == 1}


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


CATEGORIES: dict[Any, tuple[Test, bool]] = {
    op.CATEGORY_DIGIT: (str.isdecimal, False), op.CATEGORY_NOT_DIGIT: (str.isdecimal, True),
    op.CATEGORY_SPACE: (str.isspace, False), op.CATEGORY_NOT_SPACE: (str.isspace, True),
    op.CATEGORY_WORD: (_is_word, False), op.CATEGORY_NOT_WORD: (_is_word, True),
}  # fmt: skip
