"""How many cameras one core watches, how late, and what it drops, beside a loop without sharing or gating.

Sub-streams of 640 x 360, 12.5 pictures a second, five of them judged; at any time a fifth of the cameras shows people
or vehicles that move (public clips), the others the same places at rest. Encoding is done before. The engine runs as it
does in a worker, on a clock that advances by the processor time it spent: one core of its own, whatever runs beside it.

The rival does what the usual examples do: each camera its own loop, the same detector on the whole of every judged
picture, a tracker behind it (`supervision`'s ByteTrack where that is installed, else ours).

Workers are killed with -9 in real time too: how long a camera was unwatched, and which alarms were lost or doubled.

Keys: cameras_per_core (detector and tracks) cameras_per_core_all (every behaviour, joints eight times a second)
latency_p95_s (from the relay's receipt to the judgement, all behaviours, at 90 % of a core) dropped rivals killed
rising.
"""

from __future__ import annotations

import gc
import importlib.util
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import numpy as np
from av.video.frame import VideoFrame
from benchmarks._vision_kills import kills
from benchmarks._vision_plot import draw
from benchmarks._vision_street import FPS, Clip, Picture, encoded

from ansimnet.app.measure import Options
from ansimnet.platform.settings import settings
from ansimnet.slices.footage.relay.fmp4 import fragment
from ansimnet_vision import registry
from ansimnet_vision.batch import Look, PackedDetector
from ansimnet_vision.behaviours import build
from ansimnet_vision.engine import Engine
from ansimnet_vision.feed import Arrived, PictureDecoder
from ansimnet_vision.poses import Poser
from ansimnet_vision.tracking import Tracker
from ansimnet_vision.types import BEHAVIOURS, CameraConfig
from ansimnet_vision.watching import BEGIN, LOOK_S, WHOLE

WIDTH, HEIGHT = 640, 360
MOVING_SHARE = 5
"""One camera of so many shows motion at any time."""
SEGMENT_S = 10.0
FOLDERS = ("pedestrian", "vehicle", "fall_gmdcsa")
COUNTS = {"small": ((16,), (8,)), "full": ((8, 16, 24, 32, 40, 48), (4, 8, 12, 16, 20, 24))}
KILLS = {"small": (4, 2, 1), "full": (12, 3, 6)}
"""Cameras, processes, and how often one of them is killed."""
LASTS_S = {"small": 6.0, "full": 20.0}
SETTLE_S = 2.0
"""Not counted: every camera is looked at once as a whole when it is first seen."""
NOISE = 1.5
"""Grey levels of sensor noise at rest."""
BLAS = "one thread a model"


@dataclass(slots=True)
class Ran:
    """One run: so many cameras for so long."""

    cameras: int
    share: float
    """Processor time over time: below 1 a core keeps up."""
    lags_s: list[float] = field(default_factory=list)
    due: int = 0
    judged: int = 0
    looks: int = 0
    poses: int = 0

    @property
    def dropped(self) -> float:
        """Return the share of due pictures that nobody judged."""
        return max(0.0, 1 - self.judged / self.due) if self.due else 0.0

    def told(self) -> dict[str, Any]:
        """Return it as a row."""
        p95 = float(np.percentile(self.lags_s, 95)) if self.lags_s else None
        return {
            "cameras": self.cameras, "core_share": round(self.share, 3), "dropped": round(self.dropped, 4),
            "latency_p95_s": None if p95 is None else round(p95, 3), "looks": self.looks, "poses": self.poses,
        }  # fmt: skip


