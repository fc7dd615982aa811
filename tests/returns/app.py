"""Scan apps: a photograph whose corners were found, laid flat, whitened or made black and white, put into a PDF."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tests.returns import scanner
from tests.returns.camera import Shot
from tests.returns.papers import Picture

Rng = np.random.Generator


@dataclass(frozen=True)
class App:
    """One app: how it treats a page, how wide its pictures are, what size it says the paper has."""

    name: str
    look: str
    width: int
    paper: str
    quality: int

    @property
    def way(self) -> str:
        """Say it in a few words."""
        return f"app {self.look} {self.width} px {self.paper}"


def pick_app(rng: Rng) -> App:
    """Take an app as phones have them."""
    name = str(rng.choice(["iOS Notes", "Adobe Scan", "Microsoft Lens", "CamScanner", "Drive"]))
    look = str(rng.choice(["whitened", "black and white", "gray", "as it is"], p=[0.5, 0.2, 0.15, 0.15]))
    width = int(rng.choice([1100, 1240, 1654, 2000, 2480], p=[0.1, 0.2, 0.35, 0.2, 0.15]))
    return App(
        name, look, width, str(rng.choice(["A4", "72 dpi", "Letter"], p=[0.7, 0.2, 0.1])), int(rng.integers(50, 90))
    )


def flatten(shot: Shot, app: App, rng: Rng) -> Picture:
    """Lay a photographed page flat; the app's idea of the corners is off by a little."""
    width = app.width
    height = round(width * (1.2941 if app.paper == "Letter" else 1.4142))
    reach = np.ptp(shot.corners[:, 0])
    found = shot.corners + rng.normal(scale=0.0035 * reach, size=(4, 2))
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    warp = cv2.getPerspectiveTransform(found.astype(np.float32), target)
    flat = np.asarray(cv2.warpPerspective(shot.picture, warp, (width, height), flags=cv2.INTER_CUBIC,
                                          borderMode=cv2.BORDER_REPLICATE), np.uint8)  # fmt: skip
    return LOOKS[app.look](flat, rng)


def _background(flat: Picture) -> Picture:
    small = cv2.resize(flat, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    open_ = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    return np.asarray(cv2.resize(cv2.medianBlur(open_, 21), (flat.shape[1], flat.shape[0])), np.uint8)


def _whitened(flat: Picture, rng: Rng) -> Picture:
    """Divide by the light of the paper, and push contrast until the paper is white."""
    even = flat.astype(np.float32) / np.maximum(_background(flat), 20)
    low, high = rng.uniform(0.05, 0.3), rng.uniform(0.86, 0.97)
    return (np.clip((even - low) / (high - low), 0, 1) * 255).astype(np.uint8)


def _black_and_white(flat: Picture, rng: Rng) -> Picture:
    gray = cv2.medianBlur(cv2.cvtColor(flat, cv2.COLOR_BGR2GRAY), 3)
    block = round(flat.shape[1] / rng.uniform(25, 60)) // 2 * 2 + 1
    return np.asarray(cv2.adaptiveThreshold(gray, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, block,
                                            float(rng.uniform(9, 20))), np.uint8)  # fmt: skip


def _gray(flat: Picture, rng: Rng) -> Picture:
    return np.asarray(cv2.cvtColor(_whitened(flat, rng), cv2.COLOR_BGR2GRAY), np.uint8)


def _as_it_is(flat: Picture, rng: Rng) -> Picture:
    return flat


LOOKS = {"whitened": _whitened, "black and white": _black_and_white, "gray": _gray, "as it is": _as_it_is}


def pdf(pages: list[Picture], app: App) -> bytes:
    """Put the pages into a PDF of the size that the app believes in."""
    dpi = {"A4": app.width / 8.27, "Letter": app.width / 8.5, "72 dpi": 72.0}[app.paper]
    return scanner.pdf(pages, dpi, app.quality, app.name)
