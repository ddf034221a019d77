"""The net of an approved area: its streets and cameras, nobody's track. Kept between questions, nothing else is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ansimnet.kernel.errors import Conflict
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.streets import Streets
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.cameras.queries import Camera
from ansimnet.slices.tracing.rules import net
from ansimnet.slices.tracing.rules.net import CameraNet


class NoStreets(Conflict):
    """No streets are imported, or this camera sees none: nothing can be said about the next one."""

    name = "no-streets"


@dataclass(frozen=True, slots=True, eq=False)
class Area:
    """Cameras of an area, `rows` where each is in the net."""

    cameras: list[Camera]
    rows: dict[CameraId, int]
    net: CameraNet


@dataclass(slots=True)
class Nets:
    """The net of the area that was asked about last."""

    map_data: MapData
    _key: tuple[int, tuple[CameraId, ...]] | None = None
    _area: Area | None = None

    def of(self, near: list[Camera]) -> Area:
        """Return the net of these cameras on the imported streets.

        Raises:
            NoStreets: none are imported.
        """
        streets = self.map_data.streets
        if streets is None:
            raise NoStreets
        cameras = sorted(near, key=lambda c: c.camera_id)
        key = (id(streets), tuple(c.camera_id for c in cameras))
        if self._area is None or key != self._key:
            rows = {c.camera_id: row for row, c in enumerate(cameras)}
            self._key, self._area = key, Area(cameras, rows, _built(streets, cameras))
        return replace(self._area, cameras=cameras)  # which of them speak is of now


def _built(streets: Streets, area: list[Camera]) -> CameraNet:
    def column(values: list[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array(values, np.float64)

    turned = [math.nan if c.azimuth_deg is None else c.azimuth_deg for c in area]
    return net.build(
        streets,
        net.Cameras(
            lat=column([c.lat for c in area]),
            lon=column([c.lon for c in area]),
            azimuth_deg=column(turned),
            fov_deg=column([c.fov_deg for c in area]),
            reach_m=column([c.range_m for c in area]),
        ),
    )
