"""Travel times: learnt, kept apart by way of going, never faster than anybody is."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.slices.tracing.rules.small_city import seen, town

from ansimnet.slices.tracing.rules import learned, learning, times
from ansimnet.slices.tracing.rules.types import Kind, Subject

FAMILY = st.integers(0, 4)


@given(FAMILY, st.integers(0, 2), st.floats(1, 600), st.floats(0, 900), st.floats(0, 900), st.floats(-0.5, 0.5))
def test_a_share_grows_with_time_and_stays_between_zero_and_one(
    family: int, known: int, tau: float, a: float, b: float, pace: float
) -> None:
    cdf, _ = times.prior().cdf()
    early, late = (times.below(cdf, family, known, tau, t, pace) for t in sorted((a, b)))
    assert 0.0 <= early <= late <= 1.0


@pytest.mark.requirement("TR-02")
@given(FAMILY, st.floats(20, 600), st.floats(0.0, 0.95))
def test_nobody_is_faster_than_anybody_is(family: int, tau: float, share: float) -> None:
    cdf, _ = times.prior().cdf()
    t = share * (float(times.FASTEST[family]) * tau - times.SLACK_S)
    assert times.below(cdf, family, 0, tau, t, 0.0) == 0.0


def test_confirmed_hops_move_the_times_and_wider_doubt_shrinks() -> None:
    before = times.prior()
    slow = [(0, times.length_class(60.0), 0, times.log_ratio(90.0, 60.0), 1.0)] * 200
    after = times.learn(before, slow, slow)
    cdf_before, cdf_after = before.cdf()[0], after.cdf()[0]
    assert times.below(cdf_after, 0, 0, 60.0, 75.0, 0.0) < times.below(cdf_before, 0, 0, 60.0, 75.0, 0.0)
    assert times.below(cdf_after, 0, 0, 60.0, 110.0, 0.0) > 0.85
    untouched = times.below(cdf_after, 2, 0, 60.0, 75.0, 0.0)
    assert untouched == times.below(cdf_before, 2, 0, 60.0, 75.0, 0.0)


def test_learning_in_two_parts_is_learning_at_once() -> None:
    hops = [(0, 1, 0, 0.1, 1.0), (0, 1, 0, -0.3, 0.5), (2, 3, 1, 0.7, 1.0)]
    at_once = times.learn(times.prior(), hops, hops)
    parts = times.learn(times.learn(times.prior(), hops[:1], hops[:2]), hops[1:], hops[2:])
    assert np.allclose(at_once.leave, parts.leave)
    assert np.allclose(at_once.arrive, parts.arrive)


def test_what_was_learned_can_be_written_down_and_read() -> None:
    net = town()
    chain = [seen(40, 1000.0, heading=90.0), seen(42, 1070.0, heading=90.0)]
    known = learning.learn_routes(learned.prior(), net, [(Subject(Kind.PERSON), chain)])
    again = learned.from_dict(json.loads(json.dumps(learned.to_dict(known))))
    assert np.allclose(again.cdf_leave, known.cdf_leave, atol=1e-3)
    with pytest.raises(ValueError, match="version"):
        times.from_dict({"leave": [1.0], "arrive": [1.0]})


def test_a_probability_is_sharpened_by_what_people_said() -> None:
    rng = np.random.default_rng(1)
    stated = rng.uniform(0.02, 0.98, 4000)
    odds = np.log(stated / (1 - stated))
    truth = (rng.random(4000) < 1 / (1 + np.exp(-0.5 * odds))).astype(float)
    known = learned.with_sharpness(learned.prior(), stated, truth)
    assert 0.4 < known.sharpness < 0.6
    assert learned.with_sharpness(learned.prior(), stated[:5], truth[:5]).sharpness == 1.0
