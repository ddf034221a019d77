"""Given two desks in two browsers, when one asks, then only the other can say yes; and a broken glass is seen at once.

The story of a search by a description, approved by the shift lead, and of an operator who breaks the glass while the
privacy officer's page is open. Nothing is read from the server that a person could not read on the page, but the
ledger's own record of when the officer was told.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page
from tests.journeys.conftest import small_world, whole_system
from tests.journeys.test_browser import CHROMIUM, FRAMES_OF_LIVE_VIDEOS, PAGES, _pixels, browser, until

from ansimnet.app.demo.stage import Stage
from ansimnet_sim.clients.api import Api, ApiRefused

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "console.html").exists(), reason="the pages are not built: run `make setup`"),
]

SHOTS = os.environ.get("ANSIMNET_SHOTS")
"""Where to keep pictures of the pages, for looking at them."""


async def shot(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look."""
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


@asynccontextmanager
async def desk(chromium: Browser, stage: Stage, login: str, broken: list[str]) -> AsyncIterator[Page]:
    """Sign a seat of the city's centre in, in a browser of its own."""
    context = await chromium.new_context(viewport={"width": 1600, "height": 900}, locale="ko-KR")
    page = await context.new_page()
    page.on("pageerror", lambda error: broken.append(f"{login}: {error}"))
    try:
        await page.goto(stage.settings.public_url)
        await page.fill("input[name=login]", login)
        await page.fill("input[name=password]", stage.password)
        await page.keyboard.press("Enter")
        await page.wait_for_selector("input[name=password]", state="detached")
        yield page
    except BaseException:
        await shot(page, f"failed-{login}")
        raise
    finally:
        await context.close()


async def of_kind(stage: Stage, kind: str) -> list[Any]:
    """Return the ledger's entries of one kind at the city's centre."""
    async with Api(stage.settings.public_url) as auditor:
        await auditor.sign_in("city-auditor", stage.password)
        return list((await auditor.get("/api/v1/ledger", kind=kind))["entries"])


async def a_camera(stage: Stage) -> Any:
    """Return a camera of the city that sends a picture, as the operator's register calls it."""
    async with Api(stage.settings.public_url) as operator:
        await operator.sign_in("operator", stage.password)
        return (await operator.get("/api/v1/cameras/named"))["cameras"][0]


@pytest.mark.timeout(300)
@pytest.mark.requirement("TR-04", "DI-08")
async def test_a_search_is_approved_by_another_and_a_broken_glass_is_seen_at_once(place: Path) -> None:
    broken: list[str] = []
    async with (
        whole_system(place, small_world()) as (stage, _),
        browser() as chromium,
        desk(chromium, stage, "operator", broken) as operator,
        desk(chromium, stage, "city-lead", broken) as lead,
        desk(chromium, stage, "city-privacy", broken) as officer,
        desk(chromium, stage, "investigator", broken) as investigator,
    ):
        await _search(stage, operator, lead)
        await _order(stage, investigator, lead)
        await _glass(stage, operator, officer)
    assert not broken, "no page threw an error"


async def _search(stage: Stage, operator: Page, lead: Page) -> None:
    # given: the lead's page of approvals is open and empty
    await lead.evaluate("location.hash = '#/approvals'")
    await lead.wait_for_selector("text=기다리는 요청이 없습니다")
    # when: the operator asks for a search, by keyboard
    await operator.evaluate("location.hash = '#/approvals'")
    await operator.wait_for_selector("button:has-text('사람·차량 찾기 요청')")
    await operator.keyboard.press("a")
    for name, words in {
        "case_no": "2026-형-4410",
        "clothes": "검은 패딩, 흰 모자",
        "vehicle": "회색 승합차",
        "reason": "골목에서 끌려간 사람을 찾는다",
    }.items():
        await operator.fill(f"[name={name}]", words)
    await shot(operator, "ask")
    await operator.keyboard.press("Control+Enter")
    await operator.wait_for_selector(".ask-row[data-state=waiting]")
    # then: it stands on the lead's open page by itself, with what was described
    row = await lead.wait_for_selector(".ask-row[data-state=waiting]", timeout=20_000)
    request_id = await row.get_attribute("data-request")
    await lead.wait_for_selector("text=검은 패딩, 흰 모자")
    await shot(lead, "approve")
    # and: the asker has no key that approves, and the server would not take it
    assert await operator.locator("button:has-text('승인')").count() == 0
    async with Api(stage.settings.public_url) as api:
        await api.sign_in("operator", stage.password)
        with pytest.raises(ApiRefused) as no:
            await api.post(f"/api/v1/requests/{request_id}/approve", {"reason": "혼자서"})
        assert no.value.status == 403
    # when: the lead approves with one key and a reason, then: the asker's page says so by itself
    await lead.keyboard.press("y")
    await lead.fill("textarea[name=reason]", "사건 번호 확인함")
    await lead.keyboard.press("Control+Enter")
    await lead.wait_for_selector(f"[data-request='{request_id}'][data-state=approved]")
    await operator.wait_for_selector(f"[data-request='{request_id}'][data-state=approved]", timeout=20_000)
    await shot(operator, "approved")
    grounds = [e["body"] for e in await of_kind(stage, "policy.ground.granted.v1")]
    assert [g["ground_kind"] for g in grounds if request_id in g["about"]] == ["statute"]


