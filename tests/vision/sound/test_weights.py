"""The committed weights: only what may be passed on taught them; they hear a made siren and nothing in noise."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from evaluation._sounds import hear
from tests.vision.sound.kit import constant, noise

from ansimnet_vision.sound.features import RATE
from ansimnet_vision.sound.network import COMMITTED, SOUNDS, found, load, save
from ansimnet_vision.training.sound import LEAST, LICENCE, PausedError, Room
from ansimnet_vision.training.sound_synthesis import MADE, NONE_OF_THEM

MOST_BYTES = 300_000


def test_only_what_may_be_passed_on_taught_the_committed_weights() -> None:
    network = load()
    assert all(name.startswith("esc10/") for name in network.card["recordings"])
    assert network.card["licence"] == LICENCE
    assert Path(str(files("ansimnet_vision.sound") / "weights" / COMMITTED)).stat().st_size <= MOST_BYTES
    assert set(network.starts_at) == set(SOUNDS)
    assert min(network.starts_at.values()) >= LEAST
    assert network.name.startswith("made_and_esc10@")


def test_a_made_siren_is_heard_and_noise_is_not() -> None:
    rng, network = np.random.default_rng(2026), load()
    heard = 0
    for _ in range(6):
        siren = 0.3 * MADE["siren"](rng, 5 * RATE).astype(np.float32)
        heard += any(e.sound == "siren" for e in hear(network, np.concatenate([noise(2, loud=0.003), siren])))
    assert heard >= 4
    for make in NONE_OF_THEM[:2]:
        assert not [e for e in hear(network, 0.1 * make(rng, 8 * RATE).astype(np.float32)) if e.sound == "scream"]


@pytest.mark.requirement("VA-01")
def test_the_folders_own_weights_come_before_the_committed_ones(tmp_path: Path) -> None:
    assert found(tmp_path) is not None
    save(constant(scream=3.0), tmp_path / "sound.npz")
    own = found(tmp_path)
    assert own is not None
    assert own.name.startswith("sound@")
    numbers = np.zeros((2, own.centre.size), np.float32)
    assert np.allclose(own.evidence(numbers), constant(scream=3.0).evidence(numbers), atol=1e-2)


def test_a_training_that_pauses_goes_on_where_it_was(tmp_path: Path) -> None:
    room = Room(tmp_path, seconds=-1.0)
    with pytest.raises(PausedError):
        room.keep("a", lambda: [np.ones(3)])
    made = Room(tmp_path).keep("a", lambda: [np.ones(3), np.zeros(2)])
    again = room.keep("a", lambda: [])
    assert [m.tolist() for m in made] == [a.tolist() for a in again]
