"""Who carries what: fixes, devices, and where somebody is believed to be. Values only, no decisions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

import msgspec

from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import (
    DeviceId,
    FixId,
    ProtectedPersonId,
    WearerId,
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


class Fix(msgspec.Struct, frozen=True, gc=False):
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


@dataclass(slots=True)
class Person:
    """A person's row, locked: what binds him is as remembered while `bound_by` is; the belief is as it is kept."""

    bound_by: bytes
    stored: bytes | None


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

    Two ways to be. On the way: `lat`, `lon`, `v_east`, `v_north` (m/s) and `pp`, `pv`, `vv`, the covariance of position
    and velocity along one axis (m², m²/s, m²/s²); both axes share it, because devices report one radius. At rest:
    `rest_lat`, `rest_lon`, `rest_pp`, with `rest` the probability of it. `last_*` is the last fix as it came, `alike`
    how many poor ones at its spot came before it. `pace_mps` is the fastest net movement seen lately;
    `error_m` is the radius about `point` that holds the truth 68 times in 100.
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
    rest_lat: float = 0.0
    rest_lon: float = 0.0
    rest_pp: float = 0.0
    rest: float = 0.0
    last_lat: float = 0.0
    last_lon: float = 0.0
    last_variance_m2: float = 0.0
    alike: int = 0

    @property
    def point(self) -> Point:
        """Where the person most probably is."""
        return Point(self.rest_lat, self.rest_lon) if self.rest >= 0.5 else Point(self.lat, self.lon)

    @property
    def speed_mps(self) -> float:
        return 0.0 if self.rest >= 0.5 else math.hypot(self.v_east, self.v_north)

    @property
    def course_deg(self) -> float | None:
        """The course made good; None below walking pace, where it is noise (0.3 m/s: ours)."""
        return math.degrees(math.atan2(self.v_east, self.v_north)) % 360 if self.speed_mps >= 0.3 else None


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


@dataclass(frozen=True, slots=True)
class Hearing:
    """Since when a device of a wearer places nobody, by our clock, and what it said of itself."""

    device_id: DeviceId
    wearer_id: WearerId
    heard_at: datetime  # first of all, or bound under an order: counts only where it was never placed
    placed_at: datetime | None  # the last fix good enough to vouch for a place
    battery: float | None = None
    jammed: bool = False
