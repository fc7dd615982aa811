"""What somebody answers to the question whether her document may go to the sponsor. Pure, and strict.

A yes opens a gate, so it is one only where all that she wrote herself, in the plain text and in the HTML, is one of the
ways below of saying yes, with a greeting, a closing and a signature around it; a word more and it is unclear. What she
quotes must be ours to the letter, for a remark between our lines is hers too. A no and a wish for a change keep the
gate shut, so those are heard anywhere in what she wrote. Subject, pictures and files never say yes.

All is bounded: a mail of more than `MOST` characters, or more than `LONGEST` of her own, is unclear.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from pipeline.incoming import nature
from pipeline.incoming.answers import courtesies, disclaimers, sayings
from pipeline.incoming.answers.courtesies import Names
from pipeline.incoming.answers.letters import folded, withdraws
from pipeline.incoming.answers.own_text import LONGEST_LINE, Whose, letters, not_ours, own_text, passages
from pipeline.incoming.mail import Mail
from pipeline.model import Nature

MOST, LONGEST, MOST_LINES, MOST_PASSAGES, SHORTEST_KNOWN, SHORTEST_LINE = 60_000, 3_000, 80, 100, 20, 8
MOST_OURS, MOST_QUOTED = 200_000, 1_000
_LEFT_OUT = "[...]"
_SIGNATURES = {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature",
               "application/pgp-keys"}  # fmt: skip
_PASSED_ON = re.compile(r"\s*(?:fwd?|fw|doorst|doorgestuurd|wg|tr)\s*:", re.IGNORECASE)
_DOUBTED = re.compile(
    r"\b(?:niet|nee|neen|geen|niets|no|not|nog|yet|maar|but|mits|tenzij|unless|behalve|except|wacht|wait|stop|hold|alleen"
    r"|only|eerst|first|pas|later|grapje|joke)\b"
)
_OPENED = re.compile(r"(?:beste|geachte|dag|hallo|hoi|goede\w+|dear|hello|hi|good \w+)\b")
_CLOSED = re.compile(r"(?:met )?(?:\w+ )?groet(?:en)?\b|(?:\w+ )?regards\b|yours sincerely")
_INSERTED = re.compile(rf"{courtesies.LINK.pattern}|<[\w .-]{{1,100}}\.(?:pdf|docx?)>|https?://\S{{1,500}}")


class Answer(StrEnum):
    """What an answer by mail says; only YES opens anything."""

    YES = "yes"
    NO = "no"
    CHANGES = "changes"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Known:
    """The mails of ours that can be quoted: as text, their letters in a row, and line by line."""

    text: str
    letters: str
    lines: frozenset[str]


def assent(mail: Mail, ours: str) -> Answer:
    """Read an answer: YES only beyond doubt, `ours` being the text of the mails of ours that it can quote."""
    texts = [text for text in (mail.text, mail.html_text) if text.strip()]
    if not texts or nature.of(mail, "") is not Nature.LETTER or any(len(text) > MOST for text in texts):
        return Answer.UNCLEAR
    text = ours[:MOST_OURS]
    named, known = courtesies.names(mail, text), Known(text, letters(text), frozenset(map(letters, text.splitlines())))
    found = {_read(text, known, named) for text in texts}
    for answer in (Answer.NO, Answer.CHANGES, Answer.UNCLEAR):
        if answer in found:
            return answer
    return Answer.YES if _only_words(mail) else Answer.UNCLEAR


def _only_words(mail: Mail) -> bool:
    """Tell whether nothing but its words can say anything: no file, nothing passed on, no word of weight on top."""
    files = all(file.type in _SIGNATURES and not file.path for file in mail.files)
    doubted = _PASSED_ON.match(mail.subject) or _DOUBTED.search(folded(mail.subject))
    return files and not (mail.unread or mail.reports or mail.returned or doubted)


def _read(text: str, known: Known, named: Names) -> Answer:
    """Read one of the texts of a mail."""
    own = own_text(text)
    if len(own) > LONGEST or own.count("\n") > MOST_LINES:
        return Answer.UNCLEAR
    hers = _hers(disclaimers.without_disclaimer(own), known)
    if sayings.refuses(hers) or (withdraws(hers) and not sayings.puts_off(hers)):
        return Answer.NO
    if sayings.asks_a_change(hers):
        return Answer.CHANGES
    return Answer.YES if _agrees(text, own, known, named) else Answer.UNCLEAR


def _hers(own: str, known: Known) -> str:
    """Give what is not ours where our text stands unmarked among hers."""
    lines = [line for line in own.splitlines() if line.strip()]
    told = list(map(letters, lines))
    ours = {at for at, line in enumerate(told) if line and _stood_there(told, at, known)}
    return "\n".join("" if at in ours else line for at, line in enumerate(lines))


def _agrees(text: str, own: str, known: Known, named: Names) -> bool:
    """Tell whether all that stands in a text says yes, or nothing."""
    found = passages(text)
    cut = any(len(line) > LONGEST_LINE for line in text.splitlines())
    if cut or len(found) > MOST_PASSAGES or not all(map(_written, own)):
        return False
    rests = [courtesies.bare("\n".join(lines), named) for whose, lines in found if whose is Whose.OWN]
    said = [rest for rest in rests if rest]
    if len(said) != 1 or _LEFT_OUT in not_ours(said[0], known.text):
        return False
    around = _in_place(found, rests, known) and all(_says_nothing(whose, lines, known, named) for whose, lines in found)
    return around and sayings.says_yes(said[0], known.text, named)


def _says_nothing(whose: Whose, lines: list[str], known: Known, named: Names) -> bool:
    """Tell whether a passage that she did not write as her answer is what it seems to be."""
    if whose is Whose.QUOTED:
        return _is_ours(lines, known)
    if whose is Whose.SIGNATURE:
        return courtesies.is_signature("\n".join(lines[:MOST_LINES]), named) and len(lines) <= MOST_LINES
    return whose is Whose.OWN or not any(map(courtesies.is_weighty, lines))


def _written(letter: str) -> bool:
    """Tell whether a character is what it looks like: Latin, not hidden, not struck through, turning nothing round."""
    if letter.isascii():
        return letter.isprintable() or letter in "\n\t"
    if unicodedata.category(letter)[0] in "MC":
        return letter == "\ufe0f"
    latin = "LATIN" in unicodedata.name(letter, "") and letter == unicodedata.normalize("NFKC", letter)
    return latin or not letter.isalpha()


def _in_place(found: list[tuple[Whose, list[str]]], rests: list[str], known: Known) -> bool:
    """Tell whether she answers our mail as a whole: above what she quotes, or below all of it."""
    above, own = list[str](), iter(rests)
    for whose, lines in found:
        if whose is Whose.QUOTED:
            above += lines
        elif whose is Whose.OWN and next(own):
            break
    return not any(map(letters, above)) or _is_whole(above, known)


def _is_whole(lines: list[str], known: Known) -> bool:
    """Tell whether lines are one mail of ours from its greeting to its closing, with nothing left out."""
    told = [_INSERTED.sub("", line) for line in lines]
    opened = next((at for at, line in enumerate(told) if _OPENED.match(folded(line))), len(told))
    closed = any(_CLOSED.match(folded(line)) for line in told[opened:])
    return closed and letters("".join(told[opened:])) in known.letters


def _is_ours(lines: list[str], known: Known) -> bool:
    """Tell whether every line is out of a mail of ours; one of a few words only where it stood there."""
    told = [read for line in lines if (read := letters(_INSERTED.sub("", line)))]
    return len(told) <= MOST_QUOTED and all(_stood_there(told, at, known) for at in range(len(told)))


def _stood_there(told: list[str], at: int, known: Known) -> bool:
    """Tell whether a line is ours, by itself or together with the lines around it: a program breaks lines anywhere."""
    if len(told[at]) >= SHORTEST_LINE and told[at] in known.lines:
        return True
    windows = (
        "".join(told[start : start + size]) for size in range(1, 6) for start in range(max(0, at - size + 1), at + 1)
    )
    return any(len(window) >= SHORTEST_KNOWN and window in known.letters for window in windows)
