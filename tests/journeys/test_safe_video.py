"""Given an alarm and a phone with a camera, when she presses, then the desk's wall shows what her camera sees.

The camera is the browser's own fake one: a green picture with a clock that runs. The desk's pixels are read; no word of
the server is believed. Her end takes the tile away. No city camera takes part: a phone needs none.
"""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.async_api import Page, async_playwright
from tests.journeys.test_browser import CHROMIUM, FRAMES_OF_LIVE_VIDEOS, PAGES, SWITCHES, _pixels, until
from tests.journeys.test_held_transaction import PASSWORD, _register, _walk_in

from ansimnet.app.demo.stage import SEATS, free_port
from ansimnet.app.supervise import system
from ansimnet.app.users import add_to
from ansimnet.platform.database import Database
from ansimnet.platform.settings import Settings
from ansimnet_sim.clients.api import Api

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "console.html").exists(), reason="the pages are not built: run `make setup`"),
]
FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
ENCODES = """async () => {
  const asked = { codec: 'avc1.42e01f', width: 640, height: 480, avc: { format: 'annexb' }, latencyMode: 'realtime' };
  const encodes = 'VideoEncoder' in window && (await VideoEncoder.isConfigSupported(asked)).supported;
  return encodes || MediaRecorder.isTypeSupported('video/mp4;codecs=avc1.42E01E');
}"""
HEARD_S = 90.0


async def _shots(page: Page) -> list[Any]:
    """Return the pixels of every live tile that shows a phone."""
    found = await page.evaluate(FRAMES_OF_LIVE_VIDEOS)
    return [_pixels(shot["png"]) for shot in found if str(shot["camera"]).startswith("P-")]


@pytest.mark.timeout(400)
@pytest.mark.requirement("AN-06", "VP-06")
async def test_what_her_camera_sees_is_on_the_desks_wall_until_she_ends_it(place: Path, tmp_path: Path) -> None:
    relay = free_port()
    settings = Settings(
        data_dir=place / "data", http_port=free_port(), relay_port=relay, relay_public_url=f"ws://127.0.0.1:{relay}",
        uplink_port=free_port(), web_dist=PAGES,
    )  # fmt: skip

    async def fill(db: Database) -> None:
        async with db.dbs(settings, app="test") as dbs:
            for centre, login, role, display in SEATS:
                here = dbs.tracking if centre == "tracking" else dbs.city
                await add_to(here, login=login, role=role, display=display, password=PASSWORD)

    parts = ("seal", "api", "work", "uplink")
    async with (
        system(settings, say=lambda _: None, prepare=fill, parts=parts) as running,
        async_playwright() as playwright,
        Api(settings.public_url) as officer,
        Api(settings.public_url) as controller,
    ):
        await running.ready()
        base = settings.public_url
        await officer.sign_in("officer", PASSWORD)
        await controller.sign_in("controller", PASSWORD)
        code, key = await _register(officer)
        chromium = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*SWITCHES, *FAKE_CAMERA], headless=True
        )
        desk = await chromium.new_context(viewport={"width": 1600, "height": 900}, locale="ko-KR")
        hers = await chromium.new_context(
            viewport={"width": 390, "height": 844}, locale="ko-KR", has_touch=True, permissions=["camera"]
        )
        console, phone = await desk.new_page(), await hers.new_page()
        broken: list[str] = []
        for page in (console, phone):
            page.set_default_timeout(HEARD_S * 1000)
            page.on("pageerror", lambda error: broken.append(str(error)))
        try:
            await phone.goto(f"{base}/phone#code={code}")
            if not await phone.evaluate(ENCODES):
                pytest.skip("this Chromium makes no H.264: her page says so, and there is nothing to see")
            await phone.wait_for_selector("text=/안전|보호|확인/")
            await _walk_in(base, key)

            async def incident() -> Any:
                return next(iter((await controller.get("/api/v1/incidents", state="open"))["incidents"]), None)

            opened = await until("an incident is open", incident, within_s=HEARD_S)
            await console.goto(base)
            await console.fill("input[name=login]", "controller")
            await console.fill("input[name=password]", PASSWORD)
            await console.keyboard.press("Enter")
            await console.wait_for_selector("input[name=password]", state="detached")
            await console.evaluate("id => { location.hash = `#/incidents/${id}`; }", opened["incident_id"])

            # when: she has seen the alarm, and shows what she sees
            await phone.wait_for_selector("button.go")
            await phone.locator("button.go").first.click()
            await phone.locator("button:has-text('현장 보여 주기')").first.click()
            await phone.wait_for_selector("text=보내는 중")

            # then: the desk's wall shows it, and it moves
            shown: list[Any] = []

            async def moving() -> bool:
                shown.extend(await _shots(console))
                return any(
                    a.shape == b.shape and float(np.abs(a.astype(int) - b).mean()) > 0.05
                    for a, b in itertools.pairwise(shown)
                )

            await until("her picture moves on the wall", moving, within_s=HEARD_S)
            last = shown[-1].astype(int)
            assert float((last[..., 1] - last[..., 0]).mean()) > 20, "the fake camera is green"
            await console.wait_for_selector("text=휴대전화")
            await phone.wait_for_selector("text=1명이 봄")
            await phone.screenshot(path=tmp_path / "phone-sends.png")
            await console.screenshot(path=tmp_path / "console-sees.png")

            # when: she ends it, then: no tile shows her picture
            await phone.locator("button:has-text('그만')").click()

            async def gone() -> bool:
                return not await _shots(console)

            await until("her picture is gone", gone, within_s=20)
            assert not broken, "no page threw an error"
        except BaseException as error:
            print(f"screenshots in {tmp_path}; errors {broken}; first: {error}")
            for name, page in (("console", console), ("phone", phone)):
                await page.screenshot(path=tmp_path / f"{name}.png")
            raise
        finally:
            await chromium.close()
            await asyncio.sleep(0)
