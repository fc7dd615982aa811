"""The ways in which people say yes, no and "change this" to a document of theirs, in Dutch and English. Pure.

A yes is a closed set of sentences, and nothing else is one. A no and a wish for a change are looked for anywhere. What
puts off, asks or sets a condition is none of the three. Every pattern is bounded, and so is what it is held against.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.incoming.answers.courtesies import WEIGHTY, Names
from pipeline.incoming.answers.letters import folded

LONGEST_YES, _MOST_NAMES = 300, 100
_DOC, _WHO = "<doc>", "<who>"
_NOUNS = (
    "eindverslag", "tussenverslag", "verslag", "eindrapport", "rapport", "eindrapportage", "rapportage", "profiel",
    "report", "end report", "final report", "profile",
)  # fmt: skip
_PEOPLE = (
    "werkgever",
    "opdrachtgever",
    "leidinggevende",
    "manager",
    "gemeente",
    "employer",
    "sponsor",
    "supervisor",
    "client",
)
_TITLES = r"(?:(?:de heer|meneer|mevrouw|dhr|mevr|mw|mr|mrs|ms)\.? )?"


_SHORT = {
    "IT": rf"(?:het|dit|'t|hem|ze|{_DOC})",
    "TO": rf"(?:naar|aan) (?:{_WHO}|hem|haar|hen)",
    "WITH": rf"met (?:{_WHO}|hem|haar|hen)",
    "SENT": r"(?:(?:door|toe|op)?gestuurd|verstuurd|verzonden|toegezonden|gemaild)",
    "SEND": r"(?:(?:door|toe)?sturen|versturen|verzenden|mailen|toezenden)",
    "HEREBY": r"(?:hierbij|bij dezen?|hiermee)",
    "FULLY": r"(?:helemaal|volledig|geheel|van harte)",
    "THIS": rf"(?:it|this|{_DOC})",
    "THEM": rf"(?:{_WHO}|him|her|them)",
    "OM": r"om (?:(?:het|dit|<doc>) )?(?:(?:naar|aan) <who> te (?:sturen|mailen)|te (?:ver)?sturen(?: (?:naar|aan) "
    "<who>)?"
    r"|door te sturen(?: (?:naar|aan) <who>)?|met <who> te delen|te delen met <who>)",
    "DOING": r"(?:sending|sharing|forwarding) (?:it|this|<doc>)(?: (?:to|with) (?:<who>|him|her|them))?",
    "ABOUT": r"(?:<doc>|(?:de )?verzending(?: van <doc>)?(?: (?:naar|aan) <who>)?|(?:het "
    ")?(?:(?:door|toe)?sturen|versturen|verzenden)(?: van <doc>)?(?: (?:naar|aan) <who>)?"
    r"|(?:het )?delen(?: van <doc>)?(?: met <who>)?)",
}


_PARTS = r"(?:(?:van|de|den|der|ter|ten|het) ){0,2}"


def _ways(*ways: str) -> str:
    """Give the pattern of whichever way, with the shorthand above spelled out."""
    return f"(?:{re.sub(r'[A-Z]{2,}', lambda word: _SHORT[word[0]], '|'.join(ways))})"


_STRONG = _ways(
    r"(?:(?:HEREBY|FULLY) ){0,2}akkoord(?: hoor| hiermee| ermee| met (?:IT|ABOUT)| OM)?",
    r"alles akkoord|mijn akkoord (?:heb je|hebt u|heeft u)|HEREBY laat ik (?:u|je) weten dat ik akkoord (?:ga|ben)",
    r"(?:ik ga|ik ben) (?:(?:HEREBY|FULLY|er|daar|hier|ermee|mee|zeker) ){0,3}akkoord(?: ermee| hiermee| met (?:IT"
    r"|ABOUT))?",
    r"(?:HEREBY|daar|hier) (?:ga|ben) ik (?:(?:FULLY|mee|er) ){0,2}akkoord(?: mee| met (?:IT|ABOUT))?",
    r"ik stem (?:(?:HEREBY|er|daar) ){0,2}(?:ermee |hiermee |mee )?in(?: met (?:IT|ABOUT))?",
    r"ik (?:geef|verleen) (?:(?:HEREBY|u|je|graag|mijn) ){0,3}(?:toestemming|akkoord|goedkeuring)(?: voor ABOUT| OM)?",
    r"HEREBY (?:(?:geef|verleen) ik )?(?:(?:u|je) )?(?:mijn )?(?:toestemming|akkoord|goedkeuring)(?: voor ABOUT| OM)?",
    r"(?:u|je|jij) (?:heeft|hebt) (?:HEREBY )?mijn (?:toestemming|akkoord|goedkeuring)(?: voor ABOUT| OM)?",
    r"(?:HEREBY )?goedgekeurd|(?:HEREBY )?keur ik IT goed|ik keur IT (?:HEREBY )?goed",
    rf"(?:het|dit|{_DOC}) is (?:HEREBY )?(?:wat mij betreft )?(?:goedgekeurd|akkoord)",
    r"(?:(?:IT|dat) )?mag (?:(?:zeker|gewoon|zo|nu|hoor|wat mij betreft|door) ){0,2}TO(?: (?:toe|SENT(?: worden)?"
    r"|worden SENT))?",
    r"(?:(?:IT|dat) )?mag (?:(?:zo|nu|gewoon) )?(?:gedeeld worden WITH|worden gedeeld WITH|WITH (?:gedeeld worden"
    r"|worden gedeeld))",
    r"(?:(?:IT|dat) )?mag (?:(?:zo|nu|gewoon) ){0,2}(?:SENT(?: worden)? TO|worden SENT TO|(?:door|ver)(?:gestuurd"
    r"|stuurd|zonden) worden"
    r"|worden (?:doorgestuurd|verstuurd|verzonden))",
    r"zo mag (?:IT|dat) TO(?: toe)?",
    r"(?:IT|dat) kan (?:(?:zo|nu|gewoon) ){0,2}TO(?: toe)?",
    r"(?:je|u|jij) mag (?:IT )(?:(?:zo|nu|gewoon|gerust) ){0,2}(?:SEND TO|TO SEND|doorsturen|versturen|verzenden"
    r"|WITH delen|delen WITH)",
    r"(?:je|u|jij) kunt (?:IT )(?:(?:zo|nu|gewoon|gerust) ){0,2}(?:SEND TO|TO SEND|doorsturen|WITH delen)",
    r"(?:stuur|mail) (?:IT )?(?:(?:maar|gerust|gewoon) )?(?:TO(?: door| toe)?|door(?: TO)?)(?: hoor)?",
    r"deel (?:IT )?(?:(?:maar|gerust) )?WITH",
    r"verstuur (?:IT )?(?:(?:maar|gerust) )?(?:TO)?|ga (?:je|uw) gang|gaat uw gang",
    r"(?:mijn |het )?antwoord(?: is)? ?:? ja",
    r"wat mij betreft (?:is het )?(?:FULLY )?akkoord",
    r"wat mij betreft mag (?:IT|dat) (?:(?:zo|nu) )?(?:TO(?: toe)?|TO SENT worden)",
    r"(?:i (?:(?:hereby|fully|completely) )?(?:approve|agree|consent)|approve|agree)(?: (?:to|with|of) (?:THIS"
    r"|DOING))?",
    r"i(?: a|')m (?:fully )?in agreement(?: with THIS)?",
    r"(?:i (?:hereby )?)?approve THIS",
    r"approved|agreed|(?:permission|consent|approval) (?:is )?(?:granted|given)",
    r"(?:please )?go (?:right )?ahead(?: and (?:send|share) THIS(?: (?:to|with) THEM)?)?",
    r"you (?:have|got) my (?:full )?(?:permission|consent|approval|agreement)(?: to (?:send|share) THIS(?: (?:to"
    r"|with) THEM)?)?",
    r"i(?: hereby)? give (?:you )?(?:my )?(?:full )?(?:permission|consent|approval)(?: to (?:send"
    r"|share) THIS(?: (?:to|with) THEM)?)?",
    r"(?:you (?:may|can) (?:now )?|feel free to )(?:send|share|forward) THIS(?: (?:on )?(?:to|with) THEM)?",
    r"THIS (?:may|can) (?:now )?(?:go|be (?:sent|shared|forwarded)) (?:to|with) THEM",
    r"(?:please )?(?:send|forward) THIS (?:on )?to THEM|(?:please )?share THIS with THEM",
    r"(?:i(?: a|')m )?happy for (?:THIS to (?:go|be sent) to THEM|you to (?:send|share) THIS(?: (?:to|with) THEM)?)",
    r"my answer is yes",
)
_PLAIN = _ways(
    r"ja(?:,? (?:hoor|zeker|graag|natuurlijk|uiteraard|prima(?: hoor)?|absoluut|oke|goed))?",
    r"ja,? (?:dat )?(?:mag|is goed|is prima)(?: hoor| zeker)?",
    r"ja,? (?:doe maar|stuur (?:IT )?maar(?: door)?|verstuur (?:IT )?maar)",
    r"jazeker|ja,? ik ga akkoord|dat mag(?: hoor| zeker)?|IT mag(?: zo)?|(?:dat |IT )?is (?:FULLY )?(?:goed|prima"
    r"|akkoord)(?: zo)?(?: hoor)?",
    r"(?:FULLY )(?:goed|prima|oke)(?: zo)?|prima zo|zo prima|goed zo|doe maar",
    r"(?:dat )?(?:vind ik|lijkt me|lijkt mij) (?:prima|goed)|ik vind (?:het|dat) (?:prima|goed)",
    r"(?:ik heb )?(?:er )?geen (?:enkel )?bezwaar",
    r"wat mij betreft (?:prima|goed|ja|is het goed|is het prima)",
    r"yes(?:,? (?:please|of course|certainly|absolutely|definitely|indeed)| that(?: i|')s fine|,? (?:it|you) may)?",
    r"yes,? (?:please )?(?:send|share|forward) THIS",
    r"yes,? (?:it|that|this)(?: i|')s (?:fine|okay|ok)(?: (?:by|with) me)?",
    r"(?:that|it|this)(?: i|')s fine (?:by|with) me|fine (?:by|with) me|(?:i have )?no objections?(?: at all)?",
)
_MILD = _ways(
    r"prima|oke?|okay|goed|top|perfect|uitstekend|uiteraard|natuurlijk|zeker|absoluut",
    r"sure|fine|of course|certainly|absolutely|definitely",
)
_READ = _ways(
    r"(?:alvast |heel )?bedankt|dank(?: ?je| u)?(?: ?wel)?|(?:many )?thanks|thank you|fijn|mooi|helder|duidelijk"
    r"|great|all good|looks good(?: to me)?|i have read THIS",
    r"(?:ik heb )?(?:verder )?geen (?:verdere )?(?:op-? ?(?:en|of) aanmerkingen|opmerkingen|aanvullingen|wijzigingen"
    r"|vragen)"
    r"(?: meer)?|(?:i have )?no (?:further )?(?:comments|changes|remarks|questions)",
    r"(?:IT )?ziet er (?:goed|prima|netjes) uit|(?:een )?(?:mooi|goed|duidelijk|prima) (?:verslag|rapport|stuk)",
    r"ik heb (?:IT )?(?:helemaal |goed )?gelezen|IT klopt(?: helemaal)?|klopt(?: helemaal)?",
)
_THANKS = _ways(
    r"(?:alvast |heel |hartelijk )?(?:bedankt|dank(?: ?je| u)?(?: ?wel)?)(?: voor (?:het (?:toe|op)?sturen|IT|alles))?",
    r"(?:many )?thanks(?: a lot| so much)?(?: for (?:THIS|sending (?:it|this)))?"
    r"|thank you(?: very much)?(?: for (?:THIS|sending (?:it|this)))?",
)
_ITEM = rf"(?:{_STRONG}|{_PLAIN}|{_MILD}|{_READ})"
_LINE = re.compile(rf"{_ITEM}(?:(?:, ?| - | en | and | )(?:{_ITEM})){{0,4}}$")
_HOLDS = re.compile(rf"(?<![\w'])(?:{_STRONG}|{_PLAIN})(?![\w'])")
_HAS_READ = re.compile(rf"(?<![\w'])(?:{_READ})(?![\w'])|\b(?:voor|for)\b")
_HOLDS_STRONG = re.compile(rf"(?<![\w'])(?:{_STRONG})(?![\w'])")
_THANKED = re.compile(rf"{_THANKS}$")
_ENDS = re.compile(r" ?(?:[.!]{1,3}(?=\s|$)|\n\n)\s*")
_SMILE = re.compile(r" ?(?::-?\)|[\U0001F44D\U0001F44C\U0001F642\U0001F60A\U0001F600\U0001F603\U0001F604\u2705\u263a]"
                    r"[\U0001F3FB-\U0001F3FF]?\ufe0f?){1,3}")  # fmt: skip
_SARCASM = re.compile(r"\bja\b.{0,60}\bja\b|\byes\b.{0,60}\byes\b|\.\.|\byes[, ]+(?:sure[, ]+)?(?:great|perfect)\b")


def says_yes(text: str, ours: str, named: Names) -> bool:
    """Tell whether a text is nothing but a yes, about a document and to somebody that our mail names."""
    if len(text) > LONGEST_YES:
        return False
    spaced = "\n\n".join(folded(part) for part in re.split(r"\n\s*\n", _SMILE.sub(" . ", text).replace("*", " ")))
    said = _named(re.sub(r"[ \t]+", " ", spaced), ours, named)
    if _SARCASM.search(said.replace(" . ", " ")):
        return False
    sentences = [one.strip(" ,.!") for one in _ENDS.split(said) if one.strip(" ,.!")]
    return bool(sentences) and len(sentences) <= 6 and _all_yes(sentences)


def _all_yes(sentences: list[str]) -> bool:
    """Tell whether every sentence says yes or thanks; beside a word about the mail itself, "ja" can have meant that."""
    rest = [one for one in sentences if not _THANKED.match(one)]
    holds = _HOLDS_STRONG if any(map(_HAS_READ.search, sentences)) else _HOLDS
    return all(map(_LINE.match, rest)) and any(map(holds.search, rest))


def _named(said: str, ours: str, named: Names) -> str:
    """Put a sign for the document and for whom it goes to, where our mail speaks of them."""
    words = set(re.findall(r"\w+", folded(ours)))
    docs = "|".join(noun for noun in _NOUNS if set(noun.split()) <= words)
    if docs:
        said = re.sub(rf"\b(?:het|de|dit|deze|mijn|the|this|my)(?: eind-?)? (?:{docs})\b", _DOC, said)
    people = [f"(?:(?:mijn|de|onze|my|the|our) )(?:{noun})" for noun in _PEOPLE if noun in words]
    if names := "|".join(map(re.escape, _recipients(ours, named))):
        people.append(rf"{_TITLES}{_PARTS}(?:{names})(?: {_PARTS}(?:{names})){{0,3}}")
    if people:
        said = re.sub(rf"(?<=(?:aar|aan|met| to|ith) )(?:{'|'.join(people)})\b", _WHO, said)
    return said


def _recipients(ours: str, named: Names) -> list[str]:
    """Give the names in our mail that are not hers or ours: words with a capital within a sentence."""
    found = re.findall(
        r"(?<=[a-z,] )[A-Z][a-z]+(?:[ -](?:(?:van|de|den|der|ter|ten|het) )*[A-Z][a-z]+)*", ours[:60_000]
    )
    words = dict.fromkeys(word for name in found for word in folded(name).replace("-", " ").split() if len(word) > 2)
    known = named.hers | named.ours | WEIGHTY | {"van", "den", "der", "ter", "ten", "het"}
    return [word for word in words if word not in known][:_MOST_NAMES]


_NO = re.compile(
    r"(?:nee|neen|no)(?:,? (?:hoor|dank je(?: ?wel)?|dank u(?: wel)?|bedankt|sorry|thanks?|thank you|helaas|liever niet"
    r"|dat wil ik niet|ik wil dit niet|ik wil het niet|dat mag niet|ik ga niet akkoord|niet akkoord|niet sturen"
    r"|please don'?t|absoluut niet|zeker niet|absolutely not)){0,2}$"
    r"|.*\b(?:(?:toch |echt )?liever niet|(?:ga|ben|stem) (?:\w+ ){0,4}niet (?:\w+ ){0,2}(?:akkoord|in)\b|niet akkoord"
    r"|(?:geef|verleen) (?:\w+ ){0,3}geen (?:toestemming|akkoord|goedkeuring)|geen (?:toestemming|goedkeuring)\b"
    r"|ik weiger|keur (?:\w+ ){0,3}niet goed|(?<!nog )niet goedgekeurd|afgekeurd|absoluut niet|zeker niet|echt niet"
    r"|wil (?:\w+ ){0,3}niet (?:dat|delen|versturen|doorsturen|gedeeld|hebben dat)|mag (?:\w+ ){0,4}niet (?:naar|aan"
    r"|met"
    r"|door|gedeeld|verstuurd|doorgestuurd|worden)|(?:het|dat|dit) mag niet$|(?:stuur|verstuur|deel"
    r"|mail) (?:\w+ ){0,5}niet\b"
    r"|(?:do not|don'?t|cannot|can'?t|won'?t|not) (?:\w+ ){0,2}(?:agree|approve|consent|give (?:\w+ )?(?:permission"
    r"|consent))\b"
    r"|(?:do not|don'?t|never|not) (?:\w+ )?(?:send|share|forward)\b|(?:rather|prefer) (?:\w+ )?not\b|not approved"
    r"|i (?:refuse|decline|object)\b"
    r"|(?:do not|don'?t) want (?:\w+ ){0,4}to (?:go|be (?:sent|shared)|see|have|get|read|receive)|may not (?:go"
    r"|be (?:sent|shared))"
    r"|disagree|no way)\b.*"
)
_NOT_A_NO = re.compile(
    r"\b(?:geen bezwaar|niet erg|niet dan|no objections?|why not|waarom niet|afspra\w*|\w*gesprek\w*|sessie\w*|factu\w*"
    r"|(?:maan|dins|woens|donder|vrij|zater|zon)dag\w*|(?:mon|tues|wednes|thurs|fri|satur|sun)day|appointment|meeting"
    r"|invoice)\b|\?"
)
_PUT_OFF = re.compile(
    r"\b(?:nog niet|niet eerder|voordat|totdat|tot ik|eerst|pas|zolang|als|indien|tenzij|mits|zonder|not yet|yet|before"
    r"|until|till|unless|if|first|without|when|once|hold on|wacht|wait)\b"
)
_REQUEST = (
    r"(?:kun|kunt|kan|wil|wilt|zou|zouden|mag|moet|moeten|graag|gaarne|svp|s\.v\.p|aub|alsjeblieft|alstublieft|liever"
    r"|verzoek|could|can|would|please|should|must|want|like|need|needs)"
)
_CHANGE = (
    r"(?:aanpas\w*|aangepast|wijzig\w*|gewijzigd|verander\w*|verwijder\w*|schrap\w*|geschrapt|weglaten|weggelaten"
    r"|weghalen"
    r"|weggehaald|weg|eruit|eraf|erbij|toevoegen|toegevoegd|verbeter\w*|corriger\w*|gecorrigeerd|herschrijven|aanvullen"
    r"|anonimiseren|vervangen|change[ds]?|adjust\w*|amend\w*|remov\w*|delet\w*|add(?:ed)?|correct(?:ed)?|rewrit\w*"
    r"|edit(?:ed)?|replac\w*|take out|leave out|left out|rephras\w*)"
)
_WISH = re.compile(
    rf"\b{_REQUEST}\b.{{0,120}}\b{_CHANGE}\b|\b(?:pas|haal|laat|zet|voeg)\b.{{1,80}}\b(?:aan|weg|eruit|uit|erbij|toe)$"
    rf"|^(?:{_CHANGE})\b.{{0,80}}\b(?:alinea|zin|naam|datum|tekst|stuk|deel|paragraph|sentence|name|date|part)\b"
    r"|\b(?:klopt|kloppen|is|zijn) (?:\w+ ){0,2}niet (?:helemaal |meer )?(?:juist|correct|goed)?$"
    r"|\bklop(?:t|pen) (?:\w+ ){0,2}niet\b|\b(?:alinea|zin|naam|datum|tekst|paragraph|sentence|name"
    r"|date) .{0,40}(?:moet|should) .{0,60}(?:zijn|worden|be)\b"
    r"|\b(?:date|name|paragraph|sentence|text|it) (?:is|are) (?:wrong|incorrect|not (?:right|correct))\b"
    r"|\ber (?:staat|zit) (?:\w+ ){0,2}(?:een )?\w*fout(?:je)?\b|\bthere(?: i|')s (?:a|an) (?:\w+ )?(?:mistake|error"
    r"|typo)\b"
)
_NO_WISH = re.compile(
    r"\b(?:niets?|niks|geen|hoeft niet|hoeven niet|nothing|no|need not|don'?t|do not|not) (?:\w+ ){0,4}"
    rf"{_CHANGE}\b|\b(?:afspra\w*|sessie\w*|\w*gesprek\w*|factu\w*|meeting|appointment|session|invoice|call)\b"
)


def refuses(text: str) -> bool:
    """Tell whether a sentence of a text says no; one that asks, puts off or sets a condition does not."""
    return any(_NO.match(one) and not puts_off(one) and not _NOT_A_NO.search(one) for one in _sentences(text))


def puts_off(text: str) -> bool:
    """Tell whether a text speaks of later, first, or a condition."""
    return _PUT_OFF.search(folded(text)) is not None


def asks_a_change(text: str) -> bool:
    """Tell whether a sentence of a text wants the document otherwise."""
    return any(_WISH.search(one.rstrip("?")) and not _NO_WISH.search(one) for one in _sentences(text))


def _sentences(text: str) -> Iterator[str]:
    """Give the sentences of a text, folded, with the question mark of a question; bounded."""
    for paragraph in re.split(r"\n\s*\n", text):
        for one in re.split(r"(?<=\?)\s+|[.!;]+(?:\s+|$)|,? (?:maar|but) ", folded(paragraph)):
            if said := one.strip(" ,")[:400]:
                yield said
