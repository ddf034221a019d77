"""Given somebody who writes and does not commit, when a wearer enters his zone, then the alert reaches her phone.

(`ansimnet eval held_transaction` holds for 60 s and measures; here the hold ends when the alert has come.)"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.journeys.seats import PASSWORD, seated

from ansimnet.facts.policy import SignedIn
from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import FactId, new_id
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import append
from ansimnet_sim.clients.api import Api

HOME = (36.5, 127.9)
AWAY_M = (600, 450, 300, 100, 20, 0, 0)


async def _hold(dbs: Dbs, held: asyncio.Event, free: asyncio.Event) -> None:
    async with dbs.tracking.transaction() as tx:
        fact = SignedIn(fact_id=FactId(new_id()), happened_at=now(), account_id=None, succeeded=False)
        await append(tx, fact, actor="system:policy")
        held.set()
        await free.wait()


async def _register(officer: Api) -> tuple[str, str]:
    """Return the phone's code and the device's key."""
    person = await officer.post("/api/v1/protected-persons", {"code": "P-1", "grade": "very_high", "home": list(HOME)})
    order = {
        "number": "order 1",
        "from_at": (now() - timedelta(days=1)).isoformat(),
        "until_at": (now() + timedelta(days=1)).isoformat(),
    }
    wearer = await officer.post(
        "/api/v1/wearers", {"code": "W-1", "offence": "sexual_violence", "office": "여기", "order": order}
    )
    path = f"/api/v1/wearers/{wearer['wearer_id']}"
    device = await officer.post(f"{path}/devices", {"name": "ankle"})
    zone = {"trigger": "exclusion_zone", "label": "Z", "centre": list(HOME), "radius_m": 150}
    await officer.post(f"{path}/conditions", zone | {"protected_person_id": person["protected_person_id"]})
    return str(person["phone_code"]), str(device["device_key"])


async def _walk_in(base: str, key: str) -> None:
    began = now() - timedelta(seconds=10 * len(AWAY_M))
    positions = [
        {
            "device_id": "ankle",
            "seen_at": (began + timedelta(seconds=10 * k)).isoformat(),
            "lat": HOME[0] + away / 111_195.0,
            "lon": HOME[1],
            "accuracy": 8,
        }
        for k, away in enumerate(AWAY_M)
    ]
    async with httpx.AsyncClient(base_url=base, timeout=20) as device:
        answer = await device.post(
            "/ingest/positions", json={"positions": positions}, headers={"Authorization": f"Bearer {key}"}
        )
    assert answer.json()["accepted"] == len(AWAY_M)


async def _alert(phone: Api) -> dict[str, Any]:
    while True:
        alert: dict[str, Any] | None = (await phone.get("/api/v1/me"))["alert"]
        if alert is not None and alert["level"] == "certain":
            return alert
        await asyncio.sleep(0.1)


@pytest.mark.requirement("EM-06")
async def test_a_transaction_held_open_delays_no_alert(place: Path) -> None:
    async with seated(place) as (settings, dbs):
        base = settings.public_url
        async with Api(base) as officer, Api(base) as phone, Api(base) as auditor:
            await officer.sign_in("officer", PASSWORD)
            await auditor.sign_in("auditor", PASSWORD)
            code, key = await _register(officer)
            await phone.enrol("phone", code)
            held, free = asyncio.Event(), asyncio.Event()
            holder = asyncio.create_task(_hold(dbs, held, free))
            try:
                await held.wait()
                await _walk_in(base, key)
                alert = await asyncio.wait_for(_alert(phone), 40)
                assert not holder.done(), "the stranger still holds his transaction open"
                before = (await auditor.get("/api/v1/ledger"))["head"]["seq"]
            finally:
                free.set()
                await holder
            assert alert["way_out"] is not None
            own = await _sealed_after(auditor, before)
            assert own, "what was held open is sealed behind everything that did not wait for it"


async def _sealed_after(auditor: Api, seq: int) -> bool:
    """Wait until the stranger's fact is sealed; return whether it stands behind `seq`."""
    for _ in range(100):
        page = await auditor.get("/api/v1/ledger", after_seq=seq, limit=500, kind="policy.account.signed-in.v1")
        if any(e["actor"] == "system:policy" and not e["body"]["succeeded"] for e in page["entries"]):
            return True
        await asyncio.sleep(0.1)
    return False
