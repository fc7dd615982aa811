"""What of a person can be read in a mail: pure, over every text that anybody on the way could read.

Names are found in parts, phone numbers in any writing, addresses line by line, a goal by any five words in a row. In
running text a part of a name counts with its capital, since *rust* and *mark* are words; in an address, the name of a
file or a header it counts in any case. When in doubt it is a person: what is found keeps the mail in.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from html.parser import HTMLParser
from urllib.parse import unquote

from pydantic import BaseModel

PROSE = ("subject", "text", "html")
EVERYWHERE = ""
NAMES = {"name", "formerly", "salutation", "contact", "organisation"}
NUMBERS = {"phone", "kvk"}
ADDRESSES = {"email"}
NOT_HERS = {"programme", "language", "receives", "dossier", "encrypt", "closed", "quantity", "unit", "unit_price",
            "vat"}  # fmt: skip
PARTICLES = {"van", "von", "der", "den", "des", "het", "ten", "ter", "the", "and", "voor", "aan", "bij", "beste",
             "geachte", "lieve", "dag", "dear", "hello", "heer", "mevrouw", "familie", "gemeente", "stichting",
             "vereniging", "provincie", "groep", "bedrijf", "mrs", "miss"}  # fmt: skip
"""What stands in names and says nothing of who it is."""
LETTER = r"[^\W_]"
DATE = re.compile(rf"\b\d{{1,2}} (?:{'|'.join(calendar.month_name[1:])}) \d{{4}}\b")
IN_ADDRESSES = re.compile(r"[/@%_]")
DIGITS = re.compile(r"\d(?:[\s().+/\-\u2010-\u2015]{0,3}\d)+")
ONE_CASE = str.maketrans({"ß": "ss", "\u1e9e": "SS", "\u0131": "i", "\u02bc": ""})
"""Letters whose capitals are other letters; a name is written in either."""
SHORTEST_PART, SHORTEST_NUMBER, WORDS_IN_A_ROW, WORDS_OF_A_LINE = 3, 6, 5, 3


def values_of(client: BaseModel) -> dict[str, str]:
    """Give every text of a client file that says something of a person, by the name of its field."""
    return dict(_leaves(client.model_dump(mode="json"), ""))


def _leaves(tree: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key not in NOT_HERS:
                yield from _leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list):
        for number, value in enumerate(tree, 1):
            yield from _leaves(value, f"{path}.{number}")
    elif tree is not None and str(tree).strip():
        yield path, str(tree)


def personal_data_in(
    texts: Mapping[str, str], values: Mapping[str, str], allow: Mapping[str, Collection[str]]
) -> list[str]:
    """Give the names of the fields of `values` that can be read in `texts`, by the place where each text stands.

    `allow` is, by place, what may stand there once, such as her address in *To*; under `EVERYWHERE` what is no
    person's, such as the practice's own name.
    """
    seen = [(place, left) for place, text in texts.items() for left in _seen(place, text, allow)]
    return [field for field, value in values.items() if any(_stands(field, value, place, text) for place, text in seen)]


def _seen(place: str, text: str, allow: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Give the ways in which a text can be read, without what is allowed there."""
    readings = _html(text) if place == "html" else [text]
    for reading in readings:
        for way in dict.fromkeys((reading, unquote(reading))):
            left = _plain(way)
            for allowed in sorted(allow.get(place, ()), key=len, reverse=True):
                left = re.sub(_bounded(re.escape(_plain(allowed))), " ", left, count=1)
            for own in sorted(allow.get(EVERYWHERE, ()), key=len, reverse=True):
                left = re.sub(_bounded(re.escape(_plain(own))), " ", left)
            yield left


