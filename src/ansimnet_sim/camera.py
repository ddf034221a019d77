"""One camera at work: backdrop, actors, burnt-in marks, H.264. Only what changes is drawn again."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

from ansimnet.kernel.clock import KST
from ansimnet_sim import font, truth
from ansimnet_sim.city import Camera, City
from ansimnet_sim.figures import U8, car_row, draw_car, draw_person, person_row
from ansimnet_sim.jit import jit
from ansimnet_sim.people import Actor, Pose
from ansimnet_sim.raycast import Backdrop, render
from ansimnet_sim.scene import Scene, build_scene

WIDTH, HEIGHT = 640, 360
GOP_S = 2.0
BITRATE = 450_000
"""Sub-streams of real cameras run at 0.3-0.5 Mbit/s."""

Rect = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Track:
    """What the camera's own analytics say about one thing. Pixels of a 640 x 360 picture."""

    number: int
    kind: str
    """Human or Vehicle."""
    box: tuple[float, float, float, float]
    head: tuple[float, float, float, float] | None
    """The head of a human, the plate region of a vehicle."""
    visible: float
    """Share of the figure no wall hides."""
    subject: bool


@dataclass(frozen=True, slots=True)
class Shot:
    """One encoded picture."""

    data: bytes
    """Annex B."""
    key: bool
    number: int
    at: datetime
    tracks: tuple[Track, ...]


