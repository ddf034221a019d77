"""Given a room and a phone in real browsers, when he enters, then the room sees him move and she a way out.

The subject is read from the pixels of the page's own video elements, by the code the simulated cameras draw into their
pictures; no word of the server is believed. When the incident closes, every tile goes blank.
"""

from __future__ import annotations

import asyncio
import base64
import io
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.async_api import Browser, Page, async_playwright
from tests.journeys.conftest import small_world, whole_system

from ansimnet.app.demo.stage import Stage
from ansimnet_sim import truth
from ansimnet_sim.clients.api import Api, ApiRefused

CHROMIUM = os.environ.get("ANSIMNET_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PAGES = Path(__file__).parents[2] / "web" / "dist"
SWITCHES = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip

FRAMES_OF_LIVE_VIDEOS = """() => [...document.querySelectorAll('video[data-state="live"]')]
  .filter((v) => v.videoWidth > 0 && v.readyState >= 2)
  .map((v) => {
    const canvas = document.createElement('canvas');
    canvas.width = v.videoWidth; canvas.height = v.videoHeight;
    canvas.getContext('2d').drawImage(v, 0, 0);
    return { camera: v.dataset.camera, png: canvas.toDataURL('image/png').split(',')[1] };
  })"""

VISIBLE_VIDEOS = """() => [...document.querySelectorAll('video')]
  .filter((v) => getComputedStyle(v).display !== 'none' && v.videoWidth > 0).length"""

ROUTE_DRAWN = """() => {
  const way = [...document.querySelectorAll('svg path')].filter((p) => p.getAttribute('stroke') === '#3fa654');
  return way.reduce((most, p) => Math.max(most, p.getTotalLength()), 0);
}"""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "console.html").exists(), reason="the pages are not built: run `make setup`"),
]


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Run a headless Chromium."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES, headless=True)
        try:
            yield launched
        finally:
            await launched.close()


@dataclass(slots=True)
class Sightings:
    """What was read from the room's pixels so far, by camera: number of the frame → whether the subject is in it."""

    pair: int
    frames: dict[str, dict[int, bool]] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)

    async def look(self, page: Page) -> None:
        """Read every live tile once."""
        for shot in await page.evaluate(FRAMES_OF_LIVE_VIDEOS):
            seen = truth.read(_pixels(shot["png"]), self.pair)
            if seen.camera_code is None or seen.frame_no is None:
                self.unread[shot["camera"]] = self.unread.get(shot["camera"], 0) + 1
                continue
            if seen.camera_code != shot["camera"]:
                self.wrong.add(f"{shot['camera']} shows {seen.camera_code}")
            self.frames.setdefault(shot["camera"], {})[seen.frame_no] = seen.subject

    @property
    def moving(self) -> list[str]:
        """The cameras in which the subject was seen at two instants."""
        return [camera for camera, frames in self.frames.items() if sum(frames.values()) >= 2]


def _pixels(png: str) -> NDArray[np.uint8]:
    with av.open(io.BytesIO(base64.b64decode(png)), "r") as picture:
        frame = next(picture.decode(video=0))
        return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


async def until(what: str, true: Callable[[], Awaitable[Any]], within_s: float = 60.0) -> Any:
    """Ask until the answer is yes."""
    try:
        async with asyncio.timeout(within_s):
            while not (found := await true()):
                await asyncio.sleep(0.3)
            return found
    except TimeoutError:
        pytest.fail(f"{what}: not within {within_s:.0f} s")


async def sign_in(page: Page, stage: Stage) -> None:
    await page.goto(stage.settings.public_url)
    await page.fill("input[name=login]", "controller")
    await page.fill("input[name=password]", stage.password)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("input[name=password]", state="detached")


