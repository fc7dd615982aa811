"""What a client reads of a rule: one plain sentence from the rule's own values, in both languages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.policy.period import Period, read
from pipeline.policy.policy import Policy, law, retention_rules, shipped_laws, shipped_policies
from pipeline.policy.schema.base import Category, Rule
from pipeline.policy.schema.gates import Act, GateRule, Recipient
from pipeline.policy.schema.people import Question
from pipeline.policy.schema.retention import Event, RetentionRule
from pipeline.policy.sentences import category, event, period, recipient, sentence, term
from tests.policy.promises import POLICIES

SECTIONS = (
    "fields", "consents", "mail", "mail_contents", "gates", "closing", "changes", "processors", "attest", "requests",
    "breach", "backup", "access", "complaints", "signposts",
)  # fmt: skip
PERIODS = st.builds(
    Period, years=st.integers(0, 30), months=st.integers(0, 11), days=st.integers(0, 90), hours=st.integers(0, 72)
)
LANGUAGES = st.sampled_from(["nl", "en"])


def rules_of(policy: Policy) -> list[Rule | Question]:
    own = [rule for section in SECTIONS for rule in getattr(policy, section)]
    laws = [rule for name in shipped_laws() for rule in [*law(name).requests, *law(name).breach]]
    return [*own, *retention_rules(policy), *laws]


def said(policy: str, name: str, language: str) -> str:
    (rule,) = [one for one in rules_of(POLICIES[policy]) if getattr(one, "id", getattr(one, "purpose", "")) == name]
    return sentence(rule, POLICIES[policy], language)


@pytest.mark.parametrize(
    ("written", "dutch", "english"),
    [
        ("P5Y", "5 jaar", "5 years"), ("P1Y", "1 jaar", "1 year"), ("P1M", "1 maand", "1 month"),
        ("P6M", "6 maanden", "6 months"), ("P4W", "4 weken", "4 weeks"), ("P7D", "1 week", "1 week"),
        ("P1D", "1 dag", "1 day"), ("P90D", "90 dagen", "90 days"), ("PT1H", "1 uur", "1 hour"),
        ("PT48H", "48 uur", "48 hours"), ("P1Y6M", "1 jaar en 6 maanden", "1 year and 6 months"),
        ("P0D", "0 dagen", "0 days"),
    ],
)  # fmt: skip
def test_a_term_is_said_as_people_say_it(written: str, dutch: str, english: str) -> None:
    assert (period(read(written), "nl"), period(read(written), "en")) == (dutch, english)


@given(PERIODS, PERIODS, LANGUAGES)
def test_two_terms_sound_the_same_only_when_they_are(one: Period, other: Period, language: str) -> None:
    assert (period(one, language) == period(other, language)) == (one == other)


@pytest.mark.parametrize(
    ("name", "language", "words"),
    [
        ("kleur.general", "nl", ("tot 5 jaar na de afsluiting van de coaching, nooit langer dan 7 jaar. Is dat moment "
         "er niet geweest, dan tellen wij vanaf het verlopen van de offerte.")),
        ("kleur.profile", "en", ("We keep your profile and the questionnaire for your profile until 5 years after the "
         "closing of the coaching. If that moment never came, we count from receipt.")),
        ("law.fiscal", "nl", ("De wet eist dat wij facturen bewaren: ten minste 7 jaar na het einde van het boekjaar "
         "(art. 52 AWR; art. 35a Wet OB).")),
        ("kleur.mail.profile", "nl", ("Wij verwijderen de mail met uw profiel binnen 1 uur na het versturen, met alle "
         "kopieën waar wij bij kunnen. Bij onze mailaanbieder kan het daarna nog hoogstens 30 dagen in een "
         "herstelmap staan.")),
        ("kleur.profile.never", "nl", "Wij geven uw profiel nooit aan derden."),
        ("kleur.report.release", "nl", ("Wij geven uw eindverslag alleen aan de opdrachtgever als u die versie hebt "
         "goedgekeurd. Dat geldt alleen voor precies dit stuk en deze ene ontvanger. U krijgt het eerst. Wat u niet "
         "goedkeurt, verwijderen wij.")),
        ("kleur.access", "en", "Only the owner can see your data."),
        ("kleur.breach", "nl", ("Een datalek melden wij binnen 72 uur nadat het bekend is bij de Autoriteit "
         "Persoonsgegevens, zoals de wet dat vraagt. Wij oefenen dat elk jaar.")),
    ],
)  # fmt: skip
def test_a_rule_is_said_in_words_that_a_client_understands(name: str, language: str, words: str) -> None:
    assert words in said("kleur", name, language)


def test_what_the_law_adds_to_a_request_is_said_where_the_rule_leaves_it_to_the_law() -> None:
    assert "U krijgt antwoord binnen 1 maand na ontvangst van uw verzoek." in said("kleur", "kleur.request", "nl")


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("name", shipped_policies())
def test_every_rule_of_every_policy_is_whole_sentences_without_code(name: str, language: str) -> None:
    for rule in rules_of(POLICIES[name]):
        text = sentence(rule, POLICIES[name], language)
        assert text[0].isupper() or text[0].isdigit(), text
        assert text.endswith((".", "”", "!", "?")), text
        assert not re.search(r"[{}_]|\bNone\b|  |,,|\.\.|\bP\d+[YMWD]\b", text), text


@pytest.mark.parametrize("name", shipped_policies())
def test_no_rule_says_the_same_in_both_languages(name: str) -> None:
    policy = POLICIES[name]
    assert [rule for rule in rules_of(policy) if sentence(rule, policy, "nl") == sentence(rule, policy, "en")] == []


@pytest.mark.parametrize("language", ["nl", "en"])
def test_kinds_of_data_events_and_recipients_each_have_a_name_of_their_own(language: str) -> None:
    for names in ([category(one, language) for one in Category], [event(one, language) for one in Event],
                  [recipient(one, language) for one in Recipient]):  # fmt: skip
        assert len(set(names)) == len(names)


@given(PERIODS.filter(lambda length: length != Period()), st.sampled_from(Event), LANGUAGES)
def test_the_number_that_runs_is_the_number_that_is_read(length: Period, after: Event, language: str) -> None:
    rule = RetentionRule.model_validate({"id": "a.b", "covers": ["contact"], "after": after, "promise": str(length)})
    assert f"{period(length, language)} " in term(rule, language)
    assert event(after, language) in term(rule, language)
    assert term(rule, language) in sentence(rule, POLICIES["kleur"], language)


@given(st.sampled_from(Act), st.sampled_from(Category), st.sampled_from(Recipient), LANGUAGES)
def test_never_is_said_as_never(act: Act, what: Category, whom: Recipient, language: str) -> None:
    gate = GateRule.model_validate({"id": "a.b", "before": act, "covers": [what], "to": [whom], "require": ["never"]})
    text = sentence(gate, POLICIES["kleur"], language)
    assert {"nl": "nooit", "en": "never"}[language] in text and category(what, language) in text
    unless = gate.model_copy(update={"unless": ["legal_duty"]})
    assert {"nl": ", tenzij de wet", "en": ", unless the law"}[language] in sentence(
        unless, POLICIES["kleur"], language
    )
