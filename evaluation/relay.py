"""Does the relay know the next camera before he gets there? Walkers and drivers through 176,371 cameras of Seoul.

The city, its people and their times are the simulator's (`_relay_city.py`, `_relay_people.py`, `_relay_scene.py`) and
share nothing with the tracer but the register of cameras and streets; looks are as noisy as a published model is across
domains (`_relay_looks.py`). The tracer learns first from confirmed routes of other people, and nobody helps it then.

Keys: next_top3 window_coverage route_idf1 video_opened baselines, each with n and an interval; ceiling (what could be
foretold at all); split (which kind of not knowing costs how much of it); appearance calibration; `walkers` of the
`walkers_wanted` were followed, for time.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np
from evaluation import _relay_looks as looks
from evaluation._relay_ceiling import Ceiling
from evaluation._relay_city import CENTRE, K_M, City, city
from evaluation._relay_follow import Count, appearance_only, described, follow, nearest_only, told_who
from evaluation._relay_people import CYCLE, DRIVE, WALK, Eyes, Planner
from evaluation._relay_scene import Scene, World, world

from ansimnet.app.measure import Options
from ansimnet.kernel import streets
from ansimnet.slices.tracing.rules import learned as learnt
from ansimnet.slices.tracing.rules import net
from ansimnet.slices.tracing.rules.learned import Learned
from ansimnet.slices.tracing.rules.learning import learn_looks, learn_routes, learn_windows

SEEDS = {"small": 2, "full": 100}
"""Ten people each. As many as are followed in 40 minutes on two quiet cores; `WANTED` people would take some six
hours (`--seeds 1000`)."""
WALKERS, WANTED = 10, 10_000
KINDS = (WALK, WALK, DRIVE, WALK, CYCLE, WALK, DRIVE, WALK, WALK, DRIVE)
LEARNED = {"small": 60, "full": 150}
"""Confirmed routes of other people that the tracer learns from first."""
BASELINE = {"small": 6, "full": 60}
RESAMPLES = 1000


def run(options: Options) -> dict[str, Any]:
    """Measure and return the figures."""
    seeds = options.seeds or SEEDS[options.size]
    w = world(json.loads(options.world.read_text(encoding="utf-8"))) if options.world else World()
    options.progress(0, seeds, "checking the noise against the published figure")
    map_ = looks.check()
    options.progress(0, seeds, "building the city")
    c = city(options.seed, options.data)
    n = camera_net(c)
    cast = Cast(c, options.seed, w)
    options.progress(0, seeds, "learning from confirmed routes")
    known = learn(n, cast, LEARNED[options.size])
    counts, spent = followed(n, known, cast, seeds, options.progress)
    options.progress(seeds, seeds, "following as others do")
    few = [(s, i) for s in range(seeds) for i in range(WALKERS)][: BASELINE[options.size]]
    rng = np.random.default_rng([options.seed, 9])
    return {
        **figures(counts, rng),
        "cameras": len(c.cx),
        "cameras_real": int(c.real.sum()),
        "street_nodes": len(c.x),
        "walkers": len(counts),
        "walkers_wanted": WANTED,
        "learned_from": LEARNED[options.size],
        "appearance_map": map_,
        "appearance_map_published": looks.MAP,
        "baselines": {
            "nearest_only": figures([nearest_only(cast.scene(*k)) for k in few], rng),
            "appearance_only": figures([appearance_only(cast.scene(*k)) for k in few], rng),
        },
        "ceiling": ceiling(c, cast, few, options.seed, rng),
        "split": split(n, known, c, cast, few, counts, options.seed),
        "cpu_s_per_walker": spent / max(1, len(counts)),
        "generated": "streets, people, looks and times" + ("" if options.data is None else "; part of the cameras"),
    }


class Cast:
    """The simulated people of one city."""

    def __init__(self, c: City, seed: int, w: World) -> None:
        self.city, self.seed, self.world = c, seed, w
        self.planner, self.eyes, self.bias = Planner(c), Eyes(c), looks.biases(seed)

    def scene(self, seed: int, i: int) -> Scene:
        """Return the surroundings of one of them."""
        kind = KINDS[i % len(KINDS)]
        return Scene(self.city, self.planner, self.eyes, [self.seed, seed, i], kind, self.bias, self.world)


def ceiling(c: City, cast: Cast, whom: list[tuple[int, int]], seed: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return what could be foretold at all, by one who knows the simulator's law of ways but not the goal."""
    knows = Ceiling(c, seed)
    found = figures([knows.foretell(cast.scene(*k)) for k in whom], rng)
    by_kind = {name: kind["next_top3"] for name, kind in found["by_kind"].items()}
    return {"next_top3": found["next_top3"], "interval": found["intervals"]["next_top3"], "by_kind": by_kind}


