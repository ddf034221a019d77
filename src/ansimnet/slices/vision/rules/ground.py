"""From the picture to the ground: four points that somebody clicked on both, and the map between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.geo import Plane, Point
from ansimnet.slices.vision.model import Pair

FEWEST = 4
LEAST_TRIANGLE = 0.002
"""Area of the smallest triangle of three points, parts of the picture. Ours: three in a line fix nothing."""
MOST_APART_M = 500.0
"""Ours: further away nobody is a pixel high."""
MOST_RESIDUAL_M = 3.0
"""Root mean square that more than four points may leave. Ours: a wrong click leaves more."""


class BadCalibration(Refusal):
    """These points do not say where the picture lies on the ground."""

    name = "bad-calibration"


@dataclass(frozen=True, slots=True)
class Ground:
    """`homography`: row-major 3 x 3 from parts of the picture to metres east and north of `origin`."""

    homography: tuple[float, ...]
    origin: Point
    residual_m: float

    def metres(self, x: float, y: float) -> tuple[float, float] | None:
        """Return where a point of the picture lies, metres east and north; None at or above the horizon."""
        h = self.homography
        depth = h[6] * x + h[7] * y + h[8]
        if depth <= 1e-9:
            return None
        return (h[0] * x + h[1] * y + h[2]) / depth, (h[3] * x + h[4] * y + h[5]) / depth

    def place(self, x: float, y: float) -> Point | None:
        """Return where a point of the picture lies; None at or above the horizon, or further than a camera sees."""
        found = self.metres(x, y)
        if found is None or math.hypot(*found) > 2 * MOST_APART_M:
            return None
        return Plane(self.origin).to_point(*found)


def ground_of(pairs: Sequence[Pair]) -> Ground:
    """Return the map from picture to ground that four or more points fix; least squares where they are more.

    Raises:
        BadCalibration: fewer than four, three of four in a line, on both sides of the horizon, too far apart, or more
            than four that contradict each other.
    """
    if len(pairs) < FEWEST:
        raise BadCalibration(
            "a picture is laid on the map by four points at least", todo="click one more point on both"
        )
    origin = Point(sum(p.lat for p in pairs) / len(pairs), sum(p.lon for p in pairs) / len(pairs))
    plane = Plane(origin)
    picture = np.array([(p.x, p.y) for p in pairs])
    ground = np.array([plane.to_xy(Point(p.lat, p.lon)) for p in pairs])
    _check_spread(picture, ground)
    matrix = _solve(picture, ground)
    depths = picture @ matrix[2, :2] + matrix[2, 2]
    if np.mean(depths) < 0:
        matrix, depths = -matrix, -depths
    if np.min(depths) <= 1e-9:
        raise BadCalibration(
            "these points lie on both sides of the horizon", todo="click them in the same order on both"
        )
    matrix /= float(np.mean(depths))
    there = np.column_stack([picture, np.ones(len(pairs))]) @ matrix.T
    residual = float(np.sqrt(np.mean(np.sum((there[:, :2] / there[:, 2:] - ground) ** 2, axis=1))))
    if residual > MOST_RESIDUAL_M:
        raise BadCalibration(
            f"these points contradict each other by {residual:.1f} m", todo="click the worst one again"
        )
    return Ground(tuple(float(v) for v in matrix.ravel()), origin, residual)


def _check_spread(picture: NDArray[np.float64], ground: NDArray[np.float64]) -> None:
    if float(np.max(np.linalg.norm(ground, axis=1))) > MOST_APART_M:
        raise BadCalibration("these places are further apart than a camera sees", todo="click nearer points")
    four = [q for q in combinations(range(len(picture)), 4) if _least_triangle(picture, q) >= LEAST_TRIANGLE]
    on_ground = [q for q in four if _least_triangle(ground, q) >= 0.5]  # half a square metre
    if not on_ground:
        raise BadCalibration("three of these points lie in a line", todo="click the corners of something wide and deep")


def _least_triangle(points: NDArray[np.float64], four: Sequence[int]) -> float:
    least = math.inf
    for a, b, c in combinations(four, 3):
        one, other = points[b] - points[a], points[c] - points[a]
        least = min(least, abs(float(one[0] * other[1] - one[1] * other[0])) / 2)
    return least


def _solve(picture: NDArray[np.float64], ground: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix by the normalised direct linear transform (Hartley and Zisserman 2003, 4.1 and 4.4)."""
    here, there = _normaliser(picture), _normaliser(ground)
    rows = []
    for p, g in zip(picture, ground, strict=True):
        x, y, _ = here @ (*p, 1.0)
        u, v, _ = there @ (*g, 1.0)
        rows.append((-x, -y, -1.0, 0.0, 0.0, 0.0, u * x, u * y, u))
        rows.append((0.0, 0.0, 0.0, -x, -y, -1.0, v * x, v * y, v))
    _, _, v_t = np.linalg.svd(np.array(rows))
    return np.asarray(np.linalg.inv(there) @ v_t[-1].reshape(3, 3) @ here, np.float64)


def _normaliser(points: NDArray[np.float64]) -> NDArray[np.float64]:
    middle = points.mean(axis=0)
    scale = math.sqrt(2) / max(1e-12, float(np.mean(np.linalg.norm(points - middle, axis=1))))
    return np.array([[scale, 0.0, -scale * middle[0]], [0.0, scale, -scale * middle[1]], [0.0, 0.0, 1.0]])
