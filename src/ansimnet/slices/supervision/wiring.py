"""What supervision brings to the process: routes, gateways, readers of incidents, and what screens hear live."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import IO, Any
from uuid import UUID

from fastapi import FastAPI

from ansimnet.facts.dispatch import AlarmMerged, IncidentClosed, IncidentOpened
from ansimnet.facts.protection import ProtectedPersonRegistered
from ansimnet.facts.supervision import (
    AlarmCleared,
    AlarmRaised,
    NoticeEnded,
    NoticeRaised,
    PositionFollowed,
    TriggerConfirmed,
)
from ansimnet.kernel.ids import TRACKING_CENTRE
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import Entry, Reader
from ansimnet.platform.live import LiveView
from ansimnet.platform.parts import Context, Parts
from ansimnet.slices.supervision import jobs, queries
from ansimnet.slices.supervision.api import gateway, load, mqtt, offences, own, procedure, replayed, routes, telling
from ansimnet.slices.supervision.rules import sift
from ansimnet.slices.supervision.service import incidents, moving, proving
from ansimnet.slices.supervision.service.moving import Moved
from ansimnet.slices.supervision.service.proving import Step

__all__ = ["Moved", "Step", "export_history", "import_history", "jobs", "parts", "replay_alarm"]

WATCHERS = frozenset({Role.TRACKING_CONTROLLER, Role.PROBATION_OFFICER, Role.POLICE_112})
"""Who hears of alarms as they happen: ids and numbers, never places."""


HEARD_WITHIN = timedelta(minutes=4)
"""A device silent for longer is one nobody can vouch for (rules: cannot vouch)."""


def parts(ctx: Context) -> Parts:
    """Return routes, readers and views; the timers register with `platform.jobs` by import."""
    db = ctx.dbs.tracking

    door = gateway.Door(db, ctx.clock)
    hosts_devices = asyncio.Event()

    def install(app: FastAPI) -> None:
        gateway.install(app, door)
        hosts_devices.set()

    async def mqtt_door() -> None:
        """Serve devices by MQTT in the process that has the API, and in no other."""
        await hosts_devices.wait()
        if ctx.settings.mqtt_port is None:
            await asyncio.Event().wait()
            return
        host, tls = mqtt.where(ctx.settings)
        async with mqtt.Mqtt(door).serve(host, ctx.settings.mqtt_port, tls):
            await asyncio.Event().wait()

    async def status() -> dict[str, Any]:
        async with db.transaction() as tx:
            heard, total = await queries.devices_heard(tx, ctx.clock.now() - HEARD_WITHIN)
        return {"devices": {"heard": heard, "total": total}}

    shown = (AlarmRaised, TriggerConfirmed, AlarmCleared, NoticeRaised, NoticeEnded, PositionFollowed)
    return Parts(
        routers=[
            *(part.router(db, ctx.clock) for part in (routes, procedure, offences, replayed, load)),
            own.router(db, ctx.clock, ctx.map),
        ],
        readers=[
            Reader(
                name="supervision.incidents",
                kinds=frozenset({IncidentOpened, AlarmMerged, IncidentClosed}),
                centre=TRACKING_CENTRE,
                handle=follow_incident,
            ),
            Reader(
                name="supervision.protected-codes",
                kinds=frozenset({ProtectedPersonRegistered}),
                centre=TRACKING_CENTRE,
                handle=learn_code,
            ),
        ],
        live=[*(LiveView(fact, WATCHERS) for fact in shown), *telling.views()],
        on_serve=[install],
        warm=[sift.warm],
        status=[status],
        background=[mqtt_door],
    )


async def replay_alarm(db: Db, alarm_id: UUID) -> list[Step]:
    """Judge an alarm again from what was kept with it; nothing is changed and no place is shown.

    Raises:
        NotFound, NotKept, OtherRule: see `proving.prove`.
    """
    async with db.transaction() as tx:
        return await proving.prove(tx, alarm_id)


async def export_history(db: Db, file: IO[bytes], passphrase: str, now: datetime) -> Moved:
    """Write the whole history of supervision, sealed under a passphrase."""
    return await moving.export(db, file, passphrase, now)


async def import_history(db: Db, file: IO[bytes], passphrase: str, now: datetime) -> Moved:
    """Take a whole history over into an installation that has none.

    Raises:
        NotEmpty, BadHistory, NotTheSame: see `moving.take_over`.
    """
    return await moving.take_over(db, file, passphrase, now)


async def follow_incident(tx: Tx, entry: Entry) -> None:
    """Note to which incident an alarm belongs, and end the alarms of one that was closed. Safe to run twice."""
    match entry.fact:
        case IncidentOpened() | AlarmMerged() as fact:
            await incidents.note_incident(tx, fact.alarm_id, fact.incident_id)
        case IncidentClosed() as fact:
            await incidents.close_alarms(tx, fact.alarm_ids, fact.incident_id, fact.happened_at)
        case _:
            pass


async def learn_code(tx: Tx, entry: Entry) -> None:
    """Know a protected person's code, unless it was erased meanwhile. Safe to run twice."""
    if isinstance(entry.fact, ProtectedPersonRegistered) and entry.fact.code:
        await incidents.note_protected(tx, entry.fact.protected_person_id, entry.fact.code)
