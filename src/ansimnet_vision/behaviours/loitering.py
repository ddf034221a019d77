"""Loitering: somebody stays about a place, or wanders there, instead of passing.

What speaks for it second by second is how little way is made: who walks by is half a minute later where walking leads;
who loiters is not, whether he stands or paces up and down. The longer, the more.
"""

from __future__ import annotations

import math

from ansimnet_vision.behaviours.evidence import NEEDED, Clock, Evidence, signal
from ansimnet_vision.behaviours.plane import foot_of, inside
from ansimnet_vision.behaviours.trails import Trail, Trails
from ansimnet_vision.types import CameraConfig, Scene, Signal, Zone

DWELL_S = 30.0
"""Staying for so long without making way suffices. Ours; the zone's limit `dwell_s` wins."""
WINDOW_S = 30.0
"""Over which way is measured: a stop at a crossing is shorter. Ours."""
LINGERS, LONGER, FARTHER = 0.574, 0.658, -1.114
"""Logarithm of the odds by length of the window and by way made good (`training.loitering`, from 1,296 labelled
trajectories of a harbour): who lingers is after t seconds within about 2 t ** 0.6 metres."""
STEADY = 2.0
"""What ten seconds of standing still say; all that one second may add, before it is scaled to the dwell."""


class Loitering:
    """One camera. A zone of purpose `loitering` bounds where; without one the whole picture counts."""

    def __init__(self, config: CameraConfig) -> None:
        self._config = config
        self._zones = [z for z in config.zones if z.purpose == "loitering" and z.kind == "zone"]
        self._trails = Trails(config)
        self._gathered: dict[tuple[str, int], Evidence] = {}
        self._clock = Clock()
        self._needed = config.thresholds.get("loitering", NEEDED)

    def step(self, scene: Scene) -> list[Signal]:
        """Return who has just stayed too long."""
        passed_s = self._clock.step(scene.at_s)
        found = []
        for trail in (t for t in self._trails.step(scene) if t.believed):
            for zone in self._zones or (None,):
                found += self._judge(zone, trail, scene.at_s, passed_s)
        alive = self._trails.remembered()
        self._gathered = {k: e for k, e in self._gathered.items() if k[1] in alive}
        return found

    def _judge(self, zone: Zone | None, trail: Trail, at_s: float, passed_s: float) -> list[Signal]:
        name, limits = (zone.id, zone.limits) if zone is not None else ("", {})
        outside = zone is not None and not inside(foot_of(trail.box), zone.points)
        off = zone is not None and not zone.in_force(at_s, self._config.utc_offset_s)
        gathered = self._gathered.setdefault((name, id(trail)), Evidence(self._needed))
        rate = self._needed / max(1.0, limits.get("dwell_s", DWELL_S))
        # Outside half as fast as it came: who steps out and back again has not passed by.
        ratio = -0.5 if outside else -math.inf if off else max(-2.0, min(1.0, lingering(trail) / STEADY))
        if not gathered.add(ratio * rate * passed_s if ratio > -math.inf else -math.inf, at_s):
            return []
        since_s = at_s if gathered.since_s is None else gathered.since_s
        dwell_s = at_s - since_s
        path_m, net_m = trail.path_m(dwell_s), trail.net_m(dwell_s)
        words = {"dwell_s": dwell_s, "path_m": path_m, "net_m": net_m, "tortuosity": path_m / max(0.5, net_m)}
        return [signal(self._config, "loitering", at_s, gathered, (trail.track,), trail.box, words)]


def lingering(trail: Trail) -> float:
    """Return ln p(the last seconds | loiters) - ln p(the last seconds | passes).

    >>> lingering_of(30, 0) > 2 > 0 > lingering_of(30, 36)
    True
    """
    over_s = min(WINDOW_S, trail.points[-1][0] - trail.points[0][0])
    return lingering_of(over_s, trail.net_m(WINDOW_S))


def lingering_of(over_s: float, made_m: float) -> float:
    """Return the same of seconds and of metres made good in them."""
    return LINGERS + LONGER * math.log(1 + over_s) + FARTHER * math.log(1 + made_m)
