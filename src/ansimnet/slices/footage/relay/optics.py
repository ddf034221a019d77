"""Where a camera that turns looks: device units, world angles, parts of the picture. Pure geometry, no I/O.

Azimuths run clockwise from north, tilts upwards from the horizon, both in degrees. Zoom runs from 0 (wide) to 1 (tele),
linear in the focal length, as ONVIF's generic zoom space mostly is; fields of view are horizontal, of a 16:9 picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from ansimnet.kernel.geo import Point, bearing_deg, distance_m

ASPECT = 16 / 9
BORDER = tuple(k / 8 for k in range(-8, 9))
"""Where along an edge of the picture its directions are asked; between two of them less than 0.1° is missed at 60°."""
BEHIND = 0.02
"""What lies less than this ahead of a camera (in units of its distance) is cut off before it is projected."""

Angles = tuple[float, float]
"""Azimuth and tilt."""
Outline = tuple[tuple[float, float], ...]
"""Corners (x, y) in parts of the picture, [0, 1] from the top left."""
Vector = tuple[float, float, float]
"""Right, ahead, up: of unit length in the world, of any length seen from a camera."""


class Raw(NamedTuple):
    """A position in the device's own units: pan and tilt in [-1, 1], zoom in [0, 1] (ONVIF generic spaces)."""

    pan: float
    tilt: float
    zoom: float


class Pose(NamedTuple):
    """Where a camera looks."""

    azimuth_deg: float
    tilt_deg: float
    zoom: float


