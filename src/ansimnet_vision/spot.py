"""Says where people, vehicles and faces are in a video: fragmented MP4 on standard input, one JSON line a picture out.

    python -m ansimnet_vision.spot [--models FOLDER] [--every N] [--tiles]

A line: `{"pts": ticks, "objects": [[track, kind, x1, y1, x2, y2, score], …]}`, boxes in parts of the picture. Pictures
between the looked-at ones have no line. Without weights only motion is told. Reads no network, writes no file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.video.frame import VideoFrame

from ansimnet_vision.detectors import KINDS, NONE, PERSON, QUARTERS, WHOLE, FaceDetector, PersonDetector, detectors
from ansimnet_vision.motion import WIDTH, Motion
from ansimnet_vision.tracking import Tracker

CLOCK_HZ = 90_000
"""The relay's fragments count so (RTP clock of H.264)."""
Object = tuple[str, str, float, float, float, float, float]
"""Track, kind, x1, y1, x2, y2 in parts of the picture, score."""


class Spotter:
    """Everything that looks at one camera's pictures, in order."""

    def __init__(self, looking: Iterable[PersonDetector | FaceDetector]) -> None:
        self._detectors = list(looking)
        self._motion = Motion()
        self._tracker = Tracker()

    def look(self, picture: VideoFrame, at_s: float) -> list[Object]:
        """Return what is in a picture that was taken at `at_s` (seconds of the stream)."""
        found = NONE
        if self._detectors:
            rgb = np.asarray(picture.to_ndarray(format="rgb24"), np.uint8)
            found = np.concatenate([d(rgb) for d in self._detectors])
        people = found[(found[:, 5] == PERSON) & (found[:, 4] >= 0.3)]
        small = picture.reformat(width=WIDTH, height=max(2, WIDTH * picture.height // picture.width), format="gray")
        luma = np.asarray(small.to_ndarray(), np.uint8)
        found = np.concatenate([found, self._motion(luma, people)])
        numbers = self._tracker.step(found, at_s)
        return [
            (str(number), KINDS[int(row[5])], *(round(float(v), 4) for v in row[:5]))  # type: ignore[misc]
            for number, row in zip(numbers, found, strict=True)
            if number is not None
        ]


def spotted(source: BinaryIO | str, spotter: Spotter, every: int) -> Iterator[tuple[int, list[Object]]]:
    """Yield presentation time (ticks of `CLOCK_HZ`) and objects of every `every`-th picture."""
    with av.open(source, "r") as box:
        stream = box.streams.video[0]
        stream.thread_count = 1
        for n, picture in enumerate(box.decode(stream)):
            if n % every == 0 and picture.time is not None:
                yield round(picture.time * CLOCK_HZ), spotter.look(picture, picture.time)


def main() -> None:
    """Look until the input ends."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--models", type=Path, help="folder of the weights")
    options.add_argument("--every", type=int, default=1, help="look at every N-th picture only")
    options.add_argument("--tiles", action="store_true", help="look at quarters too: five times the work")
    chosen = options.parse_args()
    spotter = Spotter(detectors(chosen.models, QUARTERS if chosen.tiles else WHOLE))
    for pts, objects in spotted(sys.stdin.buffer, spotter, chosen.every):
        print(json.dumps({"pts": pts, "objects": objects}), flush=True)


if __name__ == "__main__":
    main()
