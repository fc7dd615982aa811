"""Paper: what a printer makes of a page, and what happens to the sheet on a desk before and after it is signed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from tests.returns.papers import Picture
from tests.returns.sheet import Sheet, shaded, smooth_noise

Rng = np.random.Generator


@dataclass(frozen=True)
class Printer:
    """One printer with one pack of paper: all pages of a mail come out of it alike."""

    scale: float
    gray: bool
    spread: float
    gain: float
    weak: float
    blocked: bool
    tint: tuple[int, int, int]


def pick_printer(rng: Rng) -> Printer:
    """Take somebody's printer: ink spreads, toner runs low, a colour printer is not always at hand."""
    scale = float(rng.choice([1.0, 0.97, 0.96, 0.93, rng.uniform(0.93, 1.0)], p=[0.4, 0.15, 0.15, 0.1, 0.2]))
    weak = rng.uniform(0.0, 0.12) if rng.random() < 0.75 else rng.uniform(0.15, 0.42)
    tint = ((255, 255, 255), (247, 252, 255), (239, 249, 251), (251, 250, 246))[
        int(rng.choice(4, p=[0.5, 0.3, 0.1, 0.1]))
    ]
    return Printer(scale, bool(rng.random() < 0.4), rng.uniform(0, 0.05), rng.uniform(0.8, 1.35), weak,
                   bool(rng.random() < 0.12), tint)  # fmt: skip


def printed(page: Picture, dpi: int, printer: Printer, rng: Rng) -> Sheet:
    """Print a page: fitted to what the printer can reach, in more or less toner, on more or less white paper."""
    height, width = page.shape[:2]
    mm = 25.4 / dpi
    left, top = (1 - printer.scale) * np.array([width, height]) * mm / 2 + rng.normal(scale=0.6, size=2)
    warp = np.array([[printer.scale, 0, left / mm], [0, printer.scale, top / mm]])
    laid = cv2.warpAffine(page, warp, (width, height), flags=cv2.INTER_AREA, borderValue=(255, 255, 255))
    return Sheet(_toner(np.asarray(laid, np.uint8), dpi, printer, rng), dpi, printer.scale, float(left), float(top))


