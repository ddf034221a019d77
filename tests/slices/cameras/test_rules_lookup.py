"""Which cameras see a point: against plain exhaustive truth, and by tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansimnet.kernel.geo import Plane, Point, bearing_deg, distance_m
from ansimnet.slices.cameras.rules import lookup as rules

ORIGIN = Point(37.5, 127.0)
PLANE = Plane(ORIGIN)


def one(azimuth: float, fov: float = 90, reach: float = 100, walls: rules.Walls | None = None) -> rules.Lookup:
    c = np.array
    return rules.build(c([ORIGIN.lat]), c([ORIGIN.lon]), c([azimuth]), c([fov]), c([reach]), walls=walls)


@pytest.mark.parametrize(
    ("azimuth", "x", "y", "seen"),
    [
        pytest.param(0, 0, 50, True, id="ahead"),
        pytest.param(0, 0, -50, False, id="behind"),
        pytest.param(0, 0, 101, False, id="too-far"),
        pytest.param(350, 10, 50, True, id="across-north"),
        pytest.param(90, 50, 49, True, id="inside-the-edge"),
        pytest.param(90, 50, 52, False, id="outside-the-edge"),
        pytest.param(math.nan, -60, -60, True, id="unknown-is-a-circle"),
        pytest.param(180, 0, 0.5, True, id="under-the-pole"),
    ],
)
def test_sector(azimuth: float, x: float, y: float, seen: bool) -> None:
    assert bool(rules.sees(one(azimuth), PLANE.to_point(x, y))) == seen


def test_an_unknown_direction_says_so_and_ranks_behind() -> None:
    c = np.array
    both = rules.build(c([37.5, 37.5]), c([127.0, 127.0]), c([math.nan, 0.0]), c([90.0, 90.0]), c([100.0, 100.0]))
    first, second = rules.sees(both, PLANE.to_point(0, 40))
    assert (first.number, second.number) == (1, 0)
    assert second.off_axis_deg is None


@pytest.mark.parametrize(
    ("wall", "seen"),
    [
        pytest.param((-5, 20, 5, 25), False, id="a-house-between"),
        pytest.param((-5, 60, 5, 70), True, id="a-house-behind"),
        pytest.param((10, 20, 20, 25), True, id="a-house-beside"),
        pytest.param((-5, -10, 5, 0), True, id="mounted-on-the-house"),
    ],
)
def test_walls_hide(wall: tuple[float, float, float, float], seen: bool) -> None:
    x0, y0, x1, y1 = wall
    ring = [PLANE.to_point(x, y) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
    assert bool(rules.sees(one(0, walls=rules.walls_of([ring])), PLANE.to_point(0, 50))) == seen


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(33.2, 38.5), st.floats(125.0, 131.5))
def test_agrees_with_looking_at_every_camera(seed: int, lat: float, lon: float) -> None:
    rng = np.random.default_rng(seed)
    n = 400
    plane = Plane(Point(lat, lon))
    at = [plane.to_point(*rng.uniform(-500, 500, 2)) for _ in range(n)]
    azimuth = np.where(rng.random(n) < 0.3, np.nan, rng.uniform(0, 360, n))
    fov, reach = rng.uniform(40, 120, n), rng.uniform(20, 300, n)
    built = rules.build(np.array([p.lat for p in at]), np.array([p.lon for p in at]), azimuth, fov, reach)
    q = plane.to_point(*rng.uniform(-300, 300, 2))
    got = {s.number for s in rules.sees(built, q, limit=n)}
    for i, p in enumerate(at):
        d = distance_m(p, q)
        off = abs((bearing_deg(p, q) - azimuth[i] + 540) % 360 - 180)
        slack = 0.01 * d  # sphere against tangent plane, and 1e-7 degrees
        if d < reach[i] - slack - 0.1 and (math.isnan(azimuth[i]) or off < fov[i] / 2 - 0.2):
            assert i in got
        if d > reach[i] + slack + 0.1 or (not math.isnan(azimuth[i]) and d > 2 and off > fov[i] / 2 + 0.2):
            assert i not in got
