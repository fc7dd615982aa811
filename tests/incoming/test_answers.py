"""Words in the safe direction: a consent taken back and a quote declined are heard, ordinary letters are not."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.incoming.answers.letters import MOST, declines, folded, withdraws, withdraws_below

TAKEN_BACK = [
    "Hierbij trek ik mijn toestemming in.",
    "Ik wil mijn toestemming voor het delen van het profiel graag intrekken.",
    "Bij dezen herroep ik de gegeven toestemming.",
    "Ik geef geen toestemming meer voor het eindverslag.",
    "Mijn toestemming is bij deze ingetrokken.",
    "Ik ben niet langer akkoord met het delen van mijn profiel.",
    "Intrekking toestemming kenmerk K7Q4-MX2P",
    "Ik trek i.v.m. mijn privacy, zoals besproken met dhr. Smit, mijn toestemming in.",
    "Ik trek mijn toestemming in\nDe afspraak van dinsdag gaat gewoon door",
    "Ik wil mijn toestemming terugtrekken.",
    "Ik neem mijn toestemming terug.",
    "Mijn toestemming geldt niet meer.",
    "Mijn toestemming voor het verslag is vanaf vandaag niet meer geldig.",
    "Ik maak mijn toestemming ongedaan.",
    "Bij dezen beëindig ik mijn toestemming.",
    "Ik wil mijn toestemming voor het delen van mijn profiel met mijn werkgever beëindigen.",
    "Deel mijn profiel niet meer; mijn akkoord trek ik in.",
    "Mijn ja op vraag 2 trek ik in.",
    "Verander mijn ja bij vraag 2 in een nee.",
    "Bij vraag 3 wordt het toch nee.",
    "Haal mijn toestemming maar weg.",
    "Schrap mijn toestemming alsjeblieft.",
    "Verwijder mijn toestemming voor de opnames.",
    "Stop mijn toestemming per direct.",
    "Zet die toestemming stop, ik wil mijn toestemming stopzetten.",
    "Wat de toestemming betreft heb ik me bedacht.",
    "Het gaat over de toestemming. Ik trek deze in.",
    "Ik stem er niet langer mee in.",
    "Ik sta niet meer toe dat u mijn gegevens gebruikt.",
    "Ik wil niet meer dat mijn profiel gedeeld wordt.",
    "Ik wil niet dat mijn werkgever het verslag krijgt.",
    "Ik wil het verslag toch liever niet delen met mijn werkgever.",
    "Toch liever niet delen met mijn werkgever.",
    "Deel mijn profiel niet met mijn leidinggevende.",
    "Wilt u stoppen met het delen van mijn gegevens?",
    "Mijn werkgever mag het eindverslag niet meer inzien.",
    "Mijn gegevens mogen niet meer gebruikt worden.",
    "Stuur mijn baas niets meer, ik wil niet dat hij het profiel ziet.",
    "Ik maak bezwaar tegen het delen van mijn verslag.",
    "Ik ga niet akkoord met het delen van mijn profiel.",
    "Mijn machtiging trek ik terug.",
    "trek mn toestemming maar in joh",
    "ik heb spijt, ik draai mijn toestemming terug",
    "I withdraw my consent to the profile.",
    "I hereby revoke the permission that I gave.",
    "I no longer consent to sharing my report.",
    "I hereby cancel my consent.",
    "I take back my consent.",
    "I am withdrawing my agreement.",
    "I'd like to take my permission back.",
    "You no longer have my permission.",
    "You don\u2019t have my consent any more.",
    "My consent is no longer valid.",
    "Please stop sharing my profile.",
    "Please don\u2019t share my report with my employer.",
    "I would rather not share my results.",
    "I don't want my employer to see the report.",
    "I changed my mind about the consent.",
    "I want to opt out.",
    "Please change my yes on question 2 to a no.",
    "I rescind my approval.",
    "Please remove my consent.",
    "ik wil m'n toestemming graag weer intrekken aub",
    "Ik ben van gedachten veranderd, mijn werkgever mag mijn profiel niet zien",
    "Bij nader inzien vind ik het niet prettig dat mijn leidinggevende het verslag krijgt",
    "Kan ik mijn toestemming nog ongedaan maken?",
    "Graag mijn eerdere toestemming als niet gegeven beschouwen",
    "Mijn toestemming komt hierbij te vervallen",
    "Per 1 december vervalt mijn toestemming",
    "Ik verleen geen toestemming meer",
    "Ik verbied u mijn gegevens nog te delen",
    "Beschouw mijn toestemming als vervallen",
    "Zet alles maar op nee",
    "Alles op nee alstublieft",
    "Ik zeg nee tegen het delen van mijn profiel",
    "Niets meer delen met mijn baas graag",
    "Niets delen met mijn werkgever!",
    "U mag niets meer met mijn werkgever delen",
    "Wilt u mijn profiel niet doorsturen naar HR?",
    "Graag mijn verslag niet naar mijn werkgever sturen",
    "Stuur mijn verslag niet naar mijn leidinggevende",
    "Ik wens niet langer dat u mijn gegevens verwerkt",
    "Hou mijn profiel maar liever voor jezelf, ik wil het niet delen",
    "Ik kom terug op mijn toestemming",
    "Ik kom terug op mijn akkoord voor het delen van het profiel",
    "Ik had ja gezegd maar het is nee",
    "Ik heb ja aangekruist bij vraag 2 maar wil dat toch nee maken",
    "Mijn toestemming is niet meer geldig",
    "Ik wil af van mijn toestemming",
    "Ik wil de toestemming stoppen",
    "Ik trek bij deze de toestemmingsverklaring in",
    "Hierbij de intrekking van mijn toestemming",
    "Ik wil me afmelden voor het delen van mijn gegevens",
    "Trek ik hierbij in mijn toestemming",
    "please withdraw it, the consent I mean",
    "I want to stop my consent",
    "I'd prefer that you do not share anything with my boss",
    "Please do not send my report to my employer",
    "Please don't send the profile to HR",
    "My employer should not get my report",
    "My employer may not see my profile",
    "I am no longer comfortable with sharing my profile",
    "I want to pull my consent",
    "Please consider my consent withdrawn",
    "I no longer want you to use my data",
    "I never gave consent for this",
    "Please delete my consent",
    "I don't agree to sharing my data anymore",
    "consider my permission void",
    "Please keep my profile private",
    "ik stem niet meer toe",
    "Ik ben het niet meer eens met het delen van mijn profiel",
    "Geen verslag naar mijn werkgever alsjeblieft",
    "Ik wil geen profiel meer",
    "Ik wil het profiel toch niet laten maken",
    "Laat dat profiel maar zitten",
    "Doe mijn toestemming maar weg",
    "Ik wil niet meer dat de gesprekken worden opgenomen",
]
NOT_TAKEN_BACK = [
    "Bedankt voor de stukken, ik teken ze morgen.",
    "Kunnen we de afspraak verzetten naar dinsdag?",
    "In de bijlage de getekende toestemmingsverklaring.",
    "Ik heb overal ja aangekruist, met toestemming van mijn werkgever.",
    "Ik geef graag toestemming.",
    "Ik geef graag toestemming voor het delen van mijn profiel met mijn werkgever.",
    "Met toestemming van mijn werkgever.",
    "Met toestemming van mijn werkgever trek ik een jas aan in de winter.",
    "Het is koud: voor ik kom, trek ik een jas aan.",
    "Ik trek dinsdag een uur uit voor het gesprek.",
    "Ik heb nog geen toestemming van mijn werkgever voor vrijdag.",
    "Heb ik voor het parkeren een vergunning of toestemming nodig?",
    "Ik stuur de toestemmingsverklaring morgen terug.",
    "Ik neem de verklaring dinsdag mee.",
    "De toestemmingsverklaring zit erbij. De afspraak van vrijdag moet ik annuleren.",
    "Ik wil de afspraak annuleren, de toestemmingsverklaring volgt.",
    "Kunt u de toestemmingsverklaring aanpassen? Mijn naam is verkeerd gespeld.",
    "Mijn e-mailadres gebruik ik niet meer, dit is het nieuwe.",
    "Ik kan het verslag niet meer openen, kunt u het opnieuw delen?",
    "Ik heb het verslag nog niet gedeeld.",
    "Wij trekken in de zomer graag de bergen in.",
    "De afspraak op maandag gaat niet door, kan het ook woensdag?",
    "Wij zien u graag op maandag 4 mei om 10.00 uur in ons kantoor. Neem uw laptop mee.",
    "Ik ga akkoord met de offerte en met de verklaring.",
    "Akkoord, tot dinsdag!",
    "Het profiel is al gedeeld met mijn werkgever, dank.",
    "Ik stop volgende maand met mijn baan.",
    "Ik haal mijn zoon om drie uur op en geef daarna toestemming.",
    "De trein kwam niet meer, vandaar dat ik te laat was.",
    "Ik wil het traject graag in mei starten.",
    "Mijn toestemming heeft u al, zie de bijlage.",
    "Ik heb mijn handtekening op alle bladzijden gezet en twee keer ja gekozen.",
    "Hoe lang bewaart u mijn gegevens?",
    "Kan ik de verklaring ook digitaal ondertekenen?",
    "Zonder toestemming van mijn man teken ik ook.",
    "Ik sta in de file en kom tien minuten later.",
    "Please find the signed consent declaration attached.",
    "I consent to all of it.",
    "I agree with the quote and look forward to starting.",
    "With my employer's permission I can come on Tuesday.",
    "I am taking the train back on Friday.",
    "Do I need permission to park there?",
    "I have not yet signed the consent form, it follows tomorrow.",
    "Could you send the report once more?",
    "Hierbij stuur ik de toestemmingsverklaring terug.",
    "Ik heb ja gezegd op alle vragen.",
    "Ik heb bij vraag 2 nee gekozen, de rest is ja.",
    "Mag mijn werkgever het verslag ook zien? Van mij wel.",
    "Ik wil graag dat mijn werkgever het verslag krijgt.",
    "U mag het verslag delen met mijn leidinggevende.",
    "Ik kan dinsdag niet, mijn baas heeft een vergadering gepland.",
    "Mijn manager ziet het zitten en gaat akkoord.",
    "Ik heb de gegevens van mijn werkgever niet bij de hand.",
    "Wat is uw rekeningnummer? Ik wil mijn gegevens doorgeven.",
    "Ik wil geen koffie, wel thee tijdens het gesprek.",
    "Ik moet het gesprek helaas verzetten.",
    "Kunt u het verslag naar mijn nieuwe adres sturen?",
    "Ik wil de afspraak niet missen, dus ik zet hem in mijn agenda.",
    "Mijn werkgever wil niet dat ik onder werktijd kom.",
    "Ik kom dinsdag terug van vakantie en stuur dan de toestemming.",
    "Ik neem de getekende toestemming dinsdag mee terug.",
    "De link om te tekenen werkt niet meer.",
    "Toestemming getekend, zie bijlage. Tot dinsdag in Utrecht.",
    "Zonder toestemming van mijn leidinggevende kan ik niet starten.",
    "Ik wacht op toestemming van HR.",
    "Wilt u mij laten weten of het gesprek niet doorgaat?",
    "Ik moet u laten weten dat ik niet bij het gesprek kan zijn.",
    "Zou u de uitnodiging willen sturen als de sessie niet online is?",
    "Mijn werkgever betaalt de factuur niet meer dit jaar.",
    "Ik wil graag weten waarom de prijs niet lager is.",
    "Heb je de toestemming van mijn werkgever al binnen?",
    "My employer wants to see the quote first.",
    "I will send the consent back tomorrow.",
    "The consent form is attached, I will be back on Monday.",
    "I can't open the report you shared.",
    "Do you use Teams or Zoom?",
    "I do not want to meet on Friday, could we use another day?",
    "Ik heb het niet meer gered om te tekenen, komt morgen.",
    "Ik heb alles ingevuld en op nee gezet waar ik twijfelde.",
]
DECLINED = [
    "Helaas ga ik niet akkoord met de offerte.",
    "Na overleg zien wij af van het traject.",
    "Ik zie ervan af.",
    "Wij gaan hier niet op in. We gaan niet door met het traject.",
    "Wij wijzen uw offerte af.",
    "We decline your offer.",
    "I will not accept the quote.",
    "Ik zie er vanaf.",
    "Ik zie er toch maar van af, te druk.",
    "Wij zien af van de offerte.",
    "Wij hebben besloten van uw aanbod af te zien.",
    "Wij accepteren de offerte niet.",
    "We nemen de offerte niet aan.",
    "De offerte is niet akkoord.",
    "Mijn leidinggevende is niet akkoord met de offerte.",
    "Het gaat helaas niet door.",
    "Het traject gaat helaas niet door.",
    "We kiezen voor een ander.",
    "Wij hebben gekozen voor een andere coach.",
    "Te duur, we doen het niet.",
    "Helaas, ik doe het toch niet.",
    "Wij maken geen gebruik van uw aanbod.",
    "Wij hebben geen interesse in het traject.",
    "Wij gaan niet in op uw voorstel.",
    "Ik teken de offerte niet.",
    "Uw voorstel nemen wij niet aan.",
    "Ik wil het traject annuleren.",
    "Wij hebben besloten om niet verder te gaan met het traject.",
    "Wij gaan niet akkoord.",
    "We have decided against your proposal.",
    "We will not be proceeding.",
    "We are not going ahead with the programme.",
    "We have chosen another coach.",
    "Unfortunately I cannot accept your offer.",
    "We are turning down the proposal.",
    "Wij gaan het niet doen.",
    "De offerte wijzen wij af.",
    "Wij gaan niet in zee met u.",
    "Helaas moeten wij uw offerte afwijzen.",
    "Het is voor ons te duur, dus we zien ervan af.",
    "Ik stop ermee.",
    "We gaan met een ander in zee.",
    "Wij hebben een andere aanbieder gekozen.",
    "Ik heb besloten het traject niet te starten.",
    "Ik wil niet verder met het traject.",
    "Wij laten het traject niet doorgaan.",
    "Het traject gaat niet door.",
    "Ik heb een andere coach gevonden.",
    "wij gaan niet met uw voorstel akkoord",
    "Ik ga niet in op het aanbod.",
    "Nee, ik ga niet akkoord",
    "De coaching hoeft niet meer",
    "Ik wil geen coaching meer",
    "Trek de offerte maar in",
    "We zien af van verdere begeleiding",
    "I have decided not to go ahead with the coaching.",
    "We don't accept the proposal",
    "Thanks, but we've decided to go with someone else",
    "We will not go ahead with it.",
    "I reject the quote.",
    "No thanks, we are not interested.",
]
NOT_DECLINED = [
    "Ik ga akkoord met de offerte.",
    "Waarom niet op dinsdag?",
    "Kunt u de offerte aanpassen? Dan ga ik graag door.",
    "We accept the quote with pleasure.",
    "Ik ga niet akkoord met dinsdag.",
    "Ik ga niet akkoord met dinsdag als dag; woensdag kan wel.",
    "Ik zie van de week wel af hoe laat het wordt.",
    "Ik zie wel of het dinsdag af is.",
    "De afspraak van dinsdag gaat helaas niet door.",
    "Het gesprek gaat niet door, kan het een andere keer?",
    "We kiezen voor een andere dag.",
    "Wij accepteren de offerte, maar dinsdag kan niet.",
    "Ik kan de offerte niet openen.",
    "Ik kan de offerte niet tekenen omdat mijn printer stuk is.",
    "Ik teken de offerte niet op papier maar digitaal.",
    "De offerte is nog niet akkoord, ik wacht op mijn leidinggevende.",
    "Ik heb de offerte niet ontvangen.",
    "Ik neem de offerte dinsdag mee.",
    "Ik ga niet akkoord met het delen van mijn profiel. Kan het ook zonder?",
    "Ik wil het traject niet annuleren, alleen later beginnen.",
    "Wij wijzen u graag de weg als u er bent.",
    "Ik ga niet op dinsdag, wel op woensdag.",
    "De offerte is wat hoger dan gedacht, kunnen we bellen?",
    "Bedankt voor de offerte!",
    "Dat is niet door mij betaald maar door mijn werkgever.",
    "I am not available on Tuesday.",
    "I did not receive the quote.",
    "I am going with another colleague on Tuesday.",
    "Ik zie de offerte graag tegemoet.",
    "Wij zien de offerte graag in een andere vorm.",
    "We nemen de offerte door.",
    "Wij zien uit naar het traject.",
    "Ik neem contact op als de offerte niet klopt.",
    "De offerte is akkoord, mits dinsdag niet nodig is.",
    "Wij gaan akkoord, maar de factuur moet niet naar mij.",
    "Kan het traject ook niet op dinsdag?",
    "Ik ga niet met de auto maar met de trein.",
    "Is er een andere coach in uw praktijk?",
    "De printer doet het niet.",
    "De link doet het niet, kunt u de offerte opnieuw sturen?",
    "Mijn computer doet het niet en daarom kan ik niet tekenen.",
    "We gaan door met het traject.",
    "Het duurt niet lang meer.",
    "I cannot open the quote.",
    "We will go ahead with the proposal.",
    "The meeting will not go ahead.",
    "Het gesprek van morgen doe ik niet digitaal maar op kantoor.",
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


@pytest.mark.parametrize("said", DECLINED)
def test_a_quote_that_is_declined_takes_no_consent_back(said: str) -> None:
    assert not withdraws(said)


def test_a_line_that_is_broken_by_the_mail_program_is_heard_all_the_same() -> None:
    assert withdraws("Hierbij trek ik\nmijn toestemming\nin.")
    assert withdraws("Hierbij trek ik\n\nmijn toestemming\n\nin.")


def test_two_sentences_that_have_nothing_to_do_with_each_other_are_not_read_as_one() -> None:
    assert not withdraws("Ik geef toestemming. Wilt u de afspraak intrekken?")
    assert not withdraws("Mijn toestemming heeft u\n\nIk trek mij nu even terug")


@pytest.mark.parametrize("hidden", ["\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u0301", "\u034f"])
def test_what_nobody_sees_hides_no_word(hidden: str) -> None:
    assert withdraws(hidden.join("Ik trek mijn toestemming in."))


@pytest.mark.parametrize(
    "said",
    [
        "IK TREK MIJN TOESTEMMING IN",
        "Ik trek mijn *toestemming* _in_",
        "Ik \uff54\uff52\uff45\uff4b mijn toestemming in",
        "Ik bee\u0308indig mijn toestemming",
        "Ik\u00a0trek\u2003mijn\ttoestemming\u2028in",
        "Ik trek m\u2019n toestemming in",
    ],
)
def test_words_are_heard_however_they_are_written(said: str) -> None:
    assert withdraws(said)


MAILS = sorted(Path("templates").glob("*/mail/*.txt"))


@pytest.mark.parametrize("mail", MAILS, ids=lambda path: f"{path.parts[1]}-{path.stem}")
def test_the_mails_that_we_send_say_neither_even_without_a_mark_that_they_are_quoted(mail: Path) -> None:
    text = re.sub(r"{%.*?%}", "", mail.read_text(encoding="utf-8"))
    assert text and not withdraws(text) and not declines(text)


OURS = (
    "Beste Sanne,\n\nU bent bij elke vraag vrij om nee te zeggen, en uw toestemming kunt u later altijd weer intrekken "
    'met een mail aan mij. Schrijf dan: "Ik trek mijn toestemming in."\n\nMarjan\n'
)
HEADS = "Van: Marjan <marjan@delinde.example>\nVerzonden: dinsdag 4 maart 2025\nAan: Sanne\nOnderwerp: papieren\n\n"
WRAPPED = (
    "Beste Sanne,\n\nU bent bij elke vraag vrij om nee te zeggen, en uw\ntoestemming kunt u later altijd weer "
    'intrekken met\neen mail aan mij. Schrijf dan: "Ik trek mijn\ntoestemming in."\n\nMarjan\n'
)


@pytest.mark.parametrize("quoted", [OURS, WRAPPED, WRAPPED.upper(), "> " + OURS.replace("\n", "\n> ")])
def test_our_own_words_below_an_answer_take_nothing_back_and_hers_do(quoted: str) -> None:
    assert withdraws(quoted.replace("> ", ""))
    assert not withdraws_below(f"Dank voor de uitleg!\n\n{HEADS}{quoted}", OURS)
    assert withdraws_below(f"{HEADS}{quoted}\nHierbij trek ik mijn toestemming in.\nSanne", OURS)


def test_what_is_left_out_of_the_middle_makes_no_sentence_of_what_is_around_it() -> None:
    text = f"Mijn toestemming heeft u\n> zie hieronder\n{OURS}trekken we ons dan niet terug?"
    assert not withdraws_below(text, OURS)


def test_without_a_mail_that_it_answers_all_that_is_not_marked_as_quoted_is_hers() -> None:
    assert withdraws_below(f"{HEADS}Beste Sanne,\n\nIk trek mijn toestemming in.", "")
    assert not withdraws_below(f"{HEADS}> Ik trek mijn toestemming in.", "")


NEAR = [
    "trek ", "trek mijn ", "in te ", "ik trek mijn toestemmin in ", "toestemming ", "niet ", "geen ", "mijn ", "deel ",
    "profiel ", "delen ", "wil ", "a", " ", ".", "'", "-", "\n", "\n\n", "\n\nA", "\n\na", "...", ".a", "i.v.m.", "_",
    "*", "offerte ", "zie er van ", "de offerte is nog ", "accepteren offerte ", "gaan niet ", "kiezen een andere ",
    "toestemming neem ", "mijn ja ", "haal mijn toestemming ", "verander ja ", "niet meer ", "\u00ad", "\ufdfa",
    "\u0301a", "consent take ", "don't give ", "my ", "not not ", "het niet ", "van offerte zie ",
    "geldt niet toestemming ",
    "verwijder mijn de ", "wil profiel delen ", "offerte a a a a ", "trek hem a ", "doe het toch ", "zie ik wij we er ",
    "mijn toestemming a a a a a a a a a a a ", "trek trek in in terug ",
]  # fmt: skip


@pytest.mark.parametrize("pieces", [NEAR[::4], pytest.param(NEAR, marks=pytest.mark.long)], ids=["some", "all"])
def test_a_letter_that_is_made_to_take_long_does_not(pieces: list[str]) -> None:
    slowest = 0.0
    for piece in pieces:
        letter = (piece * (20_000 // len(piece) + 1))[:20_000]
        start = time.process_time()
        withdraws(letter), declines(letter), withdraws_below(letter, letter[:5_000])
        slowest = max(slowest, time.process_time() - start)
    assert slowest < 1


@given(st.lists(st.sampled_from(NEAR), min_size=1, max_size=60))
def test_whatever_is_said_before_a_consent_that_is_taken_back_it_is_heard(pieces: list[str]) -> None:
    assert withdraws("".join(pieces) + ".\n\nHierbij trek ik mijn toestemming in.")


def test_a_sentence_that_goes_on_and_on_is_heard_at_its_end() -> None:
    assert withdraws("en toen en toen " * (MOST // 20) + "trek ik mijn toestemming in")


@given(st.text(max_size=300))
def test_a_folded_text_is_folded(text: str) -> None:
    assert "\n" not in folded(text) and folded(folded(text)) == folded(folded(folded(text)))
