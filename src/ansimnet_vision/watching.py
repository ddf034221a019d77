"""One camera watched: what moves, what to look at, who is followed, what the behaviours make of it.

picture → take (motion) → ask (which parts) ─ detector, shared ─→ finish (tracks, joints, behaviours) → signals
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from ansimnet_vision.batch import Look
from ansimnet_vision.detectors import NONE, Found, Rgb
from ansimnet_vision.motion import Motion, blobs, reduced
from ansimnet_vision.poses import LEAST_TALL, Poser, whole
from ansimnet_vision.rounds import Ask, Need
from ansimnet_vision.tracking import Track, Tracker
from ansimnet_vision.types import PERSON, Behaviour, Box, CameraConfig, Pose, Scene, Seen, Signal

LOOK_S = 0.2
"""Five looks a second: what a walker moves between two is a third of his width."""
POSE_S = 0.12
"""Pictures of a camera with candidates for joints: eight a second show a blow, which lasts a quarter of one."""
REST_S = 1.0
"""How often a track that stands still is looked for; it is over after twice that."""
WHOLE_S = 3.0
"""How often the whole picture is looked at while anybody is in it: who came without moving much. Ours."""
FUTILE_S = (0.4, 2.0)
"""A place where motion was nobody waits so long, doubled each time: leaves, rain and flags."""
GRID = (9, 16)
"""Rows and columns of the places remembered so."""
MOST_PARTS, MOST_SHARE = 6, 0.55
"""More parts, or parts of more of the picture, are the whole picture."""
STILL = 0.03
"""Share of a box that moves in whoever does not stand still; breathing and coding noise stay below. Ours."""
PLAINLY_UPRIGHT = 1.9
"""Height over width of a box from which joints are not asked for: walkers have 2.3 in the middle (`collapse.WIDE_UP`),
who sits or bends less. Of the clips that may teach a sixth of the joints are left, and no fall is told later. Ours."""
POSED = frozenset({"violence", "collapse"})
"""What needs eight pictures a second where people move; of joints only collapse hears."""
COLOURED = frozenset({"fire", "abandoned"})
RGB_WIDTH = 320
BEGIN = {0: 0.4, 1: 0.4, 2: 1.0, 3: 1.0}
"""Scores that begin a track: higher than for masking, where a sign hidden in error costs nothing. Ours."""
SURE_HITS, SURE_MISSED = 3, 2
"""Whom behaviours hear of: seen three times, and not looked for in vain more than twice since."""
EDGE = 1e-6
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(slots=True)
class Pending:
    """A picture taken and not yet judged."""

    picture: VideoFrame
    at_s: float
    luma: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    moved: float


class CameraWatch:
    """One camera's memory. Everything that lasts is in `tracker`, `motion`, `behaviours` and a few instants."""

    def __init__(self, config: CameraConfig, behaviours: Behaviour | None = None) -> None:
        self.config = config
        self.behaviours = behaviours
        self.motion = Motion()
        self.tracker = Tracker(BEGIN, slack=0.0)
        self.pending: Pending | None = None
        self.seen: tuple[Seen, ...] = ()
        """Who was told of in the picture that was judged last."""
        self.due_s = -math.inf
        self.last_s = -math.inf
        """The newest picture that was judged."""
        self._looked_s = self._whole_s = self._coloured_s = -math.inf
        self._futile = np.zeros((2, *GRID))  # until when, and the last wait
        self._posed: dict[int, float] = {}
        self._asked: tuple[Box, ...] = ()
        self._reduce = VideoReformatter()  # kept: to set one up costs more than to reduce a picture

    # --- a picture comes

    def wants(self, at_s: float) -> bool:
        """Return whether a picture of that instant should be judged; five a second, eight while joints matter."""
        return at_s >= self.due_s - EDGE and at_s > self.last_s

    def take(self, picture: VideoFrame, at_s: float) -> bool:
        """Take a picture in; return whether it takes the place of one that nobody judged."""
        luma = reduced(picture)
        mask, moved = self.motion.moving(luma)
        replaced = self.pending is not None
        self.pending = Pending(picture, at_s, luma, mask, moved)
        step = POSE_S if self._posed else LOOK_S
        self.due_s = max(self.due_s + step, at_s + step / 2)
        return replaced

    def ask(self) -> Ask[Look] | None:
        """Return what the detector should see of the pending picture; None where nothing asks for it."""
        now = self.pending
        assert now is not None
        self.tracker.forget(now.at_s)
        tracks = self.tracker.tracks
        if now.at_s - self._looked_s < LOOK_S - EDGE or self.motion.turning:
            return None
        if math.isinf(self._whole_s):  # who stood there before we came does not move
            self._asked = (WHOLE,)
            look = Look(now.picture, self._asked)
            return Ask(look, LOOK_S, Need.RESTING, look.pixels)
        boxes = [(t, t.where(now.at_s)) for t in tracks]
        moving = [box for _, box in boxes if _moves(now.mask, box)]
        resting = [box for t, box in boxes if now.at_s - t.at_s >= REST_S]
        known = np.array([[*box, 1.0, PERSON] for _, box in boxes]) if boxes else NONE
        new = [row[:4] for row in blobs(now.mask.copy(), known) if self._fresh(row, now.at_s)]
        if not (moving or resting or new):
            return None
        parts = _parts([_around(b, 0.2, 0.15) for b in (*moving, *resting)] + [_around(b, 0.35, 0.5) for b in new])
        if tracks and now.at_s - self._whole_s >= WHOLE_S:
            parts = (WHOLE,)
        self._asked = parts
        need = Need.NEW if new else Need.MOVING if moving else Need.RESTING
        look = Look(now.picture, parts)
        waited_s = min(now.at_s - self._looked_s, 60.0)
        return Ask(look, waited_s, need, look.pixels)

    def _fresh(self, blob: NDArray[np.float64], at_s: float) -> bool:
        row, column = _cell(blob)
        return bool(at_s >= self._futile[0, row, column])

    # --- it is judged

    def finish(self, found: Found | None, poser: Callable[[], Poser | None]) -> list[Signal]:
        """Judge the pending picture with what the detector found, None where it did not look.

        `poser` is asked once for every joint search and says None when there is no more time for one.
        """
        now, self.pending = self.pending, None
        assert now is not None
        if found is not None:
            self._learn(found, now)
            self.tracker.step(found, now.at_s, np.array(self._asked))
            self._looked_s = now.at_s
            if self._asked == (WHOLE,):
                self._whole_s = now.at_s
        self.last_s = now.at_s
        sure = [t for t in self.tracker.tracks if t.hits >= SURE_HITS and t.missed <= SURE_MISSED]
        poses = self._joints(sure, now, poser)
        self.seen = tuple(self._told(t, now.at_s, poses.get(t.number)) for t in sure)
        scene = Scene(
            at_s=now.at_s,
            seen=self.seen,
            luma=now.luma,
            moved=now.moved,
            rgb=self._colours(now, bool(sure)),
            looked=found is not None,
        )
        return self.behaviours.step(scene) if self.behaviours is not None else []

    def _told(self, track: Track, at_s: float, pose: Pose | None) -> Seen:
        x1, y1, x2, y2 = (float(v) for v in track.where(at_s).clip(0, 1))
        box = (x1, y1, x2, y2)
        held = track.at_s < at_s
        return Seen(track.number, track.kind, box, track.score, at_s, self.config.foot(box), pose, held)

    def _learn(self, found: Found, now: Pending) -> None:
        """Remember where motion was nobody, so that leaves do not ask five times a second."""
        if self._asked == (WHOLE,) and not len(found):
            return
        for row in blobs(now.mask.copy(), found):
            at = (slice(None), *_cell(row))
            if now.at_s >= self._futile[at][0]:
                wait_s = min(FUTILE_S[1], max(FUTILE_S[0], 2 * self._futile[at][1]))
                self._futile[at] = now.at_s + wait_s, wait_s
        for row in found:
            self._futile[(slice(None), *_cell(row))] = 0.0

    def _joints(self, sure: Sequence[Track], now: Pending, poser: Callable[[], Poser | None]) -> dict[int, Pose]:
        """Return the joints of people who move, are tall enough and not plainly upright; who waited longest first."""
        if not self.config.tried & POSED:
            return {}
        candidates = [t for t in sure if t.kind == PERSON and self._candidate(t, now)]
        out: dict[int, Pose] = {}
        picture: Rgb | None = None
        heard = "collapse" in self.config.tried
        plain = {t.number for t in candidates if not heard or _upright(t, now)}
        for track in sorted(
            (t for t in candidates if t.number not in plain), key=lambda t: self._posed.get(t.number, -math.inf)
        ):
            model = poser()
            if model is None:
                break
            picture = whole(now.picture) if picture is None else picture
            x1, y1, x2, y2 = (float(v) for v in track.where(now.at_s))
            out[track.number] = model(picture, (x1, y1, x2, y2))
        before, self._posed = self._posed, {t.number: self._posed.get(t.number, -math.inf) for t in candidates}
        self._posed |= dict.fromkeys((*out, *plain), now.at_s)
        # whoever moved a moment ago stays a candidate: a fall ends lying still
        alive = {t.number for t in sure}
        self._posed |= {
            n: s for n, s in before.items() if n in alive and n not in self._posed and now.at_s - s < REST_S
        }
        return out

    def _candidate(self, track: Track, now: Pending) -> bool:
        box = track.where(now.at_s)
        tall = (box[3] - box[1]) * now.picture.height
        wide = (box[2] - box[0]) * now.picture.width
        lately = now.at_s - self._posed.get(track.number, -math.inf) < REST_S
        return max(tall, wide) >= LEAST_TALL and (lately or _moves(now.mask, box) or now.moved > 0.35)

    def _colours(self, now: Pending, anybody: bool) -> Rgb | None:
        if not self.config.tried & COLOURED:
            return None
        if not anybody and now.moved < 0.0005 and now.at_s - self._coloured_s < REST_S:
            return None
        self._coloured_s = now.at_s
        height = max(2, round(RGB_WIDTH * now.picture.height / now.picture.width))
        small = self._reduce.reformat(
            now.picture, width=RGB_WIDTH, height=height, format="rgb24", interpolation="BILINEAR"
        )
        return np.asarray(small.to_ndarray(), np.uint8)

    # --- it moves to another process

    def state(self) -> bytes:
        """Return what another process needs to go on: no picture of anybody but the still background in grey.

        A behaviour that sets `forgets` (faces are such) begins anew there.
        """
        kept = None if getattr(self.behaviours, "forgets", False) else self.behaviours
        held: dict[str, Any] = {
            name: getattr(self, name) for name in ("motion", "tracker", "due_s", "last_s", "_looked_s", "_whole_s")
        }
        return pickle.dumps((held, kept), pickle.HIGHEST_PROTOCOL)

    def resume(self, state: bytes) -> None:
        """Go on where another process of ours stopped. Never with bytes from elsewhere: they are pickled."""
        held, behaviours = pickle.loads(state)
        for name, value in held.items():
            setattr(self, name, value)
        if behaviours is not None:
            self.behaviours = behaviours


