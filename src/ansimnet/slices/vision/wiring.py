"""What the vision slice brings to the process."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from ansimnet.facts import vision as facts
from ansimnet.kernel.permits import Role
from ansimnet.platform.live import LiveView
from ansimnet.platform.parts import Context, Parts
from ansimnet.slices.vision import api, jobs
from ansimnet.slices.vision.api import ingest
from ansimnet.slices.vision.store import alarms

__all__ = ["jobs", "parts"]

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
