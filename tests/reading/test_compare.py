"""Signed papers as they really come back, from end to end: what is on them is read, and nothing that is not."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.model import Kind
from pipeline.reading import compare
from pipeline.reading.findings import Content, Ink, Tick
from tests.reading import pictures
from tests.reading.pictures import Picture

Way = Callable[[Picture], Picture]
WAYS: dict[str, Way] = {
    "a grey scan of 150 dpi": lambda page: pictures.scanned(page, 150),
    "a scan in black and white, upside down": lambda page: pictures.scanned(page, 200, turned=179, white=True),
    "a photo with a shadow": lambda page: pictures.photographed(page, 1600),
    "ink put on in a PDF reader": np.copy,
}
LONG_WAYS = (
    WAYS
    | {
        f"{dpi} dpi, {turned} degrees": lambda page, dpi=dpi, turned=turned: pictures.scanned(page, dpi, turned=turned)
        for dpi in (100, 150, 200, 300)
        for turned in (-1.8, 1.1, 180.6)
    }
    | {f"a photo {wide} wide": lambda page, wide=wide: pictures.photographed(page, wide) for wide in (1600, 2400, 3000)}
)
CHOICES = pictures.sent(Kind.CONSENT, 2)
YES_NO = {"coaching-yes": "check", "profile-no": "cross", "report-yes": "cross"}


def filled_in() -> Picture:
    """The consent declaration with a choice for each question, signed, with name and date."""
    left, top, *_ = CHOICES.boxes["signature"]
    drawn = pictures.name(CHOICES.picture, left + 8, top + 4, 60, 20)
    drawn = pictures.name(drawn, 28, top - 1, 40, 6)
    for box, style in YES_NO.items():
        drawn = pictures.ticked(drawn, CHOICES.boxes[box], style)
    return drawn


def seen(returned: Picture, way: str) -> compare.Seen:
    return compare.page(returned, CHOICES, digital="PDF reader" in way)


@pytest.mark.parametrize("way", WAYS)
def test_a_signed_page_is_read_as_it_was_filled_in(way: str) -> None:
    found = seen(WAYS[way](filled_in()), way)
    assert found.signature is Ink.SIGNED
    assert found.boxes == {
        name: Tick.TICKED if name in YES_NO else Tick.EMPTY for name in CHOICES.boxes if name != "signature"
    }
    assert (found.content, found.reasons) == (Content.UNCHANGED, ())
    assert found.picture is not None and found.picture.shape[1] == CHOICES.picture.shape[1]


@pytest.mark.parametrize(
    "way", [pytest.param("a scan in black and white, upside down", marks=pytest.mark.long), "a photo with a shadow"]
)
def test_an_untouched_page_is_neither_signed_nor_ticked(way: str) -> None:
    found = seen(WAYS[way](CHOICES.picture), way)
    assert found.signature is (Ink.UNSURE if "black and white" in way else Ink.EMPTY), (
        "a pale pen leaves no trace there"
    )
    assert set(found.boxes.values()) == {Tick.EMPTY}
    assert found.content is Content.UNCHANGED


def rastered(page: Picture) -> Picture:
    """What a scanner makes of a folded page when it draws grey as dots: the crease runs through two boxes."""
    rows = np.arange(page.shape[0])[:, None] - (CHOICES.boxes["profile-yes"][1] + 2) * pictures.MM
    crease, shadow = np.exp(-((rows / (0.5 * pictures.MM)) ** 2)), np.exp(-np.abs(rows) / (12 * pictures.MM))
    creased = page * (1 - 0.3 * crease - 0.06 * shadow)[..., None]
    large = cv2.resize(creased.astype(np.uint8), None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
    dotted = Image.fromarray(cv2.cvtColor(large, cv2.COLOR_BGR2GRAY)).convert("1").convert("RGB")
    return np.asarray(dotted, np.uint8)


@pytest.mark.long
def test_a_fold_that_a_scanner_drew_as_dots_ticks_no_box_of_an_untouched_page() -> None:
    assert Tick.TICKED not in seen(rastered(CHOICES.picture), "a scan").boxes.values()


def test_a_fold_that_a_scanner_drew_as_dots_ticks_no_box() -> None:
    found = seen(rastered(filled_in()), "a scan")
    assert {name for name, tick in found.boxes.items() if tick is Tick.TICKED} >= {"coaching-yes", "report-yes"}
    assert {name for name, tick in found.boxes.items() if tick is Tick.TICKED} <= set(YES_NO)
    assert found.signature is Ink.SIGNED


def test_a_page_without_a_signature_box_says_so() -> None:
    page = pictures.sent(Kind.CONSENT, 1)
    found = compare.page(page.picture, page, digital=True)
    assert found == compare.Seen(None, {}, Content.UNCHANGED, (), None)


def test_a_digital_page_with_one_other_word_is_changed() -> None:
    other = pictures.printed(Kind.CONSENT, "gelezen", "bekeken").draw(2)
    assert compare.page(other.picture, CHOICES, digital=True).content is Content.CHANGED


def test_what_was_cut_off_is_neither_empty_nor_unchanged() -> None:
    half = pictures.scanned(filled_in(), 150)[: round(130 / 25.4 * 150)]
    found = compare.page(half, CHOICES, digital=False)
    assert found.signature is Ink.UNSURE
    assert found.content is Content.UNSURE


@pytest.mark.long
@pytest.mark.parametrize("way", LONG_WAYS)
@pytest.mark.parametrize("wide", [0.35, 0.6, 1.1])
def test_every_pen_is_read_on_every_road(way: str, wide: float) -> None:
    left, top, *_ = CHOICES.boxes["signature"]
    drawn = pictures.name(CHOICES.picture, left + 8, top + 4, 60, 20, wide)
    for box in YES_NO:
        drawn = pictures.ticked(drawn, CHOICES.boxes[box], wide=wide)
    found = seen(LONG_WAYS[way](drawn), way)
    assert found.signature is Ink.SIGNED
    assert {name for name, tick in found.boxes.items() if tick is Tick.TICKED} == set(YES_NO)
    assert found.content is not Content.CHANGED
