"""Crowding: more people than a place should hold, for longer than a bus needs to empty.

The number of people seen is judged as a Poisson count: the limit against half of it.
"""

from __future__ import annotations

import math

from ansimnet_vision.behaviours.evidence import NEEDED, Clock, Evidence, around, signal
from ansimnet_vision.behaviours.plane import foot_of, inside
from ansimnet_vision.behaviours.trails import Trails
from ansimnet_vision.types import Box, CameraConfig, Scene, Seen, Signal, Zone

COUNT = 12.0
"""People. Ours; the zone's limit `count` wins: only who draws the zone knows what it holds."""
HOLD_S = 10.0
"""How long exactly the limit must be seen. Limit `hold_s`."""


class Crowding:
    """One camera. Zones of purpose `crowding`; without one the whole picture counts."""

    def __init__(self, config: CameraConfig) -> None:
        self._config = config
        zones = tuple(z for z in config.zones if z.purpose == "crowding" and z.kind == "zone")
        self._needed = config.thresholds.get("crowding", NEEDED)
        self._zones: dict[str, tuple[Zone | None, Evidence]] = {
            z.id if z is not None else "": (z, Evidence(self._needed)) for z in (zones or (None,))
        }
        self._trails = Trails(config)
        self._clock = Clock()

    def step(self, scene: Scene) -> list[Signal]:
        """Return which place has just become crowded."""
        passed_s = self._clock.step(scene.at_s)
        people = [t.seen for t in self._trails.step(scene) if t.believed and t.seen is not None]
        zones = self._zones.values()
        return [s for zone, e in zones for s in self._judge(zone, e, people, scene.at_s, passed_s)]

    def _judge(
        self, zone: Zone | None, gathered: Evidence, people: list[Seen], at_s: float, passed_s: float
    ) -> list[Signal]:
        if zone is not None and not zone.in_force(at_s, self._config.utc_offset_s):
            gathered.add(-math.inf, at_s)
            return []
        here = [s for s in people if zone is None or inside(foot_of(s.box), zone.points)]
        limits = zone.limits if zone is not None else {}
        limit = max(2.0, limits.get("count", COUNT))
        rate = self._needed / max(1.0, limits.get("hold_s", HOLD_S)) / _ratio(limit, limit)
        if not gathered.add(_ratio(len(here), limit) * rate * passed_s, at_s):
            return []
        words = {"people": len(here), "limit": limit}
        return [signal(self._config, "crowding", at_s, gathered, _tracks(here), _box(here, zone), words)]


def _ratio(count: float, limit: float) -> float:
    """Return ln Poisson(count | limit) - ln Poisson(count | limit / 2)."""
    return count * math.log(2) - limit / 2


def _tracks(here: list[Seen]) -> tuple[int, ...]:
    return tuple(s.track for s in here)


def _box(here: list[Seen], zone: Zone | None) -> Box:
    if here:
        return around([s.box for s in here])
    points = zone.points if zone is not None else ((0.0, 0.0), (1.0, 1.0))
    return around([(x, y, x, y) for x, y in points])
