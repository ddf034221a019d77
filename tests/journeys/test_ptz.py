"""Given a camera that turns, when one operator takes its joystick, then the other sees who holds it and gets it handed.

Real processes, a device that answers SOAP, two browsers. Nothing is read from the page that the device did not do.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Error as PageError
from playwright.async_api import Locator, Page, expect
from tests.journeys.conftest import small_world, whole_system
from tests.journeys.seats import at_the_desk
from tests.journeys.test_browser import CHROMIUM, PAGES, browser, until

from ansimnet.app.demo import stage as demo
from ansimnet_sim.clients.api import Api
from ansimnet_sim.onvif_device import OnvifDevice, Profile
from ansimnet_sim.onvif_head import Head

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "console.html").exists(), reason="the pages are not built: run `make setup`"),
]
SHOTS = os.environ.get("ANSIMNET_SHOTS")
SECOND = ("city", "operator-2", "centre_operator", "관제04")
TURNING = {
    "optics": {"north_deg": 0, "tilt_from_deg": -90, "tilt_until_deg": 30, "fov_wide_deg": 60, "fov_tele_deg": 6},
    "sector": {"from_deg": 270, "until_deg": 120, "low_deg": -80, "high_deg": 25, "zoom_most": 0.8},
    "zones": [[[20, 5], [40, 5], [40, -15], [20, -15]]],
}
PERSON_S = 20_000
"""What a page may take on two cores that draw, relay, mask and show at once."""


async def _at_both(pages: list[Page], codes: list[str]) -> str | None:
    """Enlarge a camera that every desk shows now; None where the ranking took it from one of them meanwhile."""
    shown = [
        await p.locator("section.slot").evaluate_all("all => all.map(each => each.getAttribute('aria-label') ?? '')")
        for p in pages
    ]
    for code in codes:
        everywhere = all(any(code in label for label in labels) for labels in shown)
        if everywhere and [await _enlarged(p, [code]) for p in pages] == [code] * len(pages):
            return code
    return None


async def _enlarged(page: Page, codes: list[str]) -> str | None:
    """Enlarge a tile as a hand does, and return its camera; None where the ranking took it away meanwhile."""
    tiles = page.locator(", ".join(f"section.slot[aria-label*='{code}']" for code in codes))
    try:
        await tiles.first.hover(force=True, timeout=PERSON_S / 4)  # under a pointer no tile changes its place
        code = (await tiles.first.get_attribute("aria-label") or "").split()[-1]
        tile = page.locator(f"section.slot[aria-label*='{code}']")
        await tile.locator(".slot-pick").press("Enter", timeout=PERSON_S / 4)
        await tile.hover(force=True, timeout=PERSON_S / 4)
    except PageError:
        return None
    return code


async def _given(api: Api) -> dict[str, Any] | None:
    found = (await api.get("/api/v1/provisions", state="open"))["provisions"]
    return next((p for p in found if p["state"] == "given" and p["cameras"]), None)


async def _set_up(admin: Api, path: str, device: OnvifDevice) -> None:
    """Register how a camera is asked and what it may be turned to, and wait until its device answers."""
    form = {"port": device.port, "user": device.user, "password": device.password, "turning": TURNING}
    done = await admin.client.put(f"{path}/onvif", json=form, headers={"x-csrf-token": admin.csrf})
    assert done.status_code == 200, done.text
    await until("the device answers", lambda: _answers(admin, path), within_s=60)


async def _answers(api: Api, path: str) -> bool:
    """Ask the device; on a busy machine it may take longer than a person waits."""
    return bool((await api.post(f"{path}/onvif/check"))["state"] == "ok")


def _holder(page: Page) -> Locator:
    """Return the words about who holds the camera."""
    return page.locator(".ptz-who").first


async def _shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


@pytest.mark.timeout(420)
@pytest.mark.requirement("VA-02", "CC-03")
async def test_two_operators_see_who_turns_a_camera_and_hand_it_over(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = small_world()
    world.streamed = 6
    monkeypatch.setattr(demo, "SEATS", (*demo.SEATS, SECOND))
    broken: list[str] = []
    pages: list[Page] = []
    async with whole_system(place, world) as (stage, _), browser() as chromium:
        base, night = stage.settings.public_url, stage.night
        apis = {login: Api(base) for login in ("officer", "admin", "operator", "city-admin")}
        for login, api in apis.items():
            await api.sign_in(login, stage.password)
        await night.register(apis["officer"], apis["admin"])
        over = asyncio.Event()
        story = asyncio.create_task(night.play(base, stop=over))
        head = Head()
        device = OnvifDevice([Profile("main", "rtsp://127.0.0.1/main")], head=head)
        try:
            # given: the city gives footage, and one of its cameras turns within a registered sector
            provision = await until("footage is given", lambda: _given(apis["operator"]), within_s=120)
            await device.start()
            seen = {c["code"]: c["camera_id"] for c in provision["cameras"] if c["code"] in night.cameras.mounts}
            for camera_id in seen.values():
                await _set_up(apis["city-admin"], f"/api/v1/cameras/{camera_id}", device)
            for login in ("operator", "operator-2"):
                pages.append(await at_the_desk(chromium, base, login, stage.password, broken))
            first, second = pages
            code = await until("both desks show such a camera", lambda: _at_both(pages, list(seen)))
            for page in pages:
                await page.evaluate("document.activeElement.blur()")
                await expect(page.locator(".ptz h2")).to_have_text(f"PTZ {code}", timeout=PERSON_S)
            path = f"/api/v1/cameras/{seen[code]}"

            # when: the one takes it
            await first.keyboard.press("KeyP")
            # then: both read who holds it
            await expect(_holder(first)).to_contain_text("내가 조종 중", timeout=PERSON_S)
            await expect(_holder(second)).to_contain_text("다른 사람이 조종 중", timeout=PERSON_S)
            await expect(_holder(second)).to_contain_text("operator")
            await expect(second.locator(".ptz-bd")).to_contain_text("operator")
            await _shot(first, "ptz-mine")
            await _shot(second, "ptz-theirs")

            # when: a key is held; then the device turns as long, and stands when it is let go
            before = head.position()
            await first.keyboard.down("ArrowRight")
            await until("the device turns to the right", lambda: _moved(head, before[0]))
            await first.keyboard.up("ArrowRight")
            await until("it stands", lambda: _stands(head))
            shown = first.locator(".ptz-numbers dd").nth(1)
            azimuth = head.position()[0] * 180 % 360
            await expect(shown).to_have_text(f"{round(azimuth)}°", timeout=PERSON_S)

            # when: he points at a place without a mouse, then it is looked at, or he reads where it lies
            asked = device.asked.count("AbsoluteMove")
            await first.keyboard.press("KeyX")
            await expect(first.locator(".aim")).to_be_visible(timeout=PERSON_S)
            await _shot(first, "ptz-aim")
            for key in ("ArrowUp", "Shift+ArrowRight", "Enter"):
                await first.keyboard.press(key)
            await until("the camera is turned there, or its sector is named", lambda: _answered(device, asked, first))
            await first.keyboard.press("Escape")
            await expect(first.locator(".aim")).to_have_count(0)
            await until("it stands again", lambda: _stands(head), within_s=20)

            # when: the other asks for it, and the one hands it over
            await second.keyboard.press("KeyP")
            await expect(first.locator(".ptz-asked")).to_contain_text("operator-2", timeout=PERSON_S)
            await _shot(first, "ptz-asked")
            await first.keyboard.press("KeyY")
            await expect(_holder(first)).not_to_contain_text("내가", timeout=PERSON_S)
            await expect(_holder(second)).to_contain_text("돌릴 수 있는 카메라", timeout=PERSON_S)
            await second.keyboard.press("KeyP")
            await expect(_holder(second)).to_contain_text("내가 조종 중", timeout=PERSON_S)
            # then: the first one's keys turn nothing any more
            hold = (await apis["operator"].get(f"{path}/ptz"))["hold"]
            assert (hold["holder"], hold["mine"]) == ("operator-2", False)
            await until("it stands at home or where it was left", lambda: _stands(head), within_s=20)
            before = head.position()
            await first.keyboard.press("ArrowLeft")
            await asyncio.sleep(1)
            assert head.position() == before
            assert not broken
            over.set()
            await story
        except BaseException:
            for i, page in enumerate(pages):
                with suppress(Exception):
                    await page.screenshot(path=tmp_path / f"ptz-{i}.png")
            print(f"screenshots in {tmp_path}; errors {broken}; asked {device.asked[-20:]}")
            raise
        finally:
            over.set()
            await device.stop()
            for api in apis.values():
                await api.client.aclose()


async def _answered(device: OnvifDevice, asked: int, page: Page) -> bool:
    """Return whether the device was turned, or the page says that the place lies outside of its sector."""
    refused = page.locator(".ptz .st-c", has_text="outside-sector")
    return device.asked.count("AbsoluteMove") > asked or await refused.count() > 0


async def _moved(head: Head, before: float) -> bool:
    return head.position()[0] > before + 0.02


async def _stands(head: Head) -> bool:
    return not head.moving()
