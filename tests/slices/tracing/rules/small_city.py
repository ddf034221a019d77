"""A town of 9 × 9 corners, 80 m apart, a camera pole on two corners of three: small enough to check by hand."""

from __future__ import annotations

import math

import numpy as np

from ansimnet.kernel import streets
from ansimnet.slices.tracing.rules import net
from ansimnet.slices.tracing.rules.types import Kind, Sighting

SIDE, BLOCK_M = 9, 80.0
LAT, LON = 37.5, 127.0
K = math.radians(1) * 6_371_008.8


def town(*, metro: bool = False) -> net.CameraNet:
    """Return the net of the town; with a metro line between two far corners where asked."""
    x, y = (a.ravel() * BLOCK_M for a in np.meshgrid(np.arange(SIDE), np.arange(SIDE)))
    lat = np.asarray(LAT + y / K, np.float64)
    lon = np.asarray(LON + x / (K * math.cos(math.radians(LAT))), np.float64)
    pairs = [(i, i + 1) for i in range(SIDE * SIDE) if i % SIDE < SIDE - 1]
    pairs += [(i, i + SIDE) for i in range(SIDE * (SIDE - 1))]
    u, v = (np.array(c, np.int32) for c in zip(*pairs, strict=True))
    built = streets.build(lat, lon, u, v, np.full(len(u), BLOCK_M), np.full(len(u), 3, np.int8), ("",) * len(u))
    poles = [i for i in range(SIDE * SIDE) if i % 3 != 2]
    at = np.repeat(poles, 2)
    azimuth = np.array([90.0 * ((i * 7 + k) % 4) for i in poles for k in (0, 2)])
    cameras = net.Cameras(lat[at], lon[at], azimuth, np.full(len(at), 80.0), np.full(len(at), 40.0))
    rides = [net.Ride((0, 40, 80), 120.0, 200.0, metro=True)] if metro else []
    return net.build(built, cameras, rides)


def seen(
    camera: int, until_s: float, *, id: str = "", heading: float = math.nan, looks: np.ndarray | None = None,
    kind: Kind = Kind.PERSON, lasts_s: float = 10.0,
) -> Sighting:  # fmt: skip
    """Return a sighting."""
    return Sighting(id or f"{camera}@{until_s}", camera, until_s - lasts_s, until_s, kind, heading, looks)


def vector(seed: int) -> np.ndarray:
    """Return somebody's looks."""
    v = np.random.default_rng(seed).standard_normal(32).astype(np.float32)
    return v / np.linalg.norm(v)
