"""Taking the people out of a text: every name that the program knows becomes a code, whatever its capitals or accents.

Pure. Takes the client files of one dossier, and a text; leaves the text with codes, and what was replaced. What no
client file names is not known here, so somebody has to read the text through.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CLIENT, SPONSOR, ORGANISATION = "[client]", "[sponsor]", "[organisation]"
EMAIL, PHONE, ADDRESS, NUMBER = "[e-mail]", "[phone]", "[address]", "[number]"
REFERENCE = "[reference]"
FIELDS = {
    ("client", "name"): CLIENT, ("client", "formerly"): CLIENT, ("client", "salutation"): CLIENT,
    ("client", "email"): EMAIL, ("client", "phone"): PHONE, ("client", "organisation"): ORGANISATION,
    ("sponsor", "organisation"): ORGANISATION, ("sponsor", "contact"): SPONSOR, ("sponsor", "salutation"): SPONSOR,
    ("sponsor", "email"): EMAIL, ("sponsor", "address"): ADDRESS, ("sponsor", "kvk"): NUMBER,
    ("sponsor", "purchase_order"): NUMBER,
}  # fmt: skip
"""What in a client file tells who somebody is, and the code that takes its place."""
IN_PARTS = {CLIENT, SPONSOR, ORGANISATION}
COMMON = """
van de den der het 't ten ter te von zu la le du di da dos el bin ibn of op in aan bij en and the
beste geachte lieve hallo dag dear hello hi mevrouw meneer mijnheer heer dame mr mrs ms mw dhr drs dr ir ing prof
gemeente stichting vereniging provincie ministerie waterschap bureau groep group holding bv b.v nv n.v vof ltd inc
gmbh school hogeschool universiteit bank zorg ziekenhuis nederland netherlands advies coaching
"""
"""Parts of names that are no name by themselves."""
NO_NAMES = frozenset(COMMON.split())
APART = re.compile(r"[\s/,()&\"-]+")
LETTERS, DIGITS = 2, 6
GAP = r"[\s().\-/]*"


@dataclass(frozen=True)
class Replaced:
    """What was replaced: the text as it stood, the code in its place, and how often."""

    text: str
    code: str
    count: int


def known(revisions: Iterable[Mapping[str, Any]], numbers: Iterable[str]) -> dict[str, str]:
    """Give what tells who a dossier is about, as patterns, each with its code; what is longest comes first.

    `revisions` are all versions of the client file, `numbers` the reference and what else the dossier is known by.
    """
    values = [
        (str(value), code) for facts in revisions for (who, name), code in FIELDS.items()
        if (value := (facts.get(who) or {}).get(name))
    ]  # fmt: skip
    found = {pattern: code for value, code in values for pattern in _patterns(folded(value), code)}
    found |= {_words(folded(number)): REFERENCE for number in numbers}
    return dict(sorted(found.items(), key=lambda one: len(one[0]), reverse=True))


def _patterns(value: str, code: str) -> Iterator[str]:
    yield _words(value) + (r"(?:'?s)?" if code in IN_PARTS else "")
    if code == PHONE and len(core := _core(value)) >= DIGITS:
        yield rf"(?:(?:\+|00)\d{{1,3}}{GAP})?(?:\(?0\)?{GAP})?{GAP.join(core)}"
    for part in APART.split(value) if code in IN_PARTS else ():
        name = part.strip(".'")
        if len(name) >= LETTERS and name not in NO_NAMES:
            yield rf"{re.escape(name)}(?:'?s)?"


def _words(value: str) -> str:
    return r"\s+".join(re.escape(word) for word in value.split())


def _core(phone: str) -> str:
    """Give the digits of a phone number that are there however it is written: without country and leading nought."""
    digits = re.sub(r"\D", "", phone)
    abroad = re.match(r"(?:\+|00)(?:31|32|49|44|33)", phone.replace(" ", ""))
    return (digits[len(re.sub(r"\D", "", abroad[0])) :] if abroad else digits).lstrip("0")


def folded(text: str) -> str:
    """Give a text as it is compared, letter for letter: without capitals and accents."""
    return "".join(map(_letter, unicodedata.normalize("NFC", text)))


def _letter(character: str) -> str:
    bare = unicodedata.normalize("NFD", character)[0].lower()
    return "'" if bare == "\N{RIGHT SINGLE QUOTATION MARK}" else bare if len(bare) == 1 else character


def without(text: str, patterns: Mapping[str, str]) -> tuple[str, list[Replaced]]:
    """Give a text in which whatever is known became its code, as whole words; and what was replaced."""
    whole = unicodedata.normalize("NFC", text)
    if not patterns:
        return whole, []
    codes = list(patterns.values())
    either = "|".join(f"(?P<at{at}>{pattern})" for at, pattern in enumerate(patterns))
    made, done, counted = [], 0, Counter[tuple[str, str]]()
    for found in re.finditer(rf"(?<!\w)(?:{either})(?!\w)", folded(whole)):
        code = codes[int(str(found.lastgroup)[2:])]
        made += [whole[done : found.start()], code]
        counted[whole[found.start() : found.end()], code] += 1
        done = found.end()
    return "".join([*made, whole[done:]]), [Replaced(was, code, count) for (was, code), count in counted.items()]
