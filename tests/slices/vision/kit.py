"""A city's control room with three cameras, and whoever sits at its routes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI
from tests.platform.ledger_kit import sealer_of

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import http as platform_http
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.jobs import run_waiting
from ansimnet.platform.ledger import Reader
from ansimnet.slices.cameras import store as camera_store
from ansimnet.slices.cameras.model import Sense
from ansimnet.slices.cameras.rules.register import CameraRow
from ansimnet.slices.dispatch.api import city
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.model import Account
from ansimnet.slices.vision import api, jobs
from ansimnet.slices.vision.api import ingest
from ansimnet.slices.vision.service import intake
from ansimnet.slices.vision.service.intake import Receipt

BEGAN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MODEL = "pose-rules@0123abcd"
assert jobs.KEPT_RULE  # imported: its jobs are registered


class Context:
    """What a job is run with here."""

    def __init__(self, clock: SimulatedClock) -> None:
        self.clock = clock


class Room:
    """The city centre. `seat` is who asks; `report` is what a worker would send of the first camera."""

    def __init__(self, dbs: Dbs, folder: Path) -> None:
        self.dbs = dbs
        self.folder = folder
        self.clock = SimulatedClock(BEGAN)
        self.cameras: list[CameraId] = []
        self.seat: Account | None = None
        app = FastAPI()
        platform_http.install(app)
        app.include_router(api.routes(api.Desk(dbs.city, self.clock, "ws://relay/stream")))
        app.include_router(city.routes(dbs.city, self.clock), prefix="/api/v1")
        app.router.routes.extend(ingest.routes(dbs.city, self.clock))
        app.state.sign_in = self._sign_in
        self.app = app
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700")

    @property
    def city(self) -> Db:
        return self.dbs.city

    async def _sign_in(self, _: Any) -> Account | None:
        return self.seat

    async def open(self) -> None:
        """Register three cameras: the second sees by day alone, the third has a microphone and no stream."""
        senses = ((Sense.DAY, Sense.NIGHT), (Sense.DAY,), (Sense.DAY, Sense.NIGHT, Sense.SOUND))
        rows = [
            CameraRow(
                line=n, lat=37.5 + n * 1e-4, lon=127.0, code=f"HD-000{n}", agency="", address=f"새빛로 {n}",
                purpose="방범", count=1, azimuth_deg=0.0, fov_deg=90.0, range_m=100.0, retention_days=None,
                installed=None, rtsp_url=f"rtsp://u:p@127.0.0.1:5/{n}" if n < 3 else None, senses=senses[n - 1],
            )
            for n in (1, 2, 3)
        ]  # fmt: skip
        async with self.city.transaction() as tx:
            import_id = new_id()
            await camera_store.begin_import(tx, import_id, "t.csv", b"x", "utf-8", 3, 0, BEGAN)
            self.cameras = [CameraId(new_id()) for _ in rows]
            await camera_store.save_cameras(tx, import_id, list(zip(self.cameras, rows, strict=True)))

    async def sit(self, role: Role = Role.CENTRE_OPERATOR, *, at: Db | None = None) -> Account:
        async with (at or self.city).transaction() as tx:
            self.seat = await policy.create_account(
                tx, login=f"seat-{new_id().hex[-8:]}", role=role, display="자리", now=self.clock.now()
            )
        return self.seat

    def report(self, behaviour: str = "intrusion", **more: Any) -> dict[str, Any]:
        at = self.clock.now().timestamp()
        return {
            "id": str(uuid4()), "camera_id": str(self.cameras[0]), "behaviour": behaviour, "at": at, "since": at - 2,
            "probability": 0.9, "box": [0.4, 0.4, 0.5, 0.8], "tracks": [7], "place": None,
            "evidence": {"score": 7.5, "dwell_s": 3.2}, "model": MODEL, "shadow": False,
        } | more  # fmt: skip

    async def take(self, *reports: dict[str, Any]) -> Receipt:
        return await intake.take(self.city, intake.local(), list(reports), self.clock.now())

    async def set_up(self, camera: int = 0, **more: Any) -> dict[str, Any]:
        """Set a camera up as a shift lead would: everything counts, nothing is on trial."""
        before, self.seat = self.seat, await self.sit(Role.SHIFT_LEAD)
        path = f"/vision/cameras/{self.cameras[camera]}"
        after = (await self.get(path))["version"]
        form = {"after": after, "behaviours": ["intrusion", "violence", "fire", "loitering", "collapse"], "shadow": []}
        said = await self.put(f"{path}/setup", form | more)
        self.seat = before
        return said

    async def get(self, path: str, code: int = 200) -> dict[str, Any]:
        return self._said(await self.http.get(f"/api/v1{path}"), code)

    async def post(self, path: str, form: Any = None, code: int = 200) -> dict[str, Any]:
        return self._said(await self.http.post(f"/api/v1{path}", json=form), code)

    async def put(self, path: str, form: Any, code: int = 200) -> dict[str, Any]:
        return self._said(await self.http.put(f"/api/v1{path}", json=form), code)

    @staticmethod
    def _said(answer: httpx.Response, code: int) -> dict[str, Any]:
        assert answer.status_code == code, answer.text
        return dict(answer.json()) if answer.content else {}

    async def judge(self, alarm_id: str, verdict: str, why: str | None = None) -> dict[str, Any]:
        return await self.post(f"/vision/alarms/{alarm_id}/verdict", {"verdict": verdict, "why": why})

    async def learn(self) -> None:
        """Run the jobs that verdicts deferred."""
        await run_waiting(self.city, Context(self.clock))

    async def told(self, kind: str) -> int:
        async with self.city.transaction() as tx:
            row = await tx.one("select count(*) from ledger_entry where kind = %s", (kind,))
        return 0 if row is None else int(row[0])

    async def follow(self, readers: list[Reader]) -> None:
        """Seal what was told and let others take it in."""
        await sealer_of(self.dbs, self.folder).once()
        await ledger.catch_up(self.dbs, readers)

    def later(self, **much: float) -> None:
        self.clock.advance(timedelta(**much))
