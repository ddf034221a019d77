"""How high the sun stands: by day and by night a camera shows two pictures, and in between neither."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from math import asin, cos, degrees, radians, sin

from ansimnet.kernel.geo import Point

CIVIL_DEG = 6.0
"""Below minus this it is night, above it day; between, light changes by the minute and IR filters switch (civil
twilight ends at 6 degrees below the horizon; the same above it is ours)."""
_J2000 = 2451545.0
_UNIX_EPOCH = 2440587.5


class Light(StrEnum):
    """What light a picture was taken in."""

    DAY = "day"
    TWILIGHT = "twilight"
    NIGHT = "night"


def altitude_deg(place: Point, at: datetime) -> float:
    """Return the sun's height over the horizon in degrees, to about 0.01 without refraction.

    The low-precision formulas of the Astronomical Almanac, page C5.

    >>> from datetime import UTC
    >>> round(altitude_deg(Point(37.5, 127.0), datetime(2026, 6, 21, 3, 34, tzinfo=UTC)), 1)
    75.9
    """
    days = at.timestamp() / 86_400 + _UNIX_EPOCH - _J2000
    longitude = radians(280.460 + 0.9856474 * days)
    anomaly = radians(357.528 + 0.9856003 * days)
    ecliptic = longitude + radians(1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    tilt = radians(23.439 - 0.0000004 * days)
    declination = asin(sin(tilt) * sin(ecliptic))
    # right ascension minus mean longitude by the equation of time, so that no quadrant is asked for
    y = (1 - cos(tilt)) / (1 + cos(tilt))
    ascension = ecliptic - y * sin(2 * ecliptic) + y * y / 2 * sin(4 * ecliptic)
    sidereal = radians((18.697374558 + 24.06570982441908 * days) % 24 * 15)
    hour = sidereal + radians(place.lon) - ascension
    latitude = radians(place.lat)
    return degrees(asin(sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour)))


def light_at(place: Point, at: datetime) -> Light:
    """Return what light there is outdoors."""
    height = altitude_deg(place, at)
    if height > CIVIL_DEG:
        return Light.DAY
    return Light.NIGHT if height < -CIVIL_DEG else Light.TWILIGHT
