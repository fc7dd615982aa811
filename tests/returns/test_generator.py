"""The generator of returns keeps its own word: the same again, every kind, real mails, a truth that is true."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes

import numpy as np
import pikepdf
import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.incoming import message
from pipeline.model import OPENING, Kind, Verdict
from tests.returns import app, camera, digital, forge, forgeries, hands, mails, paper, recipe, scanner, table
from tests.returns.mails import Attached, Envelope
from tests.returns.papers import Paper, Picture, draw, papers, pressed
from tests.returns.sheet import Sheet, Stroke, spline
from tests.returns.table import Outcome, Read
from tests.returns.truth import Box, Channel, DocumentTruth, MailTruth, Nature, Signed

BOX = (101.0, 160.0, 85.0, 30.0)
SQUARE = (146.0, 32.0, 5.0, 5.0)
SEEDS = st.integers(0, 2**32)


@pytest.fixture(autouse=True, scope="module")
def press() -> Iterator[None]:
    with pressed():
        yield


def inside(strokes: list[Stroke], place: tuple[float, float, float, float]) -> float:
    """Tell which share of the points of some strokes lies within a place."""
    left, top, width, height = place
    points = np.vstack(strokes)
    within = (points >= (left, top)).all(1) & (points <= (left + width, top + height)).all(1)
    return float(within.mean())


@pytest.mark.parametrize("channel", [Channel.FORM, Channel.ANNOTATED, Channel.SCAN, Channel.ODD])
def test_the_same_seed_and_number_give_the_same_bytes(channel: Channel) -> None:
    first, again = (recipe.make(11, 3, channel) for _ in range(2))
    assert first == again
    assert recipe.make(12, 3, channel)[0] != first[0]


def test_what_is_signed_with_a_certificate_has_the_same_truth_again() -> None:
    assert recipe.make(11, 3, Channel.CERTIFICATE)[1] == recipe.make(11, 3, Channel.CERTIFICATE)[1]


@pytest.mark.parametrize(
    "channel", [pytest.param(one, marks=[pytest.mark.long] * (one is Channel.APP)) for one in Channel]
)
def test_every_mail_can_be_read_and_brings_what_the_truth_says(channel: Channel) -> None:
    raw, truth = recipe.make(5, 1, channel)
    assert (truth.seed, truth.number, truth.channel) == (5, 1, channel)
    assert message_from_bytes(raw)["Message-ID"]
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert bool(truth.documents) <= bool(message.read(raw).files)
    for one in truth.documents:
        assert set(one.pages) <= set(range(1, one.of + 1))


@pytest.mark.parametrize("wrap", mails.WRAPS)
@pytest.mark.parametrize("naming", ["quoted", "rfc2231", "latin-1", "none"])
def test_whatever_a_mail_is_wrapped_in_the_same_bytes_come_out(wrap: str, naming: str) -> None:
    files = [Attached("getekend.pdf", b"%PDF-1.7 not really\r\n\0\xff"), Attached("IMG_1.jpg", bytes(range(256)))]
    envelope = Envelope("a@home.example", "Zoë Vos", "Re: offerte", wrap=wrap, naming=naming, body="Getekend.\n")
    found = message.read(mails.mail(envelope, files, np.random.default_rng(1)))
    assert {one.data for one in files} <= {one.data for one in found.files}


@pytest.mark.parametrize("naming", mails.NAMINGS)
def test_every_way_of_naming_a_file_gives_a_mail(naming: str) -> None:
    envelope = Envelope("a@home.example", "Zoë Vos", "Re: offerte", naming=naming)
    raw = mails.mail(envelope, [Attached("scan.pdf", b"%PDF")], np.random.default_rng(2))
    assert [one.data for one in message.read(raw).files] == [b"%PDF"]


@pytest.mark.parametrize("number", range(3))
def test_the_codes_on_filled_in_forms_are_those_of_the_truth(number: int) -> None:
    raw, truth = recipe.make(21, number, Channel.FORM)
    said = set()
    for file in message.read(raw).files:
        if file.data.startswith(b"%PDF"):
            with pypdfium2.PdfDocument(file.data) as document:
                pages = len(document)
            for page in range(1, pages + 1):
                said |= set(codes(draw(file.data, page, 150)))
    found = {tuple(text.split("*")[1:4]) for text in said}
    assert found == {
        (f"{one.dossier}-{one.kind.number}", str(one.version), str(page))
        for one in truth.documents
        for page in one.pages
    }


def codes(picture: Picture) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(picture)]


@pytest.mark.parametrize("way", ["scan", "photo", "app"])
def test_the_code_is_still_there_on_paper_that_came_back(way: str) -> None:
    rng = np.random.default_rng(8)
    sheet = paper.printed(consent().picture(2, 200), 200, paper.pick_printer(rng), rng)
    if way == "scan":
        seen = scanner.scan(sheet, scanner.Settings(200, "gray", 75, "pdf", 180, "", 1), rng)
    else:
        shot = camera.shoot(sheet.picture, camera.Phone(2048, "jpeg", 80, 0.05, False, "wood", ""), rng)
        own = app.App("Drive", "whitened", 1654, "A4", 80)
        seen = shot.picture if way == "photo" else app.flatten(shot, own, rng)
    assert codes(seen) == codes(consent().picture(2, 150)) != []


@pytest.mark.parametrize("style", list(hands.SIGNATURES))
def test_signatures_in_the_box_are_mostly_within_it_and_seldom_hang_out(style: str) -> None:
    within = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        hand = hands.Hand(style, 0.2, hands.pick_pen(rng), "Sanne Jansen")
        within.append(inside(hands.signature(hand, BOX, rng), BOX))
    assert np.mean([share > 0.6 for share in within]) >= 0.95 and min(within) > 0.25


@given(seed=SEEDS, style=st.sampled_from(list(hands.SIGNATURES)))
def test_a_signature_beside_the_box_leaves_the_box_empty(seed: int, style: str) -> None:
    rng = np.random.default_rng(seed)
    hand = hands.Hand(style, 0.2, hands.pick_pen(rng), "Sanne Jansen")
    assert inside(hands.signature(hand, hands.beside(BOX, rng), rng), BOX) == 0


@given(seed=SEEDS, style=st.sampled_from(list(hands.TICKS)))
def test_a_tick_is_in_its_box_and_leaves_the_next_alone(seed: int, style: str) -> None:
    left, top, width, height = SQUARE
    strokes = [spline(stroke) for stroke in hands.mark(style, SQUARE, np.random.default_rng(seed))]
    assert inside(strokes, SQUARE) > 0.1
    assert inside(strokes, (left + 20, top, width, height)) == 0


@given(seed=SEEDS)
def test_a_tick_beside_a_box_leaves_it_empty(seed: int) -> None:
    strokes = [spline(stroke) for stroke in hands.mark("beside", SQUARE, np.random.default_rng(seed))]
    assert inside(strokes, SQUARE) == 0


@settings(max_examples=20)
@given(seed=SEEDS)
def test_every_pen_darkens_the_paper_and_nothing_lightens_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sheet = Sheet(np.full((300, 400, 3), 240, np.uint8), 200)
    hands.write(sheet, hands.mark("cross", (20, 15, 5, 5), rng), hands.pick_pen(rng), rng)
    assert sheet.picture.max() == 240
    assert sheet.picture.min() < 215


def consent() -> Paper:
    return next(one for one in papers() if one.kind is Kind.CONSENT)


def quote() -> Paper:
    return next(one for one in papers() if one.kind is Kind.QUOTE)


def text_of(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as document:
        return "".join(page.get_textpage().get_text_range() for page in document)


@pytest.mark.parametrize("dialect", [one for one in digital.FILLERS if one != "value only"])
def test_every_program_leaves_the_ticks_in_the_fields(dialect: str) -> None:
    wanted = [name for name in consent().boxes if name.endswith("-no")]
    with pikepdf.Pdf.open(io.BytesIO(digital.fill(consent().printed.data, wanted, dialect))) as pdf:
        on = {str(note.T) for page in pdf.pages for note in page.get("/Annots", []) if note.get("/AS") == "/on"}
    assert on == set(wanted)


@pytest.mark.parametrize("kind", list(OPENING))
def test_a_forger_prints_other_words_under_the_same_code(kind: Kind) -> None:
    real = quote() if kind is Kind.QUOTE else consent()
    forged, how = forge.reprint(real, np.random.default_rng(4))
    assert how.startswith("reprinted")
    assert text_of(forged.printed.data) != text_of(real.printed.data)
    assert codes(forged.picture(1, 150)) == codes(real.picture(1, 150)) != []


def test_a_patched_digit_changes_the_page_at_one_place_only() -> None:
    real = quote().printed.data
    one, other = forge.swap(real, 1, np.random.default_rng(3))
    before, after = (draw(data, 1, 150) for data in (real, forge.patch_vector(real, 1, one, other)))
    rows, columns = np.nonzero((before != after).any(2))
    assert one[0] != other[0] and len(rows) > 0
    assert np.ptp(rows) * 25.4 / 150 < 5 and np.ptp(columns) * 25.4 / 150 < 5


def signed(**other: object) -> DocumentTruth:
    boxes = {"coaching-yes": Box.EMPTY, "coaching-no": Box.TICKED}
    return replace(DocumentTruth("K7Q4-MX2P", Kind.CONSENT, 1, (1, 2), 2, Signed.IN_BOX, boxes), **other)  # type: ignore[arg-type]  # any field


def accepted(*, answer: bool) -> Outcome:
    read = Read((1, 2), "signed", {"coaching-yes": "empty", "coaching-no": "ticked"}, "unchanged", {"coaching": answer},
                str(Verdict.SIGNED), False, ())  # fmt: skip
    return Outcome({("K7Q4-MX2P", "consent", 1): read})


def mail_of(one: DocumentTruth, nature: Nature = Nature.RETURN) -> MailTruth:
    return MailTruth(1, 0, Channel.SCAN, nature, one.dossier, (one,))


def test_a_right_verdict_is_no_silent_error_and_needs_the_key_only() -> None:
    tally = table.Tally()
    tally.add(mail_of(signed()), accepted(answer=False))
    assert tally.silent == []
    assert (tally.mails["scan honest"], tally.mails["scan key"]) == (1, 1)


@pytest.mark.parametrize(
    ("one", "answer"),
    [
        (signed(signature=Signed.NONE), False),
        (signed(altered="reprinted: total"), False),
        (signed(pages=(2,)), False),
        (signed(current=False), False),
        (signed(), True),
        (signed(boxes={"coaching-yes": Box.EMPTY, "coaching-no": Box.AMBIGUOUS}), False),
    ],
    ids=["unsigned", "altered", "incomplete", "older", "no read as yes", "ambiguous read as no"],
)
def test_what_is_accepted_wrongly_is_listed_by_seed_and_number(one: DocumentTruth, answer: bool) -> None:
    tally = table.Tally()
    tally.add(mail_of(one), accepted(answer=answer))
    assert [line.split()[0] for line in tally.silent] == ["1/0"]
    assert "silent errors: 1" in tally.text()


def test_our_own_form_in_a_bounce_must_not_be_accepted() -> None:
    truth = mail_of(signed(signature=Signed.NONE), Nature.BOUNCE)
    assert table.silent_errors(truth, accepted(answer=False))
    assert table.silent_errors(truth, Outcome()) == []


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_within_six_hundred_mails_every_kind_occurs() -> None:
    truths = [recipe.make(1, number)[1] for number in range(600)]
    ways = {way for one in truths for way in one.ways}
    assert {one.channel for one in truths} == set(Channel)
    assert {one.nature for one in truths} == set(Nature)
    assert set(forgeries.FORGERIES) | set(mails.WRAPS[1:]) <= ways
    assert {f"named {naming}" for naming in mails.NAMINGS[1:]} <= ways
    assert {"any order", "only the signed page", "both in one", "logo", "new mail", "older", "wrong client"} <= ways
    documents = [document for one in truths for document in one.documents]
    assert {one.signature for one in documents} == set(Signed)
    assert {box for one in documents for box in one.boxes.values()} == set(Box)
