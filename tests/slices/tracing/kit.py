"""A city with three cameras, an investigator who searches, a shift lead who approves, and a worker that sees."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID, uuid4

import httpx
import numpy as np
from fastapi import FastAPI
from tests.platform.ledger_kit import sealer_of

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.kernel.streets import build
from ansimnet.platform import http as platform_http
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.ledger import keks
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.streets import save
from ansimnet.slices.cameras import store as camera_store
from ansimnet.slices.cameras.model import Sense
from ansimnet.slices.cameras.rules.register import CameraRow
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.model import Account
from ansimnet.slices.tracing import api, jobs
from ansimnet.slices.tracing.api import portraits
from ansimnet.slices.tracing.service import intake
from ansimnet.slices.tracing.service.intake import Receipt
from ansimnet.slices.tracing.service.nets import Nets
from ansimnet.slices.tracing.service.portraits import Reader
from ansimnet.slices.tracing.store.keys import HourKeys

BEGAN = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)


class City:
    """The city centre. `seat` is who asks."""

    def __init__(self, dbs: Dbs, folder: Path) -> None:
        self.dbs = dbs
        self.folder = folder
        self.clock = SimulatedClock(BEGAN)
        self.keys = HourKeys(folder / "tracing-keys", keks.Ring(keks.Folder(folder / "kek")))
        self.cameras: list[CameraId] = []
        self.seat: Account | None = None
        app = FastAPI()
        platform_http.install(app)
        desk = api.Desk(dbs.city, self.clock, self.keys, Nets(MapData(folder / "map")))
        app.include_router(api.routes(desk))
        app.include_router(portraits.routes(desk, Reader(None)))
        app.state.sign_in = self._sign_in
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700")

    @property
    def db(self) -> Db:
        return self.dbs.city

    async def _sign_in(self, _: Any) -> Account | None:
        return self.seat

    async def open(self) -> None:
        """Register three cameras, the third seven kilometres away, and seat two people."""
        rows = [
            CameraRow(
                line=n, lat=37.5 + (0.06 if n == 3 else n * 1e-3), lon=127.0, code=f"HD-000{n}", agency="",
                address=f"새빛로 {n}", purpose="방범", count=1, azimuth_deg=0.0, fov_deg=90.0, range_m=100.0,
                retention_days=None, installed=None, rtsp_url=None, senses=(Sense.DAY,),
            )
            for n in (1, 2, 3)
        ]  # fmt: skip
        async with self.db.transaction() as tx:
            import_id = new_id()
            await camera_store.begin_import(tx, import_id, "t.csv", b"x", "utf-8", 3, 0, BEGAN)
            self.cameras = [CameraId(new_id()) for _ in rows]
            await camera_store.save_cameras(tx, import_id, list(zip(self.cameras, rows, strict=True)))
        self.lead = await self.account(Role.SHIFT_LEAD)
        self.seat = self.investigator = await self.account(Role.INVESTIGATOR)

    async def account(self, role: Role) -> Account:
        async with self.db.transaction() as tx:
            return await policy.create_account(
                tx, login=f"seat-{new_id().hex[-8:]}", role=role, display="자리", now=self.clock.now()
            )

    def track(self, camera: int = 0, minutes: float = -5.0, **more: Any) -> dict[str, Any]:
        at = (self.clock.now() + timedelta(minutes=minutes)).timestamp()
        return {
            "id": str(uuid4()), "camera_id": str(self.cameras[camera]), "from_s": at, "until_s": at + 9,
            "kind": "person", "place": [127.0, 37.501], "heading_deg": 90.0, "upper_colour": "gray",
            "lower_colour": "black", "carried": ["backpack"],
        } | more  # fmt: skip

    def car(self, plate: str, **more: Any) -> dict[str, Any]:
        said: dict[str, Any] = {"kind": "vehicle", "vehicle": "suv", "vehicle_colour": "white", "plate": plate}
        return self.track(upper_colour="", lower_colour="", carried=[], plate_p=[0.9] * len(plate), **said, **more)

    async def see(self, *tracks: dict[str, Any], batch: UUID | None = None) -> Receipt:
        return await intake.take(self.db, self.keys, batch or uuid4(), list(tracks), self.clock.now())

    def form(self, text: str = "검정 바지에 회색 티셔츠, 흰색 SUV 12가3456", **more: Any) -> dict[str, Any]:
        from ansimnet.slices.tracing.rules.describe import parse

        now = self.clock.now()
        return {
            "text": text, "attributes": [{"key": k, "value": v} for k, v in sorted(parse(text).pairs())],
            "case_no": "2026-형-0815", "purpose": "investigate", "statute": "PIPA 18(2)7", "reason": "택배 절도 수사",
            "lat": 37.5, "lon": 127.0, "radius_m": 1000.0, "from_at": (now - timedelta(hours=2)).isoformat(),
            "window_until_at": (now + timedelta(hours=2)).isoformat(),
            "until_at": (now + timedelta(hours=3)).isoformat(),
        } | more  # fmt: skip

    async def ask(self, **more: Any) -> dict[str, Any]:
        return await self.post("/searches", self.form(**more), 201)

    async def approve(self, asked: dict[str, Any]) -> None:
        async with self.db.transaction() as tx:
            await policy.approve_request(tx, self.lead, UUID(asked["request_id"]), "확인함", self.clock.now())

    async def approved(self, **more: Any) -> str:
        asked = await self.ask(**more)
        await self.approve(asked)
        return str(asked["search_id"])

    async def look(self, search_id: str, code: int = 200, **more: Any) -> list[dict[str, Any]]:
        said = await self.post(f"/searches/{search_id}/look", more, code)
        return list(said.get("candidates", []))

    async def get(self, path: str, code: int = 200) -> dict[str, Any]:
        return self._said(await self.http.get(f"/api/v1/tracing{path}"), code)

    async def post(self, path: str, form: Any, code: int = 200) -> dict[str, Any]:
        return self._said(await self.http.post(f"/api/v1/tracing{path}", json=form), code)

    @staticmethod
    def _said(answer: httpx.Response, code: int) -> dict[str, Any]:
        assert answer.status_code == code, answer.text
        return dict(answer.json()) if answer.content else {}

    async def follow(self) -> None:
        """Seal what was told and let tracing's readers take it in."""
        await sealer_of(self.dbs, self.folder).once()
        await ledger.catch_up(self.dbs, list(jobs.READERS))

    async def count(self, sql: LiteralString) -> int:
        async with self.db.transaction() as tx:
            row = await tx.one(sql)
        return 0 if row is None else int(row[0])

    def later(self, **much: float) -> None:
        self.clock.advance(timedelta(**much))


def streets(folder: Path) -> None:
    """Import one straight street from south to north, a node every 50 metres, past the first two cameras."""
    n = 20
    lat = 37.4995 + np.arange(n) * 50 / 111_195
    u = np.arange(n - 1, dtype=np.int32)
    rank, names = np.full(n - 1, 2, np.int8), ("새빛로",) * (n - 1)
    made = build(lat, np.full(n, 127.0), u, u + 1, np.full(n - 1, 50.0), rank, names)
    folder.mkdir(parents=True, exist_ok=True)
    save(made, folder / "streets.npz")


def appearance(seed: int, noise: float = 0.0) -> str:
    """Return the appearance of somebody, int8 (256,) in base64, with noise as another camera sees it."""
    vector = np.random.default_rng(seed).normal(size=256)
    vector += noise * np.random.default_rng(seed + 1).normal(size=256)
    return base64.b64encode(np.rint(vector / np.abs(vector).max() * 127).astype(np.int8).tobytes()).decode()
