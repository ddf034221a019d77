"""Photographs into one template, in a process that lives for this alone.

    python -m ansimnet_vision.faces.enrol --models FOLDER

Reads messages of `wire` (each a photograph: JPEG, PNG or PGM), then the end of input. Answers one JSON event, and where
enough photographs can be used, 128 numbers (4 bytes each) after it. Nothing is written, nothing outlives the process.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections import Counter
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from ansimnet_vision.faces import wire
from ansimnet_vision.faces.detect import FaceFinder
from ansimnet_vision.faces.gallery import LENGTH, Gallery

LEAST = 3
"""Photographs that must pass the gate: one alone carries its light and angle into every comparison. Five are better."""
ALIKE = 0.55
"""Most distance of a photograph from the mean of all: beyond it two people were given as one. Measured: the same person
reaches 0.52 on the pictures of the trial."""


def decoded(photograph: bytes) -> NDArray[np.uint8] | None:
    """Return a photograph as (H, W, 3), None where it is none."""
    try:
        with av.open(io.BytesIO(photograph), "r") as box:
            return np.asarray(next(box.decode(video=0)).to_ndarray(format="rgb24"), np.uint8)
    except (FFmpegError, StopIteration, IndexError):
        return None


def template(models: Path, photographs: list[bytes]) -> tuple[NDArray[np.float32] | None, dict[str, object]]:
    """Return the mean of what passes the gate, None where that is too little; and what was used and why not more."""
    finder, gallery = FaceFinder(models / "centerface.onnx"), Gallery(models / "dlib_face.onnx")
    found, reasons = [], Counter[str]()
    for photograph in photographs:
        picture = decoded(photograph)
        face = None if picture is None else finder.best(picture, 0, 0, picture.shape[1], picture.shape[0])
        if picture is None or face is None:
            reasons["unreadable" if picture is None else "no-face"] += 1
            continue
        one = np.zeros(LENGTH)
        reason = gallery.template(picture, face, one)
        if reason is None:
            found.append(one)
        else:
            reasons[reason] += 1
    finder.wipe()
    said: dict[str, object] = {"used": len(found), "unfit": dict(reasons)}
    if len(found) < LEAST:
        return None, {**said, "refused": "too-few"}
    mean = np.mean(found, 0)
    if max(float(np.linalg.norm(one - mean)) for one in found) > ALIKE:
        return None, {**said, "refused": "not-one-person"}
    return mean.astype(np.float32), said


def serve(source: BinaryIO, out: BinaryIO, models: Path) -> None:
    """Answer one enrolment."""
    photographs = []
    while (message := wire.read(source)) is not None:
        photographs.append(bytes(message[1]))
    made, said = template(models, photographs)
    out.write(wire.said(event="enrolled" if made is not None else "refused", **said))
    if made is not None:
        out.write(made.tobytes())
    out.flush()


def main() -> None:
    """Serve standard input and output."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--models", type=Path, required=True, help="folder of the weights")
    chosen = options.parse_args()
    with open(0, "rb", buffering=0, closefd=False) as source:
        serve(source, sys.stdout.buffer, chosen.models)


if __name__ == "__main__":
    main()
