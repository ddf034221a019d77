"""Given people were looked at, when they, the officer and everybody open their pages, then each reads what is theirs.

The whole application on a real database, real browsers; months are lived through policy's own decisions.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright, expect

from ansimnet.app.host import Host, assemble
from ansimnet.app.serve import build
from ansimnet.facts.footage import ProvisionGiven, ProvisionRefused, ProvisionRequested
from ansimnet.kernel.clock import KST, SystemClock, now
from ansimnet.kernel.errors import Forbidden
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, AlarmId, FactId, ProvisionId, SubjectId, new_id
from ansimnet.kernel.permits import Act, Purpose, Role
from ansimnet.platform import ledger
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import Sealer
from ansimnet.platform.link import Link
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.parts import Context
from ansimnet.platform.settings import Settings
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.queries import review
from ansimnet.slices.policy.queries.folding import month_before, month_of

CHROMIUM = os.environ.get("ANSIMNET_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PAGES = Path(os.environ.get("ANSIMNET_PAGES") or Path(__file__).parents[2] / "web" / "dist")
SHOTS = os.environ.get("ANSIMNET_SHOTS")
PASSWORD = "정말-긴-비밀번호-07"
SWITCHES = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "transparency.html").exists(), reason="the pages are not built: `make setup`"),
]


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES, headless=True)
        try:
            yield launched
        finally:
            await launched.close()


@asynccontextmanager
async def served(dbs: Dbs, folder: Path) -> AsyncIterator[str]:
    """Serve the whole application on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    settings = Settings.model_construct(
        **{name: field.get_default(call_default_factory=True) for name, field in Settings.model_fields.items()}
        | {"data_dir": folder, "web_dist": PAGES, "public_url": base}
    )
    context = Context(settings, dbs, SystemClock(), MapData(folder / "map"), Link.of(settings, dbs))
    config = uvicorn.Config(build(Host(context, assemble(context))), host="127.0.0.1", port=port, log_config=None)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.05)
        yield base
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await task


async def seat(dbs: Dbs, login: str, role: Role) -> queries.Account:
    db = dbs.tracking
    async with db.transaction() as tx:
        return await queries.create_account(tx, login=login, role=role, display=login, now=now(), password=PASSWORD)


async def phone_of(dbs: Dbs, role: Role) -> tuple[UUID, str]:
    person = new_id()
    async with dbs.tracking.transaction() as tx:
        _, code = await queries.new_phone(tx, role=role, display="본인", subject_id=person, now=now())
    return person, code


async def registered(dbs: Dbs, base: str) -> tuple[UUID, str]:
    """Register a protected person as a probation officer does, and return her id and her phone's code."""
    officer = await seat(dbs, "officer-01", Role.PROBATION_OFFICER)
    async with httpx.AsyncClient(base_url=base) as desk:
        opened = await desk.post("/api/v1/session", json={"login": officer.login, "password": PASSWORD})
        desk.headers["x-csrf-token"] = opened.json()["csrf"]
        form = {"code": "P-207", "grade": "high", "home": [37.55, 127.0]}
        answer = await desk.post("/api/v1/protected-persons", json=form)
        assert answer.status_code == 201, answer.text
    return UUID(answer.json()["protected_person_id"]), str(answer.json()["phone_code"])


async def live(dbs: Dbs, folder: Path, victim: UUID, wearer: UUID) -> None:
    """Live a month and some days: duties, refusals, a day that stands out, provisions; sealed and drafted."""
    chance = random.Random(7)
    last = month_before(month_of(now()))
    start = datetime(last.year, last.month, 1, 1, tzinfo=KST)
    director = await seat(dbs, "director-1", Role.OFFICE_DIRECTOR)
    control = await seat(dbs, "control-05", Role.TRACKING_CONTROLLER)
    police = await seat(dbs, "police-02", Role.POLICE_112)
    people = [wearer, *(new_id() for _ in range(7))]
    for day in range(24):
        for k, person in enumerate(chance.sample(people, 3)):
            at = start + timedelta(days=day, hours=9 + k)
            await _look(dbs, director, Act.READ_WEARER, person, Purpose.SUPERVISE, at)
            await _look(dbs, control, Act.READ_WEARER, person, Purpose.RESPOND, at + timedelta(hours=6))
    for k in range(14):
        await _look(dbs, control, Act.READ_TRACK, wearer, Purpose.SUPERVISE, start + timedelta(days=k, hours=2))
    for hours in (3, 30, 50):
        await _look(dbs, police, Act.READ_PROTECTED, victim, Purpose.PROTECT, now() - timedelta(hours=hours))
    for minutes in (1, 3, 5):
        at = now() - timedelta(hours=5, minutes=minutes)
        await _look(dbs, control, Act.READ_PROTECTED, victim, Purpose.RESPOND, at)
    await _provisions(dbs, start + timedelta(days=3))
    keys = {db.centre_id: db.keys for db in (dbs.tracking, dbs.city) if db.keys is not None}
    await Sealer(dbs.sealer, keys, folder / "ledger").once(checkpoint=True)
    for db in (dbs.tracking, dbs.city):
        async with db.transaction() as tx:
            await review.draft_due(tx, now())
    await Sealer(dbs.sealer, keys, folder / "ledger").once(checkpoint=True)


