"""Given a violation, when each role takes its own step on its own page, then the conditions change, and not before.

The whole application on a real database and real browsers: officer, director, court clerk and the wearer; by keyboard.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from tests.journeys.test_openness import PASSWORD, browser, pytestmark, served, shot, sign_in

from ansimnet.facts.policy import NoticeGiven
from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, FactId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import Sealer
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.queries.notices import hear_given
from ansimnet.slices.policy.queries.relations import switch_notices

__all__ = ["pytestmark"]
OFFICE = "해담보호관찰소"
TOLD_MS = 60_000
"""A step is told to other screens as it is sealed; a busy machine takes its time."""
SEATS = {
    "officer": Role.PROBATION_OFFICER,
    "director": Role.OFFICE_DIRECTOR,
    "clerk": Role.COURT_CLERK,
    "controller": Role.TRACKING_CONTROLLER,
}


@dataclass
class Scene:
    """A wearer who walked into a zone, and a page for everybody."""

    chromium: Browser
    base: str
    wearer_id: str
    own_code: str
    broken: list[str]

    async def page(self, width: int = 1600, height: int = 900) -> Page:
        context = await self.chromium.new_context(viewport={"width": width, "height": height}, locale="ko-KR")
        page = await context.new_page()
        page.on("pageerror", lambda error: self.broken.append(str(error)))
        return page

    async def desk(self, login: str) -> Page:
        page = await self.page()
        await sign_in(page, self.base, login)
        return page


@asynccontextmanager
async def sealing(dbs: Dbs, folder: Path) -> AsyncIterator[None]:
    """Seal what happens: screens hear of nothing before it is."""
    keys = {TRACKING_CENTRE: dbs.tracking.keys, CITY_CENTRE: dbs.city.keys}
    sealer = asyncio.create_task(Sealer(dbs.sealer, keys, folder / "ledger").run())
    try:
        yield
    finally:
        sealer.cancel()
        await asyncio.gather(sealer, return_exceptions=True)


@asynccontextmanager
async def scene(dbs: Dbs, folder: Path) -> AsyncIterator[Scene]:
    """Seat everybody, register a wearer with a zone, and let him walk 400 m into it."""
    async with dbs.tracking.transaction() as tx:
        for login, role in SEATS.items():
            made = await queries.create_account(tx, login=login, role=role, display=login, now=now(), password=PASSWORD)
            if role in (Role.PROBATION_OFFICER, Role.OFFICE_DIRECTOR):
                await tx.execute(
                    "update policy_account set office = %s where account_id = %s", [OFFICE, made.account_id]
                )
    async with served(dbs, folder) as base, browser() as chromium, sealing(dbs, folder):
        wearer_id = await _walked(base)
        async with dbs.tracking.transaction() as tx:
            _, code = await queries.new_phone(
                tx, role=Role.WEARER, display="본인", subject_id=UUID(wearer_id), now=now()
            )
        shown = Scene(chromium, base, wearer_id, code, [])
        yield shown
        assert not shown.broken, shown.broken


async def _walked(base: str) -> str:
    async with httpx.AsyncClient(base_url=base) as officer:
        opened = await officer.post("/api/v1/session", json={"login": "officer", "password": PASSWORD})
        officer.headers["x-csrf-token"] = opened.json()["csrf"]
        order = {"number": "2026전고1", "from_at": "2026-01-01T00:00:00Z", "until_at": "2028-01-01T00:00:00Z"}
        form = {"code": "W-1043", "offence": "sexual_violence", "office": OFFICE, "order": order}
        made = await officer.post("/api/v1/wearers", json=form)
        assert made.status_code == 201, made.text
        wearer_id = str(made.json()["wearer_id"])
        device = (await officer.post(f"/api/v1/wearers/{wearer_id}/devices", json={"name": "anklet-1"})).json()
        zone = {"trigger": "exclusion_zone", "label": "은솔초등학교", "centre": [37.5, 127.03], "radius_m": 300}
        assert (await officer.post(f"/api/v1/wearers/{wearer_id}/conditions", json=zone)).status_code == 201
    begun = now() - timedelta(minutes=6)
    positions = [
        {"name": "anklet-1", "seen_at": (begun + timedelta(seconds=5 * i)).isoformat(), "lat": 37.5,
         "lon": 127.03 + (700 - 8 * i) / 88_200, "error_m": 12, "battery": 80}
        for i in range(70)
    ]  # fmt: skip
    async with httpx.AsyncClient(base_url=base) as sender:
        sender.headers["authorization"] = f"Bearer {device['device_key']}"
        taken = await sender.post("/ingest/positions", json={"positions": positions})
        assert taken.json()["accepted"] == len(positions), taken.text
    return wearer_id


async def found(s: Scene) -> Page:
    """Let the officer find the violation: from the day to the wearer's page, by keys."""
    officer = await s.desk("officer")
    await officer.evaluate("location.hash = '#/wearers'")
    await expect(officer.locator("[data-todo=judge]")).to_have_count(1)
    await shot(officer, "day")
    await officer.keyboard.press("1")
    await expect(officer.locator("[data-step='1'][data-state=now]")).to_be_visible()
    await officer.keyboard.press("x")
    await officer.keyboard.press("Control+Enter")
    await expect(officer.locator("[data-step='2'][data-state=now]")).to_be_visible()
    return officer


