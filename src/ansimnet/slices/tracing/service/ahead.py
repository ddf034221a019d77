"""Next cameras: from the last confirmed hop along the streets, before he gets there; or backwards, where he came from.

Streets and cameras alone, nobody's track: the net of an approved area is kept between questions, nothing else.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import numpy as np

from ansimnet.kernel.errors import Conflict
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.streets import Streets
from ansimnet.platform.db import Db
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.cameras.queries import Camera
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.tracing.model import Found, Next
from ansimnet.slices.tracing.rules import net, relay
from ansimnet.slices.tracing.rules.learned import prior
from ansimnet.slices.tracing.rules.net import CameraNet
from ansimnet.slices.tracing.rules.types import Kind, Sighting, Subject
from ansimnet.slices.tracing.service import law
from ansimnet.slices.tracing.service.looking import route_of
from ansimnet.slices.tracing.store import searches

KINDS = {"person": Kind.PERSON, "cyclist": Kind.CYCLIST, "vehicle": Kind.VEHICLE}
MOST = 8
"""Cameras named at once: a screen of tiles (ours)."""


class NobodyConfirmed(Conflict):
    """No candidate was confirmed yet, so there is no place to go on from."""

    name = "nobody-confirmed"


class NoStreets(Conflict):
    """No streets are imported, or this camera sees none: nothing can be said about the next one."""

    name = "no-streets"


@dataclass(slots=True)
class Nets:
    """The net of the area that was asked about last."""

    map_data: MapData
    _key: tuple[int, tuple[CameraId, ...]] | None = None
    _net: CameraNet | None = None

    def of(self, area: list[Camera]) -> CameraNet:
        """Return the net of these cameras on the imported streets.

        Raises:
            NoStreets: none are imported.
        """
        streets = self.map_data.streets
        if streets is None:
            raise NoStreets
        key = (id(streets), tuple(c.camera_id for c in area))
        if self._net is None or key != self._key:
            self._key, self._net = key, _built(streets, area)
        return self._net


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


async def ahead(
    db: Db, nets: Nets, account: policy.Account, search_id: UUID, now: datetime, *, backwards: bool = False
) -> list[Next]:
    """Return the cameras that may see the subject next, with their windows of arrival, likeliest first.

    Backwards: the cameras that may have seen him before the first confirmed hop.

    Raises:
        NobodyConfirmed, NoStreets: see their names; and as `law.stand`.
    """
    stood = await law.stand(db, account, search_id, now)
    scope = stood.scope
    async with db.transaction() as tx:
        await law.step(tx, stood, "ahead", {"backwards": backwards}, now)
        route = route_of(await searches.candidates(tx, stood.search))
        near = await cameras.within(tx, Point(scope.lat, scope.lon), scope.radius_m)
    if not route:
        raise NobodyConfirmed
    area = sorted(near, key=lambda c: c.camera_id)
    return await asyncio.to_thread(_ahead, nets, area, route[0 if backwards else -1], now, backwards)


def _ahead(nets: Nets, area: list[Camera], last: Found, now: datetime, backwards: bool) -> list[Next]:
    rows = {c.camera_id: row for row, c in enumerate(area)}
    if last.camera_id not in rows:
        raise NoStreets("that camera is not in service any more")
    kind = KINDS.get(last.kind, Kind.PERSON)
    seen = Sighting(
        id=str(last.candidate_id),
        camera=rows[last.camera_id],
        from_s=last.from_at.timestamp(),
        until_s=last.until_at.timestamp(),
        kind=kind,
        heading_deg=math.nan if last.heading_deg is None else last.heading_deg,
    )
    try:
        trace = relay.begin(nets.of(area), prior(), Subject(kind), seen, backwards=backwards)
    except ValueError as error:
        raise NoStreets(str(error)) from error
    at_s = seen.from_s if backwards else max(seen.until_s, now.timestamp())
    return [
        Next(
            camera_id=area[n.camera].camera_id,
            probability=n.probability,
            from_at=datetime.fromtimestamp(n.from_s, UTC),
            likely_at=datetime.fromtimestamp(n.likely_s, UTC),
            until_at=datetime.fromtimestamp(n.until_s, UTC),
            mode=n.mode.value,
            length_m=n.length_m,
            blind_m=n.blind_m,
        )
        for n in relay.ahead(trace, at_s, MOST)
    ]
