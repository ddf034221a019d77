"""Frames as a camera's relay makes them, for tests of what is done with them afterwards."""

from __future__ import annotations

from tests.slices.footage.camera import FPS, clip

from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ, PAYLOAD_AT, fragment
from ansimnet.slices.footage.relay.h264 import Parameters
from ansimnet.slices.footage.relay.ring import Frame, Init
from ansimnet.slices.footage.relay.source import init_of

STEP = CLOCK_HZ // FPS


def init() -> Init:
    sps, pps, _ = clip()
    return init_of(Parameters(sps, (pps,)))


INIT = init()


def frames(seconds: int = 2, *, begin: int = 0, kbit: int = 0) -> list[Frame]:
    """Return real pictures: a key frame a second, 25 a second, beginning at `begin` ticks."""
    looped = clip(kbit)[2]
    out = []
    for n in range(seconds * FPS):
        key, units = looped[n % len(looped)]
        dts = begin + n * STEP
        out.append(Frame(INIT, dts, dts, key, fragment(n + 1, dts, 0, STEP, key, units), 0.0))
    return out


def bare(dts: int, key: bool, size: int = 100, of: Init = INIT) -> Frame:
    """Return a frame whose content does not matter."""
    return Frame(of, dts, dts, key, bytes(PAYLOAD_AT + size), 0.0)
