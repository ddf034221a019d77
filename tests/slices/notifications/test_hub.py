"""The city's centre as a hub: a district's alarm reaches 112 and 119 at their own addresses, once (DI-02)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from ansimnet.facts.policy import AgencyKind
from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import http as platform_http
from ansimnet.platform import jobs
from ansimnet.platform.db import Dbs
from ansimnet.platform.link import Link
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.parts import Context
from ansimnet.platform.settings import Settings
from ansimnet.slices.notifications import api
from ansimnet.slices.notifications import jobs as deliveries
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.queries import agencies
from ansimnet.slices.policy.rules.agencies import CHARTERS
from ansimnet.slices.policy.store import agencies as store
from ansimnet.slices.policy.store.agencies import Agency, Agreement
from ansimnet_sim.endpoints import Others

TEXT = "편의점 앞, 흉기를 든 남자"


class Hub:
    """The city's centre, 25 districts' worth of one, and the agencies it tells."""

    def __init__(self, dbs: Dbs, ctx: Context, others: Others, http: httpx.AsyncClient) -> None:
        self.dbs, self.ctx, self.others, self.http = dbs, ctx, others, http
        self.admin: Account | None = None
        self.signed_in: Account | None = None

    async def account(self, role: Role) -> Account:
        async with self.dbs.city.transaction() as tx:
            return await policy.create_account(
                tx, login=f"seat-{new_id().hex[-8:]}", role=role, display="자리", now=now()
            )

    async def agency(self, kind: AgencyKind, relay: str | None = None) -> Agency:
        charter = CHARTERS[kind]
        made = Agency(
            agency_id=new_id(), kind=kind, name=f"연계 {new_id().hex[-6:]}", name_en="linked",
            purposes=charter.purposes, grounds=charter.grounds,
            needs_agreement=charter.needs_agreement, relay_url=relay, registered_at=now(),
        )  # fmt: skip
        assert self.admin is not None
        async with self.dbs.city.transaction() as tx:
            await agencies.register_agency(tx, self.admin, made)
        return made

    async def district(self) -> UUID:
        """Register a district's centre with its agreement and sit down at its machine; return the agreement."""
        of, seat = await self.agency(AgencyKind.DISTRICT_CENTRE), await self.account(Role.DISASTER_ROOM)
        agreement = Agreement(
            agreement_id=new_id(), agency_id=of.agency_id, title="관제 연계 협약", parties=("서울특별시", "강남구"),
            signed_on=date(2026, 1, 2), purposes=(of.purposes[0],), acts=None, resources=None, districts=("강남구",),
            from_at=now() - timedelta(days=1), until_at=now() + timedelta(days=30),
        )  # fmt: skip
        assert self.admin is not None
        async with self.dbs.city.transaction() as tx:
            await store.join_agency(tx, seat.account_id, of.agency_id)
            await agencies.register_agreement(tx, self.admin, agreement, now())
        self.signed_in = seat
        return agreement.agreement_id

    async def report(self, alarm_id: UUID, *to: str) -> httpx.Response:
        form = {
            "alarm_id": str(alarm_id), "kind": "assault", "happened_at": now().isoformat(),
            "place": {"lat": 37.5, "lon": 127.05, "words": "역삼로"}, "text": TEXT, "to": list(to),
        }  # fmt: skip
        return await self.http.post("/api/v1/hub/alarms", json=form)


@pytest.fixture
async def hub(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Hub]:
    others = Others()
    await others.start(tmp_path / "others")
    settings = Settings(data_dir=tmp_path, police_112_url=None)
    link = Link.of(settings, dbs)
    ctx = Context(settings, dbs, SystemClock(), MapData(tmp_path / "map"), link)
    app = FastAPI()
    platform_http.install(app)
    app.include_router(api.routes(ctx))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700") as http:
        made = Hub(dbs, ctx, others, http)
        made.admin = await made.account(Role.ADMINISTRATOR)

        async def sign_in(_: Any) -> Account | None:
            return made.signed_in

        app.state.sign_in = sign_in
        yield made
    await others.stop()
    await link.close()


Reported = Callable[[], Awaitable[httpx.Response]]


@pytest.mark.requirement("DI-02", "DI-01")
async def test_a_districts_alarm_reaches_112_and_119_at_their_own_addresses(hub: Hub) -> None:
    await hub.district()
    for kind in (AgencyKind.POLICE_112, AgencyKind.FIRE_119):
        await hub.agency(kind, hub.others.police_url)
    alarm_id = new_id()
    answer = await hub.report(alarm_id, "police_112", "fire_119", "disaster_room")
    assert answer.status_code == 202, answer.text
    assert (len(answer.json()["told"]), answer.json()["unreached"]) == (2, ["disaster_room"])
    assert deliveries.READERS  # its job is registered by import, as the worker imports it
    await jobs.run_waiting(hub.dbs.city, hub.ctx)
    told = [json.loads(call.body) for call in hub.others.police]
    assert [(t["alarm_id"], t["text"]) for t in told] == [(str(alarm_id), TEXT)] * 2
    stands = (await hub.http.get(f"/api/v1/hub/alarms/{alarm_id}")).json()["deliveries"]
    assert [d["state"] for d in stands] == ["acknowledged"] * 2


@pytest.mark.requirement("DI-02")
async def test_an_alarm_reported_again_is_told_once_and_its_words_stand_nowhere(hub: Hub) -> None:
    await hub.district()
    await hub.agency(AgencyKind.POLICE_112, hub.others.police_url)
    alarm_id = new_id()
    first, second = await hub.report(alarm_id, "police_112"), await hub.report(alarm_id, "police_112")
    assert first.json() == second.json()
    async with hub.dbs.city.transaction() as tx:
        rows = await tx.all("select content_sealed from notifications_delivery")
        ledger = await tx.all("select body from ledger_entry")
    assert len(rows) == 1
    assert TEXT.encode() not in bytes(rows[0][0])
    assert not [r for r in ledger if TEXT.encode() in bytes(r[0])]
    await jobs.run_waiting(hub.dbs.city, hub.ctx)
    assert len(hub.others.police) == 1
    async with hub.dbs.city.transaction() as tx:
        assert await tx.all("select 1 from notifications_delivery where content_sealed is not null") == []


@pytest.mark.requirement("DI-02", "VP-12")
async def test_only_a_district_under_an_agreement_reports_and_reads_its_own_alone(hub: Hub) -> None:
    await hub.agency(AgencyKind.POLICE_112, hub.others.police_url)
    hub.signed_in = await hub.account(Role.CENTRE_OPERATOR)
    assert (await hub.report(new_id(), "police_112")).status_code == 403
    agreement_id = await hub.district()
    alarm_id = new_id()
    assert (await hub.report(alarm_id, "police_112")).status_code == 202
    first = hub.signed_in
    await hub.district()
    assert (await hub.http.get(f"/api/v1/hub/alarms/{alarm_id}")).status_code == 404
    hub.signed_in = first
    assert (await hub.http.get(f"/api/v1/hub/alarms/{alarm_id}")).status_code == 200
    assert hub.admin is not None
    async with hub.dbs.city.transaction() as tx:
        await agencies.terminate_agreement(tx, hub.admin, agreement_id, "해지", now())
    answer = await hub.report(new_id(), "police_112")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:ansimnet:problem:no-reporting-centre")
