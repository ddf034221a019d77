"""What a second of sound sounds like does not depend on how it comes or how loud it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vision.sound.kit import noise

from ansimnet_vision.sound.features import (
    HOP,
    RATE,
    ROUGH_HZ,
    STEP,
    WINDOW_SAMPLES,
    Listening,
    described,
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=12))
def test_pieces_of_any_size_give_the_same_windows(sizes: list[int]) -> None:
    sound = noise(4.0)
    whole = list(Listening().push(sound))
    listening, found, at = Listening(), [], 0
    for size in [*sizes, len(sound)]:
        found += list(listening.push(sound[at : at + size]))
        at += size
    assert [h.at for h in found] == [h.at for h in whole]
    assert all(np.array_equal(a.numbers, b.numbers) for a, b in zip(found, whole, strict=True))
    assert whole[0].at == WINDOW_SAMPLES
    assert whole[1].at - whole[0].at == STEP * HOP


@pytest.mark.parametrize("gain", [0.03, 0.3, 3.0])
def test_how_loud_a_microphone_is_set_changes_nothing_but_the_level(gain: float) -> None:
    sound = noise(2.0)
    numbers, level, _ = described(sound)
    other, other_level, _ = described(sound * np.float32(gain))
    assert np.abs(numbers - other).max() < 0.02
    assert np.allclose(other_level - level, 20 * np.log10(gain), atol=0.1)


def test_silence_and_a_full_scale_square_are_described_too() -> None:
    for sound in (np.zeros(2 * RATE, np.float32), np.sign(noise(2.0))):
        assert np.isfinite(described(sound)[0]).all()


def test_roughness_is_seen_where_it_is() -> None:
    t = np.arange(2 * RATE) / RATE
    plain = np.sin(2 * np.pi * 1000 * t)
    rough = plain * (1 + np.sin(2 * np.pi * 75 * t))
    bands = len(ROUGH_HZ) - 1
    first = -(4 * bands + 3)  # the last numbers: roughness per carrier, then how alike the carriers are
    second_carrier = slice(first + bands, first + 2 * bands)
    of = [described(x.astype(np.float32))[0][0, second_carrier] for x in (rough, plain)]
    assert int((of[0] - of[1]).argmax()) == ROUGH_HZ.index(60)


def test_what_was_heard_is_overwritten() -> None:
    listening = Listening()
    list(listening.push(noise(1.5)))
    held = listening._kept
    assert held.any()
    listening.forget()
    assert not held.any()
