"""What one fix, or one tick of the clock, says about one condition. Pure; probabilities from error ellipses. (EM-19)"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.geo import Point, distance_m
from ansimnet.slices.supervision.model import (
    TAMPER_SIGNS,
    Approach,
    Circle,
    Condition,
    Curfew,
    Estimate,
    Exclusion,
    Fix,
    Polygon,
    Watch,
    Wholeness,
    Zone,
)
from ansimnet.slices.supervision.rules import limits, motion, weights, window
from ansimnet.slices.supervision.rules.chance import FAR_SIGMAS
from ansimnet.slices.supervision.rules.estimate import Step, aged, reachable, row_of, seconds_of, variance_of
from ansimnet.slices.supervision.rules.limits import RULES

F64 = NDArray[np.float64]
_NO_ROW = np.zeros(motion.WIDTH)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How likely a condition is broken at an instant, by all we know (`likely`, `sure`) and by this fix alone (`own`).

    `likely` raises and clears, `sure` confirms; they differ only where a condition has two radii. `own` is None where
    no fix spoke, or a mast said again what it had said. `deep`: this fix lies very deep and fits the track. `sticky`:
    once certain, only a person clears it. `expected`: the track before the fix made it no surprise, so that one fix may
    raise. `begin`: how likely an alarm begins. `zone`: of a zone to stay out of, in its hours; `home`: what a
    fix says of a curfew in its hours.
    """

    at: datetime
    likely: float
    sure: float
    own: float | None
    deep: bool
    fix_ids: tuple[UUID, ...]
    sticky: bool = False
    expected: bool = True
    begin: float = limits.PROBABLE_FROM
    zone: bool = False
    home: bool = False


def shape_of(zone: Zone) -> tuple[F64, F64, float, weights.Reach]:
    """Return a zone as the kernels take it: corners in degrees, the radius of a disc, the disc that holds it all."""
    centre, reach_m = zone.reach
    reach = (centre.lat, centre.lon, reach_m)
    match zone:
        case Circle():
            return np.array([centre.lat]), np.array([centre.lon]), zone.radius_m, reach
        case Polygon():
            return np.array([p.lat for p in zone.ring]), np.array([p.lon for p in zone.ring]), 0.0, reach
        case _:
            assert_never(zone)


def chance_in_zone(zone: Zone, point: Point, variance_m2: float) -> float:
    """Return the probability that somebody at `point`, give or take, is inside a zone."""
    return weights._chance_at(point.lat, point.lon, variance_m2, *shape_of(zone))


def chance_inside(zone: Zone, e: Estimate) -> float:
    """Return the probability that a person is inside a zone."""
    return weights._chance_of(row_of(e), *shape_of(zone))


def depth_m(zone: Zone, point: Point) -> float:
    """Return how far inside a zone a point lies; negative outside."""
    lats, lons, radius, _ = shape_of(zone)
    return weights._depth_at(point.lat, point.lon, lats, lons, radius)


def chance_near(a: Estimate, b: Estimate, radius_m: float) -> float:
    """Return the probability that two people are within a distance of each other."""
    return weights._near(row_of(a), row_of(b), radius_m)


def weigh_fix(
    condition: Condition, watch: Watch, fix: Fix, step: Step | None, others: Estimate | None
) -> Evidence | None:
    """Return what a fix says about a condition, or None where it says nothing.

    `fix` is of either party; `step` is what it did to that party's estimate (None without a place). `others` is the
    estimate of the other party of an approach.
    """
    if isinstance(condition, Wholeness):
        return _weigh_tamper(condition, watch, fix)
    if step is None or fix.point is None:
        return None
    match condition:
        case Exclusion() | Curfew():
            if not window.bound(condition, fix.seen_at):
                return Evidence(fix.seen_at, 0.0, 0.0, 0.0, False, (fix.fix_id,))
            if isinstance(condition, Exclusion):
                return _weigh_zone(condition.zone, watch, fix, fix.point, step, outside=False)
            return _weigh_zone(condition.home, watch, fix, fix.point, step, outside=True)
        case Approach():
            return _weigh_approach(condition, fix, fix.point, step, others)
        case _:
            assert_never(condition)


def _weigh_zone(zone: Zone, watch: Watch, fix: Fix, point: Point, step: Step, *, outside: bool) -> Evidence:
    back = watch.taken_back_at
    prior = row_of(step.prior) if step.prior is not None else _NO_ROW
    after, first = row_of(step.estimate), step.prior is None
    likely, own, deep, expected = weights._weigh_zone(
        prior,
        after,
        step.genuine,
        step.became,
        first,
        point.lat,
        point.lon,
        step.variance_m2,
        float(fix.error_m),
        weights._far_of(prior, after, first, point.lat, point.lon, step.variance_m2, FAR_SIGMAS),
        outside,
        back is not None and weights._again(back.timestamp(), fix.seen_at.timestamp(), RULES),
        0,
        *shape_of(zone),
        RULES,
    )
    begin = limits.CURFEW_FROM if outside else limits.NEAR_FROM
    said = own if own != weights.UNHEARD else None
    cited = (fix.fix_id,)
    return Evidence(
        fix.seen_at, likely, likely, said, deep, cited,
        expected=expected, begin=begin, zone=not outside, home=outside,
    )  # fmt: skip


