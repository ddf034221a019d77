"""What a camera's heat sensor says: what burns, and who is warm before a colder street, whatever the light.

A heat stream is grey: its darkest and brightest are degrees Celsius that the register names, linear between them. What
is there when watching begins is the place, warm or not; only what comes is judged. A camera without the sensor never
has one of these: every signal carries `heat_c`, which the server refuses from such a camera (VA-02).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from ansimnet_vision.behaviours.evidence import NEEDED, Evidence, normal_ratio, signal
from ansimnet_vision.detectors import NONE, Found
from ansimnet_vision.motion import components
from ansimnet_vision.tracking import Tracker
from ansimnet_vision.types import PERSON, Behaviour, Box, CameraConfig, Scene, Seen, Signal

F32 = NDArray[np.float32]

JUDGED = frozenset({"fire", "intrusion", "loitering"})
"""What warmth alone can tell."""
LOOK_S = 0.2
LEARN_S = 2.0
"""So long the place is learned before anything is judged: ten looks."""
FOLLOW_S = 120.0
"""Time constant of the place's warmth after that: sun and shade take minutes. Ours."""

FIRE_C = 120.0
"""Sun on dark metal stays below 90 degrees, an engine's hood below 110; what burns is above 300, but fills no whole
pixel when it is far. Ours. A sensor whose brightest is below it says nothing of fire."""
RISE_K = 60.0
"""Above what was there before."""
LEAST_HOT = 4
"""Pixels: one is a fault of the sensor, three lie on the edge of one."""
FIRE_S = 1.0
ALIVE = ((0.02, 0.03), (0.25, 0.15))
"""Variation of the hot area over some looks, deviation over mean: of a pot or a chimney, and of flames. Ours."""
STAYS = 0.4
"""What a look a second says where something hot stays at its place: an exhaust drives on. Ours."""
FLICKERS = 1.7
"""The most that the variation says in one look: flames suffice within six seconds, never in one."""

BODY_C = (20.0, 42.0)
"""Clothes and skin, seen from some metres. Ours."""
CONTRAST_K = 6.0
"""Above the place: three times the noise of small sensors (NETD and coding). On a summer night nobody stands out, and
nothing is said."""
LEAST_BODY = 8
"""Pixels of somebody; smaller are cats and the noise."""
UPRIGHT = 1.1
"""Height over width at least: who stands or walks; engines and dogs are wider."""
LARGEST = 0.4
"""Of the picture, in height and in width: larger is no body."""
BODY_SCORE = 0.6
"""As sure as a detector of a whole body: what is warm, of that size and upright in the street, is somebody. Ours."""
SURE_HITS = 3
TRACKS_FROM = 1 << 20
"""Numbers of tracks of the heat sensor begin here, apart from those of the picture."""


@dataclass(slots=True)
class _Burning:
    """A hot place: its evidence, its last areas, and where it was."""

    evidence: Evidence
    areas: deque[int]
    middle: tuple[float, float]
    hottest_c: float
    box: Box