def split(
    n: net.CameraNet, known: Learned, c: City, cast: Cast, whom: list[tuple[int, int]], counts: list[Count], seed: int
) -> dict[str, Any]:
    """Return what of `next_top3` each kind of not knowing costs, over the first subjects.

    `register`: the ceiling of one who knows of views only what the register says; `told_who`: the tracer, told at once
    which tracks are his. Then the tracer alone: its `hits`, and how often it `missed` with him in hand, was `astray`
    with somebody else, or had ended while he went on (`after`), of those `asked`.
    """
    knows = Ceiling(c, seed, register=True)
    rows = [cast.scene(*k) for k in whom]
    alone = counts[: len(whom)]
    asked, hits = sum(x.asked for x in alone), sum(x.hits for x in alone)
    astray, after = sum(x.astray for x in alone), sum(x.after for x in alone)
    return {
        "register": _top3([knows.foretell(s) for s in rows]),
        "told_who": _top3([told_who(n, known, s) for s in rows]),
        "asked": asked,
        "hits": hits,
        "missed": asked - hits - astray - after,
        "astray": astray,
        "after": after,
    }


def _top3(counts: list[Count]) -> float | None:
    asked = sum(c.asked for c in counts)
    return sum(c.hits for c in counts) / asked if asked else None


def followed(
    n: net.CameraNet, known: Learned, cast: Cast, seeds: int, progress: Callable[[int, int, str], None]
) -> tuple[list[Count], float]:
    """Return the counts of all relays in order, and the processor seconds spent, on every processor there is.

    Children share the city's pages; each follows whole seeds. On one processor nothing is forked.
    """
    many = min(os.cpu_count() or 1, seeds)
    if many < 2 or "fork" not in multiprocessing.get_all_start_methods():
        done = []
        for seed in range(seeds):
            progress(seed, seeds, "following")
            done.append(_seed(n, known, cast, seed))
    else:
        _SHARED[:] = [(n, known, cast)]
        try:
            with multiprocessing.get_context("fork").Pool(many) as pool:
                done = []
                for one in pool.imap(_seed_of_shared, range(seeds)):
                    done.append(one)
                    progress(len(done), seeds, "following")
        finally:
            _SHARED.clear()
    return [c for counts, _ in done for c in counts], sum(s for _, s in done)


_SHARED: list[tuple[net.CameraNet, Learned, Cast]] = []
"""What the children take over as they are forked; empty otherwise."""


def _seed_of_shared(seed: int) -> tuple[list[Count], float]:
    return _seed(*_SHARED[0], seed)


def _seed(n: net.CameraNet, known: Learned, cast: Cast, seed: int) -> tuple[list[Count], float]:
    began = process_time()
    counts = [follow(n, known, cast.scene(seed, i)) for i in range(WALKERS)]
    return counts, process_time() - began


def camera_net(c: City) -> net.CameraNet:
    """Return what the tracer is told of the city: streets and the register of cameras."""
    k = K_M * np.cos(np.radians(CENTRE[0]))
    s = streets.build(CENTRE[0] + c.y / K_M, CENTRE[1] + c.x / k, c.u, c.v, c.length, c.rank, ("",) * len(c.u))
    cameras = net.Cameras(CENTRE[0] + c.cy / K_M, CENTRE[1] + c.cx / k, c.filed, c.fov, c.reach)
    return net.build(s, cameras, [net.Ride(*r) for r in c.rides])


