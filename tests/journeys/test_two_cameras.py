"""Given two cameras live in the room's page, when the right to one is taken back, then it is dark and the other plays.

The page is the real console, the cameras are the simulated district's, the relay runs in as many workers as there are
cores. What is believed is the page's own video elements, and the ledger's account of the looks.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.conftest import small_world, whole_system
from tests.journeys.test_browser import CHROMIUM, PAGES, browser, sign_in, until

from ansimnet.app.supervise import Running
from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import AccountId, PermitId, new_id
from ansimnet.slices.policy import queries as policy
from ansimnet_sim.clients.api import Api

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "console.html").exists(), reason="the pages are not built: run `make setup`"),
]

TILES = """() => Object.fromEntries([...document.querySelectorAll('video')].map((v) => [v.dataset.camera, {
  state: v.dataset.state, at: v.currentTime, shown: getComputedStyle(v).visibility !== 'hidden' && v.videoWidth > 0,
}]))"""


async def _looks(running: Running) -> dict[str, PermitId]:
    """Return the permit on which each camera is looked at now, by the camera's code."""
    async with running.database.dbs(running.settings, app="journey") as dbs, dbs.city.transaction() as tx:
        rows = await tx.all(
            "select c.code, v.permit_id from footage_view v join camera c using (camera_id) where v.closed_at is null"
        )
    return {code: PermitId(permit) for code, permit in rows}


async def _ended(running: Running, permit: PermitId) -> str | None:
    """Return why the look on a permit ended, None while it goes on."""
    async with running.database.dbs(running.settings, app="journey") as dbs, dbs.city.transaction() as tx:
        row = await tx.one("select reason from footage_view where permit_id = %s order by opened_at limit 1", (permit,))
    return None if row is None else row[0]


@pytest.mark.timeout(300)
@pytest.mark.requirement("CC-03", "EM-16")
async def test_one_of_two_cameras_goes_dark_and_the_other_plays_on(place: Path, tmp_path: Path) -> None:
    async with whole_system(place, small_world()) as (stage, running), browser() as chromium:
        night, over = stage.night, asyncio.Event()
        apis = {login: Api(stage.settings.public_url) for login in ("officer", "admin", "controller")}
        for login, api in apis.items():
            await api.sign_in(login, stage.password)
        await night.register(apis["officer"], apis["admin"])
        page = await (await chromium.new_context(viewport={"width": 1600, "height": 900}, locale="ko-KR")).new_page()
        try:
            await sign_in(page, stage)
            story = asyncio.create_task(night.play(stage.settings.public_url, stop=over))
            await page.wait_for_selector("text=W-1043", timeout=60_000)

            async def certain() -> Any:
                listed = (await apis["controller"].get("/api/v1/incidents", state="open"))["incidents"]
                return next((i for i in listed if i["certain"]), None)

            incident = await until("the trigger is certain", certain)
            await page.evaluate("id => { location.hash = `#/incidents/${id}`; }", incident["incident_id"])

            async def live() -> list[str]:
                tiles: dict[str, Any] = await page.evaluate(TILES)
                looks = await _looks(running)
                found = [c for c, tile in tiles.items() if tile["state"] == "live" and tile["shown"] and c in looks]
                return found if len(found) >= 2 else []

            dark, plays = (await until("two cameras are live", live, within_s=120))[:2]
            permit = (await _looks(running))[dark]
            async with running.database.dbs(running.settings, app="journey") as dbs, dbs.city.transaction() as tx:
                await policy.revoke(tx, permit, "the journey", now(), by=AccountId(new_id()))

            async def is_dark() -> bool:
                tile = (await page.evaluate(TILES)).get(dark)
                return tile is None or not tile["shown"]

            await until("the revoked camera is dark", is_dark, within_s=15)
            before = (await page.evaluate(TILES))[plays]["at"]

            async def moves_on() -> bool:
                tile = (await page.evaluate(TILES))[plays]
                return bool(tile["shown"] and tile["at"] > before + 1)

            await until("the other camera plays on", moves_on, within_s=30)
            assert await is_dark(), "dark it stays"
            assert await _ended(running, permit) == "revoked"
            over.set()
            await story
        except BaseException:
            await page.screenshot(path=tmp_path / "console.png")
            print((running.log_dir / "relay.log").read_text()[-3000:])
            print(f"screenshot in {tmp_path}; tiles {await page.evaluate(TILES)}; looks {await _looks(running)}")
            raise
        finally:
            over.set()
            for api in apis.values():
                await api.client.aclose()
