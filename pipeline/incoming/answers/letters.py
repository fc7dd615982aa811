"""What a letter says without a form: a consent taken back, a quote declined. Pure, and only in the safe direction.

Only what the writer wrote herself is looked at, never what she quotes. Reading too much stops something that the coach
can start again; reading too little would go on against somebody's will. Neither word ever opens a gate.

A sentence is looked at by itself. A consent is taken back where it is named together with a word for taking back, where
a no is unmistakable, or where somebody does not want something of hers shared. Every pattern is bounded, so that no
letter takes long.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from pipeline.incoming.answers.own_text import not_ours

MOST, LONGEST_SENTENCE, OVERLAP = 40_000, 600, 300
_HIDDEN = {"Cf", "Mn"}
_APOSTROPHES = str.maketrans({**dict.fromkeys("\u2018\u2019\u02bc\u00b4`", "'"), "_": " ", "*": " "})
# An abbreviation ends no sentence: i.v.m., dhr.
_SENTENCE = re.compile(
    r"(?<!\.[a-z])(?<!\bdhr)(?<!\bmw)(?<!\bmevr)(?<!\bnr)(?<!\bevt)(?<!\bbijv)(?<!\bdr)(?<!\bmr)(?<!\bmrs)(?<!\bms)"
    r"[.!?;][)\]\"']?(?: |$)"
)
_CLAUSE = re.compile(r",(?! (?:dat|om|that|to)\b)| (?:maar|but|en|and) (?=ik |wij |we |i |kunt |kun |could |can )")


def _any(*ways: str) -> re.Pattern[str]:
    """Give the pattern of whichever way; "<5>" stands for at most five words with no comma between them."""
    return re.compile(re.sub(r"<(\d+)>", r"(?:[\\w'-]+ ){0,\1}", "|".join(ways)))


_MINE = (
    r"(?:mijn|m'n|onze?|alle|deze|die|dit|dat|de gegeven|de verleende|my|our|all|the|this|that) <2>"
    r"(?:toestem\w*|instemming|goedkeuring|akkoord\w*|machtiging|ja|consents?|permissions?|agreement|approval|yes)\b"
)
_CONSENT = _any(
    r"(?<!\bmet )(?<!\bzonder )(?<!\bwith )(?<!\bwithout )"
    r"\b(?:toestem\w*|instemming|goedkeuring|machtiging|consent\w*|permissions?|authori[sz]ation)\b",
    rf"\b(?<!\bmet ){_MINE}",
    r"\b(?:gegeven|verleende?|eerdere?) akkoord\b",
)
_TAKING_BACK = _any(
    r"\b(?:intrek\w*|ingetrokken|introk\w*|in te trekken|terugtrek\w*|teruggetrokken|terug te trekken)\b",
    r"\b(?:in|terug) (?:[\w']+ ){1,3}trekken\b",
    r"\b(?:in|terug) trek(?:ken|t)?\b",
    r"\btr(?:ek|ekt|ekken|ok|okken)\b.{0,200}\b(?:in|terug)\b",
    r"\b(?:neem|neemt|nemen|nam|haal|halen|draai|draaien)\b.{0,150}(?<!\bmee )\bterug\b",
    r"\b(?:terugne\w*|teruggenomen|terug te (?:nemen|draaien|halen)|terugdraai\w*|teruggedraaid|terughalen)\b",
    r"\b(?:herroep\w*|withdraw\w*|withdrew|revok\w*|revocation|retract\w*|rescind\w*)\b",
    r"\bongedaan\b|\bals niet (?:gegeven|verleend)\b",
    r"\bgeld(?:t|en)?\b.{0,60}\bniet (?:meer|langer)\b",
    r"\bniet (?:meer|langer) <2>(?:geldt|geldig|gelden|van kracht|van toepassing)\b",
    r"\bt(?:ake|aken|akes|aking|ook)\b.{0,100}\bback\b",
    r"\bno longer (?:be )?(?:valid|appl\w+|stands?|holds?|in force)\b",
    r"\b(?:van gedachten veranderd|me bedacht|mij bedacht|(?:changed|changing) my mind)\b",
)
_ENDING = (
    r"\b(?:annule\w*|geannuleerd|cancel\w*|beeindig\w*|opzeg\w*|opgezegd|op te zeggen|verwijder\w*|schrap\w*|wissen"
    r"|weghalen|weg te halen|vervalt|vervallen|ongeldig|nietig|stopt|stoppen|stopzetten|stop te zetten|gestopt"
    r"|wijzigen|te wijzigen|veranderen|herzien|afgelopen|voorbij|delete[ds]?|remove[ds]?|undo|undone|terminate[ds]?"
    r"|end|ends|ended|expire[ds]?)\b"
)
_TRULY_BACK = _any(
    rf"\btrek(?:ken|t)? <5>{_MINE}",
    rf"\b(?:annule\w*|cancel\w*|beeindig\w*|verwijder\w*|schrap\w*|wis|wissen|stop|stoppen|zeg|zeggen|delete|remove|undo"
    rf"|terminat\w+|end|ending|wijzig|verander)\b <5>(?:met )?{_MINE}",
    rf"\b(?<!met ){_MINE} <12>{_ENDING}",
    rf"\b(?:haal\w*|doe|gooi) <10>{_MINE} <6>weg\b",
    rf"\b(?:terug op|af van|vervalt|vervallen|pull|pulling|drop) <3>{_MINE}|\b{_MINE} <3>(?:void|off)\b",
    r"\bde toestemming <3>(?:stoppen|beeindigen|annuleren|stopzetten|weghalen|verwijderen)\b",
    r"\b(?:annule\w*|cancel\w*|beeindig\w*) <3>toestemmings\w+",
    r"\btoestemmings\w+ <2>(?:annuleren|beeindigen|te annuleren|te beeindigen)\b",
)
_SAYING_NO = _any(
    r"\bintrekking\b",
    r"\bgeen <2>toestemming\b(?! (?:van (?:mijn|de|het|hr|onze)\b|nodig|vereist"
    r"|gekregen|ontvangen|gehad))",
    r"\btoestemming <3>niet (?:meer|langer)\b",
    r"\bniet (?:langer|meer|verder) <3>(?:akkoord|toestem\w*|instem\w*|toestaan|toe te staan"
    r"|in te stemmen)\b",
    r"\bst(?:em|emmen|a|aan) <6>niet (?:langer|meer) <4>(?:toe|in)\b",
    r"\bniet (?:meer|langer) <2>(?:delen|gedeeld|doorgeven|doorsturen|doorgestuurd|verstrekken"
    r"|verstrekt)\b",
    r"\bdeel (?:dat|het|dit|die|ze|hem|deze|alles|niets) <2>(?:niet )?meer\b",
    r"\btrek(?:ken)? <3>(?:hem|deze|die|dit|dat|het|haar|ze|alles) <3>"
    r"(?:in|terug)(?=$|[,:)]| (?:en|per|want|omdat|met ingang|vanaf|hoor|dus)\b)",
    r"\b(?:no longer|don'?t|do not|not|never) <2>(?:give|grant)? ?<2>(?:consent|permission)\b"
    r"(?! (?:form|from|declaration|needed|required|yet))",
    r"\b(?:no longer|not|don'?t) <2>have (?:my|our) (?:[\w']+ )?(?:consent|permission|agreement|approval)\b",
    r"\bno longer <2>agree\b",
    r"\bopt(?:ing|ed)?[ -]out\b",
    r"\b(?:verander|wijzig|maak|maken|zet|zetten|change|turn|make)\w* <10>(?:ja|yes) <10>(?:nee|no)\b",
    r"\b(?:verander|wijzig|maak|zet|change)\w* <10>(?:in|naar|op|to|into) (?:een |a )?(?:nee|no)$",
    r"\b(?:toch|alsnog|bij nader inzien) <2>(?:een )?nee\b",
    r"\bmijn ja <4>(?:een )?nee\b|\bja gezegd,? maar <6>nee\b|\b(?:alles|allemaal|overal) <1>(?:op|naar|in) nee\b",
    r"\bgeen <2>(?:verslag|profiel|gegevens|rapport|informatie) <2>(?:naar|aan|voor) mijn\b|\bgeen profiel meer\b",
    r"\blaat <3>profiel <3>zitten\b|\bhoud?\w* <6>(?:profiel|verslag|gegevens) <6>voor (?:jezelf|uzelf|je|u)\b",
    r"\bkeep my <4>(?:private|to yourself)\b",
)
_SHARING = _any(
    r"\b(?:deel|deelt|delen|gedeeld|doorge\w*|door te (?:geven|sturen)|doorstu\w*|verstrek\w*|uitwissel\w*|inzien"
    r"|inziet|ziet|zien|lezen|leest|te weten|sturen|stuur|stuurt|mailen|krijgt|krijgen|ontvangt"
    r"|meekijk\w*|meelees\w*|publice\w*|verwerk\w*|gebruiken|gebruikt|opgenomen"
    r"|afnemen|afgenomen|laten maken)\b",
    r"\b(?:shar(?:e|es|ed|ing)|disclos\w*|forward(?:ed|ing)?|pass(?:ed|ing)? on|us(?:e|ed|ing)|see|sees|gets?|sen[dt]"
    r"|sending)\b",
)
_HERS = _any(
    r"\b(?:\w*profiel\w*|\w*gegevens|\w*verslag\w*|\w*rapport\w*|uitslag\w*|resulta\w*|dossier|\w*test|assessment\w*"
    r"|opnamen?|(?:gesprek\w*|sessies?) <6>(?:opgenomen|opneemt|opnemen)"
    r"|foto'?s?|informatie|werkgever\w*|opdrachtgever\w*|leidinggevende\w*|baas|chef|hr"
    r"|manager|profile|data|information|reports?|results?|recordings?|employer|sponsor|boss)\b"
)
_UNWANTED = _any(
    r"\b(?:niet (?:meer|langer|verder)|nooit meer|liever niet|toch (?:[\w']+ )?niet|niet akkoord|bezwaar)\b",
    r"\bgeen <4>meer\b|\bnee tegen\b|\bverbied\w*|\bafmeld\w*",
    r"\b(?:delen|deel|gedeeld) niets\b|\bniets <4>delen\b",
    r"\b(?:graag|wil|wilt|willen|wens|wou|mag|mogen|moet|moeten|sta|vind) <10>(?:niet|geen|niets)\b",
    r"\b(?:deel|stuur) <8>niets?\b",
    r"\b(?:stop\w*|houd?t? op|ophoud\w*) <4>(?:del|deel|doorge|doorst|sturen|verstrek|gebruik|verwerk|shar|us)",
    r"\b(?:don'?t|do not|never|not to|rather not|prefer not to|not) <1>(?:share|disclose|forward|send|use|pass on)\b",
    r"\b(?:may|should|must|can) (?:not|no longer) <3>(?:see|get|read|have|receive|know|use|be shared)\b",
    r"\b(?:don'?t|do not|not) (?:[\w']+ )?(?:want|wish|agree|like|allow)\b|\bno longer\b|\bany ?more\b|\bobject to\b",
    r"\b(?:rather|prefer) <6>not\b",
)

_QUOTE = (
    r"(?:offerte\w*|\w*traject\w*|voorstel|voorstellen|aanbod|aanbieding|coaching\w*|begeleiding|opdracht|programma"
    r"|prijsopgave|quote|quotation|offer|proposal|program(?:me)?)\b"
)
_ABOUT = _any(rf"\b{_QUOTE}")
_MEETING = _any(
    r"\b(?:afspra\w*|sessies?|\w*gesprek\w*|kennismaking|overleg|vergadering|intake|(?:maan|dins|woens|donder|vrij|zater"
    r"|zon)dag\w*|morgen|appointment\w*|sessions?|meeting\w*|(?:mon|tues|wednes|thurs|fri|satur|sun)day|tomorrow)\b"
)
_NO_MORE = r"(?=$|,| (?:en|want|omdat|wegens|vanwege|om|door|dus|hoor|i|en|because|since|and|due|at)\b)"
_NO_AT_ALL = _any(
    rf"\b(?:ga|gaan|gaat|ben|zijn) <4>(?<!nog )niet (?:meer |langer )?(?:mee )?akkoord{_NO_MORE}",
    rf"\bniet akkoord hiermee\b|\b(?:hier|er|daar) <2>niet (?:verder )?op in{_NO_MORE}",
    rf"\b(?:zie|zien|ziet) <5>(?:er|hier|daar) ?van ?af{_NO_MORE}",
    rf"\b(?:zie|zien|ziet) <3>(?:er|hier|daar) ?<3>van ?af{_NO_MORE}",
    r"\b(?:zie|zien) (?:(?:ik|wij|we|er|helaas|toch) ){0,3}af$",
    r"\b(?:ervan|hiervan|daarvan) af ?(?:te )?zien$|\bbesloten <4>af te zien\b",
    r"\b(?:kies|kiezen|koos|kozen|gekozen|gegaan|gaan|ga|besloten|gevonden|hebben|heb|zijn)\b <5>"
    r"(?:een ander(?=$|,)|iemand anders|(?:een )?andere? (?:\w*coach|partij|aanbieder|bureau|praktijk|begeleider"
    r"|traject|offerte|voorstel))\b",
    rf"\b(?:doe|doen) (?:wij |we |ik )?(?:het|dit) (?:(?:toch|maar|helaas|dus|liever|dan) ){{0,3}}niet{_NO_MORE}",
    r"\bbesloten <5>niet (?:te (?:doen|starten|beginnen)|door te (?:gaan|zetten)|verder te gaan)\b",
    rf"\bgeen (?:interesse|belangstelling|behoefte)(?: meer)?(?:$|,| (?:in|aan|voor) <2>{_QUOTE})",
    rf"\bniet (?:meer )?geinteresseerd{_NO_MORE}|\b(?:not|no longer) interested{_NO_MORE}",
    r"\b(?:chosen|chose|choose|going|gone|go|decided|found)\b <5>(?:someone else|somebody else"
    r"|another (?:coach|provider|party|practice|offer)|a different (?:coach|provider|party|practice))\b",
    rf"\b(?:ga|gaan) (?:het|dit) <2>niet doen{_NO_MORE}|\bstop(?:pen)? (?:ik |wij |we )?ermee{_NO_MORE}",
    r"\bniet <4>in zee\b|\bmet (?:een )?ander\w* <2>in zee\b",
)
_NO_DOOR = _any(
    r"\b(?:not|won'?t) (?:be )?(?:proceed\w*|go ahead|going ahead|mov\w+ forward|going forward|go forward)"
    rf"(?: with (?:it|this|that))?{_NO_MORE}",
    rf"\b(?:het|dit|dat|alles|ga|gaan) <5>niet (?:meer )?door{_NO_MORE}",
    rf"\b{_QUOTE} <8>niet (?:meer )?door(?:gaan)?\b|\bniet (?:meer )?door met <3>{_QUOTE}",
    rf"\b{_QUOTE} <4>(?<!niet )(?:te )?(?:annuleren|afblazen|stoppen|beeindigen|opzeggen|stopzetten)\b",
    rf"\b(?:annuleer|annuleren|beeindig|beeindigen|stop met|stoppen met|cancel) <3>{_QUOTE}",
    rf"\b(?:niet|not|won'?t|cannot|can'?t) <2>(?:verder|proceed\w*|go ahead|going ahead|forward)"
    rf" (?:te gaan |gaan )?(?:met|with) <3>{_QUOTE}",
)
_NO_QUOTE = _any(
    rf"(?<!nog )\bniet (?:meer |langer )?akkoord (?:te gaan |gaan |te zijn )?met <3>{_QUOTE}",
    rf"\bmet <3>{_QUOTE} <4>(?<!nog )niet (?:meer )?akkoord\b|(?<!nog )\bniet met <3>{_QUOTE} <2>akkoord\b",
    rf"\b{_QUOTE} <3>hoeft <2>niet(?: meer|$|,)|\bgeen {_QUOTE} meer\b|\btrek <4>{_QUOTE} <3>in\b",
    rf"\b{_QUOTE} <4>(?<!nog )niet (?:meer )?akkoord\b",
    rf"\bakkoord met <3>{_QUOTE} <2>niet\b",
    rf"\b(?:zie|zien|ziet) <5>af van <4>{_QUOTE}",
    rf"\bzien? <3>van <4>{_QUOTE} <3>af\b",
    rf"\bvan <4>{_QUOTE} <4>(?:af te zien|afzien|zien? <3>af)\b",
    rf"\b(?:afzien|af te zien) van <4>{_QUOTE}",
    rf"\b(?:wijs|wijzen|wijst|slaan|sla) <4>{_QUOTE} <3>af\b",
    rf"\b{_QUOTE} <6>(?:wijs|wijzen|wijst|sla|slaan) <4>af\b",
    rf"\b{_QUOTE} <5>(?<!niet )(?:afwijzen|af te wijzen|afgewezen|afslaan|af te slaan)\b",
    rf"\b(?:accepte\w+|neem|nemen|neemt|aanvaard\w*|onderteken|teken) <4>{_QUOTE} "
    r"(?:(?:dus|toch|helaas|daarom|maar) ){0,3}niet(?: aan)?(?=$|,| (?:en|omdat|want)\b)",
    rf"\b{_QUOTE} <5>niet (?:te |kunnen |willen |gaan |zullen ){{0,2}}"
    r"(?:accepte\w+|aanneme\w*|aan (?:te )?nemen|aanvaard\w*)\b",
    rf"\b{_QUOTE} <3>(?:accepteren|nemen|accepteer|neem) (?:wij|we|ik) <2>niet\b",
    rf"\bniet in op <3>{_QUOTE}|\bop <3>{_QUOTE} <4>niet (?:verder )?in\b",
    rf"\bgeen gebruik <3>van <4>{_QUOTE}",
    rf"\b(?:decline|declining|reject|rejecting|turn(?:ing)? down|pass on|decided against) <4>{_QUOTE}",
    rf"\b{_QUOTE} <4>(?:declined|rejected|turned down)\b",
    rf"\b(?:not|won'?t|cannot|can'?t|don'?t) <4>(?:accept|agree (?:to|with)|take up) <3>{_QUOTE}",
)


def withdraws(text: str) -> bool:
    """Tell whether the writer takes a consent back, or may mean that."""
    return any(map(_takes_back, _sentences(text)))


def withdraws_below(text: str, ours: str) -> bool:
    """Tell whether a consent is taken back in what stands in a mail and not in `ours`, the mail that it answers."""
    return withdraws(not_ours(text, ours))


def declines(text: str) -> bool:
    """Tell whether the writer says no to the quote."""
    return any(map(_says_no, _sentences(text)))


def folded(text: str) -> str:
    """Give a text on one line, in small letters without accents, with one kind of apostrophe and nothing hidden."""
    if not text.isascii():
        # There are letters that become eighteen, and a stranger can send many.
        bare = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES))[: 3 * len(text)]
        text = "".join(letter for letter in bare if unicodedata.category(letter) not in _HIDDEN)
    return " ".join(text.translate(_APOSTROPHES).casefold().split())


def _sentences(text: str) -> Iterator[str]:
    """Give the sentences of a text, folded; one that goes on and on in pieces that overlap."""
    for paragraph in _paragraphs(text[:MOST]):
        for sentence in _SENTENCE.split(folded(paragraph)):
            for at in range(0, max(1, len(sentence) - OVERLAP), LONGEST_SENTENCE - OVERLAP):
                yield sentence[at : at + LONGEST_SENTENCE].strip()


def _paragraphs(text: str) -> Iterator[str]:
    """Give the paragraphs; an empty line that small letters go on under, a mail program made."""
    lines: list[str] = []
    empty = False
    for line in map(str.strip, text.splitlines()):
        if line and empty and not line[0].islower():
            yield " ".join(lines)
            lines = []
        empty = not line
        lines.append(line)
    yield " ".join(lines)


def _takes_back(sentence: str) -> bool:
    """Tell it of one sentence."""
    if _CONSENT.search(sentence) and (_TAKING_BACK.search(sentence) or _TRULY_BACK.search(sentence)):
        return True
    if _SAYING_NO.search(sentence):
        return True
    return any(all(part.search(clause) for part in (_SHARING, _HERS, _UNWANTED)) for clause in _CLAUSE.split(sentence))


def _says_no(sentence: str) -> bool:
    """Tell it of one sentence; a day or a meeting that does not suit is no quote declined."""
    if _ABOUT.search(sentence) and _NO_QUOTE.search(sentence):
        return True
    return bool(_NO_AT_ALL.search(sentence)) or (not _MEETING.search(sentence) and bool(_NO_DOOR.search(sentence)))
