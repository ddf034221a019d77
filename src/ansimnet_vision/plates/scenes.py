"""Plates on vehicles before a camera: rendered, in grey, with where the plate is. No picture of a real vehicle.

What lies around a plate is made of what vehicles have there: panels, a window, lamps, a grille, other writing. Light,
focus, motion, noise and coding follow the conditions below.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ansimnet_vision.plates.drawing import Font, Plate
from ansimnet_vision.plates.optics import F64, Grey, blurred, coded, homography, smeared, warp

MOST_SIDE = 900
CLOSE = 1.6
"""A picture less wide than so many plates shows a plate and hardly its vehicle."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Ranges from which a picture is made. Angles in degrees, lengths in pixels of the picture, `light` a factor."""

    wide_px: tuple[float, float]
    turn: float = 20
    blur: tuple[float, float] = (0.3, 0.9)
    smear: float = 0.0
    noise: tuple[float, float] = (1, 5)
    light: tuple[float, float] = (0.55, 1.15)
    quality: tuple[int, int] = (55, 95)
    night: bool = False


CONDITIONS = {
    "day": Condition((90, 180)),
    "turned": Condition((90, 180), turn=48),
    "small": Condition((52, 72)),
    "blurred": Condition((80, 160), blur=(1.2, 2.2), smear=5),
    "coded": Condition((80, 160), quality=(12, 28)),
    "night": Condition((80, 160), noise=(5, 15), light=(0.2, 0.45), blur=(0.5, 1.2), smear=3, night=True),
}
"""Ours: what a street camera shows of vehicles that it can be asked about. In a sub-stream most plates are smaller."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A vehicle's picture, the plate's corners (4, 2) in its pixels (upper left first, clockwise), and the plate."""

    picture: Grey
    corners: F64
    plate: Plate


def shot(plate: Plate, condition: Condition, font: Font, rng: Generator, around: tuple[float, float]) -> Shot:
    """Return a plate before a camera. `around`: how many times as wide as the plate the picture is, from and to."""
    wide = rng.uniform(*condition.wide_px)
    corners = _seen(plate.picture.shape[1] / plate.picture.shape[0], wide, condition.turn, rng)
    low, high = corners.min(0), corners.max(0)
    span = high - low
    close = around[1] < CLOSE
    width = min(MOST_SIDE, int(span[0] * rng.uniform(*around)) + 4)
    height = min(MOST_SIDE, int(max(span[1] * 1.3, (span[1] * 1.4 if close else width) * rng.uniform(0.6, 1.1))) + 4)
    room = np.maximum(np.array([width, height]) - span, 0.0)
    place = room * np.array([rng.uniform(0.1, 0.9), rng.uniform(0.3, 0.95)])
    corners = corners - low + place
    if close:
        picture = np.full((height, width), rng.uniform(15, 235), np.float32)
        _panel(picture, rng, (0.2, 0.9), (0.1, 0.5), rng.uniform(10, 250))
    else:
        picture = vehicle(height, width, float(span[0]), font, rng)
    _paste(picture, plate, corners, condition, rng)
    return Shot(taken(picture, condition, rng), corners, plate)


def taken(clean: Grey, condition: Condition, rng: Generator) -> Grey:
    """Return what a camera makes of a clean picture: light, focus, motion, noise, coding."""
    tall, wide = clean.shape
    across, down = np.linspace(-1, 1, wide), np.linspace(-1, 1, tall)[:, None]
    lit = rng.uniform(*condition.light) * (1 + rng.normal(0, 0.12) * across + rng.normal(0, 0.12) * down)
    light: F64 = clean * lit
    if condition.night:
        for _ in range(int(rng.integers(0, 3))):  # lamps
            x, y, size = rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(0.05, 0.3)
            light = light + rng.uniform(60, 220) * np.exp(-((across - x) ** 2 + (down - y) ** 2) / size**2)
    picture = smeared(light.astype(np.float32), rng.uniform(0, condition.smear), rng.normal(0, 0.5))
    picture = blurred(picture, rng.uniform(*condition.blur))
    picture = picture + rng.standard_normal(picture.shape, dtype=np.float32) * np.float32(rng.uniform(*condition.noise))
    if condition.night:  # the camera turns its gain up
        picture = picture * np.float32(rng.uniform(1.0, 2.2))
    quality = int(rng.integers(condition.quality[0], condition.quality[1] + 1))
    return coded(picture.clip(0, 255).astype(np.float32), quality)


def _seen(aspect: float, wide: float, turn: float, rng: Generator) -> F64:
    """Return the corners of a plate that is turned away, about a middle at 0, `wide` pixels before it was turned."""
    yaw, pitch = math.radians(rng.uniform(-turn, turn)), math.radians(rng.uniform(-0.6, 0.6) * turn)
    roll = math.radians(rng.uniform(-0.25, 0.25) * turn)
    x, y = np.array([-0.5, 0.5, 0.5, -0.5]), np.array([-0.5, -0.5, 0.5, 0.5]) / aspect
    depth = x * math.sin(yaw) + y * math.sin(pitch)
    away = rng.uniform(4, 14)  # plate widths: five metres in a lane to a camera of a crossing
    u, v = x * math.cos(yaw) * away / (away + depth), y * math.cos(pitch) * away / (away + depth)
    u, v = u * math.cos(roll) - v * math.sin(roll), u * math.sin(roll) + v * math.cos(roll)
    return np.column_stack([u, v]) * wide


