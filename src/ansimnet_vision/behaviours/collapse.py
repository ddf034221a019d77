"""Collapse: somebody who stood or sat upright is down shortly after, and stays down.

Read from the body as a whole: how tall the box is against how tall it was, how wide it has become, and how the trunk
leans where joints were found. Lying down slowly, bending and rising again, and sitting do not do. Lost and found again
on the ground under another number, it is still the same body. Not found at all, it is what lies there since (`ground`).
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ansimnet_vision.behaviours import ground
from ansimnet_vision.behaviours.evidence import NEEDED, Clock, Evidence, normal_ratio, signal
from ansimnet_vision.types import OTHER, PERSON, VEHICLE, Box, CameraConfig, Scene, Seen, Signal

UPRIGHT_S = 0.3
"""Upright for so long before: one picture may be wrong."""
MEMORY_S = 8.0
"""How far back "was upright" reaches."""
FALL_S = 3.0
"""From upright to the ground within so long; lying down on a bed takes longer more often than not. Ours."""
STAYS_S = 0.9
"""Down for so long suffices where it is plain: who stumbles is up again. Ours; threshold `collapse_s` wins."""
PLAIN, MOST = 3.0, 2.5
"""A log ratio of `PLAIN` needs all of `STAYS_S`, and none less than two fifths of it. Ours."""
BOTH = 4.0
"""The same where two witnesses agree, the detector and what has changed on the ground: a quarter of it. Ours."""
LOW = 0.7
"""Share of the upright height above which nobody lies, however wide he is."""
WIDE = 0.8
"""Width against height below which nobody lies: who is half hidden becomes low, not wide. Ours."""
LONG, LONG_JOINTED = 0.45, 0.3
"""Of the upright height; a bag taken for a person is shorter, as is who is seen from his feet: joints tell. Ours."""
LONG_CUT = 0.6
"""The same of a box that the lower edge cuts: of who leaves there head and shoulders are seen last (0.45), of who lies
there most of a body. Ours."""
EDGE = 0.005
"""Of the picture: who leaves it becomes narrow or low by being cut."""
SHORT_UP, SHORT_DOWN = (0.95, 0.12), (0.42, 0.14)
"""Height of the box against the upright one (mean, deviation): upright and walking; lying in any direction."""
WIDE_UP, WIDE_DOWN = (-0.85, 0.35), (0.35, 0.5)
"""Natural logarithm of width over height: 0.43 and 1.4 in the middle."""
LEAN_UP, LEAN_DOWN = (8.0, 12.0), (75.0, 30.0)
"""Degrees of the trunk from the plumb line."""
HIPS_UP, HIPS_DOWN = (0.5, 0.1), (0.15, 0.12)
"""Height of the hips over the lower edge against the upright height: 0.53 when standing (Winter, 2009), less of a box
with hair and shoes; lying. Who bends down has his trunk level and his hips where they were."""
SURE_JOINTS = 0.35
"""Mean score of shoulders and hips below which a pose says nothing."""
SURE = 0.35
"""Score of the detector from which a find makes somebody upright: below it a track goes on, and was somebody's arm or
coat (`tracking` calls a find sure from there). It still says how tall he is now: where it did not, a post that the
detector half sees stayed as tall as it had once seemed, and fell."""
LOST_S = 2.5
"""A body that was lost in its fall is looked for on the ground for so long."""
STOOD = 0.9
"""Share of his height from which a picture shows him upright, to compare the ground with. Ours."""
GROUND_S = 6.0
"""For so long what lies there is compared with how it was: then light and shadows may have changed. Ours."""
GROUND_LOW, GROUND_LONG = 0.5, 0.6
"""Height at most and length at least, in upright heights, of what lies there: stricter than of whom the detector
found, for who bends or sits down leaves a change too, of 0.57 to 0.59 in height. Ours."""
LEAST_HEIGHT = 0.12
"""Of the picture: smaller bodies are too coarse to judge. Ours."""


@dataclass(slots=True)
class _Body:
    """One person. `upright_s`: last instant upright; `tall`, `foot`: height and middle of the lower edge then.

    `then`, `stood`, `then_s`: the small grey picture when he was last at his full height, his box, and when that was.
    """

    evidence: Evidence
    at_s: float
    box: Box
    upright_for_s: float = 0.0
    upright_s: float | None = None
    tall: float = 0.0
    foot: tuple[float, float] = (0.0, 0.0)
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=3))
    then: NDArray[np.uint8] | None = None
    stood: Box = (0.0, 0.0, 0.0, 0.0)
    then_s: float = 0.0


class Collapse:
    """One camera."""

    def __init__(self, config: CameraConfig) -> None:
        self._config = config
        self._aspect = config.width / config.height
        self._bodies: dict[int, _Body] = {}
        self._clock = Clock()
        self._needed = config.thresholds.get("collapse", NEEDED)
        self._rate = self._needed / config.thresholds.get("collapse_s", STAYS_S)

    def step(self, scene: Scene) -> list[Signal]:
        """Return who has just been found to stay down."""
        passed_s = self._clock.step(scene.at_s)
        found = []
        here = {s.track for s in scene.seen}
        for seen in scene.seen:
            if seen.kind in (PERSON, OTHER):
                body = self._body(seen, here)
                if body is not None:
                    found += self._judge(body, seen, passed_s, self._lies_there(body, seen, scene))
                    self._keep(body, seen, scene)
        for track, body in list(self._bodies.items()):
            if track not in here and (box := self._lies_there(body, None, scene)) is not None:
                found += self._judge(body, Seen(track, PERSON, box, 0.0, scene.at_s, held=True), passed_s, None)
        self._bodies = {k: b for k, b in self._bodies.items() if scene.at_s - b.at_s <= MEMORY_S}
        return found

    def _lies_there(self, body: _Body, seen: Seen | None, scene: Scene) -> Box | None:
        """Return the box of what lies where somebody stood; None where he is seen upright, or his joints deny it."""
        if body.then is None or body.upright_for_s < UPRIGHT_S or scene.at_s - body.then_s > GROUND_S:
            return None
        if seen is not None and (seen.box[3] - seen.box[1] >= LOW * body.tall or self._trunk(body, seen) < 0):
            return None
        others = [s.box for s in scene.seen if s is not seen and s.kind in (PERSON, VEHICLE) and self._tall(s.box)]
        box = ground.lying(body.then, scene.luma, body.stood, others)
        if box is None:
            return None
        flat = box[3] - box[1] <= GROUND_LOW * body.tall
        return box if flat and (box[2] - box[0]) * self._aspect >= GROUND_LONG * body.tall else None

    def _tall(self, box: Box) -> bool:
        return box[3] - box[1] > (box[2] - box[0]) * self._aspect

    def _keep(self, body: _Body, seen: Seen, scene: Scene) -> None:
        """Keep the picture of somebody upright, to compare the ground with."""
        if body.upright_s == seen.at_s and not seen.held and seen.box[3] - seen.box[1] >= STOOD * body.tall:
            body.then, body.stood, body.then_s = scene.luma, seen.box, seen.at_s

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs: no picture of anybody."""
        return {**self.__dict__, "_bodies": {k: replace(b, then=None) for k, b in self._bodies.items()}}

    def _body(self, seen: Seen, here: set[int]) -> _Body | None:
        body = self._bodies.get(seen.track)
        if body is None or body.upright_s is None:
            lost = self._lost(seen, here)
            if lost is not None:
                body = self._bodies[seen.track] = self._bodies.pop(lost)
            elif body is None and seen.kind == PERSON:
                body = self._bodies[seen.track] = _Body(Evidence(self._needed), seen.at_s, seen.box)
        return body

    def _lost(self, seen: Seen, here: set[int]) -> int | None:
        """Return the track of an upright body that was lost where this one lies."""
        wide, tall = (seen.box[2] - seen.box[0]) * self._aspect, seen.box[3] - seen.box[1]
        for track, body in self._bodies.items():
            if track in here or body.upright_s is None or seen.at_s - body.at_s > LOST_S:
                continue
            x, y = (seen.box[0] + seen.box[2]) / 2, seen.box[3]
            near = abs(x - body.foot[0]) * self._aspect < 0.7 * body.tall and abs(y - body.foot[1]) < 0.5 * body.tall
            alike = 0.25 * body.tall < max(wide, tall) < 1.6 * body.tall
            if near and alike and (seen.kind == PERSON or wide > tall):
                return track
        return None

    def _judge(self, body: _Body, seen: Seen, passed_s: float, there: Box | None) -> list[Signal]:
        """Weigh what one picture says. `there`: what lies on the ground where he stood, where that was seen too."""
        both = there is not None and self._lies(body, seen)
        if there is not None and not both:
            seen = replace(seen, box=there)
        down = self._down(body, seen)
        body.recent.append(down)
        body.at_s, body.box = seen.at_s, seen.box
        usual = sorted(body.recent)[len(body.recent) // 2]
        if usual < -1.0 and seen.kind == PERSON:
            self._note_upright(body, seen, passed_s)
        share = (seen.box[3] - seen.box[1]) / max(0.01, body.tall)
        fell_s = None if body.upright_s is None else seen.at_s - body.upright_s
        steep = fell_s is not None and body.upright_for_s >= UPRIGHT_S
        if steep and body.evidence.score == 0 and fell_s is not None and fell_s > FALL_S:
            steep = False  # it took too long: he lay down
        plain = min(BOTH, down / PLAIN) if both else min(MOST, usual / PLAIN)
        ratio = max(-2.0, plain) if steep and self._lies(body, seen) else -1.0
        if not body.evidence.add(ratio * self._rate * passed_s, seen.at_s):
            return []
        words = {
            "fell_within_s": (body.evidence.since_s or seen.at_s) - (body.upright_s or seen.at_s),
            "height_share": share,
            "down_s": seen.at_s - (body.evidence.since_s or seen.at_s),
        }
        return [signal(self._config, "collapse", seen.at_s, body.evidence, (seen.track,), seen.box, words)]

    def _lies(self, body: _Body, seen: Seen) -> bool:
        """Return whether a box may hold somebody lying: low, wide, as long as a body, and not cut by a side."""
        wide, tall = (seen.box[2] - seen.box[0]) * self._aspect, seen.box[3] - seen.box[1]
        cut = seen.box[0] < EDGE or seen.box[2] > 1 - EDGE
        least = LONG_JOINTED if self._trunk(body, seen) > 0 else LONG
        if seen.box[3] > 1 - EDGE:
            least = LONG_CUT
        return not cut and tall < LOW * body.tall and wide > WIDE * tall and max(wide, tall) > least * body.tall

    def _note_upright(self, body: _Body, seen: Seen, passed_s: float) -> None:
        tall = seen.box[3] - seen.box[1]
        if tall < LEAST_HEIGHT:
            return
        if body.upright_s is None or seen.at_s - body.upright_s > MEMORY_S:
            body.upright_for_s, body.tall = 0.0, tall
        body.upright_for_s += passed_s if seen.score >= SURE else 0.0
        body.tall = max(tall, body.tall + (tall - body.tall) * min(1.0, passed_s / 2))
        body.upright_s, body.foot = seen.at_s, ((seen.box[0] + seen.box[2]) / 2, seen.box[3])

    def _down(self, body: _Body, seen: Seen) -> float:
        """Return ln p(picture | down) - ln p(picture | upright)."""
        wide, tall = (seen.box[2] - seen.box[0]) * self._aspect, seen.box[3] - seen.box[1]
        ratio = normal_ratio(math.log(max(1e-3, wide) / max(1e-3, tall)), WIDE_UP, WIDE_DOWN)
        if body.upright_s is not None:
            ratio += normal_ratio(min(1.1, tall / body.tall), SHORT_UP, SHORT_DOWN)
        return ratio + self._trunk(body, seen)

    def _trunk(self, body: _Body, seen: Seen) -> float:
        """Return the same of trunk and hips: who lies has both, the trunk level and the hips low."""
        lean = trunk_lean(seen, self._aspect)
        if lean is None:
            return 0.0
        level = normal_ratio(lean, LEAN_UP, LEAN_DOWN, most=2.0)
        if body.upright_s is None or seen.pose is None:
            return level
        hips = (seen.box[3] - float(seen.pose[[11, 12], 1].mean())) / body.tall
        return min(level, normal_ratio(hips, HIPS_UP, HIPS_DOWN, most=2.0))


def trunk_lean(seen: Seen, aspect: float) -> float | None:
    """Return the angle (degrees) of the line from hips to shoulders to the plumb line; None where joints are unsure."""
    pose = seen.pose
    if pose is None or float(pose[[5, 6, 11, 12], 2].mean()) < SURE_JOINTS:
        return None
    across = float(pose[[5, 6], 0].mean() - pose[[11, 12], 0].mean()) * aspect
    up = float(pose[[11, 12], 1].mean() - pose[[5, 6], 1].mean())
    return math.degrees(math.atan2(abs(across), up))
