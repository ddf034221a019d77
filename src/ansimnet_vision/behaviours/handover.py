"""Hidden hand-over: one puts something down and leaves, another comes to it and takes it away.

The pattern of the "throwing" trade in drugs, and of a forgotten umbrella that a friend fetches: it says what happened
and asks a person to look.
"""

from __future__ import annotations

from ansimnet_vision.behaviours.abandoned import LEFT_M
from ansimnet_vision.behaviours.evidence import NEEDED, Evidence, signal
from ansimnet_vision.behaviours.objects import Thing, Things
from ansimnet_vision.behaviours.trails import Trail
from ansimnet_vision.types import CameraConfig, Scene, Signal

ALONE_S = 4.0
"""It lay alone for so long between the two. Ours."""
REACH_M = 1.5
"""Who takes it stands so near."""
TAKEN_S = 4.0
"""It is gone within so long after somebody was near."""


class Handover:
    """One camera. `things`: what came and stays before it, which others may ask too."""

    def __init__(self, config: CameraConfig, things: Things) -> None:
        self._config = config
        self._things = things
        self._alone_since_s: dict[int, float] = {}
        self._lay_alone: set[int] = set()
        self._near: dict[int, tuple[float, Trail]] = {}
        self._needed = config.thresholds.get("handover", NEEDED)

    def step(self, scene: Scene) -> list[Signal]:
        """Return what has just been fetched by somebody other than who left it."""
        here = {s.track for s in scene.seen if not s.held}
        for thing in self._things.step(scene):
            self._watch(thing, here, scene.at_s)
        found = [s for thing in self._things.gone for s in self._taken(thing, scene.at_s)]
        kept = {t.number for t in self._things.things}
        self._near = {n: v for n, v in self._near.items() if n in kept}
        self._alone_since_s = {n: s for n, s in self._alone_since_s.items() if n in kept}
        self._lay_alone &= kept
        return found

    def _watch(self, thing: Thing, here: set[int], at_s: float) -> None:
        people = [t for t in self._things.trails if t.track in here]
        nearest = min(people, key=lambda t: thing.distance_m(t, self._things.aspect), default=None)
        near_m = 99.0 if nearest is None else thing.distance_m(nearest, self._things.aspect)
        if nearest is not None and near_m <= REACH_M and nearest not in thing.trails:
            self._near[thing.number] = (at_s, nearest)
        if near_m <= LEFT_M:
            self._alone_since_s.pop(thing.number, None)
        elif not self._things.flickers(thing) and at_s - self._alone_since_s.setdefault(thing.number, at_s) >= ALONE_S:
            self._lay_alone.add(thing.number)

    def _taken(self, thing: Thing, at_s: float) -> list[Signal]:
        near = self._near.get(thing.number)
        if not thing.brought or near is None or thing.number not in self._lay_alone or at_s - near[0] > TAKEN_S:
            return []
        gathered = Evidence(self._needed, since_s=thing.came_s)
        gathered.score = self._needed
        words = {"lay_s": near[0] - thing.came_s, "size_m": thing.size_m}
        tracks = (*thing.owners, near[1].track)
        return [signal(self._config, "handover", at_s, gathered, tracks, thing.box, words)]
