"""P7: files made to break a reader. Each gets an answer or an end, and the next good one is read as ever."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf

from pipeline.edges.reader import Reader
from pipeline.errors import ReadingFailed
from pipeline.reading.findings import Content, Ink, Recognised, Sort
from tests.reading import forms

GIGABYTE = 1 << 30
A4 = Array([0, 0, 595, 842])


def objects(*bodies: bytes, root: int = 1) -> bytes:
    """Write a PDF by hand: its objects, numbered from 1, as they are."""
    data, places = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<</Size %d /Root %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(bodies) + 1, root, len(data))
    return data + b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1) + table + end


def stream(data: bytes, more: bytes = b"") -> bytes:
    return b"<</Length %d %b>>\nstream\n%b\nendstream" % (len(data), more, data)


def packed(length: int, byte: int = 0) -> bytes:
    """Pack one byte many times over, without ever having them all: blocks that stand for themselves, and their sum."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes([byte]) * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = zlib.compressobj(9, zlib.DEFLATED, -15)
    end = rest.compress(bytes([byte]) * (length % (1 << 20))) + rest.flush()
    low, high = (1 + length * byte) % 65521, (length + byte * length * (length + 1) // 2) % 65521
    return b"\x78\xda" + block * (length >> 20) + end + (high << 16 | low).to_bytes(4)


def one_page(content: bytes, resources: bytes = b"") -> list[bytes]:
    return [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<%b>>>>" % resources, content,
    ]  # fmt: skip


def loop_of_pages() -> bytes:
    return objects(
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 2/Parent 3 0 R>>",
        b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2/Parent 2 0 R>>",
    )  # fmt: skip


def loop_of_parents() -> bytes:
    def change(pdf: Pdf) -> None:
        for note in forms.widgets(pdf):
            note.Parent = note

    return forms.changed(forms.sent().data, change)


def loop_of_drawings() -> bytes:
    return objects(
        *one_page(stream(b"/X Do"), b"/XObject<</X 5 0 R>>"),
        stream(b"/X Do /X Do", b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</X 5 0 R>>>>"),
    )  # fmt: skip


def deep_arrays() -> bytes:
    return objects(*one_page(stream(b"[" * 200_000), b"/Font " + b"[" * 20_000 + b"]" * 20_000))


def bomb_of_content() -> bytes:
    return objects(*one_page(stream(packed(2 * GIGABYTE, ord(" ")), b"/Filter/FlateDecode")))


def bomb_in_a_bomb() -> bytes:
    inner = zlib.compress(packed(4 * GIGABYTE))
    return objects(*one_page(stream(inner, b"/Filter[/FlateDecode/FlateDecode]")))


def bomb_of_objects() -> bytes:
    about = b"/Type/ObjStm/N 9/First 9/Filter/FlateDecode/Extends 5 0 R"
    return objects(*one_page(stream(b"")), stream(packed(2 * GIGABYTE, ord(" ")), about))


def huge_image() -> bytes:
    about = b"/Type/XObject/Subtype/Image/Width 30000/Height 30000/BitsPerComponent 8/ColorSpace/DeviceRGB"
    image = stream(packed(2_700_000_000), about + b"/Filter/FlateDecode")
    return objects(*one_page(stream(b"q 595 0 0 842 0 0 cm /X Do Q"), b"/XObject<</X 5 0 R>>"), image)


def huge_page() -> bytes:
    def change(pdf: Pdf) -> None:
        for page in pdf.pages:
            page.obj.MediaBox = Array([0, 0, 28_346, 28_346])

    return forms.changed(forms.sent().data, change)


def page_without_end() -> bytes:
    return objects(*one_page(stream(b"0 g 0 0 9 9 re f"))).replace(b"[0 0 595 842]", b"[0 0 1e30 1 ]")


def page_of_nothing() -> bytes:
    return objects(*one_page(stream(b""))).replace(b"[0 0 595 842]", b"[0 0 0 0]     ")


def many_pages() -> bytes:
    with Pdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        first = pdf.pages[0].obj
        kids = [pdf.make_indirect(Dictionary(dict(first.items()))) for _ in range(9_999)]
        pdf.Root.Pages.Kids = Array([first, *kids])
        pdf.Root.Pages.Count = 10_000
        saved = io.BytesIO()
        pdf.save(saved)
    return saved.getvalue()


def many_notes() -> bytes:
    def change(pdf: Pdf) -> None:
        note = pdf.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Square, Rect=Array([0, 0, 5, 5])))
        pdf.pages[0].obj.Annots = Array([note] * 200_000)

    return forms.changed(forms.sent().data, change)


def launching() -> bytes:
    def change(pdf: Pdf) -> None:
        pdf.Root.OpenAction = Dictionary(S=Name.Launch, F=pikepdf.String("/bin/sh"))
        pdf.pages[0].obj.AA = Dictionary(O=Dictionary(S=Name.SubmitForm, F=pikepdf.String("http://127.0.0.1:9/")))

    return forms.changed(forms.sent().data, change)


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def huge_png() -> bytes:
    head = chunk(b"IHDR", (20_000).to_bytes(4) * 2 + b"\x08\0\0\0\0")
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed(20_001 * 20_000)) + chunk(b"IEND", b"")


