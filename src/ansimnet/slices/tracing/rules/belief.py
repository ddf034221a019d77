"""A hypothesis: that certain sightings were him. What it expects next, what a sighting makes of it, what silence does.

Its evidence is the log likelihood ratio of its sightings against passers-by, times the chance that he was seen nowhere
else where it was looked (`survival`). Hypotheses with different numbers of sightings compare by it (Reid 1979).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from ansimnet.kernel import streets as net_streets
from ansimnet.kernel.geo import distance_m
from ansimnet.slices.tracing.rules import scoring
from ansimnet.slices.tracing.rules.fan import DETECTS, Fan, fan
from ansimnet.slices.tracing.rules.learned import Learned
from ansimnet.slices.tracing.rules.net import CameraNet
from ansimnet.slices.tracing.rules.onward import Left, Onward, followed, onward
from ansimnet.slices.tracing.rules.times import PACE_PRIOR_HOPS, below, known_class, log_ratio
from ansimnet.slices.tracing.rules.types import F64, I32, Kind, PlateRead, Sighting, Subject

AROUND_S = 2.5
"""A density is the share within so many seconds on both sides: tracks end that unsharply. ours."""
HEADING_SD_DEG = 22.0
SAME_WAY, OTHER_WAY = 3.2, 0.15
"""How much likelier a heading along, or not along, the expected arc is than a passer-by's, who may leave on any of
some four arcs. ours."""
BESIDE, BESIDE_S, BESIDE_M = 0.04, 4.0, 60.0
"""Share of hops to a camera so near that loses him within seconds of the last, though no street of its lies there by
the register: its direction on file is wrong, or its view is wider. ours."""
ELSEWHERE_M = 30.0
"""Where both cameras are calibrated, people that far apart are not one, seconds and errors allowed for: three times
`GROUND_SD_M` of both together, rounded down, of a walker's few metres. ours."""
CORNER_M, ROUND = 10.0, 1.0
"""A view that ends so near a corner may have shown him go round it, as likely as not. ours."""
ASTRAY = 0.3
"""How much a sighting's own heading and place count beside the streets by which he was expected: registers of cameras
err, and a way may be one that no fan has. ours."""
GROUND_SD_M, GROUND_WRONG = 7.0, 0.02
"""Where the ground point of a track lies from its street: error of calibration and half a street. ours."""
HIDDEN, SEEN_HIDDEN = 0.12, 0.35
"""Share of ways on which he is hard to see (dark, crowd, umbrella), and what of the usual chance is left then. ours:
misses come in rows."""
FLOOR = 0.02
"""He may always have been missed by everything: no silence takes a hypothesis below this share. ours."""
DRIFT_M, DRIFT_HOPS = 300.0, 6
"""His general direction is that of his last hops; it counts fully from so many metres on. ours."""
READS = 6
"""So many reads of a plate are remembered: more tell nothing new. ours."""
TWICE_S = 1.0
"""Nobody is in one camera's picture twice: two tracks of one camera that overlap for longer are of two people. ours."""
EARLY_S, EARLY, TOO_EARLY = 6.0, 0.05, 0.02
"""Who was in view before one in twenty would be there, so many seconds allowed for what a register knows of views, is
the likelier somebody else the earlier it was; never by more than the last: tracks are joined wrongly, too. ours."""
PACE_FROM_S = 8.0
"""Shorter hops say nothing about a pace. ours."""


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """That `chain` was him, and where that leaves him: `score` in nats; `searched` (K,) looked-at share.

    `unseen` (K,) chance of having been written by no camera before each passage, `survival` by none at all;
    `template` the sum of `pictures` unit vectors; `pace` his log pace over `pace_hops` hops; `track` the (east, north)
    of his last cameras; `arcs at_m weight` where he was left, `left` the places since `way`, the ways on, begins;
    `reads` of his plate; `began` the sighting that the relay began at, which `chain` is without.
    """

    kind: Kind
    chain: tuple[Sighting, ...]
    score: float
    at_s: float
    camera: int
    fan: Fan
    searched: F64
    unseen: F64
    survival: float
    template: F64 | None
    pictures: int
    pace_sum: float
    pace_hops: int
    track: tuple[tuple[float, float], ...]
    arcs: I32
    at_m: F64
    weight: F64
    left: tuple[Left, ...]
    way: Onward
    reads: tuple[PlateRead, ...] = ()
    began: Sighting | None = None

    @property
    def pace(self) -> float:
        """His log pace, shrunk to the usual one."""
        return self.pace_sum / (self.pace_hops + PACE_PRIOR_HOPS)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """How a sighting fits a hypothesis: nats by reason, their sum `llr` (-inf: impossible), and the arcs it leaves on.

    `expected_s` nominal seconds of the likeliest path, `took_s` real ones, `length_m` of it; `beside` that another
    camera lost him where the last one did.
    """

    llr: float
    time: float
    direction: float
    looks: float | None
    cosine: float
    plate: float | None
    described: float
    took_s: float
    expected_s: float
    length_m: float
    family: int
    beside: bool
    arcs: I32
    at_m: F64
    weight: F64


