"""The masked rendition: decode, hide, encode again. Made only while somebody watches, once for all who do.

Pixels are worked on in a thread (libav releases the interpreter lock); frames come and go on the event loop.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import structlog
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from numpy.typing import NDArray

from ansimnet.kernel.clock import monotonic_s
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ, fragment, units_of
from ansimnet.slices.footage.relay.h264 import IDR, PPS, SLICE, SPS, Parameters, split_annex_b
from ansimnet.slices.footage.relay.onvif import Box
from ansimnet.slices.footage.relay.ring import Frame, Init, Ring
from ansimnet.slices.footage.relay.source import CameraSource, Sighting, Stream, init_of

log = structlog.get_logger(__name__)

CELLS_IN_REGION = 3
"""Mosaic cells across a head or plate. Recognition of faces breaks down below about 8 × 8 pixels."""
CELLS_IN_PICTURE = 20
"""Mosaic cells across the whole picture when nobody vouches for boxes: a person 60 px high becomes two cells."""
LATE_S = 0.15
"""A picture older than this is decoded (others depend on it) but not encoded when a newer one waits."""
GROUP_TICKS = 2 * CLOCK_HZ
"""A key frame at least every two seconds, as the cameras send."""
MAX_WAITING = 150
"""Frames that may wait for the thread: a 6 s group at 25 pictures a second. Beyond it: drop to the next key frame."""
_TIME_BASE = Fraction(1, CLOCK_HZ)


@dataclass(frozen=True, slots=True)
class _Job:
    frame: Frame
    regions: tuple[Box, ...] | None  # None: hide everything


@dataclass(frozen=True, slots=True)
class _Made:
    pts: int
    key: bool
    units: tuple[bytes, ...]
    parameters: Parameters | None


def mosaic(plane: NDArray[np.uint8], x1: int, y1: int, x2: int, y2: int, cell: int) -> None:
    """Replace a rectangle of one plane (H, W) by cells of their mean, in place. Edge cells may be smaller.

    >>> p = np.arange(16, dtype=np.uint8).reshape(4, 4)
    >>> mosaic(p, 0, 0, 2, 2, 2)
    >>> p[:2, :2].tolist()
    [[2, 2], [2, 2]]
    """
    part = plane[y1:y2, x1:x2]
    height, width = part.shape
    if height == 0 or width == 0:
        return
    rows, columns = np.arange(0, height, cell), np.arange(0, width, cell)
    sums = np.add.reduceat(np.add.reduceat(part, rows, axis=0, dtype=np.uint32), columns, axis=1)
    tall, wide = np.diff(rows, append=height), np.diff(columns, append=width)
    means = (sums // (tall[:, None] * wide[None, :])).astype(np.uint8)
    part[:] = np.repeat(np.repeat(means, tall, axis=0), wide, axis=1)


def hide(frame: VideoFrame, regions: tuple[Box, ...] | None) -> None:
    """Make a mosaic of the regions, or of everything for None, in a writable yuv420p frame."""
    width, height = frame.width, frame.height
    if regions is None:
        boxes = [(0, 0, width, height, -(-width // CELLS_IN_PICTURE))]
    else:
        boxes = []
        for r in regions:  # outwards to even pixels: chroma has half the resolution
            x1, y1 = int(r.x1 * width) & ~1, int(r.y1 * height) & ~1
            x2, y2 = min(width, int(r.x2 * width) + 2 & ~1), min(height, int(r.y2 * height) + 2 & ~1)
            boxes.append((x1, y1, x2, y2, max(8, -(-max(x2 - x1, y2 - y1) // CELLS_IN_REGION))))
    for plane, half in zip(frame.planes, (1, 2, 2), strict=True):
        pixels = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for x1, y1, x2, y2, cell in boxes:
            mosaic(pixels, x1 // half, y1 // half, -(-x2 // half), -(-y2 // half), max(1, cell // half))


class Transcoder:
    """Decoder and encoder of one rendition. Used by one thread at a time."""

    def __init__(self) -> None:
        self._decoder: VideoCodecContext | None = None
        self._encoder: VideoCodecContext | None = None
        self._init: Init | None = None
        self._group_pts = 0

    def decode(self, frame: Frame) -> VideoFrame | None:
        """Return the picture in a frame, None where the decoder holds it back or cannot read it."""
        if frame.init is not self._init or self._decoder is None:
            if not frame.key:
                return None
            decoder = av.CodecContext.create("h264", "r")
            decoder.thread_count = 1
            decoder.extradata = frame.init.sets
            decoder.flags |= Flags.low_delay
            self._decoder, self._init = decoder, frame.init
        packet = av.Packet(b"".join(b"\0\0\0\1" + unit for unit in units_of(frame.fragment)))
        packet.pts, packet.dts, packet.time_base = frame.pts, frame.dts, _TIME_BASE
        try:
            pictures = self._decoder.decode(packet)
        except av.FFmpegError:
            self._decoder = None  # begins again at the next key frame
            return None
        return pictures[-1] if pictures else None

    def encode(self, picture: VideoFrame, regions: tuple[Box, ...] | None) -> list[_Made]:
        """Hide and encode one picture."""
        pts = picture.pts or 0
        if picture.format.name not in ("yuv420p", "yuvj420p"):
            picture = picture.reformat(format="yuv420p")
        picture.make_writable()  # the decoder still predicts from its own copy
        hide(picture, regions)
        encoder, fresh = self._encoder_for(picture.width, picture.height)
        key = fresh or pts - self._group_pts >= GROUP_TICKS or pts < self._group_pts
        if key:
            self._group_pts = pts
        picture.pts, picture.time_base = pts, _TIME_BASE
        picture.pict_type = PictureType.I if key else PictureType.NONE
        made = []
        for packet in encoder.encode(picture):
            units = split_annex_b(bytes(packet))
            sps = next((u for u in units if u[0] & 31 == SPS), None)
            pps = tuple(u for u in units if u[0] & 31 == PPS)
            slices = tuple(u for u in units if u[0] & 31 in (SLICE, IDR))
            parameters = Parameters(sps, pps) if sps is not None and pps else None
            made.append(_Made(packet.pts or pts, bool(packet.is_keyframe), slices, parameters))
        return made

    def _encoder_for(self, width: int, height: int) -> tuple[VideoCodecContext, bool]:
        encoder = self._encoder
        if encoder is not None and (encoder.width, encoder.height) == (width, height):
            return encoder, False
        encoder = av.CodecContext.create("libx264", "w")
        encoder.width, encoder.height = width, height
        encoder.pix_fmt = "yuv420p"
        encoder.time_base = _TIME_BASE
        encoder.framerate = Fraction(25)
        encoder.thread_count = 1
        # crf 26 keeps the picture as good as its sub-stream; the cap holds a noisy night below 4 bits a pixel a second.
        cap_kbit = max(256, width * height * 4 // 1000)
        encoder.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "crf": "26",
            "forced-idr": "1",
            "x264-params": f"keyint=10000:scenecut=0:vbv-maxrate={cap_kbit}:vbv-bufsize={cap_kbit}:sliced-threads=0",
        }
        self._encoder = encoder
        return encoder, True


class MaskedStream(Stream):
    """A camera with its people and plates hidden; one marked track may stay clear."""

    def __init__(self, source: CameraSource, marked: str | None = None) -> None:
        super().__init__(source.camera, Ring(keep_s=0.0))  # the current group only: nobody replays a rendition
        self.source = source
        self.marked = marked
        self.skipped = 0
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waits = True
        self._dts = -1
        self._parameters: Parameters | None = None
        self._init: Init | None = None
        self._duration = CLOCK_HZ // 25

    def start(self) -> None:
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._work, name=f"mask {self.camera.code}", daemon=True)
            self._thread.start()
            self.source.join(self)

    def stop(self) -> None:
        self.source.leave(self)
        self._jobs.put(None)
        self._loop = None
        self.fall_silent()

    def offer(self, frame: Frame) -> None:
        """Queue a frame of the source with what to hide in it."""
        if self._jobs.qsize() > MAX_WAITING:
            self._waits = True
        if self._waits and not frame.key:
            self.skipped += 1
            return
        self._waits = False
        self._jobs.put(_Job(frame, self.source.hiding.regions(monotonic_s(), clear=self.marked)))

    def saw(self, sighting: Sighting) -> None:
        """Pass on what analytics saw."""
        self.announce(sighting)

    def lost(self) -> None:
        """Pass on that the source is silent."""
        self._waits = True
        self.fall_silent()

    def _work(self) -> None:
        """Serve jobs in the thread until told to stop."""
        transcoder = Transcoder()
        while True:
            jobs = [self._jobs.get()]
            while not self._jobs.empty():
                jobs.append(self._jobs.get())
            if None in jobs:
                return
            batch = [job for job in jobs if job is not None]
            first = max((i for i, job in enumerate(batch) if job.frame.key), default=0)
            try:
                self._serve(transcoder, batch[first:])
            except Exception:
                log.exception("masking failed", camera=self.camera.code)  # nothing goes out; begins again at a key
                transcoder = Transcoder()

    def _serve(self, transcoder: Transcoder, batch: list[_Job]) -> None:
        for i, job in enumerate(batch):
            picture = transcoder.decode(job.frame)
            late = i + 1 < len(batch) and monotonic_s() - job.frame.at_s > LATE_S
            if picture is None or late:
                continue
            made = transcoder.encode(picture, job.regions)
            loop = self._loop
            if loop is not None and made:
                loop.call_soon_threadsafe(self._take, made, job.frame.at_s)

    def _take(self, made: list[_Made], at_s: float) -> None:
        if self._loop is None:
            return
        for one in made:
            if one.parameters is not None and one.parameters != self._parameters:
                self._parameters, self._init = one.parameters, init_of(one.parameters)
            if self._init is None or not one.units:
                continue
            dts = max(self._dts + 1, one.pts)
            if self._dts >= 0:
                self._duration = min(max(dts - self._dts, 1), 2 * CLOCK_HZ)
            self._dts = dts
            data = fragment(self.frames + 1, dts, one.pts - dts, self._duration, one.key, one.units)
            self.publish(Frame(self._init, dts, one.pts, one.key, data, at_s))
