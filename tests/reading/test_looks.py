"""A field is believed only where its box shows what it says, and a certificate only where nothing else was written."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String

from pipeline.demo import people
from pipeline.edges.reader import Reader
from pipeline.reading import looks
from pipeline.reading.findings import Content, Findings, Ink, Tick, Way
from tests.reading import forms
from tests.reading.test_reader import (
    ANSWERS,
    INNER,
    SIGNATURE,
    contents,
    expected_ticks,
    filled,
    judged,
    with_ink,
    words,
)
from tests.returns import digital

YES, NO = "profile_take-yes", "profile_take-no"
CROSS = b"2 w 2 2 m 12 12 l 2 12 m 12 2 l S"
READ = [name for name in digital.FILLERS if name != "value only"]
Change = Callable[[Pdf], None]


@pytest.mark.parametrize("dialect", READ)
def test_a_form_is_read_from_its_fields_whichever_program_drew_the_ticks(reader: Reader, dialect: str) -> None:
    found = judged(reader, digital.fill(forms.sent().data, ANSWERS, dialect))
    assert (found.boxes, found.boxes_way) == (expected_ticks(*ANSWERS), Way.FIELDS)
    assert contents(found) == [Content.UNCHANGED] * 2 and found.reasons == ()


def test_a_program_that_sets_only_the_value_leaves_the_boxes_unclear(reader: Reader) -> None:
    found = judged(reader, digital.fill(forms.sent().data, ANSWERS, "value only"))
    assert [found.boxes[name] for name in ANSWERS] == [Tick.UNCLEAR] * len(ANSWERS)


def test_what_the_people_of_the_demo_send_back_is_read_from_its_fields(reader: Reader) -> None:
    paper = forms.sent()
    given = {name.rpartition("-")[0]: name.endswith("yes") for name in ANSWERS}
    found = judged(reader, people.signed(paper.data, paper.boxes, given))
    assert (found.signature, found.boxes, found.boxes_way) == (Ink.SIGNED, expected_ticks(*ANSWERS), Way.FIELDS)


def field(pdf: Pdf, name: str) -> pikepdf.Object:
    return next(note for note in forms.widgets(pdf) if str(note.T) == name)


def shows(pdf: Pdf, name: str, state: str, drawing: bytes) -> None:
    look = pdf.make_stream(drawing)
    look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, 14, 14])
    field(pdf, name).AP = Dictionary(N=Dictionary({**dict(field(pdf, name).AP.N.items()), f"/{state}": look}))


def nothing(pdf: Pdf) -> None:
    shows(pdf, YES, "on", b"")


def white(pdf: Pdf) -> None:
    shows(pdf, YES, "on", b"1 G " + CROSS)


def hardly_grey(pdf: Pdf) -> None:
    shows(pdf, YES, "on", b"0.9 G " + CROSS)


def a_dot(pdf: Pdf) -> None:
    shows(pdf, YES, "on", b"0 g 6 6 1 1 re f")


def a_cross_where_it_is_off(pdf: Pdf) -> None:
    shows(pdf, NO, "Off", CROSS)


def layer(pdf: Pdf) -> pikepdf.Object:
    made = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("layer")))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([made]), D=Dictionary(OFF=Array([made]), Order=Array([made])))
    return made


def a_box_on_a_hidden_layer(pdf: Pdf) -> None:
    field(pdf, YES).OC = layer(pdf)


def a_tick_on_a_hidden_layer(pdf: Pdf) -> None:
    field(pdf, YES).AP.N["/on"].OC = layer(pdf)


UNSEEN = [nothing, white, hardly_grey, a_dot, a_cross_where_it_is_off, a_box_on_a_hidden_layer,
          a_tick_on_a_hidden_layer]  # fmt: skip


@pytest.mark.parametrize("drawn_anew", [True, False], ids=["drawn anew", "as brought"])
@pytest.mark.parametrize("change", UNSEEN, ids=lambda change: change.__name__)
def test_a_box_that_does_not_show_what_its_field_says_is_unclear(
    reader: Reader, change: Change, drawn_anew: bool
) -> None:
    def both(pdf: Pdf) -> None:
        change(pdf)
        if not drawn_anew:
            del pdf.Root.AcroForm["/NeedAppearances"]

    found = judged(reader, forms.signed(forms.changed(filled(), both)))
    assert found.boxes_way is Way.PIXELS and "fields_gone" in words(found)
    assert Tick.UNCLEAR in {found.boxes[YES], found.boxes[NO]}
    assert {found.boxes["coaching-yes"], found.boxes["coaching-no"]} != {Tick.EMPTY}


@pytest.mark.parametrize("flags", [1, 2, 32, 256 + 4])
def test_a_box_whose_flags_may_hide_it_is_not_read_from_its_field(reader: Reader, flags: int) -> None:
    def hide(pdf: Pdf) -> None:
        field(pdf, YES).F = flags

    found = judged(reader, forms.signed(forms.changed(filled(), hide)))
    assert found.boxes_way is Way.PIXELS and "fields_gone" in words(found)


def a_button(pdf: Pdf) -> None:
    field(pdf, YES).Ff = 1 << 16


def a_text(pdf: Pdf) -> None:
    field(pdf, YES).FT = Name.Tx


@pytest.mark.parametrize("change", [a_button, a_text])
def test_a_box_that_became_another_kind_of_field_is_not_read_from_it(reader: Reader, change: Change) -> None:
    assert judged(reader, forms.changed(filled(), change)).boxes_way is Way.PIXELS


def test_a_form_that_was_locked_on_signing_is_read_from_its_fields(reader: Reader) -> None:
    def lock(pdf: Pdf) -> None:
        for note in forms.widgets(pdf):
            note.Ff = 1

    assert judged(reader, forms.changed(filled(), lock)).boxes_way is Way.FIELDS


def test_a_file_keeps_what_it_asks_of_readers_when_it_is_drawn_as_brought() -> None:
    with Pdf.open(io.BytesIO(filled())) as pdf, Pdf.open(io.BytesIO(looks.as_brought(pdf))) as brought:
        assert looks.drawn_anew(pdf) and not looks.drawn_anew(brought)


WORDS = "BT /Helv 24 Tf 4 8 Td (NIET AKKOORD) Tj ET"
ROW = SIGNATURE[1] - 70, SIGNATURE[2] + 5, 60.0, 10.0
BAR = "0 0 0.4 rg 10 10 60 12 re f"


def noted(data: bytes, *, ink_says: str = "", letters: bool = False) -> bytes:
    def change(pdf: Pdf) -> None:
        note = pdf.pages[1].obj.Annots[-1]
        note.Contents = String(ink_says)
        if letters:
            note.AP.N.Resources = Dictionary(Font=Dictionary(Helv=Dictionary(Type=Name.Font, BaseFont=Name.Helvetica)))

    return forms.changed(data, change)


def a_remark_of_no_size(pdf: Pdf) -> None:
    said = Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=Array([400, 700, 400, 700]), Contents=String("Nee."))
    pdf.pages[0].obj.Annots = Array([*pdf.pages[0].obj.get("/Annots", []), pdf.make_indirect(said)])


def a_signature_field_without_a_signature(pdf: Pdf) -> None:
    left, top, width, height = (value * forms.POINT for value in INNER)
    upper = float(pdf.pages[1].mediabox[3]) - top
    look = pdf.make_stream(WORDS.encode())
    look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, width, height])
    note = pdf.make_indirect(Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T=String("Decoy"), F=4, AP=Dictionary(N=look),
        Rect=Array([left, upper - height, left + width, upper]),
    ))  # fmt: skip
    pdf.pages[1].obj.Annots.append(note)
    pdf.Root.AcroForm.Fields.append(note)


WRITTEN: dict[str, Callable[[], bytes]] = {
    "words in the box": lambda: forms.with_note(filled(), 2, "FreeText", INNER, WORDS),
    "words in the rows beside it": lambda: forms.with_note(filled(), 2, "FreeText", ROW, WORDS),
    "a stamp in the box": lambda: forms.with_note(filled(), 2, "Stamp", INNER, BAR),
    "ink that is letters": lambda: noted(forms.with_note(filled(), 2, "Ink", INNER, WORDS), letters=True),
    "ink with a remark": lambda: noted(with_ink(filled()), ink_says="Onder protest"),
    "a remark of no size": lambda: forms.changed(filled(), a_remark_of_no_size),
    "a field for a signature": lambda: forms.changed(filled(), a_signature_field_without_a_signature),
}


def signed_beside(reader: Reader, data: bytes) -> Findings:
    found = judged(reader, forms.signed(data))
    assert found.certificate is not None and found.certificate.intact
    return found


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
def test_a_certificate_does_not_sign_for_what_was_written_or_stamped_on_the_paper(
    reader: Reader, written: Callable[[], bytes]
) -> None:
    found = signed_beside(reader, written())
    assert found.signature_way is Way.PIXELS
    assert "written_beside" in words(found) and "certificate_elsewhere" not in words(found)


def test_a_certificate_signs_for_a_paper_with_ink_in_its_box(reader: Reader) -> None:
    found = signed_beside(reader, with_ink(filled()))
    assert (found.signature, found.signature_way, found.reasons) == (Ink.SIGNED, Way.CERTIFICATE, ())
