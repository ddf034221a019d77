"""The blind-spot map over HTTP: for the facility manager alone, by sense, with gaps that somebody answers for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from tests.platform.ledger_kit import sealer_of

from ansimnet.kernel import streets as streets_rules
from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.geo import Plane, Point
from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import http as platform_http
from ansimnet.platform import ledger
from ansimnet.platform.db import Dbs
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.streets import save
from ansimnet.slices.cameras import api, service, store
from ansimnet.slices.cameras.model import CameraRow, Sense
from ansimnet.slices.cameras.queries import Registry
from ansimnet.slices.cameras.rules.register import read
from ansimnet.slices.duties import jobs as duties_jobs
from ansimnet.slices.duties import queries as duties
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.model import Account, Relation
from ansimnet.slices.policy.queries.relations import assign

BEGAN = datetime(2026, 11, 7, 0, 0, tzinfo=UTC)
PLANE = Plane(Point(37.5, 127.0))


def camera(east_m: float, azimuth: float, *senses: Sense) -> CameraRow:
    """Return a camera on a street that runs from west to east, 300 m long."""
    p = PLANE.to_point(east_m, 0)
    return CameraRow(
        line=1, lat=p.lat, lon=p.lon, code=f"HD-{int(east_m):04}", agency="", address="새빛로", purpose="방범", count=1,
        azimuth_deg=azimuth, fov_deg=60.0, range_m=100.0, retention_days=None, installed=None, senses=senses,
    )  # fmt: skip


class Office:
    """The city's register, a clock, and whoever sits at its routes."""

    def __init__(self, dbs: Dbs, folder: Path, http: httpx.AsyncClient, registry: Registry) -> None:
        self.dbs, self.folder, self.http, self.registry = dbs, folder, http, registry
        self.clock = SimulatedClock(BEGAN)
        self.seat: Account | None = None

    async def plant(self, *rows: CameraRow) -> list[CameraId]:
        ids = [CameraId(new_id()) for _ in rows]
        async with self.dbs.city.transaction() as tx:
            import_id = new_id()
            await store.begin_import(tx, import_id, "t.csv", b"x", "utf-8", len(rows), 0, BEGAN)
            await store.save_cameras(tx, import_id, list(zip(ids, rows, strict=True)))
        return ids

    async def sit(self, role: Role, owns: list[CameraId]) -> None:
        async with self.dbs.city.transaction() as tx:
            self.seat = await policy.create_account(
                tx, login=f"s-{new_id().hex[-8:]}", role=role, display="자리", now=BEGAN
            )
            if owns:
                until = BEGAN + timedelta(days=300)
                await assign(tx, self.seat.account_id, Relation.OWN_FACILITY, owns, from_at=BEGAN, until_at=until)

    async def map(self, sense: str = "day", code: int = 200) -> dict[str, Any]:
        answer = await self.http.get("/api/v1/cameras/blind-spots", params={"sense": sense})
        assert answer.status_code == code, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def gaps(self, about: UUID) -> list[str]:
        await sealer_of(self.dbs, self.folder).once()
        await ledger.catch_up(self.dbs, duties_jobs.readers())
        async with self.dbs.city.transaction() as tx:
            return [d.state(self.clock.now()).value for d in await duties.duties_about(tx, about, self.clock.now())]


@pytest.fixture
async def office(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Office]:
    ends = [PLANE.to_point(0, 0), PLANE.to_point(300, 0)]
    graph = streets_rules.build(
        np.array([p.lat for p in ends]), np.array([p.lon for p in ends]), np.array([0], np.int32),
        np.array([1], np.int32), np.array([300.0]), np.zeros(1, np.int8), ("새빛로",),
    )  # fmt: skip
    (tmp_path / "map").mkdir()
    save(graph, tmp_path / "map" / "streets.npz")
    data = MapData(tmp_path / "map")
    registry = Registry(dbs.city, data)
    app = FastAPI()
    platform_http.install(app)
    clock = SimulatedClock(BEGAN)
    app.include_router(api.routes(dbs, registry, data, clock))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700") as http:
        made = Office(dbs, tmp_path / "ledger", http, registry)

        async def sign_in(_: Any) -> Account | None:
            return made.seat

        app.state.sign_in = sign_in
        yield made


