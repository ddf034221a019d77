"""Where everybody went: the last minutes of every track, in metres.

With a calibration a trail lies on the ground. Without one it lies in the picture, and its unit is the body: whoever is
seen from head to foot is `BODY_M` tall, so that thresholds keep their meaning, roughly, on a camera nobody calibrated.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from ansimnet_vision.types import PERSON, Box, CameraConfig, Scene, Seen

BODY_M = 1.66
"""Mean height of Korean adults of both sexes, shoes left out (8th Size Korea survey, 2021: 172.5 cm and 159.6 cm)."""
EVERY_S = 0.2
"""Points closer in time than this add nothing to a path."""
KEPT = 640
"""Points of a trail: two minutes at `EVERY_S`."""
GONE_S = 2.0
"""A track not seen for so long has ended."""
BELIEVED = 0.45
"""Median score of the detector from which a track is somebody: cones and signs of PETS 2009 that are taken for people
for half a minute reach 0.37, those who walk there have 0.59 at least. Between them, nearer to the walkers."""
STITCH_S = 4.0
STITCH_M = 1.5
"""Who appears so soon and so near where a track ended is the same: behind a lamp post, or lost for some pictures."""


@dataclass(slots=True)
class Trail:
    """One track. `points`: instant, x, y — metres, or heights of the picture where `on_ground` is False."""

    track: int
    kind: int
    began_s: float
    on_ground: bool
    points: deque[tuple[float, float, float]] = field(default_factory=lambda: deque(maxlen=KEPT))
    heights: deque[float] = field(default_factory=lambda: deque(maxlen=25))
    scores: deque[float] = field(default_factory=lambda: deque(maxlen=25))
    seen: Seen | None = None
    at_s: float = 0.0

    @property
    def box(self) -> Box:
        """Return the last box."""
        assert self.seen is not None
        return self.seen.box

    @property
    def believed(self) -> bool:
        """Return whether the detector was sure enough of the last looks at it, those without a find left out."""
        return bool(self.scores) and sorted(self.scores)[len(self.scores) // 2] >= BELIEVED

    @property
    def unit_m(self) -> float:
        """Return the metres of a unit of `points`."""
        if self.on_ground:
            return 1.0
        ordered = sorted(self.heights)
        return BODY_M / max(0.02, ordered[len(ordered) // 2])

    def back(self, seconds: float) -> tuple[float, float, float]:
        """Return the newest point at least so old, else the oldest."""
        now_s = self.points[-1][0]
        for point in reversed(self.points):
            if now_s - point[0] >= seconds - 1e-6:
                return point
        return self.points[0]

    def velocity(self, seconds: float) -> tuple[float, float]:
        """Return metres a second east and north (or right and down) over the last `seconds`."""
        (t0, x0, y0), (t1, x1, y1) = self.back(seconds), self.points[-1]
        over_s = max(1e-3, t1 - t0)
        return (x1 - x0) * self.unit_m / over_s, (y1 - y0) * self.unit_m / over_s

    def path_m(self, seconds: float) -> float:
        """Return the length of the way of the last `seconds`, by half seconds: less trembling of boxes."""
        now_s, length, last = self.points[-1][0], 0.0, self.points[-1]
        for point in reversed(self.points):
            if now_s - point[0] > seconds:
                break
            if last[0] - point[0] >= 0.5:
                length += math.hypot(last[1] - point[1], last[2] - point[2])
                last = point
        return length * self.unit_m

    def net_m(self, seconds: float) -> float:
        """Return how far it is from where it was `seconds` ago."""
        (_, x0, y0), (_, x1, y1) = self.back(seconds), self.points[-1]
        return math.hypot(x1 - x0, y1 - y0) * self.unit_m

    def went(self, metres: float) -> bool:
        """Return whether it was ever so far from where it began."""
        _, x0, y0 = self.points[0]
        return any(math.hypot(x - x0, y - y0) * self.unit_m >= metres for _, x, y in self.points)


class Trails:
    """The trails of one camera."""

    def __init__(self, config: CameraConfig, kinds: frozenset[int] = frozenset({PERSON})) -> None:
        self._aspect = config.width / config.height
        self._kinds = kinds
        self._trails: dict[int, Trail] = {}
        self._ended: list[Trail] = []

    def __iter__(self) -> Iterator[Trail]:
        return iter(self._trails.values())

    def remembered(self) -> set[int]:
        """Return the identities (`id`) of the trails that go on, or may be found again."""
        return {id(t) for t in self.lately()}

    def lately(self) -> list[Trail]:
        """Return the trails that go on, and those that ended so lately that they may be found again."""
        return [*self._trails.values(), *self._ended]

    def get(self, track: int) -> Trail | None:
        """Return the trail of a track that has not ended."""
        return self._trails.get(track)

    def step(self, scene: Scene) -> list[Trail]:
        """Take in a picture; return the trails of whoever is in it."""
        here = []
        for seen in scene.seen:
            if seen.kind in self._kinds:
                trail = self._trails.get(seen.track) or self._begin(seen)
                self._extend(trail, seen)
                here.append(trail)
        for track in [t for t, trail in self._trails.items() if scene.at_s - trail.at_s > GONE_S]:
            self._ended.append(self._trails.pop(track))
        self._ended = [t for t in self._ended if scene.at_s - t.at_s <= STITCH_S]
        return here

    def point(self, seen: Seen) -> tuple[float, float]:
        """Return where somebody stands, in the unit of trails."""
        if seen.foot is not None:
            return seen.foot
        return (seen.box[0] + seen.box[2]) / 2 * self._aspect, seen.box[3]

    def _begin(self, seen: Seen) -> Trail:
        on_ground = seen.foot is not None
        before = self._same(seen)
        if before is None:
            trail = Trail(seen.track, seen.kind, seen.at_s, on_ground)
        else:
            self._ended = [t for t in self._ended if t is not before]
            self._trails.pop(before.track, None)
            trail = before
            trail.track = seen.track
        self._trails[seen.track] = trail
        return trail

    def _same(self, seen: Seen) -> Trail | None:
        """Return the ended trail, or one not seen in this picture, that leads here."""
        x, y = self.point(seen)
        lost = [t for t in self._trails.values() if seen.at_s - t.at_s > EVERY_S and t.kind == seen.kind]
        for trail in (*self._ended, *lost):
            if trail.on_ground != (seen.foot is not None):
                continue
            away_m = math.hypot(trail.points[-1][1] - x, trail.points[-1][2] - y) * trail.unit_m
            if trail.kind == seen.kind and seen.at_s - trail.at_s <= STITCH_S and away_m <= STITCH_M:
                return trail
        return None

    def _extend(self, trail: Trail, seen: Seen) -> None:
        trail.seen, trail.at_s = seen, seen.at_s
        trail.heights.append(seen.box[3] - seen.box[1])
        if not seen.held:
            trail.scores.append(seen.score)
        if not trail.points or seen.at_s - trail.points[-1][0] >= EVERY_S - 1e-3:
            x, y = self.point(seen)
            trail.points.append((seen.at_s, x, y))


def apart_m(a: Trail, b: Trail) -> float:
    """Return the distance of two trails' ends in metres; without calibration by the mean of both bodies."""
    (_, x0, y0), (_, x1, y1) = a.points[-1], b.points[-1]
    return math.hypot(x1 - x0, y1 - y0) * (a.unit_m + b.unit_m) / 2
