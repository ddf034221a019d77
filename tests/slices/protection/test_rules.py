"""The way out and the message, against plain exhaustive truth."""

from __future__ import annotations

import heapq
import math
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ansimnet.facts.protection import Level
from ansimnet.kernel import streets as net
from ansimnet.kernel.geo import Plane, Point, distance_m
from ansimnet.kernel.ids import ProtectedPersonId, WarningId, named_id
from ansimnet.slices.protection.model import Content, Grade, Help, Hers, His, Measure, Seen, Warned
from ansimnet.slices.protection.rules import alert, grades, way, words

from .story import NOW, ORIGIN, at, grid

HERE = WarningId(named_id("test", "warning"))
HER = ProtectedPersonId(named_id("test", "her"))


def jittered(n: int, seed: int) -> net.Streets:
    """A bent grid of about 60 m, a fifth of its streets missing."""
    rng = np.random.default_rng(seed)
    plane = Plane(ORIGIN)
    xy = [(60 * i + rng.uniform(-15, 15), 60 * j + rng.uniform(-15, 15)) for i in range(n) for j in range(n)]
    pairs = [(i * n + j, i * n + j + 1) for i in range(n) for j in range(n - 1)]
    pairs += [(i * n + j, i * n + j + n) for i in range(n - 1) for j in range(n)]
    pairs = [p for p in pairs if rng.random() > 0.2] or pairs[:1]
    points = [plane.to_point(x, y) for x, y in xy]
    u, v = (np.array(c, np.int32) for c in zip(*pairs, strict=True))
    length = np.array([math.dist(xy[a], xy[b]) for a, b in pairs])
    return net.build(
        np.array([p.lat for p in points]), np.array([p.lon for p in points]), u, v, length,
        np.full(len(u), 2, np.int8), tuple("" for _ in pairs),
    )  # fmt: skip


def plain_metres(streets: net.Streets, edge: int, along_m: float) -> list[float]:
    """Return the way in metres from a point of a street to every node, by a plain search."""
    cost = [math.inf] * len(streets.x_m)
    length = float(streets.length_m[edge])
    queue = [(along_m, int(streets.u[edge])), (length - along_m, int(streets.v[edge]))]
    heapq.heapify(queue)
    while queue:
        c, a = heapq.heappop(queue)
        if c >= cost[a]:
            continue
        cost[a] = c
        for i in range(streets.first[a], streets.first[a + 1]):
            heapq.heappush(queue, (c + float(streets.length_m[streets.via[i]]), int(streets.to[i])))
    return cost


def him_anywhere(streets: net.Streets, his: Point, reach_m: float) -> list[list[float]]:
    """Return the plain search from points of every street that lies in the disc where he may be."""
    x, y = streets.plane.to_xy(his)
    starts = [(net.snap(streets, his).edge, net.snap(streets, his).along_m)]
    for e in range(len(streets.u)):
        a, b = int(streets.u[e]), int(streets.v[e])
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            px = streets.x_m[a] + share * (streets.x_m[b] - streets.x_m[a])
            py = streets.y_m[a] + share * (streets.y_m[b] - streets.y_m[a])
            if math.hypot(px - x, py - y) <= reach_m:
                starts.append((e, share * float(streets.length_m[e])))
    return [plain_metres(streets, e, along) for e, along in starts]


far, near = st.floats(0, 300), st.floats(400, 780)


@pytest.mark.requirement("EM-06")
@settings(max_examples=120, deadline=None)
@given(
    st.integers(0, 10_000), st.floats(200, 780), near, st.floats(0, 780), far, st.floats(5, 40), st.floats(0, 20),
    st.floats(3, 25), st.sampled_from([None, 1.2, 2.0, 9.0]), st.lists(st.tuples(near, near), min_size=3, max_size=9),
)  # fmt: skip
def test_she_is_ahead_at_every_point_wherever_he_may_be(
    seed: int, x: float, y: float, hx: float, hy: float, his_error: float, age_s: float, her_error: float,
    observed: float | None, doors: list[tuple[float, float]],
) -> None:  # fmt: skip
    """He is put on every street his fix allows and searched plainly; she walks late by all her error."""
    goals = [way.Goal(f"d{i}", "safe_house", at(a, b)) for i, (a, b) in enumerate(doors)]
    ground = way.ground(jittered(14, seed), goals)
    hers = Hers(at(x, y), her_error, NOW, "device")
    his = His(at(hx, hy), his_error, observed, NOW - timedelta(seconds=age_s))
    for _, speed in way.his_speeds(observed):
        s = way.situation(ground, hers, his, NOW, speed)
        found = way.way_out(ground, s, hers)
        event(f"found={found is not None}")
        if found is None:
            continue
        assert found.margin_s >= 30
        assert distance_m(found.line[-1], found.goal.point) < 0.5
        starts = him_anywhere(ground.streets, his.point, way.his_reach_m(his, NOW, speed))
        walked = 0.0
        for a, b in pairwise(found.line):
            for share in (0.0, 0.3, 0.6, 1.0):
                p = Point(a.lat + share * (b.lat - a.lat), a.lon + share * (b.lon - a.lon))
                on = net.snap(ground.streets, p)
                u, v = int(ground.streets.u[on.edge]), int(ground.streets.v[on.edge])
                left = float(ground.streets.length_m[on.edge]) - on.along_m
                his_s = min(min(c[u] + on.along_m, c[v] + left) for c in starts) / speed
                her_s = (walked + share * distance_m(a, b) + her_error) / way.HER_MPS
                assert his_s - her_s >= 30 - 0.5, (his_s, her_s)  # half a second: two ways of measuring metres
            walked += distance_m(a, b)


