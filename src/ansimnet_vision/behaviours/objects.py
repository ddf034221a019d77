"""Things that came and stay: what differs from the picture as it was before, and has not moved since.

Two backgrounds (Porikli et al., 2008): one that follows at once, one that follows after minutes. What is at rest in
the first and foreign to the second was put there — or uncovered when something was taken away: then it no
longer stands out from its surroundings. People are left out; who put a thing there is who stood over it when it came.
What trembles again and again with nobody before it (flames, smoke, lamps) is no thing, nor is what another light shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.behaviours.evidence import Clock
from ansimnet_vision.behaviours.trails import BODY_M, Trail, Trails
from ansimnet_vision.detectors import NONE
from ansimnet_vision.motion import TOO_MUCH, blobs
from ansimnet_vision.types import PERSON, VEHICLE, Box, CameraConfig, Scene

FOREIGN = 18.0
"""Grey levels: three times the coding noise of street pictures (`motion.LEAST_SPREAD` and its factor)."""
TREMBLES = 10.0
"""A pixel at rest stays within."""
RESTS_S = 2.0
LEARNED_S = 3.0
"""The first pictures are taken for the place as it is, but for what is in motion or behind somebody: that is learned
once it has been at rest. Whoever walked by as the camera began would else stay in the place for `FORGET_S`, and the
ground that he uncovered be taken for a thing."""
FORGET_S = 900.0
"""A thing that nobody asked about for so long belongs to the place."""
MOST_M, LEAST_M = 1.0, 0.2
"""Larger than the largest suitcase (0.8 m, and a margin) is furniture or a person at rest, smaller is litter. Ours."""
LEAST_PX = 3
"""Of the small picture: what is thinner than that is coding noise along an edge. Ours."""
LONGEST = 3.0
"""Longer than so many times its breadth is a shadow's edge or a gap in a fence. Ours."""
EDGE = 0.005
"""Of the picture: what it cuts off cannot be measured."""
ITSELF_M = 1.0
"""What covers a thing and never made so much way is the thing itself, taken for a body. Ours."""
BODY = 0.3
"""Of the picture's height, where nobody has been seen yet."""
RING = 3
"""Pixels around a thing that are taken for its surroundings."""
OWNER_M = 2.0
"""Who stood so near when the thing came to rest may have put it there."""
OWNER_S = 6.0
FLICKER_S = 10.0
FLICKERS = 0.1
"""Mean share of the last `FLICKER_S` in which pixels of no thing trembled. A bag left in a hall has 0.007 at most, what
lies in the light, the smoke and the flames of a burning house 0.06 to 0.33. Ours."""
UPSET_S = 2 * RESTS_S
"""What comes to rest so soon after most of the picture changed (a switch, the gain) is the place in another light."""
GONE_S = 1.5
"""A thing hidden for so long by nobody is no longer there."""


@dataclass(slots=True)
class Thing:
    """Something at rest. `owners`: trails that stood over it when it came, by the track they had then."""

    number: int
    box: Box
    came_s: float
    seen_s: float
    size_m: float
    owners: tuple[int, ...]
    trails: list[Trail] = field(default_factory=list)

    @property
    def brought(self) -> bool:
        """Return whether one of them came or went, and so may have put it there: what stands about brings nothing."""
        return any(t.went(ITSELF_M) for t in self.trails)

    def distance_m(self, trail: Trail, aspect: float) -> float:
        """Return how far somebody's feet are from it, in bodies of that person."""
        x, y = (self.box[0] + self.box[2]) / 2 * aspect, self.box[3]
        px, py = (trail.box[0] + trail.box[2]) / 2 * aspect, trail.box[3]
        return math.hypot(x - px, y - py) * BODY_M / max(0.02, trail.box[3] - trail.box[1])


