"""Given an alarm and a citizen beside it, when the desk sends a link and the citizen agrees, then the desk sees.

The page asks for no sound and no account, and the same link opens no second phone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.journeys.phones import ENCODES, HEARD_S, desk_and_phone, greenness
from tests.journeys.test_browser import CHROMIUM, PAGES, until

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "show.html").exists(), reason="the pages are not built: run `make setup`"),
]


@pytest.mark.timeout(400)
@pytest.mark.requirement("AN-06")
async def test_a_citizen_with_a_link_shows_the_desk_what_is_there(place: Path, tmp_path: Path) -> None:
    async with desk_and_phone(place, tmp_path) as scene:
        console, citizen = scene.console, scene.phone
        await scene.alarm()

        # when: the desk asks by the keyboard alone
        await console.wait_for_selector("text=시민에게 영상 요청")
        await console.keyboard.press("a")
        await console.wait_for_selector("[role=dialog]")
        await console.keyboard.press("Control+Enter")
        link = (await console.locator("[data-link]").inner_text()).strip()
        await console.keyboard.press("Escape")
        assert link.startswith(f"{scene.base}/show#code=")

        # and: the citizen reads what it means, and agrees
        await citizen.goto(link)
        await citizen.wait_for_selector("text=동의하면")
        await scene.keep("asked")
        if not await citizen.evaluate(ENCODES):
            pytest.skip("this Chromium makes no H.264: the page says so, and there is nothing to see")
        await citizen.click("text=동의하고 보여 주기")
        await citizen.wait_for_selector("text=보내는 중")

        # then: the desk sees it, and it is green
        async def seen() -> Any:
            return await scene.shots() or None

        shots = await until("the desk sees the citizen's picture", seen, within_s=HEARD_S)
        assert greenness(shots[-1]) > 20, "the fake camera is green"
        await console.wait_for_selector("text=시민 휴대전화")
        await citizen.wait_for_selector("text=1명이 보고 있습니다")
        await scene.keep("shown")

        # and: the link opens no second phone
        other = await (await scene.chromium.new_context(locale="ko-KR", permissions=["camera"])).new_page()
        await other.goto(link)
        await other.click("text=동의하고 보여 주기")
        await other.wait_for_selector("text=이미 쓰였거나 끝난 링크입니다")

        # when: the citizen ends it, then: no tile shows it
        await citizen.click("text=그만")
        await scene.gone()