@dataclass(slots=True)
class Studio:
    """Draws the pictures of one camera. Not shared between threads while drawing."""

    camera: Camera
    pair: int
    scene: Scene
    backdrop: Backdrop
    rgb: U8 = field(init=False)
    planes: tuple[U8, U8, U8] = field(init=False)
    still: tuple[U8, U8, U8] = field(init=False)
    _dirty: list[Rect] = field(default_factory=list)
    _worn: NDArray[np.float64] = field(init=False)
    _ahead: tuple[float, float, float, float, float] = field(init=False)

    def __post_init__(self) -> None:
        self.rgb = self.backdrop.rgb.copy()
        az = math.radians(self.camera.azimuth_deg)
        spread = math.tan(math.radians(self.camera.fov_deg / 2)) * 1.15  # a little more than the picture's width
        self._ahead = (self.camera.x, self.camera.y, math.sin(az), math.cos(az), spread)
        y = np.zeros((HEIGHT, WIDTH), np.uint8)
        u = np.zeros((HEIGHT // 2, WIDTH // 2), np.uint8)
        self.planes = (y, u, u.copy())
        _to_yuv(self.rgb, *self.planes, 0, 0, WIDTH, HEIGHT)
        self.still = (self.planes[0].copy(), self.planes[1].copy(), self.planes[2].copy())
        a, b = truth.PAIRS[self.pair]
        self._worn = np.array([*truth.COLOURS[a], *truth.COLOURS[b]], np.float64)

    def draw(self, actors: Sequence[tuple[Actor, Pose]], number: int, at: datetime) -> list[Track]:
        """Bring the planes up to date with who is where; return what stands in the picture, nearest last."""
        for x1, y1, x2, y2 in self._dirty:
            self.rgb[y1:y2, x1:x2] = self.backdrop.rgb[y1:y2, x1:x2]
            self.planes[0][y1:y2, x1:x2] = self.still[0][y1:y2, x1:x2]
            for p in (1, 2):
                self.planes[p][y1 // 2 : y2 // 2, x1 // 2 : x2 // 2] = self.still[p][
                    y1 // 2 : y2 // 2, x1 // 2 : x2 // 2
                ]
        self._dirty.clear()
        tracks: list[Track] = []
        near = [(d, a, p) for a, p in actors if (d := self._ahead_m(p)) > 1.2]
        for _, actor, pose in sorted(near, key=lambda n: -n[0]):
            track = self._draw_one(actor, pose)
            if track is not None:
                tracks.append(track)
        for rect in self._dirty:
            _to_yuv(self.rgb, *self.planes, *rect)
        self._stamp(number, at)
        return tracks

    def _ahead_m(self, p: Pose) -> float:
        ox, oy, fx, fy, spread = self._ahead
        ahead = (p.x - ox) * fx + (p.y - oy) * fy
        across = abs((p.x - ox) * fy - (p.y - oy) * fx)
        return ahead if 0.0 < ahead < 95.0 and across < 3.0 + ahead * spread else -1.0

    def project(self, x: float, y: float, z: float) -> tuple[float, float, float]:
        """Return the pixel of a place and its depth in metres; depth below 0.3 means behind the camera."""
        c = self.scene.camera
        dx, dy, dz = x - c[0], y - c[1], z - c[2]
        depth = dx * c[3] + dy * c[4] + dz * c[5]
        d = max(0.3, depth)
        u = WIDTH / 2 + self.scene.focal * (dx * c[6] + dy * c[7] + dz * c[8]) / d
        v = HEIGHT / 2 - self.scene.focal * (dx * c[9] + dy * c[10] + dz * c[11]) / d
        return u, v, depth

    def _draw_one(self, actor: Actor, pose: Pose) -> Track | None:
        return self._draw_car(actor, pose) if actor.kind in ("car", "police") else self._draw_person(actor, pose)

    def _draw_person(self, actor: Actor, pose: Pose) -> Track | None:
        foot, top = self.project(pose.x, pose.y, 0.0), self.project(pose.x, pose.y, actor.height_m)
        if foot[2] < 1.0:
            return None
        k = self.scene.focal / foot[2]
        half = 0.62 * k
        rect = _even(foot[0] - half, top[1] - 3, foot[0] + half, foot[1] + 0.35 * k)
        if rect is None:
            return None
        stride = min(1.0, pose.speed_mps / 1.2)
        row = np.array(person_row(pose.x, pose.y, pose.heading, pose.phase, actor.height_m, actor.upper, actor.lower,
                                  coded=actor.coded, stride=stride))  # fmt: skip
        self._dirty.append(rect)
        drawn, whole = draw_person(self.rgb, self.backdrop.depth, self.scene.camera, self.scene.focal,
                                   self.scene.lamps, row, self._worn, *rect)  # fmt: skip
        if whole < 12 or drawn < 0.2 * whole:
            return None
        body, mid = 0.30 * k, (foot[0] + top[0]) / 2
        tall = foot[1] - top[1]
        head_y = top[1] + 0.16 * tall
        head = (top[0] - 0.16 * k, top[1] - 0.03 * tall, top[0] + 0.16 * k, head_y)
        return Track(actor.number, "Human", (mid - body, top[1], mid + body, foot[1]), head, drawn / whole, actor.coded)

    def _draw_car(self, actor: Actor, pose: Pose) -> Track | None:
        row = np.array(car_row(pose.x, pose.y, pose.heading, actor.upper, lit=True, kind=actor.car_kind,
                               police=actor.kind == "police"))  # fmt: skip
        spots = []
        for along, across in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
            dx = row[2] * along * row[4] + row[3] * across * row[5]
            dy = row[3] * along * row[4] - row[2] * across * row[5]
            spots += [self.project(pose.x + dx, pose.y + dy, z) for z in (0.0, row[7])]
        if min(s[2] for s in spots) < 1.5:
            return None
        box = (min(s[0] for s in spots), min(s[1] for s in spots), max(s[0] for s in spots), max(s[1] for s in spots))
        pool = [
            self.project(
                pose.x + row[2] * (row[4] + far) + row[3] * side, pose.y + row[3] * (row[4] + far) - row[2] * side, 0.0
            )
            for far, side in ((3.0, -2.0), (3.0, 2.0), (14.0, -4.0), (14.0, 4.0))
        ]
        all_ = spots + [p for p in pool if p[2] > 1.5]
        rect = _even(min(s[0] for s in all_) - 4, min(s[1] for s in all_) - 2,
                     max(s[0] for s in all_) + 4, max(s[1] for s in all_) + 6)  # fmt: skip
        if rect is None:
            return None
        self._dirty.append(rect)
        drawn = draw_car(
            self.rgb, self.backdrop.depth, self.scene.camera, self.scene.focal, self.scene.lamps, row, *rect
        )
        area = max(1.0, (box[2] - box[0]) * (box[3] - box[1]))
        if drawn < 0.12 * area or drawn < 30:
            return None
        tall = box[3] - box[1]
        plate = (box[0], box[1] + 0.45 * tall, box[2], box[3])
        return Track(actor.number, "Vehicle", box, plate, min(1.0, drawn / area / 0.7), False)

    def _stamp(self, number: int, at: datetime) -> None:
        luma, cb, cr = self.planes
        luma[: truth.CODE_H, : truth.CODE_W] = truth.patch(self.camera.number, number, self.pair)
        cb[: truth.CODE_H // 2, : truth.CODE_W // 2] = 128
        cr[: truth.CODE_H // 2, : truth.CODE_W // 2] = 128
        kst = at.astimezone(KST)
        text = f"{self.camera.code} {kst:%Y-%m-%d %H:%M:%S}.{kst.microsecond // 100_000}"
        x = truth.CODE_W + 8
        ink = font.mask(text)
        h, w = ink.shape
        region, ground = luma[2 : 2 + h, x : x + w], self.still[0][2 : 2 + h, x : x + w]
        np.copyto(region, np.where(ink == 2, 222, np.where(ink == 1, 18, ground)).astype(np.uint8))
        self._dirty.append((x - x % 2, 2, x + w + w % 2, 2 + h))


def _even(x1: float, y1: float, x2: float, y2: float) -> Rect | None:
    a, b = max(0, int(x1) // 2 * 2), max(0, int(y1) // 2 * 2)
    c, d = min(WIDTH, int(x2 + 2) // 2 * 2), min(HEIGHT, int(y2 + 2) // 2 * 2)
    return (a, b, c, d) if a < c and b < d else None


@jit
def _to_yuv(rgb: U8, luma: U8, cb: U8, cr: U8, x1: int, y1: int, x2: int, y2: int) -> None:
    """Convert a rectangle to BT.601 limited range, 4:2:0."""
    for y in range(y1, y2, 2):
        for x in range(x1, x2, 2):
            tr, tg, tb = 0, 0, 0
            for dy in range(2):
                for dx in range(2):
                    r, g, b = int(rgb[y + dy, x + dx, 0]), int(rgb[y + dy, x + dx, 1]), int(rgb[y + dy, x + dx, 2])
                    luma[y + dy, x + dx] = np.uint8((66 * r + 129 * g + 25 * b + 4224) >> 8)
                    tr, tg, tb = tr + r, tg + g, tb + b
            cb[y // 2, x // 2] = np.uint8((-38 * tr - 74 * tg + 112 * tb + 131584) >> 10)
            cr[y // 2, x // 2] = np.uint8((112 * tr - 94 * tg - 18 * tb + 131584) >> 10)


class Encoder:
    """x264 without delay, constrained baseline, key frames where the camera's own clock puts them."""

    def __init__(self, fps: int, bitrate: int = BITRATE, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
        context: Any = av.CodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = *size, "yuv420p"
        context.time_base, context.framerate = Fraction(1, fps), Fraction(fps, 1)
        context.thread_count = 1
        context.options = {
            "preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "crf": "26",
            "maxrate": str(bitrate), "bufsize": str(int(bitrate * 1.2)), "g": "100000", "sc_threshold": "0",
            "forced-idr": "1", "x264-params": "annexb=1:repeat-headers=1:aud=0:sliced-threads=0:threads=1:scenecut=0",
        }  # fmt: skip
        self._context = context
        self._frame = av.VideoFrame(*size, "yuv420p")
        self._pts = 0

    def encode(self, planes: tuple[U8, U8, U8], *, key: bool) -> bytes:
        """Return one access unit in Annex B."""
        for plane, source in zip(self._frame.planes, planes, strict=True):
            view = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)  # type: ignore[call-overload]
            view[:, : plane.width] = source
        self._frame.pts = self._pts
        self._frame.pict_type = PictureType.I if key or self._pts == 0 else PictureType.NONE
        self._pts += 1
        return b"".join(bytes(p) for p in self._context.encode(self._frame))


class LiveCamera:
    """A camera that runs free: frame n is due at its own phase, whoever is watching."""

    def __init__(self, city: City, camera: Camera, *, pair: int, fps: int, phase: float, cache: Path | None) -> None:
        self.camera, self.fps, self.phase = camera, fps, phase
        self.gop = round(GOP_S * fps)
        self._city, self._pair, self._cache = city, pair, cache
        self._studio: Studio | None = None
        self._encoder: Encoder | None = None
        self._lock = threading.Lock()
        self._shot: Shot | None = None
        self.frozen = False

    def prepare(self) -> Studio:
        """Draw the backdrop once, or take it from the cache folder."""
        with self._lock:
            if self._studio is None:
                scene = build_scene(self._city, self.camera)
                self._studio = Studio(self.camera, self._pair, scene, self._backdrop(scene))
            return self._studio

    def _backdrop(self, scene: Scene) -> Backdrop:
        file = self._cache / f"{self._city.name}-{self._city.seed}-{self.camera.code}.npz" if self._cache else None
        if file is not None and file.exists():
            with np.load(file) as stored:
                return Backdrop(stored["rgb"], stored["depth"])
        backdrop = render(scene, WIDTH, HEIGHT, self.camera.number)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(f".{threading.get_ident()}.part.npz")
            np.savez(part, rgb=backdrop.rgb, depth=backdrop.depth)
            part.replace(file)
        return backdrop

    def shoot(self, number: int, at: datetime, actors: Iterable[tuple[Actor, Pose]]) -> Shot:
        """Draw and encode frame `number`."""
        studio = self.prepare()
        with self._lock:
            if self._encoder is None:
                self._encoder = Encoder(self.fps)
            tracks = studio.draw(list(actors), number, at)
            key = (number + int(self.phase * self.gop)) % self.gop == 0
            data = self._encoder.encode(studio.planes, key=key)
            self._shot = Shot(data, _has_idr(data), number, at.astimezone(UTC), tuple(tracks))
            return self._shot

    def glimpse(self) -> tuple[Shot, U8] | None:
        """Return the newest picture as it was drawn, `(H, W, 3)`, with what the camera's analytics say of it."""
        with self._lock:
            return None if self._shot is None or self._studio is None else (self._shot, self._studio.rgb.copy())

    def rest(self) -> None:
        """Forget the encoder: nobody is watching. The next viewer begins in the middle of a GOP all the same."""
        with self._lock:
            self._encoder = None


def _has_idr(data: bytes) -> bool:
    i = data.find(b"\x00\x00\x01")
    while i >= 0 and i + 3 < len(data):
        if data[i + 3] & 31 == 5:
            return True
        if data[i + 3] & 31 == 1:
            return False
        i = data.find(b"\x00\x00\x01", i + 3)
    return False
