"""Which pixels of a person's crop are the upper and the lower body: by joints, or by the box where there are none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.types import Pose

U8 = NDArray[np.uint8]
SHOULDERS, HIPS, KNEES, ANKLES = (5, 6), (11, 12), (13, 14), (15, 16)
"""Joints in COCO's order."""
SURE = 0.3
"""Score from which a joint counts (MoveNet's own demonstration uses 0.3)."""
INWARD = 0.18
"""Corners are drawn to the middle by this share: what lies at the edge is background. Ours."""
UPPER, LOWER = (0.20, 0.46), (0.54, 0.86)
"""Share of a standing person's box from its top: shoulders to belt, belt to shin (Drillis and Contini, 1966)."""
MIDDLE = (0.3, 0.7)
LEG = 0.06
"""A leg's width in heights of the body, drawn in a little. Ours."""


def inside(points: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which pixels (H, W) lie within a polygon (N, 2) in pixels (even-odd rule)."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width] + 0.5
    within = np.zeros(shape, bool)
    for (x1, y1), (x2, y2) in zip(points, np.roll(points, -1, 0), strict=True):
        if y1 != y2:
            crosses = (y1 > y) != (y2 > y)
            within ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return within


def body(crop: U8, pose: Pose | None) -> tuple[U8, U8]:
    """Return the pixels (N, 3) of the upper and of the lower body of a crop (H, W, 3).

    `pose` (17, 3) in parts of the crop; None where nobody looked for joints. A half without sure joints is taken by
    the box, unless he does not stand (wider than tall): then it has no pixels.
    """
    by_box = crop.shape[0] > crop.shape[1] * 1.15
    upper = _torso(crop, pose) if pose is not None else None
    lower = _legs(crop, pose) if pose is not None else None
    nothing = np.zeros((0, 3), np.uint8)
    if upper is None:
        upper = _band(crop, UPPER) if by_box else nothing
    if lower is None:
        lower = _band(crop, LOWER) if by_box else nothing
    return upper, lower


def panel(crop: U8) -> U8:
    """Return the pixels of a vehicle's panels: the middle of its box, below windows, above wheels."""
    return _band(crop, (0.42, 0.72), (0.15, 0.85))


def _band(crop: U8, down: tuple[float, float], across: tuple[float, float] = MIDDLE) -> U8:
    height, width = crop.shape[:2]
    part = crop[int(down[0] * height) : int(down[1] * height), int(across[0] * width) : int(across[1] * width)]
    return part.reshape(-1, 3)


def _corners(crop: U8, pose: Pose, joints: tuple[int, ...]) -> NDArray[np.float64] | None:
    if (pose[list(joints), 2] < SURE).any():
        return None
    return np.asarray(pose[list(joints), :2] * np.array([crop.shape[1], crop.shape[0]]), np.float64)


def _torso(crop: U8, pose: Pose) -> U8 | None:
    corners = _corners(crop, pose, (SHOULDERS[0], SHOULDERS[1], HIPS[1], HIPS[0]))
    if corners is None:
        return None
    wide = 0.07 * crop.shape[0]  # seen from the side both shoulders lie on one line
    if np.ptp(corners[:, 0]) < wide:
        corners[:, 0] += np.array([wide, -wide, -wide, wide]) * (1 if corners[0, 0] >= corners[1, 0] else -1) / 2
    corners += INWARD * (corners.mean(0) - corners)
    pixels = crop[inside(corners, crop.shape[:2])]
    return pixels if len(pixels) else None


def _legs(crop: U8, pose: Pose) -> U8 | None:
    wide, found = LEG * max(crop.shape[:2]) / 2, list[U8]()
    for side in (0, 1):
        line = _corners(crop, pose, (HIPS[side], KNEES[side]))
        if line is None:
            continue
        found.append(_limb(crop, line[0], line[1], wide))
        shin = _corners(crop, pose, (KNEES[side], ANKLES[side]))
        if shin is not None:  # down to its middle: shoes are another colour
            found.append(_limb(crop, shin[0], shin.mean(0), wide))
    pixels = np.concatenate(found) if found else np.zeros((0, 3), np.uint8)
    return pixels if len(pixels) else None


def _limb(crop: U8, a: NDArray[np.float64], b: NDArray[np.float64], half: float) -> U8:
    """Return the pixels along a line, `half` to either side."""
    along = b - a
    across = np.array([-along[1], along[0]]) / max(1e-6, float(np.hypot(*along))) * half
    corners = np.array([a - across, a + across, b + across, b - across])
    return crop[inside(corners + INWARD * (corners.mean(0) - corners), crop.shape[:2])]
