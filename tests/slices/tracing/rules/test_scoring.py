"""What looks, plates and descriptions say, and what they can never say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.slices.tracing.rules import scoring
from ansimnet.slices.tracing.rules.types import PlateRead


@given(st.integers(1, 20), st.floats(-1, 1))
def test_looks_alone_never_settle_it(pictures: int, cosine: float) -> None:
    llr = scoring.looks_llr(scoring.looks_prior(), pictures, cosine)
    assert np.log(scoring.CHANGED) - 0.1 <= llr <= -np.log(scoring.ALIKE) + 0.1


def test_looks_are_learnt_from_judged_pairs() -> None:
    rng = np.random.default_rng(1)
    same = [(2, float(s)) for s in rng.normal(0.4, 0.05, 400)]
    other = [(2, float(s)) for s in rng.normal(-0.1, 0.05, 400)]
    known = scoring.looks_learn(scoring.looks_prior(), same, other)
    assert abs(known.same_mean[1] - 0.4) < 0.03
    assert scoring.looks_llr(known, 2, 0.4) > 3 > -3 > scoring.looks_llr(known, 2, -0.1)


@pytest.mark.requirement("TR-01", "DI-08")
@pytest.mark.parametrize(
    ("pattern", "read", "above", "below"),
    [
        ("12가3456", "12가3456", 15, 20),
        ("???3456", "12가3456", 8, 12),
        ("12가3456", "12가3459", 5, 18),
        ("12가3456", "3456", 7, 12),
        ("12가3456", "98나7654", -25, -10),
        ("???????", "12가3456", -0.1, 0.1),
    ],
)
def test_plates(pattern: str, read: str, above: float, below: float) -> None:
    assert above < scoring.plate_llr(pattern, PlateRead(read, (0.92,) * len(read))) < below


def test_a_plate_has_one_probability_a_character() -> None:
    with pytest.raises(ValueError, match="one probability"):
        PlateRead("12", (0.9,))


def test_a_rare_attribute_says_more() -> None:
    rare = scoring.described_llr({"hat": True}, {"hat": 0.02})
    common = scoring.described_llr({"hat": True}, {"hat": 0.5})
    assert rare > common > 0
    assert scoring.described_llr({}, {}) == 0
