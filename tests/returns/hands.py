"""Handwriting: pens, signatures of many styles, words, ticks and crosses, each drawn anew as strokes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tests.returns.sheet import Place, Sheet, Stroke, smooth_noise, spline

Rng = np.random.Generator


@dataclass(frozen=True)
class Pen:
    """What it writes with: its colour (blue, green, red), line in mm, how dark, how uneven."""

    name: str
    colour: tuple[int, int, int]
    width: float
    dark: float
    uneven: float


PENS = (
    Pen("blue ballpoint", (150, 60, 30), 0.38, 0.86, 0.18), Pen("black ballpoint", (45, 40, 40), 0.36, 0.85, 0.18),
    Pen("blue gel", (170, 50, 15), 0.55, 0.95, 0.04), Pen("black fineliner", (25, 25, 25), 0.45, 0.95, 0.03),
    Pen("fountain pen", (110, 35, 25), 0.6, 0.88, 0.1), Pen("felt tip", (30, 28, 30), 0.9, 0.95, 0.03),
    Pen("pencil", (95, 95, 98), 0.5, 0.72, 0.3), Pen("red ballpoint", (45, 35, 190), 0.4, 0.85, 0.15),
    Pen("green fineliner", (60, 120, 20), 0.45, 0.9, 0.05), Pen("thin ballpoint", (140, 70, 50), 0.26, 0.8, 0.22),
    Pen("marker", (20, 20, 20), 1.5, 0.95, 0.02), Pen("pale ballpoint", (165, 95, 70), 0.32, 0.62, 0.28),
)  # fmt: skip
WEIGHTS = np.array([6, 6, 3, 3, 2, 1.5, 1, 0.8, 0.5, 2, 0.4, 0.7])


def pick_pen(rng: Rng) -> Pen:
    """Take a pen from the table: mostly a ballpoint."""
    return PENS[int(rng.choice(len(PENS), p=WEIGHTS / WEIGHTS.sum()))]


def write(sheet: Sheet, strokes: list[Stroke], pen: Pen, rng: Rng) -> None:
    """Put strokes (mm on the sent page) on the sheet as this pen does: pressure, gaps, running ink."""
    lines = [sheet.pixels(spline(stroke)) for stroke in strokes if len(stroke)]
    margin = sheet.px(pen.width) + 4
    height, width = sheet.picture.shape[:2]
    every = np.vstack(lines)
    low = np.clip(np.floor(every.min(0) - margin), 0, [width - 1, height - 1]).astype(int)
    high = np.clip(np.ceil(every.max(0) + margin), 1, [width, height]).astype(int)
    if (high <= low + 1).any():
        return
    fine = 3 if sheet.dpi < 250 else 2
    mask = np.zeros(((high[1] - low[1]) * fine, (high[0] - low[0]) * fine), np.uint8)
    for line in lines:
        _trace(mask, (line - low) * fine, sheet.px(pen.width) * fine, pen, rng)
    cover = cv2.resize(mask, tuple(int(v) for v in high - low), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    grain = smooth_noise(cover.shape[:2], max(1.2, sheet.px(0.12)), rng)
    cover *= np.clip(pen.dark * (1 - pen.uneven * np.abs(grain)), 0, 1)
    part = sheet.picture[low[1] : high[1], low[0] : high[0]]
    ink = np.asarray(pen.colour, np.float32) / 255
    part[:] = np.clip(part * (1 - cover[:, :, None] * (1 - ink)), 0, 255).astype(np.uint8)


def _trace(
    mask: np.ndarray[tuple[int, int], np.dtype[np.uint8]], line: Stroke, width: float, pen: Pen, rng: Rng
) -> None:
    """Draw one stroke whose width follows speed and pressure."""
    count = len(line)
    if count == 1:
        cv2.circle(mask, (round(float(line[0, 0])), round(float(line[0, 1]))), max(1, round(width / 2)), 255, -1)
        return
    pressure = 1 + 0.22 * np.interp(np.arange(count), np.linspace(0, count, 7), rng.normal(size=7))
    pressure[: max(1, count // 12)] *= 0.8
    pressure[-max(1, count // 8) :] *= np.linspace(1, 0.55, max(1, count // 8))
    flat = 1.4 if pen.name == "fountain pen" else 1.0
    for at in range(count - 1):
        across = abs(line[at + 1, 0] - line[at, 0]) > abs(line[at + 1, 1] - line[at, 1])
        thick = max(1, round(width * float(np.clip(pressure[at], 0.45, 1.5)) * (1 / flat if across else flat**0.5)))
        ends = [(round(float(x) * 8), round(float(y) * 8)) for x, y in line[at : at + 2]]
        cv2.line(mask, ends[0], ends[1], 255, thick, cv2.LINE_AA, 3)


# Signatures. Each gives strokes in a space of about 1 high and as wide as it comes; `sign` fits them to the paper.


def _cursive(rng: Rng, name: str) -> list[Stroke]:
    """A name written fast: the first letter large, then arches that flatten to a line."""
    x, points = 0.0, [(0.0, 0.2), (0.15, -0.5), (0.35, -0.9), (0.45, -0.3), (0.2, 0.35), (0.55, 0.1)]
    for letter in name.replace(" ", "")[1:10]:
        x = points[-1][0]
        high = rng.uniform(0.55, 0.9) if letter in "bdfhklt" else rng.uniform(0.18, 0.4)
        deep = rng.uniform(0.3, 0.6) if letter in "gjpqy" else 0.0
        step = rng.uniform(0.14, 0.26)
        points += [(x + step, -high), (x + step * 1.5, 0.05 + deep), (x + step * 2.1, rng.uniform(-0.15, 0.05))]
    points += [(points[-1][0] + rng.uniform(0.3, 1.2), rng.uniform(-0.3, 0.2))]
    return [np.array(points)]


def _loops(rng: Rng, name: str) -> list[Stroke]:
    t = np.linspace(0, 1, 70)
    turns, size = rng.uniform(3, 7), 0.5 * np.exp(-rng.uniform(0, 1.6) * t)
    x = t * rng.uniform(1.6, 3) + size * 0.6 * np.sin(t * turns * 2 * np.pi)
    return [np.column_stack([x, -size * np.cos(t * turns * 2 * np.pi) + 0.15 * np.sin(9 * t)])]


def _jagged(rng: Rng, name: str) -> list[Stroke]:
    count = int(rng.integers(7, 16))
    x = np.cumsum(rng.uniform(0.08, 0.3, count))
    y = np.where(np.arange(count) % 2, 1, -1) * rng.uniform(0.1, 0.5, count)
    return [np.column_stack([x, y]), np.array([(0.1, 0.45), (x[-1] * rng.uniform(0.6, 1.2), rng.uniform(0.3, 0.6))])]


def _initial(rng: Rng, name: str) -> list[Stroke]:
    """One large letter and a tail that runs out."""
    stem = np.array([(0.2, -0.6), (0.12, 0.0), (0.0, 0.5)]) + rng.normal(scale=0.04, size=(3, 2))
    bow = np.array([(0.05, -0.5), (0.5, -0.7), (0.7, -0.35), (0.3, 0.0), (0.7, 0.25), (1.2, 0.45), (2.1, 0.1)])
    return [stem, bow + rng.normal(scale=0.06, size=bow.shape)]


def _wave(rng: Rng, name: str) -> list[Stroke]:
    x = np.linspace(0, rng.uniform(2, 3.4), 40)
    y = rng.uniform(0.1, 0.25) * np.sin(x * rng.uniform(8, 15)) * np.exp(-x * 0.3)
    start = np.array([(-0.3, 0.4), (0.0, -0.7), (0.2, -0.2)])
    ring = np.linspace(0, 2 * np.pi * rng.uniform(0.9, 1.3), 26)
    circle = np.column_stack([x[-1] * (0.5 + 0.6 * np.cos(ring)), 0.55 * np.sin(ring)])
    return [np.vstack([start, np.column_stack([x + 0.3, y])]), *([circle] if rng.random() < 0.5 else [])]


def _knot(rng: Rng, name: str) -> list[Stroke]:
    t = np.linspace(0, 2 * np.pi * rng.uniform(0.8, 1.1), 60)
    a, b = rng.integers(2, 5), rng.integers(3, 6)
    return [np.column_stack([0.9 * np.sin(a * t + rng.uniform(0, 3)) + 0.15 * t, 0.5 * np.sin(b * t)])]


def _characters(rng: Rng, name: str) -> list[Stroke]:
    """Upright and level strokes that are not joined."""
    strokes: list[Stroke] = []
    for letter in range(int(rng.integers(2, 4))):
        for _ in range(int(rng.integers(3, 7))):
            x, y = letter * 0.95 + rng.uniform(0, 0.3), rng.uniform(-0.5, 0.2)
            along = (rng.uniform(0.3, 0.6), rng.normal(scale=0.06))
            dx, dy = along if rng.random() < 0.55 else (rng.normal(scale=0.12), rng.uniform(0.3, 0.6))
            strokes.append(np.array([(x, y), (x + dx / 2, y + dy / 2 + rng.normal(scale=0.02)), (x + dx, y + dy)]))
    return strokes


def _block(rng: Rng, name: str) -> list[Stroke]:
    """A name in separate letters, as a careful or a young hand writes it."""
    return [stroke * (1.0, 1.0) for stroke in letters(name, rng)]


def _paraph(rng: Rng, name: str) -> list[Stroke]:
    """Initials with dots and a line below."""
    strokes = letters("".join(f"{word[0]}." for word in name.split()), rng)
    width = max(stroke[:, 0].max() for stroke in strokes)
    under = np.array([(-0.1, 0.25), (width * 0.5, 0.18), (width * 1.2, 0.28), (width * 0.1, 0.38), (width * 1.4, 0.42)])
    return [*strokes, under + rng.normal(scale=0.03, size=under.shape)]


def _cross(rng: Rng, name: str) -> list[Stroke]:
    """A short dense scrawl, as on a parcel."""
    count = int(rng.integers(9, 18))
    return [np.column_stack([rng.uniform(0, 1.3, count), rng.uniform(-0.35, 0.35, count)])]


SIGNATURES = {
    "cursive": _cursive, "loops": _loops, "jagged": _jagged, "initial": _initial, "wave": _wave, "knot": _knot,
    "characters": _characters, "block": _block, "paraph": _paraph, "scrawl": _cross,
}  # fmt: skip


@dataclass(frozen=True)
class Hand:
    """One person's hand: the style of the signature, its slant, and the pen."""

    style: str
    slant: float
    pen: Pen
    name: str


