"""Which dossier a dropped file belongs to: by a reference in its name, in its folder's name, or in the file itself.

Pure. A reference may be typed in small letters, with another sign for the dash or none, and with the letters O, I and L
for the digits that they are mistaken for: no reference has those letters. A client's name never places anything, since
names are alike; and what is not certain is not placed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from pipeline.model import Reason
from pipeline.tokens import ALPHABET

AS_DIGITS = str.maketrans("OIL", "011")
DASHES = "_\u2010\u2011\u2012\u2013\u2014\u2015\u2212-"
CANDIDATE = re.compile(rf"(?<![^\W_])(?=([0-9A-Za-z]{{4}})([\s.{DASHES}]{{0,3}})([0-9A-Za-z]{{4}})(?![^\W_]))")
UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)
LONGEST_VALUE = 20
TOO_FEW_TO_BE_NEAR = 7


class Ended(StrEnum):
    """Why a dossier that there is, or was, is no place for a document now."""

    CLOSED = "closed"
    ERASED = "erased"
    RESTRICTED = "restricted"


NO_PLACE = {
    Ended.CLOSED: "placing_closed",
    Ended.ERASED: "placing_erased",
    Ended.RESTRICTED: "placing_restricted",
}


@dataclass(frozen=True)
class OpenDossier:
    """A dossier that documents can go to, with what a coach tells it by and nobody else is named by."""

    reference: str
    initials: str
    opened: date


@dataclass(frozen=True)
class Placed:
    """A file whose dossier is certain."""

    dossier: str


@dataclass(frozen=True)
class Unplaced:
    """A file whose dossier is not certain, and why: a name in `pipeline.words` with its values."""

    reason: Reason


@dataclass(frozen=True)
class _Candidate:
    """Something that is shaped like a reference: as it was typed in two halves, and where it stands."""

    halves: tuple[str, str]
    between: str
    start: int
    end: int

    @property
    def reference(self) -> str:
        return "-".join(half.upper().translate(AS_DIGITS) for half in self.halves)


def place(
    name: str,
    folder: str,
    field: str | None,
    dossiers: Sequence[OpenDossier],
    ended: Mapping[str, Ended] = MappingProxyType({}),
) -> Placed | Unplaced:
    """Tell which dossier a file belongs to by its name, its folder's name and what stands in it; they must agree.

    `ended` are the dossiers that are known and no place any more.
    """
    known = {one.reference for one in dossiers} | ended.keys()
    inside = (field or "").strip()
    found = [references(text, known) for text in (name, folder, inside)]
    for several in (one for one in found if len(one) > 1):
        return Unplaced(("placing_two", {"value": ", ".join(several)}))
    if inside and not found[-1]:
        return Unplaced(("bad_reference", {"value": inside[:LONGEST_VALUE]}))
    return _decided(list(dict.fromkeys(reference for one in found for reference in one)), known, ended)


def _decided(named: list[str], known: Collection[str], ended: Mapping[str, Ended]) -> Placed | Unplaced:
    if not named:
        return Unplaced(("placing_none", {}))
    for reference in (one for one in named if one not in known):
        near = [one for one in known if one not in ended and _is_near(one, reference)]
        if len(near) == 1:
            return Unplaced(("placing_unknown_near", {"value": reference, "near": near[0]}))
        return Unplaced(("placing_unknown", {"value": reference}))
    if len(named) > 1:
        return Unplaced(("placing_disagree", {"value": ", ".join(named)}))
    if named[0] in ended:
        return Unplaced((NO_PLACE[ended[named[0]]], {"value": named[0]}))
    return Placed(named[0])


def references(text: str, known: Collection[str]) -> list[str]:
    """Give the references that stand in a text: those that are known, and what can only be meant for one."""
    candidates = list(_candidates(text))
    sure = [one for one in candidates if one.reference in known]
    meant = [
        one for one in candidates
        if one.reference not in known and _is_meant(one, known) and not any(_overlap(one, other) for other in sure)
    ]  # fmt: skip
    return list(dict.fromkeys(one.reference for one in sorted([*sure, *meant], key=lambda one: one.start)))


def _candidates(text: str) -> Iterator[_Candidate]:
    plain = UUID.sub(" ", unicodedata.normalize("NFKC", text))
    for match in CANDIDATE.finditer(plain):
        first, between, second = match.groups()
        one = _Candidate((first, second), between, match.start(), match.end(3))
        if set(one.reference) <= set(ALPHABET) | {"-"}:
            yield one


def _is_meant(one: _Candidate, known: Collection[str]) -> bool:
    """Tell whether something unknown was meant for a reference: dates and pairs of words have its shape as well."""
    typed = "".join(one.halves)
    if typed.isdigit():
        return False
    if any(_is_near(reference, one.reference) for reference in known):
        return True
    mixed = [not half.isdigit() and not half.isalpha() for half in one.halves]
    if any(sign in DASHES for sign in one.between):
        return any(mixed) or set(typed) <= set(ALPHABET)
    return one.between.isspace() and all(mixed)


def _is_near(reference: str, other: str) -> bool:
    """Tell whether two references differ in one letter, or in two neighbours that changed places."""
    one, two = reference.replace("-", ""), other.replace("-", "")
    differ = [at for at, (this, that) in enumerate(zip(one, two, strict=True)) if this != that]
    if len(one) - len(differ) >= TOO_FEW_TO_BE_NEAR:
        return bool(differ)
    swapped = len(differ) == 2 and differ[1] == differ[0] + 1
    return swapped and one[differ[0]] == two[differ[1]] and one[differ[1]] == two[differ[0]]


def _overlap(one: _Candidate, other: _Candidate) -> bool:
    return one.start < other.end and other.start < one.end
