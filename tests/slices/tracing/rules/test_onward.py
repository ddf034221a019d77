"""Where somebody may be going: streets that lead away from where he was, weighed by what lies behind them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.slices.tracing.rules.small_city import BLOCK_M, SIDE, seen, town

from ansimnet.slices.tracing.rules import belief, fan, onward
from ansimnet.slices.tracing.rules.onward import Left
from ansimnet.slices.tracing.rules.types import Kind

TOWN = town()


def _on(edge: int) -> Left:
    s = TOWN.streets
    here = s.u[edge]
    one = np.array([1.0])
    return Left(float(s.x_m[here]), float(s.y_m[here]), np.array([2 * edge], np.int32), np.array([0.0]), one)


@pytest.mark.requirement("TR-03")
def test_cost_is_that_of_the_shortest_way_and_what_lies_behind_falls_with_it() -> None:
    way = onward.onward(TOWN, Kind.PERSON, _on(0))
    s = TOWN.streets
    head = int(s.v[0])
    blocks = np.abs(np.arange(SIDE * SIDE) % SIDE - head % SIDE) + np.abs(np.arange(SIDE * SIDE) // SIDE - head // SIDE)
    want = (blocks + 1) * BLOCK_M * way.per_m[3]
    assert np.allclose(way.cost, want)
    assert np.all(way.value > 0)
    last = int(np.argmax(way.cost))
    assert way.value[last] < way.value[head]


def test_nobody_is_thought_to_turn_back_towards_where_he_came_from() -> None:
    middle = 4 * SIDE + 4
    s = TOWN.streets
    edge = next(int(s.via[q]) for q in range(s.first[middle], s.first[middle + 1]) if s.to[q] == middle + 1)
    way = onward.onward(TOWN, Kind.PERSON, _on(0))
    arc = 2 * edge if s.u[edge] == middle else 2 * edge + 1
    f = fan.fan(
        TOWN, Kind.PERSON, np.array([arc], np.int32), np.array([0.0]), np.array([1.0]), (0.0, 0.0), -1, way
    )  # fmt: skip
    next_ = {int(f.s_arc[k]): float(f.s_mass[k]) for k in np.flatnonzero(f.s_parent == 0)}
    east = TOWN.bearing[arc]
    away = [m for a, m in next_.items() if math.cos(TOWN.bearing[a] - east) > 0.5 or math.cos(TOWN.bearing[a]) > 0.5]
    back = [m for a, m in next_.items() if math.cos(TOWN.bearing[a]) < -0.5]
    assert len(away) == 2
    assert sum(away) > 4 * sum(back)


def test_ways_begin_anew_only_once_he_is_far_from_where_they_began() -> None:
    first = _on(0)
    way = onward.onward(TOWN, Kind.PERSON, first)
    near, far = (Left(first.x_m + m, first.y_m, first.arcs, first.at_m, first.weight) for m in (300.0, 500.0))
    farther = Left(first.x_m + 900.0, first.y_m, first.arcs, first.at_m, first.weight)
    assert onward.followed(TOWN, Kind.PERSON, way, (first, near)) is way
    assert onward.followed(TOWN, Kind.PERSON, way, (first, near, far, farther)).origin is far


def test_a_sighting_on_a_street_that_no_fan_expected_leaves_him_there() -> None:
    camera = next(c for c in range(TOWN.size) if TOWN.cam_first[c + 1] - TOWN.cam_first[c] >= 1)
    d = seen(camera, 100.0)
    arcs, at_m, weight = belief.leaving_arcs(TOWN, d)
    assert len(arcs) == len(at_m) == len(weight)
    assert np.all(weight > 0)
    edges = {int(e) for e in TOWN.cov_edge[TOWN.cam_cov[TOWN.cam_first[camera] : TOWN.cam_first[camera + 1]]]}
    ends = {int(n) for e in edges for n in (TOWN.streets.u[e], TOWN.streets.v[e])}
    for edge in {int(a) >> 1 for a in arcs} - edges:  # round a corner that its view ends at
        assert {int(TOWN.streets.u[edge]), int(TOWN.streets.v[edge])} & ends
    assert edges <= {int(a) >> 1 for a in arcs}