def pick_hand(rng: Rng, name: str) -> Hand:
    """Take somebody's hand."""
    return Hand(str(rng.choice(list(SIGNATURES))), float(rng.normal(0.2, 0.2)), pick_pen(rng), name)


def signature(hand: Hand, box: Place, rng: Rng) -> list[Stroke]:
    """Give the strokes of a signature in a box, or somewhat over its border."""
    strokes = SIGNATURES[hand.style](rng, hand.name)
    lean = np.array([[1, 0], [-hand.slant, 1]])
    turn = rng.normal(scale=0.07)
    lean = lean @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    strokes = [stroke @ lean for stroke in strokes]
    every = np.vstack(strokes)
    low, size = every.min(0), np.maximum(np.ptp(every, 0), 0.05)
    left, top, width, height = box
    wanted = width * rng.choice([rng.uniform(0.22, 0.4), rng.uniform(0.4, 0.95)], p=[0.25, 0.75])
    scale = min(wanted / size[0], height * rng.uniform(0.5, 1.15) / size[1])
    free = np.array([width, height]) - size * scale
    # Most keep well inside; who needs room goes over the border.
    at = np.array([left, top]) + free * np.where(free > 0, rng.uniform(0.1, 0.9, 2), rng.uniform(0.3, 0.7, 2))
    return [(stroke - low) * scale + at for stroke in strokes]