class _Read(HTMLParser):
    """Collects what an HTML text shows, links to, or hides."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shown: list[str] = []
        self.hidden: list[str] = []

    def handle_data(self, data: str) -> None:
        self.shown.append(data)

    def handle_comment(self, data: str) -> None:
        self.hidden.append(data)

    def handle_decl(self, decl: str) -> None:
        self.hidden.append(decl)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += [value for _, value in attrs if value]
        if tag in {"p", "br", "td", "div", "li", "title"}:
            self.shown.append("\n")


def _html(text: str) -> list[str]:
    """Give what it shows, once as it reads and once as if each tag were a space, and what stands behind it."""
    read = _Read()
    read.feed(text)
    read.close()
    return ["".join(read.shown), " ".join(read.shown), "\n".join(read.hidden)]


def _plain(text: str) -> str:
    """Write a text without accents, without what cannot be seen, each space one space."""
    parts = unicodedata.normalize("NFKD", text).translate(ONE_CASE)
    return " ".join("".join(each for each in parts if unicodedata.category(each) not in {"Mn", "Cf"}).split())


def _stands(field: str, value: str, place: str, text: str) -> bool:
    """Tell whether the value of a field can be read in a text."""
    kind = field.rpartition(".")[2]
    if kind in ADDRESSES:
        return _plain(value).casefold() in text.casefold()
    if kind in NUMBERS:
        return _number_in(value, text)
    if kind in NAMES:
        return _phrase_in(value, text) or any(_part_in(part, place, text) for part in _parts(value))
    if kind == "address":
        return any(_phrase_in(line, text) for line in value.splitlines() if line.strip())
    if kind == "description" and len(_words(value)) < WORDS_OF_A_LINE:
        return False  # what is offered to everybody: "coaching", "intake"
    return any(_phrase_in(piece, text) for piece in _pieces(value))


def _words(text: str) -> list[str]:
    return re.findall(rf"{LETTER}+", _plain(text))


def _bounded(pattern: str) -> str:
    return rf"(?<!{LETTER}){pattern}(?!{LETTER})"


def _phrase_in(phrase: str, text: str) -> bool:
    """Tell whether the words of a phrase stand in a text in their order, whatever stands between them."""
    words = _words(phrase)
    pattern = r"[\W_]*".join(map(re.escape, words))
    return bool(words) and bool(re.search(_bounded(pattern), text, re.IGNORECASE))


def _parts(name: str) -> list[str]:
    return [word for word in _words(name) if len(word) >= SHORTEST_PART and word.casefold() not in PARTICLES]


def _part_in(part: str, place: str, text: str) -> bool:
    """Tell whether one word of a name stands in a text: with its capital in prose, in any case elsewhere."""
    pattern = _bounded(re.escape(part))
    if not place.startswith(PROSE):
        return bool(re.search(pattern, text, re.IGNORECASE))
    prose = DATE.sub(" ", text)
    found = re.finditer(pattern, prose, re.IGNORECASE)
    return any(_is_name(prose, each) for each in found)


def _is_name(prose: str, found: re.Match[str]) -> bool:
    """Tell a name from a word like it: it has its capital, or comes from letters without, or stands in an address."""
    first = found[0][0]
    around = prose[: found.start()].rpartition(" ")[2] + prose[found.end() :].partition(" ")[0]
    return first.upper() == first or bool(IN_ADDRESSES.search(around))


def _number_in(number: str, text: str) -> bool:
    """Tell whether a number stands in a text, however it is grouped and with whichever country code."""
    digits = re.sub(r"\D", "", number)
    core = re.sub(r"^(?:00)?(?:31)?0?", "", digits) if len(digits) > SHORTEST_NUMBER + 2 else digits
    core = core if len(core) >= SHORTEST_NUMBER else digits
    return len(core) >= SHORTEST_NUMBER and any(core in re.sub(r"\D", "", run) for run in DIGITS.findall(text))


def _pieces(value: str) -> list[str]:
    """Give any five words in a row of a longer text, or all of a shorter one."""
    words = _words(value)
    if len(words) <= WORDS_IN_A_ROW:
        return [" ".join(words)] if words else []
    return [" ".join(words[at : at + WORDS_IN_A_ROW]) for at in range(len(words) - WORDS_IN_A_ROW + 1)]
