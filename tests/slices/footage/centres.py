"""Two centres on one database with a real link, a real relay and a real camera: what the chain's tests stand on."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import uvicorn
from fastapi import FastAPI, Request
from tests.platform.ledger_kit import sealer_of
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.kit import PATIENT_LEASE_S

from ansimnet.facts.supervision import Medical, PositionFollowed, Trigger, TriggerConfirmed
from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.geo import Plane, Point
from ansimnet.kernel.ids import AlarmId, DeviceId, FactId, WearerId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import link as link_platform
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.http import install
from ansimnet.platform.ledger import append, run_readers
from ansimnet.platform.link import Link
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.parts import Context, Parts
from ansimnet.platform.settings import Settings
from ansimnet.slices.cameras import store as camera_store
from ansimnet.slices.cameras.rules.register import CameraRow
from ansimnet.slices.footage.wiring import parts, serving_relay
from ansimnet.slices.policy.queries import Account, create_account

HERE = Point(37.5, 127.0)
"""Where the story happens; no real place is meant."""


def place(east_m: float, north_m: float) -> Point:
    """Return a point so many metres from the story's middle."""
    return Plane(HERE).to_point(east_m, north_m)


def free_port() -> int:
    """Return a port nobody listens on, below the range from which the system takes ports for outgoing connections."""
    for port in random.sample(range(18_000, 32_000), 200):
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port")


async def until(true: Callable[[], bool], patience_s: float = 10.0) -> None:
    async with asyncio.timeout(patience_s):
        while not true():
            await asyncio.sleep(0.01)


@dataclass
class Centres:
    """Both centres, running."""

    dbs: Dbs
    settings: Settings
    parts: Parts
    client: httpx.AsyncClient
    accounts: dict[str, Account]
    wearer: WearerId = field(default_factory=lambda: WearerId(new_id()))

    async def tell(self, db: Db, *facts: Fact, actor: str = "system:test") -> None:
        """Write facts into a centre's ledger in one transaction."""
        async with db.transaction() as tx:
            for fact in facts:
                await append(tx, fact, actor=actor)

    def trigger(
        self,
        alarm_id: AlarmId,
        at: Point = HERE,
        trigger: Trigger = Trigger.EXCLUSION_ZONE,
        medical: Medical = Medical.NONE,
        wearer: WearerId | None = None,
    ) -> TriggerConfirmed:
        return TriggerConfirmed(
            fact_id=FactId(new_id()),
            happened_at=now(),
            alarm_id=alarm_id,
            wearer_id=wearer or self.wearer,
            device_id=DeviceId(new_id()),
            trigger=trigger,
            condition_id=None,
            protected_person_id=None,
            probability=0.99,
            rule_version="1",
            medical=medical,
            fix_ids=(),
            lat=at.lat,
            lon=at.lon,
            error_m=6.0,
            speed_mps=1.3,
            course_deg=90.0,
            seen_at=now(),
        )

    def followed(self, alarm_id: AlarmId, at: Point) -> PositionFollowed:
        return PositionFollowed(
            fact_id=FactId(new_id()),
            happened_at=now(),
            alarm_id=alarm_id,
            wearer_id=self.wearer,
            lat=at.lat,
            lon=at.lon,
            error_m=6.0,
            speed_mps=1.3,
            course_deg=90.0,
            seen_at=now(),
        )

    async def get(self, seat: str, path: str) -> httpx.Response:
        return await self.client.get(f"/api/v1{path}", headers={"X-Seat": seat})

    async def post(self, seat: str, path: str, body: dict[str, Any]) -> httpx.Response:
        return await self.client.post(f"/api/v1{path}", json=body, headers={"X-Seat": seat})

    async def kinds(self, db: Db) -> list[str]:
        async with db.transaction() as tx:
            return [r[0] for r in await tx.all("select kind from ledger_entry order by recorded_at")]

    async def waits(self, db: Db, kind: str, count: int = 1) -> None:
        """Wait until a centre's ledger holds so many facts of a kind."""
        async with asyncio.timeout(10):
            while (await self.kinds(db)).count(kind) < count:
                await asyncio.sleep(0.01)

    async def cameras_of(self, incident_id: UUID) -> dict[str, Any]:
        answer = await self.get("controller", f"/incidents/{incident_id}/cameras")
        assert answer.status_code == 200, answer.text
        got: dict[str, Any] = answer.json()
        return got


