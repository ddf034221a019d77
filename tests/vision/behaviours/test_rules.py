"""Behaviours as tables: who does what, and what may be said of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vision.behaviours.stage import TALL, camera, lying, place, play, said, standing, walk

from ansimnet_vision.behaviours import build
from ansimnet_vision.behaviours.trails import BODY_M
from ansimnet_vision.types import BEHAVIOURS, PERSON, Box, Hours, Scene, Seen, Zone

HALF = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))
M = TALL / BODY_M
"""A metre in parts of the picture's height."""


def names(signals: list) -> list[str]:
    return [s.behaviour for s in signals]


# --- intrusion


@pytest.mark.requirement("VA-01")
@pytest.mark.parametrize(
    ("way", "both", "expected"),
    [
        (walk(0.2, 0.8, 0.2, 0), 0, 1),  # from left to right: the line points down, its left is the picture's right
        (walk(0.8, 0.8, -0.2, 0), 0, 0),
        (walk(0.8, 0.8, -0.2, 0), 1, 1),
        (walk(0.2, 0.8, 0.0, 0), 1, 0),
    ],
)
def test_line_is_crossed_in_its_direction(way, both, expected) -> None:
    line = Zone("l", "line", "intrusion", ((0.5, 1.0), (0.5, 0.0)), limits={"both": both})
    assert len(play(camera("intrusion", zones=[line]), {1: way}, 6)) == expected


@pytest.mark.requirement("VA-01")
def test_zone_is_entered_once_and_only_while_in_force() -> None:
    zone = Zone("z", "zone", "intrusion", HALF)
    night = Zone("z", "zone", "intrusion", HALF, (Hours(frozenset(range(7)), 22 * 60, 6 * 60),))
    way = {1: walk(0.2, 0.8, 0.15, 0)}
    [signal] = play(camera("intrusion", zones=[zone]), way, 8)
    entered_s = 0.3 / (0.15 * 9 / 16)
    assert entered_s <= signal.since_s <= signal.at_s <= entered_s + 2
    assert play(camera("intrusion", zones=[night], utc_offset_s=12 * 3600), way, 8) == []  # noon
    assert len(play(camera("intrusion", zones=[night], utc_offset_s=0), way, 8)) == 1  # midnight


def test_box_that_trembles_over_an_edge_is_no_intruder() -> None:
    zone = Zone("z", "zone", "intrusion", HALF)

    def trembles(at: float) -> Box:
        return standing(0.51 if round(at / 0.2) % 3 == 0 else 0.49, 0.8)

    assert play(camera("intrusion", zones=[zone]), {1: trembles}, 30) == []


# --- loitering


@pytest.mark.requirement("VA-01")
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (lambda at: standing(0.5, 0.8), 1),  # stands
        (lambda at: standing(0.5 + 0.1 * math.sin(at / 2), 0.8), 1),  # paces up and down
        (walk(0.05, 0.8, 1.3 * M, 0), 0),  # passes
    ],
)
def test_who_stays_loiters_and_who_passes_does_not(where, expected) -> None:
    assert len(play(camera("loitering"), {1: where}, 50)) == expected


@settings(max_examples=12, deadline=None)
@given(shorter=st.floats(8, 40), more=st.floats(0, 20), dwell=st.floats(10, 40))
def test_dwell_is_monotone(shorter, more, dwell) -> None:
    zone = Zone("z", "zone", "loitering", ((0, 0), (1, 0), (1, 1), (0, 1)), limits={"dwell_s": dwell})
    config = camera("loitering", zones=[zone])
    stays = {1: lambda at: standing(0.5, 0.8)}
    early, late = play(config, stays, shorter), play(config, stays, shorter + more)
    assert len(early) <= len(late)
    assert all(s.evidence["dwell_s"] >= 0.8 * dwell for s in late)


def test_who_is_lost_for_two_seconds_and_found_again_is_the_same() -> None:
    stays = {
        1: lambda at: standing(0.5, 0.8) if at < 18 else None,
        2: lambda at: standing(0.51, 0.8) if at >= 20 else None,
    }
    assert names(play(camera("loitering"), stays, 45)) == ["loitering"]


