"""Faces at a door: evidence, gate, what is hidden, what is overwritten. What needs weights says so and skips."""

from __future__ import annotations

import io
from pathlib import Path
from uuid import uuid4

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.platform.settings import settings
from ansimnet_vision.faces import wire
from ansimnet_vision.faces.align import PLACE, SIDE, cut, similarity
from ansimnet_vision.faces.clip import Clip, Ring, Shot, hidden
from ansimnet_vision.faces.detect import Face
from ansimnet_vision.faces.evidence import DLIB, LEAST, RHO, Normal, Said, Track
from ansimnet_vision.faces.home import drawn
from ansimnet_vision.faces.quality import Unfit, infrared, unfit


def decided(distances: list[float], normal: Normal | None = None) -> list[Said]:
    track, normal = Track(DLIB), normal or Normal(allowed=DLIB.other_of_templates)
    said = []
    for distance in distances:
        track.add(distance)
        said.append(track.decide(normal))
    return said


@pytest.mark.requirement("VP-06")
@pytest.mark.parametrize(
    ("distances", "last"),
    [
        ([0.1] * (LEAST - 1), Said.OPEN),  # never on one or two pictures, however like
        ([0.30] * LEAST, Said.MATCH),
        ([0.42] * LEAST, Said.OPEN),
        ([0.42] * 10, Said.MATCH),  # more of the same says a little more
        ([0.45] * 100, Said.OPEN),  # but pictures of one track are no independent witnesses
        ([0.63] * LEAST, Said.STRANGER),
    ],
)
def test_a_track_is_decided_by_all_its_pictures(distances: list[float], last: Said) -> None:
    assert decided(distances)[-1] is last


def test_one_mistaken_picture_is_no_alarm() -> None:
    assert Said.MATCH not in decided([0.65, 0.2, 0.66, 0.63, 0.7, 0.64])


@given(st.lists(st.floats(0.2, 1.0), min_size=LEAST, max_size=40))
def test_more_pictures_never_weigh_more_than_the_correlation_allows(distances: list[float]) -> None:
    track = Track(DLIB)
    for distance in distances:
        track.add(distance)
    assert abs(track.ratio(Normal())) <= abs(DLIB.ratio(track.mean)) / RHO + 1e-9


@given(st.lists(st.floats(0.2, 1.0), max_size=60), st.lists(st.floats(0.2, 0.7), min_size=LEAST, max_size=12))
def test_what_a_camera_learns_of_strangers_only_makes_it_stricter(strangers: list[float], seen: list[float]) -> None:
    normal = Normal(allowed=DLIB.other_of_templates)
    for mean in strangers:
        normal.learn(DLIB, mean)
    track = Track(DLIB)
    for distance in seen:
        track.add(distance)
    assert track.ratio(normal) <= track.ratio(Normal()) + 1e-9


def test_a_camera_where_strangers_look_near_asks_for_more() -> None:
    normal = Normal(allowed=DLIB.other_of_templates)
    for _ in range(200):
        normal.learn(DLIB, DLIB.other - 0.15)
    assert decided([0.40] * 10)[-1] is Said.MATCH
    assert Said.MATCH not in decided([0.40] * 10, normal)


def test_a_turned_and_enlarged_face_comes_to_lie_where_it_belongs() -> None:
    turn = np.deg2rad(20)
    points = 0.4 * PLACE @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]).T + [30, 40]
    matrix = similarity(points)
    assert np.allclose(PLACE @ matrix[:, :2].T + matrix[:, 2], points)


def face(width: float = 50.0, nose: float = 0.0) -> Face:
    points = PLACE * width / 100
    points[2, 0] += nose * (points[1, 0] - points[0, 0])
    return Face((0.0, 0.0, width, width), 0.9, points)


