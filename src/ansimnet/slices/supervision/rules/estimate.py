"""One person's filter: position, velocity and error from fixes that may lie. (EM-19)

A velocity that forgets (Ornstein-Uhlenbeck) moves the estimate; each fix is weighed as a mixture of an honest one and
an outlier, so a claimed accuracy alone convinces nobody. What does not fit is held as a suspect, and the next fix
decides which of the two was wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime

from ansimnet.kernel.geo import Plane, Point, distance_m
from ansimnet.slices.supervision.model import Estimate, Fix, Suspect
from ansimnet.slices.supervision.rules import limits
from ansimnet.slices.supervision.rules.chance import Spread

_POSITION_CAP_M2 = 1e9
"""No estimate is worse than 30 km: keeps the numbers sane after months of silence."""


def variance_of(error_m: float) -> float:
    """Return the variance along one axis (m²) behind a stated error radius."""
    sigma = max(error_m, limits.ERROR_FLOOR_M) / limits.RADIUS_PER_SIGMA
    return sigma * sigma


@dataclass(frozen=True, slots=True)
class Step:
    """What one fix did to an estimate.

    `prior` is the old estimate moved to the fix's time (None for a first fix); `genuine` how surely the fix belongs to
    the track. Where the fix became a suspect, `estimate` is `prior` with the suspect noted.
    """

    estimate: Estimate
    prior: Estimate | None
    genuine: float


def aged(e: Estimate, at: datetime) -> Estimate:
    """Return the estimate moved to a later instant; the error grows with the person's pace and never shrinks."""
    return _moved(e, (at - e.at).total_seconds(), at, e.pace_mps)


def reachable(e: Estimate, at: datetime) -> Estimate:
    """Return the estimate aged by what anybody could do in a city (50 km/h), for asking who may be near."""
    return _moved(e, (at - e.at).total_seconds(), at, max(e.pace_mps, limits.URBAN_MPS))


def _moved(e: Estimate, dt: float, at: datetime, pace_mps: float) -> Estimate:
    if dt <= 0:
        return e
    tau = limits.MEMORY_S
    fade = math.exp(-dt / tau)
    gain = tau * (1 - fade)
    pace = max(limits.WALK_MPS, min(pace_mps, limits.HIGHWAY_MPS))
    # the longer nobody has looked, the less the old pace says: a walker may have found a car
    pace += max(0.0, limits.URBAN_MPS - pace) * (1 - math.exp(-((dt / limits.PACE_DECAY_S) ** 2)))
    unrest = pace / 2.448  # 95 % of a two-dimensional Gaussian speed lie below 2.448 sigmas
    s2 = unrest * unrest
    pp = e.pp + 2 * gain * e.pv + gain * gain * e.vv + s2 * tau * tau * (2 * dt / tau - 3 + 4 * fade - fade * fade)
    pv = fade * (e.pv + gain * e.vv) + s2 * tau * (1 - fade) ** 2
    vv = fade * fade * e.vv + s2 * (1 - fade * fade)
    to = Plane(e.point).to_point(e.v_east * gain, e.v_north * gain)
    return replace(
        e,
        at=at,
        lat=to.lat,
        lon=to.lon,
        v_east=e.v_east * fade,
        v_north=e.v_north * fade,
        pp=min(pp, _POSITION_CAP_M2),
        pv=pv,
        vv=vv,
        pace_mps=e.pace_mps * math.exp(-dt / limits.PACE_DECAY_S),
        error_m=math.sqrt(min(pp, _POSITION_CAP_M2)) * limits.RADIUS_PER_SIGMA,
    )


def begin(fix: Fix, point: Point, pace_mps: float = limits.WALK_MPS) -> Estimate:
    """Return the estimate that knows one fix and no velocity."""
    r = variance_of(fix.error_m)
    speed = max(pace_mps, limits.WALK_MPS)
    return Estimate(
        person_id=fix.person_id,
        device_id=fix.device_id,
        fix_id=fix.fix_id,
        at=fix.seen_at,
        lat=point.lat,
        lon=point.lon,
        v_east=0.0,
        v_north=0.0,
        pp=r,
        pv=0.0,
        vv=speed * speed,
        pace_mps=speed,
        error_m=math.sqrt(r) * limits.RADIUS_PER_SIGMA,
    )


def follow(e: Estimate | None, fix: Fix, point: Point) -> Step:
    """Return what a fix makes of an estimate. `fix.seen_at` is not before `e.at`.

    Outliers are known by the speed they imply and by how badly they fit, never by the accuracy they claim.
    """
    if e is None:
        return Step(begin(fix, point), None, 1.0)
    prior = aged(e, fix.seen_at)
    r = variance_of(fix.error_m)
    x, y = Plane(prior.point).to_xy(point)
    genuine = _genuine(x * x + y * y, prior.pp + r)
    if genuine >= 0.5 and _implied_mps(e, fix, point, r) <= limits.POSSIBLE_MPS:
        return Step(_update(prior, fix, x, y, r, _paced(e, fix, point, r)), prior, genuine)
    return _doubt(e, prior, fix, point, r, min(genuine, 0.5))


def _genuine(d2: float, s: float) -> float:
    """Return how surely a fix off by sqrt(`d2`) m belongs to a track with innovation variance `s` (m², per axis)."""
    wide = s + limits.OUTLIER_SIGMA_M**2
    near = (1 - limits.OUTLIER_SHARE) * math.exp(-min(d2 / s, 1400.0) / 2) / s
    far = limits.OUTLIER_SHARE * math.exp(-min(d2 / wide, 1400.0) / 2) / wide
    return near / (near + far) if near + far > 0 else 0.0


