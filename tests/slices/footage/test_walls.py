"""Wall layouts, and what is kept of each camera, over HTTP and a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from tests.slices.footage.archives import Clocks, D, H, on_files, open_on, record

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import http as platform_http
from ansimnet.platform.db import Dbs
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.cameras import store as camera_store
from ansimnet.slices.cameras.queries import Registry
from ansimnet.slices.cameras.rules.register import CameraRow
from ansimnet.slices.footage.api import health, kept, retention, walls
from ansimnet.slices.footage.api.live import Desk
from ansimnet.slices.footage.archive.disk import LocalDisk
from ansimnet.slices.footage.archive.sweep import Sweeper
from ansimnet.slices.footage.archive.tables import Tables
from ansimnet.slices.footage.service.asked import Neighbour
from ansimnet.slices.footage.service.giving import Giver
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.model import Account

BEGAN = datetime(2026, 3, 1, 9, 59, tzinfo=UTC)


class Room:
    """A control room, and whoever sits at its routes."""

    def __init__(self, dbs: Dbs, clock: SimulatedClock, http: httpx.AsyncClient) -> None:
        self.dbs, self.clock, self.http = dbs, clock, http
        self.seat: Account | None = None

    async def sit(self, role: Role, *, tracking: bool = False) -> None:
        db = self.dbs.tracking if tracking else self.dbs.city
        async with db.transaction() as tx:
            self.seat = await policy.create_account(
                tx, login=f"seat-{new_id().hex[-8:]}", role=role, display="자리", now=self.clock.now()
            )

    async def put(self, wall_id: UUID, code: int = 200, **form: Any) -> Any:
        answer = await self.http.put(f"/api/v1/footage/walls/{wall_id}", json={"name": "골목", "tiles": []} | form)
        assert answer.status_code == code, answer.text
        return answer.json()

    async def get(self, path: str, code: int = 200) -> Any:
        answer = await self.http.get(f"/api/v1/footage/{path}")
        assert answer.status_code == code, answer.text
        return answer.json()

    async def layouts(self) -> list[Any]:
        found: list[Any] = (await self.get("walls"))["walls"]
        return found


@pytest.fixture
async def room(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Room]:
    clock = SimulatedClock(BEGAN)
    app = FastAPI()
    platform_http.install(app)
    giver = Giver(dbs.city, Registry(dbs.city, MapData(tmp_path / "map")), clock)
    desk = Desk(dbs, giver, Neighbour(None, dbs.tracking.centre_id), clock, "ws://here")  # type: ignore[arg-type]
    for routes in (walls.routes, kept.routes, retention.routes, health.routes):
        app.include_router(routes(desk), prefix="/api/v1")
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700") as http:
        made = Room(dbs, clock, http)

        async def sign_in(_: Any) -> Account | None:
            return made.seat

        app.state.sign_in = sign_in
        yield made


# --- walls


@pytest.mark.requirement("VA-02")
async def test_a_layout_is_kept_as_it_stood_and_saved_again_over_itself(room: Room) -> None:
    await room.sit(Role.CENTRE_OPERATOR)
    wall_id, camera = uuid4(), uuid4()
    saved = await room.put(wall_id, name=" 등굣길 ", size=4, tiles=[str(camera), "map", None])
    assert saved == {
        "wall_id": str(wall_id), "name": "등굣길", "shared": False, "own": True, "size": 4,
        "tiles": [str(camera), "map", None],
    }  # fmt: skip
    assert await room.layouts() == [saved]
    await room.put(wall_id, name="밤", tiles=["map"])
    [again] = await room.layouts()
    assert (again["name"], again["tiles"], again["size"]) == ("밤", ["map"], walls.MOST_TILES)


async def test_what_is_not_shared_is_its_owners_alone(room: Room) -> None:
    await room.sit(Role.CENTRE_OPERATOR)
    own, shared = uuid4(), uuid4()
    await room.put(own, name="a")
    await room.put(shared, name="b", shared=True)
    owner = room.seat
    await room.sit(Role.CENTRE_OPERATOR)
    assert [(w["name"], w["own"]) for w in await room.layouts()] == [("b", False)]
    await room.put(shared, 404, name="mine now")
    for wall_id in (own, shared):
        assert (await room.http.delete(f"/api/v1/footage/walls/{wall_id}")).status_code == 404
    await room.sit(Role.TRACKING_CONTROLLER, tracking=True)
    assert await room.layouts() == [], "another centre's walls are not there at all"
    room.seat = owner
    assert (await room.http.delete(f"/api/v1/footage/walls/{own}")).status_code == 204
    assert [w["name"] for w in await room.layouts()] == ["b"]


async def test_a_wall_has_as_many_tiles_as_keys_and_an_account_forty_walls(room: Room) -> None:
    await room.sit(Role.CENTRE_OPERATOR)
    for form in ({"tiles": [None] * 13}, {"size": 0}, {"name": ""}, {"tiles": ["everything"]}):
        await room.put(uuid4(), 422, **form)
    for n in range(walls.MOST):
        await room.put(uuid4(), name=f"{n}")
    await room.put(uuid4(), 409, name="one more")
    assert len(await room.layouts()) == walls.MOST


async def test_who_sees_no_cameras_has_no_walls(room: Room) -> None:
    await room.sit(Role.AUDITOR)
    await room.get("walls", 403)
    await room.put(uuid4(), 403)


# --- what is kept


@pytest.mark.requirement("CC-04")
async def test_of_each_camera_the_oldest_picture_and_its_end(room: Room, tmp_path: Path) -> None:
    clocks = Clocks(true=BEGAN)
    archive = on_files(tmp_path, Tables(room.dbs.city, clocks, "here"), clocks)
    sweeper = Sweeper(archive)
    short, gone = CameraId(new_id()), CameraId(new_id())
    row = CameraRow(
        line=1, lat=37.5, lon=127.0, code="HD-0001", agency="", address="새빛로 3", purpose="방범", count=1,
        azimuth_deg=0.0, fov_deg=90.0, range_m=100.0, retention_days=7, installed=None,
    )  # fmt: skip
    async with room.dbs.city.transaction() as tx:
        import_id = new_id()
        await camera_store.begin_import(tx, import_id, "t.csv", b"x", "utf-8", 1, 0, BEGAN)
        await camera_store.save_cameras(tx, import_id, [(short, row)])
    await sweeper.turn()
    first = record(archive, clocks, gone)
    record(archive, clocks, short)
    record(archive, clocks, short)
    await archive.flush()
    await sweeper.turn()
    await room.sit(Role.COURT_CLERK)
    found = {c["camera_id"]: c for c in (await room.get("retention/cameras"))["cameras"]}
    mine, old = found[str(short)], found[str(gone)]
    assert (mine["code"], mine["name"], mine["days"]) == ("HD-0001", "새빛로 3", 7)
    assert datetime.fromisoformat(mine["next_at"]) == first.term.hour_at + 7 * D
    assert (old["code"], old["days"]) == (None, 30), "no longer in the register, and kept to its end"
    assert datetime.fromisoformat(old["oldest_at"]) == first.start
    clocks.true = BEGAN + 7 * D
    await sweeper.turn()
    assert [c["camera_id"] for c in (await room.get("retention/cameras"))["cameras"]] == [str(gone)]


@pytest.mark.requirement("CC-04")
async def test_a_disk_that_fills_is_shown_a_day_ahead(room: Room, tmp_path: Path) -> None:
    clocks = Clocks(true=BEGAN)
    small = LocalDisk(tmp_path / "footage", 80_000)
    archive = open_on(small, LocalDisk(tmp_path / "keys"), Tables(room.dbs.city, clocks, "cellar"), clocks)
    sweeper = Sweeper(archive)
    await room.sit(Role.COURT_CLERK)
    await sweeper.turn()
    [disk] = (await room.get("retention"))["disks"]
    assert (disk["archive"], disk["full_at"], disk["clock_doubt"]) == ("cellar", None, None)
    for _ in range(6):  # 1,000 bytes an hour: some sixty hours are left
        record(archive, clocks, words=bytes(1000))
        await archive.flush()
        clocks.true += H
        await sweeper.turn()
    assert (await room.get("retention"))["disks"][0]["full_at"] is None
    record(archive, clocks, words=bytes(30_000))
    await archive.flush()
    clocks.true += H
    await sweeper.turn()
    [disk] = (await room.get("retention"))["disks"]
    assert timedelta(0) < datetime.fromisoformat(disk["full_at"]) - clocks.true < timedelta(hours=30)
    await room.sit(Role.CENTRE_OPERATOR)
    assert (await room.get("health"))["disks"] == [
        {"archive": "cellar", "full_at": disk["full_at"], "clock_doubt": None}
    ]
    async with room.dbs.city.transaction() as tx:
        told = await tx.all("select happened_at from ledger_entry where kind = 'footage.disk.filling.v1'")
    assert len(told) == 1
    assert small.free() > 20_000, "told while there is room yet"


async def test_how_long_footage_lives_is_for_those_who_may_hold_it(room: Room) -> None:
    for role in (Role.CENTRE_OPERATOR, Role.FACILITY_MANAGER):
        await room.sit(role)
        await room.get("retention", 403)
        await room.get("retention/cameras", 403)