def root(net: CameraNet, subject: Subject, arcs: I32, at_m: F64, weight: F64, at_s: float, camera: int) -> Hypothesis:
    """Return the hypothesis that begins a relay."""
    left = _left(net, arcs, at_m, weight)
    way = onward(net, subject.kind, left)
    ahead = fan(net, subject.kind, arcs, at_m, weight, (0.0, 0.0), camera, way)
    template = None if subject.appearance is None else subject.appearance.astype(np.float64).sum(axis=0)
    pictures = 0 if subject.appearance is None else len(subject.appearance)
    k = len(ahead.mass)
    track = ((float(net.x_m[camera]), float(net.y_m[camera])),) if camera >= 0 else ()
    return Hypothesis(
        subject.kind,
        (),
        0.0,
        at_s,
        camera,
        ahead,
        np.zeros(k),
        np.ones(k),
        1.0,
        template,
        pictures,
        0.0,
        0,
        track,
        arcs,
        at_m,
        weight,
        (left,),
        way,
    )


def _left(net: CameraNet, arcs: I32, at_m: F64, weight: F64) -> Left:
    """Return where somebody was left, the likeliest street giving the place."""
    s, best = net.streets, int(np.argmax(weight))
    arc = int(arcs[best])
    a, b = (s.u, s.v) if arc & 1 == 0 else (s.v, s.u)
    share = float(at_m[best]) / float(s.length_m[arc >> 1])
    x, y = ((1 - share) * c[a[arc >> 1]] + share * c[b[arc >> 1]] for c in (s.x_m, s.y_m))
    return Left(float(x), float(y), arcs, at_m, weight)


def remembering(h: Hypothesis, d: Sighting) -> Hypothesis:
    """Return a root that knows its first sighting: picture and plate belong to what is known of him."""
    h = replace(h, began=d)
    if d.plate is not None:
        h = replace(h, reads=(d.plate,))
    if d.appearance is None:
        return h
    picture = d.appearance.astype(np.float64)
    return replace(h, template=picture if h.template is None else h.template + picture, pictures=h.pictures + 1)


def fit(net: CameraNet, learned: Learned, subject: Subject, h: Hypothesis, d: Sighting, passers_s: float) -> Fit:
    """Return how a sighting fits a hypothesis, against a passer-by at a camera with `passers_s` tracks a second."""
    at, dense, joint = passed(net, learned, h, d)
    total, beside = float(joint.sum()), _beside(net, h, d)
    if max(total, beside) <= 0.0 or d.kind != subject.kind or _twice(h, d):
        return _impossible(h, d)
    looks, cosine = None, math.nan
    if h.template is not None and d.appearance is not None:
        cosine = scoring.similarity(h.template, d.appearance)
        looks = scoring.looks_llr(learned.looks, h.pictures, cosine)
    known = None if d.plate is None else scoring.plate_seen(subject.plate, h.reads)
    plate = None if known is None or d.plate is None else scoring.plates_llr(known, d.plate)
    said = (looks or 0.0) + (plate or 0.0) + d.described_llr
    took_s, rate, f = d.until_s - h.at_s, max(passers_s, 1e-5), h.fan
    if beside > total:
        time, direction, family, expected_s, length_m = math.log(beside / rate), 0.0, int(subject.kind), 0.0, 0.0
        arcs, at_m, weight = h.arcs, h.at_m, h.weight
    else:
        spread = float(dense.sum())
        time, direction = math.log(spread / rate), math.log(total / spread)
        best = at[int(np.argmax(joint))]
        family, expected_s, length_m = int(f.family[best]), float(f.tau_out[best]), float(f.length_m[best])
        keep = joint > 0.02 * joint.max()
        arcs, at_m, weight = f.arc[at[keep]], f.leave_m[at[keep]], dense[keep]
    llr = time + direction + said
    return Fit(
        llr, time, direction, looks, cosine, plate, d.described_llr, took_s, expected_s, length_m, family,
        beside > total, arcs, at_m, weight,
    )  # fmt: skip


