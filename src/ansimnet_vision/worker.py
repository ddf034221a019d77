"""A process that watches cameras. The server starts several; each is a stranger to it.

    python -m ansimnet_vision.worker --relays FOLDER --outbox FILE [--models FOLDER] [--provider cpu] [--blame FILE]

On standard input one JSON line a message: `{"cameras": [configuration, …], "states": {camera: base64}}` says which
cameras it watches from now on. Standard output tells, a line each: `{"ready": …}` once, `{"beat": …}` every half second
with each camera's figures, `{"state": n}` and n bytes that a successor needs, `{"left": […]}` which cameras another may
have, `{"said": n}` that reports lie in the outbox. It ends with its input. It writes no picture anywhere.
"""

from __future__ import annotations

import argparse
import base64
import json
import mmap
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

import numpy as np
from av.video.frame import VideoFrame

from ansimnet_vision import registry
from ansimnet_vision.batch import PackedDetector
from ansimnet_vision.behaviours import build
from ansimnet_vision.detectors import NONE
from ansimnet_vision.engine import Engine, Told
from ansimnet_vision.feed import Arrived, Feed, Lost
from ansimnet_vision.motion import Motion, reduced
from ansimnet_vision.outbox import Outbox, same
from ansimnet_vision.poses import Poser
from ansimnet_vision.sightings.noter import Noter, describer
from ansimnet_vision.sound import cry, network
from ansimnet_vision.sound.cry import Spotter
from ansimnet_vision.sound.ears import Ears, Sounded
from ansimnet_vision.sound.network import Network
from ansimnet_vision.types import BEHAVIOURS, CameraConfig, Report, Signal

BEAT_S = 0.5
STATE_S = 1.0
"""How often a camera with tracks is kept for a successor; one without, every `QUIET_STATES`-th time."""
QUIET_STATES = 3
"""Less than the relay's ring holds (four seconds), which gives a successor the rest."""
REACH_S = 0.5
IDLE_S = 0.02
FRESH_S = 60.0
"""So long after a camera was taken over, what others have reported of it is looked up before anything is said."""
BACK_S = 8.0
"""How much of the past is asked for where a camera was not watched for a while; the relay keeps what it keeps."""

clock = time.time  # noqa: TID251 - a stranger process; the relay tells its frames' instants by the same clock


class Tell(Protocol):
    """How a process speaks: a line, and bytes behind it where the line says how many."""

    def __call__(self, message: dict[str, Any], data: bytes = b"") -> None: ...


