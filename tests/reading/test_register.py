"""A returned page is laid over the page that was sent, from whatever side or distance; another page is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.model import Kind
from pipeline.reading import register
from pipeline.reading.sheet import NotTheSame
from tests.reading import pictures
from tests.reading.pictures import Picture

CONSENT, QUOTE = (Kind.CONSENT, 2), (Kind.QUOTE, 2)


def unlike(laid: register.Laid, sent: Picture) -> float:
    """How far the worst corner of the print lies from where it was sent, in points of 0.127 mm."""
    there, grey = (cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in (laid.picture, sent))
    worst = 0.0
    for x, y in ((200, 190), (1150, 240), (180, 2150), (1330, 2090)):  # head, first choice, footer, code
        around, block = there[y - 20 : y + 130, x - 20 : x + 210], grey[y : y + 110, x : x + 190]
        if block.std() > 10:
            _, _, _, (at_x, at_y) = cv2.minMaxLoc(cv2.matchTemplate(around, block, cv2.TM_CCOEFF_NORMED))
            worst = max(worst, abs(at_x - 20), abs(at_y - 20))
    return worst


@pytest.mark.parametrize(
    "returned",
    [
        pytest.param(lambda page: pictures.scanned(page, 100), id="a scan of 100 dpi"),
        pytest.param(
            lambda page: pictures.scanned(page, 200, turned=181.2, white=True), id="upside down, black on white"
        ),
        pytest.param(lambda page: cv2.rotate(page, cv2.ROTATE_90_CLOCKWISE), id="on its side"),
        pytest.param(lambda page: pictures.photographed(page, 1600), id="a photo"),
        pytest.param(pictures.photographed, id="a large photo", marks=pytest.mark.long),
    ],
)
def test_a_page_is_laid_over_the_one_that_was_sent(returned: object) -> None:
    page = pictures.sent(*CONSENT)
    laid = register.laid(returned(page.picture), page.picture, digital=False)  # type: ignore[operator]  # a picture's way
    assert laid.picture.shape == page.picture.shape
    assert not laid.exact
    assert laid.seen.mean() > 0.99
    assert unlike(laid, page.picture) <= 1


def test_a_page_that_is_nearly_blank_is_laid_by_its_code_and_few_words() -> None:
    page = pictures.sent(*QUOTE)
    laid = register.laid(pictures.scanned(page.picture, 150, turned=178), page.picture, digital=False)
    assert unlike(laid, page.picture) <= 1


def test_a_digital_page_that_lies_in_place_is_taken_as_it_is() -> None:
    page = pictures.sent(*CONSENT)
    signed = pictures.name(page.picture, 105, 165)
    laid = register.laid(signed, page.picture, digital=True)
    assert laid.exact
    assert np.array_equal(laid.picture, signed)


def test_what_was_cut_off_is_not_seen() -> None:
    page = pictures.sent(*CONSENT)
    laid = register.laid(page.picture[:, : round(150 * pictures.MM)], page.picture, digital=False)
    assert not laid.seen[:, round(152 * pictures.MM) :].any()
    assert laid.seen[:, : round(148 * pictures.MM)].mean() > 0.99


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda: pictures.sent(*QUOTE).picture, id="a page of another document"),
        pytest.param(lambda: np.ascontiguousarray(pictures.sent(*CONSENT).picture[:, ::-1]), id="its mirror image"),
        pytest.param(lambda: np.full((2339, 1654, 3), 255, np.uint8), id="white paper"),
        pytest.param(lambda: np.random.default_rng(3).integers(0, 255, (900, 700, 3)).astype(np.uint8), id="snow"),
        pytest.param(lambda: np.zeros((1, 1, 3), np.uint8), id="a single point"),
    ],
)
def test_another_picture_is_not_the_same_page(other: object) -> None:
    with pytest.raises(NotTheSame):
        register.laid(other(), pictures.sent(*CONSENT).picture, digital=False)  # type: ignore[operator]  # makes a picture
