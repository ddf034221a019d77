"""Given a controller with a password, when she adds a passkey, then it alone lets her in, and she ends what she left.

A real Chromium with an authenticator of its own (CDP) speaks to the real server: neither knows the other.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from ansimnet.app.demo.stage import free_port
from ansimnet.app.supervise import system
from ansimnet.app.users import add_to
from ansimnet.platform.database import Database
from ansimnet.platform.settings import Settings
from ansimnet_sim.clients.api import Api

CHROMIUM = os.environ.get("ANSIMNET_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PAGES = Path(os.environ.get("ANSIMNET_WEB_DIST") or Path(__file__).parents[2] / "web" / "dist")
PASSWORD = "a-long-enough-password"
SWITCHES = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-gpu",
]  # fmt: skip
PATIENCE_MS = 30_000
"""How long a page may take on a machine that does other things too."""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "console.html").exists(), reason="the pages are not built: run `make setup`"),
]


@dataclass(slots=True)
class Room:
    """A running system and a browser."""

    base: str
    chromium: Browser


@asynccontextmanager
async def room(place: Path) -> AsyncIterator[Room]:
    """Serve an empty centre with one controller, and open a browser."""
    settings = Settings(data_dir=place / "data", http_port=free_port(), relay_port=free_port(), web_dist=PAGES)

    async def fill(db: Database) -> None:
        async with db.dbs(settings, app="test") as dbs:
            await add_to(
                dbs.tracking, login="controller", role="tracking_controller", display="관제07", password=PASSWORD
            )

    async with system(settings, say=lambda _: None, prepare=fill, parts=("seal", "api")) as running:
        await running.ready()
        async with async_playwright() as playwright:
            launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES, headless=True)
            try:
                # an authenticator's keys belong to a name: the same server, called by it
                yield Room(settings.public_url.replace("127.0.0.1", "localhost"), launched)
            finally:
                await launched.close()


async def desk_of(chromium: Browser, base: str) -> Page:
    """Open a page with a device that knows its user by finger, face or PIN."""
    context = await chromium.new_context(viewport={"width": 1600, "height": 900}, locale="ko-KR")
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    device = await context.new_cdp_session(page)
    await device.send("WebAuthn.enable")
    await device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
            }
        },
    )
    await page.goto(base)
    return page


async def sign_in_by_password(page: Page) -> None:
    """Type login and password."""
    await page.fill("input[name=login]", "controller")
    await page.fill("input[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("input[name=password]", state="detached")


@pytest.mark.timeout(240)
@pytest.mark.requirement("EM-16", "CC-03")
async def test_a_passkey_made_in_a_browser_signs_in_there_and_ends_a_session(place: Path, tmp_path: Path) -> None:
    async with room(place) as here, Api(here.base) as elsewhere:
        page = await desk_of(here.chromium, here.base)
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        try:
            # given: she signed in by password, here and at another desk that she left
            await elsewhere.sign_in("controller", PASSWORD)
            await sign_in_by_password(page)

            # when: she adds a passkey on the page about her security
            await page.evaluate("location.hash = '#/security'")
            await page.get_by_role("button", name="패스키 더하기").click()
            await page.fill("input[name=passkey-name]", "관제석 07")
            await page.keyboard.press("Enter")
            await expect(page.locator(".proof-row", has_text="관제석 07")).to_be_visible(timeout=PATIENCE_MS)

            # and signs out, then: the passkey alone lets her in
            await page.get_by_role("button", name="나가기").click()
            await page.get_by_role("button", name="패스키로 로그인").click()
            await page.wait_for_selector("input[name=password]", state="detached")
            await page.evaluate("location.hash = '#/security'")
            sessions = page.locator("table tbody tr")
            await expect(sessions).to_have_count(2, timeout=PATIENCE_MS)
            await expect(sessions.filter(has_text="이 화면")).to_contain_text("패스키")

            # and: ending the desk she left shuts it, hers goes on
            await sessions.filter(has_not_text="이 화면").get_by_role("button", name="끝내기").click()
            await expect(sessions).to_have_count(1, timeout=PATIENCE_MS)
            assert (await elsewhere.client.get("/api/v1/session")).status_code == 401
            assert await page.evaluate("fetch('/api/v1/session').then((a) => a.status)") == 200
            assert not broken, "no page threw an error"
        except BaseException:
            await page.screenshot(path=tmp_path / "page.png")
            print(f"screenshot in {tmp_path}; errors {broken}")
            raise
