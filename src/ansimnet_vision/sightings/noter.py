"""Makes notes of parts of tracks: looks at their best pictures once more, seals what it saw, forgets the pictures.

Notes wait for time: alarms come first, so a round of the engine gives them what processor time it can spare, and what
waits too long is dropped, oldest first, and counted.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import numpy as np
from av.video.frame import VideoFrame

from ansimnet_vision import registry
from ansimnet_vision.plates import network
from ansimnet_vision.plates.reading import PlateReader, Read, agreed
from ansimnet_vision.poses import Poser
from ansimnet_vision.sightings import colours, regions
from ansimnet_vision.sightings.closer import NOTHING, Close, Closer
from ansimnet_vision.sightings.gather import Crop, Gatherer, Part
from ansimnet_vision.sightings.looks import Looks, Stripes, as_bytes, looks_of, together
from ansimnet_vision.sightings.note import Sighting
from ansimnet_vision.sightings.seal import Sealed, sealed
from ansimnet_vision.types import PERSON, CameraConfig, Pose, Seen

WORK_S = 0.05
"""Processor time that one round may spend on notes: half of what it may spend on looks. Ours."""
MOST_WAITING = 200
"""Parts with four pictures of 40 kB each: 32 MB. Ours."""
LEAST_JOINTS = 48
"""Pixels of height below which joints are guesses, and the box serves. Ours."""
_GREY = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, slots=True, eq=False)
class Describer:
    """Whatever of this machine's models can say something of a picture. Faces are no part of it."""

    looks: Looks = field(default_factory=Stripes)
    poser: Poser | None = None
    closer: Closer | None = None
    plates: PlateReader | None = None

    def __call__(self, config: CameraConfig, part: Part) -> Sighting:
        """Return what is noted of a part of a track."""
        foot, close = part.foot, self._close(part)
        rides = close.rides if part.kind == PERSON else None
        person = part.kind == PERSON
        upper, lower = self._cloth(part.crops) if person else ([], [])
        lacquer = [] if person else [colours.of_vehicle(regions.panel(c.rgb), c.light) for c in part.crops]
        reads = [] if person or self.plates is None else [r for c in part.crops if (r := _read(self.plates, c))]
        bicycle = not person and close.vehicle == "bicycle"
        return Sighting(
            id=str(uuid4()),
            camera_id=config.camera_id,
            from_s=part.from_s,
            until_s=part.until_s,
            kind="cyclist" if rides or bicycle else "person" if person else "vehicle",
            place=None if foot is None else config.place(foot),
            heading_deg=part.heading_deg(),
            upper=colours.agreed(upper),
            lower=colours.agreed(lower),
            carried=close.carried if person else (),
            vehicle=rides if person else close.vehicle,
            lacquer=colours.agreed(lacquer),
            plate=agreed(reads),
            shot=(part.crops[0].at_s, *part.crops[0].box) if part.crops else None,
            appearance=as_bytes(together([self.looks(c.rgb) for c in part.crops])) if part.crops else b"",
        )

    def _close(self, part: Part) -> Close:
        return self.closer(part.crops[0].rgb) if self.closer is not None and part.crops else NOTHING

    def _cloth(self, crops: Sequence[Crop]) -> tuple[list[colours.Named], list[colours.Named]]:
        upper, lower = list[colours.Named](), list[colours.Named]()
        for crop in crops:
            above, below = regions.body(crop.rgb, self._joints(crop))
            upper.append(colours.of_cloth(above, crop.light))
            lower.append(colours.of_cloth(below, crop.light))
        return upper, lower

    def _joints(self, crop: Crop) -> Pose | None:
        if self.poser is None or crop.rgb.shape[0] < LEAST_JOINTS:
            return None
        return self.poser(crop.rgb, (0.05, 0.05, 0.95, 0.95))


def _read(reader: PlateReader, crop: Crop) -> Read | None:
    return reader(np.ascontiguousarray((crop.rgb @ _GREY).astype(np.float32)))


class Noter:
    """Notes of all cameras of a worker. `put` is called with what was sealed, in order."""

    def __init__(self, describe: Describer, put: Callable[[Sequence[Sealed]], None]) -> None:
        self._describe = describe
        self._put = put
        self._gather: dict[str, Gatherer] = {}
        self._waiting: deque[tuple[CameraConfig, Part]] = deque()
        self.dropped = 0
        """Parts that nobody had time for, or whose hour had no key."""

    def saw(
        self, config: CameraConfig, picture: VideoFrame, at_s: float, seen: Sequence[Seen], alive: Collection[int]
    ) -> None:
        """Take in one judged frame of a camera of which sightings may be noted."""
        gather = self._gather.setdefault(config.camera_id, Gatherer())
        self._wait(config, gather.step(picture, at_s, seen, alive))

    def left(self, config: CameraConfig) -> None:
        """End the tracks of a camera that is given away, or of which nothing may be noted any more."""
        gather = self._gather.pop(config.camera_id, None)
        if gather is not None:
            self._wait(config, gather.end())

    def _wait(self, config: CameraConfig, parts: Sequence[Part]) -> None:
        self._waiting.extend((config, part) for part in parts)
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self.dropped += 1

    def work(self, budget_s: float = WORK_S) -> int:
        """Make notes until the processor time is spent; return how many. At least one is made if any waits."""
        until_s, notes, done = time.process_time() + budget_s, list[Sealed](), 0
        while self._waiting and (not done or time.process_time() < until_s):
            config, part = self._waiting.popleft()
            done += 1
            note = sealed(self._describe(config, part), config.sightings)
            if note is None:
                self.dropped += 1
            else:
                notes.append(note)
        if notes:
            self._put(notes)
        return done


def describer(folder: Path | None, poser: Poser | None, provider: str = "cpu") -> Describer:
    """Return a describer with the models that stand on this machine as their cards say."""
    here = registry.usable(folder)
    closer = Closer(here["nanodet"], provider) if "nanodet" in here else None
    plates = PlateReader(network.Networks(provider=provider)) if network.WEIGHTS.is_file() else None
    return Describer(looks_of(here.get("mobilenetv2"), provider), poser, closer, plates)
