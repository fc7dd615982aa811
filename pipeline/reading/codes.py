"""The codes on a page, from its picture: a page of ours says which document, version and page it is.

A good scan is read at the first look. A photograph may need another size, sharper edges, or the shadow taken off.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import zxingcpp

from pipeline.reading.grid import Picture
from pipeline.reading.pages import as_bytes

OURS = "P1*"
QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
LONGEST_TEXT = 60
MOST_PIXELS = 16_000_000
SIZES = (2.0, 1.5, 0.5)
SHADOW = 31
FAINTEST = 20


def read(picture: Picture) -> tuple[str, ...]:
    """Give the texts of all our codes on a page (BGR), from the first way of looking that finds one."""
    grey = as_bytes(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    if int(grey.max()) - int(grey.min()) < FAINTEST:
        return ()
    for look in _looks(grey):
        codes = zxingcpp.read_barcodes(look, formats=QR)
        found = dict.fromkeys(code.text for code in codes)
        if ours := tuple(text for text in found if text.startswith(OURS) and len(text) <= LONGEST_TEXT):
            return ours
    return ()


def _looks(grey: Picture) -> Iterator[Picture]:
    yield grey
    for size in SIZES:
        if grey.size * size * size <= MOST_PIXELS:
            how = cv2.INTER_AREA if size < 1 else cv2.INTER_CUBIC
            yield as_bytes(cv2.resize(grey, None, fx=size, fy=size, interpolation=how))
    soft = cv2.GaussianBlur(grey, (0, 0), 2.0)
    yield as_bytes(cv2.addWeighted(grey, 2.5, soft, -1.5, 0))
    small = cv2.resize(grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.GaussianBlur(cv2.dilate(small, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))), (0, 0), SHADOW)
    yield as_bytes(cv2.divide(grey, cv2.resize(paper, grey.shape[::-1]), scale=235))
