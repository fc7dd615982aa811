"""What is in a check box: ticked, empty, or unclear.

An empty box must never be read as ticked, and a box that was ticked and struck out again is neither; so what lies
between a clear tick and clean paper is unclear, and so is a box with much ink around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.reading import ink
from pipeline.reading.findings import Tick
from pipeline.reading.grid import MM, Box, Floats, Mask
from pipeline.reading.signing import cut, zone

ASIDE = 1.2  # mm; how far a box may lie from where the page says
SIDE = 0.5  # mm between the box's inside and the middle of its printed border, at most
INSET = 0.35  # mm inside the border that is not looked at: the printed line bleeds
RING = 3.0  # mm around the box in which other ink makes it unclear
TICKED_COVER, TICKED_REACH = 0.045, 0.42  # part of the inside with ink, and the longer side of it as part of the box
THIN_COVER, THIN_REACH = 0.03, 0.6  # the same for a thin pen
EMPTY_COVER, EMPTY_RING = 0.018, 0.9  # below: nothing there; mm2 around it
MUCH_RING = 4.5  # mm2 around the box: struck out, circled, or a stain; the tail of a tick is less
FULL_COVER, FULL_RING = 0.93, 0.4  # filled and over the edge: struck out, perhaps
STAIN = 2.2  # pale ink (in thresholds) in and around the box is a stain, perhaps
THIN = 0.25  # breadth to length of one line; level or upright it is a fold or a streak
HALF = 0.4  # a box filled so far is not crossed by one line
LEVEL = 8.0  # degrees from level or upright
STRONG = 1.5  # ink is this many times the threshold somewhere; a stain hardly passes it


@dataclass(frozen=True)
class Look:
    """What was measured of a box: parts of its inside, mm2 around it."""

    cover: float
    reach: float
    ring: float
    strong: float
    one_line: bool
    spoilt: bool


def tick(page: ink.Page, seen: Mask, box: Box, *, digital: bool) -> Tick:
    """Say what is in the box at `box` (mm)."""
    if cut(seen, zone(box, seen.shape, 1.0)).mean() < 1.0:
        return Tick.UNCLEAR
    moved = box if digital else aligned(page.ink, page.sent, box)
    return judged(look(page, moved), page.threshold)


def judged(seen: Look, threshold: float) -> Tick:
    """Decide from what was measured."""
    ticked = (seen.cover > TICKED_COVER and seen.reach > TICKED_REACH) or (
        seen.cover > THIN_COVER and seen.reach > THIN_REACH
    )
    overflowing = seen.ring > MUCH_RING or (seen.cover > FULL_COVER and seen.ring > FULL_RING)
    stained = seen.ring > EMPTY_RING and seen.strong < STAIN * threshold
    if seen.spoilt or overflowing or stained:
        return Tick.UNCLEAR
    if ticked and not seen.one_line and seen.strong > STRONG * threshold:
        return Tick.TICKED
    return Tick.EMPTY if seen.cover < EMPTY_COVER and seen.ring < EMPTY_RING else Tick.UNCLEAR


def aligned(found: Floats, sent: Floats, box: Box) -> Box:
    """Give where the box really lies, by its printed border: what is inside does not count."""
    grow = SIDE + 0.6
    x1, y1, x2, y2 = zone(box, sent.shape, grow)
    border = sent[y1:y2, x1:x2].copy()
    inner = round((grow + 0.4) * MM)
    template = cv2.GaussianBlur(border, (0, 0), 1.0)
    weight = np.ones_like(template)
    weight[inner:-inner, inner:-inner] = 0
    reach = round(ASIDE * MM)
    if min(x1, y1) < reach or y2 + reach > found.shape[0] or x2 + reach > found.shape[1]:
        return box
    kernel = (template - float(template[weight > 0].mean())) * weight
    around = np.clip(found[y1 - reach : y2 + reach, x1 - reach : x2 + reach], 0, 0.8)
    scores = cv2.matchTemplate(cv2.GaussianBlur(around, (0, 0), 1.0), kernel, cv2.TM_CCORR)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    scores = scores - np.float32(0.01 * float((kernel**2).sum())) * np.hypot(x, y)
    at_y, at_x = divmod(int(np.argmax(scores)), 2 * reach + 1)
    left, top, width, height = box
    return left + (at_x - reach) / MM, top + (at_y - reach) / MM, width, height


def look(page: ink.Page, box: Box) -> Look:
    """Measure what is in and around a box that lies at `box`."""
    inner, outer = zone(box, page.ink.shape, -INSET), zone(box, page.ink.shape, RING)
    dark = page.ink > page.threshold
    lines, blobs = cut(page.lines, inner), cut(page.blobs, inner)
    inside = ink.without_dust(ink.certain(cut(dark, inner) & ~lines, cut(page.ink, inner), page.threshold))
    around = cut(page.extra, outer).copy()
    offset = round((RING - 0.8) * MM)
    around[offset:-offset, offset:-offset] = False
    spoilt = float(blobs.mean()) > 0.02 or float(lines.mean()) > 0.25
    one_line = _is_a_line(inside)
    strong = float(np.percentile(cut(page.ink, inner)[inside], 80)) if inside.any() else 0.0
    return Look(float(inside.mean()), _reach(inside), float(around.sum()) / MM**2, strong, one_line, spoilt)


def _reach(inside: Mask) -> float:
    rows, columns = np.nonzero(inside)
    if not len(rows):
        return 0.0
    return float(max(np.ptp(rows) / inside.shape[0], np.ptp(columns) / inside.shape[1]))


def _is_a_line(inside: Mask) -> bool:
    """Tell whether the ink is one level or upright line: scanners and folds make those, people hardly."""
    rows, columns = np.nonzero(inside)
    if len(rows) < 3 or inside.mean() > HALF:
        return False
    spread, axes = np.linalg.eigh(np.cov(np.stack([columns, rows])))
    turn = float(np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))) % 90
    return bool(spread[0] < THIN**2 * spread[1]) and min(turn, 90 - turn) < LEVEL