@pytest.mark.requirement("EM-06")
@settings(max_examples=40, deadline=None)
@given(st.floats(250, 700), st.floats(400, 700), st.floats(0, 800), st.floats(0, 60))
def test_the_way_never_enters_a_street_he_reaches_first(x: float, y: float, hx: float, hy: float) -> None:
    goals = [way.Goal(f"d{i}", "police_box", at(100 + 200 * i, 700)) for i in range(5)]
    ground = way.ground(grid(), goals)
    hers, his = Hers(at(x, y), 8, NOW, "device"), His(at(hx, hy), 10, 1.4, NOW)
    s = way.situation(ground, hers, his, NOW, 1.8)
    found = way.way_out(ground, s, hers)
    assert found is not None
    red = {frozenset(pair) for pair in way.red_streets(ground, s, hers.point, 5000.0)}
    assert red
    nodes = found.line[2:]
    assert not any(frozenset(pair) in red for pair in pairwise(nodes))


def test_the_disc_of_his_error_reaches_the_street_beside_his_at_once() -> None:
    """Two streets 30 m apart that meet far away: whoever may be on either is near to both."""
    points = [at(0, 0), at(400, 0), at(0, 30), at(400, 30)]
    streets = net.build(
        np.array([p.lat for p in points]), np.array([p.lon for p in points]), np.array([0, 2, 0], np.int32),
        np.array([1, 3, 2], np.int32), np.array([400.0, 400.0, 30.0]), np.full(3, 2, np.int8), ("a", "b", ""),
    )  # fmt: skip
    his_s, on = net.earliest_within_s(streets, at(390, 0), 35.0, speed_mps=1.0)
    far = next(i for i in range(4) if distance_m(streets.place(i), at(400, 30)) < 1)
    assert his_s[far] == 0.0
    assert on.sum() == 2


def test_none_where_he_stands_at_her_door() -> None:
    ground = way.ground(grid(), [way.Goal("새빛지구대", "police_box", at(560, 720))])
    hers, his = Hers(at(405, 560), 10, NOW, "device"), His(at(425, 560), 10, 1.4, NOW)
    assert way.way_out(ground, way.situation(ground, hers, his, NOW, 1.8), hers) is None


def test_she_is_not_turned_round_for_a_few_metres() -> None:
    goals = [way.Goal("left", "safe_house", at(300, 560)), way.Goal("right", "safe_house", at(520, 560))]
    ground = way.ground(grid(), goals)
    his = His(at(400, 0), 10, 1.4, NOW)
    for x, keep, expected in ((400, None, "left"), (420, "left", "left"), (480, "left", "right")):
        hers = Hers(at(x, 560), 5, NOW, "device")
        found = way.way_out(ground, way.situation(ground, hers, his, NOW, 1.8), hers, keep=keep)
        assert found is not None
        assert found.goal.name == expected


def test_a_place_far_from_every_street_is_no_goal() -> None:
    ground = way.ground(grid(), [way.Goal("far", "hospital", at(-400, 0))])
    assert ground.goals == ()
    hers, his = Hers(at(405, 560), 10, NOW, "device"), His(at(405, 0), 10, 1.4, NOW)
    assert way.way_out(ground, way.situation(ground, hers, his, NOW, 1.8), hers) is None


def test_two_doors_on_one_street_and_one_place_twice() -> None:
    goals = [way.Goal(n, "safe_house", at(x, 565)) for n, x in (("a", 420), ("b", 440), ("b2", 440))]
    ground = way.ground(grid(), goals)
    assert len(ground.nodes) == 3
    assert [
        round(distance_m(ground.streets.place(int(n)), g.point)) for n, g in zip(ground.nodes, goals, strict=True)
    ] == [0, 0, 0]


def test_the_way_in_words() -> None:
    ground = way.ground(grid(), [way.Goal("새빛지구대", "police_box", at(560, 720))])
    hers, his = Hers(at(425, 560), 5, NOW, "device"), His(at(160, 160), 10, 1.4, NOW)
    found = way.way_out(ground, way.situation(ground, hers, his, NOW, 1.8), hers)
    assert found is not None
    steps = words.steps(found)
    assert steps[0].turn == "straight"
    assert steps[0].text_ko.endswith("따라 곧장")
    assert steps[-1].turn == "arrive"
    assert "새빛지구대" in steps[-1].text_ko
    turns = [s for s in steps if s.turn in {"left", "right"}]
    assert turns
    first = turns[0]
    assert f" m {'왼쪽' if first.turn == 'left' else '오른쪽'} {first.street}로" in first.text_ko
    assert sum(s.in_m for s in steps) == pytest.approx(found.length_m, abs=15)


