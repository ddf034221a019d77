"""Given an alarm and a phone with a camera, when she presses, then the desk's wall shows what her camera sees.

Her end takes the tile away. No city camera takes part: a phone needs none.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.journeys.phones import ENCODES, HEARD_S, desk_and_phone, greenness
from tests.journeys.test_browser import CHROMIUM, PAGES, until

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "console.html").exists(), reason="the pages are not built: run `make setup`"),
]


@pytest.mark.timeout(400)
@pytest.mark.requirement("AN-06", "VP-06")
async def test_what_her_camera_sees_is_on_the_desks_wall_until_she_ends_it(place: Path, tmp_path: Path) -> None:
    async with desk_and_phone(place, tmp_path) as scene:
        phone = scene.phone
        await phone.goto(f"{scene.base}/phone#code={scene.code}")
        if not await phone.evaluate(ENCODES):
            pytest.skip("this Chromium makes no H.264: her page says so, and there is nothing to see")
        await phone.wait_for_selector("text=/안전|보호|확인/")
        await scene.alarm()

        # when: she has seen the alarm, and shows what she sees
        await phone.wait_for_selector("button.go")
        await phone.locator("button.go").first.click()
        await phone.locator("button:has-text('현장 보여 주기')").first.click()
        await phone.wait_for_selector("text=보내는 중")

        # then: the desk's wall shows it, and it moves
        shown: list[NDArray[np.int64]] = []

        async def moving() -> bool:
            shown.extend(await scene.shots())
            return any(a.shape == b.shape and float(np.abs(a - b).mean()) > 0.05 for a, b in itertools.pairwise(shown))

        await until("her picture moves on the wall", moving, within_s=HEARD_S)
        assert greenness(shown[-1]) > 20, "the fake camera is green"
        await scene.console.wait_for_selector("text=휴대전화")
        await phone.wait_for_selector("text=1명이 봄")
        await scene.keep("shown")

        # when: she ends it, then: no tile shows her picture
        await phone.locator("button:has-text('그만')").click()
        await scene.gone()
