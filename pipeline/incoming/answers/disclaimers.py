"""What a lawyer wrote below a mail and says nothing of the answer: recognised by its words alone, and taken off.

Pure. A paragraph in which one word is not of that kind stays, so that nobody's own words are lost in it.
"""

from __future__ import annotations

import re

from pipeline.incoming.answers.letters import folded

_DISCLAIMER = re.compile(
    r"disclaimer\b|(?:de informatie|dit (?:e-?mail ?)?bericht|deze e-?mail|aan (?:dit|de inhoud|deze)|the information"
    r"|this (?:e-?mail|message|communication)|the contents? of this|if you (?:have received|are not)|indien (?:u|dit)"
    r"|denk aan het milieu|please consider the environment|think before you print|virusvrij|virus-free)\b"
)
_FEWEST_LEGAL_WORDS = 8
_LEGAL = re.compile(
    r"vertrouwelijk\w*|bestemd|geadresseerden?|onbevoegden?|openbaarmaking|aansprakelijk\w*|ontleend|milieu|avast"
    r"|confidential\w*|intended|recipients?|addressees?|disclosure|liab\w+|privileged|unauthori[sz]ed|environment"
)
_LEGAL_WORDS = frozenset(
    """
    aan aansprakelijk aansprakelijkheid aanvaarden aanvaardt addressed af afdrukken afzender alle alleen als and
    andere anderen any are attachment attachments avast avg be been before bent beoogde bericht berichten berust
    bestemd bestemming bevat bevatten bij bijgevoegde bijlage bijlagen by can com communication company computer
    confidential confidentiality consider contain contained contains content contents copy copying daarvan damage dan
    dat de delete denk derden destroy deze die dienen disclaimer disclosure dissemination distribute distribution dit
    document doen door e een eerder eigen elektronisch email en enige entity environment error etc eventuele for from
    geachte geadresseerde geadresseerden gebracht gebruik gebruiken gecontroleerd geeft geen gelieve gericht gevolg
    gevraagd has have hem het hieraan hierbij hiervan hij if immediately in indien individual inform informatie
    information informeren inhoud intended into is it its juist kan kopieren kunnen legally liability liable mail
    mailbericht mailberichten mails may meegezonden melden message met milieu moet n named niet no nor not notify
    obtained of on onbevoegd onbevoegde onbevoegden onjuiste only onmiddellijk ons ontleend ontstaan ontvangen
    ontvanger ontvangst ontvangt onverwijld onvolledige onze op openbaarmaken openbaarmaking or organisatie
    organisation other our per person personal persoon please print printen printing privacy privileged prohibited
    received rechten recipient recipients rely reply reproductie respective responsible retour rights schade see
    sender sent sharing should software solely staat strictly strikt system te tegen terug thank that the their then
    therein they think this to toegestaan toezending transmission transmitted u uit uitsluitend unauthorised
    unauthorized unlawful us use uw van verbied verboden vermenigvuldiging vernietigen verspreiden verspreiding
    verstrekken vertrouwelijk vertrouwelijke vertrouwelijkheid vervolgens verwijderen verzending verzoeken verzonden
    virus viruses virusfree virussen virusvrij voor voordat voorkomen waarvoor was we well when which whom wij wijze
    with without worden wordt www you your ziet zij zijn zo zonder
    """.split()  # noqa: SIM905  # a list of words reads best as words
)


def without_disclaimer(text: str) -> str:
    """Give a text without what a lawyer wrote at its end."""
    return "\n".join(paragraphs_before([line.strip() for line in text.splitlines()]))


def paragraphs_before(lines: list[str]) -> list[str]:
    """Give lines without the paragraphs at their end that a lawyer wrote."""
    kept = list(lines)
    while kept:
        start = len(kept) - 1
        while start > 0 and kept[start - 1]:
            start -= 1
        said = folded(" ".join(kept[start:])[:3_000])
        if said.strip("_-*= ") and not _is_legal(said):
            break
        del kept[start:]
    return kept


def _is_legal(said: str) -> bool:
    """Tell whether a paragraph is a disclaimer: every word of it is one that lawyers use in those."""
    words = re.findall(r"[^\W\d_]+", said)
    enough = len(words) >= _FEWEST_LEGAL_WORDS or "avast" in words
    return (
        enough
        and "?" not in said
        and bool(_DISCLAIMER.match(said) and _LEGAL.search(said))
        and _LEGAL_WORDS.issuperset(words)
    )
