"""Phones: a sheet on a table, seen aslant, curled, in bad light, by a hand that moves; what the phone saves of it."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
import pillow_heif
from PIL import Image

from tests.returns.papers import Picture
from tests.returns.sheet import Field, Stroke, grainy, smooth_noise

Rng = np.random.Generator
ORIENTATION = 0x0112


@dataclass(frozen=True)
class Phone:
    """One phone in one hand: the long side of its pictures, what it saves, how it is held, above what."""

    long: int
    kind: str
    quality: int
    tilt: float
    twice: bool
    table: str
    way: str


@dataclass(frozen=True)
class Shot:
    """A photograph: its picture and where the corners of the sheet are in it."""

    picture: Picture
    corners: Stroke


def pick_phone(rng: Rng) -> Phone:
    """Take somebody's phone."""
    long = int(rng.choice([1600, 2048, 2592, 3264, 4032], p=[0.2, 0.25, 0.25, 0.2, 0.1]))
    kind = str(rng.choice(["jpeg", "heic"], p=[0.75, 0.25]))
    long = min(long, 2592) if kind == "heic" else long  # encoding a large one takes seconds
    twice = kind == "jpeg" and long <= 2048 and rng.random() < 0.35
    tilt, table = float(rng.uniform(0.01, 0.13)), str(rng.choice(["wood", "dark", "light", "cloth"]))
    way = f"photo {long} px {kind}" + (" through a chat app" if twice else "")
    return Phone(long, kind, int(rng.integers(55, 93)), tilt, twice, table, way)


def shoot(page: Picture, phone: Phone, rng: Rng) -> Shot:
    """Photograph a sheet on a table."""
    height, width = phone.long, round(phone.long * 0.75)
    corners = _corners(width, height, phone.tilt, rng)
    flat = _curled(page, rng)
    size = flat.shape[1], flat.shape[0]
    whole = np.array([(0, 0), (size[0], 0), size, (0, size[1])], np.float32)
    warp = cv2.getPerspectiveTransform(whole, corners.astype(np.float32))
    zoom = float(np.ptp(corners[:, 0])) / size[0]
    if zoom < 0.9:
        flat = cv2.GaussianBlur(flat, (0, 0), 0.4 / zoom).astype(np.uint8)
    table = _table(phone.table, height, width, rng)
    seen = cv2.warpPerspective(flat, warp, (width, height), flags=cv2.INTER_LINEAR)
    cover = cv2.warpPerspective(np.full(flat.shape[:2], 255, np.uint8), warp, (width, height))
    edge: Field = np.asarray(cv2.GaussianBlur(cover, (0, 0), 1.0), np.float32)[:, :, None] / np.float32(255)
    picture: Field = np.asarray(seen * edge + table * _drop_shadow(edge, width) * (1 - edge), np.float32)
    return Shot(_lens(_light(picture, rng), phone, rng), corners)


def _corners(width: int, height: int, tilt: float, rng: Rng) -> Stroke:
    """Place the corners of an A4 in the picture: near its edges, turned, and pushed about by the slant of the phone."""
    fill = rng.uniform(0.78, 0.95)
    tall = min(height * fill, width * fill * 1.414)
    half = np.array([tall / 1.414, tall]) / 2
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    depth = 1 + square[:, :1] / width * rng.normal(scale=tilt * 2) + square[:, 1:] / height * rng.normal(scale=tilt * 3)
    turn = rng.normal(scale=0.045)
    turned = square / depth @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    placed = turned + (width / 2, height / 2) + rng.normal(scale=0.012, size=2) * width
    # Nobody sends a page that does not fit: step back until all of it is in the picture.
    middle = np.array([width / 2, height / 2])
    over = float((np.abs(placed - middle) / (middle * 0.985)).max())
    return np.asarray((placed - middle) / max(1.0, over) + middle)