def _toner(laid: Picture, dpi: int, printer: Printer, rng: Rng) -> Picture:
    if printer.gray:
        laid = cv2.cvtColor(cv2.cvtColor(laid, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR).astype(np.uint8)
    spread = printer.spread * dpi / 25.4
    if spread > 0.15:
        laid = cv2.GaussianBlur(laid, (0, 0), spread).astype(np.uint8)
    curve = 255 * (1 - (1 - (np.arange(256) / 255) ** printer.gain) * (1 - printer.weak))
    laid = cv2.LUT(laid, curve.astype(np.uint8)).astype(np.uint8)
    if printer.blocked:  # a nozzle of an inkjet: pale lines across
        for row in rng.integers(0, laid.shape[0], int(rng.integers(3, 25))):
            laid[row : row + 1] = 255 - (255 - laid[row : row + 1]) // 3
    paper = np.clip(np.outer(np.arange(256), np.array(printer.tint) / 255), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(laid, paper[None]), np.uint8)


def folds(sheet: Sheet, rng: Rng) -> None:
    """Folded for an envelope or a pocket: a sharp crease and a soft shadow on one side of it."""
    creases = [("y", at) for at in ([0.5] if rng.random() < 0.4 else [0.333, 0.667])]
    creases += [("x", 0.5)] if rng.random() < 0.25 else []
    for axis, share in creases:
        _crease(sheet, axis, share + float(rng.normal(scale=0.01)), rng)


def _crease(sheet: Sheet, axis: str, share: float, rng: Rng) -> None:
    """Press one crease into a sheet, across (`y`) or along (`x`) it."""
    picture = sheet.picture if axis == "y" else np.ascontiguousarray(sheet.picture.transpose(1, 0, 2))
    long, wide = picture.shape[:2]
    reach = sheet.px(45)
    low, high = max(0, int(share * long - reach)), min(long, int(share * long + reach))
    along = np.arange(wide, dtype=np.float32)[None, :] * np.float32(rng.normal(scale=0.004))
    away = np.arange(low, high, dtype=np.float32)[:, None] - np.float32(share * long) - along
    sharp, deep = sheet.px(rng.uniform(0.15, 0.5)), rng.uniform(0.06, 0.3)
    factor = 1 - deep * np.exp(-((away / sharp) ** 2))
    factor *= 1 + rng.uniform(0.02, 0.09) * np.exp(-np.abs(away) / sheet.px(12)) * np.sign(away)
    picture[low:high] = shaded(np.ascontiguousarray(picture[low:high]), factor)
    sheet.picture = picture if axis == "y" else np.ascontiguousarray(picture.transpose(1, 0, 2))


def coffee(sheet: Sheet, rng: Rng) -> None:
    """The ring of a cup, dark at its rim, broken somewhere."""
    height, width = sheet.picture.shape[:2]
    small = 4
    y, x = np.mgrid[0 : height // small, 0 : width // small].astype(np.float32)
    centre = rng.uniform(0.1, 0.9, 2) * (width / small, height / small)
    radius = sheet.px(rng.uniform(33, 43)) / small
    away = np.hypot(x - centre[0], y - centre[1]) + smooth_noise(x.shape, 60, rng) * sheet.px(0.4) / small
    rim = np.exp(-(((away - radius) / (sheet.px(rng.uniform(0.6, 1.4)) / small)) ** 2)) * rng.uniform(0.15, 0.4)
    inner = (away < radius) * rng.uniform(0.0, 0.05)
    turn = np.arctan2(y - centre[1], x - centre[0])
    broken = np.clip(0.75 + 0.6 * np.sin(turn + rng.uniform(0, 6)), 0, 1)
    stain = cv2.resize((rim * broken + inner).astype(np.float32), (width, height))[:, :, None]
    colour = np.array([0.45, 0.65, 0.8], np.float32)
    sheet.picture = np.clip(sheet.picture * (1 - stain * (1 - colour) * 2), 0, 255).astype(np.uint8)


def punch(sheet: Sheet, rng: Rng) -> None:
    """Two or four holes at the left; what lies behind them is dark, or white, or grey."""
    behind = int(rng.choice([15, 60, 150, 250]))
    middle = sheet.picture.shape[0] / 2 + sheet.px(rng.normal(scale=3))
    steps = (-40, 40) if rng.random() < 0.7 else (-120, -40, 40, 120)
    for step in steps:
        at = round(sheet.px(rng.normal(12, 0.4))), round(middle + sheet.px(step))
        cv2.circle(sheet.picture, at, round(sheet.px(2.9)), (behind, behind, behind), -1, cv2.LINE_AA)
        cv2.circle(sheet.picture, at, round(sheet.px(3.0)), (170, 170, 170), max(1, round(sheet.px(0.15))), cv2.LINE_AA)


def staple(sheet: Sheet, rng: Rng) -> None:
    """A staple in a corner, or the two holes it left."""
    corner = np.array([sheet.px(rng.uniform(6, 14)), sheet.px(rng.uniform(6, 14))])
    if rng.random() < 0.2:
        corner[0] = sheet.picture.shape[1] - corner[0]
    turn = rng.uniform(-0.9, 0.9)
    end = corner + np.array([np.cos(turn), np.sin(turn)]) * sheet.px(11)
    a, b = (tuple(int(v) for v in point) for point in (corner, end))
    if rng.random() < 0.5:
        for point in (a, b):
            cv2.circle(sheet.picture, point, max(1, round(sheet.px(0.4))), (90, 90, 90), -1, cv2.LINE_AA)
        return
    below = (a[0] + 2, a[1] + 3), (b[0] + 2, b[1] + 3)
    cv2.line(sheet.picture, *below, (190, 190, 190), max(2, round(sheet.px(0.9))), cv2.LINE_AA)
    cv2.line(sheet.picture, a, b, (125, 125, 125), max(1, round(sheet.px(0.55))), cv2.LINE_AA)


def crumple(sheet: Sheet, rng: Rng) -> None:
    """Out of a bag: facets that catch the light, and print that moves with them by a fraction of a millimetre."""
    height, width = sheet.picture.shape[:2]
    shape = (height // 3, width // 3)
    relief = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(14, 40))):
        normal, at = rng.normal(size=2), rng.uniform(0, 1, 2) * shape
        y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
        away = ((y - at[0]) * normal[0] + (x - at[1]) * normal[1]) / np.hypot(*normal)
        near = np.exp(-(((y - at[0]) ** 2 + (x - at[1]) ** 2) / (2 * (shape[1] * rng.uniform(0.1, 0.3)) ** 2)))
        relief += (np.abs(away) * near * rng.uniform(-1, 1)).astype(np.float32)
    light = cv2.Sobel(cv2.GaussianBlur(relief, (0, 0), 1.2), cv2.CV_32F, 1, 0)
    factor = 1 + np.clip(light / (np.abs(light).max() + 1e-6), -1, 1) * rng.uniform(0.05, 0.16)
    sheet.picture = shaded(sheet.picture, cv2.resize(factor.astype(np.float32), (width, height)))
    move = [smooth_noise((height, width), sheet.px(30), rng) * sheet.px(rng.uniform(0.05, 0.3)) for _ in range(2)]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    sheet.picture = cv2.remap(sheet.picture, x + move[0], y + move[1], cv2.INTER_LINEAR, borderValue=(255,) * 3).astype(
        np.uint8
    )


def show_through(sheet: Sheet, back: Picture, rng: Rng) -> None:
    """Printed on both sides: the back shines through, mirrored and soft."""
    other = cv2.GaussianBlur(cv2.flip(back, 1), (0, 0), sheet.px(0.25))
    if other.shape != sheet.picture.shape:
        other = cv2.resize(other, (sheet.picture.shape[1], sheet.picture.shape[0]))
    faint = rng.uniform(0.03, 0.11)
    sheet.picture = (sheet.picture * (1 - faint * (1 - other.astype(np.float32) / 255))).astype(np.uint8)


def dog_ear(sheet: Sheet, rng: Rng) -> None:
    """A bent corner, top left or top right, with its shadow."""
    size, width = sheet.px(rng.uniform(6, 16)), sheet.picture.shape[1]
    corners = [(0, 0), (size, 0), (0, size * rng.uniform(0.7, 1.3))]
    if rng.random() < 0.5:
        corners = [(width - x, y) for x, y in corners]
    shape = np.array(corners, np.int32)
    grey = int(rng.integers(195, 235))
    cv2.fillPoly(sheet.picture, [shape], (grey, grey, grey), cv2.LINE_AA)
    cv2.line(sheet.picture, tuple(shape[1].tolist()), tuple(shape[2].tolist()), (160, 160, 160), 2, cv2.LINE_AA)


WEAR: dict[str, tuple[float, Callable[[Sheet, Rng], None]]] = {
    "folds": (0.3, folds), "coffee": (0.05, coffee), "punch holes": (0.1, punch), "staple": (0.16, staple),
    "crumple": (0.06, crumple), "bent corner": (0.06, dog_ear),
}  # fmt: skip


def wear(sheet: Sheet, back: Picture | None, rng: Rng) -> list[str]:
    """Let things happen to a sheet; gives which."""
    happened = [name for name, (chance, _) in WEAR.items() if rng.random() < chance]
    for name in happened:
        WEAR[name][1](sheet, rng)
    if back is not None and rng.random() < 0.12:
        show_through(sheet, back, rng)
        happened.append("show-through")
    return happened