def beside(box: Place, rng: Rng) -> Place:
    """Give a place for a signature that misses the box: below it, or below the rows left of it."""
    left, top, width, height = box
    if rng.random() < 0.6:
        return left + rng.uniform(-30, 0), top + height + rng.uniform(4, 8), width * 0.75, 15.0
    return left - 72, top + height + rng.uniform(3, 8), 62.0, 15.0


# A hand's own letters: strokes in a square of 1, the base line at 0, y downwards.

_RAW = {
    "a": "55-43-16-28-49,48-58", "b": "10-19-48-46-14", "c": "54-23-16-29-59", "d": "54-15-18-39-56,60-58-69",
    "e": "17-46-34-16-29-59", "f": "51-30-39,14-44", "g": "54-15-18-48-54-5b-2c", "h": "10-19,16-44-59",
    "i": "24-29,22",
    "j": "34-3b-1c,32", "k": "10-19,53-16-59", "l": "20-28-39", "m": "04-09,05-24-39,36-54-69", "n": "14-19,16-44-59",
    "o": "34-16-29-58-45-34", "p": "14-1c,15-45-58-19", "q": "54-15-28-57,54-5c", "r": "14-19,16-34-54",
    "s": "54-24-26-47-48-19", "t": "31-38-59,14-54", "u": "14-18-39-57,54-59", "v": "14-39-64", "w": "04-29-35-59-74",
    "x": "14-59,54-19", "y": "14-37,64-2c", "z": "14-54-19-59", ".": "29", "-": "26-56",
    "0": "30-12-17-39-57-52-30", "1": "22-40-49", "2": "12-30-52-19-59", "3": "11-40-53-34-57-29-18",
    "4": "40-16-66,44-4a",
    "5": "50-20-14-44-57-29-18", "6": "50-25-18-49-56-25", "7": "10-50-29,24-54", "8": "51-20-23-56-39-17-43-51",
    "9": "54-22-30-51-54-29", "/": "5009",
}  # fmt: skip


