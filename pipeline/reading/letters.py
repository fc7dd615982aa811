"""Whether a figure or letter is still the one that was printed: would another one explain better what is seen?

The others are taken from the same page, so they have its type. This sees a 1 that became a 7 in the same type, which
to a reader of text looks as if nothing had happened. Every figure is held against all others; a letter only when its
word is less like itself than it should be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.reading.grid import MM, Floats
from pipeline.reading.sent import Word

INKED = 0.25  # part of the darkest point of a figure that still belongs to it
AROUND = 3  # points around a figure that are compared with it
CONTEXT = 12  # points around that, so that blurring sees the neighbours
VARIANTS = 3  # printings of one other figure that are tried: its size and weight may differ on the page
SAME_SIZE = 1.6  # a figure or letter from type this much larger or smaller can still stand in
SAME_WIDTH = 0.35  # a letter this much wider or narrower would move its neighbours, and shows by that
FIGURES = "0123456789"


@dataclass(frozen=True)
class Glyph:
    """The picture of one figure or letter on the sent page, and where it stands (points)."""

    letter: str
    left: int
    top: int
    picture: Floats

    @property
    def height(self) -> int:
        """Give its height in points."""
        return int(self.picture.shape[0])


@dataclass(frozen=True)
class Doubt:
    """How much better another one explains what is seen (`margin` of likeness), against how much they differ.

    `share` is -1 where the own one is certain and +1 where the other one is; `own` is its own likeness.
    """

    at: int
    seen: str
    margin: float
    share: float
    own: float


class Letters:
    """All figures and letters of a page as it was sent."""

    def __init__(self, sent: Floats, words: Sequence[Word]) -> None:
        """Cut them out of the page's ink."""
        self.sent = sent
        self.glyphs = {
            (index, at): glyph
            for index, word in enumerate(words)
            for at, letter in enumerate(word.letters)
            if letter[0].isalnum() and (glyph := _glyph(sent, letter)) is not None
        }
        self.alike: dict[str, list[Glyph]] = {}
        for glyph in self.glyphs.values():
            self.alike.setdefault(glyph.letter, []).append(glyph)

    def figures(self, found: Floats, index: int, aside: tuple[int, int], blur: float) -> list[Doubt]:
        """Hold every figure of word number `index`, found `aside` of its place, against the other figures."""
        return self._doubts(found, index, aside, blur, FIGURES)

    def letters(self, found: Floats, index: int, aside: tuple[int, int], blur: float) -> list[Doubt]:
        """Hold every letter of word number `index` against all others that would fit in its place."""
        return self._doubts(found, index, aside, blur, "".join(set(self.alike) - set(FIGURES)))

    def _doubts(self, found: Floats, index: int, aside: tuple[int, int], blur: float, of: str) -> list[Doubt]:
        return [
            doubt
            for (of_word, at), glyph in self.glyphs.items()
            if of_word == index
            and glyph.letter in of
            and (doubt := self._doubt(found, glyph, at, aside, blur)) is not None
        ]

    def _doubt(self, found: Floats, glyph: Glyph, at: int, aside: tuple[int, int], blur: float) -> Doubt | None:
        frame = self._frame(glyph)
        if frame is None:
            return None
        own = _blurred(frame, blur)
        seen = _around(found, glyph, aside)
        likeness = _best(seen, own)
        doubts = []
        for other in self._others(glyph):
            changed = _blurred(_exchanged(frame, glyph, other), blur)
            apart = 1.0 - float(cv2.matchTemplate(own, changed, cv2.TM_CCOEFF_NORMED)[0, 0])
            margin = _best(seen, changed) - likeness
            doubts.append(Doubt(at, other.letter, margin, margin / max(apart, 0.02), likeness))
        return max(doubts, key=lambda doubt: doubt.share, default=Doubt(at, "", -1.0, -1.0, likeness))

    def _frame(self, glyph: Glyph) -> Floats | None:
        top, left = glyph.top - CONTEXT, glyph.left - CONTEXT
        bottom, right = glyph.top + glyph.height + CONTEXT, glyph.left + glyph.picture.shape[1] + CONTEXT
        if top < 0 or left < 0 or bottom > self.sent.shape[0] or right > self.sent.shape[1]:
            return None
        return self.sent[top:bottom, left:right]

    def _others(self, glyph: Glyph) -> list[Glyph]:
        if glyph.letter in FIGURES:
            return [one for each in FIGURES if each != glyph.letter for one in self._printings(each, glyph)]
        others = [letter for letter in self.alike if letter.lower() != glyph.letter.lower()]
        nearest = [one for each in others for one in self._printings(each, glyph)[:1]]
        width = glyph.picture.shape[1]
        return [one for one in nearest if abs(one.picture.shape[1] - width) <= max(AROUND, SAME_WIDTH * width)]

    def _printings(self, letter: str, glyph: Glyph) -> list[Glyph]:
        """Give some printings of another figure or letter, those nearest in size first."""
        same = sorted(self.alike.get(letter, []), key=lambda one: _larger(one, glyph))
        kinds = {(one.height, round(float(one.picture.mean()) * 12)): one for one in reversed(same)}
        kept = sorted(kinds.values(), key=lambda one: _larger(one, glyph))[:VARIANTS]
        return [one for one in kept if _larger(one, glyph) < np.log(SAME_SIZE)]


