"""The words of supervision: fixes, estimates, conditions, watches. Values only, no decisions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import NewType
from uuid import UUID

from ansimnet.facts.supervision import Medical, NoticeKind, Trigger
from ansimnet.kernel.geo import Plane, Point, distance_m
from ansimnet.kernel.ids import (
    AlarmId,
    ConditionId,
    DeviceId,
    FixId,
    NoticeId,
    ProtectedPersonId,
    WearerId,
    named_id,
)

PersonId = NewType("PersonId", UUID)
"""A wearer or a protected person: whoever carries the device."""


class Offence(StrEnum):
    """The offences that make a person eligible for a device (EM-01). There is no fifth."""

    SEXUAL_VIOLENCE = "sexual_violence"  # 성폭력
    MINOR_ABDUCTION = "minor_abduction"  # 미성년자 유괴
    ROBBERY_MURDER = "robbery_murder"  # 강도 살인·치사
    SPECIFIED_VIOLENT = "specified_violent"  # 특정 강력범죄


class Sign(StrEnum):
    """What a device says about itself beside its place."""

    STRAP = "strap"  # the strap circuit is open
    CASE = "case"  # the case was opened
    OFF_BODY = "off_body"  # the skin sensor feels nobody
    JAM = "jam"  # the receiver is drowned


TAMPER_SIGNS = frozenset({Sign.STRAP, Sign.CASE, Sign.OFF_BODY})


class State(StrEnum):
    """How sure a watch is that its condition is broken, in rising order."""

    CLEAR = "clear"
    UNCERTAIN = "uncertain"
    PROBABLE = "probable"
    CERTAIN = "certain"

    @property
    def rank(self) -> int:
        return _RANK[self]


_RANK = {State.CLEAR: 0, State.UNCERTAIN: 1, State.PROBABLE: 2, State.CERTAIN: 3}


class Reason(StrEnum):
    """Why an alarm was taken back: the enumeration behind `AlarmCleared.reason`."""

    NOT_CONFIRMED = "not_confirmed"  # probable, and later fixes say it never was
    LEFT = "left"  # it was certain; the wearer has left. The incident stays open until a person closes it
    RESTORED = "restored"  # the device says it is whole again
    WINDOW_OVER = "window_over"  # the curfew hours ended
    MEDICAL_OVER = "medical_over"  # the told medical stay ended and he is still there: a full alarm follows
    CONDITION_ENDED = "condition_ended"  # the order or the condition is no longer in force


@dataclass(frozen=True, slots=True)
class Fix:
    """One report of one device, parsed and checked.

    `seen_at` is the device's clock, `heard_at` ours; both UTC. Rules run on `seen_at`, so replaying a day gives the
    same alarms at any speed. `error_m` is the radius that holds the truth 68 times in 100 (what Android, Traccar and
    OsmAnd call accuracy). `point` is None where the device spoke without knowing where it is.
    """

    fix_id: FixId
    device_id: DeviceId
    person_id: PersonId
    seen_at: datetime
    heard_at: datetime
    point: Point | None
    error_m: float
    speed_mps: float | None = None
    course_deg: float | None = None
    battery: float | None = None  # percent
    signs: frozenset[Sign] = frozenset()


@dataclass(frozen=True, slots=True)
class Suspect:
    """A fix that did not fit. The next one decides whether it, or the estimate, was wrong."""

    at: datetime
    lat: float
    lon: float
    variance_m2: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """Where a person is believed to be, how fast, and how sure: what the filter remembers.

    `v_east`, `v_north` in m/s. `pp`, `pv`, `vv` are the covariance of position and velocity along one axis (m², m²/s,
    m²/s²); both axes share it, because devices report one radius. `pace_mps` is the fastest net movement seen lately.
    """

    person_id: PersonId
    device_id: DeviceId
    fix_id: FixId
    at: datetime
    lat: float
    lon: float
    v_east: float
    v_north: float
    pp: float
    pv: float
    vv: float
    pace_mps: float
    error_m: float
    suspect: Suspect | None = None
    suspects: int = 0

    @property
    def point(self) -> Point:
        return Point(self.lat, self.lon)

    @property
    def speed_mps(self) -> float:
        return math.hypot(self.v_east, self.v_north)

    @property
    def course_deg(self) -> float | None:
        """The course made good; None below walking pace, where it is noise (0.3 m/s: ours)."""
        return math.degrees(math.atan2(self.v_east, self.v_north)) % 360 if self.speed_mps >= 0.3 else None


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

    def __post_init__(self) -> None:
        if len(self.ring) >= 2 and self.ring[0] == self.ring[-1]:
            object.__setattr__(self, "ring", self.ring[:-1])
        if len(self.ring) < 3:
            raise ValueError("a polygon needs three corners")

    @property
    def reach(self) -> tuple[Point, float]:
        """A disc that holds the whole zone."""
        lat = sum(p.lat for p in self.ring) / len(self.ring)
        lon = sum(p.lon for p in self.ring) / len(self.ring)
        centre = Point(lat, lon)
        return centre, max(distance_m(centre, p) for p in self.ring)

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
    """Stay out of a zone."""

    condition_id: ConditionId
    wearer_id: WearerId
    label: str
    zone: Zone
    protected_person_id: ProtectedPersonId | None = None
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


@dataclass(frozen=True, slots=True)
class Watch:
    """What one condition remembers between fixes.

    `announced` is what has been told of the present alarm: CLEAR nothing, PROBABLE raised, CERTAIN confirmed.
    `armed` is False from the closing of an incident until the watch has been clear once.
    """

    condition_id: ConditionId
    wearer_id: WearerId
    state: State = State.CLEAR
    probability: float = 0.0
    judged_at: datetime | None = None
    entered_at: datetime | None = None
    support: int = 0
    against: int = 0
    fix_ids: tuple[UUID, ...] = ()
    alarm_id: AlarmId | None = None
    announced: State = State.CLEAR
    armed: bool = True
    medical: Medical = Medical.NONE


@dataclass(frozen=True, slots=True)
class MedicalNotice:
    """A medical stay, and when the protected person's side was told of it (EM-08)."""

    condition_id: ConditionId
    told_at: datetime
    enters_at: datetime
    leaves_at: datetime


