"""Says whom a picture shows, in the words of descriptions: one picture on standard input, one JSON line out.

    python -m ansimnet_vision.portray [--models FOLDER] [--box X1,Y1,X2,Y2]

`{"subjects": [[kind, x1, y1, x2, y2, score], …], "chosen": n, "attributes": [[key, value, p], …], "appearance": base64,
"by": name}`; boxes in parts of the picture; `chosen` null where nobody is found and no box was given, with nothing
behind it. `{"refused": name}` where the input is no picture. It reads no network and writes no file; a face says
nothing here.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from av.video.frame import VideoFrame

from ansimnet_vision import registry
from ansimnet_vision.detectors import PERSON, VEHICLE, Found, PersonDetector, merged
from ansimnet_vision.poses import Poser
from ansimnet_vision.sightings.colours import light_of
from ansimnet_vision.sightings.gather import LEAST_TALL, Part, crop_of
from ansimnet_vision.sightings.note import Sighting
from ansimnet_vision.sightings.noter import Describer, describer
from ansimnet_vision.types import KINDS, Box, CameraConfig

MOST_PIXELS = 25_000_000
"""Of a picture: the largest that phones take by default; a bomb is larger."""
FORMATS = (
    ("jpeg_pipe", re.compile(rb"\xff\xd8\xff.*", re.DOTALL)),
    ("png_pipe", re.compile(rb"\x89PNG\r\n\x1a\n.*", re.DOTALL)),
    ("webp_pipe", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
)
"""What is opened, by how it begins. A format is never guessed: playlists name other files."""
LEAST_SCORE = 0.3
"""As everywhere the detector is asked for people who stand still."""
MOST = 12
"""Subjects that are offered to choose from, the largest. Ours."""


class PictureError(ValueError):
    """This is no picture that can be read, or it is too large."""


class Subject(NamedTuple):
    """Somebody, or a vehicle, in a picture."""

    kind: int
    box: Box
    score: float

    @property
    def size(self) -> float:
        """Return its part of the picture."""
        x1, y1, x2, y2 = self.box
        return (x2 - x1) * (y2 - y1)


def read(data: bytes) -> VideoFrame:
    """Return the picture in a file's bytes.

    Raises:
        PictureError: there is none, or it is too large to be opened.
    """
    kind = next((format_ for format_, begins in FORMATS if begins.fullmatch(data[:12])), None)
    if kind is None:
        raise PictureError("neither JPEG nor PNG nor WebP")
    try:
        with av.open(io.BytesIO(data), "r", format=kind) as file:
            stream = file.streams.video[0]
            if stream.width * stream.height > MOST_PIXELS:
                raise PictureError("too large")
            return next(file.decode(stream))
    except (av.FFmpegError, IndexError, StopIteration, ValueError) as error:
        raise PictureError(str(error)) from None


def subjects_of(found: Found) -> list[Subject]:
    """Return people and vehicles, the largest first."""
    rows = merged(found[np.isin(found[:, 5], (PERSON, VEHICLE)) & (found[:, 4] >= LEAST_SCORE)], 0.6)
    subjects = []
    for x1, y1, x2, y2, score, kind in rows.tolist():
        subjects.append(Subject(int(kind), (max(0.0, x1), max(0.0, y1), min(1.0, x2), min(1.0, y2)), float(score)))
    return sorted(subjects, key=lambda s: -s.size)[:MOST]


def chosen_of(subjects: list[Subject], box: Box | None, shape: tuple[int, ...]) -> Subject | None:
    """Return whom a box means: the one found there, else what fills it; without a box the largest."""
    if box is None:
        return subjects[0] if subjects else None
    best = max(subjects, key=lambda s: _shared(s.box, box), default=None)
    if best is not None and _shared(best.box, box) >= 0.5:
        return best
    tall, wide = (box[3] - box[1]) * shape[0], (box[2] - box[0]) * shape[1]
    return Subject(PERSON if tall >= wide else VEHICLE, box, 0.0)


def portrayed(picture: VideoFrame, detector: PersonDetector | None, describe: Describer, box: Box | None) -> Any:
    """Return what is to be told of a picture."""
    rgb = np.asarray(picture.to_ndarray(format="rgb24"), np.uint8)
    subjects = [] if detector is None else subjects_of(detector(rgb))
    chosen = chosen_of(subjects, box, rgb.shape)
    told: dict[str, Any] = {"subjects": [[KINDS[s.kind], *s.box, s.score] for s in subjects], "chosen": None}
    if chosen is None or (chosen.box[3] - chosen.box[1]) * rgb.shape[0] < LEAST_TALL:
        return told
    if chosen not in subjects:
        told["subjects"].append([KINDS[chosen.kind], *chosen.box, chosen.score])
        subjects.append(chosen)
    part = Part(0, chosen.kind, 0.0, 0.0, crops=[crop_of(rgb, chosen.box, 0.0, light_of(rgb))])
    said = describe(CameraConfig(""), part)
    return told | {
        "chosen": subjects.index(chosen),
        "attributes": _words(said),
        "appearance": base64.b64encode(said.appearance).decode(),
        "by": describe.looks.name,
    }


def _words(said: Sighting) -> list[tuple[str, str, float]]:
    """Return what was seen as a description says it, with how sure it is."""
    told = said.told()
    words = [(k, told[k], n.probability) for k, n in (("upper_colour", said.upper), ("lower_colour", said.lower),
                                                      ("vehicle_colour", said.lacquer)) if told[k]]  # fmt: skip
    words += [("carried", word, p) for word, p in said.carried]
    if said.vehicle:
        words.append(("vehicle", said.vehicle, 0.5))  # the detector's coarse class
    if said.plate is not None:
        words.append(("plate", said.plate.chars, float(np.prod(said.plate.probability))))
    return [(key, value, round(float(p), 3)) for key, value, p in words]


def _shared(a: Box, b: Box) -> float:
    wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - wide * tall
    return wide * tall / both


def _box(text: str) -> Box:
    x1, y1, x2, y2 = (min(1.0, max(0.0, float(v))) for v in text.split(","))
    if not (x1 < x2 and y1 < y2):
        raise argparse.ArgumentTypeError("a box is x1,y1,x2,y2 in parts of the picture, from the upper left corner")
    return x1, y1, x2, y2


def main() -> None:
    """Look at one picture."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--models", type=Path, help="folder of the weights")
    options.add_argument("--box", type=_box, help="whom is meant: x1,y1,x2,y2 in parts of the picture")
    chosen = options.parse_args()
    try:
        picture = read(sys.stdin.buffer.read())
    except PictureError:
        print(json.dumps({"refused": "not-a-picture"}))
        return
    here = registry.usable(chosen.models)
    detector = PersonDetector(here["nanodet"]) if "nanodet" in here else None
    poser = Poser(here["movenet-lightning"]) if "movenet-lightning" in here else None
    print(json.dumps(portrayed(picture, detector, describer(chosen.models, poser), chosen.box)))


if __name__ == "__main__":
    main()