def learn(n: net.CameraNet, cast: Cast, routes: int) -> Learned:
    """Return what confirmed routes of other people taught."""
    known = learnt.prior()
    chains, others = [], []
    for i in range(routes):
        scene = cast.scene(1_000_000 + i // WALKERS, i % WALKERS)
        chain = [d for d in scene.own if d and n.cam_first[d.camera + 1] > n.cam_first[d.camera]]
        if len(chain) > 2:
            chains.append((described(scene), chain))
            others += scene.others[::5]
    known = learn_looks(known, [c for _, c in chains], others)
    third = max(1, len(chains) // 3)
    known = learn_routes(known, n, chains[:third])
    known = learn_routes(known, n, chains[third : 2 * third])
    return learn_windows(known, n, chains[2 * third :])


def figures(counts: list[Count], rng: np.random.Generator) -> dict[str, Any]:
    """Return the figures of relays with their 95 % intervals, whole relays drawn again (bootstrap)."""

    def share(over: Callable[[Count], float], under: Callable[[Count], float]) -> dict[str, Any]:
        a, b = np.array([over(c) for c in counts]), np.array([under(c) for c in counts])
        if b.sum() == 0:
            return {"value": None, "n": 0}
        draws = rng.integers(0, len(counts), (RESAMPLES, len(counts)))
        again = a[draws].sum(axis=1) / np.maximum(1e-9, b[draws].sum(axis=1))
        low, high = np.percentile(again, [2.5, 97.5])
        return {"value": float(a.sum() / b.sum()), "low": float(low), "high": float(high), "n": int(b.sum())}

    next_top3 = share(lambda c: c.hits, lambda c: c.asked)
    window = share(lambda c: c.held, lambda c: c.windows)
    idf1 = share(lambda c: 2 * c.tp, lambda c: 2 * c.tp + c.fp + c.fn)
    video = share(lambda c: c.opened_s, lambda c: c.reach_s)
    detail = {"next_top3": next_top3, "window_coverage": window, "route_idf1": idf1, "video_opened": video}
    each = [c.opened_s / c.reach_s for c in counts if c.reach_s]
    by_kind = {
        name: {
            "next_top3": _ratio(counts, kind, lambda c: c.hits, lambda c: c.asked),
            "window_coverage": _ratio(counts, kind, lambda c: c.held, lambda c: c.windows),
            "route_idf1": _ratio(counts, kind, lambda c: 2 * c.tp, lambda c: 2 * c.tp + c.fp + c.fn),
            "video_opened": _ratio(counts, kind, lambda c: c.opened_s, lambda c: c.reach_s),
            "video_opened_on_foot": _ratio(counts, kind, lambda c: c.opened_s, lambda c: c.reach_foot_s),
        }
        for name, kind in (("walk", WALK), ("cycle", CYCLE), ("drive", DRIVE))
    }
    asked = sum(c.asked for c in counts)
    sure = [p for c in counts for p in c.sure]
    return {
        **{k: v["value"] for k, v in detail.items()},
        "intervals": detail,
        "next_pole_top3": sum(c.poles for c in counts) / asked if asked else None,
        "video_opened_median_walker": float(np.median(each)) if each else None,
        "by_kind": by_kind,
        "calibration": _calibration(sure),
    }


def _ratio(counts: list[Count], kind: int, over: Callable[[Count], float], under: Callable[[Count], float]) -> Any:
    total = sum(under(c) for c in counts if c.kind == kind)
    return sum(over(c) for c in counts if c.kind == kind) / total if total else None


def _calibration(sure: list[tuple[float, bool]]) -> dict[str, Any]:
    """Return how far probabilities of hops on the likeliest route are from how often it was him (ten bins)."""
    if not sure:
        return {"error": None, "n": 0}
    p, y = np.array([s for s, _ in sure]), np.array([float(t) for _, t in sure])
    bins = np.minimum(9, (p * 10).astype(int))
    error = sum(
        abs(p[bins == b].mean() - y[bins == b].mean()) * (bins == b).mean() for b in range(10) if (bins == b).any()
    )
    return {"error": float(error), "stated": float(p.mean()), "true": float(y.mean()), "n": len(p)}
