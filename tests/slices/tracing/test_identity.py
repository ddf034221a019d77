"""Identity F1 as `ansimnet eval tracing` computes it."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from evaluation._tracing_identity import assigned, idf1
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays


@given(arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.integers(0, 9)))
def test_the_pairs_are_the_best_there_are(gain: np.ndarray) -> None:
    rows, columns = gain.shape
    wide = gain if rows <= columns else gain.T
    best = max(sum(wide[i, j] for i, j in enumerate(p)) for p in permutations(range(wide.shape[1]), wide.shape[0]))
    pairs = assigned(gain)
    assert sum(gain[i, j] for i, j in pairs) == best
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)


def test_one_track_that_is_two_people_is_right_for_one_of_them() -> None:
    assert idf1(np.array([[3.0], [3.0]]), 6.0, 6.0) == 0.5
    assert idf1(np.eye(3) * 4, 12.0, 12.0) == 1.0
    assert idf1(np.zeros((2, 0)), 0.0, 0.0) == 1.0