def camera_rows(url: str) -> list[CameraRow]:
    """Return twenty cameras along a street to the east, the first with a stream."""
    rows = []
    for i in range(20):
        at = place(-12 + 40 * i, 5)
        rows.append(
            CameraRow(
                line=i + 1,
                lat=at.lat,
                lon=at.lon,
                code=f"HD-{i:04}",
                agency="해담구",
                address=f"새빛로 {i}",
                purpose="방범",
                count=1,
                azimuth_deg=None,
                fov_deg=360.0,
                range_m=50.0,
                retention_days=30,
                installed=None,
                rtsp_url=url if i == 0 else None,
            )
        )
    return rows


@contextlib.asynccontextmanager
async def centres(dbs: Dbs, folder: Path, camera: TestCamera) -> AsyncIterator[Centres]:
    """Run both centres, the link between them, sealer, readers and the relay."""
    http, ws = free_port(), free_port()
    settings = Settings(
        data_dir=folder, http_port=http, relay_port=ws, relay_public_url=f"ws://127.0.0.1:{ws}", database_url=None
    )
    link = Link.of(settings, dbs)
    ctx = Context(settings, dbs, SystemClock(), MapData(folder / "map"), link)
    ours = parts(ctx)
    link.wire(ours.link_out, ours.link_in, ours.link_asks)
    accounts = await _accounts(dbs)
    app = _app(link, ours, accounts)
    async with dbs.city.transaction() as tx:
        await camera_store.begin_import(tx, new_id(), "test.csv", b"", "utf-8", 20, 0, now())
        row = await tx.one("select import_id from camera_import")
        assert row is not None
        rows = camera_rows(camera.url)
        ids = [camera_store.camera_id_of(tx.centre_id, r, 0) for r in rows]
        await camera_store.save_cameras(tx, row[0], list(zip(ids, rows, strict=True)))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=http, log_config=None, lifespan="off"))
    tasks = [
        asyncio.create_task(server.serve()),
        asyncio.create_task(sealer_of(dbs, folder / "ledger").run()),
        asyncio.create_task(run_readers(dbs, [*ours.readers, *link.readers()])),
        *(asyncio.create_task(_endless(t)) for t in ours.background),
    ]
    try:
        async with (
            serving_relay(settings, dbs.city, SystemClock(), lease_s=PATIENT_LEASE_S),
            httpx.AsyncClient(base_url=settings.public_url, timeout=20, trust_env=False) as client,
        ):
            await until(lambda: server.started)
            yield Centres(dbs, settings, ours, client, accounts)
    finally:
        server.should_exit = True
        await tasks[0]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await link.close()


async def _endless(task: Callable[[], Awaitable[None]]) -> None:
    await task()


async def _accounts(dbs: Dbs) -> dict[str, Account]:
    out = {}
    for db, login, role in (
        (dbs.tracking, "controller", Role.TRACKING_CONTROLLER),
        (dbs.tracking, "officer", Role.PROBATION_OFFICER),
        (dbs.city, "operator", Role.CENTRE_OPERATOR),
        (dbs.city, "city-admin", Role.ADMINISTRATOR),
    ):
        async with db.transaction() as tx:
            out[login] = await create_account(tx, login=login, role=role, display=login, now=now())
    return out


def _app(link: Link, ours: Parts, accounts: dict[str, Account]) -> FastAPI:
    app = FastAPI()
    install(app)
    for router in ours.routers:
        app.include_router(router)
    app.include_router(link_platform.router(link))
    for prepare in ours.on_serve:
        prepare(app)

    async def sign_in(request: Request) -> Account:
        """Seats of a test need no password."""
        seat = accounts.get(request.headers.get("X-Seat", ""))
        if seat is None:
            raise NotFound("no such seat")
        return seat

    app.state.sign_in = sign_in
    return app
