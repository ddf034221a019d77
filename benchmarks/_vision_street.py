"""Streets for the bench of vision: real or made pictures as cameras send them, through the relay's own local door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import av
import numpy as np
from av.video.frame import PictureType, VideoFrame
from numpy.typing import NDArray

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ, fragment
from ansimnet.slices.footage.relay.gate import Camera
from ansimnet.slices.footage.relay.h264 import IDR, PPS, SLICE, SPS, Parameters, split_annex_b
from ansimnet.slices.footage.relay.local import Local
from ansimnet.slices.footage.relay.ring import Frame, Init, Ring
from ansimnet.slices.footage.relay.source import Stream, init_of
from ansimnet.slices.footage.relay.sources import Sources

FPS = 12.5
GROUP = 25
"""A key frame each two seconds, as cameras send."""
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Coded:
    """One encoded picture."""

    key: bool
    units: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Clip:
    """Encoded pictures, the first of them a key frame; played again from there at the end."""

    init: Init
    pictures: tuple[Coded, ...]


def encoded(pictures: Iterable[Picture], *, kbit: int = 500) -> Clip:
    """Return pictures (H, W, 3) as a camera's H.264 sub-stream of `FPS` pictures a second."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.pix_fmt, encoder.time_base, encoder.framerate = "yuv420p", Fraction(1, CLOCK_HZ), Fraction(25, 2)
    encoder.options = {
        "preset": "veryfast", "profile": "main", "bf": "0", "tune": "zerolatency", "b": f"{kbit}k",
        "x264-params": f"keyint={GROUP}:min-keyint={GROUP}:scenecut=0:sliced-threads=0",
    }  # fmt: skip
    encoder.thread_count = 1
    out: list[Coded] = []
    parameters: Parameters | None = None
    for n, picture in enumerate(pictures):
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        if n == 0:
            encoder.width, encoder.height = frame.width, frame.height
        frame = frame.reformat(format="yuv420p")
        frame.pts, frame.time_base = round(n * CLOCK_HZ / FPS), Fraction(1, CLOCK_HZ)
        frame.pict_type = PictureType.I if n % GROUP == 0 else PictureType.NONE
        for packet in encoder.encode(frame):
            units = split_annex_b(bytes(packet))
            sps = [u for u in units if u[0] & 31 == SPS]
            if sps and parameters is None:
                parameters = Parameters(sps[0], tuple(u for u in units if u[0] & 31 == PPS))
            out.append(Coded(bool(packet.is_keyframe), tuple(u for u in units if u[0] & 31 in (SLICE, IDR))))
    assert parameters is not None
    whole = len(out) - len(out) % GROUP or len(out)
    return Clip(init_of(parameters), tuple(out[:whole]))


class Street:
    """Cameras of a relay without a network: each plays clips, one after the other, at its own pace of `FPS`."""

    def __init__(self, plays: Sequence[Callable[[int], Clip]], *, keep_s: float = 8.0) -> None:
        """`plays` gives for each camera the clip that follows after so many pictures."""
        self.sources = Sources(ring_s=keep_s)
        self.cameras = [CameraId(UUID(int=n + 1)) for n in range(len(plays))]
        self._plays = plays
        self._streams: list[Stream] = []
        for n, camera_id in enumerate(self.cameras):
            stream = Stream(Camera(camera_id, f"C-{n}", f"camera {n}", ""), Ring(keep_s=keep_s))
            self._streams.append(stream)
            self.sources.cameras[camera_id] = stream  # type: ignore[assignment]

    @asynccontextmanager
    async def running(self, folder: Path) -> AsyncGenerator[None]:
        """Play, and hand out at the relay's local door in `folder`, until the block ends."""
        async with Local(self.sources).serving(folder, 0):
            playing = [asyncio.create_task(self._play(n)) for n in range(len(self._plays))]
            try:
                yield
            finally:
                for task in playing:
                    task.cancel()
                await asyncio.gather(*playing, return_exceptions=True)

    async def _play(self, n: int) -> None:
        stream, count = self._streams[n], 0
        await asyncio.sleep(n / len(self._plays) / FPS)  # cameras do not send in step
        began_s = monotonic_s()
        while True:
            clip = self._plays[n](count)
            for coded in clip.pictures:
                publish(stream, clip.init, coded, count)
                count += 1
                await asyncio.sleep(max(0.0, began_s + count / FPS - monotonic_s()))


def publish(stream: Stream, init: Init, coded: Coded, count: int) -> None:
    """Give a stream its next picture."""
    dts, lasts = round(count * CLOCK_HZ / FPS), round(CLOCK_HZ / FPS)
    data = fragment(count + 1, dts, 0, lasts, coded.key, coded.units)
    stream.publish(Frame(init, dts, dts, coded.key, data, monotonic_s()))