def letters(text: str, rng: Rng) -> list[Stroke]:
    """Write a text in one line; a capital is the letter written larger."""
    strokes: list[Stroke] = []
    x, wobble = 0.0, rng.uniform(0.2, 0.5)
    for letter in text:
        size = rng.uniform(1.35, 1.6) if letter.isupper() else rng.uniform(0.92, 1.08)
        for raw in _RAW.get(letter.lower(), "").split(","):
            spots = [(int(spot[0], 16), int(spot[1], 16)) for spot in raw.split("-") if len(spot) == 2]
            if spots:
                grid = np.array(spots, float) + rng.normal(scale=wobble, size=(len(spots), 2))
                strokes.append((grid - (0, 9)) * 0.1 * size + (x, 0))
        x += (0.68 if letter not in "ijl.1 " else 0.42) * size
    return strokes


def text_line(text: str, left: float, base: float, height: float, rng: Rng) -> list[Stroke]:
    """Write a text on a line of the page: `base` is the base line, `height` that of a tall letter, in mm."""
    slope = rng.normal(scale=0.015)
    return [
        stroke @ np.array([[0.85, slope], [-rng.uniform(0, 0.2), 1]]) * height + (left, base)
        for stroke in letters(text, rng)
    ]


# Ticks. Each gives strokes in a space where the box is the square from 0 to 1.


def _jitter(points: list[tuple[float, float]], rng: Rng, much: float = 0.06) -> Stroke:
    return np.array(points) + rng.normal(scale=much, size=(len(points), 2))


def _check(rng: Rng) -> list[Stroke]:
    return [_jitter([(0.12, 0.5), (0.4, 0.88), (rng.uniform(0.85, 1.3), rng.uniform(-0.25, 0.15))], rng)]


def _big_check(rng: Rng) -> list[Stroke]:
    return [_jitter([(-0.1, 0.4), (0.35, 1.05), (rng.uniform(1.4, 2.1), rng.uniform(-0.9, -0.4))], rng, 0.1)]


def _saltire(rng: Rng) -> list[Stroke]:
    over = rng.uniform(-0.2, 0.25)
    one = _jitter([(over, over), (0.5, 0.5), (1 - over, 1 - over)], rng)
    return [one, _jitter([(1 - over, over), (0.5, 0.48), (over, 1 - over)], rng)]


