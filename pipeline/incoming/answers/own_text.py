"""What the writer wrote herself: a reply without the mail it answers, the signature and the telephone's greeting.

Pure. It knows how Gmail, Outlook, Apple Mail, Thunderbird and telephones quote in Dutch and English. In doubt it keeps
more rather than less: what is left out cannot be read as an answer, and what is kept is only read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum

LONGEST_LINE, _LONGEST_ATTRIBUTION = 1_000, 4
_MOST_LOOKED, _SHORTEST_KNOWN = 200_000, 20
_LEFT_OUT = "[...]"

_ATTRIBUTION = re.compile(
    r"(?:Op|On|Am|Le) .{6,600}?\b"
    r"(?:schreef .{1,300}|schreef|heeft .{0,300}geschreven|wrote|schrieb .{0,300}|a écrit)\s?:$"
)
_STARTS = re.compile(r"(?:Op|On|Am|Le) ")
# Roundcube names who wrote first, on one line.
_WROTE_ON = re.compile(r"\S.{1,200} (?:schreef op|wrote on|heeft geschreven op) \d.{6,60}:$")
_MOMENT = re.compile(r"\d{1,2}[:.]\d{2}|\d{4}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2}")
_SEPARATOR = re.compile(
    r"[-_]{2,}\s*(?:Oorspronkelijk(?:e)? (?:bericht|afspraak|e-?mail)|Original (?:Message|Appointment)"
    r"|Doorgestuurd bericht|Forwarded message|Ursprüngliche Nachricht|Message d'origine)\s*[-_]{2,}$"
    r"|(?:Begin doorgestuurd bericht|Begin forwarded message):$",
    re.IGNORECASE,
)
_FROM = re.compile(r"\*?(?:Van|From|Von)\s?:\*?\s.*\S", re.IGNORECASE)
_SENT = re.compile(r"\*?(?:Verzonden|Datum|Sent|Date|Gesendet)(?: op)?\s?:\*?\s.*\S", re.IGNORECASE)
_TO = re.compile(r"\*?(?:Aan|To|An|Onderwerp|Subject|Betreff)\s?:\*?(?:\s.*)?$", re.IGNORECASE)
_HEADER = re.compile(
    r"\*?(?:Van|From|Von|Verzonden|Datum|Sent|Date|Gesendet|Aan|To|An|CC|Onderwerp|Subject|Betreff|Bijlagen?"
    r"|Attachments?|Urgentie|Prioriteit|Importance|Priority|Beantwoorden|Reply-To)(?: op| aan)?\s?:\*?(?:\s.*)?$",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:(?:Verstuurd|Verzonden) (?:vanaf|vanuit|met) |Sent (?:from|with|via) (?:my |Outlook|Mail|Yahoo|Proton|Samsung)"
    r"|Get Outlook for |(?:Outlook|Yahoo Mail) (?:voor|for|op|on) (?:iOS|Android)"
    r"|Download Outlook voor |Outlook downloaden voor |Yahoo Mail: ).{0,120}$",
    re.IGNORECASE,
)
_RULE = re.compile(r"[_\-*=]{10,}$")


class Whose(StrEnum):
    """What a passage of a reply is: written for it, quoted in it, a signature below "-- ", or a program's own words."""

    OWN = "own"
    PROGRAM = "program"
    QUOTED = "quoted"
    SIGNATURE = "signature"


def own_text(text: str) -> str:
    """Give what the writer of a mail wrote herself, out of the text of the mail."""
    own = [line for whose, lines in passages(text) if whose is Whose.OWN for line in lines]
    return _trimmed(own)


def passages(text: str) -> list[tuple[Whose, list[str]]]:
    """Give a reply in the order in which it stands, without marks of quoting and what announces it."""
    lines = [line.replace("\xa0", " ").rstrip()[:LONGEST_LINE] for line in text.splitlines()]
    found: list[tuple[Whose, list[str]]] = []
    below, at = Whose.OWN, 0
    while at < len(lines):
        below, length, whose = _passage(lines, at, below)
        if whose is not None:
            if not found or found[-1][0] is not whose:
                found.append((whose, []))
            found[-1][1].extend(line if whose is Whose.OWN else line.lstrip("> ") for line in lines[at : at + length])
        at += length
    return [(whose, _unattributed(lines) if whose is Whose.QUOTED else lines) for whose, lines in found]


