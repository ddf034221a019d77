"""Given a zone drawn in the room, when its camera alarms, then one key judges it and the quality page has changed.

Real processes, two browsers. No weights are installed: the worker that reports is played here, by a key of its own and
with nothing but numbers; picture, recording, permit, verdict and page are the system's own.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Page, expect
from tests.journeys.conftest import small_world, whole_system
from tests.journeys.seats import at_the_desk
from tests.journeys.test_browser import CHROMIUM, PAGES, browser, until

from ansimnet.kernel.clock import now
from ansimnet_sim.clients.api import Api

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "console.html").exists(), reason="the pages are not built: run `make setup`"),
]
SHOTS = os.environ.get("ANSIMNET_SHOTS")
PERSON_MS = 30_000
"""What a page may take on two cores that draw, relay, mask and show at once."""
RECORDED_S = 14
"""A clip begins ten seconds before what alarmed."""


async def _shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


class Worker:
    """A machine that watches: it shows its key, and says numbers."""

    def __init__(self, base: str, key: str) -> None:
        self.http = httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=20)

    async def report(self, camera_id: str, track: int, left: float) -> None:
        """Report an intrusion that began two seconds ago."""
        at = now().timestamp()
        report = {
            "id": str(uuid4()), "camera_id": camera_id, "behaviour": "intrusion", "at": at, "since": at - 2,
            "probability": 0.93, "box": [left, 0.4, left + 0.1, 0.8], "tracks": [track], "place": None,
            "evidence": {"score": 9.0, "dwell_s": 3.2}, "model": "journey@0123abcd", "shadow": False,
        }  # fmt: skip
        answer = await self.http.post("/ingest/vision/reports", json={"reports": [report]})
        assert answer.status_code == 200, answer.text
        assert not answer.json()["refused"], answer.text


async def _draw_a_zone(page: Page, base: str, camera_id: str) -> None:
    """Open the masked picture and draw four corners on it; watch for intrusion there, and save."""
    await page.goto(f"{base}/#/vision/zones?camera={camera_id}")
    await expect(page.locator(".zone-mid")).to_be_visible(timeout=PERSON_MS)
    await page.keyboard.press("KeyP")
    await expect(page.locator(".pic video[data-state=live]")).to_be_visible(timeout=PERSON_MS)
    await page.keyboard.press("KeyZ")
    picture = page.locator(".pic")
    box = await picture.bounding_box()
    assert box is not None
    for x, y in ((0.2, 0.5), (0.7, 0.5), (0.8, 0.9), (0.15, 0.9)):
        await page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    await page.keyboard.press("Space")
    await expect(page.locator(".zone-form")).to_contain_text("침입", timeout=PERSON_MS)
    await page.get_by_role("group", name="침입").get_by_role("button", name="켬").click()
    await _shot(page, "vision-zone")
    await page.keyboard.press("Control+Enter")


async def _drawn(api: Api, camera_id: str) -> dict[str, Any] | None:
    setup = await api.get(f"/api/v1/vision/cameras/{camera_id}")
    return setup if setup["version"] else None


@pytest.mark.timeout(420)
@pytest.mark.requirement("VA-01", "VA-06", "CC-07")
async def test_a_zone_is_drawn_its_alarm_judged_by_key_and_the_quality_page_changes(
    place: Path, tmp_path: Path
) -> None:
    world = small_world()
    world.streamed = 4
    broken: list[str] = []
    pages: list[Page] = []
    async with whole_system(place, world) as (stage, _), browser() as chromium, Api(stage.settings.public_url) as lead:
        base = stage.settings.public_url
        await lead.sign_in("city-lead", stage.password)
        worker = Worker(base, (await lead.post("/api/v1/vision/workers", {"name": "journey"}))["key"])
        try:
            # given: a zone, drawn on the picture of a camera that lives
            async def alive() -> dict[str, Any] | None:
                found = (await lead.get("/api/v1/vision/cameras"))["cameras"]
                return next((c for c in found if c["live"]), None)

            camera = await until("a camera lives", alive, within_s=120)
            began = now()
            draws = await at_the_desk(chromium, base, "city-lead", stage.password, broken)
            pages.append(draws)
            await _draw_a_zone(draws, base, camera["camera_id"])
            setup = await until("a version is kept", lambda: _drawn(lead, camera["camera_id"]), within_s=60)
            assert [z["purpose"] for z in setup["zones"]] == ["intrusion"]
            assert len(setup["zones"][0]["points"]) == 4
            assert "intrusion" in setup["behaviours"]
            assert "intrusion" not in setup["shadow"]

            async def recorded() -> bool:
                return now() - began > timedelta(seconds=RECORDED_S)

            await until("something is recorded", recorded)

            # when: the camera alarms; then the room has it, and its seconds play by themselves
            desk = await at_the_desk(chromium, base, "operator", stage.password, broken)
            pages.append(desk)
            await desk.goto(f"{base}/#/vision")
            await worker.report(camera["camera_id"], 1, 0.3)
            row = desk.locator(".vision-alarms [role=option]")
            await expect(row).to_contain_text("침입", timeout=PERSON_MS)
            await expect(row).to_contain_text(camera["code"])
            await expect(desk.locator(".vision-clip video[data-state=live]")).to_be_visible(timeout=PERSON_MS)
            await expect(desk.locator(".vision-reason")).to_contain_text("3초 머묾")
            await _shot(desk, "vision-alarm")

            # when: one key says it was true; then the next one comes by itself, and another says why it was not
            await worker.report(camera["camera_id"], 2, 0.6)
            await expect(row).to_have_count(2, timeout=PERSON_MS)
            await desk.keyboard.press("KeyY")
            await expect(row).to_have_count(1, timeout=PERSON_MS)
            await expect(row).to_have_attribute("aria-selected", "true", timeout=PERSON_MS)
            await desk.keyboard.press("Digit2")
            await expect(row).to_have_count(0, timeout=PERSON_MS)
            await expect(desk.locator(".judged")).to_have_count(2, timeout=PERSON_MS)
            await expect(desk.locator(".vision-load")).to_contain_text(re.compile(r"\d초"), timeout=PERSON_MS)
            await _shot(desk, "vision-judged")

            # then: the city has an incident, and the quality page says how little two verdicts prove
            await desk.keyboard.press("KeyT")
            await expect(desk.get_by_role("heading", name="도시 사건")).to_be_visible(timeout=PERSON_MS)
            await expect(desk.locator(".vision-side h2")).to_have_text("침입", timeout=PERSON_MS)
            await _shot(desk, "vision-incident")
            line = desk.locator(".vision-quality tbody tr")

            async def turned() -> bool:
                """Turn the page on: a key pressed while a page is being drawn is nobody's, and is pressed again."""
                if await desk.get_by_role("heading", name="도시 사건").count():
                    await desk.keyboard.press("KeyT")
                return bool(await line.count())

            await until("the quality page", turned)
            await expect(line).to_contain_text("50 % (9 %–91 %)", timeout=PERSON_MS)
            await expect(line).to_contain_text(camera["code"])
            await _shot(desk, "vision-quality")
            found = (await lead.get("/api/v1/city-incidents"))["incidents"]
            assert [i["camera_id"] for i in found] == [camera["camera_id"]]
            assert not broken
        except BaseException:
            for i, page in enumerate(pages):
                with suppress(Exception):
                    await page.screenshot(path=tmp_path / f"vision-{i}.png")
            print(f"screenshots in {tmp_path}; errors {broken}")
            raise
        finally:
            await worker.http.aclose()