@pytest.mark.timeout(400)
@pytest.mark.requirement("EM-02", "EM-03", "EM-04", "EM-05")
async def test_from_a_violation_to_a_changed_condition_each_by_its_own_role(dbs: Dbs, tmp_path: Path) -> None:
    async with scene(dbs, tmp_path) as s:
        officer = await found(s)
        # the officer reports at once
        await officer.keyboard.press("p")
        await officer.fill("[name=note]", "학교 앞까지 들어가 7분 머무름")
        await officer.keyboard.press("Control+Enter")
        await expect(officer.locator("[data-step='3'][data-state=now]")).to_be_visible()
        await expect(officer.get_by_role("button", name="신청")).to_have_count(0)
        await shot(officer, "wearer-reported")
        # the director petitions, with a number that nobody typed
        director = await s.desk("director")
        await director.evaluate("location.hash = '#/wearers/petitions'")
        await expect(director.locator("[data-paper=report]")).to_contain_text("W-1043")
        await expect(director.locator(".tally[data-number='1']")).to_be_visible()
        await shot(director, "petitions")
        await director.keyboard.press("p")
        await director.fill("[name=months]", "9")
        await director.keyboard.press("Control+Enter")
        await expect(director.locator("#months-says")).to_be_visible()  # more than the violations bear
        await director.fill("[name=months]", "1")
        await director.check("[name=conditions][value=night]")
        await director.fill("[name=risk_why]", "같은 장소를 되풀이해 찾음")
        await director.fill("[name=reason]", "야간 제한이 필요함")
        await shot(director, "petition")
        await director.keyboard.press("Control+Enter")
        await expect(director.locator("[data-paper=petition]")).to_be_visible()
        await _decided(s, director)
        # nothing has changed before the officer carries it out
        await officer.evaluate("location.hash = '#/wearers'")
        await expect(officer.locator("[data-todo=carry]")).to_be_visible(timeout=TOLD_MS)
        await officer.keyboard.press("1")
        await expect(officer.locator("[data-step='5'][data-state=now]")).to_be_visible()
        await expect(officer.locator(".wearer-l")).not_to_contain_text("23:00")
        await officer.keyboard.press("c")
        await officer.fill("[name=night]", "23시부터 6시까지 주거지")
        await officer.fill("[name=from]", "23:00")
        await officer.fill("[name=home]", "37.51, 127.04")
        await shot(officer, "carry")
        await officer.keyboard.press("Control+Enter")
        await expect(officer.locator("[data-step='5'][data-state=done]")).to_be_visible()
        await expect(officer.locator(".wearer-l")).to_contain_text("23:00")
        await shot(officer, "wearer-done")


async def _decided(s: Scene, director: Page) -> None:
    clerk = await s.desk("clerk")
    await expect(clerk.locator("[data-petition]")).to_contain_text("W-1043")
    await expect(clerk.get_by_text("야간 제한이 필요함")).to_have_count(0)  # closed until an order is confirmed
    await clerk.keyboard.press("n")
    await clerk.fill("[name=number]", "2026전고118")
    await clerk.fill("[name=reason]", "부착기간 연장 신청 사건")
    await shot(clerk, "order")
    await clerk.keyboard.press("Control+Enter")
    await expect(clerk.locator("[data-petition][data-order=registered]")).to_be_visible()
    await director.evaluate("location.hash = '#/approvals/orders'")
    await director.locator("tr[data-state=registered] button:has-text('확인')").click()
    await expect(director.locator("tr[data-state=in_force]")).to_be_visible()
    await expect(clerk.get_by_text("야간 제한이 필요함")).to_be_visible(timeout=TOLD_MS)
    await shot(clerk, "decisions")
    await clerk.keyboard.press("d")
    await clerk.select_option("[name=outcome]", "partly")
    await clerk.fill("[name=months]", "0")
    await clerk.check("[name=conditions][value=night]")
    await clerk.fill("[name=words]", "야간 제한만 받아들인다")
    await shot(clerk, "decision")
    await clerk.keyboard.press("Control+Enter")
    await expect(clerk.get_by_text("기다리는 신청이 없습니다")).to_be_visible()


