"""A film of somebody coming to a door, put together from a real person's picture and photographs of a face.

Ten seconds of nobody, then a person stands before the camera and looks around: the body out of a real video of the
data folder, the face out of the photographs that were not enrolled. Made for what it is: a trial of the way an alert
goes, not of recognition, which `_homeguard_faces` measures.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from evaluation._homeguard_faces import Person, enlarged
from numpy.typing import NDArray

from ansimnet_vision.detectors import PERSON, PersonDetector, resized

SIZE = (720, 1280)
FPS = 12
EMPTY_S, STAY_S = 11, 24
FACE_PX = 60
TALL = 0.5
"""A body at least half as high as its picture: its head then carries a face of `FACE_PX`."""

Picture = NDArray[np.uint8]


def body(videos: Path, detector: PersonDetector) -> tuple[Picture, tuple[int, int, int, int]] | None:
    """Return a picture (720 x 1280) with one large person and the box in pixels, None where no video has one."""
    for file in sorted(p for p in videos.rglob("*") if p.suffix in {".mp4", ".avi"}):
        with av.open(str(file), "r") as box:
            for number, frame in enumerate(box.decode(video=0)):
                if number > 400:
                    break
                if number % 30:
                    continue
                picture = resized(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), SIZE[1], SIZE[0])
                found = detector(picture)
                found = found[(found[:, 5] == PERSON) & (found[:, 4] > 0.6)]
                tall = found[:, 3] - found[:, 1] if len(found) else np.zeros(0)
                if len(found) == 1 and tall[0] > TALL and found[0, 0] > 0.05 and found[0, 2] < 0.95:
                    x1, y1, x2, y2 = (int(v) for v in found[0, :4] * np.array([SIZE[1], SIZE[0]] * 2))
                    return picture, (x1, y1, x2, y2)
    return None


def faced(picture: Picture, box: tuple[int, int, int, int], photograph: Picture, shift: int) -> Picture:
    """Return a picture whose person has this face, `shift` pixels aside."""
    x1, y1, x2, y2 = box
    face = enlarged(photograph, FACE_PX, "BICUBIC")
    edge = face.shape[0] // 4  # `enlarged` drew the edges out: half of that is enough to blend
    face = face[edge:-edge, edge:-edge]
    tall, wide = face.shape[:2]
    y, x = np.mgrid[-1 : 1 : tall * 1j, -1 : 1 : wide * 1j]
    alpha = np.clip((1.0 - np.hypot(x * 1.05, y)) * 6, 0, 1)[..., None]
    out = picture.copy()
    cx, cy = (x1 + x2) // 2 + shift, max(tall // 2, y1 + int(0.08 * (y2 - y1)))
    part = out[cy - tall // 2 : cy - tall // 2 + tall, cx - wide // 2 : cx - wide // 2 + wide]
    part[...] = (alpha * face[: part.shape[0], : part.shape[1]] + (1 - alpha) * part).astype(np.uint8)
    return out


def empty(picture: Picture, box: tuple[int, int, int, int]) -> Picture:
    """Return the picture without its person: the wall beside it, drawn over."""
    x1, _, x2, _ = box
    out = picture.copy()
    wide = x2 - x1 + 60
    left = max(0, x1 - 30)
    out[:, left : left + wide] = picture[:, max(0, left - 4) : max(0, left - 4) + 1].mean(1, keepdims=True)
    return out


def make(target: Path, videos: Path, detector: PersonDetector, person: Person) -> bool:
    """Write the film; False where the folder has no video with a large enough person."""
    found = body(videos, detector)
    if found is None:
        return False
    picture, box = found
    quiet = empty(picture, box)
    pictures = [faced(picture, box, p, k % 3 - 1) for k, p in enumerate(person.photographs[1::2])]
    with av.open(str(target), "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=FPS)
        stream.height, stream.width = SIZE
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "18", "g": str(FPS)}
        for k in range(FPS * (EMPTY_S + STAY_S)):
            here = k - FPS * EMPTY_S
            shown = quiet if here < 0 else pictures[here // 4 % len(pictures)]
            shown = np.roll(shown, (here // 2 % 3) - 1, 1) if here >= 0 else shown
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(shown), format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, FPS)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return True
