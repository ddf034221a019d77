"""A district of a few streets, a clock, and the facts of one night, shared by the protection tests."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import numpy as np
from fastapi import FastAPI

from ansimnet.facts.dispatch import IncidentOpened
from ansimnet.facts.supervision import (
    AlarmCleared,
    AlarmRaised,
    Medical,
    MedicalNoticed,
    NoticeKind,
    NoticeRaised,
    PositionFollowed,
    ProtectedPositionFollowed,
    Trigger,
    TriggerConfirmed,
)
from ansimnet.kernel import streets as net
from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.geo import Plane, Point
from ansimnet.kernel.ids import (
    CITY_CENTRE,
    TRACKING_CENTRE,
    AlarmId,
    ConditionId,
    DeviceId,
    FactId,
    IncidentId,
    NoticeId,
    ProtectedPersonId,
    WearerId,
    named_id,
    new_id,
)
from ansimnet.platform import http as platform_http
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import Reader, Sealer, append, catch_up, follow
from ansimnet.platform.link import Link
from ansimnet.platform.mapdata import MapData, Place
from ansimnet.platform.parts import Context, Parts
from ansimnet.platform.settings import Settings
from ansimnet.platform.streets import save
from ansimnet.slices.policy import wiring as policy
from ansimnet.slices.protection import wiring

ORIGIN = Point(36.9, 127.9)
PLANE = Plane(ORIGIN)
NOW = datetime(2026, 11, 21, 17, 14, tzinfo=UTC)
ALARM = AlarmId(named_id("test", "alarm"))
HIM = WearerId(named_id("test", "him"))
HIS_DEVICE = DeviceId(named_id("test", "his-device"))
INCIDENT = IncidentId(named_id("test", "incident"))
NOTICE = NoticeId(named_id("test", "notice"))
N, BLOCK_M = 15, 80.0


def at(east_m: float, north_m: float) -> Point:
    """Return a place in metres from the corner of the district."""
    return PLANE.to_point(east_m, north_m)


def grid(n: int = N, block_m: float = BLOCK_M) -> net.Streets:
    """A square grid: `n` x `n` corners, streets named by their row or column."""
    points = [at(block_m * i, block_m * j) for i in range(n) for j in range(n)]
    pairs = [(i * n + j, i * n + j + 1) for i in range(n) for j in range(n - 1)]
    names = [f"새빛로 {i + 1}길" for i in range(n) for _ in range(n - 1)]
    pairs += [(i * n + j, (i + 1) * n + j) for i in range(n - 1) for j in range(n)]
    names += [f"노을로 {j + 1}길" for _ in range(n - 1) for j in range(n)]
    u, v = (np.array(c, np.int32) for c in zip(*pairs, strict=True))
    return net.build(
        np.array([p.lat for p in points]), np.array([p.lon for p in points]), u, v, np.full(len(u), block_m),
        np.full(len(u), 2, np.int8), tuple(names),
    )  # fmt: skip


PLACES = [
    Place("새빛지구대", "police_box", True, at(560, 720)),
    Place("안심지킴이집 은결편의점", "safe_house", True, at(290, 650)),
    Place("안심지킴이집 시장약국", "safe_house", False, at(250, 560)),
]
HOME = at(405, 560)


def map_in(folder: Path) -> MapData:
    """Write the district as the map of a machine."""
    (folder / "map").mkdir(parents=True)
    save(grid(), folder / "map" / "streets.npz")
    (folder / "map" / "places.json").write_bytes(msgspec.json.encode(PLACES))
    return MapData(folder / "map")


@dataclass
class Night:
    """The tracking centre of a test: its slices, a clock, one protected person."""

    dbs: Dbs
    clock: SimulatedClock
    context: Context
    parts: Parts
    app: FastAPI
    sealer: Sealer
    person_id: ProtectedPersonId = ProtectedPersonId(new_id())  # noqa: RUF009 - replaced at registration

    @property
    def reader(self) -> Reader:
        return self.parts.readers[0]

    async def tell(self, *facts: Fact) -> None:
        """Append facts, seal them, and let the slice take them."""
        async with self.dbs.tracking.transaction() as tx:
            for fact in facts:
                await append(tx, fact, actor="system:test")
        await self.catch_up()

    async def catch_up(self) -> None:
        while await self.sealer.once():
            pass
        await catch_up(self.dbs, [self.reader])
        while await self.sealer.once():
            pass

    async def told(self, *kinds: type[Fact]) -> list[Any]:
        """Return the facts of these kinds that are on the ledger, in order."""
        while await self.sealer.once():
            pass
        async with self.dbs.tracking.transaction() as tx:
            row = await tx.one("select count(*) from ledger_entry where kind = any(%s)", ([k.kind for k in kinds],))
        assert row is not None
        out: list[Any] = []
        if row[0] == 0:
            return out
        async with aclosing(cast(Any, follow(self.dbs.tracking, 0, frozenset(kinds)))) as entries:
            async for entry in entries:
                out.append(entry.fact)
                if len(out) == row[0]:
                    break
        return out

    async def alert(self, phone: httpx.AsyncClient) -> dict[str, Any]:
        """Return what her phone is told now; it must be an alert."""
        found = (await phone.get("/api/v1/me")).json()["alert"]
        assert found is not None
        return cast(dict[str, Any], found)

    async def state(self, phone: httpx.AsyncClient) -> str:
        """Return the state of her phone."""
        return str((await phone.get("/api/v1/me")).json()["state"])

    def later(self, seconds: float) -> datetime:
        """Let time pass; return the new present."""
        self.clock.advance(timedelta(seconds=seconds))
        return self.clock.now()

    def client(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, client=("127.0.0.1", 40000), raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700")


def night(dbs: Dbs, folder: Path) -> Night:
    """Return a tracking centre over a fresh database."""
    clock = SimulatedClock(NOW)
    settings = Settings(data_dir=folder / "data")
    context = Context(settings, dbs, clock, map_in(folder), cast(Link, None))
    parts, own = wiring.parts(context), policy.parts(context)
    app = FastAPI()
    platform_http.install(app)
    for router in (*own.routers, *parts.routers):
        app.include_router(router)
    for install in own.on_serve:
        install(app)
    return Night(dbs, clock, context, parts, app, sealer_of(dbs, folder))


def sealer_of(dbs: Dbs, folder: Path) -> Sealer:
    keys = {c: dbs.of(c).keys for c in (TRACKING_CENTRE, CITY_CENTRE)}
    return Sealer(dbs.sealer, cast(Any, keys), folder / "ledger")


def alarm(
    kind: type[AlarmRaised | TriggerConfirmed],
    person_id: ProtectedPersonId | None,
    place: Point,
    *,
    alarm_id: AlarmId = ALARM,
    error_m: float = 15.0,
    age_s: float = 4.0,
    speed_mps: float | None = 1.4,
    medical: Medical = Medical.NONE,
    now: datetime = NOW,
) -> Fact:
    """An alarm about the two of this story."""
    return kind(
        fact_id=FactId(new_id()), happened_at=now, alarm_id=alarm_id, wearer_id=HIM, device_id=HIS_DEVICE,
        trigger=Trigger.EXCLUSION_ZONE, condition_id=None, protected_person_id=person_id, probability=0.95,
        rule_version="test", medical=medical, fix_ids=(), lat=place.lat, lon=place.lon, error_m=error_m,
        speed_mps=speed_mps, course_deg=0.0, seen_at=now - timedelta(seconds=age_s),
    )  # fmt: skip


def moved(place: Point, now: datetime, alarm_id: AlarmId = ALARM) -> Fact:
    """A fix of his while the alarm stands."""
    return PositionFollowed(
        fact_id=FactId(new_id()), happened_at=now, alarm_id=alarm_id, wearer_id=HIM, lat=place.lat, lon=place.lon,
        error_m=15.0, speed_mps=1.4, course_deg=0.0, seen_at=now, certain=True,
    )  # fmt: skip


def her_fix(person_id: ProtectedPersonId, place: Point, now: datetime) -> Fact:
    """A fix of her issued device while the alarm stands."""
    return ProtectedPositionFollowed(
        fact_id=FactId(new_id()), happened_at=now, alarm_id=ALARM, protected_person_id=person_id, lat=place.lat,
        lon=place.lon, error_m=8.0, seen_at=now,
    )  # fmt: skip


def cleared(person_id: ProtectedPersonId, reason: str = "not_confirmed") -> Fact:
    """The alarm is taken back."""
    return AlarmCleared(
        fact_id=FactId(new_id()), happened_at=NOW, alarm_id=ALARM, wearer_id=HIM, protected_person_id=person_id,
        reason=reason,
    )  # fmt: skip


def stay(person_id: ProtectedPersonId, *, enters_in: timedelta, lasts: timedelta = timedelta(hours=2)) -> Fact:
    """A medical stay told now."""
    return MedicalNoticed(
        fact_id=FactId(new_id()), happened_at=NOW, wearer_id=HIM, condition_id=ConditionId(named_id("test", "zone")),
        protected_person_id=person_id, enters_at=NOW + enters_in, leaves_at=NOW + enters_in + lasts,
        place_coarse="새빛동 응급실", accompanied_by="보호관찰관",
    )  # fmt: skip


def unheard(person_id: ProtectedPersonId, device_id: DeviceId = HIS_DEVICE) -> NoticeRaised:
    """Nobody can vouch for where he is, and he may be near her."""
    return NoticeRaised(
        fact_id=FactId(new_id()), happened_at=NOW, notice_id=NOTICE, notice=NoticeKind.CANNOT_VOUCH, wearer_id=HIM,
        device_id=device_id, protected_person_id=person_id, lat=at(400, 100).lat, lon=at(400, 100).lon, error_m=20.0,
        seen_at=NOW - timedelta(minutes=4),
    )  # fmt: skip


def opened(person_id: ProtectedPersonId) -> Fact:
    """Dispatch opened an incident for the alarm."""
    return IncidentOpened(
        fact_id=FactId(new_id()), happened_at=NOW, incident_id=INCIDENT, code="I-2611-0001", alarm_id=ALARM,
        wearer_id=HIM, protected_person_id=person_id, trigger=Trigger.EXCLUSION_ZONE, certain=True,
    )  # fmt: skip
