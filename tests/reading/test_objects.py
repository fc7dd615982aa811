"""What a PDF says by its objects: fields in several dialects, what was put on, whether the content is as sent."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Pdf, String

from pipeline.model import OPENING, Kind
from pipeline.reading import active, objects
from pipeline.reading.findings import Tick
from pipeline.reading.objects import PageFacts
from tests.reading import forms

YES = "profile_share-yes"
STATES = [None, Name.Off, Name("/on"), Name("/Yes")]


def facts(data: bytes, kind: Kind = Kind.CONSENT) -> list[PageFacts]:
    with Pdf.open(io.BytesIO(forms.sent(kind).data)) as ours, Pdf.open(io.BytesIO(data)) as theirs:
        return [objects.facts(one, other) for one, other in zip(ours.pages, theirs.pages, strict=True)]


def ticks(data: bytes) -> dict[str, Tick]:
    found = facts(data)[1].ticks
    assert found is not None
    return found


def test_a_form_filled_in_says_what_was_ticked_and_is_otherwise_as_sent() -> None:
    data = forms.filled(forms.sent().data, "coaching-yes", YES)
    assert {name for name, tick in ticks(data).items() if tick is Tick.TICKED} == {"coaching-yes", YES}
    assert set(ticks(data).values()) == {Tick.TICKED, Tick.EMPTY}
    assert [(page.same, page.added) for page in facts(data)] == [(True, ()), (True, ())]


@pytest.mark.parametrize("value", STATES)
@pytest.mark.parametrize("shown", STATES)
def test_a_box_is_ticked_only_when_its_value_and_what_it_shows_agree(value: Name | None, shown: Name | None) -> None:
    def fill(pdf: Pdf) -> None:
        for note in forms.widgets(pdf):
            if str(note.T) == YES:
                for key, state in (("/V", value), ("/AS", shown)):
                    if state is None:
                        del note[key]
                    else:
                        note[key] = state

    off = (None, Name.Off)
    expected = Tick.EMPTY if value in off and shown in off else Tick.UNCLEAR
    if value == shown == Name("/on"):
        expected = Tick.TICKED
    assert ticks(forms.changed(forms.sent().data, fill))[YES] is expected


def test_a_value_that_the_whole_field_holds_counts_for_its_box() -> None:
    def split(pdf: Pdf) -> None:
        note = next(note for note in forms.widgets(pdf) if str(note.T) == YES)
        note.Parent = pdf.make_indirect(Dictionary(FT=Name.Btn, T=note.T, V=Name("/on"), Kids=Array([note])))
        note.AS = Name("/on")
        for key in ("/T", "/FT", "/V"):
            del note[key]

    assert ticks(forms.changed(forms.sent().data, split))[YES] is Tick.TICKED


def hide(note: pikepdf.Object, _: Pdf) -> None:
    note.F = 2


def move(note: pikepdf.Object, _: Pdf) -> None:
    note.Rect = Array([float(value) + 30 for value in note.Rect])


def rename(note: pikepdf.Object, _: Pdf) -> None:
    note.T = String("profile_share-no")


def double(note: pikepdf.Object, pdf: Pdf) -> None:
    again = pdf.make_indirect(Dictionary(dict(note.items())))
    pdf.pages[1].obj.Annots.append(again)
    pdf.Root.AcroForm.Fields.append(again)


def remove(note: pikepdf.Object, pdf: Pdf) -> None:
    pdf.pages[1].obj.Annots = Array([each for each in pdf.pages[1].obj.Annots if each.objgen != note.objgen])


@pytest.mark.parametrize("tamper", [hide, move, rename, double, remove])
def test_fields_that_are_not_those_that_were_sent_say_nothing(tamper: Callable[[pikepdf.Object, Pdf], None]) -> None:
    def change(pdf: Pdf) -> None:
        tamper(next(note for note in forms.widgets(pdf) if str(note.T) == YES), pdf)

    assert facts(forms.changed(forms.sent().data, change))[1].ticks is None


def swap(pdf: Pdf) -> None:
    notes = {str(note.T): note for note in forms.widgets(pdf)}
    yes, no = notes[YES], notes["profile_share-no"]
    yes.T, no.T = no.T, yes.T


def test_a_yes_and_a_no_that_changed_places_are_no_longer_the_form() -> None:
    assert facts(forms.changed(forms.sent().data, swap))[1].ticks is None


SAVINGS: dict[str, dict[str, object]] = {
    "as it was": {},
    "packed tighter": {"recompress_flate": True, "object_stream_mode": ObjectStreamMode.generate},
    "unpacked": {"compress_streams": False, "stream_decode_level": pikepdf.StreamDecodeLevel.generalized},
    "in order of the pages": {"linearize": True},
    "with changes forbidden": {"encryption": pikepdf.Encryption(owner="o", user="")},
}


@pytest.mark.parametrize("how", SAVINGS)
@pytest.mark.parametrize("kind", OPENING)
def test_saving_a_page_another_way_leaves_it_the_same(kind: Kind, how: str) -> None:
    data = forms.changed(forms.sent(kind).data, lambda _: None, **SAVINGS[how])
    assert all(page.same and not page.added for page in facts(data, kind))


def more_content(pdf: Pdf) -> None:
    pdf.pages[0].contents_add(pdf.make_stream(b"0 g 100 100 50 50 re f"))


def other_amount(pdf: Pdf) -> None:
    content = b"\n".join(stream.read_bytes() for stream in pdf.pages[0].Contents)
    at = content.rindex(b"> Tj") if b"> Tj" in content else content.rindex(b">") - 1
    pdf.pages[0].Contents = pdf.make_stream(content[: at - 1] + b"1" + content[at:])


def other_letters(pdf: Pdf) -> None:
    fonts = pdf.pages[0].Resources.Font
    first, second = sorted(fonts.keys())[:2]
    fonts[first], fonts[second] = fonts[second], fonts[first]


def turned(pdf: Pdf) -> None:
    pdf.pages[0].obj.Rotate = 180


def cropped(pdf: Pdf) -> None:
    pdf.pages[0].obj.CropBox = Array([0, 0, 595, 400])


def turned_from_above(pdf: Pdf) -> None:
    pdf.Root.Pages.Rotate = 90


@pytest.mark.parametrize("change", [more_content, other_amount, other_letters, turned, cropped, turned_from_above])
def test_a_page_that_draws_something_else_is_not_the_same(change: Callable[[Pdf], None]) -> None:
    assert not facts(forms.changed(forms.sent().data, change))[0].same


def test_another_version_is_not_the_same() -> None:
    assert not any(page.same for page in facts(forms.sent(version=3).data))


@pytest.mark.parametrize("kind", ["Ink", "Stamp", "FreeText", "Square", "Highlight", "Line", "Redact"])
def test_what_was_put_on_a_page_is_named_with_its_place(kind: str) -> None:
    page = facts(forms.with_note(forms.sent().data, 2, kind, (100, 150, 40, 12)))[1]
    assert page.same and [one.kind for one in page.added] == [kind]
    assert page.added[0].box == pytest.approx((100, 150, 40, 12), abs=0.1)
    assert page.ticks is not None, "a note that bears a field's name is no field"


def test_a_link_that_a_program_found_by_itself_is_not_put_on() -> None:
    def link(pdf: Pdf) -> None:
        action = Dictionary(S=Name.URI, URI=String("https://delinde.example"))
        note = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([50, 700, 150, 720]), A=action)
        pdf.pages[0].obj.Annots.append(pdf.make_indirect(note))

    data = forms.changed(forms.sent().data, link)
    assert facts(data)[0].added == ()
    assert acting(data) == ()


def acting(data: bytes) -> tuple[str, ...]:
    with Pdf.open(io.BytesIO(data)) as pdf:
        return active.active(pdf)


def on_opening(kind: str) -> Callable[[Pdf], None]:
    def change(pdf: Pdf) -> None:
        pdf.Root.OpenAction = Dictionary(S=Name(f"/{kind}"))

    return change


def on_leaving_a_field(pdf: Pdf) -> None:
    note = next(iter(forms.widgets(pdf)))
    note.AA = Dictionary(Bl=Dictionary(S=Name.JavaScript, JS=String("app.alert(1)")))


def attached(pdf: Pdf) -> None:
    pdf.attachments["invoice.exe"] = b"MZ"


def xfa(pdf: Pdf) -> None:
    pdf.Root.AcroForm.XFA = pdf.make_stream(b"<xdp/>")


def moving(pdf: Pdf) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=Array([0, 0, 9, 9]))
    pdf.pages[0].obj.Annots.append(pdf.make_indirect(note))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (on_opening("JavaScript"), "javascript"), (on_opening("Launch"), "launch"),
        (on_opening("SubmitForm"), "submit"), (on_leaving_a_field, "javascript"), (attached, "embedded file"),
        (xfa, "xfa"), (moving, "media"),
    ],
)  # fmt: skip
def test_what_could_act_when_opened_is_named(change: Callable[[Pdf], None], named: str) -> None:
    assert acting(forms.changed(forms.sent().data, change)) == (named,)


def test_our_own_papers_hold_nothing_that_acts() -> None:
    assert [acting(forms.sent(kind).data) for kind in OPENING] == [(), ()]


names = st.sampled_from(["/A", "/Rect", "/Parent", "/Kids", "/T", "/V", "/AS", "/FT", "/Subtype", "/F", "/AP", "/N"])
plain = st.one_of(st.integers(-(2**31), 2**31), st.booleans(), st.sampled_from(["x", "/Widget", "/Btn", "/on"]))
values = st.recursive(
    plain,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=4)),
    max_leaves=12,
)


def as_pdf(value: object) -> Any:
    if isinstance(value, dict):
        return Dictionary({key: as_pdf(each) for key, each in value.items()})
    if isinstance(value, list):
        return Array([as_pdf(each) for each in value])
    if isinstance(value, str):
        return Name(value) if value.startswith("/") else String(value)
    return value


@given(st.lists(st.dictionaries(names, values, max_size=8), min_size=1, max_size=4))
def test_whatever_stands_in_a_note_the_page_is_read_and_no_box_is_ticked_by_it(notes: list[dict[str, object]]) -> None:
    with Pdf.open(io.BytesIO(forms.sent().data)) as ours, Pdf.open(io.BytesIO(forms.sent().data)) as theirs:
        for note in notes:
            theirs.pages[1].obj.Annots.append(theirs.make_indirect(as_pdf(note)))
        found = objects.facts(ours.pages[1], theirs.pages[1])
        assert found.same
        assert found.ticks is not None and set(found.ticks.values()) == {Tick.EMPTY}
