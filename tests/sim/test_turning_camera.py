"""A camera of the district on motors: told over SOAP, seen over RTSP, and honest about where it looks."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime
from itertools import count

import numpy as np
import pytest

from ansimnet_sim.city import City
from ansimnet_sim.onvif import metadata
from ansimnet_sim.onvif_device import OnvifDevice, Profile
from ansimnet_sim.onvif_head import FULL_SPEED, Head, status_of
from ansimnet_sim.rtsp_server import CameraServer
from ansimnet_sim.turning_camera import TurningCamera, home_of, turned

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def test_motors_run_at_their_speed_and_stop_at_their_ends() -> None:
    head = Head()
    head.turn((1.0, -0.5, 0.0))
    half_s = head.since_s + 1.0
    assert head.position(half_s) == pytest.approx((FULL_SPEED[0], -0.5, 0.0), abs=1e-6)
    assert head.moving(half_s)
    assert head.position(head.since_s + 60) == (1.0, -0.5, 0.0)
    head.run((-1.0, 0.0, 0.0))
    assert head.position(head.since_s + 60)[0] == -1.0
    head.stuck = True
    head.turn((0.3, 0.3, 0.3))
    assert not head.moving()


def test_what_it_tells_is_where_it_stands() -> None:
    head = Head(at=(0.25, -0.5, 0.125), to=(0.25, -0.5, 0.125))
    told = metadata(AT, [], head).decode()
    assert status_of(head, AT) in told
    assert re.search(r'PanTilt x="0.25000" y="-0.50000"', told)
    assert "IDLE" in told
    head.turn((0.9, -0.5, 0.125))
    assert "MOVING" in metadata(AT, [], head).decode()
    assert "PTZ" not in metadata(AT, []).decode()


def test_turning_changes_the_picture_and_turning_back_brings_it_back(haedam: City) -> None:
    camera = TurningCamera(haedam, haedam.cameras[2], pair=0, fps=10, phase=0.0, cache=None)
    home = home_of(haedam.cameras[2])

    def picture(to: tuple[float, float, float]) -> np.ndarray:
        camera.head.at = camera.head.to = to
        for number in count():
            camera.shoot(number, AT, [])
            if camera._is_fine and camera._drawn == to:
                break
            time.sleep(0.02)  # the fine picture is drawn beside
        assert camera._studio is not None
        return camera._studio.still[0][24:].astype(int)

    first = picture(home)
    away = picture((home[0] + 0.25, home[1], 0.0))
    again = picture(home)
    assert np.abs(first - away).mean() > 8, "another street"
    assert np.abs(first - again).mean() < 1


def test_zoom_narrows_and_tilt_looks_down(haedam: City) -> None:
    camera = haedam.cameras[2]
    pan, tilt, _ = home_of(camera)
    assert turned(camera, (pan, tilt, 0.0)).fov_deg == pytest.approx(camera.fov_deg)
    assert turned(camera, (pan, tilt, 1.0)).fov_deg == pytest.approx(8.0)
    assert turned(camera, (pan, tilt - 0.1, 0.0)).pitch_deg > camera.pitch_deg


async def test_a_server_with_a_turning_camera_lends_its_motors_to_a_device(haedam: City) -> None:
    codes = [c.code for c in haedam.cameras[2:4]]
    server = CameraServer(haedam, lambda _: [], codes=codes, fps=10, seed=1, turning=codes[:1])
    head = server.mounts[codes[0]].head
    assert head is not None
    assert server.mounts[codes[1]].head is None
    async with OnvifDevice([Profile("sub", "rtsp://127.0.0.1/x")], head=head) as device:
        status, answer = device.answer(b"<E><Body><GetSystemDateAndTime/></Body></E>")
        assert status == "200 OK"
        assert b"UTCDateTime" in answer
        status, answer = device.answer(b"<E><Body><AbsoluteMove/></Body></E>")
        assert status == "401 Unauthorized"
        assert b"NotAuthorized" in answer
        assert device.answer(b"no xml")[0] == "400 Bad Request"
    await asyncio.sleep(0)
