"""How many masked renditions one core makes, how late they come, and what originals feel of it.

Synthetic street pictures with eight people walking, as a camera would code them, go through what a masking worker
runs: decode, hide eight heads, encode. Processor time is counted, so that the machine's other work does not show. The
limit in the same run: decoder and encoder alone, through PyAV, same settings, nothing hidden. Latency is measured
through a real worker process at the camera's pace: from the frame's offer to its masked copy. How long an original
waits for the event loop is measured with renditions in a worker process, and in a thread of the relay's own process.

Keys: streams_per_core added_latency_ms_p95 ms_per_frame limit loop_wait_ms_p99.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.frame import PictureType, VideoFrame

from ansimnet.app.measure import Options
from ansimnet.kernel.clock import monotonic_s
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ, fragment, units_of
from ansimnet.slices.footage.relay.h264 import IDR, PPS, SLICE, SPS, Parameters, split_annex_b
from ansimnet.slices.footage.relay.mask_worker import Bench, Work
from ansimnet.slices.footage.relay.masker import Maskers, Rendition
from ansimnet.slices.footage.relay.onvif import Box
from ansimnet.slices.footage.relay.ring import Frame, Init
from ansimnet.slices.footage.relay.source import init_of
from ansimnet.slices.footage.relay.transcode import LIVE, options_of

PEOPLE = 8
"""People in the picture at once; the densest of the labelled street clips has eleven."""
GROUP_S = 2
CLIP_S = {"small": 2, "full": 10}
PACED_S = {"small": 3.0, "full": 20.0}
BESIDE = 4
"""Renditions that run while the waits of originals are measured."""


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of stream."""

    name: str
    width: int
    height: int
    fps: float
    kbit: int


FORMATS = (Format("720p25", 1280, 720, 25, 2000), Format("360p12_5", 640, 360, 12.5, 400))


def run(options: Options) -> dict[str, Any]:
    """Measure and return the figures."""
    out: dict[str, dict[str, Any]] = {
        k: {} for k in ("streams_per_core", "added_latency_ms_p95", "ms_per_frame", "limit")
    }
    for i, form in enumerate(FORMATS):
        options.progress(3 * i, 3 * len(FORMATS) + 1, f"{form.name}: coding a clip")
        frames = _clip(form, CLIP_S[options.size], options.seed)
        options.progress(3 * i + 1, 3 * len(FORMATS) + 1, f"{form.name}: counting processor time")
        ours_ms, bare_ms = _alternating(frames)
        options.progress(3 * i + 2, 3 * len(FORMATS) + 1, f"{form.name}: through a worker")
        late = asyncio.run(_latency(frames, form.fps, PACED_S[options.size]))
        out["streams_per_core"][form.name] = 1000 / (form.fps * ours_ms)
        out["ms_per_frame"][form.name] = ours_ms
        out["added_latency_ms_p95"][form.name] = float(np.percentile(late, 95))
        out["limit"][form.name] = {"ms_per_frame": bare_ms, "ratio": ours_ms / bare_ms}
    frames = _clip(FORMATS[1], 2, options.seed)
    waits = {
        "nothing": asyncio.run(_waits(frames, PACED_S[options.size], None)),
        "worker": asyncio.run(_waits(frames, PACED_S[options.size], _in_worker)),
        "thread": asyncio.run(_waits(frames, PACED_S[options.size], _in_thread)),
    }
    return {**out, "loop_wait_ms_p99": waits, "people": PEOPLE, "preset": LIVE.preset}


# ------------------------------------------------------------------------------------------------- pictures


