"""The exact scan returns what a plain product returns, whatever is filtered (TR-02)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansimnet.slices.tracing.rules.segments import Segment, quantised, search


@pytest.mark.requirement("TR-02")
@settings(max_examples=25)
@given(st.integers(0, 1000), st.integers(1, 400), st.integers(1, 20))
def test_the_scan_is_exact(seed: int, rows: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = quantised(rng.standard_normal((rows, 256)).astype(np.float32))
    segment, order = Segment.sorted_by_time(rng.random(rows) * 100, rng.integers(0, 9, rows, dtype=np.int32), vectors)
    query = rng.standard_normal(256).astype(np.float32)
    cameras = rng.random(9) < 0.5
    found, cosines = search(segment, query, 20.0, 80.0, cameras, k)
    inside = (segment.at_s >= 20) & (segment.at_s < 80) & cameras[segment.camera]
    truth = segment.appearance.astype(np.float64) @ query
    truth /= np.linalg.norm(segment.appearance.astype(np.float64), axis=1) * np.linalg.norm(query)
    best = sorted(np.flatnonzero(inside), key=lambda row: -truth[row])[:k]
    np.testing.assert_allclose(cosines, [truth[row] for row in best], atol=1e-5)
    assert set(found.tolist()) <= set(np.flatnonzero(inside).tolist())
    assert sorted(order.tolist()) == list(range(rows))
