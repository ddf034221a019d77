"""Where the detector looks: nowhere at rest, at parts that move, at all cameras in turn; packed without overlap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from ansimnet_vision.batch import GAP, SIDE, packed
from ansimnet_vision.detectors import PERSON, Found, any_size, session
from ansimnet_vision.rounds import Ask, Need, chosen
from ansimnet_vision.tracking import Tracker
from ansimnet_vision.types import CameraConfig, Scene, Signal
from ansimnet_vision.watching import LOOK_S, CameraWatch

rectangles = st.lists(st.tuples(st.integers(1, SIDE), st.integers(1, SIDE)), max_size=12)


@given(rectangles)
def test_parts_lie_within_their_sheet_and_apart(sizes: list[tuple[int, int]]) -> None:
    places = packed(sizes)
    for (wide, tall), (_, x, y) in zip(sizes, places, strict=True):
        assert 0 <= x <= SIDE - wide
        assert 0 <= y <= SIDE - tall
    for i, (a, (sa, xa, ya)) in enumerate(zip(sizes, places, strict=True)):
        for b, (sb, xb, yb) in list(zip(sizes, places, strict=True))[i + 1 :]:
            apart = xa + a[0] + GAP <= xb or xb + b[0] + GAP <= xa or ya + a[1] + GAP <= yb or yb + b[1] + GAP <= ya
            assert sa != sb or apart


asks = st.lists(st.tuples(st.floats(0.1, 60), st.sampled_from(Need), st.floats(1, 2e5)), min_size=1, max_size=30).map(
    lambda rows: [Ask(n, *row) for n, row in enumerate(rows)]
)


@given(asks, st.floats(1, 1e6))
def test_a_round_keeps_its_budget_but_for_one(wishes: list[Ask[int]], budget: float) -> None:
    now = chosen(wishes, budget)
    assert now
    assert len(now) == 1 or sum(a.cost for a in now) <= budget
    first = max(a.waited_s * a.need for a in wishes)
    assert now[0].waited_s * now[0].need == first


@given(st.lists(st.tuples(st.sampled_from(Need), st.floats(1, 100)), min_size=2, max_size=12), st.floats(1, 150))
def test_nobody_starves(cameras: list[tuple[Need, float]], budget: float) -> None:
    """Whoever asks in every round is looked at within as many rounds as the neediest could take from him."""
    waited = [LOOK_S] * len(cameras)
    longest = [0.0] * len(cameras)
    for _ in range(200):
        now = {a.what for a in chosen([Ask(n, waited[n], *c) for n, c in enumerate(cameras)], budget)}
        waited = [LOOK_S if n in now else w + LOOK_S for n, w in enumerate(waited)]
        longest = [max(a, b) for a, b in zip(longest, waited, strict=True)]
    most_s = LOOK_S * (max(Need) / min(Need)) * (len(cameras) + 1)
    assert max(longest) <= most_s + 1e-6


# --- one camera


class Told:
    """What behaviours would hear."""

    def __init__(self) -> None:
        self.scenes: list[Scene] = []

    def step(self, scene: Scene) -> list[Signal]:
        self.scenes.append(scene)
        return []


def picture(x: int | None, seed: int = 0) -> VideoFrame:
    """Return a street 640 x 360 with its noise; somebody 40 x 120 stands at `x`."""
    rng = np.random.default_rng(seed)
    place = np.kron(np.random.default_rng(1).integers(60, 200, (18, 32)), np.ones((20, 20)))
    rgb = (place[..., None] + rng.normal(0, 1.5, (360, 640, 3))).clip(0, 255)
    if x is not None:
        rgb[150:270, x : x + 40] = 10
    return VideoFrame.from_ndarray(rgb.astype(np.uint8), format="rgb24")


def person(x: int) -> Found:
    return np.array([[x / 640, 150 / 360, (x + 40) / 640, 270 / 360, 0.8, PERSON]])


NOBODY: Found = np.zeros((0, 6))


def test_a_street_at_rest_is_not_looked_at() -> None:
    watch = CameraWatch(CameraConfig("a"), told := Told())
    for n in range(30):
        watch.take(picture(None, n), n * LOOK_S)
        asked = watch.ask() is not None
        assert asked == (n == 0)  # once, for whoever stands there already
        watch.finish(NOBODY if asked else None, lambda: None)
    assert len(told.scenes) == 30
    assert not any(s.seen or s.looked for s in told.scenes[1:])


def test_who_comes_is_looked_at_where_he_is_and_followed_while_he_rests() -> None:
    watch = CameraWatch(CameraConfig("a"), told := Told())
    for n in range(10):
        watch.take(picture(None, n), n * LOOK_S)
        watch.ask()
        watch.finish(NOBODY, lambda: None)
    looks = []
    for n in range(10, 60):
        x = min(300, 100 + 20 * (n - 10))  # he walks for two seconds, then stands
        watch.take(picture(x, n), n * LOOK_S)
        ask = watch.ask()
        looks.append(ask is not None)
        assert ask is None or any(p[0] <= (x + 20) / 640 <= p[2] for p in ask.what.parts)
        watch.finish(person(x) if ask is not None else None, lambda: None)
    assert all(looks[:10])
    assert {s.track for scene in told.scenes[15:] for s in scene.seen} == {1}
    assert all(len(scene.seen) == 1 for scene in told.scenes[15:])


@pytest.mark.parametrize(
    ("behaviour", "wide", "asked"), [("collapse", 40, False), ("collapse", 100, True), ("violence", 100, False)]
)
def test_joints_are_asked_for_only_where_they_tell_more_than_the_box(behaviour: str, wide: int, asked: bool) -> None:
    watch, times = CameraWatch(CameraConfig("a", behaviours=frozenset({behaviour}))), []

    def poser() -> None:
        times.append(1)

    for n in range(30):
        x = 20 + 15 * n
        watch.take(picture(x, n), n * LOOK_S)
        ask = watch.ask()
        found = np.array([[x / 640, 150 / 360, (x + wide) / 640, 270 / 360, 0.8, PERSON]])
        watch.finish(found if ask is not None else None, poser)
    assert bool(times) == asked


def test_leaves_do_not_ask_for_ever() -> None:
    watch, asked = CameraWatch(CameraConfig("a")), 0
    for n in range(60):
        watch.take(picture(400 if n % 2 else None, n), n * LOOK_S)
        if watch.ask() is not None:
            asked += 1
            watch.finish(NOBODY, lambda: None)
        else:
            watch.finish(None, lambda: None)
    assert 3 <= asked <= 20


def test_a_successor_goes_on_with_the_same_tracks() -> None:
    first = CameraWatch(CameraConfig("a"), Told())
    for n in range(10):
        first.take(picture(100 + 5 * n, n), n * LOOK_S)
        first.ask()
        first.finish(person(100 + 5 * n), lambda: None)
    second = CameraWatch(CameraConfig("a"), Told())
    second.resume(first.state())
    assert not second.wants(9 * LOOK_S)
    second.take(picture(155, 11), 10 * LOOK_S)
    second.ask()
    second.finish(person(155), lambda: None)
    assert isinstance(second.behaviours, Told)
    assert [s.track for s in second.behaviours.scenes[-1].seen] == [1]


def test_what_forgets_is_not_handed_over() -> None:
    class Faces(Told):
        forgets = True

    first = CameraWatch(CameraConfig("a"), faces := Faces())
    faces.secret = b"a template of somebody"  # type: ignore[attr-defined]
    second = CameraWatch(CameraConfig("a"), own := Faces())
    second.resume(first.state())
    assert second.behaviours is own


# --- tracks


@pytest.mark.requirement("VA-01")
def test_two_who_cross_keep_their_numbers() -> None:
    tracker = Tracker()
    numbers = []
    for n in range(21):
        a, b = 0.1 + 0.03 * n, 0.7 - 0.03 * n
        rows = [[a, 0.3, a + 0.08, 0.6, 0.8, PERSON], [b, 0.45, b + 0.08, 0.8, 0.8, PERSON]]
        numbers.append(tracker.step(np.array(rows), n * LOOK_S))
    assert all(pair == [1, 2] for pair in numbers)


def test_a_faint_box_begins_nothing_but_goes_on() -> None:
    tracker = Tracker()
    box = [0.4, 0.4, 0.5, 0.7]
    assert tracker.step(np.array([[*box, 0.22, PERSON]]), 0.0) == [None]
    assert tracker.step(np.array([[*box, 0.6, PERSON]]), 0.2) == [1]
    assert tracker.step(np.array([[*box, 0.22, PERSON]]), 0.4) == [1]


def test_who_is_looked_for_in_vain_is_missed_and_who_is_not_is_not() -> None:
    tracker = Tracker()
    tracker.step(np.array([[0.1, 0.1, 0.2, 0.4, 0.8, PERSON], [0.8, 0.1, 0.9, 0.4, 0.8, PERSON]]), 0.0)
    tracker.step(NOBODY, 0.2, looked=np.array([[0.0, 0.0, 0.5, 1.0]]))
    assert [t.missed for t in tracker.tracks] == [1, 0]


@pytest.mark.parametrize("sides", [(32, 96), (416, 416), (160, 64)])
def test_a_network_with_its_size_written_in_takes_any(tmp_path: Path, sides: tuple[int, int]) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    make, floats = onnx.helper, onnx.TensorProto.FLOAT
    weights = [
        make.make_tensor("w", floats, (4, 3, 1, 1), [1.0] * 12),
        make.make_tensor("s", onnx.TensorProto.INT64, (3,), [1, 4, -1]),
    ]
    nodes = [make.make_node("Conv", ["x", "w"], ["y"]), make.make_node("Reshape", ["y", "s"], ["z"])]
    given = make.make_tensor_value_info("x", floats, (1, 3, 416, 416))
    told = make.make_tensor_value_info("z", floats, (1, 4, 416 * 416))
    graph = make.make_graph(nodes, "fixed", [given], [told], weights)
    file = tmp_path / "fixed.onnx"
    onnx.save(make.make_model(graph, opset_imports=[make.make_opsetid("", 13)], ir_version=8), str(file))
    (out,) = session(any_size(file)).run(None, {"x": np.ones((1, 3, *sides), np.float32)})
    assert out.shape == (1, 4, sides[0] * sides[1])
