"""The text is the one that was sent, or somebody is told: no other figure or word in the same letter passes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.model import Kind
from pipeline.reading import content, notes
from pipeline.reading.compare import Sent, Word
from pipeline.reading.findings import Content
from tests.reading import pictures
from tests.reading.pictures import MM, Picture, name, stroke

COSTS, CHOICES = pictures.sent(Kind.QUOTE, 1), pictures.sent(Kind.CONSENT, 2)
Judged = tuple[Content, dict[str, dict[str, str]]]


def judged(drawn: Picture, page: Sent, *, soft: float = 0.9) -> Judged:
    """What is said of a picture that lies in place, as blurred as a scan; the reasons by name."""
    blurred = cv2.GaussianBlur(drawn, (0, 0), soft).astype(np.float32)
    grainy = np.clip(blurred + np.random.default_rng(4).normal(0, 4, drawn.shape[:2])[..., None], 0, 255)
    separated, there, marks = pictures.lying(grainy.astype(np.uint8), page)
    strange = notes.notes(separated, page, notes.written(separated, marks, page.words), digital=False)
    verdict, reasons = content.judged(separated, there.seen, page, strange, digital=False)
    return verdict, dict(reasons)


def place(left: float, top: float, right: float, bottom: float) -> tuple[slice, slice]:
    return slice(int(top * MM) - 1, int(bottom * MM) + 2), slice(int(left * MM) - 1, int(right * MM) + 2)


def figure_exchanged(page: Sent, word: Word, at: int, figure: str) -> Picture:
    """The page with one figure of a word replaced by another that stands on the same page in the same letter."""
    drawn, old = page.picture.copy(), word.letters[at]
    new = next(
        letter
        for other in page.words
        for letter in other.letters
        if letter[0] == figure and abs(letter[4] - old[4]) < 0.1 and other is not word
    )
    glyph = page.picture[place(new[1], new[2], new[1] + new[3], new[2] + new[4])]
    drawn[place(old[1], old[2], old[1] + old[3], old[2] + old[4])] = 255
    left = round((old[1] + old[3] / 2) * MM - glyph.shape[1] / 2)
    top = int((old[2] + old[4]) * MM) + 2 - glyph.shape[0]
    there = drawn[top : top + glyph.shape[0], left : left + glyph.shape[1]]
    np.minimum(there, glyph, out=there)
    return drawn


def amount(page: Sent) -> Word:
    """The total of a quote, the largest figures on its page."""
    amounts = [word for word in page.words if "," in word.text and word.text[0].isdigit()]
    return max(amounts, key=lambda word: (round(word.height, 1), word.top))


@pytest.mark.parametrize("page", [COSTS, CHOICES])
@pytest.mark.parametrize("soft", [1.6])
def test_an_untouched_page_is_unchanged(page: Sent, soft: float) -> None:
    assert judged(page.picture, page, soft=soft) == (Content.UNCHANGED, {})


@pytest.mark.parametrize("at", [0, 1, *(pytest.param(at, marks=pytest.mark.long) for at in (2, 3))])
def test_another_figure_in_the_same_letter_is_never_unchanged(at: int) -> None:
    costs = [word for word in COSTS.words if word.text.endswith(",00") and len(word.text) >= 5]
    word = costs[at % len(costs)]
    old = word.letters[0][0]
    figure = next(figure for figure in "96174325" if figure != old)
    verdict, reasons = judged(figure_exchanged(COSTS, word, 0, figure), COSTS)
    assert verdict is not Content.UNCHANGED
    said = reasons.get("figure_changed") or reasons.get("figure_unsure") or {}
    assert said == {"word": word.text, "seen": figure + word.text[1:]} or reasons["text_changed"]["word"] == word.text


def test_a_total_printed_anew_by_the_same_press_is_changed() -> None:
    total = amount(COSTS)
    other = ("8" if total.text[0] != "8" else "3") + total.text[1:]
    page = pictures.printed(Kind.QUOTE, total.text, other).draw(1)
    assert any(word.text == other for word in page.words)
    verdict, reasons = judged(page.picture, COSTS)
    assert verdict is not Content.UNCHANGED
    assert total.text in {values.get("word") for values in reasons.values()}


def test_a_clause_printed_anew_by_the_same_press_is_never_unchanged() -> None:
    altered = pictures.printed(Kind.CONSENT, "gelezen", "bekeken").draw(2)
    assert judged(altered.picture, CHOICES)[0] is Content.CHANGED


def test_a_word_that_was_taken_out_is_changed() -> None:
    word = next(word for word in CHOICES.words if word.text == "goedgekeurd?")
    drawn = CHOICES.picture.copy()
    drawn[place(word.left, word.top, word.left + word.width, word.top + word.height)] = 255
    assert judged(drawn, CHOICES) == (Content.CHANGED, {"text_changed": {"word": "goedgekeurd?"}})


def test_a_word_struck_out_by_hand_is_never_unchanged() -> None:
    word = next(word for word in CHOICES.words if word.text == "goedgekeurd?")
    middle = word.top + word.height / 2
    struck = stroke(CHOICES.picture, [(word.left - 1, middle), (word.left + word.width + 1, middle + 0.2)])
    assert judged(struck, CHOICES)[0] is not Content.UNCHANGED


def test_a_sentence_added_by_hand_is_told() -> None:
    assert judged(name(CHOICES.picture, 60, 230, 60, 8), CHOICES) == (Content.UNSURE, {"written_beside": {}})


def test_signing_ticking_and_filling_in_the_rows_changes_nothing() -> None:
    left, top, *_ = CHOICES.boxes["signature"]
    drawn = name(CHOICES.picture, left + 5, top + 3, 70, 24)
    for row in range(3):
        drawn = name(drawn, 28, top - 1 + 12 * row, 45, 6)
    for box in ("coaching-yes", "profile-no", "report-yes"):
        drawn = pictures.ticked(drawn, CHOICES.boxes[box], "check")
    assert judged(drawn, CHOICES) == (Content.UNCHANGED, {})


def test_a_part_that_is_smeared_is_told_as_one_thing() -> None:
    drawn = COSTS.picture.copy()
    lines = [word for word in COSTS.words if 50 < word.left < 180 and 100 < word.top < 140]
    part = place(50, min(word.top for word in lines), 190, max(word.top for word in lines) + 3)
    drawn[part] = cv2.GaussianBlur(drawn[part], (0, 0), 14)
    verdict, reasons = judged(drawn, COSTS)
    assert verdict is not Content.UNCHANGED
    assert "part_unreadable" in reasons
