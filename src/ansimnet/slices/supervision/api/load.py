"""The route of the load screen: wearers per controller and officer, alarms per shift, what officers found of them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.permits import Act, Purpose, Role
from ansimnet.platform.db import Db
from ansimnet.platform.http import door
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import Account
from ansimnet.slices.supervision.api.asking import asker
from ansimnet.slices.supervision.rules import load as rules
from ansimnet.slices.supervision.store import load as rows
from ansimnet.slices.supervision.store import offences

MOST_DAYS = 92


class CountShown(BaseModel):
    """Alarms, what officers found, and what the room said of them before.

    `false_share` is of what officers judged, null where nothing was; of the `both` that the room and an officer
    judged, `agreed` are of one mind.
    """

    alarms: int
    certain: int
    confirmed: int
    medical: int
    false: int
    unjudged: int
    false_share: float | None
    room_true: int
    room_false: int
    both: int
    agreed: int


class ShiftShown(CountShown):
    from_at: datetime


class TriggerShown(CountShown):
    trigger: Trigger


class OfficeShown(BaseModel):
    """An office: `free` wearers have no officer."""

    office: str
    wearers: int
    officers: int
    free: int
    per_officer: float | None


class YearShown(BaseModel):
    """Crimes during wear in a year, and by how many wearers."""

    year: int
    offences: int
    wearers: int


class LoadShown(BaseModel):
    """Counts alone. `acknowledged_p50_s` and `_p95_s` are of the alarms that somebody acknowledged."""

    since_at: datetime
    until_at: datetime
    wearers: int
    controllers: int
    per_controller: float | None
    offices: list[OfficeShown]
    shifts: list[ShiftShown]
    triggers: list[TriggerShown]
    whole: CountShown
    offences: list[YearShown]
    acknowledged_p50_s: float | None
    acknowledged_p95_s: float | None


def _count(c: rules.Count) -> dict[str, Any]:
    return asdict(c) | {"unjudged": c.unjudged, "false_share": c.false_share}


def _each(of: int, by: int) -> float | None:
    return round(of / by, 2) if by else None


def router(db: Db, clock: Clock) -> APIRouter:
    """Return the route."""
    api = APIRouter(prefix="/api/v1", tags=["supervision"])
    ask = asker(db, clock)

    @api.get("/supervision/load")
    async def read_load(
        account: Annotated[Account, Depends(door(Act.READ_ALARM))],
        days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 7,
    ) -> LoadShown:
        """Who bears how much, and what the alarms came to (EM-20); counts alone, no person is among them."""
        await ask(account, Act.READ_ALARM, Purpose.SUPERVISE, "load", None)
        now = clock.now()
        since = rules.shift_of(now - timedelta(days=days))
        async with db.transaction() as tx:
            seen = await rows.alarms_between(tx, since, now)
            offices = await rows.wearers_by_office(tx, now)
            years = await offences.by_year(tx)
            officers = await policy.seats(tx, Role.PROBATION_OFFICER)
            controllers = sum((await policy.seats(tx, Role.TRACKING_CONTROLLER)).values())
        waits = rules.waits_s(seen)
        wearers = sum(n for n, _ in offices.values())
        by_trigger = rules.by_trigger(seen)
        return LoadShown(
            since_at=since,
            until_at=now,
            wearers=wearers,
            controllers=controllers,
            per_controller=_each(wearers, controllers),
            offices=[
                OfficeShown(
                    office=o, wearers=n, officers=officers.get(o, 0), free=free,
                    per_officer=_each(n - free, officers.get(o, 0)),
                )
                for o, (n, free) in offices.items()
            ],
            shifts=[ShiftShown(from_at=at, **_count(c)) for at, c in rules.by_shift(seen, since, now)],
            triggers=[TriggerShown(trigger=t, **_count(c)) for t, c in by_trigger.items()],
            whole=CountShown(**_count(rules.total(by_trigger.values()))),
            offences=[YearShown(year=y, offences=n, wearers=w) for y, n, w in years],
            acknowledged_p50_s=rules.quantile(waits, 0.5),
            acknowledged_p95_s=rules.quantile(waits, 0.95),
        )  # fmt: skip

    return api
