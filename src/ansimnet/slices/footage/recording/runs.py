"""Which recorded frames are shown for how long, from an instant on. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ansimnet.slices.footage.recording.cutter import HOLE_S
from ansimnet.slices.footage.recording.frames import Frames
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.ring import Frame

STILL_TICKS = CLOCK_HZ // 25
"""How long a picture is shown that has no neighbour."""
SLACK_TICKS = 450
"""5 ms: instants are rounded, frames are further apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Frames without a hole. `before` must be decoded first; `shown` with how long each, in ticks of recorded time."""

    before: tuple[Frame, ...]
    shown: tuple[tuple[Frame, int], ...]
    start: datetime
    end: datetime


def run_of(found: Frames, at: datetime, *, keys: bool = False) -> Run | None:
    """Return what is shown from an instant on, up to the next hole or the end; None: nothing is left.

    `keys`: key frames alone, the first of them the one that covers the instant.
    """
    times = [f.dts for f in found.frames]
    wanted = found.tick(at)
    first = bisect_left(times, wanted - SLACK_TICKS)
    if first == len(times):
        return None
    last = first + 1
    while last < len(times) and times[last] - times[last - 1] <= HOLE_S * CLOCK_HZ:
        last += 1
    end = times[last - 1] + _lasts(times[first:last])
    key = _key_before(found.frames, first)
    if keys:
        picked = [i for i in range(key, last) if found.frames[i].key]
        begins = [max(times[first], times[i]) for i in picked]
        before: tuple[Frame, ...] = ()
    else:
        picked = list(range(first, last))
        begins = [times[i] for i in picked]
        before = found.frames[key:first]
    ends = [*begins[1:], end]
    shown = tuple((found.frames[i], b - a) for i, a, b in zip(picked, begins, ends, strict=True) if b > a)
    return Run(before, shown, found.at(times[first]), found.at(end))


def neighbour(found: Frames, at: datetime, step: int) -> Run | None:
    """Return the one frame from an instant on (`step` 1), or the one before it (-1); None: there is none."""
    times = [f.dts for f in found.frames]
    index = bisect_left(times, found.tick(at) - SLACK_TICKS) - (step < 0)
    if not 0 <= index < len(times):
        return None
    frame = found.frames[index]
    after = times[index + 1] if index + 1 < len(times) else frame.dts + STILL_TICKS
    before = found.frames[_key_before(found.frames, index) : index]
    return Run(before, ((frame, STILL_TICKS),), found.at(frame.dts), found.at(after))


def _lasts(times: Sequence[int]) -> int:
    return times[-1] - times[-2] if len(times) > 1 else STILL_TICKS


def _key_before(frames: Sequence[Frame], index: int) -> int:
    while index > 0 and not frames[index].key:
        index -= 1
    return index