def run(options: Options) -> dict[str, Any]:
    """Measure."""
    models = _models(options)
    if options.data is None or "nanodet" not in models:
        why = "no --data with video/" if options.data is None else "no detector: `ansimnet models install`"
        return dict.fromkeys(KEYS) | {"rivals": None, "why": why}
    scenes = list(_scenes(options.data / "video", LASTS_S[options.size]))
    detector = PackedDetector(models["nanodet"])
    poser = Poser(models["movenet-lightning"]) if "movenet-lightning" in models else None
    plain, every = COUNTS[options.size]
    steps = len(plain) + len(every) + 1
    ran: list[Ran] = []
    for n, (cameras, all_) in enumerate([(c, False) for c in plain] + [(c, True) for c in every]):
        options.progress(n, steps, f"{cameras} cameras, {'every behaviour' if all_ else 'detector only'}")
        ran.append(_run(cameras, scenes, detector, poser if all_ else None, all_, LASTS_S[options.size]))
    rivals = _rivals(scenes, detector, ran[: len(plain)])
    options.progress(steps - 1, steps, "kill -9 of those who watch")
    killed = kills(*KILLS[options.size][:2], options.seed, KILLS[options.size][2])
    if options.plot is not None:
        draw(options.plot, [r.told() for r in ran[: len(plain)]], [r.told() for r in ran[len(plain) :]])
    return {
        "cameras_per_core": _capacity(ran[: len(plain)]),
        "cameras_per_core_all": _capacity(ran[len(plain) :]) if poser is not None else None,
        "latency_p95_s": _near_full(ran[len(plain) :]).told()["latency_p95_s"],
        "dropped": _near_full(ran[len(plain) :]).dropped,
        "rivals": rivals,
        "killed": killed,
        "rising": {"detector": [r.told() for r in ran[: len(plain)]], "all": [r.told() for r in ran[len(plain) :]]},
        "clips": [name for name, _, _ in scenes],
        "motion_share": 1 / MOVING_SHARE,
        "processor_time": "of this process alone; " + BLAS,
        "provider": "cpu",
        "gpu": None,
    }


KEYS = ("cameras_per_core", "cameras_per_core_all", "latency_p95_s", "dropped", "killed", "rising")


def _models(options: Options) -> dict[str, Path]:
    """Return the installed models, else those beside the data."""
    here = registry.usable(settings().models_folder)
    if "nanodet" not in here and options.data is not None:
        here = registry.usable(options.data.resolve().parent / "models")
    return here


