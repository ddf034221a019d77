"""The clip of an alert: ten seconds before, ten after, everybody hidden but the one it is about.

Pictures of the last seconds wait here, in memory alone, with where people were. A clip is fragmented MP4, so it
can be shown at once and grows at its end: what was sent is never sent again.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from ansimnet_vision.types import Box

BEFORE_S = 10.0
AFTER_S = 10.0
"""About 20 s in all (VP-06)."""
WIDTH = 640
BLOCK = 16
"""Pixels of a mosaic's side: a face 64 px across keeps four."""
GROW = 0.12
"""Share of a box hidden around it: boxes lag a little behind who runs."""
STEP_S = 2.5
"""How often a growing clip is sent."""
CLOCK = 90_000


@dataclass(slots=True, eq=False)
class Shot:
    """One picture: (H, W, 3) with the masked zones black already, and who was where; None: not looked at."""

    at_s: float
    picture: NDArray[np.uint8]
    people: tuple[tuple[int, Box], ...] | None


class Ring:
    """The last seconds."""

    def __init__(self, seconds: float = BEFORE_S) -> None:
        self._seconds = seconds
        self._shots: deque[Shot] = deque()

    def push(self, shot: Shot) -> None:
        """Take the newest picture and forget the oldest."""
        self._shots.append(shot)
        while self._shots and shot.at_s - self._shots[0].at_s > self._seconds:
            self._shots.popleft()

    @property
    def shots(self) -> tuple[Shot, ...]:
        """Return what there is, oldest first."""
        return tuple(self._shots)


def hidden(shot: Shot, around: Sequence[Shot], subject: int | None) -> NDArray[np.uint8]:
    """Return a picture with everybody but `subject` under a mosaic, wherever they were in the pictures around it.

    Where nobody looked at any picture around it, all of it is hidden.
    """
    looked = [s.people for s in (shot, *around) if s.people is not None]
    out = shot.picture.copy()
    if not looked:
        _mosaic(out, (0.0, 0.0, 1.0, 1.0))
    for people in looked:
        for track, box in people:
            if track != subject:
                _mosaic(out, box)
    return out


def _mosaic(picture: NDArray[np.uint8], box: Box) -> None:
    height, width = picture.shape[:2]
    dx, dy = GROW * (box[2] - box[0]), GROW * (box[3] - box[1])
    x1, y1 = max(0, int((box[0] - dx) * width)), max(0, int((box[1] - dy) * height))
    part = picture[y1 : int((box[3] + dy) * height) + 1, x1 : int((box[2] + dx) * width) + 1]
    for y in range(0, part.shape[0], BLOCK):
        for x in range(0, part.shape[1], BLOCK):
            block = part[y : y + BLOCK, x : x + BLOCK]
            block[...] = block.reshape(-1, 3).mean(0)


class Clip:
    """One growing clip. `subject`: the track that stays clear, None hides everybody."""

    def __init__(self, alert_id: str, subject: int | None, decided_s: float) -> None:
        self.alert_id = alert_id
        self.subject = subject
        self.until_s = decided_s + AFTER_S
        self.sent_s = decided_s
        self.seconds = 0.0
        self._first_s: float | None = None
        self._out = io.BytesIO()
        self._box = av.open(
            self._out, "w", format="mp4", options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}
        )
        self._stream: VideoStream | None = None
        self._last_pts = -1
        self._read = 0

    def add(self, shot: Shot, around: Sequence[Shot]) -> None:
        """Append one picture, hidden."""
        picture = hidden(shot, around, self.subject)
        if self._stream is None:
            self._stream = self._box.add_stream("libx264", rate=12)
            self._stream.height, self._stream.width = picture.shape[:2]
            self._stream.pix_fmt = "yuv420p"
            self._stream.codec_context.time_base = Fraction(1, CLOCK)
            self._stream.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "26", "g": "12"}
            self._first_s = shot.at_s
        assert self._first_s is not None
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = max(self._last_pts + 1, round((shot.at_s - self._first_s) * CLOCK))
        frame.time_base = Fraction(1, CLOCK)
        self._last_pts = frame.pts
        self.seconds = shot.at_s - self._first_s
        self._box.mux(self._stream.encode(frame))

    def grown(self, *, whole: bool = False) -> bytes:
        """Return what has been added since the last call; `whole` ends the clip."""
        if whole and self._stream is not None:
            self._box.mux(self._stream.encode(None))
            self._box.close()
        data = self._out.getbuffer()[self._read :].tobytes()
        self._read += len(data)
        return data


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """Return a picture as JPEG."""
    still = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(format="yuvj420p")
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = still.width, still.height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"q": "5"}
    still.pts = 0
    return b"".join(bytes(p) for p in (*encoder.encode(still), *encoder.encode(None)))
