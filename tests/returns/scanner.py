"""Scanners: resolution, colour or not, skew, dirt, compression, and the file that the machine makes of it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from time import struct_time

import cv2
import numpy as np
from PIL import Image

from tests.returns.papers import Picture
from tests.returns.sheet import Sheet, grainy, shaded, smooth_noise

Rng = np.random.Generator
MADE = struct_time((2026, 10, 20, 9, 30, 0, 1, 293, 0))


@dataclass(frozen=True)
class Settings:
    """How a machine is set for one job: all its pages are done alike; `look` is a seed for its own idea of white."""

    dpi: int
    mode: str
    quality: int
    container: str
    turn: int
    producer: str
    look: int

    @property
    def way(self) -> str:
        """Say it in a few words."""
        return f"scan {self.dpi} dpi {self.mode} {self.container}" + (f" turned {self.turn}" if self.turn else "")


def settings(rng: Rng) -> Settings:
    """Set a machine as offices and homes have them."""
    dpi = int(rng.choice([100, 150, 200, 300], p=[0.1, 0.25, 0.35, 0.3]))
    mode = str(rng.choice(["colour", "gray", "threshold", "otsu", "dither"], p=[0.42, 0.28, 0.12, 0.12, 0.06]))
    if dpi == 100 and mode in {"threshold", "otsu", "dither"}:
        mode = "gray"
    containers = ["pdf", "tiff"] if mode in {"threshold", "otsu", "dither"} else ["pdf", "jpeg", "png", "tiff"]
    container = str(rng.choice(containers, p=[0.8, 0.2] if len(containers) == 2 else [0.72, 0.18, 0.04, 0.06]))
    turn = int(rng.choice([0, 180, 90, 270], p=[0.82, 0.1, 0.04, 0.04]))
    producer = str(rng.choice(["Canon iR-ADV C3520", "HP Scan", "Xerox VersaLink C405", "Brother ADS", "NAPS2", ""]))
    look = int(rng.integers(1 << 30))
    return Settings(dpi, mode, int(rng.integers(35, 90)), container, turn, producer, look)


def scan(sheet: Sheet, machine: Settings, rng: Rng) -> Picture:
    """Scan one sheet; a 1-bit scan has only 0 and 255."""
    picture = _on_the_glass(sheet, machine, rng)
    if rng.random() < 0.3:
        _streaks(picture, machine, rng)
    for _ in range(int(rng.poisson(6))):
        _dust(picture, rng)
    blur = rng.uniform(0.2, 0.75)
    picture = cv2.GaussianBlur(picture, (0, 0), blur).astype(np.uint8)
    picture = _sensor(picture, machine, rng)
    picture = _reduced(picture, machine.mode, rng)
    return np.ascontiguousarray(np.rot90(picture, machine.turn // 90))


def _on_the_glass(sheet: Sheet, machine: Settings, rng: Rng) -> Picture:
    """Lay the sheet on the glass, a little askew; beyond its edges is the lid."""
    height, width = sheet.picture.shape[:2]
    zoom = machine.dpi / sheet.dpi
    size = round(width * zoom), round(height * zoom)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.normal(scale=0.8)), zoom)
    middle = np.array([size[0] - width, size[1] - height]) / 2
    turn = turn + np.column_stack([np.zeros((2, 2)), middle + rng.normal(scale=0.8, size=2) * machine.dpi / 25.4])
    lid = int(np.random.default_rng(machine.look).choice([255, 248, 225, 40], p=[0.45, 0.25, 0.2, 0.1]))
    smaller = cv2.GaussianBlur(sheet.picture, (0, 0), 0.35 / zoom) if zoom < 1 else sheet.picture
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.warpAffine(smaller, turn, size, flags=way, borderValue=(lid, lid, lid)), np.uint8)


def _streaks(picture: Picture, machine: Settings, rng: Rng) -> None:
    """A speck on the glass of a feeder draws a line along the whole page."""
    for _ in range(int(rng.integers(1, 3))):
        at, wide = int(rng.integers(0, picture.shape[1])), int(rng.choice([1, 1, 2]))
        part = picture[:, at : at + wide].astype(np.float32)
        tone = rng.choice([0.35, 0.6, 0.85, 1.15])
        picture[:, at : at + wide] = np.clip(part * tone, 0, 255).astype(np.uint8)


def _dust(picture: Picture, rng: Rng) -> None:
    at = int(rng.integers(0, picture.shape[1])), int(rng.integers(0, picture.shape[0]))
    tone = int(rng.integers(40, 190))
    if rng.random() < 0.15:  # a hair
        bend = (np.cumsum(rng.normal(scale=4, size=(8, 2)), 0) + at).astype(np.int32)
        cv2.polylines(picture, [bend], False, (tone, tone, tone), 1, cv2.LINE_AA)
    else:
        cv2.circle(picture, at, int(rng.integers(0, 2)), (tone, tone, tone), -1, cv2.LINE_AA)


def _sensor(picture: Picture, machine: Settings, rng: Rng) -> Picture:
    """Noise, uneven light, the machine's own idea of black and white, and its sharpening."""
    own = np.random.default_rng(machine.look)
    black, white, sharp = own.uniform(-8, 25), own.uniform(235, 262), own.random() < 0.35
    levels = np.clip(np.arange(256) * ((white - black) / 255) + black, 0, 255).astype(np.uint8)
    seen = np.asarray(cv2.LUT(picture, levels), np.uint8)
    if rng.random() < 0.4:
        seen = shaded(seen, 1 + smooth_noise(picture.shape[:2], picture.shape[1] / 2, rng) * rng.uniform(0, 0.02))
    seen = grainy(seen, rng.uniform(0.5, 4), rng)
    if sharp:
        much = rng.uniform(0.3, 1.0)
        seen = np.asarray(cv2.addWeighted(seen, 1 + much, cv2.GaussianBlur(seen, (0, 0), 1.2), -much, 0), np.uint8)
    return seen