class Worker:
    """One process's cameras, its outbox and its words."""

    def __init__(
        self,
        engine_of: Callable[[Told], Engine],
        outbox: Outbox,
        relays: Path,
        tell: Tell,
        sounds: Network | None = None,
        spotter: Spotter | None = None,
    ) -> None:
        self.engine = engine_of(self.report)
        self.ears = Ears(sounds, self._put, spotter) if sounds is not None else None
        self.outbox = outbox
        self.feed = Feed(relays, self._arrive)
        self._tell = tell
        self._since: dict[str, float] = {}
        self._said: dict[str, list[tuple[str, float, tuple[float, float, float, float]]]] = {}
        self._states = 0
        self._beat_s = self._state_s = self._reach_s = 0.0
        self.titles: dict[str, str] = {}

    def set(self, message: dict[str, Any]) -> None:
        """Watch the cameras of a message from the starter."""
        configs = [CameraConfig.of(c) for c in message["cameras"]]
        states = {k: base64.b64decode(v) for k, v in message.get("states", {}).items()}
        now_s, before = clock(), set(self._since)
        leaving = sorted(before - {c.camera_id for c in configs})
        for camera_id in leaving:
            self._keep(camera_id)
        self.engine.set(configs, states)
        if self.ears is not None:
            self.ears.set(configs)
        if leaving:
            self._tell({"left": leaving})
        self._since = {c.camera_id: self._since.get(c.camera_id, now_s) for c in configs}
        for config in configs:
            if config.camera_id not in before:
                line = self.engine.lines[UUID(config.camera_id).bytes]
                after_s = max(line.watch.last_s, now_s - BACK_S)
                self._said[config.camera_id] = self.outbox.said(config.camera_id, after_s - FRESH_S)
        wish = {}
        for config in configs:
            line = self.engine.lines[UUID(config.camera_id).bytes]
            wish[config.camera_id] = max(line.watch.last_s, now_s - BACK_S)
        self.feed.want(wish, [c.camera_id for c in configs if c.heat_c is not None])

    def report(self, config: CameraConfig, signals: Sequence[Signal]) -> None:
        """Write what a camera's behaviours say into the outbox, unless a predecessor has said it."""
        new = [s for s in signals if not self._known(config.camera_id, s)]
        reports = [_report(config, s, self.titles.get(s.behaviour, "rules@00000000")) for s in new]
        if reports:
            self._put(reports)
            self._keep(config.camera_id)

    def _put(self, reports: Sequence[Report]) -> None:
        self.outbox.put(reports)
        self._tell({"said": len(reports)})

    def _arrive(self, message: Arrived | Lost | Sounded) -> None:
        if not isinstance(message, Sounded):
            self.engine.arrive(message)
        elif self.ears is not None:
            self.ears.arrive(message)

    def _known(self, camera_id: str, signal: Signal) -> bool:
        if signal.at_s - self._since.get(camera_id, 0.0) > FRESH_S:
            self._said.pop(camera_id, None)
        return any(same(signal, *told) for told in self._said.get(camera_id, ()))

    def step(self) -> None:
        """Read, do one round, and say what is due."""
        now_s = clock()
        if now_s - self._reach_s >= REACH_S:
            self._reach_s = now_s
            self.feed.reach()
        while self.feed.read(0):
            pass
        if not self.engine.turn(now_s) and not self.feed.read(IDLE_S) and not self.feed.relays:
            time.sleep(IDLE_S)
        if now_s - self._beat_s >= BEAT_S:
            passed_s = now_s - self._beat_s if self._beat_s else BEAT_S
            self._beat_s = now_s
            self._tell({"beat": self.engine.numbers(now_s, passed_s), "relays": self.feed.relays})
        if now_s - self._state_s >= STATE_S:
            self._state_s = now_s
            self._states += 1
            for n, line in enumerate(self.engine.lines.values()):
                if line.watch.tracker.tracks or (self._states + n) % QUIET_STATES == 0:
                    self._keep(line.watch.config.camera_id)

    def _keep(self, camera_id: str) -> None:
        """Hand the starter what a successor needs. It keeps it in memory and gives it to our own kind alone."""
        line = self.engine.lines[UUID(camera_id).bytes]
        state = line.watch.state()
        self._tell({"state": len(state), "camera_id": camera_id}, state)


def _report(config: CameraConfig, signal: Signal, title: str) -> Report:
    x1, y1, x2, y2 = (min(1.0, max(0.0, float(v))) for v in signal.box)
    box = (x1, y1, x2, y2) if x1 < x2 and y1 < y2 else (0.0, 0.0, 1.0, 1.0)
    foot = config.foot(box)
    evidence = {"score": float(signal.score), **{k: float(v) for k, v in signal.evidence.items()}}
    return Report(
        id=str(uuid4()),
        camera_id=config.camera_id,
        behaviour=signal.behaviour,
        at=signal.at_s,
        since=min(signal.since_s, signal.at_s),
        probability=signal.probability,
        box=box,
        tracks=tuple(int(t) for t in signal.tracks),
        place=None if foot is None else config.place(foot),
        evidence=evidence,
        model=title,
        shadow=signal.behaviour in config.shadow,
    )


