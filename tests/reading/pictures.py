"""Pages as they are sent, and what people, scanners and phones do to them: small drawings for the tests of reading.

Everything is drawn on the page at 200 dpi, in millimetres, and is the same each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.model import Kind
from pipeline.press.stamp import stamp
from pipeline.reading import ink
from pipeline.reading.compare import Sent, Word
from pipeline.reading.grid import DPI
from pipeline.reading.original import Original
from pipeline.reading.register import Laid
from tests.templates import samples
from tests.templates.press import PAGES, text

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]
Point = tuple[float, float]
MM = DPI / 25.4
BLUE, BLACK, PENCIL = (150, 60, 20), (25, 25, 25), (110, 110, 110)


@cache
def printed(kind: Kind, old: str = "", new: str = "") -> Original:
    """A document by the real press, in Dutch; with `new` printed for `old` where somebody made it over."""
    html = text(f"nl/{kind}.html", samples.sponsor_pays() | {"greeting": "Beste Sanne,"})
    assert old in html
    data, places = PAGES.print(html.replace(old, new) if old else html)
    stamped, _, boxes = stamp(data, f"K7Q4-MX2P-{kind.number}", 2, "AB3DE")
    return Original(stamped, {name: (at, tuple(box)) for name, (at, *box) in (boxes | places).items()})


@cache
def sent(kind: Kind, number: int) -> Sent:
    """Page `number` of a document as it was sent."""
    return printed(kind).draw(number)


def word(page: Sent, wanted: str) -> Word:
    """The first word of a page that reads `wanted`."""
    return next(each for each in page.words if each.text == wanted)


def stroke(picture: Picture, points: Iterable[Point], *, wide: float = 0.5, colour: Sequence[int] = BLUE) -> Picture:
    """The picture with a pen's stroke through `points` (mm)."""
    drawn = picture.copy()
    places = np.round(np.array(list(points)) * MM * 16).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(drawn, [places], False, list(colour), max(1, round(wide * MM)), cv2.LINE_AA, 4)
    return np.minimum(drawn, picture)


def name(
    picture: Picture, left: float, top: float, width: float = 45, height: float = 14, wide: float = 0.5
) -> Picture:
    """The picture with a name scrawled within the given rectangle (mm)."""
    at = np.linspace(0, 1, 300)
    x = left + width * (0.04 + 0.9 * at + 0.05 * np.sin(19 * at))
    y = top + height * (0.5 + 0.48 * (1 - 0.6 * at) * np.sin(31 * at + np.sin(9 * at)))
    return stroke(picture, zip(x, y, strict=True), wide=wide)


def ticked(picture: Picture, box: Box, style: str = "cross", wide: float = 0.5) -> Picture:
    """The picture with a tick in the box: a cross, a check, a slash, or filled."""
    left, top, width, height = box
    right, bottom = left + width, top + height
    if style == "check":
        return stroke(picture, [(left + 0.8, top + 2.4), (left + 2, bottom - 0.8), (right + 0.6, top - 0.8)], wide=wide)
    if style == "filled":
        rows = np.arange(top + 0.6, bottom - 0.4, wide)
        return stroke(picture, [(x, y) for y in rows for x in (left + 0.5, right - 0.5)], wide=wide)
    picture = stroke(picture, [(left + 0.7, bottom - 0.7), (right - 0.7, top + 0.7)], wide=wide)
    if style == "cross":
        picture = stroke(picture, [(left + 0.7, top + 0.7), (right - 0.7, bottom - 0.7)], wide=wide)
    return picture


def ring(picture: Picture, x: float, y: float, radius: float = 35) -> Picture:
    """The picture with the ring of a coffee cup around a place (mm)."""
    stain = np.zeros(picture.shape[:2], np.float32)
    cv2.circle(stain, (round(x * MM), round(y * MM)), round(radius * MM), 1.0, round(1.5 * MM))
    strength = cv2.GaussianBlur(stain, (0, 0), 4)[..., None] * np.array([0.4, 0.32, 0.25])
    return np.asarray(picture * (1 - strength), np.uint8)


def scanned(picture: Picture, dpi: int, *, turned: float = 0.7, white: bool = False, shrunk: float = 0.97) -> Picture:
    """What a scanner makes of a print: smaller, a bit askew, in grey with noise, or in black and white."""
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), turned, shrunk)
    flat = cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_AREA, borderValue=(250, 250, 250))
    size = (round(width * dpi / DPI), round(height * dpi / DPI))
    grey = cv2.cvtColor(cv2.resize(cv2.GaussianBlur(flat, (0, 0), 0.8), size, interpolation=cv2.INTER_AREA), 6)
    noisy = np.clip(grey * 0.97 + np.random.default_rng(1).normal(0, 3, grey.shape), 0, 255).astype(np.uint8)
    if white:
        noisy = ((noisy > 185) * 255).astype(np.uint8)
    return as_jpeg(cv2.cvtColor(noisy, cv2.COLOR_GRAY2BGR), 60)


def photographed(picture: Picture, wide: int = 2400, *, shadow: float = 0.35) -> Picture:
    """What a phone makes of a page on a table: perspective, yellow light, a shadow, a little blur and curl."""
    height, width = picture.shape[:2]
    high = wide * 4 // 3
    seen = np.array([[0.12, 0.07], [0.9, 0.1], [0.94, 0.93], [0.07, 0.9]], np.float32) * (wide, high)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    to = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    curled = cv2.remap(picture, x, y + 5 * np.sin(x / width * 4), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    photo = cv2.warpPerspective(curled, to, (wide, high), flags=cv2.INTER_AREA, borderValue=(60, 80, 95))
    photo = cv2.GaussianBlur(photo, (0, 0), 0.9)
    dark = np.zeros((high, wide), np.float32)
    cv2.fillPoly(dark, [np.array([[wide // 2, 0], [wide, 0], [wide, high], [wide // 4, high]], np.int32)], 1.0)
    light = (1 - shadow * cv2.GaussianBlur(dark, (0, 0), 40))[..., None] * (0.8, 0.92, 0.97)
    return as_jpeg(
        np.clip(photo * light + np.random.default_rng(2).normal(0, 2, photo.shape), 0, 255).astype(np.uint8), 80
    )


def as_jpeg(picture: NDArray[np.generic], quality: int) -> Picture:
    """The picture after JPEG."""
    data = cv2.imencode(".jpg", np.asarray(picture, np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def lying(picture: Picture, page: Sent) -> tuple[ink.Page, Laid, list[ink.Mark]]:
    """A picture of a page that lies in place already, taken apart: for tests that are not about laying it there."""
    there = Laid(picture, np.ones(picture.shape[:2], bool), 0.1)
    separated = ink.page(there, page.picture, digital=False)
    return separated, there, ink.marks(separated.extra)
