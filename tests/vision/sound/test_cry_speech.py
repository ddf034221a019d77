"""The word by a synthesiser, in voices that taught nothing: told, while near words are not. Synthetic, no measurement.

Runs where the synthesiser is installed (`pip install --target FOLDER espeakng-loader==0.2.4`, FOLDER in PYTHONPATH).
"""

from __future__ import annotations

import numpy as np
import pytest

from ansimnet_vision.sound.cry import Spotting, found
from ansimnet_vision.training.cry import Lesson as Taught
from ansimnet_vision.training.cry import class_of, lesson, school, starts_at, windows
from ansimnet_vision.training.cry_speech import NEAR, UNTAUGHT_NEAR, WORD, NoSpeakerError, Speaker, part_of

STREAMS = 20
"""At 15 dB; what is told of them is no more than `docs/design/sound.md` claims."""


@pytest.fixture(scope="module")
def speaker() -> Speaker:
    try:
        return Speaker()
    except NoSpeakerError as error:
        pytest.skip(str(error))


@pytest.mark.requirement("VA-01")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_word_is_told_and_other_words_are_not(speaker: Speaker, seed: int) -> None:
    spotter = found()
    assert spotter is not None
    unseen = school(speaker, [], "score")
    told = {
        kind: sum(
            bool(
                Spotting(spotter).push(
                    lesson(np.random.default_rng([seed, n]), unseen, kind, 15.0)[0].astype(np.float32)
                )
            )
            for n in range(STREAMS)
        )
        for kind in ("word", "near", "talk")
    }
    assert told["word"] >= 0.4 * STREAMS
    assert told["near"] <= 0.2 * STREAMS
    assert told["talk"] <= 0.1 * STREAMS


def test_voices_words_and_sentences_that_score_teach_nothing(speaker: Speaker) -> None:
    parts = {p: school(speaker, [], p).voices for p in ("teach", "choose", "score")}
    assert all(len(set(v)) > 8 for v in parts.values())
    assert sorted(v for voices in parts.values() for v in voices) == sorted(speaker.voices)
    assert not set(NEAR) & {*UNTAUGHT_NEAR, *WORD}
    assert not set(WORD) & set(UNTAUGHT_NEAR)


def test_numbered_voices_of_one_family_stay_together() -> None:
    assert len({part_of(f"robosoft{n}") for n in range(1, 9)}) == 1
    assert len({part_of(f"klatt{n}") for n in range(2, 7)}) == 1


@pytest.mark.parametrize(
    ("begin_s", "end_s", "last_step", "holds"),
    [
        (1.0, 2.0, 66, 1),  # 0.9 to 2.1 s: the whole word
        (1.0, 2.0, 38, 0),  # 0 to 1.2 s: its beginning
        (1.0, 2.0, 50, -1),  # 0.4 to 1.6 s: more than half
        (1.0, 2.0, 100, 0),  # after it
        (0.5, 2.0, 60, -1),  # longer than a window, and not from its beginning
        (0.5, 2.0, 54, 1),  # longer than a window, from its beginning
    ],
)
def test_a_window_holds_the_word_whole_in_part_or_not(begin_s: float, end_s: float, last_step: int, holds: int) -> None:
    assert class_of((round(begin_s * 16_000), round(end_s * 16_000)), last_step) == holds


def test_a_lesson_without_the_word_has_windows_of_nothing_else() -> None:
    mel = np.zeros((110, 32), np.float32)
    places, classes = windows([Taught(mel, None, "talk"), Taught(mel, (16_000, 32_000), "살려주세요")], 2)
    assert set(classes[places[:, 0] == 0]) == {0}
    assert set(classes[places[:, 0] == 1]) == {-1, 0, 1}


def test_a_cry_never_starts_by_one_window_alone() -> None:
    assert starts_at(np.array([3.0, 3.1, 0.0]), [True, True, False]) >= 3.2