@pytest.mark.timeout(180)
@pytest.mark.requirement("EM-19", "EM-20")
async def test_an_alarm_is_played_again_on_the_map_by_a_slider(dbs: Dbs, tmp_path: Path) -> None:
    async with scene(dbs, tmp_path) as s:
        controller = await s.desk("controller")
        await controller.wait_for_selector(".verdicts-of[data-verdict=none]")
        await shot(controller, "queue")
        await controller.keyboard.press("y")  # the room holds it for real; no violation follows from that
        await expect(controller.locator(".verdicts-of[data-verdict=true]")).to_be_visible()
        officer = await found(s)
        await officer.keyboard.press("r")
        slider = officer.get_by_role("slider")
        await expect(officer.locator("[data-proof=same]")).to_be_visible()
        await expect(officer.locator(".believed[data-state=certain]")).to_be_visible()
        await slider.focus()
        await officer.keyboard.press("Home")
        await expect(officer.locator(".believed[data-state=clear]")).to_be_visible()
        await shot(officer, "replay-begin")
        await officer.keyboard.press("End")
        await expect(officer.locator(".believed[data-state=certain]")).to_be_visible()
        await officer.locator("[data-told=raised]").click()
        await expect(officer.locator(".believed[data-state=probable], .believed[data-state=certain]")).to_be_visible()
        await shot(officer, "replay")
        # what the room said and what the officer found are measured, as counts alone
        await controller.evaluate("location.hash = '#/wearers/load'")
        await expect(controller.get_by_text("1 / 1", exact=True)).to_be_visible()
        await expect(controller.locator(".main")).not_to_contain_text("W-1043")
        await shot(controller, "load")


@pytest.mark.timeout(180)
@pytest.mark.requirement("EM-05")
async def test_a_wearer_contests_and_it_counts_no_more(dbs: Dbs, tmp_path: Path) -> None:
    async with scene(dbs, tmp_path) as s:
        officer = await found(s)
        await expect(officer.locator(".tally[data-number='1']")).to_be_visible()
        own = await s.page(390, 844)
        await own.goto(f"{s.base}/me#code={s.own_code}")
        await own.get_by_role("button", name="열기").click()
        await expect(own.locator("[data-condition=exclusion_zone]")).to_contain_text("은솔초등학교")
        await own.get_by_role("button", name="아니에요, 이의를 낼게요").click()
        await own.locator("textarea").fill("버스가 그 길로 돌아갔습니다. 내리지 않았습니다.")
        await shot(own, "me-contest")
        await own.get_by_role("button", name="이의 내기").click()
        await expect(own.locator("[data-standing=contested]")).to_be_visible()
        await shot(own, "me")
        await expect(officer.locator(".tally[data-number='0']")).to_be_visible(timeout=TOLD_MS)  # told live
        # it counts no more, and the director sees whose word it is
        director = await s.desk("director")
        await director.evaluate("location.hash = '#/wearers/petitions'")
        await expect(director.locator("[data-paper=contest]")).to_be_visible()
        await expect(director.locator(".tally[data-number='0']")).to_be_visible()
        await shot(director, "contest")
        await director.keyboard.press("u")
        await director.fill("[name=why]", "운행 기록으로 확인됨")
        await director.keyboard.press("Control+Enter")
        await expect(director.locator("[data-paper=contest]")).to_have_count(0)
        await expect(own.locator("[data-standing=upheld]")).to_contain_text("운행 기록으로 확인됨", timeout=TOLD_MS)


@pytest.mark.timeout(180)
@pytest.mark.requirement("EM-12")
async def test_a_neighbour_reads_what_a_court_lets_be_told_and_no_more(dbs: Dbs, tmp_path: Path) -> None:
    begins = now()
    told = NoticeGiven(
        fact_id=FactId(new_id()), happened_at=begins, notice_id=new_id(), statute="CHILD-SEX-ACT 50",
        from_at=begins, until_at=begins + timedelta(days=2), ends_at=begins + timedelta(days=7), lat=37.4975,
        lon=127.0291, radius_m=800, text="법원의 명령에 따라 알립니다", author=OFFICE,
    )  # fmt: skip
    async with dbs.city.transaction() as tx:
        _, code = await queries.new_phone(tx, role=Role.NEIGHBOUR, display="이웃", subject_id=new_id(), now=begins)
    broken: list[str] = []
    async with served(dbs, tmp_path) as base, browser() as chromium:
        page = await (await chromium.new_context(viewport={"width": 390, "height": 844}, locale="ko-KR")).new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        await page.goto(f"{base}/me#code={code}")
        await page.get_by_role("button", name="열기").click()
        await expect(page.get_by_text("이 지역은 주민 고지를 하지 않아요")).to_be_visible()  # off by default
        switch_notices(True)
        try:
            async with dbs.city.transaction() as tx:
                await hear_given(tx, told, TRACKING_CENTRE)
            await page.reload()
            notice = page.locator("[data-notice]")
            await expect(notice).to_contain_text("법원의 명령에 따라 알립니다")
            await expect(notice).to_contain_text("반경 800 m")
            await expect(notice).to_contain_text(OFFICE)
            await shot(page, "me-notice")
        finally:
            switch_notices(False)
    assert not broken, broken
