"""A name in the box is a signature; nothing else that lies there is, and what is near it is never overlooked."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from pipeline.model import Kind
from pipeline.reading import signing
from pipeline.reading.findings import Ink
from tests.reading import pictures
from tests.reading.pictures import MM, Picture, name, ring, stroke

PAGE = pictures.sent(Kind.QUOTE, 2)
LEFT, TOP, WIDTH, HEIGHT = PAGE.boxes["signature"]
Draw = Callable[[Picture], Picture]


def seen(drawn: Picture) -> Ink:
    separated, there, marks = pictures.lying(drawn, PAGE)
    return signing.signature(separated, there.seen, PAGE.boxes["signature"], marks)


def test_an_untouched_box_is_empty() -> None:
    assert seen(PAGE.picture) is Ink.EMPTY


@pytest.mark.parametrize("place", [(2, 5, 45, 14), (30, 1, 50, 27), (55, 8, 18, 9), (-2, 12, 60, 24)])
@pytest.mark.parametrize("wide", [0.3, 1.0])
def test_a_name_in_the_box_is_a_signature(place: tuple[float, float, float, float], wide: float) -> None:
    assert seen(name(PAGE.picture, LEFT + place[0], TOP + place[1], place[2], place[3], wide)) is Ink.SIGNED


def test_name_place_and_date_on_their_rows_are_no_signature() -> None:
    drawn = PAGE.picture
    for row in range(3):
        drawn = name(drawn, 28, TOP - 1 + 11 * row, 40, 6)
    assert seen(drawn) is Ink.EMPTY


def dots(page: Picture) -> Picture:
    drawn = page.copy()
    for x, y, size in ((10, 8, 3), (31, 20, 2), (50, 4, 2), (70, 25, 3)):
        cv2.circle(drawn, (round((LEFT + x) * MM), round((TOP + y) * MM)), size, (40, 40, 40), -1)
    return drawn


def darkened(page: Picture) -> Picture:
    """A thumb over the corner of the box."""
    drawn = page.copy()
    cv2.ellipse(drawn, (round((LEFT + 70) * MM), round((TOP + 28) * MM)), (90, 120), 20, 0, 360, (120, 140, 180), -1)
    return drawn


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(dots, id="dust"),
        pytest.param(darkened, id="a thumb"),
        pytest.param(lambda page: ring(page, LEFT + 20, TOP + 40), id="the ring of a cup"),
        pytest.param(lambda page: ring(page, LEFT - 10, TOP + 15), id="the ring of a cup at the side"),
        pytest.param(lambda page: stroke(page, [(5, TOP + 12), (205, TOP + 14)], colour=(130,) * 3), id="a fold"),
        pytest.param(lambda page: stroke(page, [(LEFT + 40, 3), (LEFT + 41, 290)], colour=(60,) * 3), id="a streak"),
        pytest.param(lambda page: stroke(page, [(LEFT + 3, TOP + 28), (LEFT + 80, TOP + 2)]), id="struck out"),
        pytest.param(lambda page: stroke(page, [(LEFT + 9, TOP + 9), (LEFT + 11, TOP + 10)]), id="a dash"),
        pytest.param(lambda page: name(page, LEFT + 5, TOP + 33), id="a name below the box"),
        pytest.param(lambda page: name(page, LEFT, TOP - 18), id="a name above the box"),
    ],
)
def test_what_is_no_name_in_the_box_is_no_signature(draw: Draw) -> None:
    assert seen(draw(PAGE.picture)) is not Ink.SIGNED


@pytest.mark.parametrize(("x", "y"), [(5, 33), (20, 40), (-3, -8)])
def test_a_name_that_missed_the_box_is_not_overlooked(x: float, y: float) -> None:
    assert seen(name(PAGE.picture, LEFT + x, TOP + y)) is Ink.UNSURE


def test_a_box_that_was_cut_off_is_not_empty() -> None:
    separated, there, marks = pictures.lying(PAGE.picture, PAGE)
    part = there.seen.copy()
    part[:, round((LEFT + 60) * MM) :] = False
    assert signing.signature(separated, part, PAGE.boxes["signature"], marks) is Ink.UNSURE


def test_a_shadow_across_the_box_is_not_ink() -> None:
    light = np.ones(PAGE.picture.shape[:2], np.float32)
    light[:, round((LEFT + 30) * MM) :] = 0.6
    drawn = (PAGE.picture * cv2.GaussianBlur(light, (0, 0), 12)[..., None]).astype(np.uint8)
    assert seen(drawn) is Ink.EMPTY


RIMS, STRENGTHS = [(20, 38), (50, 33), (75, 43)], [0.15, 0.28, 0.4]


# Every rim and every strength in the ordinary run, each with each in the long run.
@pytest.mark.parametrize(
    ("aside", "radius", "strength"),
    [
        pytest.param(*place, strength, marks=[] if at == which else [pytest.mark.long])
        for at, place in enumerate(RIMS)
        for which, strength in enumerate(STRENGTHS)
    ],
)
def test_the_rim_of_a_cup_through_the_box_is_no_signature(aside: float, radius: float, strength: float) -> None:
    y, x = np.mgrid[0 : PAGE.picture.shape[0], 0 : PAGE.picture.shape[1]]
    away = np.hypot(x - (LEFT + aside) * MM, y - (TOP + HEIGHT + 18) * MM)
    rim = strength * np.exp(-(((away - radius * MM) / (1.0 * MM)) ** 2)) * (0.6 + 0.4 * np.sin(x / (9 * MM)))
    stained = PAGE.picture * (1 - rim[..., None] * np.array([1.1, 0.7, 0.4]))
    assert seen(stained.astype(np.uint8)) is not Ink.SIGNED