def _unattributed(lines: list[str]) -> list[str]:
    """Give quoted lines without "On … wrote:", which Apple's programs quote as well."""
    kept: list[str] = []
    at = 0
    while at < len(lines):
        length = _attribution(lines, at)
        kept += [] if length else [lines[at]]
        at += length or 1
    return kept


def _passage(lines: list[str], at: int, below: Whose) -> tuple[Whose, int, Whose | None]:
    """Say what what is not marked is from here on, how many lines stand here, and whose they are; nobody's are left."""
    if _ends(lines, at) and not (below is Whose.QUOTED and _signature(lines, at)):
        below = Whose.SIGNATURE if below is Whose.OWN and _signature(lines, at) else Whose.QUOTED
        return below, _header_lines(lines, at), None
    if length := _attribution(lines, at):
        return below if _quoted_follows(lines, at + length) else Whose.QUOTED, length, None
    line = lines[at].strip()
    if line.startswith(">"):
        return below, 1, Whose.QUOTED
    return below, 1, Whose.PROGRAM if _GREETING.match(line) else below


def _header_lines(lines: list[str], at: int) -> int:
    """Give how many lines it takes to say that something is quoted: a rule, and From, Sent, To, Subject."""
    start = at
    at += not _FROM.match(lines[at].strip())
    while at < len(lines) and at < start + 12 and (_HEADER.match(line := lines[at].strip()) or not line):
        at += 1
    return at - start


def not_ours(text: str, ours: str) -> str:
    """Give what stands in a text and not in `ours`, nor is marked as quoted: for who answers below what she answers.

    Where something was left out stands "[...]", so that what is around it is not read as one sentence. A line counts as
    ours wherever a mail program broke it; a few words on a line are kept, they can be hers as well.
    """
    known, kept = letters(ours[:_MOST_LOOKED]), list[str]()
    for line in text[:_MOST_LOOKED].splitlines():
        read = letters(line)
        if line.lstrip().startswith(">") or (len(read) >= _SHORTEST_KNOWN and read in known):
            kept += [] if kept[-1:] == [_LEFT_OUT] else [_LEFT_OUT]
        else:
            kept.append(line.rstrip())
    return "\n".join(kept).strip()


def letters(text: str) -> str:
    """Give the letters and digits of a text alone, which no mail program changes."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text)[: 3 * len(text)].casefold()))


def _ends(lines: list[str], at: int) -> bool:
    """Say whether nothing of the writer's own comes from this line on."""
    tests: tuple[Callable[[list[str], int], bool], ...] = (_separated, _signature, _header_block)
    return any(test(lines, at) for test in tests)


def _separated(lines: list[str], at: int) -> bool:
    return _SEPARATOR.match(lines[at].strip()) is not None


def _signature(lines: list[str], at: int) -> bool:
    """Recognise "-- ", under something that was written; not in what is quoted, which is left out anyway."""
    return lines[at] == "--" and any(line.strip() for line in lines[max(0, at - 20) : at])


def _header_block(lines: list[str], at: int) -> bool:
    """Recognise how Outlook starts what it answers: From, Sent and To on lines of their own."""
    if not _FROM.match(lines[at].strip()):
        return False
    following = [line.strip() for line in lines[at + 1 : at + 9]]
    return any(map(_SENT.match, following)) and any(map(_TO.match, following))


def _attribution(lines: list[str], at: int) -> int:
    """Give over how many lines "On … wrote:" stands here; 0 when it does not, or names no moment."""
    if not _STARTS.match(lines[at].strip()):
        return int(_WROTE_ON.match(lines[at].strip()) is not None and _quoted_follows(lines, at + 1))
    joined = ""
    for length, line in enumerate(lines[at : at + _LONGEST_ATTRIBUTION], 1):
        joined = f"{joined} {line.strip()}".strip()
        if joined.endswith(":") and _ATTRIBUTION.match(joined):
            return length if _MOMENT.search(joined) else 0
    return 0


def _quoted_follows(lines: list[str], at: int) -> bool:
    """Say whether the quoted text is marked as such, so that answers between its lines can be told from it."""
    return any(line.lstrip().startswith(">") for line in lines[at : at + 4])


def _trimmed(lines: list[str]) -> str:
    """Give the lines without the rule that stood above the quoted text, and without empty lines around."""
    while lines and (not lines[-1].strip() or _RULE.match(lines[-1].strip())):
        lines.pop()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()