def thing(x: float, y: float, score: float):
    """Return scenes of something at rest that the detector half takes for somebody."""
    return [
        Scene(0.2 * n, (Seen(1, PERSON, standing(x, y), score, 0.2 * n, held=n % 4 > 0),), place(), 0.0)
        for n in range(300)
    ]


@pytest.mark.requirement("VA-04")
@pytest.mark.parametrize(("score", "expected"), [(0.32, 0), (0.8, 1)])
def test_a_cone_half_taken_for_a_person_does_not_loiter(score, expected) -> None:
    assert len(list(said(build(camera("loitering")), thing(0.5, 0.8, score)))) == expected


# --- approach


@pytest.mark.requirement("VA-02")
@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # follows and closes in
        (walk(0.02, 0.8, 1.9 * M, 0), walk(0.45, 0.8, 1.2 * M, 0), True),
        # walks beside: the distance stays
        (walk(0.05, 0.8, 1.2 * M, 0), walk(0.12, 0.8, 1.2 * M, 0), False),
        # a little faster than who walks ahead, as any two are
        (walk(0.02, 0.8, 1.6 * M, 0), walk(0.45, 0.8, 1.2 * M, 0), False),
        # comes the other way
        (walk(0.05, 0.8, 1.3 * M, 0), walk(0.95, 0.8, -1.3 * M, 0), False),
        # walks up to somebody who waits
        (walk(0.05, 0.8, 1.2 * M, 0, until_s=4), lambda at: standing(0.5, 0.8), False),
        # runs at somebody who waits
        (walk(0.02, 0.8, 3.2 * M, 0, until_s=2.4), lambda at: standing(0.75, 0.8), False),
    ],
)
def test_following_and_closing_in(one, other, expected) -> None:
    signals = play(camera("approach"), {1: one, 2: other}, 7)
    assert (names(signals) == ["approach"]) is expected
    if expected:
        assert signals[0].tracks == (1, 2)
        assert signals[0].evidence["closing_m_s"] > 0.3


def test_running_at_somebody_for_long_enough_is_said() -> None:
    far = camera("approach", thresholds={"approach_s": 1.5})
    people = {1: walk(0.02, 0.8, 3.2 * M, 0, until_s=3.4), 2: lambda at: standing(1.0, 0.8)}
    assert names(play(far, people, 4)) == ["approach"]


# --- collapse


def falls(at_s: float, takes_s: float, up_again_s: float = 1e9):
    def where(at: float) -> Box:
        if at < at_s or at > up_again_s:
            return standing(0.5, 0.8)
        share = min(1.0, (at - at_s) / takes_s)
        a, b = standing(0.5, 0.8), lying(0.5, 0.8)
        return tuple(x + share * (y - x) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]

    return where


def cut_below(box: Box) -> Box | None:
    return (*box[:3], min(1.0, box[3])) if box[1] < 0.93 else None


@pytest.mark.requirement("VA-01")
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (falls(4, 0.6), ["collapse"]),
        (falls(4, 1.5), ["collapse"]),
        (falls(4, 0.6, up_again_s=4.8), []),  # stumbles, is up again
        (falls(4, 20), []),  # lies down slowly
        (lambda at: lying(0.5, 0.8), []),  # lay there all the time
        (lambda at: standing(0.5, 0.8), []),
        (walk(0.1, 0.8, 1.3 * M, 0), []),
        (lambda at: standing(0.5, 0.8, TALL if at < 4 else 0.65 * TALL), []),  # sits down
        (lambda at: cut_below(standing(0.5, min(1.3, 0.9 + 0.06 * at))), []),  # leaves by the lower edge
    ],
)
def test_collapse_needs_upright_descent_and_staying_down(where, expected) -> None:
    assert names(play(camera("collapse"), {1: where}, 14)) == expected


@pytest.mark.parametrize(("score", "expected"), [(0.27, []), (0.4, ["collapse"])])
def test_nobody_falls_whom_the_detector_hardly_saw_upright(score, expected) -> None:
    def seen(at_s: float) -> Seen:
        return Seen(1, PERSON, falls(4, 0.6)(at_s), score if at_s < 4 else 0.25, at_s)  # who lies is hardly seen

    given = [Scene(0.2 * n, (seen(0.2 * n),), place(), 0.0) for n in range(70)]
    assert names(list(said(build(camera("collapse")), given))) == expected


