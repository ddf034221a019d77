"""Intrusion: somebody steps into a zone, or over a line in the forbidden direction, while the zone is in force.

Every picture in which a foot lies within adds evidence, every one without takes it away: a box that trembles over an
edge is no intruder. A line is judged once the foot is clearly on its other side.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansimnet_vision.behaviours.evidence import NEEDED, Clock, Evidence, signal
from ansimnet_vision.behaviours.plane import Point, crossing, foot_of, inside
from ansimnet_vision.types import PERSON, VEHICLE, CameraConfig, Scene, Seen, Signal, Zone

DWELL_S = 0.6
"""Within for so long is no trembling box: three pictures at five a second. Ours; the zone's limit `dwell_s` wins."""
FORGOTTEN_S = 3.0


@dataclass(slots=True)
class _Visitor:
    evidence: Evidence
    at_s: float
    foot: Point
    way: int = 0
    """How it crossed the line: 1 from left to right, -1 back, 0 not."""


class Intrusion:
    """All zones and lines of one camera whose purpose is `intrusion`."""

    def __init__(self, config: CameraConfig) -> None:
        self._config = config
        self._zones = [z for z in config.zones if z.purpose == "intrusion"]
        self._visitors: dict[tuple[str, int], _Visitor] = {}
        self._clock = Clock()
        self._needed = config.thresholds.get("intrusion", NEEDED)

    def step(self, scene: Scene) -> list[Signal]:
        """Return who has just intruded."""
        passed_s = self._clock.step(scene.at_s)
        found = []
        for zone in self._zones:
            if not zone.in_force(scene.at_s, self._config.utc_offset_s):
                self._forget(zone.id)
                continue
            kinds = {PERSON, VEHICLE} if zone.limits.get("vehicles") else {PERSON}
            for seen in scene.seen:
                if seen.kind in kinds and not seen.held:
                    found += self._judge(zone, seen, passed_s)
        self._visitors = {k: v for k, v in self._visitors.items() if scene.at_s - v.at_s <= FORGOTTEN_S}
        return found

    def _forget(self, zone_id: str) -> None:
        self._visitors = {k: v for k, v in self._visitors.items() if k[0] != zone_id}

    def _judge(self, zone: Zone, seen: Seen, passed_s: float) -> list[Signal]:
        foot = foot_of(seen.box)
        key = (zone.id, seen.track)
        visitor = self._visitors.get(key)
        if visitor is None:
            visitor = self._visitors[key] = _Visitor(Evidence(self._needed), seen.at_s, foot)
        line = zone.kind == "line"
        ratio = self._beyond(zone, visitor, foot) if line else (1.0 if inside(foot, zone.points) else -1.0)
        visitor.at_s, visitor.foot = seen.at_s, foot
        dwell_s = zone.limits.get("dwell_s", DWELL_S)
        sure = min(1.0, 0.5 + seen.score)
        if not visitor.evidence.add(ratio * sure * passed_s * self._needed / max(0.05, dwell_s), seen.at_s):
            return []
        words = {"dwell_s": seen.at_s - (visitor.evidence.since_s or seen.at_s), "detector_score": seen.score}
        if line:
            words["direction"] = visitor.way
        return [signal(self._config, "intrusion", seen.at_s, visitor.evidence, (seen.track,), seen.box, words)]

    @staticmethod
    def _beyond(zone: Zone, visitor: _Visitor, foot: Point) -> float:
        """Return 1 while it stands beyond a line that it crossed in the forbidden direction, else -1."""
        way = crossing(visitor.foot, foot, zone.points)
        if way:
            forbidden = way == 1 or bool(zone.limits.get("both"))
            visitor.way = 0 if visitor.way == -way else way if forbidden else visitor.way
        return 1.0 if visitor.way else -1.0
