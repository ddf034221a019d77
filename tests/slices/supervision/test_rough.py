"""What is found roughly lies where the integrals say, and a watch that is moved by it is moved as by its rule."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansimnet.slices.supervision.rules import rough
from ansimnet.slices.supervision.rules.chance import (
    EARTH_DEGREE_M,
    Spread,
    _ring_depth,
    chance_in_polygon,
    chance_within,
)
from ansimnet.slices.supervision.rules.limits import CURFEW_FROM, NEAR_FROM, RULES
from ansimnet.slices.supervision.rules.motion import HELD, TAKEN
from ansimnet.slices.supervision.rules.watching import _bar, _step
from ansimnet.slices.supervision.rules.weights import SURE

CLOSE = rough.DOUBT / 4
"""Far less than the doubt that is granted."""


@pytest.mark.requirement("EM-14")
@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(3, 40), st.floats(5, 2000), st.floats(5, 150), st.floats(-1.2, 1.2),
    st.floats(-1.2, 1.2), st.booleans(),
)  # fmt: skip
def test_a_rough_mass_in_a_polygon_is_the_integral_but_for_a_little(
    seed: int, corners: int, reach: float, sigma: float, x: float, y: float, clockwise: bool
) -> None:
    rng = np.random.default_rng(seed)
    turns = np.sort(rng.uniform(0, 2 * math.pi, corners))[:: -1 if clockwise else 1]
    far = reach * rng.uniform(0.3, 1.0, corners)
    xs, ys = far * np.cos(turns), far * np.sin(turns)
    away = rng.normal(0, sigma, 2)
    parts = np.zeros((5, 5))
    parts[0] = away[0], away[1], sigma, math.hypot(*away), 1.0
    laid = np.empty(rough.CORNERS + 1), np.empty(rough.CORNERS + 1), np.empty(rough.CORNERS)
    x, y = x * reach, y * reach
    depth, area = rough._lay(
        ys / EARTH_DEGREE_M, xs / EARTH_DEGREE_M, 0, corners, y / EARTH_DEGREE_M, x / EARTH_DEGREE_M, EARTH_DEGREE_M,
        *laid,
    )  # fmt: skip
    seen = [(a - x - away[0], b - y - away[1]) for a, b in zip(xs.tolist(), ys.tolist(), strict=True)]
    exact = chance_in_polygon(seen, Spread.round(sigma * sigma))
    low, high = rough._mass(corners, *laid, area, parts, 0)
    assert low + rough.DOUBT - CLOSE <= exact <= high - rough.DOUBT + CLOSE
    low, high = rough._part_in(corners, *laid, area, depth, 0.0, 0.0, 0.0, parts, 0)
    assert low - 1e-5 <= exact <= high + 1e-5


@pytest.mark.requirement("EM-14")
@settings(max_examples=200, deadline=None)
@given(st.floats(0, 3000), st.floats(5, 400), st.floats(20, 2000))
def test_a_rough_mass_in_a_disc_is_the_integral_but_for_a_little(distance: float, sigma: float, radius: float) -> None:
    exact = chance_within(distance, 0.0, Spread.round(sigma * sigma), radius)
    low, high = rough._disc(distance, sigma, radius)
    assert low - 1e-5 <= exact <= high + 1e-5
    if 0 < low < high < 1 and high - low < 0.1:
        assert (low + high) / 2 == pytest.approx(exact, abs=CLOSE)


@pytest.mark.requirement("EM-14")
@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(3, 40), st.floats(5, 2000), st.floats(5, 150), st.floats(-1.2, 1.2),
    st.floats(-1.2, 1.2), st.floats(0.01, 0.99), st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.booleans(),
)  # fmt: skip
def test_how_far_an_edge_is_bounds_what_lies_beyond_it(
    seed: int,
    corners: int,
    reach: float,
    sigma: float,
    x: float,
    y: float,
    rests: float,
    genuine: float,
    known: float,
    held: bool,
) -> None:
    rng = np.random.default_rng(seed)
    turns = np.sort(rng.uniform(0, 2 * math.pi, corners))
    far = reach * rng.uniform(0.3, 1.0, corners)
    xs, ys = far * np.cos(turns) - x * reach, far * np.sin(turns) - y * reach  # as seen from the fix
    parts = np.zeros((5, 5))
    parts[rough.OWN] = 0.0, 0.0, sigma, 0.0, 1.0
    for which, share in (
        (rough.RESTS, rests), (rough.GOES, 1 - rests), (rough.RESTED, rests), (rough.WENT, 1 - rests),
    ):  # fmt: skip
        east, north = rng.normal(0, sigma / 2, 2)
        parts[which] = east, north, sigma * rng.uniform(0.3, 2.0), math.hypot(east, north), share

    def inside(which: int) -> float:
        east, north, spread = parts[which, :3].tolist()
        return chance_in_polygon([(a - east, b - north) for a, b in zip(xs, ys, strict=True)], Spread.round(spread**2))

    depth = _ring_depth(xs, ys, 0.0, 0.0, 1.0, 1.0)
    became = HELD if held else TAKEN
    own_low, own_high, low, high = rough._bounds_by_gap(known * abs(depth), depth > 0, parts, genuine, became, False)
    own = inside(rough.OWN)
    now = own if held else rests * inside(rough.RESTS) + (1 - rests) * inside(rough.GOES)
    before = rests * inside(rough.RESTED) + (1 - rests) * inside(rough.WENT)
    likely = now if genuine > SURE else genuine * now + (1 - genuine) * before
    assert own_low <= own <= own_high
    assert low <= likely <= high


ROWS = st.tuples(
    st.integers(0, 3), st.integers(0, 99), st.integers(0, 2), st.sampled_from([0, 2, 3]), st.integers(0, 1)
)
BEGINS = [NEAR_FROM, CURFEW_FROM, *(_bar(NEAR_FROM, 0.0, times, 1.0, RULES) for times in range(1, 5))]
LIKELY = st.one_of(st.floats(0, 1), st.sampled_from([0.02, 0.1, 0.25, 0.5, 0.75, 0.9]))


@pytest.mark.requirement("EM-14", "EM-19")
@settings(max_examples=500, deadline=None)
@given(ROWS, LIKELY, LIKELY, LIKELY, st.floats(0, 0.02), st.sampled_from(BEGINS), st.booleans(), st.booleans())
def test_a_watch_is_moved_by_bounds_as_by_its_rule_or_not_at_all(
    row: tuple[int, ...],
    own: float,
    likely: float,
    share: float,
    doubt: float,
    begin: float,
    deep: bool,
    expected: bool,
) -> None:
    sure = likely * share
    by_rule, by_bounds = np.array(row, dtype=np.int64), np.array([row], dtype=np.int8)
    idle = rough._idle(
        by_bounds, 0, own - doubt, own + doubt, likely - doubt, likely + doubt, sure + doubt, begin, RULES
    )  # fmt: skip
    _, told = _step(by_rule, likely, sure, own, deep, expected, False, begin, RULES)
    if idle:
        assert told == 0
        assert by_bounds[0].tolist() == by_rule.tolist()
    else:
        assert by_bounds[0].tolist() == list(row)