def _paste(picture: Grey, plate: Plate, corners: F64, condition: Condition, rng: Generator) -> None:
    tall, wide = plate.picture.shape[:2]
    flat = (plate.picture @ np.array([0.299, 0.587, 0.114])).astype(np.float32)
    flat = flat * np.float32(rng.uniform(0.75, 1.0))
    if rng.random() < 0.35:  # a shadow's edge
        edge = rng.uniform(-0.3, 1.3) * wide + rng.normal(0, 0.5) * np.arange(tall)[:, None]
        flat = np.where(np.arange(wide)[None, :] < edge, flat, flat * np.float32(rng.uniform(0.45, 0.8)))
    if rng.random() < 0.3:  # dirt
        for _ in range(int(rng.integers(1, 5))):
            y, x, r = rng.uniform(0, tall), rng.uniform(0, wide), rng.uniform(0.04, 0.16) * tall
            spot = np.exp(-((np.arange(tall)[:, None] - y) ** 2 + (np.arange(wide)[None, :] - x) ** 2) / r**2)
            flat = flat + spot * (rng.uniform(60, 160) - flat) * 0.7
    if condition.night and rng.random() < 0.3:  # headlamps or infrared on the film
        flat = 255 - (255 - flat) * np.float32(rng.uniform(0.5, 0.9))
    x1, y1 = np.maximum(0, np.floor(corners.min(0)).astype(int) - 1)
    x2, y2 = np.minimum(picture.shape[::-1], np.ceil(corners.max(0)).astype(int) + 2)
    ends = np.array([[0.0, 0], [wide, 0], [wide, tall], [0, tall]])
    back = homography(corners - np.array([x1, y1]), ends)
    there, cover = (np.zeros((y2 - y1, x2 - x1), np.float32) for _ in range(2))
    warp(flat.astype(np.float32), back, there, 0.0)
    warp(np.ones(flat.shape, np.float32), back, cover, 0.0)
    picture[y1:y2, x1:x2] = picture[y1:y2, x1:x2] * (1 - cover) + there


def vehicle(tall: int, wide: int, plate_wide: float, font: Font, rng: Generator) -> Grey:
    """Return a clean picture of what may surround a plate: panels, window, lamps, grille, writing that is no plate."""
    body = rng.uniform(25, 235)
    picture = np.full((tall, wide), body, np.float32)
    picture *= np.linspace(rng.uniform(0.7, 1.1), rng.uniform(0.6, 1.1), tall, dtype=np.float32)[:, None]
    for _ in range(int(rng.integers(3, 9))):
        shade = rng.choice([rng.uniform(10, 60), rng.uniform(10, 250), body * rng.uniform(0.7, 1.2)])
        _panel(picture, rng, (0.1, 0.9), (0.04, 0.4), float(shade))
    for _ in range(int(rng.integers(0, 4))):  # lamps
        _panel(picture, rng, (0.06, 0.25), (0.04, 0.2), rng.uniform(140, 255))
    if rng.random() < 0.5:  # a grille, blinds, railings: as many edges as a plate has
        y, x = int(rng.uniform(0, 0.8) * tall), int(rng.uniform(0, 0.7) * wide)
        part = picture[y : y + int(tall * rng.uniform(0.05, 0.25)), x : x + int(wide * rng.uniform(0.1, 0.5))]
        phase = np.arange(part.shape[1] if rng.random() < 0.5 else part.shape[0]) * rng.uniform(0.5, 2.5)
        wave = np.float32(rng.uniform(20, 90)) * np.sign(np.sin(phase)).astype(np.float32)
        part += wave[None, :] if len(wave) == part.shape[1] else wave[:, None]
    for _ in range(int(rng.integers(0, 3))):
        _writing(picture, plate_wide * rng.uniform(0.1, 0.25), font, rng)
    picture += blurred(rng.normal(0, 25, (tall, wide)).astype(np.float32), 1.5)
    return picture.clip(0, 255)


def _panel(picture: Grey, rng: Generator, across: tuple[float, float], down: tuple[float, float], shade: float) -> None:
    tall, wide = picture.shape
    w, h = rng.uniform(*across) * wide, rng.uniform(*down) * tall
    x, y, slant = rng.uniform(-0.1, 1) * wide, rng.uniform(-0.1, 1) * tall, rng.normal(0, 0.15)
    rows, columns = np.arange(tall)[:, None], np.arange(wide)[None, :]
    inside = (np.abs(columns - x - slant * (rows - y)) < w / 2) & (
        np.abs(rows - y + 0.3 * slant * (columns - x)) < h / 2
    )
    picture[inside] = shade


def _writing(picture: Grey, size: float, font: Font, rng: Generator) -> None:
    """Write a few characters that are no plate: the name of a shop, a telephone number."""
    tall = max(5, round(size))
    y, x = int(rng.uniform(0, 1) * picture.shape[0]), int(rng.uniform(0, 0.8) * picture.shape[1])
    ink = rng.uniform(0, 255)
    for character in rng.choice(list(font.glyphs), int(rng.integers(2, 9))):
        glyph = font.glyphs[str(character)]
        wide = max(3, round(tall * glyph.shape[1] / glyph.shape[0]))
        rows, columns = np.arange(tall) * glyph.shape[0] // tall, np.arange(wide) * glyph.shape[1] // wide
        part = picture[y : y + tall, x : x + wide]
        cover: NDArray[np.float32] = glyph[rows][:, columns][: part.shape[0], : part.shape[1]]
        part += cover * (np.float32(ink) - part)
        x += wide + 1