@dataclass(frozen=True, slots=True)
class OpenNotice:
    """A notice that has not ended."""

    notice_id: NoticeId
    notice: NoticeKind
    wearer_id: WearerId
    device_id: DeviceId
    protected_person_id: ProtectedPersonId | None
    since_at: datetime


@dataclass(frozen=True, slots=True)
class Hearing:
    """Since when a device of a wearer places nobody, by our clock, and what it said of itself."""

    device_id: DeviceId
    wearer_id: WearerId
    heard_at: datetime  # first of all, or bound: counts only where it was never placed
    placed_at: datetime | None  # the last fix good enough to vouch for a place
    battery: float | None = None
    jammed: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """An alarm whose wearer is followed, and how much may be told of him."""

    alarm_id: AlarmId
    wearer_id: WearerId
    protected_person_id: ProtectedPersonId | None
    certain: bool


@dataclass(frozen=True, slots=True)
class Device:
    """A device and whose it is: of a wearer under an order, or of a protected person."""

    device_id: DeviceId
    name: str
    wearer_id: WearerId | None
    protected_person_id: ProtectedPersonId | None
    order_from_at: datetime | None = None
    order_until_at: datetime | None = None

    @property
    def person_id(self) -> PersonId:
        person = self.wearer_id or self.protected_person_id
        assert person is not None
        return PersonId(person)


def whole_id(device_id: UUID) -> ConditionId:
    """Return the id of the implied condition that a device stays whole."""
    return ConditionId(named_id("whole", str(device_id)))
