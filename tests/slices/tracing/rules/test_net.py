"""The camera net: which stretch of which street a camera has in view, and which ways lead on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.slices.tracing.rules.small_city import BLOCK_M, town

from ansimnet.slices.tracing.rules import fan, net
from ansimnet.slices.tracing.rules.types import Kind

TOWN = town()


@pytest.mark.requirement("TR-03")
def test_a_camera_sees_the_street_it_looks_along() -> None:
    for camera in range(0, TOWN.size, 5):
        rows = TOWN.cam_cov[TOWN.cam_first[camera] : TOWN.cam_first[camera + 1]]
        for row in rows:
            assert TOWN.cov_camera[row] == camera
            assert 0 <= TOWN.cov_from_m[row] < TOWN.cov_to_m[row] <= BLOCK_M
            assert TOWN.cov_to_m[row] - TOWN.cov_from_m[row] <= 41.0
    assert (np.diff(TOWN.cam_first) > 0).mean() > 0.7


@pytest.mark.requirement("TR-03")
def test_a_camera_that_looks_across_a_crossing_sees_the_end_of_the_street_that_comes_into_it() -> None:
    """Nine metres behind the crossing, looking through it: some four metres of the cross street are in its view."""
    s = TOWN.streets
    middle = 4 * 9 + 4
    at = s.place(middle)
    west = np.array([at.lon - 9.0 / (math.radians(1) * 6_371_008.8 * math.cos(math.radians(at.lat)))])
    one = net.Cameras(np.array([at.lat]), west, np.array([90.0]), np.array([60.0]), np.array([45.0]))
    built = net.build(s, one)
    seen = {int(e): float(b - a) for e, a, b in zip(built.cov_edge, built.cov_from_m, built.cov_to_m, strict=True)}
    across = [e for e in seen if {int(s.u[e]), int(s.v[e])} & {middle - 9, middle + 9}]
    assert len(across) == 2
    assert all(3.0 < seen[e] < 9.0 for e in across)


def test_two_cameras_of_one_pole_have_one_site() -> None:
    assert len(np.unique(TOWN.site)) == TOWN.size // 2


def test_columns_of_different_lengths_are_refused() -> None:
    one = np.array([37.5])
    with pytest.raises(ValueError, match="every camera"):
        net.build(TOWN.streets, net.Cameras(one, one, one, one, np.array([1.0, 2.0])))


def test_a_fan_loses_nobody_and_goes_on_from_the_right_places() -> None:
    f = fan.fan(TOWN, Kind.PERSON, np.array([60], np.int32), np.array([0.0]), np.array([1.0]), (0.0, 0.0))
    roots = f.s_parent < 0
    assert math.isclose(float(f.s_mass[roots].sum()), 1.0)
    for parent in np.unique(f.s_parent[~roots]):
        assert float(f.s_mass[f.s_parent == parent].sum()) <= float(f.s_mass[parent]) + 1e-9
    assert np.all(f.parent < np.arange(len(f.parent)))
    assert np.all(f.tau_out >= f.tau_in - 1e-9)
    s = TOWN.streets
    for child in np.flatnonzero(~roots)[:200]:
        before, after = int(f.s_arc[f.s_parent[child]]), int(f.s_arc[child])
        head = s.v[before >> 1] if before & 1 == 0 else s.u[before >> 1]
        tail = s.u[after >> 1] if after & 1 == 0 else s.v[after >> 1]
        assert head == tail


def test_a_stretch_without_cameras_is_blind() -> None:
    none = net.Cameras(*(np.zeros(0) for _ in range(5)))
    bare = net.build(TOWN.streets, none)
    f = fan.fan(bare, Kind.PERSON, np.array([60], np.int32), np.array([0.0]), np.array([1.0]), (0.0, 0.0))
    assert len(f.mass) == 0
    assert len(f.s_arc) > 10