@pytest.mark.parametrize(("x", "expected"), [(720, "right"), (80, "left")])
def test_left_is_left(x: float, expected: str) -> None:
    """Northward along one street, then east or west."""
    line = (at(400, 0), at(400, 0), at(400, 400), at(x, 400))
    made = way.WayOut(way.Goal("문", "safe_house", at(x, 400)), line, ("", "새빛로", "노을로"), 700, 500, 60)
    assert [s.turn for s in words.steps(made)] == ["straight", expected, "arrive"]
    assert words.steps(made)[1].street == "노을로"


# ------------------------------------------------------------------------------------------------ the message


def hers_at(x: float = 405, y: float = 560) -> Hers:
    return Hers(at(x, y), 10, NOW, "device")


def test_a_number_only_where_it_can_be_stood_by() -> None:
    near = His(at(405, 130), 20, 1.4, NOW - timedelta(seconds=5))
    assert alert.distance_range(Level.CERTAIN, 430, hers_at(), near, NOW) is None
    for level, his in (
        (Level.PROBABLE, near),
        (Level.CERTAIN, replace(near, error_m=300)),
        (Level.CERTAIN, replace(near, seen_at=NOW - timedelta(seconds=61))),
    ):
        found = alert.distance_range(level, 430, hers_at(), his, NOW)
        assert found is not None
        assert found[0] < 430 < found[1]
        assert found[0] >= 0


@given(st.floats(-300, 300), st.integers(3, 12))
def test_the_trend_is_that_of_a_steady_walk(per_minute: float, count: int) -> None:
    trail = [Seen(NOW + timedelta(seconds=5 * i), 5000 + per_minute * 5 * i / 60) for i in range(count)]
    assert alert.trend(trail) == pytest.approx(per_minute, abs=0.11)
    assert alert.trend(trail[:1]) is None


def test_her_old_fix_gives_way_to_her_registered_place() -> None:
    old = replace(hers_at(), seen_at=NOW - timedelta(seconds=121))
    used = alert.hers_of(old, at(0, 0), NOW)
    assert used is not None
    assert (used.source, used.point) == ("registered_place", at(0, 0))
    assert alert.hers_of(hers_at(), at(0, 0), NOW) == hers_at()
    assert alert.hers_of(old, None, NOW) == old  # an erased place: her old fix with its age, not nothing


@pytest.mark.requirement("EM-06")
def test_no_way_is_still_a_message() -> None:
    content = alert.content(Level.CERTAIN, None, None, alert.NO_WAY, (), NOW)
    message = alert.message(warned(content=content), Help())
    assert message["way_out"] == {"found": False, "advice": "lock_door"}
    assert message["told_112"] == {"state": "telling", "at": None}
    assert message["distance_m"] is None


def warned(**change: Any) -> Warned:
    made = Warned(
        warning_id=HERE, protected_person_id=HER, level=Level.CERTAIN, alarm_id=None, notice_id=None, wearer_id=None,
        incident_id=None, raised_at=NOW, issued_at=NOW, updated_at=NOW, fall_at=NOW + timedelta(seconds=10),
    )  # fmt: skip
    return replace(made, **change)


def test_an_open_screen_hears_what_matters_at_once_and_the_rest_every_5_s() -> None:
    here = {"found": True, "destination": {"name": "a"}}
    before = warned(content=Content(distance_m=400, way_out=here))
    same, soon, later = before.content, NOW + timedelta(seconds=2), NOW + timedelta(seconds=5)
    assert not alert.worth_telling(before, same, soon)
    assert alert.worth_telling(before, same, later)
    assert alert.worth_telling(before, replace(same, distance_m=350), soon)
    assert alert.worth_telling(before, replace(same, way_out=alert.NO_WAY), soon)
    assert not alert.worth_telling(before, replace(same, way_out=alert.NO_WAY), NOW + timedelta(milliseconds=500))


def test_the_loudest_warning_is_shown() -> None:
    quiet = warned(level=Level.MEDICAL, issued_at=NOW + timedelta(hours=1))
    assert alert.loudest([quiet, warned(), warned(level=Level.PROBABLE)], NOW) == warned()
    assert alert.loudest([], NOW) is None
    read_late = replace(warned(level=Level.OVER), updated_at=NOW - alert.OVER_SHOWN)
    assert alert.loudest([read_late], NOW) is None
    assert alert.state_of(None, Help()) == "calm"


def test_grades_are_cumulative() -> None:
    normal, high, very = (set(grades.MEASURES[g]) for g in (Grade.NORMAL, Grade.HIGH, Grade.VERY_HIGH))
    assert normal < high < very == set(Measure)
    assert set(grades.WORDS) == set(Measure)
