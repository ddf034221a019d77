"""What a stream remembers: its timeline, the current group of pictures, and the last half minute. One copy of bytes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ


@dataclass(frozen=True, slots=True, eq=False)
class Init:
    """What a player needs before the first frame. Identity tells a change of format: compare with `is`."""

    codec: str
    width: int
    height: int
    segment: bytes
    sets: bytes  # the parameter sets with start codes, for decoders


@dataclass(slots=True, eq=False)
class Frame:
    """One picture as a ready fragment. Times in ticks of `CLOCK_HZ` on the stream's own timeline."""

    init: Init
    dts: int
    pts: int
    key: bool
    fragment: bytes
    at_s: float  # when it came, on the monotonic clock


class Budget:
    """Bytes that many may hold together."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    def room(self, size: int) -> bool:
        """Return whether so many bytes more are within the limit."""
        return self.used + size <= self.limit

    def take(self, size: int) -> None:
        """Count bytes that are held from now on."""
        self.used += size

    def give(self, size: int) -> None:
        """Count bytes that are let go."""
        self.used -= size


class Ring:
    """The last `keep_s` seconds in at most `max_bytes`, always beginning with a key frame.

    Rings of one relay share a `budget`: when it is spent, each one that grows lets go of all but its current group.
    """

    def __init__(self, *, keep_s: float = 30.0, max_bytes: int = 8 << 20, budget: Budget | None = None) -> None:
        # 30 s at 2 Mbit/s are 7.5 MB: one camera's sub-stream never reaches the cap, a runaway one does.
        self.keep_ticks = int(keep_s * CLOCK_HZ)
        self.max_bytes = max_bytes
        self.size = 0
        self.group: list[Frame] = []  # the current group of pictures, key frame first; empty where there is none
        self._budget = budget or Budget(max_bytes)
        self._groups: deque[list[Frame]] = deque()
        self._sizes: deque[int] = deque()

    def add(self, frame: Frame) -> None:
        """Keep a frame; frames before the first key frame are not kept."""
        groups, size = self._groups, len(frame.fragment)
        if frame.key:
            self.group = []
            groups.append(self.group)
            self._sizes.append(0)
        if not groups:
            return
        self.group.append(frame)
        self._sizes[-1] += size
        self.size += size
        self._budget.take(size)
        if frame.key:
            oldest = frame.dts - self.keep_ticks
            while len(groups) > 1 and groups[1][0].dts <= oldest:
                self._drop()
        while len(groups) > 1 and (self.size > self.max_bytes or not self._budget.room(0)):
            self._drop()
        if self.size > self.max_bytes:  # one group alone is too large: joiners wait for its successor
            self._drop()
            self.group = []

    def _drop(self) -> None:
        self._groups.popleft()
        size = self._sizes.popleft()
        self.size -= size
        self._budget.give(size)

    def clear(self) -> None:
        """Forget every picture."""
        self._groups.clear()
        self._sizes.clear()
        self._budget.give(self.size)
        self.size = 0
        self.group = []

    def since(self, dts: int) -> list[Frame]:
        """Return the frames from the last key frame at or before `dts` on, oldest first."""
        groups = list(self._groups)
        first = max((i for i, g in enumerate(groups) if g[0].dts <= dts), default=0)
        return [frame for group in groups[first:] for frame in group]


class Timeline:
    """Turn a camera's 32-bit media times into one line that never jumps back, across reconnects too.

    Players freeze for ever when a reconnected camera starts from another random time, so a new session is placed by
    the wall-clock time that passed; so is a jump of more than ten seconds inside a session.
    """

    JUMP = 10 * CLOCK_HZ

    def __init__(self) -> None:
        self.duration = CLOCK_HZ // 25  # until two frames have told: the commonest rate
        self._ticks: int | None = None
        self._pts = -1
        self._dts = -1
        self._at_s = 0.0

    def broken(self) -> None:
        """Say that the next frame belongs to a new session."""
        self._ticks = None

    def place(self, ticks: int, at_s: float) -> tuple[int, int]:
        """Return decoding and presentation time of the frame that came at `at_s` (monotonic seconds)."""
        waited = max(1, int((at_s - self._at_s) * CLOCK_HZ))
        if self._dts < 0:
            pts = 0
        elif self._ticks is None:
            pts = self._dts + max(self.duration, waited)
        else:
            step = (ticks - self._ticks + 0x80000000 & 0xFFFFFFFF) - 0x80000000
            if abs(step) > self.JUMP:
                pts = self._dts + max(self.duration, min(waited, self.JUMP))
            else:
                pts = self._pts + step
                if step > 0:
                    self.duration = min(step, 2 * CLOCK_HZ)
        pts = max(pts, 0)
        dts = max(self._dts + 1, pts)
        self._ticks, self._pts, self._dts, self._at_s = ticks, pts, dts, at_s
        return dts, pts

    def at(self, at_s: float) -> int:
        """Return the presentation time that belongs to an instant near the last frame."""
        return max(0, self._pts + int((at_s - self._at_s) * CLOCK_HZ))
