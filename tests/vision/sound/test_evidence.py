"""One odd second alarms nobody; what goes on is told once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vision.sound.kit import constant, noise

from ansimnet_vision.sound.evidence import APART_S, MOST, STEP_S, SURER, SoundEvent, SoundEvents
from ansimnet_vision.sound.features import SPAN, Listening
from ansimnet_vision.sound.network import SOUNDS

QUIET = np.full(SPAN, -60, np.float32)
SCREAM = SOUNDS.index("scream")


def run(odds: Sequence[float]) -> list[SoundEvent]:
    events, out = SoundEvents(constant()), []
    for n, value in enumerate(odds):
        row = np.full(len(SOUNDS), -8, np.float32)
        row[SCREAM] = value
        out += events.weigh(row, 1.0 + n * STEP_S, QUIET)
    return out


def test_one_window_is_never_enough_and_many_are_told_once() -> None:
    assert run([-8, 100, -8, -8, 100, -8]) == []
    told = run([-8] * 4 + [5] * 20)
    assert [e.sound for e in told] == ["scream"]
    assert told[0].score >= 4.0
    assert told[0].since_s < told[0].at_s


def test_after_a_pause_it_is_another_event() -> None:
    pause = [-8.0] * round(APART_S / STEP_S + 4)
    assert len(run([5] * 12 + pause + [5] * 12)) == 2
    assert len(run([5] * 12 + [-8.0] * 4 + [5] * 12)) == 1


@given(st.lists(st.floats(-50, 50), max_size=60))
def test_evidence_never_exceeds_what_the_windows_say(odds: list[float]) -> None:
    rows = np.full((len(odds), len(SOUNDS)), -8, np.float32)
    rows[:, SCREAM] = odds
    top = float(SoundEvents.tops(rows)[SCREAM])
    assert 0 <= top <= sum(min(MOST, max(0.0, o)) for o in odds) / 4 + 1e-3
    assert bool(run(odds)) == (top >= 4.0 * SURER["scream"])


@pytest.mark.parametrize(("calibration_db", "level"), [(None, -20.0), (94.0, 74.0)])
def test_level_and_signal_to_noise_are_stated(calibration_db: float | None, level: float) -> None:
    events = SoundEvents(constant(scream=6.0), calibration_db)
    quiet = np.concatenate([noise(10, loud=0.001), noise(3, loud=0.1)])
    found: list[SoundEvent] = []
    network_silent = constant(background=6.0)
    for heard in Listening().push(quiet):
        late = heard.at > 11 * 16_000
        row = (constant(scream=6.0) if late else network_silent).evidence(heard.numbers[None])[0]
        found += events.weigh(row, heard.at / 16_000, heard.level)
    assert found[0].level_db == pytest.approx(level, abs=1.5)
    assert found[0].snr_db == pytest.approx(40, abs=3)
    assert found[0].calibrated is (calibration_db is not None)