class HeatWatch:
    """One heat sensor's memory."""

    def __init__(self, config: CameraConfig, build: Callable[[CameraConfig], Behaviour]) -> None:
        """`build` makes the behaviours that hear of warm bodies, as for pictures.

        Raises:
            ValueError: nobody said how many degrees the grey is.
        """
        if config.heat_c is None:
            raise ValueError(f"camera {config.camera_id} has no heat sensor")
        self.config = config
        self._low_c, self._high_c = config.heat_c
        bodies = JUDGED - {"fire"}
        self._bodies = build(replace(config, behaviours=config.behaviours & bodies, shadow=config.shadow & bodies))
        self._tracker = Tracker()
        self._place: F32 | None = None
        self._began_s = self.last_s = -math.inf
        self._fire_s = -math.inf
        self._burning: list[_Burning] = []

    def wants(self, at_s: float) -> bool:
        """Return whether the picture of an instant is judged: five a second are."""
        return at_s - self.last_s >= LOOK_S - 0.02

    def step(self, picture: VideoFrame, at_s: float) -> list[Signal]:
        """Return what a picture makes certain."""
        warm = self._celsius(picture)
        passed_s, self.last_s = at_s - self.last_s, at_s
        if self._place is None or self._place.shape != warm.shape:
            self._place, self._began_s = warm, at_s
            return []
        learning = at_s - self._began_s < LEARN_S
        if learning:
            self._place += 0.3 * (warm - self._place)
            return []
        said = self._fires(warm, at_s) + self._people(warm, at_s)
        pace = min(1.0, passed_s / FOLLOW_S)
        strange = np.abs(warm - self._place) > CONTRAST_K
        self._place += np.where(strange, 0.1 * pace, pace).astype(np.float32) * (warm - self._place)
        return said

    def _celsius(self, picture: VideoFrame) -> F32:
        """Return degrees. Black is 16 and white 235 unless the stream says that its range is full (H.264, E.2.1)."""
        plane = picture.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        grey = rows[: picture.height, : picture.width].astype(np.float32)
        full = picture.format.name in ("yuvj420p", "gray") or picture.color_range == ColorRange.JPEG
        share = grey / 255 if full else np.clip((grey - 16) / 219, 0, 1)
        return np.asarray(self._low_c + share * (self._high_c - self._low_c), np.float32)

    # --- what burns

    def _fires(self, warm: F32, at_s: float) -> list[Signal]:
        if "fire" not in self.config.tried or self._high_c < FIRE_C or at_s - self._fire_s < FIRE_S - 0.02:
            return []
        self._fire_s = at_s
        assert self._place is not None
        parts = components((warm >= FIRE_C) & (warm - self._place >= RISE_K))
        kept, said = [], []
        for x1, y1, x2, y2, size in parts[parts[:, 4] >= LEAST_HOT]:
            box = _box((x1, y1, x2, y2), warm)
            hottest_c = float(warm[int(y1) : int(y2), int(x1) : int(x2)].max())
            fire = self._same(box) or _Burning(
                Evidence(self.config.thresholds.get("fire", NEEDED)), deque(maxlen=8), (0, 0), 0, box
            )
            fire.areas.append(int(size))
            fire.middle, fire.box = _middle(box), box
            fire.hottest_c = max(fire.hottest_c, hottest_c)
            kept.append(fire)
            if fire.evidence.add(STAYS + _alive(fire.areas), at_s):
                words = {
                    "heat_c": fire.hottest_c,
                    "hot_share": size / warm.size,
                    "varies_share": float(np.std(fire.areas) / np.mean(fire.areas)),
                }
                said.append(signal(self.config, "fire", at_s, fire.evidence, (), box, words))
        gone = [f for f in self._burning if f not in kept]
        for fire in gone:  # flames may dip below for a look
            fire.evidence.add(-2.0, at_s)
        self._burning = kept + [f for f in gone if f.evidence.score > 0]
        return said

    def _same(self, box: Box) -> _Burning | None:
        """Return the hot place that this box is, which has not moved by more than its size since the last look."""
        x, y = _middle(box)
        for fire in self._burning:
            reach = max(0.03, fire.box[2] - fire.box[0], fire.box[3] - fire.box[1])
            if math.hypot(x - fire.middle[0], y - fire.middle[1]) <= reach:
                return fire
        return None

    # --- who is warm

    def _people(self, warm: F32, at_s: float) -> list[Signal]:
        assert self._place is not None
        if not self.config.tried & (JUDGED - {"fire"}):
            return []
        body = (warm >= BODY_C[0]) & (warm <= BODY_C[1]) & (warm - self._place >= CONTRAST_K)
        self._tracker.step(_bodies(body), at_s)
        seen = []
        for track in self._tracker.tracks:
            if track.hits >= SURE_HITS and track.at_s == at_s:
                x1, y1, x2, y2 = (float(v) for v in track.box)
                foot = self.config.foot((x1, y1, x2, y2))
                seen.append(Seen(TRACKS_FROM + track.number, PERSON, (x1, y1, x2, y2), track.score, at_s, foot))
        grey = np.clip((warm - self._low_c) * (255 / (self._high_c - self._low_c)), 0, 255).astype(np.uint8)
        scene = Scene(at_s=at_s, seen=tuple(seen), luma=grey, moved=float(body.mean()))
        return [self._warm(s, warm) for s in self._bodies.step(scene)]

    @staticmethod
    def _warm(said: Signal, warm: F32) -> Signal:
        """Return a signal with how warm it is there."""
        tall, wide = warm.shape
        x1, y1, x2, y2 = said.box
        part = warm[int(y1 * tall) : max(int(y2 * tall), int(y1 * tall) + 1),
                    int(x1 * wide) : max(int(x2 * wide), int(x1 * wide) + 1)]  # fmt: skip
        heat_c = float(np.percentile(part, 90)) if part.size else float(warm.max())
        return replace(said, evidence={**said.evidence, "heat_c": round(heat_c, 1)})


def _bodies(mask: NDArray[np.bool_]) -> Found:
    """Return boxes of what is as large and as tall as somebody: (N, 6) corners in parts of the picture, score, kind."""
    parts = components(mask)
    tall, wide = mask.shape
    width, height = parts[:, 2] - parts[:, 0], parts[:, 3] - parts[:, 1]
    fits = (
        (parts[:, 4] >= LEAST_BODY)
        & (height >= UPRIGHT * width)
        & (height <= LARGEST * tall)
        & (width <= LARGEST * wide)
    )
    if not fits.any():
        return NONE
    boxes = parts[fits, :4] / np.array([wide, tall, wide, tall])
    return np.column_stack([boxes, np.full(len(boxes), BODY_SCORE), np.full(len(boxes), float(PERSON))])


def _alive(areas: deque[int]) -> float:
    """Return what the variation of a hot area says: flames flicker, pots do not. Nothing before four looks."""
    if len(areas) < 4:
        return 0.0
    (usual, spread), event = ALIVE
    edge = 1 / float(np.mean(areas))  # a pixel at the edge comes and goes by noise alone
    return normal_ratio(float(np.std(areas)) * edge, (usual + edge / 2, spread + edge / 2), event, most=FLICKERS)


def _box(pixels: tuple[float, float, float, float], of: F32) -> Box:
    tall, wide = of.shape
    return pixels[0] / wide, pixels[1] / tall, pixels[2] / wide, pixels[3] / tall


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
