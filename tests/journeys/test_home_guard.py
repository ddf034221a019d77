"""Given a camera at her door with everything on file, when it decides, then her phone's page shows it with its film.

The police install it over the API; what the door's process would say is said by the test, with a film of its making:
recognising faces needs weights, and is measured by `ansimnet eval homeguard`.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from playwright.async_api import async_playwright
from tests.journeys.phones import HEARD_S
from tests.journeys.seats import PASSWORD, seated
from tests.journeys.test_browser import CHROMIUM, PAGES, SWITCHES, until

from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import GroundKind, Purpose, Role
from ansimnet.platform.db import Db
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import Asking
from ansimnet.slices.policy.rules.second import RequestKind
from ansimnet.slices.protection import jobs as timers
from ansimnet.slices.protection.service import homes as service
from ansimnet.slices.protection.service.homes import Made
from ansimnet.slices.protection.store import homes as store
from ansimnet_sim.clients.api import Api
from ansimnet_sim.clients.watch import Watch
from ansimnet_vision.faces.clip import Clip, Shot

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set ANSIMNET_CHROMIUM"),
    pytest.mark.skipif(not (PAGES / "console.html").exists(), reason="the pages are not built: run `make setup`"),
]

HIM = new_id()
assert timers.escalate is not None, "a warning starts a timer that this process must know"
PERSON = {"code": "P-771", "grade": "very_high", "home": [36.9012, 127.9034]}
SETUP = {
    "guard": [[[0.2, 0.5], [0.9, 0.5], [0.9, 1.0]]],
    "household": [[[0.0, 0.0], [0.1, 0.0], [0.1, 1.0]]],
    "no_neighbour": True,
}


async def ordered(db: Db) -> tuple[Any, UUID, UUID]:
    """Return an investigator, an order in force that names him, and a request that a second person approved."""
    at = now()
    async with db.transaction() as tx:
        made = {
            role: await policy.create_account(
                tx, login=f"j-{role.value}".replace("_", "-"), role=role, display="역", now=at
            )
            for role in (Role.INVESTIGATOR, Role.COURT_CLERK, Role.PRIVACY_OFFICER)
        }
        asker = made[Role.INVESTIGATOR]
        order = await policy.register_order(
            tx, asker, issuer="court", number="2026-7", statute="CRIM-PROC 215", opens=["watch_list"],
            resources=[HIM], from_at=at, until_at=at + timedelta(days=30), reason="접근금지", now=at,
        )  # fmt: skip
        await policy.confirm_order(tx, made[Role.COURT_CLERK], order.order_id, at)
    async with db.transaction() as tx:
        asking = Asking(
            kind=RequestKind.WATCH_LIST, resources=frozenset({HIM}), purpose=Purpose.INVESTIGATE,
            ground_kind=GroundKind.ORDER, statute="CRIM-PROC 215", reason="집 앞 카메라", order_id=order.order_id,
            until_at=at + timedelta(days=20), case_no="2026-7",
        )  # fmt: skip
        request = await policy.request_approval(tx, asker, asking, now())
        await policy.approve_request(tx, made[Role.PRIVACY_OFFICER], request.request_id, "확인", now())
    return asker, order.order_id, request.request_id


def film(alert_id: str, seconds: float, clip: Clip, begun: float) -> bytes:
    """Return what a film of somebody in front of a door has grown by."""
    rng = np.random.default_rng(7)
    for k in range(round(begun * 12), round(seconds * 12)):
        picture = np.full((180, 320, 3), 90, np.uint8)
        picture[40:170, 60 + k % 100 : 110 + k % 100] = rng.integers(0, 255, (130, 50, 3), np.uint8)
        clip.add(Shot(k / 12, picture, ((2, (0.7, 0.2, 0.9, 0.95)),)), ())
    return clip.grown(whole=seconds >= 20)


@pytest.mark.timeout(400)
@pytest.mark.requirement("VP-06", "VP-07", "VA-04")
async def test_her_phone_shows_who_may_be_at_her_door_with_the_film(place: Path, tmp_path: Path) -> None:
    async with (
        seated(place) as (settings, dbs),
        async_playwright() as playwright,
        Api(settings.public_url) as police,
    ):
        db = dbs.tracking
        await police.sign_in("police", PASSWORD)
        her = await police.post("/api/v1/protected-persons", PERSON)
        watch_key = (
            await police.post(f"/api/v1/protected-persons/{her['protected_person_id']}/devices", {"name": "w"})
        )["device_key"]

        # given: the police install the camera; it is off, and says what it lacks
        home = await police.post(
            "/api/v1/home-guards",
            {"protected_person_id": her["protected_person_id"], "name": "현관 카메라", "source": "rtsp://127.0.0.1:9/x",
             "setup": SETUP},
        )  # fmt: skip
        assert [lack["name"] for lack in home["lacks"]] == ["order", "statute", "assessment"]
        asker, order_id, request_id = await ordered(db)
        at = now()
        await police.put(
            f"/api/v1/home-guards/{home['home_id']}/grounds",
            {"order_id": str(order_id), "statute": "PIPA 23", "assessment_no": "PIA-7",
             "assessed_on": (at.date() - timedelta(days=3)).isoformat()},
        )  # fmt: skip
        assert (await police.post(f"/api/v1/home-guards/{home['home_id']}/on"))["on"] is True
        async with db.transaction() as tx:
            face = await service.may_enrol(tx, UUID(home["home_id"]), request_id, asker, now())
            await service.enrol(tx, face, Made(bytes(512), 5, "dlib-face"), now())

        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*SWITCHES], headless=True)
        theirs = await chromium.new_context(viewport={"width": 390, "height": 844}, locale="ko-KR", has_touch=True)
        phone = await theirs.new_page()
        phone.set_default_timeout(HEARD_S * 1000)
        await phone.goto(f"{settings.public_url}/phone#code={her['phone_code']}")
        await phone.wait_for_selector("text=현관 카메라")
        await phone.screenshot(path=tmp_path / "05.png", full_page=True)

        # when: the camera decides
        alert_id, clip = str(uuid4()), Clip("a", 1, 10.0)
        decided = now().timestamp()
        said = {
            "alert_id": alert_id, "kind": "match", "template_id": str(face.template_id), "at": decided,
            "since": decided - 3, "decided_at": decided, "ratio": 14.0, "faces": 5, "unable": None,
        }  # fmt: skip
        async with db.transaction() as tx:
            camera = await store.load_home(tx, UUID(home["home_id"]))
            assert camera is not None
            assert await service.take_alert(tx, camera, said, now()) is not None
        begun = 0.0
        for part, seconds in enumerate((10.0, 20.0)):
            data = film(alert_id, seconds, clip, begun)
            begun = seconds
            head = {"alert_id": alert_id, "seconds": seconds, "complete": seconds >= 20}
            async with db.transaction() as tx:
                await service.take_part(tx, head, part, data, now())
            # then: her page says "may be", and its film is there and has grown
            await phone.wait_for_selector(f"video[data-seconds='{seconds:.0f}']")
        await phone.wait_for_selector("text=있는 것 같습니다")
        await phone.wait_for_selector("text=틀릴 수 있어요")
        playable = await phone.evaluate(
            """() => document.createElement('video').canPlayType('video/mp4;codecs=avc1.42E01E')"""
        )
        if playable:
            await phone.wait_for_function("() => document.querySelector('video').readyState >= 2")
        await phone.screenshot(path=tmp_path / "04.png", full_page=True)

        # when: she presses her watch, then: 112 has it with the film, and her page says so
        await Watch(settings.public_url, watch_key).press()

        async def asked() -> Any:
            return list((await police.get("/api/v1/incidents", state="open"))["incidents"])

        await until("an incident is open", asked, within_s=HEARD_S)

        async def seen() -> Any:
            answer = await police.client.get(f"/api/v1/home-alerts/{alert_id}/clip")
            return answer.status_code == 200 and answer.content[4:8] == b"ftyp"

        await until("112 sees the film", seen, within_s=HEARD_S)
        await phone.wait_for_selector("text=112에 영상과 위치를 보냈습니다")
        await chromium.close()
