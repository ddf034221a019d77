"""What the notifications slice brings to the process."""

from __future__ import annotations

from ansimnet.platform.parts import Context, Parts
from ansimnet.slices.notifications import api, jobs, service


def parts(ctx: Context) -> Parts:
    """Return routes and readers; the delivery job registers itself."""

    def ready() -> None:
        service.warm(ctx.settings)

    return Parts(routers=[api.routes(ctx)], readers=list(jobs.READERS), warm=[ready])
