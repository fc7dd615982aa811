"""From the bytes of one file to its pages as pictures, one at a time, whatever the file's name says.

PDF pages are drawn by pdfium with their annotations and fields, as a person sees them; pictures are turned upright.
Nothing here grows with what a stranger writes into a header: bytes, pixels and pages have a most.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Protocol

import cv2
import numpy as np
import pikepdf
import pillow_heif
import pypdfium2
from PIL import Image, ImageOps
from pypdfium2 import raw as pdfium

from pipeline.reading.findings import Sort
from pipeline.reading.grid import DPI, Picture

MOST_BYTES = 40 * 1024 * 1024
MOST_PIXELS = 60_000_000
MOST_PAGES = 60
MOST_LETTERS = 30_000
POINT_MM = 25.4 / 72
LONGEST, LONG_ENOUGH = 4200, 2339
FORMATS = ("JPEG", "PNG", "TIFF", "HEIF", "BMP", "WEBP", "GIF")
SEVERAL = ("TIFF", "HEIF", "GIF", "WEBP")
SIXTEEN_BITS = 257

Letter = tuple[str, float, float, float, float]
"""A character and its box (left, top, width, height) in mm from the top left of the page."""


class Unreadable(Exception):
    """No page can be had from this file."""


class Locked(Unreadable):
    """It asks for a password."""


def as_bytes(picture: Any) -> Picture:
    """Take what OpenCV gives for what it is here: one byte a point and colour."""
    assert picture.dtype == np.uint8
    return picture  # type: ignore[no-any-return] # the assert says it


class Pages(Protocol):
    """A file that is open."""

    def __len__(self) -> int:
        """Give how many pages it has."""

    def picture(self, at: int, *, exact: bool = False) -> Picture:
        """Draw page `at` (from 0) in colour (BGR); `exact` at 200 dpi whatever its size; raises `Unreadable`."""

    def close(self) -> None:
        """Give back its memory."""


def prepare() -> None:
    """Load what opens pictures, and bound it; once in a process."""
    pillow_heif.register_heif_opener(thumbnails=False)
    Image.preinit()
    Image.init()
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    cv2.setNumThreads(1)
    pikepdf.settings.set_qpdf_limits(flate_max_memory=64 << 20, run_length_max_memory=64 << 20)


def sort(data: bytes) -> Sort:
    """Tell by its first bytes what a file is: a PDF, a picture, or something else."""
    if b"%PDF-" in data[:1024]:
        return Sort.PDF
    try:
        Image.open(io.BytesIO(data), formats=FORMATS).close()
    except Image.DecompressionBombError:
        return Sort.PICTURE
    except Exception:  # noqa: BLE001 - each format has errors of its own; what cannot be opened is no picture
        return Sort.OTHER
    return Sort.PICTURE


@contextmanager
def opened(data: bytes) -> Iterator[Pages]:
    """Open a PDF or a picture; raises `Locked` and `Unreadable`."""
    if len(data) > MOST_BYTES:
        raise Unreadable("larger than anything that is read")
    with closing(PdfPages(data) if sort(data) is Sort.PDF else PicturePages(data)) as pages:
        yield pages


class PdfPages:
    """The pages of a PDF."""

    def __init__(self, data: bytes) -> None:
        """Open it; what pdfium cannot open is mended by qpdf first."""
        try:
            self.document = _pdf(data)
        except Locked:
            raise
        except Unreadable:
            self.document = _pdf(_mended(data))

    def __len__(self) -> int:
        """Give how many pages it has."""
        return len(self.document)

    def close(self) -> None:
        """Give back its memory."""
        self.document.close()

    def size(self, at: int) -> tuple[float, float]:
        """Give width and height of a page in points, as it is shown."""
        with self._page(at) as page:
            width, height = page.get_size()
            return float(width), float(height)

    def picture(self, at: int, *, exact: bool = False) -> Picture:
        """Draw a page; `exact` at 200 dpi, else as large as is useful."""
        with self._page(at) as page:
            scale = DPI / 72 if exact else _scale(*page.get_size())
            width, height = (side * scale for side in page.get_size())
            if not (0 < width * height < MOST_PIXELS):
                raise Unreadable("a page of no sensible size")
            bitmap = page.render(scale=scale, draw_annots=True, may_draw_forms=True)
            try:
                return np.ascontiguousarray(bitmap.to_numpy()[:, :, :3])
            finally:
                bitmap.close()

    def text(self, at: int) -> str:
        """Give the printed words of a page, or nothing where there are more than any page of ours has."""
        with self._page(at) as page, closing(page.get_textpage()) as text:
            count = text.count_chars()
            return str(text.get_text_range(0, count)) if 0 < count <= MOST_LETTERS else ""

    def letters(self, at: int) -> list[Letter]:
        """Give each character of a page with its box; a space has none, and parts words."""
        with self._page(at) as page, closing(page.get_textpage()) as text:
            _, height = page.get_size()
            found: list[Letter] = []
            for index in range(min(text.count_chars(), MOST_LETTERS)):
                letter = text.get_text_range(index, 1)
                left, bottom, right, top = text.get_charbox(index)
                box = (left, height - top, right - left, top - bottom)
                found.append((letter, *(value * POINT_MM for value in box)))
            return found

    def full_picture(self, at: int) -> bool:
        """Tell whether one picture covers most of a page, as on a scan."""
        with self._page(at) as page:
            whole = math.prod(page.get_size())
            for number, image in enumerate(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=4)):
                left, bottom, right, top = image.get_bounds()
                if (right - left) * (top - bottom) > whole / 2 or number > 500:
                    return True
        return False

    @contextmanager
    def _page(self, at: int) -> Iterator[pypdfium2.PdfPage]:
        try:
            page = self.document[at]
        except pypdfium2.PdfiumError as error:
            raise Unreadable("a page that cannot be opened") from error
        try:
            yield page
        finally:
            page.close()


class PicturePages:
    """The frames of a picture: the pages of a fax, the one photograph of a phone."""

    def __init__(self, data: bytes) -> None:
        """Open it; nothing is decoded yet."""
        try:
            self._image = Image.open(io.BytesIO(data), formats=FORMATS)
            # The further frames of a photograph (MPO) are its small copies and depths.
            self._frames = getattr(self._image, "n_frames", 1) if self._image.format in SEVERAL else 1
        except MemoryError:
            raise
        except Exception as error:
            raise Unreadable("not a picture that can be opened") from error

    def __len__(self) -> int:
        """Give how many frames it has."""
        return self._frames

    def close(self) -> None:
        """Give back its memory."""
        self._image.close()

    def picture(self, at: int, *, exact: bool = False) -> Picture:  # noqa: ARG002 - a picture has no size in mm
        """Decode a frame, upright and no larger than is useful."""
        try:
            self._image.seek(at)
            if math.prod(self._image.size) > MOST_PIXELS:
                raise Unreadable("more pixels than are looked at")  # noqa: TRY301 - one way out for all of them
            self._image.draft("RGB", (LONGEST, LONGEST))
            upright = ImageOps.exif_transpose(self._image)
        except MemoryError:
            raise
        except Exception as error:
            raise Unreadable("a picture that cannot be decoded") from error
        return _bgr(upright)


def _bgr(image: Image.Image) -> Picture:
    if image.mode in {"I;16", "I;16B", "I;16L", "I"}:
        image = Image.fromarray((np.asarray(image).astype(np.uint32) // SIXTEEN_BITS).clip(0, 255).astype(np.uint8))
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        over = image.convert("RGBA")
        image = Image.new("RGB", image.size, "white")
        image.paste(over, mask=over.getchannel("A"))
    elif image.mode != "RGB":
        image = image.convert("L" if image.mode in {"1", "L"} else "RGB")
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def _pdf(data: bytes) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(data)
        document.init_forms()
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == pdfium.FPDF_ERR_PASSWORD:
            raise Locked("a password is asked for") from error
        raise Unreadable("not a PDF that can be opened") from error
    if not len(document):
        document.close()
        raise Unreadable("a PDF without pages")
    return document


def _mended(data: bytes) -> bytes:
    try:
        with pikepdf.Pdf.open(io.BytesIO(data)) as pdf:
            whole = io.BytesIO()
            pdf.save(whole)
    except pikepdf.PasswordError as error:
        raise Locked("a password is asked for") from error
    except (pikepdf.PdfError, ValueError, RuntimeError) as error:
        raise Unreadable("not a PDF that can be mended") from error
    if len(whole.getvalue()) > 2 * MOST_BYTES:
        raise Unreadable("larger than anything that is read")
    return whole.getvalue()


def _scale(width: float, height: float) -> float:
    """Give how much a page is enlarged: 200 dpi, unless it says a size in which a photograph would be lost."""
    longest = max(width, height)
    if not (0 < longest < math.inf):
        raise Unreadable("a page of no size")
    return min(max(longest * DPI / 72, LONG_ENOUGH), LONGEST) / longest
