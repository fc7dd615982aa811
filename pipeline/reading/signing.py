"""Whether the signature box is signed: ink that only a pen makes, of the size and shape of a name.

An unsigned page must never be taken as signed, so every doubt is UNSURE: a dot, a straight line, a stain, a scribble
beside the box. What ink means is not ours to say: it proves ink, not will.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from pipeline.reading import ink
from pipeline.reading.findings import Ink
from pipeline.reading.grid import MM, Box, Floats, Mask

Zone = tuple[int, int, int, int]

SIGNATURE = "signature"

SIGNED_AREA, EMPTY_AREA = 2.2, 1.0  # mm2 of ink: a paraph has more than the first, dirt less than the second
SIGNED_WIDTH, SIGNED_HEIGHT, SIGNED_PIECE = 4.5, 1.5, 2.6  # mm: the whole, and its largest connected piece
STRAIGHT = 0.85  # how much all edges run one way: 1 is a ruled line, a name is below 0.6
STRONG = 1.6  # ink is this many times the threshold somewhere; a fold or a stain hardly passes it
THICK = 0.5  # part of the ink that is broader than a pen
MOSTLY_INSIDE = 0.3  # a piece that lies more outside the box than this belongs to something else
NEARBY_AREA = 3.0  # mm2 of pen ink around the box: perhaps the signature stands there
ACROSS = 8  # points on either side of the box's border within which ink is the same ink
BORDER = 0.9  # mm inwards from the box's edge; its printed border may be that much off
AROUND = {"left": 5.0, "above": 6.0, "below": 32.0}  # mm where a signature that missed the box would be


def zone(box: Box, shape: tuple[int, ...], grow: float = 0.0) -> Zone:
    """Give (left, top, right, bottom) in points of a box in mm, `grow` mm larger on every side, within the page."""
    left, top, width, height = box
    edges = (left - grow, top - grow, left + width + grow, top + height + grow)
    limits = (shape[1], shape[0], shape[1], shape[0])
    x1, y1, x2, y2 = (int(np.clip(round(edge * MM), 0, limit)) for edge, limit in zip(edges, limits, strict=True))
    return x1, y1, x2, y2


def signature(page: ink.Page, seen: Mask, box: Box, marks: Sequence[ink.Mark]) -> Ink:
    """Say whether the box is signed; `marks` are all pieces of extra ink on the page."""
    inner = zone(box, page.ink.shape, -BORDER)
    if cut(seen, inner).mean() < 0.995:
        return Ink.UNSURE
    inside = [mark for mark in marks if share(mark, inner) > 0]
    own = [mark for mark in inside if share(mark, inner) > MOSTLY_INSIDE]
    pen = together(own, page.ink.shape)
    area = float(cut(pen, inner).sum()) / MM**2
    if area >= SIGNED_AREA and _is_a_name(page, pen, own) and not _goes_on(pen, page.extra, zone(box, page.ink.shape)):
        return Ink.SIGNED
    everything = float(cut(page.extra | page.blobs | page.lines, inner).sum()) / MM**2
    if everything < EMPTY_AREA and _nearby(page, box, marks) < NEARBY_AREA:
        return Ink.EMPTY
    return Ink.UNSURE


def cut(picture: Any, at: Zone) -> Any:
    """Give the part of a picture or mask that lies in a zone, as the same kind."""
    left, top, right, bottom = at
    return picture[top:bottom, left:right]


def share(mark: ink.Mark, at: Zone) -> float:
    """Give which part of a mark lies in a zone."""
    left, top, right, bottom = (
        at[0] - mark.left, at[1] - mark.top, at[2] - mark.left, at[3] - mark.top
    )  # fmt: skip
    total = int(mark.mask.sum())
    inside = mark.mask[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)].sum()
    return float(inside) / total if total else 0.0


def together(marks: Sequence[ink.Mark], shape: tuple[int, ...]) -> Mask:
    """Give the mask of some marks on the whole page."""
    whole = np.zeros(shape[:2], bool)
    for mark in marks:
        whole[mark.top : mark.top + mark.height, mark.left : mark.left + mark.width] |= mark.mask
    return whole


def straightness(ink_map: Floats, mask: Mask) -> float:
    """Give how much the edges of a mark run one way: 1 for a ruled line, 0 for a circle."""
    smooth = cv2.GaussianBlur(np.where(mask, ink_map, 0).astype(np.float32), (0, 0), 1.0)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    energy = float((across**2 + down**2).sum())
    one_way = np.hypot(float((across**2 - down**2).sum()), float((2 * across * down).sum()))
    return float(one_way) / energy if energy > 0 else 1.0


def _is_a_name(page: ink.Page, pen: Mask, marks: Sequence[ink.Mark]) -> bool:
    rows, columns = np.nonzero(pen)
    width = float(np.subtract(*np.percentile(columns, [98, 2]))) / MM
    height = float(np.subtract(*np.percentile(rows, [98, 2]))) / MM
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    around = (slice(max(top - 3, 0), bottom + 3), slice(max(left - 3, 0), right + 3))
    return (
        width >= SIGNED_WIDTH
        and height >= SIGNED_HEIGHT
        and max(mark.reach for mark in marks) >= SIGNED_PIECE
        and straightness(page.ink[around], pen[around]) < STRAIGHT
        and _thick_part(pen[around]) < THICK
        and ink.by_pen(page.ink[around], pen[around])
        and float(np.percentile(page.ink[pen], 75)) > STRONG * page.threshold
    )


def _goes_on(pen: Mask, extra: Mask, edge: Zone) -> bool:
    """Tell whether what is in the box is the smaller part of something that goes on across its border: a stain."""
    left, top, right, bottom = edge
    outside = extra & ~pen
    outside[top:bottom, left:right] = False
    near = np.zeros_like(pen)
    near[max(top - ACROSS, 0) : bottom + ACROSS, max(left - ACROSS, 0) : right + ACROSS] = True
    touching = ink.dilated(pen, 2 * ACROSS) & near & outside
    if not touching.any():
        return False
    _, labels = cv2.connectedComponents(outside.astype(np.uint8), connectivity=8)
    more = np.isin(labels, np.unique(labels[touching]))
    return bool(more.sum() > cut(pen, edge).sum())


def _nearby(page: ink.Page, box: Box, marks: Sequence[ink.Mark]) -> float:
    """Give how much pen ink lies where a signature would be that missed the box (mm2)."""
    left, top, width, height = box
    wide = (left - AROUND["left"], top - AROUND["above"], width + 30, height + AROUND["above"] + AROUND["below"])
    around, inner = zone(wide, page.ink.shape), zone(box, page.ink.shape, -BORDER)
    rows_beside = zone((0, top - 8, left - 2, height + 10), page.ink.shape)
    near = [mark for mark in marks if share(mark, around) > 0.2 and share(mark, rows_beside) < 0.5]
    broad = together([], page.ink.shape)
    broad[around[1] : around[3], around[0] : around[2]] = cut(page.blobs, around)
    broad[:, : rows_beside[2]] = False
    pen = sum(mark.area for mark in near if share(mark, inner) <= MOSTLY_INSIDE)
    return pen + float(broad.sum()) / MM**2


def _thick_part(pen: Mask) -> float:
    size = round(ink.BLOB * MM) | 1
    thick = cv2.morphologyEx(pen.astype(np.uint8), cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    return float(thick.sum()) / max(int(pen.sum()), 1)