def blaming(file: Path | None) -> Callable[[bytes], None]:
    """Return what notes whose frame is decoded, so that whoever finds us dead knows whose it was."""
    if file is None:
        return lambda _: None
    opened = os.open(file, os.O_CREAT | os.O_RDWR, 0o600)
    os.ftruncate(opened, 16)
    room = mmap.mmap(opened, 16)

    def note(camera: bytes) -> None:
        room[:16] = camera

    return note


def loaded(folder: Path | None, provider: str) -> tuple[PackedDetector | None, Poser | None, list[registry.Card]]:
    """Return the models whose files stand as their cards say, and those cards."""
    here = registry.usable(folder)
    cards = [registry.cards()[name] for name in here]
    try:
        detector = PackedDetector(here["nanodet"], provider) if "nanodet" in here else None
        poser = Poser(here["movenet-lightning"], provider) if "movenet-lightning" in here else None
    except ImportError:  # onnxruntime is not installed: motion alone
        return None, None, []
    return detector, poser, cards


def _card(card: registry.Card) -> dict[str, Any]:
    """Return a card as the server keeps it."""
    return {
        "name": card.name,
        "sha256": card.sha256,
        "behaviours": list(card.needed_by),
        "task": card.task,
        "licence": dict(card.licence),
        "source": f"{card.source.registry}:{card.source.package}@{card.source.version}",
        "input": card.input,
        "quality": [dict(q) for q in card.quality],
        "limits": card.limits,
    }


def main() -> None:
    """Watch until the input ends."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--relays", type=Path, required=True, help="folder of the relays' sockets")
    options.add_argument("--outbox", type=Path, required=True, help="where reports wait for the server")
    options.add_argument("--models", type=Path, help="folder of the weights")
    options.add_argument("--provider", default="cpu", help="execution provider of onnxruntime")
    options.add_argument("--blame", type=Path, help="where the camera is noted whose frame is decoded")
    chosen = options.parse_args()
    said = sys.stdout.buffer
    sys.stdout = sys.stderr  # nobody's print may break the lines

    def tell(message: dict[str, Any], data: bytes = b"") -> None:
        said.write(json.dumps(message).encode() + b"\n" + data)
        said.flush()

    detector, poser, cards = loaded(chosen.models, chosen.provider)
    note = blaming(chosen.blame)
    _warm()

    outbox = Outbox(chosen.outbox)
    noter = Noter(describer(chosen.models, poser, chosen.provider), outbox.note) if detector is not None else None

    def engine(report: Told) -> Engine:
        return Engine(detector, poser, lambda config: build(config, chosen.models), report, note, noter)

    sounds = network.found(chosen.models)
    spotter = cry.found()
    worker = Worker(engine, outbox, chosen.relays, tell, sounds, spotter)
    shown = [*cards, *registry.learned(chosen.models)]
    worker.titles = _titles(shown)
    covers = registry.not_covered(BEHAVIOURS, [c.name for c in cards], chosen.models)
    covers |= network.not_covered(sounds) | cry.not_covered(spotter if sounds is not None else None)
    models = [_card(c) for c in shown] + ([sounds.shown()] if sounds is not None else [])
    tell({"ready": {"pid": os.getpid(), "models": models, "covers": covers}})
    inbox: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(inbox,), daemon=True).start()
    while True:
        while not inbox.empty():
            line = inbox.get()
            if line is None:
                return
            worker.set(json.loads(line))
        worker.step()


def _warm() -> None:
    """Compile what is compiled on first use, before anybody counts on us."""
    motion = Motion()
    for light in (0, 40):
        picture = np.zeros((360, 640), np.uint8)
        picture[::16] = light
        motion(reduced(VideoFrame.from_ndarray(picture, format="gray")), NONE)


def _read(inbox: queue.SimpleQueue[str | None]) -> None:
    for line in sys.stdin:
        inbox.put(line)
    inbox.put(None)


def _titles(cards: Sequence[registry.Card]) -> dict[str, str]:
    """Return, for each behaviour, the model that its reports name: the last card that it needs."""
    return {behaviour: card.title for card in cards for behaviour in card.needed_by}


if __name__ == "__main__":
    main()
