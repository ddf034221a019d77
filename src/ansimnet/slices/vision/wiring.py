"""What the vision slice brings to the process."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from fastapi import FastAPI

from ansimnet.facts import vision as facts
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Db
from ansimnet.platform.live import LiveView
from ansimnet.platform.parts import Context, Parts
from ansimnet.platform.settings import Settings
from ansimnet.slices.vision import api, jobs
from ansimnet.slices.vision.api import ingest
from ansimnet.slices.vision.service import config, intake
from ansimnet.slices.vision.service.workers import Places, Row, Workers
from ansimnet.slices.vision.store import alarms

__all__ = ["jobs", "parts", "watching"]

ROOM = frozenset({Role.CENTRE_OPERATOR, Role.SHIFT_LEAD})
HEARD = (
    facts.AlarmRaised, facts.AlarmReleased, facts.AlarmJudged, facts.MissReported, facts.SetupChanged,
    facts.TuningChanged, facts.ModeChanged, facts.BudgetChanged,
)  # fmt: skip
"""What the city's screens hear at once: ids and numbers, no place, nobody."""


def parts(ctx: Context) -> Parts:
    """Return routes, workers' doors, and what live screens may hear; timers register by import."""
    city = ctx.dbs.city

    def install(app: FastAPI) -> None:
        app.router.routes.extend(ingest.routes(city, ctx.clock))

    async def status() -> dict[str, Any]:
        async with city.transaction() as tx:
            waiting, held = await alarms.count_open(tx)
        return {"vision": {"open": waiting, "held": held}}

    desk = api.Desk(city, ctx.clock, ctx.settings.relay_public_url)
    return Parts(
        routers=[api.routes(desk)],
        live=[LiveView(fact, ROOM) for fact in HEARD],
        on_serve=[install],
        status=[status],
    )


class Notes(Protocol):
    """Who keeps what workers note of tracks: gives them keys by camera and hour, and takes the ciphertext."""

    async def keys(self, cameras: Collection[str]) -> dict[str, dict[str, str]]: ...
    async def take(self, rows: Sequence[Row]) -> None: ...


def watching(settings: Settings, city: Db, clock: Clock, notes: Notes | None = None) -> Workers:
    """Return the processes that watch this city's cameras; `run` starts them. Without `notes` nothing is noted."""
    places = Places(settings.run_dir, settings.data_dir / "vision", settings.models_folder, settings.vision_provider)

    async def configs() -> Sequence[Mapping[str, Any]]:
        async with city.transaction() as tx:
            found = await config.for_workers(tx, clock.now())
        if notes is None:
            return found
        keys = await notes.keys([c["camera_id"] for c in found])
        return [{**c, "sightings": keys.get(c["camera_id"], {})} for c in found]

    async def take(said: Sequence[object]) -> None:
        await intake.take(city, intake.local(), said, clock.now())

    async def tell(state: Mapping[str, Any]) -> None:
        await intake.tell_state(city, intake.local(), state, clock.now())

    note = None if notes is None else notes.take
    return Workers(settings.vision_processes, places, configs, take, tell, note)