def _scenes(folder: Path, lasts_s: float) -> Iterator[tuple[str, Clip, Clip]]:
    """Yield each place's name, with what moves there, and at rest: the median of the clip under sensor noise."""
    rng, count = np.random.default_rng(7), int(min(lasts_s, SEGMENT_S) * FPS)
    for name in FOLDERS:
        for file in sorted((folder / name).glob("*"))[:4]:
            if file.suffix not in (".mp4", ".avi"):
                continue
            moving = list(islice(_pictures(file), count))
            if len(moving) < count:
                continue
            still = np.median(np.stack(moving[:: max(1, count // 15)]), axis=0)
            quiet = ((still + rng.normal(0, NOISE, still.shape)).clip(0, 255).astype(np.uint8) for _ in range(count))
            yield file.name, encoded(moving), encoded(quiet)


def _pictures(file: Path) -> Iterator[Picture]:
    """Yield a clip's pictures at the rate and in the size of a sub-stream; the ratio is kept, the rest cut off."""
    due_s = 0.0
    with av.open(str(file)) as box:
        box.streams.video[0].thread_count = 1
        for frame in box.decode(video=0):
            if (frame.time or 0.0) < due_s:
                continue
            due_s += 1 / FPS
            ratio = max(WIDTH / frame.width, HEIGHT / frame.height)
            big = frame.reformat(
                width=-(-int(frame.width * ratio) // 2) * 2, height=-(-int(frame.height * ratio) // 2) * 2
            )
            rgb = np.asarray(big.to_ndarray(format="rgb24"), np.uint8)
            y = (rgb.shape[0] - HEIGHT) // 2
            yield rgb[max(0, y) : max(0, y) + HEIGHT, :WIDTH]


def _frames(n: int, scenes: Sequence[tuple[str, Clip, Clip]], lasts_s: float) -> Iterator[Arrived]:
    """Yield what camera `n` sends: motion in every fifth stretch, at rest in the others."""
    _, moving, quiet = scenes[n % len(scenes)]
    name, count, stretch = UUID(int=n + 1).bytes, 0, n % MOVING_SHARE
    while count / FPS < lasts_s + SETTLE_S + SEGMENT_S:
        clip = moving if stretch % MOVING_SHARE == 0 else quiet
        stretch += 1
        for coded in clip.pictures:
            sets = clip.init.sets if coded.key else b""
            data = fragment(count + 1, 0, 0, 7200, coded.key, coded.units)
            yield Arrived(name, clip.init.codec, sets, coded.key, (count + n % 7 / 7) / FPS, data)
            count += 1


def _run(
    cameras: int,
    scenes: Sequence[tuple[str, Clip, Clip]],
    detector: PackedDetector,
    poser: Poser | None,
    every: bool,
    lasts_s: float,
) -> Ran:
    """Watch so many cameras on a clock of processor time."""
    engine = Engine(detector, poser, build, lambda _config, _signals: None)
    asked = frozenset(BEHAVIOURS) if every else frozenset()
    engine.set([CameraConfig(str(UUID(int=n + 1)), WIDTH, HEIGHT, behaviours=asked) for n in range(cameras)], {})
    coming = [_frames(n, scenes, lasts_s) for n in range(cameras)]
    following = [next(c) for c in coming]
    ran, now_s, spent_s, poses = Ran(cameras, 0.0), 0.0, 0.0, poser.count if poser else 0
    gc.collect()
    settled = False
    while now_s < lasts_s + SETTLE_S:
        if not settled and now_s >= SETTLE_S:
            settled, spent_s, poses = True, 0.0, poser.count if poser else 0
            ran = Ran(cameras, 0.0)
            engine.numbers(now_s, 1.0)
        for n in range(cameras):
            while following[n].at <= now_s:
                engine.arrive(following[n])
                following[n] = next(coming[n])
        before = {key: line.watch.last_s for key, line in engine.lines.items()}
        began_s = time.process_time()
        done = engine.turn(now_s)
        took_s = time.process_time() - began_s
        spent_s, now_s = spent_s + took_s, now_s + took_s
        for key, line in engine.lines.items():
            if line.watch.last_s != before[key]:
                ran.judged += 1
                ran.lags_s.append(now_s - line.watch.last_s)
        if not done:
            now_s = max(now_s, min(f.at for f in following))
    ran.share, ran.due = spent_s / lasts_s, round(cameras * lasts_s / LOOK_S)
    ran.looks = sum(line.numbers.looked for line in engine.lines.values())
    ran.poses = (poser.count if poser else 0) - poses
    return ran


def _near_full(rows: Sequence[Ran]) -> Ran:
    """Return the run with most cameras that took 90 % of a core at most, else the smallest."""
    return max((r for r in rows if r.share <= 0.9), key=lambda r: r.cameras, default=rows[0])


def _capacity(rows: Sequence[Ran]) -> float:
    """Return how many cameras fill one core, from the run nearest to that which dropped next to nothing."""
    best = _near_full(rows)
    return round(best.cameras / best.share, 1)


# --- rivals


def _rivals(scenes: Sequence[tuple[str, Clip, Clip]], detector: PackedDetector, ours: Sequence[Ran]) -> dict[str, Any]:
    """Return the same streams through a loop a camera: the whole of every judged picture, whatever moves."""
    mine = _capacity(ours)
    found: dict[str, Any] = {}
    loops: dict[str, Callable[[], Callable[[np.ndarray, float], object]]] = {"loop with our tracker": _own_tracker}
    if importlib.util.find_spec("supervision") is not None:
        loops["supervision.ByteTrack"] = _byte_track
    for name, tracker in loops.items():
        share = _loop(scenes, detector, tracker)
        found[name] = {"cameras_per_core": round(1 / share, 1), "ours_over_it": round(mine * share, 2)}
    if "supervision.ByteTrack" not in found:
        found["supervision.ByteTrack"] = None
        found["why"] = "supervision is not installed here: pip install supervision==0.26.1"
    found["deepstream"] = None
    found["why_deepstream"] = "needs a graphics processor of one maker"
    return found


def _loop(
    scenes: Sequence[tuple[str, Clip, Clip]],
    detector: PackedDetector,
    tracker: Callable[[], Callable[[np.ndarray, float], object]],
) -> float:
    """Return the share of a core that one camera takes, over one turn of motion and rest of the first two places."""
    lasts_s, spent_s, told_s = 2.0, 0.0, 0.0
    for n in range(min(2, len(scenes)) * MOVING_SHARE):
        track, decode, due_s = tracker(), PictureDecoder(), 0.0
        frames = list(islice(_frames(n, scenes, lasts_s), int(lasts_s * FPS)))
        began_s = time.process_time()
        for frame in frames:
            picture: VideoFrame | None = decode(frame)
            if picture is not None and frame.at >= due_s:
                due_s += LOOK_S
                track(detector([Look(picture, (WHOLE,))])[0], frame.at)
        spent_s += time.process_time() - began_s
        told_s += lasts_s
    return spent_s / told_s


def _own_tracker() -> Callable[[np.ndarray, float], object]:
    return Tracker(BEGIN, slack=0.0).step


def _byte_track() -> Callable[[np.ndarray, float], object]:
    import supervision  # type: ignore[import-not-found]

    tracker = supervision.ByteTrack(frame_rate=5)

    def step(found: np.ndarray, _: float) -> object:
        boxes = found[:, :4] * [WIDTH, HEIGHT, WIDTH, HEIGHT]
        classes = found[:, 5].astype(int)
        return tracker.update_with_detections(supervision.Detections(boxes, confidence=found[:, 4], class_id=classes))

    return step
