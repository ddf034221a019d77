"""Dangerous approach: somebody follows another and closes in, or makes for one who stands.

Told from the relative motion of two tracks alone. Who walks beside another keeps his distance; who comes the other way
is met, not followed. It says that two people come together in this way and nothing of why.
"""

from __future__ import annotations

import math

from ansimnet_vision.behaviours.evidence import NEEDED, Clock, Evidence, around, normal_ratio, signal
from ansimnet_vision.behaviours.trails import Trail, Trails, apart_m
from ansimnet_vision.types import CameraConfig, Scene, Signal

WINDOW_S = 1.5
"""Over which velocities are taken."""
SUSTAINED_S = 4.0
"""Following and closing in for so long suffices. Ours; threshold `approach_s` wins."""
NEAR_M, FAR_M = 0.8, 15.0
"""Nearer they are together; farther nobody follows anybody. Ours."""
CLOSING_M_S = 0.35
"""Slower closing is the trembling of boxes. Ours."""
STROLLING, HURRYING = (0.0, 0.37), (1.0, 0.5)
"""How fast who walks behind another closes in (mean, deviation, m/s): two who walk each at his own pace (1.34 ± 0.26
m/s, Weidmann 1993, so that the difference spreads by 0.37); who hurries after him (ours)."""
TOWARDS = 0.8
"""Cosine of 37°: within it a velocity points at somebody."""
MOVES_M_S = 0.5
RUNS_M_S = 2.4
"""Faster than anybody walks (2.0 m/s is the mean at which walking turns into running)."""
TOGETHER_M = 2.5
TOGETHER_S = 3.0
"""Who were so near for so long are company: what one does beside the other later is no approach."""


class Approach:
    """Every pair of people before one camera."""

    def __init__(self, config: CameraConfig) -> None:
        self._config = config
        self._trails = Trails(config)
        self._gathered: dict[tuple[int, int], Evidence] = {}
        self._near_s: dict[tuple[int, int], float] = {}
        self._clock = Clock()
        self._needed = config.thresholds.get("approach", NEEDED)
        self._rate = self._needed / config.thresholds.get("approach_s", SUSTAINED_S)

    def step(self, scene: Scene) -> list[Signal]:
        """Return who has just been closed in on."""
        passed_s = self._clock.step(scene.at_s)
        trails = [t for t in self._trails.step(scene) if t.believed]
        found = []
        for one in trails:
            for other in trails:
                if one is not other:
                    found += self._judge(one, other, scene.at_s, passed_s)
        here = {t.track for t in self._trails}
        self._gathered = {k: e for k, e in self._gathered.items() if here.issuperset(k)}
        self._near_s = {k: s for k, s in self._near_s.items() if here.issuperset(k)}
        return found

    def _judge(self, one: Trail, other: Trail, at_s: float, passed_s: float) -> list[Signal]:
        """Judge `one` making for `other`."""
        key = (one.track, other.track)
        distance_m = apart_m(one, other)
        gathered = self._gathered.get(key)
        if distance_m > FAR_M or (distance_m < NEAR_M and gathered is None):
            return []
        if gathered is None:
            gathered = self._gathered[key] = Evidence(self._needed)
        closing, speed = _closing(one, other)
        if distance_m < TOGETHER_M and abs(closing) < CLOSING_M_S:
            self._near_s[key] = self._near_s.get(key, 0.0) + passed_s
        company = self._near_s.get(key, 0.0) >= TOGETHER_S
        ratio = -2.0 if company else making_for(one, other)
        if not gathered.add(ratio * self._rate * passed_s, at_s):
            return []
        words = {"closing_m_s": closing, "speed_m_s": speed, "distance_m": distance_m}
        tracks, box = (one.track, other.track), around([one.box, other.box])
        return [signal(self._config, "approach", at_s, gathered, tracks, box, words)]


def making_for(one: Trail, other: Trail) -> float:
    """Return how much `one` makes for `other`: up to 2 for running at him, down to -1 for anything else."""
    (vx, vy), (wx, wy) = one.velocity(WINDOW_S), other.velocity(WINDOW_S)
    speed, fled = math.hypot(vx, vy), math.hypot(wx, wy)
    if one.points[-1][0] - one.points[0][0] < WINDOW_S or speed < MOVES_M_S:
        return -0.5
    dx, dy = other.points[-1][1] - one.points[-1][1], other.points[-1][2] - one.points[-1][2]
    away = math.hypot(dx, dy) or 1e-6
    at_him = (vx * dx + vy * dy) / (speed * away)
    closing, _ = _closing(one, other)
    if at_him < TOWARDS or closing < CLOSING_M_S:
        return -1.0
    runs = speed > RUNS_M_S
    if fled < MOVES_M_S:
        # He stands: walking up to somebody is ordinary, running at him is not.
        return 1.0 if runs else 0.0
    if (vx * wx + vy * wy) / (speed * fled) <= 0.5:
        return -1.0
    return 2.0 if runs else normal_ratio(closing, STROLLING, HURRYING, most=1.0)


def _closing(one: Trail, other: Trail) -> tuple[float, float]:
    """Return how fast the distance shrinks and how fast `one` goes, metres a second."""
    (vx, vy), (wx, wy) = one.velocity(WINDOW_S), other.velocity(WINDOW_S)
    dx, dy = other.points[-1][1] - one.points[-1][1], other.points[-1][2] - one.points[-1][2]
    away = math.hypot(dx, dy) or 1e-6
    return ((vx - wx) * dx + (vy - wy) * dy) / away, math.hypot(vx, vy)
