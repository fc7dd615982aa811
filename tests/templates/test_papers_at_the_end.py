"""The papers of the end of a coaching: forms that are read as a consent is, and no yes that is not one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest

from pipeline import examples
from pipeline.config.report import report_of
from pipeline.edges.press import Printed
from pipeline.incoming.verdict import Expected, Judgement, judge
from pipeline.model import Verdict
from pipeline.outgoing.values.base import Revision
from pipeline.outgoing.values.report import (
    RELEASE,
    Issue,
    Offered,
    approval_values,
    questions_values,
    report_values,
)
from pipeline.policy.policy import read_policy
from pipeline.practice import Practice
from tests.reading import forms
from tests.templates.test_templates import check_boxes, cut, darkest, pictures_of, words_of
from tests.world import World

LANGUAGES = ("nl", "en")
ISSUE = Issue(2, date(2026, 6, 30))
OFFERED = Offered(Issue(3, date(2026, 6, 29)), "Eindverslag", "3fa9c2107bd4" + "0" * 52)
LONG_NAMES = {
    "organisation": "Stichting Regionaal Samenwerkingsverband voor Passend Onderwijs Waterrijk en Omstreken",
    "contact": "mevrouw drs. A.M.J. van der Zandschulp-Oosterhuizen",
    "email": "a.m.j.vanderzandschulp-oosterhuizen@samenwerkingsverband-waterrijk.example",
}

NOTHING: Mapping[str, str] = {}
LONG = pytest.mark.long
every_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with World(tmp_path_factory.mktemp("practice")).opened() as opened:
        yield opened


def revision(language: str, sponsor: Mapping[str, str] = NOTHING, *, sponsored: bool = True) -> Revision:
    found = examples.revisions(language)[1 if sponsored else 0]
    if found.client.sponsor is None:
        return found
    changed = found.client.model_copy(update={"sponsor": found.client.sponsor.model_copy(update=sponsor)})
    return Revision(found.reference, found.number, found.quote_number, found.on, changed)


def approval(practice: Practice, language: str = "nl", sponsor: Mapping[str, str] = NOTHING) -> Printed:
    values = approval_values(revision(language, sponsor), ISSUE, OFFERED, practice.file, practice.policy)
    return practice.press.print(f"{language}/approval.html", values, "K7Q4-MX2P-7", 2, "AB3DE")


def at_closing(language: str, practice: Practice, *, sponsored: bool = True) -> dict[str, Any]:
    refleact = read_policy("refleact", practice.folder, language)
    return questions_values(revision(language, sponsored=sponsored), ISSUE, practice.file, refleact)


def read(practice: Practice, sent: Printed, filled: bytes, purpose: str = RELEASE) -> Judgement:
    places = [(number, 0, number - 1) for number in range(1, sent.pages + 1)]
    found, _ = practice.reader.judge(sent.data, sent.boxes, sent.pages, [filled], places)
    return judge(Expected(2, 2, sent.pages, (purpose,)), found)


def in_ink(sent: Printed, data: bytes) -> bytes:
    page, left, top, width, height = sent.boxes["signature"]
    return forms.with_note(
        data, int(page), "Ink", (left + 5, top + 5, width - 10, height - 10), forms.pen((0, 0, width - 10, height - 10))
    )


def written(data: bytes, top: float) -> bytes:
    """Write a few words on a line of the room, by pen: `top` is in mm from the top of the page."""
    return forms.with_note(data, 1, "Ink", (30, top, 40, 6), forms.pen((0, 0, 40, 6)))


# One reading takes a second: of what is the same in kind, one is read each time and the others now and then.
READ = [
    ("nl", "release-yes", True),
    pytest.param("nl", "release-no", False, marks=LONG),
    pytest.param("en", "release-yes", True, marks=LONG),
    pytest.param("en", "release-no", False, marks=LONG),
]


@pytest.mark.parametrize(("language", "answer", "given"), READ)
def test_the_client_says_yes_or_no_to_one_report_and_the_reader_reads_which(
    practice: Practice, language: str, answer: str, given: bool
) -> None:
    sent = approval(practice, language)
    assert sent.pages == 1 and set(sent.boxes) == {"release-yes", "release-no", "signature"}
    signed = read(practice, sent, in_ink(sent, forms.filled(sent.data, answer)))
    assert (signed.verdict, signed.answers) == (Verdict.SIGNED, {RELEASE: given})


@LONG
def test_a_digital_signature_counts_as_on_a_consent(practice: Practice) -> None:
    sent = approval(practice)
    data = forms.signed(forms.filled(sent.data, "release-yes"), box=sent.boxes["signature"])
    assert read(practice, sent, data).answers == {RELEASE: True}


@LONG
def test_silence_two_answers_and_a_form_without_a_signature_are_no_yes(practice: Practice) -> None:
    sent = approval(practice)
    empty = read(practice, sent, in_ink(sent, sent.data))
    both = read(practice, sent, in_ink(sent, forms.filled(sent.data, "release-yes", "release-no")))
    unsigned = read(practice, sent, forms.filled(sent.data, "release-yes"))
    assert (empty.verdict, empty.answers) == (both.verdict, both.answers) == (Verdict.LOOK, {})
    assert unsigned.verdict is Verdict.NOT_SIGNED
    assert read(practice, sent, sent.data).verdict is Verdict.NOT_SIGNED


@pytest.mark.parametrize("line", [pytest.param(0, marks=LONG), pytest.param(1, marks=LONG), 2])
def test_a_yes_beside_which_something_is_written_goes_to_the_coach(practice: Practice, line: int) -> None:
    sent = approval(practice)
    room = sent.boxes["signature"][2] - 8 - 30.5  # the first line begins so far above the box to sign
    yes = written(in_ink(sent, forms.filled(sent.data, "release-yes")), room + 8 * line)
    assert read(practice, sent, yes).verdict is not Verdict.SIGNED


@every_language
def test_the_form_says_which_report_which_version_to_whom_and_its_seal(practice: Practice, language: str) -> None:
    sent = approval(practice, language)
    text = words_of(sent.data)
    day = {"nl": "29juni2026", "en": "29June2026"}[language]
    for said in ("Eindverslag", "K7Q4-MX2P-4", day, "3fa9c210", "PeterdeVries(Waterrijk)", "peter@sponsor.example"):
        assert said in text
    assert "3fa9c2107" not in text
    assert {"nl": "versie3", "en": "version3"}[language] in text


def letters(text: str) -> str:
    """Give the letters of a text: its marks may stand at the end of a line, where they are read in another way."""
    return "".join(letter for letter in text if letter.isalpha())


@every_language
def test_the_form_is_one_sheet_even_when_all_names_are_long(practice: Practice, language: str) -> None:
    sent = approval(practice, language, LONG_NAMES)
    assert sent.pages == 1
    shown = letters(words_of(sent.data))
    assert all(letters(name) in shown for name in LONG_NAMES.values())


@every_language
def test_boxes_and_signature_keep_the_measures_that_the_reader_counts_on(practice: Practice, language: str) -> None:
    values = at_closing(language, practice)
    papers = [approval(practice, language), practice.press.print(f"{language}/questions.html", values, "C", 2, "AB3DE")]
    for sent in papers:
        for box, (_, *place) in sent.boxes.items():
            assert place[2:] == ([85, 30] if box == "signature" else [5, 5])
        (page, left, top, width, height), picture = sent.boxes["signature"], list(pictures_of(sent.data))
        inside = cut(picture[int(page) - 1], left + 0.7, top + 0.7, left + width - 0.7, top + height - 0.7)
        assert darkest(inside) == 255 and len(check_boxes(sent.data)) == 2


@pytest.mark.parametrize("language", ["nl", pytest.param("en", marks=LONG)])
def test_at_closing_the_policys_own_questions_are_asked_and_read(practice: Practice, language: str) -> None:
    values = at_closing(language, practice)
    assert [question["name"] for question in values["questions"]] == ["keep_in_touch"]
    sent = practice.press.print(f"{language}/questions.html", values, "K7Q4-MX2P-8", 2, "AB3DE")
    assert sent.pages == 1
    found = read(practice, sent, in_ink(sent, forms.filled(sent.data, "keep_in_touch-no")), "keep_in_touch")
    assert (found.verdict, found.answers) == (Verdict.SIGNED, {"keep_in_touch": False})


def test_a_question_about_the_sponsor_is_not_asked_where_there_is_none(practice: Practice) -> None:
    policy = read_policy("refleact", practice.folder, "nl")
    asked = [question.model_copy(update={"needs_sponsor": True}) for question in policy.consents]
    of_a_sponsor = policy.model_copy(update={"consents": asked})
    for sponsored in (True, False):
        values = questions_values(revision("nl", sponsored=sponsored), ISSUE, practice.file, of_a_sponsor)
        assert bool(values["questions"]) is sponsored


@every_language
def test_every_name_in_the_templates_is_one_that_they_get(practice: Practice, language: str) -> None:
    papers = [
        (template, values)
        for each in examples.revisions(language)
        for template, values in examples.at_the_end(each, practice.file, practice.policy).items()
    ]
    assert len(papers) == 5
    for template, values in papers:
        assert practice.press.unknown_names(template, values) == []
        assert practice.press.print(template, values, "CHECK", 1, "").pages >= 1


@pytest.mark.parametrize("sponsored", [True, False])
def test_what_a_report_says_of_itself_is_true_in_every_hand(practice: Practice, sponsored: bool) -> None:
    report = report_of("v.md", b"---\ntaal: en\n---\nText.", language="nl")
    values = report_values(revision("nl", sponsored=sponsored), ISSUE, report, practice.file, practice.policy)
    assert (values["language"], values["report"]["title"]) == ("en", "Final report")
    text = words_of(practice.press.report("en/report.html", values, report, "K7Q4-MX2P-4", 2).data)
    assert ("ItgoestoWaterrijkonlyafterSanneJansenhasapprovedexactlythisversion." in text) is sponsored
    assert ("goestonobodyelse" in text) is not sponsored
