"""Given a recorded night with a lost camera, when an operator scrubs to the gap, then the page says why it is there."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.conftest import small_world, whole_system
from tests.journeys.test_browser import CHROMIUM, PAGES, browser, until

from ansimnet_sim.clients.api import Api

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "console.html").exists(), reason="the pages are not built: run `make setup`"),
]

LOST_S = 9.0
"""How long the camera is away: the relay calls it lost after 3 s without a picture."""


async def _gap(api: Api, provision_id: str, camera_id: str, since: str) -> dict[str, Any] | None:
    """Return the gap that the lost camera left, once its end is known."""
    path = f"/api/v1/provisions/{provision_id}/recordings/{camera_id}/timeline"
    line = await api.get(path, **{"from": since, "until": _later(since)})
    return next(
        (
            s
            for s in line["stretches"]
            if s["cause"] == "camera-lost" and _seconds(s) > LOST_S / 2 and s is not line["stretches"][-1]
        ),
        None,
    )


def _seconds(stretch: dict[str, Any]) -> float:
    return (datetime.fromisoformat(stretch["end"]) - datetime.fromisoformat(stretch["start"])).total_seconds()


def _later(since: str) -> str:
    return (datetime.fromisoformat(since) + timedelta(hours=1)).isoformat()


@pytest.mark.timeout(300)
@pytest.mark.requirement("CC-04", "VA-02")
async def test_an_operator_scrubs_to_a_gap_and_reads_its_cause(place: Path, tmp_path: Path) -> None:
    world = small_world()
    world.streamed = 6
    async with whole_system(place, world) as (stage, _), browser() as chromium:
        base, night = stage.settings.public_url, stage.night
        apis = {login: Api(base) for login in ("officer", "admin", "controller", "operator")}
        for login, api in apis.items():
            await api.sign_in(login, stage.password)
        await night.register(apis["officer"], apis["admin"])
        over = asyncio.Event()
        story = asyncio.create_task(night.play(base, stop=over))
        page = await (await chromium.new_context(viewport={"width": 1440, "height": 900}, locale="ko-KR")).new_page()
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        try:
            # given: the city gives footage, and one of its cameras was away for some seconds
            async def given() -> Any:
                found = (await apis["operator"].get("/api/v1/provisions", state="open"))["provisions"]
                return next((p for p in found if p["state"] == "given" and p["cameras"]), None)

            provision = await until("footage is given", given, within_s=120)
            listed = f"/api/v1/provisions/{provision['provision_id']}/recordings"

            async def recorded() -> Any:
                found = (await apis["operator"].get(listed))["cameras"]
                return next((c for c in found if c["code"] in night.cameras.mounts and c["recorded_s"] > 3), None)

            camera = await until("something is recorded", recorded, within_s=90)
            night.cameras.drop(camera["code"])
            await asyncio.sleep(LOST_S)
            night.cameras.restore(camera["code"])
            gap = await until(
                "the gap is on the timeline",
                lambda: _gap(apis["operator"], provision["provision_id"], camera["camera_id"], camera["from_at"]),
                within_s=90,
            )

            # when: he opens the scene, chooses the camera and scrubs to the gap
            await page.goto(base)
            await page.fill("input[name=login]", "operator")
            await page.fill("input[name=password]", stage.password)
            await page.keyboard.press("Enter")
            await page.wait_for_selector("input[name=password]", state="detached")
            await page.evaluate("c => { location.hash = `#/footage?camera=${c}`; }", camera["camera_id"])
            lane = page.get_by_role("slider")
            await lane.wait_for(timeout=60_000)
            await page.wait_for_selector(f".tr-row.sel .tr-gap[data-cause='{gap['cause']}']", timeout=60_000)
            # nothing is open before a reason is given
            assert await page.locator("video[data-state='closed']").count() == 1

            widest = await page.evaluate(WIDEST_GAP)
            await page.mouse.move(widest["x"] - 40, widest["y"])
            await page.mouse.down()
            await page.mouse.move(widest["x"], widest["y"], steps=4)
            await page.mouse.up()

            # then: in place of a picture stands why there is none
            await page.wait_for_selector("[data-gap='camera-lost']", timeout=30_000)
            assert "카메라 영상이 끊김" in await page.inner_text("[data-gap]")

            # when: he gives a reason and plays what comes after the gap
            await page.evaluate("document.activeElement.blur()")
            await page.keyboard.press("Space")
            await page.fill("[name=reason]", "어디로 갔는지 확인")
            await page.keyboard.press("Control+Enter")
            await page.keyboard.press("Space")
            await page.wait_for_selector("video[data-state='live']", timeout=60_000)
            await page.wait_for_selector("[data-gap]", state="detached", timeout=60_000)
            # then: a still of it, and several cameras side by side, are made and can be saved
            await page.keyboard.press("KeyS")
            await page.wait_for_selector("[role=dialog] img.clip", timeout=60_000)
            await page.keyboard.press("Escape")
            await page.keyboard.press("KeyM")
            assert await page.locator("[role=dialog] .merge-row input:checked").count() > 1
            await page.keyboard.press("Control+Enter")
            await page.wait_for_selector("[role=dialog] video.clip", timeout=90_000)
            assert not broken, "no page threw an error"
            over.set()
            await story
        except BaseException:
            await page.screenshot(path=tmp_path / "footage.png")
            print(f"screenshot in {tmp_path}; errors {broken}")
            raise
        finally:
            over.set()
            for api in apis.values():
                await api.client.aclose()


WIDEST_GAP = """() => {
  const gaps = [...document.querySelectorAll(".tr-row.sel .tr-gap[data-cause='camera-lost']")]
    .map((g) => g.getBoundingClientRect());
  const box = gaps.reduce((a, b) => (b.width > a.width ? b : a));
  return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
}"""
