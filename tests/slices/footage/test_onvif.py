"""Devices over real SOAP and real datagrams: who may set them up, what they say, and what they are never told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.centres import Centres, centres
from tests.slices.footage.test_chain import live
from tests.slices.footage.test_ptz import OPTICS, SECTOR

from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Dbs
from ansimnet.slices.footage.onvif.device import Address, Device, DeviceLogin, DeviceRefused, DeviceSilent
from ansimnet.slices.footage.onvif.discovery import discover, read
from ansimnet.slices.footage.relay.optics import Raw
from ansimnet.slices.footage.service import onvif as service
from ansimnet.slices.footage.service.onvif import Onvif
from ansimnet.slices.footage.store import onvif as store
from ansimnet.slices.policy.queries import create_account
from ansimnet_sim.onvif_device import OnvifDevice, Profile

STREAMS = [Profile("main", "rtsp://127.0.0.1/1"), Profile("sub", "rtsp://127.0.0.1/2", width=640, height=360)]


def address(device: OnvifDevice, password: str = "s3cret") -> Address:
    return Address("127.0.0.1", device.port, "relay", password)


# --- the device itself


async def test_a_device_says_what_it_is_and_is_turned_and_stopped() -> None:
    async with OnvifDevice([replace(STREAMS[0], codec="H265"), STREAMS[1]]) as simulated:
        device = Device(address(simulated))
        assert (await device.identity()).model == "AN-DOME-1"
        main, sub = await device.profiles()
        assert (main.codec, main.width, main.turns) == ("h265", 1280, True)
        assert (sub.codec, sub.height) == ("h264", 360)
        assert abs(await device.clock_off_s()) <= 1
        await device.turn("main", Raw(0.5, -0.25, 0.1), 1.0)
        begun = await device.position("main")
        assert begun is not None
        assert begun.moving
        await device.stop("main")
        stands = await device.position("main")
        assert stands is not None
        assert not stands.moving
        assert 0 < stands.raw.pan < 0.5
        asked: list[str] = []
        simulated.on_sync = asked.append
        await device.ask_key_frame("sub")
        assert asked == ["sub"]
        await device.close()


async def test_a_device_that_asks_for_http_digest_is_answered() -> None:
    async with OnvifDevice(STREAMS, http_digest=True) as simulated:
        device = Device(address(simulated))
        assert (await device.identity()).model == "AN-DOME-1"
        assert [p.token for p in await device.profiles()] == ["main", "sub"]
        assert await device.position("main") is not None
        await device.close()
        wrong = Device(address(simulated, "hunter2-secret"))
        with pytest.raises(DeviceLogin):
            await wrong.identity()
        await wrong.close()


async def test_a_device_with_a_wrong_clock_still_lets_us_in_and_its_error_is_known() -> None:
    async with OnvifDevice(STREAMS, clock_off_s=-3600) as simulated:
        device = Device(address(simulated))
        assert (await device.identity()).maker == "Ansimnet simulator"
        assert await device.clock_off_s() == pytest.approx(-3600, abs=1.5)
        simulated.clock_off_s = 7200  # somebody has set it meanwhile
        with pytest.raises(DeviceLogin):
            await device.identity()
        assert (await device.identity()).maker == "Ansimnet simulator", "the next question measures it again"
        await device.close()


async def test_only_the_registered_host_is_ever_contacted_whatever_a_device_says_of_itself() -> None:
    async with OnvifDevice(STREAMS, advertised_host="192.0.2.7") as simulated:
        device = Device(address(simulated))
        await device.identity()
        await device.profiles()
        assert await device.position("main") is not None
        assert {"GetProfiles", "GetStatus"} <= set(simulated.asked)
        await device.close()


async def test_failures_have_names_and_quote_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with OnvifDevice(STREAMS, head=None) as fixed:
        wrong = Device(address(fixed, "hunter2-secret"))
        with pytest.raises(DeviceLogin) as login:
            await wrong.identity()
        assert "hunter2" not in repr(login.value) + repr(login.value.__cause__) + repr(wrong.address)
        await wrong.close()
        right = Device(address(fixed))
        with pytest.raises(DeviceRefused):
            await right.position("main")
        with pytest.raises(DeviceRefused):
            await right.ask_key_frame("no-such-profile")
        await right.close()
        gone = Device(Address("127.0.0.1", 1, "relay", "s3cret"))
        with pytest.raises(DeviceSilent):
            await gone.identity()
        await gone.close()
    assert os.environ["http_proxy"] == "http://127.0.0.1:1", "other parts' proxies are not ours to remove"


# --- discovery


async def test_whoever_answers_a_probe_is_listed_and_never_contacted() -> None:
    async with OnvifDevice(STREAMS, name="Dome 1", advertised_host="192.0.2.7") as simulated:
        (answer,) = await discover(("127.0.0.1", simulated.discovery_port), listen_s=0.4)
        assert (answer.host, answer.says_host, answer.port) == ("127.0.0.1", "192.0.2.7", simulated.port)
        assert simulated.asked == []


def envelope(message: str, inner: str) -> bytes:
    return f"<E><H><RelatesTo>{message}</RelatesTo></H><B><ProbeMatch>{inner}</ProbeMatch></B></E>".encode()


@pytest.mark.parametrize(
    ("data", "answers"),
    [
        pytest.param(envelope("m1", "<XAddrs>http://10.0.0.7/onvif</XAddrs>"), 1, id="plain"),
        pytest.param(envelope("m2", "<XAddrs>http://10.0.0.7/onvif</XAddrs>"), 0, id="to-somebody-elses-question"),
        pytest.param(envelope("m1", "<XAddrs>file:///etc/passwd</XAddrs>"), 0, id="no-address"),
        pytest.param(envelope("m1", "<XAddrs>http://[::1/ http://a:99999/</XAddrs>"), 0, id="broken-addresses"),
        pytest.param(envelope("m1", "<XAddrs>" + "http://h/ " * 50 + "</XAddrs>"), 4, id="many-addresses"),
        pytest.param(b"<!DOCTYPE x [<!ENTITY a 'b'>]><E/>", 0, id="entities"),
        pytest.param(b"<E", 0, id="no-xml"),
        pytest.param(envelope("m1", "<XAddrs>http://h/</XAddrs>" + " " * 20_000), 0, id="too-long"),
    ],
)
def test_an_answer_is_a_strangers_text(data: bytes, answers: int) -> None:
    assert len(read(data, "10.0.0.7", "m1")) == answers


def test_a_name_is_short_and_printable() -> None:
    scopes = "onvif://www.onvif.org/name/" + "%07%0a" + "x" * 100
    (answer,) = read(envelope("m1", f"<Scopes>{scopes}</Scopes><XAddrs>http://h/</XAddrs>"), "10.0.0.7", "m1")
    assert answer.name == "x" * 64


# --- over HTTP


@pytest.fixture
async def city(dbs: Dbs, tmp_path: Path) -> AsyncIterator[tuple[Centres, TestCamera, str]]:
    async with TestCamera() as camera, centres(dbs, tmp_path, camera) as running:
        async with dbs.city.transaction() as tx:
            keeper = await create_account(tx, login="keeper", role=Role.FACILITY_MANAGER, display="keeper", now=now())
            row = await tx.one("select camera_id from camera_source")
        assert row is not None
        running.accounts["keeper"] = keeper
        await live(running)
        yield running, camera, str(row[0])


async def put(c: Centres, seat: str, camera_id: str, body: dict[str, Any]) -> httpx.Response:
    return await c.client.put(f"/api/v1/cameras/{camera_id}/onvif", json=body, headers={"X-Seat": seat})


@pytest.mark.requirement("CC-05")
async def test_a_camera_is_set_up_checked_and_never_shows_its_password(
    city: tuple[Centres, TestCamera, str], capsys: pytest.CaptureFixture[str]
) -> None:
    c, camera, camera_id = city
    async with OnvifDevice(
        [replace(STREAMS[0], codec="H265"), STREAMS[1]], user="device", password="other-secret"
    ) as device:
        assert (await c.get("city-admin", f"/cameras/{camera_id}/onvif")).status_code == 404
        got = await put(c, "city-admin", camera_id, {"port": device.port})
        assert got.status_code == 200, got.text
        assert (got.json()["host"], got.json()["user"], got.json()["own_login"]) == ("127.0.0.1", camera.user, False)
        checked = await c.post("city-admin", f"/cameras/{camera_id}/onvif/check", {})
        assert checked.json()["state"] == "onvif-login", "the stream's own login is not the device's"
        login = {"port": device.port, "user": "device", "password": "other-secret"}
        assert (await put(c, "city-admin", camera_id, login)).json()["own_login"] is True
        checked = await c.post("city-admin", f"/cameras/{camera_id}/onvif/check", {})
        said = checked.json()
        assert (said["state"], said["model"], said["checked_at"] is not None) == ("h265", "AN-DOME-1", True)
        assert "H.264" in said["ko"]
        assert [p["codec"] for p in said["profiles"]] == ["h265", "h264"]
        kept = await put(c, "city-admin", camera_id, {"port": device.port, "user": "device"})
        assert kept.json()["own_login"] is True, "a login is kept where no new password comes"
        device.clock_off_s, device.profiles = 90, list(STREAMS)
        said = (await c.post("city-admin", f"/cameras/{camera_id}/onvif/check", {})).json()
        assert said["state"] == "onvif-login", "its clock has been moved: a token by the old one is refused"
        said = (await c.post("city-admin", f"/cameras/{camera_id}/onvif/check", {})).json()
        assert said["state"] == "clock"
        assert said["clock_off_s"] == pytest.approx(90, abs=1.5)
        everything = (await c.get("city-admin", "/footage/onvif")).text + kept.text + checked.text
        async with c.dbs.city.transaction() as tx:
            facts = b"".join(bytes(r[0]) for r in await tx.all("select body from ledger_entry"))
            rows = str(await tx.all("select * from footage_onvif"))
        told = capsys.readouterr()
        for secret in ("other-secret", camera.password):
            assert secret not in everything
            assert secret.encode() not in facts
            assert secret not in rows
            assert secret not in told.out + told.err
        gone = await c.client.delete(f"/api/v1/cameras/{camera_id}/onvif", headers={"X-Seat": "city-admin"})
        assert gone.status_code == 204
        assert (await c.get("city-admin", "/footage/onvif")).json() == {"cameras": []}


async def test_who_may_set_up_and_what_is_refused(city: tuple[Centres, TestCamera, str]) -> None:
    c, _, camera_id = city
    for seat in ("operator", "controller", "officer", "keeper"):
        assert (await put(c, seat, camera_id, {"port": 80})).status_code == 403, seat
    bad = {"optics": OPTICS, "sector": SECTOR | {"low_deg": 20, "high_deg": -20}}
    got = await put(c, "city-admin", camera_id, {"port": 80, "turning": bad})
    assert (got.status_code, got.json()["title"]) == (422, "bad sector")
    far = [[0, 0], [130, 0], [260, 10]]
    got = await put(c, "city-admin", camera_id, {"turning": {"optics": OPTICS, "sector": SECTOR, "zones": [far]}})
    assert (got.status_code, got.json()["title"]) == (422, "bad privacy zone")
    async with c.dbs.city.transaction() as tx:
        row = await tx.one("select camera_id from camera where camera_id <> %s limit 1", (camera_id,))
    assert row is not None
    got = await put(c, "city-admin", str(row[0]), {"port": 80})
    assert got.status_code == 404, "no stream: there is no host to ask"


@pytest.mark.parametrize("host", ["169.254.169.254", "0.0.0.0", "239.1.1.1", "[fe80::1]"])
def test_some_hosts_are_no_cameras(host: str) -> None:
    assert service.never_asked(service.stream_host(f"rtsp://a:b@{host}:554/1").host)


async def test_discovery_shows_known_cameras_first_and_adds_nobody(city: tuple[Centres, TestCamera, str]) -> None:
    c, _, camera_id = city
    async with OnvifDevice(STREAMS) as device:
        found = await Onvif(c.dbs.city, SystemClock(), ("127.0.0.1", device.discovery_port)).discover()
        assert [(a.host, known) for a, known in found] == [("127.0.0.1", CameraId(UUID(camera_id)))]
        assert device.asked == []
    assert (await c.get("city-admin", "/footage/onvif")).json() == {"cameras": []}
    assert (await c.post("operator", "/footage/onvif/discovery", {})).status_code == 403


async def test_a_cold_stream_has_its_device_asked_for_a_key_frame_by_the_serving_process(
    city: tuple[Centres, TestCamera, str],
) -> None:
    c, camera, camera_id = city
    async with OnvifDevice(list(STREAMS), user=camera.user, password=camera.password) as device:
        asked: list[str] = []
        device.on_sync = asked.append
        await put(c, "city-admin", camera_id, {"port": device.port})
        await c.post("city-admin", f"/cameras/{camera_id}/onvif/check", {})
        camera.sent = 3  # the middle of a group, for whoever comes now
        camera.drop()
        async with asyncio.timeout(30):
            while not asked:
                await asyncio.sleep(0.05)
                if camera.sent % 25 > 20:
                    camera.sent += 8  # never lets a joiner find a key frame by chance
        assert set(asked) == {"sub"}


async def test_every_device_is_asked_for_its_clock_and_inspection_hears_of_it(
    city: tuple[Centres, TestCamera, str],
) -> None:
    c, camera, camera_id = city
    async with OnvifDevice(STREAMS, user=camera.user, password=camera.password, clock_off_s=45) as device:
        await put(c, "city-admin", camera_id, {"port": device.port})
        onvif = Onvif(c.dbs.city, SystemClock())
        await onvif.check_all()
        await onvif.close()
        async with c.dbs.city.transaction() as tx:
            told = await store.clocks(tx, now() - timedelta(hours=1))
        assert told[CameraId(UUID(camera_id))] == pytest.approx(45, abs=1.5)


def test_states_have_words_in_both_languages() -> None:
    assert all(ko and en for ko, en in service.STATES.values())
    assert {e.name for e in (DeviceSilent, DeviceLogin, DeviceRefused)} <= set(service.STATES)
