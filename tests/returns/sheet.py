"""A sheet of paper, or a page on a screen, and where the printed page lies on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from tests.returns.papers import Picture

Stroke = np.ndarray[tuple[int, int], np.dtype[np.float64]]
"""Points (x, y) in millimetres."""

Place = tuple[float, float, float, float]
"""Left, top, width, height in millimetres on the page as it was sent."""


Field = np.ndarray[Any, np.dtype[np.float32]]
"""One number a pixel, such as how much light falls on it."""


@dataclass
class Sheet:
    """A picture with its resolution; `scale`, `left` and `top` say how the printer laid the sent page on it."""

    picture: Picture
    dpi: int
    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0

    def pixels(self, points: Stroke) -> Stroke:
        """Give where points of the sent page are in the picture."""
        return (points * self.scale + (self.left, self.top)) * (self.dpi / 25.4)

    def px(self, mm: float) -> float:
        """Give a length in pixels."""
        return mm * self.dpi / 25.4


def smooth_noise(shape: tuple[int, int], cell: float, rng: np.random.Generator) -> Field:
    """Give noise of unit size whose bumps are about `cell` pixels wide."""
    rows, columns = (max(2, round(side / cell) + 2) for side in shape)
    small = rng.normal(size=(rows, columns)).astype(np.float32)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def spline(points: Stroke, step: float = 0.12) -> Stroke:
    """Draw a smooth line through points (Catmull-Rom), with a point about every `step` mm."""
    if len(points) < 3:
        return points
    ends = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    pieces = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        count = max(2, int(np.hypot(*(c - b)) / step))
        t = np.linspace(0, 1, count, endpoint=False)[:, None]
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack([*pieces, points[-1:]])


def shaded(picture: Picture, factor: Field) -> Picture:
    """Multiply each pixel by the light on it."""
    field = np.asarray(factor, np.float32)
    return np.asarray(cv2.multiply(picture, cv2.merge([field, field, field]), dtype=cv2.CV_8U), np.uint8)


def grainy(picture: Picture, much: float, rng: np.random.Generator) -> Picture:
    """Add noise of `much` grey levels; a large tile of it is laid again and again, which nobody sees."""
    tile = np.clip(np.round(rng.normal(scale=much, size=(480, 480))), -100, 100).astype(np.int8)
    rows, columns = picture.shape[:2]
    grain = np.tile(tile, (rows // 480 + 1, columns // 480 + 1))[:rows, :columns]
    return np.asarray(cv2.add(picture, cv2.merge([grain, grain, grain]), dtype=cv2.CV_8U), np.uint8)
