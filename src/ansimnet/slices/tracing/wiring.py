"""What the tracing slice brings to the process."""

from __future__ import annotations

from fastapi import FastAPI

from ansimnet.kernel.clock import Clock
from ansimnet.platform.db import Db
from ansimnet.platform.parts import Context, Parts
from ansimnet.platform.settings import Settings
from ansimnet.slices.tracing import api, jobs
from ansimnet.slices.tracing.api import ingest, portraits
from ansimnet.slices.tracing.rules import warming
from ansimnet.slices.tracing.service.nets import Nets
from ansimnet.slices.tracing.service.notes import Notes
from ansimnet.slices.tracing.service.portraits import Reader
from ansimnet.slices.tracing.store.keys import HourKeys

__all__ = ["jobs", "notes", "parts"]


def parts(ctx: Context) -> Parts:
    """Return routes, readers and the workers' door; timers register by import."""
    keys = HourKeys.of(ctx.settings)

    def install(app: FastAPI) -> None:
        app.router.routes.extend(ingest.routes(ctx.dbs.city, ctx.clock, keys))

    desk = api.Desk(ctx.dbs.city, ctx.clock, keys, Nets(ctx.map), ctx.settings.relay_public_url)
    return Parts(
        routers=[api.routes(desk), portraits.routes(desk, Reader(ctx.settings.models_folder))],
        readers=list(jobs.READERS),
        on_serve=[install],
        warm=[warming.warm],
    )


def notes(settings: Settings, city: Db, clock: Clock) -> Notes:
    """Return who gives this machine's workers their keys and takes what they noted."""
    return Notes(city, HourKeys.of(settings), clock)
