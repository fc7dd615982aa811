"""How like its own rendering each printed word of a returned page is.

The page that was sent is blurred as the returned one is, so that what a scanner or a phone does to all words alike does
not count; what is wrong with one word does. A word is looked at as a whole and some letters at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.reading import ink
from pipeline.reading.grid import MM, Floats
from pipeline.reading.sent import Word

BLURS = (0.0, 0.6, 0.9, 1.2, 1.6, 2.0, 2.5, 3.1, 3.8)  # points; 3.8 is a bad photo at 60 dpi
MARGIN = 2  # points of white around a word that belong to its picture
PAD = 40  # points of white put around the page
REACH, FAR_REACH = 4, 16  # points a word may lie aside; the second when it was not found so
LOST = 0.6  # a word less like than this is sought further away
SURELY = 0.9  # a part this like its own needs no second look
PART = 4  # letters looked at together: one other letter in a long word must show


@dataclass(frozen=True)
class Likeness:
    """How like its own rendering a word is, as a whole and in its worst part; where it lay (points), how blurred."""

    word: Word
    whole: float
    part: float
    aside: tuple[int, int]
    blur: float


class Print:
    """The ink of both pages, that of the sent one blurred as the returned one is."""

    def __init__(self, page: ink.Page, words: Sequence[Word], *, digital: bool) -> None:
        """Find out how blurred the page is, from a sample of its words."""
        self.found, self._sent = _padded(page.ink), {0.0: _padded(page.sent)}
        self.blurs: tuple[float, ...] = (0.0,)
        if not digital and words:
            sample = words[:: max(1, len(words) // 30)]
            at = max(range(len(BLURS)), key=lambda at: self._usual(sample, BLURS[at]))
            self.blurs = BLURS[max(0, at - 1) : at + 2]

    def _usual(self, sample: Sequence[Word], blur: float) -> float:
        return float(np.median([self.best(word, REACH, blur)[0] for word in sample]))

    def sent(self, blur: float) -> Floats:
        """Give the sent page, blurred."""
        if blur not in self._sent:
            self._sent[blur] = np.asarray(cv2.GaussianBlur(self._sent[0.0], (0, 0), blur), np.float32)
        return self._sent[blur]

    def likeness(self, word: Word) -> Likeness:
        """Compare one word."""
        whole, aside, blur = max((*self.best(word, REACH, blur), blur) for blur in self.blurs)
        if whole < LOST:
            whole, aside = max((whole, aside), self.best(word, FAR_REACH, blur))
        parts = [part_of(word, at) for at in range(0, max(1, len(word.letters) - PART + 1), 2)]
        worst = min((self._part(part, aside, blur) for part in parts), default=whole)
        return Likeness(word, whole, min(whole, worst), aside, blur)

    def _part(self, part: Word, aside: tuple[int, int], blur: float) -> float:
        likeness = self.best(part, 2, blur, aside)[0]
        if likeness > SURELY:
            return likeness
        return max(self.best(part, 2, other, aside)[0] for other in self.blurs)

    def best(
        self, word: Word, reach: int, blur: float, aside: tuple[int, int] = (0, 0)
    ) -> tuple[float, tuple[int, int]]:
        """Give the best likeness of a word within `reach` points of its place moved `aside`, and how far it moved."""
        x1, y1 = round(word.left * MM) - MARGIN + PAD, round(word.top * MM) - MARGIN + PAD
        x2, y2 = x1 + round(word.width * MM) + 2 * MARGIN, y1 + round(word.height * MM) + 2 * MARGIN
        x, y = aside
        template = self.sent(blur)[y1:y2, x1:x2]
        around = self.found[max(y1 + y - reach, 0) : y2 + y + reach, max(x1 + x - reach, 0) : x2 + x + reach]
        if template.size == 0 or around.shape[0] < template.shape[0] or around.shape[1] < template.shape[1]:
            return 0.0, (0, 0)  # off the page
        _, score, _, (at_x, at_y) = cv2.minMaxLoc(cv2.matchTemplate(around, template, cv2.TM_CCOEFF_NORMED))
        return float(score), (at_x - reach + x, at_y - reach + y)


def part_of(word: Word, at: int) -> Word:
    """Give some letters of a word, from letter `at` on, as a word of their own."""
    last = at + PART + 1 >= len(word.letters)
    letters = word.letters[at:] if last else word.letters[at : at + PART]
    left, top = min(letter[1] for letter in letters), min(letter[2] for letter in letters)
    right = max(letter[1] + letter[3] for letter in letters)
    bottom = max(letter[2] + letter[4] for letter in letters)
    return Word("".join(letter[0] for letter in letters), left, top, right - left, bottom - top, letters)


def _padded(found: Floats) -> Floats:
    """Give the ink with white paper around it, so that a word at the edge can be sought like any other."""
    return np.asarray(cv2.copyMakeBorder(found, PAD, PAD, PAD, PAD, cv2.BORDER_CONSTANT, value=0.0), np.float32)
