"""Privacy zones of a camera that turns: where they lie in the picture now. In doubt the whole picture is hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ansimnet.slices.footage.relay.optics import Angles, Optics, Outline, Pose, Raw, offset

FRESH_S = 1.0
"""A position older than this says nothing. Cameras tell theirs with every picture, or twice a second."""
UNSURE_S = 0.7
"""After a command the camera is believed to stand only when it still says so this much later: motors start late."""
STILL_DEG = 1.0
"""How much a zone is grown when the camera stands: gears and calibration are about half a degree off."""
LATE_S = 0.5
"""How far a picture and the position told with it may lie apart."""
MOST_GROWN_DEG = 20.0
"""Beyond it a grown zone means nothing any more."""


@dataclass(frozen=True, slots=True)
class Turned:
    """What is kept of a camera that turns: its calibration, and zones as polygons of azimuth and tilt."""

    optics: Optics
    zones: tuple[tuple[Angles, ...], ...] = ()


class Position(NamedTuple):
    """What a camera tells of itself: device units, and whether it turns."""

    raw: Raw
    moving: bool


class Turning:
    """Where one camera looks, as it tells itself."""

    def __init__(self) -> None:
        self._pose: Pose | None = None
        self._told_s = -1.0
        self._commanded_s: float | None = None
        self._grown_deg = STILL_DEG

    def tell(self, position: Position, turned: Turned, at_s: float) -> None:
        """Take a position that came at `at_s` (monotonic seconds)."""
        before, pose = self._pose, turned.optics.pose(position.raw)
        if before is None or at_s - self._told_s > FRESH_S:
            self._grown_deg = MOST_GROWN_DEG + 1 if position.moving else STILL_DEG
        elif at_s > self._told_s:
            speed_dps = _apart_deg(turned.optics, before, pose) / (at_s - self._told_s)
            self._grown_deg = STILL_DEG + LATE_S * speed_dps
        if position.moving:
            self._commanded_s = None  # it has begun: from here on its own words are enough
        self._pose, self._told_s = pose, at_s

    def command(self, at_s: float) -> None:
        """Hear that somebody has told the camera to turn."""
        self._commanded_s = at_s

    def forget(self) -> None:
        """Forget everything: the camera was lost."""
        self._pose = None

    def zones(self, turned: Turned, now_s: float) -> tuple[Outline, ...] | None:
        """Return the parts of the present picture that nobody may see; None: all of it."""
        if not turned.zones:
            return ()
        if self._pose is None or now_s - self._told_s > FRESH_S or self._grown_deg > MOST_GROWN_DEG:
            return None
        if self._commanded_s is not None and now_s - self._commanded_s < UNSURE_S:
            return None
        found = (turned.optics.project(zone, self._pose, self._grown_deg) for zone in turned.zones)
        return tuple(outline for outline in found if outline is not None)


def _apart_deg(optics: Optics, a: Pose, b: Pose) -> float:
    """Return by how much the picture moved, at its worst corner: turning and zooming together."""
    fov = (optics.fov_deg(a.zoom), optics.fov_deg(b.zoom))
    return max(abs(offset(a.azimuth_deg, b.azimuth_deg)), abs(a.tilt_deg - b.tilt_deg)) + abs(fov[0] - fov[1]) / 2
