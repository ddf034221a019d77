"""What the notifications slice brings to the process."""

from __future__ import annotations

from ansimnet.platform.parts import Context, Parts
from ansimnet.slices.notifications import api, jobs


def parts(ctx: Context) -> Parts:
    """Return routes and readers; the delivery job registers itself."""
    return Parts(routers=[api.routes(ctx)], readers=list(jobs.READERS))
