"""A system of real processes with somebody in every seat: what journeys without a simulated city begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page
from tests.journeys.test_browser import PAGES

from ansimnet.app.demo.stage import SEATS, free_port
from ansimnet.app.supervise import system
from ansimnet.app.users import add_to
from ansimnet.platform.database import Database
from ansimnet.platform.db import Dbs
from ansimnet.platform.settings import Settings

PASSWORD = "correct horse battery staple"
PARTS = ("seal", "api", "work", "uplink")


@asynccontextmanager
async def seated(place: Path, parts: tuple[str, ...] = PARTS, **more: Any) -> AsyncIterator[tuple[Settings, Dbs]]:
    """Start a system and wait until it answers; everybody's password is `PASSWORD`."""
    relay = free_port()
    settings = Settings(
        data_dir=place / "data", http_port=free_port(), relay_port=relay, relay_public_url=f"ws://127.0.0.1:{relay}",
        uplink_port=free_port(), web_dist=PAGES, **more,
    )  # fmt: skip

    async def fill(database: Database) -> None:
        async with database.dbs(settings, app="test") as dbs:
            for centre, login, role, display in SEATS:
                here = dbs.tracking if centre == "tracking" else dbs.city
                await add_to(here, login=login, role=role, display=display, password=PASSWORD)

    async with (
        system(settings, say=lambda _: None, prepare=fill, parts=parts) as running,
        running.database.dbs(settings, app="test") as dbs,
    ):
        await running.ready()
        yield settings, dbs


async def at_the_desk(chromium: Browser, base: str, login: str, password: str, broken: list[str]) -> Page:
    """Sign in at a desk of its own and return its page; errors of the page are added to `broken`."""
    page = await (await chromium.new_context(viewport={"width": 1600, "height": 900}, locale="ko-KR")).new_page()
    page.on("pageerror", lambda error: broken.append(f"{login}: {error}"))
    await page.goto(base)
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", password)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("input[name=password]", state="detached")
    return page
