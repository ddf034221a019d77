"""What the protection slice brings to the process."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from fastapi import FastAPI

from ansimnet.facts import protection as facts
from ansimnet.facts.dispatch import IncidentClosed
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Tx
from ansimnet.platform.http import SignedIn
from ansimnet.platform.ledger import Entry, public_body
from ansimnet.platform.live import LiveView
from ansimnet.platform.parts import Context, Parts
from ansimnet.slices.protection import api, jobs, queries, store
from ansimnet.slices.protection.api import homes as homes_api
from ansimnet.slices.protection.api import watch
from ansimnet.slices.protection.service.ground import Ways
from ansimnet.slices.protection.service.home_keeper import Keeper

ROOM = frozenset({Role.TRACKING_CONTROLLER, Role.POLICE_112, Role.PROBATION_OFFICER})
"""Who hears that she was warned, pressed or was not reached: ids and levels, never the message."""
KEEPERS = frozenset({Role.POLICE_112, Role.PROBATION_OFFICER})
"""Who keeps the register. The room learns a protected person's code with her incident, not before."""
HER = frozenset({Role.VICTIM})

TOLD = (
    facts.WarningIssued, facts.WarningAcknowledged, facts.WarningEscalated, facts.HelpAsked,
)  # fmt: skip


def parts(ctx: Context) -> Parts:
    """Return routes, the reader, and what live screens may hear; the timers register with `platform.jobs` by import."""
    ways = Ways(ctx.map)

    async def to_her(tx: Tx, entry: Entry, account: SignedIn) -> dict[str, Any] | None:
        """Give her phone its own message, way out included, and nobody else's."""
        fact = entry.fact
        assert isinstance(fact, facts.WarningIssued | facts.WarningUpdated)
        if fact.protected_person_id != account.subject_id or fact.message is None:
            return None
        message = msgspec.json.decode(fact.message, type=dict[str, Any])
        return {"warning_id": fact.warning_id, "level": fact.level, "alert": queries.drawn(ctx.map, message)}

    async def warm_up() -> None:
        await asyncio.to_thread(ways.warm_up)
        await asyncio.Event().wait()  # a background task that ended would be begun again

    def add_watch(app: FastAPI) -> None:
        app.router.routes.extend(watch.routes(ctx.dbs.tracking, ctx.clock))

    return Parts(
        routers=[api.routes(ctx), homes_api.routes(ctx)],
        readers=[jobs.reader(ways, ctx.clock)],
        live=[
            LiveView(facts.ProtectedPersonRegistered, KEEPERS),
            *(LiveView(f, ROOM) for f in TOLD),
            LiveView(facts.WarningIssued, HER, to_her),
            LiveView(facts.WarningUpdated, HER, to_her),
            LiveView(facts.HomeAlerted, ROOM),
            LiveView(facts.HomeReported, ROOM),
            LiveView(IncidentClosed, HER, calm_again),
        ],
        background=[warm_up, Keeper(ctx.dbs.tracking, ctx.settings.models_folder, ctx.clock, new_id()).run],
        on_serve=[add_watch],
    )


async def calm_again(tx: Tx, entry: Entry, account: SignedIn) -> dict[str, Any] | None:
    """Let the phone of somebody warned in an incident ask again when it was closed."""
    fact = entry.fact
    assert isinstance(fact, IncidentClosed)
    if account.subject_id is None or not await store.concerned(tx, account.subject_id, fact.incident_id):
        return None
    return {k: v for k, v in public_body(fact).items() if k == "incident_id"}
