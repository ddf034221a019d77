"""Turning a camera over real SOAP: taken by priority, within its sector, each command on the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.centres import Centres, centres
from tests.slices.footage.test_chain import alarm, live

from ansimnet.kernel.clock import now
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Dbs
from ansimnet.slices.policy.queries import create_account
from ansimnet_sim.onvif_device import OnvifDevice, Profile

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

    async def put(self, body: dict[str, Any], seat: str = "city-admin") -> Any:
        return await self.centres.client.put(
            f"/api/v1/cameras/{self.camera_id}/onvif", json=body, headers={"X-Seat": seat}
        )

    async def stands(self) -> None:
        assert self.device.head is not None
        async with asyncio.timeout(15):
            while self.device.head.moving():
                await asyncio.sleep(0.02)

    async def facts(self, kind: str) -> list[Any]:
        async with self.centres.dbs.city.transaction() as tx:
            return [r[0] for r in await tx.all("select payload from ledger_entry where kind = %s", (kind,))]


@pytest.fixture
async def scene(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Scene]:
    async with TestCamera() as camera, centres(dbs, tmp_path, camera) as running:
        for login, role in (("operator-2", Role.CENTRE_OPERATOR), ("lead", Role.SHIFT_LEAD)):
            async with dbs.city.transaction() as tx:
                running.accounts[login] = await create_account(tx, login=login, role=role, display=login, now=now())
        profiles = [Profile("main", camera.url), Profile("sub", camera.url, width=320, height=192)]
        async with OnvifDevice(profiles, user=camera.user, password=camera.password) as device:
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
