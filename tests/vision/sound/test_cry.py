"""The cry for help: one word, off until a person switches it on, nothing kept, and nowhere called measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.vision.sound.kit import CAMERA, DEAF, constant, noise

from ansimnet.facts.vision import Behaviour
from ansimnet.slices.vision.rules.coverage import Watched, coverage
from ansimnet.slices.vision.rules.setups import DEFAULT
from ansimnet.slices.vision.rules.words import NOT_MEASURED, STANDARD, WORDS
from ansimnet_vision import registry
from ansimnet_vision.sound import cry
from ansimnet_vision.sound.cry import BANDS, EVERY, STEP_SAMPLES, STEPS, Layer, Spotter, Spotting
from ansimnet_vision.sound.ear import Ear, covered, listens
from ansimnet_vision.sound.ears import Ears, Sounded
from ansimnet_vision.sound.evidence import SoundEvent
from ansimnet_vision.sound.features import F32, RATE
from ansimnet_vision.sound.network import not_covered
from ansimnet_vision.types import Report

HERE = 1_790_000_000.0
ASKED = replace(CAMERA, behaviours=frozenset({"cry"}))
QUIET = constant(background=9.0)


def always(odds: float) -> Spotter:
    """Return a spotter to which every window says the same."""
    layer: Layer = (np.zeros((STEPS * BANDS, 1), np.float32), np.array([odds], np.float32), 0, 1)
    return Spotter("always@00000000", np.zeros(BANDS, np.float32), np.ones(BANDS, np.float32), ((layer,),), 8.0, {})


def heard(ear: Ear, sound: F32, at_s: float = HERE, piece: int = 1600) -> list[Report]:
    parts = [sound[n : n + piece].copy() for n in range(0, len(sound), piece)]
    return [r for n, p in enumerate(parts, 1) for r in ear.hear(p, at_s + n * piece / RATE)]


@pytest.mark.requirement("VA-02")
def test_it_is_off_until_a_person_switches_it_on() -> None:
    assert Behaviour.CRY not in STANDARD | DEFAULT.behaviours
    others = replace(CAMERA, behaviours=frozenset({"scream", "glass", "bang", "siren"}))
    assert heard(Ear(others, QUIET, spotter=always(9.0)), noise(5)) == []
    [report] = heard(Ear(ASKED, QUIET, spotter=always(9.0)), noise(5))
    assert (report.behaviour, report.model, report.shadow) == ("cry", "always@00000000", False)
    assert HERE <= report.since < report.at < HERE + 4
    assert report.evidence["level_dbfs"] == pytest.approx(-20, abs=1)
    assert report.evidence.keys() == {"score", "level_dbfs", "snr_db"}
    [tried] = heard(Ear(replace(ASKED, shadow=frozenset({"cry"})), QUIET, spotter=always(9.0)), noise(5))
    assert tried.shadow


@pytest.mark.requirement("VA-02")
def test_without_a_microphone_or_a_ground_nobody_listens_for_it() -> None:
    deaf = replace(DEAF, behaviours=frozenset({"cry"}))
    assert not listens(deaf)
    with pytest.raises(ValueError, match="not listened to"):
        Ear(deaf, QUIET, spotter=always(9.0))
    assert listens(ASKED)
    assert heard(Ear(ASKED, QUIET), noise(5)) == [], "no spotter, no cry"
    assert heard(Ear(ASKED, constant(scream=9.0), spotter=always(-9.0)), noise(5)) == []


def test_a_calibrated_microphone_tells_sound_pressure() -> None:
    [report] = heard(Ear(ASKED, QUIET, 94.0, always(9.0)), noise(5))
    assert report.evidence["level_db_spl"] == pytest.approx(74, abs=1)


def test_one_window_is_not_enough_and_a_cry_that_lasts_is_told_once() -> None:
    window_s = STEPS * STEP_SAMPLES / RATE
    spotting = Spotting(always(99.0))
    assert spotting.push(noise(window_s + 0.14)) == []
    [event] = spotting.push(noise(8))
    assert event.score > 8
    assert spotting.push(noise(20)) == []
    assert Spotting(always(-0.1)).push(noise(20)) == []


@pytest.mark.parametrize("size", [160, 977, 8000, 48_000])
def test_pieces_of_any_size_say_the_same(size: int) -> None:
    rng = np.random.default_rng(4)
    layer: Layer = (rng.normal(0, 0.05, (STEPS * BANDS, 1)).astype(np.float32), np.zeros(1, np.float32), 0, 1)
    spotter = replace(always(0), voters=((layer,),), starts_at=1e9)
    sound = noise(6, seed=2)
    whole, parts = Spotting(spotter), Spotting(spotter)
    said: dict[str, list[float]] = {"whole": [], "parts": []}
    for name, one in (("whole", whole), ("parts", parts)):

        def note(odds: float, at_s: float, levels: F32, name: str = name) -> list[SoundEvent]:
            said[name].append(odds)
            return []

        one._weigh = note  # type: ignore[method-assign,assignment]
    whole.push(sound)
    for n in range(0, len(sound), size):
        parts.push(sound[n : n + size])
    np.testing.assert_allclose(said["parts"], said["whole"], rtol=1e-4, atol=1e-4)
    assert len(said["whole"]) == len(range(STEPS + -STEPS % EVERY, len(sound) // STEP_SAMPLES + 1, EVERY))


def test_nothing_is_held_longer_than_a_window_and_all_of_it_is_wiped() -> None:
    ear = Ear(ASKED, QUIET, spotter=always(-9.0))
    samples = noise(1.0)
    ear.hear(samples, HERE)
    assert not samples.any(), "what was judged is overwritten"
    spotting = Spotting(always(-9.0))
    for _ in range(20):
        spotting.push(noise(1.0))
    kept, mel = spotting._kept, spotting._mel
    assert len(kept) < STEP_SAMPLES + 512
    assert len(mel) == STEPS
    spotting.forget()
    assert not kept.any()
    assert not mel.any()


@pytest.mark.requirement("VA-02")
def test_an_ended_ground_wipes_what_the_word_was_listened_for_in() -> None:
    told: list[Report] = []
    ears = Ears(QUIET, told.extend, always(-9.0))
    ears.set([ASKED])
    key = bytes.fromhex(ASKED.camera_id.replace("-", ""))
    for n in range(20):
        ears.arrive(Sounded(key, "PCMU", 8000, "", HERE + n * 0.2, b"\x30" * 1600))
    spotting = ears._ears[key]._spotting
    assert spotting is not None
    held = spotting._mel
    assert held.any()
    ears.set([replace(ASKED, has=frozenset({"day"}))])
    assert (ears.listened, told) == (0, [])
    assert not held.any()


def test_it_is_as_deaf_to_the_microphones_setting_as_the_others() -> None:
    windows = np.stack([cry.steps_of(noise(2, loud=loud))[0][:STEPS] for loud in (0.5, 0.01)])
    loud, soft = cry.flattened(windows)
    np.testing.assert_allclose(loud, soft, atol=1e-2)


def test_the_order_of_syllables_counts() -> None:
    spotter = cry.found()
    assert spotter is not None
    said = cry.steps_of(noise(2))[0][None, :STEPS].copy()
    said[:, :19, :8] += 4
    said[:, 19:, 20:] += 4
    assert abs(float(spotter.evidence(said)[0] - spotter.evidence(said[:, ::-1].copy())[0])) > 0.1


# ------------------------------------------------------------------------------------------- never called measured


def test_wherever_it_is_named_it_says_that_it_is_not_measured() -> None:
    assert frozenset({Behaviour.CRY}) == NOT_MEASURED
    assert "실측하지 않음" in WORDS[Behaviour.CRY].ko
    assert "not measured" in WORDS[Behaviour.CRY].en
    card = registry.cards()["cry_synthetic"]
    assert "실측하지 않음" in card.task
    assert all("synthetic" in q["of"] or "not measured" in q["of"] for q in card.quality)
    assert "not measured" in card.limits
    spotter = cry.found()
    assert spotter is not None
    assert spotter.name == card.title
    assert "not measured on people" in spotter.card["measured"]
    assert covered(ASKED) == [], "listened for, never counted as covered"
    assert "cry" not in not_covered(None)
    assert cry.not_covered(None) == {"cry": "no-model"}
    assert cry.not_covered(spotter) == {"cry": None}


@pytest.mark.requirement("VA-02")
@pytest.mark.parametrize(
    ("behaviours", "senses", "listened", "runs", "reason"),
    [
        (STANDARD, {"day", "night", "sound"}, True, {"cry"}, "switched-off"),
        ({"cry"}, {"day", "night"}, True, {"cry"}, "no-sound"),
        ({"cry"}, {"day", "night", "sound"}, False, {"cry"}, "no-ground"),
        ({"cry"}, {"day", "night", "sound"}, True, set(), "no-model"),
        ({"cry"}, {"day", "night", "sound"}, True, {"cry"}, "not-measured"),
    ],
)
def test_a_camera_never_covers_it(
    behaviours: set[str], senses: set[str], listened: bool, runs: set[str], reason: str
) -> None:
    made = replace(DEFAULT, behaviours=frozenset(map(Behaviour, behaviours)), shadow=frozenset())
    watched = Watched(frozenset(senses), listened, True, True, frozenset(runs))
    found = {c.behaviour: c for c in coverage(made, watched, ())}[Behaviour.CRY]
    assert (found.covered, found.reason) == (False, reason)


# ------------------------------------------------------------------------------------------------- weights


def test_the_committed_weights_are_small_and_name_what_taught_them(tmp_path: Path) -> None:
    card = registry.cards()["cry_synthetic"]
    place = registry.place_of(card, None)
    assert place is not None
    assert place.stat().st_size <= 200 * 1024
    spotter = cry.found(place)
    assert spotter is not None
    assert spotter.card["recordings"]
    assert all(name.startswith("esc10/") for name in spotter.card["recordings"])
    voices = spotter.card["voices"]
    assert not set(voices["teach"]) & {*voices["choose"], *voices["score"]}
    assert not set(voices["choose"]) & set(voices["score"])
    cry.save(spotter, tmp_path / "again.npz")
    again = cry.found(tmp_path / "again.npz")
    assert again is not None
    windows = np.stack([cry.steps_of(noise(2, seed=n))[0][:STEPS] for n in range(3)])
    np.testing.assert_allclose(again.evidence(windows), spotter.evidence(windows), atol=1e-3)


def test_what_is_no_spotter_is_refused(tmp_path: Path) -> None:
    assert cry.found(tmp_path / "none.npz") is None
    np.savez(tmp_path / "other.npz", card=np.array(json.dumps({"of": "something else"})))
    with pytest.raises(ValueError, match=r"training\.cry"):
        cry.found(tmp_path / "other.npz")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_hum_screams_and_babble_are_no_cry(seed: int) -> None:
    from ansimnet_vision.training.sound_synthesis import MADE, NONE_OF_THEM

    spotter = cry.found()
    assert spotter is not None
    rng = np.random.default_rng(seed)
    told = [
        event
        for make in (*MADE.values(), *NONE_OF_THEM)
        for event in Spotting(spotter).push((0.3 * make(rng, 4 * RATE)).astype(np.float32))
    ]
    assert told == []
