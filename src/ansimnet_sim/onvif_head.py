"""The motors of a camera that turns: pan, tilt and zoom with limits and speeds, as the device itself counts them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ansimnet.kernel.clock import monotonic_s

Axes = tuple[float, float, float]
"""Pan and tilt in [-1, 1], zoom in [0, 1]."""

LOW: Axes = (-1.0, -1.0, 0.0)
HIGH: Axes = (1.0, 1.0, 1.0)
FULL_SPEED: Axes = (0.5, 0.6, 0.4)
"""Units a second at speed 1: 90° of pan, half of tilt, zoom in 2.5 s; a dome of the middle class."""


@dataclass(slots=True)
class Head:
    """Where it stood when it was last told something, where it goes, how fast. Asked, never ticking."""

    at: Axes = (0.0, 0.0, 0.0)
    to: Axes = (0.0, 0.0, 0.0)
    speed: Axes = FULL_SPEED
    since_s: float = field(default_factory=monotonic_s)
    stuck: bool = False
    """The motor is broken: it takes every command and stays."""

    def position(self, now_s: float | None = None) -> Axes:
        """Return where it stands now."""
        gone_s = (monotonic_s() if now_s is None else now_s) - self.since_s
        pan, tilt, zoom = (
            a + max(-s * gone_s, min(s * gone_s, b - a)) for a, b, s in zip(self.at, self.to, self.speed, strict=True)
        )
        return pan, tilt, zoom

    def moving(self, now_s: float | None = None) -> bool:
        """Return whether a motor runs."""
        return self.position(now_s) != self.to

    def turn(self, to: Axes, speed: Axes = (1.0, 1.0, 1.0)) -> None:
        """Go to a position."""
        self.at, self.since_s = self.position(), monotonic_s()
        self.to = self.at if self.stuck else _limited(to)
        self.speed = _product(FULL_SPEED, speed)

    def run(self, velocity: Axes) -> None:
        """Go on in a direction until told otherwise."""
        here = self.position()
        ends = [
            h if not v else (high if v > 0 else low) for h, v, low, high in zip(here, velocity, LOW, HIGH, strict=True)
        ]
        self.turn((ends[0], ends[1], ends[2]), (abs(velocity[0]), abs(velocity[1]), abs(velocity[2])))

    def stop(self) -> None:
        """Stay where it is."""
        self.turn(self.position())


def status_of(head: Head, at: datetime) -> str:
    """Return what stands in a `tt:PTZStatus`."""
    pan, tilt, zoom = head.position()
    word = "MOVING" if head.moving() else "IDLE"
    return (
        f'<tt:Position><tt:PanTilt x="{pan:.5f}" y="{tilt:.5f}"/><tt:Zoom x="{zoom:.5f}"/></tt:Position>'
        f"<tt:MoveStatus><tt:PanTilt>{word}</tt:PanTilt><tt:Zoom>{word}</tt:Zoom></tt:MoveStatus>"
        f"<tt:UtcTime>{at:%Y-%m-%dT%H:%M:%SZ}</tt:UtcTime>"
    )


def _limited(to: Axes) -> Axes:
    pan, tilt, zoom = (max(low, min(high, v)) for v, low, high in zip(to, LOW, HIGH, strict=True))
    return pan, tilt, zoom


def _product(a: Axes, b: Axes) -> Axes:
    pan, tilt, zoom = (x * max(0.01, min(1.0, y)) for x, y in zip(a, b, strict=True))
    return pan, tilt, zoom
