"""Every camera of one worker: decode each stream once, look where something asks for it, judge, report.

    feed → queues → decoders → watches ─ asks → one detector, in rounds with a budget ─ found → watches → signals

One turn of `Engine.turn` is one round. Nothing here waits, and a camera that breaks breaks alone.
"""

from __future__ import annotations

import math
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from ansimnet_vision.batch import Look, PackedDetector
from ansimnet_vision.detectors import Found
from ansimnet_vision.feed import Arrived, Lost, PictureDecoder, Queue
from ansimnet_vision.heat import HeatWatch
from ansimnet_vision.poses import Poser
from ansimnet_vision.rounds import Ask, chosen
from ansimnet_vision.sightings.noter import Noter
from ansimnet_vision.types import Behaviour, CameraConfig, Signal
from ansimnet_vision.watching import CameraWatch, Pending

ROUND_S = 0.1
"""Processor time that one round may spend on looks, and as much on joints: a tenth of a second of latency each."""
DECODE_S = 0.15
"""Processor time that one round may spend on decoding before somebody is looked at again."""
LATE_S = 2.0
"""Frames older than this give way to the newest group of pictures: an alarm of the past helps nobody."""
FIRST_PIXEL_S = 4e-7
"""A pixel of the detector's input, until measured: a slow core."""
MOST_BROKEN = 3
"""So often behaviours may raise in a row before a camera is called broken."""

Build = Callable[[CameraConfig], Behaviour]
Told = Callable[[CameraConfig, Sequence[Signal]], None]


@dataclass(slots=True)
class Numbers:
    """What is counted of a camera since the last beat."""

    arrived: int = 0
    decoded: int = 0
    analysed: int = 0
    looked: int = 0
    unjudged: int = 0
    waited_looks: int = 0
    spent_s: float = 0.0
    lag_s: float = 0.0


@dataclass(slots=True)
class Warmth:
    """The heat sensor of one camera."""

    watch: HeatWatch
    decode: PictureDecoder = field(default_factory=PictureDecoder)
    queue: Queue = field(default_factory=Queue)


@dataclass(slots=True)
class Line:
    """One camera of a worker, with its heat sensor where it has one."""

    watch: CameraWatch
    warmth: Warmth | None = None
    decode: PictureDecoder = field(default_factory=PictureDecoder)
    queue: Queue = field(default_factory=Queue)
    numbers: Numbers = field(default_factory=Numbers)
    broken: int = 0


