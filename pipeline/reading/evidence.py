"""One picture of what was judged: the signature box and the check boxes as they were seen, for the coach's own eyes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from pipeline.reading.grid import MM, Box, Picture
from pipeline.reading.pages import as_bytes

WIDEST, HIGHEST = 1200, 12_000
AROUND, LINE, GREY = 8.0, 6, 160


def band(picture: Picture, boxes: Iterable[Box]) -> Picture | None:
    """Cut out the part of a page at 200 dpi that holds all its boxes, over the whole width; None without boxes."""
    places = list(boxes)
    if not places:
        return None
    top = max(0, int((min(box[1] for box in places) - AROUND) * MM))
    bottom = int((max(box[1] + box[3] for box in places) + AROUND) * MM)
    part = picture[top:bottom]
    return part if part.size else None


def stacked(pictures: Sequence[Picture]) -> bytes:
    """Give the pictures below each other as one PNG, no wider than a screen; nothing when there are none."""
    parts = [_fitted(picture) for picture in pictures if picture.size]
    if not parts:
        return b""
    widest = max(part.shape[1] for part in parts)
    rows: list[Picture] = []
    for part in parts:
        row = np.full((part.shape[0] + LINE, widest, 3), 255, np.uint8)
        row[: part.shape[0], : part.shape[1]] = part
        row[part.shape[0] :] = GREY
        rows.append(row)
    done, data = cv2.imencode(".png", np.concatenate(rows)[:HIGHEST])
    assert done
    return data.tobytes()


def _fitted(picture: Picture) -> Picture:
    if picture.ndim == 2:
        picture = as_bytes(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    height, width = picture.shape[:2]
    if width <= WIDEST:
        return picture
    size = WIDEST, max(1, round(height * WIDEST / width))
    return as_bytes(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
