"""Blind spots and what helps, on streets one can draw on paper; and that whatever is proposed is true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansimnet.kernel import streets as streets_rules
from ansimnet.kernel.geo import Plane, Point
from ansimnet.slices.cameras.rules import blindspots, lookup
from ansimnet.slices.cameras.rules.blindspots import Found, Ground, Views

PLANE = Plane(Point(37.5, 127.0))


def ground(*streets: tuple[float, float, float, float]) -> Ground:
    """Return samples of straight streets, each with ends of its own, joined to a far-off hub that counts nothing."""
    ends = [PLANE.to_point(x, y) for a, b, c, d in streets for x, y in ((a, b), (c, d))]
    lat, lon = np.array([p.lat for p in ends]), np.array([p.lon for p in ends])
    n = len(streets)
    u = np.concatenate([np.arange(n) * 2, np.arange(n - 1) * 2 + 1]).astype(np.int32)
    v = np.concatenate([np.arange(n) * 2 + 1, np.arange(n - 1) * 2 + 2]).astype(np.int32)
    length = np.array([np.hypot(c - a, d - b) for a, b, c, d in streets] + [0.01] * (n - 1))
    graph = streets_rules.build(lat, lon, u, v, length, np.zeros(len(u), np.int8), ("",) * len(u))
    return blindspots.sample(graph, PLANE)


def views(*cameras: tuple[float, float, float | None, float, float]) -> Views:
    """Return cameras: east, north, azimuth, field of view, range."""
    c = np.array([(x, y, np.nan if a is None else a, f, r) for x, y, a, f, r in cameras], float).reshape(-1, 5)
    return Views(*(c[:, i].copy() for i in range(5)))


def found(cameras: Views, samples: Ground, walls: lookup.Walls | None = None) -> Found:
    return blindspots.find(cameras, samples, blindspots.sights(cameras, samples, walls))


@pytest.mark.requirement("VA-03")
def test_a_street_is_blind_where_no_camera_reaches() -> None:
    samples = ground((0, 0, 200, 0))
    one = found(views((0, 0, 90.0, 60.0, 100.0)), samples)
    assert one.metres(one.blind) == pytest.approx(100, abs=5)
    turned = found(views((0, 0, 270.0, 60.0, 100.0)), samples)
    assert turned.metres(turned.blind) == pytest.approx(200)
    unknown = found(views((0, 0, None, 60.0, 100.0)), samples)
    assert unknown.metres(unknown.blind) == pytest.approx(100, abs=5)
    assert unknown.sure.sum() == 0, "what rests on an unknown direction is told apart"


@pytest.mark.requirement("VA-03")
def test_a_wall_makes_a_blind_spot() -> None:
    wall = lookup.walls_of([[PLANE.to_point(x, y) for x, y in ((50, -5), (52, -5), (52, 5), (50, 5))]])
    assert wall is not None
    moved = Plane(wall.plane.origin)
    dx, dy = moved.to_xy(PLANE.origin)
    samples = ground((0, 0, 100, 0))
    shifted = Ground(samples.x_m + dx, samples.y_m + dy, samples.metres, samples.edge)
    one = found(views((dx, dy, 90.0, 60.0, 100.0)), shifted, wall)
    assert one.metres(one.blind) == pytest.approx(50, abs=5)


@pytest.mark.requirement("VA-03")
@pytest.mark.requirement("CC-06")
def test_another_angle_is_proposed_with_what_it_gains_and_loses() -> None:
    samples = ground((-100, 0, 0, 0), (0, 0, 30, 0))
    cameras = views((0, 0, 90.0, 90.0, 100.0))
    pairs = blindspots.sights(cameras, samples, None)
    [best] = blindspots.reaim(cameras, blindspots.find(cameras, samples, pairs), pairs)
    assert abs((best.to_deg - 270 + 180) % 360 - 180) <= 45
    assert best.gained_m == pytest.approx(100, abs=1)
    assert best.lost_m == pytest.approx(30, abs=1)
    looks_well = views((0, 0, 270.0, 90.0, 100.0))
    pairs = blindspots.sights(looks_well, samples, None)
    assert blindspots.reaim(looks_well, blindspots.find(looks_well, samples, pairs), pairs) == []


@pytest.mark.requirement("VA-03")
@pytest.mark.requirement("CC-06")
def test_a_camera_is_added_where_it_covers_most_and_never_where_none_may_stand() -> None:
    samples = ground((0, 0, 300, 0), (500, 0, 540, 0))
    nobody = found(views(), samples)
    first, *_ = blindspots.add(nobody, None, most=3)
    assert 0 <= first.x_m <= 300
    assert first.gained_m == pytest.approx(100, abs=10)
    gains = [a.gained_m for a in blindspots.add(nobody, None)]
    assert gains == sorted(gains, reverse=True)
    assert sum(gains) <= nobody.metres(nobody.blind) + 1e-6
    banned = samples.x_m < 400
    for proposal in blindspots.add(nobody, None, banned=banned):
        assert proposal.x_m >= 500


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-80, 80), st.floats(-80, 80), st.integers(0, 359).map(float), st.floats(30, 120)),
        min_size=1,
        max_size=6,
    )
)
def test_every_proposal_gains_what_it_says(cameras: list[tuple[float, float, float, float]]) -> None:
    samples = ground((-100, 0, 100, 0), (0, -100, 0, 100))
    now = views(*((x, y, a, f, 60.0) for x, y, a, f in cameras))
    pairs = blindspots.sights(now, samples, None)
    before = blindspots.find(now, samples, pairs)
    for proposal in blindspots.reaim(now, before, pairs):
        turned = now.azimuth_deg.copy()
        turned[proposal.number] = proposal.to_deg
        after = blindspots.find(Views(now.x_m, now.y_m, turned, now.fov_deg, now.range_m), samples, pairs)
        gain = before.metres(before.blind) - after.metres(after.blind)
        assert gain == pytest.approx(proposal.gained_m - proposal.lost_m)
    for place in blindspots.add(before, None, most=1):
        more = views(
            *((x, y, a, f, 60.0) for x, y, a, f in cameras), (place.x_m, place.y_m, place.azimuth_deg, 90.0, 100.0)
        )
        after = found(more, samples)
        gain = before.metres(before.blind) - after.metres(after.blind)
        assert gain == pytest.approx(place.gained_m, abs=11), "samples on a sector's very edge may count either way"
