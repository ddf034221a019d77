"""The scorer of sounds counts what is there: hits, misses, wrong alarms, and how sure it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from evaluation._sounds import Outcome, Stream, f1, f1_interval, hear, judged, planted, poisson_upper, rate
from tests.vision.sound.kit import constant, noise

from ansimnet_vision.sound.features import RATE
from ansimnet_vision.training.sound_data import Clip, alike, recording_of, third

STREAM = Stream(noise(1), "scream", 0.0, 1.0, "a")
BARE = replace(STREAM, sound=None)


def clip(name: str, sound: np.ndarray[tuple[int], np.dtype[np.float32]]) -> Clip:
    return Clip(name, "part", "background", name, name, name, sound)


@pytest.mark.parametrize(
    ("hits", "missed", "wrong", "score"), [(10, 0, 0, 1.0), (9, 1, 1, 0.9), (0, 5, 0, 0.0), (5, 5, 5, 0.5)]
)
def test_f1_counts_misses_and_wrong_alarms_alike(hits: int, missed: int, wrong: int, score: float) -> None:
    outcomes = [
        *[Outcome(STREAM, True, 0, 1.0)] * hits, *[Outcome(STREAM, False, 0, None)] * missed,
        *[Outcome(BARE, False, 1, None)] * wrong,
    ]  # fmt: skip
    assert f1(outcomes, "scream") == pytest.approx(score)
    many = [replace(o, stream=replace(o.stream, of=str(n))) for n, o in enumerate(outcomes)]
    low, high = f1_interval(many, "scream", np.random.default_rng(1))
    assert low <= score + 1e-9
    assert high >= score - 1e-9


def test_a_planted_sound_stands_so_far_above_its_background() -> None:
    rng = np.random.default_rng(3)
    stream = planted(rng, "scream", "a", np.sign(noise(2)), [clip("wind", noise(5, loud=0.01))], 5)
    before, during = stream.samples[: 2 * RATE], stream.samples[4 * RATE : 5 * RATE]
    assert 10 * np.log10((during**2).mean() / (before**2).mean()) == pytest.approx(6.2, abs=0.6)  # both: 5 dB and 0 dB


def test_who_hears_everything_is_wrong_where_nothing_is_and_who_hears_nothing_misses() -> None:
    rng = np.random.default_rng(3)
    stream = planted(rng, "scream", "a", noise(2), [clip("wind", noise(5, loud=0.01))], 20)
    [everything] = judged(constant(scream=9.0), [stream], "scream")
    [nothing] = judged(constant(background=9.0), [stream], "scream")
    assert (everything.hit, everything.wrong) == (False, 1)  # it spoke before the scream, and an event is told once
    assert (nothing.hit, nothing.wrong) == (False, 0)
    assert len(hear(constant(siren=9.0), noise(5))) == 1


def test_a_rate_says_how_sure_it_is() -> None:
    assert rate(0, 0.5)["upper_95"] == pytest.approx(poisson_upper(0) / 0.5)
    assert rate(4, 2.0)["per_hour"] == 2.0
    assert rate(4, 2.0)["upper_95"] > 2.0


def test_a_third_is_held_back_by_recording_not_by_file() -> None:
    one, other = ("esc10/001_Dog_bark/1-100032-A.ogg", "esc10/001_Dog_bark/1-100032-B.ogg")
    assert recording_of(one) == recording_of(other)
    share = np.mean([third(str(n)) == 0 for n in range(3000)])
    assert share == pytest.approx(1 / 3, abs=0.03)


def test_cuts_of_one_recording_are_found_whatever_they_are_called() -> None:
    whole = noise(4, seed=1)
    assert alike(clip("a", whole[8000:40_000]), [clip("b", whole)])
    assert not alike(clip("a", noise(4, seed=2)), [clip("b", whole)])
