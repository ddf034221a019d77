"""One subject followed live, slice by slice, by the relay; and by the two baselines. Counts, no judgement."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from evaluation._relay_city import I32, City
from evaluation._relay_people import CYCLE, DRIVE, WALK
from evaluation._relay_scene import Scene, Truth

from ansimnet.slices.tracing.rules import belief, outlook, relay
from ansimnet.slices.tracing.rules.learned import Learned
from ansimnet.slices.tracing.rules.net import CameraNet
from ansimnet.slices.tracing.rules.types import Kind, Mode, NextCamera, Opening, Sighting, Subject

SLICE_S = {WALK: 10.0, CYCLE: 5.0, DRIVE: 3.0}
URBAN_MPS = 50 / 3.6
"""Anybody may be in a car: the urban limit bounds where he can be (Enforcement Rule of the Road Traffic Act §19)."""
RUNS_MPS = 3.33
"""Who stays on foot runs at most this far (Cooper 1968), as in the rules of protection."""
DETOUR = 1.3
"""Streets are longer than the straight line by about this. ours: it makes the reachable area smaller, not larger."""
SURE = 0.9
LONGEST_S = 7200.0
NEAREST, LOOK_S = 3, 60.0
PASSERS_S = 0.02
"""Tracks a second at any camera: it cancels where somebody tells who is who."""


@dataclass(slots=True)
class Count:
    """What one relay gave.

    `asked` predictions with `hits` (`poles`: the right pole) among three, and why others missed: `astray` it held
    somebody else for him, `after` it had ended (the rest: it had him, and named others); `windows` given, `held`;
    `tp fp fn` tracks; camera seconds opened, in reach of anybody, in reach on foot; `sure` probabilities and whether it
    was him.
    """

    kind: int = 0
    asked: int = 0
    hits: int = 0
    poles: int = 0
    astray: int = 0
    after: int = 0
    windows: int = 0
    held: int = 0
    tp: int = 0
    fp: int = 0
    fn: int = 0
    opened_s: float = 0.0
    reach_s: float = 0.0
    reach_foot_s: float = 0.0
    sure: list[tuple[float, bool]] = field(default_factory=list)

    @property
    def idf1(self) -> float:
        """Share of right tracks on both sides."""
        return 2 * self.tp / max(1, 2 * self.tp + self.fp + self.fn)


class Reach:
    """How many cameras somebody may have reached since he was last certainly seen."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.rings = np.zeros(1)

    def centre(self, camera: int) -> None:
        """Begin anew at a camera."""
        c = self.city
        far = (np.hypot(c.cx - c.cx[camera], c.cy - c.cy[camera]) / 25).astype(np.int64)
        self.rings = np.cumsum(np.bincount(far))

    def cameras(self, gone_s: float, mps: float) -> int:
        """Return how many."""
        ring = min(len(self.rings) - 1, int(gone_s * mps / DETOUR / 25))
        return int(self.rings[ring])


def first_of(scene: Scene) -> Sighting | None:
    """Return the track that an operator begins with: his first."""
    return next((d for d in scene.own if d), None)


def described(scene: Scene) -> Subject:
    """Return what is known of him beforehand: of half the drivers the last four of the plate."""
    plate = "???" + scene.number[-4:] if scene.kind == DRIVE and scene.seed[-1] % 2 else None
    return Subject(Kind(scene.kind), None, plate)


def follow(net: CameraNet, learned: Learned, scene: Scene, share: float = relay.SHARE) -> Count:
    """Follow one subject until the relay stops itself, and count."""
    truth, first = scene.truth, first_of(scene)
    count = Count(scene.kind)
    if first is None:
        return count
    trace = relay.begin(net, learned, described(scene), first)
    reach, slice_s = Reach(scene.city), SLICE_S[scene.kind]
    reach.centre(first.camera)
    sure_s, last, now = first.until_s, first.id, first.until_s
    his = {d.id for d in scene.own if d}
    asked: list[Asked] = [(first.until_s, relay.ahead(trace, first.until_s), True)]
    while now < first.until_s + LONGEST_S:
        opened = relay.openings(trace, now, now + slice_s, share)
        count.opened_s += slice_s * len(opened)
        if not opened and relay.stopped(trace, now) is not None:
            break
        now += slice_s
        count.reach_s += slice_s * reach.cameras(now - sure_s, URBAN_MPS)
        count.reach_foot_s += slice_s * reach.cameras(now - sure_s, RUNS_MPS)
        if opened:
            trace = relay.observe(trace, opened, scene.records(opened), now)
        hops = relay.route(trace).likely.hops
        if hops and hops[-1].sighting != last:
            last = hops[-1].sighting
            asked.append((hops[-1].until_s, relay.ahead(trace, hops[-1].until_s), last in his))
        sure = next((h for h in reversed(hops) if h.probability >= SURE), None)
        if sure is not None and sure.until_s > sure_s:
            sure_s = sure.until_s
            reach.centre(sure.camera)
    score_next(count, asked, truth, first, scene.city.pole)
    _score_route(count, [(h.sighting, h.probability) for h in relay.route(trace).likely.hops], truth, first)
    return count


