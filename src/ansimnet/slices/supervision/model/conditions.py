"""What a wearer must keep to: zones, hours, people, a whole device. Values only, no decisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from functools import lru_cache
from uuid import UUID

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.geo import Plane, Point, distance_m
from ansimnet.kernel.ids import (
    ConditionId,
    DeviceId,
    ProtectedPersonId,
    WearerId,
    named_id,
)


@dataclass(frozen=True, slots=True)
class Circle:
    """A disc on the ground."""

    centre: Point
    radius_m: float

    def __post_init__(self) -> None:
        if not 0 < self.radius_m <= 100_000:
            raise ValueError("a radius lies above 0 and below 100 km")

    @property
    def reach(self) -> tuple[Point, float]:
        """A disc that holds the whole zone."""
        return self.centre, self.radius_m


@dataclass(frozen=True, slots=True)
class Polygon:
    """A simple polygon, at least three corners, open (the first corner is not repeated)."""

    ring: tuple[Point, ...]
    reach: tuple[Point, float] = field(init=False, repr=False, compare=False)
    """A disc that holds the whole zone."""

    def __post_init__(self) -> None:
        if len(self.ring) >= 2 and self.ring[0] == self.ring[-1]:
            object.__setattr__(self, "ring", self.ring[:-1])
        if len(self.ring) < 3:
            raise ValueError("a polygon needs three corners")
        lat = sum(p.lat for p in self.ring) / len(self.ring)
        lon = sum(p.lon for p in self.ring) / len(self.ring)
        centre = Point(lat, lon)
        object.__setattr__(self, "reach", (centre, max(distance_m(centre, p) for p in self.ring)))

    def xy(self, plane: Plane) -> list[tuple[float, float]]:
        """The corners in metres on a plane."""
        return [plane.to_xy(p) for p in self.ring]


Zone = Circle | Polygon


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of a local day; `until` before or at `since` means the next day (EM-18)."""

    since: time = time(0, 0)
    until: time = time(6, 0)


@dataclass(frozen=True, slots=True)
class Span:
    """A period [from_at, until_at), UTC."""

    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Stay out of a zone, at all hours or in a window of them (a school while it teaches)."""

    condition_id: ConditionId
    wearer_id: WearerId
    label: str
    zone: Zone
    protected_person_id: ProtectedPersonId | None = None
    window: Window | None = None
    trigger: Trigger = Trigger.EXCLUSION_ZONE


@dataclass(frozen=True, slots=True)
class Curfew:
    """Be home during the window, but for the excepted spans."""

    condition_id: ConditionId
    wearer_id: WearerId
    label: str
    window: Window
    home: Zone
    exceptions: tuple[Span, ...] = ()
    protected_person_id: ProtectedPersonId | None = None
    trigger: Trigger = Trigger.CURFEW


@dataclass(frozen=True, slots=True)
class Approach:
    """Stay away from a person who moves too. `place` is her registered place, for when her device is silent."""

    condition_id: ConditionId
    wearer_id: WearerId
    label: str
    protected_person_id: ProtectedPersonId
    warn_m: float
    alarm_m: float
    place: Point | None = None
    trigger: Trigger = Trigger.APPROACH

    def __post_init__(self) -> None:
        if not 0 < self.alarm_m <= self.warn_m <= 100_000:
            raise ValueError("the alarm radius lies above 0 and within the warning radius")


@dataclass(frozen=True, slots=True)
class Wholeness:
    """Leave the device whole: implied by every device (tamper)."""

    condition_id: ConditionId  # derived from the device
    wearer_id: WearerId
    device_id: DeviceId
    label: str = ""
    protected_person_id: ProtectedPersonId | None = None
    trigger: Trigger = Trigger.TAMPER


Condition = Exclusion | Curfew | Approach | Wholeness


@lru_cache(maxsize=200_000)
def whole_id(device_id: UUID) -> ConditionId:
    """Return the id of the implied condition that a device stays whole."""
    return ConditionId(named_id("whole", str(device_id)))


@dataclass(frozen=True, slots=True)
class MedicalNotice:
    """A medical stay, and when the protected person's side was told of it (EM-08)."""

    condition_id: ConditionId
    told_at: datetime
    enters_at: datetime
    leaves_at: datetime
