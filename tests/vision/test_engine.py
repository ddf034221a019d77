"""The engine behind the relay's local door: real sockets, real H.264, no weights. One camera breaks alone."""

from __future__ import annotations

import asyncio
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from benchmarks._vision_street import FPS, GROUP, Clip, Street, encoded
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.slices.footage.relay import local
from ansimnet.slices.footage.relay.fmp4 import fragment
from ansimnet_vision import feed
from ansimnet_vision.engine import Engine
from ansimnet_vision.feed import Arrived, Feed, Lost, PictureDecoder, Queue, with_start_codes
from ansimnet_vision.outbox import Outbox, same
from ansimnet_vision.types import BEHAVIOURS, CameraConfig, Report, Scene, Signal

CAMERA = UUID(int=1)


@pytest.fixture(scope="module")
def clip() -> Clip:
    rng = np.random.default_rng(5)
    return encoded(rng.integers(0, 255, (1, 96, 160, 3), np.uint8).repeat(GROUP, 0))


def frames(clip: Clip, camera: UUID = CAMERA) -> list[Arrived]:
    return [
        Arrived(camera.bytes, clip.init.codec, clip.init.sets if c.key else b"", c.key, n / FPS,
                fragment(n, 0, 0, 1, c.key, c.units))
        for n, c in enumerate(clip.pictures)
    ]  # fmt: skip


class Counting:
    """A behaviour that counts, and breaks where it is told to."""

    def __init__(self, breaks: bool = False) -> None:
        self.scenes: list[Scene] = []
        self.breaks = breaks

    def step(self, scene: Scene) -> list[Signal]:
        self.scenes.append(scene)
        if self.breaks:
            raise RuntimeError("broken")
        return []


def test_a_fragment_is_read_as_the_relay_wrote_it() -> None:
    units = [b"\x65abc", b"\x41" * 300]
    assert with_start_codes(fragment(1, 0, 0, 1, True, units)) == b"".join(b"\0\0\0\1" + u for u in units)


def test_relay_and_worker_speak_of_the_same_things() -> None:
    for ours, theirs in ((local.Given, feed.Arrived), (local.Lost, feed.Lost)):
        assert ours.__struct_fields__ == theirs.__struct_fields__
        assert ours.__struct_config__.tag == theirs.__struct_config__.tag


@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_break_a_decoder(data: bytes, key: bool) -> None:
    decode = PictureDecoder()
    for sets in (data, b""):
        decode(Arrived(CAMERA.bytes, "avc1.42e01e", sets, key, 0.0, bytes(112) + data))


@contextmanager
def playing(street: Street, folder: Path) -> Iterator[None]:
    """Run a street in a thread of its own."""
    up, down = threading.Event(), threading.Event()

    async def play() -> None:
        async with street.running(folder):
            up.set()
            while not down.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=asyncio.run, args=(play(),))
    thread.start()
    assert up.wait(30)
    try:
        yield
    finally:
        down.set()
        thread.join(30)


@pytest.mark.requirement("VA-01")
def test_frames_come_through_the_local_door_and_are_judged(tmp_path: Path, clip: Clip) -> None:
    street = Street([lambda _: clip, lambda _: clip])
    counts = {str(c): Counting() for c in street.cameras}
    engine = Engine(None, None, lambda config: counts[config.camera_id], lambda _config, _signals: None)
    engine.set([CameraConfig(name) for name in counts], {})
    with playing(street, tmp_path / "run"):
        assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700
        pull = Feed(tmp_path / "run", engine.arrive)
        pull.want(dict.fromkeys(counts, 0.0))
        until = time.monotonic() + 60
        while time.monotonic() < until and not all(len(c.scenes) > 5 for c in counts.values()):
            pull.reach()
            pull.read(0.05)
            engine.turn(time.time())
    for counted in counts.values():
        steps = np.diff([s.at_s for s in counted.scenes])
        assert len(steps) > 4
        assert (steps > 0).all()


def test_a_camera_that_breaks_breaks_alone(clip: Clip) -> None:
    good, bad = UUID(int=1), UUID(int=2)
    built: dict[str, list[Counting]] = {str(good): [], str(bad): []}

    def build(config: CameraConfig) -> Counting:
        built[config.camera_id].append(Counting(breaks=config.camera_id == str(bad)))
        return built[config.camera_id][-1]

    engine = Engine(None, None, build, lambda _config, _signals: None)
    engine.set([CameraConfig(str(good)), CameraConfig(str(bad))], {})
    for one, other in zip(frames(clip, good), frames(clip, bad), strict=True):
        engine.arrive(one)
        engine.arrive(other)
        engine.turn(one.at)
    assert len(built[str(good)]) == 1
    assert len(built[str(good)][0].scenes) == pytest.approx(GROUP / FPS * 5, abs=1)
    assert len(built[str(bad)]) > 1


def test_who_is_behind_goes_on_with_the_newest_group() -> None:
    queue = Queue()
    for n in range(60):
        queue.put(Arrived(CAMERA.bytes, "", b"", n % 20 == 0, n / 10, b"x"))
    queue.catch_up()
    first = queue.take()
    assert first is not None
    assert (first.key, first.at, queue.dropped) == (True, 4.0, 40)


def test_too_much_waits_for_a_key_frame() -> None:
    queue = Queue()
    for n in range(5):
        queue.put(Arrived(CAMERA.bytes, "", b"", n == 0, float(n), bytes(feed.MOST_BYTES)))
    assert queue.take() is None or queue.size <= 2 * feed.MOST_BYTES
    assert queue.broken
    queue.put(Arrived(CAMERA.bytes, "", b"", True, 9.0, b"x"))
    assert not queue.broken
    assert Lost(CAMERA.bytes).camera == CAMERA.bytes


# --- what is said


def report(name: str, at: float, box: tuple[float, float, float, float]) -> Report:
    return Report(
        name, str(CAMERA), "intrusion", at, at - 1, None, box, (1,), None, {"score": 8.0}, "rules@00000000", False
    )


def test_a_report_is_kept_once_and_known_to_a_successor(tmp_path: Path) -> None:
    file, box = tmp_path / "outbox.sqlite", (0.4, 0.4, 0.5, 0.6)
    first, second = Outbox(file), Outbox(file)
    first.put([report("a", 100.0, box), report("a", 100.0, box)])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert second.said(str(CAMERA), 50.0) == [("intrusion", 100.0, box)]
    assert second.said(str(CAMERA), 100.0) == []


signals = st.builds(
    Signal, st.sampled_from(BEHAVIOURS), st.floats(100, 110), st.floats(90, 110), st.just(8.0), st.none(),
    st.just((1,)), st.just((0.4, 0.4, 0.5, 0.6)), st.just({}),
)  # fmt: skip


@given(signals, st.floats(90, 110))
def test_only_what_began_before_is_the_same_event(signal: Signal, at_s: float) -> None:
    if same(signal, "fire", at_s, signal.box):
        assert signal.behaviour == "fire"
        assert signal.since_s <= at_s + 5
    else:
        assert signal.behaviour != "fire" or signal.since_s > at_s + 5
