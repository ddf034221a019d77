"""The numbers of one person's filter: two ways to be (resting, moving), each fix a mixture of honest, poor and wrong.

An interacting pair of models: at rest nobody drifts far, on the way a velocity that forgets (Ornstein-Uhlenbeck) moves
the estimate. Each fix is weighed under both, as a mixture of one as good as it claims, one somewhat worse and an
outlier, so a claimed accuracy alone convinces nobody and what fits only badly teaches only a little. What fits neither
is held as a suspect, and the next fix decides which of the two was wrong.

A state is a row of `WIDTH` numbers; the same compiled functions serve one fix and a million.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ansimnet.slices.supervision.rules.chance import EARTH_DEGREE_M, compiled
from ansimnet.slices.supervision.rules.limits import Rules

F64 = NDArray[np.float64]

AT, LAT, LON, V_EAST, V_NORTH, PP, PV, VV, PACE, REST_LAT, REST_LON, REST_PP, REST = range(13)
SUSPECT_AT, SUSPECT_LAT, SUSPECT_LON, SUSPECT_VAR, SUSPECTS = range(13, 18)
LAST_LAT, LAST_LON, LAST_VAR, ALIKE = range(18, 22)
WIDTH = 22
FADES = 6
"""Seconds since 1970, degrees, m/s, m², m²/s, m²/s², m/s; then the resting place and how probable rest is; then the
suspect (`SUSPECT_AT` 0: none) and how many there were in a row; then the last poor fix as it came (`LAST_VAR` 0: none;
of those at one spot the first), and how many alike came in a row up to the newest fix (0: it is not one of them)."""

HELD, TAKEN, ANEW, LOST = 0.0, 1.0, 2.0, 3.0
"""What became of a fix: held as a suspect, taken, begun anew from two that agree, begun anew from nothing."""
_POSITION_CAP_M2 = 1e9
"""No estimate is worse than 30 km: keeps the numbers sane after months of silence."""


@compiled
def _metres(lat: float, lon: float, to_lat: float, to_lon: float) -> tuple[float, float]:
    """Return metres east and north from a place to another, on the plane of the first."""
    return (
        (to_lon - lon) * EARTH_DEGREE_M * math.cos(math.radians(lat)),
        (to_lat - lat) * EARTH_DEGREE_M,
    )


@compiled
def _begin(at: float, lat: float, lon: float, r: float, pace: float, k: Rules, out: F64) -> None:
    """Write the state that knows one fix and no velocity; rest and motion are alike."""
    speed = max(pace, k.walk_mps)
    out[:] = 0.0
    out[AT], out[LAT], out[LON] = at, lat, lon
    out[PP], out[VV], out[PACE] = r, speed * speed, speed
    out[REST_LAT], out[REST_LON], out[REST_PP], out[REST] = lat, lon, max(r, _shared(k)), 0.5
    out[LAST_LAT], out[LAST_LON], out[LAST_VAR] = lat, lon, r if r >= _poor(k) else 0.0


@compiled
def _poor(k: Rules) -> float:
    """Return the variance from which on a fix is poor, m²."""
    return (k.poor_error_m / k.radius_per_sigma) ** 2


@compiled
def _shared(k: Rules) -> float:
    """Return the variance of what all fixes of one spot share, m²."""
    return (k.rest_error_m / k.radius_per_sigma) ** 2


@compiled
def _copy(s: F64, out: F64) -> None:
    """Write a state. A loop: a slice would be asked each time whether the two overlap."""
    for i in range(WIDTH):
        out[i] = s[i]


@compiled
def _fade(dt: float, k: Rules, fades: F64) -> None:
    """Keep what so many seconds do to everybody alike; devices report at even intervals, so mostly it is known."""
    if fades[0] != dt:
        fades[0] = dt
        fades[1] = math.exp(-dt / k.memory_s)
        fades[2] = 1 - math.exp(-((dt / k.pace_decay_s) ** 2))
        fades[3] = math.exp(-dt / k.pace_decay_s)
        fades[4] = math.exp(-dt / k.leave_s)
        fades[5] = 1 - math.exp(-dt / k.settle_s)


@compiled
def _age(s: F64, at: float, pace: float, k: Rules, fades: F64, out: F64) -> None:
    """Write the state moved to a later second; errors grow with `pace` (m/s) and never shrink.

    `fades` (`FADES` numbers, zeros at first) is what `_fade` keeps from one call to the next.
    """
    dt = at - s[AT]
    if dt <= 0:
        _copy(s, out)
        return
    _fade(dt, k, fades)
    tau, fade = k.memory_s, fades[1]
    wide = EARTH_DEGREE_M * math.cos(math.radians(s[LAT]))
    for i in range(SUSPECT_AT, WIDTH):
        out[i] = s[i]
    _mix(s, dt, wide, fades[4], fades[5], k, out)
    gain = tau * (1 - fade)
    pace = max(k.walk_mps, min(pace, k.highway_mps))
    # the longer nobody has looked, the less the old pace says: a walker may have found a car
    pace += max(0.0, k.urban_mps - pace) * fades[2]
    unrest = pace / 2.448  # 95 % of a two-dimensional Gaussian speed lie below 2.448 sigmas
    s2 = unrest * unrest
    grown = s2 * tau * tau * (2 * dt / tau - 3 + 4 * fade - fade * fade)
    pp = out[PP] + 2 * gain * out[PV] + gain * gain * out[VV] + grown
    pv = fade * (out[PV] + gain * out[VV]) + s2 * tau * (1 - fade) ** 2
    out[VV] = fade * fade * out[VV] + s2 * (1 - fade * fade)
    out[PP], out[PV] = min(pp, _POSITION_CAP_M2), pv
    out[LAT] += out[V_NORTH] * gain / EARTH_DEGREE_M
    out[LON] += out[V_EAST] * gain / wide
    out[V_EAST] *= fade
    out[V_NORTH] *= fade
    out[PACE] = s[PACE] * fades[3]
    out[AT] = at


@compiled
def _mix(s: F64, dt: float, wide: float, stays: float, settles: float, k: Rules, out: F64) -> None:
    """Let who rests set out and who moves settle: each model begins from the mixture of what leads to it.

    `wide` is metres in a degree of longitude where he is; `stays` and `settles` the shares that do, in `dt` seconds.
    """
    w = s[REST]
    rest, go = w * stays + (1 - w) * settles, w * (1 - stays) + (1 - w) * (1 - settles)
    east, north = (s[REST_LON] - s[LON]) * wide, (s[REST_LAT] - s[LAT]) * EARTH_DEGREE_M
    apart = (east * east + north * north) / 2
    came = (1 - w) * settles / rest  # of those at rest now, the share that moved before
    out[REST_LAT] = s[REST_LAT] + came * (s[LAT] - s[REST_LAT])
    out[REST_LON] = s[REST_LON] + came * (s[LON] - s[REST_LON])
    kept = (1 - came) * s[REST_PP] + came * s[PP] + came * (1 - came) * apart
    out[REST_PP] = min(kept + k.stir_m2_s * dt, _POSITION_CAP_M2)
    out[REST] = rest
    left = w * (1 - stays) / go  # of those who move now, the share that rested before
    v2 = (s[V_EAST] * s[V_EAST] + s[V_NORTH] * s[V_NORTH]) / 2
    out[LAT] = s[LAT] + left * (s[REST_LAT] - s[LAT])
    out[LON] = s[LON] + left * (s[REST_LON] - s[LON])
    out[V_EAST], out[V_NORTH] = (1 - left) * s[V_EAST], (1 - left) * s[V_NORTH]
    out[PP] = (1 - left) * s[PP] + left * s[REST_PP] + left * (1 - left) * apart
    out[PV] = (1 - left) * s[PV]
    out[VV] = (1 - left) * s[VV] + left * k.walk_mps * k.walk_mps + left * (1 - left) * v2


@compiled
def _shares(d2: float, p: float, r: float, k: Rules) -> tuple[float, float, float]:
    """Return how well a fix off by sqrt(`d2`) m fits, as good as it claims, as a poorer one, and as an outlier."""
    s1, s2, s3 = p + r, p + k.poor_sigmas * k.poor_sigmas * r, p + r + k.outlier_sigma_m * k.outlier_sigma_m
    honest = (1 - k.poor_share - k.outlier_share) * math.exp(-d2 / s1 / 2) / s1
    poor = k.poor_share * math.exp(-d2 / s2 / 2) / s2
    return honest, poor, k.outlier_share * math.exp(-d2 / s3 / 2) / s3 + 1e-300


@compiled
def _believed(s: F64, lat: float, lon: float, r: float, k: Rules) -> tuple[float, float]:
    """Return the variance a fix deserves after those before it, and how many alike came before.

    Poor fixes at one spot are one mast heard again, whose error is theirs in common: each says less than the last.
    """
    last = s[LAST_VAR]
    if last == 0 or r < _poor(k) or not _at_spot(s, lat, lon, k):
        return r, 0.0
    n = s[ALIKE] + 1
    return max(r, last) * (1 + n) * (1 + n), n


@compiled
def _at_spot(s: F64, lat: float, lon: float, k: Rules) -> bool:
    """Tell whether a place is the spot where a mast put him last."""
    x, y = _metres(s[LAST_LAT], s[LAST_LON], lat, lon)
    return x * x + y * y <= k.alike_m * k.alike_m


@compiled
def _remember(s: F64, lat: float, lon: float, claimed: float, alike: float, k: Rules, out: F64) -> None:
    """Keep the spot of the last poor fix: of those alike the first; forgotten once a good fix has found him there."""
    out[ALIKE] = alike
    if alike == 0 and claimed >= _poor(k):
        out[LAST_LAT], out[LAST_LON], out[LAST_VAR] = lat, lon, claimed
        return
    out[LAST_LAT], out[LAST_LON], out[LAST_VAR] = s[LAST_LAT], s[LAST_LON], s[LAST_VAR]
    if alike == 0 and _at_spot(s, lat, lon, k):
        out[LAST_VAR] = 0.0


@compiled
def _follow(
    s: F64, at: float, lat: float, lon: float, claimed: float, stated: float, k: Rules, fades: F64, prior: F64, out: F64
) -> tuple[float, float, float]:
    """Write what a fix makes of a state (`out`, which may be `s`) and what was expected at its second (`prior`).

    `claimed` is the variance behind the stated radius (m²), `stated` the stated speed (m/s, negative: none). Returns
    how surely the fix belongs to the track, what became of it, and the variance it deserved (m²).
    """
    r, alike = _believed(s, lat, lon, claimed, k)
    _age(s, at, s[PACE], k, fades, prior)
    wide = EARTH_DEGREE_M * math.cos(math.radians(prior[LAT]))
    x, y = (lon - prior[LON]) * wide, (lat - prior[LAT]) * EARTH_DEGREE_M
    u, v = (lon - prior[REST_LON]) * wide, (lat - prior[REST_LAT]) * EARTH_DEGREE_M
    g1, g2, g3 = _shares(x * x + y * y, prior[PP], r, k)
    h1, h2, h3 = _shares(u * u + v * v, prior[REST_PP], r, k)
    go, rest = g1 + g2 + g3, h1 + h2 + h3
    w = prior[REST] * rest / (prior[REST] * rest + (1 - prior[REST]) * go)
    genuine = 1 - w * h3 / rest - (1 - w) * g3 / go
    implied = _implied(s, at, lat, lon, r)
    track = prior[REST] * rest + (1 - prior[REST]) * go
    if alike == 0 and _fits_suspect(s, at, lat, lon, r, track, k):
        genuine, became = _doubt(s, at, lat, lon, r, min(genuine, 0.5), False, k, out)
    elif genuine >= 0.5 and implied <= k.possible_mps:
        _copy(prior, out)
        _learn_go(out, x, y, g1 / (g1 + g2 + 1e-300), g2 / (g1 + g2 + 1e-300), r, k)  # who moves is where he is seen
        _learn_rest(out, u, v, h1 / rest, h2 / rest, r, k)
        out[REST] = w
        told = stated if stated <= k.highway_mps else 0.0
        out[PACE] = max(k.walk_mps, prior[PACE], told, min(implied, k.possible_mps))
        out[SUSPECT_AT : SUSPECTS + 1] = 0.0
        became = TAKEN
    else:
        genuine, became = _doubt(s, at, lat, lon, r, min(genuine, 0.5), alike > 0, k, out)
    _remember(s, lat, lon, claimed, alike, k, out)
    return genuine, became, r


@compiled
def _learn_go(s: F64, x: float, y: float, honest: float, poor: float, r: float, k: Rules) -> None:
    pp, pv, d2 = s[PP], s[PV], (x * x + y * y) / 2
    s1, s2 = pp + r, pp + k.poor_sigmas * k.poor_sigmas * r
    gain, turn = pp * (honest / s1 + poor / s2), pv * (honest / s1 + poor / s2)
    square = honest / (s1 * s1) + poor / (s2 * s2) - (honest / s1 + poor / s2) ** 2  # spread of what each would teach
    s[LAT] += gain * y / EARTH_DEGREE_M
    s[LON] += gain * x / (EARTH_DEGREE_M * math.cos(math.radians(s[LAT])))
    s[V_EAST] += turn * x
    s[V_NORTH] += turn * y
    # a poor fix teaches little, and alike errors teach only once
    s[PP] = max(pp * (1 - gain) + pp * pp * square * d2, min(pp, k.correlated * k.correlated * r))
    s[PV] = pv * (1 - gain) + pp * pv * square * d2
    s[VV] = max(s[VV] - turn * pv + pv * pv * square * d2, s[PV] * s[PV] / s[PP], 1e-4)


@compiled
def _learn_rest(s: F64, x: float, y: float, honest: float, poor: float, r: float, k: Rules) -> None:
    pp, d2 = s[REST_PP], (x * x + y * y) / 2
    s1, s2 = pp + r, pp + k.poor_sigmas * k.poor_sigmas * r
    gain = pp * (honest / s1 + poor / s2)
    square = honest / (s1 * s1) + poor / (s2 * s2) - (honest / s1 + poor / s2) ** 2
    s[REST_LAT] += gain * y / EARTH_DEGREE_M
    s[REST_LON] += gain * x / (EARTH_DEGREE_M * math.cos(math.radians(s[REST_LAT])))
    # at one spot errors stay alike
    s[REST_PP] = max(pp * (1 - gain) + pp * pp * square * d2, min(pp, max(r, _shared(k))))


@compiled
def _best(s: F64) -> tuple[float, float, float]:
    """Return where a person most probably is, and the variance about it along one axis (m²)."""
    east, north = _metres(s[LAT], s[LON], s[REST_LAT], s[REST_LON])
    apart, w = (east * east + north * north) / 2, s[REST]
    if w >= 0.5:
        return s[REST_LAT], s[REST_LON], w * s[REST_PP] + (1 - w) * (s[PP] + apart)
    return s[LAT], s[LON], (1 - w) * s[PP] + (w * (s[REST_PP] + apart) if w > 0 else 0.0)


@compiled
def _implied(s: F64, at: float, lat: float, lon: float, r: float) -> float:
    """Return the speed a fix implies, after granting both places two sigmas of error."""
    a, b, variance = _best(s)
    east, north = _metres(a, b, lat, lon)
    slack = 2 * (math.sqrt(variance) + math.sqrt(r))
    if east * east + north * north < slack * slack * (1 - 1e-9):
        return 0.0  # as below, and mostly
    return max(0.0, math.hypot(east, north) - slack) / max(at - float(s[AT]), 1.0)  # device clocks tick in seconds


@compiled
def _doubt(
    s: F64, at: float, lat: float, lon: float, r: float, genuine: float, again: bool, k: Rules, out: F64
) -> tuple[float, float]:
    """Hold a fix that does not fit, or start anew where it agrees with the suspect before it.

    A mast heard `again` confirms nothing. After two in a row that do not fit, the track is as doubtful as they are.
    """
    if s[SUSPECT_AT] > 0 and at > s[SUSPECT_AT] and not again:
        dt = at - s[SUSPECT_AT]
        x, y = _metres(s[SUSPECT_LAT], s[SUSPECT_LON], lat, lon)
        errors = s[SUSPECT_VAR] + r
        net = max(0.0, math.hypot(x, y) - 2 * (math.sqrt(s[SUSPECT_VAR]) + math.sqrt(r))) / dt
        if net <= k.possible_mps and _agree(s, dt, x, y, errors, k):
            _begin(at, lat, lon, r, net, k, out)
            speed = math.hypot(x, y) / dt
            if speed * speed >= errors / (dt * dt):  # slower than its own error: no velocity is known
                out[V_EAST], out[V_NORTH], out[VV] = x / dt, y / dt, errors / (dt * dt)
                out[PACE] = max(speed, out[PACE])
                out[REST] = k.clear_below
            return 1.0, ANEW
    if s[SUSPECTS] + 1 >= k.suspects:
        _begin(at, lat, lon, r, k.urban_mps, k, out)
        out[PP] = out[REST_PP] = max(r, k.outlier_sigma_m * k.outlier_sigma_m)
        return genuine, LOST
    # the estimate itself stays as it was, so that its age goes on growing from its last good fix
    _copy(s, out)
    out[SUSPECT_AT], out[SUSPECT_LAT], out[SUSPECT_LON], out[SUSPECT_VAR] = at, lat, lon, r
    out[SUSPECTS] = s[SUSPECTS] + 1
    return (0.5 if s[SUSPECTS] > 0 and not again else genuine), HELD


@compiled
def _fits_suspect(s: F64, at: float, lat: float, lon: float, r: float, track: float, k: Rules) -> bool:
    """Tell whether a fix fits an open suspect much better than the track, whose density it has is `track`."""
    dt = at - s[SUSPECT_AT]
    if s[SUSPECT_AT] == 0.0 or dt <= 0:
        return False
    x, y = _metres(s[SUSPECT_LAT], s[SUSPECT_LON], lat, lon)
    wide = s[SUSPECT_VAR] + r + (k.urban_mps * dt / 2.448) ** 2
    there = math.exp(-(x * x + y * y) / wide / 2) / wide
    return there * k.outlier_share > track and _agree(s, dt, x, y, s[SUSPECT_VAR] + r, k)


@compiled
def _agree(s: F64, dt: float, x: float, y: float, errors: float, k: Rules) -> bool:
    """Tell whether a fix (`x`, `y`) m and `dt` s after a suspect confirms it: as somebody who stayed there, or who went
    there from the estimate and goes on so. Two outliers that only share being far away do not agree.
    """
    three = k.agree_sigmas * k.agree_sigmas
    stayed = errors + (max(s[PACE], k.walk_mps) * dt / 2.448) ** 2
    if x * x + y * y <= three * stayed:
        return True
    gone = s[SUSPECT_AT] - s[AT]
    if gone <= 0:
        return False
    a, b, _ = _best(s)
    east, north = _metres(a, b, s[SUSPECT_LAT], s[SUSPECT_LON])
    east, north = east / gone, north / gone
    speed = math.hypot(east, north)
    turning = errors + (0.3 * speed * dt) ** 2  # a third of the speed: bends and lights. ours
    dx, dy = x - east * dt, y - north * dt
    return speed <= k.highway_mps and dx * dx + dy * dy <= three * turning