def _clip(form: Format, seconds: int, seed: int) -> list[Frame]:
    """Return a street with walkers, coded as cameras do: a still textured background, some noise, 2 s groups."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 190, (form.height // 16 + 1, form.width // 16 + 1)).astype(np.uint8)
    ground = np.repeat(np.repeat(coarse, 16, 0), 16, 1)[: form.height, : form.width].astype(np.int16)
    ground += rng.integers(-12, 13, ground.shape, dtype=np.int16)
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = form.width, form.height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, CLOCK_HZ), Fraction(form.fps)
    encoder.thread_count, encoder.bit_rate = 1, form.kbit * 1000
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "x264-params": "keyint=1000:scenecut=0"}
    frames: list[Frame] = []
    init: Init | None = None
    for n in range(int(seconds * form.fps)):
        picture = _picture(ground, rng, n / form.fps)
        picture.pts, picture.time_base = round(n / form.fps * CLOCK_HZ), Fraction(1, CLOCK_HZ)
        picture.pict_type = PictureType.I if n % int(GROUP_S * form.fps) == 0 else PictureType.NONE
        for packet in encoder.encode(picture):
            units = split_annex_b(bytes(packet))
            sets = [[u for u in units if u[0] & 31 == kind] for kind in (SPS, PPS)]
            init = init or init_of(Parameters(sets[0][0], tuple(sets[1])))
            slices = [u for u in units if u[0] & 31 in (SLICE, IDR)]
            pts, step = packet.pts or 0, round(CLOCK_HZ / form.fps)
            data = fragment(n + 1, pts, 0, step, bool(packet.is_keyframe), slices)
            frames.append(Frame(init, pts, pts, bool(packet.is_keyframe), data, 0.0))
    return frames


def _picture(ground: np.ndarray[Any, np.dtype[np.int16]], rng: np.random.Generator, at_s: float) -> VideoFrame:
    luma = ground + rng.integers(-2, 3, ground.shape, dtype=np.int16)
    height, width = luma.shape
    for box in _walkers(at_s):
        x1, y1, x2, y2 = int(box.x1 * width), int(box.y1 * height), int(box.x2 * width), int(box.y2 * height)
        luma[y1:y2, x1:x2] = 40 + (np.arange(y2 - y1)[:, None] * 3 + np.arange(x2 - x1)[None, :] * 5) % 90
    grey = luma.clip(16, 235).astype(np.uint8)
    chroma = np.full((height // 2, width), 128, np.uint8)
    return VideoFrame.from_ndarray(np.concatenate([grey, chroma]), format="yuv420p")


def _walkers(at_s: float) -> list[Box]:
    """Return the bodies: a ninth of the picture high, a fifteenth of it a second."""
    found = []
    for k in range(PEOPLE):
        x = (k / PEOPLE + (1 if k % 2 else -1) * at_s / 15) % 0.95
        found.append(Box(x, 0.2 + 0.08 * k, x + 0.03, 0.2 + 0.08 * k + 0.14))
    return found


def _heads(at_s: float) -> tuple[Box, ...]:
    """Return what is hidden: the upper third of a body, grown by 30 %."""
    return tuple(Box(b.x1 - 0.009, b.y1 - 0.014, b.x2 + 0.009, b.y1 + 0.061) for b in _walkers(at_s))


# ------------------------------------------------------------------------------------------------- processor time


def _alternating(frames: list[Frame]) -> tuple[float, float]:
    """Return milliseconds of processor time a frame: ours, and decoder and encoder alone; the better of three runs."""
    _ours(frames[:12])  # compiles
    pairs = [(_ours(frames), _bare(frames)) for _ in range(3)]
    return min(a for a, _ in pairs), min(b for _, b in pairs)


def _ours(frames: list[Frame]) -> float:
    bench = Bench()
    began = time.process_time()
    for work in _works(frames):
        bench.serve(work, 0)
    return (time.process_time() - began) * 1000 / len(frames)


def _works(frames: list[Frame]) -> list[Work]:
    return [
        Work(0, f.init.codec, f.init.sets if n == 0 else None, f.fragment, f.dts, f.pts, f.key, monotonic_s(),
             _heads(f.pts / CLOCK_HZ), ())
        for n, f in enumerate(frames)
    ]  # fmt: skip


def _bare(frames: list[Frame]) -> float:
    init = frames[0].init
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count, decoder.extradata = 1, init.sets
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = init.width, init.height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, CLOCK_HZ), Fraction(25)
    encoder.thread_count = 1
    encoder.options = options_of(LIVE, init.width, init.height)
    packets = [(f, b"".join(b"\0\0\0\1" + u for u in units_of(f.fragment))) for f in frames]
    began = time.process_time()
    for frame, data in packets:
        packet = av.Packet(data)
        packet.pts = packet.dts = frame.pts
        for picture in decoder.decode(packet):
            picture.pict_type = PictureType.I if frame.key else PictureType.NONE
            encoder.encode(picture)
    return (time.process_time() - began) * 1000 / len(frames)


# ------------------------------------------------------------------------------------------------- at the camera's pace


async def _latency(frames: list[Frame], fps: float, seconds: float) -> list[float]:
    """Return how late each masked frame came, in milliseconds."""
    late: list[float] = []
    maskers = Maskers(1)
    rendition = Rendition(maskers, lambda made: late.append((monotonic_s() - made.at_s) * 1000))
    try:
        await _pace(frames, fps, seconds, [rendition])
    finally:
        rendition.stop()
        await _stopped(maskers)
    return late[len(late) // 4 :]  # the worker starts and compiles within the first


async def _pace(frames: list[Frame], fps: float, seconds: float, renditions: list[Rendition]) -> None:
    began, n = monotonic_s(), 0
    while n / fps < seconds:
        frame = frames[n % len(frames)]
        pts = round(n / fps * CLOCK_HZ)
        for rendition in renditions:
            at_s = monotonic_s()
            rendition.offer(Frame(frame.init, pts, pts, frame.key, frame.fragment, at_s), _heads(n / fps))
        n += 1
        await asyncio.sleep(max(0.0, began + n / fps - monotonic_s()))


Beside = Callable[[list[Frame], float], Any]


async def _waits(frames: list[Frame], seconds: float, beside: Beside | None) -> float:
    """Return the 99th percentile of what a timer of 2 ms is late by, in milliseconds, while renditions run."""
    waits: list[float] = []
    running = asyncio.create_task(beside(frames, seconds)) if beside is not None else None
    await asyncio.sleep(seconds / 4)
    began = monotonic_s()
    while monotonic_s() - began < seconds * 0.7:
        asked = monotonic_s()
        await asyncio.sleep(0.002)
        waits.append((monotonic_s() - asked - 0.002) * 1000)
    if running is not None:
        await running
    return float(np.percentile(waits, 99))


async def _in_worker(frames: list[Frame], seconds: float) -> None:
    maskers = Maskers(1)
    renditions = [Rendition(maskers, lambda _: None) for _ in range(BESIDE)]
    await _pace(frames, 12.5, seconds, renditions)
    for rendition in renditions:
        rendition.stop()
    await _stopped(maskers)


async def _stopped(maskers: Maskers) -> None:
    maskers.stop()
    await asyncio.sleep(0.3)  # the loop hears that its child is gone


async def _in_thread(frames: list[Frame], seconds: float) -> None:
    stop = threading.Event()
    benches = [Bench() for _ in range(BESIDE)]
    works = _works(frames)

    def work() -> None:
        began, n = monotonic_s(), 0
        while not stop.is_set():
            for bench in benches:
                bench.serve(works[n % len(works)], 0)
            n += 1
            time.sleep(max(0.0, began + n / 12.5 - monotonic_s()))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    await asyncio.sleep(seconds)
    stop.set()
    await asyncio.to_thread(thread.join)
