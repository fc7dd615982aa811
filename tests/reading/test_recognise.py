"""What one file is, by what is inside it: pages, codes, whose it is, what could act."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pillow_heif
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Encryption, Name, Pdf
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from pipeline.edges.reader import Reader
from pipeline.model import Kind
from pipeline.reading import pages
from pipeline.reading.findings import Recognised, Sort
from pipeline.reading.recognise import recognise
from tests.reading import forms

pillow_heif.register_heif_opener()


def code(page: int, kind: Kind = Kind.CONSENT, version: int = 2) -> str:
    return f"P1*{forms.CODE}-{kind.number}*{version}*{page}*{forms.sent(kind, version).pages}*AB3DE"


def here(data: bytes) -> Recognised:
    """Recognise in this process, where no limit is put on the time."""
    return recognise(data, lambda: None)


def scans(dpi: int = 150, kind: Kind = Kind.CONSENT) -> list[Image.Image]:
    with pypdfium2.PdfDocument(forms.sent(kind).data) as document:
        return [page.render(scale=dpi / 72).to_pil() for page in document]


def saved(picture: Image.Image, form: str, **how: object) -> bytes:
    data = io.BytesIO()
    picture.save(data, form, **how)
    return data.getvalue()


def test_our_own_pdf_is_known_by_its_codes_and_by_its_name_inside(reader: Reader) -> None:
    expected = Recognised(Sort.PDF, 2, ((0, code(1)), (1, code(2))), (), f"{forms.CODE}-2 v2", ())
    assert reader.recognise(forms.sent().data) == expected


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "HEIF", "BMP", "WEBP", "GIF"])
def test_a_picture_is_read_whatever_its_format(reader: Reader, form: str) -> None:
    assert reader.recognise(saved(scans(100)[0], form)) == Recognised(Sort.PICTURE, 1, ((0, code(1)),))


@pytest.mark.parametrize("form", ["TIFF", "HEIF"])
def test_a_picture_of_several_pages_gives_them_all(reader: Reader, form: str) -> None:
    first, second = scans(100)
    data = saved(second, form, save_all=True, append_images=[first])
    assert reader.recognise(data) == Recognised(Sort.PICTURE, 2, ((0, code(2)), (1, code(1))))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "CMYK", "I;16"])
def test_a_picture_is_read_whatever_its_colours(mode: str) -> None:
    picture = scans()[0].convert("L").convert("I").point(lambda value: value * 257) if mode == "I;16" else scans()[0]
    assert here(saved(picture.convert(mode), "TIFF" if mode == "CMYK" else "PNG" if mode != "LA" else "TIFF")).codes


def test_a_page_on_a_transparent_ground_is_black_on_white() -> None:
    ink = scans()[0].convert("L")
    clear = Image.merge("LA", (Image.new("L", ink.size, 0), ImageOps.invert(ink)))
    assert here(saved(clear, "PNG")).codes == ((0, code(1)),)


@pytest.mark.parametrize("turn", [0, 90, 180, 270, 13])
def test_a_code_is_read_whichever_way_the_page_lies(turn: int) -> None:
    assert here(saved(scans()[0].rotate(turn, expand=True, fillcolor="gray"), "JPEG")).codes == ((0, code(1)),)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_photograph_is_turned_upright_as_the_phone_says(orientation: int) -> None:
    tags = Image.Exif()
    tags[0x0112] = orientation
    with pages.opened(saved(scans()[0], "JPEG", exif=tags)) as paper:
        height, width = paper.picture(0).shape[:2]
    assert (width > height) == (orientation >= 5)


def shaded(page: Image.Image) -> Image.Image:
    shade = Image.linear_gradient("L").rotate(90).resize(page.size).point(lambda value: 40 + value // 2)
    return Image.composite(page, Image.new("RGB", page.size), shade)


def blurred(page: Image.Image) -> Image.Image:
    return page.filter(ImageFilter.GaussianBlur(2.2))


def small(page: Image.Image) -> Image.Image:
    return page.resize((page.width // 2, page.height // 2), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("spoil", [shaded, blurred, small])
def test_a_code_is_read_from_a_poor_picture(spoil: Callable[[Image.Image], Image.Image]) -> None:
    assert here(saved(spoil(scans()[0].convert("RGB")), "JPEG", quality=60)).codes == ((0, code(1)),)


def test_two_pages_on_one_photograph_are_both_found() -> None:
    left, right = scans()
    table = Image.new("RGB", (left.width * 2 + 40, left.height + 40), "saddlebrown")
    table.paste(left, (0, 20))
    table.paste(right, (left.width + 40, 0))
    assert set(here(saved(table, "JPEG")).codes) == {(0, code(1)), (0, code(2))}


def test_a_code_that_is_not_ours_is_not_told() -> None:
    import segno

    other = io.BytesIO()
    segno.make("https://elsewhere.example").save(other, kind="png", scale=8)
    assert here(other.getvalue()) == Recognised(Sort.PICTURE, 1)


def test_a_code_counts_as_it_is_seen_and_not_as_the_words_say() -> None:
    data = forms.with_note(forms.sent().data, 1, "Square", (175, 262, 30, 30))
    found = here(data)
    assert found.codes == ((1, code(2)),)
    assert found.claims == ((0, f"{forms.CODE}-2", 2),), "the running line still claims it"


def test_a_code_that_was_put_on_as_a_stamp_is_seen_too() -> None:
    picture = scans()[1].convert("L")
    size = f"/W {picture.width} /H {picture.height} /CS /G /BPC 8"
    drawn = f"q 595 0 0 842 0 0 cm BI {size} ID ".encode() + picture.tobytes() + b" EI Q"

    def paint(pdf: Pdf) -> None:
        look = pdf.make_stream(drawn, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 595, 842]))
        note = Dictionary(Type=Name.Annot, Subtype=Name.Stamp, F=4, Rect=Array([0, 0, 595, 842]), AP=Dictionary(N=look))
        pdf.pages[0].obj.Annots.append(pdf.make_indirect(note))

    assert here(forms.changed(forms.sent().data, paint)).codes[0] == (0, code(2))


def test_a_pdf_that_asks_for_a_password_is_locked(reader: Reader) -> None:
    data = forms.changed(forms.sent().data, lambda _: None, encryption=Encryption(owner="o", user="u"))
    assert reader.recognise(data) == Recognised(Sort.LOCKED)


def test_a_pdf_that_only_forbids_changes_is_read(reader: Reader) -> None:
    data = forms.changed(forms.sent().data, lambda _: None, encryption=Encryption(owner="o", user=""))
    found = reader.recognise(data)
    assert (found.sort, found.codes, found.fingerprint) == (
        Sort.PDF,
        ((0, code(1)), (1, code(2))),
        f"{forms.CODE}-2 v2",
    )


def test_what_could_act_is_told(reader: Reader) -> None:
    def act(pdf: Pdf) -> None:
        pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=pikepdf.String("app.alert(1)"))

    assert reader.recognise(forms.changed(forms.sent().data, act)).active == ("javascript",)


def test_a_pdf_with_some_bytes_before_it_and_its_end_cut_off_is_still_read() -> None:
    data = b"\r\n\r\n" + forms.sent().data
    assert here(data[: data.rindex(b"startxref")]).codes == ((0, code(1)), (1, code(2)))


@pytest.mark.parametrize(
    ("data", "sort"),
    [
        (b"", Sort.OTHER), (b"<html><body>Your paper is ready: click</body></html>", Sort.OTHER),
        (b"PK\x03\x04word/document.xml", Sort.OTHER), (b"%PDF-1.7\n", Sort.BROKEN),
        (b"%PDF-1.7\n%%EOF" + b"\0" * 500, Sort.BROKEN),
    ],
    ids=["nothing", "a page of the web", "an office file", "only a header", "no objects"],
)  # fmt: skip
def test_a_file_is_what_it_is_inside(data: bytes, sort: Sort) -> None:
    assert here(data).sort is sort


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "HEIF"])
def test_half_a_picture_is_broken(reader: Reader, form: str) -> None:
    data = saved(scans(100)[0], form)
    assert reader.recognise(data[: len(data) // 2]) == Recognised(Sort.BROKEN)


def test_a_photograph_of_something_else_has_no_code() -> None:
    picture = Image.effect_noise((1200, 900), 60).convert("RGB")
    ImageDraw.Draw(picture).ellipse((300, 200, 900, 700), fill="orange")
    assert here(saved(picture, "JPEG")) == Recognised(Sort.PICTURE, 1)


@given(st.sampled_from([b"", b"%PDF-1.4\n", b"II*\0", b"\xff\xd8\xff\xe0", b"GIF89a", b"BM", b"RIFF"]), st.binary())
def test_no_bytes_are_too_strange_to_be_told_apart(start: bytes, rest: bytes) -> None:
    assert here(start + rest).codes == ()
