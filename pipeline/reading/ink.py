"""What is on the paper: how much darker (or more coloured) than the paper itself, and what of it was not printed by us.

Shadows and yellow light go by dividing by the paper around; a blue pen stays, because the strongest channel counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.reading.grid import MM, Floats, Mask, Picture
from pipeline.reading.register import Laid

PAPER_CELLS = 9  # paper is sought within 9 mm: letters and signatures are no wider than that, shadows mostly are
PRINTED = 0.08  # on the page as sent, anything darker than this is print (the palest hairline is 0.2)
LEAST, MOST = 0.12, 0.35  # bounds of the threshold for ink: paper's grain below, a pale pen above
CLEAN = 0.06  # threshold on a page that was never on paper
AROUND_PRINT = 3  # points (0.4 mm) around print that are not looked at: printers and blur widen it
AROUND_SHIFTED_PRINT = 5  # the same, when the page could not be laid exactly
EXACT = 1.2  # points; what counts as laid exactly
SURE = 1.4  # a piece of ink is this many times the threshold somewhere; grain is not
BLOB, BLOB_SIZE = 2.4, 6.5  # mm; no pen is as broad as the first, a filled check box is smaller than the second
LINE = 35.0  # mm; a thin straight mark this long is a fold or a streak of the scanner
SOLID = 0.4  # darkness all over of what is at the edge and is no pen's
PALE = 0.26  # folds, cups and the print of the other side are paler than this; a pencil on a coarse scan is 0.3
BROAD, BROAD_PALE = 1.2, 0.5  # mm; the rim of a cup is broader than this and paler, a marker broad and dark
SPECK = 0.06  # mm2; smaller is dust


@dataclass(frozen=True)
class Page:
    """The ink of a returned page and of the page that was sent (0 paper to 1 black), and the extra ink in between.

    `extra` is what was not printed by us, without folds, streaks, blobs and holes; `blobs` are the broad things.
    """

    ink: Floats
    sent: Floats
    extra: Mask
    blobs: Mask
    lines: Mask
    threshold: float


@dataclass(frozen=True, eq=False)
class Mark:
    """One connected piece of extra ink, in points of the grid; `mask` covers its own rectangle."""

    left: int
    top: int
    width: int
    height: int
    area: float
    mask: Mask

    @property
    def reach(self) -> float:
        """Give its longer side in mm."""
        return max(self.width, self.height) / MM


def page(there: Laid, sent: Picture, *, digital: bool) -> Page:
    """Separate the ink of the returned page from the print of the sent one."""
    printed = of(sent, np.full(sent.shape[:2], 255, np.uint8))
    if digital:
        return _clean(there, sent, printed)
    found = of(there.picture)
    around = AROUND_PRINT if there.residual <= EXACT else AROUND_SHIFTED_PRINT
    print_mask = dilated(printed > PRINTED, around)
    threshold = grain(found, ~dilated(printed > PRINTED, 12) & there.seen)
    dark = (found > threshold) & ~print_mask & there.seen
    dark = certain(dark, found, threshold)
    blobs = _blobs(dark | (print_mask & (found > threshold)), found) & dark
    lines = _lines(dark & ~blobs, ~print_mask)
    extra = without_dust(dark & ~blobs & ~lines & ~_edges(dark, found))
    return Page(found, printed, extra, blobs, lines, threshold)


def of(picture: Picture, paper: Picture | None = None) -> Floats:
    """Give how much ink there is: 0 is paper, 1 is black."""
    behind = _paper(picture) if paper is None else cv2.merge([paper] * 3)
    lightness = cv2.divide(picture, behind, scale=255.0)
    blue, green, red = cv2.split(lightness)
    return np.asarray(1.0 - cv2.min(cv2.min(blue, green), red).astype(np.float32) / 255.0, np.float32)


def grain(found: Floats, blank: Mask) -> float:
    """Give from what darkness something on this paper is ink: above the grain of its blank parts."""
    values = found[blank][::7]
    if values.size < 100:
        return LEAST * 2
    middle = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - middle)))
    return float(np.clip(middle + 5 * spread + 0.03, LEAST, MOST))


def dilated(mask: Mask, points: int) -> Mask:
    """Widen a mask by `points` on every side."""
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * points + 1, 2 * points + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), shape) > 0)


def marks(mask: Mask) -> list[Mark]:
    """Give the connected pieces of `mask`; strokes that a coarse scan broke by a point or two are one."""
    joined = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, labels, table, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    for label, (left, top, width, height, _) in enumerate(table[1:], 1):
        rows, columns = slice(top, top + height), slice(left, left + width)
        own = (labels[rows, columns] == label) & mask[rows, columns]
        found.append(Mark(int(left), int(top), int(width), int(height), float(own.sum()) / MM**2, own))
    return found


def _clean(there: Laid, sent: Picture, printed: Floats) -> Page:
    difference = cv2.absdiff(there.picture, sent).max(axis=2).astype(np.float32) / 255.0
    found = of(there.picture, np.full(sent.shape[:2], 255, np.uint8))
    edges = dilated(printed > PRINTED, 2)
    extra = (difference > CLEAN) & (~edges | (difference > 0.5))
    none = np.zeros(extra.shape, bool)
    return Page(found, printed, without_dust(extra), none, none, CLEAN)


def _paper(picture: Picture) -> Picture:
    """Give the paper without what stands on it: the light of the surroundings, closed over anything up to 9 mm."""
    cell = round(MM)
    small = cv2.resize(
        cv2.dilate(cv2.medianBlur(picture, 3), np.ones((cell, cell), np.uint8)),
        None, fx=1 / cell, fy=1 / cell, interpolation=cv2.INTER_NEAREST,
    )  # fmt: skip
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((PAPER_CELLS, PAPER_CELLS), np.uint8))
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(
        np.maximum(cv2.resize(cv2.GaussianBlur(closed, (0, 0), 1.5), size, interpolation=cv2.INTER_LINEAR), 1), np.uint8
    )


def _blobs(dark: Mask, found: Floats) -> Mask:
    """Give the broad things: thumbs, stains, shadows. What is very dark all over may be a marker, and stays."""
    size = round(BLOB * MM) | 1
    core = cv2.morphologyEx(
        dark.astype(np.uint8), cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    )
    _, labels, table, _ = cv2.connectedComponentsWithStats(core, connectivity=8)
    blobs = np.zeros(dark.shape, bool)
    for label, (left, top, width, height, area) in enumerate(table[1:], 1):
        rows, columns = slice(top, top + height), slice(left, left + width)
        own = labels[rows, columns] == label
        broad = max(width, height) > BLOB_SIZE * MM
        if broad and (float(found[rows, columns][own].mean()) < 0.6 or area > (BLOB_SIZE * MM) ** 2):
            blobs[rows, columns] |= own
    return dilated(blobs, 5) if blobs.any() else blobs


def _lines(dark: Mask, free: Mask) -> Mask:
    """Give thin straight lines longer than any pen stroke: folds, streaks of the scanner, edges of a shadow.

    `free` is where there is no print: only there can a line be missing.
    """
    half, free = _halved(dark), _halved(free) > 0
    lines = np.zeros(half.shape, np.uint8)
    found = cv2.HoughLinesP(half, 1, np.pi / 720, 90, minLineLength=LINE * MM / 2, maxLineGap=4 * MM / 2)
    near = cv2.dilate(half, np.ones((3, 3), np.uint8)) > 0
    for x1, y1, x2, y2 in np.asarray(found if found is not None else []).reshape(-1, 4).tolist():
        along = np.array([x2 - x1, y2 - y1], np.float32) / np.hypot(x2 - x1, y2 - y1)
        start, reach = np.array([x1, y1], np.float32), float(np.hypot(x2 - x1, y2 - y1))
        if _is_thin(near, free, start, along, reach):
            first, last = ((start + along * far).astype(int).tolist() for far in (-3000, 3000))
            cv2.line(lines, first, last, 255, 4)
    return np.asarray(cv2.resize(lines, (dark.shape[1], dark.shape[0]), interpolation=cv2.INTER_NEAREST) > 0) & dark


def _halved(mask: Mask) -> Picture:
    small = cv2.resize(mask.astype(np.uint8) * 255, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray((small > 60) * 255, np.uint8)


def _is_thin(near: Mask, free: Mask, start: Floats, along: Floats, reach: float) -> bool:
    """Tell whether a line is there nearly all the way, with paper on both sides; handwriting is neither."""
    steps = np.arange(int(reach))[:, None] * along + start
    aside = np.array([-along[1], along[0]]) * 1.2 * MM / 2
    there, one_side, other_side = (_values(near, free, steps + shift) for shift in (0 * aside, aside, -aside))
    return bool(there > 0.85 and min(one_side, other_side) < 0.2 and max(one_side, other_side) < 0.5)


def _values(near: Mask, free: Mask, points: NDArray[np.floating]) -> float:
    """Give how many of the points are dark, of those that are free of print."""
    x = np.clip(points[:, 0].round().astype(int), 0, near.shape[1] - 1)
    y = np.clip(points[:, 1].round().astype(int), 0, near.shape[0] - 1)
    return float(near[y, x][free[y, x]].mean()) if free[y, x].any() else 0.0


def _edges(dark: Mask, found: Floats) -> Mask:
    """Give what lies at the edge of the sheet: the table behind it, punch holes, staples.

    Only what is dark all over is thick: between small letters, blur leaves a little ink as well.
    """
    rim = np.ones(dark.shape, bool)
    width = round(5 * MM)
    rim[width:-width, width:-width] = False
    size, width = round(1.5 * MM), round(17 * MM)
    thick = dilated(
        cv2.morphologyEx((dark & (found > SOLID)).astype(np.uint8), cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
        > 0,
        8,
    )
    thick[width:-width, width:-width] = False
    return rim | thick


def certain(dark: Mask, found: Floats, threshold: float) -> Mask:
    """Give the pieces of a mask that are clearly ink somewhere; the grain of paper is not."""
    return reached(dark, found > SURE * threshold)


def by_pen(found: Floats, mask: Mask) -> bool:
    """Tell whether ink is as dark as a pen leaves it, or as thin; a fold and the rim of a cup are neither."""
    dark = float(np.percentile(found[mask], 75)) if mask.any() else 0.0
    return dark >= PALE and (dark >= BROAD_PALE or breadth(mask) < BROAD)


def breadth(mask: Mask) -> float:
    """Give how broad strokes are in the mean (mm): in a stroke, points lie a quarter of its breadth from its edge."""
    away = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3)
    return 4 * float(away[away > 0].mean()) / MM if mask.any() else 0.0


def reached(dark: Mask, start: Mask) -> Mask:
    """Give the pieces of a mask that hang together with `start`."""
    _, labels = cv2.connectedComponents(dark.astype(np.uint8), connectivity=8)
    touched = np.zeros(labels.max() + 1, bool)
    touched[np.unique(labels[dark & start])] = True
    touched[0] = False
    return np.asarray(touched[labels])


def without_dust(mask: Mask) -> Mask:
    """Give a mask without its smallest pieces."""
    _, labels, table, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return np.asarray((table[:, cv2.CC_STAT_AREA] > SPECK * MM**2)[labels] & mask)
