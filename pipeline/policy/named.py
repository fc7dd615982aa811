"""Whether a PDF names a person as its subject: pure, from its text and her name.

A name is found when first name (or initial) and surname stand together as one name, where the subject of a profile
stands: on the first pages or on most. Strict on purpose: a good profile that is looked at costs a minute.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache

from pipeline.policy import names
from pipeline.policy.names import Name, Sort

LABELS = names.listed(
    "aan achternaam beste blz by candidate client coachee datum date de dear deelnemer dhr dr drs for from heer"
    " ir kandidaat klant mevr mevrouw mr mrs ms mw naam name of page pagina participant profiel profile rapport"
    " report respondent roepnaam surname van voor voornaam"
)
"""What stands beside a name and does not belong to it, with a capital or not."""
OTHERS = re.compile(
    r"\b(?i:adviseur|assessor|begeleid|begeleider|coach|collega|colleague|consultant|contactpersoon|facilitator"
    r"|leidinggevende|manager|opdrachtgever|partner|sponsor|supervisor|trainer)\b"
    r"\W{0,3}(?:(?i:door|by|is)[ :]{1,2})?\n?$"
)
"""What says that the name behind it is not the subject's."""
BEFORE, AFTER = re.compile(r"([^\W\d_]+) ?$"), re.compile(r" ?([^\W\d_]+)")
INITIAL = re.compile(rf"(?<!\w){names.CAPITAL}\. ?$")
FIRST_PAGES, REACH = 2, 60


@dataclass(frozen=True)
class PdfText:
    """What can be read in a PDF: the text of each page that was looked at, and what its maker wrote about it.

    `readable` is False when there is no text to compare with, `locked` when it asks for a password; `active` names what
    could act when somebody opens it. `count` is the number of all its pages.
    """

    pages: tuple[str, ...] = ()
    title: str = ""
    author: str = ""
    subject: str = ""
    count: int = 0
    readable: bool = False
    locked: bool = False
    active: tuple[str, ...] = ()


class How(StrEnum):
    """How well a PDF names somebody; the best first."""

    FOUND = "found"
    PARTLY = "partly"
    ABSENT = "absent"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Named:
    """How a PDF names somebody and on which pages (from 1); `titled` when its title or subject does.

    `whole` is False when only a shortened or a longer name was found: S. Jansen, v.d. Berg, Jansen-de Vries. `together`
    is True when first name and surname stand together, be it only in passing.
    """

    how: How
    pages: tuple[int, ...] = ()
    whole: bool = False
    together: bool = False
    titled: bool = False


class Printed:
    """The text of a PDF, made ready to look for many names."""

    def __init__(self, pages: tuple[str, ...]) -> None:
        """Fold each page once."""
        self.pages = [names.plain(page) for page in pages]
        self.written = [at for at, page in enumerate(self.pages) if names.WORD.search(page)]

    @cached_property
    def letters(self) -> str:
        """Give all its letters, nothing between them: whose surname is not in here is not named."""
        return " ".join("".join(names.WORD.findall(page)) for page in self.pages).casefold()

    @cached_property
    def words(self) -> frozenset[str]:
        """Give the words that begin with a capital, or with a letter that has none."""
        found = (each for page in self.pages for each in names.WORD.findall(page))
        return frozenset(each.casefold() for each in found if not each[0].islower())

    def seen(self, name: Name) -> list[tuple[int, Sort]]:
        """Give the pages (from 0) where first name and surname stand together, and how."""
        if not name.first or not any(word in self.letters for word in name.words or (name.first,)):
            return []
        return [
            (at, _sort(text, found, name, sort))
            for at, text in enumerate(self.pages)
            for sort, pattern in names.patterns(name)
            for found in pattern.finditer(text)
            if sort in {Sort.WHOLE, Sort.SHORT} or not _later(text[: found.start()])
        ]

    def leads(self, pages: set[int]) -> bool:
        """Tell whether these pages are where a subject is named: one of the first, or at least half of all."""
        return bool(pages & set(self.written[:FIRST_PAGES])) or 2 * len(pages) >= max(len(self.written), 1)


