"""Words in the safe direction: a consent taken back and a quote declined are heard, ordinary letters are not."""

from __future__ import annotations

import pytest

from pipeline.incoming.answers import declines, withdraws

TAKEN_BACK = [
    "Hierbij trek ik mijn toestemming in.",
    "Ik wil mijn toestemming voor het delen van het profiel graag intrekken.",
    "Bij dezen herroep ik de gegeven toestemming.",
    "Ik geef geen toestemming meer voor het eindverslag.",
    "Mijn toestemming is bij deze ingetrokken.",
    "Ik ben niet langer akkoord met het delen van mijn profiel.",
    "Intrekking toestemming kenmerk K7Q4-MX2P",
    "I withdraw my consent to the profile.",
    "I hereby revoke the permission that I gave.",
    "I no longer consent to sharing my report.",
]
NOT_TAKEN_BACK = [
    "Bedankt voor de stukken, ik teken ze morgen.",
    "Kunnen we de afspraak verzetten naar dinsdag?",
    "In de bijlage de getekende toestemmingsverklaring.",
    "Ik heb overal ja aangekruist, met toestemming van mijn werkgever.",
    "Please find the signed consent declaration attached.",
]
DECLINED = [
    "Helaas ga ik niet akkoord met de offerte.",
    "Na overleg zien wij af van het traject.",
    "Ik zie ervan af.",
    "Wij gaan hier niet op in. We gaan niet door met het traject.",
    "Wij wijzen uw offerte af.",
    "We decline your offer.",
    "I will not accept the quote.",
]
NOT_DECLINED = [
    "Ik ga akkoord met de offerte.",
    "Waarom niet op dinsdag?",
    "Kunt u de offerte aanpassen? Dan ga ik graag door.",
    "We accept the quote with pleasure.",
]


@pytest.mark.parametrize("said", TAKEN_BACK)
def test_a_consent_that_is_taken_back_is_heard(said: str) -> None:
    assert withdraws(f"Beste Marjan,\n\n{said}\n\nGroet, Sanne")


@pytest.mark.parametrize("said", NOT_TAKEN_BACK)
def test_an_ordinary_letter_takes_nothing_back(said: str) -> None:
    assert not withdraws(f"Beste Marjan,\n\n{said}\n\nGroet, Sanne")


@pytest.mark.parametrize("said", DECLINED)
def test_a_declined_quote_is_heard(said: str) -> None:
    assert declines(f"Geachte mevrouw,\n\n{said}\n\nMet groet")


@pytest.mark.parametrize("said", NOT_DECLINED)
def test_an_ordinary_letter_declines_nothing(said: str) -> None:
    assert not declines(f"Geachte mevrouw,\n\n{said}\n\nMet groet")


def test_a_line_that_is_broken_by_the_mail_program_is_heard_all_the_same() -> None:
    assert withdraws("Hierbij trek ik\nmijn toestemming\nin.")