@dataclass(frozen=True, slots=True)
class Optics:
    """A camera's calibration: what its units mean. Measured once where it hangs."""

    north_deg: float
    """Azimuth at which the device's own zero of pan looks."""
    pan_from_deg: float
    """Degrees to the right of that zero at which the device says pan -1; and +1 below."""
    pan_until_deg: float
    tilt_from_deg: float
    """Tilt at which the device says -1; and +1 below."""
    tilt_until_deg: float
    fov_wide_deg: float
    fov_tele_deg: float
    height_m: float
    endless: bool = False
    """It turns through its own ±180° and takes the shorter way."""

    def pose(self, raw: Raw) -> Pose:
        """Return where the device looks.

        >>> Optics(90, -180, 180, -90, 0, 60, 6, 5).pose(Raw(0.5, 0, 0))
        Pose(azimuth_deg=180.0, tilt_deg=-45.0, zoom=0)
        """
        pan = _between(self.pan_from_deg, self.pan_until_deg, (raw.pan + 1) / 2)
        tilt = _between(self.tilt_from_deg, self.tilt_until_deg, (raw.tilt + 1) / 2)
        return Pose((self.north_deg + pan) % 360, tilt, raw.zoom)

    def turns(self, start: Pose, end: Pose) -> float | None:
        """Return by how many degrees the device pans from one pose to the other; None: it cannot look there."""
        if self.endless:
            return offset(start.azimuth_deg, end.azimuth_deg)
        pans = [self._pan(p.azimuth_deg) for p in (start, end)]
        return None if pans[0] is None or pans[1] is None else pans[1] - pans[0]

    def raw(self, pose: Pose) -> Raw | None:
        """Return the device's units for a pose; None: it cannot look there."""
        pan = self._pan(pose.azimuth_deg)
        low, high = sorted((self.tilt_from_deg, self.tilt_until_deg))
        if pan is None or not low - 1e-6 <= pose.tilt_deg <= high + 1e-6:
            return None
        x = 2 * (pan - self.pan_from_deg) / (self.pan_until_deg - self.pan_from_deg) - 1
        y = 2 * (pose.tilt_deg - self.tilt_from_deg) / (self.tilt_until_deg - self.tilt_from_deg) - 1
        return Raw(min(1.0, max(-1.0, x)), min(1.0, max(-1.0, y)), pose.zoom)

    def _pan(self, azimuth_deg: float) -> float | None:
        low, high = sorted((self.pan_from_deg, self.pan_until_deg))
        pan = (azimuth_deg - self.north_deg - low) % 360 + low
        if 360 - (pan - low) < 1e-6:  # a hair before the beginning
            pan -= 360
        return pan if pan <= high + 1e-6 else None

    def fov_deg(self, zoom: float) -> float:
        """Return the horizontal field of view.

        >>> o = Optics(0, -180, 180, -90, 90, 60, 6, 5)
        >>> round(o.fov_deg(0)), round(o.fov_deg(1))
        (60, 6)
        """
        return 2 * math.degrees(math.atan(self._half(zoom)))

    def zoom_for(self, fov_deg: float) -> float:
        """Return the zoom whose field of view comes nearest."""
        widest = self._half(0)
        most = widest / _tan(self.fov_tele_deg / 2)
        if most <= 1:
            return 0.0
        return min(1.0, max(0.0, (widest / _tan(fov_deg / 2) - 1) / (most - 1)))

    def _half(self, zoom: float) -> float:
        """Return half the picture's width at distance 1."""
        widest, most = _tan(self.fov_wide_deg / 2), _tan(self.fov_wide_deg / 2) / _tan(self.fov_tele_deg / 2)
        return widest / (1 + zoom * (most - 1))

    def seen(self, tilt_deg: float, zoom: float) -> Seen:
        """Return how far the picture reaches around its axis at a tilt and a zoom."""
        a = self._half(zoom)
        b = a / ASPECT
        c, s = math.cos(math.radians(tilt_deg)), math.sin(math.radians(tilt_deg))
        edge = [(k * a, side * b) for k in BORDER for side in (-1, 1)]
        edge += [(side * a, k * b) for k in BORDER for side in (-1, 1)]
        ahead = [(right, c - up * s, s + up * c) for right, up in edge]
        tilts = [math.degrees(math.atan2(z, math.hypot(x, y))) for x, y, z in ahead]
        round_ = c - b * abs(s) <= 1e-6  # a pole is in the picture: so is every azimuth
        half = 180.0 if round_ else max(abs(math.degrees(math.atan2(x, y))) for x, y, _ in ahead)
        low, high = min(tilts), max(tilts)
        return Seen(half, -90.0 if round_ and s < 0 else low, 90.0 if round_ and s > 0 else high)

    def towards(self, camera: Point, place: Point, *, above_m: float, width_m: float) -> Pose:
        """Return the pose that shows a place: `above_m` over the ground, `width_m` of it across the picture."""
        away_m = max(1.0, distance_m(camera, place))
        tilt = math.degrees(math.atan2(above_m - self.height_m, away_m))
        fov = 2 * math.degrees(math.atan2(width_m / 2, math.hypot(away_m, self.height_m - above_m)))
        return Pose(bearing_deg(camera, place), tilt, self.zoom_for(fov))

    def shows(self, pose: Pose, angles: Angles) -> bool:
        """Return whether a direction lies in the picture.

        >>> o = Optics(0, -180, 180, -90, 90, 60, 6, 5)
        >>> o.shows(Pose(90, 0, 0), (119, 0)), o.shows(Pose(90, 0, 0), (121, 0))
        (True, False)
        """
        a = self._half(pose.zoom)
        c, s = math.cos(math.radians(pose.tilt_deg)), math.sin(math.radians(pose.tilt_deg))
        right, ahead, up = _turned(angles, pose.azimuth_deg, c, s)
        return ahead >= BEHIND and abs(right) <= a * ahead and abs(up) <= a / ASPECT * ahead

    def project(self, zone: Sequence[Angles], pose: Pose, margin_deg: float) -> Outline | None:
        """Return the part of the picture that a zone of the world covers, grown on all sides; None: none of it.

        The convex hull of the zone is covered, so that no edge of it is missed.
        """
        a = self._half(pose.zoom)
        b = a / ASPECT
        c, s = math.cos(math.radians(pose.tilt_deg)), math.sin(math.radians(pose.tilt_deg))
        found = []
        for right, ahead, up in _in_front([_turned(angles, pose.azimuth_deg, c, s) for angles in zone]):
            found.append((0.5 + right / ahead / a / 2, 0.5 - up / ahead / b / 2))
        if not found:
            return None
        grow_x, grow_y = _tan(margin_deg) / a / 2, _tan(margin_deg) / b / 2
        grown = [(x + i * grow_x, y + j * grow_y) for x, y in found for i in (-1, 1) for j in (-1, 1)]
        inside = _within(hull(grown))
        return tuple(inside) if len(inside) >= 3 else None