def _curled(page: Picture, rng: Rng) -> Picture:
    """A sheet that was folded or rolled does not lie flat: its lines bend, and the light with them."""
    height, width = page.shape[:2]
    if rng.random() < 0.35:
        return page
    along = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    waves, phase = rng.uniform(0.5, 1.3), rng.uniform(0, 6)
    bend = np.sin(along * waves * 2 * np.pi + phase)
    deep = rng.uniform(0.001, 0.007) * width
    pull = deep * bend * (across - 0.5) * 2 + deep * 0.6 * np.sin(across * 2.6 + phase) * (along - 0.5)
    lift = deep * np.sin(across * np.pi * rng.uniform(0.7, 1.6) + phase)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    bent = cv2.remap(page, (x + pull).astype(np.float32), (y + lift).astype(np.float32), cv2.INTER_LINEAR,
                     borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    shade = 1 + rng.uniform(0, 0.06) * np.cos(along * waves * 2 * np.pi + phase)
    return np.asarray(np.clip(bent * shade[:, :, None], 0, 255), np.uint8)


def _table(kind: str, height: int, width: int, rng: Rng) -> Picture:
    """What lies below: wood, a dark desk, a light one, a cloth with checks."""
    small = (height // 4, width // 4)
    if kind == "wood":
        grain = cv2.resize(smooth_noise((small[0] // 12, small[1]), 2.5, rng), (small[1], small[0]))
        base, swing = np.array([70, 110, 160]), 22 * grain[:, :, None] * np.array([0.7, 0.9, 1])
    elif kind == "cloth":
        y, x = np.mgrid[0 : small[0], 0 : small[1]]
        step = rng.uniform(5, 12)
        base, swing = (
            np.array([150, 140, 190]),
            28 * (np.sign(np.sin(x / step)) + np.sign(np.sin(y / step)))[:, :, None],
        )
    else:
        tone = 45 if kind == "dark" else 205
        base, swing = np.array([tone, tone + 4, tone + 9]), 6 * smooth_noise(small, 30, rng)[:, :, None]
    texture = base + swing + rng.normal(scale=4, size=(*small, 1))
    return np.asarray(cv2.resize(np.clip(texture, 0, 255).astype(np.uint8), (width, height)), np.uint8)


def _drop_shadow(cover: Field, width: int) -> Field:
    small = cv2.resize(cover, (cover.shape[1] // 8, cover.shape[0] // 8))
    soft = cv2.GaussianBlur(small, (0, 0), width / 8 * 0.012)
    return np.asarray(1 - 0.45 * cv2.resize(soft, (cover.shape[1], cover.shape[0]))[:, :, None], np.float32)


def _light(picture: Field, rng: Rng) -> Picture:
    """Light from one side, the shadow of a head or a phone, a lamp that shines back, the colour of the lamp."""
    height, width = picture.shape[:2]
    small = (height // 8, width // 8)
    y, x = np.mgrid[0 : small[0], 0 : small[1]].astype(np.float32)
    x, y = x / small[1], y / small[0]
    side = rng.uniform(0, 6.28)
    field = 1 + rng.uniform(0, 0.3) * ((x - 0.5) * np.cos(side) + (y - 0.5) * np.sin(side))
    field -= rng.uniform(0, 0.25) * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
    if rng.random() < 0.45:
        field *= _shadow(x, y, rng)
    glare = np.zeros(small, np.float32)
    if rng.random() < 0.14:
        at, wide = rng.uniform(0.1, 0.9, 2), rng.uniform(0.03, 0.09)
        glare = rng.uniform(50, 120) * np.exp(-(((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * wide**2)))
    field, glare = (cv2.resize(np.asarray(one, np.float32), (width, height))[:, :, None] for one in (field, glare))
    warm = rng.normal(0.04, 0.06)
    cast = np.array([1 - warm * 1.4, 1 + rng.normal(scale=0.012), 1 + warm * 0.6]) * rng.uniform(0.72, 1.04)
    seen = picture * field * cast.astype(np.float32) + glare
    return np.asarray(np.clip(seen, 0, 255), np.uint8)


def _shadow(
    x: Field,
    y: Field,
    rng: Rng,
) -> Field:
    """A round head or a straight edge between the lamp and the sheet, soft or sharp."""
    deep, soft = rng.uniform(0.15, 0.5), rng.uniform(0.006, 0.08)
    if rng.random() < 0.5:
        turn, at = rng.uniform(0, 6.28), rng.uniform(-0.3, 0.3)
        away = (x - 0.5) * np.cos(turn) + (y - 0.5) * np.sin(turn) - at
    else:
        away = rng.uniform(0.15, 0.35) - np.hypot(x - rng.uniform(0.1, 0.9), (y - rng.uniform(0.6, 1.1)) * 1.3)
    return np.asarray(1 - deep / (1 + np.exp(np.clip(-away / soft, -30, 30))), np.float32)


def _lens(picture: Picture, phone: Phone, rng: Rng) -> Picture:
    """A hand that moves, a lens out of focus, noise in the dark, and the phone's own sharpening; a thumb perhaps."""
    if rng.random() < 0.08:
        _thumb(picture, rng)
    blur = rng.uniform(0.3, 1.1) * phone.long / 3000 + rng.uniform(0, 0.3)
    picture = cv2.GaussianBlur(picture, (0, 0), blur).astype(np.uint8)
    if rng.random() < 0.12:
        length = max(3, round(phone.long / 3000 * rng.uniform(2, 5)))
        shake = np.zeros((length, length), np.float32)
        cv2.line(shake, (0, int(rng.integers(0, length))), (length - 1, int(rng.integers(0, length))), 1.0, 1)
        picture = cv2.filter2D(picture, -1, shake / shake.sum()).astype(np.uint8)
    seen = grainy(picture, rng.uniform(0.8, 4.5), rng)
    if rng.random() < 0.6:
        soft = cv2.GaussianBlur(seen, (0, 0), 1.4)
        seen = cv2.addWeighted(seen, 1 + (much := float(rng.uniform(0.2, 0.9))), soft, -much, 0).astype(np.uint8)
    return seen


def _thumb(picture: Picture, rng: Rng) -> None:
    """A thumb at the left or right edge that holds the sheet down."""
    height, width = picture.shape[:2]
    left = rng.random() < 0.5
    at = (0 if left else width, int(height * rng.uniform(0.2, 0.75)))
    axes = round(width * rng.uniform(0.07, 0.11)), round(width * rng.uniform(0.035, 0.05))
    skin = tuple(int(v) for v in np.array([120, 150, 205]) * rng.uniform(0.45, 1.05))
    cv2.ellipse(picture, at, axes, float(rng.normal(scale=12)), 0, 360, skin, -1, cv2.LINE_AA)


def save(shot: Shot, phone: Phone, rng: Rng) -> tuple[str, bytes]:
    """Give (ending, bytes) as the phone saves it: turned by EXIF or for real, JPEG or HEIC, or squeezed twice."""
    photo = Image.fromarray(cv2.cvtColor(shot.picture, cv2.COLOR_BGR2RGB))
    if phone.twice:
        photo.thumbnail((1600, 1600))
        squeezed = io.BytesIO()
        photo.save(squeezed, "JPEG", quality=70)
        photo = Image.open(squeezed)
        photo.load()
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Phonemaker", "Phone 9"
    tag, turn = [(1, None), (6, Image.Transpose.ROTATE_90), (3, Image.Transpose.ROTATE_180),
                 (8, Image.Transpose.ROTATE_270)][int(rng.choice(4, p=[0.5, 0.35, 0.08, 0.07]))]  # fmt: skip
    if phone.kind == "jpeg" and not phone.twice and turn is not None:
        exif[ORIENTATION] = tag
        photo = photo.transpose(turn)
    elif rng.random() < 0.12:  # the phone lay flat and did not know which way was up
        photo = photo.transpose(Image.Transpose.ROTATE_90)
    saved = io.BytesIO()
    if phone.kind == "heic":
        heif = pillow_heif.from_pillow(photo)
        heif.save(saved, quality=phone.quality, exif=exif.tobytes(), enc_params={"preset": "ultrafast"})
        return "heic", saved.getvalue()
    photo.save(saved, "JPEG", quality=62 if phone.twice else phone.quality, exif=b"" if phone.twice else exif.tobytes())
    return "jpg", saved.getvalue()
