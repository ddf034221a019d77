"""The wearer's own page: what he must keep to, where he is believed to be, every alarm, and a contest."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import WearerId
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.db import Db
from ansimnet.platform.http import door
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.policy.queries import Account
from ansimnet.slices.supervision import queries
from ansimnet.slices.supervision.api import papers, shown
from ansimnet.slices.supervision.api.asking import asker
from ansimnet.slices.supervision.api.forms import LatLon
from ansimnet.slices.supervision.api.procedure import papers_of
from ansimnet.slices.supervision.model import Condition
from ansimnet.slices.supervision.rules import own as rules
from ansimnet.slices.supervision.service import procedure

NEAR_M = 700.0
"""How far around him, and beyond the rim of a zone, streets are drawn: some ten minutes on foot. ours."""
FAR_M = 1500.0
"""Of a zone as large as a district only its middle is drawn street by street. ours."""
MOST_STREETS = 4000
"""What a phone draws at once; in denser places the main streets alone. ours."""


class OwnCondition(BaseModel):
    """A condition as its wearer sees it; `wider`: its zone is drawn wider than it is, as a person lives in it."""

    condition_id: UUID
    trigger: Trigger
    label: str
    ring: list[LatLon] | None = None
    centre: LatLon | None = None
    radius_m: float | None = None
    window: shown.WindowShown | None = None
    alarm_m: float | None = None
    wider: bool = False


class OwnPlace(BaseModel):
    """Where he is believed to be; `error_m` holds the truth 68 times in 100."""

    lat: float
    lon: float
    error_m: float
    seen_at: datetime


class OwnAlarm(BaseModel):
    """An alarm as its wearer sees it: when, about what, how sure, and what an officer found.

    His own place is told where nobody is guarded by the condition: else it would say where she is.
    """

    alarm_id: UUID
    condition_id: UUID | None
    trigger: Trigger
    raised_at: datetime
    confirmed_at: datetime | None
    finding: str | None
    probability: float
    place: OwnPlace | None


class Mine(BaseModel):
    code: str
    order: shown.OrderShown
    conditions: list[OwnCondition]
    devices: list[shown.DeviceShown]
    place: OwnPlace | None
    alarms: list[OwnAlarm]
    papers: papers.Papers


class OwnMap(BaseModel):
    """The ground under his own page: streets as lines, and nothing that names anybody."""

    streets: list[list[LatLon]]


def _condition(c: Condition) -> OwnCondition:
    zone, wider = rules.zone_shown(c)
    all_of_it = shown.condition(c)
    own = OwnCondition(
        condition_id=c.condition_id, trigger=c.trigger, label=c.label, window=all_of_it.window,
        alarm_m=all_of_it.alarm_m, wider=wider,
    )  # fmt: skip
    if zone is not None:
        shown.put_zone(own, zone)
    return own


def _place(p: queries.Place | None) -> OwnPlace | None:
    return OwnPlace(lat=p.point.lat, lon=p.point.lon, error_m=p.error_m, seen_at=p.seen_at) if p is not None else None


def _alarm(a: queries.Alarm) -> OwnAlarm:
    place = OwnPlace(lat=a.place.lat, lon=a.place.lon, error_m=a.error_m, seen_at=a.seen_at)
    return OwnAlarm(
        alarm_id=a.alarm_id, condition_id=a.condition_id, trigger=a.trigger, raised_at=a.raised_at,
        confirmed_at=a.confirmed_at, finding=a.finding, probability=a.probability,
        place=place if a.protected_person_id is None else None,
    )  # fmt: skip


def router(db: Db, clock: Clock, maps: MapData) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/api/v1/me/supervision", tags=["supervision"])
    ask = asker(db, clock)

    def own(account: Account) -> WearerId:
        if account.subject_id is None:
            raise NotFound
        return WearerId(account.subject_id)

    @api.get("")
    async def read_my_supervision(account: Annotated[Account, Depends(door(Act.READ_OWN))]) -> Mine:
        """The wearer's own page: the order, the conditions, the last place, every alarm and what became of it."""
        wearer_id = own(account)
        permit = await ask(account, Act.READ_OWN, Purpose.OWN, "own-supervision", wearer_id)
        async with db.transaction() as tx:
            w = await queries.wearer(tx, wearer_id)
            if w is None:
                raise NotFound
            return Mine(
                code=w.code,
                order=shown.wearer(w).order,
                conditions=[_condition(c) for c in await queries.conditions(tx, wearer_id)],
                devices=[shown.device(d) for d in await queries.devices_of(tx, wearer_id=wearer_id)],
                place=_place(await queries.place_of(tx, permit, wearer_id, Act.READ_OWN, clock.now())),
                alarms=[_alarm(a) for a in await queries.own_alarms(tx, wearer_id)],
                papers=await papers_of(tx, wearer_id, named=False),
            )

    @api.get("/map")
    async def read_my_map(account: Annotated[Account, Depends(door(Act.READ_OWN))]) -> OwnMap:
        """The streets around the wearer's own place and zones, so that the phone asks no other server for a map."""
        wearer_id = own(account)
        permit = await ask(account, Act.READ_OWN, Purpose.OWN, "own-supervision", wearer_id)
        async with db.transaction() as tx:
            if await queries.wearer(tx, wearer_id) is None:
                raise NotFound
            zones = [rules.zone_shown(c)[0] for c in await queries.conditions(tx, wearer_id)]
            place = await queries.place_of(tx, permit, wearer_id, Act.READ_OWN, clock.now())
        spots: list[tuple[Point, float]] = [(z.reach[0], min(z.reach[1] + NEAR_M, FAR_M)) for z in zones if z]
        if place is not None:
            spots.append((place.point, NEAR_M))
        return OwnMap.model_validate({"streets": maps.streets_around(spots, MOST_STREETS)})

    @api.post("/alarms/{alarm_id}/contest", status_code=201)
    async def contest_violation(
        alarm_id: UUID, form: papers.ContestForm, account: Annotated[Account, Depends(door(Act.CONTEST_VIOLATION))]
    ) -> papers.Made:
        """Contest a violation: it does not count until somebody else has decided."""
        wearer_id = own(account)
        await ask(account, Act.CONTEST_VIOLATION, Purpose.OWN, "own-supervision", wearer_id)
        async with db.transaction() as tx:
            made = await procedure.contest(tx, wearer_id, alarm_id, form.said, by=account.account_id, now=clock.now())
        return papers.Made(id=made)

    return api
