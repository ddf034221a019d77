"""Things put down and fetched, cameras covered and turned, rules as text, and sensors that a camera does not have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.vision.behaviours.stage import camera, place, play, said, scenes, standing

from ansimnet_vision.behaviours import build
from ansimnet_vision.behaviours.compound import read
from ansimnet_vision.behaviours.fire import Fire
from ansimnet_vision.protocol import Alarm as Said
from ansimnet_vision.protocol import Event, matched, rate
from ansimnet_vision.types import Scene

STILL = place()


def with_bag(from_s: float, until_s: float = 1e9):
    bag = STILL.copy()
    bag[80:88, 92:100] = 5

    return lambda at: bag if from_s <= at < until_s else STILL


def there(x: float, from_s: float, until_s: float):
    """Comes from 1.2 m away within a second, stays, and is gone."""
    return lambda at: standing(x - 0.1 * max(0.0, 1 - at + from_s), 0.8) if from_s <= at < until_s else None


def post(x: float, from_s: float, until_s: float):
    """Taken for somebody, and never went anywhere."""
    return lambda at: standing(x, 0.8) if from_s <= at < until_s else None


@pytest.mark.requirement("VA-01")
def test_thing_whose_owner_left_is_abandoned_and_one_beside_him_is_not() -> None:
    left = play(camera("abandoned"), {1: there(0.47, 4, 9)}, 30, with_bag(6))
    assert [s.behaviour for s in left] == ["abandoned"]
    assert play(camera("abandoned"), {1: there(0.47, 4, 60)}, 30, with_bag(6)) == []


@pytest.mark.requirement("VA-01")
@pytest.mark.parametrize("people", [{}, {1: post(0.47, 4, 9)}, {1: there(0.1, 4, 9)}, {1: there(0.47, 20, 24)}])
def test_what_nobody_brought_was_not_left_behind(people) -> None:
    assert play(camera("abandoned"), people, 40, with_bag(6)) == []


@pytest.mark.requirement("VA-01")
def test_who_was_lost_before_the_thing_was_seen_to_rest_has_left_it() -> None:
    assert [s.behaviour for s in play(camera("abandoned"), {1: there(0.47, 1, 5)}, 30, with_bag(5.2))] == ["abandoned"]


@pytest.mark.requirement("VA-01")
@pytest.mark.parametrize("boxed", [True, False])
def test_ground_on_which_somebody_stood_as_the_camera_began_is_no_thing(boxed) -> None:
    legs = STILL.copy()
    around = float(STILL[69:89, 89:103].mean())
    legs[72:86, 92:100] = np.tile([around - 60, around + 60], (14, 4))  # no darker than what is around them, as a whole

    def here(at):  # stands there, seen by the detector or in motion; then walks off, and others walk by
        return standing(0.5, 0.8) if boxed and at < 4 else standing(0.5 - 0.05 * (at - 4), 0.8) if 4 <= at < 9 else None

    def picture(at):
        return legs if at < 4 and (boxed or round(at * 5) % 4) else STILL

    assert play(camera("abandoned"), {1: here, 2: there(0.47, 8, 12)}, 40, picture) == []
    assert [s.behaviour for s in play(camera("abandoned"), {1: here, 2: there(0.47, 14, 19)}, 40, with_bag(16))] == [
        "abandoned"
    ]


@pytest.mark.requirement("VA-01")
@pytest.mark.parametrize(("from_s", "expected"), [(9, 0), (1e9, 1)])
def test_what_flickers_with_nobody_before_it_is_no_thing(from_s, expected) -> None:
    bag = with_bag(6)
    flame = bag(6).copy()
    flame[80:88, 96:100] = 30  # one half of it, now and then

    def picture(at):
        return flame if at >= from_s and round(at * 5) % 2 else bag(at)

    assert len(play(camera("abandoned"), {1: there(0.44, 4, 9)}, 40, picture)) == expected  # beside it, not before it


@pytest.mark.requirement("VA-01")
@pytest.mark.parametrize(("moved", "expected"), [(0.02, 1), (0.5, 0)])
def test_what_another_light_shows_is_no_thing(moved, expected) -> None:
    shown = scenes(camera("abandoned"), {1: there(0.47, 9, 14)}, 40, with_bag(12))
    given = (replace(scene, moved=moved) if 12 <= scene.at_s < 14 else scene for scene in shown)
    assert len(list(said(build(camera("abandoned")), given))) == expected


@pytest.mark.requirement("VA-05")
@pytest.mark.parametrize(("other", "taken_s", "expected"), [(2, 22, ["handover"]), (2, 1e9, []), (None, 22, [])])
def test_one_leaves_a_thing_and_another_takes_it(other, taken_s, expected) -> None:
    people = {1: there(0.47, 4, 9)}
    if other:
        people[other] = there(0.46, 20, 23)
    signals = play(camera("handover"), people, 30, with_bag(6, taken_s))
    assert [s.behaviour for s in signals] == expected


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        (np.full_like(STILL, 30), 1),  # covered
        (np.kron(place(99)[::36, ::32], np.ones((36, 32)))[:108, :192].astype(np.uint8), 1),  # turned
        ((STILL * 0.7).astype(np.uint8), 0),  # a cloud
        (STILL, 0),
    ],
)
def test_covered_and_turned_cameras(then, expected) -> None:
    assert len(play(camera("tampered"), {}, 25, lambda at: then if at > 12 else STILL)) == expected


@pytest.mark.requirement("VA-01")
def test_camera_without_colours_never_says_fire() -> None:
    assert play(camera("fire"), {1: there(0.5, 0, 20)}, 20) == []


@pytest.mark.requirement("VA-02")
def test_fire_is_not_told_where_the_features_of_pictures_are_not_installed(tmp_path) -> None:
    (tmp_path / "fire.npz").write_bytes(b"learned")
    flames = np.zeros((108, 192, 3), np.uint8)
    flames[60:80, 80:110] = (250, 140, 20)
    watch = Fire(camera("fire"), tmp_path)
    flickering = (flames, flames // 2 + 60, flames)
    assert [s for t in range(60) for s in watch.step(Scene(t, (), STILL, 0.1, rgb=flickering[t % 3]))] == []


@pytest.mark.parametrize("line", ["stalking = loitering", "stalking: loitering and flying within 5 s", "a: b"])
def test_what_is_no_rule_is_refused(line) -> None:
    with pytest.raises(ValueError):
        read(line)


@pytest.mark.parametrize(("at_s", "hits", "false"), [(8, 1, 0), (20, 1, 0), (7.9, 0, 1), (20.1, 0, 1)])
def test_window_is_from_two_before_to_ten_after(at_s, hits, false) -> None:
    count = matched([Event("fire", 10)], [Said("fire", at_s)], "fire")
    assert (count.hits, count.false) == (hits, false)


def test_no_hours_prove_nothing() -> None:
    assert rate(0, 0)["per_hour"] is None
