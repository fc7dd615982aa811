"""A word written beside the text is told; a fold, a staple, a hole, a cup, a hair and initials are not."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from pipeline.model import Kind
from pipeline.reading.compare import Sent
from pipeline.reading.notes import notes, written
from tests.reading import pictures
from tests.reading.pictures import BLACK, MM, PENCIL, Picture, name, stroke

COSTS, CHOICES = pictures.sent(Kind.QUOTE, 1), pictures.sent(Kind.CONSENT, 2)


def noted(drawn: Picture, page: Sent = CHOICES) -> int:
    """How many notes are found on a picture that lies in place, as blurred and grainy as a scan."""
    grainy = cv2.GaussianBlur(drawn, (0, 0), 0.9) + np.random.default_rng(5).normal(0, 3, drawn.shape)
    separated, _, marks = pictures.lying(np.clip(grainy, 0, 255).astype(np.uint8), page)
    return len(notes(separated, page, written(separated, marks, page.words), digital=False))


def stapled(drawn: Picture) -> Picture:
    return stroke(drawn, [(8, 9), (17, 13)], wide=0.9, colour=(120, 120, 120))


def punched(drawn: Picture) -> Picture:
    holes = drawn.copy()
    for y in (108, 188):
        cv2.circle(holes, (round(12 * MM), round(y * MM)), round(2.9 * MM), (40, 40, 40), -1, cv2.LINE_AA)
    return holes


def folded(drawn: Picture) -> Picture:
    """A crease across the page, a tenth darker, with a soft shadow on one side."""
    rows = np.arange(drawn.shape[0])[:, None] - 0.62 * drawn.shape[0]
    crease = 1 - 0.14 * np.exp(-((rows / (0.3 * MM)) ** 2)) - 0.05 * np.exp(-np.abs(rows) / (9 * MM)) * (rows > 0)
    return np.asarray(drawn * crease[..., None], np.uint8)


def with_a_hair(drawn: Picture) -> Picture:
    return stroke(drawn, [(120, 224), (121, 226), (123, 226.5), (124, 229)], wide=0.25, colour=BLACK)


def with_initials(drawn: Picture) -> Picture:
    return name(drawn, 165, 258, 12, 6)


def in_a_cups_ring(drawn: Picture) -> Picture:
    stained = drawn.astype(np.float32)
    y, x = np.mgrid[0 : drawn.shape[0], 0 : drawn.shape[1]]
    away = np.hypot(x - 60 * MM, y - 240 * MM)
    rim = 0.22 * np.exp(-(((away - 38 * MM) / (0.9 * MM)) ** 2))
    return np.asarray(stained * (1 - rim[..., None] * np.array([1.0, 0.7, 0.45])), np.uint8)


WEAR: list[Callable[[Picture], Picture]] = [stapled, punched, folded, with_a_hair, with_initials, in_a_cups_ring]


@pytest.mark.parametrize("worn", WEAR)
def test_what_paper_goes_through_says_nothing(worn: Callable[[Picture], Picture]) -> None:
    assert noted(worn(CHOICES.picture)) == 0


PLACES, COLOURS = [(40, 235), (6, 8), (150, 258), (8, 150), (120, 12)], [pictures.BLUE, BLACK, PENCIL]


# Every place and every colour in the ordinary run, each with each in the long run.
@pytest.mark.parametrize(
    ("left", "top", "colour"),
    [
        pytest.param(*place, colour, marks=[] if at % 3 == which else [pytest.mark.long])
        for at, place in enumerate(PLACES)
        for which, colour in enumerate(COLOURS)
    ],
)
def test_words_are_told_wherever_they_stand(left: float, top: float, colour: tuple[int, int, int]) -> None:
    drawn = CHOICES.picture
    for at in range(3):
        letters = name(np.full_like(drawn, 255), left + 12 * at, top, 10, 5, 0.4)
        drawn = np.minimum(drawn, np.maximum(letters, np.array(colour, np.uint8)))
    assert noted(drawn) > 0


def test_one_figure_written_before_an_amount_is_told() -> None:
    amount = next(word for word in COSTS.words if word.text.endswith(",00"))
    x, y = amount.left - 1.6, amount.top
    assert noted(stroke(COSTS.picture, [(x - 0.6, y + 0.8), (x, y - 0.2), (x, y + 3.2)], wide=0.4), COSTS) > 0


def test_the_end_of_a_tick_that_runs_over_its_label_says_nothing_but_a_word_there_does() -> None:
    left, top, width, height = CHOICES.boxes["coaching-yes"]
    bow = [(left - 1, top + 2), (left + 1.6, top + height - 0.4), (left + width + 3.4, top - 2.6)]
    assert noted(stroke(CHOICES.picture, bow, wide=0.6)) == 0
    assert noted(name(CHOICES.picture, left - 20, top + 4, 14, 5)) > 0


def test_a_stroke_of_the_signature_that_leaves_its_box_says_nothing() -> None:
    left, top, _, height = CHOICES.boxes["signature"]
    drawn = name(CHOICES.picture, left + 8, top + height - 14, 40, 12)
    under = [(left + 6, top + height - 1), (left + 24, top + height + 1.4), (left + 50, top + height + 1)]
    assert noted(stroke(drawn, under)) == 0


def test_a_page_that_was_never_on_paper_has_no_staples() -> None:
    """A pale grey line that a program drew in the corner is told: nothing wears a file."""
    drawn = stapled(CHOICES.picture)
    separated, _, marks = pictures.lying(drawn, CHOICES)
    assert len(notes(separated, CHOICES, marks, digital=True)) == 1
