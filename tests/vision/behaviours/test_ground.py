"""What lies on the ground is told by what has changed: drawn pictures, no detector."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.vision.behaviours.stage import camera, lying, place, play, said, scenes, standing

from ansimnet_vision.behaviours import build
from ansimnet_vision.behaviours.ground import lying as lies
from ansimnet_vision.types import Box

UP = standing(0.5, 0.8, 0.4)
DOWN = lying(0.56, 0.8, 0.4)
DARK = 15
Picture = NDArray[np.uint8]


def drawn(*boxes: Box, level: int = DARK) -> Picture:
    picture = place()
    rows, columns = picture.shape
    for x1, y1, x2, y2 in boxes:
        picture[round(y1 * rows) : round(y2 * rows), round(x1 * columns) : round(x2 * columns)] = level
    return picture


def speckled(picture: Picture) -> Picture:
    noisy = picture.copy()
    noisy[np.random.default_rng(5).random(picture.shape) < 0.1] = 255
    return noisy


def brighter(picture: Picture) -> Picture:
    return np.clip(picture.astype(np.int16) + 30, 0, 255).astype(np.uint8)


@pytest.mark.requirement("VA-01")
@pytest.mark.parametrize(
    ("then", "now"),
    [
        (drawn(UP), drawn(DOWN)),
        (drawn(UP), brighter(drawn(DOWN))),  # the lens opens
        (drawn(UP), drawn(lying(0.44, 0.8, 0.4))),  # to the other side
    ],
)
def test_who_lies_where_he_stood_is_low_and_wide(then: Picture, now: Picture) -> None:
    box = lies(then, now, UP)
    assert box is not None
    wide, tall = (box[2] - box[0]) * 16 / 9, box[3] - box[1]
    assert wide > 1.5 * tall
    assert tall < 0.5 * 0.4
    assert box[3] == pytest.approx(0.8, abs=0.03)


SHADOW = (0.5, 0.78, 0.68, 0.84)


@pytest.mark.parametrize(
    ("then", "now"),
    [
        pytest.param(drawn(UP), drawn(), id="he has gone"),
        pytest.param(drawn(UP, SHADOW, level=5), drawn(), id="his shadow has gone with him"),
        pytest.param(drawn(UP), drawn(standing(0.6, 0.8, 0.4)), id="he stands beside it"),
        pytest.param(drawn(UP), drawn(UP), id="he stands there"),
        pytest.param(drawn(UP), drawn(UP, DOWN), id="he stands there, something lies beside him"),
        pytest.param(drawn(UP), drawn((0.52, 0.77, 0.56, 0.8)), id="a bag is left"),
        pytest.param(drawn(UP), speckled(drawn()), id="noise"),
        pytest.param(drawn(UP), place(9), id="the camera has turned"),
        pytest.param(drawn(UP), place()[:54], id="another size"),
    ],
)
def test_whatever_else_changes_is_nobody_lying(then: Picture, now: Picture) -> None:
    assert lies(then, now, UP) is None


def test_what_changes_within_somebody_upright_is_his() -> None:
    assert lies(drawn(UP), drawn(DOWN), UP, [(0.4, 0.3, 0.7, 0.85)]) is None
    assert lies(drawn(UP), drawn(DOWN), UP, [(0.1, 0.3, 0.2, 0.85)]) is not None


def test_what_lies_farther_off_is_something_else() -> None:
    assert lies(drawn(UP), drawn(lying(0.56 + 0.2, 0.8, 0.4)), UP) is None


@pytest.mark.requirement("VA-01")
@pytest.mark.parametrize(("after", "expected"), [(drawn(DOWN), ["collapse"]), (drawn(), [])])
def test_a_body_that_no_detector_finds_lies_there_all_the_same(after: Picture, expected: list[str]) -> None:
    def luma(at_s: float) -> Picture:
        return drawn(UP) if at_s < 4 else after

    told = play(camera("collapse"), {1: lambda at: UP if at < 4 else None}, 9, luma)
    assert [s.behaviour for s in told] == expected
    assert all(s.evidence["height_share"] < 0.5 and s.tracks == (1,) for s in told)


def test_no_picture_of_anybody_goes_to_another_process() -> None:
    watch = build(camera("collapse"))
    list(said(watch, scenes(camera("collapse"), {1: lambda _: UP}, 4, lambda _: drawn(UP))))
    assert drawn(UP).tobytes() not in pickle.dumps(watch)
