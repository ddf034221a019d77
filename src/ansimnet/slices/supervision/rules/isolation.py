"""When a sender is cut off from the others: it floods, speaks nonsense, or repeats what was said. Pure.

A bucket per cause is filled by what a sender does and leaks with time; the one that overflows isolates the sender for a
while, longer each time. Nothing of a person is lost by it: a device keeps its fixes, and its silence is told as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Cause(StrEnum):
    """Why a sender is isolated."""

    FLOOD = "flood"
    MALFORMED = "malformed"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Bucket:
    """How much fits, and how much leaks out of it in a second."""

    holds: float
    leaks_per_s: float


BUCKETS = {
    Cause.FLOOD: Bucket(600, 10),
    Cause.MALFORMED: Bucket(50, 0.1),
    Cause.REPLAY: Bucket(20_000, 20),
}
"""Ours. A device sends one message in 15 s, at the most one a second. A wrong message now and then is a bug, fifty in a
row an attack. After a day without a link a device may repeat its whole XX
replay."""
OF_A_GATEWAY = 100.0
"""A makers' gateway speaks for so many devices at once: it fills its buckets so many times slower (ours)."""
FIRST = timedelta(minutes=1)
LONGEST = timedelta(hours=1)
FORGOTTEN = timedelta(hours=24)
"""Each isolation within a day of the last lasts twice as long (ours)."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """What is remembered of one sender: how full its buckets are, and until when it is isolated."""

    at: datetime
    levels: tuple[float, ...] = (0.0,) * len(Cause)
    isolated_until: datetime | None = None
    times: int = 0

    def isolated(self, now: datetime) -> bool:
        return self.isolated_until is not None and now < self.isolated_until


def observe(
    c: Conduct, now: datetime, done: Mapping[Cause, int], *, gateway: bool = False
) -> tuple[Conduct, Cause | None]:
    """Return a sender's conduct after what it did, and the cause where it is isolated by it."""
    share = OF_A_GATEWAY if gateway else 1.0
    passed_s = max(0.0, (now - c.at).total_seconds())
    levels, over = [], None
    for cause, level in zip(Cause, c.levels, strict=True):
        bucket = BUCKETS[cause]
        level = max(0.0, level - passed_s * bucket.leaks_per_s) + done.get(cause, 0) / share
        if level > bucket.holds and over is None:
            over = cause
        levels.append(level)
    if over is None:
        return Conduct(now, tuple(levels), c.isolated_until, c.times), None
    lately = c.isolated_until is not None and now - c.isolated_until < FORGOTTEN
    times = c.times + 1 if lately else 1
    lasts = min(FIRST * 2 ** min(times - 1, 10), LONGEST)
    return Conduct(now, isolated_until=now + lasts, times=times), over