async def _end(stage: Stage, apis: dict[str, Api], incident_id: str) -> None:
    """Send the order, be the patrol car, tick the procedure, close: through the API, as other journeys show."""
    room = apis["controller"]
    path = f"/api/v1/incidents/{incident_id}"

    async def draft() -> Any:
        return next((o for o in (await room.get(path))["orders"] if o["state"] == "draft" and o["unit_id"]), None)

    order = await until("the order is drafted", draft)
    await room.post(f"{path}/orders/{order['order_id']}/send", {})
    names = {unit_id: name for name, unit_id in stage.night.registered.unit_ids.items()}
    async with Api(stage.settings.public_url) as unit:
        await unit.enrol("unit", stage.night.registered.unit_codes[names[order["unit_id"]]])
        for step in ("received", "accepted", "on_scene", "over"):
            await unit.post(f"/api/v1/unit/orders/{order['order_id']}/{step}")

    async def closed() -> bool:
        try:
            await room.post(f"{path}/close", {"outcome": "separated"})
            return True
        except ApiRefused as refused:
            for item in refused.problem.get("blocks", []):
                if item == "concurrence":
                    await apis["police"].post(f"{path}/concur")
                elif item != "resolved":
                    await room.post(f"{path}/checklist/{item}", {"done": True})
            return False

    await until("the incident closes", closed)


@pytest.mark.timeout(300)
@pytest.mark.requirement("EM-06", "EM-17", "EM-19")
async def test_the_room_sees_him_move_and_she_sees_a_way_out(place: Path, tmp_path: Path) -> None:
    async with whole_system(place, small_world()) as (stage, _), browser() as chromium:
        base, night = stage.settings.public_url, stage.night
        apis = {login: Api(base) for login in ("officer", "admin", "controller", "police")}
        for login, api in apis.items():
            await api.sign_in(login, stage.password)
        await night.register(apis["officer"], apis["admin"])
        over, seen = asyncio.Event(), Sightings(stage.world.pair)
        desk = await chromium.new_context(viewport={"width": 1600, "height": 900}, locale="ko-KR")
        hers = await chromium.new_context(viewport={"width": 390, "height": 844}, locale="ko-KR", has_touch=True)
        console, phone = await desk.new_page(), await hers.new_page()
        broken: list[str] = []
        for page in (console, phone):
            page.on("pageerror", lambda error: broken.append(str(error)))
        try:
            # given: the room has signed in, and her phone is enrolled by its one-time code
            await sign_in(console, stage)
            await phone.goto(f"{base}/phone#code={night.registered.phone_code}")
            story = asyncio.create_task(night.play(base, stop=over))

            # when: he enters. The alarm arrives on the open page by itself
            await console.wait_for_selector("text=W-1043", timeout=60_000)

            async def certain() -> Any:
                listed = (await apis["controller"].get("/api/v1/incidents", state="open"))["incidents"]
                return next((i for i in listed if i["certain"]), None)

            incident = await until("the trigger is certain", certain)
            await console.evaluate("id => { location.hash = `#/incidents/${id}`; }", incident["incident_id"])

            # then: a tile shows him at two instants, in pictures of the camera its caption names
            async def moving() -> bool:
                await seen.look(console)
                return bool(seen.moving)

            await until("the subject moves in a tile", moving, within_s=110)
            assert not seen.wrong
            # and: her phone draws a way out; "I see it" leads to the map
            await phone.wait_for_selector("button.go, svg path[stroke='#3fa654']", timeout=60_000)
            if await phone.locator("button.go").count():
                await phone.locator("button.go").first.click()

            async def drawn() -> bool:
                return float(await phone.evaluate(ROUTE_DRAWN)) > 20

            await until("her way out is drawn", drawn)

            # when: the incident closes, then: every tile is blank
            await _end(stage, apis, incident["incident_id"])

            async def blank() -> bool:
                return int(await console.evaluate(VISIBLE_VIDEOS)) == 0

            await until("every tile is blank", blank, within_s=15)
            assert not broken, "no page threw an error"
            over.set()
            await story
        except BaseException:
            for name, page in (("console", console), ("phone", phone)):
                await page.screenshot(path=tmp_path / f"{name}.png")
            print(f"screenshots in {tmp_path}; read {seen}; errors {broken}")
            raise
        finally:
            over.set()
            for api in apis.values():
                await api.client.aclose()
