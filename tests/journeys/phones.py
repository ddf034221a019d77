"""A desk and a phone with a camera, in one browser beside one system: what the journeys of shown scenes share.

The camera is the browser's own fake one: a green picture with a clock that runs. The desk's pixels are read; no word of
the server is believed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Browser, Page, async_playwright
from tests.journeys.seats import PASSWORD, seated
from tests.journeys.test_browser import CHROMIUM, FRAMES_OF_LIVE_VIDEOS, SWITCHES, _pixels, until
from tests.journeys.test_held_transaction import _register, _walk_in

from ansimnet_sim.clients.api import Api

FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
ENCODES = """async () => {
  const asked = { codec: 'avc1.42e01f', width: 640, height: 480, avc: { format: 'annexb' }, latencyMode: 'realtime' };
  const encodes = 'VideoEncoder' in window && (await VideoEncoder.isConfigSupported(asked)).supported;
  return encodes || MediaRecorder.isTypeSupported('video/mp4;codecs=avc1.42E01E');
}"""
"""Whether this browser makes H.264: a page that cannot says so, and there is nothing to see."""
HEARD_S = 90.0
"""A wait of a busy machine; whoever waits goes on at once when it comes."""


@dataclass
class Scene:
    """What a journey works with. `code` enrols her phone, `key` is his device's."""

    base: str
    chromium: Browser
    console: Page
    phone: Page
    controller: Api
    code: str
    key: str
    folder: Path
    broken: list[str] = field(default_factory=list)

    async def alarm(self) -> None:
        """Let him walk into the zone, sign the desk in, and open the incident there."""
        await _walk_in(self.base, self.key)

        async def incident() -> Any:
            return next(iter((await self.controller.get("/api/v1/incidents", state="open"))["incidents"]), None)

        opened = await until("an incident is open", incident, within_s=HEARD_S)
        await self.console.goto(self.base)
        await self.console.fill("input[name=login]", "controller")
        await self.console.fill("input[name=password]", PASSWORD)
        await self.console.keyboard.press("Enter")
        await self.console.wait_for_selector("input[name=password]", state="detached")
        await self.console.evaluate("id => { location.hash = `#/incidents/${id}`; }", opened["incident_id"])

    async def shots(self) -> list[NDArray[np.int64]]:
        """Return the pixels of every live tile of the desk that shows a phone."""
        found = await self.console.evaluate(FRAMES_OF_LIVE_VIDEOS)
        return [_pixels(s["png"]).astype(np.int64) for s in found if str(s["camera"]).startswith("P-")]

    async def gone(self) -> None:
        """Wait until no tile shows a phone."""

        async def none() -> bool:
            return not await self.shots()

        await until("the picture is gone", none, within_s=20)

    async def keep(self, name: str) -> None:
        """Keep a picture of both pages."""
        await self.console.screenshot(path=self.folder / f"{name}-desk.png")
        await self.phone.screenshot(path=self.folder / f"{name}-phone.png", full_page=True)


def greenness(picture: NDArray[np.int64]) -> float:
    """Return how much greener than red a picture is: the fake camera's is 20 and more."""
    return float((picture[..., 1] - picture[..., 0]).mean())


@asynccontextmanager
async def desk_and_phone(place: Path, folder: Path) -> AsyncIterator[Scene]:
    """Start a system, register him and her, and open a desk's page and a phone's; on an error keep their pictures."""
    async with (
        seated(place) as (settings, _),
        async_playwright() as playwright,
        Api(settings.public_url) as officer,
        Api(settings.public_url) as controller,
    ):
        await officer.sign_in("officer", PASSWORD)
        await controller.sign_in("controller", PASSWORD)
        code, key = await _register(officer)
        chromium = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*SWITCHES, *FAKE_CAMERA], headless=True
        )
        desk = await chromium.new_context(viewport={"width": 1600, "height": 900}, locale="ko-KR")
        theirs = await chromium.new_context(
            viewport={"width": 390, "height": 844}, locale="ko-KR", has_touch=True, permissions=["camera"]
        )
        pages = await desk.new_page(), await theirs.new_page()
        scene = Scene(settings.public_url, chromium, *pages, controller, code, key, folder)
        for page in pages:
            page.set_default_timeout(HEARD_S * 1000)
            page.on("pageerror", lambda error: scene.broken.append(str(error)))
        try:
            yield scene
            assert not scene.broken, "no page threw an error"
        except BaseException as error:
            print(f"screenshots in {folder}; errors {scene.broken}; first: {error}")
            await scene.keep("broken")
            raise
        finally:
            await chromium.close()
