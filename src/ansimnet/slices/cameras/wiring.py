"""What the cameras slice brings to the process."""

from __future__ import annotations

from typing import Any

from ansimnet.facts.cameras import CameraHealthChanged
from ansimnet.kernel.permits import Role
from ansimnet.platform.live import LiveView
from ansimnet.platform.parts import Context, Parts
from ansimnet.slices.cameras import api, jobs, store  # noqa: F401 - the timer registers by import
from ansimnet.slices.cameras.model import ImportReport
from ansimnet.slices.cameras.queries import Registry, with_stream
from ansimnet.slices.cameras.rules import lookup
from ansimnet.slices.cameras.service import import_cameras

__all__ = ["ImportReport", "import_cameras", "parts", "with_stream"]

KEEPERS = frozenset({Role.CENTRE_OPERATOR, Role.ADMINISTRATOR})
"""Who hears at once that a camera fell silent: those who can have it mended."""


def parts(ctx: Context) -> Parts:
    """Return routes and the watch over imports."""
    registry = Registry(ctx.dbs.city, ctx.map)

    async def status() -> dict[str, Any]:
        async with ctx.dbs.city.transaction() as tx:
            live, total = await store.counts(tx)
        return {"cameras": {"live": live, "total": total}}

    return Parts(
        routers=[api.routes(ctx.dbs, registry, ctx.map, ctx.clock)],
        background=[registry.watch],
        live=[LiveView(CameraHealthChanged, KEEPERS)],
        status=[status],
        warm=[lookup.warm],
    )
