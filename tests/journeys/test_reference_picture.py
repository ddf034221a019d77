"""Given an investigator with a photograph, when the page reads it, then what it shows is sought; no picture is kept."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from playwright.async_api import expect
from tests.journeys.seats import PASSWORD, at_the_desk, seated
from tests.journeys.test_browser import CHROMIUM, PAGES, browser
from tests.slices.tracing.test_portrait import jpeg, somebody

from ansimnet_sim.clients.api import Api

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "console.html").exists(), reason="the pages are not built: run `make setup`"),
]


@pytest.mark.timeout(300)
@pytest.mark.requirement("TR-01", "DI-08")
async def test_a_photograph_becomes_words_and_looks_of_a_search(place: Path, tmp_path: Path) -> None:
    photograph = tmp_path / "제보.jpg"
    photograph.write_bytes(base64.b64decode(jpeg(somebody())))
    broken: list[str] = []
    async with seated(place) as (settings, _), browser() as chromium:
        # given: an investigator at the page of searches, and a photograph of somebody in red and black
        page = await at_the_desk(chromium, settings.public_url, "investigator", PASSWORD, broken)
        page.set_default_timeout(60_000)
        await page.evaluate("location.hash = '#/tracing'")
        await page.get_by_role("button", name="찾기 요청").first.click()

        # when: he gives the photograph and draws a box around whom he means (no weights are installed here)
        await page.set_input_files("input[type=file]", photograph)
        await expect(page.get_by_text("사람이나 차를 찾지 못했습니다")).to_be_visible(timeout=90_000)
        frame = page.locator(".trace-ref-frame")
        await frame.scroll_into_view_if_needed()
        box = await frame.bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.2 * box["height"])
        await page.mouse.down()
        await page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
        await page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.9 * box["height"])
        await page.mouse.up()

        # then: what it shows stands among what is sought, and may be taken out
        kept = page.get_by_role("list", name="이렇게 이해했습니다. 틀린 것은 지웁니다")
        await expect(kept).to_contain_text("빨강", timeout=90_000)
        await expect(kept).to_contain_text("검정")
        await expect(kept).to_contain_text("모습을 견줍니다")
        await page.get_by_role("button", name="아래옷 색 검정 지우기").click()
        await expect(kept).not_to_contain_text("검정")

        # when: he says where and in which case, and asks
        await page.fill("input[name=case_no]", "2026-형-0815")
        await page.fill("input[name=place]", "37.5, 127.0")
        await page.fill("textarea[name=reason]", "택배 절도 수사, 제보 사진")
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_text("승인을 요청했습니다")).to_be_visible(timeout=60_000)

        # then: a search waits for another's approval
        async with Api(settings.public_url) as api:
            await api.sign_in("investigator", PASSWORD)
            searches = (await api.get("/api/v1/tracing/searches"))["searches"]
        assert [s["state"] for s in searches] == ["waiting"]
    assert broken == []