class Things:
    """What came and stays before one camera. `gone` holds what vanished with the last picture."""

    def __init__(self, config: CameraConfig) -> None:
        self.aspect = config.width / config.height
        self.trails = Trails(config)
        self.things: list[Thing] = []
        self.gone: list[Thing] = []
        self._clock = Clock()
        self._count = 0
        self._began_s: float | None = None
        self._at_s: float | None = None
        self._long: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._short = self._long
        self._rest_s = self._long
        self._unlearned: NDArray[np.bool_] = np.zeros((0, 0), np.bool_)
        self._flicker = self._long
        self._upset_s = -math.inf
        self._bodies: list[tuple[float, float]] = []

    def step(self, scene: Scene) -> list[Thing]:
        """Take in a picture; return every thing that is there now. The same picture counts once, whoever brings it."""
        if scene.at_s == self._at_s:
            return self.things
        self._at_s = scene.at_s
        passed_s = self._clock.step(scene.at_s)
        self.trails.step(scene)
        self._note_bodies(scene)
        self.gone = []
        luma = scene.luma.astype(np.float32)
        if self._began_s is None or luma.shape != self._long.shape:
            self._began_s = scene.at_s
            self._long, self._short, self._rest_s = luma.copy(), luma.copy(), np.zeros_like(luma)
            self._unlearned = np.ones(luma.shape, np.bool_)
            self._flicker = np.zeros_like(luma)
            return []
        if scene.moved > TOO_MUCH:
            self._upset_s = scene.at_s
        luma += np.median(self._long - luma)  # the lens opens and closes
        trembles = np.abs(luma - self._short) <= TREMBLES
        self._rest_s = np.where(trembles, self._rest_s + passed_s, 0)
        self._note_flicker(trembles, scene, passed_s)
        self._short = np.where(trembles, self._short + 0.1 * (luma - self._short), luma)
        foreign = (np.abs(self._short - self._long) > FOREIGN) & ~self._unlearned
        pull = np.where(foreign, passed_s / FORGET_S, np.where(self._unlearned, 1.0, passed_s / 20))
        self._long += pull * (self._short - self._long)
        if scene.at_s - self._began_s >= LEARNED_S:
            self._unlearned &= (self._rest_s < RESTS_S) | _hidden(scene, luma.shape)
            self._match(_boxes(foreign & (self._rest_s >= RESTS_S), scene), scene)
        return self.things

    def _match(self, boxes: list[Box], scene: Scene) -> None:
        for box in boxes:
            thing = max(self.things, key=lambda t: _shared(t.box, box), default=None)
            if thing is not None and _shared(thing.box, box) > 0.3:
                thing.seen_s = scene.at_s
            elif scene.at_s - self._upset_s <= UPSET_S:
                self._learn(box)
            elif (made := self._new(box, scene)) is not None:
                self.things.append(made)
        hidden = _known(scene)
        for thing in list(self.things):
            if scene.at_s - thing.came_s > FORGET_S:
                self._learn(thing.box)
                self.things.remove(thing)
            elif any(_shared(h, thing.box) > 0 for h in hidden):
                thing.seen_s = max(thing.seen_s, scene.at_s - GONE_S / 2)
            elif scene.at_s - thing.seen_s > GONE_S:
                self.things.remove(thing)
                self.gone.append(thing)

    def _new(self, box: Box, scene: Scene) -> Thing | None:
        wide, tall = (box[2] - box[0]) * self.aspect, box[3] - box[1]
        size_m = max(wide, tall) * BODY_M / self._body_at(box[3])
        cut = min(box) < EDGE or max(box) > 1 - EDGE
        rows = self._long.shape[0]
        if cut or min(wide, tall) * rows < LEAST_PX or not wide / LONGEST <= tall <= wide * LONGEST:
            return None
        if not LEAST_M <= size_m <= MOST_M or not self._stands_out(box):
            return None
        self._count += 1
        came_s = scene.at_s - RESTS_S
        thing = Thing(self._count, box, came_s, scene.at_s, size_m, ())
        thing.trails = [t for t in self.trails.lately() if self._stood_there(t, thing)]
        thing.owners = tuple(t.track for t in thing.trails)
        return thing

    def _stood_there(self, trail: Trail, thing: Thing) -> bool:
        unit = BODY_M / max(0.02, trail.box[3] - trail.box[1])
        x, y = (thing.box[0] + thing.box[2]) / 2 * self.aspect, thing.box[3]
        if self.is_itself(trail, thing):
            return False
        if trail.on_ground:
            return trail.at_s >= thing.came_s - OWNER_S and thing.distance_m(trail, self.aspect) <= 2 * OWNER_M
        return any(
            abs(at_s - thing.came_s) <= OWNER_S and math.hypot(px - x, py - y) * unit <= OWNER_M
            for at_s, px, py in trail.points
        )

    def is_itself(self, trail: Trail, thing: Thing) -> bool:
        """Return whether a track is nobody but the thing: it covers it, and never went anywhere."""
        return _shared(trail.box, thing.box) > 0.5 and not trail.went(ITSELF_M)

    def flickers(self, thing: Thing) -> bool:
        """Return whether it trembles though nobody is before it: flames, smoke and lamps do, no thing does."""
        return bool(self._flicker[_within(thing.box, self._flicker.shape)].mean() > FLICKERS)

    def _note_flicker(self, at_rest: NDArray[np.bool_], scene: Scene, passed_s: float) -> None:
        followed = self._flicker + (1 - math.exp(-passed_s / FLICKER_S)) * (~at_rest - self._flicker)
        for box in _known(scene):
            part = _within(_roomy(box), self._flicker.shape)
            followed[part] = self._flicker[part]
        self._flicker = followed.astype(np.float32)

    def _stands_out(self, box: Box) -> bool:
        """Return whether the picture differs more from its surroundings there than it did before."""
        return _contrast(self._short, box) > _contrast(self._long, box)

    def _learn(self, box: Box) -> None:
        part = _within(box, self._long.shape)
        self._long[part] = self._short[part]

    def _note_bodies(self, scene: Scene) -> None:
        self._bodies += [(s.box[3], s.box[3] - s.box[1]) for s in scene.seen if s.kind == PERSON and not s.held]
        self._bodies = self._bodies[-200:]

    def _body_at(self, y: float) -> float:
        """Return how tall a person is who stands at a height of the picture."""
        near = sorted(h for foot, h in self._bodies if abs(foot - y) < 0.15)
        return max(0.05, near[len(near) // 2]) if near else BODY


def _boxes(mask: NDArray[np.bool_], scene: Scene) -> list[Box]:
    """Return the parts at rest that no person and no vehicle covers, in parts of the picture."""
    known = [(*s.box, s.score, float(s.kind)) for s in scene.seen if s.kind in (PERSON, VEHICLE)]
    found = blobs(mask, np.array(known) if known else NONE)
    return [(r[0], r[1], r[2], r[3]) for r in found.tolist()]


def _known(scene: Scene) -> list[Box]:
    """Return the boxes of people and vehicles."""
    return [s.box for s in scene.seen if s.kind in (PERSON, VEHICLE)]


def _hidden(scene: Scene, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which pixels people and vehicles cover."""
    out = np.zeros(shape, np.bool_)
    for box in _known(scene):
        out[_within(_roomy(box), shape)] = True
    return out


def _roomy(box: Box) -> Box:
    """Return a box with a tenth more on each side, as `motion.blobs` leaves out: arms, and a box that lags."""
    dx, dy = 0.1 * (box[2] - box[0]), 0.1 * (box[3] - box[1])
    return box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy


def _within(box: Box, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return the rows and columns that a box touches."""
    rows, columns = shape
    return (
        slice(max(0, int(box[1] * rows)), max(0, math.ceil(box[3] * rows))),
        slice(max(0, int(box[0] * columns)), max(0, math.ceil(box[2] * columns))),
    )


def _shared(a: Box, b: Box) -> float:
    """Return which share of the smaller box the other covers."""
    wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    return wide * tall / max(1e-9, min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])))


def _contrast(picture: NDArray[np.float32], box: Box) -> float:
    """Return by how many grey levels a box differs from the ring around it."""
    height, width = picture.shape
    x1, y1 = int(box[0] * width), int(box[1] * height)
    x2, y2 = math.ceil(box[2] * width), math.ceil(box[3] * height)
    inner = picture[y1:y2, x1:x2]
    outer = picture[max(0, y1 - RING) : y2 + RING, max(0, x1 - RING) : x2 + RING]
    ring = (float(outer.sum()) - float(inner.sum())) / max(1, outer.size - inner.size)
    return abs(float(inner.mean()) - ring)
