"""One camera at a protected person's door, in a process of its own: no other process ever has a template in memory.

    python -m ansimnet_vision.faces.home --models FOLDER

Standard input and output carry the messages of `wire`. It pulls the camera's stream itself, records nothing, writes no
file, and knows neither whose door it is nor who is enrolled. Somebody who crosses the guard line, enters the guarded
zone or lingers becomes a candidate; candidates' faces are compared, nobody else's. A match is told as such; a candidate
whom nobody recognised is told as an intrusion, without a guess who it is.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID, uuid4

import av
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ansimnet.kernel.clock import monotonic_s, now
from ansimnet_vision.behaviours.intrusion import Intrusion
from ansimnet_vision.behaviours.loitering import Loitering
from ansimnet_vision.detectors import KINDS, PERSON, detectors
from ansimnet_vision.faces import wire
from ansimnet_vision.faces.clip import STEP_S, WIDTH, Clip, Ring, Shot, hidden, jpeg
from ansimnet_vision.faces.gallery import LENGTH
from ansimnet_vision.faces.watch import Match, Watch
from ansimnet_vision.spot import Spotter
from ansimnet_vision.types import Behaviour, Box, CameraConfig, Scene, Seen

LOOK_S = 0.2
"""Pictures between which people and faces are looked for: five a second."""
KEPT_FPS = 12.5
FACES_WIDTH = 1280
"""Widest picture in which faces are looked for: a face 45 px across at 4 m from a 90 degree lens."""
UNKNOWN_S = 10.0
"""A candidate who is not recognised for so long is told as an intrusion. Ours; the set-up may say otherwise."""
QUIET_S = 120.0
"""Between two intrusions told of one camera: a courier who comes and goes is one. Ours. Matches know no such pause."""
ALIVE_S = 5.0
AGAIN_S = 2.0
GONE_S = 3.0
EXIT_NO_MODELS = 3


@dataclass(frozen=True, slots=True)
class Setup:
    """How one camera is set up. `hide`: polygons in parts of the picture: the household, the neighbour's door."""

    source: str
    config: CameraConfig
    hide: tuple[tuple[tuple[float, float], ...], ...] = ()
    colour: bool = True
    unknown_s: float = UNKNOWN_S
    paced: bool = False

    @staticmethod
    def of(document: dict[str, Any]) -> Setup:
        """Return the set-up in a JSON document."""
        return Setup(
            source=str(document["source"]),
            config=CameraConfig.of(document["config"]),
            hide=tuple(tuple((float(x), float(y)) for x, y in zone) for zone in document.get("hide", ())),
            colour=bool(document.get("colour", True)),
            unknown_s=float(document.get("unknown_s", UNKNOWN_S)),
            paced=bool(document.get("paced", False)),
        )


@dataclass(slots=True)
class _Candidate:
    since_s: float
    seen_s: float
    box: Box
    told: bool = False


