"""Nothing that comes in by mail gets further than it should: not by malice, and not by bad luck.

Each test brings something to a practice that waits for its papers, and says how far it may come.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Pdf, String
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from pipeline import attention
from pipeline.edges.database import Database
from pipeline.edges.reader import Reader
from pipeline.errors import UsageError
from pipeline.incoming import message, understand
from pipeline.incoming.answers import letters
from pipeline.incoming.verdict import Expected, judge
from pipeline.model import Kind, MailState
from pipeline.outgoing.opening import reminders
from pipeline.practice import opened
from pipeline.worker import utc_now
from tests.incoming import samples
from tests.promises import adversary
from tests.promises.adversary import (
    ACCEPTED,
    BRAM,
    COUPLE,
    KIM,
    PROVIDER,
    SANNE,
    STRANGER,
    YES,
    Desk,
    Paper,
    letter,
    note,
    typed,
)
from tests.reading import forms
from tests.reading.test_certificates import appended, other_text
from tests.reading.test_certificates import page as page_of
from tests.world import CLIENT, COACH, SPONSOR

CONSENT, QUOTE = Kind.CONSENT, Kind.QUOTE
LONG = {
    "rotated",
    "half",
    "shifted",
    "enlarged",
    "white_words",
    "both",
    "unanswered",
    "moved_box",
    "hidden_box",
    "solid",
    "no_strokes",
    "marker",
    "one_line",
}


def marked(change: Callable[..., object]) -> Any:
    """Give a change by its name, marked when it is one for the long suite."""
    name = change.__name__
    return pytest.param(change, id=name, marks=[pytest.mark.long] if name in LONG else [])


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """The real reader, once: it loads for seconds."""
    made = Reader(tmp_path_factory.mktemp("reader"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A practice whose papers are out."""
    root = tmp_path_factory.mktemp("out")
    adversary.send_papers(root)
    return root


