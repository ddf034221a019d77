"""Which process watches which camera."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.slices.vision.rules.assigning import LEAST_LOAD, assign, eased, levelled

cameras = st.dictionaries(st.integers(0, 40).map(str), st.floats(0, 0.4), max_size=30)
workers = st.sets(st.integers(0, 6), min_size=1, max_size=5)
before = st.dictionaries(st.integers(0, 40).map(str), st.integers(0, 6))


@pytest.mark.requirement("VA-01")
@given(cameras, workers, before)
def test_every_camera_has_a_living_process_and_keeps_the_one_it_has(
    loads: dict[str, float], living: set[int], placed: dict[str, int]
) -> None:
    given_ = assign(loads.keys(), loads, living, placed)
    assert given_.keys() == loads.keys()
    assert set(given_.values()) <= living
    assert all(given_[c] == placed[c] for c in loads if placed.get(c) in living)


@given(cameras, workers, before)
def test_one_move_at_most_and_never_to_worse(loads: dict[str, float], living: set[int], placed: dict[str, int]) -> None:
    given_ = assign(loads.keys(), loads, living, placed)
    after = eased(given_, loads, living)
    assert sum(given_[c] != after[c] for c in loads) <= 1
    assert most(after, loads, living) <= most(given_, loads, living) + 1e-9


@given(cameras, workers)
def test_whoever_comes_gets_his_share(loads: dict[str, float], living: set[int]) -> None:
    crowded = dict.fromkeys(loads, min(living))
    even = levelled(crowded, loads, living)
    assert most(even, loads, living) <= most(crowded, loads, living) + 1e-9
    if len(loads) >= 2 * len(living):
        assert set(even.values()) == living


def most(given_: dict[str, int], loads: dict[str, float], living: set[int]) -> float:
    return max(sum(max(LEAST_LOAD, loads[c]) for c, w in given_.items() if w == worker) for worker in living)


def test_nobody_watches_where_no_process_lives() -> None:
    assert assign(["a"], {}, [], {"a": 1}) == {}
