"""Every kernel of the relay, run once on three corners and two cameras, before anybody is in a hurry.

A compiler holds the whole process for half a minute: without this the first judgement after an update would wait for
it, and every screen with it.
"""

from __future__ import annotations

import numpy as np

from ansimnet.kernel import streets
from ansimnet.kernel.geo import Point
from ansimnet.slices.tracing.rules import net, relay
from ansimnet.slices.tracing.rules.learned import prior
from ansimnet.slices.tracing.rules.segments import Segment, search
from ansimnet.slices.tracing.rules.types import Kind, Opening, Sighting, Subject, Verdict

APART_DEG = 0.0005
"""Corners lie 56 m apart. Ours."""


def warm() -> None:
    """Follow somebody from a camera to the next, both ways, and search one appearance among two."""
    lat = np.array([37.5, 37.5 + APART_DEG, 37.5 + 2 * APART_DEG])
    lon = np.full(3, 127.0)
    u, v = np.array([0, 1], np.int32), np.array([1, 2], np.int32)
    line = streets.build(lat, lon, u, v, np.full(2, 55.6), np.full(2, 3, np.int8), ("", ""))
    cameras = net.Cameras(lat[:2], lon[:2], np.zeros(2), np.full(2, 90.0), np.full(2, 30.0))
    built = net.build(line, cameras)
    for backwards in (False, True):
        way = -1.0 if backwards else 1.0
        first, then = (
            Sighting(str(k), k, s, s + 20.0, heading_deg=0.0, ground=Point(float(lat[k]), 127.0))
            for k, s in ((0, 0.0), (1, way * 45.0))
        )
        trace = relay.begin(built, prior(), Subject(Kind.PERSON), first, backwards=backwards)
        end_s = then.from_s if backwards else then.until_s
        opened = [Opening(1, min(0.0, end_s), max(20.0, end_s))]
        trace = relay.observe(trace, opened, [then], end_s)
        trace = relay.judge(trace, then.id, Verdict.HIM)
        relay.openings(trace, min(end_s, end_s + way), max(end_s, end_s + way))
        relay.ahead(trace, end_s)
        relay.heat(trace, end_s)
        relay.stopped(trace, end_s)
    looks = np.eye(2, 4, dtype=np.int8)
    rows, _ = Segment.sorted_by_time(np.zeros(2), np.zeros(2, np.int32), looks)
    search(rows, looks[0].astype(np.float32), -np.inf, np.inf, None, 1)