def _slash(rng: Rng) -> list[Stroke]:
    return [_jitter([(0.05, 0.98), (0.5, 0.5), (1.05, -0.05)], rng)]


def _filled(rng: Rng) -> list[Stroke]:
    """Coloured in from side to side."""
    count = int(rng.integers(9, 15))
    x = np.linspace(0.08, 0.92, count)
    y = np.where(np.arange(count) % 2, 0.92, 0.08) + rng.normal(scale=0.06, size=count)
    return [np.column_stack([x, y]), np.column_stack([y, x])]


def _scribble(rng: Rng) -> list[Stroke]:
    return [rng.uniform(0.05, 0.95, (int(rng.integers(8, 13)), 2))]


def _dutch_curl(rng: Rng) -> list[Stroke]:
    """The Dutch mark of approval: a v with a curl."""
    return [_jitter([(0.05, 0.25), (0.3, 0.85), (0.55, 0.2), (0.75, 0.05), (0.8, 0.4), (0.5, 0.55), (1.1, 0.6)], rng)]


def _small_check(rng: Rng) -> list[Stroke]:
    low = rng.uniform(0.1, 0.35, 2)
    return [_jitter([(0.0, 0.3), (0.18, 0.5), (0.55, 0.0)], rng, 0.03) + low]


def _double(rng: Rng) -> list[Stroke]:
    return [*_check(rng), *_check(rng)]


def _dot(rng: Rng) -> list[Stroke]:
    turn = np.linspace(0, 9 * np.pi, 40)
    return [np.column_stack([0.5 + 0.022 * turn / 2 * np.cos(turn), 0.5 + 0.022 * turn / 2 * np.sin(turn)])]


TICKS = {
    "check": _check, "big check": _big_check, "cross": _saltire, "slash": _slash, "filled": _filled,
    "scribble": _scribble, "curl": _dutch_curl, "small check": _small_check, "double check": _double, "dot": _dot,
}  # fmt: skip


def _around(rng: Rng) -> list[Stroke]:
    """A ring around box and word."""
    turn = np.linspace(0, 2 * np.pi * rng.uniform(0.95, 1.15), 30) + rng.uniform(0, 6)
    return [np.column_stack([1.1 + rng.uniform(1.5, 1.9) * np.cos(turn), 0.5 + rng.uniform(0.9, 1.15) * np.sin(turn)])]


def _struck_out(rng: Rng) -> list[Stroke]:
    """A tick regretted: scratched through and through."""
    lines = [_jitter([(-0.35, y), (0.5, y + 0.1), (1.4, y - 0.05)], rng, 0.08) for y in np.linspace(0.0, 1.0, 6)]
    return [*_saltire(rng), *lines]


def _outside_check(rng: Rng) -> list[Stroke]:
    return [stroke * 0.9 + (rng.choice([-1.75, 2.6]), rng.normal(scale=0.1)) for stroke in _check(rng)]


def _speck(rng: Rng) -> list[Stroke]:
    """A short line that says nothing: the pen touched the paper."""
    start = rng.uniform(0.2, 0.6, 2)
    return [np.array([start, start + rng.uniform(0.1, 0.22, 2)])]


def _passing(rng: Rng) -> list[Stroke]:
    """A line that grazes a corner of the box."""
    return [_jitter([(-0.9, 0.5), (0.1, 0.9), (0.35, 1.15), (0.9, 1.9)], rng, 0.05)]


AMBIGUOUS = {
    "ring": _around, "struck out": _struck_out, "beside": _outside_check, "speck": _speck, "passing": _passing,
}  # fmt: skip


def mark(style: str, place: Place, rng: Rng) -> list[Stroke]:
    """Give the strokes of a tick, or of an ambiguous mark, at a box."""
    left, top, width, height = place
    strokes = {**TICKS, **AMBIGUOUS}[style](rng)
    shift = rng.normal(scale=0.05, size=2)
    return [(stroke + shift) * (width, height) + (left, top) for stroke in strokes]