def leaving_arcs(net: CameraNet, d: Sighting) -> tuple[I32, F64, F64]:
    """Return the arcs on which somebody left a camera's view, where on them, and how likely each is.

    A camera that has no street in view by the register is taken to look at the nearest one.
    """
    return _weighed(net, *_round_corners(net, *_in_view(net, d.camera), d), d)


def _in_view(net: CameraNet, camera: int) -> tuple[I32, F64, F64]:
    """Return the arcs that a camera has in view, where its view of each ends, and metres of it in view (30 at most)."""
    rows = net.cam_cov[net.cam_first[camera] : net.cam_first[camera + 1]]
    if len(rows) == 0:
        s = net.streets
        at = net_streets.snap(s, s.plane.to_point(float(net.x_m[camera]), float(net.y_m[camera])))
        arcs = np.array([2 * at.edge, 2 * at.edge + 1], np.int32)
        return arcs, np.array([at.along_m, s.length_m[at.edge] - at.along_m]), np.ones(2)
    edges = net.cov_edge[rows]
    arcs = np.concatenate([2 * edges, 2 * edges + 1]).astype(np.int32)
    at_m = np.concatenate([net.cov_to_m[rows], net.streets.length_m[edges] - net.cov_from_m[rows]])
    return arcs, at_m, np.minimum(np.tile(net.cov_to_m[rows] - net.cov_from_m[rows], 2), 30.0)


def _round_corners(net: CameraNet, arcs: I32, at_m: F64, weight: F64, d: Sighting) -> tuple[I32, F64, F64]:
    """Return arcs, places and weights with those round the corners that are near: views end a little behind them."""
    to_head = net.streets.length_m[arcs >> 1] - at_m
    stands = on_ground(net, arcs, d)
    if stands is not None:
        to_head = np.minimum(to_head, net.streets.length_m[arcs >> 1] - stands[1])
    all_arcs, all_m, all_weight = [arcs], [at_m], [weight]
    for i in np.flatnonzero(to_head < CORNER_M).tolist():
        onward = _nexts(net, int(arcs[i]))
        each = ROUND if not math.isnan(d.heading_deg) else ROUND / max(1, len(onward))
        all_arcs.append(onward)
        all_m.append(np.zeros(len(onward)))
        all_weight.append(np.full(len(onward), each * weight[i]))
    return np.concatenate(all_arcs).astype(np.int32), np.concatenate(all_m), np.concatenate(all_weight)


def _weighed(net: CameraNet, arcs: I32, at_m: F64, weight: F64, d: Sighting) -> tuple[I32, F64, F64]:
    """Return arcs once each, weighed by a track's heading and place on the ground, less what is very unlikely."""
    share = weight * along(net.bearing[arcs], d.heading_deg)
    stands = on_ground(net, arcs, d)
    if stands is not None:
        share, at_m = share * stands[0], stands[1]
    arc, group = np.unique(arcs, return_inverse=True)
    total = np.bincount(group, weights=share)
    at_m = np.bincount(group, weights=share * at_m) / np.maximum(total, 1e-300)
    keep = total > 0.01 * total.max()
    return arc[keep].astype(np.int32), at_m[keep], total[keep]


def _impossible(h: Hypothesis, d: Sighting) -> Fit:
    """Return that nobody gets from one to the other."""
    none = np.zeros(0)
    return Fit(
        -math.inf, -math.inf, 0.0, None, math.nan, None, d.described_llr, d.until_s - h.at_s, math.nan, math.nan, 0,
        False, none.astype(np.int32), none, none,
    )  # fmt: skip


