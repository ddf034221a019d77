"""Boxes of our own, where a camera's analytics tell none: a stranger process looks, and only its words come back."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from ansimnet.kernel.errors import Fault
from ansimnet.slices.footage.masking.tracks import OWN
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.onvif import Box, Kind, Seen
from ansimnet.slices.footage.relay.ring import Frame
from ansimnet.slices.footage.relay.source import Sighting

WEIGHTS = "nanodet.slim.onnx"
"""Without this file in the folder nobody finds people."""
_KIND = {"person": Kind.PERSON, "face": Kind.PERSON, "vehicle": Kind.VEHICLE}


def seen_of(objects: Iterable[Sequence[Any]]) -> tuple[Seen, ...]:
    """Return what `ansimnet_vision.spot` said of one picture as analytics say it. A face is hidden whole."""
    return tuple(
        Seen(f"{OWN}{name}", _KIND.get(word, Kind.OTHER), box, (box,) if word == "face" else (), score)
        for name, word, *corners, score in objects
        for box in (Box(*corners),)
    )


def spot(frames: Sequence[Frame], models: Path | None, *, every: int = 1) -> tuple[Sighting, ...]:
    """Return what a detector of ours sees in frames of one format that begin with a key frame. Blocks.

    Raises:
        Fault: the detector broke; nobody vouches for the pictures then.
    """
    command = [sys.executable, "-m", "ansimnet_vision.spot", "--every", str(every)]
    if models is not None:
        command += ["--models", str(models)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        feeding = threading.Thread(target=_feed, args=(process.stdin, frames), daemon=True)
        feeding.start()
        lines = [json.loads(line) for line in process.stdout]
        feeding.join()
    if process.returncode != 0:
        raise Fault("the detector broke")
    return tuple(Sighting(line["pts"], seen_of(line["objects"])) for line in lines)


def _feed(pipe: IO[bytes], frames: Sequence[Frame]) -> None:
    with suppress(BrokenPipeError), pipe:
        pipe.write(frames[0].init.segment)
        for frame in frames:
            pipe.write(frame.fragment)


class OwnBoxes:
    """What our detector saw in stretches of recordings, the last few kept: a review looks at one again and again.

    Without weights nothing is told: motion alone vouches for nobody, and such a camera's pictures stay hidden whole.
    """

    LOOKS_A_SECOND = 5
    """A walker moves a third of his width between two looks; more costs more and found no more heads."""
    KEPT = 8

    def __init__(self, models: Path | None) -> None:
        self._models = models if models is not None and (models / WEIGHTS).is_file() else None
        self._kept: OrderedDict[Hashable, tuple[Sighting, ...]] = OrderedDict()

    def of(self, key: Hashable, frames: Sequence[Frame]) -> tuple[Sighting, ...]:
        """Return the sightings of frames in order; `key` names them. Blocks.

        Raises:
            Fault: the detector broke.
        """
        if self._models is None or not frames:
            return ()
        if key not in self._kept:
            found: list[Sighting] = []
            for _, run in groupby(frames, key=lambda f: id(f.init)):
                found += self._run(list(run), self._models)
            self._kept[key] = tuple(found)
            while len(self._kept) > self.KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]

    def _run(self, frames: list[Frame], models: Path) -> tuple[Sighting, ...]:
        lasts_s = (frames[-1].pts - frames[0].pts) / CLOCK_HZ
        every = max(1, round(len(frames) / max(lasts_s, 0.1) / self.LOOKS_A_SECOND))
        return spot(frames, models, every=every)