@pytest.mark.requirement("VA-02")
@pytest.mark.requirement("VA-03")
async def test_a_camera_without_a_sensor_covers_nothing_of_that_sense(office: Office) -> None:
    ids = await office.plant(
        camera(0, 90, Sense.DAY, Sense.NIGHT), camera(200, 90, Sense.DAY), camera(150, 90, Sense.DAY, Sense.SOUND)
    )
    await office.sit(Role.FACILITY_MANAGER, ids)
    day, night, sound, heat = [await office.map(s) for s in ("day", "night", "sound", "heat")]
    assert (day["cameras"], night["cameras"], sound["cameras"], heat["cameras"]) == (3, 1, 1, 0)
    assert day["blind_m"] == pytest.approx(50, abs=5)
    assert night["blind_m"] == pytest.approx(200, abs=5)
    assert sound["blind_m"] == pytest.approx(240, abs=5)
    assert heat["blind_m"] == heat["street_m"] == pytest.approx(300)
    assert heat["without"] == 3
    assert day["places"][0]["gained_m"] > 0


@pytest.mark.requirement("VA-03")
async def test_where_nobody_looks_is_the_facility_managers_alone(office: Office) -> None:
    ids = await office.plant(camera(0, 90, Sense.DAY))
    for role in (Role.CENTRE_OPERATOR, Role.ADMINISTRATOR, Role.ANALYST):
        await office.sit(role, [])
        await office.map(code=403)
    await office.sit(Role.FACILITY_MANAGER, ids)
    assert (await office.map())["lines"]


@pytest.mark.requirement("CC-06")
async def test_a_restricted_place_has_a_substitute_or_a_gap_that_somebody_answers_for(office: Office) -> None:
    ids = await office.plant(camera(0, 270, Sense.DAY))
    await office.sit(Role.FACILITY_MANAGER, ids)
    middle = PLANE.to_point(150, 0)
    form = {
        "name": "새빛탕 앞", "clause": "PIPA 25(2)", "lat": middle.lat, "lon": middle.lon, "radius_m": 30,
        "owner": "도시안전과", "close_by": "2026-12-24",
    }  # fmt: skip
    answer = await office.http.post("/api/v1/cameras/restrictions", json=form)
    assert answer.status_code == 201, answer.text
    about = UUID(answer.json()["restriction_id"])
    [gap] = (await office.map())["gaps"]
    assert gap["open"]
    assert gap["blind_m"] == pytest.approx(60, abs=5)
    assert (gap["substitutes"], gap["restriction"]["owner"]) == ([], "도시안전과")
    assert await office.gaps(about) == ["open"]
    for place in (await office.map())["places"]:
        assert abs(PLANE.to_xy(Point(place["lat"], place["lon"]))[0] - 150) > 30, "nothing is proposed inside"
    [near] = await office.plant(camera(105, 90, Sense.DAY))
    [gap] = (await office.map())["gaps"]
    assert not gap["open"]
    assert [c for c, _ in gap["substitutes"]] == [str(near)]
    await service.answer_gaps(office.registry, office.clock.now())
    assert await office.gaps(about) == ["met"]


@pytest.mark.requirement("VA-02")
@pytest.mark.parametrize(
    ("said", "senses"),
    [
        ("", ["day"]),
        ("주간·야간(적외선)", ["day", "night"]),
        ("음향,열", ["day", "sound", "heat"]),
        ("night", ["day", "night"]),
    ],
)
def test_a_register_says_what_a_camera_senses(said: str, senses: list[str]) -> None:
    [row] = read(["카메라번호,위도,경도,목적,감지기능\n", f'HD-1,37.5,127.0,방범CCTV,"{said}"\n'])
    assert isinstance(row, CameraRow)
    assert list(row.senses) == senses