def _nexts(net: CameraNet, arc: int) -> I32:
    """Return the arcs on from the head of one, without turning back."""
    s = net.streets
    node = int(s.v[arc >> 1] if arc & 1 == 0 else s.u[arc >> 1])
    edges = s.via[s.first[node] : s.first[node + 1]]
    edges = edges[edges != arc >> 1]
    return np.asarray(np.where(s.u[edges] == node, 2 * edges, 2 * edges + 1), np.int32)


def _left_on(net: CameraNet, arcs: I32, leave_m: F64, weight: F64, d: Sighting) -> tuple[I32, F64, F64]:
    """Return the arcs, places and weights that a track leaves somebody on.

    Those expected and, as he may have come another way, whatever the camera has in view; and round their corners.
    """
    seen, seen_m, stretch = _in_view(net, d.camera)
    stray = ASTRAY * stretch / np.maximum(1.0, np.sqrt(len(seen))) / 30.0
    all_arcs = np.concatenate([arcs, seen]).astype(np.int32)
    both = np.concatenate([leave_m, seen_m]), np.concatenate([weight / weight.sum(), stray])
    return _weighed(net, *_round_corners(net, all_arcs, *both, d), d)


def _twice(h: Hypothesis, d: Sighting) -> bool:
    """Return whether a camera would have had him in view twice at once."""
    if d.camera == h.camera and d.from_s < h.at_s - TWICE_S:
        return True
    before = h.chain if h.began is None else (h.began, *h.chain)
    return any(e.camera == d.camera and min(e.until_s, d.until_s) - max(e.from_s, d.from_s) > TWICE_S for e in before)


def _beside(net: CameraNet, h: Hypothesis, d: Sighting) -> float:
    """Return the density of another camera losing him at the same place and moment, unknown to the register."""
    if h.camera < 0 or d.camera == h.camera or not -BESIDE_S <= d.until_s - h.at_s <= BESIDE_S:
        return 0.0
    last = h.chain[-1] if h.chain else h.began
    places = None if last is None else last.ground, d.ground
    if places[0] is not None and places[1] is not None and distance_m(places[0], places[1]) > ELSEWHERE_M:
        return 0.0
    apart = math.hypot(net.x_m[d.camera] - net.x_m[h.camera], net.y_m[d.camera] - net.y_m[h.camera])
    return BESIDE / (2 * BESIDE_S) if apart <= BESIDE_M else 0.0


def passed(net: CameraNet, learned: Learned, h: Hypothesis, d: Sighting) -> tuple[I32, F64, F64]:
    """Return the passages that a sighting may be, their densities in time, and those with its heading."""
    f = h.fan
    at = np.flatnonzero(f.camera == d.camera).astype(np.int32)
    dense = _density(
        learned.cdf_leave, known_class(h.pace_hops), h.pace, f.mass[at] * h.unseen[at] * f.view[at] * DETECTS,
        f.tau_out[at], f.family[at], d.until_s - h.at_s,
    )  # fmt: skip
    dense *= _in_time(
        learned.cdf_arrive, known_class(h.pace_hops), h.pace, f.tau_in[at], f.family[at], d.from_s - h.at_s + EARLY_S
    )
    joint, arcs = dense, f.arc[at]
    if not math.isnan(d.heading_deg):
        s = net.streets
        joint = joint * _headed(
            net.bearing, s.first, s.via, s.u, s.v, s.length_m, arcs, f.leave_m[at], math.radians(d.heading_deg)
        )
    stands = on_ground(net, arcs, d)
    return at, dense, joint if stands is None else joint * stands[0]


