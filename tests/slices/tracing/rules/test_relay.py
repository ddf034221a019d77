"""The relay: what it expects, what it makes of sightings and of silence, and what a person's word changes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.slices.tracing.rules.small_city import seen, town, vector

from ansimnet.kernel.geo import Point
from ansimnet.slices.tracing.rules import belief, learned, net, relay, times
from ansimnet.slices.tracing.rules.types import Kind, Opening, PlateRead, Start, Stop, Subject, Verdict

TOWN = town()
KNOWN = learned.prior()
HIM = vector(1)
NOBODY = Subject(Kind.PERSON, HIM[None])
CAMERAS = st.integers(0, TOWN.size - 1)


def begun(camera: int = 40, at_s: float = 1000.0, heading: float = 90.0, *, backwards: bool = False) -> relay.Trace:
    return relay.begin(TOWN, KNOWN, NOBODY, seen(camera, at_s, id="first", heading=heading), backwards=backwards)


def followed(trace: relay.Trace, hops: int = 3) -> relay.Trace:
    """Let him be seen where he is expected first, so many times."""
    for _ in range(hops):
        best = relay.ahead(trace, trace.until_s)[0]
        at = best.likely_s + 15
        d = seen(best.camera, at, id=f"his-{best.camera}-{at:.0f}", looks=HIM)
        trace = relay.observe(trace, [Opening(best.camera, at - 10, at + 5)], [d], at + 5)
    return trace


@pytest.mark.requirement("TR-02", "EM-21")
def test_next_cameras_are_named_before_he_gets_there_with_a_window() -> None:
    found = relay.ahead(begun(), 1000.0)
    assert len(found) == 3
    assert [c.probability for c in found] == sorted((c.probability for c in found), reverse=True)
    for c in found:
        assert 1000.0 <= c.from_s <= c.likely_s <= c.until_s
        assert c.edges
        assert TOWN.site[c.camera] != TOWN.site[40]
    assert sum(c.probability for c in relay.ahead(begun(), 1000.0, limit=500)) <= 1 + 1e-6


@pytest.mark.requirement("TR-02")
def test_who_is_seen_where_he_was_expected_is_followed() -> None:
    trace = followed(begun())
    hops = relay.route(trace).likely.hops
    assert len(hops) == 3
    assert all(h.probability > 0.5 for h in hops)
    assert [h.until_s for h in hops] == sorted(h.until_s for h in hops)


@pytest.mark.requirement("TR-02")
def test_nobody_is_in_one_picture_twice() -> None:
    """His double passes the same camera at the same time: one of the two may be him, whoever a person says it is."""
    trace = begun()
    best = relay.ahead(trace, 1000.0)[0]
    at = best.likely_s + 15
    his = seen(best.camera, at, id="his", looks=HIM, lasts_s=20.0)
    double = seen(best.camera, at + 6, id="double", looks=HIM, lasts_s=20.0)
    trace = relay.observe(trace, [Opening(best.camera, at - 10, at + 10)], [his, double], at + 10)
    for hops in (b.hops for b in (relay.route(trace).likely, *relay.route(trace).others)):
        assert {h.sighting for h in hops} < {"his", "double"}
    told = relay.judge(trace, "his", Verdict.HIM)
    assert [h.sighting for h in relay.route(told).likely.hops] == ["his"]
    assert "double" not in {c.sighting for c in relay.candidates(told) if c.probability > 0.01}


@pytest.mark.requirement("TR-02")
def test_who_stands_in_the_first_picture_beside_him_is_not_he_however_long_he_stays() -> None:
    trace = followed(begun(), hops=1)
    stood = seen(40, 1100.0, id="stood", looks=HIM, lasts_s=110.0)
    for h in trace.hypotheses:
        assert math.isinf(belief.fit(TOWN, KNOWN, NOBODY, h, stood, 0.02).llr)


@pytest.mark.requirement("TR-02")
def test_two_cameras_that_lose_somebody_at_once_lose_two_people_where_they_stood_apart() -> None:
    at = TOWN.streets.place(40)
    lat, lon = np.array([at.lat, at.lat + 0.0002]), np.array([at.lon, at.lon])
    two = net.build(TOWN.streets, net.Cameras(lat, lon, np.array([90.0, 0.0]), np.full(2, 60.0), np.full(2, 45.0)))
    here = replace(seen(0, 1000.0, heading=90.0), ground=Point(at.lat, at.lon + 0.0003))
    first = relay.begin(two, KNOWN, NOBODY, here).first
    for north, same in ((0.0, True), (0.0005, False)):
        there = replace(seen(1, 1001.0, looks=HIM), ground=Point(at.lat + north, at.lon + 0.0003))
        how = belief.fit(two, KNOWN, NOBODY, first, there, 0.02)
        assert (how.beside, math.isinf(how.llr)) == (same, not same)


@pytest.mark.requirement("TR-02")
def test_who_stood_there_before_he_could_be_there_is_hardly_he() -> None:
    trace = begun()
    far = next(c for c in relay.ahead(trace, 1000.0, limit=100) if c.from_s > 1060.0)
    at = far.likely_s + 10
    came, stood = (
        belief.fit(TOWN, KNOWN, NOBODY, trace.first, seen(far.camera, at, looks=HIM, lasts_s=s), 0.02)
        for s in (10.0, at - 990.0)
    )
    assert came.llr - stood.llr > 2.0


@pytest.mark.requirement("TR-02")
def test_a_plate_that_was_read_once_tells_his_car_from_a_strangers() -> None:
    car = Subject(Kind.VEHICLE)
    first = replace(seen(40, 1000.0, heading=90.0, kind=Kind.VEHICLE), plate=PlateRead("12가3456", (0.9,) * 7))
    trace = relay.begin(TOWN, KNOWN, car, first)
    best = relay.ahead(trace, 1000.0)[0]
    d = seen(best.camera, best.likely_s + 3, kind=Kind.VEHICLE)
    reads = [None, PlateRead("12가3456", (0.9,) * 7), PlateRead("98나7012", (0.9,) * 7)]
    unread, his, another = (belief.fit(TOWN, KNOWN, car, trace.first, replace(d, plate=r), 0.02) for r in reads)
    assert unread.plate is None
    assert his.llr > unread.llr + 5 > another.llr + 10


@pytest.mark.requirement("TR-02", "TR-05")
def test_backwards_leads_to_where_he_came_from() -> None:
    trace = begun(backwards=True)
    before = relay.ahead(trace, 990.0)
    assert before
    assert all(c.until_s <= 990.0 for c in before)
    best = before[0]
    d = seen(best.camera, best.likely_s, id="earlier", looks=HIM)
    opened = relay.openings(trace, best.from_s - 20, 985.0)
    assert best.camera in {o.camera for o in opened}
    trace = relay.observe(trace, opened, [d], d.from_s - 5)
    assert [h.sighting for h in relay.route(trace).likely.hops] == ["earlier"]
    assert relay.route(trace).likely.hops[0].until_s == d.until_s


def test_silence_moves_the_belief_on() -> None:
    trace = begun()
    best = relay.ahead(trace, 1000.0)[0]
    silent = relay.observe(trace, [Opening(best.camera, 1000.0, 1400.0)], [], 1400.0)
    now = {c.camera: c.probability for c in relay.ahead(silent, 1010.0, limit=500)}
    missed = 0.25  # one camera misses him in a fifth of cases, and who is hard to see stays so (belief.HIDDEN)
    left = best.probability * missed
    assert now.get(best.camera, 0.0) < 1.1 * left / (left + 1.0 - best.probability)


@pytest.mark.requirement("TR-02")
def test_who_was_seen_by_none_of_all_cameras_on_his_ways_is_hardly_there() -> None:
    h = begun().hypotheses[0]
    cameras = np.unique(h.fan.camera)
    looked = belief.searched(KNOWN, h, cameras, np.full(len(cameras), 1000.0), np.full(len(cameras), 9000.0))
    assert looked.survival < 0.3  # a view that goes on round a corner is one view: he was not missed in it twice


@pytest.mark.requirement("TR-02")
def test_no_camera_is_named_next_that_has_him_in_view_already() -> None:
    h = begun().hypotheses[0]
    near = h.fan.length_m < 1.0
    at_his_feet = h.fan.fresh[near & (h.fan.tau_in <= 0.0)]
    assert at_his_feet.size
    assert at_his_feet.max() <= 0.6  # his place is good to some metres, so a view that begins there may have begun


def test_a_relay_ends_itself_when_nobody_comes() -> None:
    trace = begun()
    now = 1000.0
    while relay.stopped(trace, now) is None:
        opened = relay.openings(trace, now, now + 10)
        trace = relay.observe(trace, opened, [], now + 10)
        now += 10
        assert now < 4000
    assert relay.stopped(trace, now) is Stop.LOST


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CAMERAS, st.floats(1001, 1500), st.integers(1, 4)), max_size=8), st.floats(1000, 1600))
def test_beliefs_sum_to_one(tracks: list[tuple[int, float, int]], at_s: float) -> None:
    seen_all = [seen(c, t, id=str(i), looks=vector(p)) for i, (c, t, p) in enumerate(tracks)]
    opened = [Opening(d.camera, d.until_s - 5, d.until_s + 5) for d in seen_all]
    trace = relay.observe(begun(), opened, seen_all, 1505.0)
    tree = relay.route(trace)
    assert math.isclose(tree.likely.probability + sum(b.probability for b in tree.others), 1.0, abs_tol=1e-9)
    warm = relay.heat(trace, at_s)
    assert math.isclose(float(warm.probability.sum()) + warm.elsewhere, 1.0, abs_tol=1e-6)
    assert float(warm.probability.min(initial=0.0)) >= 0
    assert warm.elsewhere >= -1e-9
    for c in relay.candidates(trace):
        assert 0 <= c.probability <= 1


@pytest.mark.requirement("TR-02")
@settings(max_examples=60, deadline=None)
@given(CAMERAS, CAMERAS, st.floats(0.5, 400))
def test_an_impossible_pair_is_never_accepted(first: int, second: int, after_s: float) -> None:
    far_m = math.hypot(TOWN.x_m[first] - TOWN.x_m[second], TOWN.y_m[first] - TOWN.y_m[second])
    trace = begun(first)
    at = 1000.0 + after_s
    d = seen(second, at, id="other", looks=HIM)
    trace = relay.observe(trace, [Opening(second, at - 1, at + 1)], [d], at + 1)
    in_view_m = 2 * 40.0
    fastest = 1.3 / float(times.FASTEST[0])
    if far_m - in_view_m > fastest * (after_s + times.SLACK_S):
        assert all(
            h.sighting != "other" for b in (relay.route(trace).likely, *relay.route(trace).others) for h in b.hops
        )


@pytest.mark.requirement("TR-02")
def test_not_him_ranks_everything_anew_and_twice_is_once() -> None:
    trace = followed(begun())
    second = relay.route(trace).likely.hops[1].sighting
    refused = relay.judge(trace, second, Verdict.NOT_HIM)
    assert all(h.sighting != second for h in relay.route(refused).likely.hops)
    again = relay.judge(refused, second, Verdict.NOT_HIM)
    assert _shares(again) == _shares(refused)
    assert _shares(relay.judge(refused, second, None)) == _shares(trace)


@settings(max_examples=15, deadline=None)
@given(st.permutations([("his", Verdict.HIM), ("a", Verdict.NOT_HIM), ("b", Verdict.NOT_HIM)]))
def test_the_order_of_judging_does_not_matter(order: list[tuple[str, Verdict]]) -> None:
    trace = begun()
    best = relay.ahead(trace, 1000.0)[0]
    at = best.likely_s + 10
    crowd = [
        seen(best.camera, at + i, id=n, looks=vector(p)) for i, (n, p) in enumerate([("his", 1), ("a", 1), ("b", 2)])
    ]
    trace = relay.observe(trace, [Opening(best.camera, at - 10, at + 10)], crowd, at + 10)
    for name, verdict in order:
        trace = relay.judge(trace, name, verdict)
    assert [h.sighting for h in relay.route(trace).likely.hops] == ["his"]
    assert {c.sighting: c.verdict for c in relay.candidates(trace)}["a"] is Verdict.NOT_HIM


def test_him_holds_even_where_the_way_there_was_thought_impossible() -> None:
    trace = begun(0)
    d = seen(TOWN.size - 1, 1005.0, id="far", looks=HIM)
    trace = relay.observe(trace, [Opening(d.camera, 1000.0, 1010.0)], [d], 1010.0)
    assert not relay.route(trace).likely.hops
    sure = relay.judge(trace, "far", Verdict.HIM)
    assert [h.sighting for h in relay.route(sure).likely.hops] == ["far"]
    assert relay.ahead(sure, 1010.0)


def test_each_candidate_says_why_and_why_not() -> None:
    trace = begun()
    best = relay.ahead(trace, 1000.0)[0]
    at = best.likely_s + 10
    crowd = [seen(best.camera, at, id="his", looks=HIM), seen(best.camera, at, id="other", looks=vector(7))]
    trace = relay.observe(trace, [Opening(best.camera, at - 10, at + 10)], crowd, at + 10)
    by_id = {c.sighting: c for c in relay.candidates(trace)}
    assert by_id["his"].probability > 0.8 > 0.2 > by_id["other"].probability
    assert "appearance" in {t.name for t in by_id["his"].why}
    assert "appearance" in {t.name for t in by_id["other"].why_not}


def test_another_kind_of_track_is_nobody() -> None:
    trace = begun()
    best = relay.ahead(trace, 1000.0)[0]
    at = best.likely_s + 10
    car = replace(seen(best.camera, at, looks=HIM), kind=Kind.VEHICLE)
    trace = relay.observe(trace, [Opening(best.camera, at - 10, at + 10)], [car], at + 10)
    assert not relay.route(trace).likely.hops


def test_a_place_that_somebody_named_is_enough() -> None:
    trace = relay.begin(TOWN, KNOWN, NOBODY, Start(Point(37.5028, 127.0036), 1000.0, 60.0))
    found = relay.ahead(trace, 1000.0)
    assert found
    assert relay.openings(trace, 1010.0, 1020.0)


def test_a_camera_that_is_not_in_the_net_is_refused() -> None:
    with pytest.raises(ValueError, match="no camera"):
        relay.begin(TOWN, KNOWN, NOBODY, seen(TOWN.size, 0.0))


def test_the_metro_carries_him_out_of_sight_and_up_again() -> None:
    lines = town(metro=True)
    corner = int(np.flatnonzero((lines.x_m < lines.x_m.min() + 100) & (lines.y_m < lines.y_m.min() + 1))[0])
    trace = relay.begin(lines, KNOWN, NOBODY, seen(corner, 1000.0, id="first", heading=270.0))
    modes = {c.mode for c in relay.ahead(trace, 1000.0, limit=500)}
    assert "metro" in modes


def _shares(trace: relay.Trace) -> list[tuple[tuple[str, ...], float]]:
    tree = relay.route(trace)
    return [(tuple(h.sighting for h in b.hops), round(b.probability, 9)) for b in (tree.likely, *tree.others)]