def _reduced(picture: Picture, mode: str, rng: Rng) -> Picture:
    """Reduce the picture to what the machine keeps."""
    if mode == "colour":
        return picture
    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    if mode == "threshold":
        return np.where(gray > rng.integers(135, 200), 255, 0).astype(np.uint8)
    if mode == "otsu":
        return np.asarray(cv2.threshold(gray, 0, 255, cv2.THRESH_OTSU)[1], np.uint8)
    if mode == "dither":
        return np.asarray(Image.fromarray(gray).convert("1").convert("L"), np.uint8)
    return np.asarray(gray, np.uint8)


def image(picture: Picture) -> Image.Image:
    """Give it as Pillow's picture; what holds only black and white becomes 1-bit."""
    if picture.ndim == 3:
        return Image.fromarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
    gray = Image.fromarray(picture)
    return gray.convert("1", dither=Image.Dither.NONE) if set(np.unique(picture[::7]).tolist()) <= {0, 255} else gray


def pdf(pictures: list[Picture], dpi: float, quality: int, producer: str) -> bytes:
    """Put pictures into a PDF, one a page, as scanners and apps do."""
    first, *rest = [image(picture) for picture in pictures]
    saved = io.BytesIO()
    more = {} if first.mode == "1" else {"quality": quality}
    first.save(saved, "PDF", save_all=True, append_images=rest, resolution=dpi, producer=producer,
               creationDate=MADE, modDate=MADE, **more)  # fmt: skip
    return saved.getvalue()


def files(pictures: list[Picture], machine: Settings) -> list[tuple[str, bytes]]:
    """Give the files of a job as (ending, bytes): one for all, or one a page."""
    if machine.container == "pdf":
        return [("pdf", pdf(pictures, machine.dpi, machine.quality, machine.producer))]
    made = [image(picture) for picture in pictures]
    if machine.container == "tiff":
        saved = io.BytesIO()
        kind = "group4" if made[0].mode == "1" else "tiff_lzw"
        made[0].save(saved, "TIFF", save_all=True, append_images=made[1:], compression=kind, dpi=(machine.dpi,) * 2)
        return [("tif", saved.getvalue())]
    return [(machine.container[:3].replace("jpe", "jpg"), _single(one, machine)) for one in made]


def _single(one: Image.Image, machine: Settings) -> bytes:
    saved = io.BytesIO()
    if machine.container == "png":
        one.save(saved, "PNG", dpi=(machine.dpi,) * 2)
    else:
        one.save(saved, "JPEG", quality=machine.quality, dpi=(machine.dpi,) * 2)
    return saved.getvalue()