def extend(net: CameraNet, h: Hypothesis, d: Sighting, how: Fit) -> Hypothesis:
    """Return the hypothesis that this sighting, too, was him."""
    kind = h.kind
    template, pictures = h.template, h.pictures
    if d.appearance is not None:
        picture = d.appearance.astype(np.float64)
        template, pictures = (picture if template is None else template + picture), pictures + 1
    here = (float(net.x_m[d.camera]), float(net.y_m[d.camera]))
    track = (*h.track, here)[-DRIFT_HOPS:]
    pace_sum, pace_hops = h.pace_sum, h.pace_hops
    if how.family <= Kind.VEHICLE and how.expected_s >= PACE_FROM_S:
        pace_sum += max(-0.6, min(0.6, log_ratio(how.took_s, how.expected_s)))
        pace_hops += 1
    arcs, at_m, weight = how.arcs, how.at_m, how.weight
    if not how.beside:
        arcs, at_m, weight = _left_on(net, arcs, at_m, weight, d)
    left = (*h.left, _left(net, arcs, at_m, weight))
    way = followed(net, kind, h.way, left)
    left = left[next((i for i, place in enumerate(left) if place is way.origin), 0) :]
    ahead = fan(net, kind, arcs, at_m, weight, drift(track), d.camera, way)
    k = len(ahead.mass)
    return Hypothesis(
        kind, (*h.chain, d), h.score + how.llr, d.until_s, d.camera, ahead, np.zeros(k), np.ones(k), 1.0, template,
        pictures, pace_sum, pace_hops, track, arcs, at_m, weight, left, way,
        h.reads if d.plate is None else (*h.reads, d.plate)[-READS:], h.began,
    )  # fmt: skip


def searched(learned: Learned, h: Hypothesis, cameras: I32, since: F64, until: F64) -> Hypothesis:
    """Return the hypothesis after these cameras (sorted) were looked at between these instants and he was not there."""
    if len(cameras) == 0:
        return h
    f = h.fan
    share = _look(
        learned.cdf_leave, known_class(h.pace_hops), h.pace, f.camera, f.tau_out, f.family, h.searched,
        cameras, since - h.at_s, until - h.at_s,
    )  # fmt: skip
    unseen, survival = _survive(f.parent, f.mass, f.leaves, f.view, share)
    return replace(h, searched=share, unseen=unseen, survival=max(FLOOR, survival))


def leaving(learned: Learned, h: Hypothesis, since_s: float, until_s: float) -> F64:
    """Return the chance (K,) that a camera writes him at each passage between two instants, unseen till then."""
    f = h.fan
    return np.asarray(
        _slice(
            learned.cdf_leave, known_class(h.pace_hops), h.pace, f.mass * h.unseen * f.view * DETECTS, f.tau_out,
            f.family, since_s - h.at_s, until_s - h.at_s,
        )
    )  # fmt: skip


