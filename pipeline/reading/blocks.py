"""Block by block: where the printed blocks of a page, some words each, lie in a picture of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.reading.grid import Floats, Mask, Picture
from pipeline.reading.sheet import BLOCK, SOFT, Own

NEAR = 0.45  # a block whose correlation is below this was not found


@dataclass(frozen=True)
class Blocks:
    """Where printed blocks are (centres), where they were found (offsets), and how well."""

    centres: Floats
    offsets: Floats
    scores: Floats

    @property
    def found(self) -> Mask:
        """Tell which blocks were found."""
        return np.asarray(self.scores > NEAR)

    @property
    def share(self) -> float:
        """Give which part of them was found."""
        return float(self.found.mean()) if len(self.scores) else 0.0


def find(there: Picture, own: Own, reach: int, stride: int = BLOCK[0]) -> Blocks:
    """Find each printed block of the page within `reach` points of its place."""
    soft, (width, height) = np.asarray(cv2.GaussianBlur(there, (0, 0), SOFT), np.uint8), BLOCK
    rows: list[tuple[float, ...]] = []
    for top in range(reach, soft.shape[0] - height - reach, height):
        for left in range(reach, soft.shape[1] - width - reach, stride):
            if own.tells(left, top):
                block = own.soft[top : top + height, left : left + width]
                around = soft[top - reach : top + height + reach, left - reach : left + width + reach]
                x, y, score = _peak(np.asarray(cv2.matchTemplate(around, block, cv2.TM_CCOEFF_NORMED), np.float32))
                rows.append((left + width / 2, top + height / 2, x - reach, y - reach, score))
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Blocks(table[:, :2], table[:, 2:4], table[:, 4])


def better(there: Picture, own: Own, transform: Floats, reach: int) -> Floats:
    """Give a better homography, from where the blocks of the page were found."""
    blocks = find(there, own, reach)
    ours = blocks.centres[blocks.found]
    if len(ours) < 8:
        return transform
    moved, kept = cv2.findHomography(ours, ours + blocks.offsets[blocks.found], cv2.USAC_MAGSAC, 2.5)
    if moved is None or int(kept.sum()) < max(6, len(ours) // 3):
        return transform
    product = transform.astype(np.float64) @ moved
    return np.asarray(product / product[2, 2], np.float32)


def _peak(scores: Floats) -> tuple[float, float, float]:
    """Give the place of the highest score, finer than a point, and the score."""
    _, best, _, (x, y) = cv2.minMaxLoc(scores)
    return x + _between(scores[y, max(x - 1, 0) : x + 2]), y + _between(scores[max(y - 1, 0) : y + 2, x]), best


def _between(three: Floats) -> float:
    if len(three) < 3:
        return 0.0
    before, at, after = (float(value) for value in three)
    bend = before - 2 * at + after
    return 0.0 if bend > -1e-6 else float(np.clip((before - after) / (2 * bend), -0.5, 0.5))
