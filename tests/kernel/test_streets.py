"""The street kernels against plain exhaustive truth."""

from __future__ import annotations

import heapq
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansimnet.kernel import streets as s
from ansimnet.kernel.geo import Plane, Point

ORIGIN = Point(37.5, 127.0)
SPEED = 1.4


def grid(n: int, seed: int) -> s.Streets:
    """A jittered n × n grid, about 60 m between corners, a fifth of its streets missing."""
    rng = np.random.default_rng(seed)
    plane = Plane(ORIGIN)
    xy = [(60 * i + rng.uniform(-15, 15), 60 * j + rng.uniform(-15, 15)) for i in range(n) for j in range(n)]
    pairs = [(i * n + j, i * n + j + 1) for i in range(n) for j in range(n - 1)]
    pairs += [(i * n + j, i * n + j + n) for i in range(n - 1) for j in range(n)]
    pairs = [p for p in pairs if rng.random() > 0.2] or pairs[:1]
    points = [plane.to_point(x, y) for x, y in xy]
    u, v = (np.array(c, np.int32) for c in zip(*pairs, strict=True))
    length = np.array([math.dist(xy[a], xy[b]) for a, b in pairs])
    return s.build(
        np.array([p.lat for p in points]),
        np.array([p.lon for p in points]),
        u,
        v,
        length,
        np.full(len(u), 2, np.int8),
        tuple("" for _ in pairs),
    )


def reference(net: s.Streets, start: Point, speed: float) -> list[float]:
    at = s.snap(net, start)
    cost = [math.inf] * len(net.x_m)
    queue = [
        (at.along_m / speed, int(net.u[at.edge])),
        ((net.length_m[at.edge] - at.along_m) / speed, int(net.v[at.edge])),
    ]
    heapq.heapify(queue)
    while queue:
        c, a = heapq.heappop(queue)
        if c >= cost[a]:
            continue
        cost[a] = c
        for i in range(net.first[a], net.first[a + 1]):
            heapq.heappush(queue, (c + net.length_m[net.via[i]] / speed, int(net.to[i])))
    return cost


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 400), st.floats(0, 400))
def test_earliest_equals_a_plain_search(seed: int, x: float, y: float) -> None:
    net = grid(7, seed)
    start = Plane(ORIGIN).to_point(x, y)
    assert s.earliest_s(net, start, speed_mps=SPEED) == pytest.approx(np.array(reference(net, start, SPEED)))


@pytest.mark.requirement("EM-06")
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), *[st.floats(0, 400)] * 4, st.floats(0, 60), st.floats(1.0, 6.0))
def test_she_is_ahead_at_every_point_of_her_way(
    seed: int, x: float, y: float, hx: float, hy: float, error_m: float, his_mps: float
) -> None:
    net, plane = grid(7, seed), Plane(ORIGIN)
    her, him = plane.to_point(x, y), plane.to_point(hx, hy)
    his = s.earliest_s(net, him, speed_mps=his_mps, error_m=error_m)
    blocked = s.touched(net, him, error_m)
    blocked[s.snap(net, him).edge] = True
    goals = np.array([0, len(net.x_m) - 1], np.int32)
    way = s.way_ahead(net, her, goals, speed_mps=SPEED, his_s=his, lead_s=30, blocked=blocked)
    if way is None:
        return
    assert int(way.nodes[-1]) in goals
    assert way.margin_s >= 30
    for a, b, t in zip(way.nodes, way.nodes[1:], way.arrive_s, strict=False):
        edge = s.street_between(net, int(a), int(b))
        assert not blocked[edge]
        length = float(net.length_m[edge])
        for along in np.linspace(0, length, 7):
            his_here = min(his[a] + along / his_mps, his[b] + (length - along) / his_mps)
            assert his_here - (t + along / SPEED) >= 30 - 1e-6


@given(st.integers(0, 500))
@settings(max_examples=10, deadline=None)
def test_no_way_is_only_said_when_none_exists(seed: int) -> None:
    """Where pruning finds nothing, a search over every simple way of a small net finds nothing either."""
    net, plane = grid(3, seed), Plane(ORIGIN)
    her, him = plane.to_point(0, 0), plane.to_point(90, 90)
    his = s.earliest_s(net, him, speed_mps=2.0)
    blocked = s.touched(net, him, 5)
    goals = np.array([len(net.x_m) - 1], np.int32)
    way = s.way_ahead(net, her, goals, speed_mps=SPEED, his_s=his, lead_s=5, blocked=blocked)
    at = s.snap(net, her)
    found = False
    stack = (
        []
        if blocked[at.edge]
        else [
            ([int(net.u[at.edge])], at.along_m / SPEED),
            ([int(net.v[at.edge])], (net.length_m[at.edge] - at.along_m) / SPEED),
        ]
    )
    while stack:
        nodes, t = stack.pop()
        if t > his[nodes[-1]] - 5:
            continue
        found |= nodes[-1] in goals
        for i in range(net.first[nodes[-1]], net.first[nodes[-1] + 1]):
            b = int(net.to[i])
            if b not in nodes and not blocked[net.via[i]]:
                stack.append(([*nodes, b], t + net.length_m[net.via[i]] / SPEED))
    assert (way is not None) == found


@pytest.mark.parametrize(
    ("u", "v", "length", "said"),
    [
        pytest.param([], [], [], "no street", id="empty"),
        pytest.param([0], [9], [1.0], "not in the file", id="dangling"),
        pytest.param([0], [1], [0.0], "positive length", id="no-length"),
        pytest.param([0], [1], [math.nan], "positive length", id="nan"),
    ],
)
def test_bad_nets_are_refused(u: list[int], v: list[int], length: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        s.build(
            np.array([37.5, 37.501]),
            np.array([127.0, 127.0]),
            np.array(u, np.int32),
            np.array(v, np.int32),
            np.array(length),
            np.zeros(len(u), np.int8),
            tuple("" for _ in u),
        )
