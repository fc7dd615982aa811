"""Laying a returned page over the page that was sent, so that the same point is at the same place in both.

In comes a scan, photo or rendering, in any rotation; out goes the same picture on the sent page's own grid of 200 dpi.
First the whole sheet by what is recognisable on it (which sees through rotation and perspective), then block by block,
then a smooth field for paper that is not flat.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.reading import blocks, sheet
from pipeline.reading.blocks import Blocks
from pipeline.reading.grid import Floats, Mask, Picture
from pipeline.reading.sheet import NotTheSame, Own

FEWEST_BLOCKS = 0.35  # a smaller part of the printed blocks found: this is another page
FIELD = 110.0  # width of the smooth field, 14 mm: paper bends no sharper
STEP = 32  # points between the nodes of the mesh in which the field is kept
STIFF = 0.6  # how little the field leans where there is no print to say so
IN_PLACE = 1.5  # a digital page whose blocks lie within this many points needs no laying


@dataclass(frozen=True)
class Laid:
    """A returned page on the grid of the sent one: what of it is `seen`, and how far blocks still are off (points).

    `exact` when it lay in place already and never was on paper.
    """

    picture: Picture
    seen: Mask
    residual: float
    exact: bool = False


def laid(picture: Picture, sent: Picture, *, digital: bool) -> Laid:
    """Lay `picture` over `sent`; raises `NotTheSame` when it is not that page."""
    own = sheet.own(sent)
    if digital and (placed := _in_place(picture, own)) is not None:
        return placed
    picture = _sized(picture, own.grey)
    grey, transform = sheet.grey_of(picture), sheet.by_features(picture, own)
    for reach in (26, 10):
        transform = blocks.better(_warped(grey, transform, own.grey.shape), own, transform, reach)
    return _bent(picture, grey, transform, own)


def _sized(picture: Picture, grey: Picture) -> Picture:
    """Shrink a picture that is much finer than the grid: sampling it there would only gather its noise."""
    finer = max(picture.shape[:2]) / max(grey.shape)
    if finer <= 1.5:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=1.3 / finer, fy=1.3 / finer, interpolation=cv2.INTER_AREA), np.uint8)


def _in_place(picture: Picture, own: Own) -> Laid | None:
    height, width = own.grey.shape
    if picture.shape[:2] != (height, width):
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    found = blocks.find(sheet.grey_of(picture), own, 10)
    if found.share < FEWEST_BLOCKS:
        return None
    off = float(np.median(np.abs(found.offsets[found.found]).max(axis=1)))
    return Laid(picture, np.ones(own.grey.shape, bool), off, exact=True) if off <= IN_PLACE else None


def _warped(picture: Picture, transform: Floats, shape: tuple[int, ...]) -> Picture:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (shape[1], shape[0])
    return np.asarray(
        cv2.warpPerspective(picture, transform, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _bent(picture: Picture, grey: Picture, transform: Floats, own: Own) -> Laid:
    """Lay the picture by the homography and by the smooth field that the blocks still ask for, found in some rounds.

    The field is kept at the nodes of a wide mesh: how far each node is off.
    """
    mesh = _mesh(own.grey.shape)
    field = np.zeros_like(mesh)
    for reach in (26, 16, 8):
        there, _ = _sampled(grey, transform, mesh + field, own.grey.shape)
        found = blocks.find(there, own, reach, sheet.BLOCK[0] // 2)
        if found.share < FEWEST_BLOCKS:
            raise NotTheSame
        more = _field(found, mesh)
        field = more + _at(field, mesh + more)  # `more` says where a point lies in what lies by the field before
    there, seen = _sampled(picture, transform, mesh + field, own.grey.shape)
    left_over = found.offsets[found.found] - _at(more, found.centres[found.found][None])[0]
    return Laid(there, seen, float(np.median(np.hypot(left_over[:, 0], left_over[:, 1]))))


def _mesh(shape: tuple[int, ...]) -> Floats:
    """Give the nodes: the middle of every square of `STEP` points, as `cv2.resize` takes them."""
    y, x = np.mgrid[0 : -(-shape[0] // STEP), 0 : -(-shape[1] // STEP)].astype(np.float32) * STEP
    return np.asarray(np.stack([x, y], axis=-1) + (STEP - 1) / 2, np.float32)


def _at(field: Floats, points: Floats) -> Floats:
    """Give the field at any points of the grid."""
    at = (points - np.float32((STEP - 1) / 2)) / np.float32(STEP)
    found = cv2.remap(field, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)


def _sampled(picture: Picture, transform: Floats, mesh: Floats, shape: tuple[int, ...]) -> tuple[Picture, Mask]:
    """Give the picture on the grid, and which points of the grid it covers."""
    there = cv2.perspectiveTransform(mesh.reshape(1, -1, 2), transform).reshape(mesh.shape)
    size = (mesh.shape[1] * STEP, mesh.shape[0] * STEP)
    places = cv2.resize(there, size, interpolation=cv2.INTER_LINEAR)[: shape[0], : shape[1]]
    x, y = cv2.split(places)
    finer = cv2.INTER_LINEAR if picture.ndim == 2 else cv2.INTER_CUBIC
    sampled = cv2.remap(picture, x, y, finer, borderMode=cv2.BORDER_REPLICATE)
    height, width = picture.shape[:2]
    return np.asarray(sampled, np.uint8), (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)


def _field(found: Blocks, mesh: Floats) -> Floats:
    """Give for each node how far it still is off: a plane through the blocks around it."""
    good = found.found & _like_its_neighbours(found)
    centres, offsets = found.centres[good], found.offsets[good]
    away = (centres[None] - mesh.reshape(-1, 1, 2)) / np.float32(FIELD)
    weights = np.exp(-(away**2).sum(axis=2) / 2) + np.float32(1e-4)
    plane = np.concatenate([np.ones((*away.shape[:2], 1), np.float32), away], axis=2)
    weighted = (weights[..., None] * plane).transpose(0, 2, 1)
    normal = weighted @ plane + np.diag([0.1, STIFF, STIFF]).astype(np.float32)
    coarse = np.linalg.solve(normal, weighted @ offsets)[:, 0]
    return np.asarray(coarse.reshape(mesh.shape), np.float32)


def _like_its_neighbours(found: Blocks) -> Mask:
    """Tell which blocks moved about as the nearest ones did; a block that did not was found in the wrong place."""
    apart = ((found.centres[:, None] - found.centres[None]) ** 2).sum(axis=2)
    nearest = np.argsort(apart + np.where(found.found, 0, 1e9)[None], axis=1)[:, :7]
    usual = np.median(found.offsets[nearest], axis=1)
    return np.asarray(np.abs(found.offsets - usual).max(axis=1) < 9)
