"""What is on every page that we print: a code that a phone can read, our name for it, the places of its boxes."""

from __future__ import annotations

import io

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageFilter

from pipeline import examples
from pipeline.model import OPENING, Kind, document_code
from pipeline.outgoing.values.base import document_values
from pipeline.press.stamp import fingerprint, stamp
from tests.templates.press import PAGES, text
from tests.world import World

TAG = "AB3DE"


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, bytes]:
    """The quote and the consent declaration of the fictional practice, before they are stamped."""
    with World(tmp_path_factory.mktemp("practice")).opened() as practice:
        revision = examples.revisions("nl")[1]
        values = {kind: document_values(revision, kind, practice.file, practice.policy) for kind in OPENING}
    return {kind: PAGES.print(text(f"nl/{kind}.html", values[kind]))[0] for kind in OPENING}


def pictures(data: bytes, dpi: int) -> list[Image.Image]:
    return [page.render(scale=dpi / 72).to_pil() for page in pypdfium2.PdfDocument(data)]


def read(picture: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(picture)]


@pytest.mark.parametrize("kind", OPENING)
@pytest.mark.parametrize("dpi", [100, 150, 300])
def test_every_page_tells_its_document_version_and_place(printed: dict[Kind, bytes], kind: Kind, dpi: int) -> None:
    code = document_code("K7Q4-MX2P", kind)
    data, pages, _ = stamp(printed[kind], code, 12, TAG)
    found = [read(picture) for picture in pictures(data, dpi)]
    assert found == [[f"P1*{code}*12*{number}*{pages}*{TAG}"] for number in range(1, pages + 1)]


def test_the_code_survives_a_crooked_blurred_photograph(printed: dict[Kind, bytes]) -> None:
    data, _, _ = stamp(printed[Kind.QUOTE], "K7Q4-MX2P-1", 1, TAG)
    photograph = pictures(data, 150)[0].convert("L").rotate(7, expand=True, fillcolor=90)
    jpeg = io.BytesIO()
    photograph.filter(ImageFilter.GaussianBlur(1.2)).save(jpeg, "JPEG", quality=40)
    assert read(Image.open(jpeg)) == ["P1*K7Q4-MX2P-1*1*1*2*AB3DE"]


def test_the_code_is_18_mm_and_12_mm_from_the_edges(printed: dict[Kind, bytes]) -> None:
    data, _, _ = stamp(printed[Kind.QUOTE], "K7Q4-MX2P-1", 1, TAG)
    picture = pictures(data, 254)[0]  # ten points to the millimetre
    corner = zxingcpp.read_barcodes(picture)[0].position
    assert (picture.width - corner.bottom_right.x) / 10 == pytest.approx(12, abs=0.3)
    assert (picture.height - corner.bottom_right.y) / 10 == pytest.approx(12, abs=0.3)
    assert (corner.bottom_right.x - corner.top_left.x) / 10 == pytest.approx(18, abs=0.3)


def test_the_same_document_is_the_same_bytes_and_knows_its_name(printed: dict[Kind, bytes]) -> None:
    first, second = (stamp(printed[Kind.CONSENT], "K7Q4-MX2P-2", 3, TAG)[0] for _ in range(2))
    assert first == second
    assert fingerprint(first) == "K7Q4-MX2P-2 v3"
    assert fingerprint(printed[Kind.CONSENT]) == ""


def test_the_places_of_the_boxes_are_where_the_boxes_are(printed: dict[Kind, bytes]) -> None:
    data, _, boxes = stamp(printed[Kind.CONSENT], "K7Q4-MX2P-2", 1, TAG)
    assert len(boxes) == 10
    pages = pictures(data, 254)
    for number, left, top, width, height in boxes.values():
        assert (width, height) == (5, 5)
        edge = (
            pages[int(number) - 1]
            .convert("L")
            .crop((round(left * 10) - 3, round(top * 10) - 3, round(left * 10) + 4, round((top + height) * 10) + 4))
        )
        assert edge.histogram()[:160] != [0] * 160, "the left side of the box is drawn there"


def test_a_page_keeps_no_action_that_starts_by_itself(printed: dict[Kind, bytes]) -> None:
    with pikepdf.Pdf.open(io.BytesIO(printed[Kind.QUOTE])) as pdf:
        pdf.Root["/OpenAction"] = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        changed = io.BytesIO()
        pdf.save(changed)
    data, _, _ = stamp(changed.getvalue(), "K7Q4-MX2P-1", 1, TAG)
    assert b"JavaScript" not in data
