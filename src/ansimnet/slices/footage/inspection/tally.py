"""Readings summed up by the hour: what is kept of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ansimnet.slices.footage.inspection.judging import Values
from ansimnet.slices.footage.model import Hour


@dataclass(slots=True)
class _Mean:
    sum: float = 0.0
    count: int = 0

    def add(self, value: float | None) -> None:
        if value is not None:
            self.sum, self.count = self.sum + value, self.count + 1

    @property
    def value(self) -> float | None:
        return self.sum / self.count if self.count else None


class _Sums:
    def __init__(self) -> None:
        self.samples = self.compared = 0
        self.brightness, self.noise, self.sharp, self.kept, self.alike = (_Mean() for _ in range(5))
        self.clock_s: float | None = None

    def add(self, v: Values) -> None:
        self.samples += 1
        self.compared += v.alike is not None
        self.brightness.add(v.brightness)
        self.noise.add(v.noise)
        self.sharp.add(v.sharp)
        self.kept.add(v.kept)
        self.alike.add(v.alike)
        if v.clock_s is not None and abs(v.clock_s) >= abs(self.clock_s or 0.0):
            self.clock_s = v.clock_s


class Tally:
    """Means of one camera, by hour and light, since they were last taken."""

    def __init__(self) -> None:
        self._sums: dict[tuple[datetime, str], _Sums] = {}

    def add(self, v: Values, at: datetime) -> None:
        """Count one reading."""
        hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        self._sums.setdefault((hour, v.light), _Sums()).add(v)

    def take(self) -> list[Hour]:
        """Return what was counted, and begin anew."""
        taken, self._sums = self._sums, {}
        return [
            Hour(
                *(hour, light, s.samples, s.compared, s.brightness.value or 0.0, s.noise.value),
                *(s.sharp.value, s.kept.value, s.alike.value, s.clock_s),
            )
            for (hour, light), s in taken.items()
        ]