def drift(track: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    """Return somebody's general direction (east, north), shorter than 1 while he has come less far than `DRIFT_M`."""
    if len(track) < 2:
        return 0.0, 0.0
    x, y = track[-1][0] - track[0][0], track[-1][1] - track[0][1]
    size = max(DRIFT_M, math.hypot(x, y))
    return x / size, y / size


def along(bearing: F64, heading_deg: float) -> F64:
    """Return how much a heading speaks for each arc."""
    if math.isnan(heading_deg):
        return np.ones(len(bearing))
    off = np.abs((np.degrees(bearing) - heading_deg + 540) % 360 - 180)
    return np.asarray(OTHER_WAY + SAME_WAY * np.exp(-0.5 * (off / HEADING_SD_DEG) ** 2))


def on_ground(net: CameraNet, arcs: I32, d: Sighting) -> tuple[F64, F64] | None:
    """Return how well a track's ground point fits each arc (n,), and where on it, metres from the arc's tail."""
    if d.ground is None:
        return None
    s = net.streets
    x, y = s.plane.to_xy(d.ground)
    off, at_m = _projected(s.u, s.v, s.x_m, s.y_m, s.length_m, arcs, x, y)
    return GROUND_WRONG + np.exp(-0.5 * (off / GROUND_SD_M) ** 2), at_m


@njit(cache=True, nogil=True)
def _speaks(bearing, heading):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    off = np.degrees(np.abs((bearing - heading + 3 * np.pi) % (2 * np.pi) - np.pi))
    return OTHER_WAY + SAME_WAY * np.exp(-0.5 * (off / HEADING_SD_DEG) ** 2)


@njit(cache=True, nogil=True)
def _headed(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    bearing, first, via, u, v, length, arcs, leave_m, heading
):
    """Return how much a heading speaks for each arc, or for one that he has just gone on to round its corner."""
    out = np.empty(len(arcs))
    for i in range(len(arcs)):
        arc = arcs[i]
        e = arc >> 1
        best = _speaks(bearing[arc], heading)
        if length[e] - leave_m[i] < CORNER_M:
            node = v[e] if arc & 1 == 0 else u[e]
            for q in range(first[node], first[node + 1]):
                if via[q] != e:
                    onward = 2 * via[q] if u[via[q]] == node else 2 * via[q] + 1
                    best = max(best, ROUND * _speaks(bearing[onward], heading))
        out[i] = best
    return out


@njit(cache=True, nogil=True)
def _projected(u, v, x_m, y_m, length, arcs, x, y):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Return how far a point lies from each arc, and the nearest place on it in metres from its tail."""
    off, at_m = np.empty(len(arcs)), np.empty(len(arcs))
    for i in range(len(arcs)):
        e = arcs[i] >> 1
        tail, head = (u[e], v[e]) if arcs[i] & 1 == 0 else (v[e], u[e])
        dx, dy = x_m[head] - x_m[tail], y_m[head] - y_m[tail]
        share = ((x - x_m[tail]) * dx + (y - y_m[tail]) * dy) / max(1e-6, dx * dx + dy * dy)
        share = min(1.0, max(0.0, share))
        off[i] = np.hypot(x_m[tail] + share * dx - x, y_m[tail] + share * dy - y)
        at_m[i] = share * length[e]
    return off, at_m


@njit(cache=True, nogil=True)
def _density(cdf, known, pace, weight, tau, family, t):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    out = np.zeros(len(tau))
    for k in range(len(tau)):
        if weight[k] > 0.0:
            late = below(cdf, family[k], known, tau[k], t + AROUND_S, pace)
            if below(cdf, family[k], known, tau[k], t, pace) > 0.0:
                early = below(cdf, family[k], known, tau[k], t - AROUND_S, pace)
                out[k] = weight[k] * (late - early) / (2 * AROUND_S)
    return out


@njit(cache=True, nogil=True)
def _in_time(cdf, known, pace, tau, family, t):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Return how much the moment at which a track begins leaves of each passage."""
    out = np.ones(len(tau))
    for k in range(len(tau)):
        if tau[k] > 0.0:
            out[k] = min(1.0, max(TOO_EARLY, below(cdf, family[k], known, tau[k], t, pace) / EARLY))
    return out


@njit(cache=True, nogil=True)
def _slice(cdf, known, pace, weight, tau, family, since, until):  # type: ignore[no-untyped-def]  # pragma: no cover
    out = np.zeros(len(tau))
    for k in range(len(tau)):
        if weight[k] > 1e-5:
            late = below(cdf, family[k], known, tau[k], until, pace)
            if late > 0.0:
                out[k] = weight[k] * (late - below(cdf, family[k], known, tau[k], since, pace))
    return out


@njit(cache=True, nogil=True)
def _look(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    cdf, known, pace, camera, tau, family, before, opened, since, until
):
    out = before.copy()
    for k in range(len(tau)):
        i = np.searchsorted(opened, camera[k])
        while i < len(opened) and opened[i] == camera[k]:
            if until[i] > 0:
                late = below(cdf, family[k], known, tau[k], until[i], pace)
                if late > 0.0:
                    out[k] = min(1.0, out[k] + late - below(cdf, family[k], known, tau[k], since[i], pace))
            i += 1
    return out


@njit(cache=True, nogil=True)
def _survive(parent, mass, leaves, view, share):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    n = len(parent)
    open_, hidden, unseen = np.ones(n), np.ones(n), np.ones(n)
    seen = 0.0
    for k in range(n):
        p = parent[k]
        if p >= 0:
            looked = view[p] * DETECTS * share[p] * leaves[p]
            open_[k], hidden[k] = open_[p] * (1.0 - looked), hidden[p] * (1.0 - SEEN_HIDDEN * looked)
            unseen[k] = (1.0 - HIDDEN) * open_[k] + HIDDEN * hidden[k]
        chance = (1.0 - HIDDEN) * open_[k] + HIDDEN * SEEN_HIDDEN * hidden[k]
        seen += mass[k] * chance * view[k] * DETECTS * share[k]
    return unseen, 1.0 - seen
