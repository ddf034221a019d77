"""What one fix, or one tick of the clock, says about one condition. Pure; probabilities from error ellipses. (EM-19)"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from ansimnet.kernel.geo import Plane, Point, distance_m, signed_depth_m
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
from ansimnet.slices.supervision.rules import limits, window
from ansimnet.slices.supervision.rules.chance import FAR_SIGMAS, Spread, chance_in_polygon, chance_within
from ansimnet.slices.supervision.rules.estimate import Step, aged, reachable, spread_of, variance_of


@dataclass(frozen=True, slots=True)
class Evidence:
    """How likely a condition is broken at an instant, by all we know (`likely`, `sure`) and by this fix alone (`own`).

    `likely` raises and clears, `sure` confirms; they differ only where a condition has two radii. `own` is None where
    no fix spoke. `deep`: this fix lies very deep and fits the track. `sticky`: once certain, only a person clears it.
    `expected`: the track before the fix made it no surprise, so that one fix may raise.
    """

    at: datetime
    likely: float
    sure: float
    own: float | None
    deep: bool
    fix_ids: tuple[UUID, ...]
    sticky: bool = False
    expected: bool = True


def chance_in_zone(zone: Zone, point: Point, spread: Spread) -> float:
    """Return the probability that somebody at `point`, give or take `spread`, is inside a zone."""
    centre, reach_m = zone.reach
    if distance_m(point, centre) - reach_m > FAR_SIGMAS * spread.axes()[0]:
        return 0.0
    match zone:
        case Circle():
            x, y = Plane(zone.centre).to_xy(point)
            return chance_within(x, y, spread, zone.radius_m)
        case Polygon():
            return chance_in_polygon(zone.xy(Plane(point)), spread)
        case _:
            assert_never(zone)


def depth_m(zone: Zone, point: Point) -> float:
    """Return how far inside a zone a point lies; negative outside."""
    match zone:
        case Circle():
            return zone.radius_m - distance_m(zone.centre, point)
        case Polygon():
            return signed_depth_m(point, zone.ring)
        case _:
            assert_never(zone)


def chance_near(a: Estimate, b: Estimate, radius_m: float) -> float:
    """Return the probability that two people are within a distance of each other."""
    x, y = Plane(b.point).to_xy(a.point)
    return chance_within(x, y, spread_of(a) + spread_of(b), radius_m)


def _deep(depth: float, fix: Fix, genuine: float) -> bool:
    return genuine >= limits.DEEP_GENUINE and depth >= max(
        limits.DEEP_M, limits.DEEP_ERRORS * max(fix.error_m, limits.ERROR_FLOOR_M)
    )


def _blend(step: Step, fix: Fix, point: Point, zone: Zone) -> float:
    """Return P(inside) after a fix, weighed by how surely the fix belongs to the track."""
    if step.estimate.suspect is not None:  # held: judge the fix on its own beside what was believed
        now = chance_in_zone(zone, point, Spread.round(variance_of(fix.error_m)))
    else:
        now = chance_in_zone(zone, step.estimate.point, spread_of(step.estimate))
    if step.prior is None or step.genuine > 0.999:
        return now
    return step.genuine * now + (1 - step.genuine) * chance_in_zone(zone, step.prior.point, spread_of(step.prior))


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
        case Exclusion():
            p = _blend(step, fix, fix.point, condition.zone)
            own = chance_in_zone(condition.zone, fix.point, Spread.round(variance_of(fix.error_m)))
            deep = own > 0.5 and _deep(depth_m(condition.zone, fix.point), fix, step.genuine)
            before = chance_in_zone(condition.zone, step.prior.point, spread_of(step.prior)) if step.prior else 1.0
            return Evidence(fix.seen_at, p, p, own, deep, (fix.fix_id,), expected=before >= limits.EXPECTED_FROM)
        case Curfew():
            if not window.bound(condition, fix.seen_at):
                return Evidence(fix.seen_at, 0.0, 0.0, 0.0, False, (fix.fix_id,))
            p = 1 - _blend(step, fix, fix.point, condition.home)
            own = 1 - chance_in_zone(condition.home, fix.point, Spread.round(variance_of(fix.error_m)))
            deep = own > 0.5 and _deep(-depth_m(condition.home, fix.point), fix, step.genuine)
            before = 1 - chance_in_zone(condition.home, step.prior.point, spread_of(step.prior)) if step.prior else 1.0
            return Evidence(fix.seen_at, p, p, own, deep, (fix.fix_id,), expected=before >= limits.EXPECTED_FROM)
        case Approach():
            return _weigh_approach(condition, fix, fix.point, step, others)
        case _:
            assert_never(condition)


def _weigh_approach(
    condition: Approach, fix: Fix, point: Point, step: Step, others: Estimate | None
) -> Evidence | None:
    """Judge an approach from either party's fix, the other's place aged to the same instant."""
    at = max(fix.seen_at, others.at) if others is not None else fix.seen_at
    other = aged(others, at) if others is not None else None
    stale = others is None or at - others.at > limits.STALE
    if stale and fix.person_id == condition.wearer_id and condition.place is not None:
        other = _placed(fix, condition.place, at)
    if other is None:
        return None
    mine = aged(step.estimate, at)
    if step.estimate.suspect is not None:  # judge the fix on its own beside what was believed
        mine = _at(mine, point, variance_of(fix.error_m))
    warn, alarm = _near_either(mine, other, condition.warn_m), _near_either(mine, other, condition.alarm_m)
    expected = True
    if step.prior is not None:
        was, g = step.prior, step.genuine
        before = _near_either(was, other, condition.warn_m)
        expected = before >= limits.EXPECTED_FROM
        warn = g * warn + (1 - g) * before
        alarm = g * alarm + (1 - g) * _near_either(was, other, condition.alarm_m)
    own = chance_near(_at(mine, point, variance_of(fix.error_m)), other, condition.alarm_m)
    gap = distance_m(point, other.point)
    doubt = max(fix.error_m, limits.ERROR_FLOOR_M, other.error_m)
    deep = (
        own > 0.5
        and step.genuine >= limits.DEEP_GENUINE
        and condition.alarm_m - gap >= max(limits.DEEP_M, limits.DEEP_ERRORS * doubt)
    )
    cited = (fix.fix_id,) if others is None else (fix.fix_id, others.fix_id)
    return Evidence(at, warn, alarm, own, deep, cited, expected=expected)


def _near_either(a: Estimate, b: Estimate, radius_m: float) -> float:
    """Return P(near), half of it from a suspect of the other party: until her next fix either may be the true one."""
    p = chance_near(a, b, radius_m)
    if b.suspect is None:
        return p
    age = max(0.0, (b.at - b.suspect.at).total_seconds())
    there = _at(b, Point(b.suspect.lat, b.suspect.lon), b.suspect.variance_m2 + (limits.WALK_MPS * age) ** 2)
    return (p + chance_near(a, there, radius_m)) / 2


def _at(e: Estimate, point: Point, variance_m2: float) -> Estimate:
    return replace(e, lat=point.lat, lon=point.lon, pp=variance_m2)


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
    """Return what the clock alone says: a curfew that begins finds the wearer where he was last seen.

    Confirms only where the last fix lies very deep outside and is not silent; otherwise the next fix decides.
    """
    if not isinstance(condition, Curfew):
        return None
    if not window.bound(condition, at):
        return Evidence(at, 0.0, 0.0, None, True, (his.fix_id,))
    now = aged(his, at)
    p = 1 - chance_in_zone(condition.home, now.point, spread_of(now))
    fresh = at - his.at <= limits.SILENCE
    far = -depth_m(condition.home, now.point) >= max(limits.DEEP_M, limits.DEEP_ERRORS * now.error_m)
    return Evidence(at, p, p, None, fresh and far and p >= limits.CERTAIN_FROM, (his.fix_id,))


def may_be_near(condition: Condition, his: Estimate, hers: Estimate | None, at: datetime) -> bool:
    """Tell whether an unheard wearer could by now be where a condition forbids him to be (EM-19).

    Takes the disc he can have reached at urban speed since his last fix, errors included.
    """
    span = (at - his.at).total_seconds()
    reach_m = his.error_m * 2 + limits.URBAN_MPS * max(span, 0.0)
    match condition:
        case Exclusion():
            centre, radius_m = condition.zone.reach
            return distance_m(his.point, centre) - radius_m <= reach_m
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