def _implied_mps(e: Estimate, fix: Fix, point: Point, r: float) -> float:
    """Return the speed a fix implies, after granting both places two sigmas of error."""
    slack = 2 * (math.sqrt(e.pp) + math.sqrt(r))
    dt = max((fix.seen_at - e.at).total_seconds(), 1.0)  # device clocks tick in seconds
    return max(0.0, distance_m(e.point, point) - slack) / dt


def _paced(e: Estimate, fix: Fix, point: Point, r: float) -> float:
    """Return the pace after a fix: what it implies now, or what is left of the pace before."""
    dt = (fix.seen_at - e.at).total_seconds()
    left = e.pace_mps * math.exp(-max(dt, 0.0) / limits.PACE_DECAY_S)
    stated = fix.speed_mps if fix.speed_mps is not None and fix.speed_mps <= limits.HIGHWAY_MPS else 0.0
    return max(limits.WALK_MPS, left, stated, min(_implied_mps(e, fix, point, r), limits.POSSIBLE_MPS))


def _update(prior: Estimate, fix: Fix, x: float, y: float, r: float, pace_mps: float) -> Estimate:
    s = prior.pp + r
    kp, kv = prior.pp / s, prior.pv / s
    to = Plane(prior.point).to_point(kp * x, kp * y)
    # a poor fix teaches little, but it never makes us know less than before
    pp = max(prior.pp * (1 - kp), min(prior.pp, limits.CORRELATED**2 * r))
    pv = prior.pv * (1 - kp)
    vv = max(prior.vv - kv * prior.pv, pv * pv / pp, 1e-4)
    return replace(
        prior,
        device_id=fix.device_id,
        fix_id=fix.fix_id,
        lat=to.lat,
        lon=to.lon,
        v_east=prior.v_east + kv * x,
        v_north=prior.v_north + kv * y,
        pp=pp,
        pv=pv,
        vv=vv,
        pace_mps=pace_mps,
        error_m=math.sqrt(pp) * limits.RADIUS_PER_SIGMA,
        suspect=None,
        suspects=0,
    )


def _doubt(e: Estimate, prior: Estimate, fix: Fix, point: Point, r: float, genuine: float) -> Step:
    """Hold a fix that does not fit, or start anew where it agrees with the suspect before it."""
    old = e.suspect
    if old is not None and fix.seen_at > old.at:
        dt = (fix.seen_at - old.at).total_seconds()
        x, y = Plane(Point(old.lat, old.lon)).to_xy(point)
        net = max(0.0, math.hypot(x, y) - 2 * (math.sqrt(old.variance_m2) + math.sqrt(r))) / dt
        if net <= limits.POSSIBLE_MPS and _agree(e, old, x, y, dt, r):
            return Step(_anew(fix, point, x / dt, y / dt, (old.variance_m2 + r) / (dt * dt), net), prior, 1.0)
    if e.suspects + 1 >= limits.SUSPECTS:
        start = begin(fix, point, limits.URBAN_MPS)
        return Step(replace(start, pp=max(start.pp, limits.OUTLIER_SIGMA_M**2)), None, genuine)
    # the estimate itself stays as it was, so that its age goes on growing from its last good fix
    return Step(
        replace(e, suspect=Suspect(fix.seen_at, point.lat, point.lon, r), suspects=e.suspects + 1), prior, genuine
    )


def _agree(e: Estimate, old: Suspect, x: float, y: float, dt: float, r: float) -> bool:
    """Tell whether a fix (`x`, `y`) m and `dt` s after a suspect confirms it: as somebody who stayed there, or who went
    there from the estimate and goes on so. Two outliers that only share being far away do not agree.
    """
    errors = old.variance_m2 + r
    stayed = errors + (max(e.pace_mps, limits.WALK_MPS) * dt / 2.448) ** 2
    if x * x + y * y <= limits.AGREE_SIGMAS**2 * stayed:
        return True
    gone = (old.at - e.at).total_seconds()
    if gone <= 0:
        return False
    east, north = Plane(e.point).to_xy(Point(old.lat, old.lon))
    east, north = east / gone, north / gone
    turning = errors + (0.3 * math.hypot(east, north) * dt) ** 2  # a third of the speed: bends and lights. ours
    dx, dy = x - east * dt, y - north * dt
    return math.hypot(east, north) <= limits.HIGHWAY_MPS and dx * dx + dy * dy <= limits.AGREE_SIGMAS**2 * turning


def _anew(fix: Fix, point: Point, v_east: float, v_north: float, vv: float, pace_mps: float) -> Estimate:
    """Return an estimate from two fixes that agree with each other and not with what was believed."""
    start = begin(fix, point, pace_mps)
    speed = math.hypot(v_east, v_north)
    if speed * speed < vv:  # slower than its own error: no velocity is known
        return start
    return replace(start, v_east=v_east, v_north=v_north, vv=vv, pace_mps=max(speed, start.pace_mps))


def spread_of(e: Estimate) -> Spread:
    """Return the error ellipse of an estimate."""
    return Spread.round(e.pp)


def ahead(e: Estimate, seconds: float) -> Estimate:
    """Return where a person is expected after so many seconds, for a forecast."""
    return _moved(e, seconds, e.at, e.pace_mps)