def chip(
    middle: float = 120.0, spread: float = 40.0, smooth: bool = False
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    noise = np.random.default_rng(1).normal(0, 1, (SIDE, SIDE))
    if smooth:
        noise = np.add.outer(np.linspace(-1, 1, SIDE), np.linspace(-1, 1, SIDE))
    return np.repeat((middle + spread * noise / noise.std())[None], 3, 0).astype(np.float32)


@pytest.mark.requirement("VA-04")
@pytest.mark.parametrize(
    ("one", "picture", "reason"),
    [
        (face(), chip(), None),
        (face(30), chip(), Unfit.SMALL),
        (face(nose=0.6), chip(), Unfit.TURNED),
        (face(), chip(middle=20), Unfit.DARK),
        (face(), chip(spread=5), Unfit.DARK),
        (face(), chip(middle=240), Unfit.GLARE),
        (face(), chip(smooth=True), Unfit.BLURRED),
    ],
)
def test_what_cannot_be_compared_is_said(one: Face, picture: np.ndarray, reason: Unfit | None) -> None:
    assert unfit(one, picture) is reason


def test_a_picture_without_colour_is_infrared() -> None:
    grey = np.repeat(np.random.default_rng(2).integers(0, 255, (90, 160, 1), np.uint8), 3, 2)
    assert infrared(grey)
    grey[..., 0] //= 2
    assert not infrared(grey)


@pytest.mark.requirement("VP-06")
def test_everybody_is_hidden_but_the_one_it_is_about() -> None:
    picture = np.random.default_rng(3).integers(0, 255, (120, 160, 3), np.uint8)
    shot = Shot(0.0, picture, ((1, (0.1, 0.1, 0.3, 0.9)), (2, (0.6, 0.1, 0.8, 0.9))))
    out = hidden(shot, (), subject=1)
    assert (out[20:100, 18:46] == picture[20:100, 18:46]).mean() > 0.99
    assert (out[20:100, 100:126] == picture[20:100, 100:126]).mean() < 0.05
    nobody = hidden(Shot(0.0, picture, None), (), subject=1)
    assert (nobody == picture).mean() < 0.05  # where nobody looked, all of it is hidden


@pytest.mark.requirement("VP-06")
def test_a_film_begins_before_and_grows_at_its_end() -> None:
    ring = Ring()
    for k in range(150):
        ring.push(Shot(k / 12, np.full((72, 128, 3), k, np.uint8), ()))
    assert ring.shots[-1].at_s - ring.shots[0].at_s == pytest.approx(10.0, abs=0.1)
    clip = Clip("a", None, ring.shots[-1].at_s)
    for shot in ring.shots:
        clip.add(shot, ())
    first = clip.grown()
    for k in range(150, 271):
        clip.add(Shot(k / 12, np.full((72, 128, 3), k % 250, np.uint8), ()), ())
    whole = first + clip.grown(whole=True)
    for data, least in ((first, 8.0), (whole, 19.5)):
        with av.open(io.BytesIO(data), "r") as box:
            times = [f.time for f in box.decode(video=0) if f.time is not None]
        assert times[-1] - times[0] > least


def test_hidden_zones_are_polygons_in_parts_of_the_picture() -> None:
    mask = drawn((((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)),), 10, 20)
    assert mask[:, :10].all()
    assert not mask[:, 10:].any()


def test_messages_come_out_as_they_went_in() -> None:
    head, data = wire.opened(wire.grown({"alert_id": "a", "seconds": 10.0}, b"film")[5:])
    assert (head, data) == ({"alert_id": "a", "seconds": 10.0}, b"film")
    source = io.BytesIO(wire.packed(wire.ENROL, b"x" * 528) + wire.packed(wire.LOOK, b""))
    assert [m and m[0] for m in (wire.read(source), wire.read(source), wire.read(source))] == [ord("E"), ord("L"), None]


def weights() -> Path:
    folder = settings().models_folder
    if not all((folder / name).is_file() for name in ("dlib_face.onnx", "centerface.onnx")):
        pytest.skip("the weights of faces are not installed")
    return folder


@pytest.mark.requirement("VA-04", "VP-06")
def test_a_stranger_is_overwritten_as_soon_as_compared() -> None:
    from ansimnet_vision.faces.gallery import LENGTH, Gallery

    gallery = Gallery(weights() / "dlib_face.onnx")
    template_id = uuid4()
    given_ = np.full(LENGTH, 0.1, np.float32)
    gallery.enrol(template_id, given_)
    assert not given_.any(), "where a template came from is overwritten too"
    picture = np.random.default_rng(4).integers(0, 255, (200, 200, 3), np.uint8)
    found = gallery.compare(picture, Face((20.0, 20.0, 170.0, 170.0), 0.9, PLACE + 20))
    assert found.distances[template_id] > 0
    assert not gallery.network.made[0].any()
    gallery.wipe()
    assert not gallery.network.given.any()
    gallery.forget(template_id)
    assert gallery.enrolled == ()


def test_a_chip_is_cut_within_the_picture() -> None:
    out = np.zeros((3, SIDE, SIDE), np.float32)
    cut(np.full((40, 40, 3), 77, np.uint8), similarity(PLACE * 0.5 - 20), out)
    assert (out == 77).all()
