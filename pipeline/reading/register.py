"""Laying a returned page over the page that was sent, so that the same point is at the same place in both.

In comes a scan, photo or rendering, in any rotation; out goes the same picture on the sent page's own grid of 200 dpi.
First the whole sheet by what is recognisable on it (which sees through rotation and perspective), then block by block,
then a smooth field for paper that is not flat.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Grid = NDArray[np.integer | np.floating]

DPI = 200
MM = DPI / 25.4
"""Points of the grid to a millimetre."""

SIFT_SIDE = 1400  # longest side in which features are sought: about 120 dpi, where letters are still distinct
RATIO = 0.8  # a feature counts when its second-best match is this much worse (letters repeat all over a page)
FEWEST_POINTS = 12  # fewer agreeing features than this can be chance
BLOCK = (150, 90)  # a block of the page, 19 x 11 mm: some words
SOFT = 1.2  # blur under which blocks are compared, so that the grain of paper does not count
EDGES = 4000  # a block with less of an edge, in either direction, does not tell where it is
NEAR = 0.45  # a block whose correlation is below this was not found
FEWEST_BLOCKS = 0.35  # a smaller part of the printed blocks found: this is another page
FIELD = 110.0  # width of the smooth field, 14 mm: paper bends no sharper
STEP = 32  # points between the nodes of the mesh in which the field is kept
STIFF = 0.6  # how little the field leans where there is no print to say so
IN_PLACE = 1.5  # a digital page whose blocks lie within this many points needs no laying


class NotTheSame(Exception):
    """The picture cannot be laid over the page."""


@dataclass(frozen=True)
class Laid:
    """A returned page on the grid of the sent one: what of it is `seen`, and how far blocks still are off (points).

    `exact` when it lay in place already and never was on paper.
    """

    picture: Picture
    seen: Mask
    residual: float
    exact: bool = False


@dataclass(frozen=True)
class _Blocks:
    """Where printed blocks are (centres), where they were found (offsets), and how well."""

    centres: Floats
    offsets: Floats
    scores: Floats

    @property
    def found(self) -> Mask:
        return np.asarray(self.scores > NEAR)

    @property
    def share(self) -> float:
        return float(self.found.mean()) if len(self.scores) else 0.0


def laid(picture: Picture, sent: Picture, *, digital: bool) -> Laid:
    """Lay `picture` over `sent`; raises `NotTheSame` when it is not that page."""
    own = _own(_Held(sent))
    if digital and (placed := _in_place(picture, own)) is not None:
        return placed
    picture = _sized(picture, own.grey)
    grey, transform = _grey(picture), _by_features(picture, own)
    for reach in (26, 10):
        transform = _by_blocks(_warped(grey, transform, own.grey.shape), own, transform, reach)
    return _bent(picture, grey, transform, own)


def _grey(picture: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)


def _sized(picture: Picture, grey: Picture) -> Picture:
    """Shrink a picture that is much finer than the grid: sampling it there would only gather its noise."""
    finer = max(picture.shape[:2]) / max(grey.shape)
    if finer <= 1.5:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=1.3 / finer, fy=1.3 / finer, interpolation=cv2.INTER_AREA), np.uint8)


def _in_place(picture: Picture, own: _Own) -> Laid | None:
    height, width = own.grey.shape
    if picture.shape[:2] != (height, width):
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    blocks = _blocks(_grey(picture), own, 10)
    if blocks.share < FEWEST_BLOCKS:
        return None
    off = float(np.median(np.abs(blocks.offsets[blocks.found]).max(axis=1)))
    return Laid(picture, np.ones(own.grey.shape, bool), off, exact=True) if off <= IN_PLACE else None


def _by_features(picture: Picture, own: _Own) -> Floats:
    """Give the homography from the grid to the picture."""
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
    grey = _grey(picture)
    scale = min(1.0, SIFT_SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    even = cv2.createCLAHE(2.0, (8, 8)).apply(small)
    keys, marks = cv2.SIFT.create(most).detectAndCompute(even, None)
    if marks is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
    rooted = np.sqrt(marks / np.maximum(marks.sum(axis=1, keepdims=True), 1e-6))
    return np.array([key.pt for key in keys], np.float32) / np.float32(scale), np.asarray(rooted, np.float32)


@dataclass(frozen=True, eq=False)
class _Own:
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


@lru_cache(maxsize=2)  # some 45 MB each
def _own(held: _Held) -> _Own:
    grey = _grey(held.picture)
    soft = np.asarray(cv2.GaussianBlur(grey, (0, 0), SOFT), np.uint8)
    steps = [np.abs(np.diff(soft.astype(np.int16), axis=axis, append=255)).astype(np.uint8) for axis in (0, 1)]
    edges = np.stack([cv2.integral(step, sdepth=cv2.CV_32S) for step in steps], axis=-1)
    return _Own(grey, soft, *_features(held.picture, 2500), edges)


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


def _warped(picture: Picture, transform: Floats, shape: tuple[int, ...]) -> Picture:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (shape[1], shape[0])
    return np.asarray(
        cv2.warpPerspective(picture, transform, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _by_blocks(there: Picture, own: _Own, transform: Floats, reach: int) -> Floats:
    """Give a better homography, from where the blocks of the page were found."""
    blocks = _blocks(there, own, reach)
    ours = blocks.centres[blocks.found]
    if len(ours) < 8:
        return transform
    better, kept = cv2.findHomography(ours, ours + blocks.offsets[blocks.found], cv2.USAC_MAGSAC, 2.5)
    if better is None or int(kept.sum()) < max(6, len(ours) // 3):
        return transform
    product = transform.astype(np.float64) @ better
    return np.asarray(product / product[2, 2], np.float32)


def _blocks(there: Picture, own: _Own, reach: int, stride: int = BLOCK[0]) -> _Blocks:
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
    return _Blocks(table[:, :2], table[:, 2:4], table[:, 4])


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


def _bent(picture: Picture, grey: Picture, transform: Floats, own: _Own) -> Laid:
    """Lay the picture by the homography and by the smooth field that the blocks still ask for, found in some rounds.

    The field is kept at the nodes of a wide mesh: how far each node is off.
    """
    mesh = _mesh(own.grey.shape)
    field = np.zeros_like(mesh)
    for reach in (26, 16, 8):
        there, _ = _sampled(grey, transform, mesh + field, own.grey.shape)
        blocks = _blocks(there, own, reach, BLOCK[0] // 2)
        if blocks.share < FEWEST_BLOCKS:
            raise NotTheSame
        more = _field(blocks, mesh)
        field = more + _at(field, mesh + more)  # `more` says where a point lies in what lies by the field before
    there, seen = _sampled(picture, transform, mesh + field, own.grey.shape)
    left_over = blocks.offsets[blocks.found] - _at(more, blocks.centres[blocks.found][None])[0]
    return Laid(there, seen, float(np.median(np.hypot(left_over[:, 0], left_over[:, 1]))))


def _mesh(shape: tuple[int, ...]) -> Floats:
    """Give the nodes: the middle of every square of `STEP` points, as `cv2.resize` takes them."""
    y, x = np.mgrid[0 : -(-shape[0] // STEP), 0 : -(-shape[1] // STEP)].astype(np.float32) * STEP
    return np.asarray(np.stack([x, y], axis=-1) + (STEP - 1) / 2, np.float32)


def _at(field: Floats, points: Floats) -> Floats:
    """Give the field at any points of the grid."""
    at = (points - np.float32((STEP - 1) / 2)) / np.float32(STEP)
    found = cv2.remap(field, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)


def _sampled(picture: Picture, transform: Floats, mesh: Floats, shape: tuple[int, ...]) -> tuple[Picture, Mask]:
    """Give the picture on the grid, and which points of the grid it covers."""
    there = cv2.perspectiveTransform(mesh.reshape(1, -1, 2), transform).reshape(mesh.shape)
    size = (mesh.shape[1] * STEP, mesh.shape[0] * STEP)
    places = cv2.resize(there, size, interpolation=cv2.INTER_LINEAR)[: shape[0], : shape[1]]
    x, y = cv2.split(places)
    finer = cv2.INTER_LINEAR if picture.ndim == 2 else cv2.INTER_CUBIC
    sampled = cv2.remap(picture, x, y, finer, borderMode=cv2.BORDER_REPLICATE)
    height, width = picture.shape[:2]
    return np.asarray(sampled, np.uint8), (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)


def _field(blocks: _Blocks, mesh: Floats) -> Floats:
    """Give for each node how far it still is off: a plane through the blocks around it."""
    good = blocks.found & _like_its_neighbours(blocks)
    centres, offsets = blocks.centres[good], blocks.offsets[good]
    away = (centres[None] - mesh.reshape(-1, 1, 2)) / np.float32(FIELD)
    weights = np.exp(-(away**2).sum(axis=2) / 2) + np.float32(1e-4)
    plane = np.concatenate([np.ones((*away.shape[:2], 1), np.float32), away], axis=2)
    weighted = (weights[..., None] * plane).transpose(0, 2, 1)
    normal = weighted @ plane + np.diag([0.1, STIFF, STIFF]).astype(np.float32)
    coarse = np.linalg.solve(normal, weighted @ offsets)[:, 0]
    return np.asarray(coarse.reshape(mesh.shape), np.float32)


def _like_its_neighbours(blocks: _Blocks) -> Mask:
    """Tell which blocks moved about as the nearest ones did; a block that did not was found in the wrong place."""
    apart = ((blocks.centres[:, None] - blocks.centres[None]) ** 2).sum(axis=2)
    nearest = np.argsort(apart + np.where(blocks.found, 0, 1e9)[None], axis=1)[:, :7]
    usual = np.median(blocks.offsets[nearest], axis=1)
    return np.asarray(np.abs(blocks.offsets - usual).max(axis=1) < 9)
