"""Recorded pictures on one clock, whatever pieces they were written in. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.recording.cutter import HOLE_S, Piece
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.ring import Frame
from ansimnet.slices.footage.relay.source import Sighting

DRIFT_TICKS = CLOCK_HZ // 10
"""Pieces follow on one another by the stream's own clock, which has no jitter, until it is 0.1 s off (ours)."""


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Pictures of one camera on one clock: tick t of a frame or sighting is the instant `start` + t / `CLOCK_HZ`.

    A fragment keeps the times of the stream it came in; `dts` and `pts` of the frame are what counts. `at_s` is the
    frame's instant as POSIX seconds.
    """

    camera_id: CameraId
    track: Track
    start: datetime
    frames: tuple[Frame, ...]
    sightings: tuple[Sighting, ...]

    def at(self, ticks: int) -> datetime:
        """Return the instant of a tick."""
        return self.start + timedelta(seconds=ticks / CLOCK_HZ)

    def tick(self, at: datetime) -> int:
        """Return the tick of an instant."""
        return round((at - self.start).total_seconds() * CLOCK_HZ)

    def between(self, from_at: datetime, until: datetime, *, not_before: datetime | None = None) -> Frames:
        """Return what decodes from `from_at` on: from the key frame at or before it, up to but not at `until`.

        `not_before` forbids older pictures: it then begins at the first key frame after `from_at`.
        """
        times = [f.dts for f in self.frames]
        first = max(bisect_right(times, self.tick(from_at)) - 1, 0)
        while first > 0 and not self.frames[first].key:
            first -= 1
        oldest = None if not_before is None else self.tick(not_before)
        while first < len(times) and oldest is not None and (times[first] < oldest or not self.frames[first].key):
            first += 1
        return replace(self, frames=self.frames[first : bisect_left(times, self.tick(until), lo=first)])


def join(camera_id: CameraId, track: Track, pieces: Iterable[Piece]) -> Frames | None:
    """Return pieces as one, None where there are none.

    Where two overlap, because a clock jumped back, the one that begins first counts.
    """
    found = sorted(pieces, key=lambda p: p.start)
    if not found:
        return None
    start, end, last, shift = found[0].start, found[0].start, -1, 0
    frames: list[Frame] = []
    sightings: list[Sighting] = []
    for piece in found:
        if (end - piece.start).total_seconds() > HOLE_S:
            continue
        begins = round((piece.start - start).total_seconds() * CLOCK_HZ)
        follows = piece.frames[0].dts + shift
        if not frames or follows <= last or abs(follows - begins) > DRIFT_TICKS:
            shift = max(begins, last + 1) - piece.frames[0].dts
        posix = start.timestamp()
        for f in piece.frames:
            dts = f.dts + shift
            frames.append(Frame(f.init, dts, f.pts + shift, f.key, f.fragment, posix + dts / CLOCK_HZ))
        sightings += [Sighting(s.pts + shift, s.objects) for s in piece.sightings]
        last = frames[-1].dts
        end = start + timedelta(seconds=last / CLOCK_HZ)
    return Frames(camera_id, track, start, tuple(frames), tuple(sightings))
