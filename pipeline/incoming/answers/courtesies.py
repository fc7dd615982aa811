"""What stands around an answer and says nothing: the greeting, the closing, a name, a signature.

Pure. Only what is recognised is taken off, so that who reads the rest strictly sees everything else. Names count that
the writer's own mail bears and ours knows her by: a line with any other word on it stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.incoming.answers.disclaimers import paragraphs_before
from pipeline.incoming.answers.letters import folded
from pipeline.incoming.mail import Mail

_MOST_NAMES = 100
_PARTICLES = {
    "van", "de", "den", "der", "het", "'t", "ter", "ten", "te", "in", "op", "von", "la", "el", "al", "da", "di", "en",
    "dr", "dr.", "drs", "drs.", "ir", "ir.", "ing", "ing.", "mr", "mr.", "ms", "ms.", "mrs", "mrs.", "msc", "ma", "ba",
    "bsc", "mevr", "mevr.", "mw", "mw.", "dhr", "dhr.", "mevrouw", "meneer", "heer", "-", "e/v",
}  # fmt: skip
_INITIALS = re.compile(r"[a-z]|(?:[a-z]\.){1,4}|[a-z]\.[a-z]")
# A name that is one of these says something when it stands alone: "Maar" can be short for Maarten.
WEIGHTY = frozenset(
    """
    aan achter after before hoofdstuk page pagina paragraaf per since vanaf versie version
    afspraak akkoord alinea alleen als anders antwoord aub behalve bel bellen bent betere binnenkort bij but
    dan dat datum deel delen dit doch doe donderdag dinsdag echter eerst er except fout geen goed graag grapje haha hem
    herzien hold hopelijk hoor if indien ironisch is ja jij joke kan kun kunt later maandag maar mag met mits moet
    morgen naar nee neen niet niets niks no nog nooit not nothing of ok oke only onder op pas please profiel ps
    rapport report sorry stop stuur tekst tenzij toch toestemming tot trek twijfel u uitgezonderd unless until veel
    verslag vraag vragen vrijdag wacht wait want wat weg weiger wel when wie wijzig wil wilt with without woensdag yes
    yet zaterdag zin zodra zonder zondag
    """.split()  # noqa: SIM905  # a list of words reads best as words
)
_GREETING = re.compile(
    r"(?:goede ?(?:morgen|middag|avond|dag)|goeie ?morgen|dag|hallo|hoi|hey|hi|ha|beste|lieve|geachte|hello|dear"
    r"|good (?:morning|afternoon|evening|day))\b(?P<named>(?: [\w'.&-]+){0,6}?)(?P<end> ?[,!.:]+|$)"
)
_GREETED = re.compile(
    r"(?:allemaal|daar|there|all|mevrouw|meneer|heer|coach|team|mw\.?|mevr\.?|dhr\.?|mr\.?|mrs\.?|ms\.?)$"
)
_GROET = (
    r"(?:met )?(?:(?:heel )?(?:vriendelijke?|hartelijke?|warme|lieve|veel|zonnige|collegiale|beste|fijne) )?"
    r"(?:groet(?:en|jes)?|groetjes)(?: van)?|gr|grt|grtjes|grtz|mvg|m\.v\.g|vr\.? ?gr|hoogachtend|liefs"
    r"|(?:with )?(?:kind|best|warm|kindest|warmest)(?: regards| wishes)?|(?:kind )?regards|cheers"
    r"|yours(?: sincerely| truly| faithfully)?|sincerely(?: yours)?|all the best"
)
_THANKS = (
    r"(?:alvast )?(?:heel )?(?:hartelijk )?(?:bedankt|dank(?: je| u|je)?(?: ?wel)?|dankjewel|dankuwel)(?: alvast)?"
    r"|(?:many )?thanks(?: a lot| so much| again)?|thank you(?: very much| so much)?"
)
_WISHES = (
    r"(?:(?:een )?(?:nog )?(?:fijne?|prettige?|goede?) (?:dag|avond|middag|weekend|week|weekeinde)(?: nog| verder)?"
    r"|have a (?:nice|good|great|lovely) (?:day|evening|weekend|week)|tot ziens|tot snel|succes)"
)
_CLOSING = re.compile(rf"(?:{_GROET}|{_THANKS}|{_WISHES})(?: ?[,.!]+|$)")
_GREETED_OFF = re.compile(rf"[.,!]? (?P<all>(?:{_GROET})[,.!]* (?P<named>[\w'. -]{{2,60}}))$")
_ENDED_OFF = re.compile(rf"[.!] (?P<all>(?:{_GROET}|{_THANKS}|{_WISHES})[,.!]*(?P<named>(?: [\w'. -]{{1,60}})?))$")
_NAMED_OFF = re.compile(r".*[.,!] (?P<all>(?P<named>[\w'. -]{1,60}))$")

_TITLE = re.compile(
    r"\b(?:\w*adviseur|\w*manager|\w*medewerker|\w*medewerkster|\w*coordinator|\w*consultant|\w*leider|\w*docent"
    r"|\w*directeur|\w*secretaris|\w*specialist|\w*verpleegkundige|\w*arts|\w*jurist|\w*controller|\w*architect"
    r"|\w*ontwikkelaar|\w*assistent|\w*analist|\w*ingenieur|\w*leerkracht|\w*onderzoeker|officer|director|developer"
    r"|engineer|analyst|advisor|adviser|lecturer|assistant|head of)\b"
)
_COMPANY = re.compile(
    r"\b(?:b\.?v\.?|n\.?v\.?|gemeente|provincie|stichting|ministerie|universiteit|hogeschool|ziekenhuis|vereniging"
    r"|waterschap|\w*bureau|\w*praktijk|\w*bedrijf|\w*school|college|bibliotheek|bank|groep|group|ltd\.?|inc\.?|llc|gmbh|afdeling|department|team)(?=$|[\s,|])"
)
_REACHED = re.compile(
    r"\+?(?=(?:\D{0,3}\d){9})[\d() /.-]{9,22}$|[\w.+-]{1,64}@[\w.-]{1,100}$|(?:https?://|www\.)\S{3,200}$"
    r"|\d{4} ?[a-z]{2}\b[a-z' .,-]{0,40}$"
    r"|[a-z' .-]{0,30}(?:straat|weg|laan|plein|kade|gracht|singel|dijk|hof|pad|postbus|street|road|avenue|lane)"
    r" \d{1,4} ?[a-z]?(?:,? \d{4} ?[a-z]{2}\b[a-z' .-]{0,40})?$"
)
_OF_WORK = {
    "&", "/", "senior", "junior", "medior", "sociaal", "domein", "zaken", "publieke", "bij", "for", "and", "the", "at",
}  # fmt: skip
_LABEL = re.compile(
    r"^(?:t|tel|telefoon|m|mob|mobiel|mobile|phone|e|e-?mail|mail|w|web|website|i|a|adres|address|linkedin)\b ?[.:|]? ?"
)
LINK = re.compile(r"<(?:mailto:|tel:|https?:)?[\w+%/-]{1,100}[.:@][^<>\s]{1,300}>|\[(?:cid|image):\s?[\w.@-]{1,100}\]")
"""What a program puts beside a word that can be pressed, or where a picture was."""


@dataclass(frozen=True)
class Names:
    """Which words name who writes, and which name who is written to."""

    hers: frozenset[str]
    ours: frozenset[str]


def names(mail: Mail, ours: str) -> Names:
    """Give the names that a mail itself bears, and those by which we greeted and signed."""
    lines = [line.strip() for line in ours.splitlines()[:2_000]]
    greeted = [found["named"] for line in lines if (found := _GREETING.fullmatch(folded(line[:100])))]
    signed = [line for line in lines if 0 < len(line) <= 60 and _all_capital(line)]
    addressed = " ".join(mail.header("To")[:1])[:300]
    local, _, domain = mail.sender.partition("@")
    hers = _words([mail.sender_name[:200], local, "".join(domain.split(".")[-2:-1]), *greeted])
    return Names(hers, _words([*signed, addressed.replace("@", " ")]) - _words(greeted))


def _words(texts: Iterable[str]) -> frozenset[str]:
    found = (word.strip(".'-") for text in texts for word in re.findall(r"[^\W\d_][\w'-]*", folded(text)))
    kept = [word for word in found if len(word) > 1 and word not in WEIGHTY and word not in _PARTICLES]
    return frozenset(kept[:_MOST_NAMES])


def _all_capital(line: str) -> bool:
    words = [word for word in line.split() if word.casefold() not in _PARTICLES]
    return 0 < len(words) <= 4 and all(word[0].isupper() and word.isalpha() for word in words)


def bare(text: str, named: Names) -> str:
    """Give what is left of a text without greeting, closing, name and signature; in doubt it stays."""
    lines = [line.strip() for line in re.sub(r"\n\s*\n", "\n\n", text).splitlines()]
    lines = _without_signature(paragraphs_before(lines), named)
    lines = _without_closing(lines, named)
    lines = _without_greeting(lines, named)
    return "\n".join(lines).strip()


def is_weighty(line: str) -> bool:
    """Tell whether a line in which a program names itself says something else too."""
    words = re.findall(r"[\w'-]+", folded(line))
    return not WEIGHTY.isdisjoint(set(words) - {"met", "with", "op", "vanaf"})


def is_signature(text: str, named: Names) -> bool:
    """Tell whether a text is a signature and nothing else: a name, where she works, how to reach her."""
    lines = paragraphs_before([line.strip() for line in text.splitlines()])
    return all(not line or _of_signature(line, named) or _closes(line, named) for line in lines)


def _is_name(text: str, known: frozenset[str]) -> bool:
    """Tell whether a text is made of known names; beside one, a letter stands for a first name."""
    words = [word.strip(",()!") for word in folded(text).split()]
    parts = [part for word in words if word not in _PARTICLES for part in word.split("-")]
    initials = [part for part in parts if _INITIALS.fullmatch(part)]
    rest = [part.rstrip(".") for part in parts if part not in initials]
    if not rest:
        starts = {name[0] for name in known}
        return len(initials) == len(words) == 1 and set(initials[0]) - {"."} <= starts
    return len(words) <= 8 and all(part in known for part in rest)


def _closes(line: str, named: Names) -> bool:
    """Tell whether a line closes a mail: a greeting, thanks, a wish, each with or without her name."""
    rest = folded(line)
    for _ in range(3):
        found = _CLOSING.match(rest)
        if found is None:
            break
        rest = rest[found.end() :].strip()
    thanked = len(rest) < len(line) and _is_name(rest, named.ours)
    return not rest or thanked or _is_name(rest, named.hers) or _greets_with_name(folded(line), named)


def _greets_with_name(line: str, named: Names) -> bool:
    found = _GREETED_OFF.match(f" {line}")
    return found is not None and _is_name(found["named"], named.hers)


def _of_signature(line: str, named: Names) -> bool:
    return all(_says_where(piece, named) for piece in re.split(r"[|•·]", LINK.sub("", line)[:300]))


def _says_where(piece: str, named: Names) -> bool:
    text = _LABEL.sub("", folded(piece)).strip(" :,;-_*")
    if not text or _is_name(text, named.hers):
        return True
    words = re.findall(r"[\w'-]+", text)
    if "?" in text or WEIGHTY & set(words):
        return False
    return bool(_REACHED.match(text) or (len(words) <= 7 and _is_work(piece)))


def _is_work(piece: str) -> bool:
    """Tell whether words are a job or an employer: no word in small letters that could be a verb."""
    said = folded(piece)
    known = (word.strip(",.()") for word in said.split())
    written = (word.strip(",.()") for word in piece.split())
    of_work = (_TITLE.fullmatch(one) or _COMPANY.fullmatch(one) or one in _PARTICLES | _OF_WORK for one in known)
    named = all(ok or word[:1].isupper() or not word[:1].isalpha() for ok, word in zip(of_work, written, strict=False))
    return named and bool(_TITLE.search(said) or _COMPANY.search(said))


def _without_signature(lines: list[str], named: Names) -> list[str]:
    """Leave out what stands below her name, below a closing, where all of it is of a signature."""
    for at in range(1, len(lines)):
        closed = any(line and _closes(line, named) for line in lines[max(0, at - 3) : at])
        if closed and is_signature("\n".join(lines[at:]), named):
            return lines[:at]
    return lines


def _without_closing(lines: list[str], named: Names) -> list[str]:
    kept = list(lines)
    while kept and (not kept[-1] or _closes(kept[-1], named)):
        kept.pop()
    for _ in range(3):
        if kept:
            kept[-1] = _without_end(kept[-1], named)
    return kept


def _without_end(line: str, named: Names) -> str:
    """Leave a closing out that stands behind the words on a line."""
    said = folded(line)
    for pattern in (_GREETED_OFF, _ENDED_OFF, _NAMED_OFF):
        found = pattern.search(said[-120:])
        named_ours = pattern is _ENDED_OFF and _is_name(found["named"], named.ours) if found else False
        if found and (not found["named"].strip() or named_ours or _is_name(found["named"], named.hers)):
            return said[: len(said) - len(found["all"])].strip()
    return line


def _without_greeting(lines: list[str], named: Names) -> list[str]:
    kept = list(lines)
    while kept and not kept[0]:
        kept.pop(0)
    said = folded(kept[0]) if kept else ""
    found = _GREETING.match(said)
    if found and all(_GREETED.match(w) or _is_name(w, named.ours) or w in _PARTICLES for w in found["named"].split()):
        kept[0] = said[found.end() :].strip()
    return kept