def large_png() -> bytes:
    head = chunk(b"IHDR", (7_500).to_bytes(4) * 2 + b"\x10\x06\0\0\0")
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed(60_001 * 7_500)) + chunk(b"IEND", b"")


def png_of_text() -> bytes:
    head = chunk(b"IHDR", (9).to_bytes(4) * 2 + b"\x08\0\0\0\0")
    text = chunk(b"zTXt", b"a\0\0" + packed(GIGABYTE // 2))
    return b"\x89PNG\r\n\x1a\n" + head + text + chunk(b"IDAT", packed(90)) + chunk(b"IEND", b"")


def loop_of_frames() -> bytes:
    tags = [(256, 3, 1, 9), (257, 3, 1, 9), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 99),
            (278, 3, 1, 9), (279, 4, 1, 81)]  # fmt: skip
    parts = [tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + count.to_bytes(4, "little")
             + value.to_bytes(4, "little") for tag, kind, count, value in tags]  # fmt: skip
    folder = len(parts).to_bytes(2, "little") + b"".join(parts) + (8).to_bytes(4, "little")
    return b"II*\0" + (8).to_bytes(4, "little") + folder + bytes(200)


def wild_gif() -> bytes:
    frame = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0"
    return b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff" + frame * 100_000 + b";"


def web_page() -> bytes:
    return b"<!DOCTYPE html><script>location='http://127.0.0.1:9/'</script><!-- %PDF-1.7 -->" + b"<b>" * 100_000


def cut_off() -> bytes:
    return forms.sent().data[:9000]


def rubbish() -> bytes:
    return b"%PDF-1.7\n" + bytes(range(256)) * 2000


QUICK = (
    loop_of_pages, loop_of_parents, deep_arrays, bomb_in_a_bomb, bomb_of_objects, huge_page, page_without_end,
    page_of_nothing, huge_png, png_of_text, loop_of_frames, wild_gif, web_page, cut_off, rubbish,
)  # fmt: skip
SLOW = (loop_of_drawings, bomb_of_content, huge_image, many_notes, large_png)
ALL = (*QUICK, *(pytest.param(make, marks=pytest.mark.long) for make in SLOW))


def peak(reader: Reader) -> int:
    """Give the most memory that the reading process ever had, in bytes."""
    process = reader._process._process  # noqa: SLF001 - nobody else asks which process it is
    assert process is not None
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@pytest.mark.parametrize("make", ALL, ids=lambda make: make.__name__)
def test_a_hostile_file_is_answered_or_ended_and_the_next_is_read(reader: Reader, make: Callable[[], bytes]) -> None:
    data, good = make(), forms.sent()
    try:
        found = reader.recognise(data)
        assert found.sort in set(Sort)
    except ReadingFailed:
        pass
    else:
        assert peak(reader) <= GIGABYTE
    assert reader.recognise(good.data).codes == reader.recognise(good.data).codes != ()


JUDGED = (
    loop_of_parents, deep_arrays, page_of_nothing, cut_off,
    *(pytest.param(make, marks=pytest.mark.long) for make in (huge_page, *SLOW)),
)  # fmt: skip


@pytest.mark.parametrize("make", JUDGED, ids=lambda make: make.__name__)
def test_a_hostile_file_never_passes_for_a_signed_paper(reader: Reader, make: Callable[[], bytes]) -> None:
    good = forms.sent()
    try:
        found, _ = reader.judge(good.data, good.boxes, good.pages, [make()], good.places)
    except ReadingFailed:
        pass
    else:
        assert found.signature is not Ink.SIGNED
        assert peak(reader) <= GIGABYTE
    found, _ = reader.judge(good.data, good.boxes, good.pages, [good.data], good.places)
    assert [page.content for page in found.pages] == [Content.UNCHANGED] * 2


def test_of_ten_thousand_pages_the_first_are_looked_at(reader: Reader) -> None:
    assert reader.recognise(many_pages()) == Recognised(Sort.PDF, 10_000)


def test_a_picture_of_a_hundred_kilobytes_and_400_million_points_is_not_unpacked(reader: Reader) -> None:
    assert len(huge_png()) < 500_000
    assert reader.recognise(huge_png()) == Recognised(Sort.BROKEN)


def test_a_file_that_would_act_is_only_looked_at(reader: Reader) -> None:
    assert reader.recognise(launching()).active == ("launch", "submit")


def drawings_in_drawings() -> bytes:
    """Ten drawings that each draw the next one a hundred times."""
    look = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</X %d 0 R>>>>"
    layers = [stream(b"/X Do " * 100, look % below) for _, below in pairwise(range(5, 16))]
    last = stream(b"0 g 0 0 300 300 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]")
    return objects(*one_page(stream(b"/X Do"), b"/XObject<</X 5 0 R>>"), *layers, last)


@pytest.mark.long
def test_a_page_that_takes_for_ever_is_ended_after_ten_seconds_of_work(reader: Reader) -> None:
    with pytest.raises(ReadingFailed):
        reader.recognise(drawings_in_drawings())
    assert reader.recognise(forms.sent().data).codes
