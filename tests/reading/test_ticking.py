"""A cross in a box is a tick; clean paper is not; what lies between is unclear, and never a tick."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Kind
from pipeline.reading import ticking
from pipeline.reading.findings import Tick
from tests.reading import pictures
from tests.reading.pictures import MM, Picture, ring, stroke, ticked

PAGE = pictures.sent(Kind.CONSENT, 2)
CHECKS = {name: box for name, box in PAGE.boxes.items() if name != "signature"}
NAME = "profile-yes"
LEFT, TOP, WIDTH, HEIGHT = CHECKS[NAME]
MIDDLE = (LEFT + WIDTH / 2, TOP + HEIGHT / 2)

part = st.floats(0, 1)
looks = st.builds(
    ticking.Look, part, part, st.floats(0, 30), part, st.booleans(), st.booleans()
)  # cover, reach, ring, strong, one_line, spoilt


def seen(drawn: Picture) -> dict[str, Tick]:
    separated, there, _ = pictures.lying(drawn, PAGE)
    return {name: ticking.tick(separated, there.seen, box, digital=False) for name, box in CHECKS.items()}


def test_every_box_of_an_untouched_page_is_empty() -> None:
    assert set(seen(PAGE.picture).values()) == {Tick.EMPTY}
    assert len(CHECKS) >= 6


@pytest.mark.parametrize("wide", [0.3, 1.2])
@pytest.mark.parametrize("style", ["cross", "check", "slash", "filled"])
def test_one_tick_is_one_tick(style: str, wide: float) -> None:
    found = seen(ticked(PAGE.picture, CHECKS[NAME], style, wide))
    assert found.pop(NAME) is Tick.TICKED
    assert set(found.values()) == {Tick.EMPTY}


def scribbled(page: Picture) -> Picture:
    zigzag = [(LEFT - 2 + at * 0.6, TOP - 1.5 if at % 2 else TOP + 6.5) for at in range(16)]
    return stroke(ticked(page, CHECKS[NAME]), zigzag)


def circled(page: Picture) -> Picture:
    round_it = np.linspace(0, 6.5, 80)
    return stroke(page, zip(MIDDLE[0] + 4.3 * np.cos(round_it), MIDDLE[1] + 4 * np.sin(round_it), strict=True))


def speck(page: Picture) -> Picture:
    drawn = page.copy()
    cv2.circle(drawn, (round(MIDDLE[0] * MM), round(MIDDLE[1] * MM)), round(0.6 * MM), (30, 30, 30), -1)
    return drawn


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(scribbled, id="a tick struck out"),
        pytest.param(circled, id="a circle around it"),
        pytest.param(lambda page: ticked(page, (LEFT - 5, TOP, WIDTH, HEIGHT), "check"), id="a tick beside it"),
    ],
)
def test_a_doubtful_mark_is_unclear(draw: Callable[[Picture], Picture]) -> None:
    assert seen(draw(PAGE.picture))[NAME] is Tick.UNCLEAR


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(speck, id="a speck"),
        pytest.param(lambda page: ring(page, MIDDLE[0] + 34, MIDDLE[1] + 4), id="the ring of a cup"),
        pytest.param(
            lambda page: stroke(page, [(MIDDLE[0], 2), (MIDDLE[0] + 1, 290)], colour=(70,) * 3), id="a streak"
        ),
        pytest.param(lambda page: stroke(page, [(2, MIDDLE[1]), (208, MIDDLE[1])], colour=(120,) * 3), id="a fold"),
        pytest.param(lambda page: stroke(page, [(LEFT + 1, TOP + 2.5), (LEFT + 4, TOP + 2.5)]), id="a dash"),
    ],
)
def test_no_mark_of_paper_or_scanner_is_a_tick(draw: Callable[[Picture], Picture]) -> None:
    assert Tick.TICKED not in seen(draw(PAGE.picture)).values()


def test_a_box_is_found_where_it_lies() -> None:
    moved = np.roll(PAGE.picture, (6, -5), (0, 1))
    separated, _, _ = pictures.lying(ticked(moved, CHECKS["report-no"]), PAGE)
    for box in CHECKS.values():
        left, top, *_ = ticking.aligned(separated.ink, separated.sent, box)
        assert left - box[0] == pytest.approx(-5 / MM, abs=0.2)
        assert top - box[1] == pytest.approx(6 / MM, abs=0.2)


@given(looks, st.floats(0.06, 0.35))
def test_a_tick_needs_ink_in_the_box_and_little_around_it(look: ticking.Look, threshold: float) -> None:
    if ticking.judged(look, threshold) is Tick.TICKED:
        assert look.cover > ticking.THIN_COVER and look.ring <= ticking.MUCH_RING
        assert look.strong > threshold and not look.one_line and not look.spoilt


@given(looks, st.floats(0.06, 0.35))
def test_an_empty_box_has_next_to_nothing_in_and_around_it(look: ticking.Look, threshold: float) -> None:
    if ticking.judged(look, threshold) is Tick.EMPTY:
        assert look.cover < ticking.EMPTY_COVER and look.ring < ticking.EMPTY_RING


@given(looks, st.floats(0.06, 0.35), st.floats(0, 30))
def test_more_ink_around_a_box_never_makes_it_clearer(look: ticking.Look, threshold: float, more: float) -> None:
    worse = ticking.Look(look.cover, look.reach, look.ring + more, look.strong, look.one_line, look.spoilt)
    before, after = ticking.judged(look, threshold), ticking.judged(worse, threshold)
    assert after in (before, Tick.UNCLEAR)