async def _look(dbs: Dbs, account: queries.Account, act: Act, person: UUID, purpose: Purpose, at: datetime) -> None:
    with suppress(Forbidden):
        await queries.permit(
            dbs.tracking, account, act, resource=person, purpose=purpose, screen=f"{at:%m%d%H%M}", now=at
        )


async def _provisions(dbs: Dbs, at: datetime) -> None:
    async with dbs.city.transaction() as tx:
        for k in range(37):
            ids = {"provision_id": ProvisionId(new_id()), "from_centre": TRACKING_CENTRE, "to_centre": CITY_CENTRE}
            asked = ProvisionRequested(
                fact_id=FactId(new_id()), happened_at=at, alarm_id=AlarmId(new_id()), subject_id=SubjectId(new_id()),
                trigger="tamper", statute="PIPA 18(2)7", lat=37.5, lon=127.0, error_m=9.0, speed_mps=None,
                course_deg=None, seen_at=at, **ids,
            )  # fmt: skip
            await ledger.append(tx, asked, actor="system:footage")
            if k < 29:
                given = ProvisionGiven(
                    fact_id=FactId(new_id()), happened_at=at, cameras=(), not_after=at + timedelta(hours=1), **ids
                )
                await ledger.append(tx, given, actor="system:footage")
            else:
                refused = ProvisionRefused(fact_id=FactId(new_id()), happened_at=at, reason="no-citation", **ids)
                await ledger.append(tx, refused, actor="system:footage")


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.wait_for_timeout(600)
        await page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


async def sign_in(page: Page, base: str, login: str) -> None:
    await page.goto(base)
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("input[name=password]", state="detached")


@pytest.mark.timeout(240)
@pytest.mark.requirement("EM-16", "DI-04", "ST-04", "CC-03")
async def test_each_reads_what_is_theirs(dbs: Dbs, tmp_path: Path) -> None:
    privacy = await seat(dbs, "privacy", Role.PRIVACY_OFFICER)
    wearer, his_code = await phone_of(dbs, Role.WEARER)
    broken: list[str] = []
    async with served(dbs, tmp_path) as base, browser() as chromium:
        victim, her_code = await registered(dbs, base)
        await live(dbs, tmp_path, victim, wearer)

        async def page(width: int, height: int) -> Page:
            context = await chromium.new_context(viewport={"width": width, "height": height}, locale="ko-KR")
            opened = await context.new_page()
            opened.on("pageerror", lambda error: broken.append(str(error)))
            return opened

        # she reads who looked and who was refused, and asks about one
        phone = await page(390, 844)
        await phone.goto(f"{base}/phone#code={her_code}")
        await phone.get_by_text("내 정보를 본 사람").first.click(timeout=20_000)
        await expect(phone.locator(".tl li")).to_have_count(6)
        await expect(phone.locator(".tl .badge.bad")).to_have_count(3)
        await expect(phone.get_by_text("112 상황실 · 112 담당").first).to_be_visible()
        await shot(phone, "phone-looks")
        await phone.get_by_role("button", name="이상해요, 물어보기").click()
        await phone.locator(".tl .pick").first.click()
        await phone.fill("#ask-words", "왜 제 정보를 보려 하셨나요?")
        await shot(phone, "phone-ask")
        await phone.get_by_role("button", name="보내기").click()
        await expect(phone.get_by_text("답을 기다리고 있어요")).to_be_visible()

        # he reads the days that are over
        own = await page(390, 844)
        await own.goto(f"{base}/me#code={his_code}")
        await own.get_by_role("button", name="열기").click()
        await expect(own.get_by_text("어제까지의 열람")).to_be_visible()
        assert await own.locator(".tl li").count() >= 14
        await shot(own, "me")

        # everybody reads the month, and checks it in the browser
        public = await page(1280, 900)
        await public.goto(f"{base}/transparency")
        await expect(public.get_by_role("heading", level=1)).to_contain_text("모두에게")
        await expect(public.locator("section.centre")).to_have_count(2)
        await public.get_by_role("button", name="이 브라우저에서 확인").first.click()
        await expect(public.locator(".check-now .right").first).to_be_visible()
        whole = await public.content()
        assert str(victim) not in whole
        assert "control-05" not in whole
        await shot(public, "transparency")
        assert not broken
        await officer(await page(1920, 1080), base, privacy.login)
        assert not broken, broken


async def officer(page: Page, base: str, login: str) -> None:
    """Read the board, the looks and last month's review."""
    await sign_in(page, base, login)
    await page.evaluate("location.hash = '#/board'")
    await expect(page.get_by_text("왜 제 정보를 보려 하셨나요?")).to_be_visible(timeout=15_000)
    await shot(page, "board")
    await page.evaluate("location.hash = '#/ledger'")
    await expect(page.locator("table.looks tbody tr").first).to_be_visible(timeout=15_000)
    await page.locator("table.looks tbody tr").filter(has_text="police-02").first.click()  # sealed and signed
    await page.keyboard.press("KeyV")
    await expect(page.locator("[data-chain=whole]")).to_be_visible(timeout=30_000)
    await expect(page.locator("[data-proof=right]")).to_be_visible(timeout=15_000)
    await shot(page, "ledger")
    month = month_before(month_of(now()))
    await page.evaluate(f"location.hash = '#/review/{month:%Y-%m}'")
    await expect(page.get_by_text("사건이 없는데 사건 대응으로").first).to_be_visible(timeout=15_000)
    await shot(page, "review")
