"""One hop of the relay over 176,371 cameras: a sighting weighed, the belief moved on, the next cameras ranked."""

from __future__ import annotations

import gc
from dataclasses import replace
from time import perf_counter_ns, thread_time_ns
from typing import Any

import numpy as np
from evaluation import relay as trial
from evaluation._relay_city import city
from evaluation._relay_follow import described
from evaluation._relay_scene import World

from ansimnet.app.measure import Options
from ansimnet.slices.tracing.rules import learned, relay
from ansimnet.slices.tracing.rules.types import Opening, Sighting

HOPS = {"small": 100, "full": 2_000}
WARM_UP = 20
OTHERS = 4
"""Other people's tracks weighed with his in each hop."""
SLICE_S = 10.0


def run(options: Options) -> dict[str, Any]:
    """Measure and return the figures."""
    options.progress(0, 1, "building the city")
    c = city(options.seed, options.data)
    net = trial.camera_net(c)
    cast = trial.Cast(c, options.seed, World())
    known = learned.prior()
    took: list[tuple[float, float]] = []
    wanted = HOPS[options.size] + WARM_UP
    gc.collect()
    gc.disable()
    try:
        n = 0
        while len(took) < wanted:
            options.progress(len(took), wanted, "hopping")
            took += _hops(net, known, cast, n)
            n += 1
    finally:
        gc.enable()
    ms, cpu = np.array(took[WARM_UP:wanted]).T / 1e6
    return {
        "cameras": net.size,
        "hops": len(ms),
        "hop_p50_ms": float(np.percentile(ms, 50)),
        "hop_p99_ms": float(np.percentile(ms, 99)),
        "hop_cpu_p99_ms": float(np.percentile(cpu, 99)),
        "memory_mb": (net.bytes + sum(a.nbytes for a in _streets(net))) / 1e6,
    }


def _hops(net: Any, known: Any, cast: Any, n: int) -> list[tuple[float, float]]:
    """Return nanoseconds and processor's nanoseconds of each hop of one person: all of `observe` and `ahead`."""
    scene = cast.scene(n, n % trial.WALKERS)
    own = [d for d in scene.own if d]
    if not own:
        return []
    trace = relay.begin(net, known, described(scene), own[0])
    took = []
    for d in own[1:]:
        opened = relay.openings(trace, d.until_s - SLICE_S, d.until_s + 0.1)
        if d.camera not in {o.camera for o in opened}:
            opened = (*opened, Opening(d.camera, d.until_s - SLICE_S, d.until_s + 0.1))
        seen: list[Sighting] = [d, *[o for o in scene.records(opened) if o.id != d.id][:OTHERS]]
        began, busy = perf_counter_ns(), thread_time_ns()
        after = relay.observe(trace, opened, seen, d.until_s + 0.1)
        relay.ahead(after, d.until_s + 0.1)
        took.append((float(perf_counter_ns() - began), float(thread_time_ns() - busy)))
        trace = replace(after, looks=())
    return took


def _streets(net: Any) -> list[Any]:
    s = net.streets
    return [s.x_m, s.y_m, s.u, s.v, s.length_m, s.rank, s.first, s.to, s.via]
