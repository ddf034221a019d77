"""A rehearsal's worker: boxes of simulated cameras, the real behaviours, the real door, a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from tests.slices.vision.kit import Room
from tests.slices.vision.test_setups import ZONE

from ansimnet.kernel.permits import Role
from ansimnet_sim.camera import HEIGHT, WIDTH, Shot, Track
from ansimnet_sim.clients.analytics import MODEL, CameraAnalytics
from ansimnet_sim.rtsp_server import CameraServer
from ansimnet_sim.world import World


@pytest.mark.requirement("VA-01", "VA-06")
async def test_who_steps_into_a_zone_before_a_simulated_camera_is_an_alarm_that_says_simulated(room: Room) -> None:
    await room.set_up(zones=[ZONE])
    await room.sit(Role.SHIFT_LEAD)
    key = (await room.post("/vision/workers", {"name": "rehearsal"}, 201))["key"]
    world = World(seed=7, streamed=1, turning=0)
    code = world.streamed_codes()[0]
    cameras = CameraServer(world.city, lambda _: [], codes=[code], user="", password="", pair=world.pair, fps=5, seed=7)
    transport = httpx.ASGITransport(app=room.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700") as client:
        worker = CameraAnalytics(client, key, cameras, {code: str(room.cameras[0])})
        await worker.configure()
        shot = Shot(b"", True, 0, room.clock.now(), ())
        for n in range(20):
            x = WIDTH * (0.2 + 0.01 * n)
            walker = Track(7, "Human", (x, 0.3 * HEIGHT, x + 40, 0.6 * HEIGHT), None, 1.0, False)
            at = room.clock.now()
            cameras.mounts[code].last = replace(shot, number=n, at=at, tracks=(walker,))
            await worker.look()
            await worker.look()  # the same picture is judged once
            room.clock.advance(timedelta(seconds=0.2))
    alarm = (await room.get("/vision/alarms"))["alarms"][0]
    assert (alarm["behaviour"], alarm["simulated"], alarm["model"]) == ("intrusion", True, MODEL)
    assert worker.reported == 1
    shown = (await room.get("/vision/workers"))["workers"][0]
    assert shown["not_covered"]["collapse"] == "a rehearsal has no pictures of its own"