def told_who(net: CameraNet, learned: Learned, scene: Scene) -> Count:
    """Count what the tracer foretells when somebody tells it at once which tracks are his: it never loses him."""
    truth, first = scene.truth, first_of(scene)
    count = Count(scene.kind)
    if first is None:
        return count
    subject = described(scene)
    h = relay.begin(net, learned, subject, first).first
    asked: list[Asked] = []
    for d in [d for d in scene.own if d]:
        if d is not first:
            how = belief.fit(net, learned, subject, h, d, PASSERS_S)
            lost = math.isinf(how.llr)  # by no way that it knows: it begins anew there
            h = relay.begin(net, learned, subject, d).first if lost else belief.extend(net, h, d, how)
        asked.append((d.until_s, outlook.next_cameras(net, learned, [(1.0, h)], d.until_s, 3), True))
    score_next(count, asked, truth, first, scene.city.pole)
    return count


Asked = tuple[float, tuple[NextCamera, ...], bool]
"""When the next cameras were asked for, which were named, and whether whom the relay held last was he."""


def score_next(count: Count, asked: list[Asked], truth: Truth, first: Sighting, pole_of: I32) -> None:
    """Count whether the next camera on another pole was among the three; what came after the end counts as missed."""
    v = truth.visits
    since = v.since
    order = np.argsort(since)
    latest = first.until_s
    for at, named, him in asked:
        pole = _pole_at(truth, at)
        later = [i for i in order if since[i] >= at - 0.5 and truth.poles[i] != pole]
        if not later:
            continue
        i = later[0]
        same = {int(v.camera[j]) for j in later if since[j] <= since[i] + 0.5}
        count.asked += 1
        latest = max(latest, float(since[i]))
        hit = next((c for c in named if c.camera in same), None)
        count.poles += any(int(pole_of[c.camera]) == truth.poles[i] for c in named)
        if hit is not None:
            count.hits += 1
            count.windows += 1
            arrives = min(float(since[j]) for j in later if int(v.camera[j]) == hit.camera)
            count.held += hit.from_s <= arrives <= hit.until_s
        elif not him:
            count.astray += 1
    pole = None
    for i in order:
        if since[i] > latest and truth.poles[i] != pole:
            pole = truth.poles[i]
            count.asked += 1
            count.after += 1


def _pole_at(truth: Truth, at: float) -> int | None:
    """Return the pole whose view he left nearest to an instant."""
    until = truth.visits.until
    return truth.poles[int(np.argmin(np.abs(until - at)))] if len(until) else None


def _score_route(count: Count, hops: list[tuple[str, float]], truth: Truth, first: Sighting) -> None:
    his = {t for t in truth.tracks if t is not None and t != first.id}
    seen = sum(1 for t, u in zip(truth.tracks, truth.visits.until, strict=True) if t != first.id and u > first.until_s)
    count.tp = sum(1 for t, _ in hops if t in his)
    count.fp = sum(1 for t, _ in hops if t not in his and t != first.id)
    count.fn = max(0, seen - count.tp)
    count.sure = [(p, t in his) for t, p in hops if t != first.id]


def nearest_only(scene: Scene) -> Count:
    """Follow by the three nearest cameras and the likest person there within a minute."""
    return _plain(scene, lambda camera, _: _nearest(scene.city, camera, NEAREST))


def appearance_only(scene: Scene) -> Count:
    """Follow by looks alone: every camera within reach in a minute, the likest person in any of them."""
    mps = RUNS_MPS if scene.kind == WALK else URBAN_MPS
    return _plain(scene, lambda camera, s: _within(scene.city, camera, s * mps / DETOUR))


def _plain(scene: Scene, choose: Callable[[int, float], Iterable[int]]) -> Count:
    truth, first = scene.truth, first_of(scene)
    count = Count(scene.kind)
    if first is None or first.appearance is None:
        return count
    reach = Reach(scene.city)
    here, template = first, first.appearance.astype(np.float64)
    hops: list[tuple[str, float]] = []
    asked: list[Asked] = []
    for _ in range(200):
        cameras = choose(here.camera, LOOK_S)
        opened = [Opening(c, here.until_s + 0.1, here.until_s + LOOK_S) for c in cameras]
        reach.centre(here.camera)
        count.opened_s += LOOK_S * len(opened)
        count.reach_s += sum(reach.cameras(s, URBAN_MPS) for s in range(int(LOOK_S)))
        named = tuple(NextCamera(c, 0, here.until_s, 0, 0, Mode.WALK, (), 0, 0) for c in cameras)
        asked.append((here.until_s, named, True))
        seen = [(d, d.appearance) for d in scene.records(opened) if d.appearance is not None]
        if not seen:
            break
        cosine = [float(template @ looks) / float(np.linalg.norm(template)) for _, looks in seen]
        if max(cosine) < 0.25:
            break
        here, likest = seen[int(np.argmax(cosine))]
        hops.append((here.id, 1.0))
        template = template + likest
        if here.until_s > truth.ends_s + 600:
            break
    score_next(count, asked, truth, first, scene.city.pole)
    count.windows = count.held = 0
    _score_route(count, hops, truth, first)
    return count


def _nearest(city: City, camera: int, n: int) -> list[int]:
    far = np.hypot(city.cx - city.cx[camera], city.cy - city.cy[camera])
    far[city.pole == city.pole[camera]] = np.inf
    return [int(c) for c in np.argpartition(far, n)[:n]]


def _within(city: City, camera: int, far_m: float) -> list[int]:
    far = np.hypot(city.cx - city.cx[camera], city.cy - city.cy[camera])
    return [int(c) for c in np.flatnonzero(far <= far_m) if c != camera]
