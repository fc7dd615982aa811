"""A person's name in its parts, and the ways in which it can be printed: pure; two like names stay two names.

Accents, capitals, apostrophes, wide lettering and line ends do not count; the little words of a surname do: van den is
not van der. Takes a name as the practice typed it (`Jansen, Sanne`; `drs. S.M. (Sanne) Jansen`), leaves patterns.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


def listed(words: str) -> frozenset[str]:
    """Give the words of a list that is written as one text."""
    return frozenset(words.split())


PARTICLES = listed(
    "a aan af al auf bij d da dal de del della den der des di do dos du el en het in la las le les lo los onder op over"
    " s t te ten ter tot uijt uit van ver vom von voor zu zum zur"
)
TITLES = listed("bc bsc dhr dr drs frau heer herr ing ir mba mevr mevrouw mijnheer mr mrs ms msc mw phd")
GENERATIONS = listed("jr sr junior senior ii iii")
LETTERS = str.maketrans({
    "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ß": "ss", "æ": "ae", "Æ": "AE",
    "œ": "oe", "Œ": "OE", "\u0131": "i", "þ": "th", "Þ": "TH", "\r": "", "\xad": "",
    **dict.fromkeys("\ufffe\x02\u2010\u2011", "-"),
})  # fmt: skip
APOSTROPHE = "['\u2018\u2019\u02bc\u00b4`\u2032]"
ADDRESS = re.compile(r"[^\s@]{1,80}@[^\s@]{1,120}|\b(?:https?://|www\.)\S{1,300}")
GENITIVE, APOSTROPHES = re.compile(rf"(?<=\w){APOSTROPHE}s\b"), re.compile(APOSTROPHE)
WIDE = re.compile(rf"(?<!\S)[^\W\d_](?: {{1,4}}(?:[^\W\d_]|-|{APOSTROPHE})){{4,80}}(?!\S)")
WORD = re.compile(r"[^\W\d_]+")
MOST_WORDS, MOST_BETWEEN, LONGEST_WORD, JOINED, LONG, COMPARED = 12, 4, 60, 7, 9, 60
MARKS = "\u0300"
"""The first of what is only seen on another letter, or not at all."""
GAP = r"(?: ?\n ?| )"
TIE = r"(?: ?- ?\n? ?| ?\n ?| )"
TURNED = "(?P<turned>)"
"""Marks a way in which the surname comes first."""
CAPITAL = r"[^\W\d_a-z]"
FIRST_LABEL = r"(?: ?[;,]? ?\n? ?(?i:voornaam|roepnaam|first name|given name)(?: ?: ?| ?\n ?| ))"
LAST_LABEL = r"(?: ?[;,]? ?\n? ?(?i:achternaam|familienaam|surname|last name|family name)(?: ?: ?| ?\n ?| ))"
Part = tuple[tuple[str, ...], tuple[str, ...]]
"""One part of a surname: its little words, and the others."""


class Sort(StrEnum):
    """How much of a name a way of printing it shows."""

    WHOLE = "whole"
    INITIAL = "initial"
    SHORT = "short"
    VAGUE = "vague"


@dataclass(frozen=True)
class Name:
    """A name in its parts, folded: the first name, further ones, the parts of the surname, junior or senior."""

    first: str
    middle: tuple[str, ...] = ()
    family: tuple[Part, ...] = ()
    generation: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """Give the words of the surname that are not little ones."""
        return tuple(word for _, core in self.family for word in core)

    @property
    def surname(self) -> str:
        """Give the surname as one word."""
        return "".join("".join(little + core) for little, core in self.family)


def plain(text: str) -> str:
    """Give a text without accents, apostrophes and addresses, wide lettering closed up; capitals and lines stay."""
    bare = unicodedata.normalize("NFKD", ADDRESS.sub(" ", text)).translate(LETTERS)
    bare = "".join(each for each in bare if each < MARKS or unicodedata.category(each) not in {"Mn", "Mc", "Me", "Cf"})
    bare = WIDE.sub(lambda found: re.sub(r" ( *)", lambda gap: " " if gap[1] else "", found[0]), bare)
    bare = APOSTROPHES.sub("", GENITIVE.sub("", bare))
    bare = re.sub(rf"(?<!\w)s-(?={CAPITAL})", "s ", bare)
    return re.sub(r"[^\S\n]+", " ", bare)


@lru_cache(maxsize=4096)
def parts(name: str) -> Name:
    """Take a name apart; an odd one has fewer parts, and is found less easily."""
    text = plain(name).replace("\n", " ")
    last, comma, given = text.partition(",")
    if comma and not {word.casefold() for word in WORD.findall(given)} <= TITLES | GENERATIONS:
        text = f"{given} {last}"
    called = re.search(r"\(([^()]*[^\W\d_][^()]*)\)", text)
    if called:
        text = f"{called[1]} {text[called.end() :]}"
    found = re.findall(r"[^\W\d_]+|(?<=\w)-(?=\w)", text)
    return _parted([word.casefold()[:LONGEST_WORD] for word in found[: 2 * MOST_WORDS]])


def _parted(words: list[str]) -> Name:
    generation = ""
    while len(words) > 2 and words[0] in TITLES:
        words = words[1:]
    while len(words) > 2 and words[-1] in TITLES | GENERATIONS:
        generation = words[-1][0] if words[-1] in GENERATIONS else generation
        words = words[:-1]
    first, rest = _given(words)
    begun = next((at for at, word in enumerate(rest[:-1]) if word in PARTICLES), len(rest))
    begun = _tied(rest, min(begun, max(len(rest) - 1, 0)))
    middle = tuple(word for word in rest[:begun] if word != "-")[:MOST_BETWEEN]
    return Name(first, middle, tuple(_family(rest[begun:])), generation)


def _given(words: list[str]) -> tuple[str, list[str]]:
    """Give the first name, Jan-Peter as one, and what follows it."""
    at = 1
    while at + 1 < len(words) and words[at] == "-":
        at += 2
    return "".join(words[:at]), words[at:]


def _tied(rest: list[str], at: int) -> int:
    """Give where a surname begins: further to the front while a hyphen ties it to what stands there."""
    while at > 1 and rest[at - 1] == "-":
        at -= 2
    return at


def _family(words: list[str]) -> Iterator[Part]:
    for part in " ".join(words).split(" - "):
        own = part.split()
        many = next((at for at, word in enumerate(own) if word not in PARTICLES), max(len(own) - 1, 0))
        if own:
            yield tuple(own[:many]), tuple(own[many:])


@lru_cache(maxsize=4096)
def patterns(name: Name) -> tuple[tuple[Sort, re.Pattern[str]], ...]:
    """Give the ways in which a name can be printed, in a text made `plain`."""
    if not name.family:
        return ((Sort.WHOLE, _bounded(" ?".join(map(re.escape, name.first)))),) if ideographs(name.first) else ()
    made = [(sort, _bounded(way)) for sort, given, families in _sorts(name) for way in _ways(name, given, families)]
    return tuple(made)


def _sorts(name: Name) -> Iterator[tuple[Sort, str, str]]:
    """Give what may stand for the first name together with what may stand for the surname."""
    whole, short = _either(_surnames(name)), _either([*_halves(name), *_abbreviated(name)])
    initial = rf"{re.escape(name.first[0].upper())}(?:\.? ?{CAPITAL}\b){{0,4}}\.?"
    if len(name.first) == 1:
        # The practice knows no more than a letter, so that any name with that letter is no more than that.
        given = rf"{re.escape(name.first[0].upper())}\w*(?:\.? ?{CAPITAL}\b){{0,4}}\.?"
        yield Sort.INITIAL, given, whole
        yield from [(Sort.VAGUE, given, short)] if short else []
        return
    first = "[- ]?".join(map(_capital, name.first.split("-")))
    given = rf"\(?{first}\)?" + "".join(
        rf"{GAP}(?:{_capital(word)}|{re.escape(word[0].upper())}\b\.?)" for word in name.middle
    )
    called, given = (each + rf"(?:{GAP}{CAPITAL}\b\.?){{0,4}}" for each in (rf"\(?{first}\)?", given))
    if len(name.first) > 3:
        initial = _either([initial, *(rf"{_capital(name.first[:many])}\." for many in (2, 3))])
    yield Sort.WHOLE, given, whole
    yield Sort.INITIAL, initial, whole
    yield from [(Sort.SHORT, called, whole)] if name.middle else []
    yield from [(Sort.SHORT, given, short), (Sort.VAGUE, initial, short)] if short else []


def _ways(name: Name, given: str, families: str) -> Iterator[str]:
    """Give the orders in which both can stand."""
    close = "?" if len(name.first + name.surname) >= JOINED else ""
    yield rf"{given}(?:{GAP}|{LAST_LABEL}|(?<=\.)){close}{families}"
    comma = rf"(?: ?, ?\n?|{FIRST_LABEL})"
    yield rf"{TURNED}{families}{comma}{given}"
    yield rf"{TURNED}(?m:^) ?{families} {given} ?(?m:$)"
    for little, core in name.family if len(name.family) == 1 else ():
        if little:
            before, after = GAP.join(map(_any, little)), GAP.join(map(_capital, core))
            yield rf"{TURNED}{after}{comma}{given}{GAP}{before}"
            yield rf"{TURNED}{after},? {before}{comma}{given}"


def _surnames(name: Name) -> Iterator[str]:
    whole = [_part(part) for part in name.family]
    yield TIE.join(whole)
    if len(whole) > 1:
        yield TIE.join(reversed(whole))
    yield _capital(name.surname)


def _halves(name: Name) -> list[str]:
    """Give each half of a double surname."""
    return [_part(part) for part in name.family] if len(name.family) > 1 else []


def _abbreviated(name: Name) -> Iterator[str]:
    """Give v.d. Berg for van den Berg."""
    for little, core in name.family if len(name.family) == 1 else ():
        if little and any(len(word) > 1 for word in little):
            yield r"[./]? ?".join(f"(?i:{word[0]})" for word in little) + r"\.? ?" + GAP.join(map(_capital, core))


def _part(part: Part) -> str:
    little, core = part
    words = GAP.join(map(_capital, core))
    return f"(?:{GAP.join(map(_any, little))}{GAP}?{words})" if little else words


def _capital(word: str) -> str:
    """Give a word that begins with a capital, where its script has them."""
    return re.escape(word[:1].upper()) + (_any(word[1:]) if len(word) > 1 else "")


def _any(word: str) -> str:
    return f"(?i:{re.escape(word)})"


def _either(ways: Iterator[str] | list[str]) -> str:
    found = list(dict.fromkeys(ways))
    return f"(?:{'|'.join(found)})" if found else ""


def _bounded(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){pattern}(?!\w)")


def ideographs(word: str) -> bool:
    """Tell whether a name needs no space between its parts, as in Chinese, Japanese and Korean."""
    return len(word) > 1 and all(unicodedata.category(each) == "Lo" and each >= "\u1100" for each in word)


def like(one: Name, other: Name) -> bool:
    """Tell whether two names are easily taken for each other: Jan Jansen and Jan Janssen, father and son."""
    first = _near(one.first, other.first, 4) or (
        1 in {len(one.first), len(other.first)} and one.first[:1] == other.first[:1]
    )
    if not one.family or not other.family:
        return first and one.family == other.family
    return first and (
        bool(set(one.family) & set(other.family)) or one.words == other.words or _near(one.surname, other.surname, 5)
    )


def _near(one: str, other: str, shortest: int) -> bool:
    """Tell whether two words differ in one letter at most; in two, when they are long; short ones in none."""
    one, other = one[:COMPARED], other[:COMPARED]
    longest = max(len(one), len(other))
    return one == other or (longest >= shortest and _apart(one, other) <= (2 if longest >= LONG else 1))


def _apart(one: str, other: str) -> int:
    """Count the letters in which two words differ."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        last, row = row, [at]
        for to, same in enumerate(other, 1):
            row.append(min(last[to] + 1, row[-1] + 1, last[to - 1] + (letter != same)))
    return row[-1]
