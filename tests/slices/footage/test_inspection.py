"""Inspection over a real database: what is owed, what is found, what closes a ticket, what a report says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from tests.platform.ledger_kit import sealer_of

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.errors import Conflict
from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import http as platform_http
from ansimnet.platform import ledger
from ansimnet.platform.db import Dbs
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.cameras import store as camera_store
from ansimnet.slices.cameras.queries import Registry
from ansimnet.slices.cameras.rules.register import CameraRow
from ansimnet.slices.duties import jobs as duties_jobs
from ansimnet.slices.duties import queries as duties
from ansimnet.slices.duties import service as duties_service
from ansimnet.slices.footage.api import inspection as api
from ansimnet.slices.footage.api.live import Desk
from ansimnet.slices.footage.inspection import keeping
from ansimnet.slices.footage.inspection.judging import Change
from ansimnet.slices.footage.model import Defect, Hour
from ansimnet.slices.footage.service import inspections
from ansimnet.slices.footage.service.asked import Neighbour
from ansimnet.slices.footage.service.giving import Giver
from ansimnet.slices.footage.store import inspections as store
from ansimnet.slices.footage.store import relays
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.model import Account, Relation
from ansimnet.slices.policy.queries.relations import assign

BEGAN = datetime(2026, 11, 7, 0, 0, tzinfo=UTC)


class House:
    """A city centre with two cameras, and whoever sits at its routes."""

    def __init__(
        self, dbs: Dbs, clock: SimulatedClock, http: httpx.AsyncClient, cameras: list[CameraId], folder: Path
    ) -> None:
        self.folder = folder
        self.dbs, self.clock, self.http, self.cameras = dbs, clock, http, cameras
        self.seat: Account | None = None

    async def sit(self, role: Role, owns: list[CameraId] | None = None, *, tied: bool = True) -> Account:
        async with self.dbs.city.transaction() as tx:
            self.seat = await policy.create_account(
                tx, login=f"seat-{new_id().hex[-8:]}", role=role, display="자리", now=self.clock.now()
            )
            if tied:
                until = self.clock.now() + timedelta(days=365)
                await assign(
                    tx,
                    self.seat.account_id,
                    Relation.OWN_FACILITY,
                    owns or self.cameras,
                    from_at=self.clock.now(),
                    until_at=until,
                )
        return self.seat

    async def follow(self) -> None:
        """Seal what was told and let the deadline engine take it in."""
        await sealer_of(self.dbs, self.folder).once()
        await ledger.catch_up(self.dbs, duties_jobs.readers())

    async def duty(self, rule: str, about: UUID) -> list[str]:
        async with self.dbs.city.transaction() as tx:
            every = await duties.duties_about(tx, about, self.clock.now())
        return [d.state(self.clock.now()).value for d in every if d.rule == rule]

    async def find(self, camera_id: CameraId, defect: Defect, *, opened: bool = True, value: float = 0.1) -> None:
        now = self.clock.now()
        await keeping.tell(self.dbs.city, camera_id, [Change(defect, opened, now, value, 0.55)], now)

    async def measured(self, camera_id: CameraId, days: int, *, live: bool = True, sharp: float = 0.97) -> None:
        """Let days pass in which the relay measured this camera."""
        began = self.clock.now()
        async with self.dbs.city.transaction() as tx:
            await relays.register(tx, 0, 1, "ws://here/stream", began)
            await relays.note(tx, camera_id, 0, live, "live" if live else "unreachable", began)
            if live:
                each = [
                    Hour(began + timedelta(hours=h), light, 120, 100, 80.0, 7.5, sharp, 0.9, 0.95, 0.2)
                    for h in range(0, 24 * days, 6)
                    for light in ("day", "night")
                ]
                await store.add_hours(tx, {camera_id: each})
        self.clock.advance(timedelta(days=days))
        async with self.dbs.city.transaction() as tx:
            await relays.beat(tx, 0, cameras=1, viewers=0, full=False, now=self.clock.now())

    async def get(self, path: str = "", code: int = 200) -> dict[str, Any]:
        answer = await self.http.get(f"/api/v1/footage/inspections{path}")
        assert answer.status_code == code, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def house(dbs: Dbs, tmp_path: Path) -> AsyncIterator[House]:
    clock = SimulatedClock(BEGAN)
    rows = [
        CameraRow(
            line=n, lat=37.5 + n * 1e-4, lon=127.0, code=f"HD-000{n}", agency="", address="새빛로 3", purpose="방범",
            count=1, azimuth_deg=0.0, fov_deg=90.0, range_m=100.0, retention_days=None, installed=None,
            rtsp_url=f"rtsp://u:p@127.0.0.1:5/{n}" if n < 3 else None,
        )
        for n in (1, 2, 3)
    ]  # fmt: skip
    async with dbs.city.transaction() as tx:
        import_id = new_id()
        await camera_store.begin_import(tx, import_id, "t.csv", b"x", "utf-8", 3, 0, BEGAN)
        ids = [CameraId(new_id()) for _ in rows]
        await camera_store.save_cameras(tx, import_id, list(zip(ids, rows, strict=True)))
    app = FastAPI()
    platform_http.install(app)
    giver = Giver(dbs.city, Registry(dbs.city, MapData(tmp_path / "map")), clock)
    desk = Desk(dbs, giver, Neighbour(None, dbs.tracking.centre_id), clock, "ws://here")  # type: ignore[arg-type]
    app.include_router(api.routes(desk), prefix="/api/v1")
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700") as http:
        made = House(dbs, clock, http, ids, tmp_path / "ledger")

        async def sign_in(_: Any) -> Account | None:
            return made.seat

        app.state.sign_in = sign_in
        yield made


@pytest.mark.requirement("CC-05")
async def test_every_camera_with_a_stream_owes_an_inspection_within_three_months(house: House) -> None:
    assert await inspections.begin(house.dbs.city, house.clock.now()) == 2
    assert await inspections.begin(house.dbs.city, house.clock.now()) == 0
    await house.follow()
    for camera_id in house.cameras[:2]:
        assert await house.duty("camera-inspection", camera_id) == ["open"]
    assert await house.duty("camera-inspection", house.cameras[2]) == []
    house.clock.advance(timedelta(days=93))
    assert await house.duty("camera-inspection", house.cameras[0]) == ["overdue"]


@pytest.mark.requirement("CC-05")
async def test_a_late_inspection_is_breached_and_the_next_is_owed_three_months_after_the_report(house: House) -> None:
    camera_id = house.cameras[0]
    await inspections.begin(house.dbs.city, house.clock.now())
    await house.follow()
    async with house.dbs.city.transaction() as tx:
        first = await duties.due(tx, inspections.RULE, [camera_id, house.cameras[2]])
    assert {c: (at - BEGAN).days for c, at in first.items()} == {camera_id: 92}, "the one without a stream owes none"
    house.clock.advance(first[camera_id] - BEGAN + timedelta(seconds=1))
    await duties_service.tell_breaches(house.dbs.city, house.clock.now())
    await house.follow()
    assert await house.duty("camera-inspection", camera_id) == ["overdue"]
    async with house.dbs.city.transaction() as tx:
        told = await tx.one("select count(*) from ledger_entry where kind = 'duties.duty.breached.v1'")
    assert told is not None
    assert told[0] >= 1
    await house.sit(Role.FACILITY_MANAGER)
    assert (await house.get())["overdue"] == 2
    await house.measured(camera_id, 2)
    assert await inspections.make_reports(house.dbs.city, house.clock.now()) == 1
    reported = house.clock.now()
    await house.follow()
    assert sorted(await house.duty("camera-inspection", camera_id)) == ["met_late", "open"]
    async with house.dbs.city.transaction() as tx:
        again = await duties.due(tx, inspections.RULE, [camera_id])
    assert timedelta(days=88) < again[camera_id] - reported < timedelta(days=93)


@pytest.mark.requirement("CC-05")
async def test_a_report_is_made_of_measurements_meets_the_duty_and_begins_the_next(house: House) -> None:
    camera_id = house.cameras[0]
    await inspections.begin(house.dbs.city, house.clock.now())
    await house.follow()
    assert await inspections.make_reports(house.dbs.city, house.clock.now()) == 0, "nothing measured, nothing reported"
    await house.measured(camera_id, 2)
    assert await inspections.make_reports(house.dbs.city, house.clock.now()) == 1
    assert await inspections.make_reports(house.dbs.city, house.clock.now()) == 0
    await house.follow()
    assert sorted(await house.duty("camera-inspection", camera_id)) == ["met", "open"]
    assert await house.duty("camera-inspection", house.cameras[1]) == ["open"], "the other was not measured"
    await house.sit(Role.FACILITY_MANAGER)
    sheet = await house.get(f"/{camera_id}")
    [report] = sheet["reports"]
    assert report["passed"] is True
    values = {c["name"]: (c["value"], c["passed"]) for c in report["checks"]}
    assert values["uptime"] == (1.0, True)
    assert values["sharpness"] == (pytest.approx(0.97), True)
    assert values["clock"] == (pytest.approx(0.2), True)
    assert len(sheet["hours"]) == 16


@pytest.mark.requirement("CC-05")
@pytest.mark.parametrize(("case", "failing"), [({"sharp": 0.4}, "sharpness"), ({"live": False}, "uptime")])
async def test_a_report_says_what_failed(house: House, case: dict[str, Any], failing: str) -> None:
    await inspections.begin(house.dbs.city, house.clock.now())
    await house.measured(house.cameras[0], 2, **case)
    assert await inspections.make_reports(house.dbs.city, house.clock.now()) == 1
    await house.sit(Role.FACILITY_MANAGER)
    sheet = await house.get(f"/{house.cameras[0]}")
    assert sheet["camera"]["passed"] is False
    assert [c["name"] for c in sheet["reports"][0]["checks"] if c["passed"] is False] == [failing]


@pytest.mark.requirement("CC-05")
async def test_a_failure_opens_one_ticket_that_only_a_measurement_closes(house: House) -> None:
    camera_id = house.cameras[0]
    await inspections.begin(house.dbs.city, house.clock.now())
    await house.find(camera_id, Defect.COVERED)
    await house.find(camera_id, Defect.COVERED)
    await house.follow()
    seat = await house.sit(Role.FACILITY_MANAGER)
    listed = await house.get()
    assert listed["tickets"] == 1
    [ticket] = listed["cameras"][0]["tickets"]
    assert await house.duty("camera-repair", UUID(ticket["ticket_id"])) == ["open"]
    for action in ("cleaned", "replaced"):  # in one instant
        answer = await house.http.post(
            f"/api/v1/footage/inspections/tickets/{ticket['ticket_id']}/actions", json={"action": action}
        )
        assert answer.status_code == 204, answer.text
    [kept] = (await house.get(f"/{camera_id}"))["tickets"]
    assert kept["closed_at"] is None
    assert [a["action"] for a in kept["actions"]] == ["cleaned", "replaced"]
    house.clock.advance(timedelta(hours=1))
    await house.find(camera_id, Defect.COVERED, opened=False, value=0.9)
    await house.follow()
    [kept] = (await house.get(f"/{camera_id}"))["tickets"]
    assert kept["closing_value"] == pytest.approx(0.9)
    assert await house.duty("camera-repair", UUID(ticket["ticket_id"])) == ["met"]
    async with house.dbs.city.transaction() as tx:
        rows = await tx.all("select kind, actor from ledger_entry where kind like 'footage.ticket.%%' order by kind")
        assert rows == [
            ("footage.ticket.acted.v1", f"account:{seat.account_id}"),
            ("footage.ticket.acted.v1", f"account:{seat.account_id}"),
            ("footage.ticket.closed.v1", "system:inspection"),
            ("footage.ticket.opened.v1", "system:inspection"),
        ]
    answer = await house.http.post(
        f"/api/v1/footage/inspections/tickets/{ticket['ticket_id']}/actions", json={"action": "cleaned"}
    )
    assert answer.status_code == 409
    assert Conflict.name in answer.text


async def test_a_new_view_is_learnt_anew(house: House) -> None:
    camera_id = house.cameras[0]
    await inspections.begin(house.dbs.city, house.clock.now())
    old = store.KeptReference(camera_id, "day", bytes(3600), 2.0, 80.0, 0.02, 0.7, 0.01, 99, house.clock.now())
    async with house.dbs.city.transaction() as tx:
        await store.keep_references(tx, [old])
        assert len(await store.references(tx, [camera_id])) == 1
    await house.find(camera_id, Defect.MOVED)
    await house.sit(Role.FACILITY_MANAGER)
    [line, _] = (await house.get())["cameras"]
    house.clock.advance(timedelta(minutes=5))
    path = f"/api/v1/footage/inspections/tickets/{line['tickets'][0]['ticket_id']}/actions"
    assert (await house.http.post(path, json={"action": "new_view"})).status_code == 204
    async with house.dbs.city.transaction() as tx:
        assert await store.references(tx, [camera_id]) == []
        await store.keep_references(tx, [old])
        assert await store.references(tx, [camera_id]) == [], "what was learnt of the old view is not kept again"
    known = await keeping.load(house.dbs.city, [camera_id])
    assert known[camera_id].view_since == house.clock.now()
    assert known[camera_id].watch.opened == {Defect.MOVED}, "the ticket waits for a measurement"


@pytest.mark.requirement("CC-05")
async def test_only_the_facility_manager_sees_them_and_only_what_is_his(house: House) -> None:
    await inspections.begin(house.dbs.city, house.clock.now())
    await house.find(house.cameras[0], Defect.BLURRED)
    ticket = (await _tickets(house))[0]
    for role in (Role.CENTRE_OPERATOR, Role.ANALYST, Role.ADMINISTRATOR):
        await house.sit(role, tied=False)
        await house.get(code=403)
    await house.sit(Role.FACILITY_MANAGER, tied=False)
    await house.get(code=403)
    await house.sit(Role.FACILITY_MANAGER, [house.cameras[1]])
    await house.get(f"/{house.cameras[0]}", 403)
    assert (await house.get(f"/{house.cameras[1]}"))["camera"]["code"] == "HD-0002"
    path = f"/api/v1/footage/inspections/tickets/{ticket}/actions"
    assert (await house.http.post(path, json={"action": "visited"})).status_code == 403


async def _tickets(house: House) -> list[UUID]:
    async with house.dbs.city.transaction() as tx:
        return [t.ticket_id for each in (await store.open_tickets(tx, house.cameras)).values() for t in each]


async def test_means_of_an_hour_are_added_up(house: House) -> None:
    hour = Hour(BEGAN, "day", 1, 1, 80.0, 4.0, 1.0, 1.0, 1.0, -0.5)
    other = hour._replace(samples=3, compared=0, sharp=None, kept=None, alike=None, brightness=40.0, clock_s=0.1)
    async with house.dbs.city.transaction() as tx:
        await store.add_hours(tx, {house.cameras[0]: [hour]})
        await store.add_hours(tx, {house.cameras[0]: [other]})
        [kept] = await store.hours(tx, house.cameras[0], BEGAN, BEGAN + timedelta(hours=1))
    assert (kept.samples, kept.compared, kept.brightness, kept.sharp) == (4, 1, 50.0, 1.0)
    assert kept.clock_s == -0.5
