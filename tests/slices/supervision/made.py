"""Fixes and conditions for tests, placed in metres around one corner of a city."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import count

from ansimnet.kernel.geo import Plane, Point
from ansimnet.kernel.ids import ConditionId, DeviceId, FixId, ProtectedPersonId, WearerId, named_id
from ansimnet.slices.supervision.model import (
    Approach,
    Circle,
    Curfew,
    Exclusion,
    Fix,
    PersonId,
    Polygon,
    Sign,
    Wholeness,
    Window,
)

ORIGIN = Point(37.5, 127.03)
PLANE = Plane(ORIGIN)
NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
"""12:00 in Seoul."""
HIM = WearerId(named_id("test", "him"))
HER = ProtectedPersonId(named_id("test", "her"))
HIS_DEVICE = DeviceId(named_id("test", "his-device"))
HER_DEVICE = DeviceId(named_id("test", "her-device"))
ZONE = ConditionId(named_id("test", "zone"))
HOME = ConditionId(named_id("test", "home"))
HOURS = ConditionId(named_id("test", "hours"))
NEAR = ConditionId(named_id("test", "near"))
WHOLE = ConditionId(named_id("whole", str(HIS_DEVICE)))
_numbers = count()


def at(east_m: float, north_m: float = 0.0) -> Point:
    """Return a place so many metres from the corner."""
    return PLANE.to_point(east_m, north_m)


def fix(
    s: float,
    east_m: float | None,
    north_m: float = 0.0,
    *,
    error_m: float = 15.0,
    heard_s: float | None = None,
    hers: bool = False,
    signs: frozenset[Sign] = frozenset(),
    battery: float | None = None,
    start: datetime = NOON,
) -> Fix:
    """Return a fix seen `s` seconds after the start, heard at once unless said otherwise."""
    device = HER_DEVICE if hers else HIS_DEVICE
    seen_at = start + timedelta(seconds=s)
    return Fix(
        fix_id=FixId(named_id("fix", str(device), str(s), str(east_m), str(north_m), str(error_m), str(sorted(signs)))),
        device_id=device,
        person_id=PersonId(HER) if hers else PersonId(HIM),
        seen_at=seen_at,
        heard_at=start + timedelta(seconds=s if heard_s is None else heard_s),
        point=None if east_m is None else at(east_m, north_m),
        error_m=error_m,
        signs=signs,
        battery=battery,
    )


def zone(radius_m: float = 300.0, protected: ProtectedPersonId | None = None) -> Exclusion:
    """Return a round exclusion zone about the corner."""
    return Exclusion(ZONE, HIM, "학교", Circle(ORIGIN, radius_m), protected)


def teaching(since: time = time(12, 10), until: time = time(12, 40), radius_m: float = 300.0) -> Exclusion:
    """Return the same zone, which holds at some hours of Seoul's day alone."""
    return replace(zone(radius_m), condition_id=HOURS, window=Window(since, until))


def square(half_m: float = 300.0) -> Exclusion:
    """Return a square exclusion zone about the corner."""
    h = half_m
    return Exclusion(ZONE, HIM, "공원", Polygon((at(-h, -h), at(h, -h), at(h, h), at(-h, h))))


def curfew(since: time = time(0, 0), until: time = time(6, 0), radius_m: float = 100.0) -> Curfew:
    """Return a curfew at home, which is the corner."""
    return Curfew(HOME, HIM, "주거지", Window(since, until), Circle(ORIGIN, radius_m))


def approach(warn_m: float = 1000.0, alarm_m: float = 300.0, place: Point | None = None) -> Approach:
    """Return the condition that he stays away from her."""
    return Approach(NEAR, HIM, "피해자", HER, warn_m, alarm_m, place)


def whole() -> Wholeness:
    """Return the condition that his device stays whole."""
    return Wholeness(WHOLE, HIM, HIS_DEVICE)