@pytest.mark.parametrize(("hips", "expected"), [(0.5, []), (0.15, ["collapse"])])
def test_who_bends_has_his_hips_where_they_were(hips, expected) -> None:
    def seen(at_s: float) -> Seen:
        down = 4 <= at_s < 4.8
        box = (0.442, 0.8 - 0.67 * TALL, 0.558, 0.8) if down else standing(0.5, 0.8)
        pose = np.zeros((17, 3), np.float32)
        pose[[5, 6]] = (0.44, 0.8 - hips * TALL, 0.9) if down else (0.5, 0.8 - 0.85 * TALL, 0.9)
        pose[[11, 12]] = (0.5, 0.8 - (hips if down else 0.5) * TALL, 0.9)
        return Seen(1, PERSON, box, 0.8, at_s, pose=pose)

    scenes = [Scene(0.2 * n, (seen(0.2 * n),), place(), 0.0) for n in range(30)]
    assert names(list(said(build(camera("collapse")), scenes))) == expected


def test_body_lost_in_its_fall_is_found_on_the_ground() -> None:
    people = {
        1: lambda at: standing(0.5, 0.8) if at < 4 else None,
        2: lambda at: lying(0.52, 0.82) if at >= 5 else None,
    }
    assert names(play(camera("collapse"), people, 12)) == ["collapse"]


# --- crowding


@pytest.mark.parametrize(("count", "expected"), [(3, 0), (8, 1), (12, 1)])
def test_crowding_counts_people(count, expected) -> None:
    zone = Zone("z", "zone", "crowding", ((0, 0), (1, 0), (1, 1), (0, 1)), limits={"count": 8})
    people = {k: (lambda at, k=k: standing(0.1 + 0.07 * k, 0.8)) for k in range(count)}
    assert len(play(camera("crowding", zones=[zone]), people, 30)) == expected


# --- whatever happens


EVERYTHING = camera(
    *BEHAVIOURS,
    zones=[
        Zone("i", "zone", "intrusion", ((0.3, 0.3), (0.7, 0.3), (0.7, 0.9), (0.3, 0.9))),
        Zone("l", "line", "intrusion", ((0.2, 0.0), (0.2, 1.0))),
    ],
)


@settings(max_examples=5, deadline=None)
@given(seconds=st.floats(1, 30))
def test_nothing_is_said_of_an_empty_place(seconds) -> None:
    assert play(EVERYTHING, {}, seconds) == []


WITHOUT_ZONES = camera("loitering", "approach", "collapse", "crowding")
STEPS = st.lists(st.tuples(st.floats(-0.05, 0.05), st.floats(-0.02, 0.02)), min_size=20, max_size=120)


@settings(max_examples=8, deadline=None)
@given(steps=STEPS, shift=st.tuples(st.floats(-0.3, 0.3), st.floats(-0.2, 0.2)))
def test_where_in_the_picture_it_happens_does_not_matter(steps, shift) -> None:
    track = [(0.5, 0.6)]
    for dx, dy in steps:
        track.append((track[-1][0] + dx, track[-1][1] + dy))

    def where(at: float) -> Box:
        return standing(*track[min(len(track) - 1, round(at / 0.2))])

    people = {1: where, 2: walk(0.2, 0.6, 0.1, 0)}
    seconds = 0.2 * len(track) + 10
    here = play(WITHOUT_ZONES, people, seconds)
    there = play(WITHOUT_ZONES, people, seconds, shift=shift)
    assert [(s.behaviour, s.at_s, s.tracks) for s in here] == [(s.behaviour, s.at_s, s.tracks) for s in there]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, 1), st.floats(0.3, 1)), max_size=60))
def test_whatever_boxes_come_every_signal_is_whole(boxes) -> None:
    def at(track: int):
        mine = [(x, y) for t, x, y in boxes if t == track]
        return lambda s: standing(*mine[round(s / 0.2) % len(mine)]) if mine else None

    for signal in play(EVERYTHING, {k: at(k) for k in (1, 2, 3)}, 20):
        assert signal.behaviour in BEHAVIOURS
        assert signal.since_s <= signal.at_s
        assert math.isfinite(signal.score)
        assert all(math.isfinite(v) for v in signal.evidence.values())
