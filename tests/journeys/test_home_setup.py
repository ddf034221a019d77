"""Given an officer at a door, when he installs a camera, then each step says what is missing until it watches.

Real processes, no camera: what it would see is another journey's. Every step is done by key and hand on the screen.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect
from tests.journeys.seats import PASSWORD, seated
from tests.journeys.test_browser import CHROMIUM, PAGES, SWITCHES
from tests.journeys.test_home_guard import PERSON, ordered

from ansimnet.kernel.clock import now
from ansimnet_sim.clients.api import Api

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "console.html").exists(), reason="the pages are not built: run `make setup`"),
]
SHOTS = os.environ.get("ANSIMNET_SHOTS")
PERSON_MS = 30_000
"""What a page may take on two cores that have other work."""


async def _draw(page: Page, key: str, corners: tuple[tuple[float, float], ...]) -> None:
    """Draw a zone with the tool of a key."""
    await page.keyboard.press(key)
    box = await page.locator(".pic").bounding_box()
    assert box is not None
    for x, y in corners:
        await page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    await page.keyboard.press("Space")


@pytest.mark.timeout(300)
@pytest.mark.requirement("VP-06", "VA-04")
async def test_an_officer_installs_a_home_camera_step_by_step(place: Path, tmp_path: Path) -> None:
    broken: list[str] = []
    async with (
        seated(place) as (settings, dbs),
        async_playwright() as playwright,
        Api(settings.public_url) as police,
    ):
        await police.sign_in("police", PASSWORD)
        await police.post("/api/v1/protected-persons", PERSON)
        _, order_id, _ = await ordered(dbs.tracking)
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*SWITCHES], headless=True)
        page = await (await chromium.new_context(viewport={"width": 1600, "height": 900}, locale="ko-KR")).new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.set_default_timeout(PERSON_MS)
        try:
            await page.goto(settings.public_url)
            await page.fill("input[name=login]", "police")
            await page.fill("input[name=password]", PASSWORD)
            await page.keyboard.press("Enter")
            await page.wait_for_selector("input[name=password]", state="detached")
            await page.keyboard.press("KeyG")
            await page.keyboard.press("Digit8")
            await expect(page.locator(".homes")).to_contain_text("설치한 카메라가 없습니다", timeout=PERSON_MS)

            # when: it is installed; then it is off, and the next step says what is missing
            await page.keyboard.press("KeyN")
            await expect(page.locator("select[name=person]")).to_contain_text("P-771", timeout=PERSON_MS)
            await page.fill("input[name=name]", "현관 앞")
            await page.fill("input[name=source]", "rtsp://127.0.0.1:9/x")
            await page.keyboard.press("Control+Enter")
            missing = page.locator(".home-missing")
            await expect(missing).to_contain_text("효력 있는 명령", timeout=PERSON_MS)
            await expect(missing).to_contain_text("날짜가 있는 영향평가")

            # when: order, statute and assessment are on file
            await page.keyboard.press("KeyE")
            await page.fill("input[name=order]", str(order_id))
            await page.fill("input[name=number]", "PIA-7")
            await page.fill("input[name=on]", (now().date() - timedelta(days=3)).isoformat())
            await page.keyboard.press("Control+Enter")
            await expect(missing).to_have_count(0, timeout=PERSON_MS)

            # when: it is switched on too early; then the server names what is missing still
            await page.keyboard.press("Digit5")
            await page.keyboard.press("KeyE")
            await expect(page.locator(".home-act")).to_contain_text("집 안을 가리는 구역", timeout=PERSON_MS)

            # when: what it guards and what it must not show is drawn
            await page.keyboard.press("Digit3")
            await expect(missing).to_contain_text("이웃 현관", timeout=PERSON_MS)
            await _draw(page, "KeyZ", ((0.3, 0.5), (0.8, 0.5), (0.9, 0.9), (0.2, 0.9)))
            await _draw(page, "KeyH", ((0.02, 0.1), (0.15, 0.1), (0.15, 0.9), (0.02, 0.9)))
            await page.get_by_role("checkbox").check()
            if SHOTS:
                await page.screenshot(path=Path(SHOTS) / "home-zones.png")
            await page.locator("body").press("Control+Enter")
            await expect(missing).to_have_count(0, timeout=PERSON_MS)

            # then: it may watch
            await page.keyboard.press("Digit5")
            await page.keyboard.press("KeyE")
            await expect(page.locator(".home-act")).to_contain_text("끄기", timeout=PERSON_MS)
            if SHOTS:
                await page.screenshot(path=Path(SHOTS) / "home-on.png")
            (home,) = (await police.get("/api/v1/home-guards"))["home_guards"]
            assert home["on"] is True
            assert home["lacks"] == []
            assert not broken
        except BaseException:
            with suppress(Exception):
                await page.screenshot(path=tmp_path / "home.png")
            print(f"screenshot in {tmp_path}; errors {broken}")
            raise
        finally:
            await chromium.close()