def _weigh_approach(
    condition: Approach, fix: Fix, point: Point, step: Step, others: Estimate | None
) -> Evidence | None:
    """Judge an approach from either party's fix, the other's place aged to the same instant."""
    at = max(fix.seen_at, others.at) if others is not None else fix.seen_at
    other = aged(others, at) if others is not None else None
    stale = others is None or seconds_of(at) - seconds_of(others.at) > limits.STALE.total_seconds()
    if stale and fix.person_id == condition.wearer_id and condition.place is not None:
        other = _placed(fix, condition.place, at)
    if other is None:
        return None
    likely, sure, own, deep, expected = weights._weigh_pair(
        row_of(aged(step.prior, at)) if step.prior is not None else _NO_ROW,
        row_of(aged(step.estimate, at)),
        step.genuine,
        step.became,
        step.prior is None,
        point.lat,
        point.lon,
        step.variance_m2,
        float(fix.error_m),
        row_of(other),
        other.error_m,
        condition.warn_m,
        condition.alarm_m,
        RULES,
    )
    cited = (fix.fix_id,) if others is None else (fix.fix_id, others.fix_id)
    return Evidence(at, likely, sure, own, deep, cited, expected=expected, begin=limits.NEAR_FROM)


def _placed(fix: Fix, place: Point, at: datetime) -> Estimate:
    """Return an estimate that puts the protected person at her registered place."""
    return Estimate(
        person_id=fix.person_id,
        device_id=fix.device_id,
        fix_id=fix.fix_id,
        at=at,
        lat=place.lat,
        lon=place.lon,
        v_east=0.0,
        v_north=0.0,
        pp=variance_of(limits.PLACE_ERROR_M),
        pv=0.0,
        vv=0.0,
        pace_mps=0.0,
        error_m=limits.PLACE_ERROR_M,
    )


def _weigh_tamper(condition: Wholeness, watch: Watch, fix: Fix) -> Evidence | None:
    """Judge what a device says about itself: one sign in one report is probable, a second of either is certain."""
    if fix.device_id != condition.device_id:
        return None
    signs = len(fix.signs & TAMPER_SIGNS)
    if signs == 0:
        return Evidence(fix.seen_at, 0.0, 0.0, 0.0, False, (fix.fix_id,), sticky=True)
    if watch.support and watch.entered_at is not None and fix.seen_at - watch.entered_at < limits.SIGN_APART:
        signs = max(0, signs - 1)  # still the first moment, however often it is told: only a further sign counts
    said = watch.support + signs
    p = 1 - (1 - limits.SIGN_TRUST) ** said
    return Evidence(fix.seen_at, p, p, p if signs else None, signs >= 2, (fix.fix_id,), sticky=True)


def weigh_clock(condition: Condition, his: Estimate, at: datetime) -> Evidence | None:
    """Return what the clock alone says: a curfew or a zone's hours that begin find the wearer where he was last seen.

    Confirms only where the last fix lies very deep in the breach and is not silent; otherwise the next fix decides.
    """
    if not isinstance(condition, window.Timed):
        return None
    if not window.bound(condition, at):
        return Evidence(at, 0.0, 0.0, None, True, (his.fix_id,))
    now = aged(his, at)
    if isinstance(condition, Curfew):
        p, depth, begin = (
            1 - chance_inside(condition.home, now),
            -depth_m(condition.home, now.point),
            limits.CURFEW_AGAIN_FROM if his.rest >= 0.5 else limits.CURFEW_MAST_FROM,
        )
    else:
        p, depth, begin = chance_inside(condition.zone, now), depth_m(condition.zone, now.point), limits.RESTED_FROM
    fresh = at - his.at <= limits.SILENCE
    deep = fresh and depth >= max(limits.DEEP_M, limits.DEEP_ERRORS * now.error_m) and p >= limits.CERTAIN_FROM
    return Evidence(at, p, p, None, deep, (his.fix_id,), begin=begin, zone=isinstance(condition, Exclusion))


def may_be_near(condition: Condition, his: Estimate, hers: Estimate | None, at: datetime) -> bool:
    """Tell whether an unheard wearer could by now be where a condition forbids him to be (EM-19).

    Takes the disc he can have reached at urban speed since his last fix, errors included.
    """
    span = (at - his.at).total_seconds()
    reach_m = his.error_m * 2 + limits.URBAN_MPS * max(span, 0.0)
    match condition:
        case Exclusion():
            centre, radius_m = condition.zone.reach
            return window.bound(condition, at) and distance_m(his.point, centre) - radius_m <= reach_m
        case Curfew():
            return window.bound(condition, at)
        case Approach():
            if hers is not None:
                now = reachable(hers, at)
                if distance_m(his.point, hers.point) - condition.warn_m <= reach_m + 2 * now.error_m:
                    return True
            return condition.place is not None and distance_m(his.point, condition.place) - condition.warn_m <= reach_m
        case Wholeness():
            return False
        case _:
            assert_never(condition)
