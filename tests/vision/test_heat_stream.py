"""A heat sensor from end to end: a simulated camera over RTSP, the relay, its local door, the worker's engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from ansimnet.kernel.ids import CameraId, named_id
from ansimnet.slices.footage.relay.gate import Camera
from ansimnet.slices.footage.relay.hiding import Polygon
from ansimnet.slices.footage.relay.local import Local
from ansimnet.slices.footage.relay.sources import Sources
from ansimnet_sim.city_build import build_city
from ansimnet_sim.heat import HIGH_C, LOW_C
from ansimnet_sim.rtsp_server import CameraServer
from ansimnet_vision.behaviours import build
from ansimnet_vision.engine import Engine
from ansimnet_vision.feed import Arrived, Feed, Lost
from ansimnet_vision.types import CameraConfig, Signal

pytestmark = pytest.mark.requirement("VA-01", "VA-02")
FIRE = ((0.5, 0.6, 0.15),)


@dataclass
class Scene:
    """Two cameras, one of which has a heat sensor, and what a worker makes of them."""

    server: CameraServer
    sources: Sources
    cameras: list[Camera]
    engine: Engine
    feed: Feed
    came: list[Arrived | Lost] = field(default_factory=list)
    said: list[tuple[str, Signal]] = field(default_factory=list)

    def config(self, camera: Camera, *, sensor: bool) -> CameraConfig:
        heat_c = (LOW_C, HIGH_C) if sensor else None
        return CameraConfig(str(camera.camera_id), behaviours=frozenset({"fire", "intrusion"}), heat_c=heat_c)

    async def until(self, true: object, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not true():  # type: ignore[operator]
            await asyncio.sleep(0.05)  # the relay shares this loop
            self.feed.reach()
            while self.feed.read(0):
                pass
            self.engine.turn(time.time())
        assert true()  # type: ignore[operator]


@asynccontextmanager
async def scene(folder: Path, zones: tuple[Polygon, ...] = ()) -> AsyncIterator[Scene]:
    city = build_city(7)
    codes = [c.code for c in city.cameras[2:4]]
    server = CameraServer(city, lambda _: [], codes=codes, fps=5, heat=codes[:1], seed=3)
    await server.start()
    sources = Sources(allow_basic=True)
    cameras = [
        Camera(CameraId(named_id("camera", c)), c, c, server.url(c), zones=zones, heat_url=server.url(c, heat=True))
        for c in codes
    ]
    said: list[tuple[str, Signal]] = []
    came: list[Arrived | Lost] = []
    engine = Engine(None, None, lambda c: build(c, None), lambda c, s: said.extend((c.camera_id, one) for one in s))

    def arrive(message: object) -> None:
        assert isinstance(message, (Arrived, Lost))
        came.append(message)
        engine.arrive(message)

    feed = Feed(folder / "run", arrive)
    try:
        async with Local(sources).serving(folder / "run", 0):
            sources.keep_warm(cameras)
            yield Scene(server, sources, cameras, engine, feed, came, said)
    finally:
        sources.stop()
        await server.stop()


async def test_a_fire_before_the_sensor_is_told_and_no_other_camera_tells_any(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        felt, blind = s.cameras
        names = [str(c.camera_id) for c in s.cameras]
        s.engine.set([s.config(felt, sensor=True), s.config(blind, sensor=True)], {})
        s.feed.want(dict.fromkeys(names, 0.0), names)
        warmth = s.engine.lines[felt.camera_id.bytes].warmth
        assert warmth is not None
        await s.until(lambda: warmth.watch.last_s - warmth.watch._began_s > 3)
        for mount in s.server.mounts.values():
            mount.fires = FIRE
        await s.until(lambda: s.said)
        assert {camera for camera, _ in s.said} == {names[0]}
        fire = s.said[0][1]
        assert fire.behaviour == "fire"
        assert fire.evidence["heat_c"] > 120
        assert {m.camera for m in s.came if m.heat} == {felt.camera_id.bytes}


async def test_the_sensor_is_pulled_only_while_something_judges_it_and_never_shown(tmp_path: Path) -> None:
    async with scene(tmp_path) as s:
        felt = s.cameras[0]
        name = str(felt.camera_id)
        s.engine.set([s.config(felt, sensor=True)], {})
        s.feed.want({name: 0.0})
        await s.until(lambda: any(not m.heat for m in s.came))
        assert not s.sources.heats
        s.feed.want({name: 0.0}, [name])
        await s.until(lambda: any(m.heat for m in s.came))
        heat = s.sources.heats[felt.camera_id]
        assert felt.heat_url not in repr(heat.camera)
        s.feed.want({name: 0.0})
        await s.until(lambda: heat in s.sources._lingering)


async def test_privacy_zones_are_black_to_the_sensor_too(tmp_path: Path) -> None:
    async with scene(tmp_path, ((((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))),)) as s:
        felt = s.cameras[0]
        name = str(felt.camera_id)
        s.engine.set([s.config(felt, sensor=True)], {})
        s.feed.want({name: 0.0}, [name])
        warmth = s.engine.lines[felt.camera_id.bytes].warmth
        assert warmth is not None
        await s.until(lambda: warmth.watch._place is not None)
        place = warmth.watch._place
        assert place is not None
        assert float(place[5:50, 5:70].max()) < LOW_C + 12  # black, but for what coding leaves
        assert float(np.median(place[80:])) == pytest.approx(5, abs=2.5)
