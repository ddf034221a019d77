"""Given recorded pictures, when one asks, another reviews and a stranger checks, then a changed byte is named.

The whole application on a real database, a real browser that decodes the film itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from evaluation._evidence_studio import tool
from playwright.async_api import Page, expect
from tests.journeys.test_openness import CHROMIUM, PAGES, PASSWORD, browser, served, shot
from tests.slices.footage.exporting import WORDS, House, recorded_city

from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger.canonical import instant

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "verify.html").exists(), reason="the pages are not built: `make setup`"),
]


@asynccontextmanager
async def signed_in(base: str, login: str) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client that has just proved who it is."""
    async with httpx.AsyncClient(base_url=f"{base}/api/v1", timeout=30) as desk:
        opened = await desk.post("/session", json={"login": login, "password": PASSWORD})
        assert opened.status_code == 200, opened.text
        desk.headers["x-csrf-token"] = opened.json()["csrf"]
        yield desk


async def exported(house: House, base: str) -> bytes:
    """Ask, review and take an export over HTTP, each by whose work it is."""
    wanted = house.wanted()
    span = house.span(0.0)
    form = {
        "spans": [
            {"camera_id": str(span.camera_id), "from_at": instant(span.from_at), "until_at": instant(span.until_at)}
        ],
        "download_until": instant(wanted.download_until),
        "reason": WORDS.reason,
        "case_no": WORDS.case_no,
        "recipient": WORDS.recipient,
    }
    async with signed_in(base, "investigator") as desk, signed_in(base, "lead") as lead:
        asked = await desk.post("/exports", json=form)
        assert asked.status_code == 201, asked.text
        export_id = UUID(asked.json()["export_id"])
        assert (await desk.get(f"/exports/{export_id}/file")).status_code == 409
        await house.exports.work()
        [waiting] = (await lead.get("/exports/reviews")).json()["exports"]
        assert waiting["recipient"] == WORDS.recipient
        assert (await desk.post(f"/exports/{export_id}/review", json={})).status_code == 403
        await house.decided(export_id)
        reviewed = await lead.post(f"/exports/{export_id}/review", json={"patches": []})
        assert reviewed.status_code == 200, reviewed.text
        await house.exports.work()
        taken = await desk.get(f"/exports/{export_id}/file")
        assert taken.headers["content-type"] == "application/zip", taken.text
        assert (await desk.get(f"/exports/{export_id}/file")).status_code == 409
        return taken.content


async def dropped(page: Page, name: str, data: bytes) -> None:
    """Give the page a file."""
    await page.set_input_files("input[type=file]", {"name": name, "mimeType": "application/zip", "buffer": data})


@pytest.mark.timeout(240)
@pytest.mark.requirement("EM-16", "CC-03", "CC-04")
async def test_an_export_is_checked_in_the_browser(dbs: Dbs, tmp_path: Path) -> None:
    broken: list[str] = []
    sent: list[str] = []
    async with recorded_city(dbs, tmp_path, PASSWORD) as house, served(dbs, tmp_path) as base:
        data = await exported(house, base)
        async with browser() as chromium:
            context = await chromium.new_context(viewport={"width": 1280, "height": 1000}, locale="ko-KR")
            page = await context.new_page()
            page.on("pageerror", lambda error: broken.append(str(error)))
            await page.goto(f"{base}/verify")
            page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))

            await dropped(page, "export.zip", data)
            await expect(page.locator(".verdict.right")).to_contain_text("확인됨", timeout=60_000)
            await expect(page.get_by_text("장면 4개를 풀어")).to_be_visible()
            await expect(page.get_by_text("이 센터가 지금 공개하는 키와 같습니다.")).to_be_visible()
            await expect(page.get_by_text(WORDS.recipient)).to_be_visible()
            await shot(page, "evidence-verified")

            films = tool().unpack(data)[0]
            spoilt = bytearray(data)
            film = films["cameras/01-01-masked.mp4"]
            spoilt[data.index(film) + len(film) - 20] ^= 1
            await dropped(page, "spoilt.zip", bytes(spoilt))
            await expect(page.locator(".verdict.wrong")).to_contain_text("확인되지 않음", timeout=60_000)
            found = page.locator(".findings li").first
            await expect(found).to_contain_text("영상의 내용이 바뀌었습니다")
            await expect(found).to_contain_text("카메라 HD-0000 · 4번째 묶음")
            await shot(page, "evidence-spoilt")

            await page.get_by_role("button", name="English").click()
            await expect(page.locator(".verdict.wrong")).to_contain_text("Not verified")
            await context.close()
    assert not broken
    assert {line.split()[0] for line in sent} == {"GET"}, sent
    assert {line.split("/api/")[1] for line in sent if "/api/" in line} == {"v1/ledger/heads?centre=city&limit=20"}
