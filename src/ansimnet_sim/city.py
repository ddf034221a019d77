"""What a district is made of. Metres east (x) and north (y) of its centre; `plane` turns them into WGS 84."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.geo import Plane, Point
from ansimnet_sim.jit import jit
from ansimnet_sim.streets import StreetNet, Xy

DISTRICT = "해담구"
DISTRICT_ORIGIN = Point(36.9052, 127.9048)
"""Where the fictional district lies: inside Korea, on fields where no such district is."""


@dataclass(frozen=True, slots=True)
class Building:
    """A prism. `ring` is open and counter-clockwise."""

    ring: tuple[Xy, ...]
    height_m: float
    seed: int
    shop: bool
    """Whether the ground floor is shops."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A fixed camera on a pole. `azimuth_deg` is the truth; `registered_azimuth_deg` what the register knows."""

    code: str
    name: str
    x: float
    y: float
    height_m: float
    azimuth_deg: float
    registered_azimuth_deg: float | None
    fov_deg: float
    pitch_deg: float
    range_m: float
    purpose: str
    address: str
    registered: Xy | None = None
    """Where the register says it stands, if not where it stands."""

    @property
    def number(self) -> int:
        """Return the digits of the code: what the truth code in the picture carries."""
        return int("".join(c for c in self.code if c.isdigit()) or "0") % (1 << 20)


@dataclass(frozen=True, slots=True)
class Place:
    """A place the way out may end at, or an office."""

    name: str
    kind: str
    """police_box, safe_house, probation_office, hospital, station."""
    staffed: bool
    x: float
    y: float
    address: str


@dataclass(frozen=True, slots=True)
class UnitStart:
    """A unit and where it waits."""

    name: str
    agency: str
    """112 or probation."""
    office: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Area:
    """A named polygon: a dong, the park, the river."""

    name: str
    kind: str
    ring: tuple[Xy, ...]


@dataclass(slots=True)
class City:
    """A district. The same seed gives the same district."""

    seed: int
    name: str
    plane: Plane
    net: StreetNet
    buildings: tuple[Building, ...]
    cameras: tuple[Camera, ...]
    places: tuple[Place, ...]
    units: tuple[UnitStart, ...]
    areas: tuple[Area, ...]
    victim_home: Xy = (0.0, 0.0)
    wearer_home: Xy = (0.0, 0.0)
    synthetic_walls: bool = False
    """True where no outlines were given and the walls beside the streets are invented."""
    _walls: NDArray[np.float64] | None = field(default=None, repr=False)

    def point(self, xy: Xy) -> Point:
        """Return the place in WGS 84."""
        return self.plane.to_point(*xy)

    def walls(self) -> NDArray[np.float64]:
        """Return every wall, `(N, 6)`: ax ay bx by height building-index."""
        if self._walls is None:
            rows = [
                (a[0], a[1], b[0], b[1], h.height_m, float(i))
                for i, h in enumerate(self.buildings)
                for a, b in zip(h.ring, [*h.ring[1:], h.ring[0]], strict=True)
            ]
            self._walls = np.array(rows, np.float64).reshape(-1, 6)
        return self._walls

    def sees(self, camera: Camera, x: float, y: float) -> bool:
        """Say whether a camera truly sees a place on the ground: range, angle, and no wall between."""
        dx, dy = x - camera.x, y - camera.y
        far = math.hypot(dx, dy)
        if far > camera.range_m:
            return False
        turn = (math.degrees(math.atan2(dx, dy)) - camera.azimuth_deg + 180) % 360 - 180
        return abs(turn) <= camera.fov_deg / 2 and not blocked(self.walls(), camera.x, camera.y, x, y)

    def camera(self, code: str) -> Camera:
        """Return the camera with this code."""
        return next(c for c in self.cameras if c.code == code)


@jit
def blocked(walls: NDArray[np.float64], x0: float, y0: float, x1: float, y1: float) -> bool:
    """Say whether any wall crosses the straight line between two places."""
    dx, dy = x1 - x0, y1 - y0
    for i in range(walls.shape[0]):
        ax, ay = walls[i, 0] - x0, walls[i, 1] - y0
        ex, ey = walls[i, 2] - walls[i, 0], walls[i, 3] - walls[i, 1]
        det = dx * ey - dy * ex
        if abs(det) < 1e-12:
            continue
        t = (ax * ey - ay * ex) / det
        s = (ax * dy - ay * dx) / det
        if 0.0 < t < 1.0 and 0.0 <= s <= 1.0:
            return True
    return False
