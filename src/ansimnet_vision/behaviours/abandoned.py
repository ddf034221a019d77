"""Abandoned: a thing stays where somebody left it, and who stood over it has gone away.

What counts is time without its owner: somebody who came or went was there when it came to rest, and nobody who was is
near. What nobody brought was not left behind, whatever it is: the light of a fire, a shadow, a sign that shakes.
"""

from __future__ import annotations

from ansimnet_vision.behaviours.evidence import NEEDED, Clock, Evidence, signal
from ansimnet_vision.behaviours.objects import Thing, Things
from ansimnet_vision.types import CameraConfig, Scene, Signal

ALONE_S = 6.0
"""Left alone for so long suffices. Ours; threshold `abandoned_s` wins."""
LEFT_M = 2.5
"""Farther from it, the owner has left it (i-LIDS and PETS 2006 say 3 m)."""


class Abandoned:
    """One camera. `things`: what came and stays before it, which others may ask too."""

    def __init__(self, config: CameraConfig, things: Things) -> None:
        self._config = config
        self._things = things
        self._gathered: dict[int, Evidence] = {}
        self._clock = Clock()
        self._needed = config.thresholds.get("abandoned", NEEDED)
        self._rate = self._needed / config.thresholds.get("abandoned_s", ALONE_S)

    def step(self, scene: Scene) -> list[Signal]:
        """Return which thing has just been alone for too long."""
        passed_s = self._clock.step(scene.at_s)
        found = []
        here = {s.track for s in scene.seen}
        for thing in self._things.step(scene):
            gathered = self._gathered.setdefault(thing.number, Evidence(self._needed))
            near_m = self._nearest_owner_m(thing, here)
            ratio = -2.0 if near_m <= LEFT_M else float(thing.brought and not self._things.flickers(thing))
            if gathered.add(ratio * self._rate * passed_s, scene.at_s):
                words = {"rests_s": scene.at_s - thing.came_s, "size_m": thing.size_m, "owners": len(thing.owners)}
                found.append(signal(self._config, "abandoned", scene.at_s, gathered, thing.owners, thing.box, words))
        kept = {t.number for t in self._things.things}
        self._gathered = {n: e for n, e in self._gathered.items() if n in kept}
        return found

    def _nearest_owner_m(self, thing: Thing, here: set[int]) -> float:
        """Return how near anybody is who was there when it came."""
        near = [t for t in self._things.trails if t.track in here and not self._things.is_itself(t, thing)]
        return min((thing.distance_m(t, self._things.aspect) for t in near if t in thing.trails), default=99.0)
