"""What the tracing slice brings to the process."""

from __future__ import annotations

from fastapi import FastAPI

from ansimnet.platform.parts import Context, Parts
from ansimnet.slices.tracing import api, jobs
from ansimnet.slices.tracing.api import ingest
from ansimnet.slices.tracing.service.ahead import Nets
from ansimnet.slices.tracing.store.keys import HourKeys

__all__ = ["jobs", "parts"]


def parts(ctx: Context) -> Parts:
    """Return routes, readers and the workers' door; timers register by import."""
    keys = HourKeys.of(ctx.settings)

    def install(app: FastAPI) -> None:
        app.router.routes.extend(ingest.routes(ctx.dbs.city, ctx.clock, keys))

    return Parts(
        routers=[api.routes(api.Desk(ctx.dbs.city, ctx.clock, keys, Nets(ctx.map)))],
        readers=list(jobs.READERS),
        on_serve=[install],
    )
