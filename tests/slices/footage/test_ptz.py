"""Turning a camera over real SOAP: taken by priority, within its sector, each command on the ledger."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.centres import Centres, centres, place
from tests.slices.footage.test_chain import alarm, closed, live

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.clock import Clock, SystemClock, now
from ansimnet.kernel.ids import WearerId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Dbs
from ansimnet.slices.footage.service.onvif import Onvif
from ansimnet.slices.footage.service.steering import Steering
from ansimnet.slices.footage.store import onvif as store
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import create_account
from ansimnet_sim.onvif_device import OnvifDevice, Profile
from ansimnet_sim.onvif_head import Head

OPTICS = {
    "north_deg": 90.0,
    "pan_from_deg": -180.0,
    "pan_until_deg": 180.0,
    "tilt_from_deg": -90.0,
    "tilt_until_deg": 30.0,
    "fov_wide_deg": 60.0,
    "fov_tele_deg": 6.0,
    "height_m": 5.0,
}
SECTOR = {"from_deg": 30.0, "until_deg": 150.0, "low_deg": -60.0, "high_deg": 15.0, "zoom_most": 0.8}
"""Looks east: the device's own zero is the sector's middle."""


@dataclass
class Scene:
    """A running city, its camera that turns, and the device behind it."""

    centres: Centres
    device: OnvifDevice
    camera_id: str
    incident_id: Any = None
    alarm_id: Any = None

    async def post(self, seat: str, what: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        got = await self.centres.post(seat, f"/cameras/{self.camera_id}/ptz/{what}", body or {})
        return got.status_code, got.json() if got.content else {}

    async def ptz(self, seat: str = "operator") -> dict[str, Any]:
        got = await self.centres.get(seat, f"/cameras/{self.camera_id}/ptz")
        assert got.status_code == 200, got.text
        shown: dict[str, Any] = got.json()
        return shown

    async def provision(self) -> str:
        """Return the newest provision."""
        got = await self.centres.get("operator", "/provisions")
        found = max(got.json()["provisions"], key=lambda p: p["given_at"])
        assert self.camera_id in {c["camera_id"] for c in found["cameras"]}
        return str(found["provision_id"])

    async def put(self, body: dict[str, Any], seat: str = "city-admin") -> Any:
        return await self.centres.client.put(
            f"/api/v1/cameras/{self.camera_id}/onvif", json=body, headers={"X-Seat": seat}
        )

    @property
    def clock(self) -> Clock:
        return SystemClock()

    async def glass(self, seat: str) -> tuple[int, dict[str, Any]]:
        """Break the glass for the camera, and take it."""
        city, camera = self.centres.dbs.city, UUID(self.camera_id)
        await policy.open_break_glass(
            city, self.centres.accounts[seat], resources=[camera], reason="쓰러진 사람이 있다", now=now()
        )
        return await self.post(seat, "take")

    async def reasons(self) -> list[str]:
        """Return why holds ended, as the ledger has it."""
        async with self.centres.dbs.city.transaction() as tx:
            rows = await tx.all(
                "select body from ledger_entry where kind = 'footage.ptz.released.v1' order by recorded_at"
            )
        return [json.loads(bytes(r[0]))["reason"] for r in rows]

    async def stands(self) -> None:
        assert self.device.head is not None
        async with asyncio.timeout(15):
            while self.device.head.moving():
                await asyncio.sleep(0.02)


@pytest.fixture
async def scene(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Scene]:
    async with TestCamera() as camera, centres(dbs, tmp_path, camera) as running:
        for login, role in (("operator-2", Role.CENTRE_OPERATOR), ("lead", Role.SHIFT_LEAD)):
            async with dbs.city.transaction() as tx:
                running.accounts[login] = await create_account(tx, login=login, role=role, display=login, now=now())
        camera.boxes, camera.head = [], Head()
        profiles = [Profile("main", camera.url), Profile("sub", camera.url, width=320, height=192)]
        async with OnvifDevice(profiles, user=camera.user, password=camera.password, head=camera.head) as device:
            await live(running)
            async with dbs.city.transaction() as tx:
                row = await tx.one("select camera_id from camera_source")
            assert row is not None
            yield Scene(running, device, str(row[0]))


async def ready(s: Scene) -> None:
    """Set the camera up, check it, and open an incident whose provision shows it."""
    got = await s.put({"port": s.device.port, "turning": {"optics": OPTICS, "sector": SECTOR}})
    assert got.status_code == 200, got.text
    checked = await s.centres.post("city-admin", f"/cameras/{s.camera_id}/onvif/check", {})
    assert checked.json()["state"] == "ok", checked.text
    s.alarm_id, s.incident_id = await alarm(s.centres)


@pytest.mark.requirement("CC-03")
async def test_a_camera_is_taken_turned_within_its_sector_and_let_go_and_the_ledger_says_all_of_it(
    scene: Scene,
) -> None:
    await ready(scene)
    status, said = await scene.post("operator", "turn", {"azimuth_deg": 90, "tilt_deg": -10, "zoom": 0})
    assert (status, said["title"]) == (409, "ptz not held")
    status, hold = await scene.post("operator", "take")
    assert status == 200, hold
    assert (hold["holder"], hold["mine"], hold["priority"]) == ("operator", True, 3)
    status, moved = await scene.post("operator", "turn", {"azimuth_deg": 100, "tilt_deg": -10, "zoom": 0.2})
    assert status == 200, moved
    assert moved["clipped"] is False
    await scene.stands()
    shown = await scene.ptz()
    assert shown["pose"]["azimuth_deg"] == pytest.approx(100, abs=0.1)
    assert shown["pose"]["tilt_deg"] == pytest.approx(-10, abs=0.1)
    await asyncio.sleep(0.1)
    status, moved = await scene.post("operator", "turn", {"azimuth_deg": 200, "tilt_deg": -10, "zoom": 0})
    assert status == 200
    assert moved["clipped"] is True
    assert moved["pose"]["azimuth_deg"] + moved["pose"]["fov_deg"] / 2 <= 150.1
    assert (await scene.post("operator", "release"))[0] == 204
    assert (await scene.ptz())["hold"] is None
    kinds = [k for k in await scene.centres.kinds(scene.centres.dbs.city) if k.startswith("footage.ptz")]
    assert kinds == [
        "footage.ptz.taken.v1",
        "footage.ptz.turned.v1",
        "footage.ptz.turned.v1",
        "footage.ptz.released.v1",
    ]


@pytest.mark.requirement("CC-03")
async def test_a_camera_that_turns_no_longer_is_let_go_on_the_ledger(scene: Scene) -> None:
    await ready(scene)
    assert (await scene.post("operator", "take"))[0] == 200
    assert (await scene.put({"port": scene.device.port})).status_code == 200  # without a sector: a fixed camera
    assert await scene.reasons() == ["fixed"]
    assert (await scene.post("operator", "turn", {"azimuth_deg": 90, "tilt_deg": 0, "zoom": 0}))[0] == 404


@pytest.mark.requirement("CC-03")
async def test_it_is_taken_over_upwards_only_and_asked_for_otherwise(scene: Scene) -> None:
    await ready(scene)
    zone = await scene.provision()
    assert (await scene.post("operator", "take", {"provision_id": zone}))[0] == 200
    status, said = await scene.post("operator-2", "take", {"provision_id": zone})
    assert (status, said["title"], said["holder"]) == (409, "ptz held", "operator")
    assert (await scene.post("operator-2", "turn", {"azimuth_deg": 90, "tilt_deg": 0, "zoom": 0}))[0] == 409
    assert (await scene.post("operator-2", "ask"))[1]["holder"] == "operator"
    assert (await scene.ptz())["hold"]["asked_by"] == "operator-2"
    assert (await scene.post("operator", "ask"))[0] == 409, "nobody asks himself"

    at_her = await alarm(scene.centres, trigger=Trigger.APPROACH, wearer=WearerId(new_id()))
    approach = await scene.provision()
    assert approach != zone
    status, hold = await scene.post("operator-2", "take", {"provision_id": approach})
    assert (status, hold["priority"]) == (200, 4), "he is at her: it outranks a zone"
    status, said = await scene.post("operator", "take", {"provision_id": zone})
    assert (status, said["priority"]) == (409, 4)
    assert (await scene.post("lead", "take", {"provision_id": zone}))[0] == 409, "rank does not take over, urgency does"
    for alarm_id, incident_id in (at_her, (scene.alarm_id, scene.incident_id)):
        await scene.centres.tell(scene.centres.dbs.tracking, closed(incident_id, alarm_id))
    await scene.centres.waits(scene.centres.dbs.city, "footage.provision.ended.v1", 2)
    status, glass = await scene.glass("operator")
    assert (status, glass["priority"], glass["provision_id"]) == (200, 5, None), glass
    released = await scene.reasons()
    assert released == ["taken-over", "taken-over"]


async def test_who_lost_the_right_loses_the_joystick_and_the_camera_turns_home(scene: Scene) -> None:
    await ready(scene)
    assert (await scene.post("operator", "take"))[0] == 200
    assert (await scene.post("operator", "turn", {"azimuth_deg": 70, "tilt_deg": -5, "zoom": 0.1}))[0] == 200
    await scene.stands()
    status, home = await scene.post("operator", "presets", {"name": "학교 앞", "home": True})
    assert status == 201, home
    await asyncio.sleep(0.1)
    assert (await scene.post("operator", "turn", {"azimuth_deg": 110, "tilt_deg": -5, "zoom": 0.1}))[0] == 200
    await scene.stands()
    steering = Steering(Onvif(scene.centres.dbs.city, scene.clock))
    await steering.end_over()
    assert (await scene.ptz())["hold"] is not None, "nothing is over yet"
    await scene.centres.tell(scene.centres.dbs.tracking, closed(scene.incident_id, scene.alarm_id))
    await scene.centres.waits(scene.centres.dbs.city, "footage.provision.ended.v1")
    assert (await scene.post("operator", "turn", {"azimuth_deg": 90, "tilt_deg": 0, "zoom": 0}))[0] == 403
    await steering.end_over()
    await scene.stands()
    shown = await scene.ptz()
    assert shown["hold"] is None
    assert shown["pose"]["azimuth_deg"] == pytest.approx(70, abs=0.2)
    assert await scene.reasons() == ["right-over"]
    await steering.end_over()
    assert await scene.reasons() == ["right-over"], "safe to run twice"


async def test_an_unused_joystick_falls_free(scene: Scene) -> None:
    await ready(scene)
    assert (await scene.post("operator", "take"))[0] == 200
    async with scene.centres.dbs.city.transaction() as tx:
        (row,) = await store.all_holds(tx)
        await store.save_hold(tx, replace(row, until_at=now() - timedelta(seconds=1)))
    assert (await scene.ptz())["hold"] is None
    assert (await scene.post("operator", "turn", {"azimuth_deg": 90, "tilt_deg": 0, "zoom": 0}))[0] == 409
    await Steering(Onvif(scene.centres.dbs.city, scene.clock)).end_over()
    assert await scene.reasons() == ["expired"]
    assert (await scene.post("operator-2", "take"))[0] == 200


async def test_a_held_joystick_stops_at_the_edge_and_by_itself_when_it_falls_silent(scene: Scene) -> None:
    await ready(scene)
    head = scene.device.head
    assert head is not None
    assert (await scene.post("operator", "take"))[0] == 200
    status, moved = await scene.post("operator", "move", {"pan": 0.1})
    assert status == 200, moved
    assert moved["pose"]["azimuth_deg"] + moved["pose"]["fov_deg"] / 2 <= 150.1, "told the edge, not for ever"
    assert head.moving()
    await scene.stands()
    after = (await scene.ptz())["pose"]["azimuth_deg"]
    assert 90 < after < moved["pose"]["azimuth_deg"] - 1, "nobody repeated it: it stopped on its way"
    assert "Stop" in scene.device.asked
    status, stopped = await scene.post("operator", "stop")
    assert status == 200, stopped
    assert (await scene.post("operator", "move", {"pan": 2}))[0] == 422


async def test_a_place_on_the_map_and_a_preset_are_turned_to(scene: Scene) -> None:
    await ready(scene)
    assert (await scene.post("operator", "take"))[0] == 200
    there = place(40, 5)  # the camera stands at (-12, 5)
    status, moved = await scene.post("operator", "point", {"lat": there.lat, "lon": there.lon, "width_m": 30})
    assert status == 200, moved
    assert moved["pose"]["azimuth_deg"] == pytest.approx(90, abs=0.5)
    assert moved["clipped"] is False
    await scene.stands()
    status, preset = await scene.post("operator", "presets", {"name": "골목 입구"})
    assert status == 201, preset
    behind = place(-60, 5)
    await asyncio.sleep(0.1)
    asked = scene.device.asked.count("AbsoluteMove")
    status, said = await scene.post("operator", "point", {"lat": behind.lat, "lon": behind.lon})
    assert (status, said["type"].rsplit(":", 1)[-1]) == (409, "outside-sector"), said
    assert "270°" in said["detail"], "it says where the place lies"
    assert scene.device.asked.count("AbsoluteMove") == asked, "its sector ends long before: it stays where it is"
    status, moved = await scene.post("operator", f"presets/{preset['preset_id']}")
    assert status == 200
    await scene.stands()
    assert (await scene.ptz())["pose"]["azimuth_deg"] == pytest.approx(90, abs=0.5)
    gone = await scene.centres.client.delete(
        f"/api/v1/cameras/{scene.camera_id}/ptz/presets/{preset['preset_id']}", headers={"X-Seat": "operator"}
    )
    assert gone.status_code == 204
    assert (await scene.post("operator", f"presets/{preset['preset_id']}"))[0] == 404


async def test_who_may_not_and_when_may_not(scene: Scene) -> None:
    await ready(scene)
    for seat in ("controller", "officer", "city-admin"):
        status, said = await scene.post(seat, "take")
        assert status == 403, (seat, said)
        assert (await scene.post(seat, "release"))[0] == 403
        assert scene.device.asked.count("AbsoluteMove") == 0
    await scene.centres.tell(scene.centres.dbs.tracking, closed(scene.incident_id, scene.alarm_id))
    await scene.centres.waits(scene.centres.dbs.city, "footage.provision.ended.v1")
    status, said = await scene.post("operator", "take")
    assert status == 403, "nothing is open: PIPA 25(5) lets nobody turn it"
    got = await scene.centres.get("operator", f"/cameras/{scene.camera_id}/ptz")
    assert got.status_code == 200, "where it looks is no secret of the desk's"


async def test_a_motor_that_does_not_say_where_it_looks_is_not_turned(scene: Scene) -> None:
    await ready(scene)
    assert (await scene.post("operator", "take"))[0] == 200
    scene.device.head = None
    status, _ = await scene.post("operator", "turn", {"azimuth_deg": 90, "tilt_deg": 0, "zoom": 0})
    assert status in (409, 503)
    assert (await scene.ptz())["pose"] is None
