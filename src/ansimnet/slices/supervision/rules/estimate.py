"""One person's filter: where he is believed to be from fixes that may lie, one fix at a time. (EM-19)

The numbers are `motion`'s; here they meet the words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import DeviceId, FixId
from ansimnet.slices.supervision.model import Estimate, Fix, PersonId, Suspect
from ansimnet.slices.supervision.rules import limits, motion
from ansimnet.slices.supervision.rules.limits import RULES

F64 = NDArray[np.float64]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def variance_of(error_m: float) -> float:
    """Return the variance along one axis (m²) behind a stated error radius; one too good to be true counts as none."""
    claimed = error_m if error_m >= limits.ERROR_CLAIMED_M else limits.ERROR_BOASTED_M
    sigma = max(claimed, limits.ERROR_FLOOR_M) / limits.RADIUS_PER_SIGMA
    return sigma * sigma


def variances_of(error_m: F64) -> F64:
    """Return `variance_of` each of some stated error radii (N,), to the last bit."""
    claimed = np.where(error_m >= limits.ERROR_CLAIMED_M, error_m, limits.ERROR_BOASTED_M)
    sigma: F64 = np.maximum(claimed, limits.ERROR_FLOOR_M) / limits.RADIUS_PER_SIGMA
    return sigma * sigma


@dataclass(frozen=True, slots=True)
class Step:
    """What one fix did to an estimate.

    `prior` is the old estimate moved to the fix's time (None for a first fix); `genuine` how surely the fix belongs to
    the track; `variance_m2` what it deserves to be believed, per axis; `became` a word of
    `motion`. Where the fix became a suspect, `estimate` is the old one with the suspect noted.
    """

    estimate: Estimate
    prior: Estimate | None
    genuine: float
    variance_m2: float
    became: float = motion.TAKEN


def seconds_of(at: datetime) -> float:
    """Return an instant as the kernels count it: seconds since 1970."""
    return (at - _EPOCH).total_seconds()


def row_of(e: Estimate) -> F64:
    """Return an estimate as a row of numbers."""
    held = e.suspect
    return np.array(
        [
            seconds_of(e.at), e.lat, e.lon, e.v_east, e.v_north, e.pp, e.pv, e.vv, e.pace_mps,
            e.rest_lat, e.rest_lon, e.rest_pp, e.rest,
            seconds_of(held.at) if held is not None else 0.0, held.lat if held is not None else 0.0,
            held.lon if held is not None else 0.0, held.variance_m2 if held is not None else 0.0, e.suspects,
            e.last_lat, e.last_lon, e.last_variance_m2, e.alike,
        ]
    )  # fmt: skip


def instant(seconds: float) -> datetime:
    """Return the instant behind a kernel's second: a double tells microseconds of this century apart."""
    return _EPOCH + timedelta(microseconds=round(float(seconds) * 1e6))


def belief_of(
    row: F64, person_id: PersonId, device_id: DeviceId, fix_id: FixId, at: datetime, suspect: Suspect | None = None
) -> Estimate:
    """Return a row of numbers as an estimate of a person, made by a fix of a device."""
    _, lat, lon, v_east, v_north, pp, pv, vv, pace, rest_lat, rest_lon, rest_pp, rest = row[:13].tolist()
    return Estimate(
        person_id=person_id,
        device_id=device_id,
        fix_id=fix_id,
        at=at,
        lat=lat,
        lon=lon,
        v_east=v_east,
        v_north=v_north,
        pp=pp,
        pv=pv,
        vv=vv,
        pace_mps=pace,
        error_m=math.sqrt(motion._best(row)[2]) * limits.RADIUS_PER_SIGMA,
        suspect=suspect,
        suspects=int(row[motion.SUSPECTS]),
        rest_lat=rest_lat,
        rest_lon=rest_lon,
        rest_pp=rest_pp,
        rest=rest,
        last_lat=float(row[motion.LAST_LAT]),
        last_lon=float(row[motion.LAST_LON]),
        last_variance_m2=float(row[motion.LAST_VAR]),
        alike=int(row[motion.ALIKE]),
    )


def estimate_of(row: F64, of: Estimate | Fix, at: datetime, suspect: Suspect | None = None) -> Estimate:
    """Return a row as an estimate; whose it is, and by which fix, is told by `of`."""
    return belief_of(row, of.person_id, of.device_id, of.fix_id, at, suspect)


def aged(e: Estimate, at: datetime) -> Estimate:
    """Return the estimate moved to a later instant; the error grows with the person's pace and never shrinks."""
    return _moved(e, at, e.pace_mps)


def reachable(e: Estimate, at: datetime) -> Estimate:
    """Return the estimate aged by what anybody could do in a city (50 km/h), for asking who may be near."""
    return _moved(e, at, max(e.pace_mps, limits.URBAN_MPS))


def _moved(e: Estimate, at: datetime, pace_mps: float) -> Estimate:
    if at <= e.at:
        return e
    out = np.empty(motion.WIDTH)
    motion._age(row_of(e), seconds_of(at), pace_mps, RULES, np.zeros(motion.FADES), out)
    return estimate_of(out, e, at, e.suspect)


def begin(fix: Fix, point: Point, pace_mps: float = limits.WALK_MPS) -> Estimate:
    """Return the estimate that knows one fix and no velocity."""
    out = np.empty(motion.WIDTH)
    r = variance_of(fix.error_m)
    motion._begin(seconds_of(fix.seen_at), point.lat, point.lon, r, float(pace_mps), RULES, out)
    return estimate_of(out, fix, fix.seen_at)


def follow(e: Estimate | None, fix: Fix, point: Point) -> Step:
    """Return what a fix makes of an estimate. `fix.seen_at` is not before `e.at`.

    Outliers are known by the speed they imply and by how badly they fit, never by the accuracy they claim.
    """
    claimed = variance_of(fix.error_m)
    if e is None:
        return Step(begin(fix, point), None, 1.0, claimed)
    prior, out, fades = np.empty(motion.WIDTH), np.empty(motion.WIDTH), np.zeros(motion.FADES)
    stated = float(fix.speed_mps) if fix.speed_mps is not None else -1.0
    genuine, became, r = motion._follow(
        row_of(e), seconds_of(fix.seen_at), point.lat, point.lon, claimed, stated, RULES, fades, prior, out
    )
    expected = estimate_of(prior, e, max(fix.seen_at, e.at), e.suspect)
    if became == motion.HELD:
        held = Suspect(fix.seen_at, point.lat, point.lon, r)
        return Step(estimate_of(out, e, e.at, held), expected, genuine, r, became)
    return Step(estimate_of(out, fix, fix.seen_at), None if became == motion.LOST else expected, genuine, r, became)


def ahead(e: Estimate, seconds: float) -> Estimate:
    """Return where a person is expected after so many seconds, for a forecast."""
    out = np.empty(motion.WIDTH)
    motion._age(row_of(e), seconds_of(e.at) + seconds, e.pace_mps, RULES, np.zeros(motion.FADES), out)
    return estimate_of(out, e, e.at, e.suspect)
