"""The only file that may ask the machine for the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

KST = ZoneInfo("Asia/Seoul")
"""The zone curfews and reports are written in."""


class Clock(Protocol):
    """Where `now` comes from. Always UTC and aware."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SimulatedClock:
    """A clock that moves only when told."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


def now() -> datetime:
    """Return the present instant, UTC. For the edges only: rules take time as an argument."""
    return datetime.now(UTC)


def monotonic_s() -> float:
    """Return a clock in seconds that never jumps; its zero means nothing."""
    return time.monotonic()


def elapsed_s() -> float:
    """Return seconds since the machine started, its sleep included; nobody sets this clock.

    Linux counts sleep in CLOCK_BOOTTIME; on macOS CLOCK_MONOTONIC does.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
