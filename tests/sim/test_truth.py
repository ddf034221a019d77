"""The marks in the picture survive a real encoder and decoder."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansimnet_sim import truth
from ansimnet_sim.camera import Encoder, LiveCamera, Shot, Track
from ansimnet_sim.city import City
from ansimnet_sim.people import Actor, Route, crowd
from ansimnet_sim.polygons import contains

AT = datetime(2026, 11, 20, 17, 14, 7, tzinfo=UTC)
CODES = st.tuples(st.integers(0, 0xFFFFF), st.integers(0, 0xFFFFFF), st.integers(0, len(truth.PAIRS) - 1))


def decoded(shots: list[bytes]) -> list[truth.Frame]:
    decoder: Any = av.CodecContext.create("h264", "r")
    frames = [f for s in shots for f in decoder.decode(av.Packet(s))]
    return [f.to_ndarray(format="rgb24") for f in frames]


@given(CODES, st.floats(0, 18), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_any_code_is_read_back_through_noise(code: tuple[int, int, int], sigma: float, seed: int) -> None:
    frame = np.full((360, 640, 3), 90, np.uint8)
    frame[: truth.CODE_H, : truth.CODE_W] = truth.patch(*code)[..., None]
    noisy = frame + np.random.default_rng(seed).normal(0, sigma, frame.shape)
    assert truth.read_code(np.clip(noisy, 0, 255).astype(np.uint8)) == code


def test_a_picture_without_marks_holds_no_code() -> None:
    for shade in (0, 90, 255):
        seen = truth.read(np.full((360, 640, 3), shade, np.uint8))
        assert (seen.camera_no, seen.frame_no, seen.subject, seen.box) == (None, None, False, None)


def test_a_pixelated_picture_says_nothing() -> None:
    frame = np.zeros((360, 640, 3), np.uint8)
    frame[: truth.CODE_H, : truth.CODE_W] = truth.patch(412, 9, 3)[..., None]
    small = frame.reshape(18, 20, 32, 20, 3).mean((1, 3)).astype(np.uint8)
    assert truth.read(np.repeat(np.repeat(small, 20, 0), 20, 1)).camera_no is None


def shots_of(city: City, index: int, pair: int, seconds: int = 24) -> tuple[LiveCamera, list[Shot]]:
    """Let the subject walk down the middle of a camera's view, from the end of its range to its foot."""
    camera = city.cameras[index]
    live = LiveCamera(city, camera, pair=pair, fps=5, phase=0.4, cache=None)
    az = math.radians(camera.azimuth_deg)
    far, near = camera.range_m - 2, 9.0
    ends = [(camera.x + math.sin(az) * d, camera.y + math.cos(az) * d) for d in (far, near)]
    route = Route((ends[0], ends[1]), ((0.0, 0.0), (float(seconds), far - near)))
    subject = Actor("W", "wearer", [(0.0, route)], coded=True, number=1)
    shots = []
    for k in range(seconds * 5):
        t = k / 5
        shots.append(live.shoot(k + 7, AT + timedelta(seconds=t), [(subject, subject.at(t))]))
    return live, shots


@pytest.mark.parametrize(("index", "pair"), [(2, 0), (9, 5), (30, 11)])
def test_the_subject_is_read_after_h264(haedam: City, index: int, pair: int) -> None:
    live, shots = shots_of(haedam, index, pair)
    rate = sum(len(s.data) for s in shots) * 8 / 24
    assert rate < 520_000
    pictures = decoded([s.data for s in shots])
    assert len(pictures) == len(shots)
    promised = right = 0
    for shot, picture in zip(shots, pictures, strict=True):
        seen = truth.read(picture, pair)
        assert (seen.camera_code, seen.frame_no, seen.pair) == (live.camera.code, shot.number, pair)
        track = next((t for t in shot.tracks if t.subject), None)
        if track is not None and whole(track):
            promised += 1
            right += seen.subject
            if seen.box is not None:
                assert track.box[0] - 6 <= (seen.box.x1 + seen.box.x2) / 2 <= track.box[2] + 6
        elif track is None:
            assert not seen.subject
    assert promised > 20
    assert right >= 0.97 * promised


def whole(track: Track) -> bool:
    x1, y1, x2, y2 = track.box
    tall = y2 - y1 >= truth.MIN_HEIGHT_PX
    return tall and track.visible > 0.85 and x1 > 0 and x2 < 640 and y1 > 16 and y2 < 352


def test_nobody_else_is_taken_for_the_subject(haedam: City) -> None:
    actors = crowd(haedam, Random(3), haedam.victim_home, 50, 12, 300)
    for index in (0, 12, 25):
        live = LiveCamera(haedam, haedam.cameras[index], pair=0, fps=5, phase=0.0, cache=None)
        shots = [live.shoot(k, AT, [(a, a.at(k * 2.0)) for a in actors]).data for k in range(20)]
        for picture in decoded(shots):
            assert not [p for p in range(len(truth.PAIRS)) if truth.find_pair(picture, p) is not None]


def test_groups_of_pictures_begin_at_the_cameras_own_phase(haedam: City) -> None:
    _, shots = shots_of(haedam, 2, 0, seconds=8)
    keys = [s.number for s in shots if s.key]
    assert {b - a for a, b in pairwise(keys[1:])} == {10}  # 2 s at 5 frames a second
    assert (keys[1] + 4) % 10 == 0


def test_a_wall_hides_the_subject(haedam: City) -> None:
    camera = haedam.cameras[2]
    live = LiveCamera(haedam, camera, pair=1, fps=5, phase=0.0, cache=None)
    hidden = visible = 0
    for dx in range(-40, 41, 8):
        for dy in range(-40, 41, 8):
            x, y = camera.x + dx, camera.y + dy
            route = Route(((x, y), (x, y + 0.1)), ((0.0, 0.0),))
            actor = Actor("W", "wearer", [(0.0, route)], coded=True)
            shot = live.shoot(1, AT, [(actor, actor.at(0.0))])
            if shot.tracks and shot.tracks[0].visible > 0.9:
                visible += 1
                az = math.degrees(math.atan2(dx, dy))
                assert abs((az - camera.azimuth_deg + 180) % 360 - 180) < camera.fov_deg
                assert not any(contains(b.ring, (x, y)) for b in haedam.buildings)
            hidden += not shot.tracks
    assert visible
    assert hidden > visible


def test_an_encoder_begins_with_a_key_frame() -> None:
    planes = (np.full((360, 640), 80, np.uint8), np.full((180, 320), 128, np.uint8), np.full((180, 320), 128, np.uint8))
    assert decoded([Encoder(10).encode(planes, key=False)])[0].shape == (360, 640, 3)