class Seen(NamedTuple):
    """How far a picture reaches: half its span of azimuths, and its lowest and highest tilt. Degrees."""

    half_deg: float
    low_deg: float
    high_deg: float


def offset(from_deg: float, to_deg: float) -> float:
    """Return the shorter turn from one azimuth to another, to the right positive, in [-180, 180).

    >>> offset(350, 10)
    20
    """
    return (to_deg - from_deg + 180) % 360 - 180


def hull(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the corners of the convex hull (Andrew's monotone chain).

    >>> hull([(0, 0), (1, 0), (0.5, 0.2), (1, 1), (0, 1)])
    [(0, 0), (1, 0), (1, 1), (0, 1)]
    """
    ordered = sorted(set(points))

    def chain(along: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        out: list[tuple[float, float]] = []
        for p in along:
            while len(out) > 1 and _cross(out[-2], out[-1], p) <= 0:
                out.pop()
            out.append(p)
        return out[:-1]

    return ordered if len(ordered) < 3 else chain(ordered) + chain(ordered[::-1])


def _cross(o: tuple[float, float], p: tuple[float, float], q: tuple[float, float]) -> float:
    return (p[0] - o[0]) * (q[1] - o[1]) - (p[1] - o[1]) * (q[0] - o[0])


def _between(start: float, end: float, part: float) -> float:
    return start + (end - start) * part


def _tan(deg: float) -> float:
    return math.tan(math.radians(min(deg, 89.0)))


def _turned(angles: Angles, azimuth_deg: float, c: float, s: float) -> Vector:
    """Return a direction as a camera sees it that looks at an azimuth, with the cosine and sine of its tilt."""
    az, tilt = math.radians(angles[0] - azimuth_deg), math.radians(angles[1])
    right, ahead, up = math.cos(tilt) * math.sin(az), math.cos(tilt) * math.cos(az), math.sin(tilt)
    return right, ahead * c + up * s, up * c - ahead * s


def _in_front(corners: Sequence[Vector]) -> list[Vector]:
    """Return the part of a polygon that lies in front of the camera."""
    out: list[Vector] = []
    for p, q in pairwise([*corners, corners[0]]):
        if p[1] >= BEHIND:
            out.append(p)
        if (p[1] >= BEHIND) != (q[1] >= BEHIND):
            k = (BEHIND - p[1]) / (q[1] - p[1])
            out.append((_between(p[0], q[0], k), BEHIND, _between(p[2], q[2], k)))
    return out


def _within(corners: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the part of a convex polygon that lies in the picture (Sutherland and Hodgman)."""
    out = list(corners)
    for axis in (0, 1):
        for limit, sign in ((0.0, 1), (1.0, -1)):
            kept: list[tuple[float, float]] = []
            for p, q in pairwise([*out, *out[:1]]):
                if sign * (p[axis] - limit) >= 0:
                    kept.append(p)
                if (sign * (p[axis] - limit) >= 0) != (sign * (q[axis] - limit) >= 0):
                    k = (limit - p[axis]) / (q[axis] - p[axis])
                    cut = (_between(p[0], q[0], k), _between(p[1], q[1], k))
                    kept.append((limit, cut[1]) if axis == 0 else (cut[0], limit))
            out = kept
    return [(min(1.0, max(0.0, x)), min(1.0, max(0.0, y))) for x, y in out]