@dataclass(slots=True)
class Door:
    """Everything remembered of one camera; pictures in, messages out."""

    setup: Setup
    watch: Watch
    spotter: Spotter
    say: Callable[[bytes], None]
    ring: Ring = field(default_factory=Ring)
    unfit: Counter[str] = field(default_factory=Counter)
    _candidates: dict[int, _Candidate] = field(default_factory=dict)
    _clips: list[Clip] = field(default_factory=list)
    _waiting: list[Shot] = field(default_factory=list)
    _looked: Shot | None = None
    _kept_s: float = 0.0
    _looked_s: float = 0.0
    _quiet_s: float = 0.0
    _masks: dict[tuple[int, int], NDArray[np.bool_]] = field(default_factory=dict)
    show: bool = False
    _behaviours: tuple[Behaviour, ...] = ()

    def __post_init__(self) -> None:
        self._behaviours = (Intrusion(self.setup.config), Loitering(self.setup.config))

    def take(self, frame: VideoFrame, at_s: float) -> None:
        """Take one picture of the camera."""
        if at_s - self._kept_s < 0.9 / KEPT_FPS:
            return
        self._kept_s = at_s
        small = self._masked(frame, WIDTH)
        shot = Shot(at_s, small, None)
        if at_s - self._looked_s >= LOOK_S:
            self._looked_s = at_s
            shot.people = self._look(frame, small, at_s)
        self.ring.push(shot)
        self._waiting.append(shot)
        if shot.people is not None:
            self._film(shot)

    def _masked(self, frame: VideoFrame, widest: int) -> NDArray[np.uint8]:
        width = min(widest, frame.width) & ~1
        height = round(frame.height * width / frame.width) & ~1
        picture = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
        if (height, width) not in self._masks:
            self._masks[height, width] = drawn(self.setup.hide, height, width)
        picture[self._masks[height, width]] = 0
        return np.asarray(picture, np.uint8)

    def _look(self, frame: VideoFrame, small: NDArray[np.uint8], at_s: float) -> tuple[tuple[int, Box], ...]:
        objects = self.spotter.look(VideoFrame.from_ndarray(small, format="rgb24"), at_s)
        seen = tuple(
            Seen(int(track), KINDS.index(kind), (x1, y1, x2, y2), score, at_s)
            for track, kind, x1, y1, x2, y2, score in objects
        )
        people = tuple(s for s in seen if s.kind == PERSON)
        scene = Scene(at_s, people, small[::4, ::4, 1], 0.0)
        for signal in (s for b in self._behaviours for s in b.step(scene)):
            for track in signal.tracks:
                self._candidates.setdefault(track, _Candidate(at_s, at_s, signal.box))
        here = [s for s in people if s.track in self._candidates]
        for s in here:
            self._candidates[s.track].seen_s, self._candidates[s.track].box = at_s, s.box
        if here:
            for match in self.watch.step(self._masked(frame, FACES_WIDTH), here):
                self._alert(match.track, at_s, match)
        self._unknown(at_s)
        return tuple((s.track, s.box) for s in seen)

    def _unknown(self, at_s: float) -> None:
        """Tell a candidate whom nobody recognised, and forget those who left."""
        for track, who in list(self._candidates.items()):
            gone = at_s - who.seen_s > GONE_S
            if not who.told and (gone or at_s - who.since_s >= self.setup.unknown_s):
                who.told = True
                if at_s - self._quiet_s >= QUIET_S:
                    self._quiet_s = at_s
                    self._alert(track, at_s, None)
            if gone:
                self.unfit.update(self.watch.gone([track]))
                del self._candidates[track]

    def _alert(self, track: int, at_s: float, match: Match | None) -> None:
        who = self._candidates[track]
        who.told = True
        alert_id = str(uuid4())
        unable = None if match is not None or not self.watch.gallery.enrolled else self.watch.unable(track)
        self.say(
            wire.said(
                event="alert",
                alert_id=alert_id,
                kind="match" if match else "intrusion",
                template_id=str(match.template_id) if match else None,
                at=at_s,
                since=who.since_s,
                decided_at=now().timestamp(),
                ratio=round(match.ratio, 2) if match else None,
                faces=match.faces if match else 0,
                unable=unable,
                box=who.box,
            )
        )
        clip = Clip(alert_id, track if match else None, at_s)
        self._append(clip, list(self.ring.shots))
        self._send(clip, at_s)
        self._clips.append(clip)

    def _append(self, clip: Clip, shots: list[Shot]) -> None:
        """Add pictures to a clip; those nobody looked at are hidden as in the two around them."""
        looked = [i for i, s in enumerate(shots) if s.people is not None]
        for i, shot in enumerate(shots):
            near = [shots[k] for k in looked if abs(k - i) <= 3 and k != i]
            before = [self._looked] if self._looked is not None and not near else []
            clip.add(shot, (*near, *before))

    def _film(self, shot: Shot) -> None:
        """Add what waited to the clips that grow, and send what has grown enough."""
        for clip in list(self._clips):
            self._append(clip, [s for s in self._waiting if s.at_s <= clip.until_s])
            if shot.at_s >= clip.until_s or shot.at_s - clip.sent_s >= STEP_S:
                self._send(clip, shot.at_s)
                if shot.at_s >= clip.until_s:
                    self._clips.remove(clip)
        self._looked = shot
        self._waiting.clear()
        if self.show:
            self.show = False
            self.say(wire.packed(wire.PICTURE, jpeg(hidden(shot, (), None))))

    def _send(self, clip: Clip, at_s: float) -> None:
        whole = at_s >= clip.until_s
        clip.sent_s = at_s
        head = {"alert_id": clip.alert_id, "complete": whole}
        data = clip.grown(whole=whole)
        self.say(wire.grown({**head, "seconds": round(clip.seconds, 1)}, data))


