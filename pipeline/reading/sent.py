"""A page as it was sent: its picture, the places of its boxes, and every word on it with its letters."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.reading.grid import Picture


@dataclass(frozen=True)
class Word:
    """One word in mm from the top left, and each of its `letters`: character, left, top, width, height."""

    text: str
    left: float
    top: float
    width: float
    height: float
    letters: tuple[tuple[str, float, float, float, float], ...]


@dataclass(frozen=True, eq=False)
class Sent:
    """One page as it was sent: `picture` at 200 dpi (BGR), `boxes` as left, top, width, height in mm."""

    picture: Picture
    boxes: dict[str, tuple[float, float, float, float]]
    words: tuple[Word, ...]
