"""The best open tracker's documented rule, on identical input: Traccar 6 (9e5c458ad, 2026-08-21), re-implemented.

`GeofenceEventHandler`: the zones a position lies in against those of the device's last one; entering and leaving are
events, by the point alone: no accuracy, no dwell, no hysteresis; a zone's calendar is asked at the event. A fix older
than the last raises nothing. `ProximityEventHandler`: a position's distance to the linked device's present position,
whatever its age, against that of the device's own last position; crossing the distance is the event. Told here from the
wearer's link to her, as its documentation sets it up.
"""

from __future__ import annotations

from evaluation._supervision_score import Told
from evaluation._supervision_stage import HIM, Staged, seconds

from ansimnet.kernel.geo import Point, distance_m
from ansimnet.kernel.ids import ConditionId
from ansimnet.slices.supervision.model import Approach, Circle, Condition, Curfew, Exclusion, Fix, Zone


def baseline(story: Staged) -> list[Told]:
    """Return the events that tracker would raise for a story, as alarms that stand until the opposite event."""
    alarms: list[Told] = []
    for condition in story.conditions:
        alarms += _Watcher(story, condition).run()
    return alarms


class _Watcher:
    def __init__(self, story: Staged, condition: Condition) -> None:
        self.story, self.condition = story, condition
        self.last: dict[bool, Fix] = {}
        self.open_s: float | None = None
        self.told: list[Told] = []

    def run(self) -> list[Told]:
        for fix in sorted((m.fix for m in self.story.made if m.fix.point is not None), key=lambda f: f.heard_at):
            his = fix.person_id == HIM
            old = self.last.get(his)
            if old is not None and fix.seen_at <= old.seen_at:
                continue  # outdated: raises nothing
            self._see(fix, old, his=his)
            self.last[his] = fix
        if self.open_s is not None:
            self._tell(None)
        return self.told

    def _see(self, fix: Fix, old: Fix | None, *, his: bool) -> None:
        if not his or fix.point is None:
            return
        now_s = seconds(self.story, fix.heard_at)
        inside = self._in(fix.point)
        was = old is not None and old.point is not None and self._in(old.point)
        if inside and not was and self._open(fix):
            self.open_s = now_s if self.open_s is None else self.open_s
        elif was and not inside and self.open_s is not None:
            self._tell(now_s)

    def _in(self, p: Point) -> bool:
        match self.condition:
            case Exclusion():
                return _contains(self.condition.zone, p)
            case Curfew():
                return not _contains(self.condition.home, p)
            case Approach():
                other = self.last.get(False)
                if other is None or other.point is None:
                    return False
                return distance_m(p, other.point) <= self.condition.warn_m
            case _:
                return False

    def _open(self, fix: Fix) -> bool:
        from ansimnet.slices.supervision.rules import window

        return not isinstance(self.condition, Curfew) or window.bound(self.condition, fix.seen_at)

    def _tell(self, cleared_s: float | None) -> None:
        assert self.open_s is not None
        self.told.append(Told(ConditionId(self.condition.condition_id), self.open_s, None, cleared_s))
        self.open_s = None


def _contains(zone: Zone, p: Point) -> bool:
    if isinstance(zone, Circle):
        return distance_m(zone.centre, p) <= zone.radius_m
    inside = False
    ring = zone.ring
    for a, b in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (a.lat > p.lat) != (b.lat > p.lat) and p.lon < (b.lon - a.lon) * (p.lat - a.lat) / (b.lat - a.lat) + a.lon:
            inside = not inside
    return inside
