"""Which faces are worth comparing, and when to say that nobody can be recognised here and now.

A gate, not a score: what does not pass is not compared at all, and the reason is counted, so that a night of "too dark"
is seen as such and not as a night without visitors.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.faces.detect import Face


class Unfit(StrEnum):
    """Why a face was not compared."""

    SMALL = "small"
    BLURRED = "blurred"
    TURNED = "turned"
    DARK = "dark"
    GLARE = "glare"
    INFRARED = "infrared"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a face must have. Ours, set on the photographs that calibrate the evidence, none of them held back."""

    least_px: float = 36.0
    """Across. The evidence is measured at 40 px and above; boxes of the same face differ by a tenth."""
    least_sharp: float = 0.010
    """Mean absolute second difference of the chip over its spread of grey."""
    most_yaw: float = 0.35
    """Offset of the nose from between the eyes, in distances of the eyes: about 35 degrees."""
    most_roll_deg: float = 30.0
    least_grey: float = 35.0
    most_grey: float = 225.0
    least_spread: float = 12.0
    """Mean and standard deviation of the chip's grey, 0 to 255."""


LIMITS = Limits()
GREY_SATURATION = 4.0
"""Mean difference of the largest and the smallest of red, green and blue below which a picture has no colour: a colour
camera that sends such pictures has switched to infrared. Coding noise of grey pictures is 1 to 2."""


def pose(face: Face) -> tuple[float, float]:
    """Return yaw (offset of the nose in distances of the eyes) and roll (degrees) of a face."""
    left, right, nose = face.points[0], face.points[1], face.points[2]
    across = right - left
    distance = max(1e-6, float(np.hypot(*across)))
    yaw = float(np.dot(nose - (left + right) / 2, across)) / distance**2
    return yaw, float(np.degrees(np.arctan2(across[1], across[0])))


def unfit(face: Face, chip: NDArray[np.float32], limits: Limits = LIMITS) -> Unfit | None:
    """Return why a face is not compared, None where it is. `chip` (3, H, W), 0 to 255."""
    if face.width < limits.least_px:
        return Unfit.SMALL
    yaw, roll = pose(face)
    if abs(yaw) > limits.most_yaw or abs(roll) > limits.most_roll_deg:
        return Unfit.TURNED
    grey = chip.mean(0)
    middle, spread = float(grey.mean()), float(grey.std())
    reason: Unfit | None = None
    if middle < limits.least_grey or spread < limits.least_spread:
        reason = Unfit.DARK
    elif middle > limits.most_grey:
        reason = Unfit.GLARE
    elif float(np.abs(grey[2:] + grey[:-2] - 2 * grey[1:-1]).mean()) < limits.least_sharp * spread:
        reason = Unfit.BLURRED
    grey.fill(0.0)
    return reason


def infrared(picture: NDArray[np.uint8]) -> bool:
    """Return whether a picture (H, W, 3) has no colour."""
    small = picture[::8, ::8].astype(np.int16)
    return float((small.max(-1) - small.min(-1)).mean()) < GREY_SATURATION
