"""The ground a way out is computed on, built once per imported map, and the computing itself, beside the event loop."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.geo import Point
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.telemetry import JOB_SECONDS
from ansimnet.slices.protection.model import Hers, His
from ansimnet.slices.protection.rules import alert, way

log = logging.getLogger("ansimnet.protection")


class Ways:
    """Computes ways out on one machine's map."""

    def __init__(self, maps: MapData) -> None:
        self.maps = maps
        self._made_of: tuple[object, object] | None = None
        self._ground: way.Ground | None = None

    def ground(self) -> way.Ground | None:
        """Return the ground, or None before a map is imported."""
        streets, places = self.maps.streets, self.maps.places
        if streets is None:
            return None
        if self._made_of is None or self._made_of[0] is not streets or self._made_of[1] is not places:
            goals = [way.Goal(p.name, p.kind, p.point) for p in places if p.staffed and p.kind in way.STAFFED_KINDS]
            self._ground = way.ground(streets, goals)
            self._made_of = (streets, places)
        return self._ground

    async def out(self, hers: Hers | None, his: His | None, now: datetime, *, keep: str | None) -> dict[str, object]:
        """Return the way out as the message carries it; `found: false` where there is none or nothing to go by.

        A fault here never keeps the message from going out: it is logged, and the message says to lock the door.
        """
        if hers is None or his is None:
            return alert.NO_WAY
        began = monotonic_s()
        try:
            return await asyncio.to_thread(self._out, hers, his, now, keep)
        except Exception:
            log.exception("no way out could be computed")
            return alert.NO_WAY
        finally:
            JOB_SECONDS.labels("protection.way-out").observe(monotonic_s() - began)

    def _out(self, hers: Hers, his: His, now: datetime, keep: str | None) -> dict[str, object]:
        ground = self.ground()
        if ground is None:
            return alert.NO_WAY
        for holds_if, speed_mps in way.his_speeds(his.speed_mps):
            who = way.situation(ground, hers, his, now, speed_mps)
            found = way.way_out(ground, who, hers, keep=keep)
            if found is not None:
                return alert.way_json(found, way.red_streets(ground, who, hers.point), holds_if)
        return alert.NO_WAY

    def warm_up(self) -> None:
        """Build the ground and load the compiled kernels, so that the first alarm does not wait for them."""
        ground = self.ground()
        if ground is None or not len(ground.streets.x_m):
            return
        at, now = ground.streets.place(0), datetime(2026, 1, 1, tzinfo=UTC)
        far = ground.streets.place(len(ground.streets.x_m) - 1)
        self._out(Hers(at, 10.0, now, "device"), His(far, 10.0, None, now), now, None)


def place_of(lat: float | None, lon: float | None) -> Point | None:
    """Return a place, or None where a fact carries none (its key was destroyed)."""
    return Point(lat, lon) if lat is not None and lon is not None else None