class Engine:
    """`report` is called with a camera's signals at once; `decoding` with the camera whose frame is decoded next."""

    def __init__(
        self,
        detector: PackedDetector | None,
        poser: Poser | None,
        build: Build,
        report: Told,
        decoding: Callable[[bytes], None] = lambda _: None,
        noter: Noter | None = None,
    ) -> None:
        self.lines: dict[bytes, Line] = {}
        self._detector = detector
        self._poser = poser
        self._build = build
        self._report = report
        self._decoding = decoding
        self._noter = noter
        self._pixel_s = FIRST_PIXEL_S
        self._turn = 0

    # --- which cameras

    def set(self, configs: Sequence[CameraConfig], states: Mapping[str, bytes]) -> None:
        """Watch exactly these cameras. One whose configuration changed begins its behaviours anew, not its tracks."""
        wanted = {UUID(c.camera_id).bytes: c for c in configs}
        for key in self.lines.keys() - wanted.keys():
            if self._noter is not None:
                self._noter.left(self.lines[key].watch.config)
            del self.lines[key]
        for key, config in wanted.items():
            line = self.lines.get(key)
            if line is None:
                line = self.lines[key] = Line(CameraWatch(config, self._build(config)), self._warmth(config))
                if config.camera_id in states:
                    self._resume(line, states[config.camera_id])
            elif line.watch.config != config:
                line.watch.config, line.watch.behaviours, line.broken = config, self._build(config), 0
                line.warmth = self._warmth(config)
            else:
                line.watch.config = config  # keys of sightings change by the hour

    def _warmth(self, config: CameraConfig) -> Warmth | None:
        """Return a new memory of a camera's heat sensor: the place is learned anew within seconds."""
        return None if config.heat_c is None else Warmth(HeatWatch(config, self._build))

    def _resume(self, line: Line, state: bytes) -> None:
        try:
            line.watch.resume(state)
        except Exception:  # another version wrote it: begin anew
            traceback.print_exc(file=sys.stderr)
            line.watch = CameraWatch(line.watch.config, self._build(line.watch.config))

    # --- frames

    def arrive(self, message: Arrived | Lost) -> None:
        """Take one message of the feed."""
        line = self.lines.get(message.camera)
        if line is None:
            return
        if message.heat:
            self._arrive_heat(line, message)
            return
        if isinstance(message, Lost):
            line.queue.broken = True
            return
        line.numbers.arrived += 1
        line.queue.put(message)

    @staticmethod
    def _arrive_heat(line: Line, message: Arrived | Lost) -> None:
        if line.warmth is None:
            return
        if isinstance(message, Lost):
            line.warmth.queue.broken = True
        else:
            line.warmth.queue.put(message)

    def turn(self, now_s: float) -> bool:
        """Do one round at an instant (seconds since 1970); return whether anything was done."""
        self._turn += 1
        self._decode_all(now_s)
        ready = [line for line in self._in_turn() if line.watch.pending is not None]
        asks = [Ask((line, ask.what), ask.waited_s, ask.need, ask.cost) for line, ask in self._asked(ready)]
        found = self._look(asks)
        poses_until_s = time.process_time() + ROUND_S

        def poser() -> Poser | None:
            return self._poser if time.process_time() < poses_until_s else None

        for line in ready:
            self._judge(line, found.get(id(line)), poser, now_s)
        for line in self.lines.values():
            if line.warmth is not None:
                self._feel(line, line.warmth, now_s)
        noted = self._noter.work() if self._noter is not None else 0
        return bool(ready or noted)

    def _in_turn(self) -> list[Line]:
        """Return the cameras, another one first each time: what is scarce goes round."""
        lines = list(self.lines.values())
        first = self._turn % len(lines) if lines else 0
        return lines[first:] + lines[:first]

    def _decode_all(self, now_s: float) -> None:
        until_s = time.process_time() + DECODE_S
        for line in self._in_turn():
            if line.queue.frames and now_s - line.queue.frames[0].at > LATE_S:
                line.queue.catch_up()
            while (frame := line.queue.take()) is not None:
                began_s = time.process_time()
                self._decode(line, frame)
                ended_s = time.process_time()
                line.numbers.spent_s += ended_s - began_s
                if ended_s > until_s or (line.watch.pending is not None and line.queue.frames and self._full(line)):
                    break
            if time.process_time() > until_s:
                return

    def _feel(self, line: Line, warmth: Warmth, now_s: float) -> None:
        """Judge what a heat sensor sent: its pictures are small, and all that wait are taken."""
        if warmth.queue.frames and now_s - warmth.queue.frames[0].at > LATE_S:
            warmth.queue.catch_up()
        began_s = time.process_time()
        while (frame := warmth.queue.take()) is not None:
            self._decoding(frame.camera)
            try:
                picture = warmth.decode(frame)
                signals = warmth.watch.step(picture, frame.at) if picture and warmth.watch.wants(frame.at) else []
            except Exception:
                self._broke(line)
                return
            if signals:
                self._report(line.watch.config, signals)
        line.numbers.spent_s += time.process_time() - began_s

    @staticmethod
    def _full(line: Line) -> bool:
        """Return whether a picture waits that the next frame would replace: after a pause every fifth of a second
        that was kept is judged, not the last one alone."""
        return line.watch.wants(line.queue.frames[0].at)

    def _decode(self, line: Line, frame: Arrived) -> None:
        self._decoding(frame.camera)
        try:
            picture = line.decode(frame)
            if picture is None:
                return
            line.numbers.decoded += 1
            if line.watch.wants(frame.at):
                line.numbers.analysed += 1
                line.numbers.unjudged += line.watch.take(picture, frame.at)
        except Exception:
            self._broke(line)

    # --- looks

    def _asked(self, ready: Sequence[Line]) -> list[tuple[Line, Ask[Look]]]:
        if self._detector is None:
            return []
        asks = []
        for line in ready:
            try:
                ask = line.watch.ask()
            except Exception:
                self._broke(line)
                continue
            if ask is not None:
                asks.append((line, ask))
        return asks

    def _look(self, asks: Sequence[Ask[tuple[Line, Look]]]) -> dict[int, Found]:
        """Return what was found for each camera that was looked at."""
        if not asks or self._detector is None:
            return {}
        now = chosen(asks, ROUND_S / self._pixel_s)
        taken = {id(a.what[0]) for a in now}
        for ask in asks:
            ask.what[0].numbers.waited_looks += id(ask.what[0]) not in taken
        began_s, before = time.process_time(), self._detector.pixels
        looks = self._detector([a.what[1] for a in now])
        spent_s = time.process_time() - began_s
        shown = max(1, sum(a.cost for a in now))
        if self._detector.pixels > before:
            self._pixel_s = 0.9 * self._pixel_s + 0.1 * spent_s / shown
        found: dict[int, Found] = {}
        for ask, boxes in zip(now, looks, strict=True):
            line = ask.what[0]
            line.numbers.looked += 1
            line.numbers.spent_s += spent_s * ask.cost / shown
            found[id(line)] = boxes
        return found

    def _judge(self, line: Line, found: Found | None, poser: Callable[[], Poser | None], now_s: float) -> None:
        pending = line.watch.pending
        assert pending is not None
        began_s = time.process_time()
        try:
            signals = line.watch.finish(found, poser)
            self._note(line.watch, pending)
            line.broken = 0
        except Exception:
            self._broke(line)
            signals = []
        line.numbers.spent_s += time.process_time() - began_s
        line.numbers.lag_s = max(line.numbers.lag_s, now_s - pending.at_s)
        if signals:
            self._report(line.watch.config, signals)

    def _note(self, watch: CameraWatch, judged: Pending) -> None:
        if self._noter is not None and watch.config.sightings:
            alive = {t.number for t in watch.tracker.tracks}
            self._noter.saw(watch.config, judged.picture, judged.at_s, watch.seen, alive)

    def _broke(self, line: Line) -> None:
        """Let one camera begin anew after an error of ours; the others go on."""
        line.broken += 1
        if line.broken <= MOST_BROKEN:
            print(f"camera {line.watch.config.camera_id}", file=sys.stderr)
            traceback.print_exc(file=sys.stderr)
        line.watch = CameraWatch(line.watch.config, self._build(line.watch.config))
        line.decode = PictureDecoder()
        line.warmth = self._warmth(line.watch.config)

    # --- what is told

    def numbers(self, now_s: float, passed_s: float) -> dict[str, dict[str, float]]:
        """Return each camera's figures since the last call: rates a second, age of the newest judged picture."""
        out = {}
        for key, line in self.lines.items():
            n, line.numbers = line.numbers, Numbers()
            last_s = line.watch.last_s
            figures = {
                "arrived_fps": n.arrived / passed_s,
                "analysed_fps": n.analysed / passed_s,
                "looks_per_s": n.looked / passed_s,
                "waited_looks": n.waited_looks,
                "dropped": line.queue.dropped + n.unjudged,
                "queue": len(line.queue.frames),
                "queue_age_s": now_s - line.queue.frames[0].at if line.queue.frames else 0.0,
                "age_s": now_s - last_s if math.isfinite(last_s) else -1.0,
                "lag_s": n.lag_s,
                "load": n.spent_s / passed_s,
                "broken": line.broken + line.decode.broken,
            }
            out[str(UUID(bytes=key))] = {name: round(value, 3) for name, value in figures.items()}
            line.queue.dropped = 0
        return out
