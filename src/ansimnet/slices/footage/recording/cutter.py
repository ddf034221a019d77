"""Cut a stream into pieces that begin with a key frame and know their place in time. Pure: frames in, pieces out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ansimnet.slices.footage.archive.model import Cause, Gap
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.ring import Frame
from ansimnet.slices.footage.relay.source import Sighting

AIM_S = 2.0
"""Length of a piece (design): what a crash loses at most, and still a file worth its system calls."""
SLACK_S = 0.15
"""Arrivals jitter: a group of 2 s that is measured as 1.9 s is a piece of its own. Ours."""
LONGEST_S, LARGEST_BYTES = 28.0, 32 << 20
"""A camera that sends no key frame for so long, or so much, loses what follows until it sends one. The archive takes
segments of 30 s and 64 MiB."""
JUMP_S = 1.0
"""Arrival and the stream's own clock apart by more than this: one of the two clocks jumped."""
SLEW = 0.01
"""Share of the difference between the two that is taken up with each frame: jitter of 40 ms moves a frame by 0.4 ms,
and 100 ppm of drift are held within 1 ms. Ours."""
HOLE_S = 0.5
"""A hole shorter than this is none: a lost packet costs a group, and players stretch the last picture over it."""
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some seconds of one stream, beginning with a key frame, of one format. Frames and sightings share its clock."""

    start: datetime
    end: datetime
    frames: tuple[Frame, ...]
    sightings: tuple[Sighting, ...]

    @property
    def size(self) -> int:
        """Return the bytes of its fragments."""
        return sum(len(f.fragment) for f in self.frames)


class WallTime:
    """Places frames in wall-clock time: arrivals say when, the stream's own clock takes their jitter out."""

    def __init__(self) -> None:
        self._wall: datetime | None = None
        self._dts = 0

    def broken(self) -> None:
        """Say that the next frame follows on nothing."""
        self._wall = None

    def place(self, dts: int, arrived: datetime) -> tuple[datetime, float]:
        """Return when the frame with this decoding time was seen, and by how many seconds the clock jumped, or 0."""
        jump = 0.0
        if self._wall is None:
            wall = arrived
        else:
            expected = self._wall + timedelta(seconds=(dts - self._dts) / CLOCK_HZ)
            off = (arrived - expected).total_seconds()
            if abs(off) > JUMP_S:
                wall, jump = arrived, off
            else:
                wall = expected + timedelta(seconds=off * SLEW)
        self._wall, self._dts = wall, dts
        return wall, jump


class Cutter:
    """One stream's pieces and gaps, in order. `since`: from when on pictures are missed that do not come."""

    def __init__(self, since: datetime | None = None, detail: str = "") -> None:
        self._time = WallTime()
        self._frames: list[Frame] = []
        self._sightings: list[Sighting] = []
        self._size = 0
        self._start = self._last = _NEVER
        self._step = timedelta(seconds=0.04)
        self._since = since
        self._cause, self._detail = Cause.CAMERA_LOST, detail

    @property
    def open(self) -> Piece | None:
        """Return what is not cut yet, as the piece it would be now."""
        if not self._frames:
            return None
        return Piece(self._start, self._last + self._step, tuple(self._frames), tuple(self._sightings))

    def push(self, frame: Frame, arrived: datetime) -> list[Piece | Gap]:
        """Take a frame; return what it completes."""
        out: list[Piece | Gap] = []
        wall, jump = self._time.place(frame.dts, arrived)
        if jump:
            out += self.close(Cause.CLOCK, f"{jump:+.1f} s")
        elif self._frames and self._ends(frame, wall):
            out += self._cut(wall)
        if not self._frames:
            if not frame.key:
                return out
            out += self._begin(wall)
        elif wall > self._last:
            self._step = min(wall - self._last, timedelta(seconds=AIM_S))
        self._frames.append(frame)
        self._size += len(frame.fragment)
        self._last = wall
        return out

    def _ends(self, frame: Frame, wall: datetime) -> bool:
        """Return whether the open piece ends before this frame."""
        if frame.init is not self._frames[0].init:
            return True
        lasts = (wall - self._start).total_seconds()
        if frame.key:
            return lasts >= AIM_S - SLACK_S
        if lasts < LONGEST_S and self._size < LARGEST_BYTES:
            return False
        self._cause, self._detail = Cause.CAMERA_FAULT, "no key frame"
        return True

    def _begin(self, wall: datetime) -> list[Piece | Gap]:
        out: list[Piece | Gap] = []
        since = self._since
        if since is not None and (self._cause is Cause.CLOCK or (wall - since).total_seconds() > HOLE_S):
            out.append(Gap(min(since, wall), max(since, wall), self._cause, self._detail))
        self._start, self._since, self._cause, self._detail = wall, None, Cause.CAMERA_LOST, ""
        return out

    def _cut(self, end: datetime) -> list[Piece | Gap]:
        piece = Piece(self._start, end, tuple(self._frames), tuple(self._sightings))
        self._frames.clear()
        self._sightings.clear()
        self._size, self._since = 0, end
        return [piece]

    def saw(self, sighting: Sighting) -> None:
        """Keep what analytics saw beside the pictures, so that they can be masked as long as they exist."""
        if self._frames:
            self._sightings.append(sighting)

    def close(self, cause: Cause, detail: str = "") -> list[Piece | Gap]:
        """End the open piece: the source is lost, or recording stops. The next frame begins after a gap."""
        out = self._cut(self._last + self._step) if self._frames else []
        self._time.broken()
        self._cause, self._detail = cause, detail
        return out

    def missing(self, now: datetime) -> Gap | None:
        """Return the gap that goes on, up to now."""
        if self._frames or self._since is None or (now - self._since).total_seconds() <= HOLE_S:
            return None
        return Gap(self._since, now, self._cause, self._detail)
