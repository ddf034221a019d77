"""Keeps of each track what a note is made of: when, where, and its best pictures, in memory and for seconds only.

A part of a track is over when the track is, or after ten seconds; what is noted of it does not wait for its end: a
relay follows while somebody is still in view.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from av.video.frame import VideoFrame

from ansimnet_vision.detectors import Rgb
from ansimnet_vision.poses import whole
from ansimnet_vision.sightings.colours import Light, light_of
from ansimnet_vision.types import PERSON, VEHICLE, Seen

PART_S = 10.0
"""So long a part lasts at most."""
LEAST_S = 0.6
"""A shorter track is none: three looks. Ours."""
CROPS = 4
"""So many pictures of a part are kept: more change colours and plates little, and each costs a look at its joints."""
CROP_S = 0.4
"""Between two pictures of a track: nearer ones show the same."""
ROOM = 0.12
"""Around a box, so that bags and wheels are on the picture. Parts of its sides."""
EDGE = 0.004
CUT = 0.4
"""What a picture counts that the frame's edge cuts off. Ours."""
LEAST_TALL = 24
"""Pixels of height below which nothing can be told. Ours."""
COURSE_S = 3.0
"""The course on leaving is that of so many last seconds."""
LEAST_M = 0.8
"""Who moved less has none. Ours: a step, and more than a foot's error in a calibrated view."""


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """One picture of a track: pixels (H, W, 3) with room around, its quality, and the light of the frame it is from.

    `box`: where he is in the frame, without the room, in parts of it.
    """

    rgb: Rgb
    quality: float
    at_s: float
    light: Light
    box: tuple[float, float, float, float]


@dataclass(slots=True, eq=False)
class Part:
    """What was gathered of a track. `path`: instants and places on the ground, metres east and north."""

    track: int
    kind: int
    from_s: float
    until_s: float
    path: list[tuple[float, float, float]] = field(default_factory=list)
    crops: list[Crop] = field(default_factory=list)

    @property
    def foot(self) -> tuple[float, float] | None:
        """Return where it was last, metres east and north."""
        return self.path[-1][1:] if self.path else None

    def heading_deg(self) -> float | None:
        """Return the course on leaving, clockwise from north: a line through the last seconds' places."""
        last = [p for p in self.path if p[0] >= self.until_s - COURSE_S]
        if len(last) < 3:
            return None
        t, east, north = (np.array(v) for v in zip(*last, strict=True))
        lapse = t - t.mean()
        spread = float((lapse**2).sum())
        if spread < 1e-6:
            return None
        ve, vn = float((lapse * east).sum()) / spread, float((lapse * north).sum()) / spread
        if math.hypot(ve, vn) * (t[-1] - t[0]) < LEAST_M:
            return None
        return math.degrees(math.atan2(ve, vn)) % 360


class Gatherer:
    """The tracks of one camera that are in view. Nothing of it goes to a successor: pictures do not travel."""

    def __init__(self) -> None:
        self._parts: dict[int, Part] = {}

    def step(self, picture: VideoFrame, at_s: float, seen: Sequence[Seen], alive: Collection[int]) -> list[Part]:
        """Take in one judged frame; return parts that are over. `alive`: numbers of tracks that may yet be seen."""
        over = [self._parts.pop(n) for n in self._parts.keys() - set(alive)]
        rgb: Rgb | None = None
        light: Light | None = None
        for one in seen:
            if one.held or one.kind not in (PERSON, VEHICLE):
                continue
            part = self._parts.get(one.track)
            if part is not None and at_s - part.from_s >= PART_S:
                over.append(part)
                part = None
            if part is None:
                part = self._parts[one.track] = Part(one.track, one.kind, at_s, at_s)
            part.until_s = at_s
            if one.foot is not None:
                part.path.append((at_s, *one.foot))
            if self._wants(part, one, picture, at_s):
                if rgb is None or light is None:
                    rgb = whole(picture)
                    light = light_of(rgb)
                _keep(part, crop_of(rgb, one.box, at_s, light))
        return [p for p in over if p.until_s - p.from_s >= LEAST_S]

    def end(self) -> list[Part]:
        """Return all parts: the camera is given away."""
        over, self._parts = list(self._parts.values()), {}
        return [p for p in over if p.until_s - p.from_s >= LEAST_S]

    @staticmethod
    def _wants(part: Part, one: Seen, picture: VideoFrame, at_s: float) -> bool:
        tall = (one.box[3] - one.box[1]) * picture.height
        if tall < LEAST_TALL or (part.crops and at_s - max(c.at_s for c in part.crops) < CROP_S):
            return False
        return len(part.crops) < CROPS or tall * 1.1 > min(c.rgb.shape[0] / (1 + 2 * ROOM) for c in part.crops)


def _keep(part: Part, crop: Crop) -> None:
    part.crops.append(crop)
    part.crops.sort(key=lambda c: -c.quality)
    del part.crops[CROPS:]


def crop_of(rgb: Rgb, box: tuple[float, float, float, float], at_s: float, light: Light) -> Crop:
    """Cut a box with room around it out of a frame (H, W, 3), and judge the picture."""
    height, width = rgb.shape[:2]
    dx, dy = ROOM * (box[2] - box[0]), ROOM * (box[3] - box[1])
    x1, x2 = (int(np.clip(v, 0, 1) * width) for v in (box[0] - dx, box[2] + dx))
    y1, y2 = (int(np.clip(v, 0, 1) * height) for v in (box[1] - dy, box[3] + dy))
    pixels = rgb[y1 : max(y1 + 2, y2), x1 : max(x1 + 2, x2)].copy()
    cut = box[0] < EDGE or box[1] < EDGE or box[2] > 1 - EDGE or box[3] > 1 - EDGE
    return Crop(pixels, quality_of(pixels) * (CUT if cut else 1.0), at_s, light, box)


def quality_of(pixels: Rgb) -> float:
    """Return how much a picture tells: its side in pixels times how sharp it is.

    Sharpness: mean difference of neighbours over the spread of its greys, which light does not change.
    """
    grey = pixels[..., 1].astype(np.float32)  # green carries most of the light
    if min(grey.shape) < 3:
        return 0.0
    edges = np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean()
    sharp = float(edges / (grey.std() + 4.0))
    return math.sqrt(grey.shape[0] * grey.shape[1]) * min(1.0, 0.3 + sharp)
