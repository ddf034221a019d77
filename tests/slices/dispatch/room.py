"""The room on a fresh database: real policy, notifications, supervision and dispatch, driven by real fixes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
from fastapi import FastAPI
from tests.platform.ledger_kit import sealer_of
from tests.slices.supervision.made import ORIGIN, at

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import AlarmId, DeviceId, IncidentId, ProtectedPersonId, UnitId, WearerId, named_id, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Dbs
from ansimnet.platform.http import install
from ansimnet.platform.ledger import append, catch_up
from ansimnet.platform.ledger.feed import feed_of
from ansimnet.platform.link import Link
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.parts import Context, Parts
from ansimnet.platform.settings import Settings
from ansimnet.slices.dispatch import service, store
from ansimnet.slices.dispatch import wiring as dispatch_wiring
from ansimnet.slices.dispatch.model import Incident, State, Unit
from ansimnet.slices.notifications import wiring as notifications_wiring
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy import wiring as policy_wiring
from ansimnet.slices.supervision import queries as supervision
from ansimnet.slices.supervision import wiring as supervision_wiring
from ansimnet.slices.supervision.service import register
from ansimnet.slices.supervision.service.receive import Report, Sender, receive

PASSWORD = "정말-긴-비밀번호-07"
HERE = "http://127.0.0.1:8700"
SYSTEM = "system:test"
GATEWAY = Sender(None, named_id("test", "gateway"))
ACCOUNT = UUID(int=7)
"""A seat that needs no session: what `by` holds where the service is called straight."""


@dataclass
class Him:
    """A wearer with one device."""

    wearer_id: WearerId
    device_id: DeviceId
    device: str
    clock_s: float = 0.0


@dataclass
class Room:
    """The tracking centre's room."""

    dbs: Dbs
    settings: Settings
    ctx: Context
    parts: Parts
    app: FastAPI
    folder: Path
    start: datetime = field(default_factory=lambda: now() - timedelta(minutes=30))
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    # ------------------------------------------------------------------ people

    async def him(self, code: str = "W-1043") -> Him:
        async with self.dbs.tracking.transaction() as tx:
            wearer_id = await register.register_wearer(
                tx, code=code, offence="sexual_violence", office="해담보호관찰소", order_number=f"2026-{code}",
                from_at=self.start - timedelta(days=30), until_at=self.start + timedelta(days=300), actor=SYSTEM,
                now=self.start,
            )  # fmt: skip
            device_id, _ = await register.bind_device(tx, wearer_id, f"anklet-{code}", actor=SYSTEM, now=self.start)
        return Him(wearer_id, device_id, f"anklet-{code}")

    async def her(self, code: str = "P-207", place: Point | None = None) -> ProtectedPersonId:
        her = ProtectedPersonId(named_id("test", code))
        async with self.dbs.tracking.transaction() as tx:
            await supervision.bind_protected_device(
                tx, her, f"watch-{code}", place=place or ORIGIN, code=code, actor=SYSTEM, now=self.start
            )
        return her

    async def set(self, him: Him, **draft: Any) -> UUID:
        async with self.dbs.tracking.transaction() as tx:
            return await register.set_condition(
                tx, him.wearer_id, register.Draft(**draft), actor=SYSTEM, now=self.start
            )

    async def zone(self, him: Him, her: ProtectedPersonId | None = None, centre: Point = ORIGIN) -> UUID:
        return await self.set(
            him, trigger=Trigger.EXCLUSION_ZONE, label="주거지", centre=centre, radius_m=300, protected_person_id=her
        )

    async def unit(self, name: str, east_m: float, agency: str = "probation", *, age_s: float = 0) -> UnitId:
        unit = Unit(UnitId(new_id()), name, agency, "해담", at(east_m), now() - timedelta(seconds=age_s), None)
        async with self.dbs.tracking.transaction() as tx:
            await store.save_unit(tx, unit)
        return unit.unit_id

    # ------------------------------------------------------------------ fixes

    async def step(self, him: Him, east_m: float, north_m: float = 0.0) -> None:
        """Send one fix, five seconds after the one before."""
        him.clock_s += 5
        p, seen_at = at(east_m, north_m), self.start + timedelta(seconds=him.clock_s)
        await receive(self.dbs.tracking, GATEWAY, [Report(0, him.device, seen_at, p.lat, p.lon, 15.0)], seen_at)

    async def walk_in(self, him: Him, *, until: str = "trigger.confirmed", north_m: float = 0.0) -> None:
        """Walk into the zone until supervision says so; alarms of others do not count."""
        for i in range(60):
            await self.step(him, 330 - 15 * i, north_m)
            if await self.told(until, wearer_id=str(him.wearer_id)):
                return
        raise AssertionError(f"no {until}")

    async def walk_out(self, him: Him) -> None:
        for i in range(60):
            await self.step(him, 320 + 25 * i)
            if await self.told("alarm.cleared"):
                return
        raise AssertionError("never cleared")

    # ------------------------------------------------------------------ ledger

    async def told(self, kind: str = "", **fields: Any) -> list[dict[str, Any]]:
        """Return the public bodies of facts whose kind holds these words, in order."""
        async with self.dbs.tracking.transaction() as tx:
            rows = await tx.all("select kind, body from ledger_entry order by recorded_at")
        found = [msgspec.json.decode(bytes(b)) | {"kind": k} for k, b in rows if kind in k]
        return [b for b in found if all(b.get(k) == v for k, v in fields.items())]

    async def tell(self, *facts: Fact) -> None:
        async with self.dbs.tracking.transaction() as tx:
            for fact in facts:
                await append(tx, fact, actor=SYSTEM)
        await self.settle()

    async def settle(self) -> None:
        """Seal and read until nothing is pending."""
        sealer = sealer_of(self.dbs, self.folder / "ledger")
        while await sealer.once():
            await catch_up(self.dbs, self.parts.readers)
        async with self.dbs.tracking.transaction() as tx:
            assert await tx.all("select reader, error from reader_parked") == []

    # ------------------------------------------------------------------ incidents

    async def incidents(self) -> list[Incident]:
        async with self.dbs.tracking.transaction() as tx:
            return await store.load_incidents(tx, tuple(State))

    async def incident(self) -> Incident:
        (found,) = await self.incidents()
        return found

    async def alarm(self, him: Him) -> AlarmId:
        found = await self.told("supervision.alarm.raised", wearer_id=str(him.wearer_id))
        return AlarmId(UUID(found[-1]["alarm_id"]))

    async def shown(self, incident_id: UUID) -> dict[str, Any]:
        """Return the incident as a controller's screen gets it."""
        client = self.clients[0] if self.clients else await self.sign_in(Role.TRACKING_CONTROLLER)
        answer = await client.get(f"/api/v1/incidents/{incident_id}")
        assert answer.status_code == 200, answer.text
        got: dict[str, Any] = answer.json()
        return got

    async def do(self, name: str, *args: Any, **more: Any) -> Any:
        """Call the service in one transaction."""
        async with self.dbs.tracking.transaction() as tx:
            result = await getattr(service, name)(tx, *args, **more)
        await self.settle()
        return result

    async def order(self, incident_id: IncidentId) -> Any:
        async with self.dbs.tracking.transaction() as tx:
            return (await store.load_orders(tx, incident_id=incident_id))[0]

    # ------------------------------------------------------------------ browsers

    def stranger(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, client=("127.0.0.1", 40000), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=HERE)
        self.clients.append(client)
        return client

    async def sign_in(self, role: Role) -> httpx.AsyncClient:
        login = f"{role.value.replace('_', '-')}-{len(self.clients)}"
        async with self.dbs.tracking.transaction() as tx:
            await policy.create_account(tx, login=login, role=role, display="관제07", now=now(), password=PASSWORD)
        client = self.stranger()
        answer = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        client.headers["x-csrf-token"] = answer.json()["csrf"]
        return client

    async def enrol(self, code: str) -> httpx.AsyncClient:
        client = self.stranger()
        answer = await client.post("/api/v1/unit/enrol", json={"code": code})
        assert answer.status_code == 200, answer.text
        client.headers["x-csrf-token"] = answer.json()["csrf"]
        return client


@asynccontextmanager
async def room_on(dbs: Dbs, folder: Path, **settings: Any) -> AsyncIterator[Room]:
    """Wire the four slices that the room needs."""
    chosen = Settings(data_dir=folder, **settings)
    link = Link.of(chosen, dbs)
    ctx = Context(chosen, dbs, SystemClock(), MapData(folder / "map"), link)
    app, whole = FastAPI(), Parts()
    install(app)
    for module in (policy_wiring, notifications_wiring, supervision_wiring, dispatch_wiring):
        parts = module.parts(ctx)
        for router in parts.routers:
            app.include_router(router)
        for prepare in parts.on_serve:
            prepare(app)
        whole.readers.extend(parts.readers)
        whole.live.extend(parts.live)
    made = Room(dbs, chosen, ctx, whole, app, folder)
    try:
        async with feed_of(dbs.tracking).watching():  # one listener for every `settle`
            yield made
    finally:
        for client in made.clients:
            await client.aclose()
        await link.close()
