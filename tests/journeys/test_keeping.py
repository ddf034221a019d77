"""Given two people who keep data, when one asks to lift a hold, then it stands until the other confirms.

And what nobody shall see of a camera's picture is drawn by key and by hand: whoever looks at it hides more, never less.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Page, expect
from tests.journeys.seats import PASSWORD, at_the_desk, seated
from tests.journeys.test_browser import CHROMIUM, PAGES, browser
from tests.slices.footage.centres import camera_rows

from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.platform.db import Db
from ansimnet.slices.cameras import store as camera_store
from ansimnet.slices.footage.store import zones
from ansimnet.slices.policy import queries as policy

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "console.html").exists(), reason="the pages are not built: run `make setup`"),
]
SHOTS = os.environ.get("ANSIMNET_SHOTS")
PERSON_MS = 30_000
CODE = "HD-0005"


async def _register(city: Db) -> CameraId:
    """Put twenty cameras on file and return the one that the story is about."""
    async with city.transaction() as tx:
        await camera_store.begin_import(tx, new_id(), "test.csv", b"", "utf-8", 20, 0, now())
        row = await tx.one("select import_id from camera_import")
        assert row is not None
        rows = camera_rows("rtsp://127.0.0.1/none")
        ids = [camera_store.camera_id_of(tx.centre_id, r, 0) for r in rows]
        await camera_store.save_cameras(tx, row[0], list(zip(ids, rows, strict=True)))
    return ids[[r.code for r in rows].index(CODE)]


@asynccontextmanager
async def _shown(page: Page, name: str) -> AsyncIterator[Page]:
    """Keep a picture of a page where somebody wants to look, also where the story broke."""
    try:
        yield page
    finally:
        if SHOTS:
            await page.screenshot(path=Path(SHOTS) / f"{name}.png")


async def _zones(city: Db, camera_id: UUID) -> int:
    async with city.transaction() as tx:
        return len(await zones.of_camera(tx, CameraId(camera_id)))


@pytest.mark.timeout(240)
@pytest.mark.requirement("CC-04")
async def test_a_hold_is_placed_by_one_and_lifted_by_two(place: Path) -> None:
    broken: list[str] = []
    async with seated(place) as (settings, dbs), browser() as chromium:
        camera_id = await _register(dbs.city)
        officer = await at_the_desk(chromium, settings.public_url, "city-privacy", PASSWORD, broken)
        other = await at_the_desk(chromium, settings.public_url, "investigator", PASSWORD, broken)
        async with _shown(officer, "hold-officer"), _shown(other, "hold-other"):
            await officer.evaluate("location.hash = '#/footage/kept'")
            await officer.wait_for_selector(".kept-grid", timeout=PERSON_MS)
            await officer.keyboard.press("KeyB")
            await officer.fill("[name=case_no]", "2026고합77")
            await officer.fill("[name=resources]", CODE)
            await officer.wait_for_selector(".offers li button")
            await officer.press("[name=resources]", "Enter")
            await officer.fill("[name=reason]", "증거 보전")
            await officer.keyboard.press("Control+Enter")
            card = officer.locator(".hold-card")
            await expect(card).to_contain_text("2026고합77", timeout=PERSON_MS)

            # when: the other asks to lift it, then it stands, and he cannot confirm what he asked
            await other.evaluate("location.hash = '#/footage/kept'")
            theirs = other.locator(".hold-card")
            await expect(theirs).to_contain_text("2026고합77", timeout=PERSON_MS)
            await other.keyboard.press("KeyX")
            await other.fill("[role=dialog] textarea", "판결이 확정됨")
            await other.keyboard.press("Control+Enter")
            await expect(theirs).to_contain_text("다른 사람이 확인합니다", timeout=PERSON_MS)
            await expect(theirs.get_by_text("해제 확인")).to_have_count(0)
            async with dbs.city.transaction() as tx:
                assert await policy.held(tx, camera_id)

            # then: it ends when the first one confirms
            await expect(card).to_contain_text("판결이 확정됨", timeout=PERSON_MS)
            await officer.keyboard.press("KeyY")
            await expect(card).to_have_count(0, timeout=PERSON_MS)
            async with dbs.city.transaction() as tx:
                assert not await policy.held(tx, camera_id)
        assert not broken


@pytest.mark.timeout(240)
@pytest.mark.requirement("CC-03")
async def test_a_privacy_zone_is_drawn_by_key_and_more_is_hidden_by_hand(place: Path) -> None:
    broken: list[str] = []
    async with seated(place) as (settings, dbs), browser() as chromium:
        camera_id = await _register(dbs.city)
        keeper = await at_the_desk(chromium, settings.public_url, "city-admin", PASSWORD, broken)
        lead = await at_the_desk(chromium, settings.public_url, "city-lead", PASSWORD, broken)
        async with _shown(keeper, "zones-keeper"), _shown(lead, "zones-lead"):
            # when: who keeps the camera draws a box by the keys alone
            await keeper.evaluate("location.hash = '#/footage/hidden'")
            await keeper.fill("#hidden-find", CODE)
            await keeper.locator(".hidden-row", has_text=CODE).click()
            await keeper.wait_for_selector(".pic", timeout=PERSON_MS)
            await keeper.keyboard.press("KeyZ")
            for key in ("Enter", *["Shift+ArrowRight"] * 4, *["Shift+ArrowDown"] * 4, "Enter", "Escape"):
                await keeper.keyboard.press(key)
            await expect(keeper.locator(".hidden-zone")).to_have_count(1)
            await keeper.keyboard.press("Control+Enter")
            await expect(keeper.locator(".toasts")).to_contain_text(CODE, timeout=PERSON_MS)
            assert await _zones(dbs.city, camera_id) == 1

            # then: who looks at it hides more, by hand, and removes nothing
            await lead.evaluate("location.hash = '#/footage/hidden'")
            await lead.wait_for_selector(".pic", timeout=PERSON_MS)
            await expect(lead.locator(".hidden-zone")).to_contain_text("전부터 가린 곳")
            await lead.keyboard.press("KeyZ")
            box = await lead.locator(".pic").bounding_box()
            assert box is not None
            await lead.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.5)
            await lead.mouse.down()
            await lead.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.8, steps=4)
            await lead.mouse.up()
            await expect(lead.locator(".hidden-zone")).to_have_count(2)
            await expect(lead.get_by_role("button", name="구역 1 지우기")).to_have_count(0)
            await lead.keyboard.press("Control+Enter")
            await expect(lead.locator(".hidden-zone").nth(1)).to_contain_text("전부터 가린 곳", timeout=PERSON_MS)
            assert await _zones(dbs.city, camera_id) == 2
        assert not broken
