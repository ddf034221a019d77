"""What a heat sensor tells, from the simulator's own drawing of warmth: another hand than the detector's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ansimnet_sim.heat import BODY, ENGINE, HIGH_C, LOW_C, NOISE, STREET, TALL, WIDE
from ansimnet_vision.behaviours import build
from ansimnet_vision.heat import TRACKS_FROM, HeatWatch
from ansimnet_vision.types import CameraConfig, Hours, Signal, Zone

FPS = 5
NIGHT = Zone("yard", "zone", "intrusion", ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0)),
             (Hours(frozenset(range(7)), 22 * 60, 6 * 60),))  # fmt: skip
TWO_AT_NIGHT = 1_767_286_800.0
"""2026-01-02 02:00 in Seoul."""
SENSING = CameraConfig(
    "00000000-0000-0000-0000-000000000001", zones=(NIGHT,), behaviours=frozenset({"fire", "intrusion", "loitering"}),
    has=frozenset({"day", "heat"}), heat_c=(LOW_C, HIGH_C),
)  # fmt: skip
Shape = tuple[float, float, float, float, float]
"""x, y of the middle and half axes in parts of the picture, grey level."""


def pictures(seconds: float, shapes_at: object, seed: int = 1) -> Iterator[tuple[float, VideoFrame]]:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:TALL, 0:WIDE].astype(float)
    for n in range(round(seconds * FPS)):
        at_s = n / FPS
        grey: NDArray[np.float64] = STREET + NOISE * rng.normal(size=(TALL, WIDE))
        for cx, cy, rx, ry, level in shapes_at(at_s, rng):  # type: ignore[operator]
            inside = ((x / WIDE - cx) / rx) ** 2 + ((y / TALL - cy) / ry) ** 2 <= 1
            grey[inside] = level + NOISE * rng.normal(size=int(inside.sum()))
        yield TWO_AT_NIGHT + at_s, VideoFrame.from_ndarray(np.clip(grey, 0, 255).astype(np.uint8), format="gray")


def said(config: CameraConfig, seconds: float, shapes_at: object, seed: int = 1) -> list[Signal]:
    watch = HeatWatch(config, lambda c: build(c, None))
    return [s for at_s, picture in pictures(seconds, shapes_at, seed) for s in watch.step(picture, at_s)]


def flames(at_s: float, rng: np.random.Generator) -> list[Shape]:
    r = 0.05 * rng.uniform(0.7, 1.3)
    return [(0.6, 0.6, r, r * WIDE / TALL, 255)] if at_s >= 4 else []


@pytest.mark.requirement("VA-01", "VA-02")
def test_flames_are_told_within_seconds_with_their_degrees() -> None:
    (fire,) = said(SENSING, 20, flames)
    assert fire.behaviour == "fire"
    assert 3 <= fire.at_s - TWO_AT_NIGHT - 4 <= 8
    assert fire.evidence["heat_c"] > 140
    x1, y1, x2, y2 = fire.box
    assert x1 < 0.6 < x2
    assert y1 < 0.6 < y2


@pytest.mark.parametrize(
    "shapes_at",
    [
        pytest.param(lambda t, _: [(0.6, 0.6, 0.03, 0.04, 230)] if t >= 4 else [], id="a pot that is put down"),
        pytest.param(lambda _t, _: [(0.6, 0.6, 0.05, 0.06, 255)], id="a chimney that was always there"),
        pytest.param(lambda t, _: [((t / 6) % 1, 0.7, 0.02, 0.03, 240)], id="an exhaust that drives by"),
        pytest.param(lambda t, _: [((t / 6) % 1, 0.7, 0.12, 0.05, ENGINE)], id="a warm hood"),
        pytest.param(lambda _t, _: [], id="nothing"),
    ],
)
def test_what_is_hot_but_does_not_burn_is_not_told(shapes_at: object) -> None:
    assert said(SENSING, 40, shapes_at) == []


@pytest.mark.parametrize("seed", range(8))
def test_noise_tells_nothing(seed: int) -> None:
    assert said(SENSING, 60, lambda _t, _r: [], seed) == []


def walker(at_s: float, _: np.random.Generator) -> list[Shape]:
    return [(0.2 + 0.03 * at_s, 0.45 + 0.02 * at_s, 0.02, 0.09, BODY)] if 4 <= at_s < 20 else []


@pytest.mark.requirement("VA-01", "VA-02")
def test_somebody_warm_who_enters_a_zone_in_the_dark_is_told_once() -> None:
    (intruder,) = (s for s in said(SENSING, 24, walker) if s.behaviour == "intrusion")
    assert intruder.tracks[0] > TRACKS_FROM
    assert 25 < intruder.evidence["heat_c"] < 42
    day = replace(SENSING, zones=(replace(NIGHT, schedule=(Hours(frozenset(range(7)), 600, 1000),)),))
    assert [s for s in said(day, 24, walker) if s.behaviour == "intrusion"] == []


def test_who_stays_about_in_the_dark_loiters() -> None:
    stays = said(SENSING, 60, lambda t, _: [(0.5 + 0.02 * math.sin(t), 0.3, 0.02, 0.09, BODY)] if t >= 4 else [])
    assert [s.behaviour for s in stays] == ["loitering"]


def test_a_sensor_whose_brightest_is_no_fire_says_nothing_of_fire() -> None:
    cold = replace(SENSING, heat_c=(-5.0, 45.0))
    assert [s for s in said(cold, 20, flames) if s.behaviour == "fire"] == []


def test_what_is_switched_off_is_not_judged() -> None:
    assert said(replace(SENSING, behaviours=frozenset({"collapse"})), 20, flames) == []


@pytest.mark.requirement("VA-02")
def test_a_camera_without_the_sensor_has_no_such_memory() -> None:
    with pytest.raises(ValueError, match="no heat sensor"):
        HeatWatch(replace(SENSING, heat_c=None), lambda c: build(c, None))


def test_a_configuration_is_read_from_the_server_s_document() -> None:
    assert CameraConfig.of({"camera_id": "c", "heat_c": [-20, 150]}).heat_c == (-20.0, 150.0)
    assert CameraConfig.of({"camera_id": "c", "heat_c": None}).heat_c is None
