"""Given two people at two desks, when one takes a step, then the other's screen shows it, and nobody reloads a page.

And the wearer's own phone: his zones and himself on a map, and of whom he must stay away from nothing at all.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, Route, expect
from tests.journeys.test_openness import PASSWORD, pytestmark, shot
from tests.journeys.test_procedure import TOLD_MS, Scene, found, scene

from ansimnet.kernel.geo import Plane, Point
from ansimnet.kernel.ids import new_id
from ansimnet.platform.db import Dbs
from ansimnet.platform.mapdata import MapData

__all__ = ["pytestmark"]


def once_loaded(page: Page) -> dict[str, int]:
    """Count how often a page is loaded from now on."""
    loads = {"n": 0}

    def count(_: Page) -> None:
        loads["n"] += 1

    page.on("load", count)
    return loads


async def listening(page: Page) -> set[str]:
    """Load a page once more with an ear at its socket; return the kinds of fact it hears, as they come."""
    heard: set[str] = set()

    def frame(said: str | bytes) -> None:
        kind = json.loads(said).get("kind")
        if kind is not None:
            heard.add(kind)

    page.on("websocket", lambda socket: socket.on("framereceived", frame))
    await page.reload()
    return heard


@pytest.mark.timeout(240)
@pytest.mark.requirement("EM-03", "EM-05", "EM-10", "EM-11")
async def test_each_sees_the_others_step_without_a_reload(dbs: Dbs, tmp_path: Path) -> None:
    async with scene(dbs, tmp_path) as s:
        director = await s.desk("director")
        await director.evaluate("location.hash = '#/wearers/petitions'")
        await expect(director.get_by_text("기다리는 보고가 없습니다")).to_be_visible()
        to_director = await listening(director)
        clerk = await s.desk("clerk")
        to_clerk = await listening(clerk)
        await expect(clerk.get_by_text("기다리는 신청이 없습니다")).to_be_visible()
        officer = await found(s)
        to_officer = await listening(officer)
        await expect(officer.locator("[data-step='2'][data-state=now]")).to_be_visible()
        loads = [once_loaded(page) for page in (director, clerk, officer)]
        # the officer reports: it comes to the director
        await officer.keyboard.press("p")
        await officer.fill("[name=note]", "학교 앞까지 들어감")
        await officer.keyboard.press("Control+Enter")
        await expect(director.locator("[data-paper=report]")).to_contain_text("W-1043", timeout=TOLD_MS)
        await shot(director, "live-report")
        # the director petitions: the officer's page goes a step on, and the court has it on its docket
        await director.keyboard.press("p")
        await director.fill("[name=months]", "1")
        await director.fill("[name=risk_why]", "같은 장소를 되풀이해 찾음")
        await director.fill("[name=reason]", "기간 연장이 필요함")
        await director.keyboard.press("Control+Enter")
        await expect(officer.locator("[data-step='4'][data-state=now]")).to_be_visible(timeout=TOLD_MS)
        await expect(clerk.locator("[data-petition]")).to_contain_text("W-1043", timeout=TOLD_MS)
        await shot(clerk, "live-docket")
        # the director gives the wearer to the officer, and sees how much he bears
        await director.evaluate("location.hash = '#/wearers/caseload'")
        await expect(director.locator("[data-free], [data-officer]").first).to_be_visible()
        before = await director.locator(".main").inner_text()
        officer_id = await _account(s, "officer")
        async with httpx.AsyncClient(base_url=s.base) as chief:
            opened = await chief.post("/api/v1/session", json={"login": "director", "password": PASSWORD})
            chief.headers["x-csrf-token"] = opened.json()["csrf"]
            given = await chief.put(f"/api/v1/wearers/{s.wearer_id}/officer", json={"officer": officer_id})
            assert given.status_code == 200, given.text
        for _ in range(TOLD_MS // 250):
            if await director.locator(".main").inner_text() != before:
                break
            await asyncio.sleep(0.25)
        assert await director.locator(".main").inner_text() != before
        assert [n["n"] for n in loads] == [0, 0, 0]
        # screens ask again by themselves now and then: it was the socket that told them
        assert {"supervision.violation.reported.v1", "supervision.officer.assigned.v1"} <= to_director
        assert "supervision.petition.filed.v1" in to_officer
        assert to_clerk == {"supervision.petition.filed.v1"}


async def _account(s: Scene, login: str) -> str:
    async with httpx.AsyncClient(base_url=s.base) as client:
        opened = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        return str(opened.json()["account"]["account_id"])


def streets(folder: Path) -> None:
    """Import a grid of streets every 150 m around the school."""
    plane, n = Plane(Point(37.5, 127.03)), 14
    nodes, edges = folder / "nodes.csv", folder / "edges.csv"
    spots = {(i, j): plane.to_point(150 * (i - n / 2), 150 * (j - n / 2)) for i in range(n) for j in range(n)}
    nodes.write_text("id,lat,lon\n" + "".join(f"{i}-{j},{p.lat},{p.lon}\n" for (i, j), p in spots.items()))
    lines = [
        f"{i}-{j},{i + a}-{j + b},150,,6\n" for i, j in spots for a, b in ((1, 0), (0, 1)) if (i + a, j + b) in spots
    ]
    edges.write_text("u,v,length_m,road_name,width_m\n" + "".join(lines))
    MapData(folder / "map").import_streets(nodes, edges)


async def conditions(s: Scene) -> None:
    """Set a curfew at home, a zone that guards somebody and the order to stay away from her."""
    her = str(new_id())
    async with httpx.AsyncClient(base_url=s.base) as officer:
        opened = await officer.post("/api/v1/session", json={"login": "officer", "password": PASSWORD})
        officer.headers["x-csrf-token"] = opened.json()["csrf"]
        for form in (
            {"trigger": "curfew", "label": "주거지", "home": [37.4965, 127.0345], "radius_m": 80},
            {"trigger": "exclusion_zone", "label": "보호구역 (가나다라마바사아자차카)", "centre": [37.5093, 127.0402],
             "radius_m": 200, "protected_person_id": her},
            {"trigger": "approach", "label": "", "warn_m": 300, "alarm_m": 100, "protected_person_id": her},
        ):  # fmt: skip
            made = await officer.post(f"/api/v1/wearers/{s.wearer_id}/conditions", json=form)
            assert made.status_code == 201, made.text


@pytest.mark.timeout(240)
@pytest.mark.requirement("EM-05", "EM-18", "EM-19")
async def test_a_wearer_sees_his_zones_and_himself_on_his_own_map(dbs: Dbs, tmp_path: Path) -> None:
    streets(tmp_path)
    async with scene(dbs, tmp_path) as s:
        await conditions(s)
        own = await s.page(390, 844)
        asked: list[str] = []
        own.on("request", lambda request: asked.append(request.url))
        gate = asyncio.Event()

        async def slow(route: Route) -> None:
            await gate.wait()
            await route.continue_()

        await own.route("**/api/v1/me/supervision/map", slow)
        await own.goto(f"{s.base}/me#code={s.own_code}")
        await own.get_by_role("button", name="열기").click()
        await expect(own.get_by_text("길을 불러와요")).to_be_visible()  # the zones are there before the streets
        await expect(own.locator("circle[data-zone=exclusion_zone]")).to_have_count(2)
        await shot(own, "me-map-asking")
        gate.set()
        await expect(own.locator("[data-map=ready]")).to_be_visible()
        await expect(own.locator("[data-me]")).to_be_visible()
        await expect(own.locator("circle[data-zone=curfew]")).to_be_visible()
        await expect(own.locator(".own-map")).to_contain_text("넓게 그렸어요")
        await expect(own.locator(".own-map")).to_contain_text("위치는 지도에 그리지 않아요")
        await shot(own, "me-map")
        # by keys: each zone in turn
        await own.get_by_role("button", name="주거지").focus()
        await own.keyboard.press("Enter")
        await expect(own.get_by_role("button", name="주거지")).to_have_attribute("aria-pressed", "true")
        await own.get_by_role("button", name="전체").click()
        await shot(own, "me-map-all")
        # what an alarm was about
        await own.get_by_role("button", name="지도에서 보기").click()
        await expect(own.locator("[data-alarm-place]")).to_be_visible()
        await expect(own.locator("svg text", has_text="은솔초등학교")).to_be_in_viewport()
        await shot(own, "me-map-alarm")
        assert all(url.startswith((s.base, "data:", "blob:")) for url in asked), asked  # no other server knows
        text = await own.content()
        assert "127.0402" not in text
        assert "37.5093" not in text
        # the link is gone: what was received stays, and says of when it is
        await own.context.set_offline(True)
        await own.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await expect(own.get_by_role("alert")).to_contain_text("연결이 끊겼어요")
        await expect(own.locator("[data-me]")).to_be_visible()
        await shot(own, "me-map-lost")
        await own.context.set_offline(False)
        await expect(own.get_by_role("alert")).to_have_count(0, timeout=30_000)
        # streets that do not come: the zones are drawn without them, and one may ask again
        await own.unroute("**/api/v1/me/supervision/map")
        await own.route("**/api/v1/me/supervision/map", lambda route: route.abort())
        await own.reload()
        await expect(own.get_by_text("길을 불러오지 못해 구역만 그렸어요")).to_be_visible()
        await shot(own, "me-map-failed")
        await own.unroute("**/api/v1/me/supervision/map")
        await own.get_by_role("button", name="다시 불러오기").click()
        await expect(own.get_by_text("길을 불러오지 못해 구역만 그렸어요")).to_have_count(0)
        await own.get_by_role("button", name="English").click()
        await shot(own, "me-map-en")
