"""One returned page against the page that was sent: is the signature box signed, what is ticked, is the text the same.

In come pictures, out goes what was seen with its reasons and a cut-out of what was judged. Nothing is decided: whoever
calls this weighs it. The picture is laid over the sent page (`register`), its ink is told from print (`ink`), and then
the box (`signing`), the check boxes (`ticking`) and the text (`content`) are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.model import Reason
from pipeline.reading import content, ink, notes, register, signing, ticking
from pipeline.reading.findings import Content, Ink, Tick
from pipeline.reading.grid import MM, Picture
from pipeline.reading.ink import Mark
from pipeline.reading.register import Laid
from pipeline.reading.sent import Sent, Word
from pipeline.reading.sheet import NotTheSame
from pipeline.reading.signing import SIGNATURE

__all__ = ["NotTheSame", "Seen", "Sent", "Word", "page"]

LOSSES, FEWEST_LOSSES = {"text_changed", "text_unsure"}, 3
TONES = 0.3  # fewer tones between black and white than this, of what is black: there were none, but for JPEG's
HALF, ALONE, LOOSE = 128, 2, 0.02  # a dot with at most one dot beside it is loose; so many of the dots are, in a raster
RASTER, LONG_SIDE = 0.18 * MM, 297 * MM  # points; how far a raster is smoothed, on a page of that length
STRIP = 7.0  # mm above and below what was judged that are kept as evidence

cv2.setNumThreads(1)  # the process has a limit on time and memory; more threads would only hide what a page costs


@dataclass(frozen=True)
class Seen:
    """What was seen on a returned page; `signature` is None where the page has no signature box."""

    signature: Ink | None
    boxes: dict[str, Tick]
    content: Content
    reasons: tuple[Reason, ...]
    picture: Picture | None


def page(picture: Picture, sent: Sent, *, digital: bool) -> Seen:
    """Say what differs between a returned page and the page that was sent; raises `NotTheSame`.

    `digital` says that it was rendered from a PDF with pages of the same size, so that it lies in place already.
    """
    two_tones = _two_tones(picture)
    there = register.laid(smoothed(picture) if two_tones else picture, sent.picture, digital=digital)
    digital = there.exact
    separated = ink.page(there, sent.picture, digital=digital)
    marks = ink.marks(separated.extra)
    box = sent.boxes.get(SIGNATURE)
    signature = signing.signature(separated, there.seen, box, marks) if box else None
    boxes = {
        name: ticking.tick(separated, there.seen, place, digital=digital)
        for name, place in sent.boxes.items()
        if name != SIGNATURE
    }
    pen = notes.written(separated, marks, sent.words)
    strange = notes.notes(separated, sent, marks if digital else pen, digital=digital)
    text, reasons = content.judged(separated, there.seen, sent, strange, digital=digital)
    if ("part_unreadable", {}) in reasons:  # what loses print can lose a pale pen
        boxes = {name: Tick.UNCLEAR if tick is Tick.EMPTY else tick for name, tick in boxes.items()}
    if signature is Ink.EMPTY and (_loses(reasons) or (not digital and two_tones)):
        signature = Ink.UNSURE
    return Seen(signature, boxes, text, reasons, _evidence(there, sent, pen))


def _loses(reasons: tuple[Reason, ...]) -> bool:
    """Tell whether so much print is lost that pale ink may be lost too."""
    names = [name for name, _ in reasons]
    return "part_unreadable" in names or sum(name in LOSSES for name in names) >= FEWEST_LOSSES


def _two_tones(picture: Picture) -> bool:
    """Tell whether a scan is in black and white only: a pale or thin pen leaves no trace on it."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    dark, between = int((grey < 60).sum()), int(((grey >= 60) & (grey < 195)).sum())
    return between < TONES * dark


def smoothed(picture: Picture) -> Picture:
    """Give a scan in black and white without its raster, where a scanner made grey of dots: a fold is no ink."""
    dark = (cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) < HALF).astype(np.uint8)
    around = cv2.boxFilter(dark, -1, (3, 3), normalize=False)
    loose = int(((dark > 0) & (around <= ALONE)).sum())
    if loose < LOOSE * max(1, int(dark.sum())):
        return picture
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), RASTER * max(picture.shape[:2]) / LONG_SIDE), np.uint8)


def _evidence(there: Laid, sent: Sent, written: Iterable[Mark]) -> Picture | None:
    """Cut out the strips of the page in which something was judged, or written."""
    places = [(top, height) for _, top, _, height in sent.boxes.values()]
    wanted = np.zeros(there.picture.shape[0], bool)
    for top, height in [*places, *((mark.top / MM, mark.height / MM) for mark in written)]:
        wanted[max(0, round((top - STRIP) * MM)) : round((top + height + STRIP) * MM)] = True
    return np.ascontiguousarray(there.picture[wanted]) if wanted.any() else None
