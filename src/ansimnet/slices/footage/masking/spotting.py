"""Boxes of our own, where a camera's analytics tell none: a stranger process looks, and only its words come back."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ansimnet.kernel.errors import Fault
from ansimnet.slices.footage.relay.onvif import Box, Kind, Seen
from ansimnet.slices.footage.relay.ring import Frame
from ansimnet.slices.footage.relay.source import Sighting

_KIND = {"person": Kind.PERSON, "face": Kind.PERSON, "vehicle": Kind.VEHICLE}


def seen_of(objects: Iterable[Sequence[Any]]) -> tuple[Seen, ...]:
    """Return what `ansimnet_vision.spot` said of one picture as analytics say it. A face is hidden whole."""
    return tuple(
        Seen(f"own:{name}", _KIND.get(word, Kind.OTHER), box, (box,) if word == "face" else (), score)
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