def _moves(mask: NDArray[np.bool_], box: NDArray[np.float64]) -> bool:
    height, width = mask.shape
    x1, y1 = max(0, int(box[0] * width)), max(0, int(box[1] * height))
    part = mask[y1 : int(box[3] * height) + 1, x1 : int(box[2] * width) + 1]
    return bool(part.size and np.count_nonzero(part) > STILL * part.size)


def _upright(track: Track, now: Pending) -> bool:
    """Return whether the box alone says that somebody is upright: then joints say nothing more."""
    box = track.where(now.at_s)
    wide, tall = (box[2] - box[0]) * now.picture.width, (box[3] - box[1]) * now.picture.height
    return bool(tall > PLAINLY_UPRIGHT * wide)


def _cell(box: NDArray[np.float64]) -> tuple[int, int]:
    rows, columns = GRID
    row, column = int((box[1] + box[3]) / 2 * rows), int((box[0] + box[2]) / 2 * columns)
    return min(rows - 1, max(0, row)), min(columns - 1, max(0, column))


def _around(box: NDArray[np.float64], wide: float, tall: float) -> Box:
    """Return a box with room around it, and at least a head's more."""
    dx, dy = wide * (box[2] - box[0]) + 0.02, tall * (box[3] - box[1]) + 0.04
    x1, y1, x2, y2 = box
    return max(0.0, float(x1 - dx)), max(0.0, float(y1 - dy)), min(1.0, float(x2 + dx)), min(1.0, float(y2 + dy))


def _parts(boxes: Sequence[Box]) -> tuple[Box, ...]:
    """Return few parts that hold all boxes: those that touch are one; too much of the picture is all of it."""
    parts = list(boxes)
    joined = True
    while joined:
        joined = False
        for i in range(len(parts)):
            for j in range(len(parts) - 1, i, -1):
                a, b = parts[i], parts[j]
                if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]:
                    parts[i] = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
                    del parts[j]
                    joined = True
    share = sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in parts)
    return (WHOLE,) if len(parts) > MOST_PARTS or share > MOST_SHARE else tuple(parts)