def _larger(one: Glyph, other: Glyph) -> float:
    """Give how much one differs from another in size: 0 when not at all."""
    return abs(float(np.log(one.height / other.height)))


def _glyph(sent: Floats, letter: tuple[str, float, float, float, float]) -> Glyph | None:
    """Cut a figure or letter to its ink."""
    character, left, top, width, height = letter
    x, y = max(int(np.floor(left * MM)), 0), max(int(np.floor(top * MM)), 0)
    cell = sent[y : int(np.ceil((top + height) * MM)) + 1, x : int(np.ceil((left + width) * MM)) + 1]
    if cell.size == 0 or cell.max() < 0.2:
        return None
    rows, columns = np.nonzero(cell > INKED * cell.max())
    one, two = max(int(rows.min()) - 1, 0), max(int(columns.min()) - 1, 0)
    picture = cell[one : int(rows.max()) + 2, two : int(columns.max()) + 2]
    return Glyph(character, x + two, y + one, picture) if picture.shape[0] >= 6 else None


def _exchanged(frame: Floats, glyph: Glyph, other: Glyph) -> Floats:
    """Give the surroundings of a glyph with another one in its place, on the same line, in the same middle."""
    height, width = glyph.picture.shape
    picture = other.picture
    if abs(other.height - height) > 1:
        scale = height / other.height
        size = (max(2, round(picture.shape[1] * scale)), height)
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
    changed = frame.copy()
    changed[CONTEXT : CONTEXT + height, CONTEXT : CONTEXT + width] = 0
    top = CONTEXT + height - picture.shape[0]
    left = max(0, CONTEXT + round((width - picture.shape[1]) / 2))
    place = changed[top : top + picture.shape[0], left : left + picture.shape[1]]
    darkest = float(glyph.picture.max()) / max(float(picture.max()), 0.1)
    np.maximum(place, picture[: place.shape[0], : place.shape[1]] * min(darkest, 1.0), out=place)
    return changed


def _blurred(frame: Floats, blur: float) -> Floats:
    edge = CONTEXT - AROUND
    soft = cv2.GaussianBlur(frame, (0, 0), blur) if blur else frame
    return np.ascontiguousarray(soft[edge:-edge, edge:-edge], np.float32)


def _around(found: Floats, glyph: Glyph, aside: tuple[int, int], reach: int = 2) -> Floats:
    x, y = glyph.left + aside[0] - AROUND - reach, glyph.top + aside[1] - AROUND - reach
    height, width = glyph.picture.shape
    x, y = max(x, 0), max(y, 0)
    return np.ascontiguousarray(
        found[y : y + height + 2 * (AROUND + reach), x : x + width + 2 * (AROUND + reach)], np.float32
    )


def _best(seen: Floats, expected: Floats) -> float:
    if seen.shape[0] < expected.shape[0] or seen.shape[1] < expected.shape[1]:
        return 0.0
    return float(cv2.matchTemplate(seen, expected, cv2.TM_CCOEFF_NORMED).max())