@pytest.fixture(scope="session")
def revised_shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A practice that sent Sanne a second version."""
    root = tmp_path_factory.mktemp("revised")
    adversary.send_papers(root, revised=True)
    return root


@pytest.fixture
def desk(shelf: Path, tmp_path: Path, reader: Reader) -> Iterator[Desk]:
    """A copy of the practice that waits."""
    with adversary.desk(shelf, tmp_path, reader) as made:
        yield made


@pytest.fixture
def revised(revised_shelf: Path, tmp_path: Path, reader: Reader) -> Iterator[Desk]:
    """A copy of the practice that waits for the second version."""
    with adversary.desk(revised_shelf, tmp_path, reader) as made:
        yield made


# What books itself, and what does not


def test_both_papers_digitally_signed_from_a_proven_sender_book_themselves(desk: Desk) -> None:
    papers = [desk.paper(SANNE, kind).sealed() for kind in (QUOTE, CONSENT)]
    desk.bring(desk.answer(SANNE, *papers))
    assert desk.verdicts() == [("quote", "signed", "booked"), ("consent", "signed", "booked")]
    assert desk.consents() == ACCEPTED and desk.owed() == {"quote": "fulfilled", "consent": "fulfilled"}
    assert desk.waits() == [] and desk.whole()


def test_a_digital_signature_that_is_seen_in_the_box_books_itself(desk: Desk) -> None:
    paper = desk.paper(SANNE, CONSENT)
    desk.bring(desk.answer(SANNE, forms.signed(paper.filled(), box=paper.boxes["signature"])))
    assert desk.booked() == 1 and desk.consents() == ACCEPTED


def test_a_signed_paper_with_another_copy_that_answers_otherwise_gives_nothing(desk: Desk) -> None:
    paper = desk.paper(SANNE, CONSENT)
    desk.bring(desk.answer(SANNE, paper.sealed(), paper.filled(YES | {"coaching": False})))
    assert desk.booked() == 0 and not desk.given() and desk.waits() == ["return"]


def test_a_sender_is_the_same_in_capitals(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).sealed(), sender="Sanne <SANNE@HOME.EXAMPLE>"))
    assert desk.booked() == 1


UNPROVEN = {
    "no word of the provider": {"proof": ""},
    "a word of another provider": {"proof": "mx.elsewhere.example; dmarc=pass header.from=home.example"},
    "the provider's name in a comment": {"proof": f"mx.evil.example ({PROVIDER}); dmarc=pass header.from=home.example"},
    "a pass for another domain": {"proof": f"{PROVIDER}; dmarc=pass header.from=elsewhere.example"},
    "a pass in a comment": {"proof": f"{PROVIDER}; dmarc=none (dmarc=pass header.from=home.example)"},
    "a pass in a quoted reason": {"proof": f'{PROVIDER}; dkim=fail reason="; dmarc=pass header.from=home.example"'},
    "a policy that fails, with a pass for the envelope": {
        "proof": f"{PROVIDER}; spf=pass smtp.mailfrom=home.example; dmarc=fail header.from=home.example"},
    "a signature of another domain": {"proof": f"{PROVIDER}; dkim=pass header.d=elsewhere.example"},
    "an address with a plus": {"sender": "sanne+x@home.example"},
    "an address as the name of another": {"sender": f'"{CLIENT}" <{STRANGER}>'},
    "another address, proven": {"sender": STRANGER},
}  # fmt: skip


@pytest.mark.parametrize("how", UNPROVEN.values(), ids=UNPROVEN.keys())
def test_what_comes_from_an_unproven_sender_never_books_itself(desk: Desk, how: dict[str, str]) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).sealed(), **how))
    assert desk.verdicts() == [("consent", "signed", "proposed")] and not desk.given()


def test_a_second_word_of_the_provider_below_the_first_proves_nothing(desk: Desk) -> None:
    mail = desk.answer(SANNE, desk.paper(SANNE, CONSENT).sealed(), proof=f"{PROVIDER}; dmarc=none")
    mail["Authentication-Results"] = f"{PROVIDER}; dmarc=pass header.from=home.example"
    desk.bring(mail)
    assert desk.booked() == 0


SOMEBODY = "mallory@home.example"


@pytest.mark.parametrize(
    "written",
    [
        f"{CLIENT} <{SOMEBODY}>",
        f'"{CLIENT}," <{SOMEBODY}>',
        f"{SOMEBODY} ({CLIENT})",
        f"{SOMEBODY}, {CLIENT}",
        f"{CLIENT}: {SOMEBODY};",
        f"<{CLIENT}> <{SOMEBODY}>",
        f"{SOMEBODY}\r\n <{CLIENT}",
        f"=?utf-8?q?{CLIENT.replace('@', '=40')}?= <{SOMEBODY}>",
        f'"{CLIENT}"@home.example',
        f"<@home.example:{SOMEBODY}>, {CLIENT}",
    ],
)
def test_another_person_at_the_same_provider_is_not_taken_for_the_client(written: str) -> None:
    assert message.read(f"From: {written}\r\n\r\nHierbij.".encode()).sender != CLIENT


@pytest.mark.parametrize("second", [f"From: {STRANGER}", f"From : Peter <{SPONSOR}>", "From: undisclosed"])
def test_a_mail_with_two_senders_books_nothing(desk: Desk, second: str) -> None:
    raw = desk.answer(SANNE, desk.paper(SANNE, CONSENT).sealed()).as_bytes()
    desk.bring(raw.replace(b"From: ", f"{second}\nFrom: ".encode(), 1))
    assert desk.booked() == 0


def test_the_practice_can_want_to_confirm_everything(shelf: Path, tmp_path: Path, reader: Reader) -> None:
    with adversary.desk(shelf, tmp_path, reader) as desk:
        desk.world.change(r"^mail:$", "returns: {confirm: always}\nmail:")
        desk.practice.reread()
        desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).sealed()))
        assert desk.verdicts() == [("consent", "signed", "proposed")]


def empty_look(pdf: Pdf) -> None:
    adversary.looks(pdf, "profile_take-yes", "on", b"")


def other_look(pdf: Pdf) -> None:
    adversary.looks(pdf, "profile_take-yes", "on", b"")
    adversary.looks(pdf, "profile_take-no", "Off", b"0 g 2 w 2 2 m 12 12 l 2 12 m 12 2 l S")


def hidden_layer(pdf: Pdf) -> None:
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("layer")))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer]), Order=Array([layer])))
    adversary.field(pdf, "profile_take-yes").OC = layer


def hidden_box(pdf: Pdf) -> None:
    adversary.field(pdf, "profile_take-yes").F = 2


def second_box(pdf: Pdf) -> None:
    copy = pdf.make_indirect(Dictionary(dict(adversary.field(pdf, "profile_take-yes").items())))
    copy.Rect = Array([400, 400, 420, 420])
    pdf.pages[0].Annots.append(copy)
    pdf.Root.AcroForm.Fields.append(copy)


def moved_box(pdf: Pdf) -> None:
    yes, no = (adversary.field(pdf, f"profile_take-{word}") for word in ("yes", "no"))
    yes.Rect, no.Rect = no.Rect, yes.Rect


def script(pdf: Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("this.getField('coaching-yes').value = 'on'"))


def attached(pdf: Pdf) -> None:
    pdf.attachments["terms.txt"] = b"other terms"


def rotated(pdf: Pdf) -> None:
    pdf.pages[0].Rotate = 90


def half(pdf: Pdf) -> None:
    pdf.pages[0].CropBox = Array([0, 421, 595.28, 841.89])


def shifted(pdf: Pdf) -> None:
    pdf.pages[0].MediaBox = Array([50, 50, 645, 891])


def enlarged(pdf: Pdf) -> None:
    pdf.pages[0].UserUnit = 2


def written_over(pdf: Pdf) -> None:
    pdf.pages[0].contents_add(b"q 1 g 50 600 300 60 re f Q")


def white_words(pdf: Pdf) -> None:
    pdf.pages[0].contents_add(b"q 1 g 60 300 200 1 re f Q")


def both(pdf: Pdf) -> None:
    box = adversary.field(pdf, "profile_take-no")
    box.V = box.AS = Name("/on")


def unanswered(pdf: Pdf) -> None:
    box = adversary.field(pdf, "profile_take-yes")
    box.V = box.AS = Name.Off


def more_pages(pdf: Pdf) -> None:
    pdf.add_blank_page()


UNTRUE = [
    empty_look, other_look, hidden_layer, hidden_box, second_box, moved_box, script, attached, rotated, half, shifted,
    enlarged, written_over, white_words, both, unanswered, more_pages,
]  # fmt: skip


@pytest.mark.parametrize("change", [marked(change) for change in UNTRUE])
def test_a_paper_that_was_tampered_with_before_it_was_digitally_signed_never_books_itself(
    desk: Desk, change: Callable[[Pdf], None]
) -> None:
    data = adversary.changed(desk.paper(SANNE, CONSENT).filled(), change)
    desk.bring(desk.answer(SANNE, forms.signed(data)))
    assert desk.booked() == 0 and not desk.given() and desk.waits() == ["return"]


def refusal_in_the_box(paper: Paper) -> bytes:
    left, top, width, height = paper.box
    return note(paper.filled(), 1, "FreeText", (left + 5, top + 5, width - 10, height - 10), typed("NIET AKKOORD", 24))


def refusal_beside_the_box(paper: Paper) -> bytes:
    left, top, _, _ = paper.box
    return note(paper.filled(), 1, "FreeText", (left + 90, top, 60, 10), typed("NIET AKKOORD", 18))


def sticky_note(paper: Paper) -> bytes:
    def add(pdf: Pdf) -> None:
        said = Dictionary(
            Type=Name.Annot, Subtype=Name.Text, Rect=Array([400, 700, 420, 720]), F=4,
            Contents=String("Alleen akkoord als mijn werkgever het verslag niet krijgt."),
        )  # fmt: skip
        pdf.pages[0].Annots.append(pdf.make_indirect(said))

    return adversary.changed(paper.filled(), add)


def amount_covered(paper: Paper) -> bytes:
    return note(paper.filled(), 1, "FreeText", (20, 20, 60, 12))


WRITTEN = [refusal_in_the_box, refusal_beside_the_box, sticky_note, amount_covered]


@pytest.mark.parametrize("write", [marked(write) for write in WRITTEN])
def test_a_paper_with_something_written_on_it_never_books_itself_though_it_is_digitally_signed(
    desk: Desk, write: Callable[[Paper], bytes]
) -> None:
    desk.bring(desk.answer(SANNE, forms.signed(write(desk.paper(SANNE, CONSENT)))))
    assert desk.booked() == 0 and desk.waits() == ["return"]


def test_words_typed_where_name_and_place_go_do_not_book_themselves_though_digitally_signed(reader: Reader) -> None:
    paper = forms.sent()
    page, left, top, _, _ = paper.boxes["signature"]
    ticked = [
        f"{name}-yes" for name in ("coaching", "profile_take", "profile_share", "report_receive", "keep_in_touch")
    ]
    row = (left - 70, top + 5, 60, 10)
    data = note(forms.filled(paper.data, *ticked), int(page), "FreeText", row, typed("NIET AKKOORD", 16))
    found, _ = reader.judge(paper.data, paper.boxes, paper.pages, [forms.signed(data)], paper.places)
    expected = Expected(2, 2, paper.pages, tuple(name.removesuffix("-yes") for name in ticked), sender_sure=True)
    assert not judge(expected, found).books_itself


def test_a_paper_that_was_changed_after_it_was_digitally_signed_is_altered(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, appended(desk.paper(SANNE, QUOTE).sealed(), other_text)))
    assert desk.verdicts() == [("quote", "altered", "proposed")]


def test_a_box_that_was_ticked_after_the_digital_signature_gives_no_consent(desk: Desk) -> None:
    sealed = desk.paper(SANNE, CONSENT).sealed(YES | {"coaching": False})
    desk.bring(desk.answer(SANNE, appended(sealed, other_tick)))
    assert desk.booked() == 0 and not desk.given()


def other_tick(writer: IncrementalPdfFileWriter) -> None:
    for reference in page_of(writer, 0)["/Annots"]:
        box = reference.get_object()
        if box.get("/T") in {"coaching-yes", "coaching-no"}:
            state = "/on" if box["/T"] == "coaching-yes" else "/Off"
            box[generic.pdf_name("/V")] = box[generic.pdf_name("/AS")] = generic.pdf_name(state)
            writer.mark_update(reference)


def test_a_digital_signature_over_another_document_with_our_code_on_it_is_no_signature(desk: Desk) -> None:
    other = adversary.changed(desk.paper(SANNE, CONSENT).filled(), other_words)
    desk.bring(desk.answer(SANNE, forms.signed(other)))
    assert desk.booked() == 0 and "signed" not in {verdict for _, verdict, _ in desk.verdicts()}


def other_words(pdf: Pdf) -> None:
    pdf.pages[0].contents_add(b"q 1 g 60 500 400 250 re f Q")


def test_a_certificate_in_the_name_of_the_other_who_shares_the_address_books_nothing_by_itself(desk: Desk) -> None:
    desk.bring(desk.answer(BRAM, desk.paper(BRAM, CONSENT).sealed(name=KIM)))
    assert desk.booked() == 0 and desk.waits() == ["return"]


def test_a_letter_that_declines_the_quote_books_nothing_though_the_paper_in_it_is_digitally_signed(desk: Desk) -> None:
    text = "Helaas ga ik niet akkoord met de offerte. Het formulier had ik al getekend."
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, QUOTE).sealed(), text=text))
    assert desk.booked() == 0 and desk.waits() != []


def test_a_letter_that_takes_the_consent_back_books_nothing_though_the_paper_in_it_is_digitally_signed(
    desk: Desk,
) -> None:
    text = "Ik had al getekend, maar ik trek mijn toestemming in."
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).sealed(), text=text))
    assert desk.booked() == 0 and set(desk.consents().values()) == {0}


def test_a_quote_that_was_declined_does_not_book_itself_afterwards(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, text="Helaas ga ik niet akkoord met de offerte."))
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, QUOTE).sealed(), text="Toch wel."))
    assert desk.booked() == 0 and desk.waits() == ["decline", "return"]


def test_a_signed_quote_that_the_coach_accepts_after_a_decline_settles_what_was_owed(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, text="Helaas ga ik niet akkoord met de offerte."))
    desk.accept("decline")
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, QUOTE).drawn(), text="Toch wel."))
    desk.accept()
    assert desk.owed()["quote"] == "fulfilled"


# What is not signed


def solid(paper: Paper) -> bytes:
    _, _, width, height = paper.box
    return note(paper.filled(), 1, "Stamp", paper.box, f"0 0 0.4 rg 0 0 {width * 3} {height * 3} re f")


def white_ink(paper: Paper) -> bytes:
    return note(paper.filled(), 1, "Ink", paper.box, forms.pen(paper.box).replace("0 0 0.5 RG", "1 1 1 RG"))


def no_strokes(paper: Paper) -> bytes:
    return note(paper.filled(), 1, "Ink", paper.box, "q Q")


def one_line(paper: Paper) -> bytes:
    return note(paper.filled(), 1, "Ink", paper.box, "0 0 0.5 RG 1.5 w 20 40 m 200 40 l S")


def marker(paper: Paper) -> bytes:
    return note(paper.filled(), 1, "Highlight", paper.box, "1 1 0 rg 10 10 200 50 re f")


def beside(paper: Paper) -> bytes:
    left, top, width, height = paper.box
    under = (left, top + height + 5, width, height)
    return note(paper.filled(), 1, "Ink", under, forms.pen(under))


def photographed(paper: Paper, quality: int = 70) -> bytes:
    with pypdfium2.PdfDocument(paper.filled()) as document:
        document.init_forms()
        picture = io.BytesIO()
        document[0].render(scale=150 / 72).to_pil().save(picture, "JPEG", quality=quality)
    return picture.getvalue()


UNSIGNED = [solid, white_ink, no_strokes, one_line, marker, beside, photographed]


@pytest.mark.parametrize("write", [marked(write) for write in UNSIGNED])
def test_a_paper_whose_signature_box_bears_no_name_is_never_taken_as_signed(
    desk: Desk, write: Callable[[Paper], bytes]
) -> None:
    desk.bring(desk.answer(SANNE, write(desk.paper(SANNE, CONSENT))))
    ((_, verdict, state),) = desk.verdicts()
    assert verdict != "signed" and state == "proposed" and not desk.given()


def test_a_tick_that_is_drawn_over_an_untouched_field_waits_for_the_coach(desk: Desk) -> None:
    paper = desk.paper(SANNE, CONSENT)
    data = paper.filled({purpose: given for purpose, given in YES.items() if purpose != "coaching"})
    _, left, top, width, height = paper.boxes["coaching-yes"]
    drawn = note(data, 1, "Ink", (left, top, width, height), "0 0 0.5 RG 1.5 w 2 6 m 6 2 l 12 12 l S")
    desk.bring(desk.answer(SANNE, forms.signed(drawn)))
    assert desk.booked() == 0 and desk.waits() == ["return"]


def test_the_two_pages_of_a_quote_are_both_needed_and_one_of_them_twice_is_one(desk: Desk) -> None:
    paper = desk.paper(SANNE, QUOTE)
    desk.bring(desk.answer(SANNE, adversary.joined((paper.drawn(), [0, 0]))))
    ((_, verdict, _),) = desk.verdicts()
    assert verdict == "incomplete"


def test_a_paper_that_was_countersigned_and_forwarded_back_is_no_new_signature(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, QUOTE).data, desk.paper(SANNE, CONSENT).data))
    assert {verdict for _, verdict, _ in desk.verdicts()} == {"not_signed"} and not desk.given()


# Whose it is


def pasted(over: bytes, under: bytes) -> bytes:
    """Print the code of one page over that of another: the corner in which it stands."""
    with Pdf.open(io.BytesIO(over)) as source, Pdf.open(io.BytesIO(under)) as target:
        for page, other in zip(target.pages, source.pages, strict=True):
            form = target.copy_foreign(other.as_form_xobject())
            name = page.add_resource(form, Name.XObject)
            corner = "390 0 206 110 re"
            page.contents_add(f"q 1 g {corner} f {corner} W n {name} Do Q".encode())
        saved = io.BytesIO()
        target.save(saved)
    return saved.getvalue()


def test_a_code_that_was_pasted_over_that_of_another_dossier_makes_no_signed_paper_of_it(desk: Desk) -> None:
    forged = pasted(desk.paper(SANNE, CONSENT).data, desk.paper(BRAM, CONSENT).drawn())
    desk.bring(desk.answer(SANNE, forged))
    assert not [one for one in desk.verdicts() if one[1] == "signed"] and desk.waits() != []
    assert not desk.given() and not desk.given(BRAM)


def test_a_code_pasted_over_that_of_another_dossier_does_not_book_itself_with_a_digital_signature(desk: Desk) -> None:
    forged = pasted(desk.paper(SANNE, CONSENT).data, desk.paper(BRAM, CONSENT).filled())
    desk.bring(desk.answer(SANNE, forms.signed(forged)))
    assert desk.booked() == 0 and not desk.given() and not desk.given(BRAM)


def test_papers_of_two_dossiers_in_one_mail_are_booked_in_neither(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).sealed(), desk.paper(BRAM, CONSENT).sealed(name=BRAM)))
    assert desk.verdicts() == [] and desk.waits() == ["unmatched"]


def test_papers_of_one_dossier_in_an_answer_to_the_mail_of_another_are_booked_in_neither(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(BRAM, CONSENT).sealed(name=BRAM)))
    assert desk.verdicts() == [] and desk.waits() == ["unmatched"]


def test_a_fingerprint_of_another_dossier_in_the_file_is_a_doubt(desk: Desk) -> None:
    def rewrite(pdf: Pdf) -> None:
        pdf.docinfo["/PipelineDocument"] = f"{desk.reference(BRAM)}-2 v1"

    data = adversary.changed(desk.paper(SANNE, CONSENT).filled(), rewrite)
    desk.bring(desk.answer(SANNE, forms.signed(data)))
    assert desk.verdicts() == [] and desk.waits() == ["unmatched"]


def test_an_old_thread_under_another_subject_says_nothing_of_the_dossier(desk: Desk) -> None:
    message_id, _, _ = desk.sent(KIM)
    mail = letter(STRANGER, "Iets heel anders", "Zie bijlage", desk.paper(SANNE, CONSENT).drawn())
    mail["References"] = message_id
    desk.bring(mail)
    assert desk.rows("SELECT dossier FROM returns") == [(desk.reference(SANNE),)]


def test_pages_of_one_dossier_are_never_booked_into_another_to_which_the_mail_is_assigned(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(BRAM, CONSENT).sealed(name=BRAM)))
    attention.assign(desk.practice, desk.number("unmatched"), desk.reference(SANNE), utc_now())
    understand.understand(desk.practice, utc_now(), lambda _: None)
    assert desk.verdicts() == [] and desk.waits() == ["papers"] and not desk.given()


def test_a_plain_mail_from_an_address_that_a_couple_shares_is_asked_about(desk: Desk) -> None:
    desk.bring(letter(COUPLE, "Vraag", "Wanneer kunnen we beginnen?"))
    assert desk.rows("SELECT dossier FROM mails") == [(None,)] and desk.waits() == ["unmatched"]


def test_the_quote_of_the_sponsor_signed_by_the_client_is_shown_with_who_sent_it(desk: Desk) -> None:
    quote = desk.paper(KIM, QUOTE).sealed(name=KIM)
    desk.bring(desk.answer(KIM, quote))
    assert desk.booked() == 0 and desk.owed(KIM)["quote"] == "awaited"
    assert COUPLE in " ".join(desk.waiting()[0].reasons)


def test_the_consent_of_the_client_sent_by_the_sponsor_is_shown_with_who_sent_it(desk: Desk) -> None:
    desk.bring(desk.answer(KIM, desk.paper(KIM, CONSENT).sealed(name=KIM), party="sponsor"))
    assert desk.booked() == 0 and not desk.given(KIM)
    assert SPONSOR in " ".join(desk.waiting()[0].reasons)


def test_pages_of_two_versions_do_not_make_one_paper(revised: Desk) -> None:
    first, second = (revised.paper(SANNE, QUOTE, version).drawn() for version in (1, 2))
    revised.bring(revised.answer(SANNE, adversary.joined((first, [0]), (second, [1]))))
    assert not [one for one in revised.verdicts() if one[1] == "signed"]


def test_an_old_version_that_is_digitally_signed_books_nothing(revised: Desk) -> None:
    revised.bring(revised.answer(SANNE, revised.paper(SANNE, QUOTE, 1).sealed()))
    assert revised.verdicts() == [("quote", "look", "proposed")] and revised.owed()["quote"] == "awaited"
    with pytest.raises(UsageError, match="version 2 took its place"):
        revised.accept()
    attention.ask_again(revised.practice, revised.number(), utc_now())
    assert revised.owed()["quote"] == "awaited"


# Words


def html(sender: str, plain: str, rich: str) -> EmailMessage:
    mail = letter(sender, "Re: vraag", plain)
    mail.add_alternative(rich, subtype="html")
    return mail


def with_consent(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).sealed()))
    assert desk.consents() == ACCEPTED


def test_what_is_only_quoted_takes_nothing_back_and_declines_nothing(desk: Desk) -> None:
    with_consent(desk)
    quoted = (
        "Dank voor de uitleg!\n\nOp di 4 mrt 2025 om 09:31 schreef Coach <coach@practice.example>:\n\n"
        '> Schrijf het als u uw toestemming intrekt: "ik trek mijn toestemming in".\n'
        "> Of: ik ga niet akkoord met de offerte.\n"
    )
    desk.bring(desk.answer(SANNE, text=quoted))
    assert desk.consents() == ACCEPTED and desk.owed()["quote"] == "awaited" and desk.waits() == []


STUB = "Dit bericht is in HTML; bekijk het in een ander programma.\n"


@pytest.mark.parametrize("plain", ["", STUB])
def test_a_consent_taken_back_in_html_is_taken_back(desk: Desk, plain: str) -> None:
    with_consent(desk)
    desk.bring(html(CLIENT, plain, "<p>Beste Marjan,</p><p>Ik trek mijn <b>toestemming</b> in.</p>"))
    assert set(desk.consents().values()) == {0} and desk.waits() == ["withdrawal"]


def test_a_consent_taken_back_from_an_unknown_address_in_answer_to_our_mail_is_taken_back(desk: Desk) -> None:
    with_consent(desk)
    desk.bring(desk.answer(SANNE, text="Ik trek mijn toestemming in.", sender=STRANGER))
    assert set(desk.consents().values()) == {0}


def test_a_consent_taken_back_in_the_subject_alone_is_taken_back(desk: Desk) -> None:
    with_consent(desk)
    desk.bring(letter(CLIENT, "Ik trek mijn toestemming in", "Groet, Sanne"))
    assert set(desk.consents().values()) == {0}


def test_what_one_of_a_couple_takes_back_without_naming_a_dossier_is_taken_back_for_both_and_can_be_undone(
    desk: Desk,
) -> None:
    desk.bring(desk.answer(BRAM, desk.paper(BRAM, CONSENT).sealed(name=BRAM)))
    desk.bring(desk.answer(KIM, desk.paper(KIM, CONSENT).sealed(name=KIM)))
    desk.bring(letter(COUPLE, "Toestemming", "Ik trek mijn toestemming in."))
    assert set(desk.consents(BRAM).values()) == set(desk.consents(KIM).values()) == {0}
    desk.reject("withdrawal")
    assert desk.consents(BRAM) == ACCEPTED and desk.consents(KIM) == ACCEPTED | {"profile_share": 1}


def test_a_consent_that_was_taken_back_is_not_given_by_an_older_paper_that_is_fetched_later(desk: Desk) -> None:
    """The withdrawal lies in the INBOX, the paper that was sent the day before in a folder that is looked in later."""
    paper = desk.answer(SANNE, desk.paper(SANNE, CONSENT).sealed())
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    paper.replace_header("Received", f"from there by {PROVIDER}; {yesterday}")
    desk.bring(letter(CLIENT, "Toch niet", "Ik trek mijn toestemming in."))
    desk.accept("withdrawal")
    desk.bring(paper)
    for one in desk.waiting():
        attention.accept(desk.practice, one.number, utc_now())
    assert set(desk.consents().values()) == {0}


def test_an_older_paper_that_is_accepted_later_gives_nothing_that_a_newer_one_refused(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).drawn()))
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).drawn(YES | {"profile_take": False}), text="Toch niet."))
    older, newer = (one.number for one in desk.waiting())
    attention.accept(desk.practice, newer, utc_now())
    attention.accept(desk.practice, older, utc_now())
    assert desk.consents()["profile_take"] == 0


def test_a_withdrawal_that_was_none_gives_back_what_the_coach_accepted_meanwhile(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).drawn()))
    desk.bring(desk.answer(SANNE, text="Trek ik mijn toestemming in als ik dit niet teken?"))
    desk.accept()
    desk.reject("withdrawal")
    assert desk.consents() == ACCEPTED


def test_two_withdrawals_that_were_none_are_both_undone_in_whichever_order(desk: Desk) -> None:
    with_consent(desk)
    for text in ("Trek ik zo mijn toestemming in?", "Ik bedoel: ik trek mijn toestemming niet in!"):
        desk.bring(desk.answer(SANNE, text=text))
    desk.reject("withdrawal")
    desk.reject("withdrawal")
    assert desk.consents() == ACCEPTED


def test_a_client_who_does_not_agree_declines_nothing_that_her_sponsor_owes(desk: Desk) -> None:
    desk.bring(desk.answer(KIM, text="Ik ga niet akkoord met het delen van mijn profiel. Kan het ook zonder?"))
    assert desk.owed(KIM)["quote"] == "awaited" and desk.waits() != []


def test_an_older_paper_that_is_accepted_gives_nothing_that_a_newer_one_refuses_which_still_waits(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).drawn()))
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).drawn(YES | {"profile_take": False}), text="Toch niet."))
    desk.accept()
    assert desk.consents()["profile_take"] == 0


def test_a_withdrawal_that_was_none_gives_nothing_back_that_a_newer_paper_refuses(desk: Desk) -> None:
    with_consent(desk)
    desk.bring(desk.answer(SANNE, text="Trek ik mijn toestemming in met het formulier hierna?"))
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).drawn(YES | {"profile_take": False})))
    desk.reject("withdrawal")
    assert desk.consents()["profile_take"] == 0


def test_a_form_that_is_not_signed_gives_no_consent_by_one_key(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).filled()))
    with suppress(UsageError):
        desk.accept()
    assert not desk.given() and desk.owed()["consent"] == "awaited"


TAKES_BACK = [
    "Ik trek mijn toestemming in.",
    "Ik geef bij nader inzien toch geen toestemming.",
    "I withdraw my permission.",
    "Ik wil mijn toestemming terugtrekken.",
    "Ik neem mijn toestemming terug.",
    "Mijn toestemming geldt niet meer.",
    "Ik maak mijn toestemming ongedaan.",
    "Bij dezen beëindig ik mijn toestemming.",
    "Deel mijn profiel niet meer; mijn akkoord trek ik in.",
    "Ik trek mijn toe\u00adstemming in.",
    "I hereby cancel my consent.",
    "I take back my consent.",
    "I am withdrawing my agreement.",
]


@pytest.mark.parametrize("said", TAKES_BACK)
def test_a_consent_can_be_taken_back_in_ordinary_words(said: str) -> None:
    assert letters.withdraws(said)


SAYS_NO = [
    "Wij zien af van de offerte.",
    "Ik wijs de offerte af.",
    "Ik zie er vanaf.",
    "Wij accepteren de offerte niet.",
    "We nemen de offerte niet aan.",
    "De offerte is niet akkoord.",
]


@pytest.mark.parametrize("said", SAYS_NO)
def test_a_quote_can_be_declined_in_ordinary_words(said: str) -> None:
    assert letters.declines(said)


@pytest.mark.parametrize(
    "said",
    ["Ik ga niet akkoord met dinsdag als dag; woensdag kan wel.", "Ik zie van de week wel af hoe laat het wordt."],
)
def test_a_day_that_does_not_suit_declines_no_quote(said: str) -> None:
    assert not letters.declines(said)


def test_a_consent_taken_back_below_what_is_answered_is_taken_back(desk: Desk) -> None:
    with_consent(desk)
    above = f"Van: Coach <{COACH}>\nVerzonden: dinsdag 4 maart 2025\nAan: Sanne\nOnderwerp: papieren\n\nBeste Sanne,\n"
    desk.bring(desk.answer(SANNE, text=f"{above}\nIk trek mijn toestemming in.\nSanne"))
    assert set(desk.consents().values()) == {0}


# What machines send


def scanned(*files: bytes) -> EmailMessage:
    mail = letter("scanner@work.example", "Scan van verdieping 3", "Niet beantwoorden.", *files)
    mail["Auto-Submitted"] = "auto-generated"
    return mail


def test_what_an_office_scanner_sends_for_two_dossiers_at_once_is_shown(desk: Desk) -> None:
    desk.bring(scanned(desk.paper(SANNE, CONSENT).drawn(), desk.paper(BRAM, CONSENT).drawn()))
    assert desk.booked() == 0 and desk.waits() != []


def test_what_an_office_scanner_sends_and_cannot_be_read_is_shown(desk: Desk, tmp_path: Path) -> None:
    desk.practice.reader = Reader(tmp_path / "slow", patience=0.001)
    desk.bring(scanned(desk.paper(SANNE, CONSENT).drawn()))
    desk.practice.reader.close()
    assert desk.waits() != []


def test_an_absence_message_with_a_digitally_signed_paper_is_shown_and_books_nothing(desk: Desk) -> None:
    mail = desk.answer(SANNE, desk.paper(SANNE, CONSENT).sealed())
    mail["Auto-Submitted"] = "auto-replied"
    desk.bring(mail)
    assert desk.verdicts() == [] and desk.waits() == ["papers"] and desk.owed()["consent"] == "awaited"


def test_an_absence_message_that_brings_our_own_form_back_asks_nothing_of_the_coach(desk: Desk) -> None:
    mail = desk.answer(SANNE, desk.paper(SANNE, CONSENT).data)
    mail["Auto-Submitted"] = "auto-replied"
    desk.bring(mail)
    assert desk.verdicts() == [] and desk.waits() == []


def reported(desk: Desk, message_id: str, token: str, *files: bytes) -> bytes:
    """Write a bounce that brings our own mail back, with files in it."""
    ours = letter(COACH, "Documenten", "Hierbij.", *files)
    ours["Message-ID"], ours["X-Pipeline-Token"] = message_id, token
    report = samples.lines(
        "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.home.example", "",
        f"Final-Recipient: rfc822; {CLIENT}", "Action: failed", "Status: 5.1.1", "",
    )  # fmt: skip
    returned = samples.lines("Content-Type: message/rfc822", "") + ours.as_bytes()
    head = samples.lines("From: MAILER-DAEMON@mx.home.example", f"To: {COACH}", "Subject: Undelivered",
                         "MIME-Version: 1.0")  # fmt: skip
    parts = samples.text("Could not be delivered."), report, returned
    return head + samples.multipart("b1", *parts, kind="report", more="; report-type=delivery-status")


def test_our_own_form_in_a_bounce_is_no_answer(desk: Desk) -> None:
    message_id, token, _ = desk.sent(SANNE)
    desk.bring(reported(desk, message_id, token, desk.paper(SANNE, CONSENT).data))
    assert desk.verdicts() == [] and desk.waits() == ["bounce"]


def test_a_signed_form_in_a_forged_bounce_is_no_answer(desk: Desk) -> None:
    message_id, token, _ = desk.sent(SANNE)
    desk.bring(reported(desk, message_id, token, desk.paper(SANNE, CONSENT).sealed()))
    assert desk.verdicts() == [] and not desk.given() and desk.owed()["consent"] == "awaited"


@pytest.mark.parametrize("guess", ["<00000000000000000000@practice.example>", "<{token}@elsewhere.example>"])
def test_a_bounce_that_guesses_which_mail_it_was_says_nothing(desk: Desk, guess: str) -> None:
    _, token, _ = desk.sent(SANNE)
    desk.bring(reported(desk, guess.format(token=token), "00000000000000000000"))
    assert desk.waits() == [] and desk.rows("SELECT DISTINCT quiet FROM obligations") == [(None,)]


def test_a_consent_taken_back_through_a_shared_mailbox_that_marks_its_mail_as_a_list_is_taken_back(desk: Desk) -> None:
    with_consent(desk)
    mail = letter(CLIENT, "Toestemming", "Ik trek mijn toestemming in.")
    mail["List-Id"], mail["Precedence"] = "<team.home.example>", "list"
    desk.bring(mail)
    assert set(desk.consents().values()) == {0}


# Reminders


def reminded(desk: Desk) -> set[object]:
    """Let a month go by; gives whose dossiers got a reminder."""
    reminders.remind(desk.practice, utc_now() + timedelta(days=30), lambda _: None)
    return {row[0] for row in desk.rows("SELECT dossier FROM messages WHERE purpose = 'reminder'")}


def test_who_answered_is_not_reminded_and_who_did_not_is(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, text="Ik kijk ernaar."))
    assert reminded(desk) == {desk.reference(BRAM), desk.reference(KIM)}


def test_who_answered_with_the_papers_of_another_is_not_reminded_while_that_waits(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(BRAM, CONSENT).drawn()))
    assert desk.waits() == ["unmatched"] and desk.reference(SANNE) not in reminded(desk)


def test_a_mail_that_is_only_late_is_reminded_of_all_the_same(desk: Desk) -> None:
    message_id, token, _ = desk.sent(SANNE)
    report = reported(desk, message_id, token).replace(b"Action: failed", b"Action: delayed")
    desk.bring(report.replace(b"Status: 5.1.1", b"Status: 4.4.1"))
    assert desk.reference(SANNE) in reminded(desk)


# What the coach decides


def test_the_same_paper_sent_twice_and_accepted_twice_counts_once(desk: Desk) -> None:
    data = desk.paper(SANNE, CONSENT).drawn()
    desk.bring(desk.answer(SANNE, data))
    desk.bring(desk.answer(SANNE, data, text="Nog een keer."))
    desk.accept()
    desk.accept()
    assert desk.consents() == ACCEPTED
    assert desk.owed()["consent"] == "fulfilled" and desk.waits() == [] and desk.whole()


def test_a_thing_accepted_twice_at_the_same_moment_is_accepted_once(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).drawn()))
    number, said, start = desk.number(), [], threading.Barrier(2)

    def accept() -> None:
        with opened(desk.world.folder) as practice:
            start.wait()
            try:
                said.append(attention.accept(practice, number, utc_now()))
            except UsageError as error:
                said.append(str(error))

    both = [threading.Thread(target=accept) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sum("settled already" in one for one in said) == 1
    assert len(desk.rows("SELECT 1 FROM consents")) == len(ACCEPTED) and desk.whole()


def test_what_was_accepted_is_not_rejected_and_the_other_way_round(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, QUOTE).drawn(), desk.paper(SANNE, CONSENT).drawn()))
    quote, consent = (one.number for one in desk.waiting())
    attention.accept(desk.practice, quote, utc_now())
    attention.reject(desk.practice, consent, utc_now())
    with pytest.raises(UsageError, match="settled already"):
        attention.reject(desk.practice, quote, utc_now())
    with pytest.raises(UsageError, match="settled already"):
        attention.accept(desk.practice, consent, utc_now())
    assert desk.owed() == {"quote": "fulfilled", "consent": "awaited"} and not desk.given()


def test_a_mail_of_which_one_paper_was_accepted_can_be_assigned_for_the_other(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, QUOTE).drawn(), desk.paper(SANNE, CONSENT).drawn()))
    desk.accept()
    attention.assign(desk.practice, desk.number(), desk.reference(SANNE), utc_now())
    understand.understand(desk.practice, utc_now(), lambda _: None)
    assert desk.rows("SELECT state, attempts FROM mails") == [(MailState.WAITING, 0)] and desk.waits() == ["return"]


def test_a_withdrawal_that_is_assigned_to_one_of_a_couple_is_not_kept_for_the_other_without_a_word(desk: Desk) -> None:
    desk.bring(desk.answer(BRAM, desk.paper(BRAM, CONSENT).sealed(name=BRAM)))
    desk.bring(desk.answer(KIM, desk.paper(KIM, CONSENT).sealed(name=KIM)))
    desk.bring(letter(COUPLE, "Toestemming", "Ik trek mijn toestemming in. Bram"))
    attention.assign(desk.practice, desk.number("withdrawal"), desk.reference(BRAM), utc_now())
    understand.understand(desk.practice, utc_now(), lambda _: None)
    assert set(desk.consents(BRAM).values()) == {0} and desk.waits() == ["withdrawal"]
    desk.reject("withdrawal")
    assert desk.consents(KIM) == ACCEPTED | {"profile_share": 1}


def test_a_mail_is_assigned_to_a_dossier_that_there_is(desk: Desk) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(BRAM, CONSENT).drawn()))
    with pytest.raises(UsageError):
        attention.assign(desk.practice, desk.number("unmatched"), "AAAA-AAAA", utc_now())


def crossed_out(paper: Paper) -> bytes:
    return note(paper.drawn(), 1, "FreeText", (20, 20, 120, 14), typed("ALSNOG NIET AKKOORD", 24))


@pytest.mark.parametrize("kind", [QUOTE, CONSENT])
def test_a_paper_that_comes_after_the_booked_one_and_says_something_else_is_shown(desk: Desk, kind: Kind) -> None:
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, kind).sealed()))
    desk.bring(desk.answer(SANNE, crossed_out(desk.paper(SANNE, kind)), text="Toch nog iets."))
    assert desk.waits() == ["return"]


def test_a_paper_signed_anew_after_a_withdrawal_is_shown(desk: Desk) -> None:
    with_consent(desk)
    desk.bring(desk.answer(SANNE, text="Ik trek mijn toestemming in."))
    desk.accept("withdrawal")
    desk.bring(desk.answer(SANNE, desk.paper(SANNE, CONSENT).sealed(), text="Bij nader inzien toch wel."))
    assert desk.waits() == ["return"] or desk.consents() == ACCEPTED


# Whatever the mail is


@pytest.mark.parametrize("date", ["1 Jan 99999999999999999999 00:00:00 +0000", "31 Dec 9999 23:59:59 -1200"])
def test_an_odd_date_of_arrival_does_not_keep_papers_from_being_read(desk: Desk, date: str) -> None:
    mail = desk.answer(SANNE, desk.paper(SANNE, CONSENT).sealed(), proof="")
    mail.replace_header("Received", f"from there by here; {date}")
    desk.bring(mail)
    assert desk.verdicts() == [("consent", "signed", "proposed")]


def test_the_signed_paper_twice_in_a_zip_is_one_paper(desk: Desk) -> None:
    data, packed = desk.paper(SANNE, CONSENT).sealed(), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("een.pdf", data)
        archive.writestr("map/een.pdf", data)
    mail = desk.answer(SANNE)
    mail.add_attachment(packed.getvalue(), maintype="application", subtype="zip", filename="papieren.zip")
    desk.bring(mail)
    assert len(desk.verdicts()) == 1


def test_the_signed_paper_among_ninety_files_is_found(desk: Desk) -> None:
    noise = [b"%PDF-1.4\n%" + bytes([65 + at % 26]) * 11_000 for at in range(89)]
    desk.bring(desk.answer(SANNE, *noise, desk.paper(SANNE, CONSENT).drawn()))
    assert [state for *_, state in desk.verdicts()] == ["proposed"]


def test_two_mails_with_one_message_id_and_other_papers_are_both_read(desk: Desk) -> None:
    for kind in (QUOTE, CONSENT):
        mail = desk.answer(SANNE, desk.paper(SANNE, kind).drawn())
        mail["Message-ID"] = "<the-same@home.example>"
        desk.bring(mail)
    assert [kind for kind, *_ in desk.verdicts()] == ["quote", "consent"]


@pytest.mark.long
def test_papers_that_take_too_long_are_shown_and_the_next_mail_is_read(desk: Desk, tmp_path: Path) -> None:
    def endless(pdf: Pdf) -> None:
        pdf.pages[0].contents_add(b"q 0.5 g 0 0 600 850 re f Q\n" * 3_000_000)

    desk.lay(desk.answer(SANNE, adversary.changed(desk.paper(SANNE, CONSENT).drawn(), endless)))
    desk.lay(desk.answer(BRAM, desk.paper(BRAM, CONSENT).drawn()))
    understand.understand(desk.practice, utc_now(), lambda _: None)
    assert ("consent", "signed", "proposed") in desk.verdicts() and len(desk.waits()) == 2


# In whatever order things happen

KINDS = st.sampled_from([QUOTE, CONSENT])
STEPS = st.one_of(
    st.tuples(st.just("sign"), KINDS, st.booleans(), st.booleans(), st.integers(0, 1)),
    st.tuples(st.sampled_from(["withdraw", "decline", "bounce", "absence", "new_version"])),
    st.tuples(st.sampled_from(["accept", "accept", "reject", "ask"]), st.integers(0, 5)),
)


def happen(orders: adversary.Orders, step: tuple[Any, ...]) -> None:
    what, *more = step
    if what == "sign":
        kind, given, surely, back = more
        orders.sign(kind, version=max(1, orders.newest - back), given=given, surely=surely)
    elif what in {"accept", "reject", "ask"}:
        orders.decide(what, more[0])
    else:
        getattr(orders, what)()


@pytest.fixture(scope="module")
def one_dossier(shelf: Path, tmp_path_factory: pytest.TempPathFactory, reader: Reader) -> Iterator[Desk]:
    """A practice that waits; each order of things starts from a copy of its database."""
    with adversary.desk(shelf, tmp_path_factory.mktemp("orders"), reader) as made:
        made.practice.database.settle()
        yield made


@contextmanager
def fresh(made: Desk) -> Iterator[adversary.Orders]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(made.practice.storage.path("state.db"), folder)
        database = Database(Path(folder) / "state.db")
        database.run("PRAGMA synchronous=OFF")
        try:
            yield adversary.Orders(Desk(made.world, replace(made.practice, database=database)))
        finally:
            database.close()


def check_consents(orders: adversary.Orders) -> None:
    last = max((mail for mail, holds in orders.taken_back.items() if holds), default=0)
    booked = {row[0] for row in orders.desk.rows("SELECT mail FROM returns WHERE state = 'booked'")}
    saying_yes = {
        mail for mail, (kind, _, given) in orders.signed.items() if kind == CONSENT and given and mail in booked
    }
    if any(orders.desk.consents().values()):
        assert max(saying_yes, default=0) > last


def check_obligations(orders: adversary.Orders) -> None:
    booked = set(orders.desk.rows("SELECT kind, version FROM returns WHERE state = 'booked'"))
    for kind, version, state in orders.desk.rows(
        "SELECT kind, version, state FROM obligations WHERE dossier = ?", orders.dossier
    ):
        if version != orders.newest:
            assert state == "superseded"
        if state == "fulfilled":
            assert (kind, version) in booked


def check_decisions(orders: adversary.Orders) -> None:
    entries = [json.loads(str(entry)) for (entry,) in orders.desk.rows("SELECT entry FROM ledger")]
    settled = [entry["number"] for entry in entries if entry["event"] == "attention.settled"]
    assert len(settled) == len(set(settled))
    assert set(settled) == {
        number for (number,) in orders.desk.rows("SELECT number FROM attention WHERE state = 'settled'")
    }
    assert orders.desk.whole()


def hold(made: Desk, steps: list[tuple[Any, ...]]) -> None:
    with fresh(made) as orders:
        for step in steps:
            happen(orders, step)
            check_consents(orders)
            check_obligations(orders)
        check_decisions(orders)


@given(steps=st.lists(STEPS, min_size=1, max_size=12))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=[("sign", CONSENT, True, False, 0), ("withdraw",), ("accept", 0), ("sign", CONSENT, True, True, 0)])
@example(steps=[("sign", QUOTE, True, False, 0), ("new_version",), ("accept", 0), ("ask", 0)])
def test_in_whatever_order_things_happen_nothing_is_had_that_was_not_given(
    one_dossier: Desk, steps: list[tuple[Any, ...]]
) -> None:
    hold(one_dossier, steps)


@pytest.mark.long
@pytest.mark.timeout(600)
@given(steps=st.lists(STEPS, min_size=4, max_size=25))
@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_many_orders_of_many_things_nothing_is_had_that_was_not_given(
    one_dossier: Desk, steps: list[tuple[Any, ...]]
) -> None:
    hold(one_dossier, steps)
