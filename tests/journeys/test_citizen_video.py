"""Given an alarm and a citizen beside it, when the desk sends a link and the citizen agrees, then the desk sees.

The camera is the browser's own fake one, green; the desk's pixels are read. The page asks for no sound and no account,
and the same link opens no second phone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright
from tests.journeys.test_browser import CHROMIUM, PAGES, SWITCHES, until
from tests.journeys.test_held_transaction import PASSWORD, _register, _walk_in
from tests.journeys.test_safe_video import ENCODES, FAKE_CAMERA, HEARD_S, _shots

from ansimnet.app.demo.stage import SEATS, free_port
from ansimnet.app.supervise import system
from ansimnet.app.users import add_to
from ansimnet.platform.database import Database
from ansimnet.platform.settings import Settings
from ansimnet_sim.clients.api import Api

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "show.html").exists(), reason="the pages are not built: run `make setup`"),
]


@pytest.mark.timeout(400)
@pytest.mark.requirement("AN-06")
async def test_a_citizen_with_a_link_shows_the_desk_what_is_there(place: Path, tmp_path: Path) -> None:
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

    async with (
        system(settings, say=lambda _: None, prepare=fill, parts=("seal", "api", "work", "uplink")) as running,
        async_playwright() as playwright,
        Api(settings.public_url) as officer,
        Api(settings.public_url) as controller,
    ):
        await running.ready()
        base = settings.public_url
        await officer.sign_in("officer", PASSWORD)
        await controller.sign_in("controller", PASSWORD)
        _, key = await _register(officer)
        await _walk_in(base, key)

        async def incident() -> Any:
            return next(iter((await controller.get("/api/v1/incidents", state="open"))["incidents"]), None)

        opened = await until("an incident is open", incident, within_s=HEARD_S)
        chromium = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*SWITCHES, *FAKE_CAMERA], headless=True
        )
        desk = await chromium.new_context(viewport={"width": 1600, "height": 900}, locale="ko-KR")
        theirs = await chromium.new_context(
            viewport={"width": 390, "height": 844}, locale="ko-KR", has_touch=True, permissions=["camera"]
        )
        console, citizen = await desk.new_page(), await theirs.new_page()
        broken: list[str] = []
        for page in (console, citizen):
            page.set_default_timeout(HEARD_S * 1000)
            page.on("pageerror", lambda error: broken.append(str(error)))
        try:
            await console.goto(base)
            await console.fill("input[name=login]", "controller")
            await console.fill("input[name=password]", PASSWORD)
            await console.keyboard.press("Enter")
            await console.wait_for_selector("input[name=password]", state="detached")
            await console.evaluate("id => { location.hash = `#/incidents/${id}`; }", opened["incident_id"])

            # when: the desk asks by the keyboard alone
            await console.wait_for_selector("text=시민에게 영상 요청")
            await console.keyboard.press("a")
            await console.wait_for_selector("[role=dialog]")
            await console.keyboard.press("Control+Enter")
            link = (await console.locator("[data-link]").inner_text()).strip()
            await console.screenshot(path=tmp_path / "desk-asks.png")
            await console.keyboard.press("Escape")
            assert link.startswith(f"{base}/show#code=")

            # and: the citizen reads what it means, and agrees
            await citizen.goto(link)
            await citizen.wait_for_selector("text=동의하면")
            await citizen.screenshot(path=tmp_path / "citizen-asked.png", full_page=True)
            if not await citizen.evaluate(ENCODES):
                pytest.skip("this Chromium makes no H.264: the page says so, and there is nothing to see")
            await citizen.click("text=동의하고 보여 주기")
            await citizen.wait_for_selector("text=보내는 중")

            # then: the desk sees it, and it is green
            async def seen() -> Any:
                return await _shots(console) or None

            shots = await until("the desk sees the citizen's picture", seen, within_s=HEARD_S)
            last = shots[-1].astype(int)
            assert float((last[..., 1] - last[..., 0]).mean()) > 20, "the fake camera is green"
            await console.wait_for_selector("text=시민 휴대전화")
            await citizen.wait_for_selector("text=1명이 보고 있습니다")
            await citizen.screenshot(path=tmp_path / "citizen-shows.png", full_page=True)
            await console.screenshot(path=tmp_path / "desk-sees.png")

            # and: the desk looks at what was shown a moment ago, says why, and comes back to the present
            await console.click("text=되감기")
            await console.fill("textarea[name=reason]", "신고 내용과 대조")
            await console.keyboard.press("Control+Enter")
            await console.wait_for_selector("video[data-state=past-live]")
            moved = "video => video.currentTime > 0.5"
            await console.wait_for_function(f"({moved})(document.querySelector('video[data-state=past-live]'))")
            await console.screenshot(path=tmp_path / "desk-rewinds.png")
            await console.click("text=실시간으로")
            await until("the present is back", seen, within_s=HEARD_S)

            # and: the link opens no second phone
            other = await (await chromium.new_context(locale="ko-KR", permissions=["camera"])).new_page()
            await other.goto(link)
            await other.click("text=동의하고 보여 주기")
            await other.wait_for_selector("text=이미 쓰였거나 끝난 링크입니다")

            # when: the citizen ends it, then: no tile shows it
            await citizen.click("text=그만")

            async def gone() -> bool:
                return not await _shots(console)

            await until("the picture is gone", gone, within_s=20)
            assert not broken, "no page threw an error"
        except BaseException as error:
            print(f"screenshots in {tmp_path}; errors {broken}; first: {error}")
            for name, page in (("console", console), ("citizen", citizen)):
                await page.screenshot(path=tmp_path / f"{name}.png")
            raise
        finally:
            await chromium.close()
