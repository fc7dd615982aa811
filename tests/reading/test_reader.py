"""Documents that came back, judged by the real process: what objects say, what is only seen, what is doubted."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from pikepdf import Dictionary, Name, Pdf, String
from PIL import Image

import pipeline
from pipeline.edges.reader import Reader, missing
from pipeline.errors import ReadingFailed
from pipeline.model import Kind
from pipeline.reading.findings import Certificate, Content, Findings, Ink, Tick, Way
from tests.reading import forms
from tests.reading.test_certificates import appended, note, other_text, tick

ANSWERS = ("coaching-yes", "profile_take-yes", "profile_share-no", "report_receive-yes", "keep_in_touch-no")
SIGNATURE = forms.sent().boxes["signature"]
BOX: Any = tuple(SIGNATURE[1:])
INNER = BOX[0] + 5, BOX[1] + 5, BOX[2] - 10, BOX[3] - 10


def judged(reader: Reader, *files: bytes, places: list[tuple[int, int, int]] | None = None) -> Findings:
    paper = forms.sent()
    return reader.judge(paper.data, paper.boxes, paper.pages, files, places or paper.places)[0]


def filled() -> bytes:
    return forms.filled(forms.sent().data, *ANSWERS)


def with_ink(data: bytes) -> bytes:
    return forms.with_note(data, 2, "Ink", INNER, forms.pen((2, *INNER)[1:]))


def pictures(data: bytes, dpi: int = 120) -> list[bytes]:
    made = []
    with pypdfium2.PdfDocument(data) as document:
        document.init_forms()
        for page in document:
            made.append(io.BytesIO())
            page.render(scale=dpi / 72).to_pil().save(made[-1], "JPEG", quality=80)
    return [each.getvalue() for each in made]


def contents(found: Findings) -> list[Content]:
    return [page.content for page in found.pages]


def words(found: Findings) -> set[str]:
    return {word for word, _ in [*found.reasons, *(each for page in found.pages for each in page.reasons)]}


def expected_ticks(*ticked: str) -> dict[str, Tick]:
    names = [name for name in forms.sent().boxes if name != "signature"]
    return {name: Tick.TICKED if name in ticked else Tick.EMPTY for name in names}


@pytest.mark.parametrize("box", [SIGNATURE, None], ids=["in the box", "nowhere to be seen"])
def test_a_filled_form_under_a_sound_certificate_is_read_surely(reader: Reader, box: list[float] | None) -> None:
    found = judged(reader, forms.signed(filled(), box=box))
    assert (found.signature, found.signature_way) == (Ink.SIGNED, Way.CERTIFICATE)
    assert (found.boxes, found.boxes_way) == (expected_ticks(*ANSWERS), Way.FIELDS)
    assert contents(found) == [Content.UNCHANGED] * 2 and found.reasons == ()
    assert found.certificate is not None and found.certificate.signer == "Sanne Jansen"


def test_a_filled_form_without_a_signature_is_not_signed(reader: Reader) -> None:
    found = judged(reader, filled())
    assert (found.signature, found.boxes, found.boxes_way) == (Ink.EMPTY, expected_ticks(*ANSWERS), Way.FIELDS)
    assert not found.as_sent


@pytest.mark.parametrize("again", [False, True], ids=["the same bytes", "saved again"])
def test_the_blank_that_comes_back_is_known_as_such(reader: Reader, again: bool) -> None:
    data = forms.changed(forms.sent().data, lambda _: None, linearize=True) if again else forms.sent().data
    found = judged(reader, data)
    assert found.as_sent and found.signature is Ink.EMPTY
    assert set(found.boxes.values()) == {Tick.EMPTY}


@pytest.mark.parametrize(("value", "shown"), [(True, False), (False, True)])
def test_a_box_of_which_only_half_was_set_is_unclear(reader: Reader, value: bool, shown: bool) -> None:
    found = judged(reader, forms.filled(forms.sent().data, "coaching-yes", value=value, shown=shown))
    assert found.boxes["coaching-yes"] is Tick.UNCLEAR


def test_ink_put_into_the_signature_box_is_seen_and_leaves_the_fields_what_they_say(reader: Reader) -> None:
    found = judged(reader, with_ink(filled()))
    assert (found.signature, found.signature_way) == (Ink.SIGNED, Way.PIXELS)
    assert (found.boxes, found.boxes_way) == (expected_ticks(*ANSWERS), Way.FIELDS)
    assert contents(found) == [Content.UNCHANGED] * 2


def test_a_box_ticked_by_pen_over_its_field_is_seen_and_not_sure(reader: Reader) -> None:
    place: Any = tuple(forms.sent().boxes["profile_share-yes"][1:])
    width, height = (value * forms.POINT for value in place[2:])
    cross = f"0 0 0.4 RG 2 w 2 2 m {width - 2:.1f} {height - 2:.1f} l 2 {height - 2:.1f} m {width - 2:.1f} 2 l S"
    found = judged(reader, forms.with_note(forms.sent().data, 2, "Ink", place, cross))
    assert found.boxes["profile_share-yes"] is Tick.TICKED
    assert found.boxes_way is Way.PIXELS and not found.as_sent


def test_a_ticked_field_that_is_painted_over_is_unclear(reader: Reader) -> None:
    left, top, width, height = forms.sent().boxes["coaching-yes"][1:]
    inside = left + 0.6, top + 0.6, width - 1.2, height - 1.2
    found = judged(reader, forms.with_note(filled(), 2, "Square", inside))
    assert found.boxes["coaching-yes"] is not Tick.TICKED or found.boxes_way is Way.PIXELS


def test_words_that_are_covered_are_noticed_under_a_sound_certificate_too(reader: Reader) -> None:
    covered = forms.with_note(filled(), 2, "FreeText", (24, 22, 60, 6))
    for data in (covered, forms.signed(covered)):
        found = judged(reader, data)
        assert found.pages[1].content is not Content.UNCHANGED
        assert "covered" in words(found)
        assert found.signature_way is not Way.CERTIFICATE


def test_a_flattened_form_is_read_from_pixels(reader: Reader) -> None:
    def flatten(pdf: Pdf) -> None:
        del pdf.Root.AcroForm["/NeedAppearances"]
        pdf.flatten_annotations("all")

    found = judged(reader, forms.changed(with_ink(filled()), flatten))
    assert (found.signature, found.signature_way) == (Ink.SIGNED, Way.PIXELS)
    assert (found.boxes, found.boxes_way) == (expected_ticks(*ANSWERS), Way.PIXELS)
    assert contents(found) == [Content.UNCHANGED] * 2


@pytest.mark.long
def test_pictures_in_any_order_are_read_from_pixels(reader: Reader) -> None:
    first, second = pictures(with_ink(filled()))
    paper = forms.sent()
    found, shown = reader.judge(paper.data, paper.boxes, paper.pages, [second, first], [(2, 0, 0), (1, 1, 0)])
    assert (found.signature, found.signature_way, found.boxes_way) == (Ink.SIGNED, Way.PIXELS, Way.PIXELS)
    assert found.boxes == expected_ticks(*ANSWERS)
    assert [(page.number, page.file) for page in found.pages] == [(1, 1), (2, 0)]
    assert contents(found) == [Content.UNCHANGED] * 2
    assert_shows_boxes(shown)


def assert_shows_boxes(data: bytes) -> None:
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "PNG" and 600 < picture.width <= 1200 and picture.height > 300


def test_of_a_page_that_did_not_come_back_nothing_is_known(reader: Reader) -> None:
    found = judged(reader, filled(), places=[(1, 0, 0)])
    assert [page.number for page in found.pages] == [1]
    assert set(found.boxes.values()) == {Tick.UNCLEAR} and found.boxes_way is Way.PIXELS
    assert found.signature is Ink.EMPTY and not found.as_sent


def test_a_blank_beside_the_signed_one_does_not_count(reader: Reader) -> None:
    places = [(number, file, at) for file in (0, 1) for number, _, at in forms.sent().places]
    blank = forms.changed(forms.sent().data, lambda _: None, linearize=True)
    found = judged(reader, blank, forms.signed(filled()), places=places)
    assert (found.signature, found.signature_way) == (Ink.SIGNED, Way.CERTIFICATE)
    assert found.boxes == expected_ticks(*ANSWERS)


def test_two_copies_that_say_different_things_are_a_doubt(reader: Reader) -> None:
    other = forms.filled(forms.sent().data, "coaching-no")
    places = [(number, file, at) for file in (0, 1) for number, _, at in forms.sent().places]
    found = judged(reader, forms.filled(forms.sent().data, "coaching-yes"), with_ink(other), places=places)
    assert found.boxes["coaching-yes"] is Tick.UNCLEAR and found.boxes["coaching-no"] is Tick.UNCLEAR
    assert found.signature is Ink.UNSURE


@pytest.mark.parametrize("change", [other_text, note, tick])
def test_what_was_changed_after_signing_is_never_signed(reader: Reader, change: Callable[[Any], None]) -> None:
    one = forms.filled(forms.sent().data, "profile_take-yes")
    found = judged(reader, appended(forms.signed(one, box=SIGNATURE), change))
    assert found.certificate is not None and not found.certificate.intact
    assert found.signature is Ink.UNSURE
    if change is other_text:
        assert found.pages[0].content is not Content.UNCHANGED


def test_a_certificate_under_something_else_proves_nothing(reader: Reader) -> None:
    found = judged(reader, forms.signed(forms.sent(version=3).data))
    assert found.certificate is not None and found.certificate.intact
    assert found.signature is Ink.UNSURE and "certificate_elsewhere" in words(found)
    assert Content.UNCHANGED not in contents(found)


def test_a_certificate_over_a_page_more_than_was_sent_is_for_the_coach(reader: Reader) -> None:
    longer = forms.changed(filled(), lambda pdf: pdf.add_blank_page(page_size=(595, 842)))
    found = judged(reader, forms.signed(longer))
    assert found.signature_way is not Way.CERTIFICATE and found.boxes_way is Way.PIXELS
    assert "certificate_elsewhere" in words(found)


def test_a_form_that_can_act_is_not_read_surely(reader: Reader) -> None:
    def act(pdf: Pdf) -> None:
        pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("this.getField('coaching-yes').value='on'"))

    found = judged(reader, forms.signed(forms.changed(filled(), act)))
    assert found.reasons[0] == ("active_content", {"what": "javascript"})
    assert found.boxes_way is Way.PIXELS and found.signature_way is not Way.CERTIFICATE


def test_fields_that_changed_places_are_looked_at_and_told(reader: Reader) -> None:
    def swap(pdf: Pdf) -> None:
        notes = {str(note.T): note for note in forms.widgets(pdf)}
        yes, no = notes["coaching-yes"], notes["coaching-no"]
        yes.T, no.T = no.T, yes.T

    found = judged(reader, forms.changed(filled(), swap))
    assert found.boxes_way is Way.PIXELS and "fields_gone" in words(found)
    assert found.boxes["coaching-yes"] is Tick.TICKED, "it is ticked where the yes is printed"


def test_words_missing_from_a_page_are_named(reader: Reader) -> None:
    paper = forms.sent()

    def drop(pdf: Pdf) -> None:
        page = pdf.pages[0]
        kept, shown = [], 0
        for drawn in pikepdf.parse_content_stream(page):
            writes = str(drawn.operator) in {"Tj", "TJ"}
            shown += writes
            if not (writes and 20 <= shown <= 24):
                kept.append(drawn)
        page.Contents = pdf.make_stream(pikepdf.unparse_content_stream(kept))

    found = judged(reader, forms.changed(paper.data, drop))
    assert found.pages[0].content is not Content.UNCHANGED
    assert "words_missing" in words(found)
    assert found.pages[1].content is Content.UNCHANGED


def test_another_document_is_not_taken_for_this_one(reader: Reader) -> None:
    found = judged(reader, forms.sent(Kind.QUOTE).data, places=[(2, 0, 1)])
    assert Content.UNCHANGED not in contents(found) and found.signature is not Ink.SIGNED
    assert Tick.TICKED not in found.boxes.values()


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 nothing", b"\xff\xd8\xff\xe0" + b"\0" * 99], ids=["", "pdf", "jpeg"])
def test_a_file_that_cannot_be_read_makes_its_pages_unsure_and_the_others_count(reader: Reader, data: bytes) -> None:
    found = judged(reader, forms.sent().data, data, places=[(1, 0, 0), (2, 1, 0)])
    assert contents(found) == [Content.UNCHANGED, Content.UNSURE]
    assert found.pages[1].reasons == (("page_unreadable", {"page": "2"}),)


@pytest.mark.parametrize("place", [(3, 0, 0), (0, 0, 0), (1, 0, 7), (1, 0, -1)])
def test_a_place_that_is_not_there_is_unsure(reader: Reader, place: tuple[int, int, int]) -> None:
    assert contents(judged(reader, forms.sent().data, places=[place])) == [Content.UNSURE]


def test_the_picture_shows_the_boxes_no_wider_than_a_screen(reader: Reader) -> None:
    paper = forms.sent()
    assert_shows_boxes(reader.judge(paper.data, paper.boxes, paper.pages, [filled()], paper.places)[1])


def test_findings_travel_as_they_are(reader: Reader) -> None:
    found = judged(reader, forms.signed(filled()))
    assert isinstance(found.certificate, Certificate) and isinstance(found.signature, Ink)
    assert isinstance(found.pages[0].content, Content)


def test_what_is_larger_than_any_paper_is_refused_before_it_is_read(reader: Reader) -> None:
    with pytest.raises(ReadingFailed, match="larger than any paper"):
        reader.recognise(bytes(64 << 20))


def test_what_takes_too_long_is_ended_and_the_next_is_read(tmp_path: Path) -> None:
    hasty = Reader(tmp_path, patience=0.01)
    with pytest.raises(ReadingFailed, match="too much time"):
        hasty.recognise(forms.sent().data)
    hasty.close()
    assert not any(tmp_path.iterdir())


def test_where_reading_is_not_installed_the_reader_says_what_to_type(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path\nfrom pipeline.edges.reader import Reader\n"
        "from pipeline.errors import PipelineError\n"
        f"try:\n    Reader(Path({str(tmp_path)!r})).recognise(b'')\nexcept PipelineError as e:\n"
        "    print(type(e).__name__, e.exit_code, e)"
    )
    ended = subprocess.run(
        [sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(pipeline.__file__).parents[1])},
    )  # fmt: skip
    assert ended.stdout.startswith("ReadingNotInstalled 69 ")
    assert "pip install 'pipeline[reading]'" in ended.stdout and "cv2" in ended.stdout
    assert missing() == ()