async def _order(stage: Stage, investigator: Page, lead: Page) -> None:
    camera = await a_camera(stage)
    async with Api(stage.settings.public_url) as api:
        await api.sign_in("investigator", stage.password)
        with pytest.raises(ApiRefused) as no:
            await api.post(f"/api/v1/cameras/{camera['camera_id']}/tickets", {})
        assert no.value.status == 403
        # when: the investigator registers a court's order by keyboard; an empty form is sent back first
        await investigator.evaluate("location.hash = '#/approvals/orders'")
        await investigator.wait_for_selector("text=등록된 명령이 없습니다")
        await investigator.keyboard.press("n")
        await investigator.keyboard.press("Control+Enter")
        await investigator.wait_for_selector("text=고칠 칸 5개")
        await investigator.fill("[name=number]", "2026영장3311")
        await investigator.fill("[name=statute]", "CRIM-PROC 215")
        await investigator.check("[name=opens][value=view_stream]")
        await investigator.fill("[name=resources]", camera["code"].lower())
        await investigator.wait_for_selector(f".offers b:text-is('{camera['code']}')")
        await shot(investigator, "order-camera")
        await investigator.press("[name=resources]", "Enter")
        await investigator.wait_for_selector(f".chips :text('{camera['code']}')")
        await investigator.fill("[name=reason]", "골목 강도 사건의 영장")
        await shot(investigator, "order")
        await investigator.keyboard.press("Control+Enter")
        # then: it waits for another pair of eyes, and opens nothing
        await investigator.wait_for_selector("tr[data-state=registered]")
        assert await investigator.locator("tr[data-state=registered] button:has-text('확인')").count() == 0
        with pytest.raises(ApiRefused):
            await api.post(f"/api/v1/cameras/{camera['camera_id']}/tickets", {})
        # when: the lead confirms it, then: the ground carries a look at that camera
        await lead.evaluate("location.hash = '#/approvals/orders'")
        await lead.locator("tr[data-state=registered] button:has-text('확인')").click()
        await lead.wait_for_selector("tr[data-state=in_force]")
        await shot(lead, "order-in-force")
        assert (await api.post(f"/api/v1/cameras/{camera['camera_id']}/tickets", {}))["ticket"]


async def _picture(page: Page, code: str) -> Any:
    """Wait for a decoded picture of a camera on a page, and return its pixels."""

    async def shown() -> list[Any]:
        return [f for f in await page.evaluate(FRAMES_OF_LIVE_VIDEOS) if f["camera"] == code]

    return _pixels((await until(f"{code} shows", shown))[0]["png"])


async def _glass(stage: Stage, operator: Page, officer: Page) -> None:
    # given: the privacy officer's page is open, and nothing is broken
    assert await officer.locator(".glass-row").count() == 0
    # when: the operator breaks the glass: a reason, and the button held for a second
    await operator.evaluate("location.hash = '#/break-glass'")
    await operator.wait_for_selector("button:has-text('긴급 열람 열기')")
    await operator.keyboard.press("b")
    await operator.fill("textarea[name=reason]", "골목에서 사람이 쓰러졌고 119 접수 전")
    camera = await a_camera(stage)
    await operator.fill("[name=camera]", camera["code"])
    await operator.wait_for_selector(f"[role=option]:has-text('{camera['code']}')")
    await operator.keyboard.press("Enter")
    await shot(operator, "break-glass")
    await operator.locator(".dialog .glass-open").hover()
    await operator.mouse.down()
    await operator.wait_for_selector(".glass-row[data-state=open]", timeout=20_000)
    await operator.mouse.up()
    # then: a tile of the camera named stands there, and the relay took its ticket: one view, masked, of that camera
    await operator.wait_for_selector(f".glass-picture video[data-camera='{camera['code']}']", state="attached")
    await operator.wait_for_selector(f".glass-picture :text('{camera['code']}')")
    views: list[Any] = []
    async with asyncio.timeout(30):
        while not views:
            views = [e["body"] for e in await of_kind(stage, "footage.view.opened.v1")]
    assert {(v["camera_id"], v["masking"]) for v in views} == {(camera["camera_id"], "masked")}
    first = await _picture(operator, camera["code"])
    assert first.std() > 5, "a picture, not one colour"

    async def moved() -> bool:
        return bool((first != await _picture(operator, camera["code"])).any())

    await until("the picture moves", moved)
    await shot(operator, "glass-open")
    # and: the officer's page shows the alarm by itself, and the ledger says within how many seconds it was handed over
    row = await officer.wait_for_selector(".glass-row", timeout=30_000)
    assert "operator" in await row.inner_text()
    assert "골목에서 사람이 쓰러졌고" in await row.inner_text()
    await shot(officer, "glass-officer")
    [told] = [e["body"] for e in await of_kind(stage, "policy.break-glass.told.v1")]
    assert told["after_s"] < 60
    # when: it is closed and justified, then: the officer accepts it and the band goes
    await operator.locator(".glass-row button:has-text('지금 닫기')").click()
    await operator.wait_for_selector(".glass-row[data-state=owed]")
    await operator.wait_for_selector(".glass-picture video[data-state=ended]", state="attached")
    await shot(operator, "glass-owed")
    await operator.keyboard.press("s")
    await operator.fill("textarea[name=words]", "신고자와 통화하며 한 대만 보았고, 119 도착 뒤 닫았다")
    await operator.keyboard.press("Control+Enter")
    await operator.wait_for_selector(".glass-row", state="detached")
    await officer.wait_for_selector(".glass-row[data-state=justified]", timeout=20_000)
    await officer.locator(".glass-row button:has-text('받아들임')").click()
    await officer.fill("textarea[name=words]", "사유가 분명함")
    await shot(officer, "glass-judge")
    await officer.keyboard.press("Control+Enter")
    await officer.wait_for_selector(".glass-row", state="detached")
