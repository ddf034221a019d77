"""What a fix says of a zone or of a pair, in numbers: compiled, for one fix and for a million alike.

A zone is two columns of corners in degrees and a radius: one corner with a radius is a disc, several corners are a
polygon. `reach` is the disc that holds it all: latitude, longitude, metres.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ansimnet.slices.supervision.rules.chance import (
    EARTH_DEGREE_M,
    FAR_SIGMAS,
    _in_ring,
    _ring_depth,
    _within,
    compiled,
)
from ansimnet.slices.supervision.rules.limits import Rules
from ansimnet.slices.supervision.rules.motion import (
    ALIKE,
    ANEW,
    AT,
    HELD,
    LAT,
    LON,
    PP,
    REST,
    REST_LAT,
    REST_LON,
    REST_PP,
    SUSPECT_AT,
    SUSPECT_LAT,
    SUSPECT_LON,
    SUSPECT_VAR,
    _best,
    _metres,
    _poor,
)

F64 = NDArray[np.float64]
Reach = tuple[float, float, float]
NEAR_SIGMAS = 2.2
"""Further than so many sigmas from its middle lies 0.089 of a round Gaussian (exp(-2.2²/2)): below `CLEAR_BELOW` and
`NEAR_FROM`, so a watch that remembers nothing stays as it is where its zone lies further, whatever else was weighed."""
SURE = 0.95
"""From here on a fix is taken as belonging to the track without a remainder."""
PROBABLE = 2
"""The rank of `State.PROBABLE`."""
JUST_BELOW = 0.999
"""Of a threshold: what is held back by it, and yet remembered."""
UNHEARD = -1.0
"""What a fix says for itself that counts for neither side."""
_NOTHING = 0.01
"""A way to be less probable than this is not looked at."""


@compiled
def _chance_at(lat: float, lon: float, variance: float, lats: F64, lons: F64, radius: float, reach: Reach) -> float:
    """Return the probability that somebody at a place, give or take, is inside a zone."""
    x, y = _metres(reach[0], reach[1], lat, lon)
    far = FAR_SIGMAS * math.sqrt(variance) + reach[2] * 1.01  # a hundredth: the plane is no sphere
    if x * x + y * y > far * far:
        return 0.0
    if lats.shape[0] == 1:
        return _within(x, y, variance, 0.0, variance, radius)
    wide = EARTH_DEGREE_M * math.cos(math.radians(lat))
    return _in_ring(lons, lats, lon, lat, wide, EARTH_DEGREE_M, variance, 0.0, variance)


@compiled
def _depth_at(lat: float, lon: float, lats: F64, lons: F64, radius: float) -> float:
    """Return how deep inside a zone a place lies, m; negative outside."""
    if lats.shape[0] == 1:
        x, y = _metres(lats[0], lons[0], lat, lon)
        return radius - math.hypot(x, y)
    return _ring_depth(lons, lats, lon, lat, EARTH_DEGREE_M * math.cos(math.radians(lat)), EARTH_DEGREE_M)


@compiled
def _chance_of(s: F64, lats: F64, lons: F64, radius: float, reach: Reach) -> float:
    """Return the probability that a person is inside a zone: at rest or on the way."""
    w, p = s[REST], 0.0
    if w > _NOTHING:
        p += w * _chance_at(s[REST_LAT], s[REST_LON], s[REST_PP], lats, lons, radius, reach)
    if w < 1 - _NOTHING:
        p += (1 - w) * _chance_at(s[LAT], s[LON], s[PP], lats, lons, radius, reach)
    return p


@compiled
def _away(s: F64, lat: float, lon: float, sigmas: float) -> float:
    """Return a distance from a place, m, within which a person is believed to be, give or take so many sigmas."""
    w, away = s[REST], 0.0
    if w > _NOTHING:
        x, y = _metres(lat, lon, s[REST_LAT], s[REST_LON])
        away = math.hypot(x, y) + sigmas * math.sqrt(s[REST_PP])
    if w < 1 - _NOTHING:
        x, y = _metres(lat, lon, s[LAT], s[LON])
        away = max(away, math.hypot(x, y) + sigmas * math.sqrt(s[PP]))
    return away


@compiled
def _far_of(prior: F64, after: F64, first: bool, lat: float, lon: float, r: float, sigmas: float) -> float:
    """Return a distance from a fix, m, that this person is believed to be within, before or after it.

    By `FAR_SIGMAS` nothing probable lies beyond; by `NEAR_SIGMAS` too little for a quiet watch to stir.
    """
    far = max(sigmas * math.sqrt(r), _away(after, lat, lon, sigmas))
    if not first:
        far = max(far, _away(prior, lat, lon, sigmas))
    return 1.02 * far + 1.0  # a fiftieth: the plane is no sphere


@compiled
def _again(back_s: float, at_s: float, k: Rules) -> bool:
    """Tell whether it is only some days ago that an alarm was taken back (both s)."""
    return 0 <= at_s - back_s < k.taken_back_s


@compiled
def _held_below(
    prior: F64, after: F64, first: bool, r: float, outside: bool, again: bool, k: Rules
) -> tuple[float, float]:
    """Return where an alarm of a zone begins, and below what it is held back.

    Whom only a poor fix saw go is not taken to have gone by little, nor who rests, least of whom it was said some days
    ago (`again`): it is mostly a mast that errs.
    """
    if outside:
        poor = r >= _poor(k)
        if after[REST] >= 0.5:
            return k.curfew_from, k.curfew_again_from if again or poor else k.curfew_rest_from
        return k.curfew_from, k.curfew_mast_from if poor else 0.0
    if first:
        return k.near_from, 0.0
    return k.near_from, k.rested_from if prior[REST] >= 0.5 else k.mast_from if r >= _poor(k) else 0.0


@compiled
def _weigh_zone(
    prior: F64, after: F64, genuine: float, became: float, first: bool, lat: float, lon: float, r: float,
    error_m: float, far: float, outside: bool, again: bool, state: int, lats: F64, lons: F64, radius: float,
    reach: Reach, k: Rules,
) -> tuple[float, float, bool, bool]:  # fmt: skip
    """Return how likely a zone's rule is broken, by all and by this fix alone, whether it is deep and was expected.

    `far` is `_far_of` this fix by `FAR_SIGMAS`. `outside` turns the question round: broken is who is not inside.
    `again`: an alarm of it ended some days ago. `state` is how far the watch is: nobody asks whether what is probable
    already was expected. Alone a fix says 1 or 0 where it lies far enough from the edge that no threshold is near.
    """
    x, y = _metres(reach[0], reach[1], lat, lon)
    depth = -math.inf
    if math.hypot(x, y) <= reach[2] * 1.01 + far:
        depth = _depth_at(lat, lon, lats, lons, radius)
    if abs(depth) > far:
        own = now = before = 1.0 if depth > 0 else 0.0
    else:
        if became != HELD and abs(depth) > 1.02 * NEAR_SIGMAS * math.sqrt(r):
            own = 1.0 if depth > 0 else 0.0
        else:
            own = _chance_at(lat, lon, r, lats, lons, radius, reach)
        now = own if became == HELD else _chance_of(after, lats, lons, radius, reach)
        before = now
        asked = state < PROBABLE and (1 - now if outside else now) >= k.clear_below
        if not first and (genuine <= SURE or asked):
            before = _chance_of(prior, lats, lons, radius, reach)
    if outside:
        own, now, before, depth = 1 - own, 1 - now, 1 - before, -depth
    likely = now if first or genuine > SURE else genuine * now + (1 - genuine) * before
    deep = (
        own > 0.5
        and genuine >= k.deep_genuine
        and depth >= max(k.deep_m, k.deep_errors * max(error_m, k.radius_per_sigma * math.sqrt(r)))
    )
    if became == ANEW:
        return likely, own, deep, True
    begin, held = _held_below(prior, after, first, r, outside, again, k)
    if begin <= likely < held:
        likely = JUST_BELOW * begin
    expected = not first and own >= k.clear_below and before >= k.expected_from
    if likely >= k.probable_from and own >= k.probable_from and not (outside and after[REST] >= 0.5):
        expected = True
    if after[ALIKE] > 0 and k.clear_below <= own < k.probable_from:
        own = UNHEARD  # one mast heard again is no second witness
    return likely, own, deep, expected


@compiled
def _near_place(lat: float, lon: float, variance: float, b: F64, radius: float) -> float:
    """Return the probability that a place, give or take, is within a distance of a person."""
    w, p = b[REST], 0.0
    if w > _NOTHING:
        x, y = _metres(b[REST_LAT], b[REST_LON], lat, lon)
        both = variance + b[REST_PP]
        p += w * _within(x, y, both, 0.0, both, radius)
    if w < 1 - _NOTHING:
        x, y = _metres(b[LAT], b[LON], lat, lon)
        both = variance + b[PP]
        p += (1 - w) * _within(x, y, both, 0.0, both, radius)
    return p


@compiled
def _near(a: F64, b: F64, radius: float) -> float:
    """Return the probability that two people are within a distance of each other."""
    w, p = a[REST], 0.0
    if w > _NOTHING:
        p += w * _near_place(a[REST_LAT], a[REST_LON], a[REST_PP], b, radius)
    if w < 1 - _NOTHING:
        p += (1 - w) * _near_place(a[LAT], a[LON], a[PP], b, radius)
    return p


@compiled
def _weigh_pair(
    prior: F64, after: F64, genuine: float, became: float, first: bool, lat: float, lon: float, r: float,
    error_m: float, other: F64, other_error_m: float, warn: float, alarm: float, k: Rules,
) -> tuple[float, float, float, bool, bool]:  # fmt: skip
    """Return how likely two people are within the two radii, by this fix alone within the smaller, deep, expected.

    `prior`, `after` and `other` stand at the same second.
    """
    own = _near_place(lat, lon, r, other, alarm)
    s_lat, s_lon, s_var = other[SUSPECT_LAT], other[SUSPECT_LON], 0.0
    if other[SUSPECT_AT] > 0:
        s_var = other[SUSPECT_VAR] + (k.walk_mps * max(0.0, other[AT] - other[SUSPECT_AT])) ** 2
    likely = sure = before = 0.0
    for i in range(2):
        radius = warn if i == 0 else alarm
        now = _near_place(lat, lon, r, other, radius) if became == HELD else _near(after, other, radius)
        track = now
        if other[SUSPECT_AT] > 0:
            if became == HELD:
                x, y = _metres(s_lat, s_lon, lat, lon)
                there = _within(x, y, r + s_var, 0.0, r + s_var, radius)
            else:
                there = _near_place(s_lat, s_lon, s_var, after, radius)
            now = (now + there) / 2  # until her next fix either of the two places may be the true one
        was = now
        if not first and (genuine <= SURE or now >= k.clear_below):  # else nobody asks
            was = track = _near(prior, other, radius)
            if other[SUSPECT_AT] > 0:
                was = (was + _near_place(s_lat, s_lon, s_var, prior, radius)) / 2
        p = now if first or genuine > SURE else genuine * now + (1 - genuine) * was
        if i == 0:
            likely, before = p, track  # a suspect is one fix: what it says was expected by nobody
            if p < k.clear_below:
                break  # the smaller circle is not asked for
        else:
            sure = p
    b_lat, b_lon, _ = _best(other)
    x, y = _metres(b_lat, b_lon, lat, lon)
    doubt = max(error_m, k.radius_per_sigma * math.sqrt(r), other_error_m)
    deep = own > 0.5 and genuine >= k.deep_genuine and alarm - math.hypot(x, y) >= max(k.deep_m, k.deep_errors * doubt)
    met = k.met_from if not first and prior[REST] < k.settled_from else k.probable_from
    expected = became == ANEW or min(sure, own) >= met or (not first and before >= k.expected_from)
    return likely, sure, own, deep, expected and (likely >= k.warn_from or sure >= k.near_from)
