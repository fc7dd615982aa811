"""The whole sheet: by what is recognisable on it, where a picture's page lies, through rotation and perspective."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.reading.grid import Floats, Picture

Grid = NDArray[np.integer | np.floating]

SIFT_SIDE = 1400  # longest side in which features are sought: about 120 dpi, where letters are still distinct
RATIO = 0.8  # a feature counts when its second-best match is this much worse (letters repeat all over a page)
FEWEST_POINTS = 12  # fewer agreeing features than this can be chance
BLOCK = (150, 90)  # a block of the page, 19 x 11 mm: some words
SOFT = 1.2  # blur under which blocks are compared, so that the grain of paper does not count
EDGES = 4000  # a block with less of an edge, in either direction, does not tell where it is


class NotTheSame(Exception):
    """The picture cannot be laid over the page."""


def grey_of(picture: Picture) -> Picture:
    """Give a picture without its colours."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)


def by_features(picture: Picture, own: Own) -> Floats:
    """Give the homography from the grid to the picture; raises `NotTheSame`."""
    points, marks = _features(picture, 4000)
    if len(points) < FEWEST_POINTS or len(own.points) < FEWEST_POINTS:
        raise NotTheSame
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(own.marks, marks, k=2)
    good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < RATIO * pair[1].distance]
    if len(good) < FEWEST_POINTS:
        raise NotTheSame
    ours = own.points[[match.queryIdx for match in good]]
    theirs = points[[match.trainIdx for match in good]]
    near = 6 * max(picture.shape[:2]) / SIFT_SIDE
    found, kept = cv2.findHomography(ours, theirs, cv2.USAC_MAGSAC, near, maxIters=5000, confidence=0.999)
    if found is None or int(kept.sum()) < FEWEST_POINTS or not _plausible(found, own.grey.shape):
        raise NotTheSame
    return np.asarray(found, np.float32)


def _features(picture: Picture, most: int) -> tuple[Floats, Floats]:
    """Give where features are (in the picture's own points) and what they look like."""
    grey = grey_of(picture)
    scale = min(1.0, SIFT_SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    even = cv2.createCLAHE(2.0, (8, 8)).apply(small)
    keys, marks = cv2.SIFT.create(most).detectAndCompute(even, None)
    if marks is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    rooted = np.sqrt(marks / np.maximum(marks.sum(axis=1, keepdims=True), 1e-6))
    return np.array([key.pt for key in keys], np.float32) / np.float32(scale), np.asarray(rooted, np.float32)


@dataclass(frozen=True, eq=False)
class Own:
    """What is needed of the page as sent: grey and blurred, its features, and which blocks tell where they are."""

    grey: Picture
    soft: Picture
    points: Floats
    marks: Floats
    edges: Grid

    def tells(self, left: int, top: int) -> bool:
        """Tell whether a block has print with edges in both directions; along a bare line it could slide."""
        right, bottom = left + BLOCK[0], top + BLOCK[1]
        corners = self.edges[[top, bottom]][:, [left, right]]
        return bool((corners[1, 1] - corners[0, 1] - corners[1, 0] + corners[0, 0]).min() > EDGES)


class _Held:
    """A picture as the key of a cache: the same array is the same picture."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture

    def __hash__(self) -> int:
        return id(self.picture)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.picture is other.picture


def own(sent: Picture) -> Own:
    """Give what is needed of a page as sent; it is kept for the last two pages."""
    return _own(_Held(sent))


@lru_cache(maxsize=2)  # some 45 MB each
def _own(held: _Held) -> Own:
    grey = grey_of(held.picture)
    soft = np.asarray(cv2.GaussianBlur(grey, (0, 0), SOFT), np.uint8)
    steps = [np.abs(np.diff(soft.astype(np.int16), axis=axis, append=255)).astype(np.uint8) for axis in (0, 1)]
    edges = np.stack([cv2.integral(step, sdepth=cv2.CV_32S) for step in steps], axis=-1)
    return Own(grey, soft, *_features(held.picture, 2500), edges)


def _plausible(transform: Grid, shape: tuple[int, ...]) -> bool:
    """Tell whether a sheet can look so: convex, not mirrored, no side more than thrice its opposite."""
    height, width = shape
    corners = np.array([[[0, 0]], [[width, 0]], [[width, height]], [[0, height]]], np.float32)
    seen = cv2.perspectiveTransform(corners, transform).reshape(4, 2)
    if not np.isfinite(seen).all():
        return False
    sides = np.roll(seen, -1, axis=0) - seen
    turns = sides[:, 0] * np.roll(sides, -1, axis=0)[:, 1] - sides[:, 1] * np.roll(sides, -1, axis=0)[:, 0]
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    opposite = np.maximum(lengths[:2], lengths[2:]) / np.maximum(np.minimum(lengths[:2], lengths[2:]), 1e-6)
    return bool((turns > 0).all() and opposite.max() < 3)