@lru_cache(maxsize=8)
def printed(pages: tuple[str, ...]) -> Printed:
    """Give the text of a PDF ready to be searched."""
    return Printed(pages)


def named_in(text: PdfText, name: str, formerly: str | None = None) -> Named:
    """Tell whether and where a PDF names a person as its subject, by her name or the one that she had before."""
    if text.locked or not text.readable:
        return Named(How.UNREADABLE)
    ranks = list(How)
    found = [_named(text, names.parts(each)) for each in (name, formerly) if each]
    return min(
        found, key=lambda one: (ranks.index(one.how), not one.whole, not one.together), default=Named(How.ABSENT)
    )


def _named(text: PdfText, name: Name) -> Named:
    page = printed(text.pages)
    seen, sure = page.seen(name), set[int]()
    titled = bool(Printed((text.title, text.subject)).seen(name))
    for sort in (Sort.WHOLE, Sort.INITIAL, Sort.SHORT):
        sure |= {at for at, each in seen if each is sort}
        if sure and page.leads(sure):
            # "S. Jansen" at the head of each page and "Sanne" in its sentences is as good as both together.
            spelt = (
                sort is Sort.INITIAL and len(name.first) > 1 and {*name.first.split("-"), *name.middle} <= page.words
            )
            return Named(How.FOUND, _numbers(sure), sort is Sort.WHOLE or spelt, True, titled)
    if seen:
        return Named(How.PARTLY, _numbers({at for at, _ in seen}), together=True, titled=titled)
    part = any(word in page.words for word in (name.first, *name.words) if len(word) > 1)
    return Named(How.PARTLY if part or titled else How.ABSENT, titled=titled)


def _numbers(pages: set[int]) -> tuple[int, ...]:
    return tuple(at + 1 for at in sorted(pages))


def _sort(text: str, found: re.Match[str], name: Name, sort: Sort) -> Sort:
    """Tell how sure a place is, by what stands around it: Jan Peter Jansen is not Peter, Sanne Jansen-Bos perhaps."""
    before = text[max(found.start() - REACH, 0) : found.start()]
    after = text[found.end() : found.end() + REACH]
    if OTHERS.search(before) or _later(before):
        return Sort.VAGUE
    next_word = AFTER.match(after.partition("\n")[0])
    if _generation(after) != name.generation:
        return Sort.VAGUE
    if re.match(r" ?-\n?[^\W\d_]", after) and not after.startswith(" "):
        return Sort.SHORT if sort is Sort.WHOLE else Sort.VAGUE
    if "turned" in found.re.groupindex and (_little(BEFORE.search(before)) or _little(AFTER.match(after))):
        return Sort.VAGUE  # "de Jansen, Sanne" and "Jansen, Sanne de" are of another family
    if next_word and not _generation(after) and (_belongs(next_word) or _goes_on(after)):
        return Sort.VAGUE
    return sort


def _belongs(word: re.Match[str] | None) -> bool:
    """Tell whether a word beside a name can be a part of it."""
    return word is not None and not word[1][0].islower() and word[1].casefold() not in LABELS


def _little(word: re.Match[str] | None) -> bool:
    return word is not None and word[1].casefold() in names.PARTICLES


def _later(before: str) -> bool:
    """Tell whether a letter is not the first of its name: M. Smit in Bart M. Smit is neither Mark nor Maria."""
    line = before[-REACH:].rpartition("\n")[2]
    return _belongs(BEFORE.search(line)) or bool(INITIAL.search(line))


def _generation(after: str) -> str:
    found = re.match(r",? (\w+)", after)
    return found[1][0].casefold() if found and found[1].casefold() in names.GENERATIONS else ""


def _goes_on(after: str) -> bool:
    """Tell whether a second surname follows: Sanne Jansen de Vries."""
    words = names.WORD.findall(after.partition("\n")[0])
    many = next((at for at, word in enumerate(words) if word.casefold() not in names.PARTICLES), 0)
    return 0 < many < len(words) and not words[many][0].islower()