def drawn(zones: tuple[tuple[tuple[float, float], ...], ...], height: int, width: int) -> NDArray[np.bool_]:
    """Return where polygons (parts of the picture) lie in a picture: even-odd rule, by the middle of each pixel."""
    out = np.zeros((height, width), np.bool_)
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    for zone in zones:
        within = np.zeros_like(out)
        for (ax, ay), (bx, by) in zip(zone, (*zone[1:], zone[0]), strict=True):
            if ay != by:
                within ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
        out |= within
    return out


def pictures(setup: Setup) -> Iterator[VideoFrame]:
    """Yield the camera's pictures. A file is played at its own pace.

    Raises:
        FFmpegError: the camera does not answer, or hangs up.
    """
    live = "://" in setup.source
    options = {"rtsp_transport": "tcp", "timeout": "5000000"} if live else {}
    began: float | None = None
    with av.open(setup.source, "r", options=options) as box:
        stream = box.streams.video[0]
        stream.thread_count = 1
        for frame in box.decode(stream):
            if setup.paced and frame.time is not None:
                began = monotonic_s() - frame.time if began is None else began
                threading.Event().wait(max(0.0, began + frame.time - monotonic_s()))
            yield frame


def obey(orders: deque[tuple[int, bytearray]], door: Door) -> None:
    """Do what the server asked for since the last picture."""
    while orders:
        kind, body = orders.popleft()
        if kind == wire.ENROL:
            template = np.frombuffer(body, np.float32, LENGTH, 16)
            door.watch.gallery.enrol(UUID(bytes=bytes(body[:16])), template)
        elif kind == wire.FORGET:
            door.watch.gallery.forget(UUID(bytes=bytes(body)))
        elif kind == wire.LOOK:
            door.show = True


def serve(source: BinaryIO, out: BinaryIO, models: Path, *, wiping: bool = True) -> int:
    """Watch one door until the input ends; return the exit code. `wiping` off: see `Gallery`."""
    first = wire.read(source)
    if first is None:
        return 0
    setup = Setup.of(json.loads(bytes(first[1])))
    if not all((models / name).is_file() for name in ("nanodet.slim.onnx", "centerface.onnx", "dlib_face.onnx")):
        out.write(wire.said(event="uncovered", reason="models-missing"))
        return EXIT_NO_MODELS
    orders: deque[tuple[int, bytearray]] = deque()
    ended = threading.Event()

    def listen() -> None:
        while (message := wire.read(source)) is not None:
            orders.append(message)
        ended.set()

    threading.Thread(target=listen, daemon=True).start()

    def say(message: bytes) -> None:
        out.write(message)
        out.flush()

    people = [d for d in detectors(models) if type(d).__name__ == "PersonDetector"]
    door = Door(setup, Watch(models, colour=setup.colour, wiping=wiping), Spotter(people), say)
    say(wire.said(event="ready"))
    while not ended.is_set():
        try:
            _watch(door, orders, ended)
            reason = "camera-ended"
        except (FFmpegError, OSError):
            reason = "camera-away"
        if not ended.is_set():
            say(wire.said(event="lost", reason=reason))
            ended.wait(AGAIN_S)
    return 0


def _watch(door: Door, orders: deque[tuple[int, bytearray]], ended: threading.Event) -> None:
    told_s = 0.0
    for frame in pictures(door.setup):
        if ended.is_set():
            return
        obey(orders, door)
        at_s = now().timestamp()
        door.take(frame, at_s)
        if at_s - told_s >= ALIVE_S:
            told_s = at_s
            door.say(wire.said(event="alive", at=at_s, enrolled=len(door.watch.gallery.enrolled), unfit=door.unfit))
            door.unfit = Counter()


def main() -> None:
    """Serve standard input and output."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--models", type=Path, required=True, help="folder of the weights")
    chosen = options.parse_args()
    with open(0, "rb", buffering=0, closefd=False) as source:
        sys.exit(serve(source, sys.stdout.buffer, chosen.models))


if __name__ == "__main__":
    main()
