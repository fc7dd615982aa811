"""What somebody wrote where nothing was to be written, told from what only looks like it.

Paper is folded, stapled and punched, cups stand on it, hairs lie on the glass, and some people put their initials in
the corner of every page. None of that says anything; a word beside a price does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.reading import ink
from pipeline.reading.grid import MM, Box, Mask
from pipeline.reading.ink import Mark
from pipeline.reading.sent import Sent, Word
from pipeline.reading.signing import SIGNATURE, Zone, cut, share, zone

NOTE_AREA, NOTE_REACH = 1.5, 3.0  # mm2, mm: a piece of writing; less is dirt
FIGURE_AREA, FIGURE_PIECE, FIGURE_HIGH, FIGURE_NEAR = 0.6, 0.1, (2.0, 8.0), 2.5  # mm2, mm2, mm, mm: a 1 beside a price
LONELY, HAIR, APART, PRINT_NEAR = 6.5, 12.0, 12.0, 2.5  # mm; one small mark far from print and other marks is dirt
FINE = 0.9  # mm; a level or upright mark no broader than this is no letter
ROWS = 80.0  # mm left of the signature box where name, place and date are written
TAIL = 18.0  # mm; a tick that begins in its box may run out of it so far
TICK, TICK_AROUND = 10.0, 9.0  # mm; what print cut off a tick is smaller than the first, and within the second
EDGE = 1.6  # mm; a stroke that the border of the signature box cuts off lies this near to it
STAPLED, STAPLE, STAPLE_BROAD = 25.0, (6.0, 14.0), 2.6  # mm: within which corner, how long, how broad with its shadow
MARGIN, HOLE, ROUND = 20.0, (4.5, 7.5), 0.12  # mm from the edge, across; how far from a circle, of its radius
CORNER, INITIALS = (55.0, 47.0), (22.0, 12.0)  # mm: the corner below right, and how large initials are together


def notes(page: ink.Page, sent: Sent, marks: Sequence[Mark], *, digital: bool) -> list[Mark]:
    """Give the marks that may say something: writing that is not in its own place, and not wear of the paper.

    `marks` are those that a pen may have made (`written`). On a `digital` page, which never was on paper, there is no
    wear, and all marks count.
    """
    shape = page.ink.shape
    if digital:
        return [mark for mark in marks if is_writing(mark) and not is_allowed(mark, sent.boxes, shape)]
    ticks = ticked(page, sent.boxes)
    strange = [
        mark
        for mark in marks
        if not (is_allowed(mark, sent.boxes, shape) or is_tail(mark, ticks, sent.boxes, shape) or is_wear(mark, shape))
    ]
    strange = _without_initials(strange, sent.words, shape)
    return [mark for mark in strange if not _is_dirt(mark, marks, sent.words)]


def written(page: ink.Page, marks: Iterable[Mark], words: Sequence[Word]) -> list[Mark]:
    """Give the marks that a pen may have made, wherever they are."""
    dark = [mark for mark in marks if mark.area >= FIGURE_PIECE and is_by_pen(page, mark)]
    added = {mark for word in words for mark in _figure_beside(word, dark)}
    return [mark for mark in dark if is_writing(mark) or mark in added]


def _figure_beside(word: Word, marks: Iterable[Mark]) -> list[Mark]:
    """Give what may be a figure that somebody put before or behind a printed one, so that 310 becomes 1310.

    It may stand between the amount and its sign, of which the print hides the middle; then its two ends are seen.
    """
    if not any(letter[0].isdigit() for letter in word.letters):
        return []
    near = [mark for mark in marks if _apart(mark, word) < FIGURE_NEAR and mark.reach < FIGURE_HIGH[1]]
    if sum(mark.area for mark in near) < FIGURE_AREA:
        return []
    top, bottom = min(mark.top for mark in near), max(mark.top + mark.height for mark in near)
    return near if FIGURE_HIGH[0] < (bottom - top) / MM < FIGURE_HIGH[1] else []


def is_writing(mark: Mark) -> bool:
    """Tell whether a mark is so large that somebody may have written it."""
    return mark.area >= NOTE_AREA and mark.reach >= NOTE_REACH


def is_by_pen(page: ink.Page, mark: Mark) -> bool:
    """Tell whether a pen may have made a mark."""
    return ink.by_pen(cut(page.ink, _around(mark)), mark.mask)


def is_allowed(mark: Mark, boxes: dict[str, Box], shape: tuple[int, ...]) -> bool:
    """Tell whether a mark stands where it may: in and around a box, and on the rows beside the signature."""
    for name, box in boxes.items():
        left, top, _, height = box
        if name == SIGNATURE:
            rows = zone((left - ROWS, top - 8, ROWS, height + 14), shape)
            if share(mark, rows) > 0.6 or share(mark, zone(box, shape, EDGE)) > 0:
                return True
        elif share(mark, zone(box, shape, 3.0)) > 0.6 or (share(mark, zone(box, shape)) > 0.15 and mark.reach < TAIL):
            return True
    return False


def ticked(page: ink.Page, boxes: dict[str, Box]) -> Mask:
    """Give everything dark that hangs together with pen ink inside a check box, through print as well."""
    dark = page.ink > page.threshold
    inside = np.zeros(dark.shape, bool)
    for name, box in boxes.items():
        if name != SIGNATURE:
            left, top, right, bottom = zone(box, dark.shape, -0.8)
            inside[top:bottom, left:right] = dark[top:bottom, left:right]
    return ink.reached(dark, inside)


def is_tail(mark: Mark, ticks: Mask, boxes: dict[str, Box], shape: tuple[int, ...]) -> bool:
    """Tell whether a mark is the end of a tick that the words beside its box cut off."""
    if mark.reach > TICK or not (cut(ticks, _around(mark)) & mark.mask).any():
        return False
    return any(share(mark, zone(box, shape, TICK_AROUND)) > 0.95 for name, box in boxes.items() if name != SIGNATURE)


def is_wear(mark: Mark, shape: tuple[int, ...]) -> bool:
    """Tell whether a mark is a staple in a corner at the top, or a hole that was punched in a margin."""
    return _is_staple(mark, shape) or _is_hole(mark, shape)


def _is_staple(mark: Mark, shape: tuple[int, ...]) -> bool:
    aside = min(mark.left, shape[1] - mark.left - mark.width) / MM
    if mark.top / MM > STAPLED or aside > STAPLED:
        return False
    points = _points(mark)
    spread, axes = np.linalg.eigh(np.cov(points.T))
    along, across = ((points - points.mean(axis=0)) @ axes[:, at] for at in (1, 0))
    long, broad = (float(np.ptp(np.percentile(values, [1, 99]))) / MM for values in (along, across))
    return STAPLE[0] < long < STAPLE[1] and broad < STAPLE_BROAD and bool(spread[0] < 0.05 * spread[1])


def _is_hole(mark: Mark, shape: tuple[int, ...]) -> bool:
    aside = min(mark.left, shape[1] - mark.left - mark.width) / MM
    small, large = sorted((mark.width / MM, mark.height / MM))
    if aside > MARGIN or small < HOLE[0] or large > HOLE[1] or large > 1.25 * small:
        return False
    points = _points(mark)
    away = np.hypot(*(points - [mark.width / 2, mark.height / 2]).T)
    rim = away[away > 0.6 * away.max()]
    return float(np.std(rim)) < ROUND * float(np.median(rim)) and len(rim) > 0.5 * len(away)


def _points(mark: Mark) -> NDArray[np.floating]:
    """Give the points of a mark as (x, y), within its own rectangle."""
    return np.argwhere(mark.mask)[:, ::-1].astype(np.float64)


def _without_initials(strange: Sequence[Mark], words: Iterable[Word], shape: tuple[int, ...]) -> list[Mark]:
    """Leave out initials in the corner below right: nothing larger than a few letters, and away from print."""
    wide, high = shape[1] / MM, shape[0] / MM
    corner = zone((wide - CORNER[0], high - CORNER[1], *CORNER), shape)
    there = [mark for mark in strange if share(mark, corner) > 0.95 and all(_apart(mark, word) > 1.0 for word in words)]
    if not there:
        return list(strange)
    across = max(mark.left + mark.width for mark in there) - min(mark.left for mark in there)
    down = max(mark.top + mark.height for mark in there) - min(mark.top for mark in there)
    if across > INITIALS[0] * MM or down > INITIALS[1] * MM:
        return list(strange)
    return [mark for mark in strange if mark not in there]


def _is_dirt(mark: Mark, pen: Iterable[Mark], words: Iterable[Word]) -> bool:
    """Tell whether a mark is alone, small, and far from what it could add to: a hair, or a speck on the glass."""
    fine = min(mark.width, mark.height) < FINE * MM
    if mark.reach > (HAIR if fine else LONELY) or any(_apart(mark, word) < PRINT_NEAR for word in words):
        return False
    return all(other is mark or _between(mark, other) > APART for other in pen)


def _around(mark: Mark) -> Zone:
    return mark.left, mark.top, mark.left + mark.width, mark.top + mark.height


def _between(one: Mark, other: Mark) -> float:
    """Give how far two marks are apart (mm)."""
    across = max(one.left - other.left - other.width, other.left - one.left - one.width)
    down = max(one.top - other.top - other.height, other.top - one.top - one.height)
    return max(across, down) / MM


def _apart(mark: Mark, word: Word) -> float:
    """Give how far a mark is from a printed word (mm); below 0 it lies over it."""
    left, top, width, height = mark.left / MM, mark.top / MM, mark.width / MM, mark.height / MM
    across = max(left - word.left - word.width, word.left - left - width)
    down = max(top - word.top - word.height, word.top - top - height)
    return max(across, down)
